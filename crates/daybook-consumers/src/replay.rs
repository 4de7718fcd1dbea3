//! Delivering dead letters again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use daybook_event::Position;

use crate::consumer::{Consumer, Core, Trail, deliver_to};
use crate::dead_letters::{DeadLetter, Letters, Replayed};
use crate::error::ReplayError;
use crate::limits::LETTERS_PAGE_MAX;
use crate::runtime::HandlerState;
use crate::status::State;
use crate::{Failure, FailureKind, Handler, Undelivered};

/// Delivers dead letters again, each by itself, between the consumer's other deliveries.
pub(crate) struct Replay<'r> {
    pub consumer: &'r Consumer,
    pub core: &'r Core,
    pub progress: &'r mut (dyn FnMut(&Replayed) + Send),
}

impl Replay<'_> {
    pub async fn run(&mut self, letters: Letters) -> Result<Replayed, ReplayError> {
        let handler = self.handler()?;
        let (app, name, store) = (&*self.consumer.app, &*self.consumer.name, &self.core.store);
        let mut done = Replayed::default();
        match letters {
            Letters::One(position) => {
                let letter = store.letter(app, name, position).await?.ok_or(ReplayError::NoLetter(position))?;
                done.total = 1;
                self.deliver(&*handler, &letter, &mut done).await?;
            }
            Letters::All => {
                done.total = store.count_letters(app, name).await?;
                // What becomes a dead letter meanwhile is for another time.
                let last = self.core.feed.log().head();
                let mut after = 0;
                loop {
                    let page = store.letters(app, name, after, LETTERS_PAGE_MAX).await?;
                    let Some(end) = page.last().map(|letter| letter.position) else { break };
                    for letter in page.iter().filter(|letter| letter.position <= last) {
                        self.deliver(&*handler, letter, &mut done).await?;
                    }
                    after = end;
                }
            }
        }
        Ok(done)
    }

    /// The handler, where it can deliver.
    fn handler(&self) -> Result<Arc<dyn Handler>, ReplayError> {
        let handler = match &self.consumer.handler {
            HandlerState::Ready(handler) => handler,
            HandlerState::Unconfigured(missing) => return Err(ReplayError::NotReady(missing.clone())),
        };
        let place = self.consumer.place();
        if place.ready {
            return Ok(Arc::clone(handler));
        }
        Err(ReplayError::NotReady(match self.consumer.state(&place, 0) {
            State::Waiting { message, .. } | State::Stopped { message, .. } => message,
            state => format!("it is {} and its destination was not looked at yet", state.name()),
        }))
    }

    async fn deliver(
        &mut self,
        handler: &dyn Handler,
        letter: &DeadLetter,
        done: &mut Replayed,
    ) -> Result<(), ReplayError> {
        let (consumer, core, position) = (self.consumer, self.core, letter.position);
        if let Some(rate) = &consumer.rate {
            while let Err(pause) = rate.take(1) {
                tokio::time::sleep(pause).await;
            }
        }
        let _gate = consumer.gate.lock().await;
        if consumer.stop.is_cancelled() {
            return Err(ReplayError::Manage(crate::error::ManageError::Closed));
        }
        // Somebody else may have replayed or dropped it.
        if core.store.letter(&consumer.app, &consumer.name, position).await?.is_none() {
            return Ok(());
        }
        let head = core.feed.log().head();
        let entry = core.feed.item(position, head).await.map_err(|error| ReplayError::NotReady(error.to_string()))?;
        let Some(entry) = entry else { return self.compacted(letter, done).await };
        let handed = deliver_to(consumer, core, handler, vec![entry.item], (position, position), true).await;
        let handed = handed.map_err(|failure| ReplayError::NotReady(failure.message))?;
        if handed.gone > 0 {
            return self.compacted(letter, done).await;
        }
        let failure = match handed.outcome {
            Ok(()) => None,
            Err(Undelivered::All(failure)) => Some(failure),
            Err(Undelivered::Some(some)) => some.into_iter().next().map(|(_, failure)| failure),
        };
        match failure {
            None => {
                let dropped = core.store.drop_letters(&consumer.app, &consumer.name, Some(position)).await?;
                consumer.meter.dead_letters.fetch_sub(dropped, Ordering::Relaxed);
                done.delivered += 1;
                done.unopened += handed.unopened;
            }
            Some(failure) if failure.kind == FailureKind::Destination => {
                return Err(ReplayError::NotReady(failure.message));
            }
            Some(failure) => {
                self.note(letter, &failure).await?;
                done.failed += 1;
            }
        }
        (self.progress)(done);
        Ok(())
    }

    async fn compacted(&mut self, letter: &DeadLetter, done: &mut Replayed) -> Result<(), ReplayError> {
        let what = "the event is past its retention and was compacted away";
        self.note(letter, &Failure::new(FailureKind::GiveUp, "consumer.compacted", what)).await?;
        done.compacted += 1;
        (self.progress)(done);
        Ok(())
    }

    /// Writes a failure to its letter.
    async fn note(&mut self, letter: &DeadLetter, failure: &Failure) -> Result<(), ReplayError> {
        let mut trail = Trail::default();
        trail.note(failure);
        let (app, name, position): (_, _, Position) = (&self.consumer.app, &self.consumer.name, letter.position);
        self.core.store.keep_letter(app, name, position, &letter.event, &trail).await?;
        Ok(())
    }
}
