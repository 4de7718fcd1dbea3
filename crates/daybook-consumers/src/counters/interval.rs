//! The lengths of time that are counted in.

use std::time::Duration;

use daybook_event::Timestamp;

/// A length of time that events are counted in. Buckets begin at whole multiples of it in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Interval {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The interval of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == text)
    }

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        })
    }

    /// How long its buckets are kept after they began: minutes for a day, hours for 35 days, days for 400.
    #[must_use]
    pub const fn kept(self) -> Duration {
        const DAY: u64 = 24 * 60 * 60;
        Duration::from_secs(match self {
            Self::Minute => DAY,
            Self::Hour => 35 * DAY,
            Self::Day => 400 * DAY,
        })
    }

    /// The number of the bucket that a time lies in.
    #[must_use]
    pub const fn bucket(self, time: Timestamp) -> i64 {
        time.microseconds().div_euclid(self.length_us())
    }

    /// When a bucket begins.
    #[must_use]
    pub fn start(self, bucket: i64) -> Timestamp {
        Timestamp::from_microseconds(bucket.saturating_mul(self.length_us()))
    }

    /// The oldest bucket that is still kept at this time.
    #[must_use]
    pub const fn oldest(self, now: Timestamp) -> i64 {
        self.bucket(now) - (self.kept().as_secs() / self.length().as_secs()) as i64
    }

    const fn length_us(self) -> i64 {
        self.length().as_secs() as i64 * 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_begin_on_the_whole() {
        let check = |interval: Interval, time: &str, start: &str| {
            let time = Timestamp::parse(time).unwrap();
            assert_eq!(interval.start(interval.bucket(time)).to_string(), start);
            assert_eq!(Interval::parse(interval.as_str()), Some(interval));
        };
        check(Interval::Minute, "2026-01-14T15:04:59.999999Z", "2026-01-14T15:04:00.000Z");
        check(Interval::Hour, "2026-01-14T15:00:00Z", "2026-01-14T15:00:00.000Z");
        check(Interval::Day, "2026-01-14T23:59:59Z", "2026-01-14T00:00:00.000Z");
        // Before the epoch, too, a bucket begins before what is in it.
        check(Interval::Day, "1969-12-31T23:59:59Z", "1969-12-31T00:00:00.000Z");
        assert_eq!(Interval::parse("week"), None);
    }
}
