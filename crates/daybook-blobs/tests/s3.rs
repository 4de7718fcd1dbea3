//! A store behind the S3 API: what a directory does, and what is particular to a place that can be away.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daybook_blobs::{Blobs, CollectError, ReadBlobError, WriteBlobsError};
use daybook_event::{Month, Standing};
use daybook_harness::S3;
use daybook_privacy::view::{ExpiredMonth, Forgotten, View};
use support::{MONTH, Place, Sample, sample, standing};

fn open(s3: &S3) -> Blobs {
    open_with(&s3.url(), s3, &[])
}

/// With some options other than they should be.
fn open_with(url: &str, s3: &S3, other: &[(&str, &str)]) -> Blobs {
    let options = s3.options();
    let options = options.iter().map(|(name, value)| {
        let other = other.iter().find(|(other, _)| other == name);
        (*name, other.map_or(value.as_str(), |(_, value)| *value))
    });
    Blobs::open_url(url, options).unwrap()
}

async fn read(blobs: &Blobs, one: &Sample) -> Result<String, ReadBlobError> {
    blobs.read(&one.blob.path(), std::slice::from_ref(&one.keys), one.size).await
}

/// Writes a blob and appends; whether the append was begun.
async fn write(blobs: &Blobs, one: &Sample) -> (Result<(), WriteBlobsError>, bool) {
    let appended = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&appended);
    let written = blobs.write_then(vec![one.blob.clone()], async move { noted.store(true, Ordering::Relaxed) }).await;
    (written, appended.load(Ordering::Relaxed))
}

/// Everything that an error says, with what led to it.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(&format!(": {error}"));
        next = error.source();
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_are_written_read_collected_and_forgotten() {
    let s3 = S3::start();
    let place = Place::with_blobs(open(&s3));
    for length in [0, 1, 65_536, 1024 * 1024] {
        let one = sample(standing(1), &"x".repeat(length));
        place.append(&[&one]).await;
        assert_eq!(read(&place.blobs, &one).await.unwrap(), one.content);
        // Once more, as two events with one value do.
        place.append(&[&one]).await;
    }
    assert_eq!(s3.objects().len(), 4);
    assert!(s3.objects().iter().all(|name| name.starts_with("daybook/shop/")), "{:?}", s3.objects());
    let nobodys = sample(Standing::Nobody, "nobody wrote this");
    assert!(matches!(read(&place.blobs, &nobodys).await, Err(ReadBlobError::Missing)));

    // More than a page of a listing, of which one is referred to.
    let left: Vec<Sample> = (0..1_100).map(|number| sample(standing(2), &format!("left {number}"))).collect();
    for some in left.chunks(100) {
        place.blobs.write_then(some.iter().map(|one| one.blob.clone()).collect(), async {}).await.unwrap();
    }
    place.append(&[&left[7]]).await;
    let collected = place.collect().await;
    assert_eq!((collected.looked_at, collected.removed), (1_104, 1_099));
    assert_eq!(s3.objects().len(), 5);
    assert_eq!(read(&place.blobs, &left[7]).await.unwrap(), "left 7");

    let mut later = sample(standing(1), "later");
    later.blob.month = Month::from_number(MONTH + 1);
    place.append(&[&later, &nobodys]).await;
    let person = Forgotten { app: "shop".to_owned(), id: standing(2).subject().unwrap() };
    assert_eq!(place.blobs.forget_people(&[person]).await.unwrap().count, 1);
    let month =
        ExpiredMonth { app: "shop".to_owned(), category: "product".to_owned(), month: Month::from_number(MONTH) };
    assert_eq!(place.blobs.forget_months(&[month]).await.unwrap().count, 5);
    assert_eq!(s3.objects().len(), 1);
    assert_eq!(read(&place.blobs, &later).await.unwrap(), "later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_or_has_no_bucket_is_told_so() {
    let s3 = S3::start();
    let good = open(&s3);
    let kept = sample(standing(1), "kept");
    assert!(write(&good, &kept).await.1);
    let cases = [
        (open_with(&s3.url(), &s3, &[("secret_access_key", "wrong")]), "SignatureDoesNotMatch"),
        (open_with(&s3.url(), &s3, &[("access_key_id", "AKIANOBODY")]), "InvalidAccessKeyId"),
        (open_with("s3://absent/daybook", &s3, &[]), "NoSuchBucket"),
    ];
    for (blobs, code) in cases {
        let (written, appended) = write(&blobs, &kept).await;
        let Err(error @ WriteBlobsError::Unavailable(_)) = written else { panic!("{code}: {written:?}") };
        assert!(told(&error).contains(code), "{}", told(&error));
        assert!(!told(&error).contains(s3.password()) && !appended);
        // What cannot be asked for is not gone.
        let unread = read(&blobs, &kept).await.unwrap_err();
        assert!(matches!(unread, ReadBlobError::Unavailable(_)) && told(&unread).contains(code), "{unread:?}");
        let place = Place::with_blobs(blobs.clone());
        let collected = place.collect_until(|| false).await;
        assert!(matches!(collected, Err(CollectError::Store(_))), "{collected:?}");
        let person = Forgotten { app: "shop".to_owned(), id: standing(1).subject().unwrap() };
        assert!(blobs.forget_people(&[person]).await.is_err(), "{code}: an erasure is not confirmed");
    }
    assert_eq!(s3.objects().len(), 1);
    assert_eq!(read(&good, &kept).await.unwrap(), "kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_away_is_said_and_comes_back() {
    let s3 = S3::start();
    let blobs = open(&s3);
    let (kept, other) = (sample(standing(1), "kept"), sample(standing(1), "other"));
    assert!(write(&blobs, &kept).await.1);
    s3.pause();
    let (unread, (unwritten, appended)) = tokio::join!(read(&blobs, &kept), write(&blobs, &other));
    assert!(matches!(unread, Err(ReadBlobError::Unavailable(_))), "{unread:?}");
    assert!(matches!(unwritten, Err(WriteBlobsError::Unavailable(_))) && !appended, "{unwritten:?}");
    s3.resume();
    assert_eq!(read(&blobs, &kept).await.unwrap(), "kept");
    assert!(write(&blobs, &other).await.1);
    s3.kill();
    let (unread, (unwritten, appended)) = tokio::join!(read(&blobs, &kept), write(&blobs, &other));
    assert!(matches!(unread, Err(ReadBlobError::Unavailable(_))), "{unread:?}");
    assert!(matches!(unwritten, Err(WriteBlobsError::Unavailable(_))) && !appended, "{unwritten:?}");
    s3.restart();
    assert!(write(&blobs, &other).await.1);
    assert_eq!(read(&blobs, &other).await.unwrap(), "other");
    // It kept nothing, which is said as what it is.
    assert!(matches!(read(&blobs, &kept).await, Err(ReadBlobError::Missing)));
}
