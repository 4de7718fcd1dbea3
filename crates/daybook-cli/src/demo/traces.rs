//! One trace of an app, to show what a trace is.

use serde_json::{Value, json};

use crate::client::{Client, escaped};
use crate::commands::trace;
use crate::failure::Failure;
use crate::tree::Drawing;

/// Events of it that are shown.
const EVENTS_SHOWN: usize = 24;
/// Which one it is.
const LONGEST: &str = "SELECT correlation FROM events WHERE correlation IS NOT NULL GROUP BY correlation \
                       HAVING count(*) > 1 ORDER BY count(*) DESC, correlation LIMIT 1";

/// The beginning of the trace with the most events; nothing where the app has none.
///
/// # Errors
/// Those of [`Client::post`].
pub fn longest(client: &Client, app: &str) -> Result<Option<Value>, Failure> {
    let slug = escaped(app);
    let found = client.post(&format!("/v1/{slug}/sql"), json!({"query": LONGEST}).to_string().as_bytes())?;
    let correlation = found.pointer("/rows/0/correlation").and_then(Value::as_str);
    let Some(correlation) = correlation else { return Ok(None) };
    client.get(&format!("/v1/{slug}/traces/{}?limit={EVENTS_SHOWN}", escaped(correlation))).map(Some)
}

/// The trace as people see it.
pub fn text(trace: &Value) -> String {
    let mut drawing = Drawing::default();
    let nodes = trace.get("nodes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut out = trace::heading(trace);
    out.extend(nodes.iter().map(|node| drawing.line(node)));
    if trace.get("next").is_some() {
        out.push_str("…\n");
    }
    out
}
