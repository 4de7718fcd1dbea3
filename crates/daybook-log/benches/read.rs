//! What reading costs: pages of a feed, single records, and lookups of ids, on a log of half a million events.
#![allow(clippy::unwrap_used, reason = "a fault ends a bench")]

mod support;

use std::sync::OnceLock;

use daybook_log::{Filter, Log, LogOptions, ReadLimit};
use divan::Bencher;
use divan::counter::ItemsCount;
use support::{directory, events, key, mix};

const EVENTS: u64 = 500_000;

static LOG: OnceLock<(tempfile::TempDir, Log)> = OnceLock::new();

fn main() {
    divan::main();
    if let Some((directory, _)) = LOG.get() {
        std::fs::remove_dir_all(directory.path()).unwrap();
    }
}

/// The log, filled once.
fn log() -> &'static Log {
    let (_, log) = LOG.get_or_init(|| {
        let directory = directory();
        let log = Log::open(directory.path(), LogOptions::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for begin in (0..EVENTS).step_by(1_000) {
            runtime.block_on(log.append(events(begin, 1_000))).unwrap();
        }
        (directory, log)
    });
    log
}

/// A page of a feed from somewhere in the log.
#[divan::bench(args = [100, 1_000])]
fn page(bencher: Bencher<'_, '_>, records: usize) {
    let (log, mut turn) = (log(), 0);
    bencher.counter(ItemsCount::new(records)).bench_local(|| {
        turn += 1;
        let after = mix(turn) % (EVENTS - 2_000);
        log.read(after, ReadLimit { records, ..ReadLimit::default() }, &Filter::default()).unwrap()
    });
}

/// The page that a live tail reads, again and again.
#[divan::bench(args = [100, 1_000])]
fn last_page(bencher: Bencher<'_, '_>, records: usize) {
    let log = log();
    bencher.counter(ItemsCount::new(records)).bench_local(|| {
        let after = EVENTS - records as u64;
        log.read(after, ReadLimit { records, ..ReadLimit::default() }, &Filter::default()).unwrap()
    });
}

/// One record from somewhere in the log.
#[divan::bench]
fn record(bencher: Bencher<'_, '_>) {
    let (log, mut turn) = (log(), 0);
    bencher.bench_local(|| {
        turn += 1;
        log.record(mix(turn) % EVENTS + 1).unwrap().unwrap()
    });
}

/// A hundred ids that are not there.
#[divan::bench]
fn lookup_absent(bencher: Bencher<'_, '_>) {
    let (log, mut turn) = (log(), 0);
    bencher.counter(ItemsCount::new(100_usize)).bench_local(|| {
        turn += 100;
        let keys: Vec<_> = (turn..turn + 100).map(|number| key(number | 1 << 60)).collect();
        log.lookup(&keys).unwrap()
    });
}

/// A hundred ids that are there.
#[divan::bench]
fn lookup_present(bencher: Bencher<'_, '_>) {
    let (log, mut turn) = (log(), 0);
    bencher.counter(ItemsCount::new(100_usize)).bench_local(|| {
        turn += 100;
        let keys: Vec<_> = (turn..turn + 100).map(|number| key(mix(number) % EVENTS)).collect();
        log.lookup(&keys).unwrap()
    });
}
