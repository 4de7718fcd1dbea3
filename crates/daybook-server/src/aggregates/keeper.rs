//! The task that computes by itself: what is due, what was missed, and what events came late for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use daybook_catalog::aggregates::Spec;
use daybook_event::{Position, Timestamp};
use daybook_lake::aggregates::{Span, Tables, date_of, days_since, first_day};
use jiff::civil::Date;
use serde_json::json;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::run::RunError;
use super::schedule::{Due, Moment, horizon, is_late, kept_from};
use super::{definition_of, find, store};
use crate::collector::{App, Collector};
use crate::keys::now;
use crate::limits;
use crate::problem::Chain;
use crate::state::settings;

/// Under which name the job's events go.
const JOB: &str = "aggregates";
const DAY_US: i64 = 86_400_000_000;

/// What the task remembers of an app.
#[derive(Default)]
struct Kept {
    /// Events up to here were looked at for whether they are late.
    looked: Option<Position>,
    /// When something is due at the earliest, in microseconds since the Unix epoch.
    wakes_us: i64,
}

/// What came of a round.
#[derive(Default)]
struct Round {
    periods: u64,
    changed: u64,
    removed: u64,
}

impl Collector {
    /// Computes aggregates as long as the server runs.
    pub async fn keep_aggregates(self: Arc<Self>) {
        if !self.config.aggregates.enabled {
            return;
        }
        let mut apps: Vec<Arc<App>> = self.apps.values().cloned().collect();
        apps.sort_by(|one, other| one.slug.cmp(&other.slug));
        let mut kept: HashMap<Arc<str>, Kept> = HashMap::new();
        let mut tick = tokio::time::interval(self.config.aggregates.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.stopping.cancelled() => return,
            }
            for app in &apps {
                let kept = kept.entry(Arc::clone(&app.slug)).or_default();
                match self.keep_app(app, kept).await {
                    // It was turned off, or comes later: there is nothing to say.
                    Ok(()) | Err(RunError::NoLake | RunError::Behind) => {}
                    Err(error) => {
                        tracing::warn!(app = &*app.slug, error = %Chain(&error), "aggregates are not computed for now");
                    }
                }
            }
        }
    }

    async fn keep_app(self: &Arc<Self>, app: &App, kept: &mut Kept) -> Result<(), RunError> {
        if app.catalog.aggregates.is_empty() {
            // What was declared once has left rows, which go in their time.
            let now_us = now().microseconds();
            if now_us >= kept.wakes_us {
                self.drop_old(app).await?;
                kept.wakes_us = now_us + DAY_US;
            }
            return Ok(());
        }
        let Some(tables) = self.tables(app).await? else { return Ok(()) };
        self.find_late(app, kept, &tables).await?;
        if now().microseconds() < kept.wakes_us {
            return Ok(());
        }
        let (begun, run) = (Instant::now(), Uuid::now_v7().to_string());
        let mut done = Round::default();
        let mut tables = tables;
        loop {
            let (due, wakes_us) = self.due(app, &tables).await?;
            kept.wakes_us = wakes_us;
            if due.is_empty() || self.stopping.is_cancelled() {
                break;
            }
            let periods = due.len();
            for (spec, span) in due.into_iter().take(limits::AGGREGATE_PERIODS_AT_ONCE) {
                if self.stopping.is_cancelled() {
                    break;
                }
                match self.compute_span(app, spec, span, &tables, None).await {
                    Ok(outcome) => {
                        done.periods += 1;
                        done.changed += outcome.changed;
                        done.removed += outcome.removed;
                    }
                    // Of others it keeps nothing; this one is tried again in a while.
                    Err(RunError::Compute { aggregate, source }) if !source.is_passing() => {
                        let code = source.code();
                        tracing::warn!(app = &*app.slug, aggregate, code, error = %source, "an aggregate is not computed");
                        let data = json!({
                            "job": JOB, "run": run, "app": &*app.slug, "code": code, "detail": aggregate,
                            "will_retry": true,
                        });
                        self.note("job.failed", None, data).await;
                    }
                    Err(error) => return Err(error),
                }
            }
            let left = periods.saturating_sub(limits::AGGREGATE_PERIODS_AT_ONCE);
            let (periods, changed) = (done.periods, done.changed);
            tracing::info!(app = &*app.slug, periods, changed, left, "aggregates computed");
            match self.tables(app).await? {
                Some(now) => tables = now,
                None => break,
            }
        }
        self.drop_old(app).await?;
        if done.periods > 0 {
            let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let counts = json!({"periods": done.periods, "changed": done.changed, "removed": done.removed});
            let data = json!({
                "job": JOB, "run": run, "app": &*app.slug, "duration_ms": duration_ms, "items": done.periods,
                "counts": counts,
            });
            self.note("job.completed", None, data).await;
        }
        Ok(())
    }

    /// Looks at what came since the last look, and notes which periods it is late for.
    async fn find_late(&self, app: &App, kept: &mut Kept, tables: &Tables) -> Result<(), RunError> {
        let name = format!("aggregates/{}", app.slug);
        if kept.looked.is_none() {
            let text = settings::get(&self.database, &name).await?;
            kept.looked = text.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
        }
        match kept.looked {
            Some(looked) if looked >= tables.as_of => return Ok(()),
            Some(looked) => {
                let days = days_since(&self.engine, tables, looked).await?;
                self.note_late(app, kept, &days).await?;
            }
            // Nothing was computed before the first look.
            None => {}
        }
        kept.looked = Some(tables.as_of);
        settings::put(&self.database, &name, tables.as_of.to_string().as_bytes()).await?;
        Ok(())
    }

    async fn note_late(&self, app: &App, kept: &mut Kept, days: &[(Date, Position)]) -> Result<(), RunError> {
        let today = date_of(now().microseconds());
        let past: Vec<_> = days.iter().filter(|(day, _)| *day < today).collect();
        if past.is_empty() {
            return Ok(());
        }
        // They may be of periods that were never computed, because nothing had happened then.
        kept.wakes_us = 0;
        for period in store::periods(&self.database, &app.slug).await? {
            let Some(spec) = find(&app.catalog.aggregates, &period.aggregate_type) else { continue };
            let Ok(start) = period.period_start.parse::<Date>() else { continue };
            let span = Span::of(spec.period, start);
            let late = past.iter().filter(|(day, _)| is_late(spec, span, *day, today)).map(|(_, last)| *last);
            let Some(last) = late.max() else { continue };
            let seen = u64::try_from(period.through.max(period.late.unwrap_or_default())).unwrap_or_default();
            if last > seen {
                store::note_late(&self.database, &period, last).await?;
            }
        }
        Ok(())
    }

    /// What is to be computed now, the latest first, and when something will be at the earliest if nothing is.
    async fn due<'a>(&self, app: &'a App, tables: &Tables) -> Result<(Vec<(&'a Spec, Span)>, i64), RunError> {
        let time = now();
        let specs = &app.catalog.aggregates;
        let mut wakes_us = specs.iter().map(|spec| Moment::of(spec, time).next()).min().unwrap_or(time.microseconds());
        let Some(first_day) = first_day(&self.engine, tables).await? else {
            // Something may come that is old.
            return Ok((Vec::new(), time.microseconds()));
        };
        let periods = store::periods(&self.database, &app.slug).await?;
        let mut due = Vec::new();
        for spec in specs {
            if let Some(again_us) = self.rests_until(app, spec, time) {
                wakes_us = wakes_us.min(again_us);
                continue;
            }
            let known = periods.iter().filter(|period| period.aggregate_type == spec.name);
            let known: BTreeMap<_, _> = known.map(|period| (period.period_start.as_str(), period)).collect();
            let of_spec = Due {
                spec,
                moment: Moment::of(spec, time),
                first_day,
                horizon: horizon(&app.catalog, spec, time),
                definition: &definition_of(&app.catalog, spec),
                late_after: self.config.aggregates.late_after,
                known: &known,
            };
            due.extend(of_spec.spans().into_iter().map(|span| (spec, span)));
            wakes_us = of_spec.wakes().map_or(wakes_us, |wakes| wakes_us.min(wakes));
        }
        due.sort_by_key(|(_, span)| std::cmp::Reverse(span.end));
        Ok((due, wakes_us))
    }

    /// Until when an aggregate is left alone that could not be computed.
    fn rests_until(&self, app: &App, spec: &Spec, time: Timestamp) -> Option<i64> {
        let pause = i64::try_from(limits::AGGREGATE_TROUBLE_PAUSE.as_micros()).unwrap_or(i64::MAX);
        let again_us = self.aggregates.trouble(&app.slug, &spec.name)?.at.microseconds().saturating_add(pause);
        (again_us > time.microseconds()).then_some(again_us)
    }

    /// Drops rows that are past their time.
    async fn drop_old(&self, app: &App) -> Result<(), RunError> {
        for category in &app.catalog.categories {
            let Some(retain) = category.aggregate_retain else { continue };
            let before = kept_from(retain, now()).to_string();
            let rows = store::expire(&self.database, &app.slug, &category.name, &before).await?;
            if rows > 0 {
                tracing::info!(
                    app = &*app.slug,
                    category = category.name,
                    rows,
                    "aggregates past their time are dropped"
                );
            }
        }
        Ok(())
    }
}
