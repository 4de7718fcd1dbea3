//! The event: what Daybook admits, stores and gives back.
//!
//! This crate holds the canonical envelope ([`Event`]), the identifiers and small vocabularies it is made of, the
//! bytes an event is stored as ([`stored`]), what of it lies beside its record ([`blob`]), its canonical JSON ([`json`]), the limits every part keeps to
//! ([`limits`]), and what secrets look like ([`secrets`]). It does no I/O and reads no clock.

pub mod blob;
pub mod finding;
pub mod id;
pub mod json;
pub mod limits;
pub mod person;
pub mod priority;
pub mod record;
pub mod sampling;
pub mod seal;
pub mod secrets;
pub mod session;
pub mod stored;
pub mod term;
pub mod time;

mod event;

pub use blob::{Blob, BlobAddress, BlobKeys, BlobPath};
pub use event::{Actor, Event, Keeping, Kind, Signature, Signed};
pub use finding::{Finding, Severity};
pub use id::EventId;
pub use person::{Consents, Keys, Months, NameKind, Needs, PSEUDONYMS, Person, PersonName, QUARANTINE, Signals};
pub use priority::Priority;
pub use record::{Appended, Batch, BatchTerms, Digest, Known, RecordKey, RecordMeta, app_hash, record_key};
pub use sampling::Sampling;
pub use seal::{Month, SealKeys, Secret, SubjectId};
pub use session::SessionHash;
pub use stored::{RecordKeys, Standing};
pub use time::Timestamp;

/// The place of an event in the log: from 1, without gaps. 0 means "before the first".
pub type Position = u64;
