//! The event itself.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{EventCategory, EventData, EventMetadata, EventPriority, EventType};

/// Identifier of one event. A retry sends the same id, so the event is stored once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(Uuid);

impl EventId {
    /// A new id: a UUIDv7 (RFC 9562), so ids sort by the time they were made.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id that is this UUID.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id as a UUID.
    #[must_use]
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl Default for EventId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnalyticsEvent {
    /// Which event it is.
    pub id: EventId,
    /// What it is about; follows from the type.
    pub category: EventCategory,
    /// What happened.
    pub event_type: EventType,
    /// When it happened, to the nanosecond.
    pub timestamp: DateTime<Utc>,
    /// Session it belongs to.
    pub session_id: Option<Uuid>,
    /// How much it matters.
    pub priority: EventPriority,
    /// What the event carries.
    pub data: EventData,
    /// Where it comes from.
    pub metadata: EventMetadata,
}

impl AnalyticsEvent {
    /// An event that happens now, of normal priority, without session and metadata.
    #[must_use]
    pub fn new(event_type: EventType, data: EventData) -> Self {
        Self {
            id: EventId::new(),
            category: event_type.category(),
            timestamp: Utc::now(),
            session_id: None,
            priority: EventPriority::default(),
            data: data.normalised(&event_type),
            event_type,
            metadata: EventMetadata::default(),
        }
    }

    /// The event as part of a session.
    #[must_use]
    pub fn with_session(mut self, session_id: Uuid) -> Self {
        self.session_id = Some(session_id);
        self
    }

    /// The event with this priority.
    #[must_use]
    pub fn with_priority(mut self, priority: EventPriority) -> Self {
        self.priority = priority;
        self
    }

    /// The event with this metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: EventMetadata) -> Self {
        self.metadata = metadata.normalised();
        self
    }

    /// The event in the form that reading its JSON gives: for events whose fields were set by hand. What normal form
    /// means is said at the [crate's](crate) front door.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        self.data = self.data.normalised(&self.event_type);
        self.metadata = self.metadata.normalised();
        self
    }
}

impl<'de> Deserialize<'de> for AnalyticsEvent {
    /// Reads an event; the kind of its data follows from its type, see [`EventData::from_json`].
    ///
    /// Only `id`, `event_type` and `timestamp` must be there. A missing category is that of the type, a missing priority
    /// is normal, missing data is [`EventData::Empty`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The event as it is written, its data not looked at yet.
        #[derive(Deserialize)]
        #[serde(rename = "AnalyticsEvent")]
        struct Written {
            id: EventId,
            category: Option<EventCategory>,
            event_type: EventType,
            timestamp: DateTime<Utc>,
            session_id: Option<Uuid>,
            #[serde(default)]
            priority: EventPriority,
            #[serde(default)]
            data: Value,
            #[serde(default)]
            metadata: EventMetadata,
        }

        let written = Written::deserialize(deserializer)?;
        Ok(Self {
            id: written.id,
            category: written.category.unwrap_or_else(|| written.event_type.category()),
            timestamp: written.timestamp,
            session_id: written.session_id,
            priority: written.priority,
            data: EventData::from_json(&written.event_type, written.data),
            event_type: written.event_type,
            metadata: written.metadata,
        })
    }
}
