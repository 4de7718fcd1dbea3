//! What can go wrong when consumers are managed.

use sea_orm::DbErr;

/// The state database failed. Only its message is kept: the details that some databases add quote the row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the state database failed: {0}")]
pub struct DatabaseError(String);

impl From<DbErr> for DatabaseError {
    fn from(error: DbErr) -> Self {
        Self(error.to_string())
    }
}

/// A consumer cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// There is one of this name already.
    #[error("app {app} has a consumer {name} already")]
    Exists {
        /// The app.
        app: String,
        /// The name.
        name: String,
    },
    /// Its condition is no JSON Schema.
    #[error("the condition of {app}/{name} does not compile: {reason}")]
    Condition {
        /// The app.
        app: String,
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
    /// There are too many.
    #[error("there are {0} consumers already")]
    TooMany(usize),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The runtime is closed.
    #[error("the consumers are stopping")]
    Closed,
}

/// A consumer cannot be paused, resumed, rewound or looked at.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// There is none of this name.
    #[error("app {app} has no consumer {name}")]
    Unknown {
        /// The app.
        app: String,
        /// The name.
        name: String,
    },
    /// It is there, and cannot be retired.
    #[error("app {app} has a consumer {name}: what it delivered is its own to take care of")]
    Present {
        /// The app.
        app: String,
        /// The name.
        name: String,
    },
    /// The position is not in the log yet.
    #[error("the log has no position {position} yet; its last is {head}")]
    Ahead {
        /// What was asked for.
        position: u64,
        /// The last there is.
        head: u64,
    },
    /// It keeps its offset at its destination, which did not take the new one.
    #[error("the destination did not take the new offset: {0}")]
    Destination(String),
    /// It is at something that did not come to an end in time.
    #[error("the consumer is busy with a delivery; try again in a moment")]
    Busy,
    /// The log cannot be read.
    #[error("the log cannot be read: {0}")]
    Log(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The runtime is closed.
    #[error("the consumers are stopping")]
    Closed,
}

/// Dead letters cannot be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// See [`ManageError`].
    #[error(transparent)]
    Manage(#[from] ManageError),
    /// There is no dead letter of this position.
    #[error("no dead letter of position {0}")]
    NoLetter(u64),
    /// The consumer cannot deliver now. Letters that were not delivered stay.
    #[error("the consumer cannot deliver now: {0}")]
    NotReady(String),
}

impl From<DbErr> for AddError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<DbErr> for ManageError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<DbErr> for ReplayError {
    fn from(error: DbErr) -> Self {
        Self::Manage(error.into())
    }
}
