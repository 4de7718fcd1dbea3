//! A lake in a directory of one test.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::prelude::{SessionConfig, SessionContext};
use daybook_catalog::AppCatalog;
use daybook_consumers::{Batch, Handler, Item};
use daybook_event::Position;
use daybook_lake::{Lake, LakeError, LakeOptions};
use tempfile::TempDir;

use crate::support::{Short, ask, items_after, shop};

/// No condition takes as long, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Place {
    _directory: TempDir,
    pub options: LakeOptions,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = LakeOptions::new(directory.path().join("shop"));
        Self { _directory: directory, options }
    }

    pub async fn open(&self) -> Lake {
        self.open_with(shop()).await
    }

    /// Opens the lake, as soon as what its last holder still had to do is done.
    pub async fn open_with(&self, app: Arc<AppCatalog>) -> Lake {
        let begun = Instant::now();
        loop {
            match Lake::open(self.options.clone(), Arc::clone(&app)).await {
                Err(LakeError::InUse { .. }) if begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                opened => return opened.unwrap(),
            }
        }
    }

    /// The directory of a table.
    pub fn table(&self, name: &str) -> PathBuf {
        self.options.directory.join(name)
    }

    /// The files of rows of a table, with what is in them.
    pub fn files(&self, table: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut found, mut pending) = (Vec::new(), vec![self.table(table)]);
        while let Some(directory) = pending.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    if !path.ends_with("_delta_log") {
                        pending.push(path);
                    }
                } else if path.extension().is_some_and(|extension| extension == "parquet") {
                    found.push((path.clone(), std::fs::read(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

/// A delivery.
pub fn batch(items: Vec<Arc<Item>>) -> Batch {
    let after = items.first().map_or(0, |item| item.event.position - 1);
    let through = items.last().map_or(0, |item| item.event.position);
    Batch { items, after, through, replay: false }
}

/// Delivers events at the positions after this one; the last of them.
pub async fn deliver(lake: &Lake, after: Position, events: &[Short<'_>]) -> Position {
    let batch = batch(items_after(after, events));
    lake.deliver(&batch).await.unwrap();
    batch.through
}

/// The lake as it is now, in a session.
pub async fn session_of(lake: &Lake) -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().sql_parser.enable_ident_normalization = false;
    let context = SessionContext::new_with_config(config);
    let snapshot = lake.snapshot().await.unwrap();
    context.register_table("events", snapshot.events).unwrap();
    context.register_table("daily_counts", snapshot.daily_counts).unwrap();
    context
}

/// What the lake answers now.
pub async fn ask_lake(lake: &Lake, sql: &str) -> Vec<String> {
    ask(&session_of(lake).await, sql).await
}

/// Every row once: how many, how many positions, and the last.
pub async fn positions(lake: &Lake) -> String {
    let sql = "SELECT count(*), count(DISTINCT position), max(position) FROM events";
    ask_lake(lake, sql).await.remove(0)
}

/// Waits for a condition.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
