//! What is delivered, in which order, how often.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use daybook_catalog::consumers::{From, Order, Rate};
use daybook_consumers::{Batch, Item};
use daybook_event::stored::Standing;
use daybook_event::{Kind, SubjectId};
use serde_json::json;

use crate::handlers::{Fake, Ledger, Trouble};
use crate::on_both;
use crate::support::{Sample, World, batch, caught_up, eventually, on_sqlite, registration, sample, spec, until};

on_both!(
    events_come_in_order,
    a_crash_repeats_and_loses_nothing,
    a_handler_that_keeps_its_offset_has_each_event_once,
    a_new_consumer_begins_where_it_says,
    consumers_come_and_go_while_others_run,
);

async fn events_come_in_order(world: &World) {
    let begun = Instant::now();
    let mut samples = Vec::new();
    for number in 0..2_000 {
        let name = ["cart.added", "cart.removed", "order.placed", "page.viewed"][number % 4];
        samples.push(Sample { app: if number % 5 == 0 { "other" } else { "shop" }, ..sample(name) });
    }
    let positions = world.append(&samples).await;
    let mut wanted = spec("carts");
    wanted.events = vec!["cart.*".to_owned(), "order.placed".to_owned()];
    wanted.exclude = vec!["cart.removed".to_owned()];
    wanted.batch = batch(7, Duration::ZERO);
    let fake = Fake::willing();
    let runtime = world.run(wanted, fake.clone()).await;
    let expected = |from: usize, samples: &[Sample<'_>], positions: &[u64]| -> Vec<u64> {
        let wanted =
            |sample: &Sample<'_>| sample.app == "shop" && ["cart.added", "order.placed"].contains(&sample.name);
        samples.iter().zip(positions).skip(from).filter(|(sample, _)| wanted(sample)).map(|(_, at)| *at).collect()
    };
    caught_up(&runtime, "carts").await;
    assert_eq!(fake.positions(), expected(0, &samples, &positions));
    assert!(fake.attempts.lock().iter().all(|attempt| attempt.len() <= 7));
    // And so does what comes while it runs, one by one.
    let mut all = expected(0, &samples, &positions);
    for sample in &samples[..20] {
        let positions = world.append(&[*sample]).await;
        all.extend(expected(0, &[*sample], &positions));
    }
    // The offset is there a moment before it is said that nothing waits.
    let status = until(&runtime, "carts", |status| status.lag_events == 0 && status.lag_seconds == 0.0).await;
    assert_eq!(fake.positions(), all);
    assert_eq!(status.offset, 2_020);
    assert_eq!(status.delivered, all.len() as u64);
    // At the start, and each minute.
    let minutes = usize::try_from(begun.elapsed().as_secs() / 60).unwrap();
    assert!((1..=1 + minutes).contains(&fake.tended.load(Ordering::SeqCst)));
    runtime.close().await;
}

async fn a_crash_repeats_and_loses_nothing(world: &World) {
    let mut expected = world.append_many("a.b", 300).await;
    let fake = Arc::new(Fake::new(|_| Ok(())).waiting());
    let mut carefully = spec("careful");
    carefully.batch = batch(10, Duration::ZERO);
    let mut arrived = 0;
    // It crashes in the middle of a delivery, again and again.
    for round in 1..=5 {
        let runtime = world.run(carefully.clone(), fake.clone()).await;
        fake.permits.add_permits(4);
        eventually("four batches arrive", || fake.count() >= arrived + 40).await;
        eventually("the fifth is under way", || fake.busy.load(Ordering::SeqCst)).await;
        arrived = fake.count();
        drop(runtime);
        eventually("the task ends", || !fake.busy.load(Ordering::SeqCst)).await;
        assert_eq!(fake.count(), 40 * round);
    }
    expected.extend(world.append_many("a.b", 5).await);
    fake.permits.close();
    let runtime = world.run(carefully, fake.clone()).await;
    caught_up(&runtime, "careful").await;
    runtime.close().await;
    let mut positions = fake.positions();
    // In order but for what was repeated.
    let steps_back = positions.windows(2).filter(|pair| pair[1] <= pair[0]).count();
    assert!(steps_back <= 5, "{steps_back}");
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(positions, expected);
    // What was written when it was closed is not repeated.
    let again = Fake::willing();
    let runtime = world.run(spec("careful"), again.clone()).await;
    let last = world.append_many("a.b", 1).await;
    eventually("the last arrives", || again.count() > 0).await;
    assert_eq!(again.positions(), last);
    runtime.close().await;
}

async fn a_handler_that_keeps_its_offset_has_each_event_once(world: &World) {
    let expected = world.append_many("a.b", 1_000).await;
    let ledger = Arc::new(Ledger::default());
    let kinds = [Trouble::None, Trouble::Before, Trouble::After, Trouble::Panic];
    *ledger.troubles.lock() = (0..40).map(|number| kinds[number * 7 % 11 % 4]).collect();
    let mut once = spec("ledger");
    once.batch = batch(30, Duration::ZERO);
    once.dlq = false;
    let mut at = 0;
    for _ in 0..3 {
        let runtime = world.run(once.clone(), ledger.clone()).await;
        // As far as there is anywhere to get: it may have done everything before anybody looked.
        eventually("it gets on", || ledger.kept.lock().0 > at.min(999)).await;
        at = ledger.kept.lock().0;
        drop(runtime);
    }
    let runtime = world.run(once, ledger.clone()).await;
    let status = caught_up(&runtime, "ledger").await;
    assert_eq!(ledger.kept.lock().1, expected);
    assert_eq!((status.dead_letters, status.given_up), (0, 0));
    runtime.close().await;
}

async fn a_new_consumer_begins_where_it_says(world: &World) {
    world.append_many("a.b", 10).await;
    let (all, new) = (Fake::willing(), Fake::willing());
    let mut from_now = spec("new");
    from_now.from = From::Now;
    let runtime = world.runtime().await;
    runtime.add(registration(spec("all"), all.clone())).await.unwrap();
    runtime.add(registration(from_now.clone(), new.clone())).await.unwrap();
    // Before it runs for the first time: its beginning was fixed when it was added.
    let later = world.append_many("a.b", 3).await;
    drop(runtime);
    let runtime = world.runtime().await;
    runtime.add(registration(spec("all"), all.clone())).await.unwrap();
    runtime.add(registration(from_now, new.clone())).await.unwrap();
    runtime.start();
    caught_up(&runtime, "all").await;
    caught_up(&runtime, "new").await;
    assert_eq!(all.positions(), (1..=13).collect::<Vec<u64>>());
    assert_eq!(new.positions(), later);
    runtime.close().await;
}

async fn consumers_come_and_go_while_others_run(world: &World) {
    world.append_many("a.b", 10).await;
    let (first, second) = (Fake::willing(), Fake::willing());
    let runtime = world.run(spec("first"), first.clone()).await;
    caught_up(&runtime, "first").await;
    runtime.add(registration(spec("second"), second.clone())).await.unwrap();
    caught_up(&runtime, "second").await;
    runtime.add(registration(spec("second"), second.clone())).await.unwrap_err();
    runtime.remove("shop", "second").await.unwrap();
    runtime.remove("shop", "second").await.unwrap_err();
    world.append_many("a.b", 5).await;
    caught_up(&runtime, "first").await;
    assert_eq!(second.count(), 10);
    runtime.add(registration(spec("second"), second.clone())).await.unwrap();
    caught_up(&runtime, "second").await;
    for fake in [first, second] {
        assert_eq!(fake.positions(), (1..=15).collect::<Vec<u64>>());
    }
    runtime.close().await;
    runtime.add(registration(spec("third"), Fake::willing())).await.unwrap_err();
}

#[test]
fn a_slow_consumer_delays_nobody() {
    on_sqlite(async |world| {
        world.append_many("a.b", 500).await;
        let (slow, fast) = (Arc::new(Fake::new(|_| Ok(())).waiting()), Fake::willing());
        let runtime = world.runtime().await;
        runtime.add(registration(spec("slow"), slow.clone())).await.unwrap();
        runtime.add(registration(spec("fast"), fast.clone())).await.unwrap();
        runtime.start();
        eventually("the slow one is at it", || slow.busy.load(Ordering::SeqCst)).await;
        caught_up(&runtime, "fast").await;
        world.append_many("a.b", 5_000).await;
        caught_up(&runtime, "fast").await;
        assert_eq!((fast.count(), slow.count()), (5_500, 0));
        assert_eq!(runtime.status("shop", "slow").unwrap().lag_events, 5_500);
        slow.permits.close();
        caught_up(&runtime, "slow").await;
        assert_eq!(slow.count(), 5_500);
        runtime.close().await;
    });
}

#[test]
fn a_condition_sees_the_data_that_everybody_may_see() {
    on_sqlite(async |world| {
        let large = json!({"type": "object", "properties": {"total": {"minimum": 100}}, "required": ["total"]});
        let datas = [
            r#"{"total": 100}"#,
            r#"{"total": 99.5}"#,
            "",
            "[]",
            "not json",
            r#"{"total": "100"}"#,
            "7",
            r#"{"total": 1e9}"#,
        ];
        let samples: Vec<_> = datas.iter().map(|data| Sample { data, ..sample("order.placed") }).collect();
        world.append(&samples).await;
        let mut picky = spec("picky");
        picky.condition = Some(large);
        let fake = Fake::willing();
        let runtime = world.run(picky, fake.clone()).await;
        let status = caught_up(&runtime, "picky").await;
        // `minimum` says nothing of texts.
        assert_eq!(fake.positions(), [1, 6, 8]);
        assert_eq!(status.offset, 8);
        runtime.close().await;
        let mut broken = spec("broken");
        broken.condition = Some(json!({"type": "nonsense"}));
        let error = runtime.add(registration(broken, fake)).await.unwrap_err();
        assert!(error.to_string().contains("the condition of shop/broken does not compile"), "{error}");
    });
}

#[test]
fn a_consumer_that_wants_nothing_gets_on_all_the_same() {
    on_sqlite(async |world| {
        world.append_many("a.b", 2_000).await;
        let mut nothing = spec("nothing");
        nothing.events = vec!["z.*".to_owned()];
        let fake = Fake::willing();
        let runtime = world.run(nothing.clone(), fake.clone()).await;
        assert_eq!(caught_up(&runtime, "nothing").await.offset, 2_000);
        world.append_many("a.b", 2_000).await;
        assert_eq!(caught_up(&runtime, "nothing").await.offset, 4_000);
        runtime.close().await;
        // Its offset was written.
        let runtime = world.runtime().await;
        runtime.add(registration(nothing, fake.clone())).await.unwrap();
        assert_eq!(runtime.status("shop", "nothing").unwrap().offset, 4_000);
        assert_eq!(fake.count(), 0);
    });
}

#[test]
fn batches_wait_for_more_and_no_longer() {
    on_sqlite(async |world| {
        let fake = Fake::willing();
        let mut patient = spec("patient");
        patient.batch = batch(10, Duration::from_secs(3600));
        let runtime = world.run(patient, fake.clone()).await;
        for _ in 0..25 {
            world.append_many("a.b", 1).await;
        }
        // Two full batches; for the rest it would wait an hour.
        eventually("two batches arrive", || fake.count() == 20).await;
        assert_eq!(fake.attempts.lock().len(), 2);
        let status = until(&runtime, "patient", |status| status.lag_seconds > 0.0).await;
        assert_eq!(status.offset, 20);
        runtime.close().await;

        let mut patient = spec("patient");
        patient.batch = batch(10, Duration::from_millis(50));
        let runtime = world.run(patient, fake.clone()).await;
        caught_up(&runtime, "patient").await;
        assert_eq!(fake.attempts.lock().last().unwrap().len(), 5);
        runtime.close().await;
    });
}

#[test]
fn a_rate_is_kept() {
    on_sqlite(async |world| {
        world.append_many("a.b", 60).await;
        let mut slow = spec("slow");
        slow.rate = Some(Rate { events: NonZeroU32::new(100).unwrap(), per: Duration::from_secs(1) });
        let (fake, begun) = (Fake::willing(), Instant::now());
        let runtime = world.run(slow, fake.clone()).await;
        caught_up(&runtime, "slow").await;
        // The first ten pass at once.
        assert!(begun.elapsed() >= Duration::from_millis(490), "{:?}", begun.elapsed());
        assert!(fake.attempts.lock().iter().all(|attempt| attempt.len() <= 10));
        assert_eq!(fake.count(), 60);
        runtime.close().await;
    });
}

#[test]
fn counts_are_marked_as_hidden() {
    on_sqlite(async |world| {
        let count = Sample { kind: Kind::DailyCount, ..sample("page.viewed") };
        world.append(&[sample("page.viewed"), count]).await;
        let fake = Fake::willing();
        let runtime = world.run(spec("all"), fake.clone()).await;
        caught_up(&runtime, "all").await;
        let hidden: Vec<bool> = fake.arrived.lock().iter().map(|item| item.hidden).collect();
        assert_eq!(hidden, [false, true]);
        runtime.close().await;
    });
}

#[test]
fn what_was_compacted_passes() {
    on_sqlite(async |world| {
        let old = Sample { time_us: Some(1_000_000), ..sample("old.event") };
        for _ in 0..20 {
            world.append(&vec![old; 100]).await;
        }
        let new = world.append_many("new.event", 10).await;
        // Its cache must not keep what is gone.
        let fake = Fake::willing();
        let runtime = world.run(spec("before"), fake.clone()).await;
        caught_up(&runtime, "before").await;
        assert_eq!(fake.count(), 2_010);
        world.log.roll_older_than(i64::MAX).await.unwrap();
        let log = world.log.clone();
        let compacted = tokio::task::spawn_blocking(move || {
            log.compact(&|candidate| candidate.time_us < 2_000_000, i64::MAX, &mut |_| {}, &|| false).unwrap()
        });
        assert_eq!(compacted.await.unwrap().records, 2_000);
        for view in runtime.views() {
            view.forget_months(&[]).await.unwrap();
        }
        let after = Fake::willing();
        runtime.add(registration(spec("after"), after.clone())).await.unwrap();
        let status = caught_up(&runtime, "after").await;
        assert_eq!(after.positions(), new);
        assert_eq!(status.offset, 2_010);
        runtime.close().await;
    });
}

#[test]
fn lanes_keep_what_must_stay_in_order() {
    on_sqlite(async |world| {
        let of = |person, group| Sample { person, group, ..sample("a.b") };
        let (ada, bob) = (Some("ada"), Some("bob"));
        let samples = [of(ada, Some("1")), of(bob, Some("1")), of(None, None), of(ada, Some("2")), of(bob, None)];
        world.append(&samples).await;
        let fake = Fake::willing();
        let runtime = world.run(spec("all"), fake.clone()).await;
        caught_up(&runtime, "all").await;
        let items: Vec<Arc<Item>> = fake.arrived.lock().clone();
        let batch = Batch { items, after: 0, through: 5, replay: false };
        assert_eq!(batch.lanes(Order::Identity), [vec![0, 3], vec![1, 4], vec![2]]);
        assert_eq!(batch.lanes(Order::Group), [vec![0, 1], vec![2], vec![3], vec![4]]);
        assert_eq!(batch.lanes(Order::None).len(), 5);
        let subject = |place: usize| match batch.items[place].standing {
            Standing::Person(id) => Some(id),
            Standing::Nobody | Standing::Pseudonym(_) => None::<SubjectId>,
        };
        assert!(subject(0).is_some() && subject(0) == subject(3) && subject(0) != subject(1));
        runtime.close().await;
    });
}
