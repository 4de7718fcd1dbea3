//! Arrow IPC streams and Parquet files: batch by batch.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::{DataFusionError, Result};
use datafusion::parquet::arrow::ArrowWriter as FileWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::WriterProperties;

use super::{Column, cell};
use crate::query::limits;

/// Writes an Arrow IPC stream.
pub struct ArrowWriter {
    plain: Plain,
    stream: StreamWriter<Vec<u8>>,
}

impl ArrowWriter {
    /// A stream of these columns.
    ///
    /// # Errors
    /// When the schema cannot be written.
    pub fn new(columns: &[Column], schema: &Schema) -> Result<Self> {
        let plain = Plain::new(columns, schema);
        let stream = StreamWriter::try_new(Vec::new(), &plain.schema)?;
        Ok(Self { plain, stream })
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.stream.write(&self.plain.of(batch)?)?)
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        Ok(self.stream.finish()?)
    }

    /// Bytes that are ready.
    pub fn len(&self) -> usize {
        self.stream.get_ref().len()
    }

    /// Takes them.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.stream.get_mut())
    }
}

/// Writes a Parquet file.
pub struct ParquetWriter {
    plain: Plain,
    file: FileWriter<Vec<u8>>,
}

impl ParquetWriter {
    /// A file of these columns.
    ///
    /// # Errors
    /// When the schema cannot be written.
    pub fn new(columns: &[Column], schema: &Schema) -> Result<Self> {
        let plain = Plain::new(columns, schema);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(limits::ROW_GROUP_ROWS))
            .set_created_by("daybook".to_owned())
            .build();
        let file = FileWriter::try_new(Vec::new(), Arc::clone(&plain.schema), Some(properties)).map_err(failed)?;
        Ok(Self { plain, file })
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.file.write(&self.plain.of(batch)?).map_err(failed)?;
        if self.file.in_progress_size() > limits::ROW_GROUP_BYTES {
            self.file.flush().map_err(failed)?;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        self.file.finish().map(drop).map_err(failed)
    }

    /// Bytes that are ready.
    pub fn len(&self) -> usize {
        self.file.inner().len()
    }

    /// Takes them.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.file.inner_mut())
    }
}

/// It is not a file of the lake that is damaged, so it is not passed on as what it says it is.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: datafusion::parquet::errors::ParquetError) -> DataFusionError {
    DataFusionError::Internal(format!("the answer cannot be written as Parquet: {error}"))
}

/// Batches in the types that every reader of Arrow and Parquet knows.
struct Plain {
    schema: SchemaRef,
}

impl Plain {
    fn new(columns: &[Column], schema: &Schema) -> Self {
        let field = |(column, field): (&Column, &Arc<Field>)| {
            Field::new(&column.name, plain(field.data_type()), field.is_nullable())
        };
        Self { schema: Arc::new(Schema::new(columns.iter().zip(schema.fields()).map(field).collect::<Vec<_>>())) }
    }

    fn of(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let column = |(column, field): (&ArrayRef, &Arc<Field>)| match (column.data_type(), field.data_type()) {
            (from, to) if from == to => Ok(Arc::clone(column)),
            (DataType::Interval(_) | DataType::Duration(_) | DataType::Union(..), DataType::Utf8) => texts(column),
            (_, to) => Ok(cast(column, to)?),
        };
        let columns = batch.columns().iter().zip(self.schema.fields()).map(column).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// The type that a column gets.
fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8View | DataType::Interval(_) | DataType::Duration(_) | DataType::Union(..) => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, value) => plain(value),
        kind => kind.clone(),
    }
}

/// Values as texts, those of JSON as JSON but for texts.
fn texts(column: &ArrayRef) -> Result<ArrayRef> {
    let mut texts = StringBuilder::new();
    let mut written = Vec::new();
    for row in 0..column.len() {
        written.clear();
        cell::write(column, row, &mut written)?;
        match written.first() {
            Some(b'n') => texts.append_null(),
            Some(b'"') => texts.append_option(serde_json::from_slice::<String>(&written).ok()),
            _ => texts.append_value(String::from_utf8_lossy(&written)),
        }
    }
    Ok(Arc::new(texts.finish()))
}
