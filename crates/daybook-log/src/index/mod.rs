//! The id index: which key is at which position, exactly, over the whole log.

mod table;

use daybook_event::Position;
use parking_lot::{RwLock, RwLockWriteGuard};

pub(crate) use self::table::{Entry, Table};
use crate::error::ReadError;
use crate::reader::identities;
use crate::record::{Known, RecordKey};
use crate::store::Store;

/// The index. Lookups may come from any thread, insertions from one.
#[derive(Debug)]
pub(crate) struct IdIndex {
    state: RwLock<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    active: Table,
}

impl IdIndex {
    /// The index of everything in the log.
    pub(crate) fn open(store: &Store) -> Result<Self, ReadError> {
        let mut active = Table::default();
        identities(store, 1, store.head(), |position, key, digest| {
            active.insert(Entry { key, position, digest });
        })?;
        Ok(Self { state: RwLock::new(State { active }) })
    }

    /// What is known of each key, up to the position `head`.
    pub(crate) fn lookup(&self, keys: &[RecordKey], head: Position) -> Result<Vec<Option<Known>>, ReadError> {
        let state = self.state.read();
        Ok(keys.iter().map(|key| state.active.get(key).filter(|known| known.position <= head)).collect())
    }

    /// For the writer: what is known of each key by everything but the table that is written to.
    pub(crate) fn older(&self, keys: &[RecordKey], known: &mut Vec<Option<Known>>) -> Result<(), ReadError> {
        known.clear();
        known.resize(keys.len(), None);
        Ok(())
    }

    /// For the writer: the table that is written to. What is in it behind the head is not durable yet.
    pub(crate) fn active(&self) -> Active<'_> {
        Active(self.state.write())
    }
}

/// The table that is written to, locked.
pub(crate) struct Active<'a>(RwLockWriteGuard<'a, State>);

impl Active<'_> {
    pub(crate) fn insert(&mut self, entry: Entry) -> Option<Known> {
        self.0.active.insert(entry)
    }

    pub(crate) fn remove(&mut self, key: &RecordKey) {
        self.0.active.remove(key);
    }
}
