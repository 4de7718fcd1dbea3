//! Questions as they are asked, and what is said of those that cannot be.

use daybook_lake::metrics::{MetricError, Question};
use serde_json::{Value, json};

use super::world::{MONDAY, ask, row};

/// What is wrong with a question about one event.
fn refused(metric: &str, mut parameters: Value) -> String {
    let more = parameters.as_object_mut().unwrap();
    more.entry("from").or_insert(json!("2026-03-02"));
    more.entry("to").or_insert(json!("2026-03-09"));
    match ask(&[row(1, "a.x", MONDAY, 1)], None, metric, parameters) {
        Err(MetricError::Refused(findings)) => findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        other => panic!("{other:?}"),
    }
}

fn check(metric: &str, parameters: Value, expected: &str) {
    assert_eq!(refused(metric, parameters), expected);
}

#[test]
fn parameters_are_named_by_what_is_wrong_with_them() {
    check(
        "users",
        json!({}),
        "`metric`: there are active-users, retention, funnel, trend, stickiness, churn, sessions",
    );
    check(
        "churn",
        json!({"perod": "day"}),
        "`perod`: unknown parameter `perod`, expected one of `from`, `to`, `period`, `events`",
    );
    check(
        "churn",
        json!({"period": "year"}),
        "`period`: unknown variant `year`, expected one of `day`, `week`, `month`",
    );
    check("churn", json!({"events": 5}), "`events`: names or patterns of event types: a text, or a list of texts");
    check("churn", json!({"events": []}), "`events`: names no event: name at least one, or leave the parameter out");
    check(
        "trend",
        json!({"from": "2026-03-02T00:00:00"}),
        "`from`: `2026-03-02T00:00:00` is neither a date, such as 2026-03-01, nor a date and time with a zone, such as \
         2026-03-01T12:00:00Z",
    );
    check(
        "trend",
        json!({"from": "2026-02-30"}),
        "`from`: `2026-02-30` is neither a date, such as 2026-03-01, nor a date and time with a zone, such as \
         2026-03-01T12:00:00Z",
    );
    check(
        "trend",
        json!({"to": "2026-03-02"}),
        "`to`: must be after `from`, which is 2026-03-02T00:00:00.000Z: `to` itself is not counted",
    );
    check("trend", json!({"to": "9999-03-02"}), "`to`: must lie between the years 1 and 9000");
    check(
        "trend",
        json!({"measure": "median:ms"}),
        "`measure`: `median:ms` is no measure: count, unique, or sum:, avg:, min:, max:, p50:, p95: or p99: and a field, such \
         as sum:amount",
    );
    check("trend", json!({"measure": "sum:plan"}), "`measure`: `plan` is no number");
    check(
        "trend",
        json!({"measure": "sum:person", "group_by": "colour"}),
        "`group_by`: `colour` is no column of events (platform, source, environment, group_id, ...) and no data field: there \
         are plan, ms, score, price, gift, seen, place\n`measure`: no event type declares a field `person`: there are plan, ms, \
         score, price, gift, seen, place",
    );
    check(
        "trend",
        json!({"group_by": "position"}),
        "`group_by`: `position` differs from event to event, and divides nothing",
    );
    check("active-users", json!({"by": "extra"}), "`by`: `extra` differs from event to event, and divides nothing");
    check("retention", json!({"periods": -1}), "`periods`: invalid value: integer `-1`, expected usize");
    check("funnel", json!({}), "`steps`: missing parameter `steps`");
    check("funnel", json!({"steps": []}), "`steps`: are 0, and must be 1 to 20");
    check(
        "funnel",
        json!({"steps": [{"event": "a.x"}, {"event": "", "where": {"pln": 1}}], "within": "0s"}),
        "`within`: must be more than nothing, and at most 10 years\n`steps[1].event`: an empty text is no event's name\n\
         `steps[1].where.pln`: no event type declares this field: there are plan, ms, score, price, gift, seen, place",
    );
    check(
        "funnel",
        json!({"steps": [{"event": "a.x"}], "within": "a week"}),
        "`within`: a duration is a whole number and one of ms, s, m, h, d, w, y, such as 30d; at most 200y",
    );
    check(
        "funnel",
        json!({"steps": [{"event": "a.x"}], "by": "browser"}),
        "`by`: unknown variant `browser`, expected `identity` or `session`",
    );
    check(
        "funnel",
        json!({"steps": [{"event": "a.x"}, {"name": "a.y"}]}),
        "`steps[1].name`: unknown parameter `name`, expected `event` or `where`",
    );
}

#[test]
fn conditions_are_named_by_what_is_wrong_with_them() {
    let wrong = |condition: Value, expected: &str| {
        check("trend", json!({"where": condition}), &format!("`where.{expected}"));
    };
    wrong(json!({"plan": 5}), "plan`: the field is text, and 5 is not");
    wrong(json!({"ms": "many"}), "ms`: the field is a whole number, and \"many\" is not");
    wrong(json!({"gift": 1}), "gift`: the field is true or false, and 1 is not");
    wrong(json!({"price": true}), "price`: the field is a decimal number, and true is not");
    wrong(json!({"price": "1 000"}), "price`: the field is a decimal number, and \"1 000\" is not");
    wrong(json!({"seen": "2026-03-02"}), "seen`: the field is a date and time of RFC 3339, and \"2026-03-02\" is not");
    wrong(json!({"plan": []}), "plan`: no value is one of none: name values, or leave the field out");
    wrong(json!({"plan": {}}), "plan`: a schema says something");
    wrong(json!({"plan": {"minimum": 5}}), "plan`: the field is text, and 5 is not");
    wrong(json!({"plan": {"minimum": "a"}}), "plan`: only a number can be compared with a number");
    wrong(
        json!({"plan": {"pattern": "^a"}}),
        "plan`: `pattern` cannot be asked of a column: const, enum, minimum, maximum, exclusiveMinimum, exclusiveMaximum and \
         not can",
    );
    wrong(json!({"ms.name": "a"}), "ms.name`: `data_ms` has no fields inside");
    wrong(json!({"place..name": "a"}), "place..name`: is no path to a field: at most 8 names between points");
    wrong(
        json!({"place.name": null}),
        "place.name`: inside of a field texts, numbers, true and false can be asked for",
    );
    wrong(
        json!({"elsewhere.name": "a"}),
        "elsewhere.name`: no event type declares this field: there are plan, ms, score, price, gift, seen, place",
    );
}

/// How many of these events a condition leaves.
fn left(condition: Value) -> Value {
    let mut rows = vec![row(1, "a", MONDAY, 1), row(2, "a", MONDAY, 1), row(3, "a", MONDAY, 1)];
    rows[0].plan = Some("it's \"gold\"; --");
    rows[0].ms = Some(10);
    rows[0].price = Some(10);
    rows[0].gift = Some(true);
    rows[0].platform = Some("ios");
    rows[0].place = Some(r#"{"depot": {"no": 5, "name": "5", "open": true}}"#);
    rows[2].place = Some(r#"{"depot": {"no": "5", "name": "east", "open": null}}"#);
    rows[1].plan = Some("free");
    rows[1].ms = Some(-3);
    rows[1].score = Some(0.5);
    rows[1].price = Some(-1999);
    let asked = json!({"from": "2026-03-02", "to": "2026-03-03", "where": condition});
    ask(&rows, None, "trend", asked).unwrap()["rows"][0]["value"].clone()
}

#[test]
fn conditions_leave_what_fits() {
    let check = |condition: Value, expected: i64| {
        assert_eq!(left(condition.clone()), json!(expected), "{condition}");
    };
    check(json!({}), 3);
    check(json!({"plan": "free"}), 1);
    check(json!({"plan": "it's \"gold\"; --"}), 1);
    check(json!({"plan": "' OR 1=1 --"}), 0);
    check(json!({"plan": ["free", "it's \"gold\"; --", "other"]}), 2);
    check(json!({"plan": null}), 1);
    check(json!({"plan": [null, "free"]}), 2);
    check(json!({"plan": {"not": {"const": "free"}}}), 1);
    check(json!({"plan": {"enum": ["free"]}}), 1);
    check(json!({"ms": 10}), 1);
    check(json!({"ms": 10.0}), 1);
    check(json!({"ms": 9.5}), 0);
    check(json!({"ms": "10"}), 1);
    check(json!({"ms": {"minimum": -3, "maximum": 10}}), 2);
    check(json!({"ms": {"exclusiveMinimum": -3, "maximum": 10}}), 1);
    check(json!({"ms": {"minimum": -3.5, "exclusiveMaximum": 9.5}}), 1);
    check(json!({"score": 0.5}), 1);
    check(json!({"price": 0.1}), 1);
    check(json!({"price": "0.10"}), 1);
    check(json!({"price": {"maximum": -19.99}}), 1);
    check(json!({"gift": true}), 1);
    check(json!({"gift": {"not": {"const": false}}}), 1);
    check(json!({"seen": "2026-03-02T01:00:00+01:00"}), 2);
    check(json!({"seen": {"minimum": "2026-03-02T00:00:00.000001Z"}}), 0);
    check(json!({"platform": "ios", "ms": 10}), 1);
    check(json!({"data_plan": "free", "ms": 10}), 0);
    check(json!({"place.depot.no": 5}), 1);
    check(json!({"place.depot.no": "5"}), 1);
    check(json!({"place.depot.no": {"minimum": 4.5}}), 1);
    check(json!({"place.depot.no": {"not": {"const": 5}}}), 1);
    check(json!({"place.depot.name": ["east", "west"]}), 1);
    check(json!({"place.depot.open": true}), 1);
    check(json!({"place.depot": "x"}), 0);
    check(json!({"place.shelf": {"not": {"const": 5}}}), 0);
}

#[test]
fn query_strings_are_read() {
    let read = |metric: &str, pairs: &[(&str, &str)]| match Question::from_pairs(metric, pairs.iter().copied()) {
        Ok(question) => format!("{question:?}"),
        Err(error) => error.to_string(),
    };
    let of = |metric: &str, parameters: Value| format!("{:?}", Question::read(metric, parameters).unwrap());
    let span = [("from", "2026-03-02"), ("to", "2026-03-03T12:00:00+02:00")];
    let with = |more: &[(&'static str, &'static str)]| [&span, more].concat();
    let json = |more: Value| {
        let mut all = json!({"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T10:00:00Z"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    assert_eq!(
        read("active-users", &with(&[("events", "a.x, b.*"), ("events", "c"), ("by", "plan"), ("period", "week")])),
        of("active-users", json(json!({"events": ["a.x", "b.*", "c"], "by": "plan", "period": "week"}))),
    );
    assert_eq!(
        read("retention", &with(&[("start", "a.x"), ("return", "any"), ("periods", "4")])),
        of("retention", json(json!({"start": "a.x", "return": "any", "periods": 4}))),
    );
    assert_eq!(
        read("funnel", &with(&[("steps", r#"[{"event":"a"},{"event":"b","where":{"plan":"x"}}]"#), ("within", "2h")])),
        of("funnel", json(json!({"steps": [{"event": "a"}, {"event": "b", "where": {"plan": "x"}}], "within": "2h"}))),
    );
    assert_eq!(
        read("trend", &with(&[("periods", "many"), ("where", "{"), ("measure", "count"), ("measure", "unique")])),
        "`periods`: `many` is no whole number; `where`: is no JSON: EOF while parsing an object at line 1 column 1; \
         `measure`: is given more than once",
    );
    assert_eq!(read("trend", &[("from", "2026-03-02")]), "`to`: missing parameter `to`");
}
