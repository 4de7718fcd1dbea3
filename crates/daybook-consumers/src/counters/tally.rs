//! What an event adds, and to which series: the same for the counters in the process and those in Redis.

use std::borrow::Cow;
use std::hash::Hash;

use daybook_catalog::AppCatalog;
use daybook_event::{Kind, SubjectId, Timestamp};
use rustc_hash::FxHashMap;

use super::fields;
use super::interval::Interval;
use crate::handler::Item;

/// The dimensions that an app's catalog declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dimensions {
    names: Vec<String>,
    by_event: FxHashMap<String, Vec<(String, usize)>>,
}

/// What one event adds.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally<'a> {
    /// The event type.
    pub event: &'a str,
    /// The group.
    pub group: Option<&'a str>,
    /// The values of its dimensions, each with the number of the dimension among [`Dimensions::names`].
    pub values: Vec<(usize, Cow<'a, str>)>,
    /// When it happened.
    pub time: Timestamp,
    /// How many events it stands for.
    pub weight: f64,
    /// Who it is about.
    pub person: Option<SubjectId>,
    /// Whether only its day is known.
    day_only: bool,
}

impl Dimensions {
    /// Those of the current version of every event type.
    #[must_use]
    pub fn of(app: &AppCatalog) -> Self {
        Self::chosen(app, |_| true)
    }

    /// Those of these names.
    #[must_use]
    pub fn chosen(app: &AppCatalog, chosen: impl Fn(&str) -> bool) -> Self {
        let mut dimensions = Self::default();
        for event_type in app.current_events() {
            let fields = event_type.dimensions.iter().filter(|name| chosen(name));
            let fields: Vec<_> = fields.map(|name| (name.clone(), dimensions.add(name))).collect();
            if !fields.is_empty() {
                dimensions.by_event.insert(event_type.name.clone(), fields);
            }
        }
        dimensions
    }

    /// Their names, each once.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of a dimension.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// What an event adds.
    #[must_use]
    pub fn tally<'a>(&self, item: &'a Item) -> Tally<'a> {
        let event = &item.event;
        let mut values = Vec::new();
        if let Some(fields) = self.by_event.get(&*event.name) {
            fields::pick(&event.data, fields, &mut values);
        }
        let stands_for = 1.0 / event.sample_rate;
        Tally {
            event: &event.name,
            group: event.group.as_deref(),
            values,
            time: event.time,
            weight: if stands_for.is_finite() && stands_for >= 1.0 { stands_for } else { 1.0 },
            person: item.standing.subject(),
            day_only: event.kind == Kind::DailyCount,
        }
    }

    fn add(&mut self, name: &str) -> usize {
        self.number(name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }
}

impl Tally<'_> {
    /// The intervals it counts in.
    #[must_use]
    pub const fn intervals(&self) -> &'static [Interval] {
        if self.day_only { &[Interval::Day] } else { &Interval::ALL }
    }

    /// Whether both count in the same places.
    pub(super) fn counts_as(&self, other: &Self) -> bool {
        self.place() == other.place()
    }

    /// Where it counts: everything but how much, and who it is about.
    pub(super) fn place(&self) -> impl Hash + PartialEq {
        (self.event, self.group, Interval::Minute.bucket(self.time), self.day_only, self.values.as_slice())
    }
}
