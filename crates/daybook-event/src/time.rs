//! Points in time, in microseconds.

use std::fmt;

use serde::{Serialize, Serializer};

/// A point in time: microseconds since 1970-01-01T00:00:00Z, between the years -9999 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text is not a date and time of RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 date and time with a zone, such as 2026-01-14T15:00:00.000Z")]
pub struct NotATime;

impl Timestamp {
    /// The time `microseconds` after the Unix epoch, clamped to the years that can be written.
    #[must_use]
    pub fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds.clamp(jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond()))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 date and time; it must carry `Z` or an offset. Digits below a microsecond are cut.
    ///
    /// # Errors
    /// [`NotATime`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        // jiff's own parser also takes RFC 9557 and other ISO 8601 spellings; what is stored must be a plain instant.
        let bytes = text.as_bytes();
        if bytes.len() < 20 || bytes[4] != b'-' || bytes[7] != b'-' || !matches!(bytes[10], b'T' | b't' | b' ') {
            return Err(NotATime);
        }
        text.parse::<jiff::Timestamp>().map(|time| Self(time.as_microsecond())).map_err(|_| NotATime)
    }

    /// Appends the time as RFC 3339 in UTC, with three digits of the second, or six where it has them.
    pub fn write(self, out: &mut Vec<u8>) {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        let civil = jiff::tz::Offset::UTC.to_datetime(time);
        if !(0..=9999).contains(&civil.year()) {
            out.extend_from_slice(time.to_string().as_bytes());
            return;
        }
        let mut pad = |number: u32, width: u32| {
            for place in (0..width).rev() {
                out.push(b'0' + (number / 10u32.pow(place) % 10) as u8);
            }
        };
        pad(civil.year().unsigned_abs().into(), 4);
        let mut rest = |separator: u8, number: u32, width: u32| {
            out.push(separator);
            for place in (0..width).rev() {
                out.push(b'0' + (number / 10u32.pow(place) % 10) as u8);
            }
        };
        let small = |number: i8| u32::from(number.unsigned_abs());
        rest(b'-', small(civil.month()), 2);
        rest(b'-', small(civil.day()), 2);
        rest(b'T', small(civil.hour()), 2);
        rest(b':', small(civil.minute()), 2);
        rest(b':', small(civil.second()), 2);
        let microseconds = civil.subsec_nanosecond().unsigned_abs() / 1_000;
        if microseconds.is_multiple_of(1_000) {
            rest(b'.', microseconds / 1_000, 3);
        } else {
            rest(b'.', microseconds, 6);
        }
        out.push(b'Z');
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(27);
        self.write(&mut out);
        formatter.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Timestamp::parse(text).map(|time| time.to_string()), Ok(expected.to_owned()), "{text}");
        };
        check("2026-01-14T15:00:00Z", "2026-01-14T15:00:00.000Z");
        check("2026-01-14T15:00:00.120Z", "2026-01-14T15:00:00.120Z");
        check("2026-01-14T15:00:00.1234567+01:00", "2026-01-14T14:00:00.123456Z");
        check("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z");
        check("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z");
        for text in ["", "now", "2026-01-14", "2026-01-14T15:00:00", "2026-13-14T15:00:00Z", "20260114T150000Z", "12"] {
            assert_eq!(Timestamp::parse(text), Err(NotATime), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(microseconds in -62_000_000_000_000_000i64..253_000_000_000_000_000) {
            let time = Timestamp::from_microseconds(microseconds);
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = Timestamp::parse(&text);
        }
    }
}
