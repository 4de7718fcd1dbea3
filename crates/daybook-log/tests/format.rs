//! Files that were written by earlier versions stay readable.
//!
//! `tests/fixtures/v1` is a log as format version 1 writes it. `DAYBOOK_LOG_WRITE_FIXTURE` writes it anew, which is
//! right only while a version is in the making.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use daybook_log::{Appended, Log, LogOptions};
use support::{batch, digest, key, payload, read_all};

const RECORDS: u64 = 100;

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
    if std::env::var_os("DAYBOOK_LOG_WRITE_FIXTURE").is_some() {
        write(&fixture(1)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    copy(&fixture(1), directory.path());
    let log = Log::open(directory.path(), options()).unwrap();
    assert_eq!(log.head(), RECORDS);
    assert!(log.status().segments > 1);
    for record in read_all(&log) {
        assert_eq!((record.bytes.as_ref(), record.app), (payload(record.position).as_slice(), record.position % 4));
        assert_eq!(record.time_us, record.position as i64 * 1_000);
        let known = log.lookup(&[key(record.position)]).unwrap()[0].unwrap();
        assert_eq!((known.position, known.digest), (record.position, digest(record.position)));
    }
    // The run was read, not made anew.
    assert_eq!(fs::read(directory.path().join(run())).unwrap(), fs::read(fixture(1).join(run())).unwrap());
    assert_eq!(log.append(batch([RECORDS + 1])).await.unwrap(), [Appended::Stored(RECORDS + 1)]);
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
    log.close().await;
    fs::remove_file(directory.join("lock")).unwrap();
}
