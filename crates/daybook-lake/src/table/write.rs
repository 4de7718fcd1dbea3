//! Rows into files: a file for each day of a category, its rows sorted by name and time.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch, StringViewArray, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{Date32Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use datafusion::parquet::schema::types::ColumnPath;
use uuid::Uuid;

use super::files::{DataFile, Partition};
use crate::columns::PARTITION_COLUMNS;
use crate::error::LakeError;
use crate::limits;

/// Columns whose values grow from row to row, or nearly.
const GROWING: [&str; 3] = ["position", "time", "received"];
/// Columns in which no value comes twice.
const UNIQUE: [&str; 1] = ["id"];
/// Columns in which single values are looked up: of whom, of what piece of work, and which event. Their values are random, so
/// least and greatest say nothing; a Bloom filter for each group of rows says where they are not.
const LOOKED_UP: [&str; 3] = ["id", "person", "correlation"];
/// Columns by which pages are left out.
const SOUGHT: [&str; 4] = ["position", "name", "time", "person"];

/// Writes rows into new files in a table's directory, and makes them durable. Blocks.
///
/// # Errors
/// [`LakeError`]. Files that were written are of no table then, and go with the next vacuum.
pub(crate) fn write(root: &Path, schema: &SchemaRef, rows: &[RecordBatch]) -> Result<Vec<DataFile>, LakeError> {
    let rows = concat_batches(schema, rows)?;
    let mut files = Vec::new();
    for (partition, indices) in sorted(&rows) {
        let rows = take_record_batch(&rows, &UInt32Array::from(indices))?;
        let bounds = Bounds::of(&rows);
        let rows = without_nulls(&rows)?;
        let mut writer = FileWriter::create(root, partition, rows.schema())?;
        writer.write(&rows)?;
        files.push(writer.finish(&bounds)?);
    }
    Ok(files)
}

/// The rows of each day of a category, sorted.
fn sorted(rows: &RecordBatch) -> Vec<(Partition, Vec<u32>)> {
    let text = |name: &str| rows.column_by_name(name).and_then(|column| column.as_string_view_opt());
    let dates = rows.column_by_name(PARTITION_COLUMNS[1]).and_then(|column| column.as_primitive_opt::<Date32Type>());
    let (Some(categories), Some(dates)) = (text(PARTITION_COLUMNS[0]), dates) else { return Vec::new() };
    let mut found: HashMap<(&str, i32), Vec<u32>> = HashMap::new();
    for (row, (category, date)) in (0u32..).zip(categories.iter().zip(dates.values())) {
        found.entry((category.unwrap_or_default(), *date)).or_default().push(row);
    }
    let ranks = text("name").map(ranks).unwrap_or_default();
    let times = rows.column_by_name("time").and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    // Rows come in the order of their positions, and a stable sort leaves it where name and time are the same.
    let key = |row: &u32| {
        let row = *row as usize;
        (ranks.get(row).copied(), times.map(|times| times.value(row)))
    };
    let mut found: Vec<(Partition, Vec<u32>)> = found
        .into_iter()
        .map(|((category, date), mut rows)| {
            rows.sort_by_key(key);
            (Partition { category: category.into(), date }, rows)
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// For each text, its place among all of them in their order.
fn ranks(names: &StringViewArray) -> Vec<u32> {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let codes: Vec<u32> = names
        .iter()
        .map(|name| {
            let next = known.len() as u32;
            *known.entry(name.unwrap_or_default()).or_insert(next)
        })
        .collect();
    let mut order: Vec<(&str, u32)> = known.into_iter().collect();
    order.sort_unstable();
    let mut rank_of = vec![0; order.len()];
    for (rank, (_, code)) in (0u32..).zip(order) {
        if let Some(place) = rank_of.get_mut(code as usize) {
            *place = rank;
        }
    }
    codes.into_iter().map(|code| rank_of.get(code as usize).copied().unwrap_or_default()).collect()
}

/// The rows without the columns in which there is nothing, and without those of the partition: most fields belong to few event
/// types, and a column that a file does not have reads as null.
fn without_nulls(rows: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let schema = rows.schema();
    let kept = schema.fields().iter().zip(rows.columns()).enumerate().filter(|(_, (field, column))| {
        let partition = PARTITION_COLUMNS.contains(&field.name().as_str());
        !partition && (!field.is_nullable() || column.null_count() < column.len())
    });
    let kept: Vec<usize> = kept.map(|(index, _)| index).collect();
    Ok(rows.project(&kept)?)
}

/// What a file's entry in the log says of its rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Bounds {
    positions: Option<(i64, i64)>,
    times: Option<(i64, i64)>,
    names: Option<(String, String)>,
}

impl Bounds {
    /// Those of rows.
    pub(super) fn of(rows: &RecordBatch) -> Self {
        let positions = rows.column_by_name("position").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let times =
            rows.column_by_name("time").and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let names = rows.column_by_name("name").and_then(|column| column.as_string_view_opt());
        let range = |values: &[i64]| Some((*values.iter().min()?, *values.iter().max()?));
        Self {
            positions: positions.and_then(|column| range(column.values())),
            times: times.and_then(|column| range(column.values())),
            names: names.and_then(|column| {
                let (low, high) = (column.iter().flatten().min()?, column.iter().flatten().max()?);
                Some((low.to_owned(), high.to_owned()))
            }),
        }
    }

    /// Widens them to those of more rows.
    pub(super) fn add(&mut self, rows: &RecordBatch) {
        let more = Self::of(rows);
        let wider = |one: Option<(i64, i64)>, other: Option<(i64, i64)>| match (one, other) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        self.positions = wider(self.positions, more.positions);
        self.times = wider(self.times, more.times);
        self.names = match (self.names.take(), more.names) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
    }
}

/// A file that is being written.
pub(super) struct FileWriter {
    writer: ArrowWriter<File>,
    root: std::path::PathBuf,
    path: String,
    partition: Partition,
    rows: u64,
}

impl FileWriter {
    /// Begins a file of rows of this schema, which has no partition columns.
    pub(super) fn create(root: &Path, partition: Partition, schema: SchemaRef) -> Result<Self, LakeError> {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
        // What the partition is stands in the log. The name is for people, and for tools that only read files.
        let category: String = partition.category.chars().map(plain).collect();
        let [category_column, date_column] = PARTITION_COLUMNS;
        let day = format!("{category_column}={category}/{date_column}={}", partition.date_text());
        let path = format!("{day}/{}.parquet", Uuid::new_v4().simple());
        let directory = root.join(&day);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| LakeError::Directory { path, source }
        };
        std::fs::create_dir_all(&directory).map_err(failed(&directory))?;
        let file = root.join(&path);
        let file = File::create_new(&file).map_err(failed(&file))?;
        let options = ArrowWriterOptions::new()
            .with_properties(properties()?)
            // The types of the file's own schema are enough, and every tool knows them.
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, schema, options)?;
        Ok(Self { writer, root: root.to_owned(), path, partition, rows: 0 })
    }

    /// Adds rows.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        self.rows += rows.num_rows() as u64;
        Ok(self.writer.write(rows)?)
    }

    /// Bytes that are written, and that wait to be.
    pub(super) fn bytes(&self) -> u64 {
        (self.writer.bytes_written() + self.writer.in_progress_size()) as u64
    }

    /// Ends the file and makes it durable.
    pub(super) fn finish(self, bounds: &Bounds) -> Result<DataFile, LakeError> {
        let path = self.root.join(&self.path);
        let failed = |source| LakeError::Directory { path: path.clone(), source };
        let file = self.writer.into_inner()?;
        file.sync_all().map_err(failed)?;
        let size_bytes = file.metadata().map_err(failed)?.len();
        // Its name, too, and those of the directories that may be new.
        for directory in path.ancestors().skip(1).take(3) {
            File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
        }
        Ok(DataFile {
            path: self.path,
            partition: self.partition,
            size_bytes,
            rows: self.rows,
            modified_ms: crate::now_us() / 1_000,
            positions: bounds.positions,
            times: bounds.times,
            names: bounds.names.clone(),
        })
    }
}

fn properties() -> Result<WriterProperties, LakeError> {
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("daybook".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(limits::ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in GROWING {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_encoding(ColumnPath::from(column), Encoding::DELTA_BINARY_PACKED);
    }
    for column in UNIQUE {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    for column in LOOKED_UP {
        // Made for as many values as a group has rows, and folded to what those that came need.
        properties = properties.set_column_bloom_filter_fpp(ColumnPath::from(column), limits::FILTER_FALSE_POSITIVES);
    }
    for column in SOUGHT {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Page);
    }
    Ok(properties.build())
}

/// The schema of files without their partition's columns.
pub(super) fn file_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().filter(|field| !PARTITION_COLUMNS.contains(&field.name().as_str()));
    Arc::new(datafusion::arrow::datatypes::Schema::new(fields.cloned().collect::<Vec<_>>()))
}
