//! What a stretch of events adds, with those added up that count in the same places: most events of a stretch do, and each
//! place is looked for once.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use daybook_event::Position;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::FxHasher;

use super::people::Trace;
use super::tally::{Dimensions, Tally};
use crate::handler::Item;

/// What a stretch of events adds. Kept from one stretch to the next for its room.
#[derive(Debug, Default)]
pub(super) struct Sums<'a> {
    /// In the order of the first event of each.
    sums: Vec<Sum<'a>>,
    /// The places of the sums in the list, by their hashes.
    places: HashTable<u32>,
    /// Who the events are about, each with the place of its sum.
    people: Vec<(u32, Trace)>,
    /// The same by sum.
    sorted: Vec<Trace>,
}

/// Events that count in the same places.
#[derive(Debug)]
pub(super) struct Sum<'a> {
    /// What the first of them adds.
    pub tally: Tally<'a>,
    /// How many there are.
    pub events: u64,
    /// How many they stand for.
    pub weight: f64,
    /// The position of the last one.
    pub last: Position,
    hash: u64,
    people: usize,
}

impl<'a> Sums<'a> {
    /// Forgets what it has, and adds up these events.
    pub(super) fn add_up(&mut self, dimensions: &Dimensions, items: &'a [Arc<Item>]) {
        self.sums.clear();
        self.places.clear();
        self.people.clear();
        for item in items {
            let tally = dimensions.tally(item);
            let (weight, person) = (tally.weight, tally.person);
            let at = self.place_of(tally);
            let Some(sum) = self.sums.get_mut(at as usize) else { continue };
            sum.events += 1;
            sum.weight += weight;
            sum.last = item.event.position;
            if let Some(person) = person {
                sum.people += 1;
                self.people.push((at, Trace::of(person)));
            }
        }
    }

    /// Gives each sum, in the order of the first event of each, with the people that its events are about.
    pub(super) fn each(&mut self, mut each: impl FnMut(&Sum<'a>, &[Trace])) {
        self.sorted.clear();
        if let Some((_, any)) = self.people.first() {
            self.sorted.resize(self.people.len(), *any);
        }
        // Where the people of each sum begin; when they are all in their places, where they end.
        let mut ends: Vec<usize> = Vec::with_capacity(self.sums.len());
        let mut begin = 0;
        for sum in &self.sums {
            ends.push(begin);
            begin += sum.people;
        }
        for (at, person) in &self.people {
            let end = &mut ends[*at as usize];
            self.sorted[*end] = *person;
            *end += 1;
        }
        for (sum, end) in self.sums.iter().zip(ends) {
            each(sum, &self.sorted[end - sum.people..end]);
        }
    }

    /// The place of the sum that an event belongs to, which is made where there is none.
    fn place_of(&mut self, tally: Tally<'a>) -> u32 {
        let Self { sums, places, .. } = self;
        let hash = hash(&tally);
        let same = |at: &u32| sums.get(*at as usize).is_some_and(|sum| sum.hash == hash && sum.tally.counts_as(&tally));
        let hash_of = |at: &u32| sums.get(*at as usize).map_or(0, |sum| sum.hash);
        match places.entry(hash, same, hash_of) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                // A stretch has far fewer events than that.
                let at = sums.len() as u32;
                new.insert(at);
                sums.push(Sum { tally, events: 0, weight: 0.0, last: 0, hash, people: 0 });
                at
            }
        }
    }
}

fn hash(tally: &Tally<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    tally.place().hash(&mut hasher);
    hasher.finish()
}
