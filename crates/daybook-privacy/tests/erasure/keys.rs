//! Master keys that are lost, and found again.

use daybook_event::PersonName;
use daybook_privacy::report::{PersonStatus, ReportState, verify};

use crate::on_both;
use crate::support::{Place, World, erase, erasure, make, person, resume};

on_both!(
    who_cannot_be_read_is_not_forgotten,
    a_request_whose_names_cannot_be_read_waits,
    another_key_signs_when_the_first_is_lost,
);

async fn who_cannot_be_read_is_not_forgotten(place: &Place) {
    let world = World::with_views(&["lake"]);
    let vault = place.vault(&[1]).await;
    let before = make(&vault, &[person(1)]).await[0];
    world.views[0].put(before);
    vault.close().await;
    // The key is lost; the same person comes again, and asks to be erased.
    let vault = place.vault(&[2]).await;
    let after = make(&vault, &[person(1)]).await[0];
    assert_ne!(before, after);
    let eraser = world.eraser(&vault);
    let signed = erase(&eraser, &[person(1), person(2)]).await;
    assert_eq!((signed.report.state, signed.report.erased, signed.report.unknown), (ReportState::Incomplete, 1, 1));
    assert!(signed.report.statement.contains("key the vault does not have"), "{}", signed.report.statement);
    assert!(vault.by_id(&[after]).await.unwrap().is_empty());
    let resumed = eraser.resume(&|_| {}).await.unwrap();
    assert_eq!(resumed[0].outcome.as_ref().unwrap(), &ReportState::Incomplete);
    assert!(world.views[0].holds(before));
    vault.close().await;
    // The key is back.
    let vault = place.vault(&[2, 1]).await;
    let eraser = world.eraser(&vault);
    assert_eq!(resume(&eraser).await, 1);
    let report = eraser.report(&signed.report.request).await.unwrap().unwrap().report;
    assert_eq!((report.state, report.erased, report.unknown), (ReportState::Complete, 2, 1));
    let people: Vec<_> = report.people.iter().map(|person| (person.anonymous_id, person.status)).collect();
    assert_eq!(
        people,
        [(Some(after), PersonStatus::Erased), (None, PersonStatus::Unknown), (Some(before), PersonStatus::Erased)]
    );
    assert!(vault.by_id(&[before, after]).await.unwrap().is_empty());
    assert!(!world.views[0].holds(before));
    assert_eq!(place.one::<i64>("SELECT count(*) FROM erasure_people WHERE wrapped_name IS NOT NULL").await, 0);
}

async fn a_request_whose_names_cannot_be_read_waits(place: &Place) {
    let world = World::with_views(&["lake"]);
    let vault = place.vault(&[1]).await;
    let id = make(&vault, &[person(1)]).await[0];
    let request = world.eraser(&vault).request(&erasure(&[person(1)])).await.unwrap();
    vault.close().await;
    let vault = place.vault(&[2]).await;
    let resumed = world.eraser(&vault).resume(&|_| {}).await.unwrap();
    assert_eq!(resumed[0].outcome.as_ref().unwrap(), &ReportState::Incomplete);
    vault.close().await;
    let vault = place.vault(&[1, 2]).await;
    let eraser = world.eraser(&vault);
    assert_eq!(resume(&eraser).await, 1);
    let report = eraser.report(&request).await.unwrap().unwrap().report;
    assert_eq!((report.erased, report.people[0].anonymous_id), (1, Some(id)));
}

async fn another_key_signs_when_the_first_is_lost(place: &Place) {
    let world = World::default();
    let vault = place.vault(&[1]).await;
    let names = [PersonName::anonymous("cookie")];
    let first = erase(&world.eraser(&vault), &names).await;
    vault.close().await;
    let vault = place.vault(&[2]).await;
    let eraser = world.eraser(&vault);
    let second = erase(&eraser, &names).await;
    assert_ne!(first.public_key, second.public_key);
    assert!(verify(&second.jws, &first.public_key).is_err());
    // The first report is there still, and verifies.
    assert_eq!(eraser.report(&first.report.request).await.unwrap().unwrap(), first);
    assert_eq!(eraser.report_keys().await.unwrap(), [&*second.public_key, &*first.public_key]);
    vault.close().await;
    // With both keys, the newest of those that open signs on.
    let vault = place.vault(&[1, 2]).await;
    assert_eq!(erase(&world.eraser(&vault), &names).await.public_key, second.public_key);
}
