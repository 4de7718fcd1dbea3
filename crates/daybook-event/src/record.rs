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
    /// The terms of the records, where whoever made them knows them: those that the log would find in their bytes.
    pub terms: Option<BatchTerms>,
}

impl Batch {
    /// Adds the records of another batch behind those of this one.
    pub fn join(&mut self, later: &Self) {
        let offset = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&later.bytes);
        let moved = |record: &RecordMeta| RecordMeta { end: record.end.saturating_add(offset), ..*record };
        self.records.extend(later.records.iter().map(moved));
        match (&mut self.terms, &later.terms) {
            (Some(terms), Some(later_terms)) => {
                for index in 0..later.records.len() {
                    terms.push(|terms| terms.extend_from_slice(later_terms.of(index)));
                }
            }
            _ => self.terms = None,
        }
    }
}

/// The terms of the records of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchTerms {
    terms: Vec<Term>,
    /// Where those of each record end; empty as long as no record has any.
    ends: Vec<u32>,
    records: usize,
}

impl BatchTerms {
    /// Adds a record, and calls `find` to append its terms.
    pub fn push(&mut self, find: impl FnOnce(&mut Vec<Term>)) {
        let before = self.terms.len();
        find(&mut self.terms);
        if self.ends.is_empty() && self.terms.len() > before {
            self.ends.resize(self.records, 0);
        }
        self.records += 1;
        if !self.terms.is_empty() {
            self.ends.push(u32::try_from(self.terms.len()).unwrap_or(u32::MAX));
        }
    }

    /// The terms of one record, by its place in the batch.
    #[must_use]
    pub fn of(&self, index: usize) -> &[Term] {
        let end = |index: usize| self.ends.get(index).map_or(0, |end| *end as usize);
        let start = if index == 0 { 0 } else { end(index - 1) };
        self.terms.get(start..end(index)).unwrap_or_default()
    }

    /// How many terms there are of all records.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether no record has any.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The memory that they take, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        size_of_val(self.terms.as_slice()) + size_of_val(self.ends.as_slice())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch whose records have so many bytes and so many terms.
    fn batch(records: &[(u32, usize)]) -> Batch {
        let mut batch = Batch { terms: Some(BatchTerms::default()), ..Batch::default() };
        for (length, terms) in records {
            let number = batch.records.len() as u8;
            batch.bytes.extend(std::iter::repeat_n(number, *length as usize));
            let end = batch.bytes.len() as u32;
            let (key, digest) = ([number; 16], [number; 16]);
            batch.records.push(RecordMeta { end, key, digest, app: 1, time_us: 2, hidden: false });
            let found = std::iter::repeat_n([number + 100; 16], *terms);
            batch.terms.as_mut().unwrap().push(|all| all.extend(found));
        }
        batch
    }

    #[test]
    fn each_record_has_its_own_terms() {
        let terms = batch(&[(1, 0), (1, 2), (1, 0), (1, 1)]).terms.unwrap();
        let of: Vec<usize> = (0..5).map(|index| terms.of(index).len()).collect();
        assert_eq!((of, terms.len()), (vec![0, 2, 0, 1, 0], 3));
        assert_eq!(terms.of(3), [[103; 16]]);
        let none = batch(&[(1, 0), (1, 0)]).terms.unwrap();
        assert_eq!((none.is_empty(), none.bytes(), none.of(1)), (true, 0, &[][..]));
    }

    #[test]
    fn what_is_joined_is_what_was_one() {
        for (first, later) in [(0, 0), (2, 0), (0, 1), (3, 2), (1, 4)] {
            let all: Vec<(u32, usize)> = (0..first + later).map(|at| (at as u32 * 3, at % 3)).collect();
            let mut joined = batch(&all[..first]);
            let mut behind = batch(&all);
            // The same records as they are when they are the first of a batch.
            let cut = if first == 0 { 0 } else { behind.records[first - 1].end };
            let terms = behind.terms.take().unwrap();
            let mut own = BatchTerms::default();
            (first..first + later).for_each(|index| own.push(|all| all.extend_from_slice(terms.of(index))));
            behind.terms = Some(own);
            behind.bytes.drain(..cut as usize);
            behind.records.drain(..first);
            behind.records.iter_mut().for_each(|record| record.end -= cut);
            joined.join(&behind);
            assert_eq!(joined, batch(&all), "{first} and {later}");
        }
        let mut without = batch(&[(1, 1)]);
        without.join(&Batch::default());
        assert_eq!(without.terms, None);
    }
}
