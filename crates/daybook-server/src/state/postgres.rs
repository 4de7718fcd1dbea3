//! The state in a PostgreSQL database.

use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, ConnectOptions as _, Connection, PgConnection, postgres::PgConnectOptions};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, RuntimeErr, TransactionTrait};
use sea_orm::{DbBackend, Statement};

use super::{BUSY_PATIENCE, BUSY_PAUSE, OpenStateError, StateUrl, is_passing, migrate};
use crate::limits;

/// Names the advisory lock under which tables are brought up to date: the letters of `daybook` as a number.
const MIGRATION_LOCK: i64 = 0x0064_6179_626f_6f6b;

/// Opens the database, making the tables where they are missing.
pub(super) async fn open(url: &StateUrl) -> Result<DatabaseConnection, OpenStateError> {
    let options = options(url)?;
    let failed = |source| OpenStateError::Database { place: url.to_string(), source };
    let begun = Instant::now();
    // The pool would hide why it gets no connection; one connection alone says it.
    loop {
        match look(&options).await {
            Err(error) if is_passing(&error) && begun.elapsed() < BUSY_PATIENCE => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            outcome => break outcome.map_err(failed)?,
        }
    }
    open_pool(options).await.map_err(failed)
}

/// How to connect.
pub(super) fn options(url: &StateUrl) -> Result<PgConnectOptions, OpenStateError> {
    // Statements are not logged: they may hold what is personal.
    let options = url.options()?.disable_statement_logging();
    Ok(if options.get_application_name().is_none() { options.application_name("daybook") } else { options })
}

/// Whether the database can be had and is of use.
async fn look(options: &PgConnectOptions) -> Result<(), DbErr> {
    let connected = tokio::time::timeout(limits::STATE_PATIENCE, PgConnection::connect_with(options)).await;
    let error = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
    let mut connection = connected.map_err(|_| error(sqlx::Error::PoolTimedOut))?.map_err(error)?;
    let encoding: String =
        sqlx::query_scalar("SHOW server_encoding").fetch_one(&mut connection).await.map_err(error)?;
    let _ = connection.close().await;
    if encoding != "UTF8" {
        return Err(DbErr::Custom(format!("the database is of the encoding {encoding}; it has to be UTF8")));
    }
    Ok(())
}

async fn open_pool(postgres: PgConnectOptions) -> Result<DatabaseConnection, DbErr> {
    // The URL of these options is shown by whoever traces the library, so the real one goes another way.
    let mut options = ConnectOptions::new("postgres://");
    options
        .max_connections(limits::STATE_CONNECTIONS_MAX)
        .min_connections(1)
        .acquire_timeout(limits::STATE_PATIENCE)
        // A connection that the server closed is found out before anybody gets it.
        .test_before_acquire(true)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_postgres_opts(move |_| postgres.clone());
    let database = Database::connect(options).await?;
    // One process at a time brings the tables up to date. The lock goes with this transaction, however that ends.
    let lock = database.begin().await?;
    let patience = limits::MIGRATION_PATIENCE.as_secs();
    lock.execute_unprepared(&format!("SET LOCAL lock_timeout = '{patience}s'")).await?;
    let statement = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
    lock.query_one_raw(Statement::from_string(DbBackend::Postgres, statement)).await?;
    migrate(&database).await?;
    lock.commit().await?;
    Ok(database)
}

/// Whether the server says that it will take this again later: it starts or stops, has no connection left, stands by, or found
/// two transactions in each other's way (classes of PostgreSQL's Appendix A).
pub(super) fn is_passing_code(code: &str) -> bool {
    code.starts_with("08")
        || code.starts_with("53")
        || code.starts_with("57P")
        || matches!(code, "25006" | "40001" | "40P01" | "55P03")
}

const _: () = assert!(limits::STATE_CONNECTIONS_MAX >= 2, "one connection holds the lock, another migrates");
const _: Duration = limits::STATE_PATIENCE;
