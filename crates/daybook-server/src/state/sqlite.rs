//! The state in a SQLite file.

use std::path::Path;
use std::time::Instant;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use std::time::Duration;

use super::{BUSY_PATIENCE, BUSY_PAUSE, OpenStateError, STATE_FILE, make_private_directory, migrate};

/// Locked while the state database is opened.
const LOCK_FILE: &str = "state.lock";

/// Opens the file in `data`, making the directory and the tables where they are missing.
pub(super) async fn open(data: &Path) -> Result<DatabaseConnection, OpenStateError> {
    make_private_directory(data)?;
    let path = data.join(STATE_FILE);
    let failed = |source| OpenStateError::Database { place: path.display().to_string(), source };
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
    migrate(&database).await?;
    Ok(database)
}

/// SQLite's SQLITE_BUSY, which SeaORM has no variant for.
pub(super) fn is_locked(error: &DbErr) -> bool {
    error.to_string().contains("database is locked")
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

    #[tokio::test]
    async fn the_files_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let database = open(&data).await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data), 0o700);
        for entry in std::fs::read_dir(&data).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
        database.close().await.unwrap();
    }
}
