//! Whole catalogs: which versions there are, and what else they promise.

use super::*;

const HEADER: &str = "app: shop\nversion: 1.0.0\ntitle: x\ncategories: {sales: {retain: 2y}, other: {}}\nsources: [web, job]\nconsent: {stats: {default: true, without: anonymise}, extra: {default: false, without: drop}}\ndialect: {name: {path: n, required: true}, platform: {path: p, enum: [ios, web]}, data: {path: d}}\n";

/// An event type from its other keys.
fn placed(rest: &str) -> String {
    format!("  - {{name: order.placed, category: sales, {rest}}}\n")
}

fn check_files(old: (&str, &str), new: (&str, &str)) -> String {
    let app = |(header, events): (&str, &str)| {
        load(&[("catalog.yaml", header), ("events/a.yaml", &format!("events:\n{events}"))])
    };
    let found = diff(&app(old), &app(new));
    assert_eq!(found.versions_match(), !found.text().contains("would be") && !found.text().contains("should be"));
    found.text()
}

/// One event type changes, and neither it nor the catalog gets a new number.
fn check_type(old: &str, new: &str) -> String {
    let text = check_files((HEADER, &placed(old)), (HEADER, &placed(new)));
    text.lines().filter(|line| line.contains('[')).map(str::trim).collect::<Vec<_>>().join("\n")
}

/// The header changes.
fn check_header(from: &str, to: &str) -> String {
    assert!(HEADER.contains(from), "{from}");
    let text = check_files(
        (HEADER, &placed("data: {type: object}")),
        (&HEADER.replace(from, to), &placed("data: {type: object}")),
    );
    text.lines().filter(|line| line.contains('[')).map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_version_that_is_published_stays_as_it_is() {
    let old = placed("data: {type: object, properties: {a: {type: string}}}");
    assert_snapshot!(check_files((HEADER, &old), (HEADER, &old)), @"");
    let new = placed("data: {type: object, properties: {a: {type: integer}}}");
    assert_snapshot!(check_files((HEADER, &old), (HEADER, &new)), @"
    shop 1.0.0
      major: 1.0.0 has changed, which would be 2.0.0
    shop order.placed 1.0.0
      major[schema.type-narrowed] /data/properties/a/type: not accepted any more: text
      minor[schema.type-widened] /data/properties/a/type: accepted too: whole numbers
      major: 1.0.0 has changed, which would be 2.0.0
    ");
}

#[test]
fn a_new_version_says_what_changed() {
    let header = |version: &str| HEADER.replace("version: 1.0.0", &format!("version: {version}"));
    let event = |version: &str, schema: &str| {
        placed(&format!("version: {version}, data: {{type: object, properties: {{a: {schema}}}}}"))
    };
    let old = event("1.0.0", "{type: integer}");
    // Beside the old one, as it should be; and too small a step.
    let new = format!("{old}{}", event("1.1.0", "{type: number}"));
    assert_snapshot!(check_files((HEADER, &old), (&header("1.1.0"), &new)), @"
    shop 1.0.0 -> 1.1.0
      minor: the version says so
    shop order.placed 1.0.0 -> 1.1.0
      minor[schema.type-widened] /data/properties/a/type: accepted too: numbers with a fraction
      minor: the version says so
    ");
    let new = format!("{old}{}", event("1.1.0", "{type: string}"));
    assert_snapshot!(check_files((HEADER, &old), (&header("1.1.0"), &new)), @"
    shop 1.0.0 -> 1.1.0
      major: should be 2.0.0, not 1.1.0
    shop order.placed 1.0.0 -> 1.1.0
      major[schema.type-narrowed] /data/properties/a/type: not accepted any more: whole numbers
      minor[schema.type-widened] /data/properties/a/type: accepted too: text
      major: should be 2.0.0, not 1.1.0
    ");
    let new = format!("{old}{}", event("2.0.0", "{type: string}"));
    assert_snapshot!(check_files((HEADER, &old), (&header("2.0.0"), &new)), @"
    shop 1.0.0 -> 2.0.0
      major: the version says so
    shop order.placed 1.0.0 -> 2.0.0
      major[schema.type-narrowed] /data/properties/a/type: not accepted any more: whole numbers
      minor[schema.type-widened] /data/properties/a/type: accepted too: text
      major: the version says so
    ");
    // In its place: those who name the old one are refused.
    let new = event("1.1.0", "{type: number}");
    assert_snapshot!(check_files((HEADER, &old), (&header("1.1.0"), &new)), @"
    shop 1.0.0 -> 1.1.0
      major[event-type.version-removed] /events/order.placed: `order.placed` 1.0.0 is gone: events that name it are quarantined
      major: should be 2.0.0, not 1.1.0
    shop order.placed 1.0.0 -> 1.1.0
      minor[schema.type-widened] /data/properties/a/type: accepted too: numbers with a fraction
      minor: the version says so
    ");
    // Two steps at once are two comparisons.
    let new = format!("{old}{}{}", event("1.1.0", "{type: number}"), event("2.0.0", "{type: [number, string]}"));
    assert_snapshot!(check_files((HEADER, &old), (&header("1.1.0"), &new)), @"
    shop 1.0.0 -> 1.1.0
      minor: the version says so
    shop order.placed 1.0.0 -> 1.1.0
      minor[schema.type-widened] /data/properties/a/type: accepted too: numbers with a fraction
      minor: the version says so
    shop order.placed 1.1.0 -> 2.0.0
      minor[schema.type-widened] /data/properties/a/type: accepted too: text
      minor: the version says so
    ");
}

#[test]
fn types_come_and_go() {
    let other = placed("data: {type: object}").replace("order.placed", "order.paid");
    let both = format!("{}{other}", placed("data: {type: object}"));
    assert_snapshot!(check_files((HEADER, &other), (HEADER, &both)), @"
    shop 1.0.0
      minor[event-type.added] /events/order.placed: `order.placed` is new
      minor: 1.0.0 has changed, which would be 1.1.0
    ");
    assert_snapshot!(check_files((HEADER, &both), (HEADER, &other)), @"
    shop 1.0.0
      major[event-type.removed] /events/order.placed: `order.placed` is gone
      major: 1.0.0 has changed, which would be 2.0.0
    ");
}

#[test]
fn everything_an_event_type_says() {
    let fields = "data: {type: object, properties: {a: {type: string}, b: {type: string}}}";
    let check = |old: &str, new: &str| check_type(&format!("{fields}{old}"), &format!("{fields}{new}"));
    assert_snapshot!(check("", ", description: y, examples: [{a: x}]"), @"
    patch[event-type.description] /description: is described in other words
    patch[event-type.examples] /examples: has other examples
    ");
    assert_snapshot!(check(", sources: [web]", ", sources: [job]"), @"major[event-type.sources] /sources: comes from fewer sources: the others are warned");
    assert_snapshot!(check(", sources: [web]", ""), @"minor[event-type.sources] /sources: may come from more sources");
    assert_snapshot!(check(", tags: [a], indexed: true", ", tags: [b]"), @"
    major[event-type.indexed] /indexed: its tags can be asked for no longer
    major[event-type.tags] /tags: no tags any more: `a`
    minor[event-type.tags] /tags: new tags: `b`
    ");
    assert_snapshot!(check(", dimensions: [a]", ", dimensions: [a, b]"), @"minor[event-type.dimensions] /dimensions: new dimensions: `b`");
    assert_snapshot!(check(", pii: {a: personal}", ", pii: {b: identifier}"), @"
    minor[event-type.pii] /pii: `a` is not sealed any more
    minor[event-type.pii] /pii: `b` is sealed from now on, as identifier
    ");
    assert_snapshot!(check("", ", consent: {purpose: extra, without: drop}"), @"major[event-type.consent] /consent: is refused without consent to `extra`");
    assert_snapshot!(check("", ", priority: high, sampling: {rate: 1.0, window: 5s}, deprecated: {since: 1.0.0}"), @"
    minor[event-type.deprecated] /deprecated: should not be sent any more
    minor[event-type.priority] /priority: has the priority high, and had normal
    minor[event-type.sampling] /sampling: another share of it is kept
    ");
    assert_snapshot!(check(", data-missing: warn", ""), @"major[event-type.data-missing] /data-missing: events without data are quarantined");
    assert_snapshot!(check_type("store: event", "store: daily-counts"), @"major[event-type.store] /store: is only counted by the day: its events are in no feed");
    assert_snapshot!(check_type("priority: low", "priority: low, data: {type: object}"), @"patch[event-type.data] /data: whether its data is described has changed");
}

#[test]
fn everything_the_catalog_says() {
    assert_snapshot!(check_header("p, enum: [ios, web]", "q, enum: [web, tv], required: true"), @"
    major[dialect.values] /dialect/platform/enum: `ios`: not accepted any more
    major[dialect.path] /dialect/platform/path: lies at `q`, and lay at `p`
    major[dialect.required] /dialect/platform/required: must be there
    minor[dialect.values] /dialect/platform/enum: `tv`: accepted too
    ");
    assert_snapshot!(check_header("platform: {path: p, enum: [ios, web]}, ", ""), @"major[dialect.field-removed] /dialect/platform: the envelope has no such field any more");
    assert_snapshot!(check_header("data: {path: d}", "data: {path: d}, session: {path: s, as: uuid, required: true}"), @"major[dialect.field-added] /dialect/session: the envelope has a new field, which is required");
    assert_snapshot!(check_header("title: x", "title: y\nunknown-fields: quarantine\nunknown-types: {keep: 'x.*', category: other}\nmax-clock-skew: 1m"), @"
    major[catalog.max-clock-skew] /max-clock-skew: clocks may run ahead less far
    major[catalog.unknown-fields] /unknown-fields: events with fields that are not declared are quarantined
    minor[catalog.unknown-types] /unknown-types: types that are not declared are kept
    patch[catalog.description] /title: the app is described in other words
    ");
    assert_snapshot!(check_header("{sales: {retain: 2y}, other: {}}", "{sales: {retain: 1y, pii: none}, third: {}}"), @"
    major[catalog.category-removed] /categories/other: there is no such category any more
    major[catalog.retention] /categories/sales/retain: what is in it is kept less long
    minor[catalog.category-pii] /categories/sales/pii: people in it: `none`
    minor[catalog.category-added] /categories/third: is new
    ");
    assert_snapshot!(check_header("[web, job]", "[web, app]"), @"major[catalog.sources] /sources: gone: `job`");
    assert_snapshot!(check_header("stats: {default: true, without: anonymise}, ", "stats: {default: false, without: drop}, more: {default: false, without: drop}, "), @"
    minor[catalog.purpose-added] /consent/more: is new
    minor[catalog.purpose] /consent/stats: something else is done without it, or unasked
    ");
}

#[test]
fn numbers_of_messages_stay() {
    let of = |numbers: &str| {
        let events = format!("events:\n{}", placed("data: {type: object}"));
        load(&[("catalog.yaml", HEADER), ("events/a.yaml", &events), ("protobuf.yaml", numbers)])
    };
    let check = |old: &str, new: &str| {
        let text = diff(&of(old), &of(new)).text();
        text.lines().filter(|line| line.contains('[')).map(str::trim).collect::<Vec<_>>().join("\n")
    };
    let old = "messages: {order.placed: [string a, string b]}";
    assert_snapshot!(check(old, old), @"");
    assert_snapshot!(check(old, "messages: {order.placed: [string a, string b, string c]}"), @"");
    assert_snapshot!(check("messages: {}", old), @"");
    assert_snapshot!(check(old, "messages: {order.placed: [string b, string a]}"), @"major[catalog.protobuf] /protobuf/messages/order.placed: what had a number has another one now, or none");
    assert_snapshot!(check(old, "messages: {}"), @"major[catalog.protobuf] /protobuf/messages/order.placed: what had a number has another one now, or none");
}

#[test]
fn signatures_that_are_asked_for_refuse_events_of_before() {
    let asked = check_header("title: x\n", "title: x\nsignatures: required\n");
    assert!(asked.contains("[catalog.signatures]") && !asked.contains("event-type"), "{asked}");
    let changes = |old: (&str, &str), new: (&str, &str)| {
        let app = |(header, events): (&str, &str)| {
            load(&[
                ("catalog.yaml", &format!("{HEADER}{header}")),
                ("events/a.yaml", &format!("events:\n{}", placed(events))),
            ])
        };
        let found = diff(&app(old), &app(new));
        let codes = ["catalog.signatures", "event-type.signatures"];
        let found = found.text();
        codes.map(|code| found.lines().filter(|line| line.contains(&format!("[{code}]"))).count())
    };
    let (plain, verified, required) = ("data: {type: object}", "signatures: verified", "signatures: required");
    assert_eq!(changes(("", plain), ("", required)), [0, 1]);
    assert_eq!(changes(("", plain), ("", verified)), [0, 0]);
    assert_eq!(changes(("signatures: required\n", plain), ("signatures: required\n", verified)), [0, 1]);
    assert_eq!(changes(("", required), ("signatures: required\n", required)), [1, 0]);
}
