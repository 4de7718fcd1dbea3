//! Compaction on a disk that fails, and of segments that are damaged.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_log::{AppendError, Appended, Candidate, CompactError, Compacted, Log, LogOptions, OpenError};
use support::disk::{Crash, FaultyDisk};
use support::{batch, key, leaf, payload, read_kept};

const DIRECTORY: &str = "/log";
const RECORDS: u64 = 300;
const FRAME_HEADER: usize = 80;

fn options(disk: &FaultyDisk) -> LogOptions {
    LogOptions {
        segment_size_bytes: 4 * 1024,
        index_table_ids: 64,
        disk: Arc::new(disk.clone()),
        ..LogOptions::default()
    }
}

fn open(disk: &FaultyDisk) -> Log {
    Log::open(DIRECTORY, options(disk)).unwrap()
}

/// The disk of a log of 300 records in some closed segments.
async fn filled() -> FaultyDisk {
    let disk = FaultyDisk::default();
    let log = open(&disk);
    for begin in (1..=RECORDS).step_by(5) {
        log.append(batch(begin..begin + 5)).await.unwrap();
    }
    log.close().await;
    disk.copy()
}

/// Most records have expired, and of some frames none.
fn expired(position: u64) -> bool {
    !position.is_multiple_of(3) && position % 50 > 10
}

fn compact(log: &Log) -> Result<Compacted, CompactError> {
    log.compact(&|candidate: &Candidate<'_>| expired(candidate.position), i64::MAX, &mut |_| {}, &|| false)
}

/// The contents of the closed segments.
fn contents(disk: &FaultyDisk) -> Vec<(PathBuf, Vec<u8>)> {
    let mut segments = disk.segments();
    segments.pop();
    segments.into_iter().map(|path| (path.clone(), disk.bytes(&path))).collect()
}

/// Whatever happened, each record is kept or is its hash, and only expired ones are hashes. Says how many are.
fn check(log: &Log) -> u64 {
    assert_eq!(log.head(), RECORDS);
    let mut records = read_kept(log).into_iter().peekable();
    let mut compacted = 0;
    for position in 1..=RECORDS {
        assert_eq!(log.leaf(position).unwrap(), Some(leaf(&payload(position))));
        assert_eq!(log.lookup(&[key(position)]).unwrap()[0].unwrap().position, position);
        match records.next_if(|record| record.position == position) {
            Some(record) => assert_eq!(record.bytes, payload(position)),
            None => {
                assert!(expired(position), "{position} is missing");
                compacted += 1;
            }
        }
    }
    assert_eq!(records.next(), None);
    compacted
}

/// What remains after [`compact`] without faults.
async fn all_compacted() -> u64 {
    let log = open(&filled().await);
    let done = compact(&log).unwrap();
    assert!(done.segments > 4 && done.records > 100);
    assert_eq!(check(&log), done.records);
    done.records
}

#[tokio::test]
async fn a_crash_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let (filled, all) = (filled().await, all_compacted().await);
    let crashes = [Crash::LoseAll, Crash::KeepAll]
        .into_iter()
        .chain((0..4).map(|seed| Crash::Random { seed, garbage: [0, 0xFF, 0x44][seed as usize % 3] }));
    for crash in crashes {
        let mut steps = 0;
        loop {
            let disk = filled.copy();
            let log = open(&disk);
            disk.die_after(steps);
            let result = compact(&log);
            let died = disk.is_dead();
            // The process sees one or the other as well.
            let seen = check(&log);
            drop(log);
            disk.crash(crash);
            let log = Log::open(DIRECTORY, options(&disk)).unwrap_or_else(|error| panic!("{crash:?} {steps}: {error}"));
            assert_eq!(disk.temporary_segments(), Vec::<PathBuf>::new());
            let compacted = check(&log);
            // What was reported stays.
            assert!(compacted >= result.as_ref().map_or(0, |done| done.records), "{crash:?} {steps}");
            assert!(!matches!(crash, Crash::KeepAll) || compacted == seen);
            let rest = compact(&log).unwrap();
            assert_eq!((check(&log), rest.records), (all, all - compacted));
            assert_eq!(
                log.append(batch([7, 1_000])).await.unwrap(),
                [Appended::Duplicate(7), Appended::Stored(RECORDS + 1)]
            );
            steps += 1;
            if !died {
                assert_eq!(result.unwrap().records, all);
                break;
            }
        }
        assert!(steps > 20, "{steps} steps");
    }
}

#[tokio::test]
async fn without_room_the_old_file_stays() {
    let (filled, all) = (filled().await, all_compacted().await);
    let mut refused = 0;
    for room in (0..).step_by(97) {
        let disk = filled.copy();
        let log = open(&disk);
        let before = contents(&disk);
        disk.limit_room(Some(room));
        match compact(&log) {
            Err(CompactError::NoSpace { file }) => {
                assert!(file.to_string_lossy().ends_with(".seg.tmp"));
                refused += 1;
            }
            Ok(done) => {
                assert_eq!(done.records, all);
                break;
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(disk.temporary_segments(), Vec::<PathBuf>::new());
        let compacted = check(&log);
        assert!(compacted > 0 || contents(&disk) == before);
        // The log goes on when there is room, and so does its compaction.
        assert_eq!(log.append(batch([7])).await.unwrap(), [Appended::Duplicate(7)]);
        disk.limit_room(None);
        assert_eq!(compact(&log).unwrap().records, all - compacted);
        assert_eq!(check(&log), all);
    }
    assert!(refused > 10, "{refused}");
}

#[tokio::test]
async fn a_disk_that_refuses_harms_nothing() {
    let (filled, all) = (filled().await, all_compacted().await);
    let log = open(&filled);
    let before = contents(&filled);
    filled.read_only(true);
    match compact(&log) {
        Err(CompactError::Io { file, source }) => {
            assert!(file.to_string_lossy().ends_with(".seg.tmp"));
            assert_eq!(source.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
        }
        other => panic!("{other:?}"),
    }
    filled.read_only(false);
    filled.fail_reads(true);
    assert!(matches!(compact(&log), Err(CompactError::Io { .. })));
    filled.fail_reads(false);
    assert_eq!(contents(&filled), before);
    // A sync of the new file that fails is no failed sync of the log.
    filled.fail_sync_after(1);
    assert!(matches!(compact(&log), Err(CompactError::Io { .. })));
    assert_eq!(filled.temporary_segments(), Vec::<PathBuf>::new());
    let compacted = check(&log);
    assert!(compacted > 0 && compacted < all);
    assert_eq!(log.status().poisoned, None);
    assert_eq!(log.append(batch([7])).await.unwrap(), [Appended::Duplicate(7)]);
    assert_eq!(compact(&log).unwrap().records, all - compacted);
    assert_eq!(check(&log), all);
}

#[tokio::test]
async fn a_log_that_takes_no_writes_is_not_compacted() {
    let disk = filled().await;
    let log = open(&disk);
    disk.fail_sync_after(0);
    assert!(matches!(log.append(batch([1_000])).await, Err(AppendError::Poisoned(_))));
    let before = contents(&disk);
    assert!(matches!(compact(&log), Err(CompactError::Poisoned(_))));
    assert!(log.roll_older_than(i64::MAX).await.is_err());
    assert_eq!(contents(&disk), before);
}

/// Where the frames in a segment begin.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (mut at, mut frames) = (64, Vec::new());
    while bytes.len() >= at + FRAME_HEADER && bytes[at..at + 4] == *b"DBFR" {
        frames.push(at);
        at += FRAME_HEADER + number(at + 16) * 32 + number(at + 20);
    }
    frames
}

#[tokio::test]
async fn damage_is_named_and_stays_where_it_is() {
    let (filled, all) = (filled().await, all_compacted().await);
    let path = filled.segments()[1].clone();
    let bytes = filled.bytes(&path);
    let first: u64 = path.file_stem().unwrap().to_string_lossy().parse().unwrap();
    let next: u64 = filled.segments()[2].file_stem().unwrap().to_string_lossy().parse().unwrap();
    let of_this = (first..next).filter(|position| expired(*position)).count() as u64;
    let frames = frames(&bytes);
    // The last one is the footer, which compaction does not need.
    for frame in frames.windows(2) {
        for at in (frame[0]..frame[1]).step_by(11) {
            let disk = filled.copy();
            let log = open(&disk);
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            disk.put(&path, damaged.clone());
            match compact(&log) {
                Err(CompactError::Damaged { file, offset, what }) => {
                    assert_eq!((file, offset), (path.clone(), frame[0] as u64), "byte {at}: {what}");
                }
                other => panic!("byte {at}: {other:?}"),
            }
            assert_eq!(disk.bytes(&path), damaged);
            assert_eq!(disk.temporary_segments(), Vec::<PathBuf>::new());
            // The others were compacted.
            disk.put(&path, bytes.clone());
            assert_eq!(check(&log), all - of_this);
        }
    }
    let disk = filled.copy();
    let log = open(&disk);
    let footer = *frames.last().unwrap();
    disk.put(&path, bytes[..footer + 5].to_vec());
    assert_eq!(compact(&log).unwrap().records, all);
    drop(log);
    assert_eq!(check(&open(&disk)), all);
}

#[tokio::test]
async fn damage_in_a_compacted_segment_is_refused_at_start() {
    let disk = filled().await;
    let log = open(&disk);
    compact(&log).unwrap();
    log.close().await;
    let path = disk.segments()[0].clone();
    let bytes = disk.bytes(&path);
    let frames = frames(&bytes);
    let open = |bytes: Vec<u8>| {
        let disk = disk.copy();
        disk.put(&path, bytes);
        let opened = Log::open(DIRECTORY, options(&disk));
        (opened, disk.bytes(&path))
    };
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let frame = frames.iter().copied().rfind(|frame| *frame <= at).unwrap_or(0);
        match open(damaged) {
            (Ok(log), healed) => {
                assert!(at >= *frames.last().unwrap(), "byte {at}");
                assert_eq!(healed, bytes, "the footer is written again");
                check(&log);
            }
            (Err(OpenError::Damaged { file, offset, .. }), _) => {
                assert_eq!((file.as_path(), offset), (Path::new(&path), frame as u64), "byte {at}");
            }
            (Err(error), _) => panic!("byte {at}: {error}"),
        }
    }
}
