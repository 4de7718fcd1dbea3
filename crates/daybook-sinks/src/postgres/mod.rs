//! `postgres`: events as rows of a table partitioned by month, with data and tags as JSONB.
//!
//! A row stands under its person's `anonymous_id` and names nobody, unless the catalog's option `identity` says so: then it does in two
//! columns, `identity` and `session`, which are emptied when the person is erased. What else is personal in an event is not in its row.
//! `docs/sinks-postgres.md` has the table.

mod errors;
mod forgetting;
mod options;
mod partitions;
mod rows;
mod schema;
mod upkeep;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_consumers::{Batch, Failure, FailureKind, Handler, Sight, Undelivered};
use daybook_event::{SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor as _, PgPool};
use tokio::sync::Mutex;

pub use options::{build, check};

use crate::forgetting::{own_months, own_people, unavailable};
use crate::tables::chunks::chunks;
use crate::tables::connection::{Held, within};
use crate::tables::personal::Personal;
use crate::tables::retention::{Retention, Rounds};
use crate::tables::settings::Settings;
use errors::{Meaning, failure, meaning, timed_out};
use rows::Row;
use schema::Tables;

/// Rows of one statement.
const ROWS_MAX: usize = 1_000;
/// Bytes of one statement, about.
const STATEMENT_BYTES_MAX: usize = 8 << 20;
/// How often a statement is tried that lost against another.
const CONFLICTS_MAX: usize = 3;
/// What every session is set to. What is acknowledged must be durable, also where the server's default is that it is not.
const SESSION: &str = "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET lock_timeout = '10s'; SET client_min_messages = 'warning'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// The handler.
pub struct Postgres {
    app: String,
    consumer: String,
    tables: Tables,
    connect: PgConnectOptions,
    settings: Settings,
    /// What may not stand in rows that name somebody; none where they do not, for then nothing is opened.
    personal: Option<Personal>,
    retention: Retention,
    pool: OnceLock<PgPool>,
    is_ready: AtomicBool,
    /// The time of the last upkeep, in microseconds; 0 before the first.
    now_us: AtomicI64,
    /// Upkeep and forgetting are one at a time: both look partitions up and change them.
    upkeep: Mutex<Rounds>,
}

impl Postgres {
    fn new(
        app: &Arc<AppCatalog>,
        consumer: String,
        tables: Tables,
        identity: bool,
        connect: PgConnectOptions,
        settings: Settings,
    ) -> Self {
        Self {
            app: app.app.clone(),
            consumer,
            tables,
            connect,
            settings,
            personal: identity.then(|| Personal::of(Arc::clone(app))),
            retention: Retention::of(app),
            pool: OnceLock::new(),
            is_ready: AtomicBool::new(false),
            now_us: AtomicI64::new(0),
            upkeep: Mutex::default(),
        }
    }

    fn pool(&self) -> &PgPool {
        self.pool.get_or_init(|| {
            PgPoolOptions::new()
                .max_connections(self.settings.pool_size)
                .acquire_timeout(self.settings.connect_timeout)
                .after_connect(|connection, _| Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) }))
                .connect_lazy_with(self.connect.clone())
        })
    }

    async fn connection(&self) -> Result<Held<sqlx::Postgres>, Failure> {
        let connection = self.pool().acquire().await.map_err(|error| failure(&error))?;
        Ok(Held::new(connection, timed_out))
    }

    async fn make_ready(&self) -> Result<(), Failure> {
        let mut connection = self.connection().await?;
        let now = Timestamp::from_microseconds(jiff::Timestamp::now().as_microsecond());
        self.tables.prepare(connection.get()?, &self.consumer, now).await?;
        self.is_ready.store(true, Ordering::Relaxed);
        connection.give_back();
        Ok(())
    }

    async fn write(&self, batch: &Batch) -> Result<(), Undelivered> {
        let now_us = self.now_us.load(Ordering::Relaxed);
        let (mut rows, mut refused) = (Vec::with_capacity(batch.items.len()), Vec::new());
        for (index, item) in batch.items.iter().enumerate() {
            if let Some(age) = self.retention.left(item, now_us) {
                rows.push((index, Row::of(item, age, self.personal.as_ref())));
            }
        }
        if !rows.is_empty() {
            let mut connection = self.connection().await?;
            self.tables.lock_rows(connection.get()?).await?;
            for chunk in chunks(&rows, ROWS_MAX, STATEMENT_BYTES_MAX, |(_, row)| row.bytes()) {
                self.insert(&mut connection, chunk, &mut refused).await?;
            }
            self.tables.unlock_rows(connection.get()?).await?;
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
        connection: &mut Held<sqlx::Postgres>,
        rows: &[(usize, Row<'_>)],
        refused: &mut Vec<(usize, Failure)>,
    ) -> Result<(), Failure> {
        let mut pieces = vec![rows];
        let mut conflicts = 0;
        while let Some(piece) = pieces.pop() {
            let Err(error) = rows::insert(connection.get()?, &self.tables, piece).await else { continue };
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
        self.tables.lock_rows(connection.get()?).await?;
        let mut count = 0;
        if !people.is_empty() {
            count += forgetting::people(connection.get()?, &self.tables, people).await?;
        }
        for expired in months {
            count += forgetting::month(connection.get()?, &self.tables, &expired.category, expired.month).await?;
        }
        forgetting::rewrite(connection.get()?, &self.tables).await?;
        self.tables.unlock_rows(connection.get()?).await?;
        connection.give_back();
        Ok(Touched { count })
    }
}

#[async_trait]
impl Handler for Postgres {
    fn sight(&self) -> Sight {
        if self.personal.is_some() { Sight::Open } else { Sight::Closed }
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
        if !self.is_ready.load(Ordering::Relaxed) {
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
