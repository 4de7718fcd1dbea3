//! Reads the events that are steps, and hands them out person by person.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{Expr, Operator, binary_expr, cast, ident, lit, when};
use datafusion::prelude::SessionContext;
use futures_util::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;

use super::walk::{Record, Tally, walk};
use crate::metrics::columns::{GroupBy, Groups};
use crate::metrics::error::MetricError;
use crate::metrics::run::{self, Rows};
use crate::metrics::span::Span;

/// People are sorted in so many parts, each small enough to be sorted in the caches of a processor.
const PARTS: usize = 64;

/// What there is to compute, once the question is checked.
pub(super) struct Plan {
    pub(super) span: Span,
    /// Which events each step takes; none for all.
    pub(super) conditions: Vec<Option<Expr>>,
    /// In microseconds.
    pub(super) within: i64,
    pub(super) by: Option<GroupBy>,
    /// The column that says whose an event is.
    pub(super) whose: &'static str,
}

/// The events of one partition, by part, with the memory that is reserved for them.
type Parted = (Vec<Vec<Record>>, MemoryReservation);

impl Plan {
    /// What the people of each group did.
    pub(super) async fn run(&self, session: &SessionContext) -> Result<(Vec<Tally>, Option<Groups>), MetricError> {
        let groups = self.by.as_ref().map(|by| Arc::new(Mutex::new(Groups::new(by))));
        let pool = Arc::clone(&session.runtime_env().memory_pool);
        // One task for each stream, so that the engine's partitions are read at the same time.
        let tasks: Vec<SpawnedTask<Result<Parted, MetricError>>> = self
            .streams(session)
            .await?
            .into_iter()
            .map(|stream| {
                let held = MemoryConsumer::new("funnel").register(&pool);
                SpawnedTask::spawn(part(stream, groups.clone(), held))
            })
            .collect();
        let mut parts: Vec<Vec<Vec<Record>>> = (0..PARTS).map(|_| Vec::new()).collect();
        // Kept until everything is counted.
        let mut reservations = Vec::new();
        for task in tasks {
            let (parted, held) = task.join_unwind().await.map_err(gone)??;
            parts.iter_mut().zip(parted).for_each(|(part, records)| part.push(records));
            reservations.push(held);
        }

        let (steps, within) = (self.conditions.len(), self.within);
        let at_once = session.copied_config().target_partitions().max(1);
        let walks = parts.into_iter().map(|part| async move {
            let walk = SpawnedTask::spawn_blocking(move || walk(part.concat(), steps, within));
            walk.join_unwind().await.map_err(gone)
        });
        let mut walks = stream::iter(walks).buffer_unordered(at_once);
        let mut tallies: Vec<Tally> = Vec::new();
        let times = MemoryConsumer::new("funnel").register(&pool);
        while let Some(found) = walks.try_next().await? {
            for (group, tally) in found {
                times.try_grow(tally.size())?;
                let group = group as usize;
                if tallies.len() <= group {
                    tallies.resize_with(group + 1, || Tally::new(steps));
                }
                if let Some(all) = tallies.get_mut(group) {
                    all.add(tally);
                }
            }
        }
        // The tasks that shared it have ended.
        Ok((tallies, groups.and_then(Arc::into_inner).map(Mutex::into_inner)))
    }

    /// The events that are a step, as whose it is, time, position, the steps as bits, and the group.
    async fn streams(&self, session: &SessionContext) -> Result<Vec<SendableRecordBatchStream>, MetricError> {
        let steps = self.conditions.iter().cloned().map(|condition| condition.unwrap_or_else(|| lit(true)));
        let any = steps.clone().reduce(Expr::or).unwrap_or_else(|| lit(false));
        let mut bits = lit(0u32);
        for (at, step) in steps.enumerate() {
            let bit = when(step, lit(1u32 << at)).otherwise(lit(0u32))?;
            bits = binary_expr(bits, Operator::BitwiseOr, bit);
        }
        let mut columns = vec![
            ident(self.whose),
            cast(ident("time"), DataType::Int64).alias("microseconds"),
            ident("position"),
            cast(bits, DataType::UInt32).alias("steps"),
        ];
        columns.extend(self.by.as_ref().map(GroupBy::expr));
        let filter = self.span.filter().and(ident(self.whose).is_not_null()).and(any);
        let found = run::events(session).await?.filter(filter)?.select(columns)?;
        Ok(found.execute_stream_partitioned().await?)
    }
}

/// Reads a stream, and parts what it holds by person.
async fn part(
    mut stream: SendableRecordBatchStream,
    groups: Option<Arc<Mutex<Groups>>>,
    held: MemoryReservation,
) -> Result<Parted, MetricError> {
    let mut parts: Vec<Vec<Record>> = (0..PARTS).map(|_| Vec::new()).collect();
    while let Some(batch) = stream.try_next().await? {
        let rows = Rows(&batch);
        let (people, times, positions, masks) =
            (rows.integers(0)?, rows.integers(1)?, rows.integers(2)?, rows.masks(3)?);
        let texts = groups.is_some().then(|| rows.texts(4)).transpose()?;
        let mut groups = groups.as_ref().map(|groups| groups.lock());
        for row in 0..rows.len() {
            let mask = masks.value(row);
            // Only the first step has a group.
            let group = match (&texts, groups.as_deref_mut()) {
                (Some(texts), Some(groups)) if mask & 1 == 1 => groups.number(texts.get(row))?,
                _ => 0,
            };
            let person = people.value(row);
            let record = Record {
                person,
                time: times.value(row),
                position: positions.value(row),
                steps: mask,
                group: group as u32,
            };
            // Fibonacci hashing: ids are random, but whoever makes them need not be.
            let part = (person as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PARTS.ilog2());
            if let Some(part) = parts.get_mut(part as usize) {
                part.push(record);
            }
        }
        held.try_resize(parts.iter().map(|part| part.capacity() * size_of::<Record>()).sum())?;
    }
    Ok((parts, held))
}

/// A task that did not end by itself.
fn gone(error: tokio::task::JoinError) -> MetricError {
    DataFusionError::ExecutionJoin(Box::new(error)).into()
}
