//! The id index against a map: across flushes, merges, reopening, deletion and damage.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is a finding")]

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daybook_log::{AppendError, Appended, Log, LogOptions};
use proptest::prelude::*;
use support::{batch, digest, key};
use tempfile::tempdir;

fn tiny_tables() -> LogOptions {
    LogOptions { index_table_ids: 64, ..support::small() }
}

fn run_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory.join("ids"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ids"))
        .collect();
    files.sort();
    files
}

/// Waits until the background has nothing left to do.
fn settle(log: &Log) {
    wait_for("the index comes to rest", || !log.status().index.pending);
}

/// Waits for a condition that comes about by itself.
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn check_all(log: &Log, model: &HashMap<u64, u64>, absent: std::ops::Range<u64>) {
    let numbers: Vec<u64> = model.keys().copied().collect();
    for chunk in numbers.chunks(100) {
        let keys: Vec<_> = chunk.iter().map(|number| key(*number)).collect();
        for (number, known) in chunk.iter().zip(log.lookup(&keys).unwrap()) {
            let known = known.unwrap_or_else(|| panic!("{number} is not known"));
            assert_eq!((known.position, known.digest), (model[number], digest(*number)));
        }
    }
    let keys: Vec<_> = absent.map(key).collect();
    assert!(log.lookup(&keys).unwrap().iter().all(Option::is_none));
}

#[derive(Debug, Clone)]
enum Step {
    /// Append records with these numbers; some may be there already.
    Append(Vec<u64>),
    Reopen,
    /// Close, delete some of the run files, open.
    Lose(u64),
    Settle,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => proptest::collection::vec(0_u64..3_000, 1..150).prop_map(Step::Append),
        1 => Just(Step::Reopen),
        1 => any::<u64>().prop_map(Step::Lose),
        1 => Just(Step::Settle),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_index_is_a_map(steps in proptest::collection::vec(any_step(), 1..40)) {
        let directory = tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut log = Log::open(directory.path(), tiny_tables()).unwrap();
        let mut model = HashMap::new();
        for step in steps {
            match step {
                Step::Append(numbers) => {
                    let outcomes = runtime.block_on(log.append(batch(numbers.clone()))).unwrap();
                    for (number, outcome) in numbers.into_iter().zip(outcomes) {
                        match outcome {
                            Appended::Stored(position) => prop_assert_eq!(model.insert(number, position), None),
                            Appended::Duplicate(position) => prop_assert_eq!(model[&number], position),
                            Appended::Conflict(_) => prop_assert!(false, "nothing conflicts here"),
                        }
                    }
                    prop_assert_eq!(log.head(), model.len() as u64);
                }
                Step::Reopen => {
                    drop(log);
                    log = Log::open(directory.path(), tiny_tables()).unwrap();
                }
                Step::Lose(which) => {
                    drop(log);
                    for (at, file) in run_files(directory.path()).iter().enumerate() {
                        if which & (1 << (at % 64)) != 0 {
                            fs::remove_file(file).unwrap();
                        }
                    }
                    log = Log::open(directory.path(), tiny_tables()).unwrap();
                }
                Step::Settle => settle(&log),
            }
            check_all(&log, &model, 3_000..3_200);
        }
    }
}

/// Appends records 1 to `count` and waits for the merges.
async fn filled(directory: &Path, count: u64, options: LogOptions) -> (Log, HashMap<u64, u64>) {
    let log = Log::open(directory, options).unwrap();
    for begin in (1..=count).step_by(50) {
        log.append(batch(begin..(begin + 50).min(count + 1))).await.unwrap();
    }
    settle(&log);
    (log, (1..=count).map(|number| (number, number)).collect())
}

#[tokio::test]
async fn runs_are_merged_and_stay_few() {
    let directory = tempdir().unwrap();
    let (log, model) = filled(directory.path(), 20_000, tiny_tables()).await;
    let status = log.status().index;
    assert!(status.runs >= 2 && status.runs <= 20, "{status:?}");
    assert_eq!(status.run_ids + status.table_ids as u64, 20_000);
    wait_for("what was merged is removed", || run_files(directory.path()).len() == status.runs);
    check_all(&log, &model, 20_001..30_000);
}

#[tokio::test]
async fn filters_may_stay_on_the_disk() {
    let directory = tempdir().unwrap();
    let options = LogOptions { index_filter_bytes_max: 1_000, ..tiny_tables() };
    let (log, model) = filled(directory.path(), 5_000, options).await;
    wait_for("filters leave the memory", || log.status().index.filter_bytes <= 1_000);
    check_all(&log, &model, 5_001..6_000);
    drop(log);
    let options = LogOptions { index_filter_bytes_max: 0, ..tiny_tables() };
    let log = Log::open(directory.path(), options).unwrap();
    assert_eq!(log.status().index.filter_bytes, 0);
    check_all(&log, &model, 5_001..6_000);
}

#[tokio::test]
async fn a_lost_index_is_made_anew_and_is_the_same() {
    let directory = tempdir().unwrap();
    let (log, model) = filled(directory.path(), 5_000, tiny_tables()).await;
    drop(log);
    fs::remove_dir_all(directory.path().join("ids")).unwrap();
    let log = Log::open(directory.path(), tiny_tables()).unwrap();
    check_all(&log, &model, 5_001..6_000);
    assert_eq!(log.append(batch([17, 5_001])).await.unwrap(), [Appended::Duplicate(17), Appended::Stored(5_001)]);
}

#[tokio::test]
async fn runs_that_are_not_of_this_log_are_not_believed() {
    let (one, other) = (tempdir().unwrap(), tempdir().unwrap());
    drop(filled(one.path(), 1_000, tiny_tables()).await);
    drop(filled(other.path(), 2_000, tiny_tables()).await);
    for file in run_files(other.path()) {
        fs::copy(&file, one.path().join("ids").join(file.file_name().unwrap())).unwrap();
    }
    let log = Log::open(one.path(), tiny_tables()).unwrap();
    check_all(&log, &(1..=1_000).map(|number| (number, number)).collect(), 1_001..3_000);
}

/// Wherever a run is damaged: either nothing is asked there, or an error says so and the run is made anew, or it was
/// made anew at the start. Never is an answer wrong.
#[tokio::test]
async fn a_damaged_run_is_made_anew() {
    let directory = tempdir().unwrap();
    let (log, model) = filled(directory.path(), 1_000, tiny_tables()).await;
    drop(log);
    let keys: Vec<_> = (1..=1_100).map(key).collect();
    let right = |log: &Log| {
        let Ok(known) = log.lookup(&keys) else { return false };
        for (number, known) in (1..).zip(known) {
            assert_eq!(known.map(|known| known.position), model.get(&number).copied());
        }
        true
    };
    for step in 0..60_u64 {
        let files = run_files(directory.path());
        let file = &files[support::mix(step) as usize % files.len()];
        let mut bytes = fs::read(file).unwrap();
        let at = (support::mix(step + 1_000) % bytes.len() as u64) as usize;
        bytes[at] ^= 1 << (step % 8);
        fs::write(file, &bytes).unwrap();
        let log = Log::open(directory.path(), tiny_tables()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !right(&log) {
            match log.append(batch(1..=1_000)).await {
                Ok(outcomes) => assert!(outcomes.iter().all(|outcome| matches!(outcome, Appended::Duplicate(_)))),
                Err(error) => assert!(matches!(error, AppendError::Index(_)), "{error}"),
            }
            assert!(Instant::now() < deadline, "the run is not made anew");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(right(&log));
    }
}
