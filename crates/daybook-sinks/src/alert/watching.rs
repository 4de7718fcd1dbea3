//! The state at work: events come in, time passes, and whoever is to know is told.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use daybook_consumers::{Batch, Failure, FailureKind};
use daybook_event::{Position, Timestamp};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::Mutex;

use super::messages::{Notice, alertmanager, slack};
use super::options::Format;
use super::rules::{Rules, Watch};
use super::state::State;
use crate::Statuses;
use crate::http::Caller;

/// Who says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Alerts in one call.
const NOTICES_PER_CALL_MAX: usize = 100;
/// How often Alertmanager is told of what lasts, in microseconds; it says itself how often people are.
const ALERTMANAGER_EVERY: i64 = 60 * 1_000_000;
/// How often the state is written while nobody is told of anything, in microseconds: it is computed again from there.
const WRITE_EVERY: i64 = 5 * 1_000_000;
/// How long nobody may have asked for anything until time stands still: the consumer is paused then.
const PAUSED_AFTER: i64 = 3 * 60 * 1_000_000;
/// How long a receiver that cannot be reached is left alone while nothing happens.
const LEFT_ALONE: Duration = Duration::from_secs(30);

/// A consumer's alerts.
pub(super) struct Alerts {
    pub(super) app: String,
    pub(super) consumer: String,
    pub(super) rules: Rules,
    pub(super) format: Format,
    pub(super) repeat_every: i64,
    pub(super) caller: Caller,
    pub(super) statuses: Arc<dyn Statuses>,
    pub(super) clock: Clock,
    pub(super) path: PathBuf,
    pub(super) known: Mutex<Option<Known>>,
    /// When the runtime last asked for something.
    pub(super) asked: AtomicI64,
}

/// What is known, since it was read from disk.
pub(super) struct Known {
    state: State,
    watch: Watch,
    written: i64,
    is_written: bool,
    /// Until when the receiver is left alone, where it failed without an event to wait for it.
    alone_until: i64,
    /// The latest time there was.
    latest: i64,
    /// What was told already of what is to be told, where not all of it could be: by rule and group, and whether it was
    /// that it is so.
    told: HashSet<(String, String, bool)>,
}

impl Alerts {
    /// Reads the state, where that was not done.
    pub(super) async fn prepare(&self) -> Result<Position, Failure> {
        let mut known = self.known.lock().await;
        let known = self.known(&mut known).await?;
        self.attend(known, true);
        Ok(known.state.offset)
    }

    /// Events came.
    pub(super) async fn see(&self, batch: &Batch) -> Result<(), Failure> {
        let mut known = self.known.lock().await;
        let known = self.known(&mut known).await?;
        let now = self.attend(known, true);
        let (mut state, mut watch) = (known.state.clone(), known.watch);
        for item in &batch.items {
            if batch.replay || item.event.position > known.state.offset {
                self.rules.see(item, &mut state, &mut watch, now);
            }
        }
        if !batch.replay {
            state.offset = state.offset.max(batch.through);
        }
        known.watch = watch;
        self.go_on(known, state, now).await?;
        known.told.clear();
        Ok(())
    }

    /// Time passed; the runtime says so, or only the clock does.
    pub(super) async fn tick(&self, is_asked: bool) -> Result<(), Failure> {
        let mut known = self.known.lock().await;
        let Some(known) = known.as_mut() else { return Ok(()) };
        let now = self.attend(known, is_asked);
        if now - self.asked.load(Ordering::Relaxed) > PAUSED_AFTER || now < known.alone_until {
            return Ok(());
        }
        let state = known.state.clone();
        let told = self.go_on(known, state, now).await;
        if let Err(failure) = &told {
            let alone = failure.retry_after.unwrap_or_default().max(LEFT_ALONE);
            known.alone_until = now.saturating_add(i64::try_from(alone.as_micros()).unwrap_or(i64::MAX));
        }
        told
    }

    /// Goes on from another position: what is counted begins anew, and from the beginning everything does.
    pub(super) async fn rewind(&self, to: Position) -> Result<(), Failure> {
        let mut known = self.known.lock().await;
        let known = self.known(&mut known).await?;
        let mut state = if to == 0 { State::default() } else { known.state.clone() };
        for group in state.rules.values_mut().flat_map(|groups| groups.values_mut()) {
            group.counts.clear();
            if to > known.state.offset {
                // What it was meanwhile, nobody knows.
                group.beyond_since = None;
            }
        }
        state.offset = to;
        self.write(&state).await?;
        known.state = state;
        known.told.clear();
        Ok(())
    }

    /// Looks at the clock: gives the time, and takes note of when nobody followed the log, and of a clock that was set
    /// back.
    fn attend(&self, known: &mut Known, is_asked: bool) -> i64 {
        let now = self.now();
        if now < known.latest {
            let by = known.latest - now;
            known.state.set_back(now);
            known.watch.since = known.watch.since.min(now);
            (known.written, known.is_written) = (known.written.min(now), false);
            known.alone_until = known.alone_until.saturating_sub(by);
            self.asked.fetch_min(now, Ordering::Relaxed);
        }
        known.latest = now;
        let asked = self.asked.load(Ordering::Relaxed);
        if now - asked > PAUSED_AFTER {
            // The consumer was paused, or this process slept.
            known.watch.since = now;
        }
        if is_asked {
            self.asked.store(now, Ordering::Relaxed);
        }
        now
    }

    /// Lets time pass, tells whoever is to know, and then holds what is new for true.
    async fn go_on(&self, known: &mut Known, mut state: State, now: i64) -> Result<(), Failure> {
        self.rules.pass(&mut state, known.watch, now, &self.statuses.promises(&self.app));
        let notices = self.due(&mut state, now);
        let untold: Vec<Notice> = notices.iter().filter(|notice| !known.told.contains(&notice.id())).cloned().collect();
        for part in untold.chunks(NOTICES_PER_CALL_MAX) {
            self.tell(part, now).await?;
            known.told.extend(part.iter().map(Notice::id));
        }
        for notice in &notices {
            mark_as_told(&mut state, notice, now);
            known.told.remove(&notice.id());
        }
        known.is_written &= state == known.state;
        known.state = state;
        let has_to_wait = notices.is_empty() && now - known.written < WRITE_EVERY;
        if !known.is_written && !has_to_wait {
            self.write(&known.state).await?;
            (known.written, known.is_written) = (now, true);
        }
        Ok(())
    }

    /// What is to be told. What is over for long, and nobody knew of, is forgotten.
    fn due(&self, state: &mut State, now: i64) -> Vec<Notice> {
        let repeat = match self.format {
            Format::Alertmanager => ALERTMANAGER_EVERY,
            Format::Slack => self.repeat_every,
        };
        let mut notices = Vec::new();
        for (rule, groups) in &mut state.rules {
            let severity = self.rules.severity(rule).unwrap_or_default();
            let mut common = vec![("app", &*self.app), ("consumer", &*self.consumer), ("severity", severity)];
            if !rule.is_empty() {
                common.push(("alertname", rule));
            }
            for (key, group) in groups {
                let Some(mut alert) = group.alert.clone() else { continue };
                if alert.told.is_none() && self.rules.is_long_over(alert.last, now) {
                    let consumer = &*self.consumer;
                    tracing::info!(consumer, alert = %rule, "an alert was over before it could be told of");
                    group.alert = None;
                    continue;
                }
                let is_due = match alert.told {
                    // First that it is so; that it is over, with the next tick.
                    None => {
                        alert.ends = None;
                        true
                    }
                    Some(told) => alert.ends.is_some() || now - told >= repeat,
                };
                if is_due {
                    notices.push(Notice::new(rule, key, group, &alert, &common));
                }
            }
        }
        notices
    }

    async fn tell(&self, notices: &[Notice], now: i64) -> Result<(), Failure> {
        let body = match self.format {
            Format::Alertmanager => alertmanager(notices, now),
            Format::Slack => slack(notices, &self.app, &self.consumer),
        };
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let told = self.caller.post(headers, Bytes::from(body.to_string())).await;
        // No event is to blame if a receiver does not understand alerts.
        told.map_err(|failure| Failure { kind: FailureKind::Destination, ..failure })
    }

    async fn known<'k>(&self, known: &'k mut Option<Known>) -> Result<&'k mut Known, Failure> {
        if known.is_none() {
            let (path, now) = (self.path.clone(), self.now());
            let state = on_disk(move || {
                let mut state = State::read(&path)?;
                state.set_back(now);
                // Where nothing can be written, that shows before anybody is told of anything.
                state.write(&path)?;
                Ok(state)
            });
            *known = Some(Known {
                state: state.await?,
                watch: Watch { since: now },
                written: now,
                is_written: true,
                alone_until: 0,
                latest: now,
                told: HashSet::new(),
            });
            self.asked.store(now, Ordering::Relaxed);
        }
        known.as_mut().ok_or_else(|| Failure::new(FailureKind::Destination, "alert.state", "there is no state"))
    }

    async fn write(&self, state: &State) -> Result<(), Failure> {
        let (state, path) = (state.clone(), self.path.clone());
        on_disk(move || state.write(&path)).await
    }

    fn now(&self) -> i64 {
        (self.clock)().microseconds()
    }
}

/// Says of an alert that it was told of; it goes when its end was.
fn mark_as_told(state: &mut State, notice: &Notice, now: i64) {
    let groups = state.rules.get_mut(&notice.rule);
    let Some(group) = groups.and_then(|groups| groups.get_mut(&notice.key)) else { return };
    if notice.alert.ends.is_some() {
        group.alert = None;
    } else if let Some(alert) = &mut group.alert {
        alert.told = Some(now);
    }
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, Failure> {
    let failure = |said: String| Failure::new(FailureKind::Destination, "alert.state", said);
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| failure(format!("the state of alerts cannot be read or written: {error}"))),
        Err(_) => Err(failure("writing the state of alerts was stopped".to_owned())),
    }
}
