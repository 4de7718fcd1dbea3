//! The same event sent twice is known, whatever happened in between; another one under its id is too.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use std::sync::Arc;

use daybook_admission::BodyForm;
use daybook_event::{Known, PersonName, Signals};
use support::{Desk, desk, desk_of, lines};

fn event(zone: &str) -> String {
    format!(
        r#"{{"event_id":"550e8400-e29b-41d4-a716-446655440010","event_name":"world.zone.entered","identity_id":4711,
            "timestamp":"2026-01-16T12:00:00Z","source":"server","community_id":3,"session_id":"s-1","email":"ada@example.org",
            "properties":{{"zone_type":"{zone}","from_zone":"central_hub"}}}}"#
    )
}

/// Sends the event, then again as it is and with something changed, after `between` happened.
#[track_caller]
fn check(mut desk: Desk, between: impl FnOnce(&mut Desk)) {
    let first = desk.json(&event("social_east"));
    assert_eq!(first.receipts.stored, 1, "{}", lines(&first.receipts));
    between(&mut desk);
    assert_eq!(again(&desk, &event("social_east"), first.digests[0]), "duplicate @1");
    let other = again(&desk, &event("social_west"), first.digests[0]);
    assert!(other.starts_with("quarantined\n  ! event.id-conflict /event_id: another event"), "{other}");
}

fn again(desk: &Desk, body: &str, known: Known) -> String {
    let outcome = desk.post_known(&BodyForm::Json, body.as_bytes(), &[Some(known)]).unwrap();
    assert!(outcome.batch.records.is_empty());
    lines(&outcome.receipts)
}

fn uc() -> Desk {
    desk("unofficial-communities")
}

fn ada() -> PersonName<'static> {
    PersonName::identity("4711")
}

#[test]
fn nothing_happened() {
    check(uc(), |_| {});
}

#[test]
fn consent_was_withdrawn_or_given() {
    check(uc(), |desk| desk.vault().decide(&ada(), "telemetry", false));
    let without = uc();
    without.vault().decide(&ada(), "telemetry", false);
    check(without, |desk| desk.vault().decide(&ada(), "telemetry", true));
    check(uc(), |desk| desk.vault().object(&ada(), true));
    let objected = uc();
    objected.vault().object(&ada(), true);
    check(objected, |desk| desk.vault().object(&ada(), false));
}

#[test]
fn another_browser_sent_it() {
    check(uc(), |desk| desk.signals = Signals { gpc: true, dnt: false });
    let mut refused = uc();
    refused.signals = Signals { gpc: true, dnt: true };
    check(refused, |desk| desk.signals = Signals::default());
}

/// The catalog's defaults changed: of the consent, of the category, and so of the month's secret.
#[test]
fn the_catalog_changed() {
    let changed = |desk: &mut Desk, change: &dyn Fn(&mut daybook_catalog::AppCatalog)| {
        let mut catalog = daybook_catalog::AppCatalog::clone(desk.admission.catalog());
        change(&mut catalog);
        let fresh = desk_of(Arc::new(catalog));
        desk.admission = fresh.admission;
    };
    check(uc(), |desk| {
        changed(desk, &|catalog| {
            for purpose in &mut catalog.consent {
                purpose.default = !purpose.default;
            }
        });
    });
    check(uc(), |desk| {
        changed(desk, &|catalog| {
            for event_type in &mut catalog.events {
                event_type.category = "business".to_owned();
            }
        });
    });
    check(uc(), |desk| {
        changed(desk, &|catalog| {
            for event_type in &mut catalog.events {
                event_type.pii.insert("from_zone".to_owned(), daybook_catalog::Pii::Personal);
            }
        });
    });
    check(uc(), |desk| {
        changed(desk, &|catalog| catalog.events.retain(|event_type| event_type.name != "world.zone.entered"));
    });
}

/// Then nothing can be compared any more: a retry is as likely as anything else, and must not bring the person back.
#[test]
fn the_person_was_erased() {
    for zone in ["social_east", "social_west"] {
        let desk = uc();
        let first = desk.json(&event("social_east"));
        desk.vault().erase(&ada());
        assert_eq!(again(&desk, &event(zone), first.digests[0]), "duplicate @1");
        // The app goes on naming them, and so there is somebody new of this name.
        desk.json(&event("social_east").replace("440010", "440011"));
        assert_eq!(again(&desk, &event(zone), first.digests[0]), "duplicate @1");
        assert_eq!(desk.open(&first.stored[0]).unreadable, 1);
    }
}

#[test]
fn the_month_is_over() {
    let desk = uc();
    let first = desk.json(&event("social_east"));
    let (class, month) = first.stored[0].month();
    desk.vault().months.remove(class, month);
    assert_eq!(again(&desk, &event("social_east"), first.digests[0]), "duplicate @1");
}

/// An event that names nobody: its digest is the month's.
#[test]
fn events_of_nobody() {
    let body = |zone: &str| event(zone).replace("\"identity_id\":4711,", "");
    let desk = uc();
    let first = desk.json(&body("social_east"));
    assert_eq!(again(&desk, &body("social_east"), first.digests[0]), "duplicate @1");
    assert!(again(&desk, &body("social_west"), first.digests[0]).starts_with("quarantined"));
    // Somebody is named now: that is another event.
    assert!(again(&desk, &event("social_east"), first.digests[0]).starts_with("quarantined"));
}

/// One who has only the digest cannot test guesses with it.
#[test]
fn digests_take_the_secrets() {
    let digests: Vec<_> = [uc(), uc()]
        .into_iter()
        .enumerate()
        .map(|(number, desk)| {
            // Another person came first, so the second vault has other secrets.
            (0..number).for_each(|_| {
                desk.vault().person(&PersonName::identity("815"));
            });
            desk.json(&event("social_east")).digests[0].digest
        })
        .collect();
    assert_ne!(digests[0], digests[1]);
}

/// An event in every form an app may send has one digest.
#[test]
fn forms() {
    let desk = uc();
    let first = desk.json(&event("social_east"));
    let canonical = r#"{"id":"550e8400-e29b-41d4-a716-446655440010","name":"world.zone.entered","identity":"4711",
        "time":"2026-01-16T12:00:00Z","source":"server","group":"3","session":"s-1","email":"ada@example.org",
        "data":{"zone_type":"social_east","from_zone":"central_hub"}}"#;
    assert_eq!(again(&desk, canonical, first.digests[0]), "duplicate @1");
}
