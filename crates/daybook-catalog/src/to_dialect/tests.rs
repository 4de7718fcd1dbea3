use daybook_event::{Actor, EventId, Timestamp};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::from_texts;

const HEADER: &str = "app: shop\nversion: 1.0.0\ntitle: Shop\n";
const EVENTS: &str = "events:\n  - {name: order.placed, description: x, data: {type: object}, examples: [{}]}\n";
const PLUGIN: &str = "plugin: rank\nversion: 1.0.0\nevents:\n  - {name: rank.up, description: x, data: {type: object}, examples: [{}]}\n";

fn app(dialect: &str) -> AppCatalog {
    let text = format!("{HEADER}dialect:\n{dialect}");
    let loaded = from_texts(&[("catalog.yaml", &text), ("events/a.yaml", EVENTS), ("plugins/rank.yaml", PLUGIN)]);
    assert!(loaded.diagnostics.is_empty(), "{}", crate::render::text(&loaded.diagnostics));
    loaded.catalogs.app("shop").unwrap().as_ref().clone()
}

fn event() -> Event<'static> {
    Event {
        id: EventId::from_object_id(*b"\x50\x7f\x1f\x77\xbc\xf8\x6c\xd7\x99\x43\x90\x11"),
        version: "1.2.0".into(),
        received: Timestamp::parse("2026-01-14T15:00:01Z").unwrap(),
        position: 7,
        priority: Priority::High,
        source: Some("api".into()),
        environment: Some("production".into()),
        identity: Some("12345".into()),
        session: Some("s-1".into()),
        group: Some("1".into()),
        actor: Some(Actor { kind: Some("user".into()), id: Some("12345".into()) }),
        tags: vec![("k".into(), "v".into()), ("l".into(), "w\"".into())],
        data: r#"{"community_id":1,"price":1.10}"#.into(),
        metadata: r#"{"build":"7","n":123456789012345678901234567890}"#.into(),
        ..Event::new("shop", "order.placed", Timestamp::parse("2026-01-14T15:00:00Z").unwrap())
    }
}

fn check(dialect: &str, event: &Event<'_>) -> String {
    let app = app(dialect);
    let mut out = Vec::new();
    render(event, &app.dialect, &app, &mut out);
    let text = String::from_utf8(out).unwrap();
    serde_json::from_str::<Value>(&text).unwrap();
    text
}

#[test]
fn fields_go_to_their_paths_in_their_types() {
    assert_snapshot!(check("  id: {path: eventId, as: object-id}\n  name: {path: eventType}\n  time: {path: timestamp}\n  data: {path: eventData}\n  identity: {path: who.id, as: integer}\n  actor.type: {path: who.kind}\n", &event()), @r#"{"eventId":"507f1f77bcf86cd799439011","eventType":"order.placed","timestamp":"2026-01-14T15:00:00.000Z","eventData":{"community_id":1,"price":1.10},"who":{"id":12345,"kind":"user"},"build":"7","n":123456789012345678901234567890}"#);
    assert_snapshot!(check("  id: {path: id, as: uuid}\n  name: {path: name}\n  priority: {path: priority}\n  version: {path: v}\n  category: {path: c}\n  session: {path: s}\n  platform: {path: p}\n", &Event { metadata: "".into(), ..event() }), @r#"{"id":"507f1f77-bcf8-800b-800b-6cd799439011","name":"order.placed","priority":"high","v":"1.2.0","c":"default","s":"s-1"}"#);
}

#[test]
fn metadata_holds_what_else_there_is() {
    let dialect = "  name: {path: type}\n  source: {path: metadata.source}\n  environment: {path: metadata.run.env}\n  metadata: {path: metadata}\n  tags: {path: metadata.tags}\n";
    assert_snapshot!(check(dialect, &event()), @r#"{"type":"order.placed","metadata":{"source":"api","run":{"env":"production"},"tags":{"k":"v","l":"w\""},"build":"7","n":123456789012345678901234567890}}"#);
    assert_snapshot!(check(dialect, &Event { metadata: "".into(), ..event() }), @r#"{"type":"order.placed","metadata":{"source":"api","run":{"env":"production"},"tags":{"k":"v","l":"w\""}}}"#);
    // A member that stands in the place of a field gives way.
    assert_snapshot!(check(dialect, &Event { metadata: r#"{"source":"x","y":[1]}"#.into(), tags: vec![], ..event() }), @r#"{"type":"order.placed","metadata":{"source":"api","run":{"env":"production"},"y":[1]}}"#);
    assert_snapshot!(check(dialect, &Event { source: None, environment: None, tags: vec![], ..event() }), @r#"{"type":"order.placed","metadata":{"build":"7","n":123456789012345678901234567890}}"#);
    // Without a place for it, it stands beside the fields, as it was sent.
    assert_snapshot!(check("  name: {path: type}\n  data: {path: data}\n", &Event { metadata: r#"{"type":1,"y":[1]}"#.into(), ..event() }), @r#"{"type":"order.placed","data":{"community_id":1,"price":1.10},"y":[1]}"#);
}

#[test]
fn a_copy_in_the_data_is_not_repeated() {
    let dialect =
        "  name: {path: n}\n  group: {path: community_id, as: integer, also: p.community_id}\n  data: {path: p}\n";
    assert_snapshot!(check(dialect, &event()), @r#"{"n":"order.placed","p":{"community_id":1,"price":1.10},"build":"7"}"#);
    assert_snapshot!(check(dialect, &Event { group: Some("2".into()), ..event() }), @r#"{"n":"order.placed","community_id":2,"p":{"community_id":1,"price":1.10},"build":"7"}"#);
    assert_snapshot!(check(dialect, &Event { data: r#"{"community_id":"1"}"#.into(), ..event() }), @r#"{"n":"order.placed","p":{"community_id":"1"},"build":"7"}"#);
    assert_snapshot!(check(dialect, &Event { data: r#"{"other":{"community_id":1}}"#.into(), ..event() }), @r#"{"n":"order.placed","community_id":1,"p":{"other":{"community_id":1}},"build":"7"}"#);
    assert_snapshot!(check(dialect, &Event { data: "".into(), ..event() }), @r#"{"n":"order.placed","community_id":1,"build":"7"}"#);
}

#[test]
fn open_names_are_wrapped() {
    let dialect = "  name: {path: event_type, open-variant: custom}\n";
    let check = |name: &'static str| check(dialect, &Event { name: name.into(), metadata: "".into(), ..event() });
    assert_eq!(check("order.placed"), r#"{"event_type":"order.placed"}"#);
    assert_eq!(check("rank.up"), r#"{"event_type":{"custom":"rank.up"}}"#);
    assert_eq!(check("my \"own\""), r#"{"event_type":{"custom":"my \"own\""}}"#);
}

#[test]
fn ids_are_given_back() {
    let check = |kind: &str, id: EventId, original: Option<&'static str>| {
        let event = Event { id, original_id: original.map(Into::into), metadata: "".into(), ..event() };
        check(&format!("  id: {{path: i, as: {kind}}}\n  name: {{path: n}}\n"), &event)
    };
    let uuid = EventId::parse_uuid("550e8400-e29b-41d4-a716-446655440000").unwrap();
    let own = EventId::from_text("shop", "order-17");
    let object_id = event().id;
    assert_eq!(check("uuid", uuid, None), r#"{"i":"550e8400-e29b-41d4-a716-446655440000","n":"order.placed"}"#);
    assert_eq!(check("string", own, Some("order-17")), r#"{"i":"order-17","n":"order.placed"}"#);
    assert_eq!(check("object-id", object_id, None), r#"{"i":"507f1f77bcf86cd799439011","n":"order.placed"}"#);
    assert_eq!(check("object-id", uuid, None), r#"{"i":"550e8400-e29b-41d4-a716-446655440000","n":"order.placed"}"#);
}

#[test]
fn an_app_without_a_dialect_gets_the_canonical_form() {
    let loaded = from_texts(&[("catalog.yaml", HEADER), ("events/a.yaml", EVENTS)]);
    let app = loaded.catalogs.app("shop").unwrap();
    let (mut rendered, mut canonical) = (Vec::new(), Vec::new());
    render(&event(), &app.dialect, app, &mut rendered);
    event().write_json(&mut canonical);
    assert_eq!(rendered, canonical);
}

#[test]
fn only_what_reads_back_is_a_number() {
    let check = |identity: &'static str| {
        let event = Event { identity: Some(identity.into()), metadata: "".into(), ..event() };
        check("  name: {path: n}\n  identity: {path: i, as: integer}\n", &event)
    };
    assert_eq!(check("-5"), r#"{"n":"order.placed","i":-5}"#);
    for text in ["007", "+5", "1.0", "99999999999999999999", "a", "-0"] {
        assert_eq!(check(text), format!(r#"{{"n":"order.placed","i":"{text}"}}"#));
    }
}

fn any_text() -> impl Strategy<Value = Option<Cow<'static, str>>> {
    proptest::option::of(prop_oneof!["[a-zA-Zé0-9 \"\\\\]{1,12}", "[1-9][0-9]{0,9}"].prop_map(Cow::Owned))
}

fn any_object() -> impl Strategy<Value = Cow<'static, str>> {
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("[1,{\"a\":2}]".to_owned()),
        Just("\"x\"".to_owned()),
        Just("1.10".to_owned())
    ];
    proptest::option::of(proptest::collection::btree_map("[a-d]|source|tags|\"|community_id", value, 0..4)).prop_map(
        |map| {
            map.map_or(Cow::Borrowed(""), |map| {
                let members: Vec<String> = map
                    .into_iter()
                    .map(|(key, value)| format!("{}:{value}", serde_json::to_string(&key).unwrap()))
                    .collect();
                Cow::Owned(format!("{{{}}}", members.join(",")))
            })
        },
    )
}

proptest! {
    /// Every field can be read back from its path, and every member of data and metadata from its place.
    #[test]
    fn nothing_is_lost(
        texts in proptest::collection::vec(any_text(), 8),
        data in any_object(),
        metadata in any_object(),
        tags in proptest::collection::btree_map("[a-z]{1,5}", "[a-z0-9\"]{0,9}", 0..3),
    ) {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        let event = Event {
            source: next(),
            environment: next(),
            identity: next(),
            session: next(),
            group: next(),
            correlation: next(),
            actor: Some(Actor { kind: next(), id: next() }),
            tags: tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
            data,
            metadata,
            ..event()
        };
        let app = app(concat!(
            "  id: {path: eventId, as: object-id}\n  name: {path: type}\n  time: {path: at}\n  session: {path: a.b.session}\n",
            "  actor.type: {path: a.b.kind}\n  actor.id: {path: a.id}\n  source: {path: m.source}\n  tags: {path: m.tags}\n",
            "  identity: {path: identity, as: integer}\n  environment: {path: m.x.env}\n  metadata: {path: m}\n",
            "  correlation: {path: z}\n  data: {path: d}\n  group: {path: g, as: integer, also: d.community_id}\n",
        ));
        let mut out = Vec::new();
        render(&event, &app.dialect, &app, &mut out);
        let json: Value = serde_json::from_slice(&out).unwrap();
        let read = |pointer: &str| json.pointer(pointer).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let actor = event.actor.as_ref().unwrap();
        for (pointer, expected) in [
            ("/eventId", Some("507f1f77bcf86cd799439011".to_owned())),
            ("/type", Some("order.placed".to_owned())),
            ("/at", Some("2026-01-14T15:00:00.000Z".to_owned())),
            ("/a/b/session", owned(&event.session)),
            ("/a/b/kind", owned(&actor.kind)),
            ("/a/id", owned(&actor.id)),
            ("/m/x/env", owned(&event.environment)),
            ("/identity", owned(&event.identity)),
            ("/z", owned(&event.correlation)),
        ] {
            prop_assert_eq!(read(pointer), expected, "{} in {}", pointer, json);
        }
        let reads_back = |text: &Cow<'_, str>| text.parse::<i64>().is_ok_and(|number| number.to_string() == *text);
        prop_assert_eq!(json["identity"].is_i64(), event.identity.as_ref().is_some_and(reads_back));
        if event.group.is_some() {
            prop_assert_eq!(read("/g").or_else(|| read("/d/community_id")), owned(&event.group));
        }
        if let Some(source) = &event.source {
            prop_assert_eq!(json["m"]["source"].as_str(), Some(source.as_ref()));
        }
        prop_assert_eq!(json["m"]["tags"].as_object().map_or(0, serde_json::Map::len) >= event.tags.len(), true);
        if !event.data.is_empty() {
            prop_assert_eq!(&json["d"], &serde_json::from_str::<Value>(&event.data).unwrap());
        }
        if !event.metadata.is_empty() {
            let metadata: Value = serde_json::from_str(&event.metadata).unwrap();
            for (name, value) in metadata.as_object().unwrap() {
                let replaced = (name == "source" && event.source.is_some()) || (name == "tags" && !event.tags.is_empty());
                prop_assert!(replaced || json["m"][name] == *value, "{} in {}", name, json);
            }
        }
    }
}
