//! Regular upkeep: months made ahead, names that have had their time taken out, rows deleted, months dropped.

use daybook_consumers::Failure;
use daybook_event::Timestamp;
use sqlx::{AssertSqlSafe, PgConnection};

use super::errors::failure;
use super::partitions;
use super::schema::Tables;
use crate::tables::retention::Retention;

/// Rows that one statement changes.
pub(super) const CHUNK_ROWS: u64 = 5_000;
/// Statements of one round; what is left is done in the next, so that no delivery waits for long.
const CHUNKS_MAX: usize = 40;
/// How often retention looks, in microseconds, when it has nothing left to do.
const RETENTION_PAUSE_US: i64 = 3_600_000_000;

/// What is known of earlier rounds.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    /// When retention was last through with everything.
    done: Option<Timestamp>,
}

impl Upkeep {
    /// One round.
    pub(super) async fn run(
        &mut self,
        connection: &mut PgConnection,
        tables: &Tables,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<(), Failure> {
        partitions::extend(connection, tables, now).await?;
        let is_due = |done: Timestamp| (now.microseconds() - done.microseconds()).abs() >= RETENTION_PAUSE_US;
        if self.done.is_some_and(|done| !is_due(done)) {
            return Ok(());
        }
        self.done = None;
        drop_what_is_over(connection, tables, retention, now).await?;
        if age(connection, tables, retention, now).await? {
            self.done = Some(now);
        }
        Ok(())
    }
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
