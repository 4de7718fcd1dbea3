//! After secrets were deleted the database is told to let go of their bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::sync::Mutex;

/// How often it is tried while somebody else reads.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Deletions that happen close together are scrubbed together.
#[derive(Default)]
pub(super) struct Scrubber {
    wanted: AtomicU64,
    done: Mutex<u64>,
}

impl Scrubber {
    /// Returns when what was deleted before the call is scrubbed, as far as the database goes. What fails is logged: the rows
    /// are gone from the tables in any case, and their bytes go with the next time.
    pub async fn scrub(&self, database: &DatabaseConnection) {
        let ticket = self.wanted.fetch_add(1, Ordering::SeqCst) + 1;
        let mut done = self.done.lock().await;
        if *done >= ticket {
            return;
        }
        let up_to = self.wanted.load(Ordering::SeqCst);
        match scrub(database).await {
            Ok(true) => *done = up_to,
            Ok(false) => tracing::warn!("deleted secrets stay in SQLite's write-ahead log until nobody reads"),
            Err(error) => tracing::warn!(%error, "deleted secrets may stay in the database's files for a while"),
        }
    }
}

/// Says whether it succeeded.
pub(super) async fn scrub(database: &DatabaseConnection) -> Result<bool, DbErr> {
    match database.get_database_backend() {
        // Rows are overwritten where they stood (`secure_delete`), once the write-ahead log is carried over; then it is empty.
        DbBackend::Sqlite => {
            for attempt in 1..=TRIES {
                let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
                let row = database.query_one_raw(statement).await?;
                let busy: i32 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
                if busy == 0 {
                    return Ok(true);
                }
                if attempt < TRIES {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Ok(false)
        }
        _ => {
            database.execute_unprepared("VACUUM vault_keys, subjects, consents, months").await?;
            Ok(true)
        }
    }
}
