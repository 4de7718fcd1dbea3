//! What is measured of lakes.

use daybook_lake::lake::Health;
use prometheus::{IntGaugeVec, Opts};

use super::{Maker, whole};

/// How the lake of an app is, at the moment of asking.
#[derive(Debug, Clone)]
pub struct LakeGauge {
    /// The app.
    pub app: String,
    /// Its tables.
    pub health: Health,
    /// Positions of the log that questions do not see yet.
    pub lag: u64,
}

/// A series of each lake: its name, what it is, and where it is read.
type Family = (&'static str, &'static str, fn(&LakeGauge) -> u64);

const FAMILIES: [Family; 8] = [
    ("daybook_lake_rows_waiting", "Rows in memory that are not in the tables yet.", |lake| lake.health.hot_rows as u64),
    ("daybook_lake_bytes_waiting", "Bytes that they take there, about.", |lake| lake.health.hot_bytes as u64),
    ("daybook_lake_rows", "Rows in the tables.", |lake| lake.health.rows),
    ("daybook_lake_files", "Files of the tables.", |lake| lake.health.files as u64),
    ("daybook_lake_bytes", "Bytes of the files.", |lake| lake.health.file_bytes),
    ("daybook_lake_as_of", "Position of the app's last event that questions see.", |lake| lake.health.as_of),
    ("daybook_lake_committed", "Position of the app's last event that is in the tables.", |lake| lake.health.committed),
    ("daybook_lake_lag", "Positions of the log that questions do not see yet.", |lake| lake.lag),
];

/// The series of all lakes.
#[derive(Debug)]
pub(super) struct LakeGauges(Vec<IntGaugeVec>);

impl LakeGauges {
    pub(super) fn new(made: &Maker<'_>) -> prometheus::Result<Self> {
        let vector = |(name, help, _): Family| made.registered(IntGaugeVec::new(Opts::new(name, help), &["app"])?);
        FAMILIES.into_iter().map(vector).collect::<prometheus::Result<_>>().map(Self)
    }

    /// Sets them to what is so now. Of a lake that is turned off there are none.
    pub(super) fn set(&self, lakes: &[LakeGauge]) {
        for ((_, _, read), vector) in FAMILIES.iter().zip(&self.0) {
            vector.reset();
            for lake in lakes {
                vector.with_label_values(&[&lake.app]).set(whole(read(lake)));
            }
        }
    }
}
