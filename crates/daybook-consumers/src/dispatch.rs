//! Who is woken when the log grows: the consumers at its end that want what is new, and nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use daybook_catalog::consumers::Spec;
use daybook_event::Position;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use tokio::sync::Notify;

use crate::feed::Feed;
use crate::limits::{BLOCK_POSITIONS, NAMES_REMEMBERED, WAKE_PAUSE, WAKE_POSITIONS_MAX};

/// The end of the log, and who rests at it.
pub(crate) struct Dispatch {
    feed: Arc<Feed>,
    /// Consumers rest under the reading side; new events are announced under the writing side. So whoever rests has nothing to do,
    /// at any moment.
    shore: RwLock<Shore>,
}

struct Shore {
    /// The last position that was announced.
    head: Position,
    bells: Vec<Arc<Bell>>,
    /// Who wants what, by app and name, as far as it was asked.
    wanted: FxHashMap<Box<str>, Wanted>,
    names: usize,
}

/// The consumers of an app that want events of a name.
type Wanted = FxHashMap<Box<str>, Vec<Arc<Bell>>>;

/// What wakes one consumer.
pub(crate) struct Bell {
    app: Arc<str>,
    spec: Arc<Spec>,
    notify: Notify,
    resting: AtomicBool,
    /// Up to here nothing came that it wants, as far as it rested.
    cleared: AtomicU64,
}

impl Bell {
    pub fn new(app: Arc<str>, spec: Arc<Spec>) -> Self {
        Self { app, spec, notify: Notify::new(), resting: AtomicBool::new(false), cleared: AtomicU64::new(0) }
    }

    /// Returns when something came that it wants, or somebody calls [`Bell::ring`].
    pub async fn rung(&self) {
        self.notify.notified().await;
    }

    pub fn ring(&self) {
        self.notify.notify_one();
    }
}

impl Dispatch {
    pub fn new(feed: Arc<Feed>) -> Self {
        let head = feed.log().head();
        let shore = Shore { head, bells: Vec::new(), wanted: FxHashMap::default(), names: 0 };
        Self { feed, shore: RwLock::new(shore) }
    }

    pub fn add(&self, bell: Arc<Bell>) {
        let mut shore = self.shore.write();
        shore.bells.push(bell);
        shore.forget_wanted();
    }

    pub fn remove(&self, bell: &Arc<Bell>) {
        let mut shore = self.shore.write();
        shore.bells.retain(|other| !Arc::ptr_eq(other, bell));
        shore.forget_wanted();
    }

    /// The last position that was announced.
    pub fn head(&self) -> Position {
        self.shore.read().head
    }

    /// Whether the consumer, which is done with everything up to `at`, may rest: nothing was announced meanwhile.
    pub fn rest(&self, bell: &Bell, at: Position) -> bool {
        let shore = self.shore.read();
        let rests = shore.head <= at;
        if rests {
            bell.resting.store(true, Ordering::Release);
        }
        rests
    }

    /// Ends a rest. Everything up to this position is of no interest to the consumer, as far as it rested.
    pub fn rise(&self, bell: &Bell) -> Position {
        let shore = self.shore.read();
        if bell.resting.swap(false, Ordering::AcqRel) {
            bell.cleared.store(shore.head, Ordering::Release);
        }
        bell.cleared.swap(0, Ordering::AcqRel)
    }

    /// Everything up to this position is of no interest to the consumer, if it rests.
    pub fn resting_at(&self, bell: &Bell) -> Option<Position> {
        let shore = self.shore.read();
        bell.resting.load(Ordering::Acquire).then_some(shore.head)
    }

    /// Announces what is new for as long as the log is open.
    pub async fn run(self: Arc<Self>) {
        let mut head = self.feed.log().subscribe();
        loop {
            let now = *head.borrow_and_update();
            let before = self.head();
            if now > before {
                self.announce(before, now).await;
                tokio::time::sleep(WAKE_PAUSE).await;
                continue;
            }
            if head.changed().await.is_err() {
                return;
            }
        }
    }

    async fn announce(&self, before: Position, now: Position) {
        let names = self.names(before, now).await;
        let mut shore = self.shore.write();
        let woken = match names {
            Some(names) => shore.who_wants(&names),
            None => shore.bells.clone(),
        };
        for bell in &woken {
            if bell.resting.swap(false, Ordering::AcqRel) {
                bell.cleared.store(before, Ordering::Release);
            }
        }
        shore.head = now;
        drop(shore);
        woken.iter().for_each(|bell| bell.ring());
    }

    /// What came: app and name. Nothing where that is not worth knowing, or cannot be known.
    async fn names(&self, before: Position, now: Position) -> Option<Vec<(Box<str>, Box<str>)>> {
        let anybody = self.shore.read().bells.iter().any(|bell| bell.resting.load(Ordering::Acquire));
        if !anybody || now - before > WAKE_POSITIONS_MAX {
            return None;
        }
        let mut names: Vec<(Box<str>, Box<str>)> = Vec::new();
        let mut after = before;
        while after < now {
            // Where the log cannot be read every consumer is to find out.
            let block = self.feed.block(after, now.min((after / BLOCK_POSITIONS + 1) * BLOCK_POSITIONS)).await.ok()?;
            names.extend(block.names_behind(after).map(|(app, name)| (app.into(), name.into())));
            after = block.through;
        }
        names.sort_unstable();
        names.dedup();
        Some(names)
    }
}

impl Shore {
    fn who_wants(&mut self, names: &[(Box<str>, Box<str>)]) -> Vec<Arc<Bell>> {
        if self.names >= NAMES_REMEMBERED {
            self.forget_wanted();
        }
        let mut woken: Vec<Arc<Bell>> = Vec::new();
        for (app, name) in names {
            let of_app = match self.wanted.get_mut(app) {
                Some(of_app) => of_app,
                None => self.wanted.entry(app.clone()).or_default(),
            };
            let bells = match of_app.get(name) {
                Some(bells) => bells,
                None => {
                    let wants = |bell: &&Arc<Bell>| *bell.app == **app && bell.spec.wants(name);
                    self.names += 1;
                    &*of_app.entry(name.clone()).or_insert(self.bells.iter().filter(wants).cloned().collect())
                }
            };
            woken.extend(bells.iter().cloned());
        }
        if names.len() > 1 {
            woken.sort_unstable_by_key(Arc::as_ptr);
            woken.dedup_by(|one, other| Arc::ptr_eq(one, other));
        }
        woken
    }

    fn forget_wanted(&mut self) {
        self.wanted.clear();
        self.names = 0;
    }
}
