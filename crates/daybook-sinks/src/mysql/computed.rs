//! What is computed of an app's events, taken from the log of Daybook's own app and written beside the events.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_consumers::{Batch, Failure, FailureKind, Handler, Item, Undelivered};
use daybook_event::{SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::aggregates::{Aggregate, Period};
use super::{MySql, timed_out};
use crate::tables::connection::within;

/// Microseconds between two looks for what is past its time.
const EXPIRE_EVERY_US: i64 = 3_600_000_000;

/// The handler.
pub(super) struct ComputedRows {
    main: MySql,
    app: String,
    /// How long what is computed of a kind is kept.
    kept: Vec<(String, Duration)>,
    /// When it was last looked for what is past its time, in microseconds; 0 before it was made ready.
    expired_us: AtomicI64,
}

/// The data of an event `aggregate.computed`. Without numbers it says that the row is no longer there.
#[derive(Deserialize)]
struct Computed {
    app: String,
    aggregate_type: String,
    period_type: String,
    period_start: String,
    period_end: String,
    dimensions: Map<String, Value>,
    metrics: Map<String, Value>,
    computed_at: Option<String>,
}

impl ComputedRows {
    pub(super) fn new(main: MySql, app: &AppCatalog) -> Self {
        let retain = |category: &str| app.category(category)?.aggregate_retain;
        let kept = app.aggregates.iter().filter_map(|spec| Some((spec.name.clone(), retain(&spec.category)?)));
        Self { main, app: app.app.clone(), kept: kept.collect(), expired_us: AtomicI64::new(0) }
    }

    async fn write(&self, batch: &Batch) -> Result<(), Undelivered> {
        let mut last = BTreeMap::new();
        let mut refused = Vec::new();
        for (index, item) in batch.items.iter().enumerate() {
            match self.read(item) {
                Ok(Some(aggregate)) => drop(last.insert(aggregate.key(), aggregate)),
                Ok(None) => {}
                Err(failure) => refused.push((index, failure)),
            }
        }
        let (gone, there): (Vec<_>, Vec<_>) =
            last.into_values().partition(|aggregate: &Aggregate| aggregate.metrics.is_empty());
        let writer = self.main.aggregates();
        writer.upsert(&there).await?;
        writer.remove(&gone).await?;
        if refused.is_empty() { Ok(()) } else { Err(Undelivered::Some(refused)) }
    }

    /// What an event says; nothing where it is about another app.
    fn read(&self, item: &Item) -> Result<Option<Aggregate>, Failure> {
        let wrong = || Failure::new(FailureKind::GiveUp, "mysql.aggregate", "the event is no row of an aggregate");
        let computed: Computed = serde_json::from_str(&item.event.data).map_err(|_| wrong())?;
        if computed.app != self.app {
            return Ok(None);
        }
        let computed_at = computed.computed_at.as_deref().and_then(|text| Timestamp::parse(text).ok());
        Ok(Some(Aggregate {
            aggregate_type: computed.aggregate_type,
            period_type: Period::parse(&computed.period_type).ok_or_else(wrong)?,
            period_start: computed.period_start.parse().map_err(|_| wrong())?,
            period_end: computed.period_end.parse().map_err(|_| wrong())?,
            dimensions: computed.dimensions,
            metrics: computed.metrics,
            computed_at: computed_at.unwrap_or(item.event.time),
        }))
    }

    async fn expire(&self, now: Timestamp) -> Result<(), Failure> {
        let writer = self.main.aggregates();
        for (aggregate, kept) in &self.kept {
            let kept_us = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
            let before = jiff::Timestamp::from_microsecond(now.microseconds().saturating_sub(kept_us));
            // What is kept for longer than there are days is kept.
            let Ok(before) = before else { continue };
            writer.expire(aggregate, jiff::tz::Offset::UTC.to_datetime(before).date()).await?;
        }
        self.expired_us.store(now.microseconds(), Ordering::Relaxed);
        Ok(())
    }
}

#[async_trait]
impl Handler for ComputedRows {
    fn holds_events(&self) -> bool {
        // Numbers, which outlive the events that they are of, and name nobody.
        false
    }

    fn patience(&self) -> Duration {
        self.main.patience()
    }

    async fn prepare(&self) -> Result<(), Failure> {
        self.main.prepare().await?;
        let _ = self.expired_us.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed);
        Ok(())
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        within(self.main.settings.timeout, timed_out, self.write(batch)).await
    }

    async fn tend(&self, now: Timestamp) -> Result<(), Failure> {
        let expired_us = self.expired_us.load(Ordering::Relaxed);
        if expired_us == 0 || now.microseconds().saturating_sub(expired_us) < EXPIRE_EVERY_US {
            return Ok(());
        }
        within(self.main.settings.timeout, timed_out, self.expire(now)).await
    }

    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, _months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}
