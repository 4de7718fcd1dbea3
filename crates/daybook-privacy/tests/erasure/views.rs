//! Views that do not do what they should.

use std::time::Duration;

use daybook_privacy::report::ReportState;

use crate::on_both;
use crate::support::{Place, Trouble, World, erase, erasure, make, person, resume};

on_both!(a_view_that_fails_keeps_nothing_alive, a_view_that_is_gone_is_waited_for, unfinished_requests_are_tended);

async fn a_view_that_fails_keeps_nothing_alive(place: &Place) {
    for trouble in [Trouble::Fails, Trouble::Forgets, Trouble::Panics, Trouble::Hangs] {
        let (vault, mut world) = (place.vault(&[1]).await, World::with_views(&["lake", "mysql"]));
        // One that answers is heard first, however late it is.
        world.view_patience = (trouble == Trouble::Hangs).then_some(Duration::from_millis(200));
        let ids = make(&vault, &[person(1)]).await;
        world.views.iter().for_each(|view| view.put(ids[0]));
        world.views[1].set(trouble);
        let eraser = world.eraser(&vault);
        let signed = erase(&eraser, &[person(1)]).await;
        let report = &signed.report;
        assert_eq!((report.state, report.completed, report.erased), (ReportState::Incomplete, None, 1));
        assert!(report.statement.ends_with("Not confirmed yet by: mysql."), "{}", report.statement);
        let views: Vec<_> = report.views.iter().map(|view| (&*view.name, view.confirmed)).collect();
        assert_eq!(views, [("lake", true), ("mysql", false)]);
        assert!(vault.by_id(&ids).await.unwrap().is_empty(), "the secret does not wait");
        assert!(!world.views[0].holds(ids[0]));
        // Asked again it is still so, and the log is not told twice.
        for _ in 0..2 {
            let resumed = eraser.resume(&|_| {}).await.unwrap();
            assert_eq!(resumed[0].outcome.as_ref().unwrap(), &ReportState::Incomplete);
        }
        let completed = world.journal.named("privacy.erasure.completed");
        assert_eq!((completed.len(), &completed[0]["state"]), (1, &"incomplete".into()));
        assert_eq!((&completed[0]["views"], &completed[0]["waiting"]), (&["lake"].into(), &["mysql"].into()));
        assert_eq!(world.journal.counts().get("privacy.report.signed"), None);

        world.views[1].set(Trouble::None);
        world.views[1].put(ids[0]);
        assert_eq!(resume(&eraser).await, 1);
        let last = eraser.report(&report.request).await.unwrap().unwrap().report;
        assert_eq!((last.state, last.log.position), (ReportState::Complete, report.log.position));
        assert!(last.completed.is_some() && last.views.iter().all(|view| view.confirmed));
        assert!(!world.views[1].holds(ids[0]));
        assert_eq!(world.journal.named("privacy.erasure.completed")[1]["state"], "complete");
        vault.close().await;
    }
}

async fn a_view_that_is_gone_is_waited_for(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["mysql"]));
    make(&vault, &[person(1)]).await;
    world.views[0].set(Trouble::Fails);
    let request = erase(&world.eraser(&vault), &[person(1)]).await.report.request;
    // A start without it: nobody knows what it still holds.
    let without = World { views: Vec::new(), ..world.clone() };
    let resumed = without.eraser(&vault).resume(&|_| {}).await.unwrap();
    assert_eq!(resumed[0].outcome.as_ref().unwrap(), &ReportState::Incomplete);
    world.views[0].set(Trouble::None);
    let eraser = world.eraser(&vault);
    assert_eq!(resume(&eraser).await, 1);
    assert_eq!(eraser.report(&request).await.unwrap().unwrap().report.state, ReportState::Complete);
}

async fn unfinished_requests_are_tended(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    make(&vault, &[person(1), person(2)]).await;
    world.views[0].set(Trouble::Fails);
    let eraser = world.eraser(&vault);
    let tended = eraser.clone();
    let tending = tokio::spawn(async move { tended.tend().await });
    let first = eraser.request(&erasure(&[person(1)])).await.unwrap();
    let until = async |request: &str, state: ReportState| {
        while eraser.report(request).await.unwrap().is_none_or(|signed| signed.report.state != state) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until(&first, ReportState::Incomplete).await;
    world.views[0].set(Trouble::None);
    until(&first, ReportState::Complete).await;
    // It waits for the next.
    let second = eraser.request(&erasure(&[person(2)])).await.unwrap();
    until(&second, ReportState::Complete).await;
    tending.abort();
}
