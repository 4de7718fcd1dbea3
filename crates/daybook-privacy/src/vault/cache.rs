//! The people that are kept in memory, by the hash of their name and by their id.

use std::hash::{BuildHasher, Hasher};

use daybook_event::{Person, SubjectId};
use parking_lot::Mutex;
use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;

/// A keyed hash of app, kind and name, under the current generation.
pub(super) type LookupKey = [u8; 32];

const STRIPES: usize = 64;

/// People in memory, within bounds.
///
/// Whoever reads a person from the database to put them here races with changes. So a reader takes a [`Mark`] before it
/// reads, and what it read is kept only where no change has touched the same stripe meanwhile; changes are written here
/// after their commit and before anybody is told of them.
pub(super) struct People {
    by_name: Cache<LookupKey, Person, UnitWeighter, Random>,
    by_id: Cache<SubjectId, Person, UnitWeighter, Random>,
    name_changes: [Mutex<u64>; STRIPES],
    id_changes: [Mutex<u64>; STRIPES],
}

/// How many changes there were when a reader began to read.
#[derive(Clone, Copy)]
pub(super) struct Mark(u64);

impl People {
    pub fn new(capacity: usize) -> Self {
        let none = || std::array::from_fn(|_| Mutex::new(0));
        let capacity = capacity.max(1);
        Self {
            by_name: Cache::with(capacity, capacity as u64, UnitWeighter, Random, Default::default()),
            by_id: Cache::with(capacity, capacity as u64, UnitWeighter, Random, Default::default()),
            name_changes: none(),
            id_changes: none(),
        }
    }

    pub fn by_name(&self, key: &LookupKey) -> Option<Person> {
        self.by_name.get(key)
    }

    pub fn by_id(&self, id: &SubjectId) -> Option<Person> {
        self.by_id.get(id)
    }

    pub fn mark_name(&self, key: &LookupKey) -> Mark {
        Mark(*self.name_changes[stripe(key)].lock())
    }

    pub fn mark_id(&self, id: &SubjectId) -> Mark {
        Mark(*self.id_changes[stripe(id.as_bytes())].lock())
    }

    /// Keeps somebody who was read from the database.
    pub fn fill_name(&self, key: LookupKey, mark: Mark, person: &Person) {
        let changes = self.name_changes[stripe(&key)].lock();
        if *changes == mark.0 {
            self.by_name.insert(key, person.clone());
        }
    }

    /// Keeps somebody who was read from the database.
    pub fn fill_id(&self, mark: Mark, person: &Person) {
        let changes = self.id_changes[stripe(person.id.as_bytes())].lock();
        if *changes == mark.0 {
            self.by_id.insert(person.id, person.clone());
        }
    }

    /// Keeps somebody as they are now.
    pub fn change(&self, key: LookupKey, person: &Person) {
        let mut changes = self.name_changes[stripe(&key)].lock();
        *changes += 1;
        self.by_name.insert(key, person.clone());
        drop(changes);
        let mut changes = self.id_changes[stripe(person.id.as_bytes())].lock();
        *changes += 1;
        self.by_id.insert(person.id, person.clone());
    }

    /// Forgets a name.
    pub fn forget_name(&self, key: &LookupKey) {
        let mut changes = self.name_changes[stripe(key)].lock();
        *changes += 1;
        self.by_name.remove(key);
    }

    /// Forgets an id.
    pub fn forget_id(&self, id: &SubjectId) {
        let mut changes = self.id_changes[stripe(id.as_bytes())].lock();
        *changes += 1;
        self.by_id.remove(id);
    }
}

fn stripe(key: &[u8]) -> usize {
    usize::from(key[0]) % STRIPES
}

/// Keys here are keyed hashes or random: their own bytes are hash enough.
#[derive(Clone, Copy, Default)]
struct Random;

/// See [`Random`].
struct OwnBytes(u64);

impl BuildHasher for Random {
    type Hasher = OwnBytes;

    fn build_hasher(&self) -> OwnBytes {
        OwnBytes(0)
    }
}

impl Hasher for OwnBytes {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.as_chunks().0 {
            self.0 ^= u64::from_ne_bytes(*chunk);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
