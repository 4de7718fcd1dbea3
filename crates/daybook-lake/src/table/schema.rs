//! The schema of a table as Delta keeps it, and what of it only Daybook knows.

use std::path::Path;

use datafusion::arrow::datatypes::{DataType as ArrowType, Schema, TimeUnit};
use deltalake::DeltaTableError;
use deltalake::kernel::{DataType, MetadataValue, StructField, StructType};

use crate::columns::{DECIMAL, DataField, PARTITION_COLUMNS, ValueKind};
use crate::error::LakeError;

/// Under this key a column of a data field keeps what events call the field.
const FIELD_KEY: &str = "daybook.field";
/// Under this key it keeps what it holds.
const KIND_KEY: &str = "daybook.kind";

/// The Delta schema of an Arrow schema whose data columns are `fields`.
pub(super) fn to_delta(schema: &Schema, fields: &[DataField]) -> Result<StructType, LakeError> {
    let columns = schema.fields().iter().map(|column| {
        let kind = match column.data_type() {
            ArrowType::Int64 => DataType::LONG,
            ArrowType::Float64 => DataType::DOUBLE,
            ArrowType::Boolean => DataType::BOOLEAN,
            ArrowType::Date32 => DataType::DATE,
            ArrowType::Timestamp(TimeUnit::Microsecond, Some(_)) => DataType::TIMESTAMP,
            ArrowType::Decimal128(..) => DataType::decimal(DECIMAL.0, DECIMAL.1.unsigned_abs()).map_err(kernel)?,
            // Texts; there is nothing else.
            _ => DataType::STRING,
        };
        let delta = StructField::new(column.name(), kind, column.is_nullable());
        Ok(match fields.iter().find(|field| field.column == *column.name()) {
            Some(field) => delta.with_metadata([(FIELD_KEY, field.field.as_str()), (KIND_KEY, field.kind.as_str())]),
            None => delta,
        })
    });
    let columns = columns.collect::<Result<Vec<_>, LakeError>>()?;
    StructType::try_new(columns).map_err(kernel)
}

/// The data columns of a table.
///
/// # Errors
/// [`LakeError::Foreign`] where the table is none of Daybook's.
pub(super) fn fields_of(root: &Path, schema: &StructType, partitions: &[String]) -> Result<Vec<DataField>, LakeError> {
    let foreign = |reason: String| LakeError::Foreign { path: root.to_owned(), reason };
    if *partitions != PARTITION_COLUMNS {
        return Err(foreign(format!("it is partitioned by {}", partitions.join(", "))));
    }
    let mut fields = Vec::new();
    for column in schema.fields() {
        let text = |key: &str| match column.metadata().get(key) {
            Some(MetadataValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        if let Some(field) = text(FIELD_KEY) {
            let kind = text(KIND_KEY).and_then(ValueKind::parse);
            let kind = kind.ok_or_else(|| foreign(format!("its column {} is of no known kind", column.name())))?;
            fields.push(DataField { field: field.to_owned(), column: column.name().clone(), kind });
        }
    }
    Ok(fields)
}

fn kernel(error: impl std::error::Error + Send + Sync + 'static) -> LakeError {
    LakeError::Delta(DeltaTableError::GenericError { source: Box::new(error) })
}
