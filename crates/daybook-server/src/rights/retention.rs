//! The retention at work: what is past its time goes, on schedule and by command.
//!
//! In this order: views are told, the secrets of the months are destroyed, the log's closed segments are compacted, blobs are collected
//! that no record refers to any more. A view that does not confirm keeps nothing from going; it is told again by the next run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daybook_event::{Month, Timestamp, app_hash, stored};
use daybook_log::Candidate;
use daybook_privacy::retention::{CutOffs, Plan, plan};
use daybook_privacy::view::{ExpiredMonth, View};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::collector::Collector;
use crate::keys::now;
use crate::limits;
use crate::own_events::Note;
use crate::problem::{Chain, Problem};
use crate::state::settings;

/// Under which name the job's events go.
const JOB: &str = "retention";
/// Under which name the state database keeps the last run.
const LAST_RUN: &str = "retention-last";
/// Under which name the state database keeps what views have not confirmed.
const UNCONFIRMED: &str = "retention-unconfirmed";

/// The one retention of a server.
#[derive(Debug, Default)]
pub struct Retention {
    running: AtomicBool,
    progress: Mutex<Option<Running>>,
    looked_at: AtomicU64,
    segments: AtomicU64,
}

/// A run under way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Running {
    /// The run's id.
    pub run: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started: Timestamp,
    /// What it is at: `views`, `secrets`, `log` or `blobs`.
    pub step: String,
    /// Segments of the log it has been through.
    pub segments_done: u64,
    /// Segments of the log there are.
    pub segments: u64,
}

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// The run's id.
    pub run: String,
    /// When it began, in microseconds since the Unix epoch.
    pub started_us: i64,
    /// When it ended, in microseconds since the Unix epoch.
    pub ended_us: i64,
    /// Months whose secrets were destroyed.
    pub months: u64,
    /// Records of the log replaced by their hash.
    pub records: u64,
    /// Segments written anew.
    pub segments: u64,
    /// Blobs removed that no record refers to any more.
    #[serde(default)]
    pub blobs: u64,
    /// Bytes of disk given back.
    pub bytes_freed: u64,
    /// Views that have not confirmed that they forgot; they are told again.
    pub unconfirmed: Vec<String>,
    /// Why the run ended early, if so.
    pub error: Option<String>,
}

/// What the next run would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanBody {
    /// The time it is made for.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// Months whose secrets would be destroyed.
    pub months: Vec<PlannedMonth>,
    /// Records that would be replaced by their hash, by app and category.
    pub records: Vec<PlannedRecords>,
    /// Segments of the log that would be written anew.
    pub segments: u64,
    /// About how many bytes of disk that would free.
    pub bytes: u64,
    /// Months that no catalog has a rule for; they are kept.
    pub unruled: Vec<PlannedMonth>,
}

/// A month whose time is over.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedMonth {
    /// The app.
    pub app: String,
    /// The category, `~pseudonyms` or `~quarantine`.
    pub category: String,
    /// The month, as `2026-01`.
    pub month: String,
    /// How long it was kept after its end, in days; null where nothing says.
    pub retain_days: Option<u64>,
}

/// Records whose time is over.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedRecords {
    /// The app.
    pub app: String,
    /// The category.
    pub category: String,
    /// Those of events before this time.
    #[schema(value_type = String, format = DateTime)]
    pub before: Timestamp,
    /// How many there are.
    pub records: u64,
}

impl Retention {
    /// The run under way, if there is one.
    pub fn running(&self) -> Option<Running> {
        let running = self.progress.lock().clone()?;
        let segments_done = self.looked_at.load(Ordering::Relaxed);
        Some(Running { segments_done, segments: self.segments.load(Ordering::Relaxed), ..running })
    }

    fn step(&self, step: &str) {
        if let Some(running) = self.progress.lock().as_mut() {
            step.clone_into(&mut running.step);
        }
    }
}

/// Keeps a second run from beginning, until it is dropped.
struct Turn(Arc<Collector>);

impl Turn {
    fn take(collector: &Arc<Collector>) -> Option<Self> {
        let free = !collector.retention.running.swap(true, Ordering::AcqRel);
        free.then(|| Self(Arc::clone(collector)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.retention.progress.lock() = None;
        self.0.retention.running.store(false, Ordering::Release);
    }
}

impl Collector {
    /// What the next run would do.
    ///
    /// # Errors
    /// When the state database or the log cannot be read.
    pub async fn retention_plan(self: &Arc<Self>) -> Result<PlanBody, Problem> {
        let plan = self.make_plan().await?;
        self.close_old_segment(&plan.cut_offs).await?;
        let (collector, cut_offs) = (Arc::clone(self), plan.cut_offs.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let records: Mutex<BTreeMap<(String, String), u64>> = Mutex::default();
            let past = Past::new(&cut_offs);
            let expired = |candidate: &Candidate<'_>| {
                let Some((app, category)) = past.whose(candidate) else { return false };
                *records.lock().entry((app.to_owned(), category.to_owned())).or_default() += 1;
                true
            };
            let survey = collector.log.survey(&expired, past.latest_us, &|| collector.stopping.is_cancelled());
            survey.map(|survey| (survey, records.into_inner()))
        });
        let looked = looked.await.map_err(|error| Problem::internal("server.failed", &error))?;
        let (survey, records) = looked.map_err(|error| Problem::internal("log.unreadable", &error))?;
        let days = |retain: Duration| retain.as_secs() / 86_400;
        let months = plan.months.iter().map(|ending| PlannedMonth {
            app: ending.app.clone(),
            category: ending.class.clone(),
            month: ending.month.to_string(),
            retain_days: Some(days(ending.retain)),
        });
        let unruled = plan.unruled.iter().map(|month| PlannedMonth {
            app: month.app.clone(),
            category: month.category.clone(),
            month: month.month.to_string(),
            retain_days: None,
        });
        let records = records.into_iter().map(|((app, category), records)| PlannedRecords {
            before: plan.cut_offs.get(&app, &category).map_or(plan.now, |cut_off| cut_off.before),
            app,
            category,
            records,
        });
        Ok(PlanBody {
            now: plan.now,
            months: months.collect(),
            records: records.collect(),
            segments: survey.segments as u64,
            bytes: survey.bytes_freed,
            unruled: unruled.collect(),
        })
    }

    /// Begins a run, unless one is under way. It goes on by itself.
    ///
    /// # Errors
    /// 409 where one is under way.
    pub fn start_retention(self: &Arc<Self>, actor: Option<String>) -> Result<Running, Problem> {
        let turn = Turn::take(self).ok_or_else(|| {
            Problem::new(http::StatusCode::CONFLICT, "retention.running", "The retention is running already.")
        })?;
        let running = Running {
            run: Uuid::now_v7().to_string(),
            started: now(),
            step: "views".to_owned(),
            segments_done: 0,
            segments: self.log.status().segments as u64,
        };
        self.retention.looked_at.store(0, Ordering::Relaxed);
        self.retention.segments.store(running.segments, Ordering::Relaxed);
        *self.retention.progress.lock() = Some(running.clone());
        let (collector, begun) = (Arc::clone(self), running.clone());
        tokio::spawn(async move {
            collector.run_retention(&begun, actor.as_deref()).await;
            drop(turn);
        });
        Ok(running)
    }

    /// The last run that ended, if there was one.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn last_retention(&self) -> Result<Option<Done>, Problem> {
        let stored = settings::get(&self.database, LAST_RUN).await;
        let stored = stored.map_err(|error| Problem::internal("state.failed", &error))?;
        Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Begins a run whenever one is due, until the server stops.
    pub async fn keep_retention(self: Arc<Self>) {
        let every = self.config.retention.every;
        if every.is_zero() {
            return;
        }
        let mut pause = limits::RETENTION_AFTER_START.min(every);
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stopping.cancelled() => return,
            }
            let last = self.last_retention().await.ok().flatten();
            let since = last.map_or(every, |last| {
                Duration::from_micros(now().microseconds().saturating_sub(last.started_us).max(0).unsigned_abs())
            });
            pause = every.saturating_sub(since);
            if pause.is_zero() {
                // Somebody may have begun one by hand, which is as good.
                let _ = self.start_retention(None);
                pause = every;
            }
        }
    }

    async fn make_plan(&self) -> Result<Plan, Problem> {
        let present = self.vault.months_present().await?;
        let present = present.iter().map(|(app, class, month)| (app.as_str(), class.as_str(), *month));
        Ok(plan(&self.catalogs, present, now()))
    }

    async fn run_retention(self: &Arc<Self>, running: &Running, actor: Option<&str>) {
        let begun = Instant::now();
        let started = json!({"job": JOB, "run": running.run, "scheduled": actor.is_none()});
        self.note("job.started", actor, started).await;
        let mut done = Done {
            run: running.run.clone(),
            started_us: running.started.microseconds(),
            ended_us: 0,
            months: 0,
            records: 0,
            segments: 0,
            blobs: 0,
            bytes_freed: 0,
            unconfirmed: Vec::new(),
            error: None,
        };
        if let Err(problem) = self.forget_what_is_past(&mut done).await {
            done.error = Some(problem.code().to_owned());
        }
        done.ended_us = now().microseconds();
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            months = done.months,
            records = done.records,
            segments = done.segments,
            blobs = done.blobs,
            bytes_freed = done.bytes_freed,
            duration_ms,
            error = done.error.as_deref(),
            "retention"
        );
        let ended = match &done.error {
            None => ("job.completed", json!({"job": JOB, "run": done.run, "duration_ms": duration_ms})),
            Some(error) => ("job.failed", json!({"job": JOB, "run": done.run, "code": error, "will_retry": true})),
        };
        self.note(ended.0, actor, ended.1).await;
        let text = serde_json::to_vec(&done).unwrap_or_default();
        if let Err(error) = settings::put(&self.database, LAST_RUN, &text).await {
            tracing::warn!(error = %Chain(&error), "that the retention ran was not written down");
        }
    }

    async fn forget_what_is_past(self: &Arc<Self>, done: &mut Done) -> Result<(), Problem> {
        let plan = self.make_plan().await?;
        let expired = plan.expired_months();
        self.tell_views(&expired, done).await?;

        self.retention.step("secrets");
        // Of each class everything up to its last month goes at once.
        let mut classes: BTreeMap<(&str, &str), Month> = BTreeMap::new();
        for month in &expired {
            let last = classes.entry((&month.app, &month.category)).or_insert(month.month);
            *last = (*last).max(month.month);
        }
        for ((app, class), last) in classes {
            let gone = self.vault.expire_months(app, class, Month::from_number(last.number() + 1)).await?;
            done.months += gone.len() as u64;
            let notes = gone.iter().map(|month| {
                let data = json!({"app": app, "category": class, "month": month.to_string()});
                Note::new("privacy.month.expired", None, data)
            });
            let notes: Vec<_> = notes.collect();
            if !notes.is_empty() {
                self.write_notes(&notes).await?;
            }
        }

        self.retention.step("log");
        self.close_old_segment(&plan.cut_offs).await?;
        let (collector, cut_offs) = (Arc::clone(self), plan.cut_offs);
        let compacted = tokio::task::spawn_blocking(move || {
            let past = Past::new(&cut_offs);
            collector.log.compact(
                &|candidate| past.whose(candidate).is_some(),
                past.latest_us,
                &mut |progress| {
                    collector.retention.looked_at.store(progress.segments_done as u64, Ordering::Relaxed);
                    collector.retention.segments.store(progress.segments_total as u64, Ordering::Relaxed);
                },
                &|| collector.stopping.is_cancelled(),
            )
        });
        let compacted = compacted.await.map_err(|error| Problem::internal("server.failed", &error))?;
        let compacted = compacted.map_err(|error| Problem::internal("log.compaction", &error))?;
        (done.records, done.segments) = (compacted.records, compacted.segments as u64);
        done.bytes_freed = compacted.bytes_freed;

        self.retention.step("blobs");
        let collector = Arc::clone(self);
        let stopped = move || collector.stopping.is_cancelled();
        let collected = self.blobs.collect(&self.log, &self.blob_references, stopped).await;
        let collected = collected.map_err(|error| Problem::internal("blobs.collecting", &error))?;
        done.blobs = collected.removed;
        done.bytes_freed += collected.bytes_freed;
        Ok(())
    }

    /// Only closed segments are compacted; where the one that is written has records past their time, it is closed.
    async fn close_old_segment(&self, cut_offs: &CutOffs) -> Result<(), Problem> {
        let latest = cut_offs.latest().map_or(i64::MIN, Timestamp::microseconds);
        let rolled = self.log.roll_older_than(latest).await;
        rolled.map(drop).map_err(|error| Problem::internal("log.compaction", &error))
    }

    /// Tells every view of these months, and of those that it has not confirmed before.
    async fn tell_views(&self, expired: &[ExpiredMonth], done: &mut Done) -> Result<(), Problem> {
        let failed = |error: sea_orm::DbErr| Problem::internal("state.failed", &error);
        let before = settings::get(&self.database, UNCONFIRMED).await.map_err(failed)?;
        let before: BTreeMap<String, Vec<(String, String, i32)>> =
            before.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let mut unconfirmed: BTreeMap<String, Vec<(String, String, i32)>> = BTreeMap::new();
        for view in self.views().iter() {
            let mut months: Vec<ExpiredMonth> = expired.to_vec();
            months.extend(before.get(view.name()).into_iter().flatten().map(|(app, category, month)| ExpiredMonth {
                app: app.clone(),
                category: category.clone(),
                month: Month::from_number(*month),
            }));
            months.sort();
            months.dedup();
            let told = tell(view.as_ref(), &months).await;
            if !told.is_empty() {
                tracing::warn!(view = view.name(), months = told.len(), "a view has not forgotten; it is told again");
                unconfirmed.insert(view.name().to_owned(), told);
            }
        }
        done.unconfirmed = unconfirmed.keys().cloned().collect();
        if before != unconfirmed {
            let text = serde_json::to_vec(&unconfirmed).unwrap_or_default();
            settings::put(&self.database, UNCONFIRMED, &text).await.map_err(failed)?;
        }
        Ok(())
    }
}

/// Tells a view of months; gives back those it did not confirm.
async fn tell(view: &dyn View, months: &[ExpiredMonth]) -> Vec<(String, String, i32)> {
    let mut left = Vec::new();
    for part in months.chunks(daybook_privacy::limits::PEOPLE_PER_PASS) {
        if let Err(error) = view.forget_months(part).await {
            tracing::warn!(view = view.name(), error = %Chain(&error), "a view could not forget months");
            let number = |month: &ExpiredMonth| (month.app.clone(), month.category.clone(), month.month.number());
            left.extend(part.iter().map(number));
        }
    }
    left
}

/// The cut-offs by what the log knows of a record.
struct Past {
    apps: FxHashMap<u64, (String, FxHashMap<String, i64>)>,
    /// No record of this time or later is past its time.
    latest_us: i64,
}

impl Past {
    fn new(cut_offs: &CutOffs) -> Self {
        let mut apps: FxHashMap<u64, (String, FxHashMap<String, i64>)> = FxHashMap::default();
        for (app, category, cut_off) in cut_offs.iter() {
            let (_, categories) = apps.entry(app_hash(app)).or_insert_with(|| (app.to_owned(), FxHashMap::default()));
            categories.insert(category.to_owned(), cut_off.before.microseconds());
        }
        let latest = cut_offs.latest().map_or(i64::MIN, Timestamp::microseconds);
        Self { apps, latest_us: latest }
    }

    /// The app and category by whose rule a record is past its time, if it is.
    fn whose<'s>(&'s self, candidate: &Candidate<'_>) -> Option<(&'s str, &'s str)> {
        let (app, categories) = self.apps.get(&candidate.app)?;
        let peek = stored::peek(candidate.bytes)?;
        let (category, before_us) = categories.get_key_value(peek.category)?;
        (candidate.time_us < *before_us).then_some((app, category))
    }
}
