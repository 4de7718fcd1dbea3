//! SQL over tables in memory: what it answers, what it refuses, and what it stops.

mod answers;
mod bounded;
mod explained;
mod refused;

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use daybook_lake::query::{Engine, EngineOptions, Format, QueryError, Question};
use serde_json::Value;

/// 2026-01-14T15:00:00Z in microseconds.
const TIME: i64 = 1_768_402_800_000_000;

/// An engine, and the directory it spills to.
struct Asked {
    engine: Arc<Engine>,
    directory: tempfile::TempDir,
    rows: usize,
}

impl Asked {
    /// Over so many rows, within limits that a test changes.
    fn with(rows: usize, change: impl FnOnce(&mut EngineOptions)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut options = EngineOptions::new(directory.path().join("lake"));
        options.threads = 2;
        change(&mut options);
        Self { engine: Engine::new(options).unwrap(), directory, rows }
    }

    fn new() -> Self {
        Self::with(3, |_| {})
    }

    fn session(&self) -> SessionContext {
        let events: Arc<MemTable> = Arc::new(events(self.rows));
        let counts = RecordBatch::try_from_iter([
            ("name", Arc::new(StringArray::from(vec!["message.sent"])) as ArrayRef),
            ("count", Arc::new(Int64Array::from(vec![5]))),
        ]);
        let counts = counts.unwrap();
        let counts = MemTable::try_new(counts.schema(), vec![vec![counts]]).unwrap();
        self.engine.session_of(&[("events", events), ("daily_counts", Arc::new(counts))]).unwrap()
    }

    async fn ask(&self, question: Question) -> Result<Vec<u8>, QueryError> {
        self.engine.ask(self.session(), question).await?.bytes().await
    }

    async fn text(&self, sql: &str, format: Format) -> String {
        String::from_utf8(self.ask(Question::new(sql, format)).await.unwrap()).unwrap()
    }

    /// The answer as JSON.
    async fn json(&self, sql: &str) -> Value {
        serde_json::from_str(&self.text(sql, Format::Json).await).unwrap()
    }

    /// The rows of the answer.
    async fn rows(&self, sql: &str) -> Value {
        self.json(sql).await["rows"].take()
    }

    /// What is wrong with a query: its code, what it says, and what it says to do.
    async fn error(&self, sql: &str) -> String {
        let error = self.ask(Question::new(sql, Format::Json)).await.unwrap_err();
        let hint = error.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
        format!("{} {error}{hint}", error.code())
    }
}

/// Events as the lake has them, with a few columns. The first three rows are a known person's, nobody's, and a stranger's.
fn events(rows: usize) -> MemTable {
    let all = |of: &dyn Fn(usize) -> i64| (0..rows).map(of).collect::<Vec<i64>>();
    let times = all(&|row| TIME + row as i64 * 1_500_000);
    let texts = |of: &dyn Fn(usize) -> Option<String>| Arc::new((0..rows).map(of).collect::<StringArray>()) as ArrayRef;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("position", Arc::new(Int64Array::from(all(&|row| row as i64 + 1)))),
        ("id", texts(&|row| Some(format!("0197-{row:08}")))),
        ("name", texts(&|row| Some(["zone.entered", "zone.left", "mission.completed"][row % 3].to_owned()))),
        ("time", Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))),
        ("sample_rate", Arc::new(Float64Array::from(vec![1.0; rows]))),
        ("anonymous_id", texts(&|row| (row % 3 != 1).then(|| format!("person-{}", row % 97)))),
        ("tags", texts(&|row| Some(format!("{{\"zone\":\"z{}\",\"level\":{row},\"in\":{{\"a\":[1,2]}}}}", row % 5)))),
        ("data_zoneType", texts(&|row| (row % 2 == 0).then(|| "arena".to_owned()))),
        ("data_xp", Arc::new(Int64Array::from(all(&|row| 9_007_199_254_740_993 + row as i64)))),
        ("data_won", Arc::new((0..rows).map(|row| Some(row % 2 == 0)).collect::<BooleanArray>())),
        (
            "data_cost",
            Arc::new(
                Decimal128Array::from_iter_values((0..rows).map(|row| -1_500_000_000 + row as i128))
                    .with_precision_and_scale(38, 9)
                    .unwrap(),
            ),
        ),
        ("extra", texts(&|row| (row == 0).then(|| "{\"note\":\"a, \\\"b\\\"\\nc\"}".to_owned()))),
        ("date", Arc::new(Date32Array::from(vec![20_467; rows]))),
    ];
    let fields = columns.iter().map(|(name, column)| {
        let nullable = !matches!(*name, "position" | "id" | "name" | "time" | "sample_rate");
        Field::new(*name, column.data_type().clone(), nullable)
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, column)| column).collect()).unwrap();
    assert_eq!(schema.field_with_name("tags").unwrap().data_type(), &DataType::Utf8);
    let size = 8_192;
    let batches = (0..rows).step_by(size).map(|from| batch.slice(from, size.min(rows - from))).collect();
    MemTable::try_new(schema, vec![batches]).unwrap()
}
