//! Compaction on a healthy disk: what is kept, what is left of the rest, and who sees which.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use daybook_log::{
    AppendError, Appended, Candidate, CompactError, Compacted, Filter, Log, LogOptions, Progress, ReadLimit,
};
use proptest::prelude::*;
use support::{ALL, batch, digest, key, leaf, mix, payload, read_kept};
use tempfile::tempdir;

fn options() -> LogOptions {
    LogOptions { segment_size_bytes: 4 * 1024, index_table_ids: 64, ..LogOptions::default() }
}

/// When a record happened: in no order.
fn time_of(number: u64) -> i64 {
    (mix(number ^ 0x7173) % 1_000) as i64
}

/// Appends the records with these numbers, whose positions are the same.
async fn append(log: &Log, numbers: std::ops::Range<u64>) {
    let mut batch = batch(numbers.clone());
    for (record, number) in batch.records.iter_mut().zip(numbers.clone()) {
        record.time_us = time_of(number);
    }
    assert_eq!(log.append(batch).await.unwrap(), numbers.map(Appended::Stored).collect::<Vec<_>>());
}

/// Appends this many records, some a call.
async fn fill(log: &Log, count: u64) {
    let mut next = 1;
    while next <= count {
        let end = (next + 1 + mix(next) % 12).min(count + 1);
        append(log, next..end).await;
        next = end;
    }
}

fn compact(log: &Log, expired: &dyn Fn(&Candidate<'_>) -> bool, oldest_kept_us: i64) -> Compacted {
    log.compact(expired, oldest_kept_us, &mut |_| {}, &|| false).unwrap()
}

/// Everything that is closed is compacted, whatever it is.
fn compact_all(log: &Log) -> Compacted {
    compact(log, &|_| true, i64::MAX)
}

fn segment_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().contains(".seg"));
    files.sort();
    files
}

/// Everything that can be asked of a log in which the records 1 to the head stand at their numbers' positions.
fn check(log: &Log, kept: &dyn Fn(u64) -> bool) {
    let head = log.head();
    let expected = |wanted: &dyn Fn(u64) -> bool| (1..=head).filter(|n| kept(*n) && wanted(*n)).collect::<Vec<u64>>();
    for record in read_kept(log) {
        let number = record.position;
        assert_eq!(
            (&record.bytes[..], record.app, record.time_us),
            (&payload(number)[..], number % 4, time_of(number))
        );
    }
    let filters: [(Filter, &dyn Fn(u64) -> bool); 5] = [
        (ALL, &|_| true),
        (Filter::default(), &|n| n % 10 != 9),
        (Filter { app: Some(3), ..ALL }, &|n| n % 4 == 3),
        (Filter { since_us: Some(500), ..ALL }, &|n| time_of(n) >= 500),
        (Filter { app: Some(9), ..ALL }, &|_| false),
    ];
    for (filter, wanted) in filters {
        for limit in [ReadLimit::default(), ReadLimit { records: 7, frames: 3, ..ReadLimit::default() }] {
            let (mut after, mut found) = (0, Vec::new());
            while after < head {
                let page = log.read(after, limit, &filter).unwrap();
                assert!(page.next > after && page.next <= head && page.records.len() <= limit.records);
                after = page.next;
                found.extend(page.records.into_iter().map(|record| record.position));
            }
            assert_eq!(found, expected(wanted), "{filter:?} {limit:?}");
        }
    }
    for position in 1..=head {
        let bytes = payload(position);
        assert_eq!(log.leaf(position).unwrap(), Some(leaf(&bytes)), "leaf of {position}");
        assert_eq!(log.record(position).unwrap().is_some(), kept(position), "record {position}");
    }
    assert_eq!((log.leaf(0).unwrap(), log.leaf(head + 1).unwrap()), (None, None));
    let keys: Vec<_> = (1..=head + 20).map(key).collect();
    for (number, known) in (1..).zip(log.lookup(&keys).unwrap()) {
        let known = known.map(|known| (known.position, known.digest));
        assert_eq!(known, (number <= head).then(|| (number, digest(number))));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(u64),
    /// Records before this time of which one in so many has expired.
    Compact(i64, u64),
    Roll(i64),
    Reopen,
    /// Close, delete the id index, open.
    LoseIndex,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_u64..60).prop_map(Step::Append),
        3 => (0_i64..1_100, 1_u64..4).prop_map(|(before, share)| Step::Compact(before, share)),
        1 => (0_i64..1_100).prop_map(Step::Roll),
        1 => Just(Step::Reopen),
        1 => Just(Step::LoseIndex),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_has_expired_is_its_hash_and_nothing_else_changes(
        steps in proptest::collection::vec(any_step(), 1..30),
        seed: u64,
    ) {
        let directory = tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut log = Log::open(directory.path(), options()).unwrap();
        // Whether each record is compacted.
        let mut compacted: Vec<bool> = Vec::new();
        // Where the segment begins that is written.
        let active = || segment_files(directory.path()).last().map_or(1, |path| {
            path.file_stem().unwrap().to_string_lossy().parse::<u64>().unwrap()
        });
        for (at, step) in (0_u64..).zip(steps) {
            match step {
                Step::Append(count) => {
                    let begin = log.head() + 1;
                    runtime.block_on(append(&log, begin..begin + count));
                    compacted.resize(log.head() as usize, false);
                }
                Step::Compact(before, share) => {
                    let expired = |position: u64| mix(seed ^ at << 32 ^ position).is_multiple_of(share);
                    let bytes = log.status().bytes;
                    let mut count = 0;
                    for position in 1..active() {
                        let compacted = &mut compacted[position as usize - 1];
                        if !*compacted && time_of(position) < before && expired(position) {
                            *compacted = true;
                            count += 1;
                        }
                    }
                    let asked = |candidate: &Candidate<'_>| {
                        assert_eq!(candidate.bytes, payload(candidate.position));
                        assert_eq!((candidate.app, candidate.time_us), (candidate.position % 4, time_of(candidate.position)));
                        assert!(candidate.time_us < before);
                        expired(candidate.position)
                    };
                    let planned = log.survey(&asked, before, &|| false).unwrap();
                    let done = compact(&log, &asked, before);
                    prop_assert_eq!(planned, done);
                    prop_assert_eq!((done.records, done.stopped), (count, false));
                    // A mark of 80 bytes may have been written meanwhile.
                    let freed = [0, 80].map(|mark| (bytes + mark).saturating_sub(log.status().bytes));
                    prop_assert!(freed.contains(&done.bytes_freed), "{:?} {}", freed, done.bytes_freed);
                    prop_assert_eq!(compact(&log, &asked, before), Compacted::default());
                }
                Step::Roll(older) => {
                    let begin = active();
                    let any = (begin..=log.head()).any(|position| time_of(position) < older);
                    prop_assert_eq!(runtime.block_on(log.roll_older_than(older)).unwrap(), any);
                    prop_assert_eq!(active(), if any { log.head() + 1 } else { begin });
                }
                Step::Reopen | Step::LoseIndex => {
                    let status = log.status();
                    drop(log);
                    if matches!(step, Step::LoseIndex) {
                        fs::remove_dir_all(directory.path().join("ids")).unwrap();
                    }
                    log = Log::open(directory.path(), options()).unwrap();
                    prop_assert_eq!(log.status().segments, status.segments);
                }
            }
            check(&log, &|position| !compacted[position as usize - 1]);
        }
        let known = log.append(batch(1..=log.head())).now(&runtime);
        prop_assert_eq!(known, (1..=log.head()).map(Appended::Duplicate).collect::<Vec<_>>());
    }
}

/// Waits for an append.
trait Now {
    fn now(self, runtime: &tokio::runtime::Runtime) -> Vec<Appended>;
}

impl<F: Future<Output = Result<Vec<Appended>, AppendError>>> Now for F {
    fn now(self, runtime: &tokio::runtime::Runtime) -> Vec<Appended> {
        runtime.block_on(self).unwrap()
    }
}

#[tokio::test]
async fn segments_are_read_only_when_something_may_have_expired() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    // In this one time follows position.
    for begin in (1..=2_000).step_by(10) {
        log.append(batch(begin..begin + 10)).await.unwrap();
    }
    let asked = AtomicU64::new(0);
    let run = |expired: &dyn Fn(u64) -> bool, before: i64| {
        asked.store(0, Ordering::Relaxed);
        let (mut steps, mut last) = (Vec::new(), None);
        let mut note = |progress: Progress| {
            steps.push(progress.segments_done);
            last = Some(progress);
        };
        let ask = |candidate: &Candidate<'_>| {
            asked.fetch_add(1, Ordering::Relaxed);
            expired(candidate.position)
        };
        let done = log.compact(&ask, before, &mut note, &|| false).unwrap();
        assert_eq!(steps, (1..=steps.len()).collect::<Vec<_>>());
        assert!(last.is_none_or(|last| last.compacted == done && last.segments_total == last.segments_done));
        (steps.len(), done.records, asked.load(Ordering::Relaxed))
    };
    assert_eq!(run(&|_| true, 0), (0, 0, 0));
    assert_eq!(run(&|_| true, 1_000), (0, 0, 0));
    let (segments, records, _) = run(&|_| true, 500_000);
    assert!((5..log.status().segments / 2).contains(&segments));
    assert_eq!(records, 499);
    // Only the last of them has records left.
    assert_eq!(run(&|_| true, 500_000), (0, 0, 0));
    let (segments, records, _) = run(&|_| true, 501_000);
    assert_eq!((segments, records), (1, 1));
    // So it is after opening.
    drop(log);
    let log = Log::open(directory.path(), options()).unwrap();
    let mut looked = 0;
    let done = log.compact(&|_| panic!("nothing is left to ask for"), 501_000, &mut |_| looked += 1, &|| false);
    assert_eq!((done.unwrap(), looked), (Compacted::default(), 0));
}

#[tokio::test]
async fn a_log_of_small_frames_becomes_much_smaller() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), LogOptions { segment_size_bytes: 64 * 1024, ..options() }).unwrap();
    for number in 1..=1_500 {
        append(&log, number..number + 1).await;
    }
    let before = log.status();
    let done = compact_all(&log);
    let after = log.status();
    // A mark of 80 bytes may have been written meanwhile.
    let freed = before.bytes - after.bytes;
    assert!([freed, freed + 80].contains(&done.bytes_freed), "{freed} {}", done.bytes_freed);
    assert_eq!(before.segments, after.segments);
    assert_eq!(done.segments, before.segments - 1);
    // 64 bytes cannot be compressed; the rest hardly takes any.
    let active = fs::metadata(segment_files(directory.path()).last().unwrap()).unwrap().len();
    let per_record = (after.bytes - active) / done.records;
    assert!((64..70).contains(&per_record), "{per_record} bytes a record");
    check(&log, &|position| position > done.records);
}

#[tokio::test]
async fn nothing_is_written_by_a_survey() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    fill(&log, 600).await;
    let content = || segment_files(directory.path()).iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    let before = content();
    let planned = log.survey(&|candidate| candidate.app == 1, 700, &|| false).unwrap();
    assert!(planned.segments > 3 && planned.records > 50 && planned.bytes_freed > 0, "{planned:?}");
    assert_eq!(content(), before);
    assert!(log.survey(&|_| true, i64::MAX, &|| true).unwrap().stopped);
    check(&log, &|_| true);
}

#[tokio::test]
async fn one_compaction_at_a_time() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    fill(&log, 600).await;
    let (mut refused, mut planned) = (0, 0);
    let mut second = |_: Progress| {
        let again = log.compact(&|_| true, i64::MAX, &mut |_| {}, &|| false);
        assert!(matches!(again, Err(CompactError::Running)), "{again:?}");
        refused += 1;
        // Looking is allowed.
        planned += log.survey(&|_| true, i64::MAX, &|| false).unwrap().records;
    };
    let done = log.compact(&|_| true, i64::MAX, &mut second, &|| false).unwrap();
    assert!(refused > 3 && refused == done.segments && planned > 0);
    assert_eq!(compact_all(&log), Compacted::default());
}

#[tokio::test]
async fn a_compaction_stops_where_it_is_told() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    fill(&log, 400).await;
    let (mut records, mut steps) = (0, 0_u64);
    loop {
        let calls = AtomicU64::new(0);
        let stop = || calls.fetch_add(1, Ordering::Relaxed) >= steps;
        let done = log.compact(&|_| true, i64::MAX, &mut |_| {}, &stop).unwrap();
        assert!(segment_files(directory.path()).iter().all(|path| path.extension().unwrap() == "seg"));
        records += done.records;
        check(&log, &|position| position > records);
        if !done.stopped {
            break;
        }
        steps += 3;
    }
    assert!(steps > 20 && records > 300, "{steps} {records}");
}

#[tokio::test]
async fn closing_waits_for_a_compaction_to_stop() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    fill(&log, 600).await;
    let (asking, asked) = mpsc::channel();
    let (go, going) = mpsc::channel::<()>();
    let compaction = {
        let log = log.clone();
        std::thread::spawn(move || {
            // It is in the middle of the third segment.
            let (mut segments, asking, going) = (0, asking, std::sync::Mutex::new(going));
            let in_third = Arc::new(AtomicBool::new(false));
            let seen = Arc::clone(&in_third);
            let expired = move |_: &Candidate<'_>| {
                if seen.swap(false, Ordering::Relaxed) {
                    asking.send(()).unwrap();
                    going.lock().unwrap().recv().unwrap();
                }
                true
            };
            let mut progress = |_: Progress| {
                segments += 1;
                in_third.store(segments == 2, Ordering::Relaxed);
            };
            log.compact(&expired, i64::MAX, &mut progress, &|| false)
        })
    };
    asked.recv().unwrap();
    let closed = Arc::new(AtomicBool::new(false));
    let closing = {
        let (log, closed) = (log.clone(), Arc::clone(&closed));
        tokio::spawn(async move {
            log.close().await;
            closed.store(true, Ordering::Relaxed);
        })
    };
    // From then on the compaction has been told, however slow the machine is.
    while log.append(batch([1])).await != Err(AppendError::Closed) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    // The lock is still held.
    assert!(!closed.load(Ordering::Relaxed) && Log::open(directory.path(), options()).is_err());
    go.send(()).unwrap();
    closing.await.unwrap();
    let done = compaction.join().unwrap().unwrap();
    assert!(done.stopped && done.segments == 2, "{done:?}");
    assert!(matches!(log.compact(&|_| true, 0, &mut |_| {}, &|| false), Err(CompactError::Closed)));
    assert!(matches!(log.roll_older_than(i64::MAX).await, Err(daybook_log::RollError::Closed)));
    let log = Log::open(directory.path(), options()).unwrap();
    check(&log, &|position| position > done.records);
}

#[tokio::test]
async fn the_written_segment_is_closed_when_it_is_old_enough() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    assert!(!log.roll_older_than(i64::MAX).await.unwrap(), "there is nothing in it");
    log.append(batch(5..8)).await.unwrap();
    assert_eq!(compact_all(&log).records, 0);
    assert!(!log.roll_older_than(5_000).await.unwrap());
    assert!(log.roll_older_than(5_001).await.unwrap());
    assert!(!log.roll_older_than(i64::MAX).await.unwrap());
    assert_eq!(log.status().segments, 2);
    assert_eq!(compact(&log, &|_| true, 7_000).records, 2);
    assert_eq!(read_kept(&log).iter().map(|record| record.position).collect::<Vec<_>>(), [3]);
    assert_eq!(log.append(batch(7..10)).await.unwrap()[0], Appended::Duplicate(3));
    drop(log);
    // What was in it before opening counts as well.
    let log = Log::open(directory.path(), options()).unwrap();
    assert!(!log.roll_older_than(8_000).await.unwrap());
    assert!(log.roll_older_than(8_001).await.unwrap());
    assert_eq!(compact(&log, &|_| true, i64::MAX).records, 3);
    assert!(read_kept(&log).is_empty());
    assert_eq!((log.head(), log.read(0, ReadLimit::default(), &ALL).unwrap().next), (5, 5));
}

/// Readers of every kind while segments are replaced under them, and the log grows. A record that a compaction replaced
/// is not given to a read that begins later; one that is kept is never missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_while_segments_are_replaced() {
    const ROUNDS: u64 = 12;
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    fill(&log, 2_000).await;
    assert!(log.roll_older_than(i64::MAX).await.unwrap());
    // In round r everything expires that is r or less, of what is closed by now.
    let round_of = |position: u64| if position > 2_000 { u64::MAX } else { 1 + mix(position) % (ROUNDS + 4) };
    let (begun, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3_u64)
        .map(|reader| {
            let (log, done) = (log.clone(), Arc::clone(&done));
            let (begun, ended) = (Arc::clone(&begun), Arc::clone(&ended));
            std::thread::spawn(move || {
                let mut turn = reader << 32;
                let mut reads = 0_u64;
                // However little of the processor it gets, it reads some.
                while reads < 10 || !done.load(Ordering::Acquire) {
                    turn += 1;
                    let position = mix(turn) % 1_900 + 1;
                    let before = ended.load(Ordering::Acquire);
                    let page = log.read(position - 1, ReadLimit { records: 80, ..ReadLimit::default() }, &ALL).unwrap();
                    let record = log.record(position).unwrap();
                    let hash = log.leaf(position).unwrap();
                    let known = log.lookup(&[key(position)]).unwrap()[0].unwrap();
                    let after = begun.load(Ordering::Acquire);
                    assert_eq!((hash, known.position), (Some(leaf(&payload(position))), position));
                    let right = |position: u64, found: bool| {
                        assert!(found || round_of(position) <= after, "{position} is missing");
                        assert!(!found || round_of(position) > before, "{position} came back");
                    };
                    if let Some(record) = &record {
                        assert_eq!(record, &payload(position));
                    }
                    right(position, record.is_some());
                    let mut records = page.records.iter().peekable();
                    for position in position..=page.next {
                        let found = records.next_if(|record| record.position == position);
                        assert!(found.is_none_or(|record| record.bytes == payload(position)));
                        right(position, found.is_some());
                    }
                    assert_eq!(records.next(), None);
                    reads += 1;
                }
                reads
            })
        })
        .collect();
    let compaction = {
        let log = log.clone();
        std::thread::spawn(move || {
            for round in 1..=ROUNDS {
                begun.store(round, Ordering::Release);
                let expired = |candidate: &Candidate<'_>| round_of(candidate.position) <= round;
                compact(&log, &expired, i64::MAX);
                ended.store(round, Ordering::Release);
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        })
    };
    for begin in (2_001..5_000).step_by(3) {
        append(&log, begin..begin + 3).await;
    }
    compaction.join().unwrap();
    done.store(true, Ordering::Release);
    let reads: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
    assert!(reads > 20, "{reads} reads");
    check(&log, &|position| round_of(position) > ROUNDS);
}

#[tokio::test]
async fn a_stretch_is_the_same_until_it_is_compacted() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    assert_eq!(log.stretches(), []);
    fill(&log, 1_000).await;
    let before = log.stretches();
    assert!(before.len() > 3, "{before:?}");
    assert_eq!(before[0].after, 0);
    assert!(before.windows(2).all(|two| two[0].last == two[1].after && two[0].mark != two[1].mark));
    assert!(before.last().unwrap().last < log.head());
    log.close().await;
    drop(log);
    let log = Log::open(directory.path(), options()).unwrap();
    assert_eq!(log.stretches(), before);
    let gone = before[1].last;
    assert_eq!(compact(&log, &|candidate| candidate.position == gone, i64::MAX).records, 1);
    let after = log.stretches();
    for (at, (before, after)) in before.iter().zip(&after).enumerate() {
        assert_eq!((before.after, before.last), (after.after, after.last));
        assert_eq!(before.mark == after.mark, at != 1, "{at}");
    }
    log.close().await;
    drop(log);
    assert_eq!(Log::open(directory.path(), options()).unwrap().stretches(), after);
}
