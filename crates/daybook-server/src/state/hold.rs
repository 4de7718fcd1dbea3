//! That a state is served by one server alone. Where it is a file, the log beside it is locked already; a PostgreSQL may be reached by several.
//!
//! The server holds an advisory lock of the database, which lasts as long as the connection that took it. When that breaks it takes the
//! lock again; when another server was faster, this one has to stop: what the other changes in the vault it would not notice.

use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, Connection, PgConnection, postgres::PgConnectOptions};
use sea_orm::{DbErr, RuntimeErr};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{OpenStateError, StatePlace, is_passing, postgres, within};
use crate::limits;

/// Names the lock: the letters of `serving` as a number.
const SERVING_LOCK: i64 = 0x0073_6572_7669_6e67;
/// Pause between two tries to take the lock.
const TRY_PAUSE: Duration = Duration::from_millis(200);
/// How often the connection is looked at.
const LOOK_PAUSE: Duration = Duration::from_secs(2);

/// Held by the server as long as it serves.
pub struct Hold(Option<JoinHandle<()>>);

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(keeping) = self.0.take() {
            keeping.abort();
        }
    }
}

/// Takes the state for this server. `taken` is cancelled where another server takes it later, while this one has lost the database.
///
/// # Errors
/// [`OpenStateError::InUse`] where another server has it; the others as for [`super::open`].
pub async fn hold(place: &StatePlace, taken: CancellationToken) -> Result<Hold, OpenStateError> {
    let StatePlace::Postgres(url) = place else { return Ok(Hold(None)) };
    let options = postgres::options(url)?;
    let begun = Instant::now();
    let connection = loop {
        let is_early = begun.elapsed() < limits::STATE_TAKING_PATIENCE;
        match take(&options).await {
            Ok(Some(connection)) => break connection,
            // A server that was killed is still there for PostgreSQL, for a moment.
            Ok(None) if is_early => {}
            Ok(None) => return Err(OpenStateError::InUse { place: url.to_string() }),
            Err(error) if is_early && is_passing(&error) => {}
            Err(source) => return Err(OpenStateError::Database { place: url.to_string(), source }),
        }
        tokio::time::sleep(TRY_PAUSE).await;
    };
    Ok(Hold(Some(tokio::spawn(keep(options, connection, limits::STATE_RETAKING_PATIENCE, taken)))))
}

async fn keep(options: PgConnectOptions, mut connection: PgConnection, patience: Duration, taken: CancellationToken) {
    loop {
        while within(limits::STATE_PATIENCE, async { connection.ping().await.map_err(lost) }).await.is_ok() {
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        tracing::warn!("the connection that holds the state is lost; taking it again");
        let mut refused: Option<Instant> = None;
        connection = loop {
            match take(&options).await {
                Ok(Some(connection)) => break connection,
                // At first that may be the lost connection itself, which PostgreSQL has not given up yet.
                Ok(None) if refused.get_or_insert_with(Instant::now).elapsed() > patience => {
                    tracing::error!("another server has taken the state; this one stops");
                    taken.cancel();
                    return;
                }
                Ok(None) | Err(_) => tokio::time::sleep(TRY_PAUSE).await,
            }
        };
    }
}

/// A connection that has the lock; nothing where another has it.
async fn take(options: &PgConnectOptions) -> Result<Option<PgConnection>, DbErr> {
    within(limits::STATE_PATIENCE, async {
        let mut connection = PgConnection::connect_with(options).await.map_err(lost)?;
        let query = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(SERVING_LOCK);
        let is_taken: bool = query.fetch_one(&mut connection).await.map_err(lost)?;
        Ok(is_taken.then_some(connection))
    })
    .await
}

fn lost(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestState;
    use super::*;

    fn options(state: &TestState) -> PgConnectOptions {
        let StatePlace::Postgres(url) = &state.place else { panic!("a PostgreSQL") };
        postgres::options(url).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_server_alone_has_a_state() {
        let state = TestState::postgres();
        let options = options(&state);
        let taken = CancellationToken::new();
        let first = hold(&state.place, taken.clone()).await.unwrap();
        let second = hold(&state.place, CancellationToken::new()).await;
        assert!(matches!(second, Err(OpenStateError::InUse { .. })));
        // A database that goes and comes back is taken again.
        state.postgres.as_ref().unwrap().start_again();
        let is_taken = async || matches!(take(&options).await, Ok(None));
        let again = async {
            while !is_taken().await {
                tokio::time::sleep(TRY_PAUSE).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), again).await.unwrap();
        assert!(!taken.is_cancelled());
        // Whoever ends gives it back, as soon as PostgreSQL sees that the connection is gone.
        drop(first);
        let given_back = async { while hold(&state.place, CancellationToken::new()).await.is_err() {} };
        tokio::time::timeout(Duration::from_secs(60), given_back).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_has_lost_it_stops() {
        let state = TestState::postgres();
        let options = options(&state);
        let _other = hold(&state.place, CancellationToken::new()).await.unwrap();
        let mut cut = PgConnection::connect_with(&options).await.unwrap();
        let end = sqlx::query("SELECT pg_terminate_backend(pg_backend_pid())").execute(&mut cut).await;
        assert!(end.is_err());
        let taken = CancellationToken::new();
        keep(options, cut, Duration::from_millis(500), taken.clone()).await;
        assert!(taken.is_cancelled());
    }

    #[tokio::test]
    async fn a_file_is_held_by_the_log_beside_it() {
        let state = TestState::sqlite();
        let _first = hold(&state.place, CancellationToken::new()).await.unwrap();
        hold(&state.place, CancellationToken::new()).await.unwrap();
    }
}
