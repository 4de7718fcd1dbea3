//! Compaction: what it costs per record by how much has expired, beside a plain copy of the same files.
//!
//! `DAYBOOK_BENCH_RECORDS` says how many records the log has; 2 million by default.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a fault ends it")]

mod support;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daybook_log::{AppendBatch, Candidate, Compacted, Log, LogOptions, RecordMeta};
use support::{directory, key, memory_mib, mix};

const BATCH: u64 = 1_000;
/// What an event takes: some that repeats from one to the next, and what is sealed, which looks random.
const CLEAR_BYTES: usize = 220;
const SEALED_BYTES: usize = 130;

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let records: u64 = std::env::var("DAYBOOK_BENCH_RECORDS").ok().map_or(2_000_000, |text| text.parse().unwrap());
    let filled = directory();
    let log = Log::open(filled.path(), LogOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        for begin in (0..records).step_by(BATCH as usize) {
            log.append(events(begin, BATCH.min(records - begin))).await.unwrap();
        }
        log.roll_older_than(i64::MAX).await.unwrap();
        log.close().await;
    });
    let status = log.status();
    drop(log);
    let (copied, bytes) = plain_copy(filled.path());
    println!(
        "{records} records of {} bytes, a third of it sealed, in {} segments of {} MB together; a plain copy of them, synced,\n\
         takes {:.2} s ({:.0} MB/s). Time is stored with the records, in their order; what expires is the oldest, or one in so many.\n",
        CLEAR_BYTES + SEALED_BYTES,
        status.segments - 1,
        bytes / 1_000_000,
        copied.as_secs_f64(),
        bytes as f64 / 1e6 / copied.as_secs_f64(),
    );
    println!(
        "expires            what       seconds   records/s   of a copy   segments    records   MB freed   of its bytes"
    );
    let end = records as i64;
    line("nothing", filled.path(), bytes, copied, 0, |_| true);
    line("nothing, all asked", filled.path(), bytes, copied, end, |_| false);
    line("one in 100", filled.path(), bytes, copied, end, |position| position % 100 == 0);
    line("one in 2", filled.path(), bytes, copied, end, |position| position % 2 == 0);
    line("oldest half", filled.path(), bytes, copied, end / 2, |_| true);
    line("all", filled.path(), bytes, copied, end, |_| true);
    println!("\nRSS {} MiB", memory_mib("VmHWM:"));
}

/// A survey and a compaction of a copy of the log, and the compaction once more.
fn line(name: &str, filled: &Path, bytes: u64, copied: Duration, before: i64, expired: impl Fn(u64) -> bool) {
    let directory = directory();
    for file in segments(filled) {
        fs::copy(&file, directory.path().join(file.file_name().unwrap())).unwrap();
    }
    let options = LogOptions { verify_bytes: 0, ..LogOptions::default() };
    // The index is a view, and nothing of it changes.
    fs::create_dir(directory.path().join("ids")).unwrap();
    for file in fs::read_dir(filled.join("ids")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), directory.path().join("ids").join(file.file_name())).unwrap();
    }
    let log = Log::open(directory.path(), options).unwrap();
    let records = log.head();
    let expired = |candidate: &Candidate<'_>| expired(candidate.position);
    let print = |what: &str, run: &dyn Fn() -> Compacted| {
        let started = Instant::now();
        let done = run();
        let elapsed = started.elapsed().as_secs_f64();
        println!(
            "{name:<18} {what:<9} {elapsed:>8.3} {:>11} {:>11.2} {:>10} {:>10} {:>10} {:>13.0}%",
            // Less than that is no reading.
            if elapsed < 0.001 { "-".to_owned() } else { format!("{:.0}", records as f64 / elapsed) },
            elapsed / copied.as_secs_f64(),
            done.segments,
            done.records,
            done.bytes_freed / 1_000_000,
            done.bytes_freed as f64 / bytes as f64 * 100.0,
        );
    };
    print("survey", &|| log.survey(&expired, before, &|| false).unwrap());
    print("compact", &|| log.compact(&expired, before, &mut |_| {}, &|| false).unwrap());
    print("again", &|| log.compact(&expired, before, &mut |_| {}, &|| false).unwrap());
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    files.sort();
    files
}

/// Reads and writes every segment, and syncs each.
fn plain_copy(from: &Path) -> (Duration, u64) {
    let to = directory();
    let started = Instant::now();
    let mut bytes = 0;
    for file in segments(from) {
        let mut copy = File::create(to.path().join(file.file_name().unwrap())).unwrap();
        // By hand: the system's own copy may not move a byte.
        let mut buffer = vec![0; 1024 * 1024];
        let mut file = File::open(&file).unwrap();
        loop {
            let length = io::Read::read(&mut file, &mut buffer).unwrap();
            if length == 0 {
                break;
            }
            io::Write::write_all(&mut copy, &buffer[..length]).unwrap();
            bytes += length as u64;
        }
        copy.sync_data().unwrap();
    }
    (started.elapsed(), bytes)
}

/// A batch of records as admission makes them, one microsecond apart.
fn events(begin: u64, count: u64) -> AppendBatch {
    let mut batch = AppendBatch::default();
    for number in begin..begin + count {
        let clear = format!(
            r#"unofficial-communities world.zone.entered 1.0.0 product web server production {{"zone_type":"plaza","zone_id":{},"duration_ms":{},"via":"portal"}} {{"client":"web/4.2.1","locale":"en-GB"}} {number:016x}"#,
            mix(number) % 400,
            mix(number + 1) % 60_000,
        );
        batch.bytes.extend(clear.bytes().chain(std::iter::repeat(b' ')).take(CLEAR_BYTES));
        let sealed = (0_u64..).flat_map(|at| mix(number << 8 | at).to_le_bytes());
        batch.bytes.extend(sealed.take(SEALED_BYTES));
        let digest = u128::from(mix(number + 9)) << 64 | u128::from(mix(number + 10));
        batch.records.push(RecordMeta {
            end: batch.bytes.len() as u32,
            key: key(number),
            digest: digest.to_le_bytes(),
            app: 0x1234,
            time_us: number as i64,
            hidden: false,
        });
    }
    batch
}
