//! Admission: what a client sends becomes records for the log and a receipt for every event.
//!
//! The way of a call, all of it synchronous and without I/O:
//!
//! 1. [`Body::parse`] reads the bytes: one event, an array, a batch, NDJSON, CloudEvents. Only a body that cannot be read
//!    as events at all is an error.
//! 2. [`Admission::decode_part`] finds each event's envelope, type and id in the app's own dialect, the canonical form or a
//!    CloudEvent.
//! 3. The caller looks [`Decoded::keys`] up in the log, and [`Decoded::people`] and [`Decoded::signing_keys`] up in the vault.
//! 4. [`Admission::judge_part`] judges each event by the catalog, its person's consent and the clock;
//!    [`Judged::seal_ready`] seals what is personal and makes the records, as far as the keys are at hand. Steps 2 to 4 go by
//!    [`Body::parts`], so that what one step wrote is still in the processor's cache for the next.
//! 5. Of [`Judged::conflicts`] the caller recalls the keys, for [`Judged::reconsider`], and shows what it
//!    gives of the events in the log to [`Judged::recognise`]. It has the vault make what [`Judged::needs`] names;
//!    [`Judged::seal`] does the rest.
//! 6. The caller makes [`Admitted::blobs`] durable, appends [`Admitted::batch`] and hands what became of it to [`Admitted::settle`]; then
//!    [`Admitted::quarantine`] and [`Admitted::into_receipts`] say the rest.
//!
//! Everything that is wrong with an event is found at once and said with a stable code and a JSON Pointer into the event
//! as the client sent it; one bad event never harms its batch.

mod admitted;
mod body;
mod canonical_event;
pub mod cloud_events;
mod compile;
mod consent;
mod decode;
mod echo;
mod envelope;
mod indexed;
mod json;
mod judge;
mod moving;
mod parts;
mod personal;
mod quarantine;
mod receipt;
mod sampler;
mod sanitise;
mod schema;
mod seal;
mod sent;
mod signature;
mod split;
mod trace_context;
mod validate;
mod wanted;

pub use admitted::Admitted;
pub use body::{Body, BodyError, BodyForm};
pub use compile::Admission;
pub use daybook_event::RecordKeys;
pub use decode::Decoded;
pub use envelope::Form;
pub use indexed::TagProblem;
pub use judge::{Facts, Judged};
pub use quarantine::QuarantineEntry;
pub use receipt::{BatchInfo, Receipt, Receipts, Status};
pub use schema::CompileError;
pub use signature::ActorKeys;
pub use trace_context::{MalformedTraceparent, TraceContext};
