//! The log: the book of record that everything else is computed from.
//!
//! Records go into segment files in checksummed, compressed frames. One writer takes everything that waits, writes it
//! with one call and syncs once (group commit); whoever appended is answered after that. What is already in the log
//! is known exactly, by key, over its whole length. What has expired is compacted to its hash. Where it is told
//! which terms records have, it finds them by these, and appends on condition that there are none like them. The bytes are described in `docs/log-format.md`; nothing outside
//! this crate knows them.
//!
//! [`Scan`] reads a log without opening it, and repairs nothing. [`Log::open`] gives a [`Log`], a handle that is cheap to clone. [`Log::append`] is asynchronous; everything that
//! reads is synchronous and may go to the disk, so an asynchronous caller puts it where blocking is allowed.

pub mod disk;
pub mod limits;
pub mod scan;

mod compaction;
mod error;
mod frame;
mod index;
mod log;
mod queue;
mod reader;
mod record;
mod recovery;
mod runs;
mod segment;
mod store;
mod stream;
mod stretch;
mod tail;
mod terms;
mod writer;

pub use compaction::{Candidate, Compacted, Progress};
pub use daybook_event::record::{Appended, Batch as AppendBatch, Digest, Known, RecordKey, RecordMeta, Term};
pub use error::{AppendError, CheckError, CompactError, OpenError, ReadError, RollError, SelectError};
pub use index::IndexStatus;
pub use log::{Log, LogOptions, LogStatus};
pub use record::{Clash, Filter, Page, ReadLimit, Record};
pub use scan::Scan;
pub use stretch::Stretch;
pub use terms::{Checked, Condition, Selected, Selection, TermIndexStatus, TermItem, TermQuery, Terms};
