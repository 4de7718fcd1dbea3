//! The log on a disk that fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::collections::HashMap;
use std::sync::Arc;

use daybook_log::{AppendError, Appended, Candidate, Log, LogOptions, OpenError, ReadLimit};
use support::disk::{Crash, FaultyDisk};
use support::{ALL, batch, key, leaf, mix, payload, read_all, read_kept};

const DIRECTORY: &str = "/log";

fn options(disk: &FaultyDisk) -> LogOptions {
    LogOptions {
        segment_size_bytes: 8 * 1024,
        index_table_ids: 64,
        disk: Arc::new(disk.clone()),
        ..LogOptions::default()
    }
}

fn open(disk: &FaultyDisk) -> Log {
    Log::open(DIRECTORY, options(disk)).unwrap()
}

/// What the log owes: which number was acknowledged at which position.
#[derive(Debug, Default)]
struct Owed(HashMap<u64, u64>);

impl Owed {
    fn note(&mut self, numbers: &[u64], outcomes: &[Appended]) {
        for (number, outcome) in numbers.iter().zip(outcomes) {
            let (Appended::Stored(position) | Appended::Duplicate(position)) = *outcome else {
                panic!("nothing conflicts here")
            };
            let before = self.0.insert(*number, position);
            assert!(before.is_none_or(|before| before == position), "{number} moved");
        }
    }

    /// Everything owed is there, once, and everything that is there is whole. What may have been compacted is there or
    /// is its hash.
    fn check(&self, log: &Log) {
        let records = read_kept(log);
        let mut positions = HashMap::new();
        for record in &records {
            let number = number_of(&record.bytes);
            assert_eq!(record.bytes, payload(number));
            assert_eq!(positions.insert(number, record.position), None, "{number} is there twice");
        }
        let keys: Vec<_> = records.iter().map(|record| key(number_of(&record.bytes))).collect();
        for (record, known) in records.iter().zip(log.lookup(&keys).unwrap()) {
            assert_eq!(known.map(|known| known.position), Some(record.position));
        }
        for (number, position) in &self.0 {
            if let Some(found) = positions.get(number) {
                assert_eq!(found, position, "{number} was acknowledged");
                continue;
            }
            assert!(expires(*number), "{number} was acknowledged");
            assert_eq!(log.lookup(&[key(*number)]).unwrap()[0].map(|known| known.position), Some(*position));
            assert_eq!(log.leaf(*position).unwrap(), Some(leaf(&payload(*number))));
        }
    }
}

/// Whether a compaction may take it.
fn expires(number: u64) -> bool {
    number % 5 > 2
}

fn number_of(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_failure() {
    for crash in [Crash::LoseAll, Crash::KeepAll, Crash::Random { seed: 1, garbage: 0 }] {
        let disk = FaultyDisk::default();
        let mut owed = Owed::default();
        for round in 0..20 {
            let log = open(&disk);
            owed.check(&log);
            for begin in 0..20 {
                let numbers: Vec<u64> = (0..10).map(|n| round * 1_000 + begin * 10 + n).collect();
                owed.note(&numbers, &log.append(batch(numbers.clone())).await.unwrap());
            }
            disk.die_after(0);
            drop(log);
            disk.crash(crash);
        }
        owed.check(&open(&disk));
    }
}

#[tokio::test]
async fn a_failed_sync_acknowledges_nothing_and_ends_writing() {
    for kill_power in [false, true] {
        let disk = FaultyDisk::default();
        let mut owed = Owed::default();
        let log = open(&disk);
        owed.note(&[1, 2], &log.append(batch([1, 2])).await.unwrap());
        disk.fail_sync_after(0);
        let refused = log.append(batch([3, 4])).await;
        assert!(matches!(refused, Err(AppendError::Poisoned(_))), "{refused:?}");
        // Neither later writes nor readers may rely on it, and it says so.
        assert!(matches!(log.append(batch([5])).await, Err(AppendError::Poisoned(_))));
        assert!(log.status().poisoned.unwrap().contains("sync failed"));
        assert_eq!(log.head(), 2);
        assert_eq!(log.lookup(&[key(3)]).unwrap(), [None]);
        owed.check(&log);
        drop(log);
        if kill_power {
            disk.crash(Crash::LoseAll);
        }
        let log = open(&disk);
        owed.check(&log);
        // Without a power failure the frame is read back from memory. It was written again elsewhere, so that what is
        // seen now stays.
        let head = log.head();
        assert_eq!(head, if kill_power { 2 } else { 4 });
        assert_eq!(disk.segments().len(), if kill_power { 1 } else { 2 });
        let seen = read_all(&log);
        owed.note(&[6], &log.append(batch([6])).await.unwrap());
        drop(log);
        disk.crash(Crash::LoseAll);
        let log = open(&disk);
        owed.check(&log);
        assert_eq!(read_all(&log)[..head as usize], seen);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let disk = FaultyDisk::default();
    let log = open(&disk);
    let mut owed = Owed::default();
    let mut next = 0;
    for round in 0..200_u64 {
        disk.limit_room(Some(mix(round) % 3_000));
        let mut refused = 0;
        while refused < 3 {
            let numbers: Vec<u64> = (next..next + 1 + mix(next) % 9).collect();
            next += 10;
            match log.append(batch(numbers.clone())).await {
                Ok(outcomes) => owed.note(&numbers, &outcomes),
                Err(error) => {
                    assert_eq!(error, AppendError::NoSpace);
                    assert_eq!(log.lookup(&[key(numbers[0])]).unwrap(), [None]);
                    refused += 1;
                    // What is there already needs no room.
                    if let Some((number, position)) = owed.0.iter().next() {
                        let again = log.append(batch([*number])).await;
                        assert_eq!(again, Ok(vec![Appended::Duplicate(*position)]));
                    }
                }
            }
        }
        assert_eq!(log.status().poisoned, None);
        owed.check(&log);
        disk.limit_room(None);
        let numbers = [next];
        next += 1;
        owed.note(&numbers, &log.append(batch(numbers)).await.unwrap());
    }
    drop(log);
    disk.crash(Crash::LoseAll);
    owed.check(&open(&disk));
}

#[tokio::test]
async fn an_index_that_cannot_be_written_refuses_before_memory_is_full() {
    let disk = FaultyDisk::default();
    let log = open(&disk);
    disk.fail_index_writes(true);
    let mut owed = Owed::default();
    let mut refused = false;
    for begin in (0..1_000).step_by(10) {
        let numbers: Vec<u64> = (begin..begin + 10).collect();
        match log.append(batch(numbers.clone())).await {
            Ok(outcomes) => owed.note(&numbers, &outcomes),
            Err(error) => {
                assert_eq!(error, AppendError::NoSpace);
                refused = true;
                break;
            }
        }
    }
    assert!(refused && log.status().index.table_ids <= 64 * 4);
    owed.check(&log);
    disk.fail_index_writes(false);
    while log.append(batch([5_000])).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    owed.check(&log);
}

#[tokio::test]
async fn a_read_that_fails_is_an_error_and_no_gap() {
    let disk = FaultyDisk::default();
    let log = open(&disk);
    for begin in (0..1_000).step_by(10) {
        log.append(batch(begin..begin + 10)).await.unwrap();
    }
    // What was just written is read from memory.
    disk.fail_reads(true);
    assert_eq!(read_all(&log).len(), 1_000);
    disk.fail_reads(false);
    log.close().await;
    drop(log);
    let log = open(&disk);
    disk.fail_reads(true);
    assert!(log.read(0, ReadLimit::default(), &ALL).is_err());
    assert!(log.record(1).is_err());
    disk.fail_reads(false);
    assert_eq!(read_all(&log).len(), 1_000);
    drop(log);
    disk.fail_reads(true);
    assert!(matches!(Log::open(DIRECTORY, options(&disk)), Err(OpenError::Io { .. })));
}

/// Everything at once, in a seeded order. `DAYBOOK_LOG_SEED` replays one; `DAYBOOK_LOG_ROUNDS` sets how many.
#[test]
fn crashes_in_a_loop() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("DAYBOOK_LOG_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("DAYBOOK_LOG_ROUNDS").unwrap_or(8),
    };
    for seed in seeds {
        let run = std::panic::catch_unwind(|| crash_loop(seed));
        if let Err(panic) = run {
            println!("failed; replay with DAYBOOK_LOG_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

fn crash_loop(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let disk = FaultyDisk::default();
    let (mut owed, mut random, mut next) = (Owed::default(), seed << 32, 0_u64);
    let mut roll = |sides: u64| {
        random += 1;
        mix(random) % sides
    };
    for _ in 0..25 {
        disk.die_after(1 + roll(80));
        if let Ok(log) = Log::open(DIRECTORY, options(&disk)) {
            let mut seen = log.head();
            owed.check(&log);
            if roll(3) == 0 {
                disk.fail_sync_after(roll(20));
            }
            while !disk.is_dead() && log.status().poisoned.is_none() {
                disk.limit_room((roll(10) == 0).then(|| roll(500)));
                let clients = 1 + roll(3);
                let batches: Vec<Vec<u64>> = (0..clients)
                    .map(|_| {
                        let begin = next.saturating_sub(roll(20));
                        let numbers: Vec<u64> = (begin..begin + 1 + roll(30)).collect();
                        next = next.max(begin + numbers.len() as u64);
                        numbers
                    })
                    .collect();
                let answers = runtime.block_on(async {
                    let append = |numbers: &Vec<u64>| {
                        let (log, batch) = (log.clone(), batch(numbers.clone()));
                        tokio::spawn(async move { log.append(batch).await })
                    };
                    let mut answers = Vec::new();
                    for task in batches.iter().map(append).collect::<Vec<_>>() {
                        answers.push(task.await.unwrap());
                    }
                    answers
                });
                for (numbers, answer) in batches.iter().zip(answers) {
                    if let Ok(outcomes) = answer {
                        owed.note(numbers, &outcomes);
                    }
                }
                assert!(log.head() >= seen);
                seen = log.head();
                if roll(15) == 0 {
                    let _ = runtime.block_on(log.roll_older_than(roll(next + 1) as i64 * 1_000));
                    let expired = |candidate: &Candidate<'_>| expires(number_of(candidate.bytes));
                    let _ = log.compact(&expired, roll(next + 1) as i64 * 1_000, &mut |_| {}, &|| false);
                }
            }
            drop(log);
        }
        let crash = match roll(4) {
            0 => Crash::LoseAll,
            1 => Crash::KeepAll,
            _ => Crash::Random { seed: roll(u64::MAX), garbage: [0, 0xFF, 0x44][roll(3) as usize] },
        };
        disk.crash(crash);
        match Log::open(DIRECTORY, options(&disk)) {
            Ok(log) => owed.check(&log),
            Err(error) => panic!("after {crash:?}: {error}"),
        }
    }
}
