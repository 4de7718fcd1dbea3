//! Regular upkeep: months made ahead, names that have had their time taken out, rows deleted, months dropped.

use daybook_consumers::Failure;
use daybook_event::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection};

use super::errors::failure;
use super::schema::Tables;
use super::{forgetting, partitions};
use crate::tables::retention::{CHUNK_ROWS, CHUNKS_MAX, Retention, Rounds};

/// One round; tells whether nothing is left to do.
pub(super) async fn run(
    rounds: &mut Rounds,
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    tables: &Tables,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), Failure> {
    let Some(latest) = retention.latest_cut_off(now) else { return Ok(()) };
    for month in partitions::list(connection, tables).await?.into_iter().filter(|month| month.end() <= latest) {
        let statement = format!("SELECT DISTINCT category FROM {}", partitions::name(tables, month));
        let found = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut *connection).await;
        let categories: Vec<String> = found.map_err(|error| failure(&error))?;
        if retention.is_over(&categories, month.end(), now) {
            partitions::drop(connection, tables, month).await?;
        }
    }
    Ok(())
}

/// Takes names out of rows, and deletes rows, that have had their time; tells whether nothing is left to do.
async fn age(
    connection: &mut PgConnection,
    tables: &Tables,
    retention: &Retention,
    now: Timestamp,
) -> Result<bool, Failure> {
    let events = &tables.events;
    let chunk = |condition: &str| {
        format!(
            "(event_id, time) IN (SELECT event_id, time FROM {events} WHERE category = $1 AND time < $2::timestamptz{condition} \
             LIMIT {CHUNK_ROWS})"
        )
    };
    let delete = format!("DELETE FROM {events} WHERE {}", chunk(""));
    let named = " AND (identity IS NOT NULL OR session IS NOT NULL)";
    let anonymise = format!("UPDATE {events} SET identity = NULL, session = NULL WHERE {}", chunk(named));
    let mut chunks = 0;
    for rule in retention.rules() {
        forgetting::note_months(connection, tables, &rule.category, rule.months_before(now)).await?;
        let steps = [(&delete, Some(rule.rows_before(now))), (&anonymise, rule.names_before(now))];
        for (statement, before) in steps {
            let Some(before) = before else { continue };
            loop {
                let query =
                    sqlx::query(AssertSqlSafe(statement.as_str())).bind(&rule.category).bind(before.to_string());
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
