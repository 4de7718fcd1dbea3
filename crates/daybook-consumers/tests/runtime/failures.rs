//! What goes wrong, and what becomes of the events.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use daybook_consumers::notes::Change;
use daybook_consumers::status::State;
use daybook_consumers::{Batch, Failure, FailureKind, HandlerState, Registration, Undelivered};
use daybook_event::Position;

use crate::handlers::{Fake, failure, places};
use crate::on_both;
use crate::support::{APP, World, caught_up, eventually, on_sqlite, registration, spec, until};

on_both!(
    one_event_takes_no_others_with_it,
    single_failures_are_tried_again_alone,
    what_was_given_up_may_be_only_counted
);

/// All of the batch fails where one of these is in it.
fn poisoned(batch: &Batch, poison: &[Position], kind: FailureKind) -> Result<(), Undelivered> {
    if places(batch, |position| poison.contains(&position)).is_empty() { Ok(()) } else { Err(failure(kind).into()) }
}

async fn one_event_takes_no_others_with_it(world: &World) {
    let positions = world.append_many("a.b", 400).await;
    let poison = [1, 77, 78, 400];
    let fake = Arc::new(Fake::new(move |batch| poisoned(batch, &poison, FailureKind::Retry)));
    let runtime = world.run(spec("all"), fake.clone()).await;
    let status = caught_up(&runtime, "all").await;
    let expected: Vec<Position> = positions.into_iter().filter(|position| !poison.contains(position)).collect();
    assert_eq!(fake.positions(), expected);
    assert_eq!((status.dead_letters, status.delivered, status.offset), (4, 396, 400));
    let letters = runtime.dead_letters(APP, "all", 0, 10).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.position).collect::<Vec<_>>(), poison);
    for letter in letters {
        // Once and two times more, by itself.
        assert_eq!((letter.attempts, letter.history.len(), letter.event.as_str()), (3, 3, "a.b"));
        assert_eq!(letter.history[0].code, "fake.failed");
        assert!(letter.history.is_sorted_by_key(|attempt| attempt.time_us));
    }
    let alone = fake.attempts.lock().iter().filter(|attempt| **attempt == [77]).count();
    assert_eq!(alone, 3);
    runtime.close().await;
}

async fn single_failures_are_tried_again_alone(world: &World) {
    world.append_many("a.b", 100).await;
    let tries = AtomicUsize::new(0);
    let fake = Arc::new(Fake::new(move |batch| {
        // 10 works the second time; 20 never does; 30 is hopeless.
        let failed = places(batch, |position| match position {
            10 => tries.fetch_add(1, Ordering::SeqCst) == 0,
            position => [20, 30].contains(&position),
        });
        let kind = |place: usize| {
            if batch.items[place].event.position == 30 { FailureKind::GiveUp } else { FailureKind::Retry }
        };
        let failed: Vec<_> = failed.into_iter().map(|place| (place, failure(kind(place)))).collect();
        if failed.is_empty() { Ok(()) } else { Err(Undelivered::Some(failed)) }
    }));
    let runtime = world.run(spec("all"), fake.clone()).await;
    let status = caught_up(&runtime, "all").await;
    assert_eq!((status.delivered, status.dead_letters), (98, 2));
    let attempts = fake.attempts.lock().clone();
    assert_eq!(attempts[1..], [vec![10, 20], vec![20]]);
    let mut positions = fake.positions();
    positions.sort_unstable();
    positions.dedup();
    assert_eq!((positions.len(), fake.count()), (98, 98), "nothing came twice");
    let tried = async |position| runtime.dead_letter(APP, "all", position).await.unwrap().unwrap().attempts;
    assert_eq!((tried(20).await, tried(30).await), (3, 1));
    assert_eq!(runtime.dead_letter(APP, "all", 10).await.unwrap(), None);
    runtime.close().await;
}

async fn what_was_given_up_may_be_only_counted(world: &World) {
    world.append_many("a.b", 100).await;
    let fake = || Arc::new(Fake::new(|batch| poisoned(batch, &[50, 60], FailureKind::GiveUp)));
    let mut careless = spec("careless");
    careless.dlq = false;
    let runtime = world.run(careless.clone(), fake()).await;
    let status = caught_up(&runtime, "careless").await;
    assert_eq!((status.dead_letters, status.given_up, status.delivered), (0, 2, 98));
    assert_eq!(runtime.dead_letters(APP, "careless", 0, 10).await.unwrap(), []);
    runtime.close().await;
    let summed = Change::GaveUp { dead_letters: 0, dropped: 2, code: "fake.failed".to_owned() };
    assert_eq!(world.notes.of("careless"), [summed]);
    // The count is kept.
    let runtime = world.run(careless, fake()).await;
    assert_eq!(runtime.status(APP, "careless").unwrap().given_up, 2);
    runtime.close().await;
}

#[test]
fn a_lost_destination_is_probed_until_it_is_back() {
    on_sqlite(async |world| {
        world.append_many("a.b", 2_000).await;
        let dead = Arc::new(AtomicBool::new(false));
        let fake = {
            let dead = Arc::clone(&dead);
            Arc::new(Fake::new(move |batch| {
                let lost = dead.load(Ordering::SeqCst);
                // Some of it, or all of it: no event is to blame.
                if !lost {
                    Ok(())
                } else if batch.after % 2 == 0 {
                    Err(failure(FailureKind::Destination).into())
                } else {
                    let failed = (5..batch.items.len()).map(|place| (place, failure(FailureKind::Destination)));
                    Err(Undelivered::Some(failed.collect()))
                }
            }))
        };
        let runtime = world.run(spec("all"), fake.clone()).await;
        caught_up(&runtime, "all").await;
        for round in 0..3 {
            dead.store(true, Ordering::SeqCst);
            world.append_many("a.b", 101).await;
            let waiting = until(&runtime, "all", |status| matches!(status.state, State::Waiting { .. })).await;
            let State::Waiting { code, message, since, next_probe } = waiting.state else { panic!() };
            assert_eq!((code.as_str(), message.as_str()), ("fake.failed", "it does not want to"));
            assert!(next_probe > since);
            // In this order: what is prepared after it was looked has an attempt after it was looked.
            let prepared = fake.prepared.load(Ordering::SeqCst);
            let attempts = fake.attempts.lock().len();
            eventually("it is probed", || fake.attempts.lock().len() > attempts + 2).await;
            assert!(fake.prepared.load(Ordering::SeqCst) > prepared + 1, "each probe begins with prepare");
            dead.store(false, Ordering::SeqCst);
            let status = caught_up(&runtime, "all").await;
            assert_eq!(status.state, State::Running);
            let mut positions = fake.positions();
            positions.sort_unstable();
            positions.dedup();
            assert_eq!((positions.len(), status.dead_letters), (2_000 + 101 * (round + 1), 0));
        }
        let changes = world.notes.of("all");
        assert_eq!(changes.len(), 6, "{changes:?}");
        for pair in changes.chunks(2) {
            assert!(matches!(pair[0], Change::DestinationLost { code: "fake.failed", .. }), "{pair:?}");
            assert!(matches!(pair[1], Change::DestinationBack { .. }), "{pair:?}");
        }
        runtime.close().await;
    });
}

#[test]
fn a_destination_that_takes_nothing_does_not_turn_the_backlog_into_dead_letters() {
    on_sqlite(async |world| {
        world.append_many("a.b", 1_000).await;
        let broken = Arc::new(AtomicBool::new(true));
        for (name, kind) in [("retry", FailureKind::Retry), ("hopeless", FailureKind::GiveUp)] {
            let fake = {
                let broken = Arc::clone(&broken);
                Arc::new(Fake::new(move |batch| {
                    let failed = |place| (place, failure(kind));
                    if !broken.load(Ordering::SeqCst) {
                        Ok(())
                    } else {
                        Err(Undelivered::Some((0..batch.items.len()).map(failed).collect()))
                    }
                }))
            };
            broken.store(true, Ordering::SeqCst);
            let mut options = crate::support::quick();
            options.probe_pause = (Duration::from_secs(3600), Duration::from_secs(3600));
            let runtime = world.runtime_with(options).await;
            runtime.add(registration(spec(name), fake.clone())).await.unwrap();
            runtime.start();
            let status = until(&runtime, name, |status| matches!(status.state, State::Waiting { .. })).await;
            let State::Waiting { code, .. } = status.state else { panic!() };
            assert_eq!((code.as_str(), status.dead_letters), ("consumer.gives-up-everything", 10));
            // Each probe costs one event at most.
            for probes in 1..=3 {
                runtime.resume(APP, name, None).await.unwrap();
                until(&runtime, name, |status| status.dead_letters == 10 + probes).await;
                until(&runtime, name, |status| matches!(status.state, State::Waiting { .. })).await;
            }
            broken.store(false, Ordering::SeqCst);
            // Whether it was waiting when it was told or came to wait a moment later.
            let begun = Instant::now();
            while fake.count() == 0 {
                assert!(begun.elapsed() < Duration::from_secs(60), "it does not go on");
                runtime.resume(APP, name, None).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let status = caught_up(&runtime, name).await;
            assert_eq!(status.delivered + status.dead_letters, 1_000);
            assert!(status.dead_letters <= 14, "{}", status.dead_letters);
            runtime.close().await;
        }
    });
}

#[test]
fn a_handler_that_takes_too_long_or_panics_harms_only_itself() {
    on_sqlite(async |world| {
        world.append_many("a.b", 100).await;
        let hangs = Arc::new(Fake::new(|_| Ok(())).impatient(Duration::from_millis(20)).waiting());
        let panics = Arc::new(Fake::new(|batch| {
            assert!(places(batch, |position| position == 13).is_empty(), "on purpose");
            Ok(())
        }));
        let (fine, runtime) = (Fake::willing(), world.runtime().await);
        for (name, fake) in [("hangs", &hangs), ("panics", &panics), ("fine", &fine)] {
            runtime.add(registration(spec(name), fake.clone())).await.unwrap();
        }
        runtime.start();
        caught_up(&runtime, "fine").await;
        // The event that it panics at is given up like any other.
        let status = caught_up(&runtime, "panics").await;
        assert_eq!((status.dead_letters, status.delivered), (1, 99));
        let letter = runtime.dead_letter(APP, "panics", 13).await.unwrap().unwrap();
        assert_eq!(letter.history[0].code, "consumer.panicked");
        // A call that hangs is nobody's fault but the destination's.
        let status = until(&runtime, "hangs", |status| matches!(status.state, State::Waiting { .. })).await;
        let State::Waiting { code, .. } = status.state else { panic!() };
        assert_eq!((code.as_str(), status.offset, status.dead_letters), ("consumer.timeout", 0, 0));
        hangs.permits.close();
        caught_up(&runtime, "hangs").await;
        assert_eq!(hangs.positions(), (1..=100).collect::<Vec<u64>>());
        runtime.close().await;
    });
}

#[test]
fn a_destination_that_does_not_fit_stops_the_consumer_until_somebody_resumes_it() {
    on_sqlite(async |world| {
        world.append_many("a.b", 10).await;
        let fake = Fake::willing();
        *fake.prepares.lock() = Some(Failure::new(FailureKind::GiveUp, "fake.columns", "the table has other columns"));
        let runtime = world.run(spec("all"), fake.clone()).await;
        let status = until(&runtime, "all", |status| matches!(status.state, State::Stopped { .. })).await;
        let State::Stopped { code, message, .. } = status.state else { panic!() };
        assert_eq!((code.as_str(), message.as_str()), ("fake.columns", "the table has other columns"));
        assert_eq!(fake.prepared.load(Ordering::SeqCst), 1);
        *fake.prepares.lock() = None;
        runtime.resume(APP, "all", Some("ops")).await.unwrap();
        caught_up(&runtime, "all").await;
        assert_eq!(fake.count(), 10);
        let changes = world.notes.of("all");
        assert!(matches!(changes[0], Change::Stopped { code: "fake.columns", .. }), "{changes:?}");
        assert_eq!(changes[1..], [Change::Resumed]);
        assert_eq!(world.notes.actors(), [None, Some("ops".to_owned())]);
        runtime.close().await;
    });
}

#[test]
fn a_destination_that_asks_for_time_gets_it() {
    on_sqlite(async |world| {
        world.append_many("a.b", 2).await;
        let asked = Duration::from_millis(700);
        let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let fake = {
            let seen = Arc::clone(&seen);
            Arc::new(Fake::new(move |_| {
                let mut seen = seen.lock();
                seen.push(Instant::now());
                let kind = match seen.len() {
                    1 => FailureKind::Destination,
                    2 | 3 => FailureKind::Retry,
                    _ => return Ok(()),
                };
                Err(Failure { retry_after: Some(asked), ..failure(kind) }.into())
            }))
        };
        let runtime = world.run(spec("all"), fake).await;
        caught_up(&runtime, "all").await;
        let seen = seen.lock().clone();
        // Lost; the batch in halves; the first half alone.
        assert!(seen.windows(2).take(3).all(|pair| pair[1] - pair[0] >= asked), "{seen:?}");
        runtime.close().await;
    });
}

#[test]
fn a_consumer_without_a_destination_keeps_its_place() {
    on_sqlite(async |world| {
        world.append_many("a.b", 10).await;
        let runtime = world.runtime().await;
        let handler = HandlerState::Unconfigured("no url".to_owned());
        let mut nowhere = spec("nowhere");
        nowhere.latency = Some(Duration::from_millis(1));
        let nowhere = Registration { handler, ..registration(nowhere, Fake::willing()) };
        runtime.add(nowhere).await.unwrap();
        runtime.start();
        let waits = |status: &daybook_consumers::status::Status| status.lag_seconds > 0.0;
        let status = until(&runtime, "nowhere", waits).await;
        assert_eq!(status.state, State::Unconfigured { missing: "no url".to_owned() });
        assert_eq!((status.offset, status.lag_events), (0, 10));
        assert!(status.promise.unwrap().kept);
        runtime.close().await;
        // Once it has one, nothing is lost.
        let fake = Fake::willing();
        let runtime = world.run(spec("nowhere"), fake.clone()).await;
        caught_up(&runtime, "nowhere").await;
        assert_eq!(fake.count(), 10);
        runtime.close().await;
    });
}

#[test]
fn dead_letters_wait_for_the_state_database() {
    crate::support::on_postgres(async |world| {
        world.append_many("a.b", 20).await;
        let fake = Arc::new(Fake::new(|batch| poisoned(batch, &[7], FailureKind::GiveUp)).waiting());
        let runtime = world.run(spec("all"), fake.clone()).await;
        eventually("it is at it", || fake.busy.load(Ordering::SeqCst)).await;
        let postgres = world.postgres().unwrap();
        postgres.kill();
        fake.permits.close();
        let status = until(&runtime, "all", |status| matches!(status.state, State::Waiting { .. })).await;
        let State::Waiting { code, .. } = &status.state else { panic!() };
        assert_eq!((code.as_str(), status.offset), ("consumer.state", 6));
        postgres.start_again();
        let status = caught_up(&runtime, "all").await;
        assert_eq!((status.dead_letters, status.delivered), (1, 19));
        assert_eq!(fake.positions(), (1..=20).filter(|position| *position != 7).collect::<Vec<u64>>());
        runtime.close().await;
    });
}
