//! The task that runs one consumer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use daybook_event::{Position, Timestamp};
use tokio::time::Instant;

use super::deliver::{Parked, Work};
use super::trail::message;
use super::{Consumer, Core, Trouble, call};
use crate::feed::Selection;
use crate::limits::{BATCH_EVENTS_MAX, CATCHING_UP_POSITIONS, RETRY_AFTER_MAX, TEND_EVERY};
use crate::notes::Change;
use crate::{Failure, FailureKind, Handler, OffsetKeeping, now_us};

/// Runs one consumer until it is stopped.
pub(crate) struct Task {
    pub(super) consumer: Arc<Consumer>,
    pub(super) core: Arc<Core>,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) selection: Selection,
    pub(super) keeps: OffsetKeeping,
    /// Most events of a batch, and how long is waited for more.
    pub(super) size: usize,
    pub(super) delay: Duration,
    /// Of which setting of the offset everything here is.
    pub(super) epoch: u64,
    /// What was begun and could not be finished, by positions only.
    pub(super) parked: Option<Parked>,
    /// Events given up since one was delivered.
    pub(super) gave_up_in_a_row: u32,
    prepared: bool,
    /// The log's end when it began.
    began: Position,
    /// Whether the handler, which keeps its offset itself, is known to have kept one.
    pub(super) kept: bool,
    breaker: Option<Breaker>,
    /// The breaker stays open until something was delivered.
    proving: bool,
    pub(super) next_tend: Instant,
}

/// A destination is lost; probes are further and further apart.
struct Breaker {
    since_us: i64,
    pauses: ExponentialBackoff,
}

/// Why a round ended early.
#[derive(Debug)]
pub(super) enum Halt {
    /// Something changed that the task must look at: paused, rewound, stopped.
    Changed,
    /// It does not work for anybody.
    Lost(Failure),
    /// It will not work until somebody sees to it.
    Stuck(Failure),
}

impl Task {
    pub fn new(consumer: Arc<Consumer>, core: Arc<Core>, handler: Arc<dyn Handler>) -> Self {
        let (batching, spec) = (handler.batching(), &consumer.spec);
        let size = spec.batch.size.map_or(batching.size, |size| size.get() as usize);
        let burst = consumer.rate.as_ref().map_or(usize::MAX, super::Rate::burst);
        Self {
            selection: Selection::new(Arc::clone(&consumer.app), Arc::clone(spec)),
            keeps: handler.offset_keeping(),
            size: size.min(burst).clamp(1, BATCH_EVENTS_MAX),
            delay: spec.batch.delay.unwrap_or(batching.delay),
            epoch: consumer.place().epoch,
            parked: None,
            gave_up_in_a_row: 0,
            prepared: false,
            began: core.feed.log().head(),
            kept: false,
            breaker: None,
            proving: false,
            next_tend: Instant::now(),
            consumer,
            core,
            handler,
        }
    }

    pub async fn run(mut self) {
        while !self.consumer.stop.is_cancelled() {
            match self.round().await {
                Ok(()) | Err(Halt::Changed) => {}
                Err(Halt::Lost(failure)) => self.lost(failure).await,
                Err(Halt::Stuck(failure)) => self.stuck(&failure).await,
            }
        }
    }

    /// One batch, with whatever must come before it.
    async fn round(&mut self) -> Result<(), Halt> {
        self.look().await?;
        if !self.prepared {
            self.prepare().await?;
        }
        if self.next_tend <= Instant::now() {
            self.tend().await?;
        }
        let work = match &self.parked {
            Some(parked) => self.unpark(parked).await?,
            None => match self.gather().await? {
                Some(work) => work,
                None => return Ok(()),
            },
        };
        self.parked = None;
        self.deliver(work).await
    }

    /// Takes note of what others changed; waits while the consumer is paused.
    async fn look(&mut self) -> Result<(), Halt> {
        let (epoch, paused) = self.consumer.set(|place| (place.epoch, place.paused_us.is_some()));
        if epoch != self.epoch {
            self.epoch = epoch;
            self.parked = None;
        }
        if paused {
            self.wait(Duration::MAX).await?;
        }
        Ok(())
    }

    /// Whether what was begun still holds. It does while the gate is held, once this says so.
    pub(super) fn holds(&self) -> bool {
        !self.consumer.stop.is_cancelled()
            && self.consumer.set(|place| place.epoch == self.epoch && place.paused_us.is_none())
    }

    /// Waits, unless something changes.
    pub(super) async fn wait(&self, time: Duration) -> Result<(), Halt> {
        tokio::select! {
            () = self.consumer.stop.cancelled() => Err(Halt::Changed),
            () = self.consumer.changed.notified() => Err(Halt::Changed),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    async fn prepare(&mut self) -> Result<(), Halt> {
        let consumer = Arc::clone(&self.consumer);
        let _gate = consumer.gate.lock().await;
        if !self.holds() {
            return Err(Halt::Changed);
        }
        let handler = &*self.handler;
        let prepared = async {
            call(handler, handler.prepare()).await?;
            match self.keeps {
                OffsetKeeping::Handler => call(handler, handler.committed()).await.map(Some),
                OffsetKeeping::Runtime => Ok(None),
            }
        };
        let committed = prepared.await.map_err(|failure| match failure.kind {
            FailureKind::GiveUp => Halt::Stuck(failure),
            FailureKind::Destination | FailureKind::Retry => Halt::Lost(failure),
        })?;
        // Where it begins anew, after a start or because what it had is gone, what was there before is no news.
        let history = match committed {
            Some(0) if self.kept => self.core.feed.log().head(),
            Some(0) => self.began,
            _ => 0,
        };
        self.kept = committed > Some(0);
        consumer.set(|place| {
            place.ready = true;
            place.history = place.history.max(history);
            place.anew = history > place.begin;
            place.offset = match committed {
                Some(0) => place.begin,
                Some(committed) => committed,
                None => place.offset,
            };
        });
        self.prepared = true;
        if !self.proving {
            self.recovered();
        }
        Ok(())
    }

    async fn tend(&mut self) -> Result<(), Halt> {
        let consumer = Arc::clone(&self.consumer);
        let _gate = consumer.gate.lock().await;
        self.next_tend = Instant::now() + TEND_EVERY;
        let now = Timestamp::from_microseconds(now_us());
        match call(&*self.handler, self.handler.tend(now)).await {
            Err(failure) if failure.kind == FailureKind::Destination => Err(Halt::Lost(failure)),
            Err(failure) => {
                let (app, name, code) = (&*consumer.app, &*consumer.name, failure.code);
                tracing::warn!(app, consumer = name, code, "the upkeep of a consumer failed: {}", message(&failure));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Waits before a lost destination is probed.
    async fn lost(&mut self, failure: Failure) {
        let (min, max) = self.core.options.probe_pause;
        let now = now_us();
        let new = self.breaker.is_none();
        let breaker = self.breaker.get_or_insert_with(|| {
            let pauses = ExponentialBuilder::default().with_min_delay(min).with_max_delay(max).with_jitter();
            Breaker { since_us: now, pauses: pauses.without_max_times().build() }
        });
        let pause = breaker.pauses.next().unwrap_or(max).min(max);
        let pause = pause.max(failure.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX));
        let trouble = Trouble {
            since_us: breaker.since_us,
            code: failure.code,
            message: message(&failure),
            next_us: Some(now.saturating_add(microseconds(pause))),
        };
        if new {
            let change = Change::DestinationLost { code: failure.code, message: trouble.message.clone() };
            self.consumer.note(&*self.core.notes, None, change);
        }
        self.consumer.set(|place| {
            place.trouble = Some(trouble);
            place.ready = false;
        });
        self.prepared = false;
        if self.keeps == OffsetKeeping::Handler {
            self.parked = None;
        }
        // A change is looked at, and probed meanwhile, at once.
        let _ = self.wait(pause).await;
    }

    /// Waits until somebody resumes the consumer.
    async fn stuck(&mut self, failure: &Failure) {
        let (since_us, message) = (now_us(), message(failure));
        let change = Change::Stopped { code: failure.code, message: message.clone() };
        self.consumer.note(&*self.core.notes, None, change);
        let trouble = Trouble { since_us, code: failure.code, message, next_us: None };
        self.consumer.set(|place| {
            place.trouble = Some(trouble);
            (place.ready, place.kicked) = (false, false);
        });
        self.prepared = false;
        while !self.consumer.stop.is_cancelled() && !self.consumer.set(|place| std::mem::take(&mut place.kicked)) {
            let _ = self.wait(Duration::MAX).await;
        }
        self.consumer.set(|place| place.trouble = None);
    }

    /// Something was undone by the destination: it must prove itself by a delivery.
    pub(super) fn must_prove(&mut self) {
        self.proving = true;
    }

    /// Everything works.
    pub(super) fn recovered(&mut self) {
        self.proving = false;
        if let Some(breaker) = self.breaker.take() {
            let after = Duration::from_micros(now_us().saturating_sub(breaker.since_us).max(0).unsigned_abs());
            self.consumer.set(|place| place.trouble = None);
            self.consumer.note(&*self.core.notes, None, Change::DestinationBack { after });
        }
    }

    /// How long to wait before the given number of a retry, from 1.
    pub(super) fn retry_pause(&self, number: u32) -> Duration {
        let (min, max) = self.core.options.retry_pause;
        let pauses = ExponentialBuilder::default().with_min_delay(min).with_max_delay(max).with_jitter();
        let mut pauses = pauses.without_max_times().build();
        pauses.nth(number.saturating_sub(1).min(64) as usize).unwrap_or(max).min(max)
    }

    /// Whoever takes everything again is through with that once they are about as far as the log.
    pub(super) fn looked_through(&self, to: Position) {
        let head = self.core.feed.log().head();
        if head.saturating_sub(to) <= CATCHING_UP_POSITIONS {
            self.consumer.set(|place| {
                if std::mem::take(&mut place.anew) {
                    place.history = place.history.max(head);
                }
            });
        }
    }

    /// Moves the offset where nothing had to be delivered; says whether what was begun still holds.
    pub(super) fn pass(&self, to: Position) -> bool {
        self.consumer.set(|place| {
            let holds = place.epoch == self.epoch;
            if holds {
                place.offset = place.offset.max(to);
            }
            holds
        })
    }

    /// Notes which event waits.
    pub(super) fn waiting_since(&self, work: &Work) {
        self.consumer.meter.oldest_us.store(work.oldest_us(), Ordering::Relaxed);
    }
}

pub(super) fn microseconds(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
