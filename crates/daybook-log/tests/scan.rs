//! Scanning a log that is open, closed, killed, compacted or damaged, without ever changing it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_log::disk::Disk;
use daybook_log::scan::ScanError;
use daybook_log::{Log, LogOptions, Scan};
use support::disk::FaultyDisk;
use support::{batch, digest, key, leaf, mix, payload};

const DIRECTORY: &str = "/log";

fn options(disk: &FaultyDisk) -> LogOptions {
    LogOptions { segment_size_bytes: 4 * 1024, disk: Arc::new(disk.clone()), ..LogOptions::default() }
}

/// Appends up to this many records in groups of changing size.
async fn fill(log: &Log, count: u64) {
    let mut next = log.head() + 1;
    while next <= count {
        let end = (next + 1 + mix(next) % 12).min(count + 1);
        log.append(batch(next..end)).await.unwrap();
        next = end;
    }
}

/// How many records a scan finds; each must be the one that was written.
fn scan(disk: &FaultyDisk) -> Result<(u64, u64), ScanError> {
    let mut scan = Scan::open(Path::new(DIRECTORY), Arc::new(disk.clone()))?;
    let mut next = 1;
    while let Some(frame) = scan.next_frame()? {
        assert_eq!(frame.first(), next);
        for record in frame.records() {
            assert_eq!((record.position, record.key, record.digest), (next, key(next), digest(next)));
            assert_eq!((record.app, record.hidden), (next % 4, next % 10 == 9));
            if record.compacted {
                assert_eq!((record.bytes, record.time_us), (&leaf(&payload(next))[..], 0));
            } else {
                assert_eq!((record.bytes, record.time_us), (&payload(next)[..], next as i64 * 1_000));
            }
            next += 1;
        }
        assert_eq!(scan.next_position(), next);
    }
    assert!(scan.next_frame()?.is_none());
    let (done, total) = scan.progress();
    assert_eq!(done, total);
    Ok((next - 1, scan.torn_bytes()))
}

fn segments(disk: &FaultyDisk) -> Vec<PathBuf> {
    let names = disk.list(Path::new(DIRECTORY)).unwrap();
    let mut paths: Vec<_> =
        names.iter().filter(|name| name.ends_with(".seg")).map(|name| Path::new(DIRECTORY).join(name)).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn nothing_is_found_where_nothing_is() {
    assert_eq!(scan(&FaultyDisk::default()).unwrap(), (0, 0));
    let disk = FaultyDisk::default();
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    assert_eq!(scan(&disk).unwrap(), (0, 0));
    log.close().await;
}

#[tokio::test]
async fn a_scan_reads_what_the_log_reads_while_it_is_open_and_after() {
    let disk = FaultyDisk::default();
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    for count in [1, 50, 333] {
        fill(&log, count).await;
        assert_eq!(scan(&disk).unwrap(), (count, 0));
    }
    assert!(segments(&disk).len() > 3);
    let last = segments(&disk).len() - 1;
    let read = log.leaves(0, 1_000).unwrap();
    let expected: Vec<_> = (1..=333).map(|number| leaf(&payload(number))).collect();
    assert_eq!(read, expected);
    for (after, limit) in [(0, 1), (7, 100), (332, 5), (333, 5)] {
        let end = (after + limit).min(333) as usize;
        assert_eq!(log.leaves(after, limit as usize).unwrap(), expected[after as usize..end]);
    }
    log.close().await;
    assert_eq!(scan(&disk).unwrap(), (333, 0));
    // Read from the files, not from what the writer kept.
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    assert_eq!(log.leaves(0, 1_000).unwrap(), expected);
    let compacted = log.compact(&|record| record.position % 3 == 0, i64::MAX, &mut |_| {}, &|| false).unwrap();
    assert!(compacted.segments >= last);
    assert_eq!(log.leaves(0, 1_000).unwrap(), expected);
    assert_eq!(scan(&disk).unwrap(), (333, 0));
    log.close().await;
}

#[tokio::test]
async fn a_log_that_was_killed_is_read_to_its_last_whole_group() {
    let disk = FaultyDisk::default();
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    fill(&log, 40).await;
    disk.die_after(0);
    drop(log);
    let disk = disk.copy();
    let path = segments(&disk).pop().unwrap();
    let whole = disk.bytes(&path);
    let (count, torn) = scan(&disk).unwrap();
    assert_eq!((count, torn), (40, 0));
    let mut seen = std::collections::BTreeSet::new();
    for length in 64..whole.len() {
        disk.put(&path, whole[..length].to_vec());
        let (count, torn) = scan(&disk).unwrap();
        assert!(count <= 40 && (torn as usize) < whole.len());
        seen.insert(count);
    }
    assert!(seen.len() > 1, "{seen:?}");
}

/// Nothing that a file says is believed: no byte of a closed log can change without the scan saying so, but for those of the
/// mark at its end, which leave a torn tail.
#[tokio::test]
async fn every_byte_counts() {
    let disk = FaultyDisk::default();
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    fill(&log, 90).await;
    log.close().await;
    for path in segments(&disk) {
        let whole = disk.bytes(&path);
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            disk.put(&path, bytes);
            match scan(&disk) {
                Err(ScanError::Damaged(damage)) => assert_eq!(damage.file, path),
                Err(ScanError::Version { .. }) => panic!("a checksum comes before the version"),
                Err(error) => panic!("{error}"),
                Ok((count, torn)) => assert_eq!((count, torn), (90, 80), "byte {at} of {}", path.display()),
            }
        }
        disk.put(&path, whole);
    }
    assert_eq!(scan(&disk).unwrap(), (90, 0));
}

#[tokio::test]
async fn missing_and_swapped_segments_are_named() {
    let disk = FaultyDisk::default();
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    fill(&log, 300).await;
    log.close().await;
    let paths = segments(&disk);
    assert!(paths.len() > 3);
    for (at, path) in paths.iter().enumerate() {
        let bytes = disk.bytes(path);
        disk.remove(path).unwrap();
        let Err(ScanError::Damaged(damage)) = scan(&disk) else { panic!("segment {at} is not missed") };
        assert_eq!(damage.file, *path);
        assert!(damage.what.contains("missing"), "{damage}");
        disk.put(path, bytes);
    }
    let (one, other) = (disk.bytes(&paths[0]), disk.bytes(&paths[1]));
    disk.put(&paths[0], other);
    disk.put(&paths[1], one);
    assert!(scan(&disk).unwrap_err().to_string().contains("not the one that its name says"));
}
