//! Sessions, on made-up events.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::calendar::DAY;
use super::reference;
use super::trends::alike;
use super::world::{MONDAY, Row, ask, matches, parameters, row, rows, span, text};

fn platform_of(row: &Row) -> Option<&'static str> {
    row.platform
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn sessions_are_those_of_the_reference(
        rows in rows(80), span in span(), period in prop::sample::select(vec!["day", "week", "month"]), grouped in any::<bool>(),
        events in prop::sample::select(vec![None, Some("*"), Some("b.*"), Some("a.x")]),
    ) {
        let mut rows = rows;
        // Weights such as 1/0.3 cannot be written as so many times the same value.
        rows.iter_mut().filter(|row| row.sample_rate == 0.3).for_each(|row| row.sample_rate = 0.2);
        let counted: Vec<&Row> = rows.iter().filter(|row| events.is_none_or(|name| matches(row.name, &[name]))).collect();
        let of = grouped.then_some(platform_of as fn(&Row) -> _);
        let expected: Vec<Value> = reference::sessions(&counted, span, period, of)
            .into_iter()
            .map(|(start, group, (count, average, median))| {
                let mut row = json!({
                    "period_start": text(start), "sessions": count, "average_seconds": average, "median_seconds": median,
                });
                if let Some(group) = group {
                    row["group"] = json!(group);
                }
                row
            })
            .collect();
        let asked = parameters(span, json!({"period": period, "by": grouped.then_some("platform"), "events": events}));
        let answer = ask(&rows, None, "sessions", asked).unwrap();
        prop_assert!(alike(&answer["rows"], &json!(expected)), "{:#}\n{:#}", answer, json!(expected));
    }
}

/// Two sessions of one person, one of nobody, one that goes on past midnight, and an event without a session.
fn few() -> Vec<Row> {
    const MINUTE: i64 = DAY / 1_440;
    let of = |position: i64, time: i64, session: i64, platform: &'static str| Row {
        session: Some(session),
        platform: Some(platform),
        ..row(position, "page.seen", time, 1)
    };
    let mut rows = vec![
        of(1, MONDAY, 1, "web"),
        of(2, MONDAY + 10 * MINUTE, 1, "ios"),
        of(3, MONDAY + 60 * MINUTE, 2, "web"),
        of(4, MONDAY + DAY - MINUTE, 3, "ios"),
        of(5, MONDAY + DAY + MINUTE, 3, "ios"),
        row(6, "page.seen", MONDAY + DAY, 1),
        of(7, MONDAY + DAY + 5 * MINUTE, 4, "web"),
        of(8, MONDAY + DAY + 6 * MINUTE, 4, "web"),
    ];
    rows[6].person = None;
    rows[7].person = None;
    rows[6].sample_rate = 0.25;
    rows[7].sample_rate = 0.5;
    rows
}

#[track_caller]
fn check(more: Value, expected: &[Value]) {
    let mut all = json!({"from": "2026-03-02", "to": "2026-03-04"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(ask(&few(), None, "sessions", all).unwrap(), json!({"rows": expected}));
}

#[test]
fn a_session_counts_where_it_begins() {
    let (monday, tuesday) = (text(MONDAY), text(MONDAY + DAY));
    check(
        json!({}),
        &[
            json!({"period_start": monday, "sessions": 3, "average_seconds": 240, "median_seconds": 120}),
            // It stands for as many as the surest of its events.
            json!({"period_start": tuesday, "sessions": 2, "average_seconds": 60, "median_seconds": 60}),
        ],
    );
    // What it began with is what it is.
    check(
        json!({"by": "platform"}),
        &[
            json!({"period_start": monday, "group": "ios", "sessions": 1, "average_seconds": 120, "median_seconds": 120}),
            json!({"period_start": monday, "group": "web", "sessions": 2, "average_seconds": 300, "median_seconds": 0}),
            json!({"period_start": tuesday, "group": "ios", "sessions": 0, "average_seconds": null, "median_seconds": null}),
            json!({"period_start": tuesday, "group": "web", "sessions": 2, "average_seconds": 60, "median_seconds": 60}),
        ],
    );
    // Only what lies between `from` and `to` is of it.
    check(
        json!({"from": "2026-03-03"}),
        &[json!({"period_start": tuesday, "sessions": 3, "average_seconds": 40, "median_seconds": 60})],
    );
}

#[test]
fn a_funnel_may_be_one_of_sessions() {
    let steps = json!([{"event": "page.*"}, {"event": "page.*"}]);
    let mut asked = json!({"from": "2026-03-02", "to": "2026-03-04", "steps": steps, "by": "session"});
    let counts = |asked: &Value| -> Vec<Value> {
        let answer = ask(&few(), None, "funnel", asked.clone()).unwrap();
        answer["steps"].as_array().unwrap().iter().map(|step| step["count"].clone()).collect()
    };
    assert_eq!(counts(&asked), [4, 3]);
    asked["by"] = json!("identity");
    assert_eq!(counts(&asked), [1, 1]);
}
