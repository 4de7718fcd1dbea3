//! The newest ids, in memory.

use daybook_event::Position;
use daybook_event::record::{Digest, Known, RecordKey};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

/// An id and where its record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: RecordKey,
    pub(crate) position: Position,
    pub(crate) digest: Digest,
}

/// Ids in memory, by key. Keys are hashes already, so they are not hashed again.
#[derive(Debug, Default)]
pub(crate) struct Table {
    entries: HashTable<Entry>,
}

impl Table {
    /// A table that takes this many ids without growing.
    pub(crate) fn with_capacity(ids: usize) -> Self {
        Self { entries: HashTable::with_capacity(ids) }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, key: &RecordKey) -> Option<Known> {
        let entry = self.entries.find(low(key), |entry| entry.key == *key)?;
        Some(Known { position: entry.position, digest: entry.digest })
    }

    /// Puts an entry in, unless its key is there; then says what is known of it.
    pub(crate) fn insert(&mut self, entry: Entry) -> Option<Known> {
        match self.entries.entry(low(&entry.key), |other| other.key == entry.key, |entry| low(&entry.key)) {
            Slot::Occupied(slot) => Some(Known { position: slot.get().position, digest: slot.get().digest }),
            Slot::Vacant(slot) => {
                slot.insert(entry);
                None
            }
        }
    }

    /// Takes a key out again.
    pub(crate) fn remove(&mut self, key: &RecordKey) {
        if let Ok(entry) = self.entries.find_entry(low(key), |entry| entry.key == *key) {
            entry.remove();
        }
    }

    /// All entries in key order.
    pub(crate) fn sorted(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.entries.iter().copied().collect();
        entries.sort_unstable_by_key(|entry| u128::from_be_bytes(entry.key));
        entries
    }
}

/// The first eight bytes of a key as a number: the order of runs and the place in them.
pub(crate) fn high(key: &RecordKey) -> u64 {
    (u128::from_be_bytes(*key) >> 64) as u64
}

/// The last eight bytes of a key as a number: its hash.
pub(crate) fn low(key: &RecordKey) -> u64 {
    u128::from_be_bytes(*key) as u64
}
