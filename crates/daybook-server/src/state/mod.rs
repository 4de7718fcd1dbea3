//! The state database: what the collector keeps besides the log. SQLite in the data directory, reached through SeaORM.

pub mod keys;
pub mod migration;
pub mod quarantine;
pub mod settings;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

/// Name of the state database in the data directory.
pub const STATE_FILE: &str = "state.db";

/// Locked while the state database is opened.
const LOCK_FILE: &str = "state.lock";

/// How long the database may be busy with other processes.
const BUSY_PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two tries to open it meanwhile.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// The state database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenStateError {
    /// The data directory cannot be made.
    #[error("cannot make the data directory {path}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be made.
    #[error("cannot make the state database {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite cannot open the file or bring its tables up to date.
    #[error("cannot open the state database {path}")]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        source: DbErr,
    },
}

/// Opens the state database in `data`, making the directory and the tables where they are missing.
///
/// # Errors
/// [`OpenStateError`].
pub async fn open(data: &Path) -> Result<DatabaseConnection, OpenStateError> {
    make_private_directory(data).map_err(|source| OpenStateError::Directory { path: data.to_owned(), source })?;
    let path = data.join(STATE_FILE);
    let failed = |source| OpenStateError::Database { path: path.clone(), source };
    // The path goes in as a path, not as part of a URL, so that any name a file may have works.
    let file = path.clone();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options
        .max_connections(4)
        .min_connections(1)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .in_memory(false)
                .shared_cache(false)
                .filename(&file)
                .create_if_missing(true)
                .busy_timeout(BUSY_PATIENCE)
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                // What is deleted is overwritten: quarantined events may hold personal data.
                .pragma("secure_delete", "ON")
                .pragma("foreign_keys", "ON")
        });
    // One process at a time brings the tables up to date; the lock goes with the file.
    let lock = data.join(LOCK_FILE);
    let locked = {
        let lock = lock.clone();
        tokio::task::spawn_blocking(move || lock_file(&lock)).await.unwrap_or_else(|error| Err(error.into()))
    };
    let _locked = locked.map_err(|source| OpenStateError::File { path: lock, source })?;
    // Made before SQLite would make it, for its owner alone; the files SQLite puts beside it are made alike. One that is
    // there is left alone: closing it would take this process's locks away from SQLite.
    if !path.exists() {
        make_private_file(&path).map_err(|source| OpenStateError::File { path: path.clone(), source })?;
    }
    // Switching to the write-ahead log and looking at the tables begin by reading and go on to write. Where a server that
    // runs was faster SQLite fails them at once instead of waiting, so the waiting is done here.
    let begun = Instant::now();
    loop {
        match open_once(options.clone()).await {
            Err(error) if is_locked(&error) && begun.elapsed() < BUSY_PATIENCE => tokio::time::sleep(BUSY_PAUSE).await,
            outcome => return outcome.map_err(failed),
        }
    }
}

async fn open_once(options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    let database = Database::connect(options).await?;
    // What it says of its progress is no news to whoever runs a server; what goes wrong is returned.
    migration::Migrator::up(&database, None).with_subscriber(NoSubscriber::default()).await?;
    Ok(database)
}

/// SQLite's SQLITE_BUSY, which SeaORM has no variant for.
fn is_locked(error: &DbErr) -> bool {
    error.to_string().contains("database is locked")
}

/// Begins a transaction that will write. It takes the write lock at once: one that begins by reading could find, when it
/// comes to writing, that another process was faster, and fail where waiting would have done.
pub(crate) async fn begin_write(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await
}

fn make_private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn lock_file(path: &Path) -> std::io::Result<std::fs::File> {
    let file = make_private_file(path)?;
    file.lock()?;
    Ok(file)
}

fn make_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `daybook keys` does beside a server that starts.
    #[tokio::test(flavor = "multi_thread")]
    async fn many_open_a_new_database_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let openings: Vec<_> = (0..12)
            .map(|_| {
                let path = directory.path().to_owned();
                tokio::spawn(async move { open(&path).await.map(drop) })
            })
            .collect();
        for opening in openings {
            opening.await.unwrap().unwrap();
        }
    }
}
