//! What is received and not committed yet: rows in memory, which every query sees beside the table's files.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::Date32Type;
use datafusion::arrow::error::ArrowError;
use daybook_event::Position;

use crate::columns::PARTITION_COLUMNS;
use crate::limits;

/// The rows of one table that wait.
#[derive(Debug, Default)]
pub(crate) struct Hot {
    batches: VecDeque<Waiting>,
    rows: usize,
    bytes: usize,
}

/// Rows that came together.
#[derive(Debug, Clone)]
struct Waiting {
    rows: RecordBatch,
    bytes: usize,
    /// The last position of them.
    last: Position,
    since: Instant,
}

impl Hot {
    /// Adds rows, of which `last` is the last position. `sealed` is the position up to which rows are being committed: what is
    /// added is not put together with those.
    pub(crate) fn push(&mut self, rows: RecordBatch, last: Position, sealed: Position) -> Result<(), ArrowError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let (mut rows, mut since) = (rows, Instant::now());
        // As in a binary counter, a batch is put together with those after it when they have become as many: each row is
        // copied a few times at most, and the batches are few.
        while let Some(before) = self.batches.pop_back_if(|before| {
            let (earlier, later) = (before.rows.num_rows(), rows.num_rows());
            before.last > sealed && earlier <= 2 * later && earlier + later <= limits::HOT_BATCH_ROWS
        }) {
            self.rows -= before.rows.num_rows();
            self.bytes -= before.bytes;
            rows = compact(&concat_batches(&rows.schema(), [&before.rows, &rows])?)?;
            since = before.since;
        }
        let bytes = rows.get_array_memory_size();
        self.rows += rows.num_rows();
        self.bytes += bytes;
        self.batches.push_back(Waiting { rows, bytes, last, since });
        Ok(())
    }

    /// The rows, in the order of their positions.
    pub(crate) fn rows(&self) -> Arc<[RecordBatch]> {
        self.batches.iter().map(|waiting| waiting.rows.clone()).collect()
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.rows
    }

    /// What they take in memory, about.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How long the oldest has been waiting.
    pub(crate) fn age(&self) -> Duration {
        self.batches.front().map(|oldest| oldest.since.elapsed()).unwrap_or_default()
    }

    /// Takes out the rows up to a position: they are in the table.
    pub(crate) fn committed(&mut self, through: Position) {
        while let Some(waiting) = self.batches.pop_front_if(|waiting| waiting.last <= through) {
            self.rows -= waiting.rows.num_rows();
            self.bytes -= waiting.bytes;
        }
    }

    /// Takes out the rows of a category on these days; how many there were.
    pub(crate) fn forget(&mut self, category: &str, days: &std::ops::Range<i32>) -> Result<usize, ArrowError> {
        let before = self.rows;
        let mut kept = VecDeque::new();
        for waiting in std::mem::take(&mut self.batches) {
            let keep = others(&waiting.rows, category, days);
            let rows =
                if keep.true_count() == keep.len() { waiting.rows } else { filter_record_batch(&waiting.rows, &keep)? };
            if rows.num_rows() > 0 {
                kept.push_back(Waiting { bytes: rows.get_array_memory_size(), rows, ..waiting });
            }
        }
        self.rows = kept.iter().map(|waiting| waiting.rows.num_rows()).sum();
        self.bytes = kept.iter().map(|waiting| waiting.bytes).sum();
        self.batches = kept;
        Ok(before - self.rows)
    }
}

/// The same rows, with the texts of each column in one piece.
fn compact(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().map(|column| match column.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()),
        None => Arc::clone(column),
    });
    RecordBatch::try_new(rows.schema(), columns.collect())
}

/// Which rows are not of a category on these days.
fn others(rows: &RecordBatch, category: &str, days: &std::ops::Range<i32>) -> BooleanArray {
    let [categories, dates] = PARTITION_COLUMNS.map(|column| rows.column_by_name(column));
    let categories = categories.and_then(|column| column.as_string_view_opt());
    let dates = dates.and_then(|column| column.as_primitive_opt::<Date32Type>());
    let (Some(categories), Some(dates)) = (categories, dates) else { return vec![true; rows.num_rows()].into() };
    let keep = categories.iter().zip(dates.values()).map(|(one, date)| one != Some(category) || !days.contains(date));
    keep.map(Some).collect()
}
