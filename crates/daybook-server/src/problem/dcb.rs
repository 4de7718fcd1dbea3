//! What is said of conditional appends and of reads by types and tags that cannot be done.

use std::time::Duration;

use daybook_log::{CheckError, SelectError};
use http::StatusCode;

use super::Problem;
use super::errors::sentence;
use crate::collector::AppendRequestError;
use crate::dcb::QueryError;
use daybook_event::Position;

/// When to come back to an index that is being made: it is done as fast as the log can be read.
const INDEXING_RETRY_AFTER: Duration = Duration::from_secs(2);

impl Problem {
    /// An event stands against the condition of a call.
    pub fn condition_failed(position: Position) -> Self {
        let detail = format!("The event at position {position} stands against the condition, so nothing was appended.");
        Self::new(StatusCode::CONFLICT, "append.condition-failed", detail)
            .hint("Read again, decide again, and append with the position that the new reading went up to.")
            .with("position", position.into())
    }

    /// Some of a call's events are in the log already, and some are not.
    pub fn partly_known(positions: &[Position]) -> Self {
        let detail = format!("{} events of this call are in the log already, and others are not.", positions.len());
        Self::new(StatusCode::CONFLICT, "append.partly-known", detail)
            .hint(
                "A call is repeated with the same events, all of them; another call has events with ids of their own.",
            )
            .with("positions", positions.into())
    }

    /// The index of types and tags is being made.
    pub fn indexing() -> Self {
        let detail =
            "The index of types and tags is being made from the log, and does not cover yet what this is about.";
        Self::unavailable("dcb.indexing", detail, INDEXING_RETRY_AFTER)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), sentence(&error));
        let problem = problem.with("path", error.path().into());
        match &error {
            QueryError::UnknownType { hint: Some(name), .. } => problem.hint(format!("Did you mean `{name}`?")),
            QueryError::NotIndexed { .. } | QueryError::NothingIndexed => {
                problem.hint("The catalog marks the types that can be asked for with `indexed: true`.")
            }
            _ => problem,
        }
    }
}

impl From<SelectError> for Problem {
    fn from(error: SelectError) -> Self {
        match &error {
            SelectError::Ahead { head, .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "dcb.after-ahead", sentence(&error))
                    .hint("`after` is a position that a reading of this log gave.")
                    .with("head", (*head).into())
            }
            SelectError::Incomplete => Self::indexing(),
            SelectError::NoIndex | SelectError::TooMany { .. } => Self::internal("log.refused", &error),
        }
    }
}

impl From<CheckError> for Problem {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Condition { position } => Self::condition_failed(position),
            CheckError::Select(error) => error.into(),
            CheckError::Read(error) => Self::internal("log.unreadable", &error),
        }
    }
}

impl From<AppendRequestError> for Problem {
    fn from(error: AppendRequestError) -> Self {
        let wrong = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, sentence(&error));
        match &error {
            AppendRequestError::NotABatch => Self::bad_request("append.body", sentence(&error))
                .hint("Send `{\"events\": [...], \"condition\": {...}}` as application/json."),
            AppendRequestError::Empty => wrong("append.empty"),
            AppendRequestError::Member(_) => wrong("append.member"),
            AppendRequestError::Condition(_) => wrong("append.condition"),
            AppendRequestError::Scope => Self::forbidden("key.scope", sentence(&error))
                .hint("Whether a condition holds tells what is in the history."),
            AppendRequestError::Query(error) => error.clone().into(),
        }
    }
}
