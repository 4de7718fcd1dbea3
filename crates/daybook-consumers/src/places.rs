//! Places of consumers that are there no more: what was delivered for them lies where nobody can be asked, until somebody says that it is
//! taken care of.

use std::collections::BTreeMap;
use std::sync::Arc;

use daybook_event::Position;
use parking_lot::Mutex;
use sea_orm::DbErr;

use crate::consumer::Consumer;
use crate::runtime::Key;
use crate::status::{State, Status};
use crate::store::{Store, unsigned};

/// The places without a consumer.
#[derive(Default)]
pub(crate) struct Places(Mutex<BTreeMap<Key, Abandoned>>);

/// What is known of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Abandoned {
    pub offset: Position,
    /// Whether something may be at its destination that does not last for ever.
    pub touched: bool,
    /// Whether people may be named there.
    pub named: bool,
    handler: String,
    dead_letters: u64,
    given_up: u64,
}

impl Places {
    /// Those there are. As long as nothing was added they are all that there are.
    pub async fn read(store: &Store) -> Result<Self, DbErr> {
        let mut places = BTreeMap::new();
        for row in store.places().await? {
            let abandoned = Abandoned {
                offset: unsigned(row.position),
                touched: row.touched_us.is_some(),
                named: row.named_us.is_some(),
                handler: row.handler.unwrap_or_default(),
                dead_letters: store.count_letters(&row.app, &row.name).await?,
                given_up: unsigned(row.given_up),
            };
            places.insert((Arc::from(row.app), Arc::from(row.name)), abandoned);
        }
        Ok(Self(Mutex::new(places)))
    }

    /// There is a consumer in this place again.
    pub fn taken(&self, key: &Key) {
        self.0.lock().remove(key);
    }

    /// The consumer in this place is gone.
    pub fn left(&self, consumer: &Consumer, offset: Position) {
        use std::sync::atomic::Ordering::Relaxed;

        let place = consumer.place();
        let abandoned = Abandoned {
            offset,
            touched: place.touched,
            named: place.named,
            handler: consumer.spec.handler.clone(),
            dead_letters: consumer.meter.dead_letters.load(Relaxed),
            given_up: consumer.meter.given_up.load(Relaxed),
        };
        let key = (Arc::clone(&consumer.app), Arc::clone(&consumer.name));
        self.0.lock().insert(key, abandoned);
    }

    pub fn get(&self, key: &Key) -> Option<Abandoned> {
        self.0.lock().get(key).cloned()
    }

    pub fn keys(&self) -> Vec<Key> {
        self.0.lock().keys().cloned().collect()
    }

    /// Those where something may be out there, as they are listed.
    pub fn statuses(&self, head: Position) -> Vec<Status> {
        let places = self.0.lock();
        let some = places.iter().filter(|(_, place)| place.touched);
        some.map(|(key, place)| place.status(key, head)).collect()
    }

    /// What was delivered for one is taken care of.
    pub fn settle(&self, key: &Key) {
        if let Some(place) = self.0.lock().get_mut(key) {
            (place.touched, place.named) = (false, false);
        }
    }
}

impl Abandoned {
    pub fn status(&self, (app, name): &Key, head: Position) -> Status {
        Status {
            app: app.to_string(),
            consumer: name.to_string(),
            description: None,
            handler: self.handler.clone(),
            state: State::Removed,
            offset: self.offset,
            head: head.max(self.offset),
            // Nothing waits for it.
            lag_events: 0,
            lag_seconds: 0.0,
            delivered: 0,
            retried: 0,
            dead_letters: self.dead_letters,
            given_up: self.given_up,
            delivered_per_minute: 0,
            latency: None,
            promise: None,
        }
    }
}
