//! What questions about the past may take.

use std::path::Path;
use std::time::Duration;

use daybook_lake::query::EngineOptions;
use serde::Deserialize;

use super::duration;
use crate::consumers::lake::LAKE;

/// Name of the directory in the data directory for what does not fit in the memory of queries. Not among the lakes: those may be deleted
/// while the server runs.
const SPILL_DIRECTORY: &str = "spill";

/// What queries may take, each and together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Queries {
    /// Memory that all of them may take together, in bytes. Default 512 MiB.
    pub memory_bytes: usize,
    /// Space on disk that they may take together for what does not fit in memory, in bytes. Default 4 GiB.
    pub spill_bytes: u64,
    /// Queries that may run at once. Default 4.
    pub at_once: usize,
    /// Time a query may take that does not say. Default `30s`.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Longest time that a query may ask for. Default `5m`.
    #[serde(deserialize_with = "duration")]
    pub timeout_max: Duration,
}

impl Default for Queries {
    fn default() -> Self {
        let options = EngineOptions::new("");
        Self {
            memory_bytes: options.memory_bytes,
            spill_bytes: options.spill_bytes,
            at_once: options.queries_at_once,
            timeout: options.time_limit,
            timeout_max: options.time_limit_max,
        }
    }
}

impl Queries {
    /// The options of the engine for lakes in this data directory.
    #[must_use]
    pub fn options(&self, data: &Path) -> EngineOptions {
        EngineOptions {
            spill_directory: data.join(SPILL_DIRECTORY),
            memory_bytes: self.memory_bytes,
            spill_bytes: self.spill_bytes,
            queries_at_once: self.at_once,
            time_limit: self.timeout,
            time_limit_max: self.timeout_max,
            ..EngineOptions::new(data.join(LAKE))
        }
    }
}
