//! What is done now and then: dropping what was kept long enough, merging small files, deleting those that no table names.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use daybook_event::Timestamp;

use super::{Core, Dropped, Lake, Table};
use crate::error::LakeError;
use crate::limits;
use crate::table::{Change, DataFile, merge, merges};

/// Files that no table names, and since when that is known.
pub(super) type Orphans = HashMap<PathBuf, Instant>;

/// What upkeep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// The days that were dropped.
    pub dropped: Vec<Dropped>,
    /// How many files were merged.
    pub merged: usize,
    /// Into how many.
    pub into: usize,
    /// How many files were deleted that no table names any more.
    pub deleted: usize,
}

impl Lake {
    /// Does what is due now.
    ///
    /// # Errors
    /// [`LakeError`]. A file that is missing or damaged is left where it is, and does not stop the rest.
    pub async fn upkeep(&self, now: Timestamp) -> Result<Upkeep, LakeError> {
        self.core.upkeep(now).await
    }
}

impl Core {
    /// Does what is due while nobody waits for it.
    pub(super) fn upkeep_aside(self: &Arc<Self>, now: Timestamp) {
        if self.tending.swap(true, Ordering::AcqRel) {
            return;
        }
        let core = Arc::clone(self);
        tokio::spawn(async move {
            let result = core.upkeep(now).await;
            core.tending.store(false, Ordering::Release);
            if let Err(error) = result {
                tracing::warn!(app = core.app.app, %error, "the upkeep of the lake failed");
            }
        });
    }

    async fn upkeep(self: &Arc<Self>, now: Timestamp) -> Result<Upkeep, LakeError> {
        let mut done = Upkeep { dropped: self.drop_expired(now).await?, ..Upkeep::default() };
        for dropped in &done.dropped {
            let Dropped { table, category, files, rows, bytes, .. } = dropped;
            let date = dropped.date.as_deref();
            tracing::info!(
                app = self.app.app,
                table,
                category,
                date,
                files,
                rows,
                bytes,
                "a day of the lake was dropped"
            );
        }
        for table in Table::ALL {
            self.merge(table, &mut done).await?;
            done.deleted += self.vacuum(table);
        }
        Ok(done)
    }

    /// Merges small files of a table.
    async fn merge(self: &Arc<Self>, table: Table, done: &mut Upkeep) -> Result<(), LakeError> {
        let (root, schema) = (self.root(table), self.schemas.get(table));
        let rest_ms = i64::try_from(self.options.merge_after.as_millis()).unwrap_or(i64::MAX);
        let mut failed: HashSet<String> = HashSet::new();
        for _ in 0..limits::MERGES_AT_ONCE {
            let files = Arc::clone(&self.shown.read().shelves.get(table).files);
            let due = merges(&files, crate::now_us() / 1_000, rest_ms);
            let due = due.into_iter().find(|files| !files.iter().any(|file| failed.contains(&file.path)));
            let Some(files) = due else { break };
            match merge(&root, schema, &files).await {
                Ok(added) => {
                    let (merged, into) = (files.len(), added.len());
                    if self.replace(table, files, added).await? {
                        done.merged += merged;
                        done.into += into;
                    }
                }
                // Its rows are lost to queries until somebody puts the file back, or has the lake made anew. Others go on.
                Err(error) => {
                    tracing::warn!(app = self.app.app, table = table.name(), %error, "files of the lake were not merged");
                    failed.extend(files.iter().map(|file| file.path.clone()));
                }
            }
        }
        Ok(())
    }

    /// Puts files in the place of others. Does nothing where one of these was dropped meanwhile.
    async fn replace(
        self: &Arc<Self>,
        table: Table,
        removed: Vec<Arc<DataFile>>,
        added: Vec<DataFile>,
    ) -> Result<bool, LakeError> {
        let core = Arc::clone(self);
        let replacing = tokio::spawn(async move {
            let mut logs = core.logs.lock().await;
            let there: HashSet<String> =
                core.shown.read().shelves.get(table).files.iter().map(|file| file.path.clone()).collect();
            if !removed.iter().all(|file| there.contains(&file.path)) {
                return Ok(false);
            }
            let change = Change { added, removed: removed.clone(), ..Change::default() };
            let added = match logs.get_mut(table).commit(change).await {
                Ok(added) => added,
                Err(error) => {
                    core.recover(&mut logs, &error).await;
                    return Err(error);
                }
            };
            let mut shown = core.shown.write();
            let shelf = shown.shelves.get_mut(table);
            let gone: HashSet<&str> = removed.iter().map(|file| &*file.path).collect();
            let kept = shelf.files.iter().filter(|file| !gone.contains(&*file.path)).map(Arc::clone);
            shelf.files = kept.chain(added.into_iter().map(Arc::new)).collect();
            Ok(true)
        });
        replacing.await.map_err(|_| LakeError::Closed)?
    }

    /// Deletes the files in a table's directory that it has not named for long enough; how many. A commit that failed leaves
    /// such, and a merge.
    fn vacuum(&self, table: Table) -> usize {
        let root = self.root(table);
        let found = data_files(&root);
        let named: HashSet<PathBuf> =
            self.shown.read().shelves.get(table).files.iter().map(|file| root.join(&file.path)).collect();
        let mut orphans = self.orphans.lock();
        orphans.retain(|path, _| !path.starts_with(&root) || (found.contains(path) && !named.contains(path)));
        let mut deleted = 0;
        for path in found.into_iter().filter(|path| !named.contains(path)) {
            let since = *orphans.entry(path.clone()).or_insert_with(Instant::now);
            if since.elapsed() >= self.options.vacuum_after && std::fs::remove_file(&path).is_ok() {
                orphans.remove(&path);
                deleted += 1;
            }
        }
        deleted
    }
}

/// The files of rows in a table's directory.
fn data_files(root: &Path) -> HashSet<PathBuf> {
    let (mut found, mut pending) = (HashSet::new(), vec![root.to_owned()]);
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "_delta_log") {
                    pending.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                found.insert(path);
            }
        }
    }
    found
}
