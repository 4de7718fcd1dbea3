//! The contract of a view: how whatever is computed from the log forgets a person, forgets a month, and says what it holds
//! of a person.
//!
//! # What a view holds
//!
//! A view is anything that outlives the request that read the log: tables, counters, indexes, sinks, caches. It may hold a
//! person's `anonymous_id`, keyed hashes of what is personal, and sealed values. When the person's secret is destroyed, or
//! the month's, all of these stop meaning anything by themselves: a view that holds nothing else has nothing to rewrite and
//! answers both calls at once. A view that must hold names or personal values in clear (a sink in somebody else's
//! database) holds the `anonymous_id` beside them, and finds its rows by that.
//!
//! # What a view promises
//!
//! - **When a call returns, it is so.** Rows are gone from the table and not merely marked; what was opened and still waits
//!   in memory (a batch on its way, a retry, a cache) is dropped or sealed again; files that held clear text are rewritten
//!   or deleted. What the view cannot reach, it answers as an error, never as success.
//! - **It may be asked again.** Calls are idempotent: a call that is repeated, in another order, for people the view never
//!   heard of, or while another call for the same people is under way, answers `Ok`. [`Touched::count`] then counts what the
//!   call itself changed, which may be nothing.
//! - **It is asked twice in an erasure.** Once before the secrets are destroyed, while the vault can still tell the view
//!   what it needs to find its rows; this call is made once and not waited for beyond [`crate::limits::VIEW_FIRST_PATIENCE`].
//!   And once after, when nothing about the person can be opened any more and so nothing new can arrive; only this one
//!   counts as confirmation, and it is repeated until it succeeds. Privacy comes first: the secrets go whether or not the
//!   first call succeeded.
//! - **It takes what it is given.** At most [`crate::limits::PEOPLE_PER_PASS`] people, or as many months, of any apps, each
//!   once.
//! - **A replay forgets too.** Rebuilt from the log, the view is the same as if the person had never been named.
//! - **It names nobody in passing.** Errors, log lines and metrics carry no name and no personal value.

use async_trait::async_trait;
use daybook_event::{Month, SubjectId};

/// Something computed from the log that can forget. The module says what it promises.
#[async_trait]
pub trait View: Send + Sync {
    /// Its name, which stays the same from start to start: lower-case letters, digits, `-`, `_` and `.`.
    fn name(&self) -> &str;

    /// Forgets these people.
    ///
    /// # Errors
    /// [`ViewError`]; the call is made again later.
    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError>;

    /// Forgets what events of these months say of people; where the view holds the events themselves, them too.
    ///
    /// # Errors
    /// [`ViewError`]; the call is made again later.
    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError>;

    /// Everything the view holds of a person that is not in the log already, as files for them to read.
    ///
    /// # Errors
    /// [`ViewError`]; the export then says that this view is missing from it.
    async fn export(&self, app: &str, person: SubjectId) -> Result<Vec<ExportPart>, ViewError>;
}

/// A person to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Forgotten {
    /// The app whose person it is.
    pub app: String,
    /// Their `anonymous_id`.
    pub id: SubjectId,
}

/// A month whose retention is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpiredMonth {
    /// The app.
    pub app: String,
    /// The category, or one of the classes that are none: [`daybook_event::person::PSEUDONYMS`],
    /// [`daybook_event::person::QUARANTINE`].
    pub category: String,
    /// The month of the events' time.
    pub month: Month,
}

/// What a call changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Touched {
    /// Rows, files or entries, as the view counts them.
    pub count: u64,
}

/// A file of an export.
#[derive(Clone, PartialEq, Eq)]
pub struct ExportPart {
    /// Its name within the view's part of the export: lower-case letters, digits, `-`, `_` and `.`.
    pub file_name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What is in it is somebody's, and not printed.
impl std::fmt::Debug for ExportPart {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ExportPart({}, {} bytes)", self.file_name, self.bytes.len())
    }
}

/// A view could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// What it writes to does not answer, for now.
    #[error("{reason}")]
    Unavailable {
        /// Why, without a name or a personal value.
        reason: String,
    },
    /// It stops.
    #[error("the view is stopping")]
    Stopping,
}
