//! A connection for one piece of work.

use std::time::Duration;

use daybook_consumers::Failure;
use sqlx::Database;
use sqlx::pool::PoolConnection;

/// A connection that goes back to the pool only when all went well: one that was left in the middle of something is closed.
pub(crate) struct Held<DB: Database> {
    connection: Option<PoolConnection<DB>>,
    /// What is said of one that is gone.
    gone: fn() -> Failure,
}

impl<DB: Database> Held<DB> {
    pub(crate) const fn new(connection: PoolConnection<DB>, gone: fn() -> Failure) -> Self {
        Self { connection: Some(connection), gone }
    }

    pub(crate) fn get(&mut self) -> Result<&mut DB::Connection, Failure> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            None => Err((self.gone)()),
        }
    }

    /// All went well: it can be used again.
    pub(crate) fn give_back(mut self) {
        drop(self.connection.take());
    }
}

impl<DB: Database> Drop for Held<DB> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Not politely: the server may be the one that does not answer.
            drop(connection.detach());
        }
    }
}

/// The result, or the failure where it takes longer.
pub(crate) async fn within<T, E>(
    patience: Duration,
    late: fn() -> Failure,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E>
where
    E: From<Failure>,
{
    tokio::time::timeout(patience, future).await.unwrap_or_else(|_| Err(late().into()))
}
