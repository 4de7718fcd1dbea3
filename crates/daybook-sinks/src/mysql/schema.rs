//! The tables: what they are called, how they are made, and whether those that are there are the right ones.

use daybook_consumers::{Failure, FailureKind};
use daybook_event::Timestamp;
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _};

use super::errors::failure;
use super::partitions;

/// The version of the tables as this code writes them.
const VERSION: i64 = 1;
/// How long is waited for another session, in seconds.
const LOCK_SECONDS: i64 = 10;
/// What a lock is called on the server, which has one set of names for all databases, of 64 letters at most.
const LOCK_NAME: &str = "LEFT(SHA2(CONCAT('daybook ', ?, DATABASE(), '.', ?), 256), 48)";

/// What only one session does at a time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lock {
    /// Make and check the tables.
    Schema,
    /// Write rows, or forget some. What a delivery that was given up left under way on the server is over before anybody is told that
    /// something is forgotten.
    Rows,
}

impl Lock {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Rows => "rows",
        }
    }
}

/// The names of a consumer's tables.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    pub(super) events: String,
    pub(super) aggregates: String,
    /// Which version of the tables is there, and whose they are.
    pub(super) schema: String,
    /// The months whose files still hold what was forgotten.
    pub(super) rewrites: String,
    pub(super) columns: Columns,
}

/// The columns that differ from app to app.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) group: String,
    pub(super) integer_identity: bool,
    pub(super) integer_group: bool,
}

/// A column as it must be: its name, the types that will do, and the letters that it must have room for.
struct Column<'c> {
    name: &'c str,
    types: &'static [&'static str],
    letters: i64,
}

impl Columns {
    /// Whether the table has a column of this name whatever the app.
    pub(super) fn is_taken(name: &str) -> bool {
        [
            "id",
            "event_id",
            "event_name",
            "timestamp",
            "source",
            "identity_id",
            "anonymous_id",
            "session_id",
            "properties",
        ]
        .contains(&name)
            || ["created_at", "position", "category"].contains(&name)
    }

    fn all(&self) -> Vec<Column<'_>> {
        let column = |name, types, letters| Column { name, types, letters };
        let id = |name, integer| match integer {
            true => column(name, &["bigint"], 0),
            false => column(name, &["varchar"], 256),
        };
        vec![
            column("id", &["bigint"], 0),
            column("event_id", &["varchar", "char"], 36),
            column("event_name", &["varchar"], 128),
            column("timestamp", &["timestamp"], 0),
            column("source", &["varchar"], 256),
            id("identity_id", self.integer_identity),
            column("anonymous_id", &["varchar"], 64),
            id(&self.group, self.integer_group),
            column("session_id", &["varchar"], 64),
            // MariaDB calls it what it stores it as.
            column("properties", &["json", "longtext"], 0),
            column("created_at", &["timestamp"], 0),
            column("position", &["bigint"], 0),
            column("category", &["varchar"], 128),
        ]
    }
}

impl Tables {
    pub(super) fn new(prefix: &str, columns: Columns) -> Self {
        Self {
            events: format!("{prefix}analytics_events"),
            aggregates: format!("{prefix}analytics_aggregates"),
            schema: format!("{prefix}daybook_schema"),
            rewrites: format!("{prefix}daybook_rewrites"),
            columns,
        }
    }

    /// Makes what is missing and checks what is there.
    pub(super) async fn prepare(
        &self,
        connection: &mut MySqlConnection,
        consumer: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.lock(connection, Lock::Schema).await?;
        let prepared = self.make(connection, consumer, now).await;
        self.unlock(connection, Lock::Schema).await?;
        prepared
    }

    /// Keeps other sessions from doing the same until this one ends or unlocks.
    pub(super) async fn lock(&self, connection: &mut MySqlConnection, lock: Lock) -> Result<(), Failure> {
        let statement = format!("SELECT CAST(GET_LOCK({LOCK_NAME}, {LOCK_SECONDS}) AS SIGNED)");
        let query = sqlx::query_scalar(AssertSqlSafe(statement)).bind(lock.as_str()).bind(&self.schema);
        let taken: Option<i64> = query.fetch_one(connection).await.map_err(|error| failure(&error))?;
        match taken {
            Some(1) => Ok(()),
            _ => Err(Failure::new(
                FailureKind::Destination,
                "mysql.locked",
                "another session is still at work on these tables",
            )),
        }
    }

    pub(super) async fn unlock(&self, connection: &mut MySqlConnection, lock: Lock) -> Result<(), Failure> {
        let query = sqlx::query(AssertSqlSafe(format!("DO RELEASE_LOCK({LOCK_NAME})")));
        let released = query.bind(lock.as_str()).bind(&self.schema).execute(connection).await;
        released.map(|_| ()).map_err(|error| failure(&error))
    }

    /// Whether a table is there.
    pub(super) async fn has(&self, connection: &mut MySqlConnection, table: &str) -> Result<bool, Failure> {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
        )
        .bind(table)
        .fetch_one(connection)
        .await
        .map_err(|error| failure(&error))?;
        Ok(count > 0)
    }

    async fn make(&self, connection: &mut MySqlConnection, consumer: &str, now: Timestamp) -> Result<(), Failure> {
        let version = match self.has(connection, &self.schema).await? {
            true => self.version(connection, consumer).await?,
            false => None,
        };
        // Everything is looked at before anything is made.
        let has_events = self.has(connection, &self.events).await?;
        let has_aggregates = self.has(connection, &self.aggregates).await?;
        if has_events {
            self.check(connection, &self.events, &self.columns.all()).await?;
            self.check_keys(connection).await?;
        }
        if has_aggregates {
            self.check(connection, &self.aggregates, &aggregate_columns()).await?;
        }
        if !self.has(connection, &self.rewrites).await? {
            self.execute(connection, &self.create_rewrites()).await?;
        }
        if !has_events {
            self.execute(connection, &self.create_events(now)).await?;
        }
        if !has_aggregates {
            self.execute(connection, &self.create_aggregates()).await?;
        }
        if version.is_some() {
            return Ok(());
        }
        self.execute(connection, &self.create_schema()).await?;
        let statement = format!("INSERT INTO `{}` (one, version, consumer) VALUES (1, ?, ?)", self.schema);
        let insert = sqlx::query(AssertSqlSafe(statement)).bind(VERSION).bind(consumer);
        insert.execute(connection).await.map(|_| ()).map_err(|error| failure(&error))
    }

    /// The version that is there, of this consumer's.
    async fn version(&self, connection: &mut MySqlConnection, consumer: &str) -> Result<Option<i64>, Failure> {
        let statement = format!("SELECT CAST(version AS SIGNED), consumer FROM `{}` WHERE one = 1", self.schema);
        let found = sqlx::query_as::<_, (i64, String)>(AssertSqlSafe(statement)).fetch_optional(connection).await;
        let Some((version, owner)) = found.map_err(|error| failure(&error))? else { return Ok(None) };
        if owner != consumer {
            return Err(wrong(format!(
                "the tables belong to consumer {owner}; give this one a `table-prefix` of its own"
            )));
        }
        if version > VERSION {
            return Err(wrong(format!(
                "the tables have version {version}, made by a newer Daybook; this one knows {VERSION}"
            )));
        }
        Ok(Some(version))
    }

    async fn check(
        &self,
        connection: &mut MySqlConnection,
        table: &str,
        columns: &[Column<'_>],
    ) -> Result<(), Failure> {
        let rows = sqlx::query(
            "SELECT CAST(column_name AS CHAR) AS name, CAST(data_type AS CHAR) AS type, CAST(is_nullable AS CHAR) AS nullable, \
             CAST(COALESCE(character_maximum_length, 0) AS SIGNED) AS letters, CAST(column_default AS CHAR) AS value, \
             CAST(extra AS CHAR) AS extra \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position",
        )
        .bind(table)
        .fetch_all(connection)
        .await
        .map_err(|error| failure(&error))?;
        let mut there = Vec::with_capacity(rows.len());
        for row in &rows {
            there.push(There::read(row).map_err(|error| failure(&error))?);
        }
        for column in columns {
            let Some(found) = there.iter().find(|found| found.name == column.name) else {
                return Err(wrong(format!("table {table} exists without column {}", column.name)));
            };
            if !column.types.contains(&found.kind.as_str()) {
                let (name, kind, types) = (column.name, &found.kind, column.types.join(" or "));
                return Err(wrong(format!("column {name} of table {table} is of type {kind} instead of {types}")));
            }
            if found.letters < column.letters {
                let (name, letters, needed) = (column.name, found.letters, column.letters);
                return Err(wrong(format!(
                    "column {name} of table {table} has room for {letters} letters instead of {needed}"
                )));
            }
        }
        let known = |name: &str| columns.iter().any(|column| column.name == name);
        match there.iter().find(|found| !known(&found.name) && found.must_be_given) {
            Some(found) => {
                Err(wrong(format!("table {table} has a column {} that wants a value and is not Daybook's", found.name)))
            }
            None => Ok(()),
        }
    }

    /// Whether the events' table has months, and is unique by event.
    async fn check_keys(&self, connection: &mut MySqlConnection) -> Result<(), Failure> {
        let table = &self.events;
        if partitions::list(connection, self).await?.is_empty() {
            return Err(wrong(format!("table {table} exists without partitions by column timestamp")));
        }
        let unique: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() \
             AND table_name = ? AND non_unique = 0 GROUP BY index_name \
             HAVING COUNT(*) = 2 AND SUM(column_name IN ('event_id', 'timestamp')) = 2) AS found",
        )
        .bind(table)
        .fetch_one(connection)
        .await
        .map_err(|error| failure(&error))?;
        if unique == 0 {
            return Err(wrong(format!("table {table} exists without a unique key of columns event_id and timestamp")));
        }
        Ok(())
    }

    async fn execute(&self, connection: &mut MySqlConnection, statement: &str) -> Result<(), Failure> {
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
        done.map(|_| ()).map_err(|error| failure(&error))
    }

    fn create_events(&self, now: Timestamp) -> String {
        let Self { events, columns: Columns { group, integer_identity, integer_group }, .. } = self;
        let id = |integer: &bool| if *integer { "BIGINT" } else { "VARCHAR(256)" };
        let (identity, group_type) = (id(integer_identity), id(integer_group));
        let group_index = group.strip_suffix("_id").unwrap_or(group);
        let partitions = partitions::first(now);
        format!(
            "CREATE TABLE `{events}` (\
             id BIGINT NOT NULL AUTO_INCREMENT, \
             event_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, \
             event_name VARCHAR(128) NOT NULL, \
             timestamp TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), \
             source VARCHAR(256) NULL, \
             identity_id {identity} NULL, \
             anonymous_id VARCHAR(64) NULL, \
             `{group}` {group_type} NULL, \
             session_id VARCHAR(64) NULL, \
             properties JSON NOT NULL, \
             created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
             position BIGINT NOT NULL, \
             category VARCHAR(128) NOT NULL, \
             PRIMARY KEY (id, timestamp), \
             UNIQUE KEY uk_event (event_id, timestamp), \
             INDEX idx_event_time (event_name, timestamp), \
             INDEX idx_identity (identity_id, timestamp), \
             INDEX idx_{group_index} (`{group}`, timestamp), \
             INDEX idx_anonymous (anonymous_id), \
             INDEX idx_category (category, timestamp)\
             ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin \
             PARTITION BY RANGE (UNIX_TIMESTAMP(timestamp)) ({partitions})"
        )
    }

    fn create_aggregates(&self) -> String {
        format!(
            "CREATE TABLE `{}` (\
             id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, \
             aggregate_type VARCHAR(50) NOT NULL, \
             period_type ENUM('daily', 'weekly', 'monthly') NOT NULL, \
             period_start DATE NOT NULL, \
             period_end DATE NOT NULL, \
             dimensions JSON NOT NULL, \
             dimensions_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, \
             metrics JSON NOT NULL, \
             computed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
             UNIQUE KEY uk_aggregate (aggregate_type, period_start, dimensions_hash), \
             INDEX idx_type_period (aggregate_type, period_start)\
             ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
            self.aggregates
        )
    }

    fn create_schema(&self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS `{}` (one TINYINT NOT NULL PRIMARY KEY, version INT NOT NULL, \
             consumer VARCHAR(256) NOT NULL, made_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) \
             ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
            self.schema
        )
    }

    fn create_rewrites(&self) -> String {
        format!("CREATE TABLE `{}` (month_start BIGINT NOT NULL PRIMARY KEY) ENGINE=InnoDB", self.rewrites)
    }
}

/// A column as it is.
struct There {
    name: String,
    kind: String,
    letters: i64,
    must_be_given: bool,
}

impl There {
    fn read(row: &sqlx::mysql::MySqlRow) -> Result<Self, sqlx::Error> {
        let nullable: String = row.try_get("nullable")?;
        let default: Option<String> = row.try_get("value")?;
        let extra: String = row.try_get("extra")?;
        let extra = extra.to_ascii_lowercase();
        let fills_itself = extra.contains("auto_increment") || extra.contains("generated");
        Ok(Self {
            name: row.try_get("name")?,
            kind: row.try_get::<String, _>("type")?.to_ascii_lowercase(),
            letters: row.try_get("letters")?,
            must_be_given: nullable == "NO" && default.is_none() && !fills_itself,
        })
    }
}

fn aggregate_columns() -> Vec<Column<'static>> {
    let column = |name, types, letters| Column { name, types, letters };
    vec![
        column("aggregate_type", &["varchar"], 50),
        column("period_type", &["enum"], 0),
        column("period_start", &["date"], 0),
        column("period_end", &["date"], 0),
        column("dimensions", &["json", "longtext"], 0),
        column("dimensions_hash", &["char"], 64),
        column("metrics", &["json", "longtext"], 0),
        column("computed_at", &["timestamp"], 0),
        column("id", &["bigint", "int"], 0),
    ]
}

/// The tables are not what they must be. Somebody has to see to it, and then it goes on.
fn wrong(message: String) -> Failure {
    Failure::new(FailureKind::Destination, "mysql.schema", message)
}
