use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daybook_event::Secret;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn key() -> SigningKey {
    SigningKey::from_seed(&Secret::from_bytes([7; 32]))
}

fn event() -> Value {
    json!({"id": "0197b5a0-0000-7000-8000-00000000abcd", "name": "approval.provided", "time": "2026-01-14T15:00:00.000Z",
           "identity": "ada", "actor": {"type": "user", "id": "ada"}, "data": {"issue": 7, "price": 1.5}})
}

fn content() -> Content {
    Content::of_event(&event()).unwrap()
}

/// A signature under a header of one's own.
fn under(header: &Value) -> String {
    let payload = content().payload(&content().members().collect::<Vec<_>>()).unwrap();
    jws::sign_detached(&key(), &header.to_string(), &payload)
}

fn header() -> Value {
    let kid = key().public().id().to_string();
    json!({"alg": "EdDSA", "kid": kid, "crit": ["members"], "members": ["actor", "data", "id", "identity", "name", "time"]})
}

#[test]
fn what_is_signed_verifies_and_says_what_it_signs() {
    let text = sign(&key(), &content()).unwrap();
    assert_eq!(text, under(&header()));
    let signature = EventSignature::parse(&text).unwrap();
    assert_eq!(signature.key_id(), key().public().id());
    assert_eq!(signature.verify(&key().public(), &content()), Ok(()));
    let read = URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&read).unwrap(), header());
    let other = SigningKey::from_seed(&Secret::from_bytes([8; 32])).public();
    assert_eq!(signature.verify(&other, &content()), Err(Mismatch::Wrong));
}

#[test]
fn a_change_of_any_member_is_found() {
    let signature = EventSignature::parse(&sign(&key(), &content()).unwrap()).unwrap();
    for (pointer, value) in [
        ("/id", json!("0197b5a0-0000-7000-8000-00000000abce")),
        ("/name", json!("approval.rejected")),
        ("/time", json!("2026-01-14T15:00:00.001Z")),
        ("/identity", json!("bob")),
        ("/actor/id", json!("bob")),
        ("/data/issue", json!(8)),
    ] {
        let mut changed = event();
        *changed.pointer_mut(pointer).unwrap() = value;
        let changed = Content::of_event(&changed).unwrap();
        assert_eq!(signature.verify(&key().public(), &changed), Err(Mismatch::Wrong), "{pointer}");
    }
    // What is not signed may be added; the order of members and the spelling of numbers say nothing.
    let same = r#"{"tags":{"a":"b"},"data":{"price":1.50,"issue":7.0},"actor":{"id":"ada","type":"user"},"identity":"ada",
                   "time":"2026-01-14T16:00:00+01:00","name":"approval.provided","id":"0197B5A0-0000-7000-8000-00000000ABCD"}"#;
    let same = Content::of_event(&serde_json::from_str(same).unwrap()).unwrap();
    assert_eq!(signature.verify(&key().public(), &same), Ok(()));
}

#[test]
fn a_signature_covers_what_it_must_and_nothing_that_is_not_there() {
    let check = |members: &[&str], expected: Mismatch| {
        let mut header = header();
        header["members"] = json!(members);
        let signature = EventSignature::parse(&under(&header)).unwrap();
        assert_eq!(signature.verify(&key().public(), &content()), Err(expected), "{members:?}");
    };
    check(&["data", "id", "name", "time"], Mismatch::Uncovered(vec![Member::Actor, Member::Identity]));
    check(&["actor", "data", "identity"], Mismatch::Uncovered(vec![Member::Id, Member::Name, Member::Time]));
    check(&["actor", "id", "identity", "name", "time"], Mismatch::Uncovered(vec![Member::Data]));
    let all = ["actor", "data", "group", "id", "identity", "name", "time", "version"];
    check(&all, Mismatch::Absent(vec![Member::Group, Member::Version]));
    let nameless = Content::of_event(&json!({"id": "7"})).unwrap();
    assert_eq!(sign(&key(), &nameless), Err(SignError::Missing(Member::Name)));
    // Daybook gives an event without a time its own, which nobody has signed.
    let timeless = Content::of_event(&json!({"id": "7", "name": "a.b"})).unwrap();
    assert_eq!(sign(&key(), &timeless), Err(SignError::Missing(Member::Time)));
    let text = sign_members(&key(), &timeless, &[Member::Id, Member::Name]).unwrap();
    let signature = EventSignature::parse(&text).unwrap();
    assert_eq!(signature.verify(&key().public(), &timeless), Err(Mismatch::Uncovered(vec![Member::Time])));
}

#[test]
fn headers_that_are_not_those_of_an_event_are_refused() {
    let check = |member: &str, value: Value, expected: Malformed| {
        let mut header = header();
        header[member] = value;
        assert_eq!(EventSignature::parse(&under(&header)), Err(expected), "{header}");
    };
    check("alg", json!("none"), Malformed::Algorithm);
    check("alg", json!("HS256"), Malformed::Algorithm);
    check("alg", json!("Ed25519"), Malformed::Algorithm);
    check("kid", json!("../../etc/passwd"), Malformed::KeyId);
    check("kid", json!("' OR 1=1 --"), Malformed::KeyId);
    check("kid", json!(7), Malformed::Header);
    check("crit", json!([]), Malformed::Critical);
    check("crit", json!(["exp"]), Malformed::Critical);
    check("crit", json!(["members", "exp"]), Malformed::Critical);
    check("crit", json!(["members", "members"]), Malformed::Critical);
    check("crit", Value::Null, Malformed::Header);
    check("members", json!([]), Malformed::Nothing);
    check("members", json!(["id", "id"]), Malformed::Members("id".to_owned()));
    check("members", json!(["tags"]), Malformed::Members("tags".to_owned()));
    check("members", json!("id"), Malformed::Header);
    check(
        "x",
        json!("x".repeat(800)),
        Malformed::TooLong(
            under(&{
                let mut header = header();
                header["x"] = json!("x".repeat(800));
                header
            })
            .len(),
        ),
    );
    // A member that is not known and not critical says nothing.
    let mut more = header();
    more["typ"] = json!("anything");
    assert!(EventSignature::parse(&under(&more)).unwrap().verify(&key().public(), &content()).is_ok());
}

#[test]
fn other_texts_are_no_signatures_of_events() {
    let text = under(&header());
    let (header, signature) = text.split_once("..").unwrap();
    let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","alg":"EdDSA"}"#);
    assert_eq!(EventSignature::parse(&format!("{twice}..{signature}")), Err(Malformed::Header));
    assert_eq!(EventSignature::parse(&format!("{header}.e30.{signature}")), Err(Malformed::Attached));
    for text in ["", "..", &format!("{header}.{signature}"), &format!("{header}..{signature}="), &format!(" {text}")] {
        assert_eq!(EventSignature::parse(text), Err(Malformed::NotCompact(NotCompact)), "{text}");
    }
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = EventSignature::parse(std::str::from_utf8(&changed).unwrap());
        assert!(changed.map_or(true, |changed| changed.verify(&key().public(), &content()).is_err()), "{at}");
    }
}

proptest! {
    /// Whatever an event says, its signature holds for the event as another parser and writer give it back.
    #[test]
    fn what_is_signed_verifies_after_a_round_trip(data in json_value(), name in "[a-z]{1,8}", id in ".{1,20}") {
        let event = json!({"id": id, "name": name, "time": "2026-01-14T15:00:00Z", "data": data});
        let content = Content::of_event(&event).unwrap();
        let text = sign(&key(), &content).unwrap();
        let back: Value = serde_json::from_str(&serde_json::to_string_pretty(&event).unwrap()).unwrap();
        let back = Content::of_event(&back).unwrap();
        prop_assert_eq!(EventSignature::parse(&text).unwrap().verify(&key().public(), &back), Ok(()));
    }

    #[test]
    fn no_text_does_harm(text in ".{0,80}", header in "[A-Za-z0-9_-]{0,80}", signature in "[A-Za-z0-9_-]{80,90}") {
        let _ = EventSignature::parse(&text);
        let _ = EventSignature::parse(&format!("{header}..{signature}"));
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(Value::from),
        (-1e15f64..1e15).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
