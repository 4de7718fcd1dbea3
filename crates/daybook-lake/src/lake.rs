//! The lake of one app: its tables, what waits to be in them, and who writes there.
//!
//! Events are taken into memory as they come, where every query sees them, and committed to the Delta tables some hundred
//! thousand at a time, or every minute. A commit says in the table's own log through which position the table is complete.
//! Started again, the lake asks for everything after that: what was in memory is delivered once more, and nothing is there twice.
//!
//! The two tables, `events` and `daily_counts`, each say for themselves how far they are. The lake is as far as the one that is
//! behind, and what the other has already is left out of it. So a table whose directory was deleted is made anew from the log
//! while the other stays as it is.
//!
//! What is committed is not held in memory, what is not is bounded: when too much waits, whoever delivers waits for the commit.

mod commit;
mod drop;
mod handler;
mod shown;
mod upkeep;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use daybook_catalog::AppCatalog;
use daybook_event::Position;
use parking_lot::{Mutex, RwLock};

use crate::columns::{Columns, DataField, daily_counts_schema};
use crate::error::LakeError;
use crate::limits;
use crate::table::{Log, Scan};

pub use drop::Dropped;
pub use upkeep::Upkeep;

use shown::{Shelf, Shown};

/// Where the lake of an app is, and how much of it waits in memory.
#[derive(Debug, Clone)]
pub struct LakeOptions {
    /// The app's directory. The tables are `events` and `daily_counts` in it.
    pub directory: PathBuf,
    /// Rows that wait in memory before they are committed.
    pub hot_rows: usize,
    /// Bytes of rows that wait in memory before they are committed, about.
    pub hot_bytes: usize,
    /// How long the oldest row waits in memory. It is looked at once a minute.
    pub hot_age: Duration,
    /// How long a day must have got nothing more before its last files are merged.
    pub merge_after: Duration,
    /// How long a file stays that no table names any more.
    pub vacuum_after: Duration,
}

/// The lake of one app. Cloning is cheap; the lake is closed with the last of them.
#[derive(Clone)]
pub struct Lake {
    core: Arc<Core>,
}

/// The tables as they were at one moment. They stay so, whatever comes meanwhile.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Everything up to here is in them.
    pub as_of: Position,
    /// Everything that happened, but for what is only counted.
    pub events: Arc<dyn TableProvider>,
    /// What is only counted, one row for each time it happened.
    pub daily_counts: Arc<dyn TableProvider>,
}

/// How the lake is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Everything up to here is seen by queries.
    pub as_of: Position,
    /// Everything up to here is in the tables on the disk.
    pub committed: Position,
    /// Rows that wait in memory.
    pub hot_rows: usize,
    /// What they take there in bytes, about.
    pub hot_bytes: usize,
    /// Files of the tables.
    pub files: usize,
    /// Rows in them.
    pub rows: u64,
    /// Their bytes.
    pub file_bytes: u64,
}

/// One of each table.
#[derive(Debug, Default)]
struct Tables<T> {
    events: T,
    daily_counts: T,
}

/// A table, where it does not matter which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Events,
    DailyCounts,
}

struct Core {
    options: LakeOptions,
    app: Arc<AppCatalog>,
    columns: Columns,
    schemas: Tables<SchemaRef>,
    shown: RwLock<Shown>,
    /// Whoever has it is the only one who changes the tables.
    logs: tokio::sync::Mutex<Tables<Log>>,
    /// A commit runs that nobody waits for.
    committing: AtomicBool,
    /// Upkeep runs.
    tending: AtomicBool,
    /// No commit is tried before.
    rest_until: Mutex<Option<Instant>>,
    /// Files that no table names, since when.
    orphans: Mutex<upkeep::Orphans>,
    /// Held as long as the lake is open, and let go by the system if the process dies.
    _lock: File,
}

impl LakeOptions {
    /// The usual options for an app whose lake is in this directory.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            hot_rows: limits::HOT_ROWS,
            hot_bytes: limits::HOT_BYTES,
            hot_age: limits::HOT_AGE,
            merge_after: limits::MERGE_AFTER,
            vacuum_after: limits::VACUUM_AFTER,
        }
    }
}

impl<T> Tables<T> {
    const fn get(&self, table: Table) -> &T {
        match table {
            Table::Events => &self.events,
            Table::DailyCounts => &self.daily_counts,
        }
    }

    const fn get_mut(&mut self, table: Table) -> &mut T {
        match table {
            Table::Events => &mut self.events,
            Table::DailyCounts => &mut self.daily_counts,
        }
    }
}

impl Table {
    const ALL: [Self; 2] = [Self::Events, Self::DailyCounts];

    /// Its name, and that of its directory.
    const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::DailyCounts => "daily_counts",
        }
    }
}

impl Lake {
    /// Opens the lake of an app, and makes it where it is not there. A catalog that declares more fields than its tables have
    /// columns adds them; no file is rewritten for that.
    ///
    /// # Errors
    /// [`LakeError::InUse`] where it is open already; [`LakeError`].
    pub async fn open(options: LakeOptions, app: Arc<AppCatalog>) -> Result<Self, LakeError> {
        let lock = lock(&options.directory)?;
        let (logs, columns) = open_tables(&options.directory, &app, &[]).await?;
        let schemas = Tables { events: Arc::clone(columns.schema()), daily_counts: daily_counts_schema() };
        let shown = Shown::of(&logs)?;
        let core = Core {
            options,
            app,
            columns,
            schemas,
            shown: RwLock::new(shown),
            logs: tokio::sync::Mutex::new(logs),
            committing: AtomicBool::new(false),
            tending: AtomicBool::new(false),
            rest_until: Mutex::new(None),
            orphans: Mutex::default(),
            _lock: lock,
        };
        Ok(Self { core: Arc::new(core) })
    }

    /// The tables as they are now.
    ///
    /// # Errors
    /// [`LakeError::Gone`] where the tables are no longer there, and not made anew yet.
    pub async fn snapshot(&self) -> Result<Snapshot, LakeError> {
        let shown = self.core.shown.read();
        if shown.gone {
            return Err(self.core.gone());
        }
        let scan = |table: Table| -> Arc<dyn TableProvider> {
            let Shelf { files, hot, .. } = shown.shelves.get(table);
            let schema = self.core.schemas.get(table);
            Arc::new(Scan::new(&self.core.root(table), schema, Arc::clone(files), hot.rows()))
        };
        Ok(Snapshot { as_of: shown.through, events: scan(Table::Events), daily_counts: scan(Table::DailyCounts) })
    }

    /// The columns of `events`.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.core.columns
    }

    /// Commits what waits in memory, and returns when it is on the disk.
    ///
    /// # Errors
    /// [`LakeError`]; it still waits then.
    pub async fn commit(&self) -> Result<(), LakeError> {
        self.core.commit().await
    }

    /// Commits what waits in memory, for an end in good order. Who else has the lake may go on using it.
    ///
    /// # Errors
    /// [`LakeError`]: what was not committed is delivered again by the next who opens the lake.
    pub async fn close(&self) -> Result<(), LakeError> {
        self.core.commit().await
    }

    /// How it is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        let shown = self.core.shown.read();
        let mut health = Health { as_of: shown.through, committed: shown.committed(), ..Health::default() };
        for shelf in Table::ALL.map(|table| shown.shelves.get(table)) {
            health.hot_rows += shelf.hot.len();
            health.hot_bytes += shelf.hot.bytes();
            health.files += shelf.files.len();
            health.rows += shelf.files.iter().map(|file| file.rows).sum::<u64>();
            health.file_bytes += shelf.files.iter().map(|file| file.size_bytes).sum::<u64>();
        }
        health
    }
}

impl Core {
    /// The directory of a table.
    fn root(&self, table: Table) -> PathBuf {
        self.options.directory.join(table.name())
    }

    fn gone(&self) -> LakeError {
        LakeError::Gone { path: self.options.directory.clone() }
    }
}

/// Makes sure that nobody else has the lake.
fn lock(directory: &Path) -> Result<File, LakeError> {
    let failed = |source| LakeError::Directory { path: directory.to_owned(), source };
    std::fs::create_dir_all(directory).map_err(failed)?;
    let lock = File::options().create(true).truncate(false).write(true).open(directory.join("lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(LakeError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Opens the tables, makes those that are not there, and adds the columns that they lack. A new table gets these columns beside
/// those of the catalog.
async fn open_tables(
    directory: &Path,
    app: &AppCatalog,
    fields: &[DataField],
) -> Result<(Tables<Log>, Columns), LakeError> {
    let root = directory.join(Table::Events.name());
    let (events, columns) = match Log::open(&root).await? {
        Some(mut log) => {
            let columns = Columns::with(app, &log.fields()?);
            log.evolve(columns.schema(), columns.fields()).await?;
            (log, columns)
        }
        None => {
            let columns = Columns::with(app, fields);
            (Log::create(&root, columns.schema(), columns.fields()).await?, columns)
        }
    };
    let root = directory.join(Table::DailyCounts.name());
    let daily_counts = match Log::open(&root).await? {
        Some(log) => log,
        None => Log::create(&root, &daily_counts_schema(), &[]).await?,
    };
    Ok((Tables { events, daily_counts }, columns))
}
