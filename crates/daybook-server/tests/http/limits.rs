//! What keeps one client from harming the others.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::{Site, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_have_rates() {
    let site = Site::new().await;
    let slow = site.key(&json!({"scopes": ["write"], "requests_per_second": 2})).await;
    let send = |key: &str, events: Value| site.call(Method::POST, "/v1/shop/events").key(key).json(&events).send();
    let mut refused = 0;
    for _ in 0..8 {
        let answer = send(&slow, json!([])).await;
        if answer.status == 429 {
            answer.is_problem(429, "rate.requests");
            refused += 1;
        }
    }
    assert!(refused >= 4, "{refused}");
    let few = site.key(&json!({"scopes": ["write"], "events_per_second": 10})).await;
    let events: Vec<Value> = (0..50).map(|number| order(&format!("e-{number}"), number)).collect();
    // A batch larger than the rate goes in, and is paid for by waiting.
    assert_eq!(send(&few, Value::Array(events)).await.ok()["stored"], 50);
    let answer = send(&few, order("e-50", 1)).await;
    answer.is_problem(429, "rate.events");
    assert!((3..=5).contains(&answer.header("retry-after").unwrap().parse::<u64>().unwrap()));
    // Others are not concerned.
    assert_eq!(site.send(&order("e-51", 1)).await["stored"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_are_refused_as_soon_as_they_are_seen() {
    let site = Site::with(|config| config.limits.body_bytes = 10_000).await;
    let body = "x".repeat(10_001);
    site.post("/v1/shop/events").body(body.clone()).send().await.is_problem(413, "body.too-large");
    // Announced, but never sent: the answer does not wait for it.
    let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
    let head = format!(
        "POST /v1/shop/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 1000000\r\n\r\n",
        site.admin
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(answer_of(&mut stream).await.starts_with("HTTP/1.1 413"));
    // In chunks, with no length announced.
    let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
    let head = format!(
        "POST /v1/shop/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntransfer-encoding: chunked\r\n\r\n",
        site.admin
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    stream.write_all(chunk.as_bytes()).await.unwrap();
    assert!(answer_of(&mut stream).await.starts_with("HTTP/1.1 413"));
    // The other limit: how much memory all bodies may take.
    let site = Site::with(|config| {
        config.limits.body_bytes = 60_000;
        config.limits.body_inflated_bytes = 60_000;
        config.limits.body_memory_bytes = 131_072;
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
        let head = format!(
            "POST /v1/shop/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 50000\r\n\r\n[",
            site.admin
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.post("/v1/shop/events").json(&json!([])).send().await.is_problem(503, "server.busy");
    drop(held);
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.post("/v1/shop/events").json(&json!([])).send().await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_bounded_and_heads_have_to_come() {
    let site = Site::with(|config| {
        config.limits.connections = 2;
        config.limits.header_timeout = Duration::from_millis(500);
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        idle.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut third = TcpStream::connect(site.handle.address()).await.unwrap();
    assert!(answer_of(&mut third).await.starts_with("HTTP/1.1 503"));
    // Those who do not go on are cut, and there is room again.
    for mut stream in idle {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "a connection without a request stays open");
    }
    assert_eq!(site.call(Method::GET, "/healthz").send().await.status, 200);
}

/// The head of an answer, or as much as comes.
async fn answer_of(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4_096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut bytes)).await;
    let length = read.expect("no answer").unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
