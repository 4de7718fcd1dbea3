//! What can go wrong, per operation.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daybook_event::Position;

use crate::record::Clash;

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by {}", directory.display(), pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")))]
    Locked {
        /// The log's directory.
        directory: PathBuf,
        /// The other process, where it could be told.
        pid: Option<u32>,
    },
    /// Something that had been durable is not as it was written.
    #[error("{} is damaged at byte {offset}: {what}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// The file was written by a later version of Daybook.
    #[error("{} has format version {version}, which this Daybook does not know", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Its version.
        version: u16,
    },
    /// An option is out of range.
    #[error("log option {option}: {problem}")]
    Options {
        /// The option's name.
        option: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The disk refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file or directory.
        file: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
}

impl OpenError {
    /// For `map_err`.
    pub(crate) fn io(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Io { file, source }
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged { file, offset, what } => Self::Damaged { file, offset, what },
            ReadError::Version { file, version } => Self::Version { file, version },
            ReadError::Io { file, source } => Self::Io { file, source },
        }
    }
}

/// Why something cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not as it was written.
    #[error("{} is damaged at byte {offset}: {what}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// The file was written by a later version of Daybook.
    #[error("{} has format version {version}, which this Daybook does not know", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Its version.
        version: u16,
    },
    /// The disk refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
}

impl ReadError {
    /// For `map_err`.
    pub(crate) fn io(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Io { file, source }
    }
}

/// Why records cannot be found by their terms.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The log was opened without saying which terms records have.
    #[error("the log has no term index")]
    NoIndex,
    /// The query has more terms than one may have.
    #[error("{terms} terms are more than one query may have")]
    TooMany {
        /// How many it has.
        terms: usize,
    },
    /// The position is behind the last durable record.
    #[error("position {position} is behind the log's head, {head}")]
    Ahead {
        /// The position.
        position: Position,
        /// The head.
        head: Position,
    },
    /// The term index does not cover yet what was asked about. It is being made; later it will work.
    #[error("the term index is being made from the log")]
    Incomplete,
}

/// Why a condition cannot be relied on.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A record stands against it.
    #[error("the record at position {position} stands against the condition")]
    Condition {
        /// The first such record.
        position: Position,
    },
    /// It cannot be looked at.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why closed segments were not all compacted. Those that were stay so.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// Another compaction is running.
    #[error("the log is being compacted already")]
    Running,
    /// A segment is not as it was written. It was left as it is; the others were compacted.
    #[error("{} is damaged at byte {offset}: {what}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// The file was written by a later version of Daybook.
    #[error("{} has format version {version}, which this Daybook does not know", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Its version.
        version: u16,
    },
    /// The new file has no room beside the old one, which stays.
    #[error("no space left for {}", file.display())]
    NoSpace {
        /// The new file.
        file: PathBuf,
    },
    /// The disk refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file or directory.
        file: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// A write or a sync of the log failed; nothing of it is changed until it is opened again.
    #[error("the log takes no more writes until it is opened again: {0}")]
    Poisoned(String),
    /// The log is closed.
    #[error("the log is closed")]
    Closed,
}

impl CompactError {
    /// For `map_err`, of what was to be written.
    pub(crate) fn writing(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| if no_space(&source) { Self::NoSpace { file } } else { Self::Io { file, source } }
    }
}

impl From<ReadError> for CompactError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged { file, offset, what } => Self::Damaged { file, offset, what },
            ReadError::Version { file, version } => Self::Version { file, version },
            ReadError::Io { file, source } => Self::Io { file, source },
        }
    }
}

/// Why the segment that is written was not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollError {
    /// The disk is full.
    #[error("no space left for the log")]
    NoSpace,
    /// A write or a sync failed; the log takes no more writes until it is opened again.
    #[error("the log takes no more writes until it is opened again: {0}")]
    Poisoned(String),
    /// The log is closed.
    #[error("the log is closed")]
    Closed,
}

/// Whether the disk, or the owner's share of it, is full.
pub(crate) fn no_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Why a batch was not appended. Nothing of it is in the log, except after [`AppendError::Poisoned`], where that is not
/// known until the log is opened again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// More is waiting than the queue takes.
    #[error("the log's queue is full; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When there will be room, as far as can be told.
        retry_after: Duration,
    },
    /// The disk is full. The log goes on by itself when there is room.
    #[error("no space left for the log")]
    NoSpace,
    /// The id index cannot be read, so nobody can say what is a duplicate. It is being made anew; later it will work.
    #[error("the id index cannot be read and is being made anew: {0}")]
    Index(String),
    /// A write or a sync failed; the log takes no more writes until it is opened again.
    #[error("the log takes no more writes until it is opened again: {0}")]
    Poisoned(String),
    /// The batch is larger than one call may be.
    #[error("{records} records of {bytes} bytes are more than one append may carry")]
    TooLarge {
        /// Its records.
        records: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// The ends of the records do not divide the bytes.
    #[error("the batch is malformed: record {index} does not end inside its bytes")]
    Malformed {
        /// The first record that is wrong.
        index: usize,
    },
    /// Records of an atomic batch have keys that are in the log with other content.
    #[error("{} records of the batch conflict with the log", .0.len())]
    Conflict(Vec<Clash>),
    /// A record stands against the batch's condition.
    #[error("the record at position {position} stands against the condition")]
    Condition {
        /// The first such record.
        position: Position,
    },
    /// Some records of a conditional batch are in the log already, and some are not: this is no repetition of one call.
    #[error("{} records of the batch are in the log already, and others are not", .0.len())]
    Partly(Vec<Clash>),
    /// The term index does not cover yet what the condition is about. It is being made; later it will work.
    #[error("the term index is being made from the log")]
    Incomplete,
    /// The log is closed.
    #[error("the log is closed")]
    Closed,
}
