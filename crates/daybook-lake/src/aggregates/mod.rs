//! Aggregates: the numbers that an app's `aggregates.yaml` declares, computed of one period at a time.
//!
//! Here is arithmetic of periods and the asking of the lake, and nothing of when to do so, nor of where the numbers go.

pub mod limits;
mod period;
mod statement;

use std::collections::HashSet;

use datafusion::prelude::SessionContext;
use daybook_catalog::AppCatalog;
use daybook_catalog::aggregates::Spec;
use daybook_event::Position;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Snapshot;
use crate::query::{Engine, Fault, Format, QueryError, Question};

pub use period::{Span, date_of, microseconds_of};
pub use statement::statement;

/// An app's tables as they are at one moment, to compute several periods of.
#[derive(Clone)]
pub struct Tables {
    /// Everything up to here is in them.
    pub as_of: Position,
    session: SessionContext,
}

impl Tables {
    /// Those of a snapshot.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub fn of(engine: &Engine, snapshot: &Snapshot) -> Result<Self, ComputeError> {
        Ok(Self { as_of: snapshot.as_of, session: engine.session(snapshot)? })
    }
}

/// The numbers of one set of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What the numbers are of: all dimensions that the aggregate declares.
    pub dimensions: Map<String, Value>,
    /// The numbers, by name.
    pub metrics: Map<String, Value>,
}

/// An aggregate could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComputeError {
    /// The lake did not answer.
    #[error("{0}")]
    Query(QueryError),
    /// The answer cannot be read, which would be a mistake of this program.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
    /// The answer has more rows than are kept.
    #[error("more than {} rows in one period", limits::ROWS_MAX)]
    TooManyRows,
    /// A dimension is no column of the answer.
    #[error("the answer has no column {0}, which is a dimension")]
    NoDimension(String),
    /// The answer has no columns beside the dimensions.
    #[error("the answer has no numbers")]
    NoMetrics,
    /// Two rows are of the same.
    #[error("the answer has two rows with the same dimensions")]
    Twice,
}

impl ComputeError {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Query(error) => error.code(),
            Self::Answer(_) => "aggregate.answer",
            Self::TooManyRows => "aggregate.too-many-rows",
            Self::NoDimension(_) => "aggregate.no-dimension",
            Self::NoMetrics => "aggregate.no-metrics",
            Self::Twice => "aggregate.twice",
        }
    }
}

impl ComputeError {
    /// Whether it is nobody's fault, and over in a moment.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Query(error) if error.fault == Fault::Busy)
    }
}

impl From<QueryError> for ComputeError {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

/// Computes an aggregate for one period, as of `today`: what is not over then may be null.
///
/// # Errors
/// [`ComputeError`].
pub async fn compute(
    engine: &Engine,
    tables: &Tables,
    app: &AppCatalog,
    spec: &Spec,
    span: Span,
    today: Date,
) -> Result<Vec<Row>, ComputeError> {
    let answer = ask(engine, tables, statement(app, spec, span, today)).await?;
    if answer.truncated {
        return Err(ComputeError::TooManyRows);
    }
    let is_dimension = |name: &str| spec.dimensions.iter().any(|dimension| dimension == name);
    for dimension in &spec.dimensions {
        if !answer.columns.iter().any(|column| column.name == *dimension) {
            return Err(ComputeError::NoDimension(dimension.clone()));
        }
    }
    if answer.columns.iter().all(|column| is_dimension(&column.name)) {
        return Err(ComputeError::NoMetrics);
    }
    let mut seen = HashSet::new();
    let mut rows = Vec::with_capacity(answer.rows.len());
    for row in answer.rows {
        let (dimensions, metrics): (Map<_, _>, Map<_, _>) = row.into_iter().partition(|(name, _)| is_dimension(name));
        if !seen.insert(canonical(&dimensions)) {
            return Err(ComputeError::Twice);
        }
        rows.push(Row { dimensions, metrics });
    }
    Ok(rows)
}

/// The first day of which there is an event.
///
/// # Errors
/// [`ComputeError`].
pub async fn first_day(engine: &Engine, tables: &Tables) -> Result<Option<Date>, ComputeError> {
    let answer = ask(engine, tables, "SELECT min(date) AS day FROM events".to_owned()).await?;
    Ok(answer.rows.first().and_then(|row| row.get("day")).and_then(day))
}

/// The days of which events came after this position, each with the position of the last that did.
///
/// # Errors
/// [`ComputeError`].
pub async fn days_since(
    engine: &Engine,
    tables: &Tables,
    after: Position,
) -> Result<Vec<(Date, Position)>, ComputeError> {
    let sql = format!("SELECT date AS day, max(position) AS last FROM events WHERE position > {after} GROUP BY date");
    let answer = ask(engine, tables, sql).await?;
    let read = |row: &Map<String, Value>| Some((day(row.get("day")?)?, row.get("last")?.as_u64()?));
    Ok(answer.rows.iter().filter_map(read).collect())
}

/// An object's one text: its members by name, at every depth, and no spaces.
#[must_use]
pub fn canonical(object: &Map<String, Value>) -> String {
    let mut object = Value::Object(object.clone());
    object.sort_all_objects();
    object.to_string()
}

/// An answer as [`Format::Json`] writes it.
#[derive(Deserialize)]
struct Answer {
    columns: Vec<Column>,
    rows: Vec<Map<String, Value>>,
    truncated: bool,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

async fn ask(engine: &Engine, tables: &Tables, sql: String) -> Result<Answer, ComputeError> {
    let question =
        Question { limit: Some(limits::ROWS_MAX), time_limit: Some(limits::TIME), ..Question::new(sql, Format::Json) };
    // Boxed: what plans a query is large.
    let bytes = Box::pin(engine.ask(tables.session.clone(), question)).await?.bytes().await?;
    serde_json::from_slice(&bytes).map_err(|error| ComputeError::Answer(error.to_string()))
}

fn day(value: &Value) -> Option<Date> {
    value.as_str()?.parse().ok()
}
