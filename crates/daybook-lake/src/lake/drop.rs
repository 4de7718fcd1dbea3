//! Dropping whole days: what was kept long enough, and what a month that is forgotten said.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_event::Timestamp;
use serde::Serialize;

use super::{Core, Lake, Table};
use crate::error::LakeError;
use crate::limits;
use crate::table::{Change, DataFile, Files, Partition, date_of};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// How often it is looked whether a dropped file is still read.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A day of a category that was dropped from a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The table.
    pub table: &'static str,
    /// The category.
    pub category: String,
    /// The day, in UTC: `2026-01-14`. Nothing where only rows in memory were dropped.
    pub date: Option<String>,
    /// Files.
    pub files: usize,
    /// Rows in them, or in memory.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

impl Lake {
    /// Drops everything that happened in a category before the day of this time, whatever the catalog says of it.
    ///
    /// # Errors
    /// [`LakeError`].
    pub async fn drop_before(&self, category: &str, before: Timestamp) -> Result<Vec<Dropped>, LakeError> {
        self.core.drop_days(vec![(category.to_owned(), i32::MIN..day_of(before))]).await
    }

    /// Drops what its category's retention does not keep any longer.
    ///
    /// # Errors
    /// [`LakeError`].
    pub async fn drop_expired(&self, now: Timestamp) -> Result<Vec<Dropped>, LakeError> {
        self.core.drop_expired(now).await
    }
}

impl Core {
    /// Drops the days that lie before what each category's retention keeps.
    pub(super) async fn drop_expired(self: &Arc<Self>, now: Timestamp) -> Result<Vec<Dropped>, LakeError> {
        let ends = self.app.categories.iter().filter_map(|category| {
            let retain_us = i64::try_from(category.retain?.as_micros()).ok()?;
            // A day goes when its last moment is too old.
            let kept_from = Timestamp::from_microseconds(now.microseconds().saturating_sub(retain_us));
            Some((category.name.clone(), i32::MIN..day_of(kept_from)))
        });
        self.drop_days(ends.collect()).await
    }

    /// Drops these days of these categories, from the tables, from memory and from the disk.
    pub(super) async fn drop_days(
        self: &Arc<Self>,
        days: Vec<(String, Range<i32>)>,
    ) -> Result<Vec<Dropped>, LakeError> {
        if !self.has_any(&days) {
            return Ok(Vec::new());
        }
        let core = Arc::clone(self);
        let dropping = tokio::spawn(async move {
            let mut dropped = Vec::new();
            let mut logs = core.logs.lock().await;
            let mut gone = Vec::new();
            for table in Table::ALL {
                dropped.extend(core.drop_hot(table, &days)?);
                let removed = core.files_of(table, &days);
                if removed.is_empty() {
                    continue;
                }
                dropped.extend(report(table, &removed));
                let change = Change { removed, rows_change: true, ..Change::default() };
                let removed = change.removed.clone();
                if let Err(error) = logs.get_mut(table).commit(change).await {
                    core.recover(&mut logs, &error).await;
                    return Err(error);
                }
                core.take_out(table, &removed);
                gone.extend(removed.into_iter().map(|file| (table, file)));
            }
            drop(logs);
            core.delete(gone).await;
            Ok(dropped)
        });
        dropping.await.map_err(|_| LakeError::Closed)?
    }

    fn has_any(&self, days: &[(String, Range<i32>)]) -> bool {
        let shown = self.shown.read();
        Table::ALL
            .map(|table| shown.shelves.get(table))
            .into_iter()
            .any(|shelf| shelf.hot.len() > 0 || shelf.files.iter().any(|file| is_one_of(&file.partition, days)))
    }

    fn files_of(&self, table: Table, days: &[(String, Range<i32>)]) -> Vec<Arc<DataFile>> {
        let shown = self.shown.read();
        let files = shown.shelves.get(table).files.iter();
        files.filter(|file| is_one_of(&file.partition, days)).map(Arc::clone).collect()
    }

    fn drop_hot(&self, table: Table, days: &[(String, Range<i32>)]) -> Result<Vec<Dropped>, LakeError> {
        let mut shown = self.shown.write();
        let hot = &mut shown.shelves.get_mut(table).hot;
        let mut dropped = Vec::new();
        for (category, days) in days {
            let rows = hot.forget(category, days)? as u64;
            if rows > 0 {
                let (table, category) = (table.name(), category.clone());
                dropped.push(Dropped { table, category, date: None, files: 0, rows, bytes: 0 });
            }
        }
        Ok(dropped)
    }

    /// Takes files out of what queries see.
    pub(super) fn take_out(&self, table: Table, removed: &[Arc<DataFile>]) {
        let mut shown = self.shown.write();
        let shelf = shown.shelves.get_mut(table);
        let is_removed = |file: &Arc<DataFile>| removed.iter().any(|removed| removed.path == file.path);
        let kept: Files = shelf.files.iter().filter(|file| !is_removed(file)).map(Arc::clone).collect();
        shelf.files = kept;
    }

    /// Deletes files that are no longer in a table. What a query still reads stays a moment longer, and goes then all the same:
    /// it was to be gone.
    async fn delete(&self, mut files: Vec<(Table, Arc<DataFile>)>) {
        let begun = Instant::now();
        while !files.is_empty() {
            let patient = begun.elapsed() < limits::DROP_PATIENCE;
            files.retain(|(table, file)| {
                if patient && Arc::strong_count(file) > 1 {
                    return true;
                }
                if let Err(error) = std::fs::remove_file(self.root(*table).join(&file.path)) {
                    tracing::warn!(app = self.app.app, file = file.path, %error, "a file of the lake was not deleted");
                }
                false
            });
            if !files.is_empty() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

fn is_one_of(partition: &Partition, days: &[(String, Range<i32>)]) -> bool {
    days.iter().any(|(category, days)| **category == *partition.category && days.contains(&partition.date))
}

fn report(table: Table, files: &[Arc<DataFile>]) -> Vec<Dropped> {
    let mut found: BTreeMap<&Partition, Dropped> = BTreeMap::new();
    for file in files {
        let dropped = found.entry(&file.partition).or_insert_with(|| Dropped {
            table: table.name(),
            category: file.partition.category.to_string(),
            date: date_of(file.partition.date).map(|date| date.to_string()),
            files: 0,
            rows: 0,
            bytes: 0,
        });
        dropped.files += 1;
        dropped.rows += file.rows;
        dropped.bytes += file.size_bytes;
    }
    found.into_values().collect()
}

/// The day of a time, in days since 1970-01-01.
pub(super) fn day_of(time: Timestamp) -> i32 {
    i32::try_from(time.microseconds().div_euclid(DAY_US)).unwrap_or(i32::MAX)
}
