//! The state database: what the collector keeps besides the log. SQLite in the data directory, reached through SeaORM.

pub mod keys;
pub mod migration;
pub mod quarantine;
pub mod settings;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

/// Name of the state database in the data directory.
pub const STATE_FILE: &str = "state.db";

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
    // Made before SQLite would make it, for its owner alone; the files SQLite puts beside it are made alike.
    make_private_file(&path).map_err(|source| OpenStateError::File { path: path.clone(), source })?;
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
                .busy_timeout(Duration::from_secs(10))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                // What is deleted is overwritten: quarantined events may hold personal data.
                .pragma("secure_delete", "ON")
                .pragma("foreign_keys", "ON")
        });
    let database = Database::connect(options).await.map_err(failed)?;
    // What it says of its progress is no news to whoever runs a server; what goes wrong is returned.
    migration::Migrator::up(&database, None).with_subscriber(NoSubscriber::default()).await.map_err(failed)?;
    Ok(database)
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

fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
