//! Everything that reacts to events: the runtime in which consumers run, and the counters that live in the process.
//!
//! A consumer is a [`Spec`](daybook_catalog::consumers::Spec) of a catalog, or a view that Daybook itself keeps, together with
//! a [`Handler`]. It has a task and an offset of its own, so that a slow or dead destination delays nobody else.

pub mod counters;
pub mod dead_letters;
pub mod error;
pub mod handler;
pub mod limits;
pub mod notes;
pub mod status;
pub mod tables;

mod consumer;
mod dispatch;
mod feed;
mod forgetting;
mod lanes;
mod manage;
mod metrics;
mod mind;
mod places;
mod replay;
mod runtime;
mod store;

pub use handler::{Batch, Batching, Failure, FailureKind, Handler, Item, OffsetKeeping, Sight, Undelivered};
pub use runtime::{HandlerState, Registration, Runtime, RuntimeOptions, To};

/// Now, in microseconds since the Unix epoch.
fn now_us() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}
