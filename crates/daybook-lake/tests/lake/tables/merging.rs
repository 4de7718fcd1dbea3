//! Small files become large ones, and what no table names goes.

use std::time::Duration;

use datafusion::arrow::array::{AsArray, RecordBatchReader};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use daybook_lake::lake::Upkeep;

use super::place::{Place, ask_lake, deliver, positions, session_of};
use crate::support::{Short, ask, time_of};

const ALL: &str = "SELECT * FROM events ORDER BY position";

#[tokio::test]
async fn merging_changes_no_row() {
    let mut place = Place::new();
    place.options.merge_after = Duration::from_secs(3_600);
    let lake = place.open().await;
    let mut through = 0;
    for round in 0..10 {
        let minute = format!("2026-03-01T10:{:02}", 59 - round);
        let (page, other) = (format!(r#"{{"page":"/{round}","n":{round}}}"#), format!(r#"{{"ms":{round}}}"#));
        let mut events: Vec<Short<'_>> = vec![("page.seen", &minute, "ada", &page), ("a.first", &minute, "", &other)];
        if round == 3 {
            // A column that only one of the files has.
            events.push(("page.seen", "2026-03-01T00:00", "", r#"{"zoom":1.5}"#));
        }
        events.push(("order.paid", "2026-03-01T10:00", "bob", r#"{"total":3}"#));
        through = deliver(&lake, through, &events).await;
        lake.commit().await.unwrap();
    }
    let before = ask_lake(&lake, ALL).await;
    assert_eq!(place.files("events").len(), 20);
    // A query that has begun reads on.
    let begun = session_of(&lake).await;

    // So many of about the same size are merged though the day goes on.
    let done = lake.upkeep(time_of("2026-03-02")).await.unwrap();
    assert!(done.merged >= 8 && done.into <= 2 && done.deleted == 0, "{done:?}");
    assert_eq!(lake.health().files, 20 - done.merged + done.into);
    assert_eq!(ask_lake(&lake, ALL).await, before);
    assert_eq!(ask(&begun, ALL).await, before);
    drop((begun, lake));

    // Later all of them are, and what was merged is deleted.
    place.options.merge_after = Duration::ZERO;
    place.options.vacuum_after = Duration::ZERO;
    let lake = place.open().await;
    assert!(lake.upkeep(time_of("2026-03-02")).await.unwrap().deleted >= 20);
    let files = place.files("events");
    assert_eq!((files.len(), lake.health().files), (2, 2));
    for (path, _) in files {
        is_sorted(&path);
    }
    assert_eq!(ask_lake(&lake, ALL).await, before);
    assert_eq!(lake.upkeep(time_of("2026-03-02")).await.unwrap(), Upkeep::default());
}

#[tokio::test]
async fn a_day_that_rests_is_merged_whole() {
    let mut place = Place::new();
    place.options.merge_after = Duration::ZERO;
    let lake = place.open().await;
    for through in 0..3 {
        deliver(&lake, through, &[("page.seen", "2026-03-01", "ada", "")]).await;
        lake.commit().await.unwrap();
    }
    assert_eq!(lake.upkeep(time_of("2026-03-02")).await.unwrap().merged, 3);
    assert_eq!(positions(&lake).await, "3 3 3");
    assert_eq!(lake.health().files, 1);
    drop(lake);
    assert_eq!(positions(&place.open().await).await, "3 3 3");
}

#[tokio::test]
async fn files_of_no_table_go_and_others_stay() {
    let mut place = Place::new();
    place.options.vacuum_after = Duration::ZERO;
    let lake = place.open().await;
    deliver(&lake, 0, &[("page.seen", "2026-03-01", "ada", "")]).await;
    lake.commit().await.unwrap();
    let (path, bytes) = place.files("events").remove(0);
    std::fs::write(path.with_file_name("left-by-a-crash.parquet"), bytes).unwrap();
    std::fs::write(path.with_file_name("notes.txt"), "mine").unwrap();
    assert_eq!(positions(&lake).await, "1 1 1");
    assert_eq!(lake.upkeep(time_of("2026-03-02")).await.unwrap().deleted, 1);
    assert_eq!(place.files("events").len(), 1);
    assert!(path.with_file_name("notes.txt").exists());
    assert_eq!(positions(&lake).await, "1 1 1");
}

/// Whether the rows of a file are sorted by name and time.
fn is_sorted(path: &std::path::Path) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap().build().unwrap();
    // The partition's columns are in the log, not in the file.
    assert!(reader.schema().field_with_name("category").is_err());
    let mut keys = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let names = batch.column_by_name("name").unwrap().as_string::<i32>().clone();
        let times = batch.column_by_name("time").unwrap().as_primitive::<TimestampMicrosecondType>().clone();
        keys.extend((0..batch.num_rows()).map(|row| (names.value(row).to_owned(), times.value(row))));
    }
    assert!(keys.len() >= 10);
    assert!(keys.is_sorted(), "{keys:?}");
}
