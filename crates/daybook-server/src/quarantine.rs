//! The quarantine: events that were not admitted, kept until somebody repairs, retries or deletes them.
//!
//! One task owns all writing. Whatever requests are waiting become one transaction, and each is answered when that is on
//! disk.

mod writer;

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::{Finding, Timestamp};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
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
    /// The event as JSON, sanitised.
    pub event: String,
    /// Why it was not admitted.
    pub errors: Vec<Finding>,
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
        /// The event, sanitised.
        event: String,
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
        let used: Vec<(String, i64)> = Entity::find()
            .select_only()
            .column(Column::App)
            .column_as(Column::Bytes.sum(), "bytes")
            .group_by(Column::App)
            .into_tuple()
            .all(&database)
            .await?;
        let used = used.into_iter().map(|(app, bytes)| (Arc::from(app), bytes.unsigned_abs())).collect();
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
        let mut query = Entity::find().filter(Column::App.eq(app)).filter(Column::Id.gt(selection.after));
        if let Some(code) = &selection.code {
            query = query.filter(Column::Codes.contains(format!(",{code},")));
        }
        if let Some(name) = &selection.name {
            query = match name.strip_suffix('*') {
                Some(prefix) => query.filter(Column::Name.starts_with(prefix)),
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

fn digest(event: &str) -> [u8; 32] {
    Sha256::digest(event.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state;

    fn entry(app: &str, id: Option<&str>, event: &str) -> NewEntry {
        NewEntry {
            app: Arc::from(app),
            event_id: id.map(str::to_owned),
            name: Some("a.b".to_owned()),
            event: event.to_owned(),
            errors: vec![Finding::new("data.required", "/data", "missing")],
        }
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-01-01T00:00:00Z").unwrap()
    }

    fn page() -> Selection {
        Selection { limit: 100, ..Selection::default() }
    }

    #[tokio::test]
    async fn entries_are_kept_listed_changed_and_outlive_the_process() {
        let data = tempfile::tempdir().unwrap();
        let database = state::open(data.path()).await.unwrap();
        let (quarantine, task) = Quarantine::open(database.clone(), 1_000_000).await.unwrap();
        let ids = quarantine
            .add(vec![entry("a", Some("1"), "{}"), entry("a", None, "{}"), entry("b", Some("1"), "{}")], now())
            .await
            .unwrap();
        assert_eq!(ids, [1, 2, 3]);
        // The same event again is the same entry; one without an id is another.
        assert_eq!(quarantine.add(vec![entry("a", Some("1"), "{}")], now()).await.unwrap(), [1]);
        let twice = vec![entry("a", None, "{}"), entry("a", Some("2"), "[]"), entry("a", Some("2"), "[]")];
        // Numbers are never used twice, but some are left out.
        assert_eq!(quarantine.add(twice, now()).await.unwrap(), [5, 6, 6]);
        let seen: Vec<_> =
            quarantine.list("a", &page()).await.unwrap().into_iter().map(|entry| (entry.id, entry.seen)).collect();
        assert_eq!(seen, [(1, 2), (2, 1), (5, 1), (6, 2)]);

        let resolved = Change::Resolved { resolution: "stored", position: Some(9) };
        assert!(quarantine.change("a", 2, resolved.clone(), now()).await.unwrap());
        assert!(!quarantine.change("b", 2, resolved, now()).await.unwrap(), "another app's entry");
        assert!(quarantine.change("a", 5, Change::Deleted, now()).await.unwrap());
        let errors = vec![Finding::new("event.x", "", "other")];
        assert!(quarantine.change("a", 1, Change::StillRefused { errors }, now()).await.unwrap());
        drop(quarantine);
        task.await.unwrap();

        let (quarantine, _task) = Quarantine::open(database, 1_000_000).await.unwrap();
        let check = |selection: Selection, expected: &'static [i64]| {
            let quarantine = quarantine.clone();
            async move {
                let ids: Vec<_> =
                    quarantine.list("a", &selection).await.unwrap().into_iter().map(|entry| entry.id).collect();
                assert_eq!(ids, expected, "{selection:?}");
            }
        };
        check(page(), &[1, 2, 6]).await;
        check(Selection { after: 1, ..page() }, &[2, 6]).await;
        check(Selection { limit: 1, ..page() }, &[1]).await;
        check(Selection { resolved: Some(true), ..page() }, &[2]).await;
        check(Selection { resolved: Some(false), ..page() }, &[1, 6]).await;
        check(Selection { code: Some("event.x".to_owned()), ..page() }, &[1]).await;
        check(Selection { code: Some("data.require".to_owned()), ..page() }, &[]).await;
        check(Selection { name: Some("a.*".to_owned()), ..page() }, &[1, 2, 6]).await;
        check(Selection { name: Some("a".to_owned()), ..page() }, &[]).await;
        let entry = quarantine.entry("a", 1).await.unwrap().unwrap();
        assert_eq!((entry.attempts, entry.codes.as_str()), (1, ",event.x,"));
        assert_eq!(quarantine.open_entries().await.unwrap()["a"], 2);
    }

    #[tokio::test]
    async fn a_full_share_gives_up_what_is_settled_and_then_takes_no_more() {
        let data = tempfile::tempdir().unwrap();
        let database = state::open(data.path()).await.unwrap();
        let (quarantine, _task) = Quarantine::open(database, 5_000).await.unwrap();
        let big = |id: &str| entry("a", Some(id), &format!("\"{id}{}\"", "x".repeat(1_900)));
        quarantine.add(vec![big("1"), big("2")], now()).await.unwrap();
        assert!(matches!(quarantine.add(vec![big("3")], now()).await, Err(QuarantineError::Full { .. })));
        quarantine.add(vec![entry("b", Some("1"), "{}")], now()).await.unwrap();
        let resolved = Change::Resolved { resolution: "stored", position: Some(1) };
        quarantine.change("a", 1, resolved, now()).await.unwrap();
        quarantine.add(vec![big("3")], now()).await.unwrap();
        let left: Vec<_> =
            quarantine.list("a", &page()).await.unwrap().into_iter().map(|entry| entry.event_id).collect();
        assert_eq!(left, [Some("2".to_owned()), Some("3".to_owned())]);
    }

    #[tokio::test]
    async fn many_requests_at_once_are_all_kept() {
        let data = tempfile::tempdir().unwrap();
        let database = state::open(data.path()).await.unwrap();
        let (quarantine, _task) = Quarantine::open(database, 10_000_000).await.unwrap();
        let calls = (0..100).map(|call| {
            let quarantine = quarantine.clone();
            async move {
                let entries =
                    (0..20).map(|event| entry("a", Some(&format!("{call}-{event}")), &format!("[{call},{event}]")));
                quarantine.add(entries.collect(), now()).await.unwrap()
            }
        });
        let mut ids: Vec<i64> = futures_util::future::join_all(calls).await.into_iter().flatten().collect();
        ids.sort_unstable();
        assert_eq!(ids, (1..=2_000).collect::<Vec<_>>());
    }
}
