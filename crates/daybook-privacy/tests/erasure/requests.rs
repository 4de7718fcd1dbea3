//! What is asked and what is answered.

use std::sync::Mutex;

use daybook_event::PersonName;
use daybook_privacy::erasure::{EraseError, RequestError, Step};
use daybook_privacy::limits;
use daybook_privacy::report::{PersonStatus, ReportState};
use serde_json::json;

use crate::on_both;
use crate::support::{Place, World, erase, erasure, make, person};

on_both!(
    a_person_is_erased,
    nobody_known_is_an_answer,
    thousands_go_in_passes,
    the_same_person_by_several_names,
    requests_are_listed,
    what_cannot_be_asked,
    a_damaged_row_is_said,
);

async fn a_person_is_erased(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["counters", "lake"]));
    let ids = make(&vault, &[person(1), person(2)]).await;
    world.views[1].put(ids[0]);
    world.views[1].put(ids[1]);
    let signed = erase(&world.eraser(&vault), &[person(1)]).await;
    let report = &signed.report;
    assert_eq!((report.state, report.erased, report.unknown), (ReportState::Complete, 1, 0));
    assert_eq!((report.people[0].anonymous_id, report.people[0].status), (Some(ids[0]), PersonStatus::Erased));
    assert_eq!((report.log.position, report.log.head, report.secrets_destroyed), (101, 102, 1));
    assert_eq!(report.reason.as_deref(), Some("subject-request"));
    let views: Vec<_> = report.views.iter().map(|view| (&*view.name, view.touched, view.confirmed)).collect();
    assert_eq!(views, [("counters", 0, true), ("lake", 1, true)]);
    assert!(report.completed.unwrap() > report.requested);

    // The secret is gone, and so is the name; the other person is as before.
    assert_eq!(vault.find("shop", &[Some(person(1)), Some(person(2))]).await.unwrap()[0], None);
    assert_eq!(vault.by_id(&ids).await.unwrap().keys().collect::<Vec<_>>(), [&ids[1]]);
    assert!(!world.views[1].holds(ids[0]) && world.views[1].holds(ids[1]));
    assert_eq!(place.one::<i64>("SELECT count(*) FROM erasure_people WHERE wrapped_name IS NOT NULL").await, 0);

    // The log says so, and nowhere who it was.
    assert_eq!(
        world.journal.named("privacy.erasure.requested"),
        [json!({
            "app": "shop", "request": report.request, "subject": ids[0], "people": 1, "reason": "subject-request",
        })]
    );
    let completed = &world.journal.named("privacy.erasure.completed")[0];
    let duration = completed["duration_ms"].as_u64().unwrap();
    assert_eq!(
        completed,
        &json!({
            "app": "shop", "request": report.request, "subject": ids[0], "state": "complete", "position": 101, "people": 1,
            "views": ["counters", "lake"], "duration_ms": duration, "touched": 1,
        })
    );
    let kid = &world.journal.named("privacy.report.signed")[0]["kid"];
    assert_eq!(
        world.journal.named("privacy.report.signed"),
        [json!({
            "app": "shop", "request": report.request, "state": "complete", "erased": 1, "unknown": 0, "position": 101,
            "kid": kid,
        })]
    );
    assert!(world.journal.events().iter().all(|event| event.actor.as_deref() == Some("support")));
    let everything = format!("{:?} {}", world.journal.events(), serde_json::to_string(&signed).unwrap());
    assert!(!everything.contains("person-1"), "{everything}");

    // Again, nobody is known.
    let again = erase(&world.eraser(&vault), &[person(1)]).await.report;
    assert_eq!((again.erased, again.unknown, again.people[0].anonymous_id), (0, 1, None));
    // And somebody of the same name who comes later is somebody else.
    assert_ne!(make(&vault, &[person(1)]).await[0], ids[0]);
}

async fn nobody_known_is_an_answer(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    make(&vault, &[person(1)]).await;
    let other = [PersonName::anonymous(person(1).name), person(2)];
    let signed = erase(&world.eraser(&vault), &other).await;
    assert_eq!((signed.report.state, signed.report.erased, signed.report.unknown), (ReportState::Complete, 0, 2));
    assert_eq!(world.journal.counts().into_iter().collect::<Vec<_>>(), [("privacy.report.signed", 1)]);
    assert!(world.views[0].passes.lock().unwrap().is_empty());
    assert_eq!(signed.report.views.len(), 1);
    assert!(vault.find("shop", &[Some(person(1))]).await.unwrap()[0].is_some());
}

async fn thousands_go_in_passes(place: &Place) {
    const PEOPLE: usize = 2_500;
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    let names: Vec<_> = (0..PEOPLE + 10).map(person).collect();
    let ids = make(&vault, &names[..PEOPLE]).await;
    let kept = make(&vault, &[person(PEOPLE + 100)]).await;
    ids.iter().for_each(|id| world.views[0].put(*id));
    let eraser = world.eraser(&vault);
    let request = eraser.request(&erasure(&names)).await.unwrap();
    let seen = Mutex::new(Vec::new());
    let report = eraser.run(&request, &|progress| seen.lock().unwrap().push(progress)).await.unwrap().report;
    assert_eq!((report.erased, report.unknown, report.secrets_destroyed), (2_500, 10, 2_500));
    let reported: Vec<_> = report.people.iter().map(|person| person.anonymous_id).collect();
    let expected: Vec<_> = ids.iter().copied().map(Some).chain([None; 10]).collect();
    assert_eq!(reported, expected, "in the order of the request");
    assert_eq!(*world.views[0].passes.lock().unwrap(), [1_000, 1_000, 500, 1_000, 1_000, 500]);
    assert_eq!(report.views[0].touched, 2_500);
    assert_eq!(*world.journal.largest.lock().unwrap(), 1_000);
    assert_eq!(world.journal.counts()["privacy.erasure.completed"], PEOPLE);
    assert!(vault.by_id(&ids).await.unwrap().is_empty());
    assert_eq!(vault.by_id(&kept).await.unwrap().len(), 1);
    let seen = seen.into_inner().unwrap();
    assert!(seen.is_sorted_by_key(|progress| progress.step) && seen.is_sorted_by_key(|progress| progress.done));
    let end = seen.last().unwrap();
    assert_eq!((end.step, end.people, end.done), (Step::Complete, 2_510, 2_510));
    assert!(seen.iter().any(|progress| progress.done == 2_010), "each pass is seen");
}

async fn the_same_person_by_several_names(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    let ids = make(&vault, &[person(1), PersonName::anonymous("cookie")]).await;
    let names = [person(1), PersonName::anonymous("cookie"), person(1)];
    let report = erase(&world.eraser(&vault), &names).await.report;
    assert_eq!((report.erased, report.unknown), (2, 0));
    let reported: Vec<_> = report.people.iter().map(|person| person.anonymous_id.unwrap()).collect();
    assert_eq!(reported, [ids[0], ids[1], ids[0]]);
    assert_eq!(world.journal.counts()["privacy.erasure.completed"], 2);
}

async fn requests_are_listed(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::default());
    make(&vault, &[person(1)]).await;
    let eraser = world.eraser(&vault);
    let first = eraser.request(&erasure(&[person(1), person(2)])).await.unwrap();
    let second = eraser.request(&erasure(&[person(3)])).await.unwrap();
    let other = eraser.request(&daybook_privacy::erasure::NewErasure { app: "other", ..erasure(&[person(1)]) }).await;
    let one = eraser.get(&first).await.unwrap().unwrap();
    assert_eq!((one.progress.step, one.progress.people, one.progress.done), (Step::Requested, 2, 0));
    assert_eq!(eraser.report(&first).await.unwrap(), None);
    let signed = eraser.run(&first, &|_| {}).await.unwrap();
    assert_eq!(eraser.report(&first).await.unwrap(), Some(signed.clone()));
    let one = eraser.get(&first).await.unwrap().unwrap();
    assert_eq!((one.progress.step, one.progress.done, one.completed), (Step::Complete, 2, signed.report.completed));
    assert_eq!(
        serde_json::to_value(&one).unwrap(),
        json!({
            "request": first, "app": "shop", "step": "complete", "people": 2, "done": 2, "requested": one.requested,
            "completed": one.completed, "reason": "subject-request",
        })
    );
    let ids = |page: Vec<daybook_privacy::erasure::Erasure>| -> Vec<String> {
        page.into_iter().map(|erasure| erasure.request).collect()
    };
    assert_eq!(ids(eraser.list("shop", None, 10).await.unwrap()), [&*first, &*second]);
    assert_eq!(ids(eraser.list("shop", Some(&first), 10).await.unwrap()), [&*second]);
    assert_eq!(ids(eraser.list("shop", None, 1).await.unwrap()), [&*first]);
    assert_eq!(ids(eraser.list("other", None, 10).await.unwrap()), [other.unwrap()]);
    assert_eq!(eraser.get("none").await.unwrap(), None);
    assert_eq!(eraser.report("none").await.unwrap(), None);
    assert!(matches!(eraser.run("none", &|_| {}).await, Err(EraseError::Unknown)));
    assert_eq!(eraser.report_keys().await.unwrap(), [eraser.report_key().await.unwrap()]);
}

async fn what_cannot_be_asked(place: &Place) {
    let eraser = World::default().eraser(&place.vault(&[1]).await);
    let names = [person(1)];
    assert!(matches!(eraser.request(&erasure(&[])).await, Err(RequestError::Nobody)));
    let many = vec![person(1); limits::ERASURE_NAMES_MAX + 1];
    assert!(matches!(eraser.request(&erasure(&many)).await, Err(RequestError::TooMany(10_001))));
    let long = [PersonName::identity("x".repeat(limits::NAME_BYTES_MAX + 1))];
    assert!(matches!(eraser.request(&erasure(&long)).await, Err(RequestError::NameTooLong(_))));
    let reason = "x".repeat(limits::REASON_BYTES_MAX + 1);
    let new = daybook_privacy::erasure::NewErasure { reason: Some(&reason), ..erasure(&names) };
    assert!(matches!(eraser.request(&new).await, Err(RequestError::ReasonTooLong(_))));
    let new = daybook_privacy::erasure::NewErasure { reason: Some("Person-1@example.org wrote"), ..erasure(&names) };
    assert!(matches!(eraser.request(&new).await, Err(RequestError::ReasonNames)));
    assert!(eraser.resume(&|_| {}).await.unwrap().is_empty());
    // The most that may be asked.
    let most: Vec<_> = (0..limits::ERASURE_NAMES_MAX).map(person).collect();
    let report = erase(&eraser, &most).await.report;
    assert_eq!(report.unknown, 10_000);
}

async fn a_damaged_row_is_said(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::default());
    let eraser = world.eraser(&vault);
    let good = eraser.request(&erasure(&[person(1)])).await.unwrap();
    let bad = eraser.request(&erasure(&[person(2)])).await.unwrap();
    let other = world.eraser(&vault);
    sea_orm::ConnectionTrait::execute_unprepared(
        vault.database(),
        &format!("UPDATE erasures SET report = '{{' WHERE id = '{bad}'"),
    )
    .await
    .unwrap();
    assert!(matches!(other.run(&bad, &|_| {}).await, Err(EraseError::Damaged)));
    // It stands in nobody's way.
    let resumed = other.resume(&|_| {}).await.unwrap();
    let outcomes: Vec<_> = resumed.iter().map(|one| (one.request.clone(), one.outcome.is_ok())).collect();
    assert_eq!(outcomes, [(good.clone(), true), (bad, false)]);
    // A report that was changed in the database is not given.
    sea_orm::ConnectionTrait::execute_unprepared(vault.database(), "UPDATE reports SET jws = replace(jws, 'e', 'f')")
        .await
        .unwrap();
    assert!(matches!(other.report(&good).await, Err(EraseError::Damaged)));
}
