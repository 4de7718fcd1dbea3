//! Pause, resume, rewind, promises, metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daybook_consumers::FailureKind;
use daybook_consumers::error::ManageError;
use daybook_consumers::limits::CATCHING_UP_POSITIONS;
use daybook_consumers::notes::Change;
use daybook_consumers::status::State;
use daybook_consumers::{HandlerState, Registration, To};
use daybook_event::Timestamp;

use crate::handlers::{Fake, Ledger, failure};
use crate::on_both;
use crate::support::{APP, Sample, World, batch, caught_up, eventually, on_sqlite, registration, sample, spec, until};

on_both!(a_pause_outlives_a_restart, a_consumer_is_rewound, what_came_without_a_destination_breaks_no_promise);

async fn a_pause_outlives_a_restart(world: &World) {
    world.append_many("a.b", 10).await;
    let fake = Fake::willing();
    let runtime = world.run(spec("all"), fake.clone()).await;
    caught_up(&runtime, "all").await;
    let status = runtime.pause(APP, "all", Some("ops")).await.unwrap();
    assert!(matches!(status.state, State::Paused { .. }), "{status:?}");
    runtime.pause(APP, "all", Some("ops")).await.unwrap();
    world.append_many("a.b", 10).await;
    // It says how long the oldest event has been waiting.
    until(&runtime, "all", |status| status.lag_seconds > 0.0).await;
    runtime.close().await;

    let runtime = world.run(spec("all"), fake.clone()).await;
    let status = runtime.status(APP, "all").unwrap();
    assert!(matches!(status.state, State::Paused { .. }), "{status:?}");
    assert_eq!((status.offset, fake.count()), (10, 10));
    let status = runtime.resume(APP, "all", None).await.unwrap();
    assert!(!matches!(status.state, State::Paused { .. }), "{status:?}");
    caught_up(&runtime, "all").await;
    assert_eq!(fake.positions(), (1..=20).collect::<Vec<u64>>());
    assert_eq!(world.notes.of("all"), [Change::Paused, Change::Resumed]);
    assert_eq!(world.notes.actors(), [Some("ops".to_owned()), None]);
    let unknown = runtime.pause(APP, "nobody", None).await.unwrap_err();
    assert!(matches!(unknown, ManageError::Unknown { .. }), "{unknown}");
    runtime.close().await;
}

async fn a_consumer_is_rewound(world: &World) {
    for second in 1..=40 {
        world.append(&[Sample { received_us: Some(second * 1_000_000), ..sample("a.b") }]).await;
    }
    let (fake, ledger) = (Fake::willing(), Arc::new(Ledger::default()));
    let runtime = world.run(spec("all"), fake.clone()).await;
    runtime.add(registration(spec("ledger"), ledger.clone())).await.unwrap();
    let at = |second: i64| To::Time(Timestamp::from_microseconds(second * 1_000_000));
    for (to, first) in [
        (To::Beginning, Some(1)),
        (To::Position(17), Some(18)),
        (at(0), Some(1)),
        (at(1), Some(1)),
        (at(20), Some(20)),
        (To::Time(Timestamp::from_microseconds(20_000_001)), Some(21)),
        (at(40), Some(40)),
        (at(41), None),
        (To::Now, None),
    ] {
        caught_up(&runtime, "all").await;
        caught_up(&runtime, "ledger").await;
        fake.arrived.lock().clear();
        let status = runtime.rewind(APP, "all", to, None).await.unwrap();
        assert!(status.lag_events > 0 || first.is_none() || fake.count() > 0, "{to:?}: {status:?}");
        runtime.rewind(APP, "ledger", to, None).await.unwrap();
        caught_up(&runtime, "all").await;
        caught_up(&runtime, "ledger").await;
        let expected: Vec<u64> = first.map_or(Vec::new(), |first| (first..=40).collect());
        assert_eq!(fake.positions(), expected, "{to:?}");
        assert_eq!(ledger.kept.lock().1, (1..=40).collect::<Vec<u64>>(), "{to:?}");
    }
    let ahead = runtime.rewind(APP, "all", To::Position(41), None).await.unwrap_err();
    assert!(matches!(ahead, ManageError::Ahead { position: 41, head: 40 }), "{ahead}");
    assert_eq!(world.notes.of("all")[1], Change::Rewound { from: 40, to: 17 });
    // Durably, and paused ones too.
    runtime.pause(APP, "all", None).await.unwrap();
    runtime.rewind(APP, "all", To::Position(30), None).await.unwrap();
    drop(runtime);
    fake.arrived.lock().clear();
    let runtime = world.run(spec("all"), fake.clone()).await;
    assert_eq!(runtime.status(APP, "all").unwrap().offset, 30);
    runtime.resume(APP, "all", None).await.unwrap();
    caught_up(&runtime, "all").await;
    assert_eq!(fake.positions(), (31..=40).collect::<Vec<u64>>());
    runtime.close().await;
}

#[test]
fn a_rewind_in_the_middle_of_a_delivery_is_not_undone_by_it() {
    on_sqlite(async |world| {
        world.append_many("a.b", 100).await;
        let fake = Arc::new(Fake::new(|_| Ok(())).waiting());
        let mut small = spec("all");
        small.batch = batch(10, Duration::ZERO);
        let runtime = world.run(small, fake.clone()).await;
        fake.permits.add_permits(5);
        eventually("the sixth batch is under way", || fake.count() == 50 && fake.busy.load(Ordering::SeqCst)).await;
        let rewinding = {
            let runtime = runtime.clone();
            tokio::spawn(async move { runtime.rewind(APP, "all", To::Position(5), None).await })
        };
        // It waits for the delivery that is under way, whichever that is by then, and is not waited for by it.
        while !rewinding.is_finished() {
            fake.permits.add_permits(1);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        rewinding.await.unwrap().unwrap();
        fake.permits.close();
        caught_up(&runtime, "all").await;
        let positions = fake.positions();
        let again = positions.iter().rposition(|position| *position == 6).unwrap();
        assert!(again >= 50, "{positions:?}");
        assert_eq!(positions[again..], (6..=100).collect::<Vec<u64>>());
        runtime.close().await;
    });
}

#[test]
fn closing_does_not_wait_for_ever() {
    on_sqlite(async |world| {
        world.append_many("a.b", 10).await;
        let fake = Arc::new(Fake::new(|_| Ok(())).waiting());
        let mut options = crate::support::quick();
        options.close_patience = Duration::from_millis(50);
        let runtime = world.runtime_with(options).await;
        runtime.add(registration(spec("all"), fake.clone())).await.unwrap();
        runtime.start();
        eventually("it is at it", || fake.busy.load(Ordering::SeqCst)).await;
        runtime.close().await;
        eventually("the attempt is abandoned", || !fake.busy.load(Ordering::SeqCst)).await;
        assert_eq!(runtime.status(APP, "all").unwrap().offset, 0);
    });
}

#[test]
fn a_broken_promise_is_told() {
    on_sqlite(async |world| {
        let dead = Arc::new(AtomicBool::new(true));
        let answer = {
            let dead = Arc::clone(&dead);
            move |_: &_| {
                if dead.load(Ordering::SeqCst) { Err(failure(FailureKind::Destination).into()) } else { Ok(()) }
            }
        };
        let fake = Arc::new(Fake::new(answer));
        // What was there before does not count.
        let old = Sample { received_us: Some(1), ..sample("a.b") };
        world.append(&[old; 10]).await;
        let mut promising = spec("promising");
        // Longer than a delivery takes on however slow a machine.
        promising.latency = Some(Duration::from_secs(50));
        let (runtime, registry) = (world.runtime().await, prometheus::Registry::new());
        runtime.register_metrics(&registry).unwrap();
        runtime.register_metrics(&registry).unwrap_err();
        runtime.add(registration(promising, fake.clone())).await.unwrap();
        dead.store(false, Ordering::SeqCst);
        runtime.start();
        let status = caught_up(&runtime, "promising").await;
        assert_eq!((status.delivered, status.latency), (10, None));
        world.append_many("a.b", 10).await;
        let status = until(&runtime, "promising", |status| status.delivered == 20).await;
        assert!(status.latency.is_some() && status.promise.unwrap().kept, "{status:?}");
        // Nothing is delivered any more: the event that waits tells.
        dead.store(true, Ordering::SeqCst);
        let late = Sample { received_us: Some(crate::support::now_us() - 60_000_000), ..sample("a.b") };
        world.append(&[late]).await;
        until(&runtime, "promising", |status| matches!(status.state, State::Waiting { .. })).await;
        until(&runtime, "promising", |status| !status.promise.unwrap().kept).await;
        let told = || {
            world.notes.of("promising").into_iter().find_map(|change| match change {
                Change::LatencyBroken { promise, p99 } => Some((promise, p99)),
                _ => None,
            })
        };
        eventually("it is told", || told().is_some()).await;
        let (promise, p99) = told().expect("it was told");
        assert!(promise == Duration::from_secs(50) && p99 >= Duration::from_secs(60), "{promise:?} {p99:?}");

        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let labels = r#"{app="shop",consumer="promising"}"#;
        for line in [
            format!("daybook_consumer_delivered_total{labels} 20"),
            format!("daybook_consumer_breaker_open{labels} 1"),
            format!("daybook_consumer_running{labels} 0"),
            format!("daybook_consumer_latency_promise_kept{labels} 0"),
            format!("daybook_consumer_latency_promise_seconds{labels} 50"),
            format!("daybook_consumer_lag_events{labels} 1"),
            r#"daybook_consumer_latency_seconds_bucket{app="shop",consumer="promising",le="+Inf"} 10"#.to_owned(),
            "# TYPE daybook_consumer_latency_seconds histogram".to_owned(),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        runtime.close().await;
    });
}

/// What a start has to do again is no news: the promise is of what comes from then on.
#[test]
fn what_is_computed_again_breaks_no_promise() {
    on_sqlite(async |world| {
        let mut promising = spec("counts");
        promising.latency = Some(Duration::from_secs(5));
        let runtime = world.run(promising.clone(), Arc::new(Ledger::default())).await;
        let old = Sample { received_us: Some(crate::support::now_us() - 300_000_000), ..sample("a.b") };
        world.append(&[old; 10]).await;
        until(&runtime, "counts", |status| status.delivered == 10 && status.latency.is_some()).await;
        runtime.close().await;
        // A new process, whose ledger is empty.
        let runtime = world.run(promising, Arc::new(Ledger::default())).await;
        let status = until(&runtime, "counts", |status| status.delivered == 10).await;
        assert_eq!(status.latency, None);
        world.append_many("a.b", 1).await;
        let status = until(&runtime, "counts", |status| status.delivered == 11).await;
        assert!(status.latency.unwrap().p99_ms < 60_000.0, "{status:?}");
        runtime.close().await;
    });
}

/// Nor does what comes meanwhile, and waits for that.
#[test]
fn what_comes_while_it_is_computed_again_breaks_no_promise() {
    on_sqlite(async |world| {
        world.append_many("a.b", CATCHING_UP_POSITIONS as usize + 1_000).await;
        let mut promising = spec("counts");
        promising.latency = Some(Duration::from_secs(5));
        let ledger = Arc::new(Ledger::default());
        let held = ledger.hold.lock().await;
        let runtime = world.run(promising, ledger.clone()).await;
        // As if they had waited for long.
        let waiting = Sample { received_us: Some(crate::support::now_us() - 300_000_000), ..sample("a.b") };
        world.append(&[waiting; 10]).await;
        drop(held);
        let all = CATCHING_UP_POSITIONS + 1_010;
        let status = until(&runtime, "counts", |status| status.delivered == all).await;
        assert_eq!((status.latency, status.promise.unwrap().kept), (None, true));
        // From then on it does what it promised, or not.
        world.append(&[waiting]).await;
        let status = until(&runtime, "counts", |status| status.delivered == all + 1).await;
        assert!(status.latency.unwrap().p99_ms > 60_000.0, "{status:?}");
        runtime.close().await;
    });
}

/// As while it was paused.
async fn what_came_without_a_destination_breaks_no_promise(world: &World) {
    let mut promising = spec("promising");
    promising.latency = Some(Duration::from_secs(5));
    let registration = registration(promising, Fake::willing());
    let handler = HandlerState::Unconfigured("no url".to_owned());
    let runtime = world.runtime().await;
    runtime.add(Registration { handler, ..registration.clone() }).await.unwrap();
    runtime.start();
    let old = Sample { received_us: Some(crate::support::now_us() - 300_000_000), ..sample("a.b") };
    world.append(&[old; 10]).await;
    runtime.close().await;
    let runtime = world.runtime().await;
    runtime.add(registration.clone()).await.unwrap();
    runtime.start();
    let status = until(&runtime, "promising", |status| status.delivered == 10).await;
    assert_eq!(status.latency, None);
    // What is late from then on is.
    world.append(&[old]).await;
    let status = until(&runtime, "promising", |status| status.latency.is_some()).await;
    assert!(status.latency.unwrap().p99_ms > 60_000.0, "{status:?}");
    runtime.close().await;
    // It is not as after a pause at every start.
    let runtime = world.runtime().await;
    runtime.add(Registration { handler: HandlerState::Ready(Fake::willing()), ..registration }).await.unwrap();
    world.append(&[old]).await;
    runtime.start();
    until(&runtime, "promising", |status| status.latency.is_some()).await;
    runtime.close().await;
}

#[test]
fn a_status_is_json() {
    on_sqlite(async |world| {
        world.append_many("a.b", 1).await;
        let runtime = world.run(spec("all"), Fake::willing()).await;
        caught_up(&runtime, "all").await;
        runtime.pause(APP, "all", None).await.unwrap();
        let status = serde_json::to_value(runtime.status(APP, "all").unwrap()).unwrap();
        assert_eq!(
            (&status["state"], &status["consumer"], &status["offset"]),
            (&"paused".into(), &"all".into(), &1.into())
        );
        assert!(status["since"].as_str().unwrap().ends_with('Z'));
        runtime.close().await;
    });
}
