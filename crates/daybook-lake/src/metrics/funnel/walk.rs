//! How far each person gets.

use std::collections::BTreeMap;

use crate::metrics::limits::STEPS_MAX;

/// An event that is a step of a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// Whose it is: a person, or a session.
    pub(super) person: i64,
    /// In microseconds.
    pub(super) time: i64,
    pub(super) position: i64,
    /// The steps that it can be, as bits.
    pub(super) steps: u32,
    /// The group that it begins in, if it can be the first step.
    pub(super) group: u32,
}

/// What the people of a group did.
#[derive(Debug)]
pub(super) struct Tally {
    /// For each step, how many took it.
    pub(super) counts: Vec<u64>,
    /// For each step but the first, how long after the one before, in microseconds.
    pub(super) times: Vec<Vec<i64>>,
}

impl Tally {
    pub(super) fn new(steps: usize) -> Self {
        Self { counts: vec![0; steps], times: vec![Vec::new(); steps] }
    }

    /// Adds what others did.
    pub(super) fn add(&mut self, other: Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        self.times.iter_mut().zip(other.times).for_each(|(times, more)| times.extend(more));
    }

    /// In bytes.
    pub(super) fn size(&self) -> usize {
        self.times.iter().map(|times| times.len() * size_of::<i64>()).sum()
    }

    fn count(&mut self, run: &Run) {
        self.counts.iter_mut().take(run.taken).for_each(|count| *count += 1);
        for (times, pair) in self.times.iter_mut().skip(1).zip(run.taken().windows(2)) {
            if let [before, after] = pair {
                times.push(after - before);
            }
        }
    }
}

/// Counts what people did, by group. All events of a person are among these.
pub(super) fn walk(mut records: Vec<Record>, steps: usize, within: i64) -> BTreeMap<u32, Tally> {
    records.sort_unstable_by_key(|record| (record.person, record.time, record.position));
    let mut tallies: BTreeMap<u32, Tally> = BTreeMap::new();
    let mut groups: Vec<u32> = Vec::new();
    let mut latest: Vec<Option<Run>> = vec![None; steps];
    for of_person in records.chunk_by(|one, other| one.person == other.person) {
        groups.clear();
        groups.extend(of_person.iter().filter(|record| record.steps & 1 == 1).map(|record| record.group));
        groups.sort_unstable();
        groups.dedup();
        for group in &groups {
            if let Some(run) = best(of_person, *group, within, &mut latest) {
                tallies.entry(*group).or_insert_with(|| Tally::new(steps)).count(&run);
            }
        }
    }
    tallies
}

/// Some steps that were taken in order.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Which event it began with.
    start: usize,
    taken: usize,
    times: [i64; STEPS_MAX],
}

impl Run {
    fn taken(&self) -> &[i64] {
        self.times.get(..self.taken).unwrap_or_default()
    }

    /// The run with one step more.
    fn and(mut self, time: i64) -> Self {
        if let Some(next) = self.times.get_mut(self.taken) {
            *next = time;
            self.taken += 1;
        }
        self
    }
}

/// The run that gets farthest: of several the one that got there first, and of these the one that began last.
///
/// One pass: for each number of steps only the run matters that began last of those that took as many. It has more time left
/// than any other, and can do all that they can. `latest` has room for one for each step.
fn best(records: &[Record], group: u32, within: i64, latest: &mut [Option<Run>]) -> Option<Run> {
    latest.fill(None);
    let mut best: Option<Run> = None;
    for (at, record) in records.iter().enumerate() {
        // From the last step to the first: an event is one step of a run only.
        for step in (0..latest.len()).rev().filter(|step| (record.steps >> step) & 1 == 1) {
            let run = match step.checked_sub(1) {
                None if record.group != group => None,
                None => Some(Run { start: at, taken: 0, times: [0; STEPS_MAX] }.and(record.time)),
                Some(before) => latest.get(before).copied().flatten().filter(|run| {
                    let since = run.times.first().map_or(i64::MAX, |start| record.time.saturating_sub(*start));
                    since <= within
                }),
            };
            let Some(run) = run else { continue };
            let run = if step == 0 { run } else { run.and(record.time) };
            let Some(known) = latest.get_mut(step) else { continue };
            if known.is_none_or(|known| known.start < run.start) {
                *known = Some(run);
                if best.is_none_or(|best| best.taken < run.taken) {
                    best = Some(run);
                }
            }
        }
    }
    best
}
