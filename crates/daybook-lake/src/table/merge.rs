//! Many small files of a day into few large ones.
//!
//! Every commit makes a file for each day of each category, so the files of today are many and small. As soon as there are some
//! of about the same size they are merged, so that each row is written again a few times at most. A day to which nothing was
//! added for a while is merged into as few files as possible. Files are sorted, and merging them keeps nothing in memory but
//! a few rows of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::TaskContext;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::files::{DataFile, Files, Partition};
use super::scan::each_in_order;
use super::write::{Bounds, FileWriter};
use crate::columns::PARTITION_COLUMNS;
use crate::error::LakeError;
use crate::limits;

/// Rows are sorted by these columns, as far as a table has them.
const ORDER: [&str; 3] = ["name", "time", "position"];

/// Files of one day of one category that become fewer.
pub(crate) type Merge = Vec<Arc<DataFile>>;

/// What should be merged, the smallest first. `rest_ms` is how long nothing must have been added to a day for its last files to
/// be merged.
pub(crate) fn merges(files: &Files, now_ms: i64, rest_ms: i64) -> Vec<Merge> {
    let mut days: BTreeMap<&Partition, Merge> = BTreeMap::new();
    for file in files.iter().filter(|file| file.size_bytes < limits::FILE_BYTES_TARGET / 2) {
        days.entry(&file.partition).or_default().push(Arc::clone(file));
    }
    let mut found: Vec<Merge> = days.into_values().filter_map(|files| of_day(files, now_ms, rest_ms)).collect();
    found.sort_by_key(|files| files.iter().map(|file| file.size_bytes).sum::<u64>());
    found
}

/// Which of the small files of a day to merge.
fn of_day(mut files: Merge, now_ms: i64, rest_ms: i64) -> Option<Merge> {
    files.sort_by_key(|file| file.size_bytes);
    let rests = files.iter().all(|file| now_ms - file.modified_ms >= rest_ms);
    if !rests {
        // Each size is four times the one before.
        let mut sizes: BTreeMap<u32, Merge> = BTreeMap::new();
        for file in files {
            sizes.entry(file.size_bytes.max(1).ilog2() / 2).or_default().push(file);
        }
        files = sizes.into_values().find(|files| files.len() >= limits::MERGE_FILES)?;
    }
    files.truncate(limits::MERGE_FILES_MAX);
    (files.len() > 1).then_some(files)
}

/// Writes the rows of these files, which are of one day, into new ones.
///
/// # Errors
/// [`LakeError::MissingFile`] and [`LakeError::DamagedFile`] name the file.
pub(crate) async fn merge(
    root: &Path,
    schema: &SchemaRef,
    files: &[Arc<DataFile>],
) -> Result<Vec<DataFile>, LakeError> {
    let Some(partition) = files.first().map(|file| file.partition.clone()) else { return Ok(Vec::new()) };
    let plan = plan(root, schema, files)?;
    let context = Arc::new(TaskContext::default().with_session_config(config()));
    let mut rows = plan.execute(0, context)?;
    let (sender, receiver) = mpsc::channel(2);
    let written = {
        let (root, schema) = (root.to_owned(), plan.schema());
        tokio::task::spawn_blocking(move || write_all(&root, &partition, &schema, receiver))
    };
    let mut failed = None;
    while let Some(batch) = rows.next().await {
        let sent = match batch {
            Ok(batch) => sender.send(batch).await.is_ok(),
            Err(error) => {
                failed = Some(error);
                false
            }
        };
        // A writer that is gone has failed, and says why below.
        if !sent {
            break;
        }
    }
    drop(sender);
    let written = written.await.map_err(|_| LakeError::Closed)?;
    match failed {
        Some(error) => Err(error.into()),
        None => written,
    }
}

/// The rows of all files, sorted, without the columns that none of the files has.
fn plan(root: &Path, schema: &SchemaRef, files: &[Arc<DataFile>]) -> Result<Arc<dyn ExecutionPlan>, LakeError> {
    let mut there = BTreeSet::new();
    for file in files {
        there.extend(columns_of(root, file)?);
    }
    let kept = schema.fields().iter().enumerate().filter(|(_, field)| {
        let partition = PARTITION_COLUMNS.contains(&field.name().as_str());
        !partition && (!field.is_nullable() || there.contains(field.name().as_str()))
    });
    let kept: Vec<usize> = kept.map(|(index, _)| index).collect();
    let session = SessionContext::new_with_config(config());
    let source = each_in_order(root, schema, files, kept, &session.state())?;
    let source: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(source);
    let schema = source.schema();
    let order = ORDER.iter().filter_map(|name| {
        let column = Column::new(name, schema.index_of(name).ok()?);
        Some(PhysicalSortExpr::new(Arc::new(column), SortOptions::new(false, true)))
    });
    Ok(match LexOrdering::new(order.collect::<Vec<_>>()) {
        Some(order) => Arc::new(SortPreservingMergeExec::new(order, source)),
        None => source,
    })
}

fn config() -> SessionConfig {
    SessionConfig::new().with_target_partitions(1).with_batch_size(limits::MERGE_BATCH_ROWS)
}

/// The columns that a file has.
fn columns_of(root: &Path, file: &DataFile) -> Result<Vec<String>, LakeError> {
    let path = root.join(&file.path);
    let damaged = |reason: String| LakeError::DamagedFile { file: file.path.clone(), reason };
    let opened = File::open(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => LakeError::MissingFile { file: file.path.clone() },
        _ => damaged(error.to_string()),
    })?;
    let metadata = ArrowReaderMetadata::load(&opened, ArrowReaderOptions::new());
    let metadata = metadata.map_err(|error| damaged(error.to_string()))?;
    Ok(metadata.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// Writes rows as they come, into a new file whenever one is large enough. Blocks.
fn write_all(
    root: &Path,
    partition: &Partition,
    schema: &SchemaRef,
    mut rows: mpsc::Receiver<RecordBatch>,
) -> Result<Vec<DataFile>, LakeError> {
    let mut files = Vec::new();
    let mut current: Option<(FileWriter, Bounds)> = None;
    while let Some(batch) = rows.blocking_recv() {
        let (writer, bounds) = match &mut current {
            Some(current) => current,
            None => {
                current.insert((FileWriter::create(root, partition.clone(), Arc::clone(schema))?, Bounds::default()))
            }
        };
        writer.write(&batch)?;
        bounds.add(&batch);
        if writer.bytes() >= limits::FILE_BYTES_TARGET
            && let Some((writer, bounds)) = current.take()
        {
            files.push(writer.finish(&bounds)?);
        }
    }
    if let Some((writer, bounds)) = current {
        files.push(writer.finish(&bounds)?);
    }
    Ok(files)
}
