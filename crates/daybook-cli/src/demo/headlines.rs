//! The numbers that sum up an app, asked of the server as anybody would ask: what they are stands in the app's `demo.yaml`.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::{Client, escaped};
use crate::commands::metrics::rows_of;
use crate::days;
use crate::failure::Failure;
use crate::output::grouped;
use crate::traffic::HeadlinePlan;

/// Days that a headline is about, unless its plan says otherwise.
const DAYS: u32 = 30;
/// How long is waited until questions see what was sent.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at how far they see.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A number that sums up an app, or a few.
#[derive(Debug, Clone, Serialize)]
pub struct Headline {
    /// What it is.
    pub title: String,
    /// The metric that was asked.
    pub metric: String,
    /// The parameters that it was asked with.
    pub parameters: Value,
    /// The answer, in short.
    pub shown: String,
    /// The whole answer.
    pub answer: Value,
}

/// Waits until questions about an app see everything in the log. Whether they do, where patience ends.
///
/// # Errors
/// Those of [`Client::get`].
pub fn settle(client: &Client, app: &str) -> Result<bool, Failure> {
    let begun = Instant::now();
    loop {
        let lake = client.get(&format!("/v1/lake/{}", escaped(app)))?;
        if lake.get("lag_events").and_then(Value::as_u64) == Some(0) {
            return Ok(true);
        }
        if begun.elapsed() > PATIENCE {
            return Ok(false);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Asks an app's headlines.
///
/// # Errors
/// Those of [`Client::post`].
pub fn ask(client: &Client, app: &str, plans: &[HeadlinePlan], now_us: i64) -> Result<Vec<Headline>, Failure> {
    let ask = |plan: &HeadlinePlan| -> Result<Headline, Failure> {
        let mut parameters = Map::new();
        let from = match plan.weeks {
            Some(weeks) => days::monday(now_us, i64::from(weeks) - 1),
            None => days::date(now_us, 1 - i64::from(plan.days.unwrap_or(DAYS))),
        };
        parameters.insert("from".to_owned(), from.into());
        parameters.insert("to".to_owned(), days::date(now_us, 1).into());
        parameters.extend(plan.parameters.clone());
        let parameters = Value::Object(parameters);
        let path = format!("/v1/{}/metrics/{}", escaped(app), escaped(&plan.metric));
        let answer = client.post(&path, parameters.to_string().as_bytes())?;
        let (title, metric) = (plan.title.clone(), plan.metric.clone());
        Ok(Headline { title, metric, parameters, shown: shown(plan, rows_of(&answer)), answer })
    };
    plans.iter().map(ask).collect()
}

/// What a headline shows of the rows of its answer.
fn shown(plan: &HeadlinePlan, rows: &[Value]) -> String {
    let wanted = |row: &&Value| plan.only.iter().all(|(column, value)| row.get(column) == Some(value));
    let values = rows.iter().filter(wanted).map(|row| row.get(&plan.show).unwrap_or(&Value::Null));
    if plan.sum {
        return number(values.filter_map(as_number).sum());
    }
    let is_rate = plan.show == "rate";
    let values = values.map(|value| match (as_number(value), value) {
        (Some(share), _) if is_rate => format!("{:.0} %", share * 100.0),
        (Some(value), _) => number(value),
        (None, Value::Null) => "–".to_owned(),
        (None, Value::String(text)) => text.clone(),
        (None, other) => other.to_string(),
    });
    values.collect::<Vec<_>>().join("  ")
}

/// Decimals come as text, with all their digits.
fn as_number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) { grouped(value as u64) } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_shown_in_short() {
        let rows = [
            json!({"period": 0, "value": 1200, "rate": 1, "sum": "10.50"}),
            json!({"period": 1, "value": 34.5, "rate": 0.456, "sum": null}),
        ];
        let check = |plan: Value, expected: &str| {
            let mut members = json!({"title": "t", "metric": "trend"});
            members.as_object_mut().expect("members").extend(plan.as_object().expect("members").clone());
            let plan: HeadlinePlan = serde_json::from_value(members).expect("a plan");
            assert_eq!(shown(&plan, &rows), expected);
        };
        check(json!({"show": "value"}), "1,200  34.50");
        check(json!({"show": "value", "sum": true}), "1234.50");
        check(json!({"show": "rate"}), "100 %  46 %");
        check(json!({"show": "rate", "only": {"period": 1}}), "46 %");
        check(json!({"show": "sum"}), "10.50  –");
    }
}
