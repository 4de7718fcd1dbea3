//! Damage: every byte of every part of a segment, torn tails of every length, tails of rubbish.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_log::{Log, LogOptions, OpenError, ReadError, ReadLimit};
use support::disk::FaultyDisk;
use support::{ALL, batch, payload, read_all};

const DIRECTORY: &str = "/log";
const HEADER: usize = 64;
const FRAME_HEADER: usize = 80;

fn options(disk: &FaultyDisk) -> LogOptions {
    LogOptions { segment_size_bytes: 4 * 1024, disk: Arc::new(disk.clone()), ..LogOptions::default() }
}

fn segment(first: u64) -> PathBuf {
    Path::new(DIRECTORY).join(format!("{first:020}.seg"))
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Where the frames of records in a segment begin and end.
fn frames(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut frames) = (HEADER, Vec::new());
    while bytes.len() >= at + FRAME_HEADER && bytes[at..at + 4] == *b"DBFR" {
        let records = u32_at(bytes, at + 16);
        let end = at + FRAME_HEADER + records * 32 + u32_at(bytes, at + 20);
        if records > 0 {
            frames.push((at, end));
        }
        at = end;
    }
    frames
}

/// A log of `groups` groups of three records each, as a process leaves it that was killed.
async fn killed(groups: u64) -> FaultyDisk {
    let disk = FaultyDisk::default();
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    for group in 0..groups {
        log.append(batch(group * 3 + 1..group * 3 + 4)).await.unwrap();
    }
    disk.die_after(0);
    drop(log);
    disk.copy()
}

/// The one segment of a small log, without marks behind its last frame.
async fn one_segment() -> Vec<u8> {
    let bytes = killed(5).await.bytes(&segment(1));
    let end = frames(&bytes).last().unwrap().1;
    let mut bytes = bytes;
    bytes.truncate(end);
    assert_eq!(frames(&bytes).len(), 5);
    bytes
}

fn with(bytes: Vec<u8>) -> FaultyDisk {
    let disk = FaultyDisk::default();
    disk.put(&segment(1), bytes);
    disk
}

/// What opening a log with this one segment gives: how many records, or where the damage is.
fn check(bytes: Vec<u8>) -> Result<u64, u64> {
    let disk = with(bytes);
    match Log::open(DIRECTORY, options(&disk)) {
        Ok(log) => {
            for record in read_all(&log) {
                assert_eq!(record.bytes, payload(record.position));
            }
            Ok(log.head())
        }
        Err(OpenError::Damaged { file, offset, what }) => {
            assert_eq!(file, segment(1));
            assert!(!what.is_empty());
            Err(offset)
        }
        Err(error) => panic!("{error}"),
    }
}

fn flipped(bytes: &[u8], at: usize, bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << bit;
    bytes
}

#[tokio::test]
async fn a_flipped_bit_before_the_tail_is_refused_by_name() {
    let bytes = one_segment().await;
    assert_eq!(check(bytes.clone()), Ok(15));
    for at in 0..HEADER {
        let expected = check(flipped(&bytes, at, at % 8));
        // All of the header is checksummed.
        assert_eq!(expected, Err(0), "byte {at} of the segment's header");
    }
    for (begin, end) in &frames(&bytes)[..4] {
        for at in *begin..*end {
            let bits = if at < begin + FRAME_HEADER { 0..8 } else { at % 8..at % 8 + 1 };
            for bit in bits {
                assert_eq!(check(flipped(&bytes, at, bit)), Err(*begin as u64), "bit {bit} of byte {at}");
            }
        }
    }
}

#[tokio::test]
async fn a_flipped_bit_in_an_unproven_tail_cuts_it_off() {
    let bytes = one_segment().await;
    let (begin, end) = *frames(&bytes).last().unwrap();
    for at in begin..end {
        assert_eq!(check(flipped(&bytes, at, at % 8)), Ok(12), "byte {at}");
    }
}

#[tokio::test]
async fn a_flipped_bit_in_a_proven_tail_is_refused() {
    let disk = FaultyDisk::default();
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    for group in 0..5 {
        log.append(batch(group * 3 + 1..group * 3 + 4)).await.unwrap();
    }
    log.close().await;
    let bytes = disk.bytes(&segment(1));
    let (begin, end) = *frames(&bytes).last().unwrap();
    assert!(bytes.len() >= end + FRAME_HEADER);
    for at in begin..end {
        assert_eq!(check(flipped(&bytes, at, at % 8)), Err(begin as u64), "byte {at}");
    }
    // Nothing is lost with a mark.
    for at in end..bytes.len() {
        assert_eq!(check(flipped(&bytes, at, at % 8)), Ok(15), "byte {at}");
    }
    // An idle log has its mark as well.
    let log = Log::open(DIRECTORY, options(&disk)).unwrap();
    log.append(batch([100])).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let bytes = disk.bytes(&segment(1));
        let (begin, _) = *frames(&bytes).last().unwrap();
        if check(flipped(&bytes, begin + 100, 3)) == Err(begin as u64) {
            break;
        }
        assert!(Instant::now() < deadline, "it gets no mark");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_tail_torn_anywhere_is_cut_off() {
    let bytes = one_segment().await;
    let (begin, end) = *frames(&bytes).last().unwrap();
    for at in begin..end {
        assert_eq!(check(bytes[..at].to_vec()), Ok(12), "cut at {at}");
        for rubbish in [0, 0xFF, b'D'] {
            let mut torn = bytes[..at].to_vec();
            torn.resize(end, rubbish);
            // The last bytes of a frame may be what they are torn into.
            let whole = torn == bytes;
            assert_eq!(check(torn), Ok(if whole { 15 } else { 12 }), "{rubbish} from {at}");
        }
    }
    for length in [1, 79, 80, 512, 4_096, 200_000] {
        for rubbish in [0, 0xFF, b'D'] {
            let mut longer = bytes.clone();
            longer.resize(end + length, rubbish);
            assert_eq!(check(longer), Ok(15), "{length} times {rubbish}");
        }
    }
    // A frame of its own inside the rubbish proves nothing, as an older log may have left it there.
    let mut again = bytes.clone();
    again.extend_from_slice(&[0; 100]);
    again.extend_from_slice(&bytes[begin..end]);
    assert_eq!(check(again), Ok(15));
}

#[tokio::test]
async fn what_recovery_leaves_is_as_good_as_new() {
    let bytes = one_segment().await;
    let (begin, end) = *frames(&bytes).last().unwrap();
    for at in (begin..=end).step_by(7) {
        let disk = with(bytes[..at].to_vec());
        for round in 0..3 {
            let log = Log::open(DIRECTORY, options(&disk)).unwrap();
            let before = log.head();
            log.append(batch([1_000 + round])).await.unwrap();
            assert_eq!(log.head(), before + 1);
            assert_eq!(read_all(&log).last().unwrap().bytes, payload(1_000 + round));
        }
    }
}

#[tokio::test]
async fn damage_in_a_closed_segment_is_refused_at_start_or_when_read() {
    let disk = killed(60).await;
    let path = segment(1);
    assert!(disk.segments().len() > 2);
    let bytes = disk.bytes(&path);
    let frames = frames(&bytes);
    for (begin, end) in [frames[0], frames[frames.len() / 2], *frames.last().unwrap()] {
        for at in (begin..end).step_by(5) {
            disk.put(&path, flipped(&bytes, at, at % 8));
            match Log::open(DIRECTORY, options(&disk)) {
                Err(OpenError::Damaged { file, offset, .. }) => {
                    assert_eq!((file, offset), (path.clone(), begin as u64));
                }
                other => panic!("{other:?}"),
            }
            // Not verified at start, it is found by whoever reads there; the id index was there already or reads it.
            let unverified = LogOptions { verify_bytes: 0, ..options(&disk) };
            match Log::open(DIRECTORY, unverified) {
                Err(OpenError::Damaged { offset, .. }) => assert_eq!(offset, begin as u64),
                Ok(log) => match log.read(0, ReadLimit { records: 10_000, ..ReadLimit::default() }, &ALL) {
                    Err(ReadError::Damaged { offset, .. }) => assert_eq!(offset, begin as u64),
                    other => panic!("{other:?}"),
                },
                Err(error) => panic!("{error}"),
            }
        }
    }
    // The footer is only a help.
    let end = frames.last().unwrap().1;
    assert!(bytes.len() > end);
    for at in end..bytes.len() {
        disk.put(&path, flipped(&bytes, at, at % 8));
        let log = Log::open(DIRECTORY, options(&disk)).unwrap();
        assert_eq!(read_all(&log).len(), 180);
        assert_eq!(disk.bytes(&path), bytes, "the footer is written again");
    }
    // A segment that is gone, or one that is not what its name says.
    let missing = disk.copy();
    missing.put(&path, disk.bytes(&disk.segments()[1]));
    assert!(matches!(Log::open(DIRECTORY, options(&missing)), Err(OpenError::Damaged { offset: 24, .. })));
    for gone in 0..2 {
        let missing = FaultyDisk::default();
        for (at, path) in disk.segments().iter().enumerate() {
            if at != gone {
                missing.put(path, disk.bytes(path));
            }
        }
        assert!(matches!(Log::open(DIRECTORY, options(&missing)), Err(OpenError::Damaged { .. })));
    }
}
