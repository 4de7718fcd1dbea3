//! The log on a healthy disk.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use daybook_log::{AppendBatch, AppendError, Appended, Filter, Log, LogOptions, OpenError, ReadLimit};
use support::disk::FaultyDisk;
use support::{ALL, batch, digest, key, payload, read_all, small};
use tempfile::tempdir;

#[tokio::test]
async fn what_is_appended_is_read_back_after_reopening() {
    let directory = tempdir().unwrap();
    let mut next = 1;
    for _ in 0..3 {
        let log = Log::open(directory.path(), small()).unwrap();
        assert_eq!(log.head(), next - 1);
        for size in [1, 2, 30, 7] {
            let outcomes = log.append(batch(next..next + size)).await.unwrap();
            assert_eq!(outcomes, (next..next + size).map(Appended::Stored).collect::<Vec<_>>());
            next += size;
        }
        for record in read_all(&log) {
            assert_eq!(record.bytes, payload(record.position));
            assert_eq!(log.record(record.position).unwrap().unwrap(), payload(record.position));
            let known = log.lookup(&[key(record.position)]).unwrap()[0].unwrap();
            assert_eq!((known.position, known.digest), (record.position, digest(record.position)));
        }
        assert_eq!(log.lookup(&[key(next), key(next + 1)]).unwrap(), [None, None]);
        assert_eq!(log.record(next).unwrap(), None);
        assert_eq!(log.record(0).unwrap(), None);
        log.close().await;
        assert_eq!(log.append(batch([999])).await, Err(AppendError::Closed));
        assert_eq!(read_all(&log).len() as u64, next - 1);
    }
}

#[tokio::test]
async fn duplicates_and_conflicts() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), small()).unwrap();
    log.append(batch([1, 2, 3])).await.unwrap();
    let mut mixed = batch([2, 10, 3, 10, 11]);
    mixed.records[2].digest = [0; 16];
    let outcomes = log.append(mixed.clone()).await.unwrap();
    use Appended::{Conflict, Duplicate, Stored};
    assert_eq!(outcomes, [Duplicate(2), Stored(4), Conflict(3), Duplicate(4), Stored(5)]);
    assert_eq!(log.record(4).unwrap().unwrap(), payload(10));
    assert_eq!(log.record(5).unwrap().unwrap(), payload(11));
    // All or nothing.
    let mut atomic = batch([20, 21, 3]);
    atomic.records[2].digest = [0; 16];
    atomic.atomic = true;
    let error = log.append(atomic.clone()).await.unwrap_err();
    assert!(matches!(&error, AppendError::Conflict(clashes) if clashes.len() == 1 && clashes[0].index == 2), "{error}");
    assert_eq!(log.head(), 5);
    assert_eq!(log.lookup(&[key(20)]).unwrap(), [None]);
    atomic.records[2].digest = digest(3);
    assert_eq!(log.append(atomic).await.unwrap(), [Stored(6), Stored(7), Duplicate(3)]);
    read_all(&log);
}

#[tokio::test]
async fn filters_and_limits() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), small()).unwrap();
    for begin in (1..=2_000).step_by(20) {
        log.append(batch(begin..begin + 20)).await.unwrap();
    }
    assert!(log.status().segments > 5);
    let read = |filter: Filter, limit: ReadLimit| {
        let (mut after, mut found) = (0, Vec::new());
        while after < log.head() {
            let page = log.read(after, limit, &filter).unwrap();
            assert!(page.next > after && page.records.len() <= limit.records);
            after = page.next;
            found.extend(page.records.into_iter().map(|record| record.position));
        }
        found
    };
    for limit in [
        ReadLimit::default(),
        ReadLimit { records: 7, ..ReadLimit::default() },
        ReadLimit { bytes: 1, ..ReadLimit::default() },
        ReadLimit { frames: 1, ..ReadLimit::default() },
    ] {
        let expect = |wanted: &dyn Fn(u64) -> bool| (1..=2_000).filter(|n| wanted(*n)).collect::<Vec<u64>>();
        assert_eq!(read(ALL, limit), expect(&|_| true));
        assert_eq!(read(Filter::default(), limit), expect(&|n| n % 10 != 9));
        assert_eq!(read(Filter { app: Some(3), ..ALL }, limit), expect(&|n| n % 4 == 3));
        assert_eq!(read(Filter { since_us: Some(1_500_000), ..ALL }, limit), expect(&|n| n >= 1_500));
        assert_eq!(read(Filter { app: Some(5), ..ALL }, limit), expect(&|_| false));
    }
    // What the filter leaves out is passed by in one step.
    assert_eq!(log.read(0, ReadLimit::default(), &Filter { app: Some(5), ..ALL }).unwrap().next, 2_000);
}

#[tokio::test]
async fn one_process_at_a_time() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), small()).unwrap();
    match Log::open(directory.path(), small()) {
        Err(OpenError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
    drop(log);
    Log::open(directory.path(), small()).unwrap();
}

#[tokio::test]
async fn batches_that_are_no_batches() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), small()).unwrap();
    let mut wrong = batch([1, 2]);
    wrong.records[1].end += 1;
    assert_eq!(log.append(wrong.clone()).await, Err(AppendError::Malformed { index: 1 }));
    wrong.records[1].end -= 2;
    assert_eq!(log.append(wrong).await, Err(AppendError::Malformed { index: 2 }));
    assert_eq!(log.append(AppendBatch::default()).await, Ok(Vec::new()));
    let mut large = batch([1]);
    large.records = vec![large.records[0]; 10_001];
    assert!(matches!(log.append(large).await, Err(AppendError::TooLarge { records: 10_001, .. })));
}

#[tokio::test]
async fn a_full_queue_says_so() {
    let disk = FaultyDisk::default();
    let options = LogOptions { queue_bytes_max: 2_000, disk: Arc::new(disk.clone()), ..small() };
    let log = Log::open("/log", options).unwrap();
    // While nothing becomes durable, nobody is answered but who is turned away.
    disk.hold_syncs(true);
    let (mut waiting, mut answers) = (Vec::new(), Vec::new());
    for number in 0..500 {
        let mut append = Box::pin(log.append(batch([number])));
        match append.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => waiting.push(append),
            Poll::Ready(answer) => answers.push(answer),
        }
    }
    disk.hold_syncs(false);
    let (stored, busy) = (waiting.len(), answers.len());
    assert!(busy > 0 && stored > 0, "{busy} busy, {stored} stored");
    for answer in answers {
        match answer {
            Err(AppendError::Busy { retry_after }) => assert!(retry_after.as_secs() >= 1),
            other => panic!("{other:?}"),
        }
    }
    for append in waiting {
        append.await.unwrap();
    }
    assert_eq!(log.head(), stored as u64);
    assert_eq!(log.status().queue_bytes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_duplicates_one_is_stored() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), small()).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let log = log.clone();
        tasks.spawn(async move {
            let mut outcomes = Vec::new();
            for begin in (0..1_000).step_by(8) {
                outcomes.extend(log.append(batch(begin..begin + 8)).await.unwrap());
            }
            outcomes
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(log.head(), 1_000);
    for number in 0..1_000 {
        let of_this: Vec<Appended> = outcomes.iter().map(|outcomes| outcomes[number]).collect();
        let stored = of_this.iter().filter(|outcome| matches!(outcome, Appended::Stored(_))).count();
        let position = log.lookup(&[key(number as u64)]).unwrap()[0].unwrap().position;
        assert_eq!(stored, 1);
        for outcome in of_this {
            assert!(outcome == Appended::Stored(position) || outcome == Appended::Duplicate(position));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_sees_the_head_move() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), small()).unwrap();
    let mut head = log.subscribe();
    let reader = Arc::new(log.clone());
    let reading = tokio::spawn(async move {
        let mut after = 0;
        while after < 300 {
            let seen = *head.wait_for(|head| *head > after).await.unwrap();
            let page = reader.read(after, ReadLimit::default(), &ALL).unwrap();
            assert!(!page.records.is_empty() && page.next >= seen.min(after + 100));
            after = page.next;
        }
    });
    for number in 1..=300 {
        log.append(batch([number])).await.unwrap();
    }
    reading.await.unwrap();
    let mut head = log.subscribe();
    log.close().await;
    head.mark_unchanged();
    assert!(head.changed().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_while_segments_are_closed() {
    let directory = tempdir().unwrap();
    let options = LogOptions { index_table_ids: 64, segment_size_bytes: 4 * 1024, ..LogOptions::default() };
    let log = Log::open(directory.path(), options).unwrap();
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers: Vec<_> = (0..3_u64)
        .map(|reader| {
            let (log, done) = (log.clone(), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut turn = reader << 32;
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    turn += 1;
                    let head = log.head();
                    let position = head.saturating_sub(support::mix(turn) % 40).max(1);
                    if position <= head {
                        assert_eq!(log.record(position).unwrap().unwrap(), payload(position));
                        assert_eq!(log.lookup(&[key(position)]).unwrap()[0].unwrap().position, position);
                    }
                    let filter = Filter { app: Some(reader), ..ALL };
                    let page = log.read(position - 1, ReadLimit::default(), &filter).unwrap();
                    assert!(page.next <= log.head() && page.records.iter().all(|record| record.app == reader));
                }
            })
        })
        .collect();
    for begin in (1..=6_000).step_by(3) {
        log.append(batch(begin..begin + 3)).await.unwrap();
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
    assert!(log.status().segments > 50);
}
