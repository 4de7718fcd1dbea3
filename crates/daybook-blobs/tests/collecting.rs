//! Collecting without reading the whole log: the same as if it had been read, whatever became of what is kept between.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use daybook_blobs::CollectError;
use daybook_event::{BlobAddress, stored};
use daybook_log::{Filter, ReadLimit};
use proptest::prelude::*;
use support::{Place, Sample, files, sample, standing};

/// Values that there are, from none that anybody refers to on.
fn value(number: u8) -> Sample {
    sample(standing(1 + number % 3), &format!("value {number}"))
}

/// What a plain reading of the whole log says that it refers to.
fn referred(place: &Place) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (filter, limit) = (Filter { hidden: true, ..Filter::default() }, ReadLimit::default());
    let mut after = 0;
    while after < place.log.head() {
        let page = place.log.read(after, limit, &filter).unwrap();
        for record in &page.records {
            let add = |address: BlobAddress| {
                found.insert(address.to_string());
            };
            stored::blob_addresses(&record.bytes, add).unwrap();
        }
        after = page.next;
    }
    found
}

/// The blobs that there are.
fn there(place: &Place) -> BTreeSet<String> {
    let files = files(&place.blobs_directory());
    files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// A log of several stretches, in which most records refer to nothing.
async fn filled() -> Place {
    let place = Place::of_short_stretches();
    for number in 0..120 {
        let one = value(number);
        let samples: &[&Sample] = if number % 6 == 0 { &[&one] } else { &[] };
        place.append_at(samples, i64::from(number)).await;
    }
    assert!(place.log.stretches().len() > 3, "{:?}", place.log.stretches());
    place
}

#[tokio::test]
async fn only_what_is_new_is_read() {
    let place = filled().await;
    let closed = |place: &Place| place.log.stretches().last().unwrap().last;
    let behind = |place: &Place| place.log.head() - closed(place);
    assert_eq!(place.collect().await.records_read, place.log.head());
    assert_eq!(files(&place.references_directory()).len(), place.log.stretches().len());
    assert_eq!(place.collect().await.records_read, behind(&place));

    // Another process knows it too.
    let place = place.reopen().await;
    assert_eq!(place.collect().await.records_read, behind(&place));
    let before = closed(&place);
    for number in 0..60 {
        place.append_at(&[&value(number)], 1_000).await;
    }
    assert_eq!(place.collect().await.records_read, place.log.head() - before);
    assert_eq!(place.collect().await.records_read, behind(&place));

    // What was compacted is read again, and nothing else.
    let first = place.log.stretches()[0];
    place.compact_before(1).await;
    let left = first.last - first.after - 1;
    let collected = place.collect().await;
    assert_eq!((collected.records_read, there(&place)), (left + behind(&place), referred(&place)));
    assert_eq!(files(&place.references_directory()).len(), place.log.stretches().len());
}

#[tokio::test]
async fn what_is_kept_between_is_believed_only_whole() {
    let place = filled().await;
    let all = place.log.head();
    place.collect().await;
    let again = place.collect().await.records_read;
    let largest = files(&place.references_directory()).into_iter().max_by_key(|file| fs::metadata(file).unwrap().len());
    let file = largest.unwrap();
    let whole = fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> = Vec::new();
    for at in [0, 8, 16, 24, 32, 40, whole.len() - 9, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x40;
        damaged.push(flipped);
    }
    damaged.extend([0, 1, 47, 48, whole.len() - 32, whole.len() - 1].map(|length| whole[..length].to_vec()));
    // One reference less, and a checksum of the rest.
    damaged.push([&whole[..whole.len() - 40], &whole[whole.len() - 8..]].concat());
    for bytes in damaged {
        fs::write(&file, &bytes).unwrap();
        let collected = place.collect().await;
        assert!(collected.records_read > again && collected.removed == 0, "{} bytes: {collected:?}", bytes.len());
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
    // That of another stretch in its place.
    let other = files(&place.references_directory()).into_iter().find(|other| *other != file).unwrap();
    fs::copy(other, &file).unwrap();
    assert_eq!(place.collect().await.removed, 0);
    fs::remove_dir_all(place.references_directory()).unwrap();
    // Without the directory it is as it was before there was one.
    assert_eq!((place.collect().await.records_read, place.collect().await.records_read), (all, all));
    let place = place.reopen().await;
    assert_eq!((place.collect().await.records_read, place.collect().await.records_read), (all, again));
    assert_eq!(there(&place), referred(&place));
}

/// The process ends at each step of a run, and the next one goes on.
#[tokio::test]
async fn a_run_may_end_anywhere() {
    let mut place = filled().await;
    let mut steps = 0;
    loop {
        // Something to do in every round: what nothing refers to, what is compacted, and what was begun and left.
        let left = value(200);
        place.blobs.write_then(vec![left.blob.clone()], async {}).await.unwrap();
        place.compact_before(i64::try_from(steps).unwrap() * 2).await;
        fs::write(place.references_directory().join("0-0-0.writing"), "half").unwrap();
        let asked = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&asked);
        let run = place.collect_until(move || counted.fetch_add(1, Ordering::Relaxed) >= steps).await;
        let referred_to = referred(&place);
        assert!(there(&place).is_superset(&referred_to), "after {steps} steps something is missing");
        place = place.reopen().await;
        match run {
            Err(CollectError::Stopped) => {}
            Err(error) => panic!("{error}"),
            Ok(_) => break,
        }
        steps += 1;
    }
    assert!(steps > 4, "{steps}");
    place.collect().await;
    assert_eq!(there(&place), referred(&place));
    assert!(files(&place.references_directory()).iter().all(|file| file.extension().is_none()));
}

/// What happens to a store, its log, and what is kept between runs.
#[derive(Debug, Clone)]
enum Happening {
    Append { values: Vec<u8>, time_us: i64 },
    Orphan { value: u8 },
    Close,
    Compact { before_us: i64 },
    Restart,
    Damage { file: usize, at: usize },
    Lose { file: usize },
    Collect,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (prop::collection::vec(0..12_u8, 0..4), 0..20_i64)
            .prop_map(|(values, time_us)| Happening::Append { values, time_us }),
        2 => (0..12_u8).prop_map(|value| Happening::Orphan { value }),
        2 => Just(Happening::Close),
        2 => (0..20_i64).prop_map(|before_us| Happening::Compact { before_us }),
        1 => Just(Happening::Restart),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(file, at)| Happening::Damage { file, at }),
        1 => any::<usize>().prop_map(|file| Happening::Lose { file }),
        3 => Just(Happening::Collect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// After every run there is what a plain reading of the whole log finds, and nothing else.
    #[test]
    fn it_is_as_if_the_whole_log_was_read(happenings in prop::collection::vec(happening(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut place = Place::of_short_stretches();
            for happening in happenings.into_iter().chain([Happening::Collect]) {
                match happening {
                    Happening::Append { values, time_us } => {
                        let samples: Vec<Sample> = values.into_iter().map(value).collect();
                        place.append_at(&samples.iter().collect::<Vec<_>>(), time_us).await;
                    }
                    Happening::Orphan { value: number } => {
                        place.blobs.write_then(vec![value(number).blob], async {}).await.unwrap();
                    }
                    Happening::Close => drop(place.log.roll_older_than(i64::MAX).await.unwrap()),
                    Happening::Compact { before_us } => drop(place.compact_before(before_us).await),
                    Happening::Restart => place = place.reopen().await,
                    Happening::Damage { file, at } => {
                        let files = files(&place.references_directory());
                        if let Some(file) = file.checked_rem(files.len()).map(|place| &files[place]) {
                            let mut bytes = fs::read(file).unwrap();
                            let at = at % bytes.len();
                            bytes[at] ^= 1;
                            fs::write(file, bytes).unwrap();
                        }
                    }
                    Happening::Lose { file } => {
                        let files = files(&place.references_directory());
                        if let Some(file) = file.checked_rem(files.len()).map(|place| &files[place]) {
                            fs::remove_file(file).unwrap();
                        }
                    }
                    Happening::Collect => {
                        place.collect().await;
                        assert_eq!(there(&place), referred(&place));
                    }
                }
            }
        });
    }
}
