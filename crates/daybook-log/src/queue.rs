//! The queue between everyone who appends and the one writer, bounded by the bytes that wait.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use daybook_event::record::{Appended, Batch, BatchTerms};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::error::{AppendError, RollError};
use crate::limits::{RETRY_AFTER_MAX, RETRY_AFTER_MIN};
use crate::terms::Checked;

/// The answer to a request.
pub(crate) type Answer = Result<Vec<Appended>, AppendError>;

/// A batch that waits for the writer.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) batch: Batch,
    /// Those of its records.
    pub(crate) terms: BatchTerms,
    /// On what condition it is appended.
    pub(crate) condition: Option<Checked>,
    pub(crate) answer: oneshot::Sender<Answer>,
}

impl Request {
    /// What it counts for in the queue.
    pub(crate) fn bytes(&self) -> usize {
        let records = self.batch.records.len() * size_of::<daybook_event::record::RecordMeta>();
        self.batch.bytes.len() + records + self.terms.bytes() + self.condition.as_ref().map_or(0, Checked::bytes)
    }
}

/// Somebody wants the segment closed that is written.
#[derive(Debug)]
pub(crate) struct Roll {
    /// When its oldest record is older than this.
    pub(crate) older_than_us: i64,
    /// Says whether it was.
    pub(crate) answer: oneshot::Sender<Result<bool, RollError>>,
}

/// What the writer is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// There is work.
    Work,
    /// Somebody wants the segment closed.
    Roll,
    /// Nothing came for a while.
    Idle,
    /// Nothing will come any more.
    Closed,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    bytes_max: usize,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Request>,
    rolls: Vec<Roll>,
    /// Bytes of everything that is not answered yet.
    bytes: usize,
    closed: bool,
    poisoned: Option<String>,
    /// Bytes that the writer lately got done in a second.
    bytes_per_second: f64,
}

impl Queue {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let (waiting, rolls) = (VecDeque::new(), Vec::new());
        let state = State { waiting, rolls, bytes: 0, closed: false, poisoned: None, bytes_per_second: 0.0 };
        Self { state: Mutex::new(state), arrived: Condvar::new(), bytes_max }
    }

    /// Puts a batch in the queue. An empty queue takes any batch.
    pub(crate) fn push(
        &self,
        batch: Batch,
        terms: BatchTerms,
        condition: Option<Checked>,
    ) -> Result<oneshot::Receiver<Answer>, AppendError> {
        let (answer, answered) = oneshot::channel();
        let request = Request { batch, terms, condition, answer };
        let bytes = request.bytes();
        let mut state = self.state.lock();
        if let Some(reason) = &state.poisoned {
            return Err(AppendError::Poisoned(reason.clone()));
        }
        if state.closed {
            return Err(AppendError::Closed);
        }
        if state.bytes > 0 && state.bytes + bytes > self.bytes_max {
            return Err(AppendError::Busy { retry_after: state.retry_after() });
        }
        state.bytes += bytes;
        state.waiting.push_back(request);
        let was_empty = state.waiting.len() == 1;
        drop(state);
        if was_empty {
            self.arrived.notify_one();
        }
        Ok(answered)
    }

    /// Asks for the segment to be closed that is written.
    pub(crate) fn roll(&self, older_than_us: i64) -> Result<oneshot::Receiver<Result<bool, RollError>>, RollError> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.state.lock();
        if let Some(reason) = &state.poisoned {
            return Err(RollError::Poisoned(reason.clone()));
        }
        if state.closed {
            return Err(RollError::Closed);
        }
        state.rolls.push(Roll { older_than_us, answer });
        drop(state);
        self.arrived.notify_one();
        Ok(answered)
    }

    /// Takes who wants the segment closed.
    pub(crate) fn take_rolls(&self) -> Vec<Roll> {
        std::mem::take(&mut self.state.lock().rolls)
    }

    /// Moves everything that waits to `requests`, waiting until there is something, or for as long as `patience`.
    pub(crate) fn take(&self, requests: &mut VecDeque<Request>, patience: Option<Duration>) -> Taken {
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut state = self.state.lock();
        while state.waiting.is_empty() && state.rolls.is_empty() && !state.closed {
            match deadline {
                None => self.arrived.wait(&mut state),
                Some(deadline) => {
                    let timed_out = self.arrived.wait_until(&mut state, deadline).timed_out();
                    if timed_out && state.waiting.is_empty() && state.rolls.is_empty() {
                        return Taken::Idle;
                    }
                }
            }
        }
        if !state.rolls.is_empty() {
            return Taken::Roll;
        }
        if state.waiting.is_empty() {
            return Taken::Closed;
        }
        requests.append(&mut state.waiting);
        Taken::Work
    }

    /// Requests of this many bytes were answered, in this time.
    pub(crate) fn done(&self, bytes: usize, elapsed: Duration) {
        let mut state = self.state.lock();
        assert!(state.bytes >= bytes, "what is done was in the queue");
        state.bytes -= bytes;
        let rate = bytes as f64 / elapsed.as_secs_f64().max(1e-6);
        state.bytes_per_second =
            if state.bytes_per_second == 0.0 { rate } else { state.bytes_per_second * 0.9 + rate * 0.1 };
    }

    /// Nothing more is taken in, because of this.
    pub(crate) fn poison(&self, reason: &str) {
        let mut state = self.state.lock();
        if state.poisoned.is_none() {
            state.poisoned = Some(reason.to_owned());
        }
    }

    /// Why nothing is taken in, if so.
    pub(crate) fn poisoned(&self) -> Option<String> {
        self.state.lock().poisoned.clone()
    }

    /// Nothing more is taken in; what waits is still written.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Drops what waits; for when there is no writer any more. Whoever waits learns it by the closed channel.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.waiting.clear();
        state.rolls.clear();
    }

    /// Bytes that wait, and how many may.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        (self.state.lock().bytes, self.bytes_max)
    }
}

impl State {
    /// How long the writer needs for half of what waits.
    fn retry_after(&self) -> Duration {
        let seconds = self.bytes as f64 / 2.0 / self.bytes_per_second.max(1.0);
        Duration::try_from_secs_f64(seconds).unwrap_or(RETRY_AFTER_MAX).clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX)
    }
}
