//! `webhook` and `alert`. The receiver is in this process and takes a share of its processors.

use std::sync::Arc;

use bytes::Bytes;
use daybook_consumers::Handler;
use daybook_harness::Receiver;
use divan::Bencher;
use divan::counter::ItemsCount;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::world::World;

/// Calls under way at once, as the handler has them.
const CONCURRENCY: usize = 8;

fn webhook(world: &World, receiver: &Receiver, options: Value) -> Arc<dyn Handler> {
    // What the last round was sent.
    drop(receiver.take_calls());
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let settings = json!({"url": receiver.url(), "secret": secret, "allow-private": true});
    world.handler("webhook", options, &settings, "/nonexistent".as_ref())
}

mod webhook_call_for_each {
    use super::*;

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn handler(bencher: Bencher<'_, '_>) {
        super::handler(bencher, &json!({}));
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn plain(bencher: Bencher<'_, '_>) {
        super::plain(bencher, json!({}), CONCURRENCY);
    }
}

mod webhook_call_for_100 {
    use super::*;

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn handler(bencher: Bencher<'_, '_>) {
        super::handler(bencher, &json!({"body": "batch"}));
    }

    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn plain(bencher: Bencher<'_, '_>) {
        super::plain(bencher, json!({"body": "batch"}), 1);
    }
}

fn handler(bencher: Bencher<'_, '_>, options: &Value) {
    let (world, receiver) = (World::get(), Receiver::start());
    world.measure(bencher, || webhook(&world, &receiver, options.clone()));
}

/// The same bodies, unsigned.
fn plain(bencher: Bencher<'_, '_>, options: Value, concurrency: usize) {
    let (world, receiver) = (World::get(), Receiver::start());
    world.run(webhook(&world, &receiver, options));
    let bodies: Vec<Bytes> = receiver.take_calls().into_iter().map(|call| call.body).collect();
    let client = reqwest::Client::new();
    bencher.counter(ItemsCount::new(world.events)).with_inputs(|| drop(receiver.take_calls())).bench_local_values(
        |()| {
            let call = |body: &Bytes| client.post(receiver.url()).body(body.clone()).send();
            let calls = stream::iter(&bodies).map(call).buffer_unordered(concurrency);
            world.tokio.block_on(calls.for_each(async |answer| assert!(answer.unwrap().status().is_success())));
        },
    );
}

mod alert {
    use super::*;

    /// A rule that looks at every event, and tells of each event type once.
    #[divan::bench(sample_count = 3, sample_size = 1)]
    fn handler(bencher: Bencher<'_, '_>) {
        let (world, receiver) = (World::get(), Receiver::start());
        let rule =
            json!({"name": "Often", "kind": "rate", "more-than": 10, "window": "5m", "group-by": ["event.name"]});
        let settings = json!({"url": receiver.url(), "allow-private": true});
        let directory = world.subdirectory();
        let mut turn = 0;
        world.measure(bencher, || {
            turn += 1;
            let data = directory.path().join(turn.to_string());
            world.handler("alert", json!({"rules": [rule]}), &settings, &data)
        });
    }
}
