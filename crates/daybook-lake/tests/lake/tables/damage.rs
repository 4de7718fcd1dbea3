//! Directories and files that disappear.

use daybook_consumers::{FailureKind, Handler};
use daybook_lake::LakeError;

use super::place::{Place, ask_lake, batch, deliver, positions, session_of};
use crate::support::{Short, counted, item, items_after, time_of};

const SEEN: Short<'_> = ("page.seen", "2026-03-01T10:00", "ada", r#"{"page":"/"}"#);

#[tokio::test]
async fn a_directory_that_was_deleted_is_made_anew() {
    let place = Place::new();
    let lake = place.open().await;
    deliver(&lake, 0, &[SEEN; 3]).await;
    lake.commit().await.unwrap();
    deliver(&lake, 3, &[SEEN; 2]).await;
    std::fs::remove_dir_all(&place.options.directory).unwrap();

    // Whoever notices first: the commit, or the regular look.
    let failure = lake.tend(time_of("2026-03-02")).await.unwrap_err();
    assert_eq!((failure.kind, failure.code), (FailureKind::Destination, "lake.gone"));
    assert!(matches!(lake.snapshot().await, Err(LakeError::Gone { .. })));
    assert!(lake.deliver(&batch(items_after(5, &[SEEN]))).await.is_err());
    lake.prepare().await.unwrap();
    assert_eq!(lake.committed().await, Ok(0));
    assert_eq!(positions(&lake).await, "0 0 -");
    deliver(&lake, 0, &[SEEN; 6]).await;
    lake.commit().await.unwrap();
    assert_eq!(positions(&lake).await, "6 6 6");

    std::fs::remove_dir_all(&place.options.directory).unwrap();
    deliver(&lake, 6, &[SEEN]).await;
    assert!(matches!(lake.commit().await, Err(LakeError::Gone { .. })));
    lake.prepare().await.unwrap();
    assert_eq!(lake.committed().await, Ok(0));
    deliver(&lake, 0, &[SEEN; 7]).await;
    assert_eq!(positions(&lake).await, "7 7 7");
    lake.close().await.unwrap();
    drop(lake);

    std::fs::remove_dir_all(&place.options.directory).unwrap();
    let lake = place.open().await;
    assert_eq!(lake.committed().await, Ok(0));
}

#[tokio::test]
async fn one_table_that_was_deleted_is_made_anew_beside_the_other() {
    for table in ["events", "daily_counts"] {
        let place = Place::new();
        let lake = place.open().await;
        let all = |through: u64| -> Vec<_> {
            let door = |position| counted(item(position, ("door.opened", "2026-03-01", "ada", "")));
            let one = |position: u64| if position.is_multiple_of(2) { door(position) } else { item(position, SEEN) };
            (1..=through).map(|position| one(position).into()).collect()
        };
        lake.deliver(&batch(all(10))).await.unwrap();
        lake.close().await.unwrap();
        drop(lake);
        std::fs::remove_dir_all(place.options.directory.join(table)).unwrap();
        let lake = place.open().await;
        assert_eq!(lake.committed().await, Ok(0), "{table}");
        // It catches up in two steps, with a crash between them.
        lake.deliver(&batch(all(6))).await.unwrap();
        lake.commit().await.unwrap();
        drop(lake);
        let lake = place.open().await;
        assert_eq!(lake.committed().await, Ok(6), "{table}");
        lake.deliver(&batch(all(12).split_off(6))).await.unwrap();
        lake.commit().await.unwrap();
        let counts = "SELECT count(*), count(DISTINCT position), max(position) FROM daily_counts";
        assert_eq!(positions(&lake).await, "6 6 11", "{table}");
        assert_eq!(ask_lake(&lake, counts).await, ["6 6 12"], "{table}");
        drop(lake);
        assert_eq!(place.open().await.committed().await, Ok(12), "{table}");
    }
}

#[tokio::test]
async fn a_missing_file_is_named_and_stops_nothing_else() {
    let mut place = Place::new();
    place.options.merge_after = std::time::Duration::ZERO;
    let lake = place.open().await;
    deliver(&lake, 0, &[SEEN]).await;
    lake.commit().await.unwrap();
    let (lost, _) = place.files("events").remove(0);
    deliver(&lake, 1, &[SEEN; 2]).await;
    lake.commit().await.unwrap();
    deliver(&lake, 3, &[("order.paid", "2026-03-01", "ada", "")]).await;
    lake.commit().await.unwrap();
    std::fs::remove_file(&lost).unwrap();

    let context = session_of(&lake).await;
    let name = lost.file_name().unwrap().to_str().unwrap();
    let answer = context.sql("SELECT count(DISTINCT version) FROM events").await.unwrap().collect().await;
    let error = answer.unwrap_err().to_string();
    assert!(error.contains(name), "{error}");

    deliver(&lake, 4, &[SEEN]).await;
    lake.commit().await.unwrap();
    lake.tend(time_of("2026-03-02")).await.unwrap();
    // What is whole is answered, and kept in order.
    assert_eq!(ask_lake(&lake, "SELECT sum(position) FROM events WHERE category = 'ledger'").await, ["4"]);
    let done = lake.upkeep(time_of("2026-03-02")).await.unwrap();
    assert_eq!(done.merged, 0);
    assert_eq!(lake.health().committed, 5);
    drop(context);
    drop(lake);
    let lake = place.open().await;
    assert_eq!(lake.committed().await, Ok(5));
    assert_eq!(ask_lake(&lake, "SELECT count(*) FROM events").await, ["5"]);
}

#[tokio::test]
async fn a_damaged_file_is_named_when_files_are_merged() {
    let mut place = Place::new();
    place.options.merge_after = std::time::Duration::ZERO;
    let lake = place.open().await;
    for through in 0..2 {
        deliver(&lake, through, &[SEEN]).await;
        lake.commit().await.unwrap();
    }
    let (damaged, bytes) = place.files("events").remove(0);
    std::fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(lake.upkeep(time_of("2026-03-02")).await.unwrap().merged, 0);
    std::fs::write(&damaged, bytes).unwrap();
    assert_eq!(lake.upkeep(time_of("2026-03-02")).await.unwrap().merged, 2);
    assert_eq!(positions(&lake).await, "2 2 2");
}

#[tokio::test]
async fn a_directory_of_something_else_is_refused() {
    let place = Place::new();
    let root = place.options.directory.join("events");
    std::fs::create_dir_all(root.join("_delta_log")).unwrap();
    let log = r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"1","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"x\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{},"createdTime":1}}
"#;
    std::fs::write(root.join("_delta_log/00000000000000000000.json"), log).unwrap();
    let opened = daybook_lake::Lake::open(place.options.clone(), crate::support::shop()).await;
    let error = opened.err().unwrap();
    assert!(matches!(error, LakeError::Foreign { .. }), "{error}");
}
