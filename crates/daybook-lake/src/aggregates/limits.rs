//! What bounds the computing of aggregates.

use std::time::Duration;

/// Rows of one aggregate in one period.
pub const ROWS_MAX: usize = 10_000;
/// How long one period may take; the engine may allow less.
pub const TIME: Duration = Duration::from_mins(2);
