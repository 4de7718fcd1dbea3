//! Records of a segment that is compacted, on their way from frames of the old file into a frame of the new one.

use super::body::{Row, length_u32};
use super::{COLUMN_BYTES, Leaf, Summary};

/// Consecutive records, column by column as a frame has them.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(super) identities: Vec<u8>,
    pub(super) summary: Summary,
    /// Whether one of them is compacted.
    pub(super) compacted: bool,
    apps: Vec<u8>,
    times: Vec<u8>,
    lengths: Vec<u8>,
    flags: Vec<u8>,
    bytes: Vec<u8>,
}

impl Rewritten {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            identities: Vec::new(),
            summary: Summary::EMPTY,
            compacted: false,
            apps: Vec::new(),
            times: Vec::new(),
            lengths: Vec::new(),
            flags: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Takes in the keys and digests of the records that follow.
    pub(crate) fn push_identities(&mut self, identities: &[u8]) {
        self.identities.extend_from_slice(identities);
    }

    /// Takes in a record as it is.
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        if row.compacted() {
            self.compacted = true;
        } else {
            self.summary.push(row.app, row.time_us);
        }
        self.apps.extend_from_slice(&row.app.to_le_bytes());
        self.times.extend_from_slice(&row.time_us.to_le_bytes());
        self.lengths.extend_from_slice(&length_u32(row.bytes.len()).to_le_bytes());
        self.flags.push(row.flags);
        self.bytes.extend_from_slice(row.bytes);
    }

    /// Takes in a record of which only its leaf hash is kept.
    pub(crate) fn push_leaf(&mut self, row: &Row<'_>, leaf: &Leaf) {
        self.push(&row.as_leaf(leaf));
    }

    /// How many there are.
    pub(crate) fn records(&self) -> usize {
        self.flags.len()
    }

    /// Bytes of their body, before compression.
    pub(crate) fn raw_bytes(&self) -> usize {
        self.bytes.len() + self.records() * COLUMN_BYTES
    }

    /// Appends the body of their frame, before compression.
    pub(super) fn body(&self, out: &mut Vec<u8>) {
        out.reserve(self.raw_bytes());
        for column in [&self.apps, &self.times, &self.lengths, &self.flags, &self.bytes] {
            out.extend_from_slice(column);
        }
    }

    /// Forgets them, keeping the room.
    pub(crate) fn clear(&mut self) {
        for column in
            [&mut self.identities, &mut self.apps, &mut self.times, &mut self.lengths, &mut self.flags, &mut self.bytes]
        {
            column.clear();
        }
        self.summary = Summary::EMPTY;
        self.compacted = false;
    }
}
