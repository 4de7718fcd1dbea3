//! What a client is told of each event it sent.

use daybook_event::{EventId, Finding, Position};
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
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}
