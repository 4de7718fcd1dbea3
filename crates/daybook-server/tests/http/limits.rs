//! What keeps one client from harming the others.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::{PATIENCE, Site, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_have_rates() {
    let site = Site::new().await;
    let slow = site.key(&json!({"scopes": ["write"], "requests_per_second": 2})).await;
    let send = |key: &str, events: Value| site.call(Method::POST, "/v1/shop/events").key(key).json(&events).send();
    // So many at once that some are refused, unless they took minutes.
    let begun = Instant::now();
    let answers = futures_util::future::join_all((0..200).map(|_| send(&slow, json!([])))).await;
    let allowed = 2 * begun.elapsed().as_secs() as usize;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    for answer in &refused {
        answer.is_problem(429, "rate.requests");
    }
    let taken = answers.len() - refused.len();
    // A second's worth was saved up, another has begun, and one may be on credit.
    assert!(
        !refused.is_empty() && (2..=allowed + 5).contains(&taken),
        "{taken} of {} in {:?}",
        answers.len(),
        begun.elapsed()
    );
    let few = site.key(&json!({"scopes": ["write"], "events_per_second": 10})).await;
    let events: Vec<Value> = (0..2_000).map(|number| order(&format!("e-{number}"), number)).collect();
    // A batch larger than the rate goes in, and is paid for by waiting: 200 seconds, of which some may be over.
    assert_eq!(send(&few, Value::Array(events)).await.ok()["stored"], 2_000);
    let answer = send(&few, order("e-2000", 1)).await;
    answer.is_problem(429, "rate.events");
    assert!((100..=200).contains(&answer.header("retry-after").unwrap().parse::<u64>().unwrap()));
    // Others are not concerned.
    assert_eq!(site.send(&order("e-2001", 1)).await["stored"], 1);
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
    let held = [site.under_way(50_000).await, site.under_way(50_000).await];
    let post = || site.post("/v1/shop/events").json(&json!([])).send();
    post().await.is_problem(503, "server.busy");
    drop(held);
    // It is given back when the server hears of it.
    let begun = Instant::now();
    loop {
        let answer = post().await;
        if answer.status.is_success() {
            return;
        }
        answer.is_problem(503, "server.busy");
        assert!(begun.elapsed() < PATIENCE, "what nobody holds any more is not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_bounded_and_heads_have_to_come() {
    let site = |header_timeout: Duration| {
        Site::with(move |config| {
            config.limits.connections = 2;
            config.limits.header_timeout = header_timeout;
        })
    };
    // They are taken in the order in which they come, and the first two stay.
    let patient = site(10 * PATIENCE).await;
    let _idle = two_idle(&patient).await;
    let mut third = TcpStream::connect(patient.handle.address()).await.unwrap();
    assert!(answer_of(&mut third).await.starts_with("HTTP/1.1 503"));

    // Those who do not go on are cut, and there is room again.
    let site = site(Duration::from_millis(500)).await;
    for mut stream in two_idle(&site).await {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "a connection without a request stays open");
    }
    let begun = Instant::now();
    loop {
        let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
        // One for which there is no room is answered before it says anything.
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
        if answer_of(&mut stream).await.starts_with("HTTP/1.1 200") {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "there is no room again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Two connections that begin to ask, and do not go on.
async fn two_idle(site: &Site) -> Vec<TcpStream> {
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        idle.push(stream);
    }
    idle
}

/// The head of an answer, or as much as comes.
async fn answer_of(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4_096];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut bytes)).await;
    let length = read.expect("no answer").unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
