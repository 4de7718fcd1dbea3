//! The term index and conditional appends against a naive store: across flushes, merges, reopening, deletion and damage,
//! racing, in one group, and on a disk that fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;
#[path = "support/tagged.rs"]
mod tagged;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use daybook_log::{
    AppendError, Appended, CheckError, Condition, Log, LogOptions, SelectError, Selected, Selection, TermQuery,
};
use proptest::prelude::*;
use support::disk::{Crash, FaultyDisk};
use tagged::{Items, Naive, Outcome, TagTerms, Tagged, append_if, batch, options, query, select, select_all, tags};
use tempfile::tempdir;

fn run_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory.join("terms"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "terms"))
        .collect();
    files.sort();
    files
}

/// Waits until the background has nothing left to do.
fn settle(log: &Log) {
    wait_for("the index comes to rest", || !log.status().terms.unwrap().pending);
}

/// Waits for a condition that comes about by itself.
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Tagged>),
    /// On condition that there is nothing like this behind so many of the records from the end.
    AppendIf(Vec<Tagged>, Items, u64),
    Select(Items, u64, u64, usize, bool),
    Reopen,
    /// Close, delete or damage some of the run files, open.
    Lose(u64, bool),
    Settle,
}

fn any_record() -> impl Strategy<Value = Tagged> {
    (0_u64..400, proptest::collection::btree_set(0_u8..12, 0..5))
}

fn any_records() -> impl Strategy<Value = Vec<Tagged>> {
    proptest::collection::vec(any_record(), 1..25).prop_map(|mut records| {
        // One call has an id once.
        records.sort_unstable();
        records.dedup_by_key(|(number, _)| *number);
        records
    })
}

fn any_items() -> impl Strategy<Value = Items> {
    let tags = || proptest::collection::vec(0_u8..14, 0..3);
    proptest::collection::vec((tags(), tags()), 0..4)
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any_records().prop_map(Step::Append),
        10 => (any_records(), any_items(), 0_u64..30).prop_map(|(records, items, back)| Step::AppendIf(records, items, back)),
        10 => (any_items(), 0_u64..400, 0_u64..500, 1_usize..40, any::<bool>())
            .prop_map(|(items, after, until, limit, backwards)| Step::Select(items, after, until, limit, backwards)),
        1 => Just(Step::Reopen),
        1 => (any::<u64>(), any::<bool>()).prop_map(|(which, damage)| Step::Lose(which, damage)),
        1 => Just(Step::Settle),
    ]
}

/// What is selected is what the naive store would select, page by page.
fn check_pages(log: &Log, model: &Naive, items: &Items, (after, until): (u64, u64), limit: usize, backwards: bool) {
    let until = until.min(model.head());
    let mut expected = model.matches(items, after, until);
    if backwards {
        expected.reverse();
    }
    let (mut low, mut high) = (after, until);
    let mut found = Vec::new();
    while low < high {
        let Selected { positions, next } = select(log, items, Selection { after: low, until: high, limit, backwards });
        assert!(positions.len() <= limit);
        assert!(if backwards { next <= high } else { next > low }, "a page that gets nowhere");
        found.extend(positions);
        if backwards {
            high = next - 1;
        } else {
            low = next;
        }
    }
    assert_eq!(found, expected, "{items:?} from {after} to {until}, backwards {backwards}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_the_naive_store(steps in proptest::collection::vec(any_step(), 1..60)) {
        let directory = tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut log = Log::open(directory.path(), options()).unwrap();
        let mut model = Naive::default();
        for step in steps {
            match step {
                Step::Append(records) => {
                    // Without a condition a call may have some that are there.
                    let new: Vec<Tagged> = records
                        .into_iter()
                        .filter(|(number, _)| model.records.iter().all(|(other, _)| other != number))
                        .collect();
                    let outcomes = runtime.block_on(log.append(batch(&new))).unwrap();
                    prop_assert!(outcomes.iter().all(|outcome| matches!(outcome, Appended::Stored(_))));
                    model.records.extend(new);
                }
                Step::AppendIf(records, items, back) => {
                    let after = model.head().saturating_sub(back);
                    let got = runtime.block_on(append_if(&log, &records, &items, after)).unwrap();
                    let expected = model.append_if(&records, Some((&items, after)));
                    prop_assert_eq!(got, expected);
                }
                Step::Select(items, after, until, limit, backwards) => {
                    let after = after.min(model.head());
                    check_pages(&log, &model, &items, (after, until), limit, backwards);
                }
                Step::Reopen => {
                    drop(log);
                    log = Log::open(directory.path(), options()).unwrap();
                }
                Step::Lose(which, damage) => {
                    drop(log);
                    for (at, file) in run_files(directory.path()).iter().enumerate() {
                        if which & (1 << (at % 64)) == 0 {
                            continue;
                        }
                        if damage {
                            let mut bytes = fs::read(file).unwrap();
                            let place = (which as usize).wrapping_mul(31) % bytes.len();
                            bytes[place] ^= 1 << (which % 8);
                            fs::write(file, bytes).unwrap();
                        } else {
                            fs::remove_file(file).unwrap();
                        }
                    }
                    log = Log::open(directory.path(), options()).unwrap();
                }
                Step::Settle => settle(&log),
            }
            prop_assert_eq!(log.head(), model.head());
        }
        for tag in 0..12 {
            let items = vec![(vec![], vec![tag])];
            prop_assert_eq!(select_all(&log, &items), model.matches(&items, 0, model.head()));
        }
    }
}

/// A log with this many records, each with tag 1 and one of 2 to 9, in calls of ten.
async fn filled(directory: &Path, options: LogOptions, count: u64) -> (Log, Naive) {
    let log = Log::open(directory, options).unwrap();
    let mut model = Naive::default();
    for begin in (0..count).step_by(10) {
        let records: Vec<Tagged> =
            (begin..begin + 10).map(|number| (number, tags([1, 2 + (number % 8) as u8]))).collect();
        log.append(batch(&records)).await.unwrap();
        model.records.extend(records);
    }
    (log, model)
}

#[tokio::test]
async fn after_is_exclusive() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    log.append(batch(&[(1, tags([1])), (2, tags([2])), (3, tags([3]))])).await.unwrap();
    let item = |tag| vec![(vec![], vec![tag])];
    assert_eq!(append_if(&log, &[(10, tags([]))], &item(2), 1).await, Ok(Outcome::Conflict(2)));
    assert_eq!(append_if(&log, &[(10, tags([]))], &item(2), 2).await, Ok(Outcome::Appended(vec![4])));
    assert_eq!(append_if(&log, &[(11, tags([]))], &item(2), 0).await, Ok(Outcome::Conflict(2)));
    // The first of those that match is told.
    let any = vec![(vec![], vec![3]), (vec![], vec![2])];
    assert_eq!(append_if(&log, &[(11, tags([]))], &any, 0).await, Ok(Outcome::Conflict(2)));
    assert_eq!(append_if(&log, &[(11, tags([]))], &any, 2).await, Ok(Outcome::Conflict(3)));
    // Nothing is described by no item, everything by an empty one.
    assert_eq!(append_if(&log, &[(11, tags([]))], &vec![], 0).await, Ok(Outcome::Appended(vec![5])));
    assert_eq!(append_if(&log, &[(12, tags([]))], &vec![(vec![], vec![])], 4).await, Ok(Outcome::Conflict(5)));
    assert_eq!(append_if(&log, &[(12, tags([]))], &vec![(vec![], vec![])], 5).await, Ok(Outcome::Appended(vec![6])));
    // What is not there yet nobody can have read.
    let ahead = log.check(Condition { fail_if_match: query(&item(1)), after: 7 }, &batch(&[(13, tags([]))]));
    assert!(matches!(ahead, Err(CheckError::Select(SelectError::Ahead { position: 7, head: 6 }))), "{ahead:?}");
}

#[tokio::test]
async fn a_repeated_call_has_the_positions_of_the_first() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    let items = vec![(vec![], vec![1])];
    let call = [(1, tags([1])), (2, tags([1, 2]))];
    assert_eq!(append_if(&log, &call, &items, 0).await, Ok(Outcome::Appended(vec![1, 2])));
    // Its own events stand against its condition now.
    assert_eq!(append_if(&log, &call, &items, 0).await, Ok(Outcome::Duplicate(vec![1, 2])));
    assert_eq!(append_if(&log, &[(3, tags([1]))], &items, 0).await, Ok(Outcome::Conflict(1)));
    // Some of it, and something else, is another call.
    assert_eq!(append_if(&log, &[(2, tags([1, 2])), (3, tags([]))], &items, 2).await, Ok(Outcome::Partly));
    assert_eq!(append_if(&log, &call[..1], &items, 0).await, Ok(Outcome::Duplicate(vec![1])));
    // The same key with something else in it.
    let mut other = batch(&call[..1]);
    other.records[0].digest = [9; 16];
    let checked = log.check(Condition { fail_if_match: query(&items), after: 2 }, &other).unwrap();
    assert!(matches!(log.append_if(other, checked).await, Err(AppendError::Conflict(_))));
    drop(log);
    let log = Log::open(directory.path(), options()).unwrap();
    assert_eq!(append_if(&log, &call, &items, 0).await, Ok(Outcome::Duplicate(vec![1, 2])));
    assert_eq!(log.head(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_one_condition_one_wins() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    for round in 0..60_u64 {
        let after = log.head();
        let tag = (round % 200) as u8;
        let racing: Vec<_> = (0..16)
            .map(|client| {
                let log = log.clone();
                tokio::spawn(async move {
                    let records = [(round * 100 + client, tags([tag])), (round * 100 + 50 + client, tags([]))];
                    append_if(&log, &records, &vec![(vec![], vec![tag])], after).await.unwrap()
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for one in racing {
            outcomes.push(one.await.unwrap());
        }
        let winner = Outcome::Appended(vec![after + 1, after + 2]);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == winner).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Conflict(after + 1)).count(), 15);
        assert_eq!(log.head(), after + 2);
    }
}

/// Counts up under a condition, each client reading what there is and trying again: no count is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_overwrites_anybody() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    let items: Items = vec![(vec![], vec![1])];
    let (clients, each) = (8_u64, 25_u64);
    let counting: Vec<_> = (0..clients)
        .map(|client| {
            let (log, items) = (log.clone(), items.clone());
            tokio::spawn(async move {
                for count in 0..each {
                    loop {
                        let head = log.head();
                        let seen = select_all_to(&log, &items, head).len() as u64;
                        let record = (client << 32 | count << 16 | seen, tags([1, (seen % 251) as u8]));
                        match append_if(&log, &[record], &items, head).await.unwrap() {
                            Outcome::Appended(positions) => {
                                assert_eq!(positions, [seen + 1], "it saw all that there was");
                                break;
                            }
                            Outcome::Conflict(position) => assert!(position > head),
                            other => panic!("{other:?}"),
                        }
                    }
                }
            })
        })
        .collect();
    for one in counting {
        one.await.unwrap();
    }
    assert_eq!(log.head(), clients * each);
    assert_eq!(select_all(&log, &items).len() as u64, clients * each);
}

fn select_all_to(log: &Log, items: &Items, until: u64) -> Vec<u64> {
    select(log, items, Selection { after: 0, until, limit: usize::MAX, backwards: false }).positions
}

/// Requests that the writer takes together count against each other, and what was refused counts against nobody.
#[tokio::test(flavor = "current_thread")]
async fn those_of_one_group_count_against_each_other() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), options()).unwrap();
    for round in 0..50_u64 {
        let after = log.head();
        let item = |tag| vec![(vec![], vec![tag])];
        let number = |at: u64| round * 10 + at;
        // Not one of these futures is asked twice before all are in the queue.
        let (one, two, three, four) =
            ([(number(1), tags([1]))], [(number(2), tags([1, 2]))], [(number(3), tags([2]))], [(number(4), tags([3]))]);
        let (either, other) = (item(1), item(2));
        let outcomes = tokio::join!(
            append_if(&log, &one, &either, after),
            append_if(&log, &two, &either, after),
            append_if(&log, &three, &other, after),
            append_if(&log, &four, &other, after),
        );
        assert_eq!(outcomes.0, Ok(Outcome::Appended(vec![after + 1])));
        assert_eq!(outcomes.1, Ok(Outcome::Conflict(after + 1)));
        assert_eq!(outcomes.2, Ok(Outcome::Appended(vec![after + 2])), "what was refused is not there");
        assert_eq!(outcomes.3, Ok(Outcome::Conflict(after + 2)));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_answer_that_rests_on_what_was_not_written_is_not_given() {
    let disk = FaultyDisk::default();
    let on_disk = || LogOptions { disk: Arc::new(disk.clone()), ..options() };
    let log = Log::open("/log", on_disk()).unwrap();
    let items = vec![(vec![], vec![1])];
    assert_eq!(append_if(&log, &[(1, tags([1]))], &items, 0).await, Ok(Outcome::Appended(vec![1])));
    disk.fail_sync_after(0);
    let (two, three) = ([(2, tags([1]))], [(3, tags([1]))]);
    let (first, second) = tokio::join!(append_if(&log, &two, &items, 1), append_if(&log, &three, &items, 1));
    assert!(matches!(first, Err(AppendError::Poisoned(_))), "{first:?}");
    assert!(matches!(second, Err(AppendError::Poisoned(_))), "{second:?}");
    assert_eq!(select_all(&log, &items), [1], "what was not written is in no answer");
    drop(log);
    disk.crash(Crash::LoseAll);
    let log = Log::open("/log", on_disk()).unwrap();
    assert_eq!(append_if(&log, &[(3, tags([1]))], &items, 1).await, Ok(Outcome::Appended(vec![2])));
}

#[tokio::test(flavor = "current_thread")]
async fn a_full_disk_leaves_no_trace_in_the_index() {
    let disk = FaultyDisk::default();
    let log = Log::open("/log", LogOptions { disk: Arc::new(disk.clone()), ..options() }).unwrap();
    let items = vec![(vec![], vec![1])];
    disk.limit_room(Some(0));
    let refused = append_if(&log, &[(1, tags([1]))], &items, 0).await;
    assert_eq!(refused, Err(AppendError::NoSpace));
    disk.limit_room(None);
    assert_eq!(append_if(&log, &[(2, tags([1]))], &items, 0).await, Ok(Outcome::Appended(vec![1])));
    assert_eq!(select_all(&log, &items), [1]);
}

/// A crash between the index and the log: whatever of the runs reached the disk, the index says what the log has.
#[tokio::test]
async fn the_index_follows_the_log_through_crashes() {
    for seed in 0..12_u64 {
        let disk = FaultyDisk::default();
        let mut model = Naive::default();
        for round in 0..8_u64 {
            let log = Log::open("/log", LogOptions { disk: Arc::new(disk.clone()), ..options() }).unwrap();
            let head = log.head();
            assert!(head >= model.head(), "what was acknowledged is there");
            // What was not acknowledged may be there all the same.
            model.records = (1..=head).map(|position| record_at(&log, position)).collect();
            for tag in 0..6 {
                let items = vec![(vec![], vec![tag])];
                assert_eq!(select_all(&log, &items), model.matches(&items, 0, head), "seed {seed}, round {round}");
            }
            disk.die_after(20 + support::mix(seed * 100 + round) % 120);
            for call in 0..60_u64 {
                let begin = (seed << 32) + (round << 16) + call * 10;
                let records: Vec<Tagged> =
                    (begin..begin + 10).map(|number| (number, tags([(support::mix(number) % 6) as u8, 9]))).collect();
                if log.append(batch(&records)).await.is_err() {
                    break;
                }
                model.records.extend(records);
            }
            disk.die_after(0);
            drop(log);
            let garbage = (support::mix(seed + round) % 3) as u8;
            disk.crash(match (seed + round) % 3 {
                0 => Crash::LoseAll,
                1 => Crash::KeepAll,
                _ => Crash::Random { seed: seed * 31 + round, garbage },
            });
        }
    }
}

fn record_at(log: &Log, position: u64) -> Tagged {
    let bytes = log.record(position).unwrap().unwrap();
    let number = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    (number, bytes[9..9 + usize::from(bytes[8])].iter().copied().collect())
}

#[tokio::test]
async fn an_index_of_another_log_or_of_other_terms_is_made_anew() {
    let (directory, other) = (tempdir().unwrap(), tempdir().unwrap());
    let (log, model) = filled(directory.path(), options(), 500).await;
    settle(&log);
    drop(log);
    let (foreign, _) = filled(other.path(), options(), 900).await;
    settle(&foreign);
    drop(foreign);
    fs::remove_dir_all(directory.path().join("terms")).unwrap();
    fs::create_dir(directory.path().join("terms")).unwrap();
    for file in run_files(other.path()) {
        fs::copy(&file, directory.path().join("terms").join(file.file_name().unwrap())).unwrap();
    }
    assert!(!run_files(directory.path()).is_empty(), "there is something to find out");
    let log = Log::open(directory.path(), options()).unwrap();
    let items = vec![(vec![], vec![3])];
    assert_eq!(select_all(&log, &items), model.matches(&items, 0, 500));
    settle(&log);
    drop(log);
    let before = run_files(directory.path());
    // Nothing is made anew before it was looked.
    let terms = Arc::new(TagTerms { fingerprint: 1, closed: true.into() });
    let renamed = LogOptions { terms: Some(terms.clone()), ..options() };
    let log = Log::open(directory.path(), renamed).unwrap();
    assert!(run_files(directory.path()).len() < before.len() || before.is_empty(), "runs of other terms are gone");
    terms.closed.store(false, Ordering::Release);
    assert_eq!(select_all(&log, &items), model.matches(&items, 0, 500));
}

/// While a stretch of the index is being made, what is behind it can be relied on, and nothing before its end.
#[tokio::test]
async fn a_condition_waits_for_the_index_that_it_needs() {
    let directory = tempdir().unwrap();
    let (log, _) = filled(directory.path(), options(), 400).await;
    settle(&log);
    drop(log);
    let files = run_files(directory.path());
    let first = files.first().unwrap().clone();
    let name = first.file_stem().unwrap().to_str().unwrap();
    let missing: u64 = name.split('-').nth(1).unwrap().parse().unwrap();
    assert!(files.len() > 1 && missing < 400, "one of several runs is lost");
    fs::remove_file(first).unwrap();
    let terms = Arc::new(TagTerms::default());
    terms.closed.store(true, Ordering::Release);
    let log = Log::open(directory.path(), LogOptions { terms: Some(terms.clone()), ..options() }).unwrap();
    assert_eq!(log.status().terms.unwrap().missing, missing);
    let condition = |after| Condition { fail_if_match: query(&vec![(vec![], vec![100])]), after };
    let new = batch(&[(5_000, tags([1]))]);
    for after in [0, missing - 1] {
        let checked = log.check(condition(after), &new);
        assert!(matches!(checked, Err(CheckError::Select(SelectError::Incomplete))), "{checked:?}");
    }
    let selection = Selection { after: 0, until: 400, limit: 10, backwards: false };
    assert!(matches!(log.select(&condition(0).fail_if_match, selection), Err(SelectError::Incomplete)));
    // Newest first there is something to say before that.
    let newest = Selection { after: missing, backwards: true, ..selection };
    assert_eq!(log.select(&query(&vec![(vec![], vec![1])]), newest).unwrap().positions.len(), 10);
    let checked = log.check(condition(missing), &new).unwrap();
    assert_eq!(log.append_if(new.clone(), checked).await.unwrap(), [Appended::Stored(401)]);
    terms.closed.store(false, Ordering::Release);
    wait_for("the index is made", || log.status().terms.unwrap().missing == 0);
    assert!(log.check(condition(0), &batch(&[(5_001, tags([]))])).is_ok());
    assert_eq!(append_if(&log, &[(5_002, tags([]))], &vec![(vec![], vec![1])], 0).await, Ok(Outcome::Conflict(1)));
}

#[tokio::test]
async fn runs_are_merged_and_bounded() {
    let directory = tempdir().unwrap();
    let (log, model) = filled(directory.path(), options(), 4_000).await;
    settle(&log);
    let status = log.status().terms.unwrap();
    assert!(status.runs < 14, "{status:?}");
    assert_eq!(status.run_postings + status.table_postings as u64, 8_000);
    assert_eq!(status.missing, 0);
    assert!(status.merges > 10 && status.lookups == 0, "{status:?}");
    for tag in 1..10 {
        let items = vec![(vec![], vec![tag])];
        assert_eq!(select_all(&log, &items), model.matches(&items, 0, 4_000));
    }
    assert!(log.status().terms.unwrap().lookups >= 9);
    // The ids of what was appended were looked up, each once.
    assert_eq!(log.status().index.lookups, 4_000);
    // The same with no filter in memory.
    log.close().await;
    drop(log);
    let log = Log::open(directory.path(), LogOptions { terms_filter_bytes_max: 0, ..options() }).unwrap();
    let items = vec![(vec![2, 3, 200], vec![1]), (vec![], vec![9, 1])];
    assert_eq!(select_all(&log, &items), model.matches(&items, 0, 4_000));
}

/// What memory says of a condition is what the disk says, and it says it of nearly all that hold.
#[tokio::test]
async fn memory_tells_that_a_condition_holds_where_it_can() {
    let directory = tempdir().unwrap();
    let (log, _) = filled(directory.path(), options(), 2_000).await;
    settle(&log);
    assert!(log.status().terms.unwrap().runs > 1);
    let condition = |tags: &[u8], after| Condition { fail_if_match: query(&vec![(vec![], tags.to_vec())]), after };
    let (new, head) = (batch(&[(9_000, tags([]))]), log.head());
    let never: Vec<u8> = (100..250).collect();
    let told = never.iter().filter(|tag| log.check_in_memory(&condition(&[**tag], 0)).is_some()).count();
    assert!(told >= never.len() - 5, "{told} of {} conditions over the whole log", never.len());
    // Every record has the first tag; with one that none has, it need not be looked for.
    assert!(log.check_in_memory(&condition(&[1], 0)).is_none());
    assert!(log.check_in_memory(&condition(&[1], head)).is_some());
    let checked = log.check_in_memory(&condition(&[1, never[0]], 0));
    assert_eq!(checked, log.check(condition(&[1, never[0]], 0), &new).ok());
    // What nobody may ask is not told here either.
    assert!(log.check_in_memory(&condition(&[1], head + 1)).is_none());
    // What was appended since is the writer's to find.
    let checked = log.check_in_memory(&condition(&[1], head)).unwrap();
    log.append(batch(&[(9_001, tags([1]))])).await.unwrap();
    assert!(matches!(log.append_if(new, checked).await, Err(AppendError::Condition { .. })));
    drop(log);
    let log = Log::open(directory.path(), LogOptions { terms_filter_bytes_max: 0, ..options() }).unwrap();
    assert!(never.iter().all(|tag| log.check_in_memory(&condition(&[*tag], 0)).is_none()));
    assert!(log.check_in_memory(&condition(&[1], log.head())).is_some());
}

/// What is compacted stands against nothing, at once, and is taken out of the index.
#[tokio::test]
async fn what_is_compacted_is_found_no_longer() {
    let directory = tempdir().unwrap();
    let (log, _) = filled(directory.path(), options(), 2_000).await;
    settle(&log);
    let before = log.status().terms.unwrap().run_postings;
    let expired = |candidate: &daybook_log::Candidate<'_>| candidate.position <= 300;
    let compacted = log.compact(&expired, i64::MAX, &mut |_| {}, &|| false).unwrap();
    assert_eq!(compacted.records, 300);
    let items = vec![(vec![], vec![2])];
    // The first of these that is left.
    assert_eq!(append_if(&log, &[(9_000, tags([]))], &items, 0).await, Ok(Outcome::Conflict(305)));
    wait_for("the index is made anew", || log.status().terms.unwrap().run_postings < before - 400);
    let left = select_all(&log, &items);
    assert_eq!(left.iter().find(|position| log.record(**position).unwrap().is_some()), Some(&305));
}

#[tokio::test]
async fn without_an_index_nothing_is_appended_on_condition() {
    let directory = tempdir().unwrap();
    let log = Log::open(directory.path(), support::small()).unwrap();
    log.append(batch(&[(1, tags([1]))])).await.unwrap();
    let condition = Condition { fail_if_match: TermQuery::default(), after: 0 };
    let checked = log.check(condition, &batch(&[(2, tags([]))]));
    assert!(matches!(checked, Err(CheckError::Select(SelectError::NoIndex))), "{checked:?}");
    drop(log);
    // An index that comes later knows what was there before.
    let log = Log::open(directory.path(), options()).unwrap();
    assert_eq!(select_all(&log, &vec![(vec![], vec![1])]), [1]);
    let many = TermQuery { items: vec![daybook_log::TermItem { any: vec![[0; 16]; 10_000], all: vec![] }] };
    let refused = log.check(Condition { fail_if_match: many, after: 0 }, &batch(&[]));
    assert!(matches!(refused, Err(CheckError::Select(SelectError::TooMany { terms: 10_000 }))), "{refused:?}");
}
