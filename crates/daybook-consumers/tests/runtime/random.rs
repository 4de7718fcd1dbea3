//! Whatever goes wrong, in whatever order: every event that is wanted is delivered at least once, and for the first time in order, or is a dead
//! letter.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use daybook_consumers::{Batch, Failure, FailureKind, To, Undelivered};
use daybook_event::Position;
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::handlers::{Fake, failure, places};
use crate::support::{APP, Sample, batch, caught_up, eventually, on_sqlite, sample, spec};

/// How an attempt ends.
#[derive(Debug, Clone)]
enum End {
    Delivered,
    All(FailureKind),
    /// The events at these places, in turns.
    Some(Vec<(usize, FailureKind)>),
    Panic,
}

/// What is done to the runtime between attempts.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Append(usize),
    PauseAndResume,
    Crash,
    Close,
    Rewind,
}

fn ends() -> impl Strategy<Value = End> {
    let kind = || prop_oneof![3 => Just(FailureKind::Retry), 1 => Just(FailureKind::Destination), 1 => Just(FailureKind::GiveUp)];
    prop_oneof![
        5 => Just(End::Delivered),
        2 => kind().prop_map(End::All),
        3 => prop::collection::vec((0..30usize, kind()), 1..5).prop_map(End::Some),
        1 => Just(End::Panic),
    ]
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (1..40usize).prop_map(Deed::Append),
        1 => Just(Deed::PauseAndResume),
        1 => Just(Deed::Crash),
        1 => Just(Deed::Close),
        1 => Just(Deed::Rewind),
    ]
}

fn attempt(batch: &Batch, ends: &Mutex<VecDeque<End>>) -> Result<(), Undelivered> {
    match ends.lock().pop_front().unwrap_or(End::Delivered) {
        End::Delivered => Ok(()),
        End::All(kind) => Err(failure(kind).into()),
        End::Panic => panic!("on purpose"),
        End::Some(some) => {
            let some: Vec<(usize, Failure)> =
                some.into_iter().map(|(place, kind)| (place % batch.items.len(), failure(kind))).collect();
            let mut once = BTreeSet::new();
            Err(Undelivered::Some(some.into_iter().filter(|(place, _)| once.insert(*place)).collect()))
        }
    }
}

#[test]
fn every_event_is_delivered_or_a_dead_letter() {
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let cases = (prop::collection::vec(ends(), 0..120), prop::collection::vec(deeds(), 1..10), 1..30u32, 0..3u32);
    runner
        .run(&cases, |(ends, deeds, size, retry)| {
            on_sqlite(async |world| {
                let (ends, appended) = (Arc::new(Mutex::new(VecDeque::from(ends))), AtomicUsize::new(0));
                let fake = {
                    let ends = Arc::clone(&ends);
                    Arc::new(Fake::new(move |batch| {
                        assert!(places(batch, |position| position % 3 == 0).is_empty(), "not wanted");
                        attempt(batch, &ends)
                    }))
                };
                let mut all = spec("all");
                (all.events, all.retry) = (vec!["wanted.*".to_owned()], retry);
                all.batch = batch(size, Duration::ZERO);
                let mut runtime = world.run(all.clone(), fake.clone()).await;
                for deed in [Deed::Append(20)].into_iter().chain(deeds) {
                    match deed {
                        Deed::Append(count) => {
                            let before = appended.fetch_add(count, Ordering::SeqCst);
                            let numbers = before + 1..=before + count;
                            let name = |number| if number % 3 == 0 { "else.b" } else { "wanted.b" };
                            let samples: Vec<Sample<'_>> = numbers.map(|number| sample(name(number))).collect();
                            world.append(&samples).await;
                        }
                        Deed::PauseAndResume => {
                            runtime.pause(APP, "all", None).await.unwrap();
                            runtime.resume(APP, "all", None).await.unwrap();
                        }
                        Deed::Crash => {
                            drop(runtime);
                            eventually("the task ends", || !fake.busy.load(Ordering::SeqCst)).await;
                            runtime = world.run(all.clone(), fake.clone()).await;
                        }
                        Deed::Close => {
                            runtime.close().await;
                            runtime = world.run(all.clone(), fake.clone()).await;
                        }
                        Deed::Rewind => {
                            runtime.rewind(APP, "all", To::Beginning, None).await.unwrap();
                        }
                    }
                }
                caught_up(&runtime, "all").await;
                let letters = runtime.dead_letters(APP, "all", 0, 1_000).await.unwrap();
                let letters: BTreeSet<Position> = letters.iter().map(|letter| letter.position).collect();
                let arrived: BTreeSet<Position> = fake.positions().into_iter().collect();
                let expected: BTreeSet<Position> =
                    (1..=appended.load(Ordering::SeqCst) as u64).filter(|position| position % 3 != 0).collect();
                assert_eq!(arrived.union(&letters).copied().collect::<BTreeSet<_>>(), expected);
                // Attempts begin in order: none begins behind an event that nobody tried yet.
                let mut tried = BTreeSet::new();
                for attempt in fake.attempts.lock().iter() {
                    let first = attempt[0];
                    assert!(expected.range(..first).all(|before| tried.contains(before)), "{first} came too early");
                    tried.extend(attempt.iter().copied());
                }
                runtime.close().await;
            });
            Ok(())
        })
        .unwrap();
}
