//! Files that were written by earlier versions stay readable.
//!
//! `tests/fixtures/v1` is a log as format version 1 writes it, `v2` the same log after a compaction.
//! `DAYBOOK_LOG_WRITE_FIXTURE` writes the newest anew, which is right only while that version is in the making.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use daybook_log::{Appended, Candidate, Compacted, Log, LogOptions};
use support::{batch, digest, key, leaf, payload, read_kept};

const RECORDS: u64 = 100;
/// Records in the closed segment.
const CLOSED: u64 = 60;

fn fixture(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{version}"))
}

fn options() -> LogOptions {
    LogOptions { segment_size_bytes: 4 * 1024, index_table_ids: 64, ..LogOptions::default() }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() { copy(&entry.path(), &to) } else { drop(fs::copy(entry.path(), to)) }
    }
}

#[tokio::test]
async fn version_1_is_read() {
    check(1, &|_| true).await;
}

#[tokio::test]
async fn version_2_is_read() {
    if std::env::var_os("DAYBOOK_LOG_WRITE_FIXTURE").is_some() {
        write(&fixture(2)).await;
    }
    check(2, &|position| position > CLOSED || !expired(position)).await;
}

/// A closed segment that was not compacted is still written as version 1 does.
#[tokio::test]
async fn what_is_not_compacted_says_version_1() {
    let (one, two) = (fs::read(fixture(1).join(segment(1))).unwrap(), fs::read(fixture(2).join(segment(1))).unwrap());
    assert_eq!((one[8], one[64 + 4]), (1, 1));
    assert_eq!((two[8], two[64 + 4]), (2, 2));
    let active = fs::read(fixture(2).join(segment(CLOSED + 1))).unwrap();
    assert_eq!((active[8], active[64 + 4]), (1, 1));
    let directory = tempfile::tempdir().unwrap();
    write(directory.path()).await;
    let written = fs::read(directory.path().join(segment(1))).unwrap();
    // Bytes 16 to 23 are the log id, which is in the checksum behind byte 55.
    assert_eq!((&written[..16], &written[24..56]), (&two[..16], &two[24..56]));
}

/// Reads a copy of a fixture of which these records are kept.
async fn check(version: u32, kept: &dyn Fn(u64) -> bool) {
    let fixture = fixture(version);
    let directory = tempfile::tempdir().unwrap();
    copy(&fixture, directory.path());
    let log = Log::open(directory.path(), options()).unwrap();
    assert_eq!(log.head(), RECORDS);
    assert!(log.status().segments > 1);
    let records = read_kept(&log);
    assert!(records.iter().map(|record| record.position).eq((1..=RECORDS).filter(|position| kept(*position))));
    for record in records {
        assert_eq!((record.bytes.as_ref(), record.app), (payload(record.position).as_slice(), record.position % 4));
        assert_eq!(record.time_us, record.position as i64 * 1_000);
    }
    for position in 1..=RECORDS {
        assert_eq!(log.leaf(position).unwrap(), Some(leaf(&payload(position))));
        let known = log.lookup(&[key(position)]).unwrap()[0].unwrap();
        assert_eq!((known.position, known.digest), (position, digest(position)));
    }
    // The run was read, not made anew.
    assert_eq!(fs::read(directory.path().join(run())).unwrap(), fs::read(fixture.join(run())).unwrap());
    assert_eq!(log.append(batch([RECORDS + 1])).await.unwrap(), [Appended::Stored(RECORDS + 1)]);
    // What the fixture of version 2 is, version 1 can become.
    let left = (1..=CLOSED).filter(|position| kept(*position) && expired(*position)).count() as u64;
    assert_eq!(compact(&log).records, left);
}

fn expired(position: u64) -> bool {
    !position.is_multiple_of(3) && !(21..41).contains(&position)
}

fn compact(log: &Log) -> Compacted {
    let expired = |candidate: &Candidate<'_>| expired(candidate.position);
    log.compact(&expired, i64::MAX, &mut |_| {}, &|| false).unwrap()
}

fn segment(first: u64) -> String {
    format!("{first:020}.seg")
}

/// The first run of the fixture.
fn run() -> PathBuf {
    Path::new("ids").join(format!("{:020}-{:020}.ids", 1, 60))
}

async fn write(directory: &Path) {
    let _ = fs::remove_dir_all(directory);
    let log = Log::open(directory, options()).unwrap();
    for begin in (1..=RECORDS).step_by(10) {
        log.append(batch(begin..begin + 10)).await.unwrap();
    }
    while log.status().index.runs < 1 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(compact(&log).records > 0);
    log.close().await;
    fs::remove_file(directory.join("lock")).unwrap();
}
