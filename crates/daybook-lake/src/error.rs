//! What can go wrong with the lake.

use std::path::PathBuf;

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use deltalake::DeltaTableError;

/// The lake could not do something. Its texts name files of the lake, no person and no value of an event.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Another process, or another part of this one, has the lake open.
    #[error("the lake in {} is open elsewhere", directory.display())]
    InUse {
        /// The app's directory.
        directory: PathBuf,
    },
    /// A directory could not be made, read or deleted.
    #[error("the lake's directory {}: {source}", path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is in the directory is a Delta table, but not one that Daybook made.
    #[error("the table in {} was not made by Daybook: {reason}", path.display())]
    Foreign {
        /// The table's directory.
        path: PathBuf,
        /// How that shows.
        reason: String,
    },
    /// The table's log is no longer where it was: its directory was deleted, or replaced by another.
    #[error("the table in {} is gone", path.display())]
    Gone {
        /// The table's directory.
        path: PathBuf,
    },
    /// Somebody else wrote to the table.
    #[error("the table in {} was written to by somebody else", path.display())]
    Conflict {
        /// The table's directory.
        path: PathBuf,
    },
    /// A Parquet file of a table is not there, though its log names it.
    #[error("a file of the lake is missing: {file}")]
    MissingFile {
        /// The file, within its table.
        file: String,
    },
    /// A file is not what it was written as.
    #[error("a file of the lake is damaged: {file}: {reason}")]
    DamagedFile {
        /// The file, within its table.
        file: String,
        /// How that shows.
        reason: String,
    },
    /// The table's log.
    #[error("the lake's table: {0}")]
    Delta(#[from] DeltaTableError),
    /// Writing or reading rows.
    #[error("the lake's rows: {0}")]
    Arrow(#[from] ArrowError),
    /// Writing a file.
    #[error("the lake's files: {0}")]
    Parquet(#[from] ParquetError),
    /// Reading files.
    #[error("reading the lake: {0}")]
    DataFusion(#[from] Box<DataFusionError>),
    /// The lake was closed.
    #[error("the lake is closed")]
    Closed,
}

impl From<DataFusionError> for LakeError {
    fn from(error: DataFusionError) -> Self {
        Self::DataFusion(Box::new(error))
    }
}

impl LakeError {
    /// Stable, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "lake.in-use",
            Self::Directory { .. } => "lake.directory",
            Self::Foreign { .. } => "lake.foreign",
            Self::Gone { .. } => "lake.gone",
            Self::Conflict { .. } => "lake.conflict",
            Self::MissingFile { .. } => "lake.missing-file",
            Self::DamagedFile { .. } => "lake.damaged-file",
            Self::Delta(_) => "lake.table",
            Self::Arrow(_) => "lake.rows",
            Self::Parquet(_) => "lake.files",
            Self::DataFusion(_) => "lake.reading",
            Self::Closed => "lake.closed",
        }
    }
}
