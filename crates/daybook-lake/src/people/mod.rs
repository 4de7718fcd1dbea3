//! What only some may know, in their queries: who people are, and what is sealed in events.
//!
//! The tables hold nothing personal, and no query makes them hold any. [`Snapshot::with_people`] puts a column `identity` beside
//! those that are there, and asks [`People`] for the names of those who are in the rows that are about to be shown, so many at once.
//! Nobody is asked about rows that a filter leaves out, nor where the column is not asked for. A filter on it (`identity = '…'`,
//! `identity IN (…)`) becomes one on `person` before anything is read. A function, `opened`, gives whole events by their positions.

mod filter;
mod named;
mod opened;
mod table;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use daybook_event::{Position, SubjectId};

use crate::Snapshot;
use crate::query::QueryError;
pub(crate) use opened::opened;
use table::WithIdentity;

/// The column with the names of people.
pub const IDENTITY: &str = "identity";
/// The function that gives whole events.
pub const OPENED: &str = "opened";

/// Most names that one part of a query remembers. Beyond them it asks again.
pub const NAMES_HELD_MAX: usize = 100_000;
/// Most events that a query opens: each is read from the log.
pub const OPENED_MAX: usize = 10_000;
/// Most bytes of these events, as JSON.
pub const OPENED_BYTES_MAX: usize = 64 << 20;
/// Events that are opened at once.
pub const OPENED_AT_ONCE: usize = 256;

/// What there is to know of the people of an app. Whoever has one may know it, and answers for it: that it was asked for is
/// written down by those who implement this, before they give anything.
#[async_trait]
pub trait People: Debug + Send + Sync {
    /// The identities of these people. Those who are unknown, were erased, or have no identity but a client's own anonymous id,
    /// are left out; so are pseudonyms.
    ///
    /// # Errors
    /// [`QueryError`], which the query ends with.
    async fn identities(&self, people: &[SubjectId]) -> Result<HashMap<SubjectId, String>, QueryError>;

    /// The people with these identities, in their order: for each all ids that are theirs, and none where nobody is known.
    ///
    /// # Errors
    /// [`QueryError`], which the query ends with.
    async fn people(&self, identities: &[String]) -> Result<Vec<Vec<SubjectId>>, QueryError>;

    /// The events at these positions as JSON, with what is sealed put back as far as it opens. Those past their time are left
    /// out.
    ///
    /// # Errors
    /// [`QueryError`], which the query ends with.
    async fn opened(&self, positions: &[Position]) -> Result<HashMap<Position, String>, QueryError>;
}

impl Snapshot {
    /// The same tables with a further column, [`IDENTITY`]: null for those without one, and for those who were erased.
    #[must_use]
    pub fn with_people(self, people: &Arc<dyn People>) -> Self {
        Self {
            as_of: self.as_of,
            events: Arc::new(WithIdentity::over(self.events, Arc::clone(people))),
            daily_counts: Arc::new(WithIdentity::over(self.daily_counts, Arc::clone(people))),
        }
    }
}
