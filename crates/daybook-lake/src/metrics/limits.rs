//! How much a question may ask.

use std::time::Duration;

/// Periods that an answer about people may have.
pub const PERIODS_MAX: usize = 1_000;
/// Intervals that a trend may have: a day has 1,440 minutes.
pub const INTERVALS_MAX: usize = 1_500;
/// Values that an answer may be divided by.
pub const GROUPS_MAX: usize = 1_000;
/// Rows of an answer.
pub const ROWS_MAX: usize = 100_000;
/// Steps of a funnel. Each is a bit of a number.
pub const STEPS_MAX: usize = 20;
/// How long a funnel may take.
pub const WITHIN_MAX: Duration = Duration::from_secs(3_660 * 86_400);
/// Names and patterns of event types in one parameter.
pub const NAMES_MAX: usize = 100;
/// Letters of a name, a pattern or a text in a condition, in bytes.
pub const TEXT_BYTES_MAX: usize = 1_000;
/// Fields that a `where` may name.
pub const CONDITIONS_MAX: usize = 20;
/// Names between the points of a path into a field.
pub const CONDITION_DEPTH_MAX: usize = 8;
/// Values that a field may be one of.
pub const CONDITION_VALUES_MAX: usize = 100;
/// The first and the last year that may be asked about. Beyond them lie the ends of what a time can be.
pub const YEARS: (i16, i16) = (1, 9_000);

const _: () = assert!(STEPS_MAX <= 32);
