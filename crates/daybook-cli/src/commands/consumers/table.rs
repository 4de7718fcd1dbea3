//! Consumers and dead letters as tables.

use serde_json::Value;

use crate::members::{list, number, text};
use crate::output::{Table, grouped};

/// What stands where there is nothing to say.
const NOTHING: &str = "–";

/// How consumers are.
pub fn consumers(consumers: &[Value]) -> String {
    let mut table = Table::new(&[
        "app",
        "consumer",
        "handler",
        "state",
        "lag",
        "p99",
        "promise",
        "dead letters",
        "what is missing",
    ]);
    for consumer in consumers {
        let own = |member: &str| text(consumer, member).to_owned();
        table.row(vec![
            own("app"),
            own("consumer"),
            own("handler"),
            own("state"),
            lag(consumer),
            consumer.get("latency").map_or_else(nothing, |latency| time(decimal(latency, "p99_ms"))),
            promise(consumer),
            grouped(number(consumer, "dead_letters")),
            missing(consumer),
        ]);
    }
    table.render()
}

/// Dead letters.
pub fn dead_letters(letters: &[Value]) -> String {
    let mut table = Table::new(&["position", "event type", "given up", "attempts", "last reason"]);
    for letter in letters {
        let last = list(letter, "history").last();
        let reason = last.map(|attempt| format!("{}: {}", text(attempt, "code"), text(attempt, "message")));
        table.row(vec![
            number(letter, "position").to_string(),
            text(letter, "name").to_owned(),
            text(letter, "time").to_owned(),
            number(letter, "attempts").to_string(),
            reason.unwrap_or_else(nothing),
        ]);
    }
    table.render()
}

/// Events it is behind, and for how long.
fn lag(consumer: &Value) -> String {
    let (events, seconds) = (number(consumer, "lag_events"), decimal(consumer, "lag_seconds"));
    if seconds < 1.0 { grouped(events) } else { format!("{} ({})", grouped(events), time(seconds * 1_000.0)) }
}

fn promise(consumer: &Value) -> String {
    let Some(promise) = consumer.get("promise").filter(|promise| !promise.is_null()) else { return nothing() };
    let kept = promise.get("kept").and_then(Value::as_bool).unwrap_or(true);
    format!("{}{}", time(decimal(promise, "latency_ms")), if kept { "" } else { " broken" })
}

fn missing(consumer: &Value) -> String {
    let message = match (text(consumer, "missing"), text(consumer, "code"), text(consumer, "message")) {
        ("", "", _) => String::new(),
        ("", code, message) => format!("{code}: {message}"),
        (missing, _, _) => missing.to_owned(),
    };
    // A table is one line a row.
    message.replace('\n', " ")
}

fn nothing() -> String {
    NOTHING.to_owned()
}

fn decimal(value: &Value, member: &str) -> f64 {
    value.get(member).and_then(Value::as_f64).unwrap_or_default()
}

/// Milliseconds as people say them.
fn time(milliseconds: f64) -> String {
    let seconds = milliseconds / 1_000.0;
    match seconds {
        _ if milliseconds < 10.0 => format!("{milliseconds:.1} ms"),
        _ if seconds < 1.0 => format!("{milliseconds:.0} ms"),
        _ if seconds < 10.0 && seconds.fract() > 0.0 => format!("{seconds:.1} s"),
        _ if seconds < 120.0 => format!("{seconds:.0} s"),
        _ if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 172_800.0 => format!("{:.0} h", seconds / 3_600.0),
        _ => format!("{:.0} d", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn consumers_are_read() {
        let running = json!({
            "app": "shop", "consumer": "orders", "handler": "webhook", "state": "running", "lag_events": 1234,
            "lag_seconds": 12.4, "dead_letters": 3, "latency": {"p50_ms": 2.0, "p99_ms": 38.2},
            "promise": {"latency_ms": 60_000, "kept": true},
        });
        let waiting = json!({
            "app": "shop", "consumer": "table", "handler": "mysql", "state": "waiting", "lag_events": 5, "lag_seconds": 9_000.0,
            "dead_letters": 0, "code": "mysql.unreachable", "message": "connection refused",
            "latency": {"p50_ms": 900.0, "p99_ms": 4_210.0}, "promise": {"latency_ms": 1_000, "kept": false},
        });
        let unconfigured = json!({
            "app": "shop", "consumer": "live", "handler": "redis", "state": "unconfigured", "lag_events": 0, "lag_seconds": 0.0,
            "dead_letters": 0, "missing": "url, url-file or url-env",
        });
        insta::assert_snapshot!(consumers(&[running, waiting, unconfigured]), @"
        app   consumer  handler  state                  lag  p99    promise     dead letters  what is missing
        shop  orders    webhook  running       1,234 (12 s)  38 ms  60 s                   3
        shop  table     mysql    waiting            5 (2 h)  4.2 s  1 s broken             0  mysql.unreachable: connection refused
        shop  live      redis    unconfigured             0  –      –                      0  url, url-file or url-env
        ");
    }

    #[test]
    fn dead_letters_are_read() {
        let letter = json!({
            "position": 4711, "name": "order.placed", "time": "2026-01-14T15:00:00.000Z", "attempts": 4,
            "history": [
                {"time": "2026-01-14T14:59:00.000Z", "code": "http.failed", "message": "answered 503"},
                {"time": "2026-01-14T15:00:00.000Z", "code": "http.failed", "message": "answered 500"},
            ],
        });
        insta::assert_snapshot!(dead_letters(&[letter]), @"
        position  event type                    given up  attempts  last reason
            4711  order.placed  2026-01-14T15:00:00.000Z         4  http.failed: answered 500
        ");
    }
}
