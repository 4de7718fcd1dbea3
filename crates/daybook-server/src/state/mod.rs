//! The state database: what the collector keeps besides the log. SQLite in the data directory, or PostgreSQL, reached through
//! SeaORM; the same code and the same tests for both.

pub mod aggregate_periods;
pub mod aggregates;
mod hold;
pub mod keys;
pub mod migration;
mod place;
mod postgres;
pub mod quarantine;
pub mod settings;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

pub use hold::{Hold, hold};
pub use place::{StatePlace, StateUrl, StateUrlError};

/// Name of the state database in the data directory, where it is there.
pub const STATE_FILE: &str = "state.db";

/// How long the database may be busy with other processes, or on its way up, when it is opened.
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
    /// The URL is of no use.
    #[error("the URL of the state {0}")]
    Url(#[from] StateUrlError),
    /// Another server serves it.
    #[error("the state database {place} is in use by another server")]
    InUse {
        /// Host, port and database.
        place: String,
    },
    /// The database cannot be opened, or its tables not be brought up to date.
    #[error("cannot open the state database {place}")]
    Database {
        /// The file, or host, port and database.
        place: String,
        /// Why.
        source: DbErr,
    },
}

/// Opens the state database, making the tables where they are missing, and for a file its directory too.
///
/// # Errors
/// [`OpenStateError`].
pub async fn open(place: &StatePlace) -> Result<DatabaseConnection, OpenStateError> {
    match place {
        StatePlace::Directory(data) => sqlite::open(data).await,
        StatePlace::Postgres(url) => postgres::open(url).await,
    }
}

/// Brings the tables up to date, the vault's too, which are in the same database. Whoever calls sees to it that no other process does the same.
async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    // What it says of its progress is no news to whoever runs a server; what goes wrong is returned.
    let quiet = NoSubscriber::default;
    migration::Migrator::up(database, None).with_subscriber(quiet()).await?;
    daybook_privacy::tables::Migrator::up(database, None).with_subscriber(quiet()).await
}

/// Begins a transaction that will write. On SQLite it takes the write lock at once: one that begins by reading could find,
/// when it comes to writing, that another process was faster, and fail where waiting would have done. On PostgreSQL writers
/// wait for each other where they touch the same rows, and what was read before may have changed since.
pub(crate) async fn begin_write(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await
}

/// What the database does, if it does so in time. A server that is stopped or a network that is gone may say nothing at all.
///
/// # Errors
/// As the future; an error that [`is_passing`] where it takes longer.
pub(crate) async fn within<T>(patience: Duration, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    tokio::time::timeout(patience, work)
        .await
        .unwrap_or(Err(DbErr::ConnectionAcquire(sea_orm::error::ConnAcquireErr::Timeout)))
}

/// Whether the database may do later what it failed to do now: it cannot be reached, or is busy. Nothing is wrong with what it
/// was asked.
pub(crate) fn is_passing(error: &DbErr) -> bool {
    let cause = match error {
        DbErr::ConnectionAcquire(_) => return true,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause,
        _ => return false,
    };
    match &**cause {
        // A certificate that is not believed is an error of this kind, too.
        sqlx::Error::Io(cause) => cause.kind() != std::io::ErrorKind::InvalidData,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(cause) if cause.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() => {
            cause.code().is_some_and(|code| postgres::is_passing_code(&code))
        }
        _ => sqlite::is_locked(error),
    }
}

/// Makes a directory that only its owner may enter.
///
/// # Errors
/// [`OpenStateError::Directory`].
pub fn make_private_directory(path: &Path) -> Result<(), OpenStateError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| OpenStateError::Directory { path: path.to_owned(), source })
}
