//! Questions that are not answered and lakes that cannot be read, as problems.

use std::time::Duration;

use daybook_lake::LakeError;
use daybook_lake::query::{Fault, QueryError};
use http::StatusCode;

use super::{Chain, Problem};

/// When a question that found no place may come again.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(2);
/// When to ask again of a lake that is being made anew, or cannot be opened for now.
const LAKE_RETRY_AFTER: Duration = Duration::from_secs(5);

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let status = match error.fault {
            Fault::Syntax
            | Fault::ReadOnly
            | Fault::UnknownColumn
            | Fault::UnknownTable
            | Fault::UnknownFunction
            | Fault::Invalid
            | Fault::Unsupported => StatusCode::BAD_REQUEST,
            Fault::Value | Fault::Timeout | Fault::Memory | Fault::TooLarge => StatusCode::UNPROCESSABLE_ENTITY,
            Fault::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Fault::Damaged | Fault::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(code = error.code(), %error, "a query failed");
        }
        let problem = match error.fault {
            Fault::Busy => Self::unavailable(error.code(), error.to_string(), BUSY_RETRY_AFTER),
            _ => Self::new(status, error.code(), error.to_string()),
        };
        let problem = match error.place {
            Some(place) => problem.with("line", place.line.into()).with("column", place.column.into()),
            None => problem,
        };
        match error.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

impl From<LakeError> for Problem {
    /// Whatever it is, it keeps no event from being taken, and is tried again.
    fn from(error: LakeError) -> Self {
        let code = error.code();
        if matches!(error, LakeError::Gone { .. }) {
            let detail = "The tables of this app are gone, and are made anew from the log.";
            return Self::unavailable(code, detail, LAKE_RETRY_AFTER);
        }
        tracing::error!(code, error = %Chain(&error), "a lake cannot be used");
        let detail = "The tables of this app cannot be used at the moment. The server's own log says why.";
        Self::unavailable(code, detail, LAKE_RETRY_AFTER)
    }
}
