//! Regular upkeep: months made ahead, names that have had their time taken out, rows deleted, partitions dropped.

use daybook_consumers::Failure;
use daybook_event::Timestamp;
use sqlx::{AssertSqlSafe, MySqlConnection};

use super::errors::failure;
use super::rows::timestamp;
use super::schema::Tables;
use super::{forgetting, partitions};
use crate::tables::retention::{CHUNK_ROWS, CHUNKS_MAX, Retention, Rounds};

/// One round; tells whether nothing is left to do.
pub(super) async fn run(
    rounds: &mut Rounds,
    connection: &mut MySqlConnection,
    tables: &Tables,
    retention: &Retention,
    now: Timestamp,
) -> Result<bool, Failure> {
    partitions::extend(connection, tables, now).await?;
    if rounds.begin(now) {
        drop_what_is_over(connection, tables, retention, now).await?;
        if !age(connection, tables, retention, now).await? {
            return Ok(false);
        }
        rounds.end(now);
    }
    Ok(true)
}

/// Drops the months in which nothing is kept any more.
async fn drop_what_is_over(
    connection: &mut MySqlConnection,
    tables: &Tables,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), Failure> {
    let Some(latest) = retention.latest_cut_off(now) else { return Ok(()) };
    for partition in partitions::list(connection, tables).await? {
        let Some(end) = partition.end().filter(|end| *end <= latest) else { continue };
        let statement = format!("SELECT DISTINCT category FROM `{}` PARTITION (`{}`)", tables.events, partition.name);
        let found = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut *connection).await;
        let categories: Vec<String> = found.map_err(|error| failure(&error))?;
        if retention.is_over(&categories, end, now) {
            partitions::drop(connection, tables, &partition.name).await?;
        }
    }
    Ok(())
}

/// Takes names out of rows, and deletes rows, that have had their time; tells whether nothing is left to do.
async fn age(
    connection: &mut MySqlConnection,
    tables: &Tables,
    retention: &Retention,
    now: Timestamp,
) -> Result<bool, Failure> {
    let events = &tables.events;
    let anonymise = format!(
        "UPDATE `{events}` SET identity_id = NULL, session_id = NULL WHERE category = ? AND timestamp < ? \
         AND (identity_id IS NOT NULL OR session_id IS NOT NULL) LIMIT {CHUNK_ROWS}"
    );
    let delete = format!("DELETE FROM `{events}` WHERE category = ? AND timestamp < ? LIMIT {CHUNK_ROWS}");
    let mut chunks = 0;
    for rule in retention.rules() {
        forgetting::note_months(connection, tables, &rule.category, rule.months_before(now)).await?;
        let steps = [(&delete, Some(rule.rows_before(now))), (&anonymise, rule.names_before(now))];
        for (statement, before) in steps {
            let Some(before) = before.and_then(|before| timestamp(before, 3)) else { continue };
            loop {
                let query = sqlx::query(AssertSqlSafe(statement.as_str())).bind(&rule.category).bind(&before);
                let done = query.execute(&mut *connection).await.map_err(|error| failure(&error))?;
                chunks += 1;
                if done.rows_affected() < CHUNK_ROWS {
                    break;
                }
                if chunks >= CHUNKS_MAX {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
