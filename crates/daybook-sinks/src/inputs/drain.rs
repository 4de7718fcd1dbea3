//! The loop that every input runs.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::limits::{HELD_BATCHES, LAG_EVERY, LOST_AFTER, POLL, RECONNECT, RETRY};
use super::nats_core::Nats;
use super::nats_jetstream::JetStream;
use super::redis_list::RedisList;
use super::redis_stream::RedisStream;
use super::settings::{Place, Settings};
use super::source::{Delivery, Source, SourceError};
use super::status::{Shared, State, Status};
use super::{Admit, Message, Note, Outcome};

/// An input. It runs until it is told to stop, whatever becomes of its source.
pub struct Input {
    name: String,
    settings: Settings,
    status: Shared,
}

impl Input {
    /// An input of this name.
    #[must_use]
    pub fn new(name: &str, settings: Settings) -> Self {
        let status = Shared::new(name, settings.kind(), &settings.app, settings.from());
        Self { name: name.to_owned(), settings, status }
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.get()
    }

    /// Drains its source until `stopping` is cancelled. What was taken by then is judged and acknowledged first, unless admission
    /// cannot take it.
    pub async fn run(&self, admit: Arc<dyn Admit>, stopping: CancellationToken) {
        let mut pauses = pauses(RECONNECT);
        let mut lost: Option<Loss> = None;
        while !stopping.is_cancelled() {
            let connected = tokio::select! {
                connected = self.connect() => connected,
                () = stopping.cancelled() => break,
            };
            let error = match connected {
                Ok(mut source) => {
                    let mut session = Session::new(self, admit.as_ref());
                    let ended = session.run(source.as_mut(), &stopping, &mut lost).await;
                    if session.has_worked {
                        pauses = self::pauses(RECONNECT);
                    }
                    self.status.change(|status| status.waiting = 0);
                    match ended {
                        Ok(()) => break,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.is_lost(&error, &mut lost, admit.as_ref()).await;
            let pause = pauses.next().unwrap_or(RECONNECT.1);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stopping.cancelled() => break,
            }
        }
        self.status.change(|status| status.state = State::Stopped);
    }

    async fn connect(&self) -> Result<Box<dyn Source>, SourceError> {
        Ok(match &self.settings.place {
            Place::RedisStream(place) => Box::new(RedisStream::connect(place).await?),
            Place::RedisList(place) => Box::new(RedisList::connect(place).await?),
            Place::JetStream(place) => Box::new(Box::pin(JetStream::connect(place, self.settings.batch)).await?),
            Place::Nats(place) => Box::new(Nats::connect(place).await?),
        })
    }

    async fn is_lost(&self, error: &SourceError, lost: &mut Option<Loss>, admit: &dyn Admit) {
        let reason = error.to_string();
        self.status.change(|status| {
            status.state = State::Lost;
            status.error = Some(reason.clone());
        });
        let loss = lost.get_or_insert_with(|| {
            tracing::warn!(input = self.name, reason, "the source of an input does not answer");
            Loss { since: Instant::now(), noted: false }
        });
        if !loss.noted && loss.since.elapsed() >= LOST_AFTER {
            loss.noted = true;
            admit.note(Note::Lost { input: &self.name, app: &self.settings.app, reason: &reason }).await;
        }
    }

    async fn is_back(&self, lost: &mut Option<Loss>, admit: &dyn Admit) {
        self.status.change(|status| {
            status.state = State::Connected;
            status.error = None;
        });
        let Some(loss) = lost.take() else { return };
        let gone = loss.since.elapsed();
        tracing::info!(
            input = self.name,
            gone_ms = u64::try_from(gone.as_millis()).unwrap_or(u64::MAX),
            "it answers again"
        );
        if loss.noted {
            admit.note(Note::Recovered { input: &self.name, app: &self.settings.app, gone }).await;
        }
    }
}

/// A source that does not answer.
struct Loss {
    since: Instant,
    noted: bool,
}

/// What happens over one connection.
struct Session<'i> {
    input: &'i Input,
    admit: &'i dyn Admit,
    /// What admission could not take, and when it is tried again.
    held: Vec<Delivery>,
    retry_at: Instant,
    retries: backon::ExponentialBackoff,
    next_lag: Instant,
    has_worked: bool,
}

impl<'i> Session<'i> {
    fn new(input: &'i Input, admit: &'i dyn Admit) -> Self {
        let now = Instant::now();
        Self { input, admit, held: Vec::new(), retry_at: now, retries: pauses(RETRY), next_lag: now, has_worked: false }
    }

    /// Ends well only when it is told to stop.
    async fn run(
        &mut self,
        source: &mut dyn Source,
        stopping: &CancellationToken,
        lost: &mut Option<Loss>,
    ) -> Result<(), SourceError> {
        let batch = self.input.settings.batch;
        while !stopping.is_cancelled() {
            let mut work = Vec::new();
            if !self.held.is_empty() && self.retry_at <= Instant::now() {
                source.keep(&self.held).await?;
                let rest = self.held.split_off(self.held.len().min(batch));
                work = std::mem::replace(&mut self.held, rest);
            }
            let room = batch.saturating_sub(work.len()).min((batch * HELD_BATCHES).saturating_sub(self.held.len()));
            let until_retry = self.retry_at.saturating_duration_since(Instant::now());
            let wait = match (work.is_empty(), self.held.is_empty()) {
                (true, true) => POLL,
                (true, false) => POLL.min(until_retry),
                (false, _) => Duration::ZERO,
            };
            if room > 0 {
                let fetched = tokio::select! {
                    biased;
                    () = stopping.cancelled() => return Ok(()),
                    fetched = source.fetch(room, wait) => fetched?,
                };
                self.has_worked = true;
                self.input.is_back(lost, self.admit).await;
                self.input.status.change(|status| status.received += fetched.len() as u64);
                work.extend(fetched);
            } else if work.is_empty() {
                tokio::select! {
                    () = stopping.cancelled() => return Ok(()),
                    () = tokio::time::sleep(until_retry) => {}
                }
            }
            if !work.is_empty() {
                self.work_off(source, work).await?;
            }
            if self.next_lag <= Instant::now() {
                let lag = source.lag().await?;
                self.input.status.change(|status| status.lag = lag);
                self.next_lag = Instant::now() + LAG_EVERY;
            }
        }
        Ok(())
    }

    async fn work_off(&mut self, source: &mut dyn Source, work: Vec<Delivery>) -> Result<(), SourceError> {
        let messages: Vec<Message> = work.iter().map(|delivery| delivery.message.clone()).collect();
        let outcomes = self.admit.admit(&self.input.settings.app, &messages).await;
        drop(messages);
        let mut done = Vec::with_capacity(work.len());
        let mut unreadable = Vec::new();
        let mut later: Option<(&'static str, Option<Duration>)> = None;
        // One outcome for each; were there ever fewer, the rest is not acknowledged.
        let outcomes =
            outcomes.into_iter().chain(std::iter::repeat(Outcome::Later { code: "server.failed", after: None }));
        let mut sum = super::Admitted::default();
        for (delivery, outcome) in work.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Done(admitted) => {
                    sum.add(&admitted);
                    done.push(delivery.token);
                }
                Outcome::Unreadable(code) => unreadable.push((delivery, code)),
                Outcome::Later { code, after } => {
                    self.held.push(delivery);
                    let longest = later.and_then(|(_, longest)| longest).max(after);
                    later = Some((code, longest));
                }
            }
        }
        if !done.is_empty() {
            source.acknowledge(&done).await?;
        }
        self.set_aside(source, &unreadable).await?;
        self.put_off(later, !done.is_empty());
        self.input.status.change(|status| {
            status.acknowledged += (done.len() + unreadable.len()) as u64;
            status.unreadable += unreadable.len() as u64;
            status.waiting = self.held.len() as u64;
            status.events.add(&sum);
            status.error = later.map(|(code, _)| format!("admission takes nothing at the moment ({code})"));
        });
        Ok(())
    }

    async fn set_aside(
        &self,
        source: &mut dyn Source,
        unreadable: &[(Delivery, &'static str)],
    ) -> Result<(), SourceError> {
        for (delivery, code) in unreadable {
            source.set_aside(delivery, code).await?;
        }
        if let Some((_, code)) = unreadable.last() {
            let (input, app, count) = (&self.input.name, &self.input.settings.app, unreadable.len() as u64);
            tracing::warn!(input, count, code, "messages that cannot be read were set aside");
            self.admit.note(Note::Unreadable { input, app, count, code }).await;
        }
        Ok(())
    }

    /// When what is held is tried again: as long as admission asks, and longer each time it asks in vain.
    fn put_off(&mut self, later: Option<(&'static str, Option<Duration>)>, some_done: bool) {
        if some_done || later.is_none() {
            self.retries = pauses(RETRY);
        }
        if let Some((_, after)) = later {
            let pause = self.retries.next().unwrap_or(RETRY.1).max(after.unwrap_or_default().min(RETRY.1));
            self.retry_at = Instant::now() + pause;
        }
    }
}

/// Pauses that double, with jitter, up to the longest.
fn pauses((first, longest): (Duration, Duration)) -> backon::ExponentialBackoff {
    ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest).without_max_times().with_jitter().build()
}
