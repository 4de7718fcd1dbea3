//! The months of the events' table: made ahead, split off where something fell outside, and looked up.

use daybook_consumers::Failure;
use daybook_event::{Month, Timestamp};
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _};

use super::errors::failure;
use super::schema::Tables;

/// Months that are made ahead, and at first also behind.
pub(super) const MONTHS_AHEAD: i32 = 3;
/// Months that are made at once where something lies outside of all of them; what is further off stays there.
const MONTHS_AT_ONCE: i32 = 240;
/// Holds everything from before the first month.
const PAST: &str = "p_past";
/// Holds everything from after the last.
const FUTURE: &str = "p_future";

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) name: String,
    /// The second of Unix time before which its rows are; nothing for the last one.
    pub(super) before: Option<i64>,
}

impl Partition {
    /// When the time of its rows ends; nothing for those at both ends, which are not months.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let before = self.before.filter(|_| self.name != PAST)?;
        Some(Timestamp::from_microseconds(before.saturating_mul(1_000_000)))
    }
}

/// The partitions of a new table.
pub(super) fn first(now: Timestamp) -> String {
    let month = Month::of(now).number();
    let start = month - MONTHS_AHEAD;
    let past = format!("PARTITION {PAST} VALUES LESS THAN ({})", seconds(Month::from_number(start)));
    let months = (start..=month + MONTHS_AHEAD).map(definition);
    let future = format!("PARTITION {FUTURE} VALUES LESS THAN MAXVALUE");
    [past].into_iter().chain(months).chain([future]).collect::<Vec<_>>().join(", ")
}

/// The partitions there are, by their time.
pub(super) async fn list(connection: &mut MySqlConnection, tables: &Tables) -> Result<Vec<Partition>, Failure> {
    let rows = sqlx::query(
        "SELECT CAST(partition_name AS CHAR) AS name, CAST(partition_description AS CHAR) AS bound \
         FROM information_schema.partitions \
         WHERE table_schema = DATABASE() AND table_name = ? AND partition_name IS NOT NULL \
         ORDER BY partition_ordinal_position",
    )
    .bind(&tables.events)
    .fetch_all(connection)
    .await
    .map_err(|error| failure(&error))?;
    let partition = |row: &sqlx::mysql::MySqlRow| {
        let bound: String = row.try_get("bound")?;
        Ok(Partition { name: row.try_get("name")?, before: bound.parse().ok() })
    };
    rows.iter().map(partition).collect::<Result<_, sqlx::Error>>().map_err(|error| failure(&error))
}

/// Makes the months ahead, and those of rows that lie before the first or after the last.
pub(super) async fn extend(connection: &mut MySqlConnection, tables: &Tables, now: Timestamp) -> Result<(), Failure> {
    let partitions = list(connection, tables).await?;
    if let Some(past) = partitions.first().filter(|partition| partition.name == PAST)
        && let Some(before) = past.before
        && let Some(earliest) = edge(connection, tables, "MIN", PAST).await?
    {
        let end = month_of(before).number();
        let start = month_of(earliest).number().max(end - MONTHS_AT_ONCE);
        if start < end && seconds(Month::from_number(start)) > 0 {
            let bound = seconds(Month::from_number(start));
            let past = format!("PARTITION {PAST} VALUES LESS THAN ({bound})");
            let parts: Vec<_> = [past].into_iter().chain((start..end).map(definition)).collect();
            reorganise(connection, tables, PAST, &parts.join(", ")).await?;
        }
    }
    let Some(last) = partitions.last().filter(|partition| partition.before.is_none()) else { return Ok(()) };
    let Some(begun) = partitions.iter().rev().find_map(|partition| partition.before) else { return Ok(()) };
    let latest = edge(connection, tables, "MAX", &last.name).await?;
    let latest = latest.map_or(i32::MIN, |latest| month_of(latest).number());
    let start = month_of(begun).number();
    let end = (Month::of(now).number() + MONTHS_AHEAD).max(latest).min(start + MONTHS_AT_ONCE);
    if start <= end {
        let future = format!("PARTITION `{}` VALUES LESS THAN MAXVALUE", last.name);
        let parts: Vec<_> = (start..=end).map(definition).chain([future]).collect();
        reorganise(connection, tables, &last.name, &parts.join(", ")).await?;
    }
    Ok(())
}

/// Drops a partition with everything in it.
pub(super) async fn drop(connection: &mut MySqlConnection, tables: &Tables, name: &str) -> Result<(), Failure> {
    let statement = format!("ALTER TABLE `{}` DROP PARTITION `{name}`", tables.events);
    execute(connection, statement).await
}

/// Writes a partition's file anew from the rows that there are. One that is gone needs none.
pub(super) async fn rewrite(connection: &mut MySqlConnection, tables: &Tables, name: &str) -> Result<(), Failure> {
    let statement = format!("ALTER TABLE `{}` REBUILD PARTITION `{name}`", tables.events);
    execute(connection, statement).await
}

/// The time of the first or last row of a partition, in seconds.
async fn edge(
    connection: &mut MySqlConnection,
    tables: &Tables,
    function: &str,
    partition: &str,
) -> Result<Option<i64>, Failure> {
    let statement = format!(
        "SELECT CAST(FLOOR(UNIX_TIMESTAMP({function}(timestamp))) AS SIGNED) FROM `{}` PARTITION (`{partition}`)",
        tables.events
    );
    let found = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(connection).await;
    found.map_err(|error| failure(&error))
}

async fn reorganise(
    connection: &mut MySqlConnection,
    tables: &Tables,
    partition: &str,
    into: &str,
) -> Result<(), Failure> {
    execute(connection, format!("ALTER TABLE `{}` REORGANIZE PARTITION `{partition}` INTO ({into})", tables.events))
        .await
}

async fn execute(connection: &mut MySqlConnection, statement: String) -> Result<(), Failure> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(|_| ()).map_err(|error| failure(&error))
}

fn definition(month: i32) -> String {
    let (month, next) = (Month::from_number(month), Month::from_number(month + 1));
    format!("PARTITION p_{} VALUES LESS THAN ({})", month.to_string().replace('-', "_"), seconds(next))
}

fn month_of(seconds: i64) -> Month {
    Month::of(Timestamp::from_microseconds(seconds.saturating_mul(1_000_000)))
}

fn seconds(month: Month) -> i64 {
    month.start().microseconds() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_table_has_months_on_both_sides() {
        let partitions = first(Timestamp::parse("2026-01-14T15:00:00Z").unwrap());
        assert!(
            partitions.starts_with("PARTITION p_past VALUES LESS THAN (1759276800), PARTITION p_2025_10 VALUES LESS")
        );
        assert!(partitions.contains("PARTITION p_2026_01 VALUES LESS THAN (1769904000)"), "{partitions}");
        assert!(partitions.ends_with(
            "PARTITION p_2026_04 VALUES LESS THAN (1777593600), PARTITION p_future VALUES LESS THAN MAXVALUE"
        ));
    }
}
