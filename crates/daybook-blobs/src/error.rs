//! What can go wrong with blobs, by what was to be done.

use std::error::Error;
use std::{fmt, io};

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenBlobsError {
    /// The directory cannot be made or used.
    #[error("the directory for blobs cannot be used")]
    Directory(#[source] io::Error),
    /// The URL is none.
    #[error("blobs.url is not a URL")]
    Url(#[source] url::ParseError),
    /// The URL names a store that this program cannot reach, or the options do not fit it.
    #[error("blobs.url cannot be used")]
    Store(#[from] object_store::Error),
    /// No kind of store has such an option.
    #[error("blobs.options: {0} is no option of any store")]
    Option(String),
    /// What is counted cannot be.
    #[error("what becomes of blobs cannot be counted")]
    Metrics(#[from] prometheus::Error),
}

/// Blobs could not be written; nothing that refers to them may be acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum WriteBlobsError {
    /// There is no room for them.
    #[error("there is no room for blobs")]
    NoSpace,
    /// The store does not take them, for now.
    #[error("the blob store does not answer")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// A blob could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadBlobError {
    /// It is not there.
    #[error("the blob is missing")]
    Missing,
    /// It is not what it was.
    #[error("the blob is damaged")]
    Damaged,
    /// The store does not answer, for now.
    #[error("the blob store does not answer")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// What nobody refers to could not be collected; some of it may have been.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The store does not answer.
    #[error("the blob store does not answer")]
    Store(#[from] object_store::Error),
    /// The log cannot be read, so nobody knows what it refers to.
    #[error("the log cannot be read")]
    Log(#[from] daybook_log::ReadError),
    /// A record is not one.
    #[error("the record at position {0} cannot be read")]
    Record(daybook_event::Position),
    /// It was stopped.
    #[error("collecting was stopped")]
    Stopped,
}

impl WriteBlobsError {
    /// What an error of the operating system or of a store means.
    pub(crate) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        if is_no_space(error.as_ref()) { Self::NoSpace } else { Self::Unavailable(error) }
    }
}

impl ReadBlobError {
    /// What it means that something was not found: a blob, or the whole place where blobs are, which may come back.
    pub(crate) fn not_found(error: object_store::Error) -> Self {
        let said = Chain(&error).to_string();
        // As S3 and Google Cloud, and Azure call it.
        let is_place = ["NoSuchBucket", "ContainerNotFound"].iter().any(|code| said.contains(code));
        if is_place { Self::Unavailable(Box::new(error)) } else { Self::Missing }
    }

    /// The word for it in a reference.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Damaged => "damaged",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// An error with all that led to it.
struct Chain<'e>(&'e dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut next = Some(self.0);
        while let Some(error) = next {
            write!(formatter, "{error}: ")?;
            next = error.source();
        }
        Ok(())
    }
}

/// Whether some error on the way down says that the disk is full.
fn is_no_space(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
            if full.contains(&error.kind()) {
                return true;
            }
            // What an io::Error was made of is not its source.
            if error.get_ref().is_some_and(|inner| is_no_space(inner)) {
                return true;
            }
        }
        next = error.source();
    }
    false
}
