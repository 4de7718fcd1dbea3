//! JSON, NDJSON and CSV: row by row.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};

use super::{Column, cell};

/// Writes rows.
pub struct RowWriter {
    form: Form,
    /// Names as JSON, with the sign before and the colon after each.
    names: Vec<Vec<u8>>,
    out: Vec<u8>,
    /// Whether a row was written already.
    begun: bool,
    cell: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Ndjson,
    Csv,
}

impl RowWriter {
    /// One document.
    ///
    /// # Errors
    /// When the columns cannot be written.
    pub fn json(columns: &[Column]) -> Result<Self> {
        let mut writer = Self::new(Form::Json, columns)?;
        writer.out.extend_from_slice(b"{\"columns\":");
        writer.out.extend_from_slice(&json(columns)?);
        writer.out.extend_from_slice(b",\"rows\":[");
        Ok(writer)
    }

    /// A document a line.
    ///
    /// # Errors
    /// When the columns cannot be written.
    pub fn ndjson(columns: &[Column]) -> Result<Self> {
        Self::new(Form::Ndjson, columns)
    }

    /// Lines of values, the first of names.
    pub fn csv(columns: &[Column]) -> Self {
        let mut out = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            quoted(column.name.as_bytes(), &mut out);
        }
        out.extend_from_slice(b"\r\n");
        Self { form: Form::Csv, names: Vec::new(), out, begun: false, cell: Vec::new() }
    }

    fn new(form: Form, columns: &[Column]) -> Result<Self> {
        let name = |(index, column): (usize, &Column)| {
            let mut name = vec![if index == 0 { b'{' } else { b',' }];
            name.extend_from_slice(&json(&column.name)?);
            name.push(b':');
            Ok(name)
        };
        let names = columns.iter().enumerate().map(name).collect::<Result<_>>()?;
        Ok(Self { form, names, out: Vec::new(), begun: false, cell: Vec::new() })
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    /// For what no answer holds.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            if self.form == Form::Csv {
                self.line(&columns, row)?;
                continue;
            }
            if self.begun && self.form == Form::Json {
                self.out.push(b',');
            }
            self.begun = true;
            for (column, name) in columns.iter().zip(&self.names) {
                self.out.extend_from_slice(name);
                cell::write(column, row, &mut self.out)?;
            }
            self.out.extend_from_slice(if columns.is_empty() { b"{}" } else { b"}" });
            if self.form == Form::Ndjson {
                self.out.push(b'\n');
            }
        }
        Ok(())
    }

    fn line(&mut self, columns: &[ArrayRef], row: usize) -> Result<()> {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            if column.is_null(row) {
                continue;
            }
            self.cell.clear();
            cell::write(column, row, &mut self.cell)?;
            match self.cell.first() {
                // A null that only the value itself knows of.
                Some(b'n') => {}
                Some(b'"') => {
                    let text: String = serde_json::from_slice(&self.cell).map_err(|error| {
                        DataFusionError::Internal(format!("a value was written that cannot be read: {error}"))
                    })?;
                    quoted(text.as_bytes(), &mut self.out);
                }
                _ => quoted(&self.cell, &mut self.out),
            }
        }
        self.out.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// Ends the document.
    pub fn finish(&mut self, truncated: bool) {
        if self.form == Form::Json {
            let end = if truncated { "],\"truncated\":true}\n" } else { "],\"truncated\":false}\n" };
            self.out.extend_from_slice(end.as_bytes());
        }
    }

    /// Bytes that are ready.
    pub const fn len(&self) -> usize {
        self.out.len()
    }

    /// Takes them.
    pub fn take(&mut self) -> Vec<u8> {
        let next = Vec::with_capacity(self.out.len() + self.out.len() / 8);
        std::mem::replace(&mut self.out, next)
    }
}

/// A column without a dictionary, which would be looked up for every value.
fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Dictionary(_, value) => Ok(cast(column, value)?),
        _ => Ok(Arc::clone(column)),
    }
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| DataFusionError::External(Box::new(error)))
}

/// A value of CSV; in quotes where it is empty, or holds what would end it.
fn quoted(text: &[u8], out: &mut Vec<u8>) {
    let plain = !text.is_empty()
        && !text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'))
        && !text.first().is_some_and(u8::is_ascii_whitespace)
        && !text.last().is_some_and(u8::is_ascii_whitespace);
    if plain {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
