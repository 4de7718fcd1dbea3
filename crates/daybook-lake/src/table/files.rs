//! The files of a table, as its log knows them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use daybook_event::Timestamp;
use deltalake::kernel::{Add, LogicalFileView, Remove};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::columns::PARTITION_COLUMNS;
use crate::error::LakeError;

/// The files that a table consists of at one of its versions.
pub(crate) type Files = Arc<[Arc<DataFile>]>;

/// A day of a category: what is kept, and dropped, together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Partition {
    /// The category.
    pub(crate) category: Arc<str>,
    /// The day, in days since 1970-01-01.
    pub(crate) date: i32,
}

/// A file. Its rows are sorted by name and time, if it has these columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataFile {
    /// Where it is within the table's directory.
    pub(crate) path: String,
    pub(crate) partition: Partition,
    pub(crate) size_bytes: u64,
    pub(crate) rows: u64,
    pub(crate) modified_ms: i64,
    /// Smallest and largest position.
    pub(crate) positions: Option<(i64, i64)>,
    /// Earliest and latest time, in microseconds since the epoch.
    pub(crate) times: Option<(i64, i64)>,
    /// First and last name.
    pub(crate) names: Option<(String, String)>,
}

impl Partition {
    /// The day as Delta writes it: `2026-01-14`.
    pub(crate) fn date_text(&self) -> String {
        date_of(self.date).map_or_else(|| self.date.to_string(), |date| date.to_string())
    }
}

impl DataFile {
    /// The file of a log's entry.
    ///
    /// # Errors
    /// [`LakeError::Foreign`] where the entry is none of Daybook's.
    pub(super) fn of(root: &Path, view: &LogicalFileView) -> Result<Self, LakeError> {
        let path = view.path().into_owned();
        let foreign = || LakeError::Foreign {
            path: root.to_owned(),
            reason: format!("its file {path} is not in a day of a category"),
        };
        let mut values = view.partition_values_map();
        let [category, date] = PARTITION_COLUMNS.map(|column| values.remove(column).flatten());
        let date = date.and_then(|text| text.parse::<Date>().ok()).map(days).ok_or_else(foreign)?;
        let partition = Partition { category: category.ok_or_else(foreign)?.into(), date };
        let stats: Value = view.stats().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let bounds = |column: &str| Some((stats.get("minValues")?.get(column)?, stats.get("maxValues")?.get(column)?));
        let time = |value: &Value| Some(Timestamp::parse(value.as_str()?).ok()?.microseconds());
        let rows = view.num_records().map(|rows| rows as u64).or_else(|| stats.get("numRecords")?.as_u64());
        Ok(Self {
            partition,
            size_bytes: u64::try_from(view.size()).unwrap_or_default(),
            rows: rows.ok_or_else(foreign)?,
            modified_ms: view.modification_time(),
            positions: bounds("position").and_then(|(min, max)| Some((min.as_i64()?, max.as_i64()?))),
            times: bounds("time").and_then(|(min, max)| Some((time(min)?, time(max)?))),
            names: bounds("name").and_then(|(min, max)| Some((min.as_str()?.to_owned(), max.as_str()?.to_owned()))),
            path,
        })
    }

    /// The entry that adds it. `data_change` is false where its rows were in the table before.
    pub(super) fn add(&self, data_change: bool) -> Add {
        let (mut min, mut max) = (serde_json::Map::new(), serde_json::Map::new());
        let mut bounds = |column: &str, low: Value, high: Value| {
            min.insert(column.to_owned(), low);
            max.insert(column.to_owned(), high);
        };
        if let Some((low, high)) = self.positions {
            bounds("position", low.into(), high.into());
        }
        if let Some((low, high)) = self.times {
            let text = |time: i64| Timestamp::from_microseconds(time).to_string();
            bounds("time", text(low).into(), text(high).into());
        }
        if let Some((low, high)) = &self.names {
            bounds("name", low.as_str().into(), high.as_str().into());
        }
        let stats = json!({"numRecords": self.rows, "minValues": min, "maxValues": max, "nullCount": {}});
        Add {
            path: self.path.clone(),
            partition_values: self.partition_values(),
            size: i64::try_from(self.size_bytes).unwrap_or(i64::MAX),
            modification_time: self.modified_ms,
            data_change,
            stats: Some(stats.to_string()),
            ..Add::default()
        }
    }

    /// The entry that removes it.
    pub(super) fn remove(&self, data_change: bool, now_ms: i64) -> Remove {
        Remove {
            path: self.path.clone(),
            data_change,
            deletion_timestamp: Some(now_ms),
            extended_file_metadata: Some(true),
            partition_values: Some(self.partition_values()),
            size: Some(i64::try_from(self.size_bytes).unwrap_or(i64::MAX)),
            ..Remove::default()
        }
    }

    fn partition_values(&self) -> HashMap<String, Option<String>> {
        let [category, date] = PARTITION_COLUMNS.map(str::to_owned);
        HashMap::from([(category, Some(self.partition.category.to_string())), (date, Some(self.partition.date_text()))])
    }
}

/// The date so many days after 1970-01-01.
pub(crate) fn date_of(days: i32) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// The days from 1970-01-01 to a date.
fn days(date: Date) -> i32 {
    let since = date.since(Date::constant(1970, 1, 1)).map(|span| span.get_days());
    since.unwrap_or_default()
}
