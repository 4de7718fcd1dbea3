//! The months of the table: made ahead, made for rows that have none yet, and looked up.

use daybook_consumers::Failure;
use daybook_event::{Month, Timestamp};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::errors::failure;
use super::schema::Tables;

/// Months that are made ahead, and at first also behind.
const MONTHS_AHEAD: i32 = 3;
/// Months of rows without one that are made in one round.
const MONTHS_AT_ONCE: i64 = 120;
/// Months from now, before and after, that get a partition of their own.
const MONTHS_FAR: i32 = 600;

/// The partition that holds what no month does.
pub(super) fn default_name(tables: &Tables) -> String {
    format!("{}_default", tables.events)
}

/// The partition of a month.
pub(super) fn name(tables: &Tables, month: Month) -> String {
    format!("{}_{}", tables.events, month.to_string().replace('-', "_"))
}

/// The partitions of a new table.
pub(super) async fn create(connection: &mut PgConnection, tables: &Tables, now: Timestamp) -> Result<(), Failure> {
    let (events, default) = (&tables.events, default_name(tables));
    tables.execute(connection, format!("CREATE TABLE {default} PARTITION OF {events} DEFAULT")).await?;
    for month in around(now) {
        add(connection, tables, month).await?;
    }
    Ok(())
}

/// The months that there are.
pub(super) async fn list(connection: &mut PgConnection, tables: &Tables) -> Result<Vec<Month>, Failure> {
    let found = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1)",
    )
    .bind(&tables.events)
    .fetch_all(connection)
    .await;
    let names: Vec<String> = found.map_err(|error| failure(&error))?;
    let month = |name: &String| {
        let (year, month) = name.strip_prefix(&*tables.events)?.strip_prefix('_')?.split_once('_')?;
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        Some(Month::from_number((year - 1970) * 12 + month - 1))
    };
    let mut months: Vec<Month> = names.iter().filter_map(month).collect();
    months.sort();
    Ok(months)
}

/// Makes the months ahead, and those of rows that have none.
pub(super) async fn extend(connection: &mut PgConnection, tables: &Tables, now: Timestamp) -> Result<(), Failure> {
    let there = list(connection, tables).await?;
    let query = format!(
        "SELECT DISTINCT (extract(year FROM time)::int - 1970) * 12 + extract(month FROM time)::int - 1 FROM {} LIMIT {MONTHS_AT_ONCE}",
        default_name(tables)
    );
    let found = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut *connection).await;
    let homeless: Vec<i32> = found.map_err(|error| failure(&error))?;
    let ahead = (0..=MONTHS_AHEAD).map(|ahead| Month::from_number(Month::of(now).number() + ahead));
    // What is further off than this stays where it is.
    let this = Month::of(now).number();
    let near = this - MONTHS_FAR..this + MONTHS_FAR;
    let homeless = homeless.into_iter().filter(|month| near.contains(month));
    let mut wanted: Vec<Month> = ahead.chain(homeless.map(Month::from_number)).collect();
    wanted.sort();
    wanted.dedup();
    for month in wanted.into_iter().filter(|month| !there.contains(month)) {
        let mut transaction = connection.begin().await.map_err(|error| failure(&error))?;
        add(&mut transaction, tables, month).await?;
        transaction.commit().await.map_err(|error| failure(&error))?;
    }
    Ok(())
}

/// Drops a month with everything in it.
pub(super) async fn drop(connection: &mut PgConnection, tables: &Tables, month: Month) -> Result<(), Failure> {
    tables.execute(connection, format!("DROP TABLE {}", name(tables, month))).await
}

/// Makes a month, with the rows of it that are there.
async fn add(connection: &mut PgConnection, tables: &Tables, month: Month) -> Result<(), Failure> {
    let (events, default, part) = (&tables.events, default_name(tables), name(tables, month));
    let (start, end) = (month.start(), month.end());
    let statement = format!(
        "CREATE TABLE {part} (LIKE {events} INCLUDING ALL); \
         WITH moved AS (DELETE FROM {default} WHERE time >= '{start}' AND time < '{end}' RETURNING *) \
         INSERT INTO {part} SELECT * FROM moved; \
         ALTER TABLE {events} ATTACH PARTITION {part} FOR VALUES FROM ('{start}') TO ('{end}')"
    );
    tables.execute(connection, statement).await
}

fn around(now: Timestamp) -> impl Iterator<Item = Month> {
    let month = Month::of(now).number();
    (month - MONTHS_AHEAD..=month + MONTHS_AHEAD).map(Month::from_number)
}
