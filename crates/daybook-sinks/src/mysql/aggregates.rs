//! Computed aggregates as rows of `analytics_aggregates`.

use daybook_consumers::Failure;
use daybook_event::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, MySqlPool, QueryBuilder};

use super::errors::failure;
use super::rows::timestamp;

/// Rows that one statement writes.
const ROWS_MAX: usize = 500;

/// An aggregate: what was computed of one kind, for one period, over one set of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// What was computed: `dau`.
    pub aggregate_type: String,
    /// Over how long.
    pub period_type: Period,
    /// The first day.
    pub period_start: jiff::civil::Date,
    /// The last day.
    pub period_end: jiff::civil::Date,
    /// What it was computed for.
    pub dimensions: Map<String, Value>,
    /// What came of it.
    pub metrics: Map<String, Value>,
    /// When.
    pub computed_at: Timestamp,
}

/// How long the period of an aggregate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Daily,
    /// A week.
    Weekly,
    /// A month.
    Monthly,
}

/// Writes aggregates. One is unique by its type, the start of its period and its dimensions; computed again, it takes the place of what was
/// there.
#[derive(Debug, Clone)]
pub struct AggregateWriter {
    pool: MySqlPool,
    table: String,
}

impl AggregateWriter {
    pub(super) const fn new(pool: MySqlPool, table: String) -> Self {
        Self { pool, table }
    }

    /// Writes these aggregates; what was computed last for the same counts, also within one call.
    ///
    /// # Errors
    /// [`Failure`]; then some may be written, and all may be written again.
    pub async fn upsert(&self, aggregates: &[Aggregate]) -> Result<(), Failure> {
        for chunk in aggregates.chunks(ROWS_MAX) {
            let mut query = QueryBuilder::new(format!(
                "INSERT INTO `{}` (aggregate_type, period_type, period_start, period_end, dimensions, dimensions_hash, \
                 metrics, computed_at) ",
                self.table
            ));
            query.push_values(chunk, |mut values, aggregate| {
                let dimensions = canonical(&aggregate.dimensions);
                values.push_bind(aggregate.aggregate_type.as_str()).push_bind(aggregate.period_type.as_str());
                values.push_bind(aggregate.period_start.to_string()).push_bind(aggregate.period_end.to_string());
                let hash = hash(&dimensions);
                values.push_bind(dimensions).push_bind(hash).push_bind(canonical(&aggregate.metrics));
                values.push_bind(timestamp(aggregate.computed_at, 0));
            });
            query.push(
                " ON DUPLICATE KEY UPDATE period_type = VALUES(period_type), period_end = VALUES(period_end), \
                 dimensions = VALUES(dimensions), metrics = VALUES(metrics), computed_at = VALUES(computed_at)",
            );
            query.build().persistent(false).execute(&self.pool).await.map_err(|error| failure(&error))?;
        }
        Ok(())
    }

    /// Takes out those that are of the same as these, whatever their numbers.
    ///
    /// # Errors
    /// [`Failure`]; then some may be gone.
    pub async fn remove(&self, aggregates: &[Aggregate]) -> Result<(), Failure> {
        for chunk in aggregates.chunks(ROWS_MAX) {
            let mut query = QueryBuilder::new(format!(
                "DELETE FROM `{}` WHERE (aggregate_type, period_start, dimensions_hash) IN ",
                self.table
            ));
            query.push_tuples(chunk, |mut values, aggregate| {
                values.push_bind(aggregate.aggregate_type.as_str()).push_bind(aggregate.period_start.to_string());
                values.push_bind(hash(&canonical(&aggregate.dimensions)));
            });
            query.build().persistent(false).execute(&self.pool).await.map_err(|error| failure(&error))?;
        }
        Ok(())
    }

    /// Takes out what was computed of one kind for periods that ended before this day.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn expire(&self, aggregate_type: &str, before: jiff::civil::Date) -> Result<(), Failure> {
        let statement = format!("DELETE FROM `{}` WHERE aggregate_type = ? AND period_end < ?", self.table);
        let query = sqlx::query(AssertSqlSafe(statement)).bind(aggregate_type).bind(before.to_string());
        query.persistent(false).execute(&self.pool).await.map(drop).map_err(|error| failure(&error))
    }
}

impl Aggregate {
    /// What tells it from others.
    pub(super) fn key(&self) -> (String, jiff::civil::Date, String) {
        (self.aggregate_type.clone(), self.period_start, canonical(&self.dimensions))
    }
}

impl Period {
    /// As the column has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The one that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Daily, Self::Weekly, Self::Monthly].into_iter().find(|period| period.as_str() == text)
    }
}

/// An object's one text: its members by name, at every depth, and no spaces.
fn canonical(object: &Map<String, Value>) -> String {
    let mut object = Value::Object(object.clone());
    object.sort_all_objects();
    object.to_string()
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dimensions_have_one_text() {
        let check = |value: Value| canonical(value.as_object().unwrap());
        let (one, other) = (json!({"b": {"y": 1, "x": [2]}, "a": "ü"}), json!({"a": "ü", "b": {"x": [2], "y": 1}}));
        assert_eq!(check(one), r#"{"a":"ü","b":{"x":[2],"y":1}}"#);
        assert_eq!(check(other), r#"{"a":"ü","b":{"x":[2],"y":1}}"#);
    }
}
