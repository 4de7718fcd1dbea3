//! One event type of a catalog.

use std::collections::{BTreeMap, BTreeSet};

use daybook_event::{Priority, Sampling};
use semver::Version;
use serde_json::Value;

use crate::Field;

/// One version of one event type, as the catalog declares it.
#[derive(Debug, Clone)]
pub struct EventType {
    /// The name clients send.
    pub name: String,
    /// The version of its schema.
    pub version: Version,
    /// When it happens, in a sentence.
    pub description: Option<String>,
    /// The category: one of the app's, or [`crate::Category::DEFAULT_NAME`] where the app declares none.
    pub category: String,
    /// The parts of the app that may send it; empty for all of the app's sources.
    pub sources: Vec<String>,
    /// How much it matters when the event itself does not say.
    pub priority: Priority,
    /// What share is kept: its own, or its category's, or everything.
    pub sampling: Sampling,
    /// The consent it asks for by name; [`crate::AppCatalog::consent_of`] also knows the app's own.
    pub consent: Option<Consent>,
    /// Whether events are kept or only counted.
    pub store: Store,
    /// Its tags can be queried and guarded.
    pub indexed: bool,
    /// Top-level data fields that become tags.
    pub tags: Vec<String>,
    /// Top-level data fields, single values that name nobody, that live counters count it by.
    pub dimensions: Vec<String>,
    /// Data fields (dotted paths) that are personal.
    pub pii: BTreeMap<String, Pii>,
    /// Data fields (dotted paths) that look personal, and that somebody decided are not.
    pub not_personal: BTreeSet<String>,
    /// Set when clients should send something else.
    pub deprecated: Option<Deprecated>,
    /// The JSON Schema of the data, as written; anything goes without one.
    pub data: Option<Value>,
    /// Whether its events are signed; where it does not say, the app does.
    pub signatures: Option<Signatures>,
    /// What becomes of an event without data, where the schema asks for some.
    pub data_missing: DataMissing,
    /// Examples of the data.
    pub examples: Vec<Value>,
    /// How events of older versions become events of this one.
    pub migrations: Vec<Migration>,
    /// The plugin that declares it.
    pub plugin: Option<String>,
    /// Envelope fields the dialect requires, but this type may lack.
    pub optional_envelope: Vec<Field>,
}

/// The consent an event type depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// One of the app's purposes.
    pub purpose: String,
    /// What is done with an event of a person who did not consent.
    pub without: WithoutConsent,
}

/// What is done without consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutConsent {
    /// The event is kept and says nothing of the person.
    Anonymise,
    /// The event is refused.
    Drop,
}

/// What is kept of a type's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Store {
    /// The events.
    #[default]
    Event,
    /// Only how often it happened: day, group, person and name.
    DailyCounts,
}

/// How a data field is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pii {
    /// It names a person: an account, a phone number, an address.
    Identifier,
    /// It says something about a person.
    Personal,
    /// Text a person wrote, which may say anything.
    FreeText,
    /// It names another person of the app as `identity` names the event's own: who approved, who was invited. What names
    /// them is theirs, and goes when they do.
    Person,
}

impl Pii {
    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Personal => "personal",
            Self::FreeText => "free-text",
            Self::Person => "person",
        }
    }
}

/// Why a type should not be sent any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deprecated {
    /// The catalog version that deprecated it.
    pub since: Option<Version>,
    /// The event type to send instead.
    pub use_instead: Option<String>,
}

/// What is asked of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signatures {
    /// A signature that an event has must be right.
    #[default]
    Verified,
    /// Every event has one.
    Required,
}

impl Signatures {
    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Required => "required",
        }
    }
}

/// What becomes of an event without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataMissing {
    /// It is judged as if its data were an empty object.
    #[default]
    Quarantine,
    /// It is kept, and its receipt carries a warning.
    Warn,
}

/// How data of an older version becomes data of the version that declares the migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Migration {
    /// The older version.
    pub from: Version,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

/// One step of a migration. Fields are dotted paths into the data.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Gives the last segment of a path another name.
    Rename {
        /// The field as it was.
        from: String,
        /// Its new name, in the same object.
        to: String,
    },
    /// Sets a field where it is absent.
    Set {
        /// The field.
        field: String,
        /// Its value.
        value: Value,
    },
    /// Removes a field.
    Drop {
        /// The field.
        field: String,
    },
    /// Puts a field elsewhere.
    Move {
        /// Where it was.
        from: String,
        /// Where it goes.
        to: String,
    },
    /// Gives a field another type.
    Convert {
        /// The field.
        field: String,
        /// What it becomes.
        to: Conversion,
    },
}

/// A type a field can be converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

impl Conversion {
    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}
