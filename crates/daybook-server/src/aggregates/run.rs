//! Computing periods, and writing down what came of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_catalog::aggregates::Spec;
use daybook_lake::LakeError;
use daybook_lake::aggregates::{ComputeError, Span, Tables, canonical, compute, date_of};
use jiff::civil::Date;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Computed, Trouble, definition_of, schedule, store};
use crate::collector::{App, Collector};
use crate::keys::now;
use crate::limits;
use crate::own_events::Note;
use crate::problem::Problem;
use crate::state::aggregate_periods;

/// Pause between two looks whether the lake has everything.
const LAKE_PAUSE: Duration = Duration::from_millis(20);

/// What is to be computed by command.
#[derive(Debug, Clone)]
pub struct Wanted<'s> {
    /// These aggregates.
    pub specs: Vec<&'s Spec>,
    /// Periods that lie on this day or later, at least in part.
    pub from: Date,
    /// Periods that lie on this day or earlier, at least in part.
    pub to: Date,
}

/// What was computed by command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Backfilled {
    /// Periods that were computed.
    pub periods: u64,
    /// Rows they have.
    pub rows: u64,
    /// Rows that are new, or have other numbers than before.
    pub changed: u64,
    /// Rows that are no longer there.
    pub removed: u64,
    /// Periods that are not over yet. They were left out.
    pub unfinished: u64,
    /// Periods of which events may be gone. What was computed of them stays as it is.
    pub expired: u64,
}

/// What came of a period.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) rows: u64,
    pub(super) changed: u64,
    pub(super) removed: u64,
}

/// Nothing could be computed, or it could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The app has no lake.
    #[error("the app has no lake")]
    NoLake,
    /// The lake does not have everything yet.
    #[error("the lake is behind the log")]
    Behind,
    /// The lake cannot be used.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// An aggregate cannot be computed.
    #[error("{aggregate}: {source}")]
    Compute {
        /// Which one.
        aggregate: String,
        /// Why.
        source: Box<ComputeError>,
    },
    /// What is asked of all periods at once cannot be computed.
    #[error(transparent)]
    Question(Box<ComputeError>),
    /// The state database failed.
    #[error("the state database failed")]
    State(#[from] DbErr),
    /// The events were not written; the server's log says why.
    #[error("the events were not written")]
    Log(Problem),
    /// More periods than one call computes.
    #[error("{periods} periods are more than one call computes")]
    TooMany {
        /// How many.
        periods: usize,
    },
}

impl From<ComputeError> for RunError {
    fn from(error: ComputeError) -> Self {
        Self::Question(Box::new(error))
    }
}

impl Collector {
    /// Computes the periods that are wanted, and are over, and of which all events are there.
    ///
    /// # Errors
    /// [`RunError`]; what was computed before is kept.
    pub async fn backfill(
        self: &Arc<Self>,
        app: &App,
        wanted: &Wanted<'_>,
        actor: Option<&str>,
    ) -> Result<Backfilled, RunError> {
        let time = now();
        let today = date_of(time.microseconds());
        let mut done = Backfilled::default();
        let mut spans: Vec<(&Spec, Span)> = Vec::new();
        for spec in wanted.specs.iter().copied() {
            let horizon = schedule::horizon(&app.catalog, spec, time);
            for span in Span::between(spec.period, wanted.from, wanted.to) {
                if span.end >= today {
                    done.unfinished += 1;
                } else if horizon.is_some_and(|horizon| span.start < horizon) {
                    done.expired += 1;
                } else {
                    spans.push((spec, span));
                }
                let left_out = usize::try_from(done.unfinished + done.expired).unwrap_or(usize::MAX);
                if spans.len() > limits::AGGREGATE_PERIODS_PER_CALL || left_out > limits::AGGREGATE_PERIODS_LEFT_OUT {
                    return Err(RunError::TooMany { periods: spans.len().saturating_add(left_out) });
                }
            }
        }
        let Some(tables) = self.tables(app).await? else { return Ok(done) };
        for (spec, span) in spans {
            let outcome = self.compute_span(app, spec, span, &tables, actor).await?;
            done.periods += 1;
            done.rows += outcome.rows;
            done.changed += outcome.changed;
            done.removed += outcome.removed;
        }
        Ok(done)
    }

    /// An app's tables once they have everything that is in the log now; nothing where nothing ever happened.
    pub(super) async fn tables(&self, app: &App) -> Result<Option<Tables>, RunError> {
        let Some((lake, name)) = self.consumers.named_lake(&app.slug) else { return Err(RunError::NoLake) };
        let (head, begun) = (self.log.head(), Instant::now());
        // What is in the log and not in the lake would be missing in the numbers.
        while self.consumers.runtime().status(&app.slug, &name).is_none_or(|status| status.offset < head) {
            if begun.elapsed() > limits::AGGREGATE_LAKE_PATIENCE {
                return Err(RunError::Behind);
            }
            tokio::time::sleep(LAKE_PAUSE).await;
        }
        let Some(lake) = lake.present().await? else { return Ok(None) };
        let snapshot = lake.snapshot().await?;
        Ok(Some(Tables::of(&self.engine, &snapshot)?))
    }

    /// Computes one period, and writes down what is new or another than before: first to the log, then where readers see it.
    pub(super) async fn compute_span(
        self: &Arc<Self>,
        app: &App,
        spec: &Spec,
        span: Span,
        tables: &Tables,
        actor: Option<&str>,
    ) -> Result<Outcome, RunError> {
        let _alone = self.aggregates.computing.lock().await;
        let time = now();
        let computed = compute(&self.engine, tables, &app.catalog, spec, span, date_of(time.microseconds())).await;
        let trouble = |error: &ComputeError| Trouble { at: time, code: error.code(), message: error.to_string() };
        self.aggregates.set_trouble(
            &app.slug,
            &spec.name,
            computed.as_ref().err().filter(|error| !error.is_passing()).map(trouble),
        );
        let failed = |error| RunError::Compute { aggregate: spec.name.clone(), source: Box::new(error) };
        let rows = computed.map_err(failed)?;
        let start = span.start.to_string();
        let before = store::rows_of(&self.database, &app.slug, &spec.name, &start).await?;
        let mut before: HashMap<String, String> = before.into_iter().map(|row| (row.dimensions, row.metrics)).collect();
        let of_span = |dimensions, metrics| Computed {
            app: app.slug.to_string(),
            aggregate_type: spec.name.clone(),
            period_type: span.period.as_str().to_owned(),
            period_start: start.clone(),
            period_end: span.end.to_string(),
            dimensions,
            metrics,
            computed_at: Some(time.to_string()),
            category: Some(spec.category.clone()),
        };
        let mut outcome = Outcome { rows: rows.len() as u64, ..Outcome::default() };
        let mut changes = Vec::new();
        for row in rows {
            let known = before.remove(&canonical(&row.dimensions));
            if known.is_none_or(|known| known != canonical(&row.metrics)) {
                outcome.changed += 1;
                changes.push(of_span(row.dimensions, row.metrics));
            }
        }
        for dimensions in before.into_keys() {
            outcome.removed += 1;
            changes.push(of_span(serde_json::from_str(&dimensions).unwrap_or_default(), serde_json::Map::new()));
        }
        self.write_down(changes, actor).await?;
        let period = aggregate_periods::Model {
            app: app.slug.to_string(),
            aggregate_type: spec.name.clone(),
            period_start: start,
            period_end: span.end.to_string(),
            definition: definition_of(&app.catalog, spec),
            through: i64::try_from(tables.as_of).unwrap_or(i64::MAX),
            computed_us: time.microseconds(),
            rows: i64::try_from(outcome.rows).unwrap_or(i64::MAX),
            late: None,
        };
        store::note_period(&self.database, period).await?;
        self.aggregates.count_period(&app.slug, &spec.name);
        Ok(outcome)
    }

    async fn write_down(self: &Arc<Self>, changes: Vec<Computed>, actor: Option<&str>) -> Result<(), RunError> {
        for chunk in changes.chunks(limits::AGGREGATE_EVENTS_PER_APPEND) {
            let note = |computed: &Computed| {
                let data = serde_json::to_value(computed).unwrap_or(Value::Null);
                Note::new("aggregate.computed", actor, data)
            };
            let notes: Vec<Note<'_>> = chunk.iter().map(note).collect();
            let position = self.write_notes(&notes).await.map_err(RunError::Log)?;
            let rows = chunk.iter().map(|computed| (computed.clone(), position)).collect();
            store::apply(&self.database, rows).await?;
        }
        Ok(())
    }
}
