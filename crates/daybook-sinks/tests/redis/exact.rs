//! Whatever happens on the way, each event is counted once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daybook_consumers::{Batch, FailureKind};
use daybook_harness::Redis;
use serde_json::json;

use crate::support::{assert_equal, batch, handler, handler_with, handler_within, items, run, whole};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_are_those_of_the_process_and_nothing_counts_twice() {
    let redis = Redis::start();
    let handler = handler(&redis);
    let items = items(2_600);
    handler.prepare().await.unwrap();
    assert_eq!(handler.committed().await.unwrap(), 0);
    handler.deliver(&batch(&items[..1_000], 0)).await.unwrap();
    assert_equal(&redis, &items[..1_000]);
    // The same again, as if the answer had been lost; one that reaches further; and a dead letter, which there never is.
    handler.deliver(&batch(&items[..1_000], 0)).await.unwrap();
    handler.deliver(&batch(&items[..1_500], 700)).await.unwrap();
    handler.deliver(&Batch { replay: true, ..batch(&items[..10], 9) }).await.unwrap();
    assert_equal(&redis, &items[..1_500]);
    // Several runs of the script in one go, of which some were done before.
    handler.deliver(&batch(&items, 300)).await.unwrap();
    assert_equal(&redis, &items);
    // Positions of others move the offset too.
    let nothing_new = Batch { through: 9_000, ..batch(&items[..2_600], 2_600) };
    handler.deliver(&Batch { items: vec![Arc::clone(&items[0])], ..nothing_new }).await.unwrap();
    assert_eq!(handler.committed().await.unwrap(), 9_000);
    assert_equal(&redis, &items);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_under_load_counts_exactly() {
    let redis = Arc::new(Redis::start());
    let (handler, items) = (handler(&redis), items(6_000));
    // However quick it is, it notices one.
    run(&*handler, &items[..200], 20).await;
    redis.kill();
    let failure = whole(handler.deliver(&batch(&items[..220], 200)).await.unwrap_err());
    assert_eq!(failure.kind, FailureKind::Destination, "{failure}");
    redis.restart();
    let done = Arc::new(AtomicBool::new(false));
    let killer = {
        let (redis, done) = (Arc::clone(&redis), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut kills = 0;
            // Not for ever: on a slow machine it would get nowhere between them.
            while kills < 3 || (kills < 12 && !done.load(Ordering::Relaxed)) {
                std::thread::sleep(Duration::from_millis(150));
                redis.kill();
                redis.restart();
                kills += 1;
            }
        })
    };
    // Small batches, so that kills fall between and into them.
    run(&*handler, &items, 20).await;
    done.store(true, Ordering::Relaxed);
    killer.join().unwrap();
    run(&*handler, &items, 20).await;
    assert_equal(&redis, &items);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_counts_exactly_when_it_goes_on() {
    let redis = Redis::start();
    let handler = handler_within("1s", &redis.url(), &json!({}));
    let items = items(900);
    run(&*handler, &items[..300], 100).await;
    redis.pause();
    // It reads this when it goes on, long after the handler has given up waiting.
    let failure = whole(handler.deliver(&batch(&items[..600], 300)).await.unwrap_err());
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "redis.timeout"));
    redis.resume();
    run(&*handler, &items, 100).await;
    assert_equal(&redis, &items);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_that_are_lost_are_counted_again() {
    let redis = Redis::start_forgetful();
    let handler = handler(&redis);
    let items = items(1_200);
    run(&*handler, &items[..500], 200).await;
    redis.command(&["SET", "somebody:else", "stays"]);
    redis.command(&["FLUSHALL"]);
    let failure = whole(handler.deliver(&batch(&items[..700], 500)).await.unwrap_err());
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "redis.lost"));
    run(&*handler, &items[..700], 200).await;
    assert_equal(&redis, &items[..700]);
    // Gone with the process.
    redis.kill();
    redis.restart();
    let codes = run(&*handler, &items, 200).await;
    assert_equal(&redis, &items);
    assert!(codes.len() < 100, "{codes:?}");
    // Half of it gone: whoever deleted the state alone leaves counts behind, which are not counted to.
    redis.command(&["DEL", "daybook:shop:numbers:state"]);
    run(&*handler, &items, 200).await;
    assert_equal(&redis, &items);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_changes_and_counting_begins_anew() {
    let redis = Redis::start();
    let items = items(400);
    let days = handler_with(&redis.url(), &json!({"intervals": ["day"]}));
    run(&*days, &items, 100).await;
    assert_eq!(redis.command(&["KEYS", "*:minute:*"]), "");
    redis.command(&["SET", "daybook:shop:numbers-of-others:state", "stays"]);
    let all = handler(&redis);
    run(&*all, &items, 100).await;
    redis.command(&["DEL", "daybook:shop:numbers-of-others:state"]);
    assert_equal(&redis, &items);

    // Back to the beginning, ahead, but not back a little.
    assert_eq!(all.rewind(100).await.unwrap_err().kind, FailureKind::GiveUp);
    all.rewind(0).await.unwrap();
    assert_eq!(all.committed().await.unwrap(), 0);
    run(&*all, &items, 100).await;
    assert_equal(&redis, &items);
    all.rewind(1_000).await.unwrap();
    assert_eq!(all.committed().await.unwrap(), 1_000);
}
