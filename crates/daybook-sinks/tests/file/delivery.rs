//! Lines arrive once, whatever happens in between.

use std::os::unix::fs::FileExt;

use daybook_consumers::{FailureKind, Undelivered};
use daybook_event::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{batch, context, plain, ready, spec, try_build};
use crate::{files, list, positions, read, text};

const NOON: &str = "2026-06-15T12:00:00Z";

#[tokio::test]
async fn lines_are_the_events() {
    let directory = TempDir::new().unwrap();
    let handler = files(directory.path(), json!({}));
    handler.prepare().await.unwrap();
    assert_eq!(handler.committed().await.unwrap(), 0);
    let items = plain(1, 10, NOON);
    handler.deliver(&batch(&items[..4])).await.unwrap();
    handler.deliver(&batch(&items[4..])).await.unwrap();
    assert_eq!(handler.committed().await.unwrap(), 10);
    let mut expected = Vec::new();
    for item in &items {
        item.event.write_json(&mut expected);
        expected.push(b'\n');
    }
    assert_eq!(text(directory.path()).into_bytes(), expected);
    assert_eq!(list(directory.path())[0].file_name().unwrap(), "00000000000000000001.ndjson.zst");
}

#[tokio::test]
async fn a_part_of_the_log_is_written_once() {
    let directory = TempDir::new().unwrap();
    let items = plain(1, 12, NOON);
    for _ in 0..2 {
        let handler = files(directory.path(), json!({}));
        for range in [0..4, 0..4, 2..6, 4..6, 0..12] {
            handler.deliver(&batch(&items[range])).await.unwrap();
        }
        assert_eq!(handler.committed().await.unwrap(), 12);
    }
    assert_eq!(positions(directory.path()), (1..=12).collect::<Vec<_>>());
}

/// What the consumer did not ask for moves its offset all the same, and counts never show.
#[tokio::test]
async fn offsets_move_over_what_is_not_shown() {
    let directory = TempDir::new().unwrap();
    let mut items = plain(5, 2, NOON);
    let mut hidden = items[1].as_ref().clone();
    hidden.hidden = true;
    items[1] = std::sync::Arc::new(hidden);
    let mut delivery = batch(&items);
    (delivery.after, delivery.through) = (0, 40);
    files(directory.path(), json!({})).deliver(&delivery).await.unwrap();
    assert_eq!(files(directory.path(), json!({})).committed().await.unwrap(), 40);
    assert_eq!(positions(directory.path()), [5]);
}

/// Killed at any moment of a write: whatever is at the end of the file, what was delivered is there, and nothing else.
#[tokio::test]
async fn a_torn_end_is_cut_off() {
    let whole = TempDir::new().unwrap();
    let items = plain(1, 6, NOON);
    let handler = files(whole.path(), json!({}));
    handler.deliver(&batch(&items[..3])).await.unwrap();
    let path = list(whole.path()).remove(0);
    let durable = std::fs::metadata(&path).unwrap().len();
    handler.deliver(&batch(&items[3..])).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for length in durable..=bytes.len() as u64 {
        for tail in [&[][..], &[0; 40], b"\x5d\x2a\x4d\x18\xff\xff\xff\xff"] {
            let directory = TempDir::new().unwrap();
            std::fs::create_dir_all(directory.path().join("shop/calls")).unwrap();
            let copy = directory.path().join("shop/calls").join(path.file_name().unwrap());
            std::fs::write(&copy, [&bytes[..length as usize], tail].concat()).unwrap();
            set_private(&copy);
            let handler = files(directory.path(), json!({}));
            handler.prepare().await.unwrap();
            let is_whole = length == bytes.len() as u64;
            assert_eq!(handler.committed().await.unwrap(), if is_whole { 6 } else { 3 }, "at {length}");
            handler.deliver(&batch(&items[3..])).await.unwrap();
            assert_eq!(positions(directory.path()), [1, 2, 3, 4, 5, 6], "at {length}");
        }
    }
}

/// A page of the last delivery never reached the disk.
#[tokio::test]
async fn a_hole_in_the_last_delivery_is_found() {
    let directory = TempDir::new().unwrap();
    let items = plain(1, 400, NOON);
    let handler = files(directory.path(), json!({}));
    handler.deliver(&batch(&items[..200])).await.unwrap();
    let path = list(directory.path()).remove(0);
    let durable = std::fs::metadata(&path).unwrap().len();
    handler.deliver(&batch(&items[200..])).await.unwrap();
    drop(handler);
    let end = std::fs::metadata(&path).unwrap().len();
    for at in (durable..end).step_by(97) {
        let bytes = std::fs::read(&path).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(&vec![0; 64.min((end - at) as usize)], at).unwrap();
        let handler = files(directory.path(), json!({}));
        assert_eq!(handler.committed().await.unwrap(), 200, "at {at}");
        handler.deliver(&batch(&items[200..])).await.unwrap();
        assert_eq!(positions(directory.path()).len(), 400);
        drop(handler);
        std::fs::write(&path, bytes).unwrap();
    }
}

fn set_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn files_are_rotated_by_size_and_time() {
    let directory = TempDir::new().unwrap();
    let options = json!({"rotate-bytes": 4096, "rotate-every": "1h"});
    let handler = files(directory.path(), options.clone());
    for (from, received) in [(1, NOON), (2, NOON), (3, "2026-06-15T12:59:59Z"), (4, "2026-06-15T13:00:00Z")] {
        handler.deliver(&batch(&plain(from, 1, received))).await.unwrap();
    }
    assert_eq!(list(directory.path()).len(), 2);
    for from in 0..20 {
        handler.deliver(&batch(&plain(5 + from * 10, 10, "2026-06-15T13:30:00Z"))).await.unwrap();
    }
    let found = list(directory.path());
    assert!(found.len() > 3, "{found:?}");
    for file in &found[..found.len() - 1] {
        assert!(std::fs::metadata(file).unwrap().len() <= 4096);
        let first: Value = serde_json::from_str(read(file).lines().next().unwrap()).unwrap();
        let name = format!("{:020}.ndjson.zst", first["position"].as_u64().unwrap());
        assert_eq!(file.file_name().unwrap(), &*name);
    }
    drop(handler);
    assert_eq!(files(directory.path(), options).committed().await.unwrap(), 204);
    assert_eq!(positions(directory.path()), (1..=204).collect::<Vec<_>>());
}

#[tokio::test]
async fn forms_are_those_of_the_catalog() {
    for (dialect, field) in [("canonical", "name"), ("app", "name"), ("cloudevents", "type")] {
        let directory = TempDir::new().unwrap();
        let handler = files(directory.path(), json!({"dialect": dialect, "level": 9}));
        handler.deliver(&batch(&plain(1, 1, NOON))).await.unwrap();
        let line: Value = serde_json::from_str(text(directory.path()).trim()).unwrap();
        assert_eq!(line[field], "page.viewed", "{dialect}");
    }
}

/// Two processes do not write the same files, and the second waits for its turn.
#[tokio::test]
async fn a_directory_has_one_writer() {
    let directory = TempDir::new().unwrap();
    let first = files(directory.path(), json!({}));
    first.deliver(&batch(&plain(1, 1, NOON))).await.unwrap();
    let second = files(directory.path(), json!({}));
    let failure = second.prepare().await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "file.busy"));
    drop(first);
    second.prepare().await.unwrap();
    assert_eq!(second.committed().await.unwrap(), 1);
}

#[tokio::test]
async fn a_disk_that_is_not_there_is_waited_for() {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("place");
    std::fs::write(&place, "no directory").unwrap();
    let handler = files(&place, json!({}));
    let Err(Undelivered::All(failure)) = handler.deliver(&batch(&plain(1, 1, NOON))).await else { panic!() };
    assert_eq!(failure.kind, FailureKind::Destination);
    std::fs::remove_file(&place).unwrap();
    handler.prepare().await.unwrap();
    handler.deliver(&batch(&plain(1, 1, NOON))).await.unwrap();
    assert_eq!(positions(&place), [1]);
}

#[tokio::test]
async fn without_settings_files_are_in_the_data_directory() {
    let data = TempDir::new().unwrap();
    let spec = spec("file", json!({"folder": "archive"}));
    let handler = ready(try_build(&spec, None, data.path()).unwrap());
    handler.deliver(&batch(&plain(1, 1, NOON))).await.unwrap();
    assert!(data.path().join("files/shop/archive/00000000000000000001.ndjson.zst").exists());
}

#[test]
fn nobody_gets_out_of_the_directory() {
    let check = |options: Value, expected: &str| {
        let wrong = daybook_sinks::check(&spec("file", options.clone()), &crate::support::shop());
        assert!(wrong.iter().any(|said| said.contains(expected)), "{options}: {wrong:?}");
    };
    for folder in ["..", ".", "../x", "a/b", "/etc", "", ".hidden", "a\u{0}b", "a b", "ä"] {
        check(json!({"folder": folder}), "options.folder");
    }
    check(json!({"level": 0}), "options.level");
    check(json!({"rotate-bytes": 1}), "options.rotate-bytes");
    check(json!({"rotate-every": "1s"}), "options.rotate-every");
    check(json!({"rotate_every": "1s"}), "did you mean `rotate-every`?");
    let mut named = spec("file", json!({}));
    named.name = "../../etc".to_owned();
    assert!(!daybook_sinks::check(&named, &crate::support::shop()).is_empty());
    let settings = json!({"directory": "relative"});
    let spec = spec("file", json!({}));
    let relative = daybook_sinks::build(&context(&spec, Some(&settings), std::path::Path::new("/nonexistent")));
    assert!(relative.is_err());
}

#[tokio::test]
async fn a_rewind_takes_lines_back() {
    let items = plain(1, 30, NOON);
    for to in [0, 1, 9, 10, 11, 25, 30, 50] {
        let directory = TempDir::new().unwrap();
        let handler = files(directory.path(), json!({"rotate-bytes": 4096}));
        for part in items.chunks(10) {
            handler.deliver(&batch(part)).await.unwrap();
        }
        handler.rewind(to).await.unwrap();
        assert_eq!(handler.committed().await.unwrap(), to);
        assert_eq!(positions(directory.path()), (1..=to.min(30)).collect::<Vec<_>>(), "{to}");
        drop(handler);
        let handler = files(directory.path(), json!({"rotate-bytes": 4096}));
        assert_eq!(handler.committed().await.unwrap(), to);
        if to < 30 {
            handler.deliver(&batch(&items[to as usize..])).await.unwrap();
            assert_eq!(positions(directory.path()), (1..=30).collect::<Vec<_>>(), "{to}");
        }
    }
}

/// Three files, of ten events each.
async fn three_files(directory: &std::path::Path, options: &Value) -> std::sync::Arc<dyn daybook_consumers::Handler> {
    let handler = files(directory, options.clone());
    for (from, hour) in [(1, 10), (11, 11), (21, 12)] {
        handler.deliver(&batch(&plain(from, 10, &format!("2026-06-15T{hour}:00:00Z")))).await.unwrap();
    }
    assert_eq!(list(directory).len(), 3);
    handler
}

/// Whatever was taken back, what comes afterwards stands behind what is left, also in files of its own.
#[tokio::test]
async fn after_a_rewind_files_are_in_order() {
    let options = json!({"rotate-every": "1h"});
    for to in [0, 1, 5, 10, 11, 19, 20, 25] {
        let directory = TempDir::new().unwrap();
        let mut handler = three_files(directory.path(), &options).await;
        handler.rewind(to).await.unwrap();
        for (hour, from) in (to + 1..=30).step_by(4).enumerate() {
            let received = format!("2026-06-15T{}:00:00Z", 13 + hour);
            handler.deliver(&batch(&plain(from, 4.min(31 - from), &received))).await.unwrap();
            drop(handler);
            handler = files(directory.path(), options.clone());
            let committed = handler.committed().await.unwrap();
            assert_eq!(committed, (from + 3).min(30), "{to}");
            assert_eq!(positions(directory.path()), (1..=committed).collect::<Vec<_>>(), "{to}");
        }
    }
}

/// Killed anywhere in the middle of a rewind: it is done when the files are looked at again.
#[tokio::test]
async fn a_rewind_is_done_to_its_end() {
    let options = json!({"rotate-every": "1h"});
    for to in [0, 1, 5, 10, 11, 19, 20, 25] {
        let done = TempDir::new().unwrap();
        three_files(done.path(), &options).await.rewind(to).await.unwrap();
        for changed in 0..=3 {
            let directory = TempDir::new().unwrap();
            drop(three_files(directory.path(), &options).await);
            for path in list(directory.path()).iter().take(changed) {
                let new = done.path().join("shop/calls").join(path.file_name().unwrap());
                std::fs::remove_file(path).unwrap();
                if new.exists() {
                    std::fs::copy(&new, path).unwrap();
                }
            }
            std::fs::write(directory.path().join("shop/calls/.rewinding"), to.to_string()).unwrap();
            for _ in 0..2 {
                let handler = files(directory.path(), options.clone());
                handler.prepare().await.unwrap();
                assert_eq!(handler.committed().await.unwrap(), to, "{changed} files");
                assert_eq!(positions(directory.path()), (1..=to).collect::<Vec<_>>(), "{changed} files");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Deliveries of any size, killed and opened again after any of them, rewound anywhere: the lines are those of the
    /// log.
    #[test]
    fn files_are_the_log(steps in proptest::collection::vec((1usize..40, 0u8..6), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = TempDir::new().unwrap();
            let items = plain(1, 480, NOON);
            let mut handler = files(directory.path(), json!({"rotate-bytes": 8192}));
            for (count, then) in steps {
                let from = handler.committed().await.unwrap() as usize;
                handler.deliver(&batch(&items[from..(from + count).min(480)])).await.unwrap();
                match then {
                    0 | 1 => {
                        drop(handler);
                        handler = files(directory.path(), json!({"rotate-bytes": 8192}));
                    }
                    2 => handler.rewind((from / 2) as u64).await.unwrap(),
                    3 => handler.tend(Timestamp::parse(NOON).unwrap()).await.unwrap(),
                    _ => {}
                }
            }
            let end = handler.committed().await.unwrap();
            assert_eq!(positions(directory.path()), (1..=end).collect::<Vec<_>>());
        });
    }
}
