//! Funnels, on made-up events.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::calendar::DAY;
use super::reference::{self, Step};
use super::world::{MONDAY, NAMES, Row, ask, parameters, row, rows, span};

fn platform_of(row: &Row) -> Option<&'static str> {
    row.platform
}

/// Steps, as the reference and as questions have them.
fn step() -> impl Strategy<Value = (Step, Value)> {
    let names = prop::sample::select(vec![NAMES[0], NAMES[1], NAMES[2], NAMES[4], "a.*", "*", "*.x"]);
    (names, 0..5usize).prop_map(|(name, also)| {
        let (also, wanted): (fn(&Row) -> bool, Value) = match also {
            0 => (|row| row.plan == Some("gold"), json!({"plan": "gold"})),
            1 => (
                |row| row.ms.is_some_and(|ms| (0..20).contains(&ms)),
                json!({"ms": {"minimum": 0, "exclusiveMaximum": 20}}),
            ),
            _ => (|_| true, Value::Null),
        };
        let mut step = json!({"event": name});
        if !wanted.is_null() {
            step["where"] = wanted;
        }
        (Step { names: vec![name], also }, step)
    })
}

fn expected(found: &[(Option<Option<&str>>, Vec<(usize, Option<f64>)>)], steps: &[Value]) -> Value {
    let mut rows = Vec::new();
    for (group, counts) in found {
        for (at, (count, median)) in counts.iter().enumerate() {
            let rate = if counts[0].0 == 0 { 0.0 } else { *count as f64 / counts[0].0 as f64 };
            let whole = |number: f64| if number.fract() == 0.0 { json!(number as i64) } else { json!(number) };
            let mut row = json!({
                "step": at + 1, "event": steps[at]["event"], "count": count, "rate": whole(rate),
                "median_seconds": median.map(whole),
            });
            if let Some(group) = group {
                row["group"] = json!(group);
            }
            rows.push(row);
        }
    }
    json!({"steps": rows})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn funnels_are_those_of_the_reference(
        rows in rows(120), span in span(), steps in prop::collection::vec(step(), 1..5), grouped in any::<bool>(),
        by_session in any::<bool>(),
        within in prop::sample::select(vec![("1s", 1_000_000), ("12h", DAY / 2), ("1d", DAY), ("7d", 7 * DAY), ("52w", 364 * DAY)]),
    ) {
        let (steps, asked): (Vec<Step>, Vec<Value>) = steps.into_iter().unzip();
        let of = grouped.then_some(platform_of as fn(&Row) -> _);
        let whose: fn(&Row) -> Option<i64> = if by_session { |row| row.session } else { |row| row.person };
        let found = reference::funnel(&rows, span, &steps, within.1, of, whose);
        let question = parameters(span, json!({
            "steps": asked, "within": within.0, "group_by": grouped.then_some("platform"),
            "by": by_session.then_some("session"),
        }));
        prop_assert_eq!(ask(&rows, None, "funnel", question).unwrap(), expected(&found, &asked));
    }

    /// One person and few names, close together: many runs at once, and many events at the same time.
    #[test]
    fn crowded_funnels_are_those_of_the_reference(
        events in prop::collection::vec((prop::sample::select(vec!["a.x", "b.x", "c"]), 0..12i64), 0..40), within in 1..8i64,
        steps in prop::collection::vec(prop::sample::select(vec!["a.x", "b.x", "c", "*"]), 1..6),
    ) {
        let rows: Vec<Row> = events
            .into_iter()
            .enumerate()
            .map(|(at, (name, second))| row(100 - at as i64, name, MONDAY + second * 1_000_000, 7))
            .collect();
        let asked: Vec<Value> = steps.iter().map(|name| json!({"event": name})).collect();
        let steps: Vec<Step> = steps.into_iter().map(|name| Step { names: vec![name], also: |_| true }).collect();
        let span = (MONDAY, MONDAY + DAY);
        let found = reference::funnel(&rows, span, &steps, within * 1_000_000, None, |row| row.person);
        let question = parameters(span, json!({"steps": asked, "within": format!("{within}s")}));
        prop_assert_eq!(ask(&rows, None, "funnel", question).unwrap(), expected(&found, &asked));
    }
}
