//! When aggregates are computed.

use std::time::Duration;

use serde::Deserialize;

use super::duration;

/// When aggregates are computed. What they are, the catalogs say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Aggregates {
    /// Whether they are computed by themselves; by command they are in any case. Default true.
    pub enabled: bool,
    /// How often it is looked whether something is to be computed. Default `1m`.
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
    /// How long after a period was computed it is computed again where events of it came late. Default `10m`.
    #[serde(deserialize_with = "duration")]
    pub late_after: Duration,
}

impl Default for Aggregates {
    fn default() -> Self {
        Self { enabled: true, every: Duration::from_secs(60), late_after: Duration::from_secs(600) }
    }
}
