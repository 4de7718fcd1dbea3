//! The runtime: consumers, each with a task and an offset of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daybook_catalog::consumers::{From, Spec};
use daybook_event::{Position, Timestamp};
use daybook_log::Log;
use daybook_privacy::Vault;
use daybook_privacy::view::View;
use parking_lot::Mutex;
use sea_orm::DatabaseConnection;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::consumer::{Condition, Consumer, Core, Task};
use crate::dead_letters::{DeadLetter, Letters, Replayed};
use crate::dispatch::Dispatch;
use crate::error::{AddError, DatabaseError, ManageError, ReplayError};
use crate::feed::Feed;
use crate::forgetting::{ConsumerView, PlaceView, RuntimeView};
use crate::limits;
use crate::metrics::ConsumerMetrics;
use crate::mind::{keep_offsets, mind, save_offsets, tell_given_up};
use crate::notes::Notes;
use crate::places::Places;
use crate::replay::Replay;
use crate::status::Status;
use crate::store::Store;
use crate::{Handler, manage};

/// How consumers are run. The defaults are meant for use.
#[derive(Debug, Clone)]
pub struct RuntimeOptions {
    /// Bytes of decoded events that are kept in memory for all consumers.
    pub cache_bytes: usize,
    /// First and longest pause before a failed event is tried again.
    pub retry_pause: (Duration, Duration),
    /// First and longest pause before a lost destination is probed.
    pub probe_pause: (Duration, Duration),
    /// How often offsets are written.
    pub offsets_every: Duration,
    /// How long somebody who forgets or rewinds waits for a delivery that is under way.
    pub gate_patience: Duration,
    /// How long [`Runtime::close`] waits for attempts that are under way.
    pub close_patience: Duration,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self {
            cache_bytes: limits::CACHE_BYTES_DEFAULT,
            retry_pause: (limits::RETRY_PAUSE_MIN, limits::RETRY_PAUSE_MAX),
            probe_pause: (limits::PROBE_PAUSE_MIN, limits::PROBE_PAUSE_MAX),
            offsets_every: limits::OFFSETS_EVERY,
            gate_patience: limits::GATE_PATIENCE,
            close_patience: limits::CLOSE_PATIENCE,
        }
    }
}

/// A consumer to be added.
#[derive(Clone)]
pub struct Registration {
    /// Whose events it gets.
    pub app: Arc<str>,
    /// What the catalog says of it, or Daybook itself of a view of its own.
    pub spec: Arc<Spec>,
    /// What delivers.
    pub handler: HandlerState,
    /// Whether [`Runtime::views`] gives a view of it: not where the handler is a view of its own that is listed elsewhere.
    pub view: bool,
}

/// What delivers a consumer's events.
#[derive(Clone)]
pub enum HandlerState {
    /// This does.
    Ready(Arc<dyn Handler>),
    /// Nothing says where to; this says what is missing.
    Unconfigured(String),
}

/// Where a consumer is to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// With the first event.
    Beginning,
    /// With the first event after what there is.
    Now,
    /// With the event after this position.
    Position(Position),
    /// With the first event received at this time or later.
    Time(Timestamp),
}

/// The consumers of a process. Cheap to clone; when the last clone is dropped without [`Runtime::close`], everything stops as in a crash.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

struct Shared {
    core: Arc<Core>,
    consumers: Arc<Consumers>,
    /// Where there was a consumer and is none. They change together, under the lock of the consumers.
    places: Arc<Places>,
    /// The consumers' tasks; where they are dropped, they end.
    tasks: Mutex<BTreeMap<Key, AbortOnDropHandle<()>>>,
    services: Mutex<Vec<AbortOnDropHandle<()>>>,
    started: AtomicBool,
    /// Ends the consumers' tasks.
    stop: CancellationToken,
    /// Ends what serves them.
    stop_services: CancellationToken,
    /// Held by whoever adds, removes or closes.
    changing: tokio::sync::Mutex<()>,
}

/// App and name.
pub(crate) type Key = (Arc<str>, Arc<str>);

/// The consumers there are.
#[derive(Default)]
pub(crate) struct Consumers(Mutex<BTreeMap<Key, Arc<Consumer>>>);

impl Consumers {
    pub fn all(&self) -> Vec<Arc<Consumer>> {
        self.0.lock().values().cloned().collect()
    }

    fn get(&self, app: &str, name: &str) -> Result<Arc<Consumer>, ManageError> {
        let unknown = || ManageError::Unknown { app: app.to_owned(), name: name.to_owned() };
        self.0.lock().get(&(Arc::from(app), Arc::from(name))).cloned().ok_or_else(unknown)
    }
}

impl Runtime {
    /// Makes ready, with the tables in the state database. Nothing runs before [`Runtime::start`].
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(
        options: RuntimeOptions,
        log: Log,
        vault: Vault,
        database: DatabaseConnection,
        notes: Arc<dyn Notes>,
    ) -> Result<Self, DatabaseError> {
        let store = Store::open(database).await?;
        let places = Arc::new(Places::read(&store).await?);
        let feed = Arc::new(Feed::new(log, vault, options.cache_bytes));
        let dispatch = Arc::new(Dispatch::new(Arc::clone(&feed)));
        let shared = Shared {
            core: Arc::new(Core { feed, dispatch, store, notes, options }),
            consumers: Arc::default(),
            places,
            tasks: Mutex::default(),
            services: Mutex::default(),
            started: AtomicBool::new(false),
            stop: CancellationToken::new(),
            stop_services: CancellationToken::new(),
            changing: tokio::sync::Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Adds a consumer, which goes on where it was, or where its specification says if it is new. After [`Runtime::start`] it runs at
    /// once.
    ///
    /// # Errors
    /// [`AddError`].
    pub async fn add(&self, registration: Registration) -> Result<(), AddError> {
        let shared = &*self.shared;
        let (app, spec) = (Arc::clone(&registration.app), Arc::clone(&registration.spec));
        let name = spec.name.clone();
        let condition = spec.condition.as_ref().map(Condition::new).transpose();
        let condition =
            condition.map_err(|reason| AddError::Condition { app: app.to_string(), name: name.clone(), reason })?;
        let _one = shared.changing.lock().await;
        if shared.stop.is_cancelled() {
            return Err(AddError::Closed);
        }
        let (exists, consumers) = {
            let consumers = shared.consumers.0.lock();
            (consumers.contains_key(&(Arc::clone(&app), Arc::from(name.as_str()))), consumers.len())
        };
        if exists {
            return Err(AddError::Exists { app: app.to_string(), name });
        }
        if consumers >= limits::CONSUMERS_MAX {
            return Err(AddError::TooMany(consumers));
        }
        let head = shared.core.feed.log().head();
        let begin = match spec.from {
            From::Beginning => 0,
            From::Now => head,
        };
        let configured = matches!(registration.handler, HandlerState::Ready(_));
        let row = shared.core.store.consumer(&app, &name, (&spec.handler, configured), begin, head).await?;
        let letters = shared.core.store.count_letters(&app, &name).await?;
        let consumer = Arc::new(Consumer::new(registration, condition, &row, letters, shared.stop.child_token()));
        let key = (app, Arc::clone(&consumer.name));
        {
            let mut consumers = shared.consumers.0.lock();
            shared.places.taken(&key);
            consumers.insert(key, Arc::clone(&consumer));
        }
        if shared.started.load(Ordering::Acquire) {
            shared.run(&consumer);
        }
        Ok(())
    }

    /// Takes a consumer out, once its running attempt is over, or the options' patience with that. Its offset and dead letters stay: added
    /// again, it goes on.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn remove(&self, app: &str, name: &str) -> Result<(), ManageError> {
        let shared = &*self.shared;
        let _one = shared.changing.lock().await;
        let consumer = shared.consumers.get(app, name)?;
        let key = (Arc::clone(&consumer.app), Arc::clone(&consumer.name));
        consumer.stop.cancel();
        let task = shared.tasks.lock().remove(&key);
        if let Some(task) = task {
            // Where it takes too long it is dropped, and ends as in a crash.
            let _ = tokio::time::timeout(shared.core.options.close_patience, task).await;
        }
        shared.core.dispatch.remove(&consumer.bell);
        let saved = save_offsets(&shared.core, &shared.consumers, true).await;
        tell_given_up(&shared.core, &consumer);
        // A dead letter may be on its way.
        let _gate = tokio::time::timeout(shared.core.options.gate_patience, consumer.gate.lock()).await;
        let offset = consumer.offset(&shared.core.dispatch);
        let mut consumers = shared.consumers.0.lock();
        if consumer.view {
            shared.places.left(&consumer, offset);
        }
        consumers.remove(&key);
        Ok(saved?)
    }

    /// Says that whatever was delivered for a consumer that is no more is taken care of, durably: from then on its view forgets whoever it is
    /// asked to. Its offset and dead letters stay.
    ///
    /// # Errors
    /// [`ManageError::Present`] where there is such a consumer; [`ManageError::Unknown`] where there was none, or nothing to take care of.
    pub async fn retire(&self, app: &str, name: &str) -> Result<Status, ManageError> {
        let shared = &*self.shared;
        let _one = shared.changing.lock().await;
        let key: Key = (Arc::from(app), Arc::from(name));
        let (app, name) = (app.to_owned(), name.to_owned());
        if shared.consumers.0.lock().contains_key(&key) {
            return Err(ManageError::Present { app, name });
        }
        let place = shared.places.get(&key).filter(|place| place.touched);
        let Some(place) = place else { return Err(ManageError::Unknown { app, name }) };
        shared.core.store.retire(&app, &name).await?;
        shared.places.settle(&key);
        Ok(place.status(&key, shared.core.feed.log().head()))
    }

    /// Consumers that are no more, though what they delivered may still be out there, by app and name.
    #[must_use]
    pub fn removed(&self) -> Vec<Status> {
        self.shared.places.statuses(self.shared.core.feed.log().head())
    }

    /// Lets the consumers run, from within a runtime of tokio.
    pub fn start(&self) {
        let shared = &*self.shared;
        if shared.started.swap(true, Ordering::AcqRel) || shared.stop.is_cancelled() {
            return;
        }
        let (core, consumers, stop) =
            (|| Arc::clone(&shared.core), || Arc::clone(&shared.consumers), || shared.stop_services.clone());
        let services = [
            tokio::spawn(Arc::clone(&shared.core.dispatch).run()),
            tokio::spawn(keep_offsets(core(), consumers(), stop())),
            tokio::spawn(mind(core(), consumers(), stop())),
        ];
        shared.services.lock().extend(services.map(AbortOnDropHandle::new));
        for consumer in shared.consumers.all() {
            shared.run(&consumer);
        }
    }

    /// Ends: waits for attempts that are under way, as long as the options say, and writes the offsets.
    pub async fn close(&self) {
        let shared = &*self.shared;
        let _one = shared.changing.lock().await;
        shared.stop.cancel();
        let tasks = std::mem::take(&mut *shared.tasks.lock());
        let deadline = Instant::now() + shared.core.options.close_patience;
        for ((app, name), task) in tasks {
            if tokio::time::timeout_at(deadline, task).await.is_err() {
                tracing::warn!(%app, consumer = %name, "a delivery was abandoned, as it did not come to its end in time");
            }
        }
        shared.stop_services.cancel();
        shared.services.lock().clear();
        if let Err(error) = save_offsets(&shared.core, &shared.consumers, true).await {
            tracing::warn!(%error, "the offsets of the consumers were not written");
        }
        for consumer in shared.consumers.all() {
            tell_given_up(&shared.core, &consumer);
        }
    }

    /// How every consumer is, by app and name.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        self.shared.consumers.all().iter().map(|consumer| consumer.status(&self.shared.core)).collect()
    }

    /// How a consumer is.
    #[must_use]
    pub fn status(&self, app: &str, name: &str) -> Option<Status> {
        self.shared.consumers.get(app, name).ok().map(|consumer| consumer.status(&self.shared.core))
    }

    /// Pauses a consumer, durably; it keeps its place. An attempt that is under way comes to its end. `actor` is who wants it.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn pause(&self, app: &str, name: &str, actor: Option<&str>) -> Result<Status, ManageError> {
        let consumer = self.shared.consumers.get(app, name)?;
        manage::pause(&self.shared.core, &consumer, actor).await?;
        Ok(consumer.status(&self.shared.core))
    }

    /// Lets a paused consumer go on, or one that stopped or waits try again at once.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn resume(&self, app: &str, name: &str, actor: Option<&str>) -> Result<Status, ManageError> {
        let consumer = self.shared.consumers.get(app, name)?;
        manage::resume(&self.shared.core, &consumer, actor).await?;
        Ok(consumer.status(&self.shared.core))
    }

    /// Sets a consumer's offset, back or forth, durably. An attempt that is under way comes to its end first.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn rewind(&self, app: &str, name: &str, to: To, actor: Option<&str>) -> Result<Status, ManageError> {
        let consumer = self.shared.consumers.get(app, name)?;
        manage::rewind(&self.shared.core, &consumer, to, actor).await?;
        Ok(consumer.status(&self.shared.core))
    }

    /// Dead letters of a consumer, there now or not, behind a position, in position order.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn dead_letters(
        &self,
        app: &str,
        name: &str,
        after: Position,
        limit: u64,
    ) -> Result<Vec<DeadLetter>, ManageError> {
        Ok(self.shared.core.store.letters(app, name, after, limit).await?)
    }

    /// One dead letter, by its event's position.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn dead_letter(
        &self,
        app: &str,
        name: &str,
        position: Position,
    ) -> Result<Option<DeadLetter>, ManageError> {
        Ok(self.shared.core.store.letter(app, name, position).await?)
    }

    /// Delivers dead letters again, one after another; those that are delivered are gone. `progress` hears of each.
    ///
    /// # Errors
    /// [`ReplayError`]; what was delivered before stays so.
    pub async fn replay(
        &self,
        app: &str,
        name: &str,
        letters: Letters,
        progress: &mut (dyn FnMut(&Replayed) + Send),
    ) -> Result<Replayed, ReplayError> {
        let consumer = self.shared.consumers.get(app, name)?;
        Replay { consumer: &consumer, core: &self.shared.core, progress }.run(letters).await
    }

    /// Drops dead letters for good; says how many there were.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn drop_dead_letters(&self, app: &str, name: &str, letters: Letters) -> Result<u64, ManageError> {
        let position = match letters {
            Letters::One(position) => Some(position),
            Letters::All => None,
        };
        let store = &self.shared.core.store;
        let consumer = self.shared.consumers.get(app, name).ok();
        // Between deliveries, so that what is counted is what is there.
        let _gate = match &consumer {
            Some(consumer) => Some(manage::gate(&self.shared.core, consumer).await?),
            None => None,
        };
        let dropped = store.drop_letters(app, name, position).await?;
        if let Some(consumer) = &consumer {
            consumer.meter.dead_letters.store(store.count_letters(app, name).await?, Ordering::Relaxed);
        }
        Ok(dropped)
    }

    /// What forgets: a view for each consumer that is or was, named `consumer.<app>.<name>`, and `consumers`, which is what the runtime
    /// itself keeps.
    #[must_use]
    pub fn views(&self) -> Vec<Arc<dyn View>> {
        let core = || Arc::clone(&self.shared.core);
        let (consumers, places) = {
            let consumers = self.shared.consumers.0.lock();
            (consumers.values().cloned().collect::<Vec<_>>(), self.shared.places.keys())
        };
        let consumers = consumers.into_iter().filter(|consumer| consumer.view);
        let views = consumers.map(|consumer| Arc::new(ConsumerView::new(consumer, core())) as Arc<dyn View>);
        let place = |key| Arc::new(PlaceView::new(key, Arc::clone(&self.shared.places))) as Arc<dyn View>;
        views
            .chain(places.into_iter().map(place))
            .chain([Arc::new(RuntimeView::new(core())) as Arc<dyn View>])
            .collect()
    }

    /// Registers what is measured, by app and consumer. Consumers that are added or removed later are so in the metrics too.
    ///
    /// # Errors
    /// Where the registry has metrics of these names already.
    pub fn register_metrics(&self, registry: &prometheus::Registry) -> prometheus::Result<()> {
        let (core, consumers) = (Arc::clone(&self.shared.core), Arc::clone(&self.shared.consumers));
        registry.register(Box::new(ConsumerMetrics::new(core, consumers)?))
    }
}

impl Shared {
    /// Gives a consumer its task, where it has a handler.
    fn run(&self, consumer: &Arc<Consumer>) {
        let Some(handler) = consumer.handler() else { return };
        self.core.dispatch.add(Arc::clone(&consumer.bell));
        let task = Task::new(Arc::clone(consumer), Arc::clone(&self.core), Arc::clone(handler));
        let key = (Arc::clone(&consumer.app), Arc::clone(&consumer.name));
        self.tasks.lock().insert(key, AbortOnDropHandle::new(tokio::spawn(task.run())));
    }
}
