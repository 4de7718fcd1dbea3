//! How an answer is written.

mod cell;
mod columnar;
mod rows;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures_util::StreamExt;
use serde::Serialize;

use super::hide::Hide;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON document: columns, rows as objects, and whether there were more.
    #[default]
    Json,
    /// A JSON object a line.
    Ndjson,
    /// RFC 4180, with a header line. A null is nothing, an empty text is `""`.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    /// A Parquet file.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Json, Self::Ndjson, Self::Csv, Self::Arrow, Self::Parquet];

    /// Its name in requests and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Its media type without parameters, as in `Accept`.
    pub const fn essence(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            _ => self.media_type(),
        }
    }

    /// The format of a media type, without parameters.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.essence() == media_type)
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name, unlike that of any other column of the answer.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
}

impl Column {
    /// The columns of a schema. Where two have one name, the later ones get a number.
    pub fn all(schema: &Schema) -> Vec<Self> {
        let mut taken = HashSet::new();
        let mut unlike = |name: &str| {
            let mut names = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name}_{number}")));
            names.find(|name| taken.insert(name.clone())).unwrap_or_default()
        };
        let fields = schema.fields().iter();
        fields.map(|field| Self { name: unlike(field.name()), kind: name_of(field.data_type()) }).collect()
    }
}

/// What a type is called.
fn name_of(kind: &DataType) -> String {
    let name = match kind {
        DataType::Null => "null",
        DataType::Boolean => "boolean",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float16 => "float16",
        DataType::Float32 => "float32",
        DataType::Float64 => "float64",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => "binary",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Timestamp(..) => "timestamp",
        DataType::Duration(_) => "duration",
        DataType::Interval(_) => "interval",
        DataType::Struct(_) => "struct",
        DataType::Map(..) => "map",
        DataType::Union(..) => "json",
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => return format!("decimal({precision}, {scale})"),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => return format!("list of {}", name_of(item.data_type())),
        DataType::Dictionary(_, value) => return name_of(value),
        DataType::RunEndEncoded(_, value) => return name_of(value.data_type()),
    };
    name.to_owned()
}

/// Writes batches in a format.
pub(super) enum Writer {
    Rows(rows::RowWriter),
    Arrow(Box<columnar::ArrowWriter>),
    Parquet(Box<columnar::ParquetWriter>),
}

impl Writer {
    /// A writer that has written what stands before the first row.
    pub fn new(format: Format, schema: &SchemaRef) -> Result<Self> {
        let columns = Column::all(schema);
        Ok(match format {
            Format::Json => Self::Rows(rows::RowWriter::json(&columns)?),
            Format::Ndjson => Self::Rows(rows::RowWriter::ndjson(&columns)?),
            Format::Csv => Self::Rows(rows::RowWriter::csv(&columns)),
            Format::Arrow => Self::Arrow(Box::new(columnar::ArrowWriter::new(&columns, schema)?)),
            Format::Parquet => Self::Parquet(Box::new(columnar::ParquetWriter::new(&columns, schema)?)),
        })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::Rows(writer) => writer.write(batch),
            Self::Arrow(writer) => writer.write(batch),
            Self::Parquet(writer) => writer.write(batch),
        }
    }

    /// Writes what stands after the last row.
    pub fn finish(&mut self, truncated: bool) -> Result<()> {
        match self {
            Self::Rows(writer) => {
                writer.finish(truncated);
                Ok(())
            }
            Self::Arrow(writer) => writer.finish(),
            Self::Parquet(writer) => writer.finish(),
        }
    }

    /// How many bytes are ready.
    pub fn len(&self) -> usize {
        match self {
            Self::Rows(writer) => writer.len(),
            Self::Arrow(writer) => writer.len(),
            Self::Parquet(writer) => writer.len(),
        }
    }

    /// Takes what is ready.
    pub fn take(&mut self) -> Bytes {
        Bytes::from(match self {
            Self::Rows(writer) => writer.take(),
            Self::Arrow(writer) => writer.take(),
            Self::Parquet(writer) => writer.take(),
        })
    }
}

/// The rows of an explanation, without paths of the machine.
pub(super) fn shown(rows: SendableRecordBatchStream, hide: Arc<Hide>) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let shown = rows.map(move |batch| {
        let batch = batch?;
        let columns = batch.columns().iter().map(|column| show(column, &hide)).collect();
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, shown))
}

fn show(column: &ArrayRef, hide: &Hide) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string::<i32>().iter().map(|text| text.map(|text| hide.known(text)));
            Arc::new(texts.collect::<StringArray>())
        }
        _ => Arc::clone(column),
    }
}
