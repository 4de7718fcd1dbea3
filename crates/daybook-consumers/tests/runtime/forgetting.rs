//! Consumers as views: nobody who is forgotten is delivered by name any more.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use daybook_consumers::{HandlerState, Registration, Runtime};
use daybook_privacy::view::{Forgotten, View, ViewError};
use futures_util::FutureExt;

use crate::handlers::Fake;
use crate::on_both;
use crate::support::{APP, Sample, World, batch, caught_up, eventually, on_sqlite, registration, sample, spec, until};

on_both!(who_is_erased_while_events_wait_is_not_named);

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
    let of = |id: daybook_event::SubjectId| ids.iter().filter(|found| **found == id.to_string()).count();
    assert_eq!((of(ada), of(bob)), (20, 20));
    assert_eq!(view.export(APP, bob).await.unwrap().len(), 1);
    runtime.close().await;
}

#[test]
fn a_view_does_not_wait_for_ever_for_a_delivery() {
    on_sqlite(async |world| {
        world.append_many("a.b", 1).await;
        let mut options = crate::support::quick();
        options.gate_patience = Duration::from_millis(20);
        let runtime = world.runtime_with(options).await;
        let fake = Arc::new(Fake::new(|_| Ok(())).waiting());
        runtime.add(registration(spec("hangs"), fake.clone())).await.unwrap();
        runtime.start();
        eventually("it is at it", || fake.busy.load(Ordering::SeqCst)).await;
        let error = view(&runtime, "consumer.shop.hangs").forget_people(&[]).await.unwrap_err();
        assert!(matches!(error, ViewError::Unavailable { .. }), "{error}");
        fake.permits.close();
        caught_up(&runtime, "hangs").await;
        view(&runtime, "consumer.shop.hangs").forget_people(&[]).await.unwrap();
        runtime.close().await;
    });
}

#[test]
fn what_cannot_be_reached_is_not_called_forgotten() {
    on_sqlite(async |world| {
        let unconfigured = || Registration {
            handler: HandlerState::Unconfigured("no url".to_owned()),
            ..registration(spec("mysql"), Fake::willing())
        };
        let runtime = world.runtime().await;
        runtime.add(unconfigured()).await.unwrap();
        runtime.start();
        let name = "consumer.shop.mysql";
        // Nothing was ever delivered anywhere.
        view(&runtime, name).forget_people(&[]).await.unwrap();
        view(&runtime, name).forget_months(&[]).await.unwrap();
        runtime.remove(APP, "mysql").await.unwrap();
        runtime.add(registration(spec("mysql"), Fake::willing())).await.unwrap();
        world.append_many("a.b", 1).await;
        until(&runtime, "mysql", |status| status.delivered == 1).await;
        runtime.close().await;

        // There is something out there now, and nobody knows where.
        let runtime = world.runtime().await;
        runtime.add(unconfigured()).await.unwrap();
        let error = view(&runtime, name).forget_people(&[]).await.unwrap_err();
        assert!(error.to_string().contains("not configured any more"), "{error}");
        // A handler that is a view of its own has none here.
        let own = Registration { view: false, ..registration(spec("own"), Fake::willing()) };
        runtime.add(own).await.unwrap();
        let names: Vec<String> = runtime.views().iter().map(|view| view.name().to_owned()).collect();
        assert_eq!(names, [name, "consumers"]);
        runtime.close().await;
    });
}
