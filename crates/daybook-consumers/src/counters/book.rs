//! All counts of one app, and how they are kept within bounds.

use std::collections::BTreeMap;

use daybook_event::{Position, Timestamp};

use super::bucket::{Addition, Bucket, Place};
use super::interval::Interval;
use super::limits::Limits;
use super::names::{NameId, Names};
use super::people::Trace;
use super::sums::Sum;
use super::tally::Tally;

/// All counts of one app.
#[derive(Debug)]
pub(super) struct Book {
    pub names: Names,
    /// Everything up to here is counted.
    pub as_of: Position,
    /// Before they have come to here, the counts are being computed again.
    pub complete_at: Position,
    /// Raised whenever everything is thrown away, so that whoever follows notices.
    pub generation: u64,
    /// How much did not go where it belongs.
    pub strays: Strays,
    shelves: [Shelf; 3],
    clock: Timestamp,
    limits: Limits,
    /// There is no room for further series, even with nothing left but the newest buckets.
    crowded: bool,
}

/// The buckets of one interval.
#[derive(Debug)]
pub(super) struct Shelf {
    /// Buckets before this one are not kept.
    pub floor: i64,
    pub buckets: BTreeMap<i64, Bucket>,
    interval: Interval,
    bytes: usize,
}

/// Events that were not counted where they belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Strays {
    /// Counted in all, but at least once as `other`, because there was no room for another event type, group or value.
    pub other: u64,
    /// Older than anything that is kept, and not counted.
    pub too_old: u64,
    /// Buckets that went before their time to make room.
    pub cut: u64,
}

impl Book {
    pub(super) fn new(limits: Limits, complete_at: Position) -> Self {
        Self {
            names: Names::new(limits.names),
            as_of: 0,
            complete_at,
            generation: 0,
            strays: Strays::default(),
            shelves: Interval::ALL.map(|interval| Shelf {
                floor: i64::MIN,
                buckets: BTreeMap::new(),
                interval,
                bytes: 0,
            }),
            clock: Timestamp::from_microseconds(i64::MIN),
            limits,
            crowded: false,
        }
    }

    /// Throws everything away.
    pub(super) fn clear(&mut self) {
        let clock = self.clock;
        let complete_at = self.complete_at.max(self.as_of);
        *self = Self { generation: self.generation + 1, ..Self::new(self.limits, complete_at) };
        self.advance(clock);
    }

    pub(super) const fn shelf(&self, interval: Interval) -> &Shelf {
        &self.shelves[interval as usize]
    }

    /// Roughly what all of it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.bytes).sum()
    }

    /// It is at least this late: what is past its time goes.
    pub(super) fn advance(&mut self, now: Timestamp) {
        if now <= self.clock {
            return;
        }
        let same = Interval::Minute.bucket(now) == Interval::Minute.bucket(self.clock);
        self.clock = now;
        if same {
            return;
        }
        for shelf in &mut self.shelves {
            let oldest = shelf.interval.oldest(now);
            while shelf.buckets.first_key_value().is_some_and(|(number, _)| *number < oldest) {
                shelf.drop_oldest();
                self.names.look_again();
            }
            shelf.floor = shelf.floor.max(oldest);
        }
        self.shrink();
    }

    /// Counts events that count in the same places, with the people that they are about.
    pub(super) fn count(&mut self, sum: &Sum<'_>, people: &[Trace]) {
        let tally = &sum.tally;
        let place = self.place(tally);
        let addition = Addition { weight: sum.weight, people, position: sum.last };
        let limits = if self.crowded { Limits { events: 0, groups: 0, values: 0, ..self.limits } } else { self.limits };
        let (mut counted, mut other, mut grown) = (false, false, 0);
        for interval in tally.intervals() {
            let shelf = &mut self.shelves[*interval as usize];
            let number = interval.bucket(tally.time);
            if number < shelf.floor {
                continue;
            }
            let outcome = shelf.buckets.entry(number).or_default().add(&place, addition, &limits);
            shelf.bytes += outcome.grown;
            grown += outcome.grown;
            other |= outcome.other;
            counted = true;
        }
        self.strays.other += if other { sum.events } else { 0 };
        self.strays.too_old += if counted { 0 } else { sum.events };
        if grown > 0 {
            self.shrink();
        }
    }

    /// Makes room: the interval that takes the most loses its oldest bucket, but never its last.
    fn shrink(&mut self) {
        while self.bytes() > self.limits.memory_bytes {
            let several = self.shelves.iter_mut().filter(|shelf| shelf.buckets.len() > 1);
            let Some(shelf) = several.max_by_key(|shelf| shelf.bytes) else {
                self.crowded = true;
                return;
            };
            shelf.drop_oldest();
            self.strays.cut += 1;
            self.names.look_again();
        }
        self.crowded = false;
    }

    fn place(&mut self, tally: &Tally<'_>) -> Place {
        let Self { names, shelves, .. } = self;
        let mut place = Place { event: NameId::OTHER, group: None, values: Vec::with_capacity(tally.values.len()) };
        // Names that were just given are in no bucket yet.
        let mut id = |place: &Place, name: &str| names.add(name, || used(shelves).chain(place.names()).collect());
        place.event = id(&place, tally.event);
        place.group = tally.group.map(|group| id(&place, group));
        for (dimension, value) in &tally.values {
            let value = id(&place, value);
            place.values.push((*dimension, value));
        }
        place
    }
}

impl Shelf {
    fn drop_oldest(&mut self) {
        if let Some((number, bucket)) = self.buckets.pop_first() {
            self.bytes -= bucket.bytes;
            self.floor = self.floor.max(number + 1);
        }
    }
}

fn used(shelves: &[Shelf]) -> impl Iterator<Item = NameId> {
    shelves.iter().flat_map(|shelf| shelf.buckets.values()).flat_map(Bucket::names)
}
