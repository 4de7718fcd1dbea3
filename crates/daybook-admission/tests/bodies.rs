//! Bodies of every form, and bodies that are none.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use daybook_admission::{Body, BodyError, BodyForm};
use proptest::prelude::*;
use support::{desk, lines};

const EVENT: &str = r#"{"name":"user_logout","data":{"logoutReason":"user_initiated"}}"#;

#[test]
fn one_many_or_a_batch() {
    let desk = desk("noema");
    assert_eq!(desk.json(EVENT).receipts.stored, 1);
    assert_eq!(desk.json(&format!(" [ {EVENT} , {EVENT} ] ")).receipts.stored, 2);
    assert_eq!(desk.json("[]").receipts.receipts.len(), 0);
    let batch =
        desk.json(&format!(r#"{{"id":"b-1","sequence":7,"created_at":"2026-01-17T11:59:00Z","events":[{EVENT}]}}"#));
    let info = batch.receipts.batch.unwrap();
    assert_eq!(
        (info.id.as_deref(), info.sequence, info.created_at.as_deref()),
        (Some("b-1"), Some(7), Some("2026-01-17T11:59:00Z"))
    );
    assert_eq!(desk.json(&format!(r#"{{"events":[{EVENT}],"api_version":2}}"#)).receipts.stored, 1);
}

#[test]
fn ndjson() {
    let desk = desk("noema");
    let post = |body: &[u8]| desk.post(&BodyForm::Ndjson, body);
    let outcome = post(format!("{EVENT}\r\n\n{EVENT}\n{{\"name\":\n\u{feff}{EVENT}").as_bytes()).unwrap();
    assert_eq!((outcome.receipts.stored, outcome.receipts.quarantined), (3, 1), "{}", lines(&outcome.receipts));
    assert_eq!(outcome.receipts.receipts[2].errors[0].code, "event.not-json");
    assert_eq!(outcome.quarantine[0].event, r#""{\"name\":""#);
    let outcome = post(&[EVENT.as_bytes(), b"\n\xff\xfe\n", EVENT.as_bytes()].concat()).unwrap();
    assert_eq!((outcome.receipts.stored, outcome.receipts.quarantined), (2, 1));
    assert_eq!(post(b" \n \n").err(), Some(BodyError::Empty));
    assert!(matches!(post(b"{\"name\":").err(), Some(BodyError::Syntax { .. })));
}

#[test]
fn what_is_no_body() {
    let code = |body: &[u8]| Body::parse(body, &BodyForm::Json).err().map(|problem| problem.code());
    assert_eq!(code(b""), Some("body.empty"));
    assert_eq!(code(b" \n"), Some("body.empty"));
    assert_eq!(code(b"nonsense"), Some("body.syntax"));
    assert_eq!(code(b"17"), Some("body.not-events"));
    assert_eq!(code(b"\"text\""), Some("body.not-events"));
    assert_eq!(code(b"{\"events\":3}"), Some("body.not-a-batch"));
    assert_eq!(code(b"{\"name\":\"\xff\"}"), Some("body.encoding"));
    assert_eq!(code(format!("[{EVENT}").as_bytes()), Some("body.syntax"));
    assert_eq!(code(format!("[{EVENT}] trailing").as_bytes()), Some("body.syntax"));
    assert_eq!(code("[".repeat(1_000_000).as_bytes()), Some("body.too-deep"));
    assert_eq!(code(format!("[{}]", vec!["1"; 10_001].join(",")).as_bytes()), Some("body.too-many-events"));
    assert_eq!(code(&vec![b' '; 64 * 1024 * 1024 + 1]), Some("body.too-large"));
    let problem = Body::parse(b"{\"name\": hunter2}", &BodyForm::Json).unwrap_err().to_string();
    assert!(!problem.contains("hunter2"), "a body is not quoted: {problem}");
}

#[test]
fn an_event_nested_too_deep_is_one_bad_event() {
    let deep = format!(
        r#"{{"name":"user_logout","data":{{"logoutReason":"x","a":{}1{}}}}}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    let outcome = desk("noema").json(&format!("[{EVENT},{deep}]"));
    assert_eq!((outcome.receipts.stored, outcome.receipts.quarantined), (1, 1), "{}", lines(&outcome.receipts));
    assert_eq!(outcome.receipts.receipts[1].errors[0].code, "event.too-deep");
}

#[test]
fn every_truncation_is_an_error() {
    let whole = format!(r#"{{"events":[{EVENT},{EVENT}]}}"#);
    for length in 0..whole.len() {
        let cut = &whole.as_bytes()[..length];
        assert!(Body::parse(cut, &BodyForm::Json).is_err(), "{}", String::from_utf8_lossy(cut));
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
        prop_oneof![Just("user.login.failed"), Just("2026-01-16T12:00:00Z"), Just("api")].prop_map(Into::into),
    ];
    let names = prop_oneof![
        Just("event_name".to_owned()),
        Just("event_id".to_owned()),
        Just("timestamp".to_owned()),
        Just("source".to_owned()),
        Just("properties".to_owned()),
        Just("community_id".to_owned()),
        Just("name".to_owned()),
        Just("data".to_owned()),
        Just("$date".to_owned()),
        Just("$oid".to_owned()),
        Just("$numberLong".to_owned()),
        Just("specversion".to_owned()),
        ".{0,4}",
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            proptest::collection::hash_map(names.clone(), inner, 0..8)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever comes, every event gets one receipt, every quarantined one is kept, and every stored one reads back.
    #[test]
    fn nothing_is_dropped_without_a_word(events in proptest::collection::vec(any_json(), 0..6)) {
        let desk = desk_once();
        let outcome = desk.json(&serde_json::Value::Array(events.clone()).to_string());
        prop_assert_eq!(outcome.receipts.receipts.len(), events.len());
        prop_assert_eq!(outcome.quarantine.len(), outcome.receipts.quarantined);
        prop_assert_eq!(outcome.events.len(), outcome.receipts.stored + outcome.receipts.counted);
        for entry in &outcome.quarantine {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&entry.event).is_ok());
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, json in "[\\[\\]{}\":,a-z0-9 \\\\]{0,80}") {
        for form in [BodyForm::Json, BodyForm::Ndjson, BodyForm::CloudEvent, BodyForm::CloudEventBatch] {
            let _ = desk_once().post(&form, &bytes);
            let _ = desk_once().post(&form, json.as_bytes());
        }
    }
}

fn desk_once() -> &'static support::Desk {
    static DESK: std::sync::OnceLock<support::Desk> = std::sync::OnceLock::new();
    DESK.get_or_init(|| desk("unofficial-communities"))
}
