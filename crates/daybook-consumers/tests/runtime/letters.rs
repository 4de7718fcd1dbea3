//! Dead letters: listed, replayed, dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daybook_consumers::dead_letters::{Letters, Replayed};
use daybook_consumers::error::ReplayError;
use daybook_consumers::{FailureKind, Undelivered};

use crate::handlers::{Fake, failure, places};
use crate::on_both;
use crate::support::{APP, Sample, World, caught_up, on_sqlite, registration, sample, spec};

on_both!(letters_are_replayed_and_dropped, letters_outlive_their_consumer);

/// Refuses every tenth event until it is told otherwise.
fn refusing(refuses: &Arc<AtomicBool>) -> Arc<Fake> {
    let refuses = Arc::clone(refuses);
    Arc::new(Fake::new(move |batch| {
        let failed = places(batch, |position| position % 10 == 0 && refuses.load(Ordering::SeqCst));
        let failed: Vec<_> = failed.into_iter().map(|place| (place, failure(FailureKind::GiveUp))).collect();
        if failed.is_empty() { Ok(()) } else { Err(Undelivered::Some(failed)) }
    }))
}

async fn letters_are_replayed_and_dropped(world: &World) {
    world.append_many("a.b", 55).await;
    let refuses = Arc::new(AtomicBool::new(true));
    let fake = refusing(&refuses);
    let runtime = world.run(spec("all"), fake.clone()).await;
    assert_eq!(caught_up(&runtime, "all").await.dead_letters, 5);
    let positions = async || {
        let letters = runtime.dead_letters(APP, "all", 0, 100).await.unwrap();
        letters.iter().map(|letter| letter.position).collect::<Vec<_>>()
    };
    assert_eq!(positions().await, [10, 20, 30, 40, 50]);
    let page = runtime.dead_letters(APP, "all", 20, 2).await.unwrap();
    assert_eq!(page.iter().map(|letter| letter.position).collect::<Vec<_>>(), [30, 40]);
    assert_eq!(page[0].history[0].message, "it does not want to");

    // Still refused: it stays, and tells of one attempt more.
    let mut quiet = |_: &Replayed| {};
    let replayed = runtime.replay(APP, "all", Letters::One(10), &mut quiet).await.unwrap();
    assert_eq!(replayed, Replayed { total: 1, failed: 1, ..Replayed::default() });
    assert_eq!(runtime.dead_letter(APP, "all", 10).await.unwrap().unwrap().attempts, 2);

    refuses.store(false, Ordering::SeqCst);
    let replayed = runtime.replay(APP, "all", Letters::One(20), &mut quiet).await.unwrap();
    assert_eq!(replayed, Replayed { total: 1, delivered: 1, ..Replayed::default() });
    let error = runtime.replay(APP, "all", Letters::One(20), &mut quiet).await.unwrap_err();
    assert!(matches!(error, ReplayError::NoLetter(20)), "{error}");
    assert_eq!(runtime.drop_dead_letters(APP, "all", Letters::One(30)).await.unwrap(), 1);
    assert_eq!(runtime.drop_dead_letters(APP, "all", Letters::One(30)).await.unwrap(), 0);

    // Two at once deliver each once.
    let mut steps = Vec::new();
    let mut heard = |replayed: &Replayed| steps.push(*replayed);
    let (one, other) = tokio::join!(
        runtime.replay(APP, "all", Letters::All, &mut heard),
        runtime.replay(APP, "all", Letters::All, &mut quiet)
    );
    assert_eq!(one.unwrap().delivered + other.unwrap().delivered, 3);
    assert!(steps.is_sorted_by_key(|step| step.delivered));
    assert_eq!(positions().await, [] as [u64; 0]);
    let status = runtime.status(APP, "all").unwrap();
    assert_eq!((status.dead_letters, status.offset), (0, 55));
    let mut arrived = fake.positions();
    arrived.sort_unstable();
    assert_eq!(arrived, (1..=55).filter(|position| *position != 30).collect::<Vec<u64>>());
    runtime.close().await;
}

async fn letters_outlive_their_consumer(world: &World) {
    world.append_many("a.b", 30).await;
    let runtime = world.run(spec("all"), refusing(&Arc::new(AtomicBool::new(true)))).await;
    caught_up(&runtime, "all").await;
    runtime.close().await;
    let runtime = world.runtime().await;
    assert_eq!(runtime.dead_letters(APP, "all", 0, 10).await.unwrap().len(), 3);
    let error = runtime.replay(APP, "all", Letters::All, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, ReplayError::Manage(_)), "{error}");
    assert_eq!(runtime.drop_dead_letters(APP, "all", Letters::One(20)).await.unwrap(), 1);
    runtime.add(registration(spec("all"), Fake::willing())).await.unwrap();
    assert_eq!(runtime.status(APP, "all").unwrap().dead_letters, 2);
    // It does not run: nobody knows whether its destination is there.
    let error = runtime.replay(APP, "all", Letters::All, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, ReplayError::NotReady(_)), "{error}");
    assert_eq!(runtime.drop_dead_letters(APP, "all", Letters::All).await.unwrap(), 2);
    runtime.close().await;
}

#[test]
fn a_replay_says_what_is_gone_or_does_not_open() {
    on_sqlite(async |world| {
        let old = Sample { time_us: Some(1_000_000), ..sample("old.event") };
        world.append(&[old; 9]).await;
        let ada = Sample { person: Some("ada"), ..sample("a.b") };
        // 10 will be compacted, 20 be of somebody who is erased.
        world.append(&[old]).await;
        world.append(&[ada; 10]).await;
        let refuses = Arc::new(AtomicBool::new(true));
        let fake = {
            let refuses = Arc::clone(&refuses);
            Arc::new(
                Fake::new(move |batch| {
                    let failed = places(batch, |position| position % 10 == 0 && refuses.load(Ordering::SeqCst));
                    let failed: Vec<_> =
                        failed.into_iter().map(|place| (place, failure(FailureKind::GiveUp))).collect();
                    if failed.is_empty() { Ok(()) } else { Err(Undelivered::Some(failed)) }
                })
                .open(),
            )
        };
        let runtime = world.run(spec("all"), fake.clone()).await;
        assert_eq!(caught_up(&runtime, "all").await.dead_letters, 2);
        assert_eq!(fake.arrived.lock().last().unwrap().event.identity.as_deref(), Some("ada"));

        world.log.roll_older_than(i64::MAX).await.unwrap();
        let log = world.log.clone();
        let compact =
            move || log.compact(&|candidate| candidate.time_us < 2_000_000, i64::MAX, &mut |_| {}, &|| false).unwrap();
        assert_eq!(tokio::task::spawn_blocking(compact).await.unwrap().records, 10);
        world.vault.erase(&[world.subject("ada").await]).await.unwrap();
        for view in runtime.views() {
            view.forget_months(&[]).await.unwrap();
        }
        refuses.store(false, Ordering::SeqCst);
        let replayed = runtime.replay(APP, "all", Letters::All, &mut |_| {}).await.unwrap();
        assert_eq!(replayed, Replayed { total: 2, delivered: 1, unopened: 1, compacted: 1, ..Replayed::default() });
        assert_eq!(fake.arrived.lock().last().unwrap().event.identity, None);
        let letter = runtime.dead_letter(APP, "all", 10).await.unwrap().unwrap();
        assert_eq!(letter.history.last().unwrap().code, "consumer.compacted");
        runtime.close().await;
    });
}
