//! What is read back, and what an append may answer beside what `daybook_event::record` says.

use bytes::Bytes;
use daybook_event::Position;

/// A record of an atomic batch whose key is in the log with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash {
    /// The record's place in its batch, from 0.
    pub index: usize,
    /// Where the other one is. A clash within the batch has the position that the first would have had.
    pub position: Position,
}

/// Which records a read gives back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this app's, by the hash of its slug.
    pub app: Option<u64>,
    /// Only those that happened at this time or later, in microseconds since the Unix epoch.
    pub since_us: Option<i64>,
    /// Hidden ones too.
    pub hidden: bool,
}

/// How much a read may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    /// Records to give back.
    pub records: usize,
    /// Bytes of records after which to stop; the first record is given whatever its size.
    pub bytes: usize,
    /// Frames to look at, those left out by the filter included.
    pub frames: usize,
}

impl Default for ReadLimit {
    fn default() -> Self {
        Self { records: daybook_event::limits::PAGE_EVENTS_DEFAULT, bytes: 16 * 1024 * 1024, frames: 4_096 }
    }
}

/// What a read gave.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The records, in position order.
    pub records: Vec<Record>,
    /// Read on after this position. Larger than the last record's when the filter left out what followed; not larger
    /// than the head.
    pub next: Position,
}

/// A record as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log.
    pub position: Position,
    /// Hash of the app's slug.
    pub app: u64,
    /// When the event happened, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// Its bytes. They share memory with the frame they come from.
    pub bytes: Bytes,
}
