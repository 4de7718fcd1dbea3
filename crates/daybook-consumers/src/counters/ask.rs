//! What can be asked of the counts, and the answers.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use daybook_event::{Position, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Serialize, Serializer};

use super::book::Book;
use super::bucket::{Bucket, Cell, Counts};
use super::interval::Interval;
use super::limits::ROWS_MAX;
use super::names::NameId;

/// Chooses event types by their names.
pub type EventFilter = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Which series are asked for.
#[derive(Clone, Default)]
pub struct Selection {
    /// Event types, each counted for itself; without it all of them are counted together.
    pub events: Option<EventFilter>,
    /// One group alone.
    pub group: Option<String>,
    /// What is told apart.
    pub by: By,
}

/// What is told apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum By {
    /// Nothing but the event types, where some are chosen.
    #[default]
    Nothing,
    /// Event types.
    Event,
    /// Groups.
    Group,
    /// Values of the dimension of this number, for each event type that has it.
    Dimension(usize),
}

/// A question.
#[derive(Clone)]
pub struct Ask {
    /// Which series.
    pub selection: Selection,
    /// Which buckets.
    pub interval: Interval,
    /// From the bucket that this time lies in.
    pub from: Timestamp,
    /// To before this time.
    pub to: Timestamp,
    /// So many series at most: those with the highest counts.
    pub series: usize,
}

/// A count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// When its bucket begins.
    pub start: Timestamp,
    /// The event type; none where all are counted together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Arc<str>>,
    /// The group, where groups are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Arc<str>>,
    /// The dimension's value, where values are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimension: Option<Arc<str>>,
    /// Whether it is what was left of event types, groups or values when there was no room for more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other: bool,
    /// How many events, each weighted by how many it stands for.
    #[serde(serialize_with = "number")]
    pub count: f64,
    /// How many different people, as far as can be told.
    pub people: u64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Everything up to here is counted.
    pub as_of: Position,
    /// The start of the oldest bucket that was looked at: older ones are not kept.
    pub from: Timestamp,
    /// The rows, by start, event type, and group or value.
    pub rows: Vec<Row>,
    /// Whether there are series beyond those asked for.
    pub truncated: bool,
}

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Everything up to here is counted.
    pub as_of: Position,
    /// Another one means that everything was thrown away since.
    pub generation: u64,
    /// The counts that changed, as they are now.
    pub rows: Vec<Row>,
    /// After which to ask for more.
    pub next: Position,
}

/// It cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Too many rows.
    #[error("the answer has more than {ROWS_MAX} rows")]
    TooManyRows,
    /// A group's values were asked for.
    #[error("values of a dimension are not counted by group")]
    ValuesOfGroup,
}

impl Book {
    pub(super) fn read(&self, ask: &Ask) -> Result<Answer, AskError> {
        let shelf = self.shelf(ask.interval);
        let first = ask.interval.bucket(ask.from).max(shelf.floor);
        let answer = |rows, truncated| Answer { as_of: self.as_of, from: ask.interval.start(first), rows, truncated };
        let end = Timestamp::from_microseconds(ask.to.microseconds().saturating_sub(1));
        let last = ask.interval.bucket(end);
        let Some(mut plan) = Plan::of(&ask.selection, self)?.filter(|_| first <= last) else {
            return Ok(answer(Vec::new(), false));
        };
        let mut totals: FxHashMap<Series, f64> = FxHashMap::default();
        for bucket in shelf.buckets.range(first..=last).map(|(_, bucket)| bucket) {
            plan.visit(bucket, self, &mut |series, cell| *totals.entry(series).or_default() += cell.count);
        }
        let truncated = totals.len() > ask.series;
        let chosen = truncated.then(|| self.highest(totals, ask.series, &plan));
        let mut rows = Vec::new();
        for (number, bucket) in shelf.buckets.range(first..=last) {
            plan.visit(bucket, self, &mut |series, cell| {
                if rows.len() <= ROWS_MAX && chosen.as_ref().is_none_or(|chosen| chosen.contains(&series)) {
                    rows.push((series, *number, cell));
                }
            });
            if rows.len() > ROWS_MAX {
                return Err(AskError::TooManyRows);
            }
        }
        let mut rows: Vec<Row> = rows
            .into_iter()
            .map(|(series, number, cell)| self.row(&plan, series, ask.interval.start(number), cell))
            .collect();
        rows.sort_by(in_order);
        Ok(answer(rows, truncated))
    }

    /// The counts of buckets since `from` that changed after a position. At most `most` rows, and then as many as changed last
    /// by the same event.
    pub(super) fn changes(
        &self,
        selection: &Selection,
        interval: Interval,
        from: Timestamp,
        after: Position,
        most: usize,
    ) -> Result<Changes, AskError> {
        let mut changes =
            Changes { as_of: self.as_of, generation: self.generation, rows: Vec::new(), next: self.as_of };
        let Some(mut plan) = Plan::of(selection, self)? else { return Ok(changes) };
        let mut found = Vec::new();
        for (number, bucket) in self.shelf(interval).buckets.range(interval.bucket(from)..) {
            if bucket.all.total.changed <= after {
                continue;
            }
            plan.visit(bucket, self, &mut |series, cell| {
                if cell.changed > after {
                    found.push((series, *number, cell));
                }
            });
        }
        if found.len() > most {
            found.sort_unstable_by_key(|(_, _, cell)| cell.changed);
            changes.next = found.get(most - 1).map_or(self.as_of, |(_, _, cell)| cell.changed);
            found.truncate(found.partition_point(|(_, _, cell)| cell.changed <= changes.next));
        }
        changes.rows = found
            .into_iter()
            .map(|(series, number, cell)| self.row(&plan, series, interval.start(number), cell))
            .collect();
        changes.rows.sort_by(in_order);
        Ok(changes)
    }

    /// The series with the highest totals; of equal ones those whose names come first.
    fn highest(&self, totals: FxHashMap<Series, f64>, most: usize, plan: &Plan<'_>) -> FxHashSet<Series> {
        let mut totals: Vec<_> = totals.into_iter().collect();
        let name = |series: Series| self.row(plan, series, Timestamp::default(), &Cell::default());
        totals.sort_by(|(one, count), (other, than)| {
            than.total_cmp(count).then_with(|| in_order(&name(*one), &name(*other)))
        });
        totals.into_iter().take(most).map(|(series, _)| series).collect()
    }

    fn row(&self, plan: &Plan<'_>, series: Series, start: Timestamp, cell: &Cell) -> Row {
        let text = |id: Option<NameId>| self.names.text(id?).cloned();
        let member = text(series.member);
        let (group, dimension) = if matches!(plan.of, Of::Values(_)) { (None, member) } else { (member, None) };
        Row {
            start,
            event: text(series.event),
            group,
            dimension,
            other: [series.event, series.member].contains(&Some(NameId::OTHER)),
            count: cell.count,
            people: cell.people.estimate(),
        }
    }
}

/// A series, as far as a plan tells series apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Series {
    event: Option<NameId>,
    /// The group or the value.
    member: Option<NameId>,
}

/// Where a selection's counts are.
struct Plan<'s> {
    events: Option<&'s (dyn Fn(&str) -> bool + Send + Sync)>,
    each_event: bool,
    of: Of,
    known: FxHashMap<NameId, bool>,
}

enum Of {
    Total,
    Group(NameId),
    Groups,
    Values(usize),
}

impl<'s> Plan<'s> {
    /// The plan, or nothing where there is no such series.
    fn of(selection: &'s Selection, book: &Book) -> Result<Option<Self>, AskError> {
        let of = match (&selection.group, &selection.by) {
            (Some(_), By::Dimension(_)) => return Err(AskError::ValuesOfGroup),
            (None, By::Dimension(number)) => Of::Values(*number),
            (None, By::Group) => Of::Groups,
            (None, By::Nothing | By::Event) => Of::Total,
            (Some(group), _) => match book.names.get(group) {
                Some(group) => Of::Group(group),
                None => return Ok(None),
            },
        };
        let each_event = selection.events.is_some() || matches!(selection.by, By::Event | By::Dimension(_));
        Ok(Some(Self { events: selection.events.as_deref(), each_event, of, known: FxHashMap::default() }))
    }

    fn visit<'b>(&mut self, bucket: &'b Bucket, book: &Book, visitor: &mut impl FnMut(Series, &'b Cell)) {
        if !self.each_event {
            return self.cells(&bucket.all, None, visitor);
        }
        for (event, counts) in &bucket.events {
            if self.wants(*event, book) {
                self.cells(counts, Some(*event), visitor);
            }
        }
    }

    fn wants(&mut self, event: NameId, book: &Book) -> bool {
        let Some(events) = self.events else { return true };
        match self.known.entry(event) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => *unknown.insert(book.names.text(event).is_some_and(|name| events(name))),
        }
    }

    fn cells<'b>(&self, counts: &'b Counts, event: Option<NameId>, visitor: &mut impl FnMut(Series, &'b Cell)) {
        let mut members = |cells: &'b FxHashMap<NameId, Cell>| {
            for (member, cell) in cells {
                visitor(Series { event, member: Some(*member) }, cell);
            }
        };
        match &self.of {
            Of::Groups => members(&counts.groups),
            Of::Values(number) => {
                counts.values.iter().filter(|(known, _)| known == number).for_each(|(_, cells)| members(cells));
            }
            Of::Total => visitor(Series { event, member: None }, &counts.total),
            Of::Group(group) => {
                if let Some(cell) = counts.groups.get(group) {
                    visitor(Series { event, member: Some(*group) }, cell);
                }
            }
        }
    }
}

fn in_order(one: &Row, other: &Row) -> std::cmp::Ordering {
    fn key(row: &Row) -> (Timestamp, Option<&str>, Option<&str>, Option<&str>, bool) {
        (row.start, row.event.as_deref(), row.group.as_deref(), row.dimension.as_deref(), row.other)
    }
    key(one).cmp(&key(other))
}

/// Whole numbers without a fraction.
fn number<S: Serializer>(count: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Up to here every whole number is exact.
    if count.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(count) {
        serializer.serialize_u64(*count as u64)
    } else {
        serializer.serialize_f64(*count)
    }
}
