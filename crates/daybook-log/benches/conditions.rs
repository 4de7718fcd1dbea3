//! Appends on condition in the process: per second, by size and number of calls, with conditions about what is recent and
//! about all of history; and questions about few records among many, from memory and from the disk.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a fault ends it")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_log::{AppendBatch, Condition, Log, LogOptions, Selection, Term, TermItem, TermQuery, Terms};
use support::{directory, events, key, mix};

/// How long each line is measured.
fn measured() -> Duration {
    let seconds = std::env::var("DAYBOOK_BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(3.0))
}

/// Records that are in the log before questions are asked.
fn records() -> u64 {
    std::env::var("DAYBOOK_BENCH_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000_000)
}

/// Three terms a record, as an event type and two tags: one of four, one of 20,000, and one of its own.
#[derive(Debug)]
struct BenchTerms;

impl Terms for BenchTerms {
    fn fingerprint(&self) -> [u8; 16] {
        [7; 16]
    }

    fn of(&self, _: u64, record: &[u8], terms: &mut Vec<Term>) {
        // The event's id, which is mixed already.
        let number = u64::from_le_bytes(record[2..10].try_into().unwrap());
        terms.extend([key(number % 4), key(1_000 + number % 20_000), key(number)]);
    }
}

fn options() -> LogOptions {
    LogOptions { terms: Some(Arc::new(BenchTerms)), ..LogOptions::default() }
}

/// Records of one of 20,000, which nobody may have added to.
fn condition(number: u64, after: u64) -> Condition {
    let item = TermItem { any: vec![key(number % 4)], all: vec![key(1_000 + number % 20_000), key(mix(number))] };
    Condition { fail_if_match: TermQuery { items: vec![item] }, after }
}

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    println!(
        "Durable appends on condition of events of about 350 bytes with three terms each; recent: of what came since the"
    );
    println!("last call of the same client; history: of everything.\n");
    println!(
        "clients  events/call   calls/s recent  events/s recent   calls/s history  events/s history   p50 ms   p99 ms"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for clients in [1, 4, 16, 64] {
        for size in [1, 10, 100, 1_000] {
            let recent = runtime.block_on(appends(clients, size, false));
            let history = runtime.block_on(appends(clients, size, true));
            println!(
                "{clients:>7} {size:>12} {:>16.0} {:>16.0} {:>17.0} {:>17.0} {:>8.3} {:>8.3}",
                recent.calls_per_second(),
                recent.calls_per_second() * size as f64,
                history.calls_per_second(),
                history.calls_per_second() * size as f64,
                history.percentile(50).as_secs_f64() * 1e3,
                history.percentile(99).as_secs_f64() * 1e3,
            );
        }
    }
    runtime.block_on(questions());
}

struct Measured {
    elapsed: Duration,
    calls: Vec<Duration>,
}

impl Measured {
    fn calls_per_second(&self) -> f64 {
        self.calls.len() as f64 / self.elapsed.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> Duration {
        self.calls[(self.calls.len() - 1) * percent / 100]
    }
}

async fn appends(clients: u64, size: u64, history: bool) -> Measured {
    let directory = directory();
    let log = Log::open(directory.path(), options()).unwrap();
    let prepared: Vec<Vec<AppendBatch>> = (0..clients)
        .map(|client| (0..(20_000 / size).clamp(4, 64)).map(|at| events((client << 40) + at * size, size)).collect())
        .collect();
    let started = Instant::now();
    let deadline = started + measured();
    let tasks: Vec<_> = prepared
        .into_iter()
        .zip(0_u64..)
        .map(|(batches, client)| {
            let log = log.clone();
            tokio::spawn(async move {
                let (mut calls, mut number, mut after) = (Vec::new(), client << 40, 0);
                while Instant::now() < deadline {
                    let mut batch = batches[calls.len() % batches.len()].clone();
                    for record in &mut batch.records {
                        record.key = key(number);
                        number += 1;
                    }
                    let call = Instant::now();
                    // Nothing has this term yet.
                    let condition = condition(!number, if history { 0 } else { after });
                    let condition = log.check(condition, &batch).unwrap();
                    log.append_if(batch, condition).await.unwrap();
                    after = log.head();
                    calls.push(call.elapsed());
                }
                calls
            })
        })
        .collect();
    let mut calls = Vec::new();
    for task in tasks {
        calls.extend(task.await.unwrap());
    }
    let elapsed = started.elapsed();
    calls.sort_unstable();
    log.close().await;
    Measured { elapsed, calls }
}

async fn questions() {
    let directory = directory();
    let records = records();
    let log = Log::open(directory.path(), options()).unwrap();
    let begun = Instant::now();
    for begin in (0..records).step_by(1_000) {
        log.append(events(begin, 1_000)).await.unwrap();
    }
    println!(
        "\n{records} records appended in {:.1} s; {:?}",
        begun.elapsed().as_secs_f64(),
        log.status().terms.unwrap()
    );
    log.close().await;
    drop(log);
    let begun = Instant::now();
    let log = Log::open(directory.path(), options()).unwrap();
    println!("opened in {:.2} s", begun.elapsed().as_secs_f64());
    for (what, item) in [
        ("one of 20,000", (|n| TermItem { any: vec![], all: vec![key(1_000 + n % 20_000)] }) as fn(u64) -> TermItem),
        ("one of 20,000 and of a type", |n| TermItem { any: vec![key(n % 4)], all: vec![key(1_000 + n % 20_000)] }),
        ("one that is nowhere", |n| TermItem { any: vec![], all: vec![key(!n)] }),
    ] {
        for pass in ["first", "second"] {
            let (begun, mut asked, mut found) = (Instant::now(), 0_u64, 0);
            while begun.elapsed() < measured() {
                let query = TermQuery { items: vec![item(mix(asked))] };
                let selection = Selection { after: 0, until: u64::MAX, limit: 1_000, backwards: false };
                found += log.select(&query, selection).unwrap().positions.len();
                asked += 1;
            }
            let rate = asked as f64 / begun.elapsed().as_secs_f64();
            println!(
                "{what:>28}, {pass:>6} pass: {rate:>10.0} questions/s, {:.1} positions each",
                found as f64 / asked as f64
            );
        }
    }
    log.close().await;
}
