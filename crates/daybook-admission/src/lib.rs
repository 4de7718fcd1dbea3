//! Admission: what a client sends becomes records for the log and a receipt for every event.
//!
//! The way of a call, all of it synchronous and without I/O:
//!
//! 1. [`Body::parse`] reads the bytes: one event, an array, a batch, NDJSON, CloudEvents. Only a body that cannot be read
//!    as events at all is an error.
//! 2. [`Admission::decode`] finds each event's envelope, type and id in the app's own dialect, the canonical form or a
//!    CloudEvent.
//! 3. The caller looks [`Decoded::keys`] up in the log.
//! 4. [`Admission::admit`] judges each event by the catalog and encodes what is kept.
//! 5. The caller appends [`Admitted::batch`] and hands what became of it to [`Admitted::settle`]; then
//!    [`Admitted::quarantine`] and [`Admitted::into_receipts`] say the rest.
//!
//! Everything that is wrong with an event is found at once and said with a stable code and a JSON Pointer into the event
//! as the client sent it; one bad event never harms its batch.

mod admit;
mod body;
mod canonical_event;
pub mod cloud_events;
mod compile;
mod decode;
mod envelope;
mod json;
mod quarantine;
mod receipt;
mod sampler;
mod sanitise;
mod schema;
mod sent;

pub use admit::{Admitted, Facts};
pub use body::{Body, BodyError, BodyForm};
pub use compile::Admission;
pub use decode::Decoded;
pub use quarantine::QuarantineEntry;
pub use receipt::{BatchInfo, Receipt, Receipts, Status};
pub use schema::CompileError;
