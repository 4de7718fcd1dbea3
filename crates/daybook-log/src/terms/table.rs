//! The newest postings, in memory.

use daybook_event::Position;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use super::Incomplete;
use super::matching::{Piece, Postings};
use super::query::Term;

/// Postings in memory, by term. Terms are hashes already, so they are not hashed again.
#[derive(Debug)]
pub(super) struct Table {
    /// What positions are counted from.
    base: Position,
    entries: HashTable<Entry>,
    postings: usize,
}

#[derive(Debug)]
struct Entry {
    term: Term,
    list: List,
}

/// Where a term is, counted from the table's base. Most terms are in one record, which then takes no memory of its own.
#[derive(Debug)]
enum List {
    One(u32),
    Many(Vec<u32>),
}

impl Table {
    /// A table for positions from `base` on.
    pub(super) fn new(base: Position) -> Self {
        Self { base, entries: HashTable::new(), postings: 0 }
    }

    pub(super) fn postings(&self) -> usize {
        self.postings
    }

    pub(super) fn terms(&self) -> usize {
        self.entries.len()
    }

    /// Notes a term at a position, which is not before any that was noted.
    pub(super) fn push(&mut self, term: &Term, position: Position) {
        assert!(position >= self.base, "a position before the table's first");
        // The table is frozen long before its positions need more.
        let at = u32::try_from(position - self.base).unwrap_or(u32::MAX);
        match self.entries.entry(hash(term), |other| other.term == *term, |other| hash(&other.term)) {
            Slot::Vacant(slot) => {
                slot.insert(Entry { term: *term, list: List::One(at) });
            }
            Slot::Occupied(mut slot) => {
                let list = &mut slot.get_mut().list;
                if list.places().last() == Some(&at) {
                    return;
                }
                match list {
                    List::One(first) => *list = List::Many(vec![*first, at]),
                    List::Many(places) => places.push(at),
                }
            }
        }
        self.postings += 1;
    }

    /// Takes a term out again at this position and those behind it.
    pub(super) fn cut(&mut self, term: &Term, from: Position) {
        let Ok(mut slot) = self.entries.find_entry(hash(term), |other| other.term == *term) else { return };
        let places = slot.get().list.places();
        let kept = places.partition_point(|place| self.base + u64::from(*place) < from);
        self.postings -= places.len() - kept;
        if kept == 0 {
            slot.remove();
        } else if let List::Many(places) = &mut slot.get_mut().list {
            places.truncate(kept);
        }
    }

    /// Calls `each` with every term in order, and its positions.
    pub(super) fn sorted(&self) -> impl Iterator<Item = (Term, impl Iterator<Item = Position> + '_)> + '_ {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|entry| u128::from_be_bytes(entry.term));
        entries
            .into_iter()
            .map(|entry| (entry.term, entry.list.places().iter().map(|place| self.base + u64::from(*place))))
    }
}

impl<'p> Piece<'p> for Table {
    fn postings(&'p self, term: &Term) -> Result<Option<Postings<'p>>, Incomplete> {
        let entry = self.entries.find(hash(term), |entry| entry.term == *term);
        Ok(entry.map(|entry| Postings::Table(TablePostings { base: self.base, places: entry.list.places() })))
    }
}

impl List {
    fn places(&self) -> &[u32] {
        match self {
            Self::One(place) => std::slice::from_ref(place),
            Self::Many(places) => places,
        }
    }
}

/// The positions of a term in a table, from the first one that is still asked for.
#[derive(Debug)]
pub(super) struct TablePostings<'t> {
    base: Position,
    places: &'t [u32],
}

impl TablePostings<'_> {
    /// The first position that is not before `at`. Must not go back.
    pub(super) fn seek(&mut self, at: Position) -> Option<Position> {
        let passed = gallop(self.places, |place| self.base + u64::from(*place) < at);
        self.places = &self.places[passed..];
        self.places.first().map(|place| self.base + u64::from(*place))
    }
}

/// How many of a sorted list's first elements are before what is looked for, which is likely to be near its beginning.
pub(super) fn gallop<T>(list: &[T], is_before: impl Fn(&T) -> bool) -> usize {
    let mut step = 1;
    let mut low = 0;
    while low + step <= list.len() && is_before(&list[low + step - 1]) {
        low += step;
        step *= 2;
    }
    let high = (low + step).min(list.len());
    low + list[low..high].partition_point(is_before)
}

/// The last eight bytes of a term as a number: its hash.
fn hash(term: &Term) -> u64 {
    u128::from_be_bytes(*term) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn galloping_finds_what_searching_finds() {
        for length in 0..40_u32 {
            let list: Vec<u32> = (0..length).map(|at| at * 2).collect();
            for wanted in 0..90 {
                assert_eq!(gallop(&list, |one| *one < wanted), list.partition_point(|one| *one < wanted));
            }
        }
    }

    #[test]
    fn what_is_cut_is_gone_and_the_rest_stays() {
        let mut table = Table::new(100);
        let (one, other) = ([1; 16], [2; 16]);
        for position in [100, 105, 105, 110] {
            table.push(&one, position);
        }
        table.push(&other, 107);
        assert_eq!((table.postings(), table.terms()), (4, 2));
        table.cut(&one, 105);
        table.cut(&other, 107);
        assert_eq!((table.postings(), table.terms()), (1, 1));
        let left: Vec<_> = table.sorted().map(|(term, places)| (term, places.collect::<Vec<_>>())).collect();
        assert_eq!(left, [(one, vec![100])]);
    }
}
