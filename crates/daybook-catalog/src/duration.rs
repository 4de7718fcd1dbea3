//! Durations as catalogs write them: `30d`, `12h`, `2y`.

use std::time::Duration;

use crate::limits::DURATION_SECONDS_MAX;

/// Units with their milliseconds, largest first; a year is 365 days.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a whole number and one of ms, s, m, h, d, w, y, such as 30d; at most 200y")]
pub struct NotADuration;

/// Reads a duration.
///
/// # Errors
/// [`NotADuration`] when the text is anything else.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).ok_or(NotADuration)?);
    let (_, size) = UNITS.iter().find(|(known, _)| *known == unit).ok_or(NotADuration)?;
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*size))
        .filter(|milliseconds| *milliseconds <= DURATION_SECONDS_MAX * 1_000)
        .map(Duration::from_millis)
        .ok_or(NotADuration)
}

/// Writes a duration in the largest unit that divides it; parts of a millisecond are left out.
#[must_use]
pub fn format(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    UNITS
        .iter()
        .map(|(unit, size)| (unit, u128::from(*size)))
        // Weeks are read, but people say 14 days.
        .find(|(unit, size)| **unit != "w" && milliseconds >= *size && milliseconds.is_multiple_of(*size))
        .map_or_else(|| "0s".to_owned(), |(unit, size)| format!("{}{unit}", milliseconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        let check = |text: &str, seconds: u64, written: &str| {
            let duration = parse(text).unwrap();
            assert_eq!((duration, format(duration).as_str()), (Duration::from_secs(seconds), written), "{text}");
        };
        check("30d", 30 * 86_400, "30d");
        check("12h", 43_200, "12h");
        check("2y", 730 * 86_400, "2y");
        check("2w", 14 * 86_400, "14d");
        check("90s", 90, "90s");
        check("120s", 120, "2m");
        check("0s", 0, "0s");
        check("200y", DURATION_SECONDS_MAX, "200y");
        check("5000ms", 5, "5s");
        assert_eq!(
            parse("250ms").map(|duration| (duration.as_millis(), format(duration))),
            Ok((250, "250ms".to_owned()))
        );
        for text in [
            "",
            "d",
            "ms",
            "1sm",
            "1é",
            "30",
            "-1d",
            "+1d",
            "1.5h",
            "1d12h",
            "30 d",
            "201y",
            "99999999999999999999s",
            "١d",
        ] {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
    }
}
