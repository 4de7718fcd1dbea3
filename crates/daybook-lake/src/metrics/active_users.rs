//! How many people are active, and how many of them for the first time.

use datafusion::prelude::SessionContext;
use daybook_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::activity::{Activity, Gathered};
use super::columns::{GroupBy, Groups};
use super::error::{Findings, MetricError};
use super::limits::{PERIODS_MAX, ROWS_MAX};
use super::names::Names;
use super::span::{self, Interval, Period, Span};
use super::{Definitions, run};

/// How many people are active in each period.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActiveUsers {
    /// Events from this time.
    #[serde(deserialize_with = "span::read_time")]
    pub from: Timestamp,
    /// Events before this time.
    #[serde(deserialize_with = "span::read_time")]
    pub to: Timestamp,
    /// The periods that people are counted in.
    #[serde(default)]
    pub period: Period,
    /// A column to divide the answer by: who is active with several values counts with each.
    #[serde(default)]
    pub by: Option<String>,
    /// The events that count as active, instead of the catalog's.
    #[serde(default)]
    pub events: Option<Names>,
}

/// The people of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveUsersRow {
    /// When the period begins.
    pub period_start: Timestamp,
    /// The value of the column, if the answer is divided by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Value>,
    /// People who were active.
    pub active_users: u64,
    /// Those of them who never were before, in all that is kept, with any value.
    pub new_users: u64,
    /// The others.
    pub returning_users: u64,
}

/// Answers how many people are active. There is a row for each period, and in each period one for each value that was met in
/// any.
///
/// # Errors
/// [`MetricError`]
pub async fn active_users(
    session: &SessionContext,
    definitions: &Definitions,
    question: &ActiveUsers,
) -> Result<Vec<ActiveUsersRow>, MetricError> {
    let schema = run::schema(session).await?;
    let mut findings = Findings::default();
    let span = Span::of(question.from, question.to, &mut findings);
    let edges = Interval::from(question.period).edges(span, PERIODS_MAX);
    if edges.is_none() {
        findings.add("period", format!("there are more than {PERIODS_MAX} between `from` and `to`"));
    }
    if let Some(events) = &question.events {
        events.check("events", &mut findings);
    }
    let by = GroupBy::of(&schema, "by", question.by.as_deref(), &mut findings);
    findings.check()?;

    let starts = edges.unwrap_or_default();
    let periods = starts.len().saturating_sub(1);
    // Who was active in the first period, but before `from`, was active before.
    let edges = starts.iter().map(|edge| (*edge).clamp(span.from, span.to)).collect();
    let activity = Activity {
        // All of history, to know who is new.
        filter: run::active(definitions, question.events.as_ref()).and(span::before(span.to)),
        by: by.as_ref(),
        sets: vec![Gathered::all(edges)],
    };
    let mut groups = by.as_ref().map(Groups::new);
    let mut counts: Vec<Vec<(u64, u64)>> = Vec::new();
    activity
        .each_person(session, groups.as_mut(), |person| {
            let before = person.iter().any(|gathered| gathered.set(0).before());
            let first = person.iter().filter_map(|gathered| gathered.set(0).iter().next()).min();
            for gathered in person {
                if counts.len() <= gathered.group {
                    counts.resize(gathered.group + 1, vec![(0, 0); periods]);
                }
                let Some(counts) = counts.get_mut(gathered.group) else { continue };
                for period in gathered.set(0).iter() {
                    if let Some((active, new)) = counts.get_mut(period) {
                        *active += 1;
                        *new += u64::from(!before && first == Some(period));
                    }
                }
            }
        })
        .await?;

    let in_order: Vec<(Option<Value>, usize)> = match &groups {
        None => vec![(None, 0)],
        // A value of before `from` is none of this answer.
        Some(groups) => groups
            .in_order()
            .into_iter()
            .filter(|(_, number)| {
                counts.get(*number).is_some_and(|counts| counts.iter().any(|(active, _)| *active > 0))
            })
            .map(|(value, number)| (Some(value), number))
            .collect(),
    };
    if in_order.len() * periods > ROWS_MAX {
        return Err(MetricError::refused("by", format!("the answer would have more than {ROWS_MAX} rows")));
    }
    let rows = starts.iter().take(periods).enumerate().flat_map(|(period, start)| {
        let counts = &counts;
        in_order.iter().map(move |(group, number)| {
            let (active_users, new_users) =
                counts.get(*number).and_then(|counts| counts.get(period)).copied().unwrap_or_default();
            ActiveUsersRow {
                period_start: Timestamp::from_microseconds(*start),
                group: group.clone(),
                active_users,
                new_users,
                returning_users: active_users - new_users,
            }
        })
    });
    Ok(rows.collect())
}
