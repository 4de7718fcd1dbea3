//! How many of the people of a month are active on a day.

use datafusion::prelude::SessionContext;
use daybook_event::Timestamp;
use serde::{Deserialize, Serialize};

use super::activity::{Activity, Gathered};
use super::error::{Findings, MetricError};
use super::limits::PERIODS_MAX;
use super::names::Names;
use super::number::Number;
use super::span::{self, DAY, Interval, Period, Span};
use super::{Definitions, run};

/// Days of the month that ends with a day or a week.
const MONTH_DAYS: i64 = 30;

/// Daily over monthly active people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stickiness {
    /// Periods from the one that this time lies in.
    #[serde(deserialize_with = "span::read_time")]
    pub from: Timestamp,
    /// Periods that begin before this time.
    #[serde(deserialize_with = "span::read_time")]
    pub to: Timestamp,
    /// What there is a row for.
    #[serde(default)]
    pub period: Period,
    /// The events that count as active, instead of the catalog's.
    #[serde(default)]
    pub events: Option<Names>,
}

/// The people of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StickinessRow {
    /// When the period begins.
    pub period_start: Timestamp,
    /// People who were active on a day of the period, on average over its days.
    pub daily_active: Number,
    /// People who were active in the month: of a day or a week, the 30 days that end with it; of a month, itself.
    pub monthly_active: u64,
    /// The one over the other.
    pub rate: Number,
}

/// A period, as numbers of days.
struct Window {
    /// Its first day.
    start: usize,
    /// The day after its last.
    end: usize,
    /// The first day of what is its month.
    month: usize,
}

/// Answers how many of the people of a month are active on a day. Periods count whole.
///
/// # Errors
/// [`MetricError`]
pub async fn stickiness(
    session: &SessionContext,
    definitions: &Definitions,
    question: &Stickiness,
) -> Result<Vec<StickinessRow>, MetricError> {
    let mut findings = Findings::default();
    let span = Span::of(question.from, question.to, &mut findings);
    let starts = Interval::from(question.period).edges(span, PERIODS_MAX).unwrap_or_default();
    let (first, end) = (starts.first().copied().unwrap_or(0), starts.last().copied().unwrap_or(i64::MAX));
    if starts.is_empty() || (end - first) / DAY > PERIODS_MAX as i64 {
        findings.add("to", format!("there are more than {PERIODS_MAX} days between `from` and `to`"));
    }
    if let Some(events) = &question.events {
        events.check("events", &mut findings);
    }
    findings.check()?;

    let first_day = first - (MONTH_DAYS - 1) * DAY;
    let days = ((end - first_day) / DAY) as usize;
    let windows = windows(&starts, first_day, question.period);
    let (period_of, monthly_of) = by_day(&windows, days);
    let activity = Activity {
        filter: run::active(definitions, question.events.as_ref()).and(span::from(first_day)).and(span::before(end)),
        by: None,
        sets: vec![Gathered::all((0..=days as i64).map(|day| first_day + day * DAY).collect())],
    };
    let mut daily = vec![0u64; windows.len()];
    // How many more people each window has than the one before it.
    let mut more = vec![0i64; windows.len() + 1];
    activity
        .each(session, None, |person| {
            // The first window that this person is not yet counted in.
            let mut next = 0;
            for day in person.set(0).iter() {
                if let Some(daily) = period_of.get(day).copied().flatten().and_then(|period| daily.get_mut(period)) {
                    *daily += 1;
                }
                let Some((from, to)) = monthly_of.get(day).copied() else { continue };
                let from = from.max(next);
                if from < to {
                    if let Some(more) = more.get_mut(from) {
                        *more += 1;
                    }
                    if let Some(more) = more.get_mut(to) {
                        *more -= 1;
                    }
                    next = to;
                }
            }
        })
        .await?;
    let mut monthly_active = 0i64;
    let rows = starts.iter().zip(&windows).zip(daily.iter().zip(&more)).map(|((start, window), (daily, more))| {
        monthly_active += more;
        let daily_active = *daily as f64 / (window.end - window.start) as f64;
        StickinessRow {
            period_start: Timestamp::from_microseconds(*start),
            daily_active: Number(daily_active),
            monthly_active: monthly_active.unsigned_abs(),
            rate: Number(if monthly_active == 0 { 0.0 } else { daily_active / monthly_active as f64 }),
        }
    });
    Ok(rows.collect())
}

/// The periods that begin at these times, with days counted from `first_day`.
fn windows(starts: &[i64], first_day: i64, period: Period) -> Vec<Window> {
    let day = |time: &i64| ((time - first_day) / DAY) as usize;
    let windows = starts.iter().zip(starts.iter().skip(1)).map(|(start, end)| {
        let (start, end) = (day(start), day(end));
        let month = if period == Period::Month { start } else { end - MONTH_DAYS as usize };
        Window { start, end, month }
    });
    windows.collect()
}

/// For each day, the period that it lies in, and from which to before which window it is of the month.
fn by_day(windows: &[Window], days: usize) -> (Vec<Option<usize>>, Vec<(usize, usize)>) {
    let in_period = |day: usize| windows.iter().position(|window| (window.start..window.end).contains(&day));
    let in_months = |day: usize| {
        let from = windows.partition_point(|window| window.end <= day);
        (from, windows.partition_point(|window| window.month <= day).max(from))
    };
    ((0..days).map(in_period).collect(), (0..days).map(in_months).collect())
}
