//! What one app's catalog says.

use std::time::Duration;

use daybook_event::{Sampling, Signals};
use regex::Regex;
use semver::Version;
use serde_json::{Map, Value};

use crate::aggregates;
use crate::audit::Audit;
use crate::collections::Collections;
use crate::consumers;
use crate::protobuf::Numbering;
use crate::webhooks;
use crate::{Consent, Dialect, EventType, Field, Signatures, WithoutConsent};

/// The catalog of one app, checked: every reference in it resolves and every schema compiles.
#[derive(Debug, Clone)]
pub struct AppCatalog {
    /// The app's slug, which is its place in every path of the API.
    pub app: String,
    /// The version of the catalog.
    pub version: Version,
    /// The app's name for people.
    pub title: String,
    /// What the app is.
    pub description: Option<String>,
    /// The rule event names follow.
    pub naming: Option<Naming>,
    /// The app's own envelope.
    pub dialect: Dialect,
    /// What becomes of fields the schemas do not know.
    pub unknown_fields: UnknownFields,
    /// What becomes of event types the catalog does not know.
    pub unknown_types: UnknownTypes,
    /// What is asked of signatures, where an event type does not say.
    pub signatures: Signatures,
    /// Age beyond which an event's receipt carries a warning.
    pub warn_older_than: Option<Duration>,
    /// How far a client's clock may run ahead.
    pub max_clock_skew: Duration,
    /// The categories; never empty.
    pub categories: Vec<Category>,
    /// The parts of the app that send events; empty for any.
    pub sources: Vec<String>,
    /// What people are asked to consent to, in the order of the file.
    pub consent: Vec<ConsentPurpose>,
    /// Names and patterns of the event types that count as a person being active; `None` for all with an identity.
    pub active: Option<Vec<String>>,
    /// What sanitising covers beyond secrets.
    pub sanitise: Sanitise,
    /// Named JSON Schemas, for `$ref: "#/types/name"`.
    pub types: Map<String, Value>,
    /// The event types, all versions, by name and then version.
    pub events: Vec<EventType>,
    /// Who reacts to its events, in the order of the file.
    pub consumers: Vec<consumers::Spec>,
    /// What is computed of its events, in the order of the file.
    pub aggregates: Vec<aggregates::Spec>,
    /// How its events are followed and answered for.
    pub audit: Audit,
    /// The records that it keeps beside its events.
    pub collections: Collections,
    /// Which services may call, in the order of the file.
    pub webhooks: Vec<webhooks::Source>,
    /// The numbers that the fields of its messages have.
    pub protobuf: Numbering,
}

/// The rule event names follow.
#[derive(Debug, Clone)]
pub struct Naming {
    /// What every name matches.
    pub pattern: Regex,
    /// Names that show it.
    pub examples: Vec<String>,
}

/// What becomes of fields of the data that the schema does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownFields {
    /// They are kept.
    Allow,
    /// They are kept, and the receipt says so.
    #[default]
    Warn,
    /// The event is quarantined.
    Quarantine,
}

/// What becomes of events whose type the catalog does not know.
#[derive(Debug, Clone, Default)]
pub enum UnknownTypes {
    /// They are quarantined.
    #[default]
    Quarantine,
    /// They are kept, with a warning.
    Keep {
        /// What their names match; any name without it.
        pattern: Option<Regex>,
        /// The category they get.
        category: String,
    },
}

/// A category of events.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// What belongs in it.
    pub description: Option<String>,
    /// How long its events are kept; for ever without it.
    pub retain: Option<Duration>,
    /// How long what was computed from them is kept; for ever without it.
    pub aggregate_retain: Option<Duration>,
    /// What its events may say of people.
    pub pii: CategoryPii,
    /// Sampling of its event types that have none of their own.
    pub sampling: Option<Sampling>,
}

/// What the events of a category may say of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CategoryPii {
    /// Nothing.
    None,
    /// They name people for as long as they are kept.
    #[default]
    Logged,
    /// They name people until their retention ends, and nobody after.
    Anonymise,
}

/// Something people are asked to consent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentPurpose {
    /// Its name.
    pub purpose: String,
    /// What it allows.
    pub description: Option<String>,
    /// Whether a person who was never asked counts as having consented.
    pub default: bool,
    /// What is done without consent.
    pub without: WithoutConsent,
    /// The signals of a browser that count as refusing it.
    pub signals: Signals,
}

/// What sanitising covers beyond secrets, which it always covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sanitise {
    /// E-mail addresses.
    pub emails: bool,
    /// Payment card numbers.
    pub card_numbers: bool,
}

impl ConsentPurpose {
    /// Whether a request that carries these signals refuses the purpose, whatever the person said before.
    #[must_use]
    pub const fn refused_by(&self, signals: Signals) -> bool {
        (self.signals.gpc && signals.gpc) || (self.signals.dnt && signals.dnt)
    }
}

impl Category {
    /// The one category of an app that declares none.
    pub const DEFAULT_NAME: &'static str = "default";
}

impl AppCatalog {
    /// The current (highest) version of the event type `name`.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<&EventType> {
        self.versions(name).last()
    }

    /// One version of the event type `name`.
    #[must_use]
    pub fn event_version(&self, name: &str, version: &Version) -> Option<&EventType> {
        self.versions(name).iter().find(|event_type| event_type.version == *version)
    }

    /// All versions of the event type `name`, lowest first.
    #[must_use]
    pub fn versions(&self, name: &str) -> &[EventType] {
        let start = self.events.partition_point(|event_type| event_type.name.as_str() < name);
        let rest = self.events.get(start..).unwrap_or_default();
        let count = rest.partition_point(|event_type| event_type.name == name);
        rest.get(..count).unwrap_or_default()
    }

    /// The current version of every event type, by name.
    pub fn current_events(&self) -> impl Iterator<Item = &EventType> {
        self.events.chunk_by(|one, other| one.name == other.name).filter_map(<[EventType]>::last)
    }

    /// The category `name`.
    #[must_use]
    pub fn category(&self, name: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.name == name)
    }

    /// The consent an event type depends on: the one it names, or the app's first purpose without which events are kept
    /// anonymously.
    #[must_use]
    pub fn consent_of(&self, event_type: &EventType) -> Option<Consent> {
        event_type.consent.clone().or_else(|| {
            let purpose = self.consent.iter().find(|purpose| purpose.without == WithoutConsent::Anonymise)?;
            Some(Consent { purpose: purpose.purpose.clone(), without: purpose.without })
        })
    }

    /// The required properties of a type's data that the envelope may hold instead, each with the field that does: one
    /// of the two places is enough. [`AppCatalog::validation_schema`] does not require them.
    #[must_use]
    pub fn envelope_required(&self, event_type: &EventType) -> Vec<(String, Field)> {
        let Some(data) = self.dialect.field(Field::Data) else { return Vec::new() };
        let required = event_type.data.as_ref().and_then(|schema| schema.get("required")?.as_array());
        self.dialect
            .fields
            .iter()
            .filter_map(|spec| {
                let property = match spec.also.as_deref()?.strip_prefix(data.path.as_slice())? {
                    [property] => property,
                    _ => return None,
                };
                required?.iter().any(|name| name == property).then(|| (property.clone(), spec.field))
            })
            .collect()
    }
}

/// Whether an event name matches a name or pattern as catalogs write them: `*` stands for any run of characters, dots
/// included, everything else for itself.
#[must_use]
pub fn name_matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for piece in middle {
        match rest.find(piece) {
            Some(start) => rest = rest.get(start + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(name_matches(pattern, name), expected, "{pattern} {name}");
        };
        check("a.b", "a.b", true);
        check("a.b", "a.bc", false);
        check("", "", true);
        check("*", "anything.at.all", true);
        check("system.*", "system.health.degraded", true);
        check("system.*", "systems.health", false);
        check("*.failed", "job.failed", true);
        check("*.failed", "job.failed.again", false);
        check("a*b*c", "a.b.c", true);
        check("a*bc*c", "abc", false);
        check("a*a", "a", false);
        check("**", "", true);
    }
}
