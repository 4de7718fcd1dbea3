//! A Redis that cannot be used is waited for, nothing is lost by it, and nothing is said that should not be.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_consumers::{Batch, FailureKind, Handler};
use daybook_harness::Redis;
use serde_json::json;

use crate::support::{assert_equal, batch, handler, handler_with, items, run, whole};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_there_or_does_not_let_in() {
    let redis = Redis::start();
    let wrong = redis.url().replace(redis.password(), "not-the-password");
    for (url, code) in [
        (wrong.clone(), "redis.credentials"),
        (redis.url().replace(&format!(":{}@", redis.password()), ""), "redis.credentials"),
    ] {
        let failure = handler_with(&url, &json!({})).prepare().await.unwrap_err();
        assert_eq!((failure.kind, failure.code), (FailureKind::Destination, code), "{failure}");
        assert!(!failure.to_string().contains("not-the-password"), "{failure}");
    }
    redis.kill();
    let failure = handler(&redis).prepare().await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "redis.refused-connection"), "{failure}");
    // Something else takes the connection: no TLS there, and no Redis.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        for connection in listener.incoming().take(2) {
            let _ = std::io::Write::write_all(&mut connection.unwrap(), b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for scheme in ["redis", "rediss"] {
        let failure = handler_with(&format!("{scheme}://127.0.0.1:{port}/0"), &json!({})).prepare().await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Destination, "{failure}");
        assert!(failure.code.starts_with("redis."), "{failure}");
    }
    answering.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_redis_refuses_is_not_half_done() {
    let redis = Redis::start();
    let handler = handler(&redis);
    let items = items(800);
    run(&*handler, &items[..400], 100).await;
    let day = redis.command(&["KEYS", "daybook:shop:numbers:day:*:events"]);
    let day = day.lines().next().unwrap().to_owned();
    let sketches = redis.command(&["KEYS", "daybook:shop:numbers:day:*:people:order.placed"]);
    let sketch = sketches.lines().next().unwrap().to_owned();

    let refused = async |code: &str| {
        let failure = whole(handler.deliver(&batch(&items, 400)).await.unwrap_err());
        assert_eq!((failure.kind, failure.code), (FailureKind::Destination, code), "{failure}");
        assert!(!failure.message.contains("daybook:") && !failure.message.contains("order"), "{failure}");
        assert_eq!(handler.committed().await.unwrap(), 400);
    };
    for key in [&day, &sketch] {
        redis.command(&["RENAME", key, "aside"]);
        redis.command(&["RPUSH", key, "somebody's"]);
        refused("redis.wrong-type").await;
        redis.command(&["DEL", key]);
        redis.command(&["RENAME", "aside", key]);
    }
    let count = redis.command(&["HGET", &day, "*"]);
    redis.command(&["HSET", &day, "*", "many"]);
    refused("redis.wrong-type").await;
    redis.command(&["HSET", &day, "*", &count]);
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    refused("redis.full").await;
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    run(&*handler, &items, 100).await;
    assert_equal(&redis, &items);

    redis.command(&["REPLICAOF", "127.0.0.1", "1"]);
    let further = Batch { through: 801, ..batch(&items, 800) };
    let failure = whole(handler.deliver(&further).await.unwrap_err());
    assert!(matches!(failure.code, "redis.read-only" | "redis.unreachable"), "{failure}");
    redis.command(&["REPLICAOF", "NO", "ONE"]);
    run(&*handler, &items, 100).await;
    assert_equal(&redis, &items);

    // Where the state should be.
    redis.command(&["DEL", "daybook:shop:numbers:state"]);
    redis.command(&["SET", "daybook:shop:numbers:state", "somebody's"]);
    assert_eq!(handler.prepare().await.unwrap_err().code, "redis.wrong-type");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_series_than_may_be_are_counted_together() {
    let redis = Redis::start();
    let handler = handler_with(&redis.url(), &json!({"intervals": ["day"], "prefix": "p"}));
    let mut items = items(1_200);
    for item in &mut items {
        let item = Arc::make_mut(item);
        item.event.name = Cow::Borrowed("order.placed");
        item.event.kind = daybook_event::Kind::Event;
        item.event.time = item.event.received;
        item.event.sample_rate = 1.0;
        item.event.group = Some("g".repeat(300).into());
        item.event.data = Cow::Owned(json!({"method": format!("m{}", item.event.position)}).to_string());
    }
    deliver(&*handler, &items).await;
    let keys = redis.command(&["KEYS", "p:shop:numbers:day:*:by:order.placed:method"]);
    assert_eq!(redis.command(&["HLEN", &keys]), "501");
    assert_eq!(redis.command(&["HGET", &keys, "~other"]), "700");
    let groups = redis.command(&["KEYS", "p:shop:numbers:day:*:groups:order.placed"]);
    assert_eq!(redis.command(&["HGETALL", &groups]), "~other\n1200");
    let people = redis.command(&["KEYS", "p:shop:numbers:day:*:people:order.placed:by:method:~other"]);
    assert!(redis.command(&["PFCOUNT", &people]).parse::<u64>().unwrap() > 20);
}

async fn deliver(handler: &dyn Handler, items: &[Arc<daybook_consumers::Item>]) {
    run(handler, items, 300).await;
}
