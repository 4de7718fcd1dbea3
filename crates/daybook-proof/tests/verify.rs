//! Tampering: whatever is flipped, deleted, swapped, cut or replaced in a data directory, also with every checksum made right
//! again, is found, and named.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use daybook_proof::checkpoint::read;
use daybook_proof::verify::{Report, codes};
use prost::Message;
use support::place::{Place, batch, event, files};
use support::segments::{Segment, change, first_of, paths};

/// Enough for three full tiles and a part of one, in several segments.
const RECORDS: u64 = 900;

/// What is wrong, the first first: code, first position, and the end of the file's name.
fn found(report: &Report) -> Vec<(&'static str, Option<u64>, String)> {
    assert_eq!(report.ok, report.findings.is_empty());
    let name = |file: &Option<PathBuf>| {
        let text = file.as_ref().map_or(String::new(), |file| file.display().to_string());
        text.split("/data/").last().unwrap_or_default().to_owned()
    };
    report.findings.iter().map(|finding| (finding.code, finding.position, name(&finding.file))).collect()
}

/// The first thing that is wrong.
fn first(report: &Report) -> (&'static str, Option<u64>, String) {
    found(report).into_iter().next().unwrap_or_else(|| panic!("nothing was found: {:?}", report.notes))
}

/// The same without the file.
fn first_two(report: &Report) -> (&'static str, Option<u64>) {
    let (code, position, _) = first(report);
    (code, position)
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// Makes another event of a record, everything beside it right.
fn forge(place: &Place, position: u64) {
    change(&place.log(), position, |record| {
        let mut forged = event(position);
        forged.data = "{\"number\":0,\"amount\":\"1000000\"}".to_owned();
        record.bytes = forged.encode_to_vec();
    });
}

#[tokio::test]
async fn what_nobody_touched_is_right() {
    let place = Place::filled(RECORDS).await;
    let report = place.verify();
    assert_eq!(found(&report), []);
    assert_eq!((report.records, report.checkpoint_size, report.compacted), (RECORDS, Some(RECORDS), 0));
    assert!(report.keys_trusted && report.tiles >= 5 && report.checkpoints >= 2, "{report:?}");
    let (_, checkpoint) = read(&place.checkpoint()).unwrap();
    assert_eq!(daybook_proof::hash::to_base64(&checkpoint.root), report.root);
    // Without a key from elsewhere it holds too, and says what that is worth.
    let report = place.verify_with(Vec::new(), &[]);
    assert!(report.ok && !report.keys_trusted && report.notes[0].contains("elsewhere"), "{report:?}");
    // Written again with nothing changed it is the same.
    for path in paths(&place.log()) {
        Segment::read(&path).write();
    }
    assert_eq!(found(&place.verify()), []);
}

/// While the log is open and grows it verifies as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_grows_verifies() {
    let place = Place::filled(300).await;
    let running = place.start();
    for step in 0..10 {
        running.append(301 + step * 70..371 + step * 70).await;
        let report = place.verify();
        assert_eq!(found(&report), [], "{report:?}");
        assert!(report.records >= 300);
    }
    running.stop().await;
    assert_eq!(found(&place.verify()), []);
}

#[tokio::test]
async fn compacted_records_verify() {
    let place = Place::filled(RECORDS).await;
    let log = place.open_log();
    let compacted = log.compact(&|record| record.position % 2 == 0, i64::MAX, &mut |_| {}, &|| false).unwrap();
    log.close().await;
    let report = place.verify();
    assert_eq!((found(&report), report.compacted), (vec![], compacted.records));
    assert!(compacted.records > 100 && report.notes.iter().any(|note| note.contains("only the hash is left")));
    // A hash that is left is a leaf like any other.
    change(&place.log(), 2, |record| record.bytes[0] ^= 1);
    assert_eq!(first_two(&place.verify()), (codes::EVENT_CHANGED, Some(2)));
}

/// Any event, the first and the last of tiles and segments too.
#[tokio::test]
async fn a_changed_event_is_named() {
    let whole = Place::filled(RECORDS).await;
    for position in [1, 2, 255, 256, 257, 512, 513, 768, 769, 899, 900] {
        let place = whole.copy();
        forge(&place, position);
        let report = place.verify();
        let (code, at, file) = first(&report);
        assert_eq!((code, at), (codes::EVENT_CHANGED, Some(position)), "{report:?}");
        assert!(file.starts_with("proof/tile/0/"), "{file}");
        assert!(report.findings[0].message.contains(&format!("record {position} is not the one")));
    }
    // Two of them: the first is named first.
    forge(&whole, 700);
    forge(&whole, 300);
    let report = whole.verify();
    assert_eq!(found(&report).iter().map(|(_, at, _)| *at).collect::<Vec<_>>(), [Some(300), Some(700)]);
}

/// What stands beside a record, and no hash covers.
#[tokio::test]
async fn what_stands_beside_a_record_counts() {
    let whole = Place::filled(300).await;
    type Change = fn(&mut support::segments::Record);
    let changes: [(Change, &str); 5] = [
        (|record| record.key[3] ^= 1, "its key"),
        (|record| record.digest[3] ^= 1, "its digest"),
        (|record| record.app ^= 64, "the app"),
        (|record| record.time += 1, "its time"),
        (|record| record.flags ^= 1, "feeds"),
    ];
    for (tamper, said) in changes {
        let place = whole.copy();
        change(&place.log(), 123, tamper);
        let report = place.verify();
        assert_eq!(found(&report), [(codes::EVENT_HEADING, Some(123), String::new())], "{report:?}");
        assert!(report.findings[0].message.contains(said), "{report:?}");
    }
    change(&whole.log(), 123, |record| record.bytes = b"rubbish".to_vec());
    assert_eq!(first(&whole.verify()).1, Some(123));
}

/// An event that is taken for one past its time, so that its content is gone, keeps its place in the tree; that it is gone is
/// said. A hash that is another is found.
#[tokio::test]
async fn a_record_cut_to_its_hash_is_counted() {
    let place = Place::filled(300).await;
    let was = place.verify().compacted;
    change(&place.log(), 50, |record| {
        record.bytes = daybook_proof::hash::leaf_hash(&record.bytes).to_vec();
        (record.flags, record.time) = (record.flags | 2, 0);
    });
    let report = place.verify();
    assert_eq!((report.ok, was, report.compacted), (true, 0, 1));
    assert!(report.notes.iter().any(|note| note.contains("the first at position 50")), "{report:?}");
}

/// Two events that change their places.
#[tokio::test]
async fn swapped_events_are_named() {
    let place = Place::filled(RECORDS).await;
    let (mut one, mut other) = (None, None);
    change(&place.log(), 400, |record| one = Some(record.clone()));
    change(&place.log(), 500, |record| other = Some(record.clone()));
    change(&place.log(), 400, |record| *record = other.unwrap());
    change(&place.log(), 500, |record| *record = one.unwrap());
    let report = place.verify();
    assert_eq!(first(&report).1, Some(400), "{report:?}");
    assert_eq!(first(&report).0, codes::EVENT_CHANGED);
}

/// Every byte of a log that was not made right again: sampled, since `scan.rs` of the log tries all.
#[tokio::test]
async fn a_flipped_byte_of_a_segment_is_named() {
    let whole = Place::filled(RECORDS).await;
    let segments = paths(&whole.log());
    assert!(segments.len() > 3);
    for (number, path) in segments.iter().enumerate() {
        let length = fs::metadata(path).unwrap().len() as usize;
        // The mark at the end of the last one says nothing, and leaves a note.
        let length = if number + 1 == segments.len() { length - 80 } else { length };
        for at in (number..length).step_by(997) {
            flip(path, at);
            let report = whole.verify();
            let (code, position, file) = first(&report);
            assert_eq!(code, codes::LOG_DAMAGED, "byte {at} of {file}");
            assert!(path.ends_with(file.strip_prefix("log/").unwrap()));
            assert!(position.unwrap() >= first_of(path));
            flip(path, at);
        }
    }
    let last = segments.last().unwrap();
    flip(last, fs::metadata(last).unwrap().len() as usize - 1);
    let report = whole.verify();
    assert!(report.ok && report.notes.iter().any(|note| note.contains("80 bytes")), "{report:?}");
}

#[tokio::test]
async fn cut_deleted_and_swapped_segments_are_named() {
    let whole = Place::filled(RECORDS).await;
    let segments = paths(&whole.log());
    let under = |place: &Place, path: &Path| place.log().join(path.file_name().unwrap());
    for path in &segments {
        let place = whole.copy();
        fs::remove_file(under(&place, path)).unwrap();
        let report = place.verify();
        let (code, position, _) = first(&report);
        assert_eq!((code, position), (codes::LOG_DAMAGED, Some(first_of(path))), "{report:?}");
    }
    // All of them.
    let place = whole.copy();
    segments.iter().for_each(|path| fs::remove_file(under(&place, path)).unwrap());
    assert_eq!(first_two(&place.verify()), (codes::LOG_CUT, Some(1)));
    // The last one cut behind a frame, as if the others had never come.
    let place = whole.copy();
    let path = under(&place, segments.last().unwrap());
    let mut last = Segment::read(&path);
    for _ in 0..3 {
        last.drop_last();
    }
    last.write();
    let report = place.verify();
    assert_eq!(first_two(&report), (codes::LOG_CUT, Some(RECORDS - 2)), "{report:?}");
    assert_eq!(report.findings[0].last_position, Some(RECORDS));
    // Cut within a frame.
    let place = whole.copy();
    let path = under(&place, &segments[1]);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(first(&place.verify()).0, codes::LOG_DAMAGED);
    // Two change their names.
    let place = whole.copy();
    let (one, other) = (under(&place, &segments[0]), under(&place, &segments[1]));
    let (left, right) = (fs::read(&one).unwrap(), fs::read(&other).unwrap());
    fs::write(&one, right).unwrap();
    fs::write(&other, left).unwrap();
    assert_eq!(first_two(&place.verify()), (codes::LOG_DAMAGED, Some(1)));
}

/// Every file of the proof: flipped, cut, deleted, replaced by another of its kind.
#[tokio::test]
async fn every_file_of_the_proof_counts() {
    let whole = Place::filled(RECORDS).await;
    let all = files(&whole.proof());
    assert!(all.len() > 10, "{all:?}");
    for path in &all {
        let name = path.strip_prefix(whole.proof()).unwrap().display().to_string();
        let bytes = fs::read(path).unwrap();
        let kind = name.split('/').next().unwrap();
        let check = |what: &str| {
            let report = whole.verify_with(Vec::new(), &[]);
            assert!(!report.ok, "{name} {what}, and nothing was found");
            let wanted = match kind {
                "tile" => codes::TILE_CHANGED,
                // Other keys are seen by what they did not sign.
                _ => "",
            };
            if what == "flipped" && !wanted.is_empty() {
                let (code, _, file) = first(&report);
                assert_eq!((code, file), (wanted, format!("proof/{name}")), "{report:?}");
            }
            fs::write(path, &bytes).unwrap();
        };
        for at in (0..bytes.len()).step_by((bytes.len() / 9).max(1)) {
            flip(path, at);
            check("flipped");
        }
        fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
        check("cut");
        fs::write(path, b"").unwrap();
        check("emptied");
        let needed = kind != "tile" || !name.contains(".p/") || name.ends_with(".p/132") || name.ends_with(".p/3");
        if needed {
            fs::remove_file(path).unwrap();
            check("deleted");
        }
        let other = all.iter().find(|other| {
            let same_kind = other.strip_prefix(whole.proof()).unwrap().starts_with(kind);
            same_kind && *other != path && fs::read(other).unwrap() != bytes
        });
        if let Some(other) = other {
            fs::copy(other, path).unwrap();
            check("replaced by another");
        }
    }
    assert_eq!(found(&whole.verify()), []);
    fs::write(whole.proof().join("tile/0/x001/000"), "").unwrap_err();
    fs::write(whole.proof().join("tile/0/004"), vec![7; 8_192]).unwrap();
    assert_eq!(first(&whole.verify()).0, codes::TILE_STRAY);
    fs::remove_file(whole.proof().join("tile/0/004")).unwrap();
    fs::write(whole.proof().join("tile/0/note.txt"), "hello").unwrap();
    assert_eq!(first(&whole.verify()).0, codes::TILE_STRAY);
    fs::remove_dir_all(whole.proof()).unwrap();
    assert_eq!(first(&whole.verify()).0, codes::CHECKPOINT_MISSING);
}

/// An event and its leaf in the tiles, both changed.
#[tokio::test]
async fn an_event_with_its_leaf_is_found_between_its_neighbours() {
    let whole = Place::filled(RECORDS).await;
    let forged = |position| {
        let mut forged = event(position);
        forged.data = "{\"number\":0,\"amount\":\"1000000\"}".to_owned();
        daybook_proof::hash::leaf_hash(&forged.encode_to_vec())
    };
    // In a full tile, whose hash stands in the one above.
    forge(&whole, 300);
    let path = whole.proof().join("tile/0/001");
    let mut bytes = fs::read(&path).unwrap();
    bytes[43 * 32..44 * 32].copy_from_slice(&forged(300));
    fs::write(&path, &bytes).unwrap();
    let report = whole.verify();
    assert_eq!(first_two(&report), (codes::EVENT_CHANGED, Some(257)), "{report:?}");
    assert_eq!(report.findings[0].last_position, Some(512));
    // And above, to the edge: now only the signatures tell, and between which of them.
    let tile = daybook_proof::tile::Tile::read(&bytes, 256).unwrap().full_hash();
    for path in files(&whole.proof().join("tile/1")) {
        let mut bytes = fs::read(&path).unwrap();
        if bytes.len() >= 64 {
            bytes[32..64].copy_from_slice(&tile);
            fs::write(&path, bytes).unwrap();
        }
    }
    let report = whole.verify();
    let (code, position, _) = first(&report);
    assert_eq!(code, codes::CHECKPOINT_ROOT, "{report:?}");
    let last = report.findings[0].last_position.unwrap();
    assert!(position.unwrap() > 1 && position.unwrap() <= 300 && (300..RECORDS).contains(&last), "{report:?}");
}

/// The whole directory is that of an earlier day.
#[tokio::test]
async fn a_directory_that_was_rolled_back_is_found() {
    let place = Place::filled(300).await;
    let old = place.copy();
    let running = place.start();
    running.append(301..500).await;
    running.stop().await;
    let kept = place.checkpoint();
    let keys = place.keys().public();
    assert!(place.verify_with(keys.clone(), std::slice::from_ref(&kept)).ok);

    place.replace_data(&old);
    // By itself it is right.
    assert!(place.verify().ok);
    let report = place.verify_with(keys.clone(), std::slice::from_ref(&kept));
    assert_eq!(first_two(&report), (codes::LOG_ROLLED_BACK, Some(301)), "{report:?}");
    // And so does the server find it, by the copy of the checkpoint that it kept beside the key.
    let state = place.start().stop().await;
    assert!(state.refusal.unwrap().to_string().contains("rolled back"));

    // Only the proof is older, and the log is not: nothing is lost.
    let place = old.copy();
    let running = place.start();
    running.append(301..400).await;
    running.stop().await;
    let kept = place.checkpoint();
    fs::remove_dir_all(place.proof()).unwrap();
    support::place::copy(&old.proof(), &place.proof());
    let report = place.verify_with(keys, &[kept]);
    assert_eq!(found(&report), [(codes::LOG_ROLLED_BACK, None, "proof/checkpoint".to_owned())]);
}

/// Somebody writes another history, and signs all of it: with a key of their own, or with the right one that they stole.
#[tokio::test]
async fn a_directory_that_was_signed_anew_is_found() {
    for stolen in [false, true] {
        let place = Place::filled(300).await;
        let (kept, keys) = (place.checkpoint(), place.keys().public());
        let copy = place.copy();
        forge(&copy, 77);
        fs::remove_dir_all(copy.proof()).unwrap();
        fs::remove_file(copy.keys().witness_path()).unwrap();
        if !stolen {
            fs::remove_file(copy.key_file()).unwrap();
        }
        copy.start().stop().await;
        place.replace_data(&copy);

        // The directory by itself is without a flaw.
        assert!(place.verify_with(Vec::new(), &[]).ok);
        // The key that is known tells, unless it was stolen.
        let report = place.verify_with(keys.clone(), &[]);
        assert_eq!(report.ok, stolen, "{report:?}");
        if !stolen {
            assert!(found(&report).iter().all(|(code, _, _)| *code == codes::CHECKPOINT_KEY), "{report:?}");
        }
        // The checkpoint that was kept elsewhere tells in any case, also where no key is known.
        for keys in [keys.clone(), Vec::new()] {
            let report = place.verify_with(keys, std::slice::from_ref(&kept));
            assert!(found(&report).iter().any(|(code, _, _)| *code == codes::CHECKPOINT_ROOT), "{report:?}");
        }
        // So does the publisher, by the copy of it beside the key: it does not go on from there.
        let state = place.start().stop().await;
        assert!(state.refusal.is_some(), "{state:?}");
    }
}

/// Whoever has the data directory adds events of their own; the log is right, and the tree is not theirs to sign.
#[tokio::test]
async fn records_behind_the_last_checkpoint_are_nobodys_word() {
    let place = Place::filled(100).await;
    let log = place.open_log();
    log.append(batch(101..=103)).await.unwrap();
    log.close().await;
    let report = place.verify();
    assert!(report.ok && report.records == 103 && report.checkpoint_size == Some(100));
}

#[tokio::test]
async fn checkpoints_from_outside_are_read_with_care() {
    let place = Place::filled(100).await;
    let keys = place.keys().public();
    for rubbish in [&b""[..], b"rubbish", &place.checkpoint()[1..]] {
        let report = place.verify_with(keys.clone(), &[rubbish.to_vec()]);
        assert!(!report.ok);
    }
    let other = Place::filled(100).await;
    let report = place.verify_with(keys, &[other.checkpoint()]);
    // The same records have the same root; but this log's key did not sign it.
    assert_eq!(found(&report), [(codes::CHECKPOINT_KEY, None, "kept".to_owned())]);
}
