//! People and months leave the files as if they had never been written there.

use std::sync::Arc;

use daybook_consumers::{Handler, Item, Sight};
use daybook_event::{Month, Timestamp};
use daybook_privacy::view::{ExpiredMonth, Forgotten};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{World, batch};
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
        assert!(
            before.contains("ada-lovelace") && before.contains("session-of-mary") && list(directory.path()).len() > 2
        );
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
