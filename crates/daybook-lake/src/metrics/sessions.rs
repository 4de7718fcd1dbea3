//! How many sessions there are, and how long they take.

use datafusion::arrow::datatypes::DataType;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::functions_aggregate::expr_fn::{first_value, max, min};
use datafusion::logical_expr::{Expr, cast, ident};
use datafusion::prelude::SessionContext;
use daybook_event::Timestamp;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::{GroupBy, Groups};
use super::error::{Findings, MetricError};
use super::limits::{PERIODS_MAX, ROWS_MAX};
use super::names::Names;
use super::number::Number;
use super::percentile::percentile;
use super::run::{self, Rows};
use super::span::{self, Interval, Period, Span};

/// Hundredths of the sessions that take no longer than the median.
const MEDIAN: u8 = 50;

/// How many sessions begin in each period, and how long they take.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// Events from this time.
    #[serde(deserialize_with = "span::read_time")]
    pub from: Timestamp,
    /// Events before this time.
    #[serde(deserialize_with = "span::read_time")]
    pub to: Timestamp,
    /// The periods that sessions are counted in.
    #[serde(default)]
    pub period: Period,
    /// A column of the first event of a session to divide the answer by.
    #[serde(default)]
    pub by: Option<String>,
    /// The events that sessions consist of, instead of all.
    #[serde(default)]
    pub events: Option<Names>,
}

/// The sessions that begin in a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionsRow {
    /// When the period begins.
    pub period_start: Timestamp,
    /// The value of the column, if the answer is divided by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Value>,
    /// How many they are, each weighted by how many the surest of its events stands for.
    pub sessions: Number,
    /// How long they take on average, from the first event to the last, weighted; none where there are none.
    pub average_seconds: Option<Number>,
    /// The least time that half of them do not exceed, weighted; none where there are none.
    pub median_seconds: Option<Number>,
}

/// Sessions that begin in one period with one value: how long each takes, in microseconds, and how many it stands for.
type Lengths = Vec<(f64, f64)>;

/// Answers how many sessions there are. There is a row for each period, and in each one for each value that was met in any.
///
/// # Errors
/// [`MetricError`]
pub async fn sessions(session: &SessionContext, question: &Sessions) -> Result<Vec<SessionsRow>, MetricError> {
    let schema = run::schema(session).await?;
    let mut findings = Findings::default();
    let span = Span::of(question.from, question.to, &mut findings);
    let starts = Interval::from(question.period).edges(span, PERIODS_MAX);
    if starts.is_none() {
        findings.add("period", format!("there are more than {PERIODS_MAX} between `from` and `to`"));
    }
    if let Some(events) = &question.events {
        events.check("events", &mut findings);
    }
    let by = GroupBy::of(&schema, "by", question.by.as_deref(), &mut findings);
    findings.check()?;

    let starts = starts.unwrap_or_default();
    let mut groups = by.as_ref().map(Groups::new);
    let events = question.events.as_ref().and_then(Names::filter);
    let filter = events.into_iter().fold(span.filter().and(ident("session").is_not_null()), Expr::and);
    let mut found = gather(session, filter, &starts, by.as_ref(), groups.as_mut()).await?;

    let periods = starts.len().saturating_sub(1);
    let in_order: Vec<(Option<Value>, usize)> = match &groups {
        None => vec![(None, 0)],
        Some(groups) => groups.in_order().into_iter().map(|(value, number)| (Some(value), number)).collect(),
    };
    if in_order.len() * periods > ROWS_MAX {
        return Err(MetricError::refused("by", format!("the answer would have more than {ROWS_MAX} rows")));
    }
    let mut rows = Vec::with_capacity(in_order.len() * periods);
    for (period, start) in starts.iter().take(periods).enumerate() {
        for (group, number) in &in_order {
            let lengths = found.get_mut(*number).and_then(|of_group| of_group.get_mut(period)).map(std::mem::take);
            rows.push(row(*start, group.clone(), lengths.unwrap_or_default()));
        }
    }
    Ok(rows)
}

/// The sessions by group and period: the engine makes one row of each, which is taken up while it streams by.
async fn gather(
    session: &SessionContext,
    filter: Expr,
    starts: &[i64],
    by: Option<&GroupBy>,
    mut groups: Option<&mut Groups>,
) -> Result<Vec<Vec<Lengths>>, MetricError> {
    let microseconds = || cast(ident("time"), DataType::Int64);
    let mut aggregates = vec![
        min(microseconds()).alias("first"),
        max(microseconds()).alias("last"),
        max(ident("sample_rate")).alias("surest"),
    ];
    aggregates.extend(by.map(|by| {
        let order = ["time", "position"].map(|column| ident(column).sort(true, false));
        first_value(by.expr(), order.to_vec()).alias("value")
    }));
    let events = run::events(session).await?.filter(filter)?;
    let mut stream = events.aggregate(vec![ident("session")], aggregates)?.execute_stream().await?;
    let held = MemoryConsumer::new("sessions").register(&session.runtime_env().memory_pool);
    let periods = starts.len().saturating_sub(1);
    let (mut found, mut count): (Vec<Vec<Lengths>>, usize) = (Vec::new(), 0);
    while let Some(batch) = stream.try_next().await? {
        let rows = Rows(&batch);
        let (firsts, lasts, surest) = (rows.integers(1)?, rows.integers(2)?, rows.numbers(3)?);
        let texts = by.map(|_| rows.texts(4)).transpose()?;
        // Room for vectors that grow to twice of what they hold.
        count += rows.len();
        held.try_resize(2 * count * size_of::<(f64, f64)>())?;
        for row in 0..rows.len() {
            let group = match (&texts, groups.as_deref_mut()) {
                (Some(texts), Some(groups)) => groups.number(texts.get(row))?,
                _ => 0,
            };
            if found.len() <= group {
                found.resize_with(group + 1, || vec![Lengths::new(); periods]);
            }
            let (first, last) = (firsts.value(row), lasts.value(row));
            let period = starts.partition_point(|start| *start <= first).checked_sub(1);
            let here = found.get_mut(group).zip(period).and_then(|(of_group, period)| of_group.get_mut(period));
            if let Some(lengths) = here {
                lengths.push(((last - first) as f64, 1.0 / surest.value(row)));
            }
        }
    }
    Ok(found)
}

fn row(start: i64, group: Option<Value>, mut lengths: Lengths) -> SessionsRow {
    // In order, so that sums are the same whatever order they came in.
    lengths.sort_unstable_by(|(one, its), (other, others)| one.total_cmp(other).then(its.total_cmp(others)));
    let count: f64 = lengths.iter().map(|(_, weight)| weight).sum();
    let total: f64 = lengths.iter().map(|(length, weight)| length * weight).sum();
    let seconds = |microseconds: f64| Number(microseconds / 1e6);
    SessionsRow {
        period_start: Timestamp::from_microseconds(start),
        group,
        sessions: Number(count),
        average_seconds: (!lengths.is_empty()).then(|| seconds(total / count)),
        median_seconds: percentile(&lengths, MEDIAN).map(seconds),
    }
}
