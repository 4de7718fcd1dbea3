//! Durable appends per second by size and number of calls, beside a loop that writes and syncs the same bytes.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a fault ends it")]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use daybook_log::{AppendBatch, Log, LogOptions};
use support::{directory, events, processor_time};

/// How long each line is measured.
fn measured() -> Duration {
    let seconds = std::env::var("DAYBOOK_BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(3.0))
}

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    println!("Durable appends of events of about 350 bytes, with ids looked up; raw: write and fdatasync of the same");
    println!("records, uncompressed, one call after another, without index, checksum or anything else.\n");
    println!(
        "clients  events/call      events/s       MB/s   p50 ms   p99 ms   writer ns/event   stored/sent   raw events/s   raw MB/s   raw p50 ms"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (clients, size) in
        [(1, 1), (1, 10), (1, 100), (1, 1_000), (4, 100), (16, 100), (64, 1), (64, 10), (64, 100), (64, 1_000)]
    {
        let ours = runtime.block_on(appends(clients, size));
        let raw = raw(size);
        println!(
            "{clients:>7} {size:>12} {:>13.0} {:>10.1} {:>8.3} {:>8.3} {:>17.0} {:>13.2} {:>14.0} {:>10.1} {:>12.3}",
            ours.events_per_second(),
            ours.bytes_per_second() / 1e6,
            ours.percentile(50).as_secs_f64() * 1e3,
            ours.percentile(99).as_secs_f64() * 1e3,
            ours.writer.as_nanos() as f64 / ours.events as f64,
            ours.stored_bytes as f64 / ours.bytes as f64,
            raw.events_per_second(),
            raw.bytes_per_second() / 1e6,
            raw.percentile(50).as_secs_f64() * 1e3,
        );
    }
}

#[derive(Default)]
struct Measured {
    events: u64,
    bytes: u64,
    stored_bytes: u64,
    elapsed: Duration,
    writer: Duration,
    calls: Vec<Duration>,
}

impl Measured {
    fn events_per_second(&self) -> f64 {
        self.events as f64 / self.elapsed.as_secs_f64()
    }

    fn bytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.elapsed.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> Duration {
        self.calls[(self.calls.len() - 1) * percent / 100]
    }
}

/// Batches made before the clock runs; only their keys change from call to call.
fn prepared(client: u64, size: u64) -> Vec<AppendBatch> {
    (0..(20_000 / size).clamp(4, 64)).map(|at| events((client << 40) + at * size, size)).collect()
}

async fn appends(clients: u64, size: u64) -> Measured {
    let directory = directory();
    let log = Log::open(directory.path(), LogOptions::default()).unwrap();
    let batches: Vec<Vec<AppendBatch>> = (0..clients).map(|client| prepared(client, size)).collect();
    let started = Instant::now();
    let deadline = started + measured();
    let tasks: Vec<_> = batches
        .into_iter()
        .zip(0_u64..)
        .map(|(batches, client)| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut measured = Measured::default();
                let mut number = client << 40;
                while Instant::now() < deadline {
                    let mut batch = batches[measured.calls.len() % batches.len()].clone();
                    for record in &mut batch.records {
                        record.key = support::key(number);
                        number += 1;
                    }
                    measured.bytes += batch.bytes.len() as u64;
                    let call = Instant::now();
                    measured.events += log.append(batch).await.unwrap().len() as u64;
                    measured.calls.push(call.elapsed());
                }
                measured
            })
        })
        .collect();
    let mut all = Measured::default();
    for task in tasks {
        let one = task.await.unwrap();
        all.events += one.events;
        all.bytes += one.bytes;
        all.calls.extend(one.calls);
    }
    all.elapsed = started.elapsed();
    all.writer = processor_time(Some("daybook-log-wri"));
    all.stored_bytes = log.status().bytes;
    all.calls.sort_unstable();
    log.close().await;
    all
}

fn raw(size: u64) -> Measured {
    let directory = directory();
    let file = File::create(directory.path().join("raw")).unwrap();
    let batches = prepared(0, size);
    let mut all = Measured::default();
    let started = Instant::now();
    while started.elapsed() < measured() {
        let batch = &batches[all.calls.len() % batches.len()];
        let call = Instant::now();
        file.write_all_at(&batch.bytes, all.bytes).unwrap();
        file.sync_data().unwrap();
        all.calls.push(call.elapsed());
        all.bytes += batch.bytes.len() as u64;
        all.events += size;
    }
    all.elapsed = started.elapsed();
    all.calls.sort_unstable();
    all
}
