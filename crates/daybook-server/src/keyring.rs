//! The keys as the running server holds them: in memory, read again from the state database every second.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;
use daybook_event::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter};
use tokio::sync::Mutex;

use crate::config::RateLimits;
use crate::keys::{self, KeyInfo, Scope};
use crate::limits;
use crate::rate::RateLimiter;
use crate::state;
use crate::state::keys::{Column, Entity, Model};

/// A key that is in use.
#[derive(Debug)]
pub struct Key {
    /// What is known of it.
    pub info: KeyInfo,
    /// Its requests.
    pub requests: RateLimiter,
    /// Its events.
    pub events: RateLimiter,
    /// Its row, without the note of its last use: what has to change for the key to be another.
    row: Model,
    /// When it was last used, in microseconds.
    used_us: AtomicI64,
    /// What of that is in the database.
    written_us: AtomicI64,
}

impl Key {
    /// Whether it may do this.
    pub fn has(&self, scope: Scope) -> bool {
        self.info.scopes.contains(&scope)
    }

    /// Whether it is good for this app.
    pub fn covers(&self, app: &str) -> bool {
        self.info.apps.as_ref().is_none_or(|apps| apps.iter().any(|covered| covered == app))
    }

    /// Whether pages of this origin may use it.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.info.public && self.info.origins.iter().any(|allowed| allowed == "*" || allowed == origin)
    }

    /// Notes that it is used.
    pub fn touch(&self, now: Timestamp) {
        self.used_us.store(now.microseconds(), Ordering::Relaxed);
    }
}

/// All keys, by their hash.
pub struct KeyRing {
    database: DatabaseConnection,
    defaults: RateLimits,
    keys: ArcSwap<HashMap<[u8; 32], Arc<Key>>>,
    /// How the last reading ended.
    refreshed: Mutex<Refreshed>,
}

/// How a reading of all keys ended.
struct Refreshed {
    at: Instant,
    failure: Option<DbErr>,
}

impl KeyRing {
    /// The keys of this database.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn open(database: DatabaseConnection, defaults: RateLimits) -> Result<Self, DbErr> {
        let ring = Self {
            database,
            defaults,
            keys: ArcSwap::default(),
            refreshed: Mutex::new(Refreshed { at: Instant::now(), failure: None }),
        };
        ring.load().await?;
        Ok(ring)
    }

    /// The key with this text. One that is not known may have been made a moment ago, so it is looked for in the database;
    /// however many unknown keys come, that happens ten times a second at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, key: &str) -> Result<Option<Arc<Key>>, DbErr> {
        if !key.starts_with(keys::KEY_PREFIX) {
            return Ok(None);
        }
        let hash = keys::hash(key);
        if let Some(key) = self.keys.load().get(&hash) {
            return Ok(Some(Arc::clone(key)));
        }
        let mut refreshed = self.refreshed.lock().await;
        if refreshed.at.elapsed() >= limits::KEYS_REFRESH_ON_MISS {
            self.reload(&mut refreshed).await?;
        } else if let Some(failure) = &refreshed.failure {
            // Whoever waited while the database did not answer need not wait for it once more.
            return Err(failure.clone());
        }
        Ok(self.keys.load().get(&hash).map(Arc::clone))
    }

    /// Whether some public key that is good now, for this app where one is given, may be used by pages of this origin.
    pub fn allows_origin(&self, app: Option<&str>, origin: &str) -> bool {
        self.keys
            .load()
            .values()
            .any(|key| key.info.revoked.is_none() && app.is_none_or(|app| key.covers(app)) && key.allows_origin(origin))
    }

    /// Reads the keys again.
    ///
    /// # Errors
    /// When the database fails; the keys stay as they were.
    pub async fn refresh(&self) -> Result<(), DbErr> {
        self.reload(&mut *self.refreshed.lock().await).await
    }

    /// Writes down when keys were last used, for those whose note is a minute old.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write_last_used(&self) -> Result<(), DbErr> {
        let keys = self.keys.load_full();
        let least = i64::try_from(limits::KEYS_LAST_USED_EVERY.as_micros()).unwrap_or(i64::MAX);
        for key in keys.values() {
            let used = key.used_us.load(Ordering::Relaxed);
            if used - key.written_us.load(Ordering::Relaxed) >= least {
                Entity::update_many()
                    .col_expr(Column::LastUsedUs, Expr::value(used))
                    .filter(Column::Id.eq(key.row.id.as_str()))
                    .exec(&self.database)
                    .await?;
                key.written_us.store(used, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    async fn reload(&self, refreshed: &mut Refreshed) -> Result<(), DbErr> {
        let outcome = self.load().await;
        *refreshed = Refreshed { at: Instant::now(), failure: outcome.as_ref().err().cloned() };
        outcome
    }

    async fn load(&self) -> Result<(), DbErr> {
        let rows = state::within(limits::STATE_WORK_PATIENCE, keys::rows(&self.database)).await?;
        let before = self.keys.load();
        let mut keys = HashMap::with_capacity(rows.len());
        for mut row in rows {
            let Ok(hash) = <[u8; 32]>::try_from(row.hash.as_slice()) else { continue };
            let last_used_us = row.last_used_us.take().unwrap_or(0);
            // A key that did not change keeps what it has used of its rates.
            let key = match before.get(&hash) {
                Some(key) if key.row == row => Arc::clone(key),
                _ => Arc::new(self.key(row, last_used_us)),
            };
            keys.insert(hash, key);
        }
        self.keys.store(Arc::new(keys));
        Ok(())
    }

    fn key(&self, row: Model, last_used_us: i64) -> Key {
        let info = keys::info(row.clone());
        Key {
            requests: RateLimiter::new(info.requests_per_second.unwrap_or(self.defaults.requests_per_second)),
            events: RateLimiter::new(info.events_per_second.unwrap_or(self.defaults.events_per_second)),
            used_us: AtomicI64::new(last_used_us),
            written_us: AtomicI64::new(last_used_us),
            info,
            row,
        }
    }
}
