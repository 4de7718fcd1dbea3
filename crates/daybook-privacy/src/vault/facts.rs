//! What the vault is told and what it says.

use daybook_event::{Person, PersonName, SubjectId, Timestamp};

use crate::limits;

/// How a vault is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultOptions {
    /// People whose secrets are kept in memory.
    pub people_cached: usize,
}

impl Default for VaultOptions {
    fn default() -> Self {
        Self { people_cached: limits::PEOPLE_CACHED }
    }
}

/// One generation of the vault key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Generation {
    /// Its number.
    pub generation: i32,
    /// Whether one of the master keys opens it.
    pub open: bool,
    /// Whether new people and months are wrapped under it.
    pub current: bool,
    /// How many master keys it is wrapped under. More than one: a rotation has not come to its end.
    pub wraps: usize,
    /// People wrapped under it.
    pub people: u64,
    /// Month secrets wrapped under it.
    pub months: u64,
}

/// How the vault is.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct VaultStatus {
    /// Every generation, the oldest first.
    pub generations: Vec<Generation>,
    /// People who can be read.
    pub people: u64,
    /// People who cannot: their generation is locked, or their row is damaged.
    pub unreadable_people: u64,
    /// Rows among those that are damaged, as far as was noticed.
    pub damaged_people: u64,
    /// Months whose secret can be read.
    pub months: u64,
    /// Months whose secret cannot.
    pub unreadable_months: u64,
}

impl VaultStatus {
    /// Whether something cannot be read.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.unreadable_people > 0
            || self.unreadable_months > 0
            || self.generations.iter().any(|generation| !generation.open)
    }
}

/// Who a person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The app.
    pub app: String,
    /// The name.
    pub name: PersonName<'static>,
}

/// What a person says of a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsent {
    /// Whether they agree.
    pub granted: bool,
    /// When they said so.
    pub time: Timestamp,
    /// Where they said so.
    pub source: Option<String>,
    /// The version of the text they were shown.
    pub version: Option<String>,
}

/// What a person last said of a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    /// The purpose.
    pub purpose: String,
    /// Whether they agreed.
    pub granted: bool,
    /// When they said so.
    pub time: Timestamp,
    /// Where they said so.
    pub source: Option<String>,
    /// The version of the text they were shown.
    pub version: Option<String>,
}

/// A consent was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What they had said before.
    pub previous: Option<ConsentRow>,
    /// The person as they are now.
    pub person: Person,
}

/// An objection was noted, or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Since when they had objected before.
    pub previous: Option<Timestamp>,
    /// The person as they are now.
    pub person: Person,
}

/// What is known of a person, but for secret and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectInfo {
    /// The random name that stands for them.
    pub id: SubjectId,
    /// Other random names of theirs, from times when the vault could not read this one or its row was damaged. An erasure
    /// or an export must name them too.
    pub also: Vec<SubjectId>,
    /// When they were first seen.
    pub created: Timestamp,
    /// Since when they object.
    pub objected: Option<Timestamp>,
    /// What they last said, by purpose.
    pub consents: Vec<ConsentRow>,
}

/// People were destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Secrets destroyed.
    pub secrets: usize,
}

/// What no master key opened was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Destroyed {
    /// People.
    pub people: u64,
    /// Secrets of months.
    pub months: u64,
}
