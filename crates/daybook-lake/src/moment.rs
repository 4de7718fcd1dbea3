//! The tables as they were at an earlier moment.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ident, lit};
use datafusion::prelude::SessionContext;
use daybook_event::{Position, Timestamp};

use crate::Snapshot;
use crate::metrics::run::{self, Rows};

/// A moment in the log. What came later is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Events up to this position.
    pub position: Position,
    /// Events that Daybook had received by then.
    pub received: Option<Timestamp>,
}

impl Moment {
    /// The moment after the event at a position.
    #[must_use]
    pub const fn at(position: Position) -> Self {
        Self { position, received: None }
    }

    /// The events that were there at this moment.
    pub(crate) fn filter(&self) -> Expr {
        let there = ident("position").lt_eq(lit(whole(self.position)));
        match self.received {
            Some(received) => there.and(ident("received").lt_eq(time(received))),
            None => there,
        }
    }

    /// The position of the last event that Daybook had received at a time, as far as `session` has events; 0 for none.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub async fn last_received(session: &SessionContext, by: Timestamp) -> Result<Position> {
        let events = session.table(run::EVENTS).await?.filter(ident("received").lt_eq(time(by)))?;
        let last = events.aggregate(Vec::new(), vec![max(ident("position")).alias("last")])?.collect().await?;
        let Some(batch) = last.first().filter(|batch| batch.num_rows() > 0) else { return Ok(0) };
        let rows = Rows(batch);
        let positions = rows.integers(0)?;
        Ok(positions.iter().next().flatten().and_then(|position| Position::try_from(position).ok()).unwrap_or(0))
    }
}

/// A position as columns hold it.
pub(crate) fn whole(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A point in time as columns hold it.
pub(crate) fn time(time: Timestamp) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(time.microseconds()), Some("UTC".into())))
}

impl Snapshot {
    /// The same tables without what was not there yet at a moment. Counts have no time of their own: they are there up to the
    /// moment's position.
    ///
    /// # Errors
    /// When DataFusion does not take them.
    pub fn at(self, moment: Moment) -> Result<Self> {
        let view = |table: Arc<dyn TableProvider>, name: &str, filter: Expr| -> Result<Arc<dyn TableProvider>> {
            let plan = LogicalPlanBuilder::scan(name, provider_as_source(table), None)?.filter(filter)?.build()?;
            Ok(Arc::new(ViewTable::new(plan, None)))
        };
        Ok(Self {
            as_of: self.as_of.min(moment.position),
            events: view(self.events, run::EVENTS, moment.filter())?,
            daily_counts: view(self.daily_counts, "daily_counts", Moment::at(moment.position).filter())?,
        })
    }
}
