//! The table: what it is called, how it is made, and whether the one that is there is the right one.

use daybook_consumers::{Failure, FailureKind};
use daybook_event::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::errors::failure;
use super::partitions;

/// The version of the table as this code writes it.
const VERSION: i64 = 1;
/// The columns, with the types that they must have.
const COLUMNS: [(&str, &str); 24] = [
    ("event_id", "uuid"),
    ("time", "timestamp with time zone"),
    ("received", "timestamp with time zone"),
    ("position", "bigint"),
    ("name", "text"),
    ("version", "text"),
    ("category", "text"),
    ("priority", "text"),
    ("sample_rate", "double precision"),
    ("source", "text"),
    ("platform", "text"),
    ("environment", "text"),
    ("identity", "text"),
    ("anonymous_id", "uuid"),
    ("session", "text"),
    ("group_id", "text"),
    ("actor_type", "text"),
    ("actor_id", "text"),
    ("correlation", "text"),
    ("causation", "text"),
    ("request", "text"),
    ("tags", "jsonb"),
    ("data", "jsonb"),
    ("metadata", "jsonb"),
];
/// Those that every event has.
const ALWAYS: [&str; 12] = [
    "event_id",
    "time",
    "received",
    "position",
    "name",
    "version",
    "category",
    "priority",
    "sample_rate",
    "tags",
    "data",
    "metadata",
];

/// The names of a consumer's tables.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    pub(super) events: String,
    /// Which version of the table is there, and whose it is.
    schema: String,
    /// The months whose files still hold what was forgotten.
    pub(super) rewrites: String,
}

impl Tables {
    pub(super) fn new(events: &str) -> Self {
        Self {
            events: events.to_owned(),
            schema: format!("{events}_daybook_schema"),
            rewrites: format!("{events}_daybook_rewrites"),
        }
    }

    /// Makes what is missing and checks what is there, all or nothing.
    pub(super) async fn prepare(
        &self,
        connection: &mut PgConnection,
        consumer: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let mut transaction = connection.begin().await.map_err(|error| failure(&error))?;
        // One at a time: whoever waits finds everything made.
        let lock =
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('daybook ' || $1, 0))").bind(&self.schema);
        lock.execute(&mut *transaction).await.map_err(|error| failure(&error))?;
        let has_version = self.has(&mut transaction, &self.schema).await?;
        if has_version {
            self.check_version(&mut transaction, consumer).await?;
        }
        if self.has(&mut transaction, &self.events).await? {
            self.check(&mut transaction).await?;
        } else {
            self.execute(&mut transaction, self.create()).await?;
            partitions::create(&mut transaction, self, now).await?;
        }
        if !self.has(&mut transaction, &self.rewrites).await? {
            self.execute(&mut transaction, format!("CREATE TABLE {} (month date PRIMARY KEY)", self.rewrites)).await?;
        }
        if !has_version {
            let create = format!(
                "CREATE TABLE {} (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL, \
                 consumer text NOT NULL, made_at timestamptz NOT NULL DEFAULT now())",
                self.schema
            );
            self.execute(&mut transaction, create).await?;
            let insert = format!("INSERT INTO {} (version, consumer) VALUES ($1, $2)", self.schema);
            let insert = sqlx::query(AssertSqlSafe(insert)).bind(VERSION).bind(consumer);
            insert.execute(&mut *transaction).await.map_err(|error| failure(&error))?;
        }
        transaction.commit().await.map_err(|error| failure(&error))
    }

    /// Keeps other sessions from writing rows, or forgetting some, until this one ends or unlocks: what a delivery that was given up left
    /// under way on the server is over before anybody is told that something is forgotten.
    pub(super) async fn lock_rows(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let lock = sqlx::query("SELECT pg_advisory_lock(hashtextextended('daybook ' || $1, 1))").bind(&self.events);
        match lock.execute(connection).await.map_err(|error| failure(&error)) {
            Ok(_) => Ok(()),
            Err(failure) if failure.kind == FailureKind::Retry => Err(Failure::new(
                FailureKind::Destination,
                "postgres.locked",
                "another session is still at work on the table",
            )),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn unlock_rows(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let unlock = sqlx::query("SELECT pg_advisory_unlock(hashtextextended('daybook ' || $1, 1))").bind(&self.events);
        unlock.execute(connection).await.map(|_| ()).map_err(|error| failure(&error))
    }

    /// Whether a table is there.
    pub(super) async fn has(&self, connection: &mut PgConnection, table: &str) -> Result<bool, Failure> {
        let found = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(connection).await;
        found.map_err(|error| failure(&error))
    }

    async fn check_version(&self, connection: &mut PgConnection, consumer: &str) -> Result<(), Failure> {
        let query = format!("SELECT version, consumer FROM {}", self.schema);
        let found = sqlx::query_as::<_, (i64, String)>(AssertSqlSafe(query)).fetch_optional(connection).await;
        let Some((version, owner)) = found.map_err(|error| failure(&error))? else { return Ok(()) };
        if owner != consumer {
            return Err(wrong(format!("the table belongs to consumer {owner}; give this one a `table` of its own")));
        }
        if version > VERSION {
            return Err(wrong(format!(
                "the table has version {version}, made by a newer Daybook; this one knows {VERSION}"
            )));
        }
        Ok(())
    }

    async fn check(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let events = &self.events;
        let there: Vec<(String, String, bool)> = sqlx::query_as(
            "SELECT attname::text, format_type(atttypid, NULL), attnotnull AND NOT atthasdef AND attidentity = '' AND attgenerated = '' \
             FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )
        .bind(events)
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| failure(&error))?;
        for (name, kind) in COLUMNS {
            match there.iter().find(|(found, ..)| found == name) {
                None => return Err(wrong(format!("table {events} exists without column {name}"))),
                Some((_, found, _)) if found != kind => {
                    return Err(wrong(format!("column {name} of table {events} is of type {found} instead of {kind}")));
                }
                Some(_) => {}
            }
        }
        let known = |name: &str| COLUMNS.iter().any(|(column, _)| *column == name);
        if let Some((name, ..)) = there.iter().find(|(name, _, must)| *must && !known(name)) {
            return Err(wrong(format!("table {events} has a column {name} that wants a value and is not Daybook's")));
        }
        let partitioned: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass($1) AND partstrat = 'r')",
        )
        .bind(events)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| failure(&error))?;
        if !partitioned {
            return Err(wrong(format!("table {events} exists without partitions by column time")));
        }
        Ok(())
    }

    pub(super) async fn execute(&self, connection: &mut PgConnection, statement: String) -> Result<(), Failure> {
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
        done.map(|_| ()).map_err(|error| failure(&error))
    }

    fn create(&self) -> String {
        let events = &self.events;
        let column = |(name, kind): &(&str, &str)| {
            format!("{name} {kind}{}", if ALWAYS.contains(name) { " NOT NULL" } else { "" })
        };
        let columns = COLUMNS.iter().map(column).collect::<Vec<_>>().join(", ");
        format!(
            "CREATE TABLE {events} ({columns}, PRIMARY KEY (event_id, time)) PARTITION BY RANGE (time); \
             CREATE INDEX {events}_name ON {events} (name, time); \
             CREATE INDEX {events}_group ON {events} (group_id, time); \
             CREATE INDEX {events}_person ON {events} (anonymous_id); \
             CREATE INDEX {events}_category ON {events} (category, time); \
             CREATE INDEX {events}_data ON {events} USING gin (data jsonb_path_ops); \
             CREATE INDEX {events}_tags ON {events} USING gin (tags jsonb_path_ops)"
        )
    }
}

/// The table is not what it must be. Somebody has to see to it, and then it goes on.
fn wrong(message: String) -> Failure {
    Failure::new(FailureKind::Destination, "postgres.schema", message)
}
