//! How many people take each of some steps, one after the other.

mod steps;
mod walk;

use std::time::Duration;

use datafusion::prelude::SessionContext;
use daybook_event::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::columns::{GroupBy, Groups};
use super::condition::Conditions;
use super::error::{Findings, MetricError};
use super::limits::{STEPS_MAX, WITHIN_MAX};
use super::names::Names;
use super::number::{Number, median_seconds, rate};
use super::run;
use super::span::{self, Span};
use steps::Plan;

/// How many people take some steps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funnel {
    /// Events from this time.
    #[serde(deserialize_with = "span::read_time")]
    pub from: Timestamp,
    /// Events before this time. Steps after it are not taken.
    #[serde(deserialize_with = "span::read_time")]
    pub to: Timestamp,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// How long after the first step a later one may be.
    #[serde(default)]
    pub within: Within,
    /// Whose steps these are.
    #[serde(default)]
    pub by: FunnelBy,
    /// A column of the event of the first step to divide the answer by: who began with several values counts with each.
    #[serde(default)]
    pub group_by: Option<String>,
}

/// A step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The name of its event, or a pattern of names.
    pub event: String,
    /// What the event's data must be.
    #[serde(default, rename = "where")]
    pub conditions: Conditions,
}

/// A length of time, as catalogs write them: `30m`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within(pub Duration);

impl Default for Within {
    /// A week.
    fn default() -> Self {
        Self(Duration::from_secs(7 * 86_400))
    }
}

impl<'de> Deserialize<'de> for Within {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        daybook_catalog::duration::parse(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Whose steps are looked at together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FunnelBy {
    /// A person's.
    #[default]
    Identity,
    /// A session's, also where nobody knows whose it is.
    Session,
}

impl FunnelBy {
    /// The column that tells them apart.
    const fn column(self) -> &'static str {
        match self {
            Self::Identity => "person",
            Self::Session => "session",
        }
    }
}

/// How many people, or sessions, took a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunnelRow {
    /// The value of the column, if the answer is divided by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Value>,
    /// Which step, from 1.
    pub step: usize,
    /// Its event, as it was asked for.
    pub event: String,
    /// People, or sessions, that got this far.
    pub count: u64,
    /// Their share of those who took the first step.
    pub rate: Number,
    /// The median of how long this step came after the one before it; none for the first step, and where nobody took it.
    pub median_seconds: Option<Number>,
}

/// Answers how many people take some steps.
///
/// A person gets as far as the best of all runs that begin with a first step: each next step is the next event that fits, in the
/// order of time and position, no later after the first step than `within`. Of the runs that get as far, the one counts for
/// times that got there first, and of these the one that began last. With `group_by` that holds in each group, and by session in
/// each session.
///
/// # Errors
/// [`MetricError`]
pub async fn funnel(session: &SessionContext, question: &Funnel) -> Result<Vec<FunnelRow>, MetricError> {
    let schema = run::schema(session).await?;
    let mut findings = Findings::default();
    let span = Span::of(question.from, question.to, &mut findings);
    if question.steps.is_empty() || question.steps.len() > STEPS_MAX {
        findings.add("steps", format!("are {}, and must be 1 to {STEPS_MAX}", question.steps.len()));
    }
    let within = question.within.0;
    if within.is_zero() || within > WITHIN_MAX {
        findings.add("within", "must be more than nothing, and at most 10 years");
    }
    let mut conditions = Vec::new();
    for (at, step) in question.steps.iter().take(STEPS_MAX).enumerate() {
        let event = Names(vec![step.event.clone()]);
        event.check(&format!("steps[{at}].event"), &mut findings);
        let filter = step.conditions.filter(&schema, &format!("steps[{at}].where"), &mut findings);
        conditions.push(event.filter().into_iter().chain(filter).reduce(datafusion::logical_expr::Expr::and));
    }
    let by = GroupBy::of(&schema, "group_by", question.group_by.as_deref(), &mut findings);
    findings.check()?;

    let within = i64::try_from(within.as_micros()).unwrap_or(i64::MAX);
    let plan = Plan { span, conditions, within, by, whose: question.by.column() };
    let (mut tallies, groups) = plan.run(session).await?;
    let in_order: Vec<(Option<Value>, usize)> = match &groups {
        None => vec![(None, 0)],
        Some(groups) => Groups::in_order(groups).into_iter().map(|(value, number)| (Some(value), number)).collect(),
    };
    let mut rows = Vec::with_capacity(in_order.len() * question.steps.len());
    for (group, number) in in_order {
        let mut tally = tallies.get_mut(number);
        let first = tally.as_ref().and_then(|tally| tally.counts.first()).copied().unwrap_or(0);
        for (at, step) in question.steps.iter().enumerate() {
            let count = tally.as_ref().and_then(|tally| tally.counts.get(at)).copied().unwrap_or(0);
            let times = tally.as_mut().and_then(|tally| tally.times.get_mut(at));
            rows.push(FunnelRow {
                group: group.clone(),
                step: at + 1,
                event: step.event.clone(),
                count,
                rate: rate(count, first),
                median_seconds: times.and_then(|times| median_seconds(times)),
            });
        }
    }
    Ok(rows)
}
