//! The lake: everything that happened, in tables that can be asked.

pub mod aggregates;
pub mod columns;
pub mod error;
pub mod lake;
pub mod limits;
pub mod metrics;
pub mod moment;
pub mod people;
pub mod query;
pub mod rows;
pub mod traces;

mod hot;
mod table;

pub use error::LakeError;
pub use lake::{Lake, LakeOptions, Snapshot};

/// Now, in microseconds since the Unix epoch.
fn now_us() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}
