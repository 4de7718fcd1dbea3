//! One row of an aggregate as the log holds it, and as the state database does.

use daybook_event::{Position, Timestamp};
use daybook_lake::aggregates::canonical;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::state::aggregates::Model;

/// The data of an event `aggregate.computed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Computed {
    /// The app whose events it was computed of.
    pub app: String,
    /// The aggregate.
    pub aggregate_type: String,
    /// `daily`, `weekly` or `monthly`.
    pub period_type: String,
    /// The first day of the period.
    pub period_start: String,
    /// The last day of the period.
    pub period_end: String,
    /// What the numbers are of.
    pub dimensions: Map<String, Value>,
    /// The numbers; none where the row is no longer there.
    pub metrics: Map<String, Value>,
    /// When.
    #[serde(default)]
    pub computed_at: Option<String>,
    /// The category it was computed from.
    #[serde(default)]
    pub category: Option<String>,
}

impl Computed {
    /// Whether it says that the row is no longer there.
    pub fn is_gone(&self) -> bool {
        self.metrics.is_empty()
    }

    /// As the state database holds it, when the log has it at this position.
    pub fn into_model(self, position: Position) -> Model {
        let computed = self.computed_at.as_deref().and_then(|text| Timestamp::parse(text).ok());
        let dimensions = canonical(&self.dimensions);
        Model {
            app: self.app,
            aggregate_type: self.aggregate_type,
            period_start: self.period_start,
            dimensions_hash: hash(&dimensions),
            period_type: self.period_type,
            period_end: self.period_end,
            dimensions,
            metrics: canonical(&self.metrics),
            computed_us: computed.map_or(0, Timestamp::microseconds),
            category: self.category.unwrap_or_default(),
            position: i64::try_from(position).unwrap_or(i64::MAX),
        }
    }
}

/// Of dimensions in their one text: a key of bounded length.
pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
