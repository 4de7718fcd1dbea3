//! How the tables forget.
//!
//! An update or a delete leaves what was there in the pages of the table's file, where no query sees it. So the months in which something
//! was forgotten are written down together with the change, and their partitions are written anew before anybody is told that it is done; a
//! call that is cut off leaves them written down for the next.

use daybook_consumers::Failure;
use daybook_event::{Month, SubjectId, Timestamp};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, QueryBuilder};

use super::errors::failure;
use super::partitions;
use super::rows::timestamp;
use super::schema::Tables;
use crate::tables::retention::CHUNK_ROWS;

/// People that one statement looks for.
const PEOPLE_AT_ONCE: usize = 200;

/// Takes people's names out of their rows, and of the files; how many rows.
pub(super) async fn people(
    connection: &mut MySqlConnection,
    tables: &Tables,
    people: &[SubjectId],
) -> Result<u64, Failure> {
    if !tables.has(connection, &tables.events).await? {
        return Ok(0);
    }
    let mut count = 0;
    for people in people.chunks(PEOPLE_AT_ONCE) {
        let mut transaction = connection.begin().await.map_err(|error| failure(&error))?;
        let mut note = QueryBuilder::new(format!(
            "INSERT INTO `{}` (month_start) \
             SELECT DISTINCT UNIX_TIMESTAMP(DATE_FORMAT(timestamp, '%Y-%m-01')) FROM `{}`",
            tables.rewrites, tables.events
        ));
        push_named(&mut note, people);
        note.push(" ON DUPLICATE KEY UPDATE month_start = VALUES(month_start)");
        let noted = note.build().persistent(false).execute(&mut *transaction).await;
        noted.map_err(|error| failure(&error))?;
        let mut update =
            QueryBuilder::new(format!("UPDATE `{}` SET identity_id = NULL, session_id = NULL", tables.events));
        push_named(&mut update, people);
        let updated = update.build().persistent(false).execute(&mut *transaction).await;
        count += updated.map_err(|error| failure(&error))?.rows_affected();
        transaction.commit().await.map_err(|error| failure(&error))?;
    }
    rewrite(connection, tables).await?;
    Ok(count)
}

/// Deletes the rows of a category's month, in the files too; how many.
pub(super) async fn month(
    connection: &mut MySqlConnection,
    tables: &Tables,
    category: &str,
    month: Month,
) -> Result<u64, Failure> {
    let (Some(start), end) = (timestamp(month.start(), 3), month.end()) else { return Ok(0) };
    let Some(last) = timestamp(Timestamp::from_microseconds(end.microseconds() - 1), 3) else { return Ok(0) };
    if !tables.has(connection, &tables.events).await? {
        return Ok(0);
    }
    // Where upkeep was faster there is nothing left to delete, but in the files.
    let there = partitions::list(connection, tables).await?;
    if there.iter().any(|partition| partition.end() == Some(end)) {
        note(connection, tables, month).await?;
    }
    let delete =
        format!("DELETE FROM `{}` WHERE category = ? AND timestamp BETWEEN ? AND ? LIMIT {CHUNK_ROWS}", tables.events);
    let mut count = 0;
    loop {
        let mut transaction = connection.begin().await.map_err(|error| failure(&error))?;
        let query = sqlx::query(AssertSqlSafe(delete.as_str())).bind(category).bind(&start).bind(&last);
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
    connection: &mut MySqlConnection,
    tables: &Tables,
    category: &str,
    before: Timestamp,
) -> Result<(), Failure> {
    let Some(before) = timestamp(before, 3) else { return Ok(()) };
    let note = format!(
        "INSERT INTO `{}` (month_start) \
         SELECT DISTINCT UNIX_TIMESTAMP(DATE_FORMAT(timestamp, '%Y-%m-01')) FROM `{}` \
         WHERE category = ? AND timestamp < ? ON DUPLICATE KEY UPDATE month_start = VALUES(month_start)",
        tables.rewrites, tables.events
    );
    let noted = sqlx::query(AssertSqlSafe(note)).bind(category).bind(before).execute(connection).await;
    noted.map_err(|error| failure(&error))?;
    Ok(())
}

/// Writes a month down.
async fn note(connection: &mut MySqlConnection, tables: &Tables, month: Month) -> Result<(), Failure> {
    let note = format!(
        "INSERT INTO `{}` (month_start) VALUES (?) ON DUPLICATE KEY UPDATE month_start = VALUES(month_start)",
        tables.rewrites
    );
    let start = month.start().microseconds() / 1_000_000;
    let noted = sqlx::query(AssertSqlSafe(note)).bind(start).execute(connection).await;
    noted.map_err(|error| failure(&error))?;
    Ok(())
}

/// Writes the partitions anew that are written down, and strikes them out.
pub(super) async fn rewrite(connection: &mut MySqlConnection, tables: &Tables) -> Result<(), Failure> {
    if !tables.has(connection, &tables.rewrites).await? {
        return Ok(());
    }
    let select = format!("SELECT month_start FROM `{}` ORDER BY month_start", tables.rewrites);
    let found = sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut *connection).await;
    let months: Vec<i64> = found.map_err(|error| failure(&error))?;
    let mut done: Option<String> = None;
    for month in months {
        // A month that was dropped meanwhile is part of the next one; to write that anew does no harm.
        let partitions = partitions::list(connection, tables).await?;
        let holds = |partition: &&partitions::Partition| partition.before.is_none_or(|before| month < before);
        if let Some(partition) = partitions.iter().find(holds)
            && done.as_ref() != Some(&partition.name)
        {
            partitions::rewrite(connection, tables, &partition.name).await?;
            done = Some(partition.name.clone());
        }
        let strike = format!("DELETE FROM `{}` WHERE month_start = ?", tables.rewrites);
        let struck = sqlx::query(AssertSqlSafe(strike)).bind(month).execute(&mut *connection).await;
        struck.map_err(|error| failure(&error))?;
    }
    Ok(())
}

fn push_named(query: &mut QueryBuilder<sqlx::MySql>, people: &[SubjectId]) {
    query.push(" WHERE anonymous_id IN (");
    let mut list = query.separated(", ");
    for person in people {
        list.push_bind(person.to_string());
    }
    query.push(") AND (identity_id IS NOT NULL OR session_id IS NOT NULL)");
}
