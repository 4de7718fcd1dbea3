//! Reading a table: its files, and what waits to be in them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
    UInt64Array,
};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, DFSchema, DataFusionError, Result, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path as StorePath;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;

use super::files::{DataFile, Files};
use super::write::file_schema;
use crate::columns::partition_fields;

/// A table as it was at one moment. It stays so, whatever is committed meanwhile.
#[derive(Debug)]
pub(crate) struct Scan {
    root: PathBuf,
    schema: SchemaRef,
    files: Files,
    hot: Arc<[RecordBatch]>,
}

impl Scan {
    pub(crate) fn new(root: &Path, schema: &SchemaRef, files: Files, hot: Arc<[RecordBatch]>) -> Self {
        Self { root: root.to_owned(), schema: Arc::clone(schema), files, hot }
    }

    /// The files that may hold rows for which the filters are true.
    fn needed(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Arc<DataFile>>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(self.files.to_vec()) };
        let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
        let filter = state.create_physical_expr(filter, &schema)?;
        // A filter that bounds cannot be held against leaves every file in.
        let Ok(predicate) = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema)).try_build(filter)
        else {
            return Ok(self.files.to_vec());
        };
        let needed = predicate.prune(&Bounds(&self.files))?;
        Ok(self.files.iter().zip(needed).filter(|(_, needed)| *needed).map(|(file, _)| Arc::clone(file)).collect())
    }

    fn group(&self, files: &[Arc<DataFile>]) -> Result<FileGroup> {
        let files = files.iter().map(|file| partitioned(&self.root, &self.schema, file));
        Ok(FileGroup::new(files.collect::<Result<_>>()?))
    }
}

#[async_trait]
impl TableProvider for Scan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // They choose files and groups of rows; of what is read, each row is looked at again.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        let files = self.needed(state, filters)?;
        if !files.is_empty() {
            let groups = spread(&files, state.config().target_partitions());
            let groups = groups.into_iter().map(|group| self.group(&group)).collect::<Result<_>>()?;
            let source = source(&self.schema, state)?;
            let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
                .with_file_groups(groups)
                .with_statistics(statistics(&self.schema, &files))
                .with_projection_indices(projection.cloned())?
                .with_limit(limit)
                .build();
            inputs.push(DataSourceExec::from_data_source(config));
        }
        if !self.hot.is_empty() {
            let rows = [self.hot.to_vec()];
            inputs.push(MemorySourceConfig::try_new_exec(&rows, self.schema(), projection.cloned())?);
        }
        if inputs.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => self.schema(),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        UnionExec::try_new(inputs)
    }
}

/// These columns of the rows of each file, in the order in which they are.
pub(super) fn each_in_order(
    root: &Path,
    schema: &SchemaRef,
    files: &[Arc<DataFile>],
    columns: Vec<usize>,
    state: &dyn Session,
) -> Result<FileScanConfig> {
    let groups = files.iter().map(|file| Ok(FileGroup::new(vec![partitioned(root, schema, file)?])));
    Ok(FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source(schema, state)?))
        .with_file_groups(groups.collect::<Result<_>>()?)
        .with_projection_indices(Some(columns))?
        .with_preserve_order(true)
        .build())
}

/// How files are read: as the session wants it, with what is known of them kept between queries.
fn source(schema: &SchemaRef, state: &dyn Session) -> Result<ParquetSource> {
    let partitions = partition_fields().map(Arc::new).to_vec();
    let schema = TableSchema::builder(file_schema(schema)).with_table_partition_cols(partitions).build();
    let runtime = state.runtime_env();
    let store = runtime.object_store(ObjectStoreUrl::local_filesystem())?;
    let readers = CachedParquetFileReaderFactory::new(store, runtime.cache_manager.get_file_metadata_cache());
    Ok(ParquetSource::new(schema)
        .with_table_parquet_options(state.default_table_options().parquet)
        .with_parquet_file_reader_factory(Arc::new(readers)))
}

/// A file as a part of a plan, which holds on to it: what a query still reads is not deleted.
fn partitioned(root: &Path, schema: &SchemaRef, file: &Arc<DataFile>) -> Result<PartitionedFile> {
    let location = StorePath::from_absolute_path(root.join(&file.path))
        .map_err(|error| DataFusionError::ObjectStore(Box::new(error.into())))?;
    let (last_modified, size) = (Default::default(), file.size_bytes);
    let meta = ObjectMeta { location, last_modified, size, e_tag: None, version: None };
    let values = vec![category(file), ScalarValue::Date32(Some(file.partition.date))];
    Ok(PartitionedFile::new_from_meta(meta)
        .with_partition_values(values)
        .with_statistics(Arc::new(statistics(schema, std::slice::from_ref(file))))
        .with_extension(Arc::clone(file)))
}

fn category(file: &DataFile) -> ScalarValue {
    ScalarValue::Utf8View(Some(file.partition.category.to_string()))
}

/// Files in so many groups, each of about as many bytes.
fn spread(files: &[Arc<DataFile>], groups: usize) -> Vec<Vec<Arc<DataFile>>> {
    let mut files: Vec<_> = files.iter().collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.size_bytes));
    let mut found: Vec<(u64, Vec<Arc<DataFile>>)> = vec![(0, Vec::new()); groups.clamp(1, files.len().max(1))];
    for file in files {
        if let Some((bytes, group)) = found.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            *bytes += file.size_bytes;
            group.push(Arc::clone(file));
        }
    }
    found.into_iter().map(|(_, group)| group).collect()
}

/// What is known of the rows of files without reading them.
fn statistics(schema: &SchemaRef, files: &[Arc<DataFile>]) -> Statistics {
    let mut statistics = Statistics::new_unknown(schema);
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    statistics.num_rows = Precision::Exact(usize::try_from(rows).unwrap_or(usize::MAX));
    let utc = || Some(Arc::from("UTC"));
    let bounds = |of: &dyn Fn(&DataFile) -> Option<(ScalarValue, ScalarValue)>| {
        let all = files.iter().map(|file| of(file)).collect::<Option<Vec<_>>>()?;
        all.into_iter().reduce(|(low, high), (lower, higher)| {
            (if lower < low { lower } else { low }, if higher > high { higher } else { high })
        })
    };
    for (column, known) in schema.fields().iter().zip(&mut statistics.column_statistics) {
        let found = match column.name().as_str() {
            "category" => bounds(&|file| Some((category(file), category(file)))),
            "date" => bounds(&|file| Some((date(file), date(file)))),
            "position" => bounds(&|file| file.positions.map(|(low, high)| (low.into(), high.into()))),
            "time" => bounds(&|file| {
                let time = |time| ScalarValue::TimestampMicrosecond(Some(time), utc());
                file.times.map(|(low, high)| (time(low), time(high)))
            }),
            "name" => bounds(&|file| {
                let text = |text: &String| ScalarValue::Utf8View(Some(text.clone()));
                file.names.as_ref().map(|(low, high)| (text(low), text(high)))
            }),
            _ => None,
        };
        if let Some((low, high)) = found {
            known.null_count = Precision::Exact(0);
            known.min_value = Precision::Exact(low);
            known.max_value = Precision::Exact(high);
        }
    }
    statistics
}

fn date(file: &DataFile) -> ScalarValue {
    ScalarValue::Date32(Some(file.partition.date))
}

/// What a filter is held against: the bounds of each file.
struct Bounds<'f>(&'f [Arc<DataFile>]);

impl Bounds<'_> {
    /// The lower or the upper bounds of a column.
    fn of(&self, column: &Column, upper: bool) -> Option<ArrayRef> {
        let pick = |(low, high): (i64, i64)| if upper { high } else { low };
        let files = self.0.iter();
        Some(match column.name() {
            "category" => Arc::new(files.map(|file| Some(&*file.partition.category)).collect::<StringViewArray>()),
            "date" => Arc::new(files.map(|file| Some(file.partition.date)).collect::<Date32Array>()),
            "position" => Arc::new(files.map(|file| file.positions.map(pick)).collect::<Int64Array>()),
            "time" => {
                let times = files.map(|file| file.times.map(pick)).collect::<TimestampMicrosecondArray>();
                Arc::new(times.with_timezone("UTC"))
            }
            "name" => {
                let names = files.map(|file| file.names.as_ref().map(|(low, high)| if upper { high } else { low }));
                Arc::new(names.collect::<StringViewArray>())
            }
            _ => return None,
        })
    }
}

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(column, true)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.0.iter().map(|file| Some(file.rows)).collect::<UInt64Array>()))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
