//! What a batch adds, added up by key and field, so that Redis is told each once.

use std::borrow::Cow;
use std::time::Duration;

use daybook_consumers::Item;
use daybook_consumers::counters::limits::{EVENTS_MAX, GROUPS_MAX, NAME_BYTES, VALUES_MAX};
use daybook_consumers::counters::{Dimensions, Interval, Tally};
use daybook_event::{SubjectId, Timestamp};
use redis::Cmd;
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::keys::{ALL, Breakdown, Keys, OTHER, escaped};
use super::options::Options;

/// People in one entry of the script's arguments: what Redis' Lua takes apart at once.
const PEOPLE_PER_ENTRY: usize = 1_000;

/// A person as Redis is told of them: a hash of their random id, which is in no other place.
type Mark = [u8; 16];

/// What a batch adds.
#[derive(Debug, Default)]
pub(super) struct Increments<'a> {
    hashes: FxHashMap<(Interval, i64, Breakdown<'a>), FxHashMap<Cow<'a, str>, Increment>>,
}

/// What one field gets.
#[derive(Debug, Default)]
struct Increment {
    by: f64,
    people: FxHashSet<Mark>,
}

impl<'a> Increments<'a> {
    /// What these events add to buckets that are still kept at this time.
    pub(super) fn of(
        items: impl Iterator<Item = &'a Item>,
        dimensions: &Dimensions,
        options: &Options,
        now: Timestamp,
    ) -> Self {
        let mut increments = Self::default();
        for item in items {
            let tally = dimensions.tally(item);
            let mark = tally.person.map(mark);
            for interval in tally.intervals().iter().filter(|interval| options.intervals.contains(interval)) {
                let bucket = interval.bucket(tally.time);
                if expiry(*interval, bucket, options.ttl(*interval)) > now {
                    increments.add(*interval, bucket, &tally, mark);
                }
            }
        }
        increments
    }

    fn add(&mut self, interval: Interval, bucket: i64, tally: &Tally<'a>, mark: Option<Mark>) {
        let mut add = |breakdown, field: Cow<'a, str>| {
            let field = if field.len() > NAME_BYTES { Cow::Borrowed(OTHER) } else { field };
            let increment = self.hashes.entry((interval, bucket, breakdown)).or_default().entry(field).or_default();
            increment.by += tally.weight;
            increment.people.extend(mark);
        };
        add(Breakdown::Events, Cow::Borrowed(ALL));
        add(Breakdown::Events, escaped(tally.event));
        if let Some(group) = tally.group {
            add(Breakdown::Groups(None), Cow::Borrowed(group));
            add(Breakdown::Groups(Some(tally.event)), Cow::Borrowed(group));
        }
        for (dimension, value) in &tally.values {
            add(Breakdown::Values(tally.event, *dimension), value.clone());
        }
    }

    /// Appends them to a script's arguments, as `apply.lua` reads them.
    pub(super) fn write(&self, keys: &Keys, dimensions: &Dimensions, options: &Options, command: &mut Cmd) {
        command.arg(self.hashes.len());
        for ((interval, bucket, breakdown), fields) in &self.hashes {
            let (counts, people) = keys.counts(*interval, *bucket, breakdown, dimensions.names());
            let most = match breakdown {
                // One more for all of them together.
                Breakdown::Events => EVENTS_MAX + 1,
                Breakdown::Groups(_) => GROUPS_MAX,
                Breakdown::Values(..) => VALUES_MAX,
            };
            let expiry = expiry(*interval, *bucket, options.ttl(*interval)).microseconds() / 1_000_000;
            let entries: usize =
                fields.values().map(|field| field.people.len().div_ceil(PEOPLE_PER_ENTRY).max(1)).sum();
            command.arg(counts).arg(people).arg(most).arg(expiry).arg(entries);
            for (field, increment) in fields {
                let people: Vec<_> = increment.people.iter().collect();
                let mut by = increment.by;
                let mut pieces = people.chunks(PEOPLE_PER_ENTRY);
                let mut piece = pieces.next().unwrap_or_default();
                loop {
                    command.arg(&**field).arg(by.to_string()).arg(piece.len());
                    for mark in piece {
                        command.arg(mark.as_slice());
                    }
                    by = 0.0;
                    match pieces.next() {
                        Some(next) => piece = next,
                        None => break,
                    }
                }
            }
        }
    }
}

/// When a bucket goes.
fn expiry(interval: Interval, bucket: i64, ttl: Duration) -> Timestamp {
    let end = interval.start(bucket.saturating_add(1)).microseconds();
    Timestamp::from_microseconds(end.saturating_add(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX)))
}

fn mark(person: SubjectId) -> Mark {
    let hash = Sha256::new().chain_update(b"daybook counters\0").chain_update(person.as_bytes()).finalize();
    let mut mark = Mark::default();
    mark.copy_from_slice(&hash[..size_of::<Mark>()]);
    mark
}
