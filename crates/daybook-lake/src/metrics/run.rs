//! Running what was planned, and reading what comes out.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array, UInt64Array};
use datafusion::arrow::array::{Float64Array, StringArray, StringViewArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef, UInt32Type, UInt64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, ident};
use datafusion::prelude::{DataFrame, SessionContext};

use super::Definitions;
use super::error::MetricError;
use super::names::Names;

/// The table that is asked.
pub(crate) const EVENTS: &str = "events";

pub(crate) async fn events(session: &SessionContext) -> Result<DataFrame, MetricError> {
    Ok(session.table(EVENTS).await?)
}

pub(crate) async fn schema(session: &SessionContext) -> Result<SchemaRef, MetricError> {
    Ok(session.table_provider(EVENTS).await?.schema())
}

/// What people are active by: the events that a question names, or those of the catalog, as far as they have a person.
pub(crate) fn active(definitions: &Definitions, events: Option<&Names>) -> Expr {
    let person = ident("person").is_not_null();
    match events.or(definitions.active.as_ref()).and_then(Names::filter) {
        Some(filter) => person.and(filter),
        None => person,
    }
}

/// A batch, with its columns by place and type.
pub(crate) struct Rows<'b>(pub(crate) &'b RecordBatch);

impl Rows<'_> {
    pub(crate) fn len(&self) -> usize {
        self.0.num_rows()
    }

    pub(crate) fn integers(&self, column: usize) -> Result<&Int64Array> {
        self.column(column)?.as_primitive_opt::<Int64Type>().ok_or_else(|| self.unlike(column))
    }

    pub(crate) fn words(&self, column: usize) -> Result<&UInt64Array> {
        self.column(column)?.as_primitive_opt::<UInt64Type>().ok_or_else(|| self.unlike(column))
    }

    pub(crate) fn masks(&self, column: usize) -> Result<&UInt32Array> {
        self.column(column)?.as_primitive_opt::<UInt32Type>().ok_or_else(|| self.unlike(column))
    }

    pub(crate) fn numbers(&self, column: usize) -> Result<&Float64Array> {
        self.column(column)?.as_primitive_opt::<Float64Type>().ok_or_else(|| self.unlike(column))
    }

    /// A column of any type, as text.
    pub(crate) fn texts(&self, column: usize) -> Result<Texts> {
        let array = self.column(column)?;
        if let Some(views) = array.as_string_view_opt() {
            return Ok(Texts::Views(views.clone()));
        }
        let strings = cast(array, &DataType::Utf8)?;
        strings.as_string_opt::<i32>().map(|strings| Texts::Strings(strings.clone())).ok_or_else(|| self.unlike(column))
    }

    fn column(&self, column: usize) -> Result<&ArrayRef> {
        self.0.columns().get(column).ok_or_else(|| self.unlike(column))
    }

    fn unlike(&self, column: usize) -> DataFusionError {
        let schema = self.0.schema();
        DataFusionError::Internal(format!("a metric's column {column} is not what was asked for: {schema}"))
    }
}

/// Texts of a column.
pub(crate) enum Texts {
    Views(StringViewArray),
    Strings(StringArray),
}

impl Texts {
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Views(views) => views.is_valid(row).then(|| views.value(row)),
            Self::Strings(strings) => strings.is_valid(row).then(|| strings.value(row)),
        }
    }
}
