//! Answers in every format.

use std::collections::BTreeSet;
use std::io::Cursor;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use daybook_lake::query::{Format, Question};
use serde_json::json;

use super::Asked;

#[tokio::test]
async fn json_tells_columns_rows_and_whether_there_are_more() {
    let asked = Asked::new();
    let sql = "SELECT position, time, data_xp, data_cost, data_won, \"data_zoneType\", date FROM events ORDER BY position LIMIT 2";
    assert_eq!(
        asked.json(sql).await,
        json!({
            "columns": [
                {"name": "position", "type": "int64"}, {"name": "time", "type": "timestamp"}, {"name": "data_xp", "type": "int64"},
                {"name": "data_cost", "type": "decimal(38, 9)"}, {"name": "data_won", "type": "boolean"},
                {"name": "data_zoneType", "type": "text"}, {"name": "date", "type": "date"}
            ],
            "rows": [
                {"position": 1, "time": "2026-01-14T15:00:00Z", "data_xp": 9_007_199_254_740_993_i64, "data_cost": "-1.500000000",
                    "data_won": true, "data_zoneType": "arena", "date": "2026-01-14"},
                {"position": 2, "time": "2026-01-14T15:00:01.5Z", "data_xp": 9_007_199_254_740_994_i64,
                    "data_cost": "-1.499999999", "data_won": false, "data_zoneType": null, "date": "2026-01-14"}
            ],
            "truncated": false
        })
    );
    let limited =
        Question { limit: Some(2), ..Question::new("SELECT position FROM events ORDER BY position", Format::Json) };
    let answer: serde_json::Value = serde_json::from_slice(&asked.ask(limited).await.unwrap()).unwrap();
    assert_eq!((&answer["rows"], &answer["truncated"]), (&json!([{"position": 1}, {"position": 2}]), &json!(true)));
    let empty = asked.json("SELECT name FROM events WHERE position < 0").await;
    assert_eq!(empty, json!({"columns": [{"name": "name", "type": "text"}], "rows": [], "truncated": false}));
}

#[tokio::test]
async fn identifiers_keep_their_case_and_columns_their_names_apart() {
    let asked = Asked::new();
    let rows = asked
        .rows("SELECT data_zoneType AS Zone, COUNT(*) AS n FROM events GROUP BY data_zoneType ORDER BY n DESC")
        .await;
    assert_eq!(rows, json!([{"Zone": "arena", "n": 2}, {"Zone": null, "n": 1}]));
    let rows = asked
        .rows("SELECT a.position, b.position FROM events a JOIN events b ON a.position + 1 = b.position ORDER BY 1")
        .await;
    assert_eq!(rows, json!([{"position": 1, "position_2": 2}, {"position": 2, "position_2": 3}]));
}

#[tokio::test]
async fn values_of_every_kind_are_written() {
    let asked = Asked::new();
    let rows = asked
        .rows(
            "SELECT [1, NULL, 3] AS l, named_struct('a', 1, 'b', 'x') AS s, INTERVAL '90' MINUTE AS i, \
             CAST('NaN' AS DOUBLE) AS n, NULL AS z, arrow_cast('ab', 'Binary') AS b, TIME '12:30:00' AS t, \
             TIMESTAMP '2026-01-14T15:00:00.000001' AS ts, arrow_cast('q', 'Dictionary(Int32, Utf8)') AS d, \
             CAST(1.5 AS DECIMAL(10, 3)) AS c, 0.1 AS f, 'ü\"' AS q",
        )
        .await;
    assert_eq!(
        rows,
        json!([{
            "l": [1, null, 3], "s": {"a": 1, "b": "x"}, "i": "1 hours 30 mins", "n": null, "z": null, "b": "6162", "t": "12:30:00",
            "ts": "2026-01-14T15:00:00.000001Z", "d": "q", "c": "1.500", "f": 0.1, "q": "ü\""
        }])
    );
}

#[tokio::test]
async fn what_is_in_json_columns_can_be_asked() {
    let asked = Asked::new();
    let rows = asked
        .rows(
            "SELECT json_get_str(tags, 'zone') AS zone, json_get_int(tags, 'level') AS level, tags->'level' AS raw, \
             tags->>'zone' AS text, tags->'in'->'a' AS list, (tags->>'level')::bigint + 1 AS next, json_get(tags, 'zone') AS z \
             FROM events WHERE tags->>'zone' = 'z1'",
        )
        .await;
    assert_eq!(rows, json!([{"zone": "z1", "level": 1, "raw": 1, "text": "z1", "list": [1, 2], "next": 2, "z": "z1"}]));
    let csv = asked
        .text("SELECT tags->'in' AS i, tags->'zone' AS z, tags->'none' AS n FROM events LIMIT 1", Format::Csv)
        .await;
    assert_eq!(csv, "i,z,n\r\n\"{\"\"a\"\":[1,2]}\",z0,\r\n");
}

#[tokio::test]
async fn lines_are_objects_or_values() {
    let asked = Asked::new();
    let sql = "SELECT position, extra, '' AS empty, data_won FROM events ORDER BY position LIMIT 2";
    assert_eq!(
        asked.text(sql, Format::Ndjson).await,
        "{\"position\":1,\"extra\":\"{\\\"note\\\":\\\"a, \\\\\\\"b\\\\\\\"\\\\nc\\\"}\",\"empty\":\"\",\"data_won\":true}\n\
         {\"position\":2,\"extra\":null,\"empty\":\"\",\"data_won\":false}\n"
    );
    assert_eq!(
        asked.text(sql, Format::Csv).await,
        "position,extra,empty,data_won\r\n1,\"{\"\"note\"\":\"\"a, \\\"\"b\\\"\"\\nc\"\"}\",\"\",true\r\n2,,\"\",false\r\n"
    );
    assert_eq!(asked.text("SELECT 1 AS \"a,b\" FROM events WHERE false", Format::Csv).await, "\"a,b\"\r\n");
    assert_eq!(asked.text("SELECT 1 FROM events WHERE false", Format::Ndjson).await, "");
}

#[tokio::test]
async fn arrow_and_parquet_are_read_by_their_readers() {
    let asked = Asked::with(50_000, |_| {});
    let sql = "SELECT position, arrow_cast(name, 'Utf8View') AS name, time, data_cost, tags->'level' AS level, now() - time AS age FROM events ORDER BY position";
    let bytes = asked.ask(Question::new(sql, Format::Arrow)).await.unwrap();
    let reader = StreamReader::try_new(Cursor::new(bytes), None).unwrap();
    assert_eq!(reader.schema().field_with_name("name").unwrap().data_type(), &DataType::Utf8);
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 50_000);
    assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(2), 3);
    assert_eq!(batches[0].column(4).as_string::<i32>().value(2), "2");

    let bytes = asked.ask(Question::new(sql, Format::Parquet)).await.unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 50_000);
    let positions = reader
        .build()
        .unwrap()
        .map(Result::unwrap)
        .map(|batch| batch.column(0).as_primitive::<Int64Type>().values().iter().sum::<i64>());
    assert_eq!(positions.sum::<i64>(), (1..=50_000).sum::<i64>());

    let empty = asked.ask(Question::new("SELECT name FROM events WHERE false", Format::Parquet)).await.unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(empty)).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
}

#[tokio::test]
async fn tables_and_columns_are_shown_and_described() {
    let asked = Asked::new();
    let tables = asked.rows("SHOW TABLES").await;
    let tables: Vec<_> = tables.as_array().unwrap().iter().filter(|row| row["table_schema"] == "public").collect();
    let names: BTreeSet<_> = tables.iter().map(|row| row["table_name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["events", "daily_counts"]));
    let columns = asked.rows("SHOW COLUMNS FROM events").await;
    assert_eq!(columns[0]["column_name"], "position");
    assert_eq!(asked.rows("DESCRIBE events").await.as_array().unwrap().len(), 13);
    let named = asked
        .rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'daily_counts' ORDER BY 1")
        .await;
    assert_eq!(named, json!([{"column_name": "count"}, {"column_name": "name"}]));
    let plan = asked.rows("EXPLAIN SELECT count(*) FROM events").await.to_string();
    assert!(plan.contains("logical_plan"), "{plan}");
    let plan = asked.rows("EXPLAIN ANALYZE SELECT name, count(*) FROM events GROUP BY name").await.to_string();
    assert!(plan.contains("output_rows"), "{plan}");
    assert_eq!(asked.rows("WITH n AS (SELECT count(*) AS c FROM events) SELECT c FROM n").await, json!([{"c": 3}]));
    assert_eq!(asked.rows("VALUES (1)").await, json!([{"column1": 1}]));
}
