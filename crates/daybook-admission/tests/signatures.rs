//! Signatures of actors: which are right, what becomes of the others, and who can verify them later.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use std::sync::Arc;

use daybook_admission::{Body, BodyForm};
use daybook_catalog::migrate::Upcasting;
use daybook_catalog::protobuf::Codec;
use daybook_catalog::{EventType, Signatures};
use daybook_event::{Event, Keeping, PersonName, Secret, Timestamp};
use daybook_signature::{ActorKey, Content, EventSignature, Signer, SigningKey, event};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Desk, desk, desk_of, lines};

const ZONE: &str = r#"{"event_id":"550e8400-e29b-41d4-a716-446655440002","event_name":"world.zone.entered",
    "timestamp":"2026-01-14T16:00:00.000+01:00","source":"server","environment":"production","identity_id":4711,
    "community_id":1,"properties":{"zone_type":"social_east","from_zone":"central_hub"}}"#;

const LOGIN: &str = r#"{"eventId":"65a3f0c2e4b0a1b2c3d4e5f6","masterAccountId":{"$oid":"65a3f0c2e4b0a1b2c3d4e5f7"},
    "sessionId":"65a3f0c2e4b0a1b2c3d4e5f8","timestamp":{"$date":"2026-01-15T09:00:00Z"},"eventType":"user_login_success",
    "eventData":{"loginMethod":"telegram_auth","platform":"telegram"},"sourcePlatform":"telegram"}"#;

const MISSION: &str = r#"{"id":"5c9f2b1e-0d4e-4e39-9a52-6f5d5f0f4c11","category":"usage","event_type":"mission_created",
    "timestamp":"2026-01-16T09:00:00.123456Z","session_id":null,"priority":"high",
    "data":{"feature":"mission","action":"create","duration_ms":150,"success":true},
    "metadata":{"app_version":"0.4.1","os":"linux"}}"#;

const APPROVAL: &str = r#"{"eventId":"0197b5a0-0000-7000-8000-00000000abcd","timestamp":"2026-01-16T09:00:00.000Z",
    "eventType":"APPROVAL.PROVIDED","actorType":"user","actorId":"ada","correlationId":"run-1","schemaVersion":"1.1.0",
    "payload":{"approvalId":"apr_7F3K","approver":"bob","decision":"approved",
        "subjectDigest":"sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
        "channel":"web","reason":"reviewed line by line"},
    "metadata":{"source":"api","version":"2.1.0","environment":"production","stepId":"step-1"}}"#;

const CLOUD_EVENT: &str = r#"{"specversion":"1.0","id":"A234-1","source":"/mobile","type":"user.logout.completed",
    "time":"2026-01-16T10:00:00Z","identity":"4711","session":"s1","correlationid":"c-1",
    "data":{"session_duration_seconds":60}}"#;

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from_bytes([number; 32]))
}

/// A desk that knows this key of this actor.
fn knowing(mut desk: Desk, key: &SigningKey, owner: Signer) -> Desk {
    let known = ActorKey { public: key.public(), owner, not_before: None, not_after: None, revoked: None };
    desk.actor_keys.insert(key.public().id(), known);
    desk
}

fn with_signature(body: &str, signature: &str) -> String {
    format!(r#"{},"signature":"{signature}"}}"#, body.trim_end().strip_suffix('}').unwrap())
}

/// The event with the signature of all that it says.
fn signed(desk: &Desk, key: &SigningKey, body: &str) -> String {
    let parsed = Body::parse(body.as_bytes(), &BodyForm::Json).unwrap();
    let content = desk.admission.signable(&parsed).remove(0);
    with_signature(body, &event::sign(key, &content).unwrap())
}

/// The event as whoever may see everything reads it.
fn read(event: &Event<'_>) -> Value {
    let mut json = Vec::new();
    event.write_json(&mut json);
    serde_json::from_slice(&json).unwrap()
}

/// Whether an event as it was read is what was signed.
#[track_caller]
fn verify(key: &SigningKey, event: &Value) {
    let signature =
        EventSignature::parse(event["signature"]["jws"].as_str().unwrap_or_else(|| panic!("{event}"))).unwrap();
    assert_eq!(event["signature"]["kid"], key.public().id().to_string());
    assert_eq!(signature.verify(&key.public(), &Content::of_event(event).unwrap()), Ok(()), "{event}");
}

#[track_caller]
fn code(desk: &Desk, body: &str) -> String {
    let outcome = desk.json(body);
    let receipt = &outcome.receipts.receipts[0];
    assert!(outcome.batch.records.is_empty(), "{}", lines(&outcome.receipts));
    let codes: Vec<String> = receipt.errors.iter().map(|error| format!("{} {}", error.code, error.path)).collect();
    codes.join("; ")
}

#[test]
fn in_every_form_what_is_signed_is_kept_and_can_be_verified() {
    let ada = || Signer::person("ada");
    for (app, body, owner) in [
        ("unofficial-communities", ZONE, Signer::person("4711")),
        ("unofficial-communities", CLOUD_EVENT, Signer::person("4711")),
        ("noema", LOGIN, Signer::person("65a3f0c2e4b0a1b2c3d4e5f7")),
        ("tachikoma", MISSION, Signer::actor(Some("service"), "agent-7")),
        ("tamma", APPROVAL, ada()),
        ("tamma", &APPROVAL.replace("\"user\"", "\"service\""), Signer::actor(Some("service"), "ada")),
        (
            "noema",
            r#"{"id":"7","name":"user_logout","time":"2026-01-16T10:00:00Z","identity":"ada","data":{"logoutReason":"user_initiated"}}"#,
            ada(),
        ),
    ] {
        let desk = knowing(desk(app), &key(1), owner);
        let signed = signed(&desk, &key(1), body);
        let outcome = desk.json(&signed);
        assert_eq!(outcome.receipts.stored, 1, "{app}: {}", lines(&outcome.receipts));
        let event = desk.open(&outcome.stored[0]).event;
        verify(&key(1), &read(&event));
        // Sent again it is the same, and so it is as it was read: in Daybook's form, the app's, and as a message.
        let known = Some(outcome.digests[0]);
        let again = desk.post_known(&BodyForm::Json, signed.as_bytes(), &[known]).unwrap();
        assert_eq!(again.receipts.duplicate, 1, "{app}: {}", lines(&again.receipts));
        let whole = desk.json(&read(&outcome.events[0]).to_string());
        assert_eq!(whole.receipts.stored, 1, "{app}: {}", lines(&whole.receipts));
        // An id of another kind than the app's own has no place there.
        if event.original_id.is_none() {
            let mut own = Vec::new();
            daybook_catalog::render(&outcome.events[0], &desk.catalog.dialect, &desk.catalog, &mut own);
            let own = desk.json(std::str::from_utf8(&own).unwrap());
            assert_eq!(own.receipts.stored, 1, "{app}: {}", lines(&own.receipts));
            verify(&key(1), &read(&desk.open(&own.stored[0]).event));
        }
        let mut message = Vec::new();
        Codec::of(&desk.catalog).write(&outcome.events[0], &Upcasting::Current, &mut message);
        let message = desk.post(&BodyForm::Protobuf { single: true }, &message).unwrap();
        assert_eq!(message.receipts.stored, 1, "{app}: {}", lines(&message.receipts));
        // Whoever may not see people sees that it was right, and nothing by which the key could be known.
        let closed = read(&outcome.stored[0].event);
        assert_eq!(closed["signature"], json!({"verified": true}));
        let jws = event.jws().unwrap().as_bytes();
        for secret in [jws, key(1).public().id().to_string().as_bytes(), &key(1).public().id().as_bytes()[..]] {
            assert!(!outcome.batch.bytes.windows(secret.len()).any(|window| window == secret), "{app}");
        }
    }
}

#[test]
fn a_body_of_many_keeps_what_is_right_and_sets_the_rest_aside() {
    let desk = knowing(desk("tamma"), &key(1), Signer::person("ada"));
    let compact = |text: &str| text.split('\n').map(str::trim).collect::<String>();
    let other = |id: &str| compact(&APPROVAL.replace("abcd", id));
    let good = signed(&desk, &key(1), &other("0001"));
    let forged = signed(&desk, &key(1), &other("0002")).replace("\"approved\"", "\"approved-with-conditions\"");
    let body = [good, forged, other("0003")].join("\n");
    let outcome = desk.post(&BodyForm::Ndjson, body.as_bytes()).unwrap();
    assert_eq!((outcome.receipts.stored, outcome.receipts.quarantined), (2, 1), "{}", lines(&outcome.receipts));
    assert_eq!(outcome.receipts.receipts[1].errors[0].code, "signature.invalid");
    assert_eq!(outcome.stored[1].event.signature, None);
    // What is set aside keeps its signature, so that it can be retried once the key is known.
    assert!(outcome.quarantine[0].event.contains("..") && !outcome.quarantine[0].event.contains("REDACTED"));
}

#[test]
fn signatures_that_are_not_right_have_their_codes() {
    let ada = || Signer::person("ada");
    let mut known = knowing(desk("tamma"), &key(1), ada());
    let check = |desk: &Desk, body: &str, expected: &str| assert_eq!(code(desk, body), expected, "{body}");
    let good = signed(&known, &key(1), APPROVAL);

    check(&desk("tamma"), &good, "signature.unknown-key /signature");
    check(&known, &signed(&known, &key(2), APPROVAL), "signature.unknown-key /signature");
    check(&knowing(desk("tamma"), &key(1), Signer::person("bob")), &good, "signature.not-the-actor /signature");
    let service = Signer::actor(Some("service"), "ada");
    check(&knowing(desk("tamma"), &key(1), service), &good, "signature.not-the-actor /signature");
    check(&known, &good.replace("\"channel\":\"web\"", "\"channel\":\"cli\""), "signature.invalid /signature");
    check(&known, &good.replace("09:00:00.000Z", "09:00:00.001Z"), "signature.invalid /signature");
    check(&known, &good.replace("run-1", "run-2"), "signature.invalid /signature");
    let uncovered = {
        let members =
            r#"{"id":"0197b5a0-0000-7000-8000-00000000abcd","name":"APPROVAL.PROVIDED","time":"2026-01-16T09:00:00Z"}"#;
        let content = Content::of_event(&serde_json::from_str(members).unwrap()).unwrap();
        with_signature(APPROVAL, &event::sign(&key(1), &content).unwrap())
    };
    check(&known, &uncovered, "signature.members-missing /signature");
    check(
        &known,
        &good.replace("\"correlationId\":\"run-1\",", ""),
        "event.field.required /correlationId; signature.members-missing /signature",
    );
    let unsafe_number = APPROVAL.replace("\"channel\":\"web\"", "\"channel\":\"web\",\"weight\":9007199254740993");
    check(&known, &with_signature(&unsafe_number, &event_signature(&good)), "signature.invalid /signature");
    for text in ["", "eyJhbGciOiJub25lIn0..", "a.b.c", "x", &"A".repeat(5_000)] {
        check(&known, &with_signature(APPROVAL, text), "signature.malformed /signature");
    }
    for value in ["7", "[]", r#"{"jws":7}"#] {
        let pointer = if value.starts_with('{') { "/signature/jws" } else { "/signature" };
        let body = with_signature(APPROVAL, "S").replace("\"S\"", value);
        check(&known, &body, &format!("signature.malformed {pointer}"));
    }
    let twice = with_signature(&good, &event_signature(&good));
    check(&known, &twice, "event.duplicate-name /signature");

    let change = |desk: &mut Desk, change: &dyn Fn(&mut ActorKey)| desk.actor_keys.values_mut().for_each(change);
    let at = |text: &str| Some(Timestamp::parse(text).unwrap());
    change(&mut known, &|key| key.not_after = at("2026-01-16T09:00:00Z"));
    check(&known, &good, "signature.expired-key /signature");
    change(&mut known, &|key| (key.not_after, key.not_before) = (None, at("2026-01-16T09:00:00.001Z")));
    check(&known, &good, "signature.expired-key /signature");
    // It happened before, but came in later.
    change(&mut known, &|key| (key.not_before, key.revoked) = (None, at("2026-01-17T11:00:00Z")));
    check(&known, &good, "signature.revoked-key /signature");
    change(&mut known, &|key| key.revoked = at("2026-01-17T12:00:01Z"));
    assert_eq!(lines(&known.json(&good).receipts), "stored @1");
}

fn event_signature(signed: &str) -> String {
    signed.rsplit("\"signature\":\"").next().unwrap().trim_end_matches("\"}").to_owned()
}

#[test]
fn a_catalog_may_ask_for_signatures_of_all_events_or_of_a_type() {
    let change = |app: Signatures, of_type: Option<Signatures>| {
        let mut catalog = (**support::catalogs().app("tamma").unwrap()).clone();
        catalog.signatures = app;
        let approvals = |event_type: &&mut EventType| event_type.name == "APPROVAL.PROVIDED";
        catalog.events.iter_mut().filter(approvals).for_each(|event_type| event_type.signatures = of_type);
        knowing(desk_of(Arc::new(catalog)), &key(1), Signer::person("ada"))
    };
    use Signatures::{Required, Verified};
    for (app, of_type, asked) in [
        (Verified, None, false),
        (Verified, Some(Required), true),
        (Required, None, true),
        (Required, Some(Verified), false),
    ] {
        let desk = change(app, of_type);
        assert_eq!(desk.json(&signed(&desk, &key(1), APPROVAL)).receipts.stored, 1);
        let unsigned = desk.json(APPROVAL);
        let expected = if asked { "signature.missing" } else { "" };
        let codes: Vec<&str> = unsigned.receipts.receipts[0].errors.iter().map(|error| error.code).collect();
        assert_eq!(codes.join(" "), expected, "{app:?} {of_type:?}");
    }
}

/// The event names two people: who acted and who approved. With either of them the signature goes.
#[test]
fn with_anybody_whom_the_event_names_its_signature_goes() {
    for gone in ["ada", "bob"] {
        let desk = knowing(desk("tamma"), &key(1), Signer::person("ada"));
        let outcome = desk.json(&signed(&desk, &key(1), APPROVAL));
        verify(&key(1), &read(&desk.open(&outcome.stored[0]).event));
        desk.vault().erase(&PersonName::identity(gone));
        let left = read(&desk.open(&outcome.stored[0]).event);
        assert_eq!(left["signature"], json!({"verified": true}), "{gone}: {left}");
    }
}

#[test]
fn of_an_event_that_is_not_kept_as_it_was_signed_only_the_verdict_is() {
    // A credential is taken out of what was signed.
    let desk = knowing(desk("tamma"), &key(1), Signer::person("ada"));
    let leaking = APPROVAL.replace("reviewed line by line", "with sk-abc123def456ghi789jkl012mno345pqr678stu901");
    let outcome = desk.json(&signed(&desk, &key(1), &leaking));
    let codes: Vec<&str> = outcome.receipts.receipts[0].warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["event.sanitised", "signature.not-kept"]);
    let event = desk.open(&outcome.stored[0]).event;
    assert_eq!(event.signature.as_ref().map(|signature| signature.keeping), Some(Keeping::Verdict));
    assert_eq!(read(&event)["signature"], json!({"verified": true, "kept": false}));

    // A credential beside what is signed does it no harm.
    let beside =
        APPROVAL.replace("\"stepId\"", "\"note\":\"sk-abc123def456ghi789jkl012mno345pqr678stu901\",\"stepId\"");
    let outcome = desk.json(&signed(&desk, &key(1), &beside));
    assert!(outcome.receipts.receipts[0].warnings.iter().any(|warning| warning.code == "event.sanitised"));
    verify(&key(1), &read(&desk.open(&outcome.stored[0]).event));

    // Who objects is in no event, and so neither is what they signed.
    let desk = knowing(support::desk("unofficial-communities"), &key(1), Signer::person("4711"));
    desk.vault().object(&PersonName::identity("4711"), true);
    let outcome = desk.json(&signed(&desk, &key(1), ZONE));
    assert_eq!(outcome.receipts.stored, 1, "{}", lines(&outcome.receipts));
    assert_eq!(read(&desk.open(&outcome.stored[0]).event)["signature"], json!({"verified": true, "kept": false}));
}

#[test]
fn another_signature_is_another_event() {
    let desk = knowing(knowing(desk("tamma"), &key(1), Signer::person("ada")), &key(2), Signer::person("ada"));
    let first = desk.json(&signed(&desk, &key(1), APPROVAL));
    let known = Some(first.digests[0]);
    let again = |body: &str| lines(&desk.post_known(&BodyForm::Json, body.as_bytes(), &[known]).unwrap().receipts);
    assert_eq!(again(&signed(&desk, &key(1), APPROVAL)), "duplicate @1");
    for other in [signed(&desk, &key(2), APPROVAL), APPROVAL.to_owned()] {
        assert!(again(&other).starts_with("quarantined\n  ! event.id-conflict"), "{other}");
    }
    // A retry is a duplicate also when the key was revoked meanwhile.
    let mut desk = desk;
    desk.actor_keys.clear();
    let retry = desk.post_known(&BodyForm::Json, signed(&desk, &key(1), APPROVAL).as_bytes(), &[known]).unwrap();
    assert_eq!(retry.receipts.duplicate, 1);
}

#[test]
fn where_nobody_knows_keys_it_is_said_and_nothing_is_kept() {
    let desk = knowing(desk("tamma"), &key(1), Signer::person("ada"));
    let body = signed(&desk, &key(1), APPROVAL);
    let body = Body::parse(body.as_bytes(), &BodyForm::Json).unwrap();
    let decoded = desk.admission.decode(&body);
    assert_eq!(decoded.signing_keys().collect::<Vec<_>>(), [key(1).public().id()]);
    let mut facts = daybook_admission::Facts {
        now: desk.now,
        known: &[],
        people: &[],
        months: &daybook_event::Months::default(),
        environment: "production",
        actor_keys: None,
        signals: daybook_event::Signals::default(),
        shed: false,
        atomic: true,
        new_id: &mut || daybook_event::EventId::from_bytes([7; 16]),
    };
    let receipts = desk.admission.judge(decoded, &mut facts).into_receipts();
    assert_eq!(receipts.receipts[0].warnings[0].code, "signature.unchecked");
}

proptest! {
    /// Whatever the data says: what is read of the event is what was signed.
    #[test]
    fn what_is_kept_of_any_data_verifies(data in object(), minutes in 0u32..50_000) {
        let desk = knowing(desk("tachikoma"), &key(1), Signer::person("ada"));
        let time = Timestamp::from_microseconds(desk.now.microseconds() - i64::from(minutes) * 60_000_001);
        let body = json!({"id": format!("run {minutes}"), "name": "my_own_thing", "time": time.to_string(), "identity": "ada", "data": data});
        let outcome = desk.json(&signed(&desk, &key(1), &body.to_string()));
        prop_assert_eq!(outcome.receipts.stored, 1, "{}", lines(&outcome.receipts));
        let event = desk.open(&outcome.stored[0]).event;
        match event.signature.as_ref().map(|signature| signature.keeping) {
            Some(Keeping::Whole) => verify(&key(1), &read(&event)),
            // Something in it looked like a credential.
            Some(Keeping::Verdict) => {
                let warnings = &outcome.receipts.receipts[0].warnings;
                prop_assert!(warnings.iter().any(|warning| warning.code == "event.sanitised"), "{warnings:?}");
            }
            None => prop_assert!(false, "{event:?}"),
        }
    }
}

fn object() -> impl Strategy<Value = Value> {
    let name = || prop_oneof!["[a-z_]{1,8}", "\\PC{0,6}", Just("email".to_owned()), Just("user_id".to_owned())];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(Value::from),
        (-1e12f64..1e12).prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(Value::from("ada")),
    ];
    let value = leaf.prop_recursive(3, 20, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(name(), value, 0..5).prop_map(|members| Value::Object(members.into_iter().collect()))
}
