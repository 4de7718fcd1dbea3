//! `mysql`: events as rows of `analytics_events`, and aggregates as rows of `analytics_aggregates`, in MariaDB or MySQL.
//!
//! A row names its person in two columns, `identity_id` and `session_id`, and stands under the person's `anonymous_id`, by which both are
//! emptied when the person is erased. What else is personal in an event is not in its row. `docs/sinks-mysql.md` has the tables.

mod aggregates;
mod computed;
mod errors;
mod forgetting;
mod options;
mod partitions;
mod rows;
mod schema;
mod upkeep;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_consumers::{Batch, Failure, FailureKind, Handler, Sight, Undelivered};
use daybook_event::{SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{Executor as _, MySqlPool};
use tokio::sync::Mutex;

pub use aggregates::{Aggregate, AggregateWriter, Period};
pub use options::{build, build_aggregates, check};

use crate::forgetting::{own_months, own_people, unavailable};
use crate::tables::chunks::chunks;
use crate::tables::connection::{Held, within};
use crate::tables::personal::Personal;
use crate::tables::retention::{Retention, Rounds};
use crate::tables::settings::Settings;
use errors::{Meaning, failure, meaning, timed_out};
use rows::Row;
use schema::{Lock, Tables};

/// Rows of one statement.
const ROWS_MAX: usize = 1_000;
/// Bytes of one statement, about, where the server takes as many.
const STATEMENT_BYTES_MAX: usize = 4 << 20;
/// How often a statement is tried that lost against another.
const CONFLICTS_MAX: usize = 3;
/// What every session is set to: strict, so that nothing is cut or changed without a word, and in UTC.
const SESSION: &str = "SET SESSION time_zone = '+00:00', autocommit = 1, lock_wait_timeout = 20, innodb_lock_wait_timeout = 10, \
    sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// The handler.
pub struct MySql {
    app: String,
    consumer: String,
    tables: Tables,
    connect: MySqlConnectOptions,
    settings: Settings,
    personal: Personal,
    retention: Retention,
    pool: OnceLock<MySqlPool>,
    /// The largest statement that the server takes; 0 until it was asked.
    packet_bytes: AtomicUsize,
    /// The time of the last upkeep, in microseconds; 0 before the first.
    now_us: AtomicI64,
    /// Upkeep and forgetting are one at a time: both look partitions up and change them.
    upkeep: Mutex<Rounds>,
}

impl MySql {
    fn new(
        app: &Arc<AppCatalog>,
        consumer: String,
        tables: Tables,
        connect: MySqlConnectOptions,
        settings: Settings,
    ) -> Self {
        Self {
            app: app.app.clone(),
            consumer,
            tables,
            connect,
            settings,
            personal: Personal::of(Arc::clone(app)),
            retention: Retention::of(app),
            pool: OnceLock::new(),
            packet_bytes: AtomicUsize::new(0),
            now_us: AtomicI64::new(0),
            upkeep: Mutex::default(),
        }
    }

    /// What writes aggregates beside the events. Their table is there once the consumer was made ready.
    #[must_use]
    pub fn aggregates(&self) -> AggregateWriter {
        AggregateWriter::new(self.pool().clone(), self.tables.aggregates.clone())
    }

    fn pool(&self) -> &MySqlPool {
        self.pool.get_or_init(|| {
            MySqlPoolOptions::new()
                .max_connections(self.settings.pool_size)
                .acquire_timeout(self.settings.connect_timeout)
                .after_connect(|connection, _| Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) }))
                .connect_lazy_with(self.connect.clone())
        })
    }

    async fn connection(&self) -> Result<Held<sqlx::MySql>, Failure> {
        let connection = self.pool().acquire().await.map_err(|error| failure(&error))?;
        Ok(Held::new(connection, timed_out))
    }

    async fn make_ready(&self) -> Result<(), Failure> {
        let mut connection = self.connection().await?;
        let now = Timestamp::from_microseconds(jiff::Timestamp::now().as_microsecond());
        self.tables.prepare(connection.get()?, &self.consumer, now).await?;
        let bytes =
            sqlx::query_scalar("SELECT CAST(@@max_allowed_packet AS SIGNED)").fetch_one(connection.get()?).await;
        let bytes: i64 = bytes.map_err(|error| failure(&error))?;
        self.packet_bytes.store(usize::try_from(bytes).unwrap_or(usize::MAX), Ordering::Relaxed);
        connection.give_back();
        Ok(())
    }

    async fn write(&self, batch: &Batch) -> Result<(), Undelivered> {
        let packet_bytes = self.packet_bytes.load(Ordering::Relaxed).max(1 << 10);
        let statement_bytes_max = STATEMENT_BYTES_MAX.min(packet_bytes / 2);
        let now_us = self.now_us.load(Ordering::Relaxed);
        let (mut rows, mut refused) = (Vec::with_capacity(batch.items.len()), Vec::new());
        for (index, item) in batch.items.iter().enumerate() {
            let Some(age) = self.retention.left(item, now_us) else { continue };
            match Row::of(item, age, &self.tables, &self.personal) {
                Ok(row) if row.bytes() > packet_bytes => refused.push((index, too_large(packet_bytes))),
                Ok(row) => rows.push((index, row)),
                Err(failure) => refused.push((index, failure)),
            }
        }
        if !rows.is_empty() {
            let mut connection = self.connection().await?;
            self.tables.lock(connection.get()?, Lock::Rows).await?;
            for chunk in chunks(&rows, ROWS_MAX, statement_bytes_max, |(_, row)| row.bytes()) {
                self.insert(&mut connection, chunk, &mut refused).await?;
            }
            self.tables.unlock(connection.get()?, Lock::Rows).await?;
            connection.give_back();
        }
        if refused.is_empty() {
            return Ok(());
        }
        refused.sort_by_key(|(index, _)| *index);
        Err(Undelivered::Some(refused))
    }

    /// Writes rows; those that the server refuses are found by halves.
    async fn insert(
        &self,
        connection: &mut Held<sqlx::MySql>,
        rows: &[(usize, Row<'_>)],
        refused: &mut Vec<(usize, Failure)>,
    ) -> Result<(), Failure> {
        let mut pieces = vec![rows];
        let mut conflicts = 0;
        while let Some(piece) = pieces.pop() {
            let mut statement = rows::insert(&self.tables, piece.iter().map(|(_, row)| row));
            let written = statement.build().persistent(false).execute(connection.get()?).await;
            let Err(error) = written else { continue };
            match (meaning(&error), piece) {
                (Meaning::Data(failure), [(index, _)]) => refused.push((*index, failure)),
                (Meaning::Data(_), _) => {
                    let (first, second) = piece.split_at(piece.len() / 2);
                    pieces.extend([second, first]);
                }
                (Meaning::Failure(failure), _) if failure.kind == FailureKind::Retry && conflicts < CONFLICTS_MAX => {
                    conflicts += 1;
                    pieces.push(piece);
                }
                (Meaning::Failure(failure), _) => return Err(failure),
            }
        }
        Ok(())
    }

    async fn keep_up(&self, now: Timestamp) -> Result<(), Failure> {
        let mut rounds = self.upkeep.lock().await;
        let mut connection = self.connection().await?;
        // What an erasure could not finish is finished here at the latest.
        if upkeep::run(&mut rounds, connection.get()?, &self.tables, &self.retention, now).await? {
            forgetting::rewrite(connection.get()?, &self.tables).await?;
        }
        connection.give_back();
        Ok(())
    }

    async fn forget(&self, people: &[SubjectId], months: &[&ExpiredMonth]) -> Result<Touched, Failure> {
        let _alone = self.upkeep.lock().await;
        let mut connection = self.connection().await?;
        self.tables.lock(connection.get()?, Lock::Rows).await?;
        let mut count = 0;
        if !people.is_empty() {
            count += forgetting::people(connection.get()?, &self.tables, people).await?;
        }
        for expired in months {
            count += forgetting::month(connection.get()?, &self.tables, &expired.category, expired.month).await?;
        }
        forgetting::rewrite(connection.get()?, &self.tables).await?;
        self.tables.unlock(connection.get()?, Lock::Rows).await?;
        connection.give_back();
        Ok(Touched { count })
    }
}

#[async_trait]
impl Handler for MySql {
    fn sight(&self) -> Sight {
        Sight::Open
    }

    fn patience(&self) -> Duration {
        self.settings.timeout + self.settings.connect_timeout
    }

    async fn prepare(&self) -> Result<(), Failure> {
        within(self.settings.timeout, timed_out, self.make_ready()).await
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        within(self.settings.timeout, timed_out, self.write(batch)).await
    }

    async fn tend(&self, now: Timestamp) -> Result<(), Failure> {
        if self.packet_bytes.load(Ordering::Relaxed) == 0 {
            // Not made ready yet: there is nothing to tend.
            return Ok(());
        }
        self.now_us.store(now.microseconds(), Ordering::Relaxed);
        self.keep_up(now).await
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        let own = own_people(&self.app, people);
        if own.is_empty() {
            return Ok(Touched::default());
        }
        self.forget(&own, &[]).await.map_err(unavailable)
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        let own = own_months(&self.app, months);
        if own.is_empty() {
            return Ok(Touched::default());
        }
        self.forget(&[], &own).await.map_err(unavailable)
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        // Every row is an event of the log.
        Ok(Vec::new())
    }
}

fn too_large(packet_bytes: usize) -> Failure {
    let message = format!("larger than the server's max_allowed_packet of {packet_bytes} bytes");
    Failure::new(FailureKind::GiveUp, "mysql.too-large", message)
}
