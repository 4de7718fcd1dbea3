//! What a client is told of each event it sent.

use daybook_event::limits::FINDINGS_PER_EVENT_MAX;
use daybook_event::{Appended, EventId, Finding, Position};
use serde::Serialize;

/// The answer to a call: what became of every event.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Receipts {
    /// Events in the log now.
    pub stored: usize,
    /// Events that were in the log already.
    pub duplicate: usize,
    /// Events kept aside, with their reasons.
    pub quarantined: usize,
    /// Events not kept because their type is sampled, or low-priority events shed under pressure.
    pub sampled_out: usize,
    /// Events of counts-only types.
    pub counted: usize,
    /// Events not taken at all.
    pub refused: usize,
    /// What the batch said of itself, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchInfo>,
    /// The last place in the log that one of the events has; only where not every event has a receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_position: Option<Position>,
    /// One for every event, in the order they came.
    pub receipts: Vec<Receipt>,
}

/// What a batch says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchInfo {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its place among the client's batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// When it was made, as the client wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Receipt {
    /// Its place in the call, from 0.
    pub index: usize,
    /// Its canonical id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// What became of it.
    pub status: Status,
    /// Its place in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Why it is not stored, where that is no fault of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What is worth a word.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Finding>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Finding>,
    /// Findings beyond those that are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_findings: usize,
}

/// What can become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In the log, synced to disk.
    Stored,
    /// In the log already.
    Duplicate,
    /// Kept aside.
    Quarantined,
    /// Not kept.
    SampledOut,
    /// Counted.
    Counted,
    /// Not taken.
    Refused,
}

impl Receipt {
    pub(crate) const fn new(id: Option<EventId>) -> Self {
        Self {
            index: 0,
            id,
            status: Status::Stored,
            position: None,
            reason: None,
            warnings: Vec::new(),
            errors: Vec::new(),
            more_findings: 0,
        }
    }

    pub(crate) fn set_findings(&mut self, mut errors: Vec<Finding>, mut warnings: Vec<Finding>) {
        let all = errors.len() + warnings.len();
        errors.truncate(FINDINGS_PER_EVENT_MAX);
        warnings.truncate(FINDINGS_PER_EVENT_MAX - errors.len());
        self.more_findings = all - errors.len() - warnings.len();
        (self.errors, self.warnings) = (errors, warnings);
    }

    /// The event is not taken, for this reason.
    pub(crate) fn refused(mut self, reason: &'static str, finding: Finding) -> Self {
        self.status = Status::Refused;
        self.reason = Some(reason);
        self.errors.push(finding);
        self
    }

    /// Notes what the log says of it.
    pub(crate) fn place(&mut self, appended: Appended, id_pointer: &str) {
        match appended {
            Appended::Stored(position) => self.position = Some(position),
            Appended::Duplicate(position) => {
                self.status = Status::Duplicate;
                self.position = Some(position);
            }
            Appended::Conflict(position) => {
                self.status = Status::Quarantined;
                let message = format!("another event with this id is in the log, at position {position}");
                self.errors.push(
                    Finding::new("event.id-conflict", id_pointer, message).hint("give every event an id of its own"),
                );
            }
        }
    }
}

impl Status {
    /// The status as it is written in a receipt.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Quarantined => "quarantined",
            Self::SampledOut => "sampled_out",
            Self::Counted => "counted",
            Self::Refused => "refused",
        }
    }
}

impl Receipts {
    /// Sums up single receipts.
    #[must_use]
    pub fn of(receipts: Vec<Receipt>, batch: Option<BatchInfo>) -> Self {
        let mut sum = Self { batch, ..Self::default() };
        for receipt in &receipts {
            *match receipt.status {
                Status::Stored => &mut sum.stored,
                Status::Duplicate => &mut sum.duplicate,
                Status::Quarantined => &mut sum.quarantined,
                Status::SampledOut => &mut sum.sampled_out,
                Status::Counted => &mut sum.counted,
                Status::Refused => &mut sum.refused,
            } += 1;
        }
        sum.receipts = receipts;
        sum
    }

    /// Only the receipts that have something to say, beside the sums: those with a finding.
    #[must_use]
    pub fn minimal(mut self) -> Self {
        self.last_position = self.receipts.iter().filter_map(|receipt| receipt.position).max();
        self.receipts.retain(|receipt| !receipt.errors.is_empty() || !receipt.warnings.is_empty());
        self
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}
