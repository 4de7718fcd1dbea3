//! What is appended and what is read back.

use bytes::Bytes;
use daybook_event::Position;

/// Hash of (app, id), made by the caller; evenly distributed.
pub type RecordKey = [u8; 16];

/// Keyed digest of the event as the client sent it. Equal key and equal digest is a duplicate, equal key and other
/// digest a conflict.
pub type Digest = [u8; 16];

/// Records to append in one call.
#[derive(Debug, Clone, Default)]
pub struct AppendBatch {
    /// The records, one behind the other.
    pub bytes: Vec<u8>,
    /// What the log must know of each, in the same order.
    pub records: Vec<RecordMeta>,
    /// Whether a conflict of one refuses them all.
    pub atomic: bool,
}

/// What the log must know of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordMeta {
    /// Where the record ends in the bytes of its batch; it begins where the one before it ends.
    pub end: u32,
    /// What identifies the event.
    pub key: RecordKey,
    /// What identifies its content.
    pub digest: Digest,
    /// Hash of the app's slug.
    pub app: u64,
    /// When the event happened, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// Whether feeds leave it out.
    pub hidden: bool,
    /// Whether its priority is high or critical. The log keeps the fact; nothing it does makes any record wait.
    pub urgent: bool,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log, durable, at this position.
    Stored(Position),
    /// It was in the log already, at this position, with the same content.
    Duplicate(Position),
    /// Its key was in the log already, at this position, with other content. It was not stored.
    Conflict(Position),
}

/// A record of an atomic batch whose key is in the log with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash {
    /// The record's place in its batch, from 0.
    pub index: usize,
    /// Where the other one is. A clash within the batch has the position that the first would have had.
    pub position: Position,
}

/// What the log knows of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Where its record is.
    pub position: Position,
    /// The digest it was stored with.
    pub digest: Digest,
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
