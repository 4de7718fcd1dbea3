//! What a number comes to, from interval to interval.

use std::str::FromStr;

use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::functions_aggregate::expr_fn::{max, min, sum};
use datafusion::logical_expr::{Expr, cast, ident, lit, when};
use datafusion::prelude::{DataFrame, SessionContext};
use daybook_event::Timestamp;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Definitions;
use super::activity::{Activity, Gathered};
use super::columns::{self, GroupBy, Groups};
use super::condition::Conditions;
use super::error::{Findings, MetricError};
use super::limits::{INTERVALS_MAX, ROWS_MAX};
use super::names::Names;
use super::number::Number;
use super::percentile;
use super::period_of::{Edges, period_of_time};
use super::run::{self, Rows};
use super::span::{self, Interval, Span};

/// A number from interval to interval.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// Events from this time.
    #[serde(deserialize_with = "span::read_time")]
    pub from: Timestamp,
    /// Events before this time.
    #[serde(deserialize_with = "span::read_time")]
    pub to: Timestamp,
    /// Which events, with a person or without. Unless given, those that count as a person being active.
    #[serde(default)]
    pub events: Option<Names>,
    /// What is computed of them.
    #[serde(default)]
    pub measure: Measure,
    /// The intervals that it is computed for.
    #[serde(default)]
    pub interval: Interval,
    /// A column to divide the answer by.
    #[serde(default)]
    pub group_by: Option<String>,
    /// What the data of the events must be.
    #[serde(default, rename = "where")]
    pub conditions: Conditions,
}

/// What is computed of events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Measure {
    /// How many they are, each weighted by how many it stands for.
    #[default]
    Count,
    /// How many people they have.
    Unique,
    /// The sum of a field, weighted.
    Sum(String),
    /// The average of a field, weighted, where it is there.
    Avg(String),
    /// The least value of a field.
    Min(String),
    /// The greatest value of a field.
    Max(String),
    /// The least value of a field that so many hundredths of the events do not exceed, weighted, where it is there.
    Percentile(u8, String),
}

impl FromStr for Measure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "count, unique, or sum:, avg:, min:, max:, p50:, p95: or p99: and a field, such as sum:amount";
        let wrong = || format!("`{}` is no measure: {EXPECTED}", text.escape_debug());
        let Some((kind, field)) = text.split_once(':') else {
            return match text {
                "count" => Ok(Self::Count),
                "unique" => Ok(Self::Unique),
                _ => Err(wrong()),
            };
        };
        let field = field.to_owned();
        match kind {
            _ if field.is_empty() => Err(wrong()),
            "sum" => Ok(Self::Sum(field)),
            "avg" => Ok(Self::Avg(field)),
            "min" => Ok(Self::Min(field)),
            "max" => Ok(Self::Max(field)),
            "p50" => Ok(Self::Percentile(50, field)),
            "p95" => Ok(Self::Percentile(95, field)),
            "p99" => Ok(Self::Percentile(99, field)),
            _ => Err(wrong()),
        }
    }
}

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Measure {
    /// The field that it is of.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Count | Self::Unique => None,
            Self::Sum(field) | Self::Avg(field) | Self::Min(field) | Self::Max(field) | Self::Percentile(_, field) => {
                Some(field)
            }
        }
    }

    /// What it is of no events.
    const fn of_nothing(&self) -> Option<Number> {
        match self {
            Self::Count | Self::Unique | Self::Sum(_) => Some(Number(0.0)),
            _ => None,
        }
    }
}

/// The number of an interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendRow {
    /// When the interval begins.
    pub period_start: Timestamp,
    /// The value of the column, if the answer is divided by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Value>,
    /// The number; none for what nothing has: an average, a percentile, a least or greatest value.
    pub value: Option<Number>,
}

/// What there is to compute, once the question is checked.
pub(super) struct Plan<'q> {
    pub(super) filter: Expr,
    pub(super) edges: Edges,
    pub(super) by: Option<&'q GroupBy>,
    /// The field and its type, if the measure is of one.
    field: Option<(String, DataType)>,
}

/// Numbers by group and interval.
pub(super) type Found = Vec<(usize, usize, Option<f64>)>;

/// Answers what a number comes to. There is a row for each interval, and in each one for each value that was met in any.
///
/// # Errors
/// [`MetricError`]
pub async fn trend(
    session: &SessionContext,
    definitions: &Definitions,
    question: &Trend,
) -> Result<Vec<TrendRow>, MetricError> {
    let schema = run::schema(session).await?;
    let mut findings = Findings::default();
    let span = Span::of(question.from, question.to, &mut findings);
    let starts = question.interval.edges(span, INTERVALS_MAX);
    if starts.is_none() {
        findings.add("interval", format!("there are more than {INTERVALS_MAX} between `from` and `to`"));
    }
    if let Some(events) = &question.events {
        events.check("events", &mut findings);
    }
    let by = GroupBy::of(&schema, "group_by", question.group_by.as_deref(), &mut findings);
    let field = question.measure.field().and_then(|field| number(&schema, field, &mut findings));
    let conditions = question.conditions.filter(&schema, "where", &mut findings);
    findings.check()?;

    let starts = starts.unwrap_or_default();
    let events = match &question.events {
        Some(events) => events.filter(),
        None => Some(run::active(definitions, None)),
    };
    let person = (question.measure == Measure::Unique).then(|| ident("person").is_not_null());
    let filter = events.into_iter().chain(conditions).chain(person).fold(span.filter(), Expr::and);
    let plan = Plan { filter, edges: starts.as_slice().into(), by: by.as_ref(), field };
    let mut groups = by.as_ref().map(Groups::new);
    let found = match &question.measure {
        Measure::Unique => plan.unique(session, groups.as_mut()).await?,
        Measure::Percentile(hundredths, _) => percentile::of(&plan, session, groups.as_mut(), *hundredths).await?,
        measure => plan.aggregate(session, groups.as_mut(), measure).await?,
    };
    rows(&starts, groups.as_ref(), &found, question.measure.of_nothing())
}

/// The column of a field that can be computed with.
fn number(schema: &Schema, name: &str, findings: &mut Findings) -> Option<(String, DataType)> {
    let Some(field) = columns::data_field(schema, name) else {
        let message = format!("no event type declares a field `{}`: {}", name.escape_debug(), columns::known(schema));
        findings.add("measure", message);
        return None;
    };
    if !field.data_type().is_numeric() {
        findings.add("measure", format!("`{name}` is no number"));
        return None;
    }
    Some((field.name().clone(), field.data_type().clone()))
}

impl Plan<'_> {
    /// The events that are asked about.
    pub(super) async fn events(&self, session: &SessionContext) -> Result<DataFrame, MetricError> {
        Ok(run::events(session).await?.filter(self.filter.clone())?)
    }

    /// What events are told apart by: the interval, and the group.
    pub(super) fn keys(&self) -> Vec<Expr> {
        let mut keys = vec![period_of_time(&self.edges).alias("period")];
        keys.extend(self.by.map(GroupBy::expr));
        keys
    }

    /// The field's value.
    pub(super) fn value(&self) -> Expr {
        self.field.as_ref().map_or_else(|| lit(0.0), |(column, _)| ident(column))
    }

    /// How many events one stands for.
    pub(super) fn weight() -> Expr {
        lit(1.0) / ident("sample_rate")
    }

    async fn unique(&self, session: &SessionContext, groups: Option<&mut Groups>) -> Result<Found, MetricError> {
        let sets = vec![Gathered::all(Edges::clone(&self.edges))];
        let activity = Activity { filter: self.filter.clone(), by: self.by, sets };
        let intervals = self.edges.len().saturating_sub(1);
        let mut counts: Vec<Vec<u64>> = Vec::new();
        activity
            .each(session, groups, |person| {
                if counts.len() <= person.group {
                    counts.resize(person.group + 1, vec![0; intervals]);
                }
                let Some(counts) = counts.get_mut(person.group) else { return };
                for interval in person.set(0).iter() {
                    if let Some(count) = counts.get_mut(interval) {
                        *count += 1;
                    }
                }
            })
            .await?;
        let found = counts.iter().enumerate().flat_map(|(group, counts)| {
            counts.iter().enumerate().map(move |(interval, count)| (group, interval, Some(*count as f64)))
        });
        Ok(found.collect())
    }

    async fn aggregate(
        &self,
        session: &SessionContext,
        mut groups: Option<&mut Groups>,
        measure: &Measure,
    ) -> Result<Found, MetricError> {
        let keys = self.keys();
        let first = keys.len();
        let aggregates = self.aggregates(measure)?;
        let width = aggregates.len();
        // Every aggregate as a number of 64 bits, at last: exact until then.
        let mut columns: Vec<Expr> = vec![ident("period")];
        columns.extend(self.by.map(GroupBy::expr));
        columns.extend(
            (0..width).map(|at| cast(ident(format!("value_{at}")), DataType::Float64).alias(format!("number_{at}"))),
        );
        let aggregates =
            aggregates.into_iter().enumerate().map(|(at, expr)| expr.alias(format!("value_{at}"))).collect();
        let answer = self.events(session).await?.aggregate(keys, aggregates)?.select(columns)?;
        let mut stream = answer.execute_stream().await?;
        let mut found = Vec::new();
        while let Some(batch) = stream.try_next().await? {
            let rows = Rows(&batch);
            let periods = rows.integers(0)?;
            let texts = self.by.map(|_| rows.texts(1)).transpose()?;
            let numbers = (first..first + width).map(|at| rows.numbers(at)).collect::<Result<Vec<_>, _>>()?;
            for row in 0..rows.len() {
                let group = match (&texts, groups.as_deref_mut()) {
                    (Some(texts), Some(groups)) => groups.number(texts.get(row))?,
                    _ => 0,
                };
                let number =
                    |at: usize| numbers.get(at).filter(|column| column.is_valid(row)).map(|column| column.value(row));
                let value = match measure {
                    Measure::Count | Measure::Min(_) | Measure::Max(_) => number(0),
                    // What is not sampled is summed up apart, for it is exact.
                    Measure::Sum(_) | Measure::Unique | Measure::Percentile(..) => whole(number(0), number(1)),
                    Measure::Avg(_) => whole(number(0), number(1)).zip(number(2)).map(|(sum, weights)| sum / weights),
                };
                if let Some(interval) =
                    usize::try_from(periods.value(row)).ok().and_then(|period| period.checked_sub(1))
                {
                    found.push((group, interval, value));
                }
            }
        }
        Ok(found)
    }

    fn aggregates(&self, measure: &Measure) -> Result<Vec<Expr>, MetricError> {
        let value = self.value();
        let sampled = || ident("sample_rate").lt(lit(1.0));
        let number = cast(value.clone(), DataType::Float64);
        // Decimals are added as decimals: 0.1 and 0.2 are 0.3.
        let exact = match &self.field {
            Some((_, DataType::Decimal128(..))) => value.clone(),
            _ => number.clone(),
        };
        let sums = || -> Result<Vec<Expr>, MetricError> {
            let unsampled = when(sampled().is_not_true(), exact.clone()).end()?;
            let estimated = when(sampled(), number.clone() / ident("sample_rate")).end()?;
            Ok(vec![sum(unsampled), sum(estimated)])
        };
        Ok(match measure {
            Measure::Sum(_) => sums()?,
            Measure::Avg(_) => {
                let mut sums = sums()?;
                sums.push(sum(when(value.is_not_null(), Self::weight()).end()?));
                sums
            }
            Measure::Min(_) => vec![min(value)],
            Measure::Max(_) => vec![max(value)],
            Measure::Count | Measure::Unique | Measure::Percentile(..) => vec![sum(Self::weight())],
        })
    }
}

/// What two parts come to, if there is one at all.
fn whole(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0.0) + other.unwrap_or(0.0)),
    }
}

/// A row for every interval and group.
fn rows(
    starts: &[i64],
    groups: Option<&Groups>,
    found: &Found,
    nothing: Option<Number>,
) -> Result<Vec<TrendRow>, MetricError> {
    let intervals = starts.len().saturating_sub(1);
    let in_order: Vec<(Option<Value>, usize)> = match groups {
        None => vec![(None, 0)],
        Some(groups) => groups.in_order().into_iter().map(|(value, number)| (Some(value), number)).collect(),
    };
    if in_order.len() * intervals > ROWS_MAX {
        let message = format!("{} values in {intervals} intervals are more than {ROWS_MAX} rows", in_order.len());
        return Err(MetricError::refused("group_by", message));
    }
    let width = in_order.len();
    let mut values = vec![nothing; width * intervals];
    for (group, interval, value) in found {
        if let Some(at) = values.get_mut(interval * width + group) {
            *at = value.map(Number).or(nothing);
        }
    }
    let rows = starts.iter().take(intervals).enumerate().flat_map(|(interval, start)| {
        let values = &values;
        in_order.iter().map(move |(group, number)| TrendRow {
            period_start: Timestamp::from_microseconds(*start),
            group: group.clone(),
            value: values.get(interval * width + number).copied().flatten(),
        })
    });
    Ok(rows.collect())
}
