//! Killing the process that writes, again and again, and holding what it was told against what is there.
//!
//! The child is this test binary, started again. It appends from several threads, writes every acknowledgement to a
//! file of its own, and compacts all the while; the parent kills it at a random moment. A kill does not test the disk (tests/faults.rs does); it
//! tests that no state of the files that a process can leave stops the next one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use daybook_log::{Appended, Candidate, Log, LogOptions};
use support::{batch, key, leaf, mix, payload, read_kept};

const CHILD_DIRECTORY: &str = "DAYBOOK_LOG_KILL_CHILD";

fn options() -> LogOptions {
    LogOptions { segment_size_bytes: 256 * 1024, index_table_ids: 2_000, ..LogOptions::default() }
}

/// The child's part; does nothing when the tests run as usual.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let log = Log::open(directory.join("log"), options()).unwrap();
    let round = fs::read_dir(directory).unwrap().count() as u64;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let clients: Vec<_> = (0..4_u64)
        .map(|client| {
            let log = log.clone();
            let acknowledged = directory.join(format!("acknowledged-{round}-{client}"));
            runtime.spawn(async move {
                let mut acknowledged = File::create(acknowledged).unwrap();
                let mut number = round << 32 | client << 24;
                // Until it is killed.
                for _ in 0..u64::MAX {
                    let size = 1 + mix(number) % 40;
                    let numbers: Vec<u64> = (number..number + size).collect();
                    number += size - size / 4;
                    let outcomes = log.append(batch(numbers.clone())).await.unwrap();
                    let mut lines = String::new();
                    for (number, outcome) in numbers.iter().zip(outcomes) {
                        let (Appended::Stored(position) | Appended::Duplicate(position)) = outcome else {
                            panic!("nothing conflicts here")
                        };
                        lines.push_str(&format!("{number} {position}\n"));
                    }
                    // One write call, which a kill does not take back.
                    acknowledged.write_all(lines.as_bytes()).unwrap();
                }
            })
        })
        .collect();
    // Until it is killed, too.
    for _ in 0..u64::MAX {
        let expired = |candidate: &Candidate<'_>| expires(number_of(candidate.bytes));
        log.compact(&expired, i64::MAX, &mut |_| {}, &|| false).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    for client in clients {
        runtime.block_on(client).unwrap();
    }
}

/// Whether a compaction takes it.
fn expires(number: u64) -> bool {
    mix(number).is_multiple_of(4)
}

fn number_of(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

/// `DAYBOOK_LOG_KILLS` says how often; `DAYBOOK_LOG_SEED` when.
#[test]
fn nothing_acknowledged_is_lost_by_kills() {
    if std::env::var_os(CHILD_DIRECTORY).is_some() {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let kills = number("DAYBOOK_LOG_KILLS").unwrap_or(15);
    let seed = number("DAYBOOK_LOG_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("DAYBOOK_LOG_SEED={seed}");
    let directory = tempfile::tempdir().unwrap();
    OpenOptions::new().create(true).append(true).open(directory.path().join("first")).unwrap();
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--nocapture"])
            .env(CHILD_DIRECTORY, directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20 + mix(seed + kill) % 400));
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        if kill % 5 == 4 || kill + 1 == kills {
            check(directory.path());
        }
    }
}

fn check(directory: &Path) {
    let log = Log::open(directory.join("log"), options()).unwrap();
    let mut positions = HashMap::new();
    for record in read_kept(&log) {
        let number = number_of(&record.bytes);
        assert_eq!(record.bytes, payload(number));
        assert_eq!(positions.insert(number, record.position), None, "{number} is there twice");
    }
    let (mut acknowledged, mut compacted) = (0, 0);
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with("acknowledged-") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let owed: Vec<(u64, u64)> = whole
            .map(|line| {
                let (number, position) = line.trim_end().split_once(' ').unwrap();
                (number.parse().unwrap(), position.parse().unwrap())
            })
            .collect();
        let keys: Vec<_> = owed.iter().map(|(number, _)| key(*number)).collect();
        for ((number, position), known) in owed.iter().zip(log.lookup(&keys).unwrap()) {
            if expires(*number) && !positions.contains_key(number) {
                compacted += 1;
                assert_eq!(log.leaf(*position).unwrap(), Some(leaf(&payload(*number))));
            } else {
                assert_eq!(positions.get(number), Some(position), "{number} was acknowledged");
            }
            assert_eq!(known.map(|known| known.position), Some(*position));
            acknowledged += 1;
        }
    }
    println!(
        "{acknowledged} acknowledged, {compacted} of them compacted, {} in the log, {} segments",
        log.head(),
        log.status().segments
    );
}
