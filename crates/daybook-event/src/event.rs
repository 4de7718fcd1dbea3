//! The canonical envelope.

use std::borrow::Cow;

use crate::{EventId, Position, Priority, Timestamp};

/// One event in the canonical form. Text is borrowed from the request or the log where it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// The canonical id.
    pub id: EventId,
    /// The id as the app wrote it, where it was neither a UUID nor an ObjectId.
    pub original_id: Option<Cow<'a, str>>,
    /// Whether it is an event or only a count.
    pub kind: Kind,
    /// The app the event belongs to.
    pub app: Cow<'a, str>,
    /// The event type.
    pub name: Cow<'a, str>,
    /// The version of the event type, a semantic version.
    pub version: Cow<'a, str>,
    /// When it happened, as the client says.
    pub time: Timestamp,
    /// When Daybook received it.
    pub received: Timestamp,
    /// Its place in the log; 0 while it has none.
    pub position: Position,
    /// The category of its type.
    pub category: Cow<'a, str>,
    /// How much it matters.
    pub priority: Priority,
    /// The share of such events that was kept, over 0.0 to 1.0: it stands for `1 / sample_rate` events.
    pub sample_rate: f64,
    /// The part of the app that sent it.
    pub source: Option<Cow<'a, str>>,
    /// The platform the person used.
    pub platform: Option<Cow<'a, str>>,
    /// `production`, `staging`, …
    pub environment: Option<Cow<'a, str>>,
    /// The person, as the app names them.
    pub identity: Option<Cow<'a, str>>,
    /// The person, by a name that tells nothing.
    pub anonymous_id: Option<Cow<'a, str>>,
    /// The session.
    pub session: Option<Cow<'a, str>>,
    /// The tenant, community or workspace.
    pub group: Option<Cow<'a, str>>,
    /// Who acted.
    pub actor: Option<Actor<'a>>,
    /// The workflow it belongs to.
    pub correlation: Option<Cow<'a, str>>,
    /// The event that caused it.
    pub causation: Option<Cow<'a, str>>,
    /// The request it was part of.
    pub request: Option<Cow<'a, str>>,
    /// Tags, sorted by key, each key once.
    pub tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What the type's schema describes, as JSON text; empty where there is none.
    pub data: Cow<'a, str>,
    /// What else came with the event, as the text of a JSON object; empty where there is none.
    pub metadata: Cow<'a, str>,
    /// The signature it came with.
    pub signature: Option<Signature<'a>>,
}

/// The signature of an event. It was verified when the event came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Whether it is kept with the event.
    pub keeping: Keeping,
    /// The signature itself, for whoever may see what is personal, and as long as everybody is there whom the event names.
    pub signed: Option<Signed<'a>>,
}

/// What is kept of a signature that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// The signature.
    Whole = 1,
    /// That it was right: the event is not kept as it was signed, so nobody could verify it again.
    Verdict = 2,
}

/// A signature and the key it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The thumbprint of the key.
    pub key_id: Cow<'a, str>,
    /// The detached JWS.
    pub jws: Cow<'a, str>,
}

impl Keeping {
    /// What a number says.
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Whole),
            2 => Some(Self::Verdict),
            _ => None,
        }
    }
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor<'a> {
    /// `user`, `system`, `ai`, `service`, …
    pub kind: Option<Cow<'a, str>>,
    /// Which one.
    pub id: Option<Cow<'a, str>>,
}

/// What a stored record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// An event, in feeds and tables.
    #[default]
    Event,
    /// An event of a counts-only type, reduced to day, group, person and name; in no feed and no table of events.
    DailyCount,
}

impl<'a> Event<'a> {
    /// An event that says no more than this: received when it happened, of the category `default` and version 1.0.0, without data
    /// or anybody, and yet to be given an id and a position.
    #[must_use]
    pub fn new(app: impl Into<Cow<'a, str>>, name: impl Into<Cow<'a, str>>, time: Timestamp) -> Self {
        Self {
            id: EventId::from_bytes([0; 16]),
            original_id: None,
            kind: Kind::Event,
            app: app.into(),
            name: name.into(),
            version: "1.0.0".into(),
            time,
            received: time,
            position: 0,
            category: "default".into(),
            priority: Priority::Normal,
            sample_rate: 1.0,
            source: None,
            platform: None,
            environment: None,
            identity: None,
            anonymous_id: None,
            session: None,
            group: None,
            actor: None,
            correlation: None,
            causation: None,
            request: None,
            tags: Vec::new(),
            data: "{}".into(),
            metadata: "".into(),
            signature: None,
        }
    }
}

impl Event<'_> {
    /// The detached JWS of its signature, where it may be shown.
    #[must_use]
    pub fn jws(&self) -> Option<&str> {
        Some(&self.signature.as_ref()?.signed.as_ref()?.jws)
    }

    /// The id as the app knows it: its own string, the ObjectId, or the UUID.
    #[must_use]
    pub fn app_id(&self) -> String {
        if let Some(original) = &self.original_id {
            return original.clone().into_owned();
        }
        self.id.to_object_id().map_or_else(|| self.id.to_string(), |bytes| crate::id::object_id_text(&bytes))
    }
}
