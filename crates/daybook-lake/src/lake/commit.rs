//! Taking events into memory, and what is there into the tables.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use datafusion::arrow::array::RecordBatch;
use daybook_consumers::{Batch, Item};
use daybook_event::Position;

use super::shown::Shown;
use super::{Core, Table, Tables, open_tables};
use crate::error::LakeError;
use crate::limits;
use crate::rows::{to_batch, to_daily_counts};
use crate::table::{Change, DataFile, Files, Log, write};

impl Core {
    /// Takes events into memory. From then on queries see them.
    pub(super) async fn take(self: &Arc<Self>, batch: &Batch) -> Result<(), LakeError> {
        if batch.replay {
            // Nothing is ever given up here, so nothing comes back.
            return Ok(());
        }
        self.make_room().await?;
        let (through, committed) = {
            let shown = self.shown.read();
            if shown.gone {
                return Err(self.gone());
            }
            (shown.through, Table::ALL.map(|table| shown.shelves.get(table).committed))
        };
        let items: Vec<Arc<Item>> =
            batch.items.iter().filter(|item| item.event.position > through).map(Arc::clone).collect();
        let core = Arc::clone(self);
        let rows = tokio::task::spawn_blocking(move || core.rows(&items, committed));
        let rows = rows.await.map_err(|_| LakeError::Closed)??;
        let mut shown = self.shown.write();
        if shown.gone {
            return Err(self.gone());
        }
        let sealed = shown.sealed;
        for (table, rows) in Table::ALL.into_iter().zip(rows) {
            shown.shelves.get_mut(table).hot.push(rows, batch.through, sealed)?;
        }
        shown.through = shown.through.max(batch.through);
        drop(shown);
        if self.is_due() {
            self.commit_aside();
        }
        Ok(())
    }

    /// The rows of each table, but for those that are in it already.
    fn rows(&self, items: &[Arc<Item>], committed: [Position; 2]) -> Result<[RecordBatch; 2], LakeError> {
        let [events, daily_counts] = committed.map(|committed| {
            let begin = items.partition_point(|item| item.event.position <= committed);
            items.get(begin..).unwrap_or_default()
        });
        Ok([to_batch(&self.columns, events)?, to_daily_counts(daily_counts)?])
    }

    /// Waits until there is room for more.
    async fn make_room(self: &Arc<Self>) -> Result<(), LakeError> {
        let (rows, bytes) = self.shown.read().hot();
        let overrun = limits::HOT_OVERRUN;
        if rows >= self.options.hot_rows * overrun || bytes >= self.options.hot_bytes * overrun {
            self.commit().await?;
        }
        Ok(())
    }

    /// Whether enough waits, or for long enough.
    pub(super) fn is_due(&self) -> bool {
        let shown = self.shown.read();
        let (rows, bytes) = shown.hot();
        let age = Table::ALL.map(|table| shown.shelves.get(table).hot.age()).into_iter().max();
        rows >= self.options.hot_rows
            || bytes >= self.options.hot_bytes
            || (rows > 0 && age.is_some_and(|age| age >= self.options.hot_age))
    }

    /// Commits while nobody waits for it.
    pub(super) fn commit_aside(self: &Arc<Self>) {
        let rests = self.rest_until.lock().is_some_and(|until| until > Instant::now());
        if rests || self.committing.swap(true, Ordering::AcqRel) {
            return;
        }
        let core = Arc::clone(self);
        tokio::spawn(async move {
            let result = core.commit().await;
            core.committing.store(false, Ordering::Release);
            if let Err(error) = result {
                *core.rest_until.lock() = Some(Instant::now() + limits::COMMIT_PAUSE);
                tracing::warn!(app = core.app.app, %error, "the lake could not commit");
            }
        });
    }

    /// Commits what is in memory now.
    pub(super) async fn commit(self: &Arc<Self>) -> Result<(), LakeError> {
        let core = Arc::clone(self);
        // A task of its own: whoever loses patience with it does not stop it half-way.
        let commit = tokio::spawn(async move {
            let mut logs = core.logs.lock().await;
            core.commit_with(&mut logs).await
        });
        commit.await.map_err(|_| LakeError::Closed)?
    }

    /// Commits what is in memory now, for who has the tables.
    pub(super) async fn commit_with(self: &Arc<Self>, logs: &mut Tables<Log>) -> Result<(), LakeError> {
        // Where both have something to say, the counts go first; whichever is behind is told again what it lacks.
        for table in [Table::DailyCounts, Table::Events] {
            let (through, rows) = {
                let mut shown = self.shown.write();
                if shown.gone {
                    return Err(self.gone());
                }
                shown.sealed = shown.through;
                (shown.through, shown.shelves.get(table).hot.rows())
            };
            if through <= logs.get(table).through && rows.is_empty() {
                continue;
            }
            let result = self.commit_rows(table, logs.get_mut(table), through, rows).await;
            if let Err(error) = result {
                self.recover(logs, &error).await;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn commit_rows(
        &self,
        table: Table,
        log: &mut Log,
        through: Position,
        rows: Arc<[RecordBatch]>,
    ) -> Result<(), LakeError> {
        let (root, schema) = (self.root(table), Arc::clone(self.schemas.get(table)));
        let written = tokio::task::spawn_blocking(move || match rows.is_empty() {
            true => Ok(Vec::new()),
            false => write(&root, &schema, &rows),
        });
        let added = written.await.map_err(|_| LakeError::Closed)??;
        // A table that is ahead of the other does not go back.
        let change = Change { added, rows_change: true, through: Some(through.max(log.through)), ..Change::default() };
        let added = log.commit(change).await?;
        let mut shown = self.shown.write();
        let shelf = shown.shelves.get_mut(table);
        shelf.files = with(&shelf.files, added);
        shelf.hot.committed(through);
        shelf.committed = log.through;
        Ok(())
    }

    /// After something failed, only the disk knows what is in the tables.
    pub(super) async fn recover(&self, logs: &mut Tables<Log>, cause: &LakeError) {
        for table in Table::ALL {
            let log = logs.get_mut(table);
            let reloaded = match log.reload().await {
                Ok(()) => log.files(),
                Err(error) => Err(error),
            };
            let mut shown = self.shown.write();
            match reloaded {
                Ok(files) => {
                    let shelf = shown.shelves.get_mut(table);
                    shelf.files = files;
                    shelf.hot.committed(log.through);
                    shelf.committed = log.through;
                    shown.through = shown.through.max(shown.committed());
                }
                Err(LakeError::Gone { .. }) => {
                    tracing::warn!(app = self.app.app, table = table.name(), "the lake is gone, and is made anew");
                    return shown.lose();
                }
                // It is looked at again before the next commit succeeds.
                Err(error) => tracing::warn!(app = self.app.app, %cause, %error, "the lake could not be read again"),
            }
        }
    }

    /// Makes the tables anew where they are gone.
    pub(super) async fn make_anew(&self) -> Result<(), LakeError> {
        if !self.shown.read().gone {
            return Ok(());
        }
        let mut logs = self.logs.lock().await;
        let (opened, columns) = open_tables(&self.options.directory, &self.app, self.columns.fields()).await?;
        if columns.schema() != self.columns.schema() {
            // Made by somebody else meanwhile, with other columns than those that rows are made for here.
            return Err(LakeError::Conflict { path: self.options.directory.clone() });
        }
        let shown = Shown::of(&opened)?;
        *logs = opened;
        *self.shown.write() = shown;
        Ok(())
    }
}

/// Files and more of them.
fn with(files: &Files, more: Vec<DataFile>) -> Files {
    files.iter().map(Arc::clone).chain(more.into_iter().map(Arc::new)).collect()
}
