//! Which trace an event is part of: its own correlation, its own `traceparent`, or that of its call.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use daybook_admission::BodyForm;
use support::{desk, lines};

const CALL: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER_CALL: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-53995c3f42cd8ad8-01";
const CALL_TRACE: Option<&str> = Some("4bf92f3577b34da6a3ce929d0e0e4736");
const OWN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// The correlation and the request of the one event of a call, and its warnings.
#[track_caller]
fn check(
    app: &str,
    traceparent: Option<&'static str>,
    body: &str,
    expected: (Option<&str>, Option<&str>),
    warned: &[&str],
) {
    let mut desk = desk(app);
    desk.traceparent = traceparent;
    let outcome = desk.json(body);
    assert_eq!(outcome.events.len(), 1, "{body}: {}", lines(&outcome.receipts));
    let event = &outcome.events[0];
    assert_eq!((event.correlation.as_deref(), event.request.as_deref()), expected, "{body}");
    let warnings = outcome.receipts.receipts[0].warnings.iter().filter(|finding| finding.code == "event.traceparent");
    assert_eq!(warnings.map(|finding| finding.path.as_str()).collect::<Vec<_>>(), warned, "{body}");
}

fn canonical(members: &str) -> String {
    format!(
        r#"{{"name":"CONFIG.CHANGED","data":{{"scope":"global","key":"a","before":1,"after":2,"reason":"x"}}{members}}}"#
    )
}

fn own_form(members: &str) -> String {
    format!(
        r#"{{"eventId":"0197c1de-7b00-7000-8000-000000000001","timestamp":"2026-01-16T10:00:00.000Z",
        "eventType":"CONFIG.CHANGED","actorType":"system","actorId":"orchestrator-1","schemaVersion":"1.0.0",
        "payload":{{"scope":"global","key":"a","before":1,"after":2,"reason":"x"}},
        "metadata":{{"source":"orchestrator","version":"0.3.0","environment":"staging","stepId":"step-7"}}{members}}}"#
    )
}

#[test]
fn an_event_without_a_trace_is_part_of_its_calls() {
    check("tamma", None, &canonical(""), (None, None), &[]);
    check("tamma", Some(CALL), &canonical(""), (CALL_TRACE, Some("00f067aa0ba902b7")), &[]);
    // What the event says itself goes before, also where it says less.
    check("tamma", Some(CALL), &canonical(r#","correlation":"wf-1""#), (Some("wf-1"), None), &[]);
    check("tamma", Some(CALL), &canonical(r#","request":"r""#), (CALL_TRACE, Some("r")), &[]);
    // A dialect that asks for a correlation has one.
    check("tamma", Some(CALL), &own_form(""), (CALL_TRACE, Some("step-7")), &[]);
    check("tamma", None, &own_form(r#","correlationId":"wf-1""#), (Some("wf-1"), Some("step-7")), &[]);
    let mut refused = desk("tamma");
    refused.traceparent = Some("00-4bf9-00f0-01");
    assert!(refused.lines(&own_form("")).contains("event.field.required /correlationId"));
}

#[test]
fn an_event_may_say_its_trace_itself() {
    let own = Some("0af7651916cd43dd8448eb211c80319c");
    let member = format!(r#","traceparent":"{OWN}","tracestate":"a=1""#);
    check("tamma", Some(CALL), &canonical(&member), (own, Some("b7ad6b7169203331")), &[]);
    let both = format!(r#"{member},"correlation":"wf-1""#);
    check("tamma", None, &canonical(&both), (Some("wf-1"), Some("b7ad6b7169203331")), &[]);

    let cloud = |members: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"/s","type":"CONFIG.CHANGED",
            "data":{{"scope":"global","key":"a","before":1,"after":2,"reason":"x"}}{members}}}"#
        )
    };
    check("tamma", None, &cloud(&member), (own, Some("b7ad6b7169203331")), &[]);
    let extensions = r#","correlationid":"wf-1","causationid":"0""#;
    check("tamma", Some(CALL), &cloud(extensions), (Some("wf-1"), None), &[]);

    // The extension stays with the event, and goes on with it.
    let outcome = desk("tamma").json(&cloud(&member));
    let mut back = Vec::new();
    daybook_admission::cloud_events::render(&outcome.events[0], &mut back);
    let back: serde_json::Value = serde_json::from_slice(&back).unwrap();
    assert_eq!((back["traceparent"].as_str(), back["tracestate"].as_str()), (Some(OWN), Some("a=1")));

    // In binary mode the attributes are headers.
    let attributes =
        [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "CONFIG.CHANGED"), ("traceparent", OWN)];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let data = br#"{"scope":"global","key":"a","before":1,"after":2,"reason":"x"}"#;
    let outcome = desk("tamma").post(&BodyForm::CloudEventBinary { attributes, json: true }, data).unwrap();
    assert_eq!(outcome.events[0].correlation.as_deref(), own);
}

#[test]
fn what_is_malformed_is_ignored_and_told() {
    check("tamma", Some("nonsense"), &canonical(""), (None, None), &[""]);
    // Nobody needs to hear of it who did not depend on it.
    check("tamma", Some("nonsense"), &canonical(r#","correlation":"wf-1""#), (Some("wf-1"), None), &[]);
    check("tamma", None, &canonical(r#","traceparent":"nonsense""#), (None, None), &["/traceparent"]);
    check(
        "tamma",
        Some(CALL),
        &canonical(r#","traceparent":7"#),
        (CALL_TRACE, Some("00f067aa0ba902b7")),
        &["/traceparent"],
    );
}

#[test]
fn a_retry_in_another_operation_is_the_same_event() {
    let body = canonical(r#","id":"0197c1de-7b00-7000-8000-000000000009""#);
    let mut desk = desk("tamma");
    desk.traceparent = Some(CALL);
    let first = desk.json(&body);
    let known: Vec<_> = first.digests.iter().copied().map(Some).collect();
    desk.traceparent = Some(OTHER_CALL);
    let again = desk.post_known(&BodyForm::Json, body.as_bytes(), &known).unwrap();
    assert_eq!(lines(&again.receipts), "duplicate @1");
}
