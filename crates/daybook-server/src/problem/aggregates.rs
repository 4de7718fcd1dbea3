//! Aggregates that cannot be computed, as problems.

use std::time::Duration;

use daybook_lake::aggregates::ComputeError;
use daybook_lake::query::Fault;
use http::StatusCode;

use super::Problem;
use crate::aggregates::RunError;
use crate::asking::no_lake;

/// When a lake that is behind may have caught up.
const BEHIND_RETRY_AFTER: Duration = Duration::from_secs(10);

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        match error {
            RunError::NoLake => no_lake(),
            RunError::Behind => Self::unavailable(
                "aggregates.behind",
                "The lake does not have everything yet that is in the log, so numbers would be too low.",
                BEHIND_RETRY_AFTER,
            ),
            RunError::Lake(error) => error.into(),
            RunError::Compute { aggregate, source } => uncomputed(*source).with("aggregate", aggregate.into()),
            RunError::Question(error) => uncomputed(*error),
            RunError::State(error) => Self::state(&error),
            RunError::Log(problem) => problem,
            RunError::TooMany { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "aggregates.too-many",
                "That is more than 400 periods, which is as many as one call computes.",
            )
            .hint("Name one aggregate, or fewer days."),
        }
    }
}

fn uncomputed(error: ComputeError) -> Problem {
    let code = error.code();
    match error {
        // The statement is the catalog's: whoever asks did nothing wrong.
        ComputeError::Query(error) if matches!(error.fault, Fault::Busy | Fault::Damaged | Fault::Failed) => {
            error.into()
        }
        error => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, format!("It cannot be computed: {error}.")),
    }
}
