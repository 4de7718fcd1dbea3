//! Dead letters: events that a consumer gave up, by their positions, with the reasons.

use daybook_event::{Position, Timestamp};
use serde::{Deserialize, Serialize};

/// An event that a consumer gave up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetter {
    /// The event's place in the log.
    pub position: Position,
    /// The event's type.
    pub event: String,
    /// When it was given up.
    pub time: Timestamp,
    /// When it was last tried.
    pub last_tried: Timestamp,
    /// How often it was tried in all.
    pub attempts: u64,
    /// The attempts, the oldest first; of many the first and the last.
    pub history: Vec<Attempt>,
}

/// One attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Which dead letters of a consumer are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// That of this position.
    One(Position),
    /// All there are now.
    All,
}

/// What became of dead letters that were delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Replayed {
    /// Letters there were to begin with.
    pub total: u64,
    /// Delivered, and no dead letters any more.
    pub delivered: u64,
    /// Of these, so many without what was personal in them, which opens no more.
    pub unopened: u64,
    /// Failed again, and stay.
    pub failed: u64,
    /// Can never be delivered, as the event was compacted away; they stay until they are dropped.
    pub compacted: u64,
}
