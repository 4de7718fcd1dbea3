//! The keys that actors sign with: whose they are, and when they are good.
//!
//! A public key may be published anywhere, with a name beside it. So it is found by a keyed hash of its thumbprint, and wrapped together with
//! whose it is, as a person is. What is wrapped is believed, and nothing that stands beside it.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::{PersonName, Timestamp};
use daybook_signature::{ActorKey, KeyId, PublicKey, Signer};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::cache::LookupKey;
use super::error::{NotOpened, VaultError};
use super::load::Wanted;
use super::ring::Ring;
use super::{Shared, Vault, actor_key_changes, check_length};
use crate::limits;
use crate::tables::actor_keys::{Column, Entity, Model};

/// What keys are wrapped for.
const PURPOSE: &str = "vault/actor-key/1";

/// Whose a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A person's, by the app's own name; the key goes when they do.
    Person(PersonName<'static>),
    /// That of an actor who is no person.
    Actor {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
}

/// A key that an actor is to sign with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewActorKey {
    /// The key.
    pub public: PublicKey,
    /// Whose it is.
    pub owner: Owner,
    /// From when on events may be signed with it.
    pub not_before: Option<Timestamp>,
    /// Until when.
    pub not_after: Option<Timestamp>,
    /// When it came in.
    pub created: Timestamp,
}

/// A key that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// Its number, which tells nothing.
    pub number: i64,
    /// When it came in.
    pub created: Timestamp,
    /// The key.
    pub key: ActorKey,
}

/// What is wrapped.
#[derive(Serialize, Deserialize)]
struct Wrapped {
    app: String,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    name: String,
    created_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_us: Option<i64>,
}

/// Keys in memory, within bounds. Whoever reads one from the database keeps it only where no key was changed meanwhile: that is rare, and so
/// one count serves all.
pub(super) struct KeyCache {
    keys: Cache<LookupKey, Arc<ActorKey>>,
    changes: Mutex<u64>,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self { keys: Cache::new(limits::ACTOR_KEYS_CACHED), changes: Mutex::new(0) }
    }
}

impl KeyCache {
    pub fn forget(&self, key: &LookupKey) {
        let mut changes = self.changes.lock();
        *changes += 1;
        self.keys.remove(key);
    }

    fn mark(&self) -> u64 {
        *self.changes.lock()
    }

    fn fill(&self, lookup: LookupKey, mark: u64, key: &Arc<ActorKey>) {
        let changes = self.changes.lock();
        if *changes == mark {
            self.keys.insert(lookup, Arc::clone(key));
        }
    }
}

impl Owner {
    /// Who signs with its keys.
    #[must_use]
    pub fn signer(&self) -> Signer {
        match self {
            Self::Person(person) => Signer::person(&person.name),
            Self::Actor { kind, name } => Signer::actor(Some(kind), name),
        }
    }
}

impl Vault {
    /// The keys of these names that are known, whoever has them.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn actor_keys(&self, app: &str, ids: &[KeyId]) -> Result<HashMap<KeyId, ActorKey>, VaultError> {
        let shared = &*self.shared;
        let (mut known, mut missing) = (HashMap::new(), HashMap::new());
        for id in ids {
            let lookup = shared.cached_key(app, id);
            match shared.actor_keys.keys.get(&lookup) {
                Some(key) => {
                    known.insert(*id, (*key).clone());
                }
                None => {
                    missing.insert(*id, lookup);
                }
            }
        }
        if missing.is_empty() {
            return Ok(known);
        }
        let mark = shared.actor_keys.mark();
        let wanted: Vec<KeyId> = missing.keys().copied().collect();
        for (id, found) in by_id(&shared.database, &shared.ring, app, &wanted).await? {
            let key = Arc::new(found.key);
            if let Some(lookup) = missing.get(&id) {
                shared.actor_keys.fill(*lookup, mark, &key);
            }
            known.insert(id, (*key).clone());
        }
        Ok(known)
    }

    /// One key.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn actor_key(&self, app: &str, id: KeyId) -> Result<Option<KnownKey>, VaultError> {
        let shared = &*self.shared;
        Ok(by_id(&shared.database, &shared.ring, app, &[id]).await?.remove(&id))
    }

    /// The keys of an actor, revoked ones included, the oldest first, from the one after the number `after`; at most
    /// [`limits::ACTOR_KEYS_PAGE_MAX`].
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn keys_of_actor(
        &self,
        app: &str,
        owner: &Owner,
        after: i64,
        limit: u64,
    ) -> Result<Vec<KnownKey>, VaultError> {
        let shared = &*self.shared;
        let theirs = match owner {
            Owner::Person(name) => {
                check_length(name)?;
                let found = self.look(&[Wanted::new(&shared.ring, &app.into(), name)]).await?;
                let rows: Vec<i64> = found.iter().flat_map(|found| &found.rows).map(|row| row.id).collect();
                Column::Subject.is_in(rows)
            }
            Owner::Actor { kind, name } => {
                let lookups = shared.ring.all().iter().map(|ring| ring.lookup_actor(app, kind, name).to_vec());
                Column::Owner.is_in(lookups)
            }
        };
        let rows = Entity::find()
            .filter(theirs)
            .filter(Column::Id.gt(after))
            .order_by_asc(Column::Id)
            .limit(limit.min(limits::ACTOR_KEYS_PAGE_MAX))
            .all(&shared.database)
            .await?;
        let keys = rows.into_iter().filter_map(|row| KnownKey::open(&shared.ring, app, &row).ok());
        Ok(keys.filter(|known| known.key.owner == owner.signer()).collect())
    }

    /// Takes in a key. A person who is not known yet is made. The same key of the same owner again changes nothing.
    ///
    /// # Errors
    /// [`VaultError`]; [`VaultError::KeyTaken`] where it is somebody else's.
    pub async fn add_actor_key(&self, app: &str, new: NewActorKey) -> Result<KnownKey, VaultError> {
        if let Owner::Person(name) = &new.owner {
            check_length(name)?;
        }
        self.change(actor_key_changes::Add { app: app.into(), new }).await
    }

    /// Notes that a key is not believed any more from a time on; nothing where there is no such key. One that was revoked before stays so since
    /// then.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn revoke_actor_key(
        &self,
        app: &str,
        id: KeyId,
        revoked: Timestamp,
    ) -> Result<Option<KnownKey>, VaultError> {
        self.change(actor_key_changes::Revoke { app: app.into(), id, revoked }).await
    }

    /// Forgets a key; gives it. What was signed with it stays verified, but nobody can ask here any more which key that was.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn remove_actor_key(&self, app: &str, id: KeyId) -> Result<Option<KnownKey>, VaultError> {
        let removed = self.change(actor_key_changes::Remove { app: app.into(), id }).await?;
        if removed.is_some() {
            self.shared.scrubber.scrub(&self.shared.database).await;
        }
        Ok(removed)
    }
}

impl Shared {
    /// The hash under which a key is in memory.
    pub(super) fn cached_key(&self, app: &str, id: &KeyId) -> LookupKey {
        self.ring.current().lookup_key(app, id)
    }
}

impl KnownKey {
    /// Opens a row.
    ///
    /// # Errors
    /// [`NotOpened`] where its generation is locked, it is damaged, or another app's.
    pub(super) fn open(ring: &Ring, app: &str, row: &Model) -> Result<Self, NotOpened> {
        let wrapped = ring.unwrap_other(PURPOSE, &row.wrapped)?;
        let wrapped: Wrapped = serde_json::from_slice(&wrapped).map_err(|_| NotOpened)?;
        let public = PublicKey::parse(&wrapped.x).map_err(|_| NotOpened)?;
        if wrapped.app != app {
            return Err(NotOpened);
        }
        let time = |time_us: Option<i64>| time_us.map(Timestamp::from_microseconds);
        let key = ActorKey {
            public,
            owner: Signer { kind: wrapped.kind.map(Into::into), name: wrapped.name.into() },
            not_before: time(wrapped.not_before_us),
            not_after: time(wrapped.not_after_us),
            revoked: time(wrapped.revoked_us),
        };
        Ok(Self { number: row.id, created: Timestamp::from_microseconds(wrapped.created_us), key })
    }

    /// Wraps what is said of a key.
    pub(super) fn wrap(&self, ring: &Ring, app: &str) -> Result<Vec<u8>, VaultError> {
        let time = |time: Option<Timestamp>| time.map(Timestamp::microseconds);
        let ActorKey { public, owner, not_before, not_after, revoked } = &self.key;
        let wrapped = Wrapped {
            app: app.to_owned(),
            x: public.to_string(),
            kind: owner.kind.as_deref().map(str::to_owned),
            name: owner.name.to_string(),
            created_us: self.created.microseconds(),
            not_before_us: time(*not_before),
            not_after_us: time(*not_after),
            revoked_us: time(*revoked),
        };
        // Texts and numbers always serialise.
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&wrapped).unwrap_or_default());
        ring.current().wrap_other(PURPOSE, &plain).map_err(|_| VaultError::Random)
    }
}

/// The rows of keys, by their names; of one that two generations know, that of the newer.
pub(super) async fn rows_by_id<C: ConnectionTrait>(
    database: &C,
    ring: &Ring,
    app: &str,
    ids: &[KeyId],
) -> Result<Vec<(KeyId, Model)>, DbErr> {
    let lookups: HashMap<Vec<u8>, KeyId> =
        ids.iter().flat_map(|id| ring.all().iter().map(|ring| (ring.lookup_key(app, id).to_vec(), *id))).collect();
    let keys: Vec<Vec<u8>> = lookups.keys().cloned().collect();
    let mut rows = Vec::new();
    for keys in keys.chunks(limits::CHUNK_ROWS) {
        let found = Condition::all().add(Column::Lookup.is_in(keys.iter().cloned()));
        rows.extend(Entity::find().filter(found).all(database).await?);
    }
    rows.sort_by_key(|row| row.generation);
    Ok(rows.into_iter().filter_map(|row| Some((*lookups.get(&row.lookup)?, row))).collect())
}

async fn by_id<C: ConnectionTrait>(
    database: &C,
    ring: &Ring,
    app: &str,
    ids: &[KeyId],
) -> Result<HashMap<KeyId, KnownKey>, DbErr> {
    let rows = rows_by_id(database, ring, app, ids).await?.into_iter();
    // What is wrapped says which key it is: rows that change places are nobody's.
    let open = |(id, row): (KeyId, Model)| {
        KnownKey::open(ring, app, &row).ok().filter(|known| known.key.public.id() == id).map(|known| (id, known))
    };
    Ok(rows.filter_map(open).collect())
}
