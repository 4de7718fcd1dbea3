//! The id index as it grows: what appending and looking up cost, and what it takes of memory and disk.
//!
//! `DAYBOOK_BENCH_IDS` says how far it grows; 20 million by default.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a fault ends it")]

mod support;

use std::time::{Duration, Instant};

use daybook_log::{AppendBatch, Log, LogOptions, RecordKey, RecordMeta};
use support::{directory, key, memory_mib, mix, processor_time};

const BATCH: u64 = 5_000;
const LOOKUPS: u64 = 1_000_000;
const LOOKUP_BATCH: u64 = 100;

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let most: u64 = std::env::var("DAYBOOK_BENCH_IDS").ok().map_or(20_000_000, |text| text.parse().unwrap());
    let directory = directory();
    let log = Log::open(directory.path(), LogOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    println!(
        "Records of 8 bytes, appended 5,000 a call; lookups 100 a call, of ids that are not there and of ids that are,"
    );
    println!(
        "evenly over the whole log. Nanoseconds per id: of the clock for append, of the processor for what the writer, the"
    );
    println!("flusher and the merger do, and of both for lookups.\n");
    println!(
        "       ids   append   writer    flush    merge    absent cpu/clock   present cpu/clock   runs   filters MiB   RSS MiB   ids on disk MiB   log MiB"
    );
    let mut size = 0;
    for step in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] {
        let target = (step * 1_000_000).min(most);
        if target <= size {
            break;
        }
        let added = target - size;
        let before = times();
        let started = Instant::now();
        runtime.block_on(grow(&log, size, target));
        let appended = started.elapsed();
        size = target;
        settle(&log);
        let after = times();
        let cost = |index: usize| (after[index] - before[index]).as_nanos() as f64 / added as f64;
        let absent = lookups(&log, |number| key(mix(number) | 1 << 63), false);
        let present = lookups(&log, |number| key(mix(number) % size), true);
        let status = log.status();
        println!(
            "{size:>10} {:>8.0} {:>8.0} {:>8.0} {:>8.0} {:>11.0}/{:<8.0} {:>10.0}/{:<8.0} {:>6} {:>13} {:>9} {:>17} {:>9}",
            appended.as_nanos() as f64 / added as f64,
            cost(0),
            cost(1),
            cost(2),
            absent.0,
            absent.1,
            present.0,
            present.1,
            status.index.runs,
            status.index.filter_bytes >> 20,
            memory_mib("RssAnon:"),
            status.index.run_bytes >> 20,
            status.bytes >> 20,
        );
    }
    drop(log);
    let started = Instant::now();
    let log = Log::open(directory.path(), LogOptions::default()).unwrap();
    println!("\nopened again in {:.1} s", started.elapsed().as_secs_f64());
    drop(log);
    std::fs::remove_dir_all(directory.path().join("ids")).unwrap();
    let started = Instant::now();
    let log = Log::open(directory.path(), LogOptions::default()).unwrap();
    println!("opened without its index, which is made anew, in {:.1} s", started.elapsed().as_secs_f64());
    drop(log);
}

fn times() -> [Duration; 3] {
    ["daybook-log-wri", "daybook-ids-flu", "daybook-ids-mer"].map(|name| processor_time(Some(name)))
}

async fn grow(log: &Log, from: u64, to: u64) {
    // A few calls at the same time, so that the sync of one overlaps the making of the next.
    let mut waiting = std::collections::VecDeque::new();
    let mut next = from;
    while next < to {
        let end = to.min(next + BATCH);
        let batch = AppendBatch {
            bytes: (next..end).flat_map(u64::to_le_bytes).collect(),
            records: (next..end)
                .zip(1..)
                .map(|(number, count)| RecordMeta {
                    end: count * 8,
                    key: key(number),
                    digest: u128::from(mix(number)).to_le_bytes(),
                    app: 1,
                    time_us: number as i64,
                    hidden: false,
                })
                .collect(),
            ..AppendBatch::default()
        };
        next = end;
        let log = log.clone();
        waiting.push_back(tokio::spawn(async move { log.append(batch).await.unwrap() }));
        if waiting.len() >= 8 {
            waiting.pop_front().unwrap().await.unwrap();
        }
    }
    for task in waiting {
        task.await.unwrap();
    }
}

/// Waits until nothing is written or merged in the background.
fn settle(log: &Log) {
    let (mut before, mut same) = (log.status().index, 0);
    while same < 20 {
        std::thread::sleep(Duration::from_millis(50));
        let now = log.status().index;
        same = if now == before && processor_is_idle() { same + 1 } else { 0 };
        before = now;
    }
}

fn processor_is_idle() -> bool {
    let before = times();
    std::thread::sleep(Duration::from_millis(10));
    times().iter().zip(before).all(|(now, before)| *now - before < Duration::from_millis(1))
}

/// Nanoseconds per lookup: processor time, and time.
fn lookups(log: &Log, key: impl Fn(u64) -> RecordKey, present: bool) -> (f64, f64) {
    let keys: Vec<RecordKey> = (0..LOOKUPS).map(key).collect();
    let (started, before) = (Instant::now(), support::own_processor_time());
    for keys in keys.chunks(LOOKUP_BATCH as usize) {
        let known = log.lookup(keys).unwrap();
        assert!(known.iter().all(|known| known.is_some() == present));
    }
    let (time, processor_time) = (started.elapsed(), support::own_processor_time() - before);
    (processor_time.as_nanos() as f64 / LOOKUPS as f64, time.as_nanos() as f64 / LOOKUPS as f64)
}
