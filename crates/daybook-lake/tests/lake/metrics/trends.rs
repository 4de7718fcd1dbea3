//! Trends, on made-up events.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::reference;
use super::world::{Row, active, ask, is_active, matches, parameters, rows, span, text};

type Field = fn(&Row) -> Option<f64>;

fn field() -> impl Strategy<Value = (&'static str, Field)> {
    prop::sample::select(vec![
        ("ms", (|row: &Row| row.ms.map(|ms| ms as f64)) as Field),
        ("data_ms", |row| row.ms.map(|ms| ms as f64)),
        ("score", |row| row.score),
        ("price", |row| row.price.map(|price| price as f64 / 100.0)),
    ])
}

/// Whether two answers are the same, but for the last digits of numbers.
pub fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| alike(value, other)))
        }
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-3)
        }
        _ => one == other,
    }
}

fn plan_of(row: &Row) -> Option<&'static str> {
    row.plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn trends_are_those_of_the_reference(
        rows in rows(80), span in span(), active in active(),
        interval in prop::sample::select(vec!["hour", "day", "week", "month"]),
        grouped in any::<bool>(), (name, field) in field(),
        kind in prop::sample::select(vec!["count", "unique", "sum", "avg", "min", "max", "p50", "p95", "p99"]),
        events in prop::sample::select(vec![None, Some("*"), Some("b.*"), Some("a.x")]),
        gold in any::<bool>(),
    ) {
        let counted: Vec<&Row> = rows
            .iter()
            .filter(|row| match events {
                Some(events) => matches(row.name, &[events]),
                None => is_active(row, active.as_deref()),
            })
            .filter(|row| !gold || row.plan == Some("gold"))
            // Of people there are only those.
            .filter(|row| kind != "unique" || row.person.is_some())
            .filter(|row| !kind.starts_with('p') || field(row).is_some())
            .collect();
        let of = grouped.then_some(plan_of as fn(&Row) -> _);
        let measure = |rows: &[&Row]| -> Option<f64> {
            let weighed = || rows.iter().filter_map(|row| Some((field(row)?, row.sample_rate)));
            let weights = || weighed().map(|(_, rate)| 1.0 / rate).sum::<f64>();
            let sum = || weighed().map(|(value, rate)| value / rate).sum::<f64>();
            match kind {
                "count" => Some(rows.iter().map(|row| 1.0 / row.sample_rate).sum()),
                "unique" => Some(rows.iter().filter_map(|row| row.person).collect::<BTreeSet<_>>().len() as f64),
                "sum" => Some(sum()),
                "avg" => (weights() > 0.0).then(|| sum() / weights()),
                "min" => weighed().map(|(value, _)| value).min_by(f64::total_cmp),
                "max" => weighed().map(|(value, _)| value).max_by(f64::total_cmp),
                percentile => reference::percentile(weighed(), percentile[1..].parse().unwrap()),
            }
        };
        // Weights such as 1/0.3 cannot be written as so many times the same value.
        prop_assume!(!kind.starts_with('p') || rows.iter().all(|row| row.sample_rate != 0.3));
        let expected: Vec<Value> = reference::trend(&counted, span, interval, of, measure)
            .into_iter()
            .map(|(start, group, value)| match group {
                None => json!({"period_start": text(start), "value": value}),
                Some(group) => json!({"period_start": text(start), "group": group, "value": value}),
            })
            .collect();
        let asked = parameters(span, json!({
            "measure": if ["count", "unique"].contains(&kind) { kind.to_owned() } else { format!("{kind}:{name}") },
            "interval": interval, "events": events,
            "group_by": grouped.then_some("plan"), "where": gold.then(|| json!({"plan": "gold"})),
        }));
        let answer = ask(&rows, active.as_deref(), "trend", asked).unwrap();
        prop_assert!(alike(&answer["rows"], &json!(expected)), "{:#}\n{:#}", answer, json!(expected));
    }
}
