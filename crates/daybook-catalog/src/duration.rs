//! Durations as catalogs write them: `30d`, `12h`, `2y`.

use std::time::Duration;

use crate::limits::DURATION_SECONDS_MAX;

/// Units, largest first; a year is 365 days.
const UNITS: [(&str, u64); 6] =
    [("y", 365 * 86_400), ("w", 7 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// The text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a whole number and one of s, m, h, d, w, y, such as 30d; at most 200y")]
pub struct NotADuration;

/// Reads a duration.
///
/// # Errors
/// [`NotADuration`] when the text is anything else.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let (number, factor) =
        UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds))).ok_or(NotADuration)?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotADuration);
    }
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|seconds| *seconds <= DURATION_SECONDS_MAX)
        .map(Duration::from_secs)
        .ok_or(NotADuration)
}

/// Writes a duration in the largest unit that divides it; parts of a second are left out.
#[must_use]
pub fn format(duration: Duration) -> String {
    let seconds = duration.as_secs();
    UNITS
        .iter()
        // Weeks are read, but people say 14 days.
        .find(|(unit, size)| *unit != "w" && seconds >= *size && seconds.is_multiple_of(*size))
        .map_or_else(|| "0s".to_owned(), |(unit, size)| format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        let check = |text: &str, seconds: u64, written: &str| {
            let duration = parse(text).unwrap();
            assert_eq!((duration.as_secs(), format(duration).as_str()), (seconds, written), "{text}");
        };
        check("30d", 30 * 86_400, "30d");
        check("12h", 43_200, "12h");
        check("2y", 730 * 86_400, "2y");
        check("2w", 14 * 86_400, "14d");
        check("90s", 90, "90s");
        check("120s", 120, "2m");
        check("0s", 0, "0s");
        check("200y", DURATION_SECONDS_MAX, "200y");
        for text in ["", "d", "30", "-1d", "+1d", "1.5h", "1d12h", "30 d", "201y", "99999999999999999999s", "١d"] {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
    }
}
