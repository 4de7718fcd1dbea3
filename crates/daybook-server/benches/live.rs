//! How long an event takes from being sent to a reader of `/v1/{app}/counters/live`, over HTTP, beside other load. It may take a second.
//!
//! A client sends one event after the other, each in a call of its own, and a reader sees their count grow: when it says `n`, the n-th was
//! seen. That is longer than from the receipt, by admission and the sync of the log, which `answer` shows: from sending to the receipt.
//!
//! `DAYBOOK_BENCH_SECONDS` is how long each line is measured (20).
//!
//! `cargo bench -p daybook-server --bench live`

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench prints, and a fault ends it")]

#[path = "../tests/http/client.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod client;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::Call;
use daybook_server::{Config, Server};
use http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The event type whose events are timed, and that of the others.
const TIMED: &str = "command_executed";
const OTHERS: &str = "session_started";
/// Between two timed events; no part of the pace at which readers are told.
const PAUSE: Duration = Duration::from_millis(23);
/// Other events in a call.
const BATCH: usize = 100;
/// Longest wait for the count to be complete.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let seconds = std::env::var("DAYBOOK_BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    let measured = Duration::from_secs_f64(seconds.unwrap_or(20.0));
    println!(
        "{:>15} {:>8} {:>8} {:>14} {:>14} {:>14} {:>14} {:>14}",
        "other events/s",
        "readers",
        "events",
        "answer p50 ms",
        "answer p99 ms",
        "reader p50 ms",
        "reader p99 ms",
        "reader max ms"
    );
    for (rate, readers) in [(0, 1), (1_000, 1), (5_000, 1), (1_000, 100)] {
        let Measured { others_per_second, mut answers, mut seen } =
            Runtime::new().unwrap().block_on(measure(measured, rate, readers));
        println!(
            "{others_per_second:>15.0} {readers:>8} {:>8} {:>14.1} {:>14.1} {:>14.1} {:>14.1} {:>14.1}",
            answers.len(),
            percentile(&mut answers, 50),
            percentile(&mut answers, 99),
            percentile(&mut seen, 50),
            percentile(&mut seen, 99),
            percentile(&mut seen, 100),
        );
    }
}

struct Measured {
    others_per_second: f64,
    /// From sending to the answer, of each timed event.
    answers: Vec<Duration>,
    /// From sending to each reader, of each timed event.
    seen: Vec<Duration>,
}

/// Where the server is, and the key to it.
#[derive(Clone)]
struct Api {
    address: SocketAddr,
    key: String,
}

async fn measure(duration: Duration, rate: usize, readers: usize) -> Measured {
    let directory = tempfile::tempdir().unwrap();
    let mut config =
        Config { listen: "127.0.0.1:0".parse().unwrap(), data: directory.path().join("data"), ..Config::default() };
    config.privacy.key_directory = Some(directory.path().join("keys"));
    let server = Server::open(config).await.unwrap();
    let handle = server.handle();
    let key = std::fs::read_to_string(directory.path().join("data/admin.key")).unwrap().trim().to_owned();
    let api = Api { address: handle.address(), key };
    let running = tokio::spawn(server.run(std::future::pending()));

    let sent: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let (all, count) = watch::channel(None);
    let path = format!("/v1/noema/counters/live?event={TIMED}");
    let mut reading = Vec::new();
    for _ in 0..readers {
        let stream = Call::new(api.address, Method::GET, &path).key(&api.key).open().await;
        assert!(stream.status().is_success(), "{}", stream.status());
        reading.push(tokio::spawn(read(stream.into_body(), Arc::clone(&sent), count.clone())));
    }
    let (stop, stopped) = watch::channel(false);
    let others = tokio::spawn(send_others(api.clone(), rate, stopped));

    let (begun, mut answers) = (Instant::now(), Vec::new());
    while begun.elapsed() < duration {
        let call = Instant::now();
        sent.lock().unwrap().push(call);
        send(&api, vec![event(TIMED, answers.len())]).await;
        answers.push(call.elapsed());
        tokio::time::sleep(PAUSE.saturating_sub(call.elapsed())).await;
    }
    let elapsed = begun.elapsed();
    stop.send_replace(true);
    all.send_replace(Some(answers.len()));
    let mut seen = Vec::new();
    for reader in reading {
        seen.extend(tokio::time::timeout(PATIENCE, reader).await.unwrap().unwrap());
    }
    let others_per_second = others.await.unwrap() as f64 / elapsed.as_secs_f64();
    handle.stop_now();
    running.await.unwrap();
    Measured { others_per_second, answers, seen }
}

/// When the count came to each of the timed events, until it has come to all of them.
async fn read(
    mut stream: Incoming,
    sent: Arc<Mutex<Vec<Instant>>>,
    mut all: watch::Receiver<Option<usize>>,
) -> Vec<Duration> {
    let (mut text, mut counts, mut seen) = (String::new(), HashMap::new(), Vec::new());
    while all.borrow_and_update().is_none_or(|all| seen.len() < all) {
        let frame = tokio::select! {
            frame = stream.frame() => frame.unwrap().unwrap(),
            _ = all.changed() => continue,
        };
        text.push_str(std::str::from_utf8(&frame.into_data().unwrap_or_default()).unwrap());
        while let Some(end) = text.find("\n\n") {
            let now = Instant::now();
            let message: String = text.drain(..end + 2).collect();
            let Some(data) = message.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            let data: Value = serde_json::from_str(data).unwrap();
            for row in data["rows"].as_array().unwrap_or_else(|| panic!("{message}")) {
                counts.insert(row["start"].to_string(), row["count"].as_f64().unwrap());
            }
            let count = counts.values().sum::<f64>() as usize;
            let sent = sent.lock().unwrap();
            seen.extend((seen.len()..count).map(|number| now - sent[number]).collect::<Vec<_>>());
        }
    }
    seen
}

/// Sends other events at a rate until it is told to stop; how many it was.
async fn send_others(api: Api, rate: usize, mut stopped: watch::Receiver<bool>) -> usize {
    if rate == 0 {
        return 0;
    }
    let mut pace = tokio::time::interval(Duration::from_secs_f64(BATCH as f64 / rate as f64));
    let mut sent = 0;
    loop {
        tokio::select! {
            _ = stopped.changed() => return sent,
            _ = pace.tick() => {}
        }
        send(&api, (sent..sent + BATCH).map(|number| event(OTHERS, number)).collect()).await;
        sent += BATCH;
    }
}

async fn send(api: &Api, events: Vec<Value>) {
    let count = events.len();
    let call = Call::new(api.address, Method::POST, "/v1/noema/events").key(&api.key).json(&events.into());
    let receipts = call.send().await.ok();
    assert_eq!(receipts["stored"], count, "{receipts:#}");
}

/// An event of a thousand different people.
fn event(name: &str, number: usize) -> Value {
    let data = match name {
        TIMED => {
            json!({"commandName": "/set_preference", "args": ["theme", "dark"], "success": true, "executionTimeMs": 12,
                        "source": "menu_click"})
        }
        _ => json!({"platform": "api", "startMethod": "api_key_usage"}),
    };
    json!({"id": uuid::Uuid::now_v7(), "name": name, "identity": format!("person-{}", number % 1_000), "data": data})
}

/// In milliseconds.
fn percentile(durations: &mut [Duration], percent: usize) -> f64 {
    durations.sort_unstable();
    durations[(durations.len() - 1) * percent / 100].as_secs_f64() * 1e3
}
