//! What an app's `audit.yaml` says: how its events are read as traces, and which of their fields answer what an auditor asks.

mod read;
#[cfg(test)]
mod tests;

use crate::lint::has_field;
use crate::{AppCatalog, EventType, name_matches};

pub(crate) use read::read;

/// The file that says it.
pub(crate) const AUDIT_FILE: &str = "audit.yaml";

/// How an app's events are followed and answered for. Without the file nothing is known of outcomes, and only the envelope
/// answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// What events say of the work that they are part of.
    pub traces: Traces,
    /// Which fields answer which question, in the order of the file.
    pub answers: Vec<Answers>,
}

/// What events say of the work that they are part of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// Outcomes, with names and patterns of the event types that say them.
    pub outcomes: Vec<(Outcome, Vec<String>)>,
    /// Event types that begin something, with those that end it.
    pub spans: Vec<Span>,
    /// Data fields that say how long something took.
    pub durations: Vec<DurationField>,
    /// Data fields that count attempts, from 1.
    pub attempts: Vec<String>,
}

/// What an event says of the work that it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It begins.
    Start,
    /// It went well.
    Success,
    /// It failed.
    Failure,
    /// It is tried again.
    Retry,
}

/// Something that begins with an event and ends with another, which it caused directly or through others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The event type that it begins with.
    pub start: String,
    /// Those that it ends with.
    pub end: Vec<String>,
}

/// A data field that says how long something took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationField {
    /// The field, at the top of the data.
    pub field: String,
    /// What one of its units is in microseconds.
    pub unit_us: u32,
}

/// What an auditor asks of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Whose deed it was.
    Who,
    /// What was done, and to what.
    What,
    /// When.
    When,
    /// For which reason.
    Why,
    /// What was looked at for it.
    Read,
    /// What is different since.
    Changed,
}

/// Which fields answer which question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// Names and patterns of the event types that this is said of.
    pub events: Vec<String>,
    /// Questions with the fields that answer them, as dotted paths into the data.
    pub fields: Vec<(Question, Vec<String>)>,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Start, Self::Success, Self::Failure, Self::Retry];

    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Retry => "retry",
        }
    }
}

impl Question {
    /// All of them, in the order in which they are answered.
    pub const ALL: [Self; 6] = [Self::Who, Self::What, Self::When, Self::Why, Self::Read, Self::Changed];

    /// As catalogs and queries write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Who => "who",
            Self::What => "what",
            Self::When => "when",
            Self::Why => "why",
            Self::Read => "read",
            Self::Changed => "changed",
        }
    }

    /// The one that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.as_str() == text)
    }
}

impl Audit {
    /// Whether the app says nothing of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The fields that answer a question of an event type, each once, in the order of the file.
    #[must_use]
    pub fn fields(&self, name: &str, question: Question) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        let of_type = self.answers.iter().filter(|answers| matches(&answers.events, name));
        for (_, fields) in of_type.flat_map(|answers| &answers.fields).filter(|(asked, _)| *asked == question) {
            for field in fields {
                if !found.contains(&field.as_str()) {
                    found.push(field);
                }
            }
        }
        found
    }
}

impl AppCatalog {
    /// The fields of an event type that answer each question, where it has any.
    #[must_use]
    pub fn answers(&self, event_type: &EventType) -> Vec<(Question, Vec<&str>)> {
        let declared = |question: Question| {
            let mut fields = self.audit.fields(&event_type.name, question);
            fields.retain(|path| has_field(self, event_type, path));
            (question, fields)
        };
        Question::ALL.map(declared).into_iter().filter(|(_, fields)| !fields.is_empty()).collect()
    }
}

impl Traces {
    /// What events of a type say of the work that they are part of.
    #[must_use]
    pub fn outcome(&self, name: &str) -> Option<Outcome> {
        self.outcomes.iter().find(|(_, events)| matches(events, name)).map(|(outcome, _)| *outcome)
    }

    /// The event types whose beginnings a type ends.
    pub fn ended_by<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let spans = self.spans.iter().filter(move |span| span.end.iter().any(|end| end == name));
        spans.map(|span| span.start.as_str())
    }

    /// Whether a type begins something that another ends.
    #[must_use]
    pub fn begins(&self, name: &str) -> bool {
        self.spans.iter().any(|span| span.start == name)
    }
}

fn matches(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| name_matches(pattern, name))
}
