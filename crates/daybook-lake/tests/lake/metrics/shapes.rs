//! Answers as they are written, on events that can be counted by eye.

use serde_json::{Value, json};

use super::calendar::DAY;
use super::world::{MONDAY, Row, ask, row};

const HOUR: i64 = DAY / 24;

/// Two people and a few days; the second comes on Tuesday for the first time.
fn few() -> Vec<Row> {
    let mut rows = vec![
        row(1, "user.signed_up", MONDAY - 8 * DAY, 1),
        row(2, "page.seen", MONDAY + 9 * HOUR, 1),
        row(3, "page.seen", MONDAY + DAY, 1),
        row(4, "user.signed_up", MONDAY + DAY + HOUR, 2),
        row(5, "page.seen", MONDAY + DAY + 2 * HOUR, 2),
        row(6, "page.seen", MONDAY + 3 * DAY - 1, 2),
        row(7, "order.paid", MONDAY + DAY + 3 * HOUR, 2),
        row(8, "job.ran", MONDAY, 0),
    ];
    rows[7].person = None;
    rows[1].platform = Some("web");
    rows[2].platform = Some("ios");
    rows[6].price = Some(10);
    rows[5].price = Some(20);
    rows[5].sample_rate = 0.5;
    rows
}

fn answer(metric: &str, parameters: Value) -> String {
    let mut all = json!({"from": "2026-03-02", "to": "2026-03-05"});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    let answer = ask(&few(), None, metric, all).unwrap();
    let (key, rows) = answer.as_object().unwrap().iter().next().unwrap();
    let rows: Vec<String> = rows.as_array().unwrap().iter().map(ToString::to_string).collect();
    format!("{key}\n{}", rows.join("\n").replace(":00.000Z", "")).trim_end().to_owned()
}

#[track_caller]
fn check(metric: &str, parameters: Value, expected: &str) {
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(answer(metric, parameters), expected.join("\n"));
}

#[test]
fn active_users() {
    check(
        "active-users",
        json!({}),
        r#"
        rows
        {"period_start":"2026-03-02T00:00","active_users":1,"new_users":0,"returning_users":1}
        {"period_start":"2026-03-03T00:00","active_users":2,"new_users":1,"returning_users":1}
        {"period_start":"2026-03-04T00:00","active_users":1,"new_users":0,"returning_users":1}
        "#,
    );
    check(
        "active-users",
        json!({"by": "platform", "period": "month", "events": "page.*"}),
        r#"
        rows
        {"period_start":"2026-03-01T00:00","group":"ios","active_users":1,"new_users":1,"returning_users":0}
        {"period_start":"2026-03-01T00:00","group":"web","active_users":1,"new_users":1,"returning_users":0}
        {"period_start":"2026-03-01T00:00","group":null,"active_users":1,"new_users":1,"returning_users":0}
        "#,
    );
}

#[test]
fn retention() {
    check(
        "retention",
        json!({"start": "user.signed_up", "periods": 2}),
        r#"
        rows
        {"cohort_start":"2026-03-02T00:00","cohort_size":0,"period":0,"retained":0,"rate":0}
        {"cohort_start":"2026-03-02T00:00","cohort_size":0,"period":1,"retained":0,"rate":0}
        {"cohort_start":"2026-03-02T00:00","cohort_size":0,"period":2,"retained":0,"rate":0}
        {"cohort_start":"2026-03-03T00:00","cohort_size":1,"period":0,"retained":1,"rate":1}
        {"cohort_start":"2026-03-03T00:00","cohort_size":1,"period":1,"retained":1,"rate":1}
        {"cohort_start":"2026-03-03T00:00","cohort_size":1,"period":2,"retained":0,"rate":0}
        {"cohort_start":"2026-03-04T00:00","cohort_size":0,"period":0,"retained":0,"rate":0}
        {"cohort_start":"2026-03-04T00:00","cohort_size":0,"period":1,"retained":0,"rate":0}
        {"cohort_start":"2026-03-04T00:00","cohort_size":0,"period":2,"retained":0,"rate":0}
        "#,
    );
}

#[test]
fn funnels() {
    check(
        "funnel",
        json!({
            "steps": [{"event": "page.seen"}, {"event": "order.paid"}, {"event": "page.*", "where": {"price": 0.2}}],
            "within": "12h", "by": "identity",
        }),
        r#"
        steps
        {"step":1,"event":"page.seen","count":2,"rate":1,"median_seconds":null}
        {"step":2,"event":"order.paid","count":1,"rate":0.5,"median_seconds":3600}
        {"step":3,"event":"page.*","count":0,"rate":0,"median_seconds":null}
        "#,
    );
    check("funnel", json!({"steps": [{"event": "nothing"}], "group_by": "platform"}), "steps");
}

#[test]
fn trends() {
    check(
        "trend",
        json!({"events": ["*"]}),
        r#"
        rows
        {"period_start":"2026-03-02T00:00","value":2}
        {"period_start":"2026-03-03T00:00","value":4}
        {"period_start":"2026-03-04T00:00","value":2}
        "#,
    );
    check(
        "trend",
        json!({"measure": "sum:price", "interval": "week"}),
        r#"
        rows
        {"period_start":"2026-03-02T00:00","value":0.5}
        "#,
    );
    check(
        "trend",
        json!({"measure": "avg:price", "group_by": "name", "events": ["order.paid", "page.seen"], "from": "2026-03-03T02:00:00Z"}),
        r#"
        rows
        {"period_start":"2026-03-03T00:00","group":"order.paid","value":0.1}
        {"period_start":"2026-03-03T00:00","group":"page.seen","value":null}
        {"period_start":"2026-03-04T00:00","group":"order.paid","value":null}
        {"period_start":"2026-03-04T00:00","group":"page.seen","value":0.2}
        "#,
    );
}

#[test]
fn stickiness_and_churn() {
    check(
        "stickiness",
        json!({"from": "2026-03-03", "to": "2026-03-04"}),
        r#"
        rows
        {"period_start":"2026-03-03T00:00","daily_active":2,"monthly_active":2,"rate":1}
        "#,
    );
    check(
        "churn",
        json!({}),
        r#"
        rows
        {"period_start":"2026-03-02T00:00","previous_users":0,"churned_users":0,"rate":0}
        {"period_start":"2026-03-03T00:00","previous_users":1,"churned_users":0,"rate":0}
        {"period_start":"2026-03-04T00:00","previous_users":2,"churned_users":1,"rate":0.5}
        "#,
    );
}

#[test]
fn nobody_and_nothing() {
    for (metric, parameters) in [
        ("active-users", json!({})),
        ("retention", json!({"periods": 1})),
        ("trend", json!({"measure": "p95:ms"})),
        ("trend", json!({"measure": "unique"})),
        ("stickiness", json!({})),
        ("churn", json!({})),
        ("funnel", json!({"steps": [{"event": "a"}, {"event": "b"}]})),
        ("funnel", json!({"steps": [{"event": "a"}, {"event": "b"}], "by": "session"})),
        ("sessions", json!({})),
    ] {
        let mut all = json!({"from": "2026-03-02", "to": "2026-03-04"});
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let mut of_nobody = row(1, "a", MONDAY, 1);
        of_nobody.person = None;
        let none = ask(&[], None, metric, all.clone()).unwrap();
        assert_eq!(ask(&[of_nobody], None, metric, all).unwrap(), none, "{metric}");
        let rows = none.as_object().unwrap().values().next().unwrap().as_array().unwrap();
        assert_eq!(rows.len(), if metric == "retention" { 4 } else { 2 }, "{metric}");
    }
}

/// The last moment of a day is of that day, the first of the next is not; a time with an offset is that time in UTC.
#[test]
fn days_end_at_midnight_utc() {
    let rows = [
        row(1, "a", MONDAY - 1, 1),
        row(2, "a", MONDAY, 2),
        row(3, "a", MONDAY + DAY - 1, 3),
        row(4, "a", MONDAY + DAY, 4),
    ];
    let counts = |from: &str, to: &str, period: &str| {
        let answer = ask(&rows, None, "active-users", json!({"from": from, "to": to, "period": period})).unwrap();
        let rows = answer["rows"].as_array().unwrap();
        rows.iter().map(|row| row["active_users"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(counts("2026-03-02", "2026-03-03", "day"), [2]);
    assert_eq!(counts("2026-03-01", "2026-03-04", "day"), [1, 2, 1]);
    assert_eq!(counts("2026-03-01", "2026-03-04", "week"), [1, 3]);
    assert_eq!(counts("2026-03-01", "2026-03-04", "month"), [4]);
    assert_eq!(counts("2026-03-02T00:00:00.000001Z", "2026-03-03T00:00:00.000001Z", "day"), [1, 1]);
    assert_eq!(counts("2026-03-02T01:00:00+01:00", "2026-03-02T19:00:00-05:00", "day"), [2]);
}
