//! Dialects: where an app keeps the fields of the envelope in its own events.

use std::fmt;
use std::str::FromStr;

/// An app's own envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// The fields the app's events have, in the order they are written back.
    pub fields: Vec<FieldSpec>,
    /// Where event types without a plain spelling are written as an object of one member (serde's newtype variant),
    /// that member's name: `custom` for `{"custom": "name"}`.
    pub open_variant: Option<String>,
}

/// Where one canonical field lies in an app's event, and what it looks like there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// The canonical field.
    pub field: Field,
    /// Its place, from the outside in; never empty.
    pub path: Vec<String>,
    /// Another place it is copied from where `path` has nothing; inside the data.
    pub also: Option<Vec<String>>,
    /// The type the app writes.
    pub kind: As,
    /// Whether an event without it is quarantined. A field that is not required may also be null.
    pub required: bool,
    /// The value it has where the event has none.
    pub default: Option<String>,
    /// The values it may have; empty for any.
    pub values: Vec<String>,
}

/// The type an app gives a field of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum As {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A UUID, as text.
    Uuid,
    /// A MongoDB ObjectId, as 24 hexadecimal digits (Extended JSON is accepted too).
    ObjectId,
    /// A date and time of RFC 3339 (Extended JSON is accepted too).
    Time,
    /// An object.
    Object,
}

impl As {
    /// As it is written in a catalog; `None` for the kinds that a field has by nature.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "string" => Self::String,
            "integer" => Self::Integer,
            "uuid" => Self::Uuid,
            "object-id" => Self::ObjectId,
            _ => return None,
        })
    }

    /// The name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Uuid => "uuid",
            Self::ObjectId => "object-id",
            Self::Time => "date-time",
            Self::Object => "object",
        }
    }
}

/// A field of the canonical envelope that a client gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The event's id.
    Id,
    /// The event type.
    Name,
    /// The version of the event type.
    Version,
    /// When it happened.
    Time,
    /// The category.
    Category,
    /// The priority.
    Priority,
    /// The part of the app that sent it.
    Source,
    /// The platform the person used.
    Platform,
    /// `production`, `staging`, …
    Environment,
    /// The person.
    Identity,
    /// The person, by a name that tells nothing.
    AnonymousId,
    /// The session.
    Session,
    /// The tenant, community or workspace.
    Group,
    /// The kind of actor.
    ActorType,
    /// The actor.
    ActorId,
    /// The workflow.
    Correlation,
    /// The cause.
    Causation,
    /// The request.
    Request,
    /// The tags.
    Tags,
    /// What the type's schema describes.
    Data,
    /// What else came with the event.
    Metadata,
}

impl Field {
    /// Every field, in the order of the canonical form.
    pub const ALL: [Self; 21] = [
        Self::Id,
        Self::Name,
        Self::Version,
        Self::Time,
        Self::Category,
        Self::Priority,
        Self::Source,
        Self::Platform,
        Self::Environment,
        Self::Identity,
        Self::AnonymousId,
        Self::Session,
        Self::Group,
        Self::ActorType,
        Self::ActorId,
        Self::Correlation,
        Self::Causation,
        Self::Request,
        Self::Tags,
        Self::Data,
        Self::Metadata,
    ];

    /// The field's name in catalogs and, dotted, its path in the canonical form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Version => "version",
            Self::Time => "time",
            Self::Category => "category",
            Self::Priority => "priority",
            Self::Source => "source",
            Self::Platform => "platform",
            Self::Environment => "environment",
            Self::Identity => "identity",
            Self::AnonymousId => "anonymous_id",
            Self::Session => "session",
            Self::Group => "group",
            Self::ActorType => "actor.type",
            Self::ActorId => "actor.id",
            Self::Correlation => "correlation",
            Self::Causation => "causation",
            Self::Request => "request",
            Self::Tags => "tags",
            Self::Data => "data",
            Self::Metadata => "metadata",
        }
    }

    /// What the field holds unless the catalog says otherwise.
    #[must_use]
    pub const fn natural_kind(self) -> As {
        match self {
            Self::Time => As::Time,
            Self::Tags | Self::Data | Self::Metadata => As::Object,
            _ => As::String,
        }
    }

    /// Whether the field names something, so that a catalog may choose its type with `as`.
    #[must_use]
    pub const fn is_identifier(self) -> bool {
        matches!(
            self,
            Self::Id
                | Self::Identity
                | Self::AnonymousId
                | Self::Session
                | Self::Group
                | Self::ActorId
                | Self::Correlation
                | Self::Causation
                | Self::Request
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text is not the name of an envelope field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a field of the envelope")]
pub struct UnknownField;

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|field| field.as_str() == text).ok_or(UnknownField)
    }
}

impl Dialect {
    /// The canonical form as a dialect: every field at its own name, only the name required.
    #[must_use]
    pub fn canonical() -> Self {
        Self { fields: Field::ALL.into_iter().map(FieldSpec::canonical).collect(), open_variant: None }
    }

    /// Where the app keeps `field`, if it does.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&FieldSpec> {
        self.fields.iter().find(|spec| spec.field == field)
    }
}

impl FieldSpec {
    /// The field as the canonical form has it.
    #[must_use]
    pub fn canonical(field: Field) -> Self {
        Self {
            field,
            path: field.as_str().split('.').map(str::to_owned).collect(),
            also: None,
            kind: field.natural_kind(),
            required: matches!(field, Field::Name),
            default: None,
            values: Vec::new(),
        }
    }
}
