//! `daybook trace`: what belongs together, and what caused what.

use clap::Args;
use serde_json::Value;

use crate::Answer;
use crate::client::{Client, ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{Format, print, print_json};
use crate::rows::cell;
use crate::tree::{Drawing, span};

/// Events asked for at once.
const PAGE: usize = 1_000;

/// Show what belongs together, as a tree of causes
///
/// A trace is all events with one correlation. What was caused alone stands below its cause behind an arrow, what was caused
/// beside others branches off.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook trace 4bf92f3577b34da6a3ce929d0e0e4736 --app my-app
  daybook trace order-17 --app my-app --as-of 2026-03-01T12:00:00Z
  daybook trace order-17 --app my-app --format json | jq '.nodes[] | select(.failed)'")]
pub struct Trace {
    /// The correlation of its events
    correlation: String,
    /// The app
    #[arg(long, value_name = "APP")]
    app: String,
    /// As it was: events up to this position, or received by this time
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<String>,
    /// Only events that happened at this time or later; makes a long search short
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only events that happened before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only events of this step
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// So many events at most; all unless given
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Trace {
    /// Asks page by page, and writes what comes.
    pub fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let mut pages = Pages { client: &client, path: self.path(), cursor: None, left: self.limit, ended: false };
        match self.format {
            Format::Text => {
                let mut drawing = Drawing::default();
                let mut first = true;
                while let Some(page) = pages.page()? {
                    let mut text = if first { heading(&page) } else { String::new() };
                    first = false;
                    text.extend(nodes(&page).iter().map(|node| drawing.line(node)));
                    print(&text)?;
                }
            }
            Format::Json => {
                let mut whole: Option<Value> = None;
                while let Some(mut page) = pages.page()? {
                    match &mut whole {
                        None => whole = Some(page),
                        Some(whole) => {
                            let more = page.get_mut("nodes").and_then(Value::as_array_mut).map(std::mem::take);
                            if let Some(nodes) = whole.get_mut("nodes").and_then(Value::as_array_mut) {
                                nodes.extend(more.unwrap_or_default());
                            }
                        }
                    }
                }
                if let Some(members) = whole.as_mut().and_then(Value::as_object_mut) {
                    members.remove("next");
                }
                print_json(&whole)?;
            }
        }
        Ok(Answer::Yes)
    }

    fn path(&self) -> String {
        let parameters = [("as_of", &self.as_of), ("from", &self.from), ("to", &self.to), ("request", &self.request)];
        let parameters = parameters.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let query: String = parameters.map(|(name, value)| format!("&{name}={}", escaped(value))).collect();
        format!("/v1/{}/traces/{}?{}", escaped(&self.app), escaped(&self.correlation), query.trim_start_matches('&'))
    }
}

/// The pages of an answer, one after the other.
pub struct Pages<'c> {
    /// Whom to ask.
    pub client: &'c Client,
    /// What to ask.
    pub path: String,
    /// Where the next page begins.
    pub cursor: Option<String>,
    /// How many entries are still wanted.
    pub left: Option<usize>,
    /// Whether there is nothing more.
    pub ended: bool,
}

impl Pages<'_> {
    /// The next page.
    ///
    /// # Errors
    /// Those of [`Client::get`].
    pub fn page(&mut self) -> Result<Option<Value>, Failure> {
        let limit = self.left.map_or(PAGE, |left| left.min(PAGE));
        if self.ended || limit == 0 {
            return Ok(None);
        }
        let cursor = self.cursor.as_ref().map(|cursor| format!("&cursor={}", escaped(cursor))).unwrap_or_default();
        let and = if self.path.ends_with('?') { "" } else { "&" };
        let page = self.client.get(&format!("{}{and}limit={limit}{cursor}", self.path))?;
        self.cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
        self.ended = self.cursor.is_none();
        self.left = self.left.map(|left| left - limit);
        Ok(Some(page))
    }
}

fn nodes(page: &Value) -> &[Value] {
    page.get("nodes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What there is to say of the whole trace, in two lines.
pub fn heading(page: &Value) -> String {
    let summary = page.get("summary").cloned().unwrap_or_default();
    let number = |name: &str| summary.get(name).and_then(Value::as_i64).unwrap_or(0);
    let text = |of: &Value, name: &str| of.get(name).map(cell).unwrap_or_default();
    let count = |name: &str, one: &str, many: &str| {
        let count = number(name);
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    };
    let counts = [
        count("events", "event", "events"),
        count("failures", "failure", "failures"),
        count("retries", "further attempt", "further attempts"),
        count("open", "not ended", "not ended"),
        count("orphans", "cause elsewhere", "causes elsewhere"),
        count("circles", "circle", "circles"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    format!(
        "trace {}: {}\n{} to {}, {}\n\n",
        text(page, "correlation"),
        counts.join(", "),
        text(&summary, "started"),
        text(&summary, "ended"),
        span(number("duration_ms"))
    )
}
