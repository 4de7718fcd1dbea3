//! People and months leave the files as if they had never been written there.

use std::sync::Arc;

use daybook_consumers::{Handler, Item, Sight};
use daybook_event::{Month, Timestamp};
use daybook_privacy::view::{ExpiredMonth, Forgotten, ViewError};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{World, batch, signed};
use crate::{files, list, positions, text};

/// Orders of three people, page views of a month that ends, and events of nobody.
fn world() -> World {
    let mut world = World::new();
    for round in 0..8 {
        let order = |name: &str, members: Value| {
            json!({
                "name": "order.placed", "time": "2026-06-14T11:00:00Z", "identity": name, "session": format!("session-of-{name}"),
                "actor": {"type": "user", "id": name}, "tags": {"shop": "north", "zone": "a"},
                "data": {"total": round, "email": format!("{name}@example.com"), "approver": "charles", "members": members, "zone": "b", "note": name},
                "metadata": {"seen_by": name, "build": round},
            })
        };
        world.admit(&json!([
            order("ada-lovelace", json!(["mary", "ada-lovelace"])),
            order("mary", json!(["ada-lovelace"])),
            {"name": "page.viewed", "time": "2026-05-20T11:00:00Z", "data": {"load_ms": 5}},
            {"name": "page.viewed", "time": "2026-06-14T11:00:00Z", "identity": "charles", "data": {"load_ms": 7}},
            {"name": "system.health.degraded", "time": "2026-06-14T11:00:00Z", "data": {"service": "db"}},
        ]));
    }
    world
}

async fn filled(items: &[Arc<Item>], options: &Value) -> (TempDir, Arc<dyn Handler>) {
    let directory = TempDir::new().unwrap();
    let handler = files(directory.path(), options.clone());
    for part in items.chunks(7) {
        handler.deliver(&batch(part)).await.unwrap();
    }
    (directory, handler)
}

#[tokio::test]
async fn who_is_forgotten_was_never_named() {
    for dialect in ["canonical", "cloudevents"] {
        let options = json!({"identity": true, "dialect": dialect, "rotate-bytes": 4096});
        let mut world = world();
        let (directory, handler) = filled(&world.items(Sight::Open), &options).await;
        let before = text(directory.path());
        assert!(before.contains("ada-lovelace") && before.contains("session-of-mary"), "{before}");
        assert!(list(directory.path()).len() > 1, "{dialect}");
        assert!(!before.contains("example.com") && !before.contains("\"approver\""), "{before}");

        let id = world.person("ada-lovelace").id;
        let people = [
            Forgotten { app: "shop".to_owned(), id },
            Forgotten { app: "elsewhere".to_owned(), id: world.person("mary").id },
        ];
        assert_eq!(handler.forget_people(&people).await.unwrap().count, 8);
        let after = text(directory.path());
        for file in list(directory.path()) {
            // Nor in what readers of zstd skip.
            let notes = raw(&file);
            assert!(!notes.contains("lovelace") && notes.contains("mary"), "{dialect}");
        }
        assert!(!after.contains("lovelace") && after.contains("session-of-mary"), "{after}");
        assert_eq!(handler.forget_people(&people).await.unwrap().count, 0);
        assert_eq!(handler.committed().await.unwrap(), 40);

        world.erased.push(id);
        let (rebuilt, _handler) = filled(&world.items(Sight::Open), &options).await;
        assert_eq!(after, text(rebuilt.path()), "{dialect}");
        drop(handler);
        assert_eq!(files(directory.path(), options).committed().await.unwrap(), 40);
    }
}

/// A signature goes with everybody whom the event names; a file is written anew for its own person alone.
#[tokio::test]
async fn a_signature_is_in_no_file() {
    let mut world = world();
    let options = json!({"identity": true});
    let (directory, handler) = filled(&signed(&world.items(Sight::Open)), &options).await;
    let contents = || list(directory.path()).iter().map(|file| raw(file)).collect::<String>();
    let before = contents();
    assert!(before.contains("ada-lovelace") && before.contains("\"verified\":true"), "{before}");
    assert!(!before.contains("a-key"), "{before}");
    let people = [Forgotten { app: "shop".to_owned(), id: world.person("ada-lovelace").id }];
    assert_eq!(handler.forget_people(&people).await.unwrap().count, 8);
    let after = contents();
    assert!(!after.contains("lovelace") && !after.contains("a-key") && after.contains("\"verified\":true"), "{after}");
}

/// Everything in a file, also what readers of zstd skip.
fn raw(path: &std::path::Path) -> String {
    let mut bytes = &std::fs::read(path).unwrap()[..];
    let mut all = String::new();
    while !bytes.is_empty() {
        let length = if bytes[..4] == [0x5d, 0x2a, 0x4d, 0x18] || bytes[..4] == [0x5e, 0x2a, 0x4d, 0x18] {
            let length = 8 + u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
            let inside = &bytes[8..length];
            let text = if bytes[0] == 0x5e { zstd::decode_all(inside).unwrap() } else { inside.to_vec() };
            all += std::str::from_utf8(&text).unwrap();
            length
        } else {
            let mut rest = bytes;
            let mut decoder = zstd::Decoder::with_buffer(&mut rest).unwrap().single_frame();
            std::io::Read::read_to_string(&mut decoder, &mut all).unwrap();
            drop(decoder);
            bytes.len() - rest.len()
        };
        bytes = &bytes[length..];
    }
    all
}

#[tokio::test]
async fn without_names_there_is_nobody_to_forget() {
    let mut world = world();
    let (directory, handler) = filled(&world.items(Sight::Closed), &json!({})).await;
    let before = text(directory.path());
    assert!(!before.contains("lovelace") && !before.contains("mary") && !before.contains("charles"), "{before}");
    let id = world.person("ada-lovelace").id;
    let people = [Forgotten { app: "shop".to_owned(), id }];
    assert_eq!(handler.forget_people(&people).await.unwrap().count, 0);
    assert_eq!(text(directory.path()), before);
}

#[tokio::test]
async fn months_that_are_over_go() {
    let may = Month::of(Timestamp::parse("2026-05-01T00:00:00Z").unwrap());
    let months = [ExpiredMonth { app: "shop".to_owned(), category: "product".to_owned(), month: may }];
    let world = world();
    let items = world.items(Sight::Closed);
    let (directory, handler) = filled(&items, &json!({"rotate-bytes": 4096})).await;
    assert_eq!(handler.forget_months(&months).await.unwrap().count, 8);
    assert_eq!(handler.forget_months(&months).await.unwrap().count, 0);
    let left: Vec<_> = items.iter().filter(|item| Month::of(item.event.time) != may).cloned().collect();
    let expected: Vec<u64> = left.iter().map(|item| item.event.position).collect();
    assert_eq!(positions(directory.path()), expected);
    // The same happens by itself, once the category's retention is over.
    let (by_itself, handler) = filled(&items, &json!({"rotate-bytes": 4096})).await;
    handler.tend(Timestamp::parse("2026-06-30T23:59:59Z").unwrap()).await.unwrap();
    assert_eq!(positions(by_itself.path()).len(), 40);
    handler.tend(Timestamp::parse("2026-07-01T01:00:00Z").unwrap()).await.unwrap();
    assert_eq!(text(by_itself.path()), text(directory.path()));
}

/// When nothing is left, the newest file still says how far the log was read.
#[tokio::test]
async fn an_empty_file_keeps_the_place() {
    let world = world();
    let items: Vec<_> =
        world.items(Sight::Closed).into_iter().filter(|item| &*item.event.category == "product").collect();
    let (directory, handler) = filled(&items, &json!({"rotate-bytes": 4096})).await;
    let committed = handler.committed().await.unwrap();
    handler.tend(Timestamp::parse("2027-01-01T00:00:00Z").unwrap()).await.unwrap();
    assert_eq!((positions(directory.path()).len(), list(directory.path()).len()), (0, 1));
    assert_eq!(handler.committed().await.unwrap(), committed);
    drop(handler);
    let handler = files(directory.path(), json!({"rotate-bytes": 4096}));
    assert_eq!(handler.committed().await.unwrap(), committed);
    handler.deliver(&batch(&crate::support::plain(committed + 1, 3, "2026-06-15T11:00:00Z"))).await.unwrap();
    assert_eq!(positions(directory.path()).len(), 3);
}

/// What was left by a change that failed is no obstacle to the next try.
#[tokio::test]
async fn a_change_that_failed_is_tried_again() {
    let world = world();
    let may = Month::of(Timestamp::parse("2026-05-01T00:00:00Z").unwrap());
    let months = [ExpiredMonth { app: "shop".to_owned(), category: "product".to_owned(), month: may }];
    let (directory, handler) = filled(&world.items(Sight::Closed), &json!({"rotate-bytes": 4096})).await;
    let newest = list(directory.path()).pop().unwrap();
    std::fs::write(format!("{}.unfinished", newest.display()), "half").unwrap();
    assert!(matches!(handler.forget_months(&months).await, Err(ViewError::Unavailable { .. })));
    handler.forget_months(&months).await.unwrap();
    assert_eq!(positions(directory.path()).len(), 32);
    assert_eq!(handler.committed().await.unwrap(), 40);
}

/// That a consumer names nobody any more takes no name out of the lines there are.
#[tokio::test]
async fn who_was_named_earlier_is_forgotten() {
    let mut world = world();
    let options = json!({"identity": true, "rotate-bytes": 4096});
    let (directory, handler) = filled(&world.items(Sight::Open), &options).await;
    drop(handler);
    let handler = files(directory.path(), json!({"rotate-bytes": 4096}));
    assert_eq!(handler.sight(), Sight::Closed);
    handler.prepare().await.unwrap();
    let people = [Forgotten { app: "shop".to_owned(), id: world.person("ada-lovelace").id }];
    assert_eq!(handler.forget_people(&people).await.unwrap().count, 8);
    let after = text(directory.path());
    assert!(!after.contains("lovelace") && after.contains("session-of-mary"), "{after}");
}

/// Who is named behind what cannot be read would stay there: nobody is said to be forgotten then.
#[tokio::test]
async fn a_damaged_file_hides_nobody() {
    let mut world = world();
    let options = json!({"identity": true, "rotate-bytes": 4096});
    let (directory, handler) = filled(&world.items(Sight::Open), &options).await;
    let oldest = list(directory.path()).remove(0);
    let bytes = std::fs::read(&oldest).unwrap();
    let people = [Forgotten { app: "shop".to_owned(), id: world.person("mary").id }];
    for damaged in [[&[0; 16][..], &bytes[16..]].concat(), bytes[..bytes.len() - 5].to_vec()] {
        std::fs::write(&oldest, damaged).unwrap();
        let Err(ViewError::Unavailable { reason }) = handler.forget_people(&people).await else { panic!() };
        assert!(reason.contains("00000000000000000001.ndjson.zst is damaged at byte"), "{reason}");
    }
    std::fs::write(&oldest, bytes).unwrap();
    assert_eq!(handler.forget_people(&people).await.unwrap().count, 8);
}

/// When what came last is over, the place in the log is still known.
#[tokio::test]
async fn what_came_last_may_go() {
    let directory = TempDir::new().unwrap();
    let handler = files(directory.path(), json!({}));
    let items = world().items(Sight::Closed);
    let of =
        |category: &str| items.iter().filter(|item| &*item.event.category == category).cloned().collect::<Vec<_>>();
    let lasting = of("business");
    handler.deliver(&batch(&lasting[..1])).await.unwrap();
    let month = Month::of(Timestamp::parse("2026-05-01T00:00:00Z").unwrap());
    let of_may: Vec<_> = of("product").into_iter().filter(|item| Month::of(item.event.time) == month).collect();
    handler.deliver(&batch(&of_may)).await.unwrap();
    let committed = handler.committed().await.unwrap();
    let months = [ExpiredMonth { app: "shop".to_owned(), category: "product".to_owned(), month }];
    handler.forget_months(&months).await.unwrap();
    assert_eq!(positions(directory.path()), [1]);
    drop(handler);
    assert_eq!(files(directory.path(), json!({})).committed().await.unwrap(), committed);
}

/// Killed while a file is rewritten: the old one is there, and the new one is not looked at.
#[tokio::test]
async fn half_a_rewrite_changes_nothing() {
    let world = world();
    let (directory, handler) = filled(&world.items(Sight::Closed), &json!({})).await;
    let before = text(directory.path());
    drop(handler);
    let half = format!("{}.unfinished", list(directory.path())[0].display());
    std::fs::write(&half, "half").unwrap();
    let handler = files(directory.path(), json!({}));
    assert_eq!(handler.committed().await.unwrap(), 40);
    assert!(!std::path::Path::new(&half).exists());
    assert_eq!(text(directory.path()), before);
}
