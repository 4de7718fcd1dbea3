//! What bounds a query, whatever the configuration says.

use std::time::Duration;

/// Longest text of a query, in bytes.
pub const SQL_BYTES_MAX: usize = 64 * 1024;
/// Most words and signs of a query. The planner goes as deep as a chain of operators is long.
pub const SQL_TOKENS_MAX: usize = 16_384;
/// Deepest nesting of a query.
pub const SQL_NESTING_MAX: usize = 50;
/// Most bytes that one call of a function may make of one batch of rows.
pub const GROWTH_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Rows that operators hand on at once.
pub const BATCH_ROWS: usize = 8_192;
/// An answer goes out in pieces of about so many bytes. What fails before the first is a clean error.
pub const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that may wait for whoever reads the answer.
pub const PIECES_WAITING: usize = 2;
/// How long a piece may wait for whoever reads the answer, before the query is given up.
pub const STALL_MAX: Duration = Duration::from_secs(30);
/// How long a query may wait for others to end.
pub const QUEUE_MAX: Duration = Duration::from_secs(2);
/// How much longer than its time a query is waited for that does not notice that it is over.
pub const GRACE: Duration = Duration::from_secs(2);
/// Stack of a thread that plans and computes, in bytes. Only what is used of it takes memory.
pub const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of a Parquet row group that are held before it is written.
pub const ROW_GROUP_BYTES: usize = 8 * 1024 * 1024;
/// Rows of a Parquet row group.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

const _: () = assert!(STALL_MAX.as_secs() > GRACE.as_secs());
