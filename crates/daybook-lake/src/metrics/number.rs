//! Numbers of answers.

use serde::{Serialize, Serializer};

/// A number of an answer. Whole ones are written without a fraction.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Up to here every whole number is exact.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// A part of a whole; nothing of nothing is 0.
pub(super) fn rate(part: u64, whole: u64) -> Number {
    Number(if whole == 0 { 0.0 } else { part as f64 / whole as f64 })
}

/// The middle of some lengths of time in microseconds, in seconds; of two in the middle, what lies between them.
pub(super) fn median_seconds(times: &mut [i64]) -> Option<Number> {
    let middle = times.len() / 2;
    if times.is_empty() {
        return None;
    }
    let even = times.len().is_multiple_of(2);
    let (below, upper, _) = times.select_nth_unstable(middle);
    let upper = *upper as f64;
    let lower = if even { below.iter().max().map_or(upper, |lower| *lower as f64) } else { upper };
    Some(Number((lower + upper) / 2.0 / 1e6))
}
