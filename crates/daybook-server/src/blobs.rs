//! Values that lie in blobs, put back into the events that are read.

use daybook_blobs::{Blobs, ReadBlobError};
use daybook_event::stored::{Moved, Opened, Stored};
use daybook_event::{BlobPath, Event, Month, Standing};
use daybook_privacy::Opener;
use tokio::runtime::Handle;

use crate::problem::{Chain, Problem};
use crate::query::Query;

/// What becomes of values that lie in blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BlobSight {
    /// They are fetched.
    #[default]
    Fetched,
    /// References stand in their places.
    Referred,
}

impl BlobSight {
    /// What a request asks for.
    ///
    /// # Errors
    /// 400 where it asks for neither.
    pub fn of(query: &Query<'_>) -> Result<Self, Problem> {
        match query.text("blobs") {
            None | Some("fetch") => Ok(Self::Fetched),
            Some("reference") => Ok(Self::Referred),
            Some(_) => Err(Problem::bad_request("query.blobs", "blobs is fetch or reference.")),
        }
    }
}

/// Fetches blobs for events that are opened. For threads where waiting is allowed.
pub struct Fetcher<'f> {
    /// Where they lie.
    pub blobs: &'f Blobs,
    /// Where to wait for them.
    pub runtime: Handle,
    /// What opens them.
    pub opener: &'f Opener,
}

/// What all blobs of an event have in common.
struct Record {
    app: String,
    class: String,
    month: Month,
    standing: Standing,
}

impl Fetcher<'_> {
    /// An event as everybody may see it, with what lies in blobs. What cannot be fetched stays a reference that says why.
    pub fn closed(&self, mut stored: Stored) -> Event<'static> {
        let failed = self.put_back(&mut stored);
        let mut event = stored.event;
        for (moved, error) in failed {
            moved.mark(&mut event, error);
        }
        event
    }

    /// An event with what opens, and what lies in blobs.
    pub fn open(&self, mut stored: Stored) -> Opened {
        if !stored.has_blobs() {
            return self.opener.open(stored);
        }
        let record = Record::of(&stored);
        // First, since what is sealed may belong into it.
        let failed = self.put_back(&mut stored);
        let mut opened = self.opener.open(stored);
        for moved in std::mem::take(&mut opened.moved) {
            match self.fetch(&record, &moved) {
                Ok(json) => moved.put(&mut opened.event, &json),
                Err(error) => moved.mark(&mut opened.event, error),
            }
        }
        for (moved, error) in failed {
            moved.mark(&mut opened.event, error);
        }
        opened
    }

    /// Puts back what is nobody's secret; gives what could not be, and why.
    fn put_back(&self, stored: &mut Stored) -> Vec<(Moved, &'static str)> {
        let record = Record::of(stored);
        let mut failed = Vec::new();
        for moved in stored.moved() {
            match self.fetch(&record, &moved) {
                Ok(json) => stored.put(&moved, &json),
                Err(error) => failed.push((moved, error)),
            }
        }
        failed
    }

    fn fetch(&self, record: &Record, moved: &Moved) -> Result<String, &'static str> {
        let owner = moved.part.owner(record.standing);
        let keys = self.opener.blob_keys(&record.class, record.month, owner);
        if keys.is_empty() {
            // Its person or its month is gone, or the master key is not at hand.
            return Err("sealed");
        }
        let Record { app, class, month, .. } = record;
        let path = BlobPath { app, owner, class, month: *month, address: moved.address };
        let read = self.runtime.block_on(self.blobs.read(&path, &keys, moved.size));
        read.map_err(|error| {
            let word = error.as_str();
            match &error {
                ReadBlobError::Missing | ReadBlobError::Damaged => {
                    tracing::error!(app, blob = %moved.address, "a blob is {word}");
                }
                ReadBlobError::Unavailable(_) => tracing::warn!(error = %Chain(&error), "a blob cannot be read"),
            }
            word
        })
    }
}

impl Record {
    fn of(stored: &Stored) -> Self {
        let (class, month) = stored.month();
        Self { app: stored.event.app.to_string(), class: class.to_owned(), month, standing: stored.standing }
    }
}
