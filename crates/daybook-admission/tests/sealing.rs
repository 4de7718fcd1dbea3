//! What is personal is in no stored byte, and comes back with the keys.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use daybook_admission::BodyForm;
use daybook_catalog::{AppCatalog, Pii};
use daybook_event::{Month, NameKind, PSEUDONYMS, PersonName, SessionHash, Standing};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Desk, desk, desk_of, lines};

const IDENTITY: &str = "identity-of-ada-4711";
const SESSION: &str = "session-of-ada-0815";
const ANONYMOUS: &str = "browser-of-ada-2342";

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// JSON with the members of every object in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// The values at a dotted path, through lists.
fn at<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Value> {
    match (value, path) {
        (Value::Array(list), _) => list.iter().flat_map(|element| at(element, path)).collect(),
        (value, []) => vec![value],
        (Value::Object(object), [first, rest @ ..]) => {
            object.get(*first).map(|value| at(value, rest)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Every text in a value that is long enough to be looked for.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= 4 => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Value::Object(object) => object.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// Every example of every catalog: nothing of who it is about, or marked as personal, is stored in the clear, everything
/// else is, and with the keys it is whole again.
#[test]
fn every_example_is_sealed_and_opens() {
    let catalogs = support::catalogs();
    let mut with_pii = 0;
    for catalog in catalogs.apps() {
        let desk = desk_of(Arc::clone(catalog)).consented(IDENTITY, "whatsapp_activity");
        for event_type in &catalog.events {
            for example in &event_type.examples {
                with_pii += usize::from(!event_type.pii.is_empty());
                check_example(&desk, catalog, event_type, example);
            }
        }
    }
    assert!(with_pii > 50, "{with_pii}");
}

fn check_example(desk: &Desk, catalog: &AppCatalog, event_type: &daybook_catalog::EventType, example: &Value) {
    let body = json!({
        "name": event_type.name, "version": event_type.version.to_string(), "id": "order-of-ada-77",
        "identity": IDENTITY, "session": SESSION, "anonymous_id": ANONYMOUS, "group": "1",
        "actor": {"type": "user", "id": IDENTITY}, "tags": {"who": IDENTITY, "team": "core"}, "data": example,
        "metadata": {"email": "ada@example.org", "locale": "en"},
    });
    let what = format!("{} {}: {body}", catalog.app, event_type.name);
    let outcome = desk.json(&body.to_string());
    let receipt = &outcome.receipts.receipts[0];
    assert!(receipt.errors.is_empty(), "{} {what}", lines(&outcome.receipts));
    let sanitised = receipt.warnings.iter().any(|finding| finding.code == "event.sanitised");
    let stored = &outcome.stored[0];
    let bytes = &outcome.batch.bytes;

    let mut personal: Vec<String> =
        [IDENTITY, SESSION, ANONYMOUS, "order-of-ada-77", "ada@example.org"].map(str::to_owned).into();
    let skeleton: Value = serde_json::from_str(&stored.event.data).unwrap_or_default();
    for path in event_type.pii.keys() {
        let path: Vec<&str> = path.split('.').collect();
        at(example, &path).into_iter().for_each(|value| texts(value, &mut personal));
        assert!(at(&skeleton, &path).into_iter().all(Value::is_null), "{path:?} in {skeleton}: {what}");
    }
    for text in personal {
        assert!(!contains(bytes, &text), "{text} is stored: {what}");
    }
    assert!(contains(bytes, &event_type.name), "the control: {what}");

    let own = PersonName::identity(IDENTITY);
    let person = desk.vault().person(&own);
    assert_eq!(stored.standing, Standing::Person(person.id), "{what}");
    assert!(stored.is_sealed());
    let opened = desk.open(stored);
    assert_eq!(opened.unreadable, 0, "{what}");
    assert_eq!(opened.event.identity.as_deref(), Some(IDENTITY));
    assert_eq!(opened.event.anonymous_id, Some(person.id.to_string().into()));
    if event_type.store == daybook_catalog::Store::DailyCounts {
        assert_eq!((&*opened.event.data, opened.event.session, stored.session), ("", None, None));
        return;
    }
    assert_eq!(opened.own_anonymous_id.as_deref(), Some(ANONYMOUS));
    assert_eq!(opened.event.session.as_deref(), Some(SESSION));
    assert_eq!(opened.event.original_id.as_deref(), Some("order-of-ada-77"));
    assert_eq!(opened.event.actor.as_ref().and_then(|actor| actor.id.as_deref()), Some(IDENTITY));
    let tag = |key: &str| opened.event.tags.iter().find(|tag| tag.0 == key).map(|tag| &*tag.1);
    assert_eq!((tag("who"), tag("team")), (Some(IDENTITY), Some("core")));
    assert!(opened.event.tags.is_sorted());
    for tag in &event_type.tags {
        let is_personal = event_type.pii.contains_key(tag);
        let in_clear = stored.event.tags.iter().any(|(key, _)| key == tag);
        assert!(!(is_personal && in_clear), "tag {tag}: {what}");
    }
    if !sanitised {
        // As it was sent, to the letter: members in order, numbers as they were written.
        assert_eq!(opened.event.data, sorted(example).to_string(), "{what}");
        assert_eq!(opened.event.metadata, r#"{"email":"ada@example.org","locale":"en"}"#);
    }
    assert!(stored.event.metadata == r#"{"locale":"en"}"#, "{}", stored.event.metadata);
}

fn catalog(fields: &str) -> Arc<AppCatalog> {
    let catalog = "app: shop\nversion: 1.0.0\ntitle: Shop\nunknown-fields: allow\nsanitise: {emails: true}\n\
        dialect:\n  id: {path: id}\n  name: {path: name, required: true}\n  time: {path: time}\n\
        \x20 identity: {path: identity, also: data.user}\n  session: {path: session}\n  data: {path: data}\n  tags: {path: tags}\n\
        unknown-types: {keep: \"order[.]free\", category: sales}\n\
        categories: {sales: {retain: 2y}, health: {retain: 2y}}\n\
        consent:\n  stats: {default: true, without: anonymise, signals: [gpc]}\n  calls: {default: false, without: drop}\n";
    let events = format!("events:\n  - name: order.placed\n    category: sales\n{fields}");
    let loaded = daybook_catalog::from_texts(&[("catalog.yaml", catalog), ("events/a.yaml", &events)]);
    Arc::clone(loaded.catalogs.app("shop").unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)))
}

const ORDER: &str = "    tags: [buyer, zone, seller]
    pii: {buyer: personal, seller: person, lines.note: free-text, lines.by: person, watchers: person, address: personal}
    data:
      type: object
      properties:
        buyer: {type: [string, \"null\"]}
        seller: {type: [string, integer, \"null\"]}
        zone: {type: string}
        user: {type: [string, integer]}
        address: {type: object, properties: {street: {type: string}}}
        watchers: {type: array, items: {type: [string, \"null\"]}}
        lines: {type: array, items: {type: object, properties: {note: {type: string}, by: {type: string}, price: {type: number}}}}
";

fn shop() -> Desk {
    desk_of(catalog(ORDER))
}

#[track_caller]
fn check_split(data: &str, skeleton: &str, people: &[&str]) {
    let desk = shop();
    let outcome = desk.json(&format!(r#"{{"name":"order.placed","identity":"ada","data":{data}}}"#));
    assert_eq!(outcome.receipts.stored, 1, "{}", lines(&outcome.receipts));
    assert_eq!(outcome.stored[0].event.data, skeleton);
    let vault = desk.vault();
    let ids: Vec<_> = people
        .iter()
        .map(|name| {
            assert!(vault.names().contains(name), "{name} in {:?}", vault.names());
            vault.find(&[Some(PersonName::identity(*name))])[0].clone().unwrap().id
        })
        .collect();
    assert_eq!(outcome.stored[0].people().collect::<Vec<_>>(), ids);
    assert_eq!(vault.names().len(), people.len());
    drop(vault);
    assert_eq!(outcome.events[0].data, data);
}

#[test]
fn data_is_taken_apart() {
    check_split(r#"{"buyer":"Ada","zone":"north"}"#, r#"{"zone":"north"}"#, &["ada"]);
    check_split(r#"{"buyer":"Ada"}"#, "{}", &["ada"]);
    check_split(r#"{"a":1.50,"buyer":"Ada","z":[]}"#, r#"{"a":1.50,"z":[]}"#, &["ada"]);
    check_split(r#"{"address":{"street":"x"},"buyer":"Ada","zone":"n"}"#, r#"{"zone":"n"}"#, &["ada"]);
    check_split(r#"{"buyer":null,"seller":null,"zone":"n"}"#, r#"{"buyer":null,"seller":null,"zone":"n"}"#, &["ada"]);
    // Through lists.
    check_split(
        r#"{"lines":[{"note":"for my son","price":1},{"by":"bob","note":"x"},{"price":2}]}"#,
        r#"{"lines":[{"price":1},{},{"price":2}]}"#,
        &["ada", "bob"],
    );
    // Others: by text or number, in lists with null in their place; the event's own person is no other.
    check_split(r#"{"seller":17,"zone":"n"}"#, r#"{"zone":"n"}"#, &["ada", "17"]);
    check_split(r#"{"seller":"ada","zone":"n"}"#, r#"{"zone":"n"}"#, &["ada"]);
    check_split(
        r#"{"watchers":["bob","ada",null,"eve","bob"]}"#,
        r#"{"watchers":[null,null,null,null,null]}"#,
        &["ada", "bob", "eve"],
    );
    check_split(r#"{"seller":"bob","watchers":["bob"]}"#, r#"{"watchers":[null]}"#, &["ada", "bob"]);
    // The copy of the person in the data, though nobody marked it.
    check_split(r#"{"user":"ada","zone":"n"}"#, r#"{"zone":"n"}"#, &["ada"]);
    check_split(r#"{"user":"eve","zone":"n"}"#, r#"{"zone":"n"}"#, &["ada", "eve"]);
    // What the catalog does not know is judged by its name, at any depth, and by naming the person.
    check_split(r#"{"email":"none","zone":"n"}"#, r#"{"zone":"n"}"#, &["ada"]);
    check_split(
        r#"{"extra":{"deep":[{"colour":"red","phone":"+4912345678"}]}}"#,
        r#"{"extra":{"deep":[{"colour":"red"}]}}"#,
        &["ada"],
    );
    check_split(r#"{"extra":["ada","bob"],"who":"ada"}"#, r#"{"extra":[null,"bob"]}"#, &["ada"]);
    // Names that need escapes.
    check_split(r#"{"e\"/~é":{"email":"x"},"zone":"n"}"#, r#"{"e\"/~é":{},"zone":"n"}"#, &["ada"]);
}

/// What is no object, of a type that nobody declared.
#[test]
fn data_that_is_only_a_name() {
    for (data, skeleton) in [("\"ada\"", "null"), ("[\"ada\",\"x\"]", "[null,\"x\"]"), ("7", "7")] {
        let outcome = shop().json(&format!(r#"{{"name":"order.free","identity":"ada","data":{data}}}"#));
        assert_eq!((&*outcome.stored[0].event.data, &*outcome.events[0].data), (skeleton, data));
    }
}

#[test]
fn tags_are_as_personal_as_what_they_are_made_of() {
    let desk = shop();
    let outcome = desk.json(
        r#"{"name":"order.placed","identity":"ada","session":"s-1","tags":{"a":"ada","b":"s-1","c":"red","email":"x"},
            "data":{"buyer":"Ada L.","seller":"bob","zone":"north"}}"#,
    );
    let clear = |event: &daybook_event::Event<'_>| {
        event.tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(clear(&outcome.stored[0].event), "c=red zone=north");
    assert_eq!(clear(&outcome.events[0]), "a=ada b=s-1 buyer=Ada L. c=red email=x seller=bob zone=north");
    // The seller's are under the seller's secret.
    desk.vault().erase(&PersonName::identity("bob"));
    let opened = desk.open(&outcome.stored[0]);
    assert_eq!(clear(&opened.event), "a=ada b=s-1 buyer=Ada L. c=red email=x zone=north");
    assert_eq!((&*opened.event.data, opened.unreadable), (r#"{"buyer":"Ada L.","zone":"north"}"#, 1));
}

#[test]
fn whom_an_event_is_about() {
    let check = |app: &str, body: &str, expected: Option<(NameKind, &str)>| {
        let desk = desk(app);
        let body = daybook_admission::Body::parse(body.as_bytes(), &BodyForm::Json).unwrap();
        let decoded = desk.admission.decode(&body);
        let got = decoded.people()[0].as_ref().map(|name| (name.kind, &*name.name));
        assert_eq!(got, expected);
    };
    let uc = "unofficial-communities";
    check(uc, r#"{"event_name":"a","identity_id":7,"anonymous_id":"x"}"#, Some((NameKind::Identity, "7")));
    check(uc, r#"{"event_name":"a","properties":{"identity_id":7}}"#, Some((NameKind::Identity, "7")));
    check(uc, r#"{"event_name":"a","anonymous_id":"x"}"#, Some((NameKind::Anonymous, "x")));
    check(uc, r#"{"event_name":"a","session_id":"x"}"#, None);
    check(uc, "[7]", None);
    check("tamma", r#"{"eventType":"a","actorType":"user","actorId":"ada"}"#, Some((NameKind::Identity, "ada")));
    check("tamma", r#"{"eventType":"a","actorType":"ai","actorId":"ada"}"#, None);
    check("tamma", r#"{"name":"a","actor":{"id":"ada"}}"#, Some((NameKind::Identity, "ada")));
    check("tamma", r#"{"name":"a","actor":{"id":"ada"},"identity":"bob"}"#, Some((NameKind::Identity, "bob")));
    // A credential in the wrong place does not get into the vault.
    let key = "sk-abc123def456ghi789jkl012mno345";
    check("tamma", &format!(r#"{{"name":"a","identity":"{key}"}}"#), Some((NameKind::Identity, "[REDACTED_API_KEY]")));
}

#[test]
fn actors() {
    let desk = desk("tamma");
    let event = |actor: &str, identity: &str| {
        let catalogs = support::catalogs();
        let data = &catalogs.app("tamma").unwrap().event("APPROVAL.REQUESTED").unwrap().examples[0];
        let body =
            format!(r#"{{"name":"APPROVAL.REQUESTED","correlation":"c","actor":{actor}{identity},"data":{data}}}"#);
        desk.json(&body)
    };
    // What is no person is in the clear.
    let system = event(r#"{"type":"ai","id":"planner-1"}"#, "");
    assert_eq!(system.stored[0].standing, Standing::Nobody);
    assert_eq!(system.stored[0].event.actor.as_ref().unwrap().id.as_deref(), Some("planner-1"));
    // A person is not; that it is one is.
    let user = event(r#"{"type":"user","id":"ada"}"#, "");
    let actor = user.stored[0].event.actor.as_ref().unwrap();
    assert_eq!((actor.kind.as_deref(), &actor.id), (Some("user"), &None));
    assert_eq!(user.events[0].actor.as_ref().unwrap().id.as_deref(), Some("ada"));
    // Somebody who acts for somebody else goes by their own secret.
    let two = event(r#"{"type":"user","id":"ada"}"#, r#","identity":"bob""#);
    assert_eq!(two.events[0].actor.as_ref().unwrap().id.as_deref(), Some("ada"));
    desk.vault().erase(&PersonName::identity("ada"));
    let opened = desk.open(&two.stored[0]).event;
    assert_eq!((opened.identity.as_deref(), opened.actor.unwrap().id), (Some("bob"), None));
}

/// Somebody only a session is known of, and nothing at all.
#[test]
fn events_of_nobody() {
    let desk = desk("tachikoma");
    let outcome = desk
        .json(r#"{"name":"feature_used","session":"session-1234","data":{"feature":"f","action":"a","success":true}}"#);
    assert_eq!(outcome.stored[0].standing, Standing::Nobody);
    assert!(outcome.stored[0].is_sealed() && !contains(&outcome.batch.bytes, "session-1234"));
    assert_eq!(outcome.events[0].session.as_deref(), Some("session-1234"));
    // The month's secret stands alone.
    let (class, month) = outcome.stored[0].month();
    let mut vault = desk.vault();
    assert!(vault.names().is_empty());
    assert!(vault.months.remove(class, month).is_some());
    drop(vault);
    assert_eq!(desk.open(&outcome.stored[0]).unreadable, 1);
    let nothing = desk.json(r#"{"name":"feature_used","data":{"feature":"f","action":"a","success":true}}"#);
    assert!(!nothing.stored[0].is_sealed());
}

/// A session is known again in all its events, whatever their category, but only under the secret that it was hashed with.
#[test]
fn sessions_have_numbers() {
    let zone = |person: &str, session: &str| {
        format!(
            r#"{{"name":"world.zone.entered",{person}"group":"1","session":"{session}","data":{{"zone_type":"social_east","from_zone":"central_hub"}}}}"#
        )
    };
    let communities = desk("unofficial-communities");
    let of = |person: &str, session: &str| communities.json(&zone(person, session)).stored[0].session;
    let (ada, bob) = (r#""identity":"4711","#, r#""identity":"815","#);
    let number = of(ada, SESSION);
    let secret = |name: &'static str| communities.vault().person(&PersonName::identity(name)).secret;
    assert_eq!(number, Some(SessionHash::of_person(&secret("4711"), SESSION)));
    assert_eq!(number, of(ada, SESSION));
    assert_ne!(number, of(ada, "another"));
    // Two people may be at one desk; nothing tells.
    assert_eq!(of(bob, SESSION), Some(SessionHash::of_person(&secret("815"), SESSION)));
    assert_ne!(number, of(bob, SESSION));
    // Without consent there is none, and erased, the same session is another.
    communities.vault().decide(&PersonName::identity("4711"), "telemetry", false);
    assert_eq!(of(ada, SESSION), None);
    communities.vault().erase(&PersonName::identity("815"));
    let again = of(bob, SESSION);
    assert!(again.is_some() && again != Some(SessionHash::of_person(&secret("4711"), SESSION)));
    let body = zone(ada, SESSION).replace(&format!(r#""session":"{SESSION}","#), "");
    assert_eq!(communities.json(&body).stored[0].session, None);

    // Of nobody, in every category.
    let desk = desk("tachikoma");
    let (mut numbers, mut categories) = (BTreeSet::new(), BTreeSet::new());
    let catalogs = support::catalogs();
    for event_type in &catalogs.app("tachikoma").unwrap().events {
        let Some(example) = event_type.examples.first() else { continue };
        let body = json!({"name": event_type.name, "session": "session-1234", "priority": "high", "data": example});
        let stored = &desk.json(&body.to_string()).stored[0];
        numbers.insert(stored.session);
        categories.insert(stored.event.category.to_string());
    }
    let vault = desk.vault();
    let month = vault.months.get(PSEUDONYMS, Month::of(desk.now)).unwrap();
    assert_eq!(numbers, BTreeSet::from([Some(SessionHash::of_nobody(month, "session-1234"))]));
    assert!(categories.len() > 2, "{categories:?}");
}

#[test]
fn credentials_are_taken_out_before_it_is_sealed() {
    let desk = shop();
    let key = "sk-abc123def456ghi789jkl012mno345";
    let outcome = desk.json(&format!(
        r#"{{"name":"order.placed","identity":"ada","data":{{"buyer":"{key} ada@example.org","zone":"{key}"}}}}"#
    ));
    assert_eq!(outcome.receipts.receipts[0].warnings[0].code, "event.sanitised");
    assert_eq!(outcome.stored[0].event.data, r#"{"zone":"[REDACTED_API_KEY]"}"#);
    let whole = &outcome.events[0].data;
    assert!(!whole.contains("sk-abc") && !whole.contains("example.org") && whole.contains("\"buyer\""), "{whole}");
}

#[test]
fn an_event_names_so_many_people_and_no_more() {
    let people = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("\"person {number}\"")).collect();
        shop().json(&format!(r#"{{"name":"order.placed","data":{{"watchers":[{}]}}}}"#, names.join(",")))
    };
    assert_eq!(people(100).receipts.stored, 1);
    let outcome = people(101);
    assert_eq!(
        lines(&outcome.receipts),
        "quarantined\n  ! event.people.too-many : it names more than 100 other people"
    );
    assert!(outcome.batch.bytes.is_empty());
}

#[test]
fn what_is_kept_aside_says_whose_it_is() {
    let outcome = desk("unofficial-communities").json(r#"[{"event_name":"nothing.like.it","identity_id":7}, 8]"#);
    let people: Vec<_> = outcome.quarantine.iter().map(|entry| entry.person.clone()).collect();
    assert_eq!(people, [Some(PersonName::identity("7")), None]);
}

#[test]
fn every_pii_mark_is_obeyed() {
    // A kind of mark that admission does not know would not compile here.
    for mark in [Pii::Identifier, Pii::Personal, Pii::FreeText, Pii::Person] {
        let kind = match mark {
            Pii::Identifier => "identifier",
            Pii::Personal => "personal",
            Pii::FreeText => "free-text",
            Pii::Person => "person",
        };
        let fields =
            format!("    pii: {{note: {kind}}}\n    data: {{type: object, properties: {{note: {{type: string}}}}}}\n");
        let outcome = desk_of(catalog(&fields))
            .json(r#"{"name":"order.placed","identity":"ada","data":{"note":"quite private"}}"#);
        assert!(!contains(&outcome.batch.bytes, "quite private"), "{kind}");
        assert_eq!(outcome.events[0].data, r#"{"note":"quite private"}"#);
    }
}

/// Any JSON, with names that are personal here and there.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\é]{0,6}".prop_map(Value::from),
        Just(Value::from("ada")),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop_oneof![
            Just("email".to_owned()),
            Just("lines".to_owned()),
            Just("watchers".to_owned()),
            Just("by".to_owned()),
            Just("buyer".to_owned()),
            "[a-z/~\"]{0,3}",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_data_is_whole_when_opened(data in any_json(), metadata in any_json()) {
        let desk = shop();
        // A type that nobody declared takes any data.
        for name in ["order.free", "order.placed"] {
            let body = json!({"name": name, "identity": "ada", "data": data, "meta": metadata});
            let outcome = desk.json(&body.to_string());
            if outcome.receipts.stored == 0 {
                continue;
            }
            let warned = outcome.receipts.receipts[0].warnings.iter().any(|finding| finding.code == "event.sanitised");
            let expected = if data.is_null() { String::new() } else { sorted(&data).to_string() };
            prop_assert!(warned || outcome.events[0].data == expected, "{} is not {expected}", outcome.events[0].data);
            let skeleton = &outcome.stored[0].event.data;
            prop_assert!(skeleton.is_empty() || serde_json::from_str::<Value>(skeleton).is_ok(), "{}", skeleton);
            prop_assert!(!skeleton.contains("\"email\"") || data.to_string().contains("\"email\":null"));
        }
    }
}
