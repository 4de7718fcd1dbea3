//! How many of the people who began in a period come back in later ones.

use datafusion::logical_expr::{Expr, ident};
use datafusion::prelude::SessionContext;
use daybook_event::Timestamp;
use serde::{Deserialize, Serialize};

use super::activity::{Activity, Gathered};
use super::error::{Findings, MetricError};
use super::limits::{PERIODS_MAX, ROWS_MAX};
use super::names::Names;
use super::number::{Number, rate};
use super::period_of::Edges;
use super::span::{self, Interval, Period, Span};
use super::{Definitions, run};

/// How many people come back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Cohorts from the period that this time lies in.
    #[serde(deserialize_with = "span::read_time")]
    pub from: Timestamp,
    /// Cohorts of periods that begin before this time. Whether people come back is looked for after it too.
    #[serde(deserialize_with = "span::read_time")]
    pub to: Timestamp,
    /// The event that people begin with, the first time in all that is kept. `first_seen`, and nothing, is any active event.
    #[serde(default)]
    pub start: Option<Names>,
    /// The event by which people are seen to have come back. `any`, and nothing, is any active event.
    #[serde(default, rename = "return")]
    pub returning: Option<Names>,
    /// The periods that people begin and come back in.
    #[serde(default)]
    pub period: Period,
    /// How many periods to look at after that of the cohort. Unless given 30 days, 12 weeks or 12 months.
    #[serde(default)]
    pub periods: Option<usize>,
    /// The events that count as active, instead of the catalog's.
    #[serde(default)]
    pub events: Option<Names>,
}

/// A cohort in a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionRow {
    /// When the period begins that the cohort began in.
    pub cohort_start: Timestamp,
    /// People of the cohort.
    pub cohort_size: u64,
    /// So many periods later; 0 is the cohort's own.
    pub period: usize,
    /// People of the cohort who came back in that period.
    pub retained: u64,
    /// Their share.
    pub rate: Number,
}

/// Answers how many people come back. There is a row for each cohort and each period, also for periods that are not over yet.
///
/// # Errors
/// [`MetricError`]
pub async fn retention(
    session: &SessionContext,
    definitions: &Definitions,
    question: &Retention,
) -> Result<Vec<RetentionRow>, MetricError> {
    let mut findings = Findings::default();
    let span = Span::of(question.from, question.to, &mut findings);
    let periods = question.periods.unwrap_or(if question.period == Period::Day { 30 } else { 12 });
    let interval = Interval::from(question.period);
    let mut starts = interval.edges(span, PERIODS_MAX).unwrap_or_default();
    let cohorts = starts.len().saturating_sub(1);
    if cohorts == 0 {
        findings.add("period", format!("there are more than {PERIODS_MAX} between `from` and `to`"));
    } else if periods > PERIODS_MAX - cohorts {
        findings.add("periods", format!("{periods} after {cohorts} cohorts are more than {PERIODS_MAX} periods"));
    } else if cohorts * (periods + 1) > ROWS_MAX {
        findings.add("periods", format!("{periods} of {cohorts} cohorts are more than {ROWS_MAX} rows"));
    }
    for (parameter, names) in
        [("start", &question.start), ("return", &question.returning), ("events", &question.events)]
    {
        if let Some(names) = names {
            names.check(parameter, &mut findings);
        }
    }
    findings.check()?;

    let end_of_cohorts = starts.last().copied().unwrap_or(span.to);
    while starts.len() <= cohorts + periods {
        starts.push(interval.shift(starts.last().copied().unwrap_or(span.to), 1));
    }
    let of = |names: &Option<Names>, word: &str| names.clone().filter(|names| !names.is(word));
    let (began, back) = (of(&question.start, "first_seen"), of(&question.returning, "any"));
    let activity = plan(definitions, question.events.as_ref(), began.as_ref(), back.as_ref(), &starts, end_of_cohorts);
    let back = activity.sets.len() - 1;
    let mut counts = vec![(0, vec![0; periods + 1]); cohorts];
    activity
        .each(session, None, |person| {
            let began = person.set(0);
            let cohort = began.iter().next().filter(|_| !began.before());
            let Some((cohort, (size, retained))) = cohort.and_then(|at| Some((at, counts.get_mut(at)?))) else {
                return;
            };
            *size += 1;
            for period in person.set(back).iter() {
                if let Some(retained) = period.checked_sub(cohort).and_then(|later| retained.get_mut(later)) {
                    *retained += 1;
                }
            }
        })
        .await?;
    let rows = starts.iter().zip(&counts).flat_map(|(start, (size, retained))| {
        retained.iter().enumerate().map(move |(period, retained)| RetentionRow {
            cohort_start: Timestamp::from_microseconds(*start),
            cohort_size: *size,
            period,
            retained: *retained,
            rate: rate(*retained, *size),
        })
    });
    Ok(rows.collect())
}

/// What is gathered of each person: when they began, and when they came back; once, if both are the same events.
fn plan(
    definitions: &Definitions,
    events: Option<&Names>,
    began: Option<&Names>,
    back: Option<&Names>,
    starts: &[i64],
    end_of_cohorts: i64,
) -> Activity<'static> {
    let edges: Edges = starts.into();
    let (first, last) = (starts.first().copied().unwrap_or(0), starts.last().copied().unwrap_or(0));
    let of = |names: Option<&Names>| match names {
        Some(names) => names.filter().unwrap_or_else(|| ident("person").is_not_null()),
        None => run::active(definitions, events),
    };
    if began == back {
        let filter = ident("person").is_not_null().and(of(began)).and(span::before(last));
        return Activity { filter, by: None, sets: vec![Gathered::all(edges)] };
    }
    let only = |filter: &Expr| Gathered { edges: Edges::clone(&edges), only: Some(filter.clone()) };
    let sets = vec![only(&of(began)), only(&of(back))];
    let began = of(began).and(span::before(end_of_cohorts));
    let back = of(back).and(span::from(first)).and(span::before(last));
    Activity { filter: ident("person").is_not_null().and(began.or(back)), by: None, sets }
}
