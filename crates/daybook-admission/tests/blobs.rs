//! Events too large for a record: their largest values go to blobs and come back, and nothing of them is where it must not be.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use daybook_event::limits::{
    BLOB_PREVIEW_CHARACTERS, BLOBS_PER_EVENT_MAX, EVENT_JSON_BYTES_MAX, EVENT_STORED_BYTES_MAX,
};
use daybook_event::stored::{self, MovedPart, Place, Stored};
use daybook_event::{BlobAddress, BlobKeys, Event, Month, PersonName, Standing};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Desk, Outcome, desk_of, lines};

const CATALOG: &str = "app: shop
version: 1.0.0
title: Shop
unknown-fields: allow
unknown-types: {keep: '*', category: product}
categories:
  product: {description: What is done., retain: 365d, pii: logged}
consent:
  notes:
    description: Keep what I write.
    default: true
    without: anonymise
  usage:
    description: Count what I do.
    default: false
    without: anonymise
";
const EVENTS: &str = "events:
  - name: note.written
    category: product
    consent: {purpose: notes, without: anonymise}
    pii: {diary: free-text, friend: person}
    data: {type: object, properties: {diary: {type: string}, friend: {type: string}, text: {type: string}}}
    examples: [{text: x}]
  - name: usage.told
    category: product
    consent: {purpose: usage, without: anonymise}
    data: {type: object, properties: {text: {type: string}}}
    examples: [{text: x}]
";

fn shop() -> Desk {
    let loaded = daybook_catalog::from_texts(&[("catalog.yaml", CATALOG), ("events/a.yaml", EVENTS)]);
    let catalog = loaded.catalogs.app("shop").unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    desk_of(Arc::clone(catalog))
}

fn event(name: &str, identity: Option<&str>, data: &Value) -> Value {
    json!({"name": name, "time": support::NOW, "identity": identity, "data": data})
}

fn post(desk: &Desk, event: &Value) -> Outcome {
    let outcome = desk.json(&event.to_string());
    assert!(outcome.receipts.receipts[0].errors.is_empty(), "{}", lines(&outcome.receipts));
    outcome
}

/// The event with everything that lies in blobs put back, as a reader does it.
fn fetch(desk: &Desk, outcome: &Outcome, mut stored: Stored) -> Event<'static> {
    let vault = desk.vault();
    let closed = stored.clone();
    let content = |part: MovedPart, address: &BlobAddress, size: u64| {
        let blob = outcome.blobs.iter().find(|blob| blob.address == *address).unwrap();
        let owner = part.owner(closed.standing);
        assert_eq!((&*blob.app, &*blob.class, blob.owner), ("shop", "product", owner));
        assert_eq!(blob.month, Month::of(desk.now));
        let person = owner.person().map(|id| vault.by_id(id).unwrap().secret);
        let keys = BlobKeys::derive(person.as_ref(), vault.months.get("product", blob.month).unwrap(), owner);
        keys.open(address, size, &blob.bytes).unwrap()
    };
    for moved in stored.moved() {
        stored.put(&moved, &content(moved.part, &moved.address, moved.size));
    }
    let mut opened = stored.open(&vault.months, &|id| vault.by_id(id));
    assert_eq!(opened.unreadable, 0);
    for moved in std::mem::take(&mut opened.moved) {
        moved.put(&mut opened.event, &content(moved.part, &moved.address, moved.size));
    }
    opened.event
}

fn comes_back(desk: &Desk, sent: &Value) -> Outcome {
    let outcome = post(desk, sent);
    assert!(outcome.batch.bytes.len() <= EVENT_STORED_BYTES_MAX);
    let event = fetch(desk, &outcome, outcome.stored[0].clone());
    let data: Value = serde_json::from_str(&event.data).unwrap();
    assert_eq!(data, sent["data"]);
    if let Some(metadata) = sent.get("metadata") {
        assert_eq!(serde_json::from_str::<Value>(&event.metadata).unwrap(), *metadata);
    }
    outcome
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_fits_stays_and_what_does_not_goes() {
    let desk = shop();
    let sent = |length: usize| event("note.written", None, &json!({"text": "x".repeat(length), "n": 1}));
    let stored = |length: usize| post(&desk, &sent(length)).batch.bytes.len();
    // Lengths are written in as many bytes from here to the limit.
    let around = 65_000 - stored(60_000) + 60_000;
    assert_eq!(stored(around), 65_000);
    for (length, blobs) in [(65_534, 0), (65_535, 0), (65_536, 1), (65_537, 1), (EVENT_JSON_BYTES_MAX - 4, 1)] {
        let outcome = comes_back(&desk, &sent(around + length - 65_000));
        assert_eq!(outcome.blobs.len(), blobs, "{length}");
        assert!(blobs == 1 || outcome.batch.bytes.len() == length);
    }
    let too_large = desk.json(&sent(around + EVENT_JSON_BYTES_MAX).to_string());
    assert!(
        lines(&too_large.receipts).starts_with("quarantined\n  ! event.too-large"),
        "{}",
        lines(&too_large.receipts)
    );
    assert!(too_large.blobs.is_empty() && too_large.batch.bytes.is_empty());
}

#[test]
fn events_may_be_as_large_as_somebody_says() {
    let mut desk = shop();
    desk.admission = desk.admission.taking_events_of(3 * 1024 * 1024);
    let of = |length: usize| event("note.written", None, &json!({"text": "x".repeat(length)}));
    comes_back(&desk, &of(2 * 1024 * 1024));
    desk.admission = desk.admission.taking_events_of(1_000);
    let outcome = desk.json(&of(2_000).to_string());
    assert!(lines(&outcome.receipts).starts_with("quarantined\n  ! event.too-large"), "{}", lines(&outcome.receipts));
}

#[test]
fn only_the_largest_goes() {
    let desk = shop();
    let data = json!({"a": "a".repeat(30_000), "b": {"c": "b".repeat(50_000)}, "d": ["d".repeat(10_000)], "e": 5});
    let outcome = comes_back(&desk, &event("note.written", None, &data));
    let moved = outcome.stored[0].moved();
    assert_eq!(moved.iter().map(|moved| &*moved.shown.pointer).collect::<Vec<_>>(), ["/b"]);
    assert_eq!(moved[0].size as usize, 50_000 + 8);
    let closed: Value = serde_json::from_str(&outcome.stored[0].event.data).unwrap();
    assert_eq!(closed["a"], data["a"]);
    let reference = json!({
        "digest": outcome.blobs[0].address.to_string(), "size": 50_008, "kind": "object",
        "preview": format!("{{\"c\":\"{}", "b".repeat(BLOB_PREVIEW_CHARACTERS - 6)),
    });
    assert_eq!(closed["b"], json!({"$blob": reference}));
    // Compressed: what repeats takes nearly nothing.
    assert!(outcome.blobs[0].bytes.len() < 500);
}

#[test]
fn many_small_ones_go_together() {
    let desk = shop();
    let many: serde_json::Map<_, _> = (0..3_000).map(|at| (format!("m{at}"), json!(format!("{at:060}")))).collect();
    let outcome = comes_back(&desk, &event("note.written", Some("ada"), &Value::Object(many.clone())));
    assert_eq!(outcome.stored[0].moved().iter().map(|moved| &*moved.shown.pointer).collect::<Vec<_>>(), [""]);
    // Of a list the catalog does not know, as of an object, and in the metadata.
    let list = Value::Array((0..3_000).map(|at| json!(format!("{at:060}"))).collect());
    comes_back(&desk, &event("free.form", Some("ada"), &json!({"list": list, "many": many})));
    let mut sent = event("note.written", Some("ada"), &json!({"text": "small"}));
    sent["metadata"] = Value::Object(many);
    let outcome = comes_back(&desk, &sent);
    assert_eq!(outcome.stored[0].moved()[0].shown.place, Place::Metadata);
    // More large ones than may go one by one.
    let large: serde_json::Map<_, _> = (0..100).map(|at| (format!("m{at}"), json!("y".repeat(5_000)))).collect();
    let outcome = comes_back(&desk, &event("note.written", Some("ada"), &Value::Object(large)));
    assert!(outcome.stored[0].moved().len() <= BLOBS_PER_EVENT_MAX);
}

#[test]
fn what_is_personal_is_in_no_record_and_under_its_persons_keys() {
    let desk = shop();
    let (secret, friend, text) = ("s3".repeat(40_000), "grace".to_owned(), "t9".repeat(40_000));
    let data = json!({"diary": secret, "friend": friend, "text": text, "email": "e".repeat(9_000)});
    let outcome = comes_back(&desk, &event("note.written", Some("ada"), &data));
    let stored = &outcome.stored[0];
    let ada = desk.vault().person(&PersonName::identity("ada"));
    assert_eq!(outcome.blobs.iter().map(|blob| blob.owner).collect::<Vec<_>>(), [Standing::Person(ada.id); 2]);
    // Everybody may know that there is a text, and nobody how it or what is personal begins.
    let moved = stored.moved();
    assert_eq!((moved.len(), &*moved[0].shown.pointer, &*moved[0].shown.preview), (1, "/text", ""));
    for hidden in ["s3s3", "t9t9", "grace", "/diary", "eeee"] {
        assert!(!contains(&outcome.batch.bytes, hidden), "{hidden}");
        assert!(outcome.blobs.iter().all(|blob| !contains(&blob.bytes, hidden)), "{hidden}");
    }
    let opened = desk.open(stored).event.data;
    let opened: Value = serde_json::from_str(&opened).unwrap();
    assert_eq!(opened["text"]["$blob"]["preview"], "t9".repeat(BLOB_PREVIEW_CHARACTERS / 2));
    assert_eq!(opened["diary"]["$blob"]["preview"], "s3".repeat(BLOB_PREVIEW_CHARACTERS / 2));
    assert_eq!(opened["friend"], "grace");
}

#[test]
fn without_consent_a_blob_is_nobodys() {
    let desk = shop();
    let data = json!({"text": "w7".repeat(60_000)});
    let of = |name: &str| {
        let outcome = post(&desk, &event("usage.told", Some(name), &data));
        assert!(matches!(outcome.blobs[0].owner, Standing::Pseudonym(_)));
        assert!(!contains(&outcome.batch.bytes, "w7w7"));
        assert!(!outcome.stored[0].is_sealed());
        let event = fetch(&desk, &outcome, outcome.stored[0].clone());
        assert_eq!(serde_json::from_str::<Value>(&event.data).unwrap(), data);
        outcome.blobs[0].address
    };
    assert_ne!(of("ada"), of("grace"));
    assert_eq!(of("ada"), of("ada"));
}

#[test]
fn equal_values_are_one_blob_of_one_person_only() {
    let desk = shop();
    let data = json!({"text": "same".repeat(30_000)});
    let events: Vec<_> = [Some("ada"), Some("ada"), Some("grace"), None, None]
        .iter()
        .map(|who| event("note.written", *who, &data))
        .collect();
    let outcome = post(&desk, &json!(events));
    assert_eq!(outcome.blobs.len(), 3, "each once in a call");
    let addresses: Vec<_> = outcome.stored.iter().map(|stored| stored.moved()[0].address).collect();
    assert_eq!((addresses[0], addresses[3]), (addresses[1], addresses[4]));
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), 3);
    // And in the next call the same names.
    let again = post(&desk, &event("note.written", Some("ada"), &data));
    assert_eq!(again.blobs[0].address, addresses[0]);
}

#[test]
fn a_retry_is_a_duplicate_whatever_lies_in_blobs() {
    let desk = shop();
    let sent = |text: &str| {
        let mut sent = event("note.written", Some("ada"), &json!({"text": text.repeat(70_000)}));
        sent["id"] = json!("order-1");
        sent.to_string()
    };
    let first = desk.json(&sent("a"));
    let again = |text: &str| {
        let known = [Some(first.digests[0])];
        let form = daybook_admission::BodyForm::Json;
        desk.post_known(&form, sent(text).as_bytes(), &known).unwrap()
    };
    let same = again("a");
    assert_eq!(lines(&same.receipts), "duplicate @1");
    assert!(same.blobs.is_empty());
    let other = again("b");
    assert!(lines(&other.receipts).starts_with("quarantined\n  ! event.id-conflict"), "{}", lines(&other.receipts));
    assert!(other.blobs.is_empty());
}

#[test]
fn credentials_are_taken_out_before() {
    let desk = shop();
    let key = "AKIAIOSFODNN7EXAMPLE";
    let text = format!("{} {key} {}", "x".repeat(50_000), "y".repeat(50_000));
    let outcome = post(&desk, &event("note.written", None, &json!({ "text": text })));
    assert!(lines(&outcome.receipts).contains("event.sanitised"), "{}", lines(&outcome.receipts));
    let event = fetch(&desk, &outcome, outcome.stored[0].clone());
    assert!(event.data.len() > 100_000 && !event.data.contains(key));
}

#[test]
fn what_is_wrong_in_a_large_value_is_found() {
    let outcome = shop().json(&event("note.written", None, &json!({"text": vec![1; 100_000]})).to_string());
    assert!(
        lines(&outcome.receipts).starts_with("quarantined\n  ! data.type /data/text"),
        "{}",
        lines(&outcome.receipts)
    );
    assert!(outcome.blobs.is_empty());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(|number| json!(number)),
        "[a-zé\"\\\\\n]{0,20}".prop_map(|text| json!(text)),
        // Long ones, most of them too long together.
        ("[a-z\"é]{1,4}", 200usize..12_000).prop_map(|(text, times)| json!(text.repeat(times))),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::btree_map("(email|q[a-z/~]{0,3})", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_large_comes_back(
        members in proptest::collection::btree_map("(diary_|email|text_|q[a-z/~\"é]{0,4})", any_value(), 0..6),
        metadata in proptest::collection::btree_map("(user_email|q[a-z]{0,4})", any_value(), 0..3),
        friend in proptest::option::of("[a-z]{1,9}"), secret in 0usize..90_000, who in proptest::option::of("[a-z]{3,9}"),
    ) {
        let mut desk = shop();
        desk.admission = desk.admission.taking_events_of(8 * 1024 * 1024);
        let mut data: serde_json::Map<String, Value> = members.into_iter().collect();
        data.insert("diary".to_owned(), json!("s".repeat(secret)));
        data.extend(friend.map(|friend| ("friend".to_owned(), json!(friend))));
        let mut sent = event("note.written", who.as_deref(), &Value::Object(data));
        if !metadata.is_empty() {
            sent["metadata"] = Value::Object(metadata.into_iter().collect());
        }
        let outcome = comes_back(&desk, &sent);
        for stored in &outcome.stored {
            let mut named = Vec::new();
            let mut start = 0;
            for meta in &outcome.batch.records {
                stored::blob_addresses(&outcome.batch.bytes[start..meta.end as usize], |address| named.push(address)).unwrap();
                start = meta.end as usize;
            }
            prop_assert!(stored.has_blobs() != named.is_empty());
            let named: BTreeSet<_> = named.into_iter().collect();
            prop_assert_eq!(named, outcome.blobs.iter().map(|blob| blob.address).collect::<BTreeSet<_>>());
        }
    }
}
