//! Handlers that do as a test tells them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use daybook_consumers::{Batch, Failure, FailureKind, Handler, Item, OffsetKeeping, Sight, Undelivered};
use daybook_event::{Position, SubjectId};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

type Answer = dyn Fn(&Batch) -> Result<(), Undelivered> + Send + Sync;

/// A destination in memory.
pub struct Fake {
    answer: Box<Answer>,
    /// What arrived and stayed, in the order in which it came.
    pub arrived: Mutex<Vec<Arc<Item>>>,
    /// Every attempt: the positions.
    pub attempts: Mutex<Vec<Vec<Position>>>,
    /// What `prepare` says.
    pub prepares: Mutex<Option<Failure>>,
    pub prepared: AtomicUsize,
    pub tended: AtomicUsize,
    /// One permit for each attempt that may go on; none are needed where it is closed.
    pub permits: Semaphore,
    pub waits: AtomicBool,
    /// Whether a delivery is under way.
    pub busy: AtomicBool,
    pub forgotten: Mutex<Vec<Forgotten>>,
    pub months: Mutex<Vec<ExpiredMonth>>,
    sight: Sight,
    holds_events: bool,
    patience: Duration,
}

impl Fake {
    pub fn new(answer: impl Fn(&Batch) -> Result<(), Undelivered> + Send + Sync + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            arrived: Mutex::default(),
            attempts: Mutex::default(),
            prepares: Mutex::default(),
            prepared: AtomicUsize::new(0),
            tended: AtomicUsize::new(0),
            permits: Semaphore::new(0),
            waits: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            forgotten: Mutex::default(),
            months: Mutex::default(),
            sight: Sight::Closed,
            holds_events: true,
            // Longer than any test, where it is not about that.
            patience: Duration::from_secs(3_600),
        }
    }

    /// Takes everything.
    pub fn willing() -> Arc<Self> {
        Arc::new(Self::new(|_| Ok(())))
    }

    pub fn open(mut self) -> Self {
        self.sight = Sight::Open;
        self
    }

    /// Keeps nothing that has to go.
    pub fn counting(mut self) -> Self {
        self.holds_events = false;
        self
    }

    pub fn impatient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Lets each attempt wait for a permit.
    pub fn waiting(self) -> Self {
        self.waits.store(true, Ordering::SeqCst);
        self
    }

    /// What arrived, by position.
    pub fn positions(&self) -> Vec<Position> {
        self.arrived.lock().iter().map(|item| item.event.position).collect()
    }

    pub fn count(&self) -> usize {
        self.arrived.lock().len()
    }
}

#[async_trait]
impl Handler for Fake {
    fn sight(&self) -> Sight {
        self.sight
    }

    fn holds_events(&self) -> bool {
        self.holds_events
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    async fn prepare(&self) -> Result<(), Failure> {
        self.prepared.fetch_add(1, Ordering::SeqCst);
        self.prepares.lock().clone().map_or(Ok(()), Err)
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        assert!(!self.busy.swap(true, Ordering::SeqCst), "two deliveries at once");
        let idle = Idle(&self.busy);
        assert!(!batch.items.is_empty());
        assert!(batch.items.is_sorted_by_key(|item| item.event.position));
        if !batch.replay {
            let (first, last) = (batch.items[0].event.position, batch.items[batch.items.len() - 1].event.position);
            assert!(batch.after < first && last <= batch.through, "{} {first} {last} {}", batch.after, batch.through);
        }
        self.attempts.lock().push(batch.items.iter().map(|item| item.event.position).collect());
        if self.waits.load(Ordering::SeqCst)
            && let Ok(permit) = self.permits.acquire().await
        {
            permit.forget();
        }
        let answer = (self.answer)(batch);
        let failed = |place: usize| match &answer {
            Ok(()) => false,
            Err(Undelivered::All(_)) => true,
            Err(Undelivered::Some(some)) => some.iter().any(|(failed, _)| *failed == place),
        };
        let arrived = batch.items.iter().enumerate().filter(|(place, _)| !failed(*place));
        self.arrived.lock().extend(arrived.map(|(_, item)| Arc::clone(item)));
        drop(idle);
        answer
    }

    async fn tend(&self, _now: daybook_event::Timestamp) -> Result<(), Failure> {
        assert!(!self.busy.load(Ordering::SeqCst));
        self.tended.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        assert!(!self.busy.load(Ordering::SeqCst), "a delivery runs while people are forgotten");
        self.forgotten.lock().extend_from_slice(people);
        Ok(Touched { count: people.len() as u64 })
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        self.months.lock().extend_from_slice(months);
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(vec![ExportPart { file_name: "rows.json".to_owned(), bytes: b"[]".to_vec() }])
    }
}

/// Ends a delivery also where its future is dropped.
struct Idle<'b>(&'b AtomicBool);

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// A view that keeps its offset with its data, in one piece.
#[derive(Default)]
pub struct Ledger {
    pub kept: Mutex<(Position, Vec<Position>)>,
    /// What goes wrong with each attempt: nothing, before the commit, after it.
    pub troubles: Mutex<Vec<Trouble>>,
    /// Nothing is delivered while somebody else holds it.
    pub hold: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    None,
    Before,
    After,
    Panic,
}

#[async_trait]
impl Handler for Ledger {
    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Handler
    }

    async fn committed(&self) -> Result<Position, Failure> {
        Ok(self.kept.lock().0)
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        let _held = self.hold.lock().await;
        let trouble = self.troubles.lock().pop().unwrap_or(Trouble::None);
        let failed = || Err(failure(FailureKind::Retry).into());
        match trouble {
            Trouble::Before => return failed(),
            Trouble::Panic => panic!("on purpose"),
            Trouble::None | Trouble::After => {}
        }
        let mut kept = self.kept.lock();
        assert!(batch.after >= kept.0, "{} {}", batch.after, kept.0);
        kept.0 = batch.through;
        kept.1.extend(batch.items.iter().map(|item| item.event.position));
        if matches!(trouble, Trouble::After) { failed() } else { Ok(()) }
    }

    async fn rewind(&self, to: Position) -> Result<(), Failure> {
        let mut kept = self.kept.lock();
        kept.0 = to;
        kept.1.retain(|position| *position <= to);
        Ok(())
    }

    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, _months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

pub fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "fake.failed", "it does not want to")
}

/// The places of a batch whose events have such a position.
pub fn places(batch: &Batch, which: impl Fn(Position) -> bool) -> Vec<usize> {
    let items = batch.items.iter().enumerate();
    items.filter(|(_, item)| which(item.event.position)).map(|(place, _)| place).collect()
}
