//! The time that a question is about, and the periods in it.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, ident, lit};
use daybook_event::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize};

use super::error::Findings;
use super::limits::YEARS;

pub(super) const DAY: i64 = 86_400_000_000;

/// A length of time in which people are counted. Days begin at midnight UTC, weeks on Monday (ISO 8601), months on their first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A day.
    #[default]
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
}

/// A length of time in which events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    #[default]
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
}

impl From<Period> for Interval {
    fn from(period: Period) -> Self {
        match period {
            Period::Day => Self::Day,
            Period::Week => Self::Week,
            Period::Month => Self::Month,
        }
    }
}

impl Interval {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// When the one begins that a time lies in, in microseconds.
    pub(super) fn start_of(self, time: i64) -> i64 {
        match self {
            // Day 0 of the epoch was a Thursday.
            Self::Week => time - (time + 3 * DAY).rem_euclid(7 * DAY),
            Self::Month => start_of(civil(time).first_of_month()),
            Self::Minute | Self::Hour | Self::Day => time - time.rem_euclid(self.length()),
        }
    }

    /// When the one begins that is `count` later (earlier, if negative) than the one that begins at `start`.
    pub(super) fn shift(self, start: i64, count: i64) -> i64 {
        if self != Self::Month {
            return start + count * self.length();
        }
        let date = civil(start);
        let months = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 + count;
        let year = i16::try_from(months.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(months.rem_euclid(12) + 1).unwrap_or(1);
        start_of(Date::new(year, month, 1).unwrap_or(Date::MAX))
    }

    /// When each begins that has a part in the span, and when the last ends. None if they are more than `max`.
    pub(super) fn edges(self, span: Span, max: usize) -> Option<Vec<i64>> {
        let mut edges = vec![self.start_of(span.from)];
        while let Some(last) = edges.last().copied().filter(|last| *last < span.to) {
            if edges.len() > max {
                return None;
            }
            edges.push(self.shift(last, 1));
        }
        Some(edges)
    }

    /// In microseconds; a month has none.
    const fn length(self) -> i64 {
        match self {
            Self::Minute => DAY / 1_440,
            Self::Hour => DAY / 24,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 0,
        }
    }
}

fn civil(time: i64) -> Date {
    Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(time).unwrap_or_default()).date()
}

fn start_of(date: Date) -> i64 {
    Offset::UTC.to_timestamp(date.to_datetime(Time::midnight())).unwrap_or(jiff::Timestamp::MAX).as_microsecond()
}

/// From a time to before another, in microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Span {
    /// The span of a question's `from` and `to`. If they are wrong it is found, and some span is given.
    pub(super) fn of(from: Timestamp, to: Timestamp, findings: &mut Findings) -> Self {
        for (parameter, time) in [("from", from), ("to", to)] {
            if !(YEARS.0..=YEARS.1).contains(&civil(time.microseconds()).year()) {
                findings.add(parameter, format!("must lie between the years {} and {}", YEARS.0, YEARS.1));
                return Self { from: 0, to: DAY };
            }
        }
        if from >= to {
            findings.add("to", format!("must be after `from`, which is {from}: `to` itself is not counted"));
            return Self { from: 0, to: DAY };
        }
        Self { from: from.microseconds(), to: to.microseconds() }
    }

    /// Events in it.
    pub(super) fn filter(self) -> Expr {
        from(self.from).and(before(self.to))
    }
}

/// Events at this time or later. Says so of the date too, by which the table is partitioned.
pub(super) fn from(time: i64) -> Expr {
    ident("time").gt_eq(time_literal(time)).and(ident("date").gt_eq(date_literal(time)))
}

/// Events before this time, likewise.
pub(super) fn before(time: i64) -> Expr {
    ident("time").lt(time_literal(time)).and(ident("date").lt_eq(date_literal(time.saturating_sub(1))))
}

pub(super) fn time_literal(time: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(time), Some("UTC".into())))
}

fn date_literal(time: i64) -> Expr {
    lit(ScalarValue::Date32(i32::try_from(time.div_euclid(DAY)).ok()))
}

/// Reads a point in time: a date, which is its midnight in UTC, or a date and time of RFC 3339.
///
/// # Errors
/// When the text is neither.
pub(super) fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_time(&text).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "`{}` is neither a date, such as 2026-03-01, nor a date and time with a zone, such as 2026-03-01T12:00:00Z",
            text.escape_debug()
        ))
    })
}

fn parse_time(text: &str) -> Option<Timestamp> {
    // jiff reads other spellings of dates too.
    if text.len() == 10 && text.as_bytes().get(4) == Some(&b'-') {
        return text.parse::<Date>().ok().map(|date| Timestamp::from_microseconds(start_of(date)));
    }
    Timestamp::parse(text).ok()
}
