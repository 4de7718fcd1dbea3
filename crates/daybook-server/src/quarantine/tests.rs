//! The quarantine on every backend.

use super::*;
use crate::state::testing::{TestState, on_every_backend};

on_every_backend!(
    entries_are_kept_listed_changed_and_outlive_the_process,
    a_full_share_gives_up_what_is_settled_and_then_takes_no_more,
    many_requests_at_once_are_all_kept,
    any_text_is_kept_and_found,
);

fn entry(app: &str, id: Option<&str>, event: &str) -> NewEntry {
    NewEntry {
        app: Arc::from(app),
        event_id: id.map(str::to_owned),
        name: Some("a.b".to_owned()),
        event: sealed(event),
        errors: vec![Finding::new("data.required", "/data", "missing")],
    }
}

fn sealed(event: &str) -> SealedEvent {
    SealedEvent {
        subject: None,
        month: Month::of(now()),
        bytes: event.as_bytes().to_vec(),
        digest: *blake3::hash(event.as_bytes()).as_bytes().first_chunk().unwrap(),
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-01-01T00:00:00Z").unwrap()
}

fn page() -> Selection {
    Selection { limit: 100, ..Selection::default() }
}

async fn entries_are_kept_listed_changed_and_outlive_the_process(state: TestState) {
    let database = state.open().await;
    let (quarantine, task) = Quarantine::open(database.clone(), 1_000_000).await.unwrap();
    let ids = quarantine
        .add(vec![entry("a", Some("1"), "{}"), entry("a", None, "{}"), entry("b", Some("1"), "{}")], now())
        .await
        .unwrap();
    assert_eq!(ids, [1, 2, 3]);
    // The same event again is the same entry; one without an id is another.
    assert_eq!(quarantine.add(vec![entry("a", Some("1"), "{}")], now()).await.unwrap(), [1]);
    let twice = vec![entry("a", None, "{}"), entry("a", Some("2"), "[]"), entry("a", Some("2"), "[]")];
    // Numbers are never used twice, but some are left out.
    assert_eq!(quarantine.add(twice, now()).await.unwrap(), [5, 6, 6]);
    let seen: Vec<_> =
        quarantine.list("a", &page()).await.unwrap().into_iter().map(|entry| (entry.id, entry.seen)).collect();
    assert_eq!(seen, [(1, 2), (2, 1), (5, 1), (6, 2)]);

    let resolved = Change::Resolved { resolution: "stored", position: Some(9) };
    assert!(quarantine.change("a", 2, resolved.clone(), now()).await.unwrap());
    assert!(!quarantine.change("b", 2, resolved, now()).await.unwrap(), "another app's entry");
    assert!(quarantine.change("a", 5, Change::Deleted, now()).await.unwrap());
    let errors = vec![Finding::new("event.x", "", "other")];
    assert!(quarantine.change("a", 1, Change::StillRefused { errors }, now()).await.unwrap());
    drop(quarantine);
    task.await.unwrap();

    let (quarantine, _task) = Quarantine::open(database, 1_000_000).await.unwrap();
    let check = |selection: Selection, expected: &'static [i64]| {
        let quarantine = quarantine.clone();
        async move {
            let ids: Vec<_> =
                quarantine.list("a", &selection).await.unwrap().into_iter().map(|entry| entry.id).collect();
            assert_eq!(ids, expected, "{selection:?}");
        }
    };
    check(page(), &[1, 2, 6]).await;
    check(Selection { after: 1, ..page() }, &[2, 6]).await;
    check(Selection { limit: 1, ..page() }, &[1]).await;
    check(Selection { resolved: Some(true), ..page() }, &[2]).await;
    check(Selection { resolved: Some(false), ..page() }, &[1, 6]).await;
    check(Selection { code: Some("event.x".to_owned()), ..page() }, &[1]).await;
    check(Selection { code: Some("data.require".to_owned()), ..page() }, &[]).await;
    check(Selection { name: Some("a.*".to_owned()), ..page() }, &[1, 2, 6]).await;
    check(Selection { name: Some("a".to_owned()), ..page() }, &[]).await;
    let entry = quarantine.entry("a", 1).await.unwrap().unwrap();
    assert_eq!((entry.attempts, entry.codes.as_str()), (1, ",event.x,"));
    assert_eq!(quarantine.open_entries().await.unwrap()["a"], 2);
}

async fn a_full_share_gives_up_what_is_settled_and_then_takes_no_more(state: TestState) {
    let database = state.open().await;
    let (quarantine, _task) = Quarantine::open(database, 5_000).await.unwrap();
    let big = |id: &str| entry("a", Some(id), &format!("\"{id}{}\"", "x".repeat(1_900)));
    quarantine.add(vec![big("1"), big("2")], now()).await.unwrap();
    assert!(matches!(quarantine.add(vec![big("3")], now()).await, Err(QuarantineError::Full { .. })));
    quarantine.add(vec![entry("b", Some("1"), "{}")], now()).await.unwrap();
    let resolved = Change::Resolved { resolution: "stored", position: Some(1) };
    quarantine.change("a", 1, resolved, now()).await.unwrap();
    quarantine.add(vec![big("3")], now()).await.unwrap();
    let left: Vec<_> = quarantine.list("a", &page()).await.unwrap().into_iter().map(|entry| entry.event_id).collect();
    assert_eq!(left, [Some("2".to_owned()), Some("3".to_owned())]);
}

async fn many_requests_at_once_are_all_kept(state: TestState) {
    let database = state.open().await;
    let (quarantine, _task) = Quarantine::open(database, 10_000_000).await.unwrap();
    let calls = (0..100).map(|call| {
        let quarantine = quarantine.clone();
        async move {
            let entries =
                (0..20).map(|event| entry("a", Some(&format!("{call}-{event}")), &format!("[{call},{event}]")));
            quarantine.add(entries.collect(), now()).await.unwrap()
        }
    });
    let mut ids: Vec<i64> = futures_util::future::join_all(calls).await.into_iter().flatten().collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=2_000).collect::<Vec<_>>());
}

/// What clients send is not always what databases like.
async fn any_text_is_kept_and_found(state: TestState) {
    let database = state.open().await;
    let (quarantine, _task) = Quarantine::open(database.clone(), 1_000_000).await.unwrap();
    let names = ["Order.Placed", "order.placed", "order_placed", "ö%", "ö\0", "\u{10FFFF}", "'; --", "\\"];
    let entries = names
        .iter()
        .map(|name| NewEntry { name: Some((*name).to_owned()), ..entry("a", Some(name), &format!("{name:?}")) });
    let ids = quarantine.add(entries.collect(), now()).await.unwrap();
    let check = async |name: &str, expected: &[i64]| {
        let selection = Selection { name: Some(name.to_owned()), ..page() };
        let found: Vec<_> = quarantine.list("a", &selection).await.unwrap().into_iter().map(|entry| entry.id).collect();
        assert_eq!(found, expected, "{name:?}");
    };
    // Case counts, and there are no wildcards but the one at the end.
    check("order.placed", &ids[1..2]).await;
    check("order*", &ids[1..3]).await;
    check("order.*", &ids[1..2]).await;
    check("order_*", &ids[2..3]).await;
    check("ö%*", &ids[3..4]).await;
    check("ö*", &ids[3..5]).await;
    check("%*", &[]).await;
    check("ö\0*", &[]).await;
    check("\u{10FFFF}", &ids[5..6]).await;
    check("'; --*", &ids[6..7]).await;
    check("\\*", &ids[7..]).await;
    check("*", &ids).await;
    let with_code = Selection { code: Some("data_required".to_owned()), ..page() };
    assert!(quarantine.list("a", &with_code).await.unwrap().is_empty());
    let other = Selection { code: Some("DATA.REQUIRED".to_owned()), ..page() };
    assert!(quarantine.list("a", &other).await.unwrap().is_empty());
    let repaired = Change::Repaired {
        event_id: Some("\0".to_owned()),
        name: Some("\0".to_owned()),
        event: sealed("{}"),
        errors: Vec::new(),
    };
    assert!(quarantine.change("a", ids[0], repaired, now()).await.unwrap());
    assert_eq!(quarantine.open_entries().await.unwrap()["a"], 8);
}
