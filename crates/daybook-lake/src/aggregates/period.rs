//! Periods: which there are, and when they begin and end. All days are of UTC.

use daybook_catalog::aggregates::Period;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

/// One period: a day, a week from Monday to Sunday, or a calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// How long it is.
    pub period: Period,
    /// Its first day.
    pub start: Date,
    /// Its last day.
    pub end: Date,
}

impl Span {
    /// The period that a day lies in.
    #[must_use]
    pub fn of(period: Period, day: Date) -> Self {
        let (start, end) = match period {
            Period::Daily => (day, day),
            Period::Weekly => {
                let start = day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
                (start, start.saturating_add(6.days()))
            }
            Period::Monthly => (day.first_of_month(), day.last_of_month()),
        };
        Self { period, start, end }
    }

    /// The period after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self::of(self.period, self.end.saturating_add(1.day()))
    }

    /// The period before this one.
    #[must_use]
    pub fn previous(self) -> Self {
        Self::of(self.period, self.start.saturating_sub(1.day()))
    }

    /// Those that lie, at least in part, between two days, both included; the latest first.
    pub fn between(period: Period, from: Date, to: Date) -> impl Iterator<Item = Self> {
        let mut next = (from <= to).then(|| Self::of(period, to));
        std::iter::from_fn(move || {
            let this = next?;
            // The first day that there is has none before it.
            let before = this.previous();
            next = (before < this && before.end >= from).then_some(before);
            Some(this)
        })
    }
}

/// The day of a time in microseconds since the Unix epoch.
#[must_use]
pub fn date_of(microseconds: i64) -> Date {
    let edge = if microseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Offset::UTC.to_datetime(Timestamp::from_microsecond(microseconds).unwrap_or(edge)).date()
}

/// When a day begins, in microseconds since the Unix epoch.
#[must_use]
pub fn microseconds_of(day: Date) -> i64 {
    let edge = if day.year() < 1970 { i64::MIN } else { i64::MAX };
    Offset::UTC.to_timestamp(day.to_datetime(Time::midnight())).map_or(edge, Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_lies_in_its_periods() {
        let check = |period, of: &str, start: &str, end: &str| {
            let span = Span::of(period, day(of));
            assert_eq!((span.start, span.end), (day(start), day(end)), "{of}");
            assert_eq!((span.next().previous(), span.previous().next()), (span, span));
        };
        check(Period::Daily, "2026-01-14", "2026-01-14", "2026-01-14");
        check(Period::Weekly, "2026-01-14", "2026-01-12", "2026-01-18");
        check(Period::Weekly, "2026-01-12", "2026-01-12", "2026-01-18");
        check(Period::Weekly, "2027-01-03", "2026-12-28", "2027-01-03");
        check(Period::Monthly, "2028-02-14", "2028-02-01", "2028-02-29");
        check(Period::Monthly, "2026-12-31", "2026-12-01", "2026-12-31");
    }

    #[test]
    fn periods_between_days_come_the_latest_first() {
        let check = |period, from: &str, to: &str, expected: &[&str]| {
            let starts: Vec<_> = Span::between(period, day(from), day(to)).map(|span| span.start.to_string()).collect();
            assert_eq!(starts, expected);
        };
        check(Period::Daily, "2026-02-27", "2026-03-01", &["2026-03-01", "2026-02-28", "2026-02-27"]);
        check(Period::Weekly, "2026-01-11", "2026-01-19", &["2026-01-19", "2026-01-12", "2026-01-05"]);
        check(Period::Monthly, "2026-01-31", "2026-02-01", &["2026-02-01", "2026-01-01"]);
        check(Period::Daily, "2026-01-02", "2026-01-01", &[]);
        assert!(Span::between(Period::Weekly, Date::MIN, day("-009999-01-20")).count() <= 4);
    }

    #[test]
    fn days_and_times_agree() {
        for (text, microseconds) in [("1970-01-01", 0), ("2026-01-14", 1_768_348_800_000_000)] {
            assert_eq!((microseconds_of(day(text)), date_of(microseconds)), (microseconds, day(text)));
            assert_eq!(date_of(microseconds - 1), day(text).yesterday().unwrap());
        }
        assert_eq!((date_of(i64::MAX).year(), date_of(i64::MIN).year()), (9999, -9999));
    }
}
