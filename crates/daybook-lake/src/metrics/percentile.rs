//! Percentiles, weighted by how many events each event stands for.
//!
//! Equal values are counted first: what is measured in whole milliseconds or cents has few different ones. The counts of one
//! interval and group come sorted, and are held until their whole weight is known.

use datafusion::arrow::datatypes::DataType;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{cast, ident};
use datafusion::prelude::SessionContext;
use futures_util::TryStreamExt;

use super::columns::{GroupBy, Groups};
use super::error::MetricError;
use super::run::Rows;
use super::trend::{Found, Plan};

/// The least value, for each interval and group, that so many hundredths of the weight do not exceed.
pub(super) async fn of(
    plan: &Plan<'_>,
    session: &SessionContext,
    mut groups: Option<&mut Groups>,
    hundredths: u8,
) -> Result<Found, MetricError> {
    let mut keys = plan.keys();
    keys.push(cast(plan.value(), DataType::Float64).alias("value"));
    let value_at = keys.len() - 1;
    let mut order = vec![ident("period").sort(true, false)];
    order.extend(plan.by.map(|by| GroupBy::expr(by).sort(true, false)));
    order.push(ident("value").sort(true, false));
    let counted = plan
        .events(session)
        .await?
        .filter(plan.value().is_not_null())?
        .aggregate(keys, vec![sum(Plan::weight()).alias("weight")])?
        .sort(order)?;
    let mut stream = counted.execute_stream().await?;
    let held = MemoryConsumer::new("percentile").register(&session.runtime_env().memory_pool);

    let mut found = Vec::new();
    let mut current = None;
    let mut values: Vec<(f64, f64)> = Vec::new();
    let mut finish = |key: Option<(usize, i64)>, values: &mut Vec<(f64, f64)>| {
        let interval = |period: i64| usize::try_from(period).ok()?.checked_sub(1);
        if let Some((group, interval)) = key.and_then(|(group, period)| Some((group, interval(period)?))) {
            found.push((group, interval, percentile(values, hundredths)));
        }
        values.clear();
    };
    while let Some(batch) = stream.try_next().await? {
        let rows = Rows(&batch);
        let (periods, numbers, weights) = (rows.integers(0)?, rows.numbers(value_at)?, rows.numbers(value_at + 1)?);
        let texts = plan.by.map(|_| rows.texts(1)).transpose()?;
        for row in 0..rows.len() {
            let group = match (&texts, groups.as_deref_mut()) {
                (Some(texts), Some(groups)) => groups.number(texts.get(row))?,
                _ => 0,
            };
            let key = Some((group, periods.value(row)));
            if key != current {
                finish(current, &mut values);
                current = key;
            }
            values.push((numbers.value(row), weights.value(row)));
        }
        held.try_resize(values.capacity() * size_of::<(f64, f64)>())?;
    }
    finish(current, &mut values);
    Ok(found)
}

/// The percentile of values in order, with their weights.
pub(super) fn percentile(values: &[(f64, f64)], hundredths: u8) -> Option<f64> {
    let total: f64 = values.iter().map(|(_, weight)| weight).sum();
    // Sums of weights such as 1/0.3 are not exact; the hundredth that they are of is meant.
    let wanted = total * f64::from(hundredths) / 100.0 * (1.0 - 1e-12);
    let mut reached = 0.0;
    let found = values.iter().find(|(_, weight)| {
        reached += weight;
        reached >= wanted
    });
    found.or(values.last()).map(|(value, _)| *value)
}
