//! The quarantine: events that were not admitted, kept until somebody repairs, retries or deletes them.
//!
//! One task owns all writing. Whatever requests are waiting become one transaction, and each is answered when that is on
//! disk.

mod writer;

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::{Digest, Finding, Month, SubjectId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::limits;
pub use crate::state::quarantine::Model as Entry;
use crate::state::quarantine::{Column, Entity};

/// An event to be kept.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The app it was sent for.
    pub app: Arc<str>,
    /// The id it was sent with, as the app wrote it.
    pub event_id: Option<String>,
    /// The event type it claims to be.
    pub name: Option<String>,
    /// The event.
    pub event: SealedEvent,
    /// Why it was not admitted.
    pub errors: Vec<Finding>,
}

/// The JSON of a sanitised event as the table keeps it: sealed, like a record of the log.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedEvent {
    /// Whose it is, where that could be told.
    pub subject: Option<SubjectId>,
    /// The month whose secret it is sealed under.
    pub month: Month,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
    /// Keyed digest of the JSON: the same event sent again has the same.
    pub digest: Digest,
}

/// What is sealed is not printed either.
impl std::fmt::Debug for SealedEvent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SealedEvent({:?}, {} bytes)", self.subject, self.bytes.len())
    }
}

/// How an entry changes.
#[derive(Debug, Clone)]
pub enum Change {
    /// It is another event now, with other errors, or none.
    Repaired {
        /// The id the event has now.
        event_id: Option<String>,
        /// The event type it claims to be now.
        name: Option<String>,
        /// The event.
        event: SealedEvent,
        /// Its errors.
        errors: Vec<Finding>,
    },
    /// It was tried again in vain.
    StillRefused {
        /// The errors of this attempt.
        errors: Vec<Finding>,
    },
    /// It is settled.
    Resolved {
        /// The status of its receipt.
        resolution: &'static str,
        /// Its place in the log, where it got one.
        position: Option<u64>,
    },
    /// It goes.
    Deleted,
}

/// Which entries of an app go because what is in them is to be forgotten.
#[derive(Debug, Clone)]
pub enum Forget {
    /// Those about these people.
    People(Vec<SubjectId>),
    /// Those sealed under the secret of this month.
    Month(Month),
}

/// Which entries are listed.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Those with a higher number.
    pub after: i64,
    /// So many of them.
    pub limit: u64,
    /// Those with an error of this code.
    pub code: Option<String>,
    /// Those of this event type.
    pub name: Option<String>,
    /// Open ones (`false`), settled ones (`true`), or all.
    pub resolved: Option<bool>,
}

/// Events cannot be kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QuarantineError {
    /// The app's share is full of open entries.
    #[error("the quarantine of {app} is full")]
    Full {
        /// The app.
        app: Arc<str>,
    },
    /// More requests are waiting than may wait.
    #[error("the quarantine cannot keep up")]
    Busy,
    /// The state database failed.
    #[error("the state database failed")]
    Database(#[source] Arc<DbErr>),
    /// The server is stopping.
    #[error("the quarantine is closed")]
    Closed,
}

/// A handle on the quarantine; copies are cheap.
#[derive(Clone)]
pub struct Quarantine {
    database: DatabaseConnection,
    commands: mpsc::Sender<writer::Command>,
}

impl Quarantine {
    /// The quarantine in this database, where each app's entries may take `bytes_per_app`. The task ends when all handles
    /// are gone and everything is written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(database: DatabaseConnection, bytes_per_app: u64) -> Result<(Self, JoinHandle<()>), DbErr> {
        let used = bytes_by_app(&database).await?;
        let (commands, receiver) = mpsc::channel(limits::QUARANTINE_QUEUE);
        let task = writer::Writer::new(database.clone(), used, bytes_per_app).run(receiver);
        Ok((Self { database, commands }, tokio::spawn(task)))
    }

    /// Keeps these events; they are on disk when this returns their entries' numbers, in the same order. An event with an id
    /// that was sent before in the same words is the same entry as then.
    ///
    /// # Errors
    /// [`QuarantineError`]; none of them is kept then.
    pub async fn add(&self, entries: Vec<NewEntry>, now: Timestamp) -> Result<Vec<i64>, QuarantineError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        self.send(writer::Command::Add { entries, now, answer })?;
        answered.await.map_err(|_| QuarantineError::Closed)?
    }

    /// Changes an entry; answers whether there was one.
    ///
    /// # Errors
    /// [`QuarantineError`].
    pub async fn change(&self, app: &str, id: i64, change: Change, now: Timestamp) -> Result<bool, QuarantineError> {
        let (answer, answered) = oneshot::channel();
        self.send(writer::Command::Change { app: Arc::from(app), id, change, now, answer })?;
        answered.await.map_err(|_| QuarantineError::Closed)?
    }

    /// Deletes entries for good; answers how many there were.
    ///
    /// # Errors
    /// [`QuarantineError`]; then nothing is deleted.
    pub async fn forget(&self, app: &str, what: Forget, now: Timestamp) -> Result<u64, QuarantineError> {
        let (answer, answered) = oneshot::channel();
        self.send(writer::Command::Forget { app: Arc::from(app), what, now, answer })?;
        answered.await.map_err(|_| QuarantineError::Closed)?
    }

    /// Takes no more, and returns when all that was taken is on disk.
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        // Where the task is gone already, everything is written.
        if self.commands.send(writer::Command::Close { answer }).await.is_ok() {
            let _ = answered.await;
        }
    }

    /// Entries of an app, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, app: &str, selection: &Selection) -> Result<Vec<Entry>, DbErr> {
        if [&selection.code, &selection.name].into_iter().flatten().any(|text| text.contains('\0')) {
            // No entry's text holds one, and PostgreSQL takes none.
            return Ok(Vec::new());
        }
        let mut query = Entity::find().filter(Column::App.eq(app)).filter(Column::Id.gt(selection.after));
        if let Some(code) = &selection.code {
            query = query.filter(contains(Column::Codes, &format!(",{code},")));
        }
        if let Some(name) = &selection.name {
            query = match name.strip_suffix('*') {
                Some(prefix) => query.filter(begins_with(Column::Name, prefix)),
                None => query.filter(Column::Name.eq(name.as_str())),
            };
        }
        query = match selection.resolved {
            Some(true) => query.filter(Column::ResolvedUs.is_not_null()),
            Some(false) => query.filter(Column::ResolvedUs.is_null()),
            None => query,
        };
        query.order_by_asc(Column::Id).limit(selection.limit).all(&self.database).await
    }

    /// One entry of an app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entry(&self, app: &str, id: i64) -> Result<Option<Entry>, DbErr> {
        Entity::find_by_id(id).filter(Column::App.eq(app)).one(&self.database).await
    }

    /// All entries about a person of an app, open and settled, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn about(&self, app: &str, subject: SubjectId) -> Result<Vec<Entry>, DbErr> {
        Entity::find()
            .filter(Column::App.eq(app))
            .filter(Column::Subject.eq(subject.as_bytes().to_vec()))
            .order_by_asc(Column::Id)
            .all(&self.database)
            .await
    }

    /// How many entries each app has open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_entries(&self) -> Result<HashMap<String, u64>, DbErr> {
        let counts: Vec<(String, i64)> = Entity::find()
            .select_only()
            .column(Column::App)
            .column_as(Column::Id.count(), "entries")
            .filter(Column::ResolvedUs.is_null())
            .group_by(Column::App)
            .into_tuple()
            .all(&self.database)
            .await?;
        Ok(counts.into_iter().map(|(app, count)| (app, count.unsigned_abs())).collect())
    }

    fn send(&self, command: writer::Command) -> Result<(), QuarantineError> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => QuarantineError::Busy,
            mpsc::error::TrySendError::Closed(_) => QuarantineError::Closed,
        })
    }
}

/// Bytes that each app's entries take.
async fn bytes_by_app(database: &impl ConnectionTrait) -> Result<HashMap<Arc<str>, u64>, DbErr> {
    let used: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::App)
        // PostgreSQL adds up to a number without bounds.
        .column_as(Column::Bytes.sum().cast_as("bigint"), "bytes")
        .group_by(Column::App)
        .into_tuple()
        .all(database)
        .await?;
    Ok(used.into_iter().map(|(app, bytes)| (Arc::from(app), bytes.unsigned_abs())).collect())
}

/// Whether a column holds this text. Not `LIKE`: what it makes of case, and of `%` and `_`, is not the same everywhere.
fn contains(column: Column, text: &str) -> SimpleExpr {
    Expr::from(Func::cust("replace").arg(Expr::col(column)).arg(text).arg("")).ne(Expr::col(column))
}

/// Whether a column begins with this text.
fn begins_with(column: Column, text: &str) -> SimpleExpr {
    let length = i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
    Expr::from(Func::cust("substr").arg(Expr::col(column)).arg(1).arg(length)).eq(text)
}

/// A text without zero bytes, which PostgreSQL keeps in none.
fn without_zeros(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// The codes of findings as the table keeps them: each between commas, each once.
fn codes(errors: &[Finding]) -> String {
    let mut codes: Vec<&str> = errors.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    format!(",{},", codes.join(","))
}

fn errors_json(errors: &[Finding]) -> String {
    // Findings are strings throughout.
    serde_json::to_string(errors).unwrap_or_else(|_| "[]".to_owned())
}

#[cfg(test)]
mod tests;
