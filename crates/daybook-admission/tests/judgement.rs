//! What admission says of events, good and bad.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use daybook_admission::Status;
use daybook_event::{Known, Timestamp};
use support::{check, desk, lines};

/// An event of Unofficial Communities with these members beside or instead of its own.
fn login(changes: &str) -> String {
    let mut event = serde_json::json!({
        "event_id": "550e8400-e29b-41d4-a716-446655440010",
        "event_name": "user.login.failed",
        "timestamp": "2026-01-16T12:00:00Z",
        "source": "api",
        "properties": {"reason": "wrong code"},
    });
    let changes: serde_json::Value = serde_json::from_str(changes).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.to_string()
}

#[track_caller]
fn check_login(changes: &str, expected: &str) {
    check("unofficial-communities", &login(changes), expected);
}

#[test]
fn fields_that_should_not_be_sent_any_more_are_warned_of() {
    let catalog = "app: shop\nversion: 1.0.0\ntitle: Shop\n";
    let events = "events:
  - name: order.placed
    data:
      type: object
      properties:
        sum: {type: number}
        total: {type: number, deprecated: true}
        lines: {type: array, items: {type: object, properties: {sku: {type: string, deprecated: true}, item: {type: string}}}}
    examples: [{sum: 1}]
";
    let loaded = daybook_catalog::from_texts(&[("catalog.yaml", catalog), ("events/a.yaml", events)]);
    let desk = support::desk_of(std::sync::Arc::clone(loaded.catalogs.app("shop").unwrap()));
    let of = |data: &str| desk.lines(&format!(r#"{{"name":"order.placed","time":"{}","data":{data}}}"#, support::NOW));
    assert_eq!(of(r#"{"sum":1,"lines":[{"item":"x"}]}"#), "stored @1");
    assert_eq!(
        of(r#"{"total":1,"lines":[{"item":"x"},{"sku":"y"}]}"#),
        "stored @1
  ? data.deprecated /data/lines/1/sku: this field should not be sent any more
  ? data.deprecated /data/total: this field should not be sent any more"
    );
}

/// Findings are kept beside what is sealed.
#[test]
fn a_name_that_the_client_chose_is_in_no_finding() {
    let event = r#"{"eventId":"681a05c2c3d27b0f5a9e44f0","eventType":"account_created","timestamp":"2026-01-14T15:00:00.000Z",
        "masterAccountId":"681a05c2c3d27b0f5a9e44f1","sourcePlatform":"web",
        "eventData":{"platform":"web","platformIdentities":{"ada@example.org":5}}}"#;
    check(
        "noema",
        event,
        "quarantined\n! data.type /eventData/platformIdentities: in one of its members: not of type string",
    );
}

#[test]
fn every_problem_is_said_at_once() {
    check_login("{}", "stored @1");
    check_login(
        r#"{"event_id":"not-a-uuid","timestamp":"yesterday","source":"toaster","identity_id":"x","properties":{}}"#,
        "quarantined
         ! event.field.type /event_id: not a UUID
         ! event.time.invalid /timestamp: not an RFC 3339 date and time with a zone, such as 2026-01-14T15:00:00.000Z
         ! event.field.enum /source: not one of frontend, api, server, job, webhooks
         ! event.field.type /identity_id: not an integer
         ! data.required /properties/reason: required property reason is missing",
    );
    check_login(r#"{"properties":{"reason":7}}"#, "quarantined\n! data.type /properties/reason: not of type string");
    check_login(r#"{"properties":[1]}"#, "quarantined\n! data.type /properties: not of type object");
    check_login(r#"{"timestamp":null}"#, "quarantined\n! event.field.required /timestamp: timestamp is missing");
    check_login(
        r#"{"event_name":null}"#,
        "quarantined\n! event.name.missing /event_name: an event has a type, at /event_name",
    );
    check_login(r#"{"event_name":7}"#, "quarantined\n! event.field.type /event_name: not the name of an event type");
    check_login(
        r#"{"session_id":""}"#,
        "quarantined\n! event.field.empty /session_id: this is an empty text; leave it out instead",
    );
    let long = "x".repeat(300);
    check_login(
        &format!(r#"{{"session_id":"{long}"}}"#),
        "quarantined\n! event.field.too-long /session_id: longer than 256 bytes",
    );
    check_login(
        r#"{"event_name":"user.login.faild"}"#,
        "quarantined\n! event.unknown-type /event_name: the catalog has no event type of this name",
    );
}

#[test]
fn an_event_of_no_known_type_is_told_the_rest_too() {
    check(
        "unofficial-communities",
        r#"{"event_name":"nothing.like.it","source":"api"}"#,
        "quarantined
         ! event.unknown-type /event_name: the catalog has no event type of this name
         ! event.field.required /event_id: event_id is missing
         ! event.field.required /timestamp: timestamp is missing",
    );
}

#[test]
fn unknown_fields_are_kept_and_said() {
    check_login(
        r#"{"colour":"red","properties":{"reason":"wrong code","attempt":3}}"#,
        "stored @1
         ? event.unknown-field /colour: the catalog does not know this field
         ? event.unknown-field /properties/attempt: the catalog does not know this field",
    );
    let outcome =
        desk("unofficial-communities").json(&login(r#"{"colour":"red","properties":{"reason":"r","attempt":3}}"#));
    assert_eq!(outcome.events[0].data, r#"{"attempt":3,"reason":"r"}"#);
    assert_eq!(outcome.events[0].metadata, r#"{"colour":"red"}"#);
}

#[test]
fn times() {
    // Clocks may run five minutes ahead.
    check_login(r#"{"timestamp":"2026-01-17T12:04:59Z"}"#, "stored @1");
    check_login(
        r#"{"timestamp":"2026-01-17T12:05:01Z"}"#,
        "quarantined\n! event.time.future /timestamp: it lies more than 300 seconds in the future",
    );
    // Failed logins are security events, kept two years.
    check_login(r#"{"timestamp":"2024-02-01T00:00:00Z"}"#, "stored @1");
    check_login(
        r#"{"timestamp":"2023-01-01T00:00:00Z"}"#,
        "refused (expired)\n! event.expired /timestamp: older than events of category security are kept",
    );
    let old =
        r#"{"name":"feature_used","time":"2026-01-02T00:00:00Z","data":{"feature":"f","action":"a","success":true}}"#;
    check("tachikoma", old, "stored @1\n? event.time.old /time: it is older than 7 days");
}

#[test]
fn missing_data() {
    check(
        "tachikoma",
        r#"{"name":"tokens_consumed"}"#,
        "stored @1\n? data.missing /data: an event of this type should have data",
    );
    check(
        "tachikoma",
        r#"{"name":"error_occurred","data":null}"#,
        "stored @1\n? data.missing /data: an event of this type should have data",
    );
    let wrong = r#"{"name":"tokens_consumed","data":{"feature":"f","action":"a","success":true}}"#;
    assert!(desk("tachikoma").lines(wrong).starts_with("quarantined\n  ! data.required /data/metric_type"));
}

#[test]
fn numbers_of_other_kinds() {
    let event = |cost: &str| {
        format!(
            r#"{{"name":"generation_requested","data":{{"serviceName":"s","requestParameters":{{}},"estimatedCostUsd":{cost}}}}}"#
        )
    };
    let desk = desk("noema");
    for (sent, stored) in [
        ("0.10", "0.10"),
        ("\"0.10\"", "\"0.10\""),
        (r#"{"$numberDecimal":"0.10"}"#, "0.10"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
    ] {
        let outcome = desk.json(&event(sent));
        assert_eq!(outcome.receipts.stored, 1, "{sent}: {}", lines(&outcome.receipts));
        assert!(
            outcome.events[0].data.contains(&format!("\"estimatedCostUsd\":{stored},")),
            "{}",
            outcome.events[0].data
        );
    }
    for wrong in ["\"ten\"", "true", "[]"] {
        assert_eq!(desk.json(&event(wrong)).receipts.quarantined, 1, "{wrong}");
    }
}

#[test]
fn no_secret_is_kept() {
    const SECRET: &str = "sk-abc123def456ghi789jkl012mno345";
    let body = format!(
        r#"[{{"name":"error_occurred","session":"Bearer {SECRET}","tags":{{"token":"{SECRET}","k":"{SECRET}"}},
             "data":{{"code":"API_ERROR","message":"Failed with key {SECRET}","severity":"error","stack_trace":"at {SECRET}",
                      "component":"backend","recovered":false}},
             "metadata":{{"api_key":"hunter2hunter2","note":"password: \"hunter2hunter2\""}}}},
            {{"name":"error_occurred","data":{{"message":"{SECRET}","password":"hunter2hunter2","{SECRET}":1}}}},
            {{"name":"{SECRET}"}}, "{SECRET}"]"#
    );
    let outcome = desk("tachikoma").json(&body);
    assert_eq!((outcome.receipts.stored, outcome.receipts.quarantined), (1, 3), "{}", lines(&outcome.receipts));
    assert_eq!(outcome.receipts.receipts[0].warnings[0].code, "event.sanitised");
    assert!(outcome.events[0].data.contains("Failed with key [REDACTED_API_KEY]"));
    let kept = format!("{:?} {:?}", outcome.events, outcome.quarantine);
    for secret in ["sk-abc123", "hunter2"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    assert_eq!(outcome.quarantine.len(), 3);

    let tag = desk("tachikoma").json(r#"{"name":"feature_used","tags":{"token":"hunter2"}}"#);
    assert_eq!(tag.events[0].tags, [("token".into(), "[REDACTED]".into())]);
    let counts = desk("tachikoma").json(
        r#"{"name":"tokens_consumed","data":{"metric_type":"total_tokens","value":1500,"unit":"tokens","backend":null,"model":null}}"#,
    );
    assert_eq!(lines(&counts.receipts), "stored @1");
}

#[test]
fn what_is_kept_of_an_event_brings_no_secret_in() {
    let event = r#"{"name":"a.b","data":{"password":"hunter2",
        "notes":["call it with Authorization: Bearer abcdefghijklmnop123456"]}}"#;
    let body = daybook_admission::Body::parse(event.as_bytes(), &daybook_admission::BodyForm::Json).unwrap();
    let (text, name) = desk("tachikoma").admission.kept_form(&body, 0).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("abcdefghijklmnop"), "{text}");
    assert_eq!(name.as_deref(), Some("a.b"));
}

#[test]
fn known_events() {
    let desk = desk("unofficial-communities");
    let first = desk.json(&login("{}"));
    let known = |digest| [Some(Known { position: 1, digest })];
    let post = |body: &str, known: &[Option<Known>]| {
        let outcome = desk.post_known(&daybook_admission::BodyForm::Json, body.as_bytes(), known).unwrap();
        (lines(&outcome.receipts), outcome.batch.records.len())
    };
    assert_eq!(post(&login("{}"), &known(first.digests[0].digest)), ("duplicate @1".to_owned(), 0));
    let (conflict, records) = post(&login(r#"{"properties":{"reason":"other"}}"#), &known(first.digests[0].digest));
    assert_eq!(
        conflict,
        "quarantined\n  ! event.id-conflict /event_id: another event with this id is in the log, at position 1"
    );
    assert_eq!(records, 0);
}

#[test]
fn events_that_another_call_stored_meanwhile() {
    let mut desk = desk("unofficial-communities");
    desk.race = Some(daybook_event::Appended::Duplicate(9));
    assert_eq!(desk.lines(&login("{}")), "duplicate @9");
    desk.race = Some(daybook_event::Appended::Conflict(9));
    let outcome = desk.json(&login("{}"));
    assert_eq!(
        lines(&outcome.receipts),
        "quarantined\n  ! event.id-conflict /event_id: another event with this id is in the log, at position 9"
    );
    assert_eq!(outcome.quarantine.len(), 1);
}

#[test]
fn sampling_keeps_the_minimum_and_what_matters() {
    let body = |priority: &str| {
        let event = |number: usize| {
            format!(
                r#"{{"name":"cache_hit","id":"00000000-0000-4000-8000-{number:012}","priority":"{priority}","data":{{"metric":"cache","value":1,"unit":"hit","tags":{{}}}}}}"#
            )
        };
        format!("[{}]", (0..1_000).map(event).collect::<Vec<_>>().join(","))
    };
    let sampled = desk("tachikoma").json(&body("normal"));
    assert!((60..200).contains(&sampled.receipts.stored), "{}", sampled.receipts.stored);
    assert_eq!(sampled.receipts.stored + sampled.receipts.sampled_out, 1_000);
    assert!(
        sampled.receipts.receipts[..10].iter().all(|receipt| receipt.status == Status::Stored),
        "the minimum first"
    );
    assert!(sampled.events[..10].iter().all(|event| event.sample_rate == 1.0));
    assert!(sampled.events[10..].iter().all(|event| event.sample_rate == 0.1));
    let weight: f64 = sampled.events.iter().map(|event| 1.0 / event.sample_rate).sum();
    assert!((weight - 1_000.0).abs() < 300.0, "{weight}");

    for priority in ["high", "critical"] {
        assert_eq!(desk("tachikoma").json(&body(priority)).receipts.stored, 1_000);
    }
    let mut atomic = desk("tachikoma");
    atomic.atomic = true;
    assert_eq!(atomic.json(&body("low")).receipts.stored, 1_000);
    let mut pressed = desk("tachikoma");
    pressed.shed = true;
    let shed = pressed.json(&body("low"));
    assert_eq!(shed.receipts.sampled_out, 1_000);
    assert_eq!(shed.receipts.receipts[0].reason, Some("pressure"));
}

#[test]
fn counts_say_nothing_but_day_group_person_and_name() {
    let outcome = desk("unofficial-communities").consented("9", "whatsapp_activity").json(
        r#"{"event_id":"550e8400-e29b-41d4-a716-446655440020","event_name":"whatsapp.message.sent",
            "timestamp":"2026-01-16T17:45:12Z","source":"webhooks","session_id":"s","identity_id":9,
            "properties":{"community_id":3,"identity_id":9,"timestamp_bucket":"2026-01-16T17:00:00Z"}}"#,
    );
    assert_eq!(lines(&outcome.receipts), "counted");
    let event = &outcome.events[0];
    assert_eq!(event.time, Timestamp::parse("2026-01-16T00:00:00Z").unwrap());
    assert_eq!(
        (event.identity.as_deref(), event.group.as_deref(), &*event.name),
        (Some("9"), Some("3"), "whatsapp.message.sent")
    );
    assert_eq!((&*event.data, event.session.as_deref()), ("", None));
    assert!(outcome.batch.records[0].hidden);
}

#[test]
fn one_bad_event_never_harms_its_batch() {
    let body = format!(
        r#"[{},null,{},{{"event_name":1}},[],"x",{}]"#,
        login("{}"),
        login(r#"{"source":"toaster"}"#),
        login(r#"{"event_id":"550e8400-e29b-41d4-a716-446655440011"}"#)
    );
    let outcome = desk("unofficial-communities").json(&body);
    assert_eq!((outcome.receipts.stored, outcome.receipts.quarantined), (2, 5));
    let statuses: Vec<_> = outcome.receipts.receipts.iter().map(|receipt| receipt.status == Status::Stored).collect();
    assert_eq!(statuses, [true, false, false, false, false, false, true]);
    assert_eq!(outcome.quarantine.iter().map(|entry| entry.index).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(!outcome.admitted_whole);
}

#[test]
fn findings_are_bounded() {
    let properties: Vec<String> = (0..100).map(|number| format!(r#""extra{number}":1"#)).collect();
    let outcome = desk("unofficial-communities")
        .json(&login(&format!(r#"{{"properties":{{"reason":"r",{}}}}}"#, properties.join(","))));
    let receipt = &outcome.receipts.receipts[0];
    assert_eq!((receipt.warnings.len(), receipt.more_findings), (20, 80));
}

#[test]
fn an_event_too_large_to_store_is_kept_aside() {
    let outcome = desk("unofficial-communities")
        .json(&login(&format!(r#"{{"properties":{{"reason":"{}"}}}}"#, "é\\n".repeat(300_000))));
    assert!(lines(&outcome.receipts).starts_with("quarantined\n  ! event.too-large"), "{}", lines(&outcome.receipts));
    assert!(outcome.batch.bytes.is_empty());
    assert!(outcome.quarantine[0].event.len() > 60_000);
}

#[test]
fn names_that_occur_twice() {
    check(
        "unofficial-communities",
        r#"{"event_name":"user.login.failed","event_name":"user.login.completed","event_id":"550e8400-e29b-41d4-a716-446655440010",
            "timestamp":"2026-01-16T12:00:00Z","source":"api","properties":{"reason":"a","reason":"b"}}"#,
        "quarantined
         ! event.duplicate-name /event_name: this name occurs twice in one object
         ! event.duplicate-name /properties/reason: this name occurs twice in one object
         ! data.required /properties/session_id_hash: required property session_id_hash is missing
         ? event.unknown-field /properties/reason: the catalog does not know this field
         ? event.unknown-field /properties/reason: the catalog does not know this field",
    );
}
