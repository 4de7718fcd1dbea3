//! The counts of one minute, hour or day.

use daybook_event::Position;
use rustc_hash::FxHashMap;

use super::limits::Limits;
use super::names::NameId;
use super::people::{People, Trace};

/// Roughly what one more cell takes beside its sketch, with its share of a table that is never quite full.
const CELL_BYTES: usize = 2 * (size_of::<NameId>() + size_of::<Cell>());
/// Roughly what one more event type takes beside its cells.
const COUNTS_BYTES: usize = 2 * (size_of::<NameId>() + size_of::<Counts>());

/// One count.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    /// How many events, each weighted by how many it stands for.
    pub count: f64,
    /// Of how many different people.
    pub people: People,
    /// The position of the last event that was counted here.
    pub changed: Position,
}

/// The counts of one event type, or of all.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// In all.
    pub total: Cell,
    /// By group.
    pub groups: FxHashMap<NameId, Cell>,
    /// By the value of each dimension.
    pub values: Vec<(usize, FxHashMap<NameId, Cell>)>,
}

/// The counts of a bucket.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    /// Of all event types together.
    pub all: Counts,
    /// Of each event type.
    pub events: FxHashMap<NameId, Counts>,
    /// Roughly what it takes.
    pub bytes: usize,
}

/// Where events count.
#[derive(Debug)]
pub(super) struct Place {
    pub event: NameId,
    pub group: Option<NameId>,
    pub values: Vec<(usize, NameId)>,
}

/// What they add there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addition<'p> {
    pub weight: f64,
    pub people: &'p [Trace],
    /// Of the last of them.
    pub position: Position,
}

/// What came of adding it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    /// By how many bytes the bucket grew.
    pub grown: usize,
    /// Whether some of it was counted as `other`.
    pub other: bool,
}

impl Place {
    /// Every name that is in it.
    pub(super) fn names(&self) -> impl Iterator<Item = NameId> {
        let values = self.values.iter().map(|(_, value)| *value);
        [self.event].into_iter().chain(self.group).chain(values)
    }
}

impl Bucket {
    /// Adds events.
    pub(super) fn add(&mut self, place: &Place, addition: Addition<'_>, limits: &Limits) -> Outcome {
        let mut outcome = Outcome { grown: 0, other: place.event == NameId::OTHER };
        self.all.add(place.group, &[], addition, limits, &mut outcome);
        let event = if self.events.len() < limits.events || self.events.contains_key(&place.event) {
            place.event
        } else {
            outcome.other = true;
            NameId::OTHER
        };
        let counts = self.events.entry(event).or_insert_with(|| {
            outcome.grown += COUNTS_BYTES;
            Counts::default()
        });
        counts.add(place.group, &place.values, addition, limits, &mut outcome);
        self.bytes += outcome.grown;
        outcome
    }

    /// Every name that is used in it.
    pub(super) fn names(&self) -> impl Iterator<Item = NameId> {
        let of_counts = |counts: &'_ Counts| {
            counts
                .groups
                .keys()
                .chain(counts.values.iter().flat_map(|(_, values)| values.keys()))
                .copied()
                .collect::<Vec<_>>()
        };
        let all = of_counts(&self.all);
        let events =
            self.events.iter().flat_map(move |(event, counts)| std::iter::once(*event).chain(of_counts(counts)));
        all.into_iter().chain(events)
    }
}

impl Counts {
    fn add(
        &mut self,
        group: Option<NameId>,
        values: &[(usize, NameId)],
        addition: Addition<'_>,
        limits: &Limits,
        outcome: &mut Outcome,
    ) {
        self.total.add(addition, outcome);
        if let Some(group) = group {
            cell(&mut self.groups, group, limits.groups, outcome).add(addition, outcome);
        }
        for (dimension, value) in values {
            let at = self.values.iter().position(|(known, _)| known == dimension).unwrap_or_else(|| {
                self.values.push((*dimension, FxHashMap::default()));
                self.values.len() - 1
            });
            if let Some((_, cells)) = self.values.get_mut(at) {
                cell(cells, *value, limits.values, outcome).add(addition, outcome);
            }
        }
    }
}

impl Cell {
    fn add(&mut self, addition: Addition<'_>, outcome: &mut Outcome) {
        self.count += addition.weight;
        // Events that count elsewhere too may have come between these.
        self.changed = self.changed.max(addition.position);
        outcome.grown += self.people.add(addition.people);
    }
}

/// The cell of a name, or that of `other` where there are as many as may be.
fn cell<'c>(cells: &'c mut FxHashMap<NameId, Cell>, name: NameId, most: usize, outcome: &mut Outcome) -> &'c mut Cell {
    let name = if cells.len() < most || cells.contains_key(&name) { name } else { NameId::OTHER };
    outcome.other |= name == NameId::OTHER;
    cells.entry(name).or_insert_with(|| {
        outcome.grown += CELL_BYTES;
        Cell::default()
    })
}
