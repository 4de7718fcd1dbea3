//! Several at once.

use std::sync::Arc;
use std::time::Duration;

use daybook_event::{Needs, PersonName};
use daybook_privacy::report::{ReportState, SignedReport};
use futures_util::future::join_all;

use crate::on_both;
use crate::support::{Place, World, erase, erasure, make, person};

on_both!(two_erasures_of_the_same_person, one_request_run_by_many, erasing_whoever_comes_in, more_at_once_than_may_run,);

async fn two_erasures_of_the_same_person(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    let names: Vec<PersonName<'static>> = (0..20).map(person).collect();
    let ids = make(&vault, &names).await;
    let eraser = world.eraser(&vault);
    // Both are asked before either runs.
    let requests = join_all((0..3).map(|_| async { eraser.request(&erasure(&names)).await.unwrap() })).await;
    let reports = join_all(requests.iter().map(|request| eraser.run(request, &|_| {}))).await;
    let mut erased = 0;
    for report in reports {
        let report = report.unwrap().report;
        assert_eq!((report.state, report.people.len()), (ReportState::Complete, 20));
        assert_eq!(report.erased + report.unknown, 20);
        erased += report.erased;
    }
    assert!(erased >= 20, "{erased}");
    assert!(vault.by_id(&ids).await.unwrap().is_empty());
}

async fn one_request_run_by_many(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    make(&vault, &[person(1)]).await;
    let eraser = world.eraser(&vault);
    let request = eraser.request(&erasure(&[person(1)])).await.unwrap();
    let reports: Vec<SignedReport> =
        join_all((0..8).map(|_| eraser.run(&request, &|_| {}))).await.into_iter().map(Result::unwrap).collect();
    assert!(reports.iter().all(|report| report == &reports[0]), "it is signed once");
    assert_eq!(world.journal.counts()["privacy.report.signed"], 1);
    assert_eq!(*world.views[0].passes.lock().unwrap(), [1, 1], "once before and once after");
    assert_eq!(eraser.run(&request, &|_| {}).await.unwrap(), reports[0]);
}

async fn erasing_whoever_comes_in(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    let eraser = world.eraser(&vault);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (writer, stopped) = (vault.clone(), Arc::clone(&stop));
    let ingesting = tokio::spawn(async move {
        let needs = Needs { people: vec![person(1)], months: Vec::new() };
        let mut seen = std::collections::BTreeSet::new();
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            seen.insert(writer.ensure("shop", &needs).await.unwrap().people[0].id);
            tokio::task::yield_now().await;
        }
        seen
    });
    let mut erased = Vec::new();
    for _ in 0..8 {
        while vault.find("shop", &[Some(person(1))]).await.unwrap()[0].is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let report = erase(&eraser, &[person(1)]).await.report;
        assert_eq!((report.state, report.erased), (ReportState::Complete, 1));
        erased.extend(report.people[0].anonymous_id);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let seen = ingesting.await.unwrap();
    assert_eq!(erased.len(), 8, "they came again and again");
    erased.sort();
    let mut once = erased.clone();
    once.dedup();
    assert_eq!(once, erased, "nobody comes back under an id that was erased");
    assert!(vault.by_id(&erased).await.unwrap().is_empty());
    // Whoever came after the last erasure is somebody new, and there.
    let last = vault.find("shop", &[Some(person(1))]).await.unwrap()[0].as_ref().map(|person| person.id);
    assert!(last.is_none_or(|last| seen.contains(&last) && !erased.contains(&last)));
}

async fn more_at_once_than_may_run(place: &Place) {
    let (vault, world) = (place.vault(&[1]).await, World::with_views(&["lake"]));
    let names: Vec<PersonName<'static>> = (0..24).map(person).collect();
    make(&vault, &names).await;
    let eraser = world.eraser(&vault);
    let reports = join_all(names.chunks(2).map(|names| erase(&eraser, names))).await;
    assert!(reports.iter().all(|signed| (signed.report.erased, signed.report.unknown) == (2, 0)));
    let keys = eraser.report_keys().await.unwrap();
    assert!(reports.iter().all(|signed| signed.public_key == keys[0]) && keys.len() == 1);
}
