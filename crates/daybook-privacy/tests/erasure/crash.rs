//! A crash at every step.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use daybook_event::{PersonName, SubjectId};
use daybook_privacy::Vault;
use daybook_privacy::erasure::{EraseError, Progress, Step};
use daybook_privacy::report::ReportState;

use crate::on_both;
use crate::support::{Place, Trouble, World, erasure, make, person, resume};

on_both!(
    a_crash_at_every_step_is_made_good,
    a_crash_within_a_call_is_made_good,
    crashes_one_after_another,
    a_log_that_takes_nothing_is_waited_for,
    a_database_that_goes_away,
);

/// Two people who are known, one who is not, and somebody who stays.
struct Scene {
    world: World,
    names: [PersonName<'static>; 3],
    ids: Vec<SubjectId>,
    stays: SubjectId,
}

impl Scene {
    async fn set(vault: &Vault, number: usize) -> Self {
        let world = World::with_views(&["lake", "mysql"]);
        let names = [person(10 * number), person(10 * number + 1), person(10 * number + 2)];
        let ids = make(vault, &[names[0].clone(), names[2].clone()]).await;
        let stays = make(vault, &[person(10 * number + 3)]).await[0];
        world.views.iter().for_each(|view| ids.iter().chain([&stays]).for_each(|id| view.put(*id)));
        Self { world, names, ids, stays }
    }

    /// Everything is as after an erasure without a crash.
    async fn check(&self, vault: &Vault, request: &str, when: &str) {
        let report = self.world.eraser(vault).report(request).await.unwrap().unwrap().report;
        assert_eq!((report.state, report.erased, report.unknown), (ReportState::Complete, 2, 1), "{when}");
        let people: Vec<_> = report.people.iter().map(|person| person.anonymous_id).collect();
        assert_eq!(people, [Some(self.ids[0]), None, Some(self.ids[1])], "{when}");
        assert!(report.views.iter().all(|view| view.confirmed), "{when}");
        assert!(report.log.position <= report.log.head, "{when}");
        let counts: Vec<_> = self.world.journal.counts().into_iter().collect();
        assert_eq!(
            counts,
            [("privacy.erasure.completed", 2), ("privacy.erasure.requested", 2), ("privacy.report.signed", 1)],
            "{when}"
        );
        assert!(vault.by_id(&self.ids).await.unwrap().is_empty(), "{when}");
        assert_eq!(vault.by_id(&[self.stays]).await.unwrap().len(), 1, "{when}");
        for view in &self.world.views {
            assert!(self.ids.iter().all(|id| !view.holds(*id)) && view.holds(self.stays), "{when}");
        }
    }
}

/// Runs a request until the observer has been told so many things, and crashes there. Gives the last it was told, or none
/// when the request came to its end before.
async fn run_and_crash(scene: &Scene, vault: &Vault, request: &str, at: usize) -> Option<Progress> {
    let (eraser, request) = (scene.world.eraser(vault), request.to_owned());
    let seen = Arc::new(AtomicUsize::new(0));
    let last = Arc::new(Mutex::new(None));
    let seen_last = Arc::clone(&last);
    let run = tokio::spawn(async move {
        let observer = move |progress: Progress| {
            *seen_last.lock().unwrap() = Some(progress);
            assert!(seen.fetch_add(1, Ordering::Relaxed) < at, "a crash, on purpose");
        };
        eraser.run(&request, &observer).await
    });
    match run.await {
        Ok(outcome) => {
            outcome.unwrap();
            None
        }
        Err(error) => {
            assert!(error.is_panic());
            *last.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

async fn a_crash_at_every_step_is_made_good(place: &Place) {
    let mut steps = Vec::new();
    for at in 0.. {
        let vault = place.vault(&[1]).await;
        let scene = Scene::set(&vault, at).await;
        let request = scene.world.eraser(&vault).request(&erasure(&scene.names)).await.unwrap();
        let crashed = run_and_crash(&scene, &vault, &request, at).await;
        vault.close().await;
        // Another process.
        let vault = place.vault(&[1]).await;
        let before = scene.world.eraser(&vault).report(&request).await.unwrap();
        let unfinished = crashed.is_some_and(|crashed| crashed.step != Step::Complete);
        assert_eq!(resume(&scene.world.eraser(&vault)).await, usize::from(unfinished));
        scene.check(&vault, &request, &format!("{at} {crashed:?}")).await;
        // A report that was signed is not signed again.
        let after = scene.world.eraser(&vault).report(&request).await.unwrap();
        assert!(before.is_none() || before == after, "{crashed:?}");
        vault.close().await;
        match crashed {
            Some(crashed) => steps.push(crashed.step),
            None => break,
        }
    }
    steps.dedup();
    assert_eq!(
        steps,
        [
            Step::Requested,
            Step::Found,
            Step::Announced,
            Step::Told,
            Step::Destroyed,
            Step::Confirmed,
            Step::Signed,
            Step::Complete
        ]
    );
}

async fn a_crash_within_a_call_is_made_good(place: &Place) {
    for (number, (trouble, journal)) in
        [(Trouble::Panics, true), (Trouble::Forgets, true), (Trouble::Hangs, true), (Trouble::Hangs, false)]
            .into_iter()
            .enumerate()
    {
        let vault = place.vault(&[1]).await;
        let scene = Scene::set(&vault, 100 + number).await;
        let request = scene.world.eraser(&vault).request(&erasure(&scene.names)).await.unwrap();
        if journal {
            *scene.world.journal.trouble.lock().unwrap() = trouble;
        } else {
            scene.world.views[0].set(trouble);
        }
        let (eraser, asked) = (scene.world.eraser(&vault), request.clone());
        let run = tokio::spawn(async move { eraser.run(&asked, &|_| {}).await.map(drop) });
        match trouble {
            // The process is gone while it waits.
            Trouble::Hangs => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                run.abort();
                assert!(run.await.unwrap_err().is_cancelled());
            }
            Trouble::Panics => assert!(run.await.unwrap_err().is_panic()),
            _ => assert!(matches!(run.await.unwrap(), Err(EraseError::Journal(_)))),
        }
        *scene.world.journal.trouble.lock().unwrap() = Trouble::None;
        scene.world.views[0].set(Trouble::None);
        vault.close().await;
        let vault = place.vault(&[1]).await;
        assert_eq!(resume(&scene.world.eraser(&vault)).await, 1);
        scene.check(&vault, &request, &format!("{number}")).await;
        vault.close().await;
    }
}

async fn crashes_one_after_another(place: &Place) {
    let vault = place.vault(&[1]).await;
    let scene = Scene::set(&vault, 1).await;
    let request = scene.world.eraser(&vault).request(&erasure(&scene.names)).await.unwrap();
    vault.close().await;
    let mut crashes = 0;
    loop {
        let vault = place.vault(&[1]).await;
        // One thing further each time: what is told first has been told before.
        let crashed = run_and_crash(&scene, &vault, &request, 1).await;
        vault.close().await;
        crashes += 1;
        assert!(crashes < 50);
        if crashed.is_none() {
            break;
        }
    }
    assert!(crashes > 3, "{crashes}");
    let vault = place.vault(&[1]).await;
    scene.check(&vault, &request, "crash after crash").await;
}

async fn a_log_that_takes_nothing_is_waited_for(place: &Place) {
    let vault = place.vault(&[1]).await;
    let scene = Scene::set(&vault, 1).await;
    let eraser = scene.world.eraser(&vault);
    *scene.world.journal.trouble.lock().unwrap() = Trouble::Fails;
    let request = eraser.request(&erasure(&scene.names)).await.unwrap();
    assert!(matches!(eraser.run(&request, &|_| {}).await, Err(EraseError::Journal(_))));
    assert_eq!(eraser.get(&request).await.unwrap().unwrap().progress.step, Step::Found);
    *scene.world.journal.trouble.lock().unwrap() = Trouble::None;
    assert_eq!(resume(&eraser).await, 1);
    scene.check(&vault, &request, "log").await;
}

async fn a_database_that_goes_away(place: &Place) {
    let Place::Postgres { server, .. } = place else { return };
    let vault = place.impatient_vault(&[1]).await;
    let scene = Scene::set(&vault, 1).await;
    let request = scene.world.eraser(&vault).request(&erasure(&scene.names)).await.unwrap();
    // It goes when the people are found.
    let eraser = scene.world.eraser(&vault);
    let killed = AtomicUsize::new(0);
    let observer = |progress: Progress| {
        if progress.step == Step::Announced && killed.fetch_add(1, Ordering::Relaxed) == 0 {
            server.kill();
        }
    };
    assert!(eraser.run(&request, &observer).await.is_err());
    vault.close().await;
    server.start_again();
    let vault = place.vault(&[1]).await;
    assert_eq!(resume(&scene.world.eraser(&vault)).await, 1);
    scene.check(&vault, &request, "database").await;
}
