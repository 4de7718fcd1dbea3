//! One consumer: what is known of it, and the task that runs it.

mod attempt;
mod condition;
mod deliver;
mod gather;
mod meter;
mod rate;
mod task;
mod trail;
mod window;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use daybook_catalog::consumers::Spec;
use daybook_event::{Position, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::dispatch::{Bell, Dispatch};
use crate::feed::Feed;
use crate::limits::CATCHING_UP_POSITIONS;
use crate::notes::{Change, Note, Notes};
use crate::runtime::{HandlerState, RuntimeOptions};
use crate::status::{Latency, Promise, State, Status};
use crate::store::{Store, unsigned};
use crate::tables::offsets;
use crate::{Handler, OffsetKeeping, now_us};

pub(crate) use attempt::{call, deliver_to};
pub(crate) use condition::Condition;
pub(crate) use meter::{BUCKETS_SECONDS, Meter, Untold};
pub(crate) use rate::Rate;
pub(crate) use task::Task;
pub(crate) use trail::Trail;

/// What all consumers of a runtime share.
pub(crate) struct Core {
    pub feed: Arc<Feed>,
    pub dispatch: Arc<Dispatch>,
    pub store: Store,
    pub notes: Arc<dyn Notes>,
    pub options: RuntimeOptions,
}

/// A consumer, as its task and those who manage it know it.
pub(crate) struct Consumer {
    pub app: Arc<str>,
    pub name: Arc<str>,
    pub spec: Arc<Spec>,
    pub handler: HandlerState,
    pub view: bool,
    pub bell: Arc<Bell>,
    pub condition: Option<Condition>,
    pub rate: Option<Rate>,
    /// Whoever holds it may deliver, and nobody else: an attempt, a replay; or forget or set the offset meanwhile.
    pub gate: tokio::sync::Mutex<()>,
    /// Its task is to look at its place again.
    pub changed: Notify,
    pub stop: CancellationToken,
    pub meter: Meter,
    place: Mutex<Place>,
    /// When its promise was last broken, in microseconds; 0 while it is kept.
    pub broken_us: AtomicI64,
}

/// How far a consumer is, and whether it may go on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub offset: Position,
    /// Where it begins that keeps its offset itself and has none yet.
    pub begin: Position,
    /// The last offset that was written.
    pub saved: Position,
    pub saved_given_up: u64,
    /// Events up to here were in the log before the consumer was to deliver them: its latency does not count for them.
    pub history: Position,
    /// It takes everything again from the beginning: what comes before it is through waits for that, not for it.
    pub anew: bool,
    /// Up to here nothing waits for it, as far as others looked while it could not.
    pub peeked: Position,
    /// Counts how often the offset was set: what was begun before is void.
    pub epoch: u64,
    pub paused_us: Option<i64>,
    /// Whether something of it may be at its destination that does not last for ever.
    pub touched: bool,
    /// Whether people may be named there.
    pub named: bool,
    /// Whether its handler is prepared.
    pub ready: bool,
    /// Somebody asked to try again at once.
    pub kicked: bool,
    pub trouble: Option<Trouble>,
}

/// Why a consumer does not get on.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub since_us: i64,
    pub code: &'static str,
    pub message: String,
    /// When it is tried again; nothing where somebody must resume it.
    pub next_us: Option<i64>,
}

impl Place {
    /// Events up to here do not count for the latency.
    pub fn history(&self) -> Position {
        if self.anew { Position::MAX } else { self.history }
    }
}

impl Consumer {
    pub fn new(
        registration: crate::Registration,
        condition: Option<Condition>,
        row: &offsets::Model,
        letters: u64,
        stop: CancellationToken,
    ) -> Self {
        let crate::Registration { app, spec, handler, view } = registration;
        let offset = unsigned(row.position);
        let place = Place {
            offset,
            begin: offset,
            saved: offset,
            saved_given_up: unsigned(row.given_up),
            history: unsigned(row.history),
            paused_us: row.paused_us,
            touched: row.touched_us.is_some(),
            named: row.named_us.is_some(),
            ..Place::default()
        };
        let meter = Meter::default();
        meter.dead_letters.store(letters, Ordering::Relaxed);
        meter.given_up.store(unsigned(row.given_up), Ordering::Relaxed);
        Self {
            bell: Arc::new(Bell::new(Arc::clone(&app), Arc::clone(&spec))),
            name: Arc::from(spec.name.as_str()),
            rate: spec.rate.map(Rate::new),
            app,
            spec,
            handler,
            view,
            condition,
            gate: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            stop,
            meter,
            place: Mutex::new(place),
            broken_us: AtomicI64::new(0),
        }
    }

    pub fn place(&self) -> Place {
        self.place.lock().clone()
    }

    /// Changes its place.
    pub fn set<T>(&self, change: impl FnOnce(&mut Place) -> T) -> T {
        change(&mut self.place.lock())
    }

    /// Lets its task look at its place again.
    pub fn ring(&self) {
        self.changed.notify_one();
    }

    pub fn handler(&self) -> Option<&Arc<dyn Handler>> {
        match &self.handler {
            HandlerState::Ready(handler) => Some(handler),
            HandlerState::Unconfigured(_) => None,
        }
    }

    pub fn keeps_offset_itself(&self) -> bool {
        self.handler().is_some_and(|handler| handler.offset_keeping() == OffsetKeeping::Handler)
    }

    pub fn note(&self, notes: &dyn Notes, actor: Option<&str>, change: Change) {
        let (app, consumer) = (Arc::clone(&self.app), Arc::clone(&self.name));
        notes.note(Note { app, consumer, actor: actor.map(str::to_owned), change });
    }

    /// Its offset. While it rests at the end of the log that is the end.
    pub fn offset(&self, dispatch: &Dispatch) -> Position {
        // In this order: who rises in between has the offset in its place by then, or is a moment behind.
        let resting = dispatch.resting_at(&self.bell);
        resting.unwrap_or(0).max(self.place.lock().offset)
    }

    /// How long the oldest event has been waiting, in microseconds.
    pub fn oldest_age_us(&self, now_us: i64) -> u64 {
        match self.meter.oldest_us.load(Ordering::Relaxed) {
            0 => 0,
            oldest => unsigned(now_us.saturating_sub(oldest)),
        }
    }

    pub fn status(&self, core: &Core) -> Status {
        // In this order: what is said of an offset is at least as new as it.
        let offset = self.offset(&core.dispatch);
        let (now, place) = (now_us(), self.place());
        let delivered = self.meter.delivered.load(Ordering::Acquire);
        let head = core.feed.log().head().max(offset);
        let summary = self.meter.summary(now);
        let ms = |us: u64| us as f64 / 1e3;
        Status {
            app: self.app.to_string(),
            consumer: self.name.to_string(),
            description: self.spec.description.clone(),
            handler: self.spec.handler.clone(),
            state: self.state(&place, head - offset),
            offset,
            head,
            lag_events: head - offset,
            lag_seconds: self.oldest_age_us(now) as f64 / 1e6,
            delivered,
            retried: self.meter.retried.load(Ordering::Relaxed),
            dead_letters: self.meter.dead_letters.load(Ordering::Relaxed),
            given_up: self.meter.given_up.load(Ordering::Relaxed),
            delivered_per_minute: summary.delivered,
            latency: summary.latency_us.map(|(p50, p99)| Latency { p50_ms: ms(p50), p99_ms: ms(p99) }),
            promise: self.spec.latency.map(|promise| Promise {
                latency_ms: u64::try_from(promise.as_millis()).unwrap_or(u64::MAX),
                kept: self.broken_us.load(Ordering::Relaxed) == 0,
            }),
        }
    }

    pub fn state(&self, place: &Place, behind: u64) -> State {
        let time = Timestamp::from_microseconds;
        if let HandlerState::Unconfigured(missing) = &self.handler {
            return State::Unconfigured { missing: missing.clone() };
        }
        if let Some(since) = place.paused_us {
            return State::Paused { since: time(since) };
        }
        match &place.trouble {
            Some(Trouble { since_us, code, message, next_us }) => {
                let (since, code, message) = (time(*since_us), (*code).to_owned(), message.clone());
                match next_us {
                    Some(next) => State::Waiting { since, code, message, next_probe: time(*next) },
                    None => State::Stopped { since, code, message },
                }
            }
            None if behind > CATCHING_UP_POSITIONS => State::CatchingUp,
            None => State::Running,
        }
    }
}
