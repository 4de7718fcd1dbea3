//! Delivering a batch: in pieces where some of it fails, until each event is delivered or given up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use daybook_event::Position;

use super::attempt::{Handed, deliver_to, state_failure};
use super::task::{Halt, Task};
use super::trail::{Trail, message};
use crate::limits::{GIVE_UPS_IN_A_ROW_MAX, RETRY_AFTER_MAX};
use crate::store::unsigned;
use crate::{Failure, FailureKind, Item, OffsetKeeping, Undelivered, now_us};

/// Events to be delivered.
pub(super) struct Work {
    /// What is tried together, in position order.
    pub pieces: VecDeque<Vec<Pending>>,
    /// The offset when all of it is settled.
    pub through: Position,
    pub epoch: u64,
}

/// An event to be delivered.
pub(super) struct Pending {
    pub item: Arc<Item>,
    pub trail: Trail,
}

/// The same without the events, so that nothing of them is in memory while the consumer waits.
pub(super) struct Parked {
    pub pieces: Vec<Vec<(Position, Trail)>>,
    pub through: Position,
}

/// What is left of a piece after an attempt.
#[derive(Default)]
struct Left {
    /// To be tried again, in position order.
    again: Vec<Vec<Pending>>,
    /// Not before so long.
    pause: Duration,
    /// Nothing is to be tried before the destination is there again.
    lost: Option<Failure>,
}

impl Work {
    pub fn new(items: Vec<Arc<Item>>, through: Position, epoch: u64) -> Self {
        let piece = items.into_iter().map(|item| Pending { item, trail: Trail::default() }).collect();
        Self { pieces: VecDeque::from([piece]), through, epoch }
    }

    /// When the oldest event was received; 0 where there is none.
    pub fn oldest_us(&self) -> i64 {
        let first = self.pieces.front().and_then(|piece| piece.first());
        first.map_or(0, |pending| pending.item.event.received.microseconds())
    }

    /// Everything up to here is settled.
    fn settled(&self) -> Position {
        let first = self.pieces.front().and_then(|piece| piece.first());
        first.map_or(self.through, |pending| pending.item.event.position.saturating_sub(1))
    }

    fn put_back(&mut self, pieces: Vec<Vec<Pending>>) {
        pieces.into_iter().rev().filter(|piece| !piece.is_empty()).for_each(|piece| self.pieces.push_front(piece));
    }

    fn park(self) -> Option<Parked> {
        let positions = |piece: Vec<Pending>| {
            piece.into_iter().map(|pending| (pending.item.event.position, pending.trail)).collect()
        };
        let pieces: Vec<_> = self.pieces.into_iter().map(positions).collect();
        (!pieces.is_empty()).then_some(Parked { pieces, through: self.through })
    }
}

impl Task {
    /// Delivers everything, or says why not and keeps the rest for later.
    pub(super) async fn deliver(&mut self, mut work: Work) -> Result<(), Halt> {
        let outcome = self.deliver_pieces(&mut work).await;
        if outcome.is_err() && work.epoch == self.epoch {
            self.parked = work.park();
        }
        outcome
    }

    async fn deliver_pieces(&mut self, work: &mut Work) -> Result<(), Halt> {
        while let Some(piece) = work.pieces.front() {
            let events = piece.len();
            self.waiting_since(work);
            self.wait_for_rate(events).await?;
            let pause = self.deliver_piece(work).await?;
            if pause > Duration::ZERO {
                self.wait(pause).await?;
            }
        }
        // Where every event is gone meanwhile.
        if self.pass(work.through) { Ok(()) } else { Err(Halt::Changed) }
    }

    async fn wait_for_rate(&self, events: usize) -> Result<(), Halt> {
        if let Some(rate) = &self.consumer.rate {
            while let Err(pause) = rate.take(events) {
                self.wait(pause).await?;
            }
        }
        Ok(())
    }

    /// Makes one attempt, and keeps its outcome before anybody else gets at the consumer.
    async fn deliver_piece(&mut self, work: &mut Work) -> Result<Duration, Halt> {
        let consumer = Arc::clone(&self.consumer);
        let _gate = consumer.gate.lock().await;
        if !self.holds() {
            return Err(Halt::Changed);
        }
        let after = consumer.place().offset;
        let Some(piece) = work.pieces.pop_front() else { return Ok(Duration::ZERO) };
        let items: Vec<Arc<Item>> = piece.iter().map(|pending| Arc::clone(&pending.item)).collect();
        let stretch = (after, work.settled());
        let handed = deliver_to(&consumer, &self.core, &*self.handler, items, stretch, false).await;
        let left = match handed {
            Ok(handed) => self.settle(piece, handed).await,
            Err(failure) => Left { again: vec![piece], lost: Some(failure), ..Left::default() },
        };
        work.put_back(left.again);
        consumer.set(|place| place.offset = place.offset.max(work.settled()));
        match left.lost {
            Some(failure) => {
                self.must_prove();
                Err(Halt::Lost(failure))
            }
            None => Ok(left.pause),
        }
    }

    async fn settle(&mut self, mut piece: Vec<Pending>, handed: Handed) -> Left {
        let failed = match handed.outcome {
            Ok(()) => {
                self.delivered(&piece);
                return Left::default();
            }
            Err(Undelivered::All(failure)) if self.keeps == OffsetKeeping::Handler => {
                return Left { again: vec![piece], lost: Some(failure), ..Left::default() };
            }
            Err(Undelivered::All(failure)) if failure.kind == FailureKind::Destination => {
                return Left { again: vec![piece], lost: Some(failure), ..Left::default() };
            }
            Err(Undelivered::All(failure)) if piece.len() > 1 => {
                self.retried(piece.len());
                let second = piece.split_off(piece.len() / 2);
                return Left { again: vec![piece, second], pause: asked(&failure), lost: None };
            }
            Err(Undelivered::All(failure)) => vec![(0, failure)],
            Err(Undelivered::Some(failed)) => failed,
        };
        if self.keeps == OffsetKeeping::Handler {
            let lost = failed.into_iter().next().map(|(_, failure)| failure);
            return Left { again: vec![piece], lost, ..Left::default() };
        }
        self.settle_some(piece, failed).await
    }

    /// Some events failed by themselves; the others are delivered.
    async fn settle_some(&mut self, piece: Vec<Pending>, failed: Vec<(usize, Failure)>) -> Left {
        let mut failures: Vec<Option<Failure>> = vec![None; piece.len()];
        for (place, failure) in failed {
            if let Some(place) = failures.get_mut(place) {
                *place = Some(failure);
            }
        }
        let (failed, delivered): (Vec<_>, Vec<_>) =
            piece.into_iter().zip(failures).partition(|(_, failure)| failure.is_some());
        let delivered: Vec<Pending> = delivered.into_iter().map(|(pending, _)| pending).collect();
        if !delivered.is_empty() {
            self.delivered(&delivered);
        }
        let (mut left, mut again) = (Left::default(), Vec::new());
        for (mut pending, failure) in failed.into_iter().filter_map(|(pending, failure)| Some((pending, failure?))) {
            if left.lost.is_some() || failure.kind == FailureKind::Destination {
                // Whatever is said of an event then, it is not to blame.
                left.lost.get_or_insert(failure);
                again.push(pending);
                continue;
            }
            pending.trail.note(&failure);
            let spent = failure.kind == FailureKind::GiveUp || pending.trail.tries > self.consumer.spec.retry;
            if !spent {
                left.pause = left.pause.max(self.retry_pause(pending.trail.tries)).max(asked(&failure));
                self.retried(1);
                again.push(pending);
            } else if let Err(failure) = self.give_up(&pending, &failure).await {
                again.push(pending);
                left.lost = Some(failure);
            } else if self.gave_up_in_a_row >= GIVE_UPS_IN_A_ROW_MAX {
                // One at a time from here on, between pauses that grow, until something is delivered.
                left.lost = Some(gives_up_everything(self.gave_up_in_a_row, &failure));
            }
        }
        left.again.push(again);
        left
    }

    fn delivered(&mut self, delivered: &[Pending]) {
        let (now, history) = (now_us(), self.consumer.set(|place| place.history()));
        let counting = &delivered[delivered.partition_point(|pending| pending.item.event.position <= history)..];
        // What came with one call was received at one time.
        let received = |pending: &Pending| pending.item.event.received.microseconds();
        let calls = counting.chunk_by(|one, next| received(one) == received(next));
        let latency =
            |call: &[Pending]| call.first().map_or(0, |pending| unsigned(now.saturating_sub(received(pending))));
        let latencies: Vec<_> = calls.map(|call| (latency(call), call.len())).collect();
        self.consumer.meter.delivered(now, delivered.len(), &latencies);
        self.gave_up_in_a_row = 0;
        self.kept = true;
        self.recovered();
    }

    fn retried(&self, events: usize) {
        self.consumer.meter.retried.fetch_add(events as u64, std::sync::atomic::Ordering::Relaxed);
    }

    /// Makes a dead letter of an event, or counts it.
    async fn give_up(&mut self, pending: &Pending, failure: &Failure) -> Result<(), Failure> {
        let consumer = &self.consumer;
        let event = &pending.item.event;
        if consumer.spec.dlq {
            let store = &self.core.store;
            let kept = store.keep_letter(&consumer.app, &consumer.name, event.position, &event.name, &pending.trail);
            if kept.await.map_err(|error| state_failure(&error))? {
                consumer.meter.dead_letters.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
        consumer.meter.gave_up(consumer.spec.dlq, failure.code);
        self.gave_up_in_a_row = self.gave_up_in_a_row.saturating_add(1);
        Ok(())
    }
}

/// How long a destination asks to be left alone.
fn asked(failure: &Failure) -> Duration {
    failure.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX)
}

fn gives_up_everything(events: u32, last: &Failure) -> Failure {
    let why = message(last);
    let what = format!("{events} events in a row were given up, the last because of {}: {why}", last.code);
    let mut failure = Failure::new(FailureKind::Destination, "consumer.gives-up-everything", what);
    failure.retry_after = last.retry_after;
    failure
}
