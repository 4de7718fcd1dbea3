//! Lakes that an older Daybook made go on.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use daybook_consumers::{Handler, Item};
use daybook_event::{Keeping, Position};
use serde_json::Value;

use super::place::{Place, ask_lake, batch};
use crate::support::{item, signed, time_of};

/// The columns that say of signatures.
const SIGNATURES: [&str; 2] = ["signature_verified", "signature_kept"];

fn seen(position: Position, keeping: Option<Keeping>) -> Arc<Item> {
    let seen = item(position, ("page.seen", "2026-03-01T10:00", "ada", r#"{"page":"/"}"#));
    Arc::new(match keeping {
        Some(keeping) => signed(seen, keeping),
        None => seen,
    })
}

#[tokio::test]
async fn a_lake_of_before_it_knew_of_signatures_learns_of_them() {
    let mut place = Place::new();
    place.options.merge_after = Duration::ZERO;
    let lake = place.open().await;
    let first = [seen(1, Some(Keeping::Whole)), seen(2, None)];
    lake.deliver(&batch(first.to_vec())).await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    take_out(&place, &SIGNATURES);
    assert!(!columns(&place).iter().any(|column| SIGNATURES.contains(&column.as_str())));
    let before = place.files("events");

    // What it has stays as it is, and says nothing of signatures; what comes says it.
    let lake = place.open().await;
    let sql = "SELECT position, data_page, signature_verified, signature_kept FROM events ORDER BY position";
    assert_eq!(ask_lake(&lake, sql).await, ["1 / - -", "2 / - -"]);
    let later = [seen(3, Some(Keeping::Whole)), seen(4, Some(Keeping::Verdict)), seen(5, None)];
    lake.deliver(&batch(later.to_vec())).await.unwrap();
    let expected = ["1 / - -", "2 / - -", "3 / true true", "4 / true false", "5 / false -"];
    assert_eq!(ask_lake(&lake, sql).await, expected);
    lake.commit().await.unwrap();
    assert_eq!(ask_lake(&lake, sql).await, expected);
    assert!(before.iter().all(|file| place.files("events").contains(file)), "a file was written again");
    let named = columns(&place);
    assert!(SIGNATURES.iter().all(|column| named.iter().any(|named| named == column)), "{named:?}");
    for (filter, positions) in [
        ("signature_verified", vec!["3", "4"]),
        ("NOT signature_verified", vec!["5"]),
        ("signature_verified IS NOT TRUE", vec!["1", "2", "5"]),
    ] {
        let sql = format!("SELECT position FROM events WHERE {filter} ORDER BY position");
        assert_eq!(ask_lake(&lake, &sql).await, positions, "{filter}");
    }

    // Files with the columns and files without become one.
    assert!(lake.upkeep(time_of("2026-03-02")).await.unwrap().merged >= 2);
    assert_eq!(lake.health().files, 1);
    assert_eq!(ask_lake(&lake, sql).await, expected);
    drop(lake);
    let lake = place.open().await;
    assert_eq!(ask_lake(&lake, sql).await, expected);

    // Made anew, it knows of all.
    lake.rewind(0).await.unwrap();
    lake.deliver(&batch([first.as_slice(), later.as_slice()].concat())).await.unwrap();
    lake.commit().await.unwrap();
    let expected = ["1 / true true", "2 / false -", "3 / true true", "4 / true false", "5 / false -"];
    assert_eq!(ask_lake(&lake, sql).await, expected);
}

/// Takes columns out of a table that nobody has open, as if it never had them: out of its files and out of its log.
fn take_out(place: &Place, columns: &[&str]) {
    for (path, _) in place.files("events") {
        write_without(&path, columns);
    }
    for path in entries(place) {
        let text = fs::read_to_string(&path).unwrap();
        let mut older = String::new();
        for line in text.lines() {
            let mut action: Value = serde_json::from_str(line).unwrap();
            make_older(&place.table("events"), &mut action, columns);
            older += &format!("{action}\n");
        }
        fs::write(path, older).unwrap();
    }
}

/// Writes a file of rows again, without some of its columns.
fn write_without(path: &Path, columns: &[&str]) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let without = |rows: RecordBatch| {
        let schema = rows.schema();
        let fields = schema.fields().iter().enumerate();
        let kept = fields.filter(|(_, field)| !columns.contains(&field.name().as_str()));
        let kept: Vec<usize> = kept.map(|(index, _)| index).collect();
        rows.project(&kept).unwrap()
    };
    let rows: Vec<RecordBatch> = reader.map(|rows| without(rows.unwrap())).collect();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), rows[0].schema(), None).unwrap();
    for rows in &rows {
        writer.write(rows).unwrap();
    }
    writer.close().unwrap();
}

/// Makes an action of the table's log what it would have been without these columns.
fn make_older(root: &Path, action: &mut Value, columns: &[&str]) {
    if let Some(metadata) = action.get_mut("metaData") {
        let mut schema = schema_of(metadata);
        let fields = schema["fields"].as_array_mut().unwrap();
        fields.retain(|field| !columns.contains(&field["name"].as_str().unwrap()));
        metadata["schemaString"] = schema.to_string().into();
    }
    if let Some(add) = action.get_mut("add") {
        let file = root.join(add["path"].as_str().unwrap());
        add["size"] = fs::metadata(file).unwrap().len().into();
    }
}

/// The entries of the table's log, the first one first.
fn entries(place: &Place) -> Vec<PathBuf> {
    let log = fs::read_dir(place.table("events").join("_delta_log")).unwrap();
    let paths = log.map(|entry| entry.unwrap().path());
    let mut entries: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    entries.sort();
    entries
}

/// The columns of the table, as the last entry that names them does.
fn columns(place: &Place) -> Vec<String> {
    let mut found = Vec::new();
    for path in entries(place) {
        for line in fs::read_to_string(path).unwrap().lines() {
            let action: Value = serde_json::from_str(line).unwrap();
            if let Some(metadata) = action.get("metaData") {
                let schema = schema_of(metadata);
                let fields = schema["fields"].as_array().unwrap().iter();
                found = fields.map(|field| field["name"].as_str().unwrap().to_owned()).collect();
            }
        }
    }
    found
}

fn schema_of(metadata: &Value) -> Value {
    serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap()
}
