//! The contract between the runtime and what a consumer does with events.
//!
//! # What the runtime promises
//!
//! - A handler's calls never overlap, but for [`Handler::forget_people`], [`Handler::forget_months`] and
//!   [`Handler::export`], which come at any time. While the first two run, no delivery of the same consumer does.
//! - Batches come in the order of the log, without gaps but for what the consumer did not ask for, and each event at least once: again after a
//!   failure, a crash, a rewind. The id of the event is the idempotency key.
//! - A batch is never empty, and never larger than the consumer's `batch.size`.
//! - An attempt that takes longer than [`Handler::patience`] is dropped (its future is) and counts as a failure of the destination.
//!
//! # What a handler promises
//!
//! - When [`Handler::deliver`] answers `Ok`, the batch is durable at the destination.
//! - Delivered twice, an event is there once.
//! - It keeps no memory of what it delivered, and holds nothing beyond the call but connections and what can be computed again.
//! - Failures say what to do: [`FailureKind`]. Their texts name no person, carry no value of an event and no credential.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daybook_event::SubjectId;
use daybook_event::stored::Standing;
use daybook_event::{Event, Position, SessionHash, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};

/// What a consumer does with events. The module says who promises what.
#[async_trait]
pub trait Handler: Send + Sync {
    /// How much of an event it wants to see.
    fn sight(&self) -> Sight {
        Sight::Closed
    }

    /// Who keeps its offset.
    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Runtime
    }

    /// Whether anything of events stays at its destination that has to go when their retention is over, though it names nobody. A
    /// destination with neither such events nor names ([`Sight::Open`]) is not asked to forget anything, nor missed when it is gone.
    fn holds_events(&self) -> bool {
        true
    }

    /// How long one call may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// How many events it likes to be handed at once, where the consumer's specification does not say.
    fn batching(&self) -> Batching {
        Batching::default()
    }

    /// Makes ready: connects, makes tables, checks that they fit. Called before the first delivery, and again after the
    /// destination was lost. A [`FailureKind::GiveUp`] here stops the consumer until somebody resumes it.
    ///
    /// # Errors
    /// [`Failure`].
    async fn prepare(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// The last position whose delivery is durable, for a handler that keeps its offset itself; 0 before the first.
    /// Called after each [`Handler::prepare`].
    ///
    /// # Errors
    /// [`Failure`].
    async fn committed(&self) -> Result<Position, Failure> {
        Ok(0)
    }

    /// Delivers a batch. A handler that keeps its offset commits [`Batch::through`] together with it.
    ///
    /// # Errors
    /// [`Undelivered`]: all of it, or some events.
    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered>;

    /// Sets the offset that the handler keeps itself, for a rewind; 0 also throws away what was computed.
    ///
    /// # Errors
    /// [`Failure`].
    async fn rewind(&self, _to: Position) -> Result<(), Failure> {
        Ok(())
    }

    /// Regular upkeep (partitions, retention, rotation), on start and every minute after, never during a delivery.
    ///
    /// # Errors
    /// [`Failure`].
    async fn tend(&self, _now: Timestamp) -> Result<(), Failure> {
        Ok(())
    }

    /// Forgets people of the consumer's app, as [`daybook_privacy::view::View`] says. It is asked once the consumer was ever handed events
    /// with names ([`Sight::Open`]), by whatever handler, and whatever it sees now.
    ///
    /// # Errors
    /// [`ViewError`].
    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError>;

    /// Forgets months of the consumer's app, as [`daybook_privacy::view::View`] says.
    ///
    /// # Errors
    /// [`ViewError`].
    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError>;

    /// What the destination holds of a person that is not in the log already.
    ///
    /// # Errors
    /// [`ViewError`].
    async fn export(&self, app: &str, person: SubjectId) -> Result<Vec<ExportPart>, ViewError>;
}

/// How much of an event a handler sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Sight {
    /// The person as `anonymous_id`; nothing that is sealed.
    #[default]
    Closed,
    /// With what is sealed put back, as far as it still opens. Such a handler holds names, and must find and delete them.
    Open,
}

/// How many events are handed over together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// At most so many.
    pub size: usize,
    /// So long is waited for more.
    pub delay: Duration,
}

impl Default for Batching {
    fn default() -> Self {
        Self { size: crate::limits::BATCH_EVENTS_DEFAULT, delay: Duration::ZERO }
    }
}

/// Who keeps a consumer's offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OffsetKeeping {
    /// The runtime, in the state database, after the delivery: at least once.
    #[default]
    Runtime,
    /// The handler, together with what it delivers: exactly once.
    Handler,
}

/// Events for one consumer.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The events, in position order.
    pub items: Vec<Arc<Item>>,
    /// The consumer's offset before: everything up to here was delivered earlier.
    pub after: Position,
    /// The offset once this batch is delivered; at least the last item's position.
    pub through: Position,
    /// Whether it comes out of the dead letters: then `after` and `through` are the item's own position, and the offset does not move.
    pub replay: bool,
}

/// One event, decoded once for all consumers of the process.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The event, as far as the handler's [`Sight`] goes. Its `anonymous_id` is Daybook's, also where it was opened.
    pub event: Event<'static>,
    /// Who it is about.
    pub standing: Standing,
    /// What stands for its session, where it has one that was consented to; nothing in records of before there was any.
    pub session: Option<SessionHash>,
    /// Kept out of feeds: it is to be counted, not shown.
    pub hidden: bool,
}

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// What to do about it.
    pub kind: FailureKind,
    /// Stable, for programs: `mysql.unreachable`, `http.refused`.
    pub code: &'static str,
    /// For people: no name, no value of an event, no credential.
    pub message: String,
    /// When to try again at the earliest, where the destination says so.
    pub retry_after: Option<Duration>,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The destination does not work for anybody (refused, unreachable, timed out, wrong credentials, told to wait): the consumer waits and
    /// probes; no event is to blame, and none is given up.
    Destination,
    /// It may work another time: tried again up to the consumer's limit, then given up.
    Retry,
    /// It will never work: given up at once.
    GiveUp,
}

/// What of a batch was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// Nothing, as far as the handler knows. Where the kind is not [`FailureKind::Destination`], the runtime tries smaller pieces,
    /// so that one event does not take others with it.
    All(Failure),
    /// These, by their index in the batch, each once; the others are durable.
    Some(Vec<(usize, Failure)>),
}

impl Failure {
    /// A failure of this kind.
    #[must_use]
    pub fn new(kind: FailureKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), retry_after: None }
    }
}

impl From<Failure> for Undelivered {
    fn from(failure: Failure) -> Self {
        Self::All(failure)
    }
}
