//! Every bound of the tables, with its name. Those of queries and of metrics are with them.

use std::time::Duration;

/// Rows that wait in memory before they are committed.
pub const HOT_ROWS: usize = 200_000;
/// Bytes of rows that wait in memory before they are committed, about.
pub const HOT_BYTES: usize = 64 << 20;
/// How often that may wait while a commit is under way; beyond it whoever delivers waits.
pub const HOT_OVERRUN: usize = 2;
/// How long the oldest row waits in memory.
pub const HOT_AGE: Duration = Duration::from_secs(60);
/// How long commits rest after one failed.
pub const COMMIT_PAUSE: Duration = Duration::from_secs(5);
/// Events taken at once.
pub const BATCH_EVENTS: usize = 10_000;
/// How long is waited for more of them: what is received is visible within a second.
pub const BATCH_DELAY: Duration = Duration::from_millis(100);
/// How long one delivery may take: it may wait for a commit.
pub const DELIVERY_PATIENCE: Duration = Duration::from_secs(300);
/// Batches in memory with fewer rows are put together, so that a query does not read thousands of them.
pub const HOT_BATCH_ROWS: usize = 8_192;

/// Rows of one group of a file. Readers leave out groups, and read several at a time.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;
/// How often a group of rows is read for a value that is not in it, of all such groups: 10 to 20 bits for each distinct value.
pub const FILTER_FALSE_POSITIVES: f64 = 0.01;
/// Bytes of a file that is large enough.
pub const FILE_BYTES_TARGET: u64 = 128 << 20;
/// So many files of a day, of about the same size, are merged.
pub const MERGE_FILES: usize = 8;
/// Most files merged at once: each is open.
pub const MERGE_FILES_MAX: usize = 64;
/// A day to which nothing was added for so long is merged into as few files as possible.
pub const MERGE_AFTER: Duration = Duration::from_secs(3_600);
/// Days merged before something else gets its turn.
pub const MERGES_AT_ONCE: usize = 16;
/// Rows that a merge has in memory from each of its files.
pub const MERGE_BATCH_ROWS: usize = 4_096;
/// How long a file stays that no table names any more: queries may still read it.
pub const VACUUM_AFTER: Duration = Duration::from_secs(3_600);
/// Commits between two checkpoints of a table's log.
pub const CHECKPOINT_COMMITS: u64 = 50;
/// How long a query is waited for that still reads what is dropped. The privacy of months waits for no query longer.
pub const DROP_PATIENCE: Duration = Duration::from_secs(10);
