//! What is kept of an event as its person says, and what of a person who said no.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use daybook_event::{PersonName, Signals, Standing, Timestamp};
use support::{Desk, Outcome, desk, lines};

const UC: &str = "unofficial-communities";

/// Somebody enters a zone: an event whose only purpose is `telemetry`, which people consent to unless they say no.
fn zone(person: &str, changes: &str) -> String {
    format!(
        r#"{{"name":"world.zone.entered","time":"2026-01-16T12:00:00Z",{person}"session":"session-1234","group":"3",
            "tags":{{"who":"session-1234","team":"core"}},"metadata":{{"email":"ada@example.org","colour":"red"}},
            "data":{{"zone_type":"social_east","from_zone":"central_hub","phone":"+49 1234567"}}{changes}}}"#
    )
}

fn ada() -> PersonName<'static> {
    PersonName::identity("4711")
}

const ADA: &str = r#""identity":"4711","actor":{"type":"user","id":"4711"},"#;
const BROWSER: &str = r#""anonymous_id":"browser-2342","#;

/// What remains of an event that says nothing of its person.
#[track_caller]
fn assert_anonymised(desk: &Desk, outcome: &Outcome) {
    assert_eq!(outcome.receipts.stored, 1, "{}", lines(&outcome.receipts));
    let codes: Vec<_> = outcome.receipts.receipts[0].warnings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"event.anonymised"), "{codes:?}");
    let stored = &outcome.stored[0];
    assert!(matches!(stored.standing, Standing::Pseudonym(_)), "{:?}", stored.standing);
    assert!(!stored.is_sealed(), "nothing of the person is there, not even sealed");
    assert_eq!(stored.session, None, "nor what stands for the session");
    assert_eq!(stored.people().count(), 0);
    let event = desk.open(stored).event;
    assert_eq!((&event.identity, &event.session, &event.original_id), (&None, &None, &None));
    assert_eq!(event.actor.as_ref().and_then(|actor| actor.id.as_deref()), None);
    assert_eq!(event.data, r#"{"from_zone":"central_hub","zone_type":"social_east"}"#);
    assert_eq!(event.metadata, r#"{"colour":"red"}"#);
    assert_eq!(event.tags, [("team".into(), "core".into())]);
    assert_eq!(event.group.as_deref(), Some("3"));
}

#[track_caller]
fn assert_whole(outcome: &Outcome) {
    assert!(!lines(&outcome.receipts).contains("event.anonymised"), "{}", lines(&outcome.receipts));
    assert!(matches!(outcome.stored[0].standing, Standing::Person(_)));
}

#[test]
fn consent_is_asked_of_every_event() {
    let desk = desk(UC);
    // The default.
    let first = desk.json(&zone(ADA, ""));
    assert_whole(&first);
    assert_eq!(first.events[0].identity.as_deref(), Some("4711"));
    // Withdrawn: it holds for the next event, and given again too.
    desk.vault().decide(&ada(), "telemetry", false);
    assert_anonymised(&desk, &desk.json(&zone(ADA, "")));
    desk.vault().decide(&ada(), "telemetry", true);
    assert_whole(&desk.json(&zone(ADA, "")));
}

#[test]
fn what_is_kept_without_the_person_leads_nowhere() {
    let desk = desk(UC);
    desk.vault().decide(&ada(), "telemetry", false);
    let outcome = desk.json(&zone(ADA, ""));
    for text in ["4711", "session-1234", "ada@example.org", "1234567"] {
        assert!(!outcome.batch.bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    let id = |outcome: &Outcome| outcome.stored[0].standing.subject().unwrap();
    let person = desk.vault().person(&ada());
    assert_ne!(id(&outcome), person.id);
    // The same all month, and another for somebody else, and in another month.
    let more = desk.json(&zone(ADA, ""));
    assert_eq!(id(&outcome), id(&more));
    let bob = PersonName::identity("815");
    desk.vault().decide(&bob, "telemetry", false);
    assert_ne!(id(&outcome), id(&desk.json(&zone(r#""identity":"815","#, ""))));
    let mut later = desk;
    later.now = Timestamp::parse("2026-02-03T12:00:00Z").unwrap();
    let february = later.json(&zone(ADA, "").replace("2026-01-16", "2026-02-02"));
    assert_ne!(id(&outcome), id(&february));
    // Nobody was made in the vault for it.
    assert_eq!(later.vault().names(), ["4711", "815"]);
}

#[test]
fn somebody_who_was_never_asked_is_not_looked_for() {
    // Without consent by default, and with nobody in the vault, an event leaves nobody in it.
    let mut desk = desk(UC);
    desk.signals = Signals { gpc: true, dnt: false };
    let one = desk.json(&zone(BROWSER, ""));
    assert_anonymised(&desk, &one);
    let two = desk.json(&zone(BROWSER, ""));
    assert_eq!(one.stored[0].standing, two.stored[0].standing);
    let other = desk.json(&zone(r#""anonymous_id":"browser-9999","#, ""));
    assert_ne!(one.stored[0].standing, other.stored[0].standing);
    // The same name is somebody else when it is of another kind.
    let identity = desk.json(&zone(r#""identity":"browser-2342","#, ""));
    assert_ne!(one.stored[0].standing, identity.stored[0].standing);
    assert!(desk.vault().names().is_empty());
    // Where nobody is named the default of the purpose holds, and there is nobody to stand for.
    let nobody = desk.json(&zone("", ""));
    assert_eq!(nobody.stored[0].standing, Standing::Nobody);
    assert!(!nobody.stored[0].is_sealed());
    assert!(lines(&nobody.receipts).contains("event.anonymised"));
}

#[test]
fn browsers_may_say_no() {
    for (signals, heard) in [((true, false), true), ((false, true), true), ((false, false), false)] {
        let mut desk = desk(UC);
        desk.signals = Signals { gpc: signals.0, dnt: signals.1 };
        // Whatever the person said before.
        desk.vault().decide(&ada(), "telemetry", true);
        let outcome = desk.json(&zone(ADA, ""));
        if heard { assert_anonymised(&desk, &outcome) } else { assert_whole(&outcome) }
    }
    // A purpose that says nothing of signals does not hear them.
    let mut desk = desk(UC).consented("4711", "whatsapp_activity");
    desk.signals = Signals { gpc: true, dnt: true };
    assert_eq!(desk.lines(WHATSAPP), "counted");
}

const WHATSAPP: &str = r#"{"event_id":"550e8400-e29b-41d4-a716-446655440020","event_name":"whatsapp.message.sent",
    "timestamp":"2026-01-16T17:45:12Z","source":"webhooks",
    "properties":{"community_id":3,"identity_id":4711,"timestamp_bucket":"2026-01-16T17:00:00Z"}}"#;

#[test]
fn a_purpose_may_ask_for_the_event_itself() {
    let desk = desk(UC);
    let refused =
        "refused (consent)\n  ! event.consent : without consent to whatsapp_activity events of this type are not kept";
    // Not asked yet, agreed, withdrawn.
    assert_eq!(desk.lines(WHATSAPP), refused);
    desk.vault().decide(&ada(), "whatsapp_activity", true);
    assert_eq!(desk.lines(WHATSAPP), "counted");
    desk.vault().decide(&ada(), "whatsapp_activity", false);
    let outcome = desk.json(WHATSAPP);
    assert_eq!(lines(&outcome.receipts), refused);
    assert!(outcome.batch.bytes.is_empty() && outcome.quarantine.is_empty());
}

#[test]
fn counts_keep_the_person_sealed() {
    let desk = desk(UC).consented("4711", "whatsapp_activity");
    let outcome = desk.json(
        &WHATSAPP
            .replace("4711", "471147114711")
            .replace("\"timestamp\"", "\"identity_id\":471147114711,\"timestamp\""),
    );
    assert!(lines(&outcome.receipts).starts_with("refused"), "somebody else");
    let outcome = desk.consented("471147114711", "whatsapp_activity");
    let outcome = outcome.json(&WHATSAPP.replace("4711", "471147114711"));
    let stored = &outcome.stored[0];
    assert!(matches!(stored.standing, Standing::Person(_)) && stored.event.identity.is_none());
    assert!(!outcome.batch.bytes.windows(12).any(|window| window == b"471147114711"));
    assert_eq!(outcome.events[0].identity.as_deref(), Some("471147114711"));
    assert_eq!((&*outcome.events[0].data, outcome.events[0].id.as_bytes()), ("", &[0; 16]));
}

#[test]
fn whoever_objects_is_in_nothing() {
    let desk = desk(UC);
    desk.vault().decide(&ada(), "telemetry", true);
    desk.vault().decide(&ada(), "whatsapp_activity", true);
    desk.vault().object(&ada(), true);
    assert_anonymised(&desk, &desk.json(&zone(ADA, "")));
    assert!(desk.lines(WHATSAPP).starts_with("refused (consent)"));
    desk.vault().object(&ada(), false);
    assert_whole(&desk.json(&zone(ADA, "")));
    assert_eq!(desk.lines(WHATSAPP), "counted");
}

/// Types without a purpose ask for no consent, but an objection holds for them too.
#[test]
fn an_app_without_purposes() {
    let desk = desk("tachikoma");
    let event = r#"{"name":"mission_created","identity":"ada","session":"s","data":{"feature":"f","action":"a","target":"mine","success":true}}"#;
    assert_whole(&desk.json(event));
    desk.vault().object(&PersonName::identity("ada"), true);
    let outcome = desk.json(event);
    assert!(lines(&outcome.receipts).contains("? event.anonymised"));
    assert!(matches!(outcome.stored[0].standing, Standing::Pseudonym(_)));
    assert_eq!(outcome.stored[0].event.data, r#"{"action":"a","feature":"f","success":true}"#);
}

/// Judged events wait for the vault in tasks that move between threads.
#[test]
fn judged_events_can_wait() {
    const fn is_send<T: Send>() {}
    is_send::<daybook_admission::Judged<'_>>();
    is_send::<daybook_admission::Decoded<'_>>();
}

#[test]
fn somebody_who_consents_to_everything_stands_for_all_where_there_is_no_vault() {
    let desk = desk(UC);
    let person = desk.admission.consenting_person();
    let body = daybook_admission::Body::parse(WHATSAPP.as_bytes(), &daybook_admission::BodyForm::Json).unwrap();
    let months = daybook_event::Months::default();
    let mut facts = daybook_admission::Facts {
        now: desk.now,
        known: &[],
        people: &[Some(person)],
        months: &months,
        environment: "test",
        actor_keys: None,
        signals: Signals::default(),
        shed: false,
        atomic: false,
        new_id: &mut || panic!("it has an id"),
    };
    let judged = desk.admission.judge(desk.admission.decode(&body), &mut facts);
    assert_eq!(lines(&judged.into_receipts()), "counted");
}

#[test]
fn what_is_only_counted_leaves_no_words_behind() {
    let desk = desk(UC).consented("4711", "whatsapp_activity");
    let outcome = desk.json(
        r#"{"event_id":"550e8400-e29b-41d4-a716-446655440000","event_name":"whatsapp.reply.sent","source":"webhooks",
            "timestamp":"2026-01-16T12:00:00Z","identity_id":4711,"text":"dear diary","metadata":{"x":"dear diary"},
            "properties":{"community_id":1,"timestamp_bucket":"dear diary","message":"dear diary"}}"#,
    );
    assert_eq!(outcome.receipts.quarantined, 1, "{}", lines(&outcome.receipts));
    let kept = &outcome.quarantine[0].event;
    assert!(!kept.contains("diary") && kept.contains("whatsapp.reply.sent") && kept.contains("4711"), "{kept}");
}
