//! `redis`.

use daybook_harness::Redis;
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::json;

use crate::world::{BATCH, World};

#[divan::bench(sample_count = 3, sample_size = 1)]
fn handler(bencher: Bencher<'_, '_>) {
    let (world, redis) = (World::get(), Redis::start());
    world.measure(bencher, || {
        redis.command(&["FLUSHALL"]);
        world.handler("redis", json!({}), &json!({"url": redis.url()}), "/nonexistent".as_ref())
    });
}

/// One `INCR` an event, pipelined. The handler adds a batch up before it sends it, and counts each event at a dozen places.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn plain(bencher: Bencher<'_, '_>) {
    let (world, server) = (World::get(), Redis::start());
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let names: Vec<&str> = world.app.current_events().map(|event_type| event_type.name.as_str()).collect();
    bencher.counter(ItemsCount::new(world.events)).bench_local(|| {
        for from in (0..world.events).step_by(BATCH) {
            let mut commands = redis::pipe();
            for number in from..world.events.min(from + BATCH) {
                commands.incr(names[number % names.len()], 1).ignore();
            }
            let () = commands.query(&mut connection).unwrap();
        }
    });
}
