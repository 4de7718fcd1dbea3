//! Events that are counted a second: in the process, and in a Redis on the same machine, a thousand at a time.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench is no library")]

#[path = "../tests/redis/support.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod support;

use std::sync::Arc;

use daybook_consumers::counters::{Counters, Limits};
use daybook_consumers::{Handler, Item};
use daybook_harness::Redis;
use divan::Bencher;
use divan::counter::ItemsCount;

const EVENTS: u64 = 10_000;
const BATCH: usize = 1_000;

fn main() {
    divan::main();
}

async fn deliver(handler: &dyn Handler, items: &[Arc<Item>]) {
    for after in (0..items.len()).step_by(BATCH) {
        handler.deliver(&support::batch(&items[..after + BATCH], after as u64)).await.unwrap();
    }
}

#[divan::bench]
fn in_process(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let items = support::items(EVENTS);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| Counters::new(&support::app(), Limits::default(), 0))
        .bench_refs(|counters| runtime.block_on(deliver(counters, &items)));
}

#[divan::bench]
fn in_redis(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let redis = Redis::start();
    let handler = support::handler(&redis);
    let items = support::items(EVENTS);
    runtime.block_on(handler.prepare()).unwrap();
    bencher
        .counter(ItemsCount::new(EVENTS))
        .with_inputs(|| runtime.block_on(handler.rewind(0)).unwrap())
        .bench_refs(|()| runtime.block_on(deliver(&*handler, &items)));
}
