use std::sync::Arc;

use daybook_event::{Event, EventId, Timestamp};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::from_texts;

/// A catalog of one event type in several versions, each with its migrations.
fn shop(versions: &[(&str, &str)]) -> Arc<AppCatalog> {
    let declared = |(version, migrations): &(&str, &str)| {
        format!("  - {{name: order.placed, version: {version}, migrations: {migrations}}}\n")
    };
    let events = format!("events:\n{}", versions.iter().map(declared).collect::<String>());
    let loaded = from_texts(&[("catalog.yaml", "app: shop\nversion: 1.0.0\ntitle: x\n"), ("events/a.yaml", &events)]);
    let errors = loaded.worst() >= Some(daybook_event::Severity::Error);
    assert!(!errors, "{}", crate::render::text(&loaded.diagnostics));
    Arc::clone(loaded.catalogs.app("shop").unwrap())
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// What steps make of data, or why they cannot be taken.
#[expect(clippy::needless_pass_by_value, reason = "for json!")]
fn check(steps: &str, data: Value) -> String {
    let app = shop(&[("1.0.0", "[]"), ("2.0.0", &format!("[{{from: 1.0.0, steps: {steps}}}]"))]);
    match app.upcast("order.placed", &version("1.0.0"), &data) {
        Ok(upcast) => upcast.data.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn rename() {
    assert_snapshot!(check("[{rename: {a: b}}]", json!({"a": 1, "c": 2})), @r#"{"b":1,"c":2}"#);
    assert_snapshot!(check("[{rename: {a: b}}]", json!({"c": 2})), @r#"{"c":2}"#);
    assert_snapshot!(check("[{rename: {a: b}}]", json!({"a": 1, "b": 2})), @"on the way from 1.0.0 to 2.0.0: `b` has a value already");
    assert_snapshot!(check("[{rename: {l.a: l.b}}]", json!({"l": [{"a": 1}, {}, 5, [{"a": 2}]]})), @r#"{"l":[{"b":1},{},5,[{"b":2}]]}"#);
}

#[test]
fn set() {
    assert_snapshot!(check("[{set: {a: 1, b.c: [x]}}]", json!({"a": null})), @r#"{"a":null,"b":{"c":["x"]}}"#);
    assert_snapshot!(check("[{set: {l.a: 1}}]", json!({"l": [{"a": 0}, {}]})), @r#"{"l":[{"a":0},{"a":1}]}"#);
    assert_snapshot!(check("[{set: {a.b: 1}}]", json!({"a": "text"})), @"on the way from 1.0.0 to 2.0.0: `a.b` leads through something that is no object");
}

#[test]
fn drop() {
    assert_snapshot!(check("[{drop: [a, b.c, l.d]}]", json!({"a": 1, "b": {"c": 1, "e": 2}, "l": [{"d": 1}]})), @r#"{"b":{"e":2},"l":[{}]}"#);
}

#[test]
fn relocation() {
    assert_snapshot!(check("[{move: {a.b: c.d}}]", json!({"a": {"b": 1, "x": 2}})), @r#"{"a":{"x":2},"c":{"d":1}}"#);
    assert_snapshot!(check("[{move: {a.b: c}}]", json!({"c": 2})), @r#"{"c":2}"#);
    assert_snapshot!(check("[{move: {a: c}}]", json!({"a": 1, "c": 2})), @"on the way from 1.0.0 to 2.0.0: `c` has a value already");
    assert_snapshot!(check("[{move: {l.a: l.b.c}}]", json!({"l": [{"a": 1}, {"b": {}}, {"a": 2}]})), @r#"{"l":[{"b":{"c":1}},{"b":{}},{"b":{"c":2}}]}"#);
    assert_snapshot!(check("[{move: {l.a: c}}]", json!({"l": [{"a": 1}]})), @"on the way from 1.0.0 to 2.0.0: `c` leads into a list, or out of one");
    assert_snapshot!(check("[{move: {a: l.a}}]", json!({"a": 1, "l": []})), @"on the way from 1.0.0 to 2.0.0: `l.a` leads into a list, or out of one");
}

#[test]
fn convert() {
    let to = |to: &str, value: Value| check(&format!("[{{convert: {{a: {to}}}}}]"), json!({"a": value}));
    assert_snapshot!(to("string", json!(1.5)), @r#"{"a":"1.5"}"#);
    assert_snapshot!(to("string", json!(true)), @r#"{"a":"true"}"#);
    assert_snapshot!(to("string", json!([1])), @"on the way from 1.0.0 to 2.0.0: `a` is a list, which is no text");
    assert_snapshot!(to("integer", json!("12")), @r#"{"a":12}"#);
    assert_snapshot!(to("integer", json!(3.0)), @r#"{"a":3}"#);
    assert_snapshot!(to("integer", json!(3.5)), @"on the way from 1.0.0 to 2.0.0: `a` is a number, which is no whole number");
    assert_snapshot!(to("integer", json!("ann@example.org")), @"on the way from 1.0.0 to 2.0.0: `a` is text, which is no whole number");
    assert_snapshot!(to("number", json!("0.10")), @r#"{"a":0.1}"#);
    assert_snapshot!(to("number", json!("1e3")), @r#"{"a":1000}"#);
    assert_snapshot!(to("boolean", json!("true")), @r#"{"a":true}"#);
    assert_snapshot!(to("boolean", json!(1)), @"on the way from 1.0.0 to 2.0.0: `a` is a number, which is no true or false");
    assert_snapshot!(to("integer", json!(null)), @r#"{"a":null}"#);
}

#[test]
fn the_way_is_the_shortest() {
    let check =
        |versions: &[(&str, &str)], from: &str| match shop(versions).upcast("order.placed", &version(from), &json!({}))
        {
            Ok(upcast) => {
                format!("{} {}", upcast.way.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), upcast.data)
            }
            Err(error) => error.to_string(),
        };
    let versions = [
        ("1.0.0", "[]"),
        ("1.1.0", "[]"),
        ("2.0.0", "[{from: 1.1.0, steps: [{set: {a: 2}}]}]"),
        ("3.0.0", "[{from: 2.0.0, steps: [{set: {b: 3}}]}]"),
        ("3.1.0", "[]"),
    ];
    assert_snapshot!(check(&versions, "1.0.0"), @r#"1.0.0 1.1.0 2.0.0 3.0.0 3.1.0 {"a":2,"b":3}"#);
    assert_snapshot!(check(&versions, "3.1.0"), @"3.1.0 {}");
    let mut shorter = versions;
    shorter[3].1 = "[{from: 2.0.0, steps: []}, {from: 1.0.0, steps: [{set: {c: 1}}]}]";
    assert_snapshot!(check(&shorter, "1.0.0"), @r#"1.0.0 3.0.0 3.1.0 {"c":1}"#);
    // A version that is not declared any more, and one that nothing leads from.
    assert_snapshot!(check(&versions[1..], "1.0.0"), @r#"1.0.0 1.1.0 2.0.0 3.0.0 3.1.0 {"a":2,"b":3}"#);
    assert_snapshot!(check(&versions[2..], "1.1.0"), @r#"1.1.0 2.0.0 3.0.0 3.1.0 {"a":2,"b":3}"#);
    assert_snapshot!(check(&versions[2..], "1.2.0"), @"no migration leads from 1.2.0 to 3.1.0");
    assert_snapshot!(check(&versions, "4.0.0"), @"no migration leads from 4.0.0 to 3.1.0");
    assert_eq!(
        shop(&versions).upcast("nothing", &version("1.0.0"), &json!({})),
        Err(UpcastError::UnknownType("nothing".to_owned()))
    );
}

#[test]
fn recorded_events_are_judged() {
    let events = "events:
  - name: order.placed
    version: 1.0.0
    data: {type: object, properties: {sum: {type: string}, buyer: {type: string}}, required: [sum, buyer]}
    pii: {buyer: identifier}
  - name: order.placed
    version: 2.0.0
    data: {type: object, properties: {total: {type: integer, minimum: 1}, buyer: {type: string}}, required: [total, buyer]}
    pii: {buyer: identifier}
    migrations: [{from: 1.0.0, steps: [{rename: {sum: total}}, {convert: {total: integer}}]}]
";
    let loaded = from_texts(&[("catalog.yaml", "app: shop\nversion: 1.0.0\ntitle: x\n"), ("events/a.yaml", events)]);
    let app = loaded.catalogs.app("shop").unwrap();
    let mut run = DryRun::new(app);
    run.take(1, "order.placed", "1.0.0", &json!({"sum": "5", "buyer": "ann"}));
    // The buyer is sealed and gone; that is nobody's fault.
    run.take(2, "order.placed", "1.0.0", &json!({"sum": "6"}));
    run.take(3, "order.placed", "1.0.0", &json!({"sum": "many secrets", "buyer": "ann"}));
    run.take(4, "order.placed", "1.0.0", &json!({"sum": "0", "buyer": "ann"}));
    run.take(5, "order.placed", "2.0.0", &json!({"total": 7, "buyer": "ann"}));
    run.take(6, "order.placed", "2.0.0", &json!({"total": "many secrets"}));
    run.take(7, "order.placed", "0.9.0", &json!({}));
    run.take(8, "order.paid", "1.0.0", &json!({}));
    let line = |seen: &Seen| {
        let Seen { name, version, events, invalid, migrated, stuck, objections, examples } = seen;
        format!(
            "{name} {version}: {events}, {invalid} invalid, {migrated} migrated, {stuck} stuck {examples:?} {objections:?}"
        )
    };
    assert_snapshot!(run.finish().iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
    order.paid 1.0.0: 1, 1 invalid, 0 migrated, 0 stuck [8] {"there is no event type `order.paid`": 1}
    order.placed 0.9.0: 1, 1 invalid, 0 migrated, 1 stuck [7] {"no migration leads from 0.9.0 to 2.0.0": 1}
    order.placed 1.0.0: 4, 0 invalid, 2 migrated, 2 stuck [3, 4] {"as 2.0.0: `/total`: it is less than the minimum of 1": 1, "on the way from 1.0.0 to 2.0.0: `total` is text, which is no whole number": 1}
    order.placed 2.0.0: 2, 1 invalid, 0 migrated, 0 stuck [6] {"`/total`: it is not of type \"integer\"": 1}
    "#);
}

proptest! {
    /// Renaming there and back gives the data back, in the order it had.
    #[test]
    fn renames_lose_nothing(values in prop::collection::vec(any::<i32>(), 1..5), at in 0usize..5) {
        let data: Value = values.iter().enumerate().map(|(index, value)| (format!("f{index}"), json!(value))).collect::<serde_json::Map<_, _>>().into();
        let at = at % values.len();
        let there = check(&format!("[{{rename: {{f{at}: other}}}}]"), data.clone());
        let back = check(&format!("[{{rename: {{other: f{at}}}}}]"), serde_json::from_str(&there).unwrap());
        prop_assert_eq!(back, data.to_string());
    }

    /// No data makes a step panic, and what is no object stays as it is.
    #[test]
    fn any_data_is_taken(number in any::<f64>(), text in ".{0,8}") {
        for data in [json!(number), json!(text), json!([text]), json!(null), json!({"a": text}), json!({"a": {"b": number}})] {
            for step in ["{rename: {a.b: a.c}}", "{set: {a.b: 1}}", "{drop: [a.b]}", "{move: {a.b: c.d}}", "{convert: {a: integer}}", "{convert: {a.b: string}}"] {
                check(&format!("[{step}]"), data.clone());
            }
        }
    }
}

fn event(name: &'static str, version: &'static str, data: &'static str) -> Event<'static> {
    Event {
        id: EventId::from_bytes([1; 16]),
        version: version.into(),
        position: 1,
        data: data.into(),
        ..Event::new("shop", name, Timestamp::from_microseconds(0))
    }
}

#[test]
fn whole_events() {
    let app = shop(&[
        ("1.0.0", "[]"),
        ("1.1.0", "[]"),
        ("2.0.0", "[{from: 1.1.0, steps: [{rename: {a: b}}, {set: {c: 1}}]}]"),
    ]);
    let check = |name, version, data| {
        let (event, upcasting) = app.upcast_event(event(name, version, data));
        let said = match upcasting {
            Upcasting::Current => "current".to_owned(),
            Upcasting::From(from) => format!("from {from}"),
            Upcasting::Failed(error) => format!("{}: {error}", error.code()),
        };
        format!("{} {} | {said}", event.version, event.data)
    };
    assert_snapshot!(check("order.placed", "2.0.0", r#"{"a": 1}"#), @r#"2.0.0 {"a": 1} | current"#);
    assert_snapshot!(check("order.placed", "1.1.0", r#"{"a": 1}"#), @r#"2.0.0 {"b":1,"c":1} | from 1.1.0"#);
    assert_snapshot!(check("order.placed", "1.0.0", r#"{"c": 1}"#), @r#"2.0.0 {"c": 1} | from 1.0.0"#);
    assert_snapshot!(check("order.placed", "1.0.0", ""), @r#"2.0.0 {"c":1} | from 1.0.0"#);
    assert_snapshot!(check("order.placed", "1.0.0", r#"{"a": 1, "b": 2}"#), @r#"1.0.0 {"a": 1, "b": 2} | upcast.step: on the way from 1.1.0 to 2.0.0: `b` has a value already"#);
    assert_snapshot!(check("order.placed", "1.0.0", "{"), @"1.0.0 { | upcast.data: its data cannot be read");
    assert_snapshot!(check("order.placed", "3.0.0", "{}"), @"3.0.0 {} | upcast.no-way: no migration leads from 3.0.0 to 2.0.0");
    assert_snapshot!(check("order.placed", "latest", "{}"), @"latest {} | upcast.version: its version is no version");
    assert_snapshot!(check("order.gone", "1.0.0", "{}"), @"1.0.0 {} | upcast.unknown-type: there is no event type `order.gone`");
}
