//! What the counters of one app may take.

use daybook_event::limits::{IDENTIFIER_BYTES_MAX, NAME_BYTES_MAX, TAG_BYTES_MAX};

/// Event types that are told apart in one bucket; further ones are counted as `other`.
pub const EVENTS_MAX: usize = 2_000;
/// Groups that are told apart for one event type in one bucket; further ones are counted as `other`.
pub const GROUPS_MAX: usize = 5_000;
/// Values of one dimension that are told apart for one event type in one bucket; further ones are counted as `other`.
pub const VALUES_MAX: usize = 500;
/// Longest name of a series (an event type, a group, a value), in bytes; longer ones are counted as `other`.
pub const NAME_BYTES: usize = 256;
/// Different names that are known at once.
pub const NAMES_MAX: usize = 200_000;
/// Memory for the counts of one app, in bytes, as far as it can be told. Beyond it the oldest buckets go before their time.
pub const MEMORY_BYTES_DEFAULT: usize = 256 * 1024 * 1024;

/// Series in one answer.
pub const SERIES_MAX: usize = 1_000;
/// Series in one answer when the caller does not say.
pub const SERIES_DEFAULT: usize = 100;
/// Rows in one answer.
pub const ROWS_MAX: usize = 50_000;
/// Rows in one message of changes; what is beyond comes with the next.
pub const CHANGES_MAX: usize = 5_000;
/// Events that are handed over and counted at a stretch, while nobody can read.
pub const STRETCH_EVENTS: usize = 1_000;

const _: () = assert!(SERIES_DEFAULT <= SERIES_MAX);
const _: () = assert!(SERIES_MAX <= ROWS_MAX);
const _: () =
    assert!(NAME_BYTES_MAX <= NAME_BYTES && IDENTIFIER_BYTES_MAX <= NAME_BYTES && TAG_BYTES_MAX <= NAME_BYTES);
const _: () = assert!(STRETCH_EVENTS <= crate::limits::BATCH_EVENTS_MAX);
const _: () = assert!(EVENTS_MAX + GROUPS_MAX + VALUES_MAX < NAMES_MAX);

/// The limits of one app's counters that a server may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Event types in one bucket.
    pub events: usize,
    /// Groups of one event type in one bucket.
    pub groups: usize,
    /// Values of one dimension of one event type in one bucket.
    pub values: usize,
    /// Different names.
    pub names: usize,
    /// Memory in bytes.
    pub memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events: EVENTS_MAX,
            groups: GROUPS_MAX,
            values: VALUES_MAX,
            names: NAMES_MAX,
            memory_bytes: MEMORY_BYTES_DEFAULT,
        }
    }
}
