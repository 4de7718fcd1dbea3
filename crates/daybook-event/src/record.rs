//! What passes between admission, which makes records, and the log, which keeps them.

use crate::{EventId, Position};

/// Names an event within the whole log: a keyed hash of (app, id), evenly spread.
pub type RecordKey = [u8; 16];

/// Keyed digest of an event as the client sent it: equal key and equal digest is a repetition, equal key and another
/// digest a conflict.
pub type Digest = [u8; 16];

/// Something by which records are found: a hash, evenly spread, of what they have in common.
pub type Term = [u8; 16];

/// What the log needs to know of a record beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordMeta {
    /// Where the record's bytes end in [`Batch::bytes`]; they begin where the record before ends.
    pub end: u32,
    /// The event's name in the log.
    pub key: RecordKey,
    /// What it said.
    pub digest: Digest,
    /// [`app_hash`] of its app.
    pub app: u64,
    /// When it happened, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// Kept out of feeds (a count).
    pub hidden: bool,
}

/// Records to append together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The stored bytes of all records, one after the other.
    pub bytes: Vec<u8>,
    /// One entry a record, in the order of the bytes.
    pub records: Vec<RecordMeta>,
    /// All or nothing: a conflict of one keeps all out.
    pub atomic: bool,
}

/// A record that is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its place.
    pub position: Position,
    /// What it said.
    pub digest: Digest,
}

/// What became of a record given to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is durable, at this position.
    Stored(Position),
    /// The same event was there already, at this position.
    Duplicate(Position),
    /// Another event with the same id is there, at this position; this one was not written.
    Conflict(Position),
}

/// The hash by which the log tells apps apart (FNV-1a, 64 bits): stored, so it never changes.
#[must_use]
pub const fn app_hash(app: &str) -> u64 {
    let bytes = app.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}

/// Names an event within the whole log: BLAKE3 over the app's hash and the id, cut to 128 bits.
#[must_use]
pub fn record_key(app_hash: u64, id: &EventId) -> RecordKey {
    let mut named = [0; 24];
    named[..8].copy_from_slice(&app_hash.to_le_bytes());
    named[8..].copy_from_slice(id.as_bytes());
    let mut key = RecordKey::default();
    key.copy_from_slice(&blake3::hash(&named).as_bytes()[..16]);
    key
}
