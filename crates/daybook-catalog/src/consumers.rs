//! What an app's `consumers.yaml` says: who reacts to its events, and how patiently.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::name_matches;

/// One consumer.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Its name, unique within the app.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Names and patterns (`domain.*`, `*`) of the event types it gets.
    pub events: Vec<String>,
    /// Names and patterns of those it does not get, whatever `events` says.
    pub exclude: Vec<String>,
    /// The handler, by its own name: `insertToMySQL` is `mysql` here.
    pub handler: String,
    /// How often an event is tried again after the first attempt.
    pub retry: u32,
    /// Whether events that are given up are kept as dead letters; otherwise they are only counted.
    pub dlq: bool,
    /// A JSON Schema that an event's data must meet; it is self-contained, and compiles with [`crate::validation_options`].
    pub condition: Option<Value>,
    /// How many events are handed over together, where the consumer says so.
    pub batch: BatchSpec,
    /// What must stay in order.
    pub order: Order,
    /// How fast at most.
    pub rate: Option<Rate>,
    /// The promise: time from an event's receipt to its delivery.
    pub latency: Option<Duration>,
    /// Where it begins.
    pub from: From,
    /// What its handler wants to know, and only the handler understands.
    pub options: Map<String, Value>,
}

/// How many events are handed over together. What is not said, the handler's kind decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BatchSpec {
    /// At most so many.
    pub size: Option<NonZeroU32>,
    /// So long is waited for more.
    pub delay: Option<Duration>,
}

/// So many events in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The events.
    pub events: NonZeroU32,
    /// The time: a second, a minute or an hour.
    pub per: Duration,
}

/// What must stay in order where a handler delivers several events at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Nothing.
    #[default]
    None,
    /// The events of a person.
    Identity,
    /// The events of a group.
    Group,
}

/// Where a new consumer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum From {
    /// With the first event of the log.
    #[default]
    Beginning,
    /// With the first event after it was added.
    Now,
}

/// A handler that a consumer may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandlerName {
    /// Its own name, which [`Spec::handler`] holds.
    pub name: &'static str,
    /// The name that catalogs written for other systems call it by.
    pub alias: Option<&'static str>,
}

/// The handlers there are.
pub const HANDLERS: [HandlerName; 8] = [
    HandlerName { name: "alert", alias: Some("sendAlert") },
    HandlerName { name: "counters", alias: None },
    HandlerName { name: "file", alias: None },
    HandlerName { name: "lake", alias: None },
    HandlerName { name: "mysql", alias: Some("insertToMySQL") },
    HandlerName { name: "postgres", alias: None },
    HandlerName { name: "redis", alias: Some("updateRedisCounters") },
    HandlerName { name: "webhook", alias: None },
];

/// How often an event is tried again where the consumer does not say.
pub const RETRY_DEFAULT: u32 = 3;

impl Order {
    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Identity => "identity",
            Self::Group => "group",
        }
    }
}

impl From {
    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Beginning => "beginning",
            Self::Now => "now",
        }
    }
}

impl Rate {
    /// The times that a rate may be of, by their letters.
    pub(crate) const UNITS: [(&str, Duration); 3] =
        [("s", Duration::from_secs(1)), ("m", Duration::from_secs(60)), ("h", Duration::from_secs(3_600))];

    /// The time that one event takes at this rate.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.per / self.events.get()
    }
}

/// As catalogs write it: `100/s`.
impl std::fmt::Display for Rate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = Self::UNITS.iter().find(|(_, time)| *time == self.per);
        match unit {
            Some((unit, _)) => write!(out, "{}/{unit}", self.events),
            None => write!(out, "{}/{:?}", self.events, self.per),
        }
    }
}

impl Spec {
    /// Whether it gets events of this type.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        matches_any(&self.events, name) && !matches_any(&self.exclude, name)
    }
}

/// Whether an event name matches one of several names and patterns.
pub(crate) fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| name_matches(pattern, name))
}
