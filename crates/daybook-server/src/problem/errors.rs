//! Typed errors as problems: the one place where each becomes a status and a code.

use std::time::Duration;

use daybook_admission::BodyError;
use daybook_blobs::WriteBlobsError;
use daybook_consumers::error::{ManageError, ReplayError};
use daybook_log::AppendError;
use http::StatusCode;

use super::Problem;
use crate::collector::PostError;
use crate::consumers::reload::ReloadError;
use crate::keys::{CreateKeyError, RevokeKeyError};
use crate::quarantine::QuarantineError;
use daybook_privacy::VaultError;

/// When to come back where nothing tells how long it takes: a person has to do something first.
const RETRY_LATER: Duration = Duration::from_secs(30);

/// Codes that tell of pressure or refusal rather than of a client's mistake; each is counted.
pub const COUNTED_CODES: &[&str] = &[
    "append.condition-failed",
    "body.too-large",
    "body.inflated-too-large",
    "body.too-slow",
    "blobs.failed",
    "blobs.no-space",
    "consumer.busy",
    "consumer.destination",
    "dcb.indexing",
    "events.refused",
    "key.missing",
    "key.unknown",
    "lake.gone",
    "log.busy",
    "log.closed",
    "log.index",
    "log.no-space",
    "log.stopped",
    "proof.not-yet",
    "proof.refused",
    "quarantine.busy",
    "quarantine.full",
    "quarantine.failed",
    "rate.events",
    "rate.requests",
    "server.busy",
    "server.failed",
    "server.panic",
    "sql.busy",
    "sql.damaged",
    "sql.failed",
    "sql.memory",
    "sql.timeout",
    "state.unavailable",
    "vault.busy",
    "vault.failed",
];

impl From<PostError> for Problem {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Read(error) => error.into(),
            PostError::Body(error) => error.into(),
            PostError::Rate(wait) => {
                Self::too_many("rate.events", "More events a second than this key may send.", wait)
            }
            PostError::Lookup(error) => Self::internal("log.unreadable", &error),
            PostError::Append(error) => error.into(),
            PostError::Blobs(error) => error.into(),
            PostError::Quarantine(error) => error.into(),
            PostError::Vault(error) => error.into(),
            PostError::Refused(receipts) => {
                let detail = "Not every event of this call can be stored, so none was.";
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "events.refused", detail)
                    .hint("The receipts say what is wrong with which event.");
                match serde_json::to_value(&receipts.receipts) {
                    Ok(receipts) => problem.with("receipts", receipts),
                    Err(_) => problem,
                }
            }
            PostError::AppendRequest(error) => error.into(),
            PostError::Check(error) => error.into(),
            PostError::Partly(positions) => Self::partly_known(&positions),
            PostError::Failed => Self::internal("server.failed", &error),
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let status = match &error {
            BodyError::TooMany { .. } | BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Empty
            | BodyError::Syntax { .. }
            | BodyError::Protobuf { .. }
            | BodyError::Encoding { .. }
            | BodyError::TooDeep
            | BodyError::NotEvents
            | BodyError::NotABatch => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.code(), sentence(&error))
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match &error {
            AppendError::Busy { retry_after } => Self::unavailable("log.busy", sentence(&error), *retry_after),
            AppendError::Index(_) => {
                tracing::error!(error = %super::Chain(&error), "the log's index cannot be read");
                Self::unavailable(
                    "log.index",
                    "The log cannot tell at the moment which events it has. It is finding out.",
                    RETRY_LATER,
                )
            }
            AppendError::NoSpace => Self::unavailable("log.no-space", sentence(&error), RETRY_LATER),
            AppendError::Poisoned(_) => Self::unavailable(
                "log.stopped",
                "The log met an error of the disk and takes no more events until the server is started again.",
                RETRY_LATER,
            ),
            AppendError::Closed => Self::unavailable("log.closed", "The server is stopping.", Duration::from_secs(5)),
            AppendError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "events.too-large", sentence(&error))
                    .hint("Send the events in several calls.")
            }
            AppendError::Condition { position } => Self::condition_failed(*position),
            AppendError::Partly(clashes) => {
                Self::partly_known(&clashes.iter().map(|clash| clash.position).collect::<Vec<_>>())
            }
            AppendError::Incomplete => Self::indexing(),
            // What admission makes is well-formed, and conflicts are answered with receipts before this.
            AppendError::Malformed { .. } | AppendError::Conflict(_) => Self::internal("log.refused", &error),
        }
    }
}

impl From<WriteBlobsError> for Problem {
    fn from(error: WriteBlobsError) -> Self {
        match &error {
            WriteBlobsError::NoSpace => Self::unavailable(
                "blobs.no-space",
                "There is no room for what is too large for the log. Nothing of this call was stored.",
                RETRY_LATER,
            ),
            WriteBlobsError::Unavailable(_) => {
                tracing::error!(error = %super::Chain(&error), "blobs cannot be written");
                Self::unavailable(
                    "blobs.failed",
                    "What is too large for the log cannot be written at the moment. Nothing of this call was stored.",
                    RETRY_LATER,
                )
            }
        }
    }
}

impl From<QuarantineError> for Problem {
    fn from(error: QuarantineError) -> Self {
        match &error {
            QuarantineError::Full { .. } => Self::unavailable(
                "quarantine.full",
                "Events of this call would have to be quarantined, and the app's quarantine is full.",
                RETRY_LATER,
            )
            .hint("Repair, retry or delete open entries, or give the quarantine more room."),
            QuarantineError::Busy => Self::unavailable("quarantine.busy", sentence(&error), Duration::from_secs(1)),
            QuarantineError::Database(source) => {
                tracing::error!(error = %super::Chain(&**source), "the quarantine could not be written");
                Self::unavailable(
                    "quarantine.failed",
                    "Events of this call would have to be quarantined, and that cannot be written at the moment.",
                    RETRY_LATER,
                )
            }
            QuarantineError::Closed => {
                Self::unavailable("quarantine.closed", "The server is stopping.", Duration::from_secs(5))
            }
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match &error {
            VaultError::Busy => Self::unavailable("vault.busy", sentence(&error), Duration::from_secs(1)),
            VaultError::Closed => Self::unavailable("vault.closed", "The server is stopping.", Duration::from_secs(5)),
            VaultError::KeyTaken => Self::new(StatusCode::CONFLICT, "actor-key.taken", sentence(&error)),
            VaultError::TooManyKeys(_) => Self::new(StatusCode::CONFLICT, "actor-key.too-many", sentence(&error))
                .hint("Remove keys that nothing is verified with any more."),
            _ => {
                tracing::error!(error = %super::Chain(&error), "the vault does not answer");
                Self::unavailable("vault.failed", "Nothing can be sealed or opened at the moment.", RETRY_LATER)
            }
        }
    }
}

impl From<CreateKeyError> for Problem {
    fn from(error: CreateKeyError) -> Self {
        match &error {
            CreateKeyError::Invalid(_) => Self::bad_request("key.invalid", sentence(&error)),
            CreateKeyError::TooMany => Self::new(StatusCode::CONFLICT, "key.too-many", sentence(&error)),
            CreateKeyError::Database(error) => Self::state(error),
            CreateKeyError::Open(_) | CreateKeyError::Random(_) => Self::internal("state.failed", &error),
        }
    }
}

impl From<RevokeKeyError> for Problem {
    fn from(error: RevokeKeyError) -> Self {
        match &error {
            RevokeKeyError::Unknown(_) => Self::not_found("key.not-found", "There is no key of this id."),
            RevokeKeyError::Database(error) => Self::state(error),
            RevokeKeyError::Open(_) => Self::internal("state.failed", &error),
        }
    }
}

impl From<ManageError> for Problem {
    fn from(error: ManageError) -> Self {
        match &error {
            ManageError::Unknown { .. } => {
                Self::not_found("consumer.unknown", "This app has no consumer of this name.")
            }
            ManageError::Present { .. } => Self::new(StatusCode::CONFLICT, "consumer.present", sentence(&error))
                .hint("Only a consumer that is in no catalog any more can be retired."),
            ManageError::Ahead { .. } => Self::bad_request("consumer.ahead", sentence(&error)),
            ManageError::Destination(_) => Self::unavailable("consumer.destination", sentence(&error), RETRY_LATER),
            ManageError::Busy => Self::unavailable("consumer.busy", sentence(&error), Duration::from_secs(1)),
            ManageError::Log(_) => Self::internal("log.unreadable", &error),
            ManageError::Database(error) => {
                tracing::warn!(%error, "the state database does not answer");
                Self::unavailable(
                    "state.unavailable",
                    "This needs the state database, which does not answer at the moment.",
                    crate::limits::STATE_RETRY_AFTER,
                )
            }
            ManageError::Closed => {
                Self::unavailable("consumer.closed", "The server is stopping.", Duration::from_secs(5))
            }
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Manage(error) => error.into(),
            ReplayError::NoLetter(_) => Self::not_found("consumer.no-dead-letter", NO_DEAD_LETTER),
            ReplayError::NotReady(_) => Self::new(StatusCode::CONFLICT, "consumer.not-ready", sentence(&error))
                .hint("Dead letters stay until they are delivered or dropped."),
        }
    }
}

impl From<ReloadError> for Problem {
    fn from(error: ReloadError) -> Self {
        match error {
            ReloadError::Invalid(errors) => {
                let detail = "Something is wrong with what was read of the consumers, so nothing was changed.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "consumers.invalid", detail)
                    .hint(errors.join("\n"))
                    .with("errors", errors.into())
            }
            ReloadError::Apply(_) | ReloadError::Task(_) => Self::internal("consumers.failed", &error),
        }
    }
}

/// What is said of a dead letter that there is not.
pub const NO_DEAD_LETTER: &str = "This consumer has no dead letter of this position.";

/// An error's words as a sentence.
pub(super) fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => text,
    }
}
