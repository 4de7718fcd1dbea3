//! What only one kind of broker can do.

use std::sync::Arc;
use std::time::Duration;

use daybook_harness::{Nats, Redis};
use daybook_sinks::inputs::{Input, Settings, State};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::Running;
use crate::broker::{Broker, client, connection};
use crate::eventually;
use crate::ledger::{Ledger, Mood};

async fn run(table: serde_json::Value, ledger: &Arc<Ledger>) -> Running {
    let input = Arc::new(Input::new("game", Settings::read(&table).unwrap()));
    let stopping = CancellationToken::new();
    let task = {
        let (input, ledger, stopping) = (Arc::clone(&input), Arc::clone(ledger), stopping.clone());
        tokio::spawn(async move { input.run(ledger, stopping).await })
    };
    Running { input, stopping, task }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_without_a_stream_is_read_while_somebody_listens() {
    let nats = Nats::start();
    let ledger = Arc::new(Ledger::default());
    let running = run(json!({"kind": "nats", "url": nats.url(), "app": "shop", "subject": "game.*"}), &ledger).await;
    eventually("it is connected", || running.status().state == State::Connected).await;
    let publisher = client(&nats).await;
    for number in 0..100 {
        publisher.publish(format!("game.{}", number % 3), format!("{number}").into()).await.unwrap();
    }
    publisher.flush().await.unwrap();
    eventually("all messages came", || ledger.bodies() == 100).await;
    // What admission does not take at once waits, and is not lost.
    ledger.set(Mood::Full);
    publisher.publish("game.x", "late".into()).await.unwrap();
    publisher.flush().await.unwrap();
    eventually("it waits", || running.status().waiting == 1).await;
    ledger.set(Mood::Open);
    eventually("it came", || ledger.bodies() == 101).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_a_stream_are_deleted_after_they_were_taken_where_that_is_asked_for() {
    let redis = Redis::start();
    let ledger = Arc::new(Ledger::default());
    let table = json!({"kind": "redis-stream", "url": redis.url(), "app": "shop", "key": "game", "trim": true});
    for number in 0..50 {
        redis.command(&["XADD", "game", "*", "event", &number.to_string()]);
    }
    let running = run(table, &ledger).await;
    eventually("all are acknowledged", || running.status().acknowledged == 50).await;
    eventually("all are deleted", || redis.command(&["XLEN", "game"]) == "0").await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_reader_left_lying_is_taken_over() {
    let broker = Broker::redis_stream().await;
    let Broker::RedisStream(redis) = &broker else { unreachable!() };
    broker.write(0..30).await;
    redis.command(&["XGROUP", "CREATE", "game", "daybook", "0"]);
    redis.command(&["XREADGROUP", "GROUP", "daybook", "another", "COUNT", "20", "STREAMS", "game", ">"]);
    // One of them was deleted meanwhile, which must not stand in the way.
    let first = redis.command(&["XRANGE", "game", "-", "+", "COUNT", "1"]).lines().next().unwrap().to_owned();
    redis.command(&["XDEL", "game", &first]);
    let ledger = Arc::new(Ledger::default());
    let running = Running::start(&broker, &ledger, 7);
    eventually("all but the deleted came", || ledger.bodies() == 29).await;
    eventually("nothing is pending", || redis.command(&["XPENDING", "game", "daybook"]).starts_with('0')).await;
    ledger.each_came_under_one_key();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_deleted_begins_again() {
    let broker = Broker::redis_stream().await;
    let Broker::RedisStream(redis) = &broker else { unreachable!() };
    let ledger = Arc::new(Ledger::default());
    let running = Running::start(&broker, &ledger, 10);
    broker.write(0..10).await;
    eventually("the first came", || ledger.bodies() == 10).await;
    redis.command(&["DEL", "game"]);
    broker.write(10..20).await;
    eventually("the others came", || ledger.bodies() == 20).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_messages_are_handed_over_as_they_are() {
    let redis = Redis::start();
    let mut connection = connection(&redis.url()).await;
    let wild: [&[u8]; 5] = [b"", b"\xff\xfe\0", b"{\"a\":", &[b'['; 100_000], &[b'x'; 2_000_000]];
    for body in wild {
        let _: redis::Value = redis::cmd("XADD")
            .arg("stream")
            .arg("*")
            .arg(b"\xff")
            .arg(body)
            .query_async(&mut connection)
            .await
            .unwrap();
        let _: redis::Value = redis::cmd("LPUSH").arg("list").arg(body).query_async(&mut connection).await.unwrap();
    }
    let ledger = Arc::new(Ledger::default());
    let stream =
        run(json!({"kind": "redis-stream", "url": redis.url(), "app": "shop", "key": "stream"}), &ledger).await;
    eventually("the stream is read", || stream.status().acknowledged == 5).await;
    assert_eq!(ledger.bodies(), 5);
    let list =
        run(json!({"kind": "redis-list", "url": redis.url(), "app": "shop", "key": "list", "end": "right"}), &ledger)
            .await;
    eventually("the list is read", || list.status().acknowledged == 5).await;
    assert_eq!(ledger.bodies(), 5);
    stream.stop().await;
    list.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_messages_of_a_list_are_several() {
    let redis = Redis::start();
    for _ in 0..3 {
        redis.command(&["RPUSH", "game", "{}"]);
    }
    let ledger = Arc::new(Ledger::default());
    let running = run(json!({"kind": "redis-list", "url": redis.url(), "app": "shop", "key": "game"}), &ledger).await;
    eventually("all are acknowledged", || running.status().acknowledged == 3).await;
    assert_eq!((running.status().events.stored, running.status().events.duplicate), (3, 0));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_cannot_work_is_said_and_tried_again() {
    let redis = Redis::start();
    redis.command(&["SET", "game", "a string"]);
    let ledger = Arc::new(Ledger::default());
    let running = run(json!({"kind": "redis-stream", "url": redis.url(), "app": "shop", "key": "game"}), &ledger).await;
    eventually("it is said", || running.status().error.is_some_and(|error| error.contains("WRONGTYPE"))).await;
    redis.command(&["DEL", "game"]);
    redis.command(&["XADD", "game", "*", "event", "{}"]);
    eventually("it came", || ledger.bodies() == 1).await;
    running.stop().await;

    let wrong = redis.url().replacen("redis://:", "redis://:geheim", 1);
    let running = run(json!({"kind": "redis-list", "url": wrong, "app": "shop", "key": "list"}), &ledger).await;
    eventually("it is said", || running.status().error.is_some_and(|error| error.contains("not allowed"))).await;
    assert!(!running.status().error.unwrap_or_default().contains("geheim"));
    running.stop().await;

    let nats = Nats::start();
    let table = json!({"kind": "nats-jetstream", "url": nats.url(), "app": "shop", "stream": "NONE"});
    let running = run(table, &ledger).await;
    eventually("it is said", || running.status().error.is_some_and(|error| error.contains("no stream NONE"))).await;
    // Stopping does not wait for it.
    tokio::time::timeout(Duration::from_secs(60), running.stop()).await.unwrap();
}
