//! The live tail.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::client::Call;
use crate::site::{PATIENCE, Site, order};

/// One reader of the tail.
struct Reader {
    body: Incoming,
    text: String,
}

impl Reader {
    async fn open(call: Call) -> Self {
        let response = call.open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut reader = Self { body: response.into_body(), text: String::new() };
        // The tail is established once it has said so.
        assert!(reader.message().await.unwrap().contains("retry:"));
        reader
    }

    /// The next message, without heartbeats; `None` at the end.
    async fn message(&mut self) -> Option<String> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let message: String = self.text.drain(..end + 2).collect();
                if message.contains("data:") || message.contains("retry:") {
                    return Some(message);
                }
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("no message");
            let data: Bytes = frame?.ok()?.into_data().unwrap_or_default();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    /// The next event and its position.
    async fn event(&mut self) -> (u64, Value) {
        let message = self.message().await.expect("the tail ended");
        let mut lines = message.lines();
        let id = lines.next().unwrap().strip_prefix("id: ").unwrap().parse().unwrap();
        (id, serde_json::from_str(lines.next().unwrap().strip_prefix("data: ").unwrap()).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_seen_as_they_come_and_a_reader_resumes_where_it_was() {
    let site = Site::new().await;
    site.send(&order("before", 0)).await;
    let mut all = Reader::open(site.get("/v1/shop/live")).await;
    let mut some = Reader::open(site.get("/v1/shop/live?name=order.cancelled")).await;
    let cancelled = json!({"eventId": "c", "kind": "order.cancelled", "payload": {}});
    site.send(&json!([order("1", 1), cancelled, order("2", 2)])).await;
    let mut last = 0;
    for expected in ["order.placed", "order.cancelled", "order.placed"] {
        let (position, event) = all.event().await;
        assert_eq!(event["name"], expected);
        assert_eq!(event["position"], position);
        assert!(position > last);
        last = position;
    }
    assert_eq!(some.event().await.1["name"], "order.cancelled");
    drop(all);
    site.send(&order("3", 3)).await;
    let mut resumed = Reader::open(site.get("/v1/shop/live").header("last-event-id", last.to_string())).await;
    assert_eq!(resumed.event().await.1["data"]["total"], 3);
    let mut whole = Reader::open(site.get("/v1/shop/live?after=0&dialect=app")).await;
    assert_eq!(whole.event().await.1["eventId"], "before");
    site.get("/v1/shop/live").header("last-event-id", "x").send().await.is_problem(400, "live.last-event-id");
    // Names are for those who may see them.
    let read = site.key(&json!({"scopes": ["read"]})).await;
    let mut blind = Reader::open(site.call(Method::GET, "/v1/shop/live").key(&read)).await;
    site.send(&json!({"kind": "order.cancelled", "customer": 4242, "payload": {}})).await;
    assert!(blind.event().await.1.get("identity").is_none());
    assert_eq!(resumed.event().await.1["identity"], "4242");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_tails_than_allowed_and_the_last_word_when_the_server_stops() {
    let mut site = Site::with(|config| config.limits.live_streams = 1).await;
    let mut reader = Reader::open(site.get("/v1/shop/live")).await;
    site.get("/v1/shop/live").send().await.is_problem(503, "live.too-many");
    site.ask_to_stop();
    let word = reader.message().await.unwrap();
    assert!(word.starts_with("event: bye") && word.contains("live.stopping"), "{word}");
    assert_eq!(reader.message().await, None);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stalls_is_cut() {
    let site = Site::new().await;
    let response = site.get("/v1/shop/live").open().await;
    let note = "x".repeat(20_000);
    let send = async |batch: usize| {
        let events: Vec<Value> = (0..40)
            .map(|number| json!({"eventId": format!("{batch}-{number}"), "kind": "order.placed", "payload": {"total": 1, "note": note}}))
            .collect();
        assert_eq!(site.send(&Value::Array(events)).await["stored"], 40);
    };
    let cut = || async {
        let metrics = site.call(Method::GET, "/metrics").send().await;
        String::from_utf8(metrics.body.to_vec()).unwrap().contains("daybook_live_streams_cut_total 1")
    };
    // More than sockets hold, so that the server notices that nobody reads.
    let (mut batch, begun) = (0, Instant::now());
    while !cut().await {
        assert!(begun.elapsed() < 4 * PATIENCE, "the tail goes on for a reader that does not read");
        if batch < 60 {
            send(batch).await;
            batch += 1;
        } else {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    // It is told why when it reads again, unless it leaves that lying for long, too.
    let mut reader = Reader { body: response.into_body(), text: String::new() };
    let mut last = String::new();
    while let Some(message) = reader.message().await {
        last = message;
    }
    assert!(last.starts_with("event: cut") && last.contains("live.too-slow"), "{last}");
}
