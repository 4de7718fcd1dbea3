//! How many people were active in the period before, and are not in this one.

use datafusion::prelude::SessionContext;
use daybook_event::Timestamp;
use serde::{Deserialize, Serialize};

use super::activity::{Activity, Gathered};
use super::error::{Findings, MetricError};
use super::limits::PERIODS_MAX;
use super::names::Names;
use super::number::{Number, rate};
use super::span::{self, Interval, Period, Span};
use super::{Definitions, run};

/// How many people stopped being active.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Churn {
    /// Periods from the one that this time lies in.
    #[serde(deserialize_with = "span::read_time")]
    pub from: Timestamp,
    /// Periods that begin before this time.
    #[serde(deserialize_with = "span::read_time")]
    pub to: Timestamp,
    /// The periods that people are counted in.
    #[serde(default)]
    pub period: Period,
    /// The events that count as active, instead of the catalog's.
    #[serde(default)]
    pub events: Option<Names>,
}

/// The people who were lost in a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChurnRow {
    /// When the period begins.
    pub period_start: Timestamp,
    /// People who were active in the period before.
    pub previous_users: u64,
    /// Those of them who were not active in this one.
    pub churned_users: u64,
    /// Their share.
    pub rate: Number,
}

/// Answers how many people stopped being active. Periods count whole.
///
/// # Errors
/// [`MetricError`]
pub async fn churn(
    session: &SessionContext,
    definitions: &Definitions,
    question: &Churn,
) -> Result<Vec<ChurnRow>, MetricError> {
    let mut findings = Findings::default();
    let span = Span::of(question.from, question.to, &mut findings);
    let interval = Interval::from(question.period);
    let starts = interval.edges(span, PERIODS_MAX);
    if starts.is_none() {
        findings.add("period", format!("there are more than {PERIODS_MAX} between `from` and `to`"));
    }
    if let Some(events) = &question.events {
        events.check("events", &mut findings);
    }
    findings.check()?;

    let starts = starts.unwrap_or_default();
    let (Some(first), Some(end)) = (starts.first(), starts.last()) else { return Ok(Vec::new()) };
    let before = interval.shift(*first, -1);
    let edges = std::iter::once(before).chain(starts.iter().copied()).collect();
    let activity = Activity {
        filter: run::active(definitions, question.events.as_ref()).and(span::from(before)).and(span::before(*end)),
        by: None,
        sets: vec![Gathered::all(edges)],
    };
    let mut counts = vec![(0, 0); starts.len() - 1];
    activity
        .each(session, None, |person| {
            let periods = person.set(0);
            for period in periods.iter() {
                // The period that follows this one.
                if let Some((previous, churned)) = counts.get_mut(period) {
                    *previous += 1;
                    *churned += u64::from(!periods.has(period + 1));
                }
            }
        })
        .await?;
    let rows = starts.iter().zip(&counts).map(|(start, (previous, churned))| ChurnRow {
        period_start: Timestamp::from_microseconds(*start),
        previous_users: *previous,
        churned_users: *churned,
        rate: rate(*churned, *previous),
    });
    Ok(rows.collect())
}
