//! Events in Protocol Buffers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use daybook_admission::{BodyError, BodyForm};
use daybook_catalog::migrate::Upcasting;
use daybook_catalog::protobuf::Codec;
use proptest::prelude::*;
use support::{Desk, desk, lines};

const BATCH: BodyForm = BodyForm::Protobuf { single: false };
const SINGLE: BodyForm = BodyForm::Protobuf { single: true };

/// An event that admission took, as a batch of so many.
fn batch(desk: &Desk, body: &str, count: usize) -> Vec<u8> {
    let codec = Codec::of(&desk.catalog);
    let mut event = desk.json(body).events.remove(0);
    let mut out = Vec::new();
    for number in 0..count {
        event.id = daybook_event::EventId::from_bytes([u8::try_from(number).unwrap() + 1; 16]);
        codec.write_to_batch(&event, &Upcasting::Current, &mut out);
    }
    out
}

const ZONE: &str = r#"{"event_name":"world.zone.entered","timestamp":"2026-01-17T11:00:00Z","source":"server",
    "environment":"production","event_id":"550e8400-e29b-41d4-a716-446655440000","identity_id":7,"community_id":1,
    "properties":{"zone_type":"social_east","from_zone":"central_hub","community_id":1}}"#;

#[test]
fn messages_are_judged_as_the_canonical_form() {
    let desk = desk("unofficial-communities");
    let sent = desk.json(ZONE);
    assert_eq!(sent.receipts.receipts.len(), 1);
    let bytes = if sent.receipts.stored == 1 { batch(&desk, ZONE, 3) } else { panic!("{}", lines(&sent.receipts)) };
    let outcome = desk.post(&BATCH, &bytes).unwrap();
    assert_eq!(outcome.receipts.stored, 3, "{}", lines(&outcome.receipts));
    let (one, other) = (&sent.events[0], &outcome.events[2]);
    assert_eq!(
        (&one.name, &one.identity, &one.group, one.time),
        (&other.name, &other.identity, &other.group, other.time)
    );
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(json(&one.data), json(&other.data));

    // A message without what must be there: told where the canonical form would have it.
    let codec = Codec::of(&desk.catalog);
    let mut empty = Vec::new();
    let mut event = sent.events[0].clone();
    event.data = "{}".into();
    codec.write(&event, &Upcasting::Current, &mut empty);
    let outcome = desk.post(&SINGLE, &empty).unwrap();
    assert_eq!(outcome.receipts.quarantined, 1);
    assert!(outcome.receipts.receipts[0].errors.iter().all(|finding| finding.path.starts_with("/data")));
}

#[test]
fn one_event_that_cannot_be_read_harms_no_other() {
    let desk = desk("unofficial-communities");
    let mut bytes = batch(&desk, ZONE, 2);
    // An event with a field that there is not.
    bytes.extend([0x0a, 0x03, 0x9a, 0x06, 0x00]);
    // What is said of the page is passed over.
    bytes.extend([0x10, 0x07]);
    let outcome = desk.post(&BATCH, &bytes).unwrap();
    assert_eq!((outcome.receipts.stored, outcome.receipts.quarantined), (2, 1), "{}", lines(&outcome.receipts));
    assert_eq!(outcome.receipts.receipts[2].errors[0].code, "protobuf.unknown-field");
    assert_eq!(outcome.quarantine[0].event, r#""mgYA""#);
}

#[test]
fn what_is_no_batch() {
    let desk = desk("unofficial-communities");
    let code = |form: &BodyForm, body: &[u8]| desk.post(form, body).err().map(|problem| problem.code());
    assert_eq!(code(&BATCH, b""), Some("body.empty"));
    assert_eq!(code(&BATCH, b"{\"name\":1}"), Some("body.protobuf"));
    assert_eq!(code(&BATCH, &[0x0a, 0x7f, 0]), Some("body.protobuf"));
    assert_eq!(code(&SINGLE, &[0x9a, 0x06, 0x00]), Some("body.protobuf"));
    assert_eq!(code(&BATCH, &[0x0a, 0x00].repeat(10_001)), Some("body.too-many-events"));
    assert_eq!(code(&BATCH, &vec![0; 64 * 1024 * 1024 + 1]), Some("body.too-large"));
    let problem = desk.post(&BATCH, &[0x0a, 0x00, 0x0a, 0x05]).err().unwrap();
    let message = "daybook.unofficial_communities.v1.EventBatch".to_owned();
    let problem_of = "a field that ends too early".to_owned();
    assert_eq!(problem, BodyError::Protobuf { message, problem: problem_of, offset: 2 });
    // Empty events are events, though not good ones.
    assert_eq!(desk.post(&BATCH, &[0x0a, 0x00]).unwrap().receipts.quarantined, 1);
}

#[test]
fn a_body_that_grows_is_stopped() {
    let desk = desk("unofficial-communities");
    // Each event is a list of nothings, which takes five characters where it took four bytes.
    let null = [0x0a, 0x02, 0x08, 0x00];
    let nulls = null.repeat(150_000);
    let len = |bytes: &[u8]| {
        let mut out = Vec::new();
        let mut rest = bytes.len();
        while rest >= 0x80 {
            out.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        out.push(u8::try_from(rest).unwrap());
        out
    };
    let within = |number: u8, bytes: &[u8]| [vec![number << 3 | 2], len(bytes), bytes.to_vec()].concat();
    let metadata = within(1, &[within(1, b"x"), within(2, &within(6, &nulls))].concat());
    let event = [vec![0xaa, 0x01], len(&metadata), metadata].concat();
    let body = within(1, &event).repeat(100);
    assert!(body.len() < 64 * 1024 * 1024, "{}", body.len());
    let problem = desk.post(&BATCH, &body).err();
    assert!(matches!(problem, Some(BodyError::TooLarge { .. })), "{problem:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_body_is_too_odd(bytes in proptest::collection::vec(any::<u8>(), 1..300), single in any::<bool>()) {
        let desk = desk("tamma");
        if let Ok(outcome) = desk.post(&BodyForm::Protobuf { single }, &bytes) {
            prop_assert_eq!(outcome.receipts.stored, 0);
        }
    }
}
