//! How the table forgets.
//!
//! An update or a delete leaves what was there in the pages of the table's files, where no query sees it. So the months in which something
//! was forgotten are written down together with the change, and their partitions are written anew (`VACUUM FULL`) before anybody is told
//! that it is done; a call that is cut off leaves them written down for the next.

use daybook_consumers::Failure;
use daybook_event::{Month, SubjectId, Timestamp};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::errors::failure;
use super::partitions;
use super::schema::Tables;
use crate::tables::retention::CHUNK_ROWS;

/// Takes people's names out of their rows; how many rows.
pub(super) async fn people(
    connection: &mut PgConnection,
    tables: &Tables,
    people: &[SubjectId],
) -> Result<u64, Failure> {
    if !tables.has(connection, &tables.events).await? {
        return Ok(0);
    }
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let statement = format!(
        "WITH changed AS (UPDATE {} SET identity = NULL, session = NULL WHERE anonymous_id = ANY($1::text[]::uuid[]) \
         AND (identity IS NOT NULL OR session IS NOT NULL) RETURNING time), \
         noted AS (INSERT INTO {} SELECT DISTINCT date_trunc('month', time)::date FROM changed ON CONFLICT DO NOTHING) \
         SELECT COUNT(*) FROM changed",
        tables.events, tables.rewrites
    );
    let count: Result<i64, _> = sqlx::query_scalar(AssertSqlSafe(statement)).bind(people).fetch_one(connection).await;
    Ok(u64::try_from(count.map_err(|error| failure(&error))?).unwrap_or_default())
}

/// Deletes the rows of a category's month; how many.
pub(super) async fn month(
    connection: &mut PgConnection,
    tables: &Tables,
    category: &str,
    month: Month,
) -> Result<u64, Failure> {
    if !tables.has(connection, &tables.events).await? {
        return Ok(0);
    }
    // Where upkeep was faster there is nothing left to delete, but in the files.
    if partitions::list(connection, tables).await?.contains(&month) {
        note(connection, tables, month).await?;
    }
    let events = &tables.events;
    let delete = format!(
        "DELETE FROM {events} WHERE (event_id, time) IN (SELECT event_id, time FROM {events} \
         WHERE category = $1 AND time >= $2::timestamptz AND time < $3::timestamptz LIMIT {CHUNK_ROWS})"
    );
    let (start, end) = (month.start().to_string(), month.end().to_string());
    let mut count = 0;
    loop {
        let mut transaction = connection.begin().await.map_err(|error| failure(&error))?;
        let query = sqlx::query(AssertSqlSafe(delete.as_str())).bind(category).bind(&start).bind(&end);
        let deleted = query.execute(&mut *transaction).await.map_err(|error| failure(&error))?.rows_affected();
        if deleted > 0 {
            note(&mut transaction, tables, month).await?;
        }
        transaction.commit().await.map_err(|error| failure(&error))?;
        count += deleted;
        if deleted < CHUNK_ROWS {
            return Ok(count);
        }
    }
}

/// Writes down the months before a time in which a category has rows: they are about to go, and what was taken out of them row by
/// row is to go from the files with them.
pub(super) async fn note_months(
    connection: &mut PgConnection,
    tables: &Tables,
    category: &str,
    before: Timestamp,
) -> Result<(), Failure> {
    let note = format!(
        "INSERT INTO {} SELECT DISTINCT date_trunc('month', time)::date FROM {} \
         WHERE category = $1 AND time < $2::timestamptz ON CONFLICT DO NOTHING",
        tables.rewrites, tables.events
    );
    let noted = sqlx::query(AssertSqlSafe(note)).bind(category).bind(before.to_string()).execute(connection).await;
    noted.map_err(|error| failure(&error))?;
    Ok(())
}

/// Writes a month down.
async fn note(connection: &mut PgConnection, tables: &Tables, month: Month) -> Result<(), Failure> {
    let note = format!("INSERT INTO {} VALUES ($1::timestamptz::date) ON CONFLICT DO NOTHING", tables.rewrites);
    let noted = sqlx::query(AssertSqlSafe(note)).bind(month.start().to_string()).execute(connection).await;
    noted.map_err(|error| failure(&error))?;
    Ok(())
}

/// Writes the partitions anew that are written down, and strikes them out.
pub(super) async fn rewrite(connection: &mut PgConnection, tables: &Tables) -> Result<(), Failure> {
    if !tables.has(connection, &tables.rewrites).await? {
        return Ok(());
    }
    let select = format!(
        "SELECT (extract(year FROM month)::int - 1970) * 12 + extract(month FROM month)::int - 1 FROM {}",
        tables.rewrites
    );
    let found = sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut *connection).await;
    let months: Vec<i32> = found.map_err(|error| failure(&error))?;
    if months.is_empty() {
        return Ok(());
    }
    // Rows of any month may have lain in the default partition for a while.
    vacuum(connection, tables, &partitions::default_name(tables)).await?;
    let there = partitions::list(connection, tables).await?;
    for month in months.into_iter().map(Month::from_number) {
        if there.contains(&month) {
            vacuum(connection, tables, &partitions::name(tables, month)).await?;
        }
        let strike = format!("DELETE FROM {} WHERE month = $1::timestamptz::date", tables.rewrites);
        let struck = sqlx::query(AssertSqlSafe(strike)).bind(month.start().to_string()).execute(&mut *connection).await;
        struck.map_err(|error| failure(&error))?;
    }
    Ok(())
}

async fn vacuum(connection: &mut PgConnection, tables: &Tables, partition: &str) -> Result<(), Failure> {
    tables.execute(connection, format!("VACUUM (FULL) {partition}")).await
}
