//! What is measured of aggregates.

use prometheus::{IntGaugeVec, Opts};

use super::{Maker, whole};

/// How an aggregate of an app is, at the moment of asking.
#[derive(Debug, Clone)]
pub struct AggregateGauge {
    /// The app.
    pub app: String,
    /// Its name in the catalog.
    pub aggregate: String,
    /// Periods that were computed since the server started.
    pub periods: u64,
    /// Whether it could not be computed the last time.
    pub failing: bool,
}

/// The series of all aggregates.
#[derive(Debug)]
pub(super) struct AggregateGauges {
    periods: IntGaugeVec,
    failing: IntGaugeVec,
}

impl AggregateGauges {
    pub(super) fn new(made: &Maker<'_>) -> prometheus::Result<Self> {
        let vector = |name, help| made.registered(IntGaugeVec::new(Opts::new(name, help), &["app", "aggregate"])?);
        Ok(Self {
            periods: vector("daybook_aggregate_periods", "Periods computed since the server started.")?,
            failing: vector("daybook_aggregate_failing", "1 while the aggregate cannot be computed.")?,
        })
    }

    /// Sets them to what is so now.
    pub(super) fn set(&self, aggregates: &[AggregateGauge]) {
        self.periods.reset();
        self.failing.reset();
        for AggregateGauge { app, aggregate, periods, failing } in aggregates {
            self.periods.with_label_values(&[app, aggregate]).set(whole(*periods));
            self.failing.with_label_values(&[app, aggregate]).set(i64::from(*failing));
        }
    }
}
