//! Consumers as views: nobody who is forgotten is delivered by name any more.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use daybook_consumers::error::ManageError;
use daybook_consumers::status::State;
use daybook_consumers::{HandlerState, Registration, Runtime};
use daybook_event::{Month, SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, Forgotten, View, ViewError};
use futures_util::FutureExt;

use crate::handlers::Fake;
use crate::on_both;
use crate::support::{APP, Sample, World, batch, caught_up, eventually, on_sqlite, registration, sample, spec, until};

on_both!(who_is_erased_while_events_wait_is_not_named, a_consumer_that_is_gone_is_missed_until_it_is_retired);

fn view(runtime: &Runtime, name: &str) -> Arc<dyn View> {
    runtime.views().into_iter().find(|view| view.name() == name).unwrap()
}

async fn who_is_erased_while_events_wait_is_not_named(world: &World) {
    let of = |person| Sample { person: Some(person), ..sample("a.b") };
    world.append(&[of("ada"), of("bob"), of("ada"), of("bob")].repeat(10)).await;
    let fake = Arc::new(Fake::new(|_| Ok(())).open().waiting());
    let mut small = spec("mysql");
    small.batch = batch(10, Duration::ZERO);
    let runtime = world.run(small, fake.clone()).await;
    let other = Arc::new(Fake::new(|_| Ok(())).open());
    runtime.add(registration(spec("other"), other.clone())).await.unwrap();
    // The other one fills the cache with opened events of everybody.
    caught_up(&runtime, "other").await;
    let names = |fake: &Fake| -> Vec<Option<String>> {
        fake.arrived.lock().iter().map(|item| item.event.identity.as_deref().map(str::to_owned)).collect()
    };
    assert!(names(&other).iter().all(Option::is_some));
    fake.permits.add_permits(1);
    eventually("the second batch is under way", || fake.count() == 10 && fake.busy.load(Ordering::SeqCst)).await;

    let (ada, bob) = (world.subject("ada").await, world.subject("bob").await);
    let forgotten = vec![Forgotten { app: APP.to_owned(), id: ada }];
    world.vault.erase(&[ada]).await.unwrap();
    let view = view(&runtime, "consumer.shop.mysql");
    let mut forgetting = std::pin::pin!(view.forget_people(&forgotten));
    // While the delivery runs nothing is forgotten; from now on it waits for its turn.
    assert!((&mut forgetting).now_or_never().is_none());
    assert!(fake.forgotten.lock().is_empty());
    fake.permits.add_permits(1);
    assert_eq!(forgetting.await.unwrap().count, 1);
    assert_eq!(*fake.forgotten.lock(), forgotten);
    let before = fake.count();
    fake.permits.close();
    caught_up(&runtime, "mysql").await;
    let after: Vec<_> = names(&fake).split_off(before);
    assert!(!after.is_empty() && after.iter().all(|name| name.as_deref() != Some("ada")), "{after:?}");
    assert!(after.iter().any(|name| name.as_deref() == Some("bob")));
    // The events came all the same, by the name that tells nothing.
    let ids: Vec<_> = fake.arrived.lock().iter().map(|item| item.event.anonymous_id.clone().unwrap()).collect();
    let of = |id: SubjectId| ids.iter().filter(|found| **found == id.to_string()).count();
    assert_eq!((of(ada), of(bob)), (20, 20));
    assert_eq!(view.export(APP, bob).await.unwrap().len(), 1);
    runtime.close().await;
}

fn ada() -> Vec<Forgotten> {
    vec![Forgotten { app: APP.to_owned(), id: SubjectId::from_bytes([7; 16]) }]
}

fn june(app: &str) -> Vec<ExpiredMonth> {
    let month = Month::of(Timestamp::parse("2026-06-15T00:00:00Z").unwrap());
    vec![ExpiredMonth { app: app.to_owned(), category: "product".to_owned(), month }]
}

/// A consumer without a destination.
fn unconfigured(name: &str) -> Registration {
    Registration {
        handler: HandlerState::Unconfigured("no url".to_owned()),
        ..registration(spec(name), Fake::willing())
    }
}

/// Delivers something by each of these, in a process of its own.
async fn delivered_by(world: &World, handlers: &[(&str, Arc<Fake>)]) {
    let runtime = world.runtime().await;
    for (name, handler) in handlers {
        runtime.add(registration(spec(name), handler.clone())).await.unwrap();
    }
    runtime.start();
    world.append_many("a.b", 1).await;
    for (name, _) in handlers {
        until(&runtime, name, |status| status.delivered >= 1).await;
    }
    runtime.close().await;
}

fn names(runtime: &Runtime) -> Vec<String> {
    runtime.views().iter().map(|view| view.name().to_owned()).collect()
}

#[test]
fn a_view_does_not_wait_for_ever_for_a_delivery() {
    on_sqlite(async |world| {
        world.append_many("a.b", 1).await;
        let mut options = crate::support::quick();
        options.gate_patience = Duration::from_millis(20);
        let runtime = world.runtime_with(options).await;
        let fake = Arc::new(Fake::new(|_| Ok(())).open().waiting());
        runtime.add(registration(spec("hangs"), fake.clone())).await.unwrap();
        runtime.start();
        eventually("it is at it", || fake.busy.load(Ordering::SeqCst)).await;
        let error = view(&runtime, "consumer.shop.hangs").forget_people(&ada()).await.unwrap_err();
        assert!(matches!(error, ViewError::Unavailable { .. }), "{error}");
        fake.permits.close();
        caught_up(&runtime, "hangs").await;
        // It may still be about to let go of what was delivered.
        let begun = Instant::now();
        while let Err(error) = view(&runtime, "consumer.shop.hangs").forget_people(&ada()).await {
            assert!(begun.elapsed() < Duration::from_secs(60), "{error}");
        }
        runtime.close().await;
    });
}

#[test]
fn what_cannot_be_reached_is_not_called_forgotten() {
    on_sqlite(async |world| {
        let runtime = world.runtime().await;
        runtime.add(unconfigured("mysql")).await.unwrap();
        runtime.start();
        let name = "consumer.shop.mysql";
        // Nothing was ever delivered anywhere.
        view(&runtime, name).forget_people(&ada()).await.unwrap();
        view(&runtime, name).forget_months(&june(APP)).await.unwrap();
        runtime.remove(APP, "mysql").await.unwrap();
        runtime.close().await;
        delivered_by(world, &[("mysql", Arc::new(Fake::new(|_| Ok(())).open()))]).await;

        // There is something out there now, and nobody knows where.
        let runtime = world.runtime().await;
        runtime.add(unconfigured("mysql")).await.unwrap();
        let error = view(&runtime, name).forget_people(&ada()).await.unwrap_err();
        assert!(error.to_string().contains("not configured any more"), "{error}");
        view(&runtime, name).forget_months(&june(APP)).await.unwrap_err();
        // It is not of another app's people.
        let stranger = vec![Forgotten { app: "other".to_owned(), ..ada().remove(0) }];
        view(&runtime, name).forget_people(&stranger).await.unwrap();
        view(&runtime, name).forget_months(&june("other")).await.unwrap();
        assert!(view(&runtime, name).export("other", ada()[0].id).await.unwrap().is_empty());
        // A handler that is a view of its own has none here.
        let own = Registration { view: false, ..registration(spec("own"), Fake::willing()) };
        runtime.add(own).await.unwrap();
        assert_eq!(names(&runtime), [name, "consumers"]);
        runtime.close().await;
    });
}

#[test]
fn who_holds_nothing_of_anybody_is_not_missed() {
    on_sqlite(async |world| {
        let counting = Arc::new(Fake::new(|_| Ok(())).counting());
        let closed = Fake::willing();
        delivered_by(world, &[("counting", counting.clone()), ("closed", closed.clone())]).await;
        let runtime = world.runtime().await;
        runtime.add(unconfigured("counting")).await.unwrap();
        runtime.add(unconfigured("closed")).await.unwrap();
        let (counting, closed) = ("consumer.shop.counting", "consumer.shop.closed");
        view(&runtime, counting).forget_people(&ada()).await.unwrap();
        view(&runtime, counting).forget_months(&june(APP)).await.unwrap();
        // It has events, which are to go some day; of whom they are, nobody can tell.
        view(&runtime, closed).forget_people(&ada()).await.unwrap();
        view(&runtime, closed).forget_months(&june(APP)).await.unwrap_err();
        runtime.close().await;

        // Without its consumer it is the same.
        let runtime = world.runtime().await;
        view(&runtime, counting).forget_months(&june(APP)).await.unwrap();
        view(&runtime, closed).forget_people(&ada()).await.unwrap();
        view(&runtime, closed).forget_months(&june(APP)).await.unwrap_err();
        let removed: Vec<String> = runtime.removed().into_iter().map(|status| status.consumer).collect();
        assert_eq!(removed, ["closed"]);
        runtime.close().await;
    });
}

#[test]
fn names_that_were_delivered_earlier_are_asked_for() {
    on_sqlite(async |world| {
        delivered_by(world, &[("file", Arc::new(Fake::new(|_| Ok(())).open()))]).await;
        // It sees no names any more; those of earlier are still there.
        let runtime = world.runtime().await;
        let fake = Fake::willing();
        runtime.add(registration(spec("file"), fake.clone())).await.unwrap();
        runtime.add(registration(spec("never"), fake.clone())).await.unwrap();
        assert_eq!(view(&runtime, "consumer.shop.file").forget_people(&ada()).await.unwrap().count, 1);
        assert_eq!(*fake.forgotten.lock(), ada());
        view(&runtime, "consumer.shop.never").forget_people(&ada()).await.unwrap();
        assert_eq!(fake.forgotten.lock().len(), 1);
        runtime.close().await;
    });
}

async fn a_consumer_that_is_gone_is_missed_until_it_is_retired(world: &World) {
    let fake = Arc::new(Fake::new(|_| Ok(())).open());
    delivered_by(world, &[("mysql", fake.clone()), ("other", Arc::new(Fake::new(|_| Ok(())).open()))]).await;
    let runtime = world.runtime().await;
    runtime.add(registration(spec("other"), fake.clone())).await.unwrap();
    let name = "consumer.shop.mysql";
    assert_eq!(names(&runtime), ["consumer.shop.other", name, "consumers"]);
    let error = view(&runtime, name).forget_people(&ada()).await.unwrap_err();
    assert!(error.to_string().contains("in no catalog any more"), "{error}");
    view(&runtime, name).export(APP, ada()[0].id).await.unwrap_err();
    let stranger = vec![Forgotten { app: "else".to_owned(), ..ada().remove(0) }];
    view(&runtime, name).forget_people(&stranger).await.unwrap();
    let removed = runtime.removed();
    assert_eq!(removed.len(), 1);
    assert_eq!((removed[0].consumer.as_str(), removed[0].handler.as_str()), ("mysql", "fake"));
    assert_eq!((&removed[0].state, removed[0].lag_events), (&State::Removed, 0));

    // One that is there takes care itself, and whoever never was has nothing to take care of.
    assert!(matches!(runtime.retire(APP, "other").await, Err(ManageError::Present { .. })));
    assert!(matches!(runtime.retire(APP, "nobody").await, Err(ManageError::Unknown { .. })));
    // One that goes while the server runs is missed too.
    runtime.remove(APP, "other").await.unwrap();
    view(&runtime, "consumer.shop.other").forget_people(&ada()).await.unwrap_err();

    // Erasures that wait for it ask the view that they know of.
    let asked = view(&runtime, name);
    runtime.retire(APP, "mysql").await.unwrap();
    asked.forget_people(&ada()).await.unwrap();
    asked.forget_months(&june(APP)).await.unwrap();
    assert!(matches!(runtime.retire(APP, "mysql").await, Err(ManageError::Unknown { .. })));
    assert_eq!(runtime.removed().len(), 1);
    runtime.close().await;

    // It stays so.
    let runtime = world.runtime().await;
    view(&runtime, name).forget_people(&ada()).await.unwrap();
    let removed: Vec<String> = runtime.removed().into_iter().map(|status| status.consumer).collect();
    assert_eq!(removed, ["other"]);
    // Back again, it is asked as any other, once it delivers.
    runtime.add(registration(spec("mysql"), fake.clone())).await.unwrap();
    runtime.start();
    world.append_many("a.b", 1).await;
    until(&runtime, "mysql", |status| status.delivered == 1).await;
    assert_eq!(view(&runtime, name).forget_people(&ada()).await.unwrap().count, 1);
    runtime.close().await;
}
