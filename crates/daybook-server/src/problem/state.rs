//! A state database that does not do what it is asked, as a problem.

use sea_orm::DbErr;

use super::{Chain, Problem};
use crate::{limits, state};

impl Problem {
    /// The state database failed: 503 where it may do better later, 500 where it will not.
    pub fn state(error: &DbErr) -> Self {
        if !state::is_passing(error) {
            return Self::internal("state.failed", error);
        }
        tracing::warn!(error = %Chain(error), "the state database does not answer");
        Self::unavailable(
            "state.unavailable",
            "This needs the state database, which does not answer at the moment.",
            limits::STATE_RETRY_AFTER,
        )
    }
}
