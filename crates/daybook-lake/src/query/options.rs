//! What a query may use.

use std::path::PathBuf;
use std::time::Duration;

/// What queries may use, together and each.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The directory of the lake. Its path is never shown to whoever asks.
    pub directory: PathBuf,
    /// Where operators put what does not fit in memory. It is made, and emptied of what an earlier process left.
    pub spill_directory: PathBuf,
    /// Most bytes that all queries may put there together.
    pub spill_bytes: u64,
    /// Memory of all queries together, in bytes.
    pub memory_bytes: usize,
    /// Time a query may take unless it asks for another.
    pub time_limit: Duration,
    /// Longest time that a query may ask for.
    pub time_limit_max: Duration,
    /// Queries that may run at once; others wait a moment, and are refused.
    pub queries_at_once: usize,
    /// Rows of a JSON answer unless the question says otherwise.
    pub json_rows: usize,
    /// Most rows of any answer.
    pub rows_max: usize,
    /// Most bytes of any answer, as it is sent.
    pub bytes_max: usize,
    /// Threads that plan and compute.
    pub threads: usize,
}

impl EngineOptions {
    /// The defaults, for a lake in this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        Self {
            spill_directory: directory.join(".spill"),
            directory,
            spill_bytes: 4 << 30,
            memory_bytes: 512 << 20,
            time_limit: Duration::from_secs(30),
            time_limit_max: Duration::from_mins(5),
            queries_at_once: 4,
            json_rows: 10_000,
            rows_max: 10_000_000,
            bytes_max: 1 << 30,
            threads: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}
