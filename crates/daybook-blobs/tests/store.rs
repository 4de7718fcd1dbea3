//! Writing, reading, collecting and forgetting, on a disk and with a log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use daybook_blobs::{Blobs, Collected, ReadBlobError, WriteBlobsError};
use daybook_event::Standing;
use daybook_privacy::view::{ExpiredMonth, Forgotten, View};
use object_store::memory::InMemory;
use support::{MONTH, Place, files, sample, standing};

#[tokio::test]
async fn what_was_written_is_read() {
    let place = Place::open();
    let stores = [
        place.blobs.clone(),
        Blobs::over(Arc::new(InMemory::new())).unwrap(),
        Blobs::open_url("memory:///daybook", []).unwrap(),
        Blobs::open_url(&format!("file://{}/other", place.directory.path().display()), []).unwrap(),
    ];
    for blobs in stores {
        for length in [0, 1, 65_536, 1024 * 1024] {
            let one = sample(standing(1), &"x".repeat(length));
            blobs.write_then(vec![one.blob.clone()], async {}).await.unwrap();
            assert_eq!(
                blobs.read(&one.blob.path(), std::slice::from_ref(&one.keys), one.size).await.unwrap(),
                one.content
            );
        }
        let other = sample(standing(2), "nobody wrote this");
        let missing = blobs.read(&other.blob.path(), std::slice::from_ref(&other.keys), other.size).await.unwrap_err();
        assert!(matches!(missing, ReadBlobError::Missing), "{missing:?}");
    }
}

#[tokio::test]
async fn equal_content_is_one_file_of_one_person() {
    let place = Place::open();
    let write = async |who: Standing| {
        place.blobs.write_then(vec![sample(who, "the same words").blob], async {}).await.unwrap();
        files(&place.blobs_directory()).len()
    };
    assert_eq!(write(standing(1)).await, 1);
    assert_eq!(write(standing(1)).await, 1);
    assert_eq!(write(standing(2)).await, 2);
    assert_eq!(write(Standing::Nobody).await, 3);
}

#[tokio::test]
async fn files_are_their_owners_only_and_nothing_is_left_beside() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::open();
    place.blobs.write_then(vec![sample(standing(1), "private").blob], async {}).await.unwrap();
    let mut written = files(&place.blobs_directory());
    assert_eq!(written.len(), 1, "{written:?}");
    let file = written.remove(0);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap()), mode(&place.blobs_directory())), (0o600, 0o700, 0o700));
    let bytes = fs::read(&file).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"private"));
    // What a process that was killed had begun.
    let writing = place.blobs_directory().join(".writing");
    assert_eq!(files(&writing).len(), 0);
    fs::write(writing.join("7"), "half of a blob").unwrap();
    let place = place.reopen().await;
    assert_eq!(files(&place.blobs_directory()).len(), 1);
}

#[tokio::test]
async fn damage_is_found_and_what_is_written_again_is_whole() {
    let place = Place::open();
    let one = sample(standing(1), &"words ".repeat(2_000));
    place.blobs.write_then(vec![one.blob.clone()], async {}).await.unwrap();
    let file = files(&place.blobs_directory()).remove(0);
    let whole = fs::read(&file).unwrap();
    let read = async || place.blobs.read(&one.blob.path(), std::slice::from_ref(&one.keys), one.size).await;
    for at in [0, 8, 9, 15, 16, 40, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(&file, &flipped).unwrap();
        assert!(matches!(read().await, Err(ReadBlobError::Damaged)), "{at}");
    }
    for length in [0, 1, 16, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        assert!(matches!(read().await, Err(ReadBlobError::Damaged)), "{length}");
    }
    // Larger than anything that could be in it is not even read.
    fs::write(&file, vec![0; one.content.len() + 65]).unwrap();
    assert!(matches!(read().await, Err(ReadBlobError::Damaged)));
    // A whole blob of the same person in its place.
    let other = sample(standing(1), "something else");
    fs::write(&file, &other.blob.bytes).unwrap();
    assert!(matches!(read().await, Err(ReadBlobError::Damaged)));
    place.blobs.write_then(vec![one.blob.clone()], async {}).await.unwrap();
    assert_eq!(read().await.unwrap(), one.content);
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_appended() {
    let place = Place::open();
    let writing = place.blobs_directory().join(".writing");
    // The next file goes to a device that is full.
    (0..4).for_each(|number| symlink("/dev/full", writing.join(number.to_string())).unwrap());
    let appended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let noted = Arc::clone(&appended);
    let append = async move { noted.store(true, std::sync::atomic::Ordering::Relaxed) };
    let one = sample(standing(1), &"words".repeat(1_000));
    let refused = place.blobs.write_then(vec![one.blob.clone()], append).await;
    assert!(matches!(refused, Err(WriteBlobsError::NoSpace)), "{refused:?}");
    assert!(!appended.load(std::sync::atomic::Ordering::Relaxed));
    assert_eq!(files(&place.blobs_directory()).len(), 3);
    // There is room again.
    place.blobs.write_then(vec![one.blob.clone()], async {}).await.unwrap_err();
    place.reopen().await.blobs.write_then(vec![one.blob], async {}).await.unwrap();
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_said() {
    let place = Place::open();
    fs::write(place.blobs_directory().join("shop"), "not a directory").unwrap();
    let refused = place.blobs.write_then(vec![sample(standing(1), "words").blob], async {}).await;
    assert!(matches!(refused, Err(WriteBlobsError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn what_nothing_refers_to_is_collected() {
    let place = Place::open();
    let (kept, left) = (sample(standing(1), "kept"), sample(standing(1), "left by a crash"));
    place.append(&[&kept]).await;
    // The process dies between the blob and its record.
    place.blobs.write_then(vec![left.blob.clone()], async {}).await.unwrap();
    fs::write(place.blobs_directory().join("README"), "not of the store's making").unwrap();
    let place = place.reopen().await;
    let bytes_freed = left.blob.bytes.len() as u64;
    assert_eq!(place.collect().await, Collected { looked_at: 2, removed: 1, bytes_freed, records_read: 1 });
    assert_eq!(
        place.blobs.read(&kept.blob.path(), std::slice::from_ref(&kept.keys), kept.size).await.unwrap(),
        kept.content
    );
    assert_eq!(place.collect().await, Collected { looked_at: 1, removed: 0, bytes_freed: 0, records_read: 1 });
    assert!(place.blobs_directory().join("README").exists());
    // Sent again after that, it is there again.
    place.append(&[&left]).await;
    assert_eq!(place.collect().await.removed, 0);
}

#[tokio::test]
async fn with_the_last_record_that_refers_to_it_a_blob_goes() {
    let place = Place::open();
    let (shared, own) = (sample(standing(1), "in two events"), sample(standing(1), "in one event"));
    place.append_at(&[&shared, &own], 10).await;
    place.append_at(&[&shared], 1_000).await;
    assert_eq!(place.compact_before(500).await, 1);
    assert_eq!(place.collect().await.removed, 1);
    let read = async |one: &support::Sample| {
        place.blobs.read(&one.blob.path(), std::slice::from_ref(&one.keys), one.size).await
    };
    assert!(matches!(read(&own).await, Err(ReadBlobError::Missing)));
    assert_eq!(read(&shared).await.unwrap(), shared.content);
    assert_eq!(place.compact_before(5_000).await, 1);
    assert_eq!(place.collect().await.removed, 1);
    assert!(files(&place.blobs_directory()).is_empty());
}

#[tokio::test]
async fn nothing_is_removed_while_the_log_cannot_be_read() {
    let place = Place::open();
    place.blobs.write_then(vec![sample(standing(1), "left").blob], async {}).await.unwrap();
    place.append_bytes(b"\xff\xff no record at all").await;
    let collected = place.collect_until(|| false).await;
    assert!(collected.is_err(), "{collected:?}");
    assert!(place.collect_until(|| true).await.is_err());
    assert_eq!(files(&place.blobs_directory()).len(), 1);
}

/// What was left by a crash is collected in the very moment in which the same content is sent again: what the log refers to is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn collecting_takes_nothing_from_those_who_write() {
    let place = Arc::new(Place::open());
    let writers = (0..4).map(|writer| {
        let place = Arc::clone(&place);
        tokio::spawn(async move {
            for round in 0..30 {
                let content = format!("content {writer} {round}");
                place.blobs.write_then(vec![sample(standing(1), &content).blob], async {}).await.unwrap();
                // Now nothing refers to it. Sent again by two at once.
                let (one, two) = (sample(standing(1), &content), sample(standing(1), &content));
                let (first, second) = ([&one], [&two]);
                tokio::join!(place.append(&first), place.append(&second));
                assert_eq!(
                    place.blobs.read(&one.blob.path(), std::slice::from_ref(&one.keys), one.size).await.unwrap(),
                    content
                );
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        place.collect().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(place.collect().await.removed, 0);
    for (writer, round) in (0..4).flat_map(|writer| (0..30).map(move |round| (writer, round))) {
        let one = sample(standing(1), &format!("content {writer} {round}"));
        assert_eq!(
            place.blobs.read(&one.blob.path(), std::slice::from_ref(&one.keys), one.size).await.unwrap(),
            one.content
        );
    }
}

/// Whoever sent the events goes away in the middle; the append is finished, and what it refers to stays.
#[tokio::test]
async fn an_append_that_nobody_waits_for_keeps_its_blobs() {
    let place = Place::open();
    let one = sample(standing(1), "words");
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let (begin, begun) = tokio::sync::oneshot::channel::<()>();
    let (log, batch) = (place.log.clone(), place.batch(&[&one], 1));
    let append = async move {
        begin.send(()).unwrap();
        let _ = gone.await;
        log.append(batch).await
    };
    let mut waiting = Box::pin(place.blobs.write_then(vec![one.blob.clone()], append));
    tokio::select! {
        _ = &mut waiting => panic!("nobody lets it go on"),
        begun = begun => begun.unwrap(),
    }
    drop(waiting);
    // The collector waits for it.
    let collecting = place.collect();
    let collected = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        go.send(()).unwrap();
    };
    let (collected, ()) = tokio::join!(collecting, collected);
    assert_eq!((place.log.head(), collected.removed), (1, 0));
    assert_eq!(
        place.blobs.read(&one.blob.path(), std::slice::from_ref(&one.keys), one.size).await.unwrap(),
        one.content
    );
}

#[tokio::test]
async fn people_and_months_take_their_blobs_with_them() {
    let place = Place::open();
    let (ada, grace, nobody) = (standing(1), standing(2), Standing::Nobody);
    for who in [ada, grace, nobody] {
        for content in ["one", "two"] {
            place.blobs.write_then(vec![sample(who, content).blob], async {}).await.unwrap();
        }
        let mut later = sample(who, "later").blob;
        later.month = daybook_event::Month::from_number(MONTH + 1);
        place.blobs.write_then(vec![later], async {}).await.unwrap();
    }
    let count = || files(&place.blobs_directory()).len();
    let person = |app: &str| Forgotten { app: app.to_owned(), id: ada.subject().unwrap() };
    assert_eq!(place.blobs.forget_people(&[person("other")]).await.unwrap().count, 0);
    assert_eq!(place.blobs.forget_people(&[person("shop")]).await.unwrap().count, 3);
    assert_eq!(place.blobs.forget_people(&[person("shop")]).await.unwrap().count, 0);
    assert_eq!(count(), 6);
    let month = |app: &str, category: &str, month: i32| ExpiredMonth {
        app: app.to_owned(),
        category: category.to_owned(),
        month: daybook_event::Month::from_number(month),
    };
    let others = [month("shop", "other", MONTH), month("other", "product", MONTH), month("shop", "product", MONTH + 7)];
    assert_eq!(place.blobs.forget_months(&others).await.unwrap().count, 0);
    assert_eq!(place.blobs.forget_months(&[month("shop", "product", MONTH)]).await.unwrap().count, 4);
    assert_eq!(count(), 2);
    assert_eq!(place.blobs.name(), "blobs");
    assert!(place.blobs.export("shop", ada.subject().unwrap()).await.unwrap().is_empty());
}

#[test]
fn a_url_that_is_none_is_said() {
    let error = |url: &str| Blobs::open_url(url, []).unwrap_err().to_string();
    assert_eq!(error("blobs"), "blobs.url is not a URL");
    assert_eq!(error("ftp://host/blobs"), "blobs.url cannot be used");
    let unknown = Blobs::open_url("s3://bucket/path", [("regoin", "x")]).unwrap_err();
    assert_eq!(unknown.to_string(), "blobs.options: regoin is no option of any store");
}
