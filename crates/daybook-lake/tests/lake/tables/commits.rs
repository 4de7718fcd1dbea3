//! What is delivered is seen at once, and is in the tables once, whatever happens between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daybook_consumers::{Handler, OffsetKeeping};
use daybook_lake::LakeError;

use super::place::{Place, ask_lake, batch, deliver, eventually, positions, session_of};
use crate::support::{Short, ask, counted, item, items_after, shop_with};

const SEEN: Short<'_> = ("page.seen", "2026-03-01T10:00", "ada", r#"{"page":"/"}"#);
const PAID: Short<'_> = ("order.paid", "2026-03-02T10:00", "bob", r#"{"total":"12.50"}"#);

#[tokio::test]
async fn rows_are_seen_before_they_are_committed_and_after() {
    let place = Place::new();
    let lake = place.open().await;
    assert_eq!(lake.offset_keeping(), OffsetKeeping::Handler);
    assert_eq!(positions(&lake).await, "0 0 -");
    deliver(&lake, 0, &[SEEN, PAID, SEEN]).await;
    let sql = "SELECT name, category, date, data_page, data_total FROM events ORDER BY position";
    let expected = [
        "page.seen product 2026-03-01 / -",
        "order.paid ledger 2026-03-02 - 12.500000000",
        "page.seen product 2026-03-01 / -",
    ];
    assert_eq!(ask_lake(&lake, sql).await, expected);
    assert_eq!((place.files("events").len(), lake.health().hot_rows), (0, 3));
    lake.commit().await.unwrap();
    assert_eq!(ask_lake(&lake, sql).await, expected);
    // A file for each day of each category.
    assert_eq!((place.files("events").len(), lake.health().hot_rows), (2, 0));
    assert_eq!((lake.health().committed, lake.health().as_of), (3, 3));
    deliver(&lake, 3, &[PAID]).await;
    assert_eq!(positions(&lake).await, "4 4 4");
    lake.close().await.unwrap();
    drop(lake);
    let lake = place.open().await;
    assert_eq!(lake.committed().await, Ok(4));
    assert_eq!(positions(&lake).await, "4 4 4");
    // Answers of a file's own numbers are the same as those of reading it.
    assert_eq!(
        ask_lake(&lake, "SELECT count(*), min(date), max(time) FROM events WHERE name = 'order.paid'").await,
        ["2 2026-03-02 2026-03-02T10:00:00Z"]
    );
    assert_eq!(
        ask_lake(&lake, "SELECT min(name), max(name), min(time), max(date) FROM events").await,
        ["order.paid page.seen 2026-03-01T10:00:00Z 2026-03-02"]
    );
}

#[tokio::test]
async fn a_crash_loses_nothing_and_doubles_nothing() {
    let place = Place::new();
    let lake = place.open().await;
    let through = deliver(&lake, 0, &[SEEN; 100]).await;
    lake.commit().await.unwrap();
    deliver(&lake, through, &[PAID; 50]).await;
    assert_eq!(positions(&lake).await, "150 150 150");
    drop(lake);

    let lake = place.open().await;
    assert_eq!(lake.committed().await, Ok(100));
    assert_eq!(positions(&lake).await, "100 100 100");
    deliver(&lake, 100, &[PAID; 60]).await;
    // The same again, and some before it.
    lake.deliver(&batch(items_after(90, &[SEEN; 80]))).await.unwrap();
    assert_eq!(positions(&lake).await, "170 170 170");
    lake.commit().await.unwrap();
    lake.commit().await.unwrap();
    assert_eq!(positions(&lake).await, "170 170 170");
    drop(lake);
    let lake = place.open().await;
    assert_eq!(positions(&lake).await, "170 170 170");
    assert_eq!(lake.committed().await, Ok(170));
}

#[tokio::test]
async fn what_is_only_counted_is_no_event() {
    let place = Place::new();
    let lake = place.open().await;
    let mut items = items_after(0, &[SEEN]);
    for position in 2..5 {
        let mut door = counted(item(position, ("door.opened", "2026-03-01T10:00", "ada", "")));
        door.event.group = Some("north".into());
        items.push(Arc::new(door));
    }
    lake.deliver(&batch(items.clone())).await.unwrap();
    let sql = "SELECT date, name, group_id, sum(count), count(DISTINCT person), max(position) FROM daily_counts GROUP BY 1, 2, 3";
    let expected = ["2026-03-01 door.opened north 3 1 4"];
    assert_eq!(ask_lake(&lake, sql).await, expected);
    assert_eq!(positions(&lake).await, "1 1 1");
    lake.commit().await.unwrap();
    assert_eq!(ask_lake(&lake, sql).await, expected);
    assert_eq!(positions(&lake).await, "1 1 1");
    // Counts that end a delivery count as far as it goes.
    assert_eq!(lake.committed().await, Ok(4));
    drop(lake);
    let lake = place.open().await;
    assert_eq!(lake.committed().await, Ok(4));
    lake.deliver(&batch(items)).await.unwrap();
    assert_eq!(ask_lake(&lake, sql).await, expected);
}

#[tokio::test]
async fn a_full_memory_is_committed() {
    let mut place = Place::new();
    place.options.hot_rows = 100;
    let lake = place.open().await;
    let mut through = 0;
    for _ in 0..40 {
        through = deliver(&lake, through, &[SEEN; 30]).await;
        assert!(lake.health().hot_rows <= 230, "{:?}", lake.health());
    }
    eventually("committed", || lake.health().committed >= 1_000).await;
    assert_eq!(positions(&lake).await, "1200 1200 1200");
}

#[tokio::test]
async fn what_waited_long_enough_is_committed() {
    let mut place = Place::new();
    place.options.hot_age = std::time::Duration::ZERO;
    let lake = place.open().await;
    deliver(&lake, 0, &[SEEN]).await;
    lake.tend(crate::support::time_of("2026-03-01")).await.unwrap();
    eventually("committed", || lake.health().committed == 1).await;
    assert_eq!(positions(&lake).await, "1 1 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_query_during_commits_sees_each_row_once() {
    let mut place = Place::new();
    place.options.hot_rows = 300;
    place.options.merge_after = std::time::Duration::ZERO;
    let lake = place.open().await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = |lake: daybook_lake::Lake, done: Arc<AtomicBool>| async move {
        let mut asked = 0;
        while !done.load(Ordering::Acquire) {
            let snapshot = lake.snapshot().await.unwrap();
            let context = datafusion::prelude::SessionContext::new();
            context.register_table("events", snapshot.events).unwrap();
            let sql = "SELECT count(*), count(DISTINCT position), coalesce(max(position), 0) FROM events WHERE version = '1.0.0'";
            let expected = format!("{0} {0} {0}", snapshot.as_of);
            assert_eq!(ask(&context, sql).await, [expected]);
            asked += 1;
        }
        asked
    };
    let readers: Vec<_> = (0..2).map(|_| tokio::spawn(reader(lake.clone(), Arc::clone(&done)))).collect();
    let upkeep = tokio::spawn({
        let (lake, done) = (lake.clone(), Arc::clone(&done));
        async move {
            let mut merged = 0;
            while !done.load(Ordering::Acquire) {
                merged += lake.upkeep(crate::support::time_of("2026-03-03")).await.unwrap().merged;
            }
            merged
        }
    });
    let mut through = 0;
    while through < 20_000 {
        let events: Vec<Short<'_>> = [SEEN, PAID].into_iter().cycle().take(100).collect();
        through = deliver(&lake, through, &events).await;
    }
    eventually("committed", || lake.health().committed > 19_000).await;
    done.store(true, Ordering::Release);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    assert!(upkeep.await.unwrap() > 0);
    lake.commit().await.unwrap();
    assert_eq!(positions(&lake).await, "20000 20000 20000");
}

#[tokio::test]
async fn a_new_version_of_the_catalog_adds_columns_and_rewrites_nothing() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &[SEEN, PAID]).await;
    lake.close().await.unwrap();
    drop(lake);
    let before = place.files("events");

    let app = shop_with(
        "  - name: page.left
    description: Gone.
    category: product
    data: { type: object, properties: { after_s: { type: number }, ms: { type: string } } }
",
    );
    let lake = place.open_with(Arc::clone(&app)).await;
    assert_eq!(place.files("events"), before);
    let left = ("page.left", "2026-03-01T11:00", "ada", r#"{"after_s":2.5,"ms":"long"}"#);
    deliver(&lake, 2, &[left]).await;
    let sql = "SELECT position, data_page, data_after_s, data_ms, extra FROM events ORDER BY position";
    let expected = ["1 / - - -", "2 - - - -", r#"3 - 2.5 - {"ms":"long"}"#];
    assert_eq!(ask_lake(&lake, sql).await, expected);
    lake.close().await.unwrap();
    assert_eq!(ask_lake(&lake, sql).await, expected);
    assert_eq!(place.files("events").iter().filter(|file| before.contains(file)).count(), before.len());
    drop(lake);
    // Back to the older version: what the table has stays.
    let lake = place.open().await;
    assert_eq!(ask_lake(&lake, sql).await, expected);
}

#[tokio::test]
async fn a_second_opening_is_refused() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &[SEEN]).await;
    let second = daybook_lake::Lake::open(place.options.clone(), crate::support::shop()).await;
    assert!(matches!(second, Err(LakeError::InUse { .. })));
    deliver(&lake, 1, &[SEEN]).await;
    lake.close().await.unwrap();
    drop(lake);
    assert_eq!(positions(&place.open().await).await, "2 2 2");
}

/// A file system that knows no locks, or another machine: the table's log is what counts.
#[tokio::test]
async fn two_that_write_do_no_harm() {
    let place = Place::new();
    let first = place.open().await;
    std::fs::remove_file(place.options.directory.join("lock")).unwrap();
    let second = place.open().await;
    deliver(&first, 0, &[SEEN; 3]).await;
    deliver(&second, 0, &[SEEN; 5]).await;
    second.commit().await.unwrap();
    // Somebody else was faster: what they have is not written again.
    assert!(first.commit().await.is_err());
    assert_eq!(positions(&first).await, "5 5 5");
    deliver(&first, 3, &[SEEN; 6]).await;
    assert_eq!(positions(&first).await, "9 9 9");
    first.commit().await.unwrap();
    assert_eq!(positions(&first).await, "9 9 9");
    deliver(&second, 5, &[SEEN; 4]).await;
    assert!(second.commit().await.is_err());
    second.commit().await.unwrap();
    assert_eq!(positions(&second).await, "9 9 9");
}

#[tokio::test]
async fn a_rewind_to_the_beginning_makes_it_anew() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &[SEEN; 3]).await;
    lake.commit().await.unwrap();
    deliver(&lake, 3, &[SEEN; 3]).await;
    assert!(lake.rewind(2).await.is_err());
    lake.rewind(0).await.unwrap();
    assert_eq!(lake.committed().await, Ok(0));
    assert_eq!(positions(&lake).await, "0 0 -");
    deliver(&lake, 0, &[PAID; 2]).await;
    lake.rewind(10).await.unwrap();
    deliver(&lake, 10, &[PAID; 2]).await;
    lake.commit().await.unwrap();
    assert_eq!(positions(&lake).await, "4 4 12");
    drop(lake);
    assert_eq!(place.open().await.committed().await, Ok(12));
}

#[tokio::test]
async fn filters_and_limits_choose_rows_in_files_and_in_memory() {
    let place = Place::new();
    let lake = place.open().await;
    let events: Vec<String> = (1..29).map(|day| format!("2026-02-{day:02}T12:00")).collect();
    let events: Vec<Short<'_>> = events.iter().map(|time| ("page.seen", &**time, "ada", r#"{"ms":5}"#)).collect();
    let through = deliver(&lake, 0, &events).await;
    lake.commit().await.unwrap();
    deliver(&lake, through, &events).await;
    let context = session_of(&lake).await;
    for (filter, expected) in [
        ("date = '2026-02-03'", 2),
        ("time >= '2026-02-10T00:00:00Z' AND time < '2026-02-12T00:00:00Z'", 4),
        ("date BETWEEN '2026-02-27' AND '2026-03-05'", 4),
        ("name = 'order.paid'", 0),
        ("category = 'ledger'", 0),
        ("category IN ('product', 'x') AND position <= 2", 2),
        ("position > 50", 6),
        ("data_ms = 5 AND date < '2026-02-02'", 2),
        ("category LIKE 'prod%' AND name <> 'page.seen'", 0),
    ] {
        let sql = format!("SELECT count(*) FROM events WHERE {filter}");
        assert_eq!(ask(&context, &sql).await, [expected.to_string()], "{filter}");
    }
    let plan = ask(&context, "EXPLAIN SELECT count(person) FROM events WHERE date = '2026-02-03'").await.join("\n");
    assert_eq!(plan.matches(".parquet").count(), 1, "{plan}");
    assert_eq!(ask(&context, "SELECT position FROM events ORDER BY time DESC, position LIMIT 1").await, ["28"]);
    assert_eq!(ask(&context, "SELECT name FROM events LIMIT 40").await.len(), 40);
}
