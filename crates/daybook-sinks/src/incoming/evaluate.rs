//! Expressions of a `webhooks.yaml`, evaluated on a call.

use std::collections::BTreeMap;

use ::http::HeaderMap;
use daybook_catalog::webhooks::{Conversion, Expression, Otherwise, Path, Root};
use daybook_event::Timestamp;
use serde_json::{Map, Value};

/// From this number on a time is in milliseconds: as seconds it would lie beyond the year 5000.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// What expressions can see.
#[derive(Clone, Copy)]
pub(super) struct Scope<'c> {
    pub(super) headers: &'c HeaderMap,
    pub(super) body: &'c Value,
    pub(super) event_type: &'c str,
    pub(super) tables: &'c BTreeMap<String, Map<String, Value>>,
    /// The items around, the innermost last.
    pub(super) items: &'c [&'c Value],
}

/// What became of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Got {
    /// There is nothing.
    Nothing,
    /// This.
    Value(Value),
    /// No event is to be made.
    Skip,
}

impl Got {
    /// A value that there is, unless it is null.
    fn of(value: Option<&Value>) -> Self {
        value.filter(|value| !value.is_null()).map_or(Self::Nothing, |value| Self::Value(value.clone()))
    }
}

impl<'c> Scope<'c> {
    /// What a path names.
    pub(super) fn select(&self, path: &Path) -> Vec<&'c Value> {
        let root = match path.root {
            Root::Body => Some(self.body),
            Root::Item(around) => self.items.iter().rev().nth(around).copied(),
        };
        root.map(|root| path.select(root)).unwrap_or_default()
    }

    /// The value of an expression.
    pub(super) fn evaluate(&self, expression: &Expression) -> Got {
        match expression {
            Expression::Constant(value) => Got::Value(value.clone()),
            Expression::Path(path) if path.singular => Got::of(self.select(path).first().copied()),
            Expression::Path(path) => Got::Value(self.select(path).into_iter().cloned().collect()),
            Expression::Header(name) => {
                let text = self.headers.get(name.as_str()).and_then(|value| value.to_str().ok());
                text.map_or(Got::Nothing, |text| Got::Value(text.into()))
            }
            Expression::EventType => Got::Value(self.event_type.into()),
            Expression::First(of) => match self.evaluate(of) {
                Got::Value(Value::Array(items)) => Got::of(items.first()),
                got => got,
            },
            Expression::Convert(conversion, of) => match self.evaluate(of) {
                Got::Value(value) => Got::Value(convert(*conversion, value)),
                got => got,
            },
            Expression::Words { words, of } => match self.evaluate(of) {
                Got::Value(value) => {
                    Got::Value(word(&value).and_then(|word| words.get(&word)).cloned().unwrap_or(value))
                }
                got => got,
            },
            Expression::Table { table, of, otherwise } => {
                let key = match self.evaluate(of) {
                    Got::Value(value) => word(&value),
                    Got::Skip => return Got::Skip,
                    Got::Nothing => None,
                };
                let entry = key.and_then(|key| self.tables.get(table)?.get(&key));
                match (Got::of(entry), otherwise) {
                    (Got::Nothing, Some(Otherwise::Skip)) => Got::Skip,
                    (Got::Nothing, Some(Otherwise::Value(value))) => self.evaluate(value),
                    (got, _) => got,
                }
            }
        }
    }
}

/// A string, a number or a boolean as a word.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A value written in another way; as it is where that cannot be, so that whoever judges the event sees what came.
pub(super) fn convert(to: Conversion, value: Value) -> Value {
    let converted = match to {
        Conversion::Integer => integer(&value).map(Value::from),
        Conversion::Text => word(&value).map(Value::String),
        Conversion::Date => time(&value).map(|time| Value::String(time.to_string().chars().take(10).collect())),
        Conversion::Time => time(&value).map(|time| Value::String(time.to_string())),
    };
    converted.unwrap_or(value)
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    let microseconds = match integer(value) {
        Some(number) if number.abs() >= MILLISECONDS_FROM => number.checked_mul(1_000)?,
        Some(number) => number.checked_mul(1_000_000)?,
        None => value.as_str()?.parse::<jiff::Timestamp>().ok()?.as_microsecond(),
    };
    // What lies beyond the years that can be written is no time.
    jiff::Timestamp::from_microsecond(microseconds).ok()?;
    Some(Timestamp::from_microseconds(microseconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_converted_or_left_alone() {
        use Conversion::{Date, Integer, Text, Time};
        let check = |to, value: Value, expected: Value| assert_eq!(convert(to, value.clone()), expected, "{value}");
        check(Integer, json!("16315551181"), json!(16_315_551_181_i64));
        check(Integer, json!("1e5"), json!("1e5"));
        check(Integer, json!("99999999999999999999"), json!("99999999999999999999"));
        check(Integer, json!(true), json!(true));
        check(Text, json!(7), json!("7"));
        check(Text, json!([7]), json!([7]));
        check(Date, json!("1603059201"), json!("2020-10-18"));
        check(Time, json!(1_603_059_201), json!("2020-10-18T22:13:21.000Z"));
        check(Time, json!(1_603_059_201_123_i64), json!("2020-10-18T22:13:21.123Z"));
        check(Time, json!("2020-10-19T00:13:21+02:00"), json!("2020-10-18T22:13:21.000Z"));
        check(Time, json!("yesterday"), json!("yesterday"));
        check(Time, json!(i64::MAX), json!(i64::MAX));
        check(Time, json!(i64::MIN + 1), json!(i64::MIN + 1));
        check(Time, json!("99999999999999"), json!("5138-11-16T09:46:39.999Z"));
    }
}
