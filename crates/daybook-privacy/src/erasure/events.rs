//! What the log is told, in the words of the catalog of the app `daybook`. The same step gives the same events, field by
//! field, however often it is taken.

use daybook_event::{EventId, SubjectId, Timestamp};
use daybook_signature::PublicKey;
use serde_json::{Value, json};

use super::JournalEvent;
use super::store::Stored;
use crate::report::{ReportState, SignedReport};

/// The app the events belong to.
const OWN_APP: &str = "daybook";

/// They are to be erased.
pub(super) fn requested(stored: &Stored, ids: &[SubjectId], people: u64) -> Vec<JournalEvent> {
    let event = |id: &SubjectId| {
        let mut data = json!({ "app": stored.app, "request": stored.id, "subject": id, "people": people });
        if let Some(reason) = &stored.reason {
            data["reason"] = Value::from(reason.as_str());
        }
        note(stored, "privacy.erasure.requested", &id.to_string(), stored.requested, data)
    };
    ids.iter().map(event).collect()
}

/// Their secrets are destroyed; `waiting` is what has still to confirm that it holds nothing of them.
pub(super) fn completed(stored: &Stored, ids: &[SubjectId], people: u64, waiting: &[String]) -> Vec<JournalEvent> {
    let notes = &stored.notes;
    let complete = waiting.is_empty();
    // Where something is waited for, it counts from the destruction: what else is known changes from try to try.
    let time = if complete { notes.confirmed_us } else { notes.destroyed_us };
    let time = Timestamp::from_microseconds(time.unwrap_or_else(|| stored.requested.microseconds()));
    let state = if complete { ReportState::Complete } else { ReportState::Incomplete };
    let confirmed: Vec<&String> =
        notes.views.iter().filter(|(name, _)| !waiting.contains(name)).map(|(name, _)| name).collect();
    let event = |id: &SubjectId| {
        let mut data = json!({
            "app": stored.app,
            "request": stored.id,
            "subject": id,
            "state": state,
            "position": stored.position.unwrap_or_default(),
            "people": people,
            "views": confirmed,
            "duration_ms": (time.microseconds() - stored.requested.microseconds()).max(0) / 1_000,
        });
        if complete {
            data["touched"] = notes.views.values().map(|view| view.touched).sum::<u64>().into();
        } else {
            data["waiting"] = waiting.into();
        }
        note(stored, "privacy.erasure.completed", &format!("{id} {}", waiting.join(",")), time, data)
    };
    ids.iter().map(event).collect()
}

/// The report was signed.
pub(super) fn signed(stored: &Stored, signed: &SignedReport) -> Option<JournalEvent> {
    let report = &signed.report;
    let time = report.completed.unwrap_or(report.requested);
    let data = json!({
        "app": report.app,
        "request": report.request,
        "state": report.state,
        "erased": report.erased,
        "unknown": report.unknown,
        "position": report.log.position,
        "kid": PublicKey::parse(&signed.public_key).ok()?.id().to_string(),
    });
    Some(note(stored, "privacy.report.signed", "", time, data))
}

fn note(stored: &Stored, name: &'static str, key: &str, time: Timestamp, data: Value) -> JournalEvent {
    let id = EventId::from_text(OWN_APP, &format!("{} {name} {key}", stored.id));
    JournalEvent { id, time, name, actor: stored.actor.clone(), data }
}
