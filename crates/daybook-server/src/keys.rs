//! Keys: who may do what. Made, listed and taken back here, by the server and by the command line alike.
//!
//! [`create`], [`list`] and [`revoke`] work on the state of a server whether or not it runs; a running server sees the change
//! within a second.

mod rules;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daybook_event::Timestamp;
use rand::TryRngCore;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::limits;
use crate::state::keys::{Column, Entity, Model};
use crate::state::{self, OpenStateError, StatePlace};

/// What every key begins with.
pub const KEY_PREFIX: &str = "dbk_";

/// Something a key may do. None includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Send events.
    Write,
    /// Read events, catalogs and the quarantine.
    Read,
    /// See who a person is.
    Privacy,
    /// Manage keys.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Self::Write, Self::Read, Self::Privacy, Self::Admin];

    /// The scope's name as it is written everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Privacy => "privacy",
            Self::Admin => "admin",
        }
    }
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// The apps it is good for; all of them, also later ones, where left out.
    #[serde(default)]
    pub apps: Option<Vec<String>>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whether it may be shown to the world, in a web page for instance. Such a key has the scope `write` only.
    #[serde(default)]
    pub public: bool,
    /// The origins (`https://example.org`) from which browsers may use a public key; `*` for any.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Requests a second; 0 is no limit, left out is the server's default.
    #[serde(default)]
    pub requests_per_second: Option<u32>,
    /// Events a second; 0 is no limit, left out is the server's default.
    #[serde(default)]
    pub events_per_second: Option<u32>,
    /// When it stops being good, as an RFC 3339 date and time; never where left out.
    #[serde(default)]
    pub expires: Option<String>,
}

/// What is known of a key; the key itself is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyInfo {
    /// The key's public name, by which it is revoked.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its first characters, by which people recognise it.
    pub prefix: String,
    /// The apps it is good for; null for all.
    pub apps: Option<Vec<String>>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whether it may be shown to the world.
    pub public: bool,
    /// The origins from which browsers may use it.
    pub origins: Vec<String>,
    /// Requests a second; 0 is no limit, null the server's default.
    pub requests_per_second: Option<u32>,
    /// Events a second; 0 is no limit, null the server's default.
    pub events_per_second: Option<u32>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// When it stops being good.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used: Option<Timestamp>,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CreatedKey {
    /// The key. It is shown this once and kept nowhere.
    pub key: String,
    /// What is known of it.
    #[serde(flatten)]
    pub info: KeyInfo,
}

/// A key cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// The state cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenStateError),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Invalid(&'static str),
    /// There are as many keys as there may be.
    #[error("there are {} keys already, revoked ones included; no more can be made", limits::KEYS_MAX)]
    TooMany,
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random(#[source] rand::rand_core::OsError),
    /// The state database failed.
    #[error("the state database failed")]
    Database(#[from] DbErr),
}

/// Keys cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListKeysError {
    /// The state cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenStateError),
    /// The state database failed.
    #[error("the state database failed")]
    Database(#[from] DbErr),
}

/// A key cannot be taken back.
#[derive(Debug, thiserror::Error)]
pub enum RevokeKeyError {
    /// The state cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenStateError),
    /// There is no such key.
    #[error("there is no key with the id {0}")]
    Unknown(String),
    /// The state database failed.
    #[error("the state database failed")]
    Database(#[from] DbErr),
}

/// Makes a key in the state that is kept there.
///
/// # Errors
/// [`CreateKeyError`].
pub async fn create(place: &StatePlace, new: NewKey) -> Result<CreatedKey, CreateKeyError> {
    let database = state::open(place).await?;
    let created = insert(&database, new, now()).await;
    let _ = database.close().await;
    created
}

/// All keys of the state that is kept there, oldest first, revoked ones included.
///
/// # Errors
/// [`ListKeysError`].
pub async fn list(place: &StatePlace) -> Result<Vec<KeyInfo>, ListKeysError> {
    let database = state::open(place).await?;
    let keys = all(&database).await;
    let _ = database.close().await;
    Ok(keys?)
}

/// Takes back the key with this id; one that was taken back before stays as it is.
///
/// # Errors
/// [`RevokeKeyError`].
pub async fn revoke(place: &StatePlace, id: &str) -> Result<KeyInfo, RevokeKeyError> {
    let database = state::open(place).await?;
    let revoked = mark_revoked(&database, id, now()).await;
    let _ = database.close().await;
    revoked
}

/// [`create`] on an open database.
pub(crate) async fn insert(
    database: &DatabaseConnection,
    new: NewKey,
    now: Timestamp,
) -> Result<CreatedKey, CreateKeyError> {
    insert_as(database, generate()?, new, now).await
}

/// The text of a new key.
pub(crate) fn generate() -> Result<String, CreateKeyError> {
    let mut random = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut random).map_err(CreateKeyError::Random)?;
    Ok(format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
}

/// [`insert`] with a text that was generated before.
pub(crate) async fn insert_as(
    database: &DatabaseConnection,
    key: String,
    new: NewKey,
    now: Timestamp,
) -> Result<CreatedKey, CreateKeyError> {
    let expires = rules::check(&new, now)?;
    if Entity::find().count(database).await? >= limits::KEYS_MAX {
        return Err(CreateKeyError::TooMany);
    }
    let mut scopes = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    let row = Model {
        id: uuid::Uuid::now_v7().to_string(),
        hash: hash(&key).to_vec(),
        prefix: key.chars().take(KEY_PREFIX.len() + 8).collect(),
        name: new.name,
        apps: new.apps.as_ref().map(json),
        scopes: json(&scopes),
        public: new.public,
        origins: json(&new.origins),
        requests_per_second: new.requests_per_second.map(to_signed),
        events_per_second: new.events_per_second.map(to_signed),
        created_us: now.microseconds(),
        expires_us: expires.map(Timestamp::microseconds),
        last_used_us: None,
        revoked_us: None,
    };
    let row = row.into_active_model().insert(database).await?;
    Ok(CreatedKey { key, info: info(row) })
}

/// [`list`] on an open database.
pub(crate) async fn all(database: &DatabaseConnection) -> Result<Vec<KeyInfo>, DbErr> {
    Ok(rows(database).await?.into_iter().map(info).collect())
}

/// All rows, oldest first.
pub(crate) async fn rows(database: &DatabaseConnection) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::Id).limit(limits::KEYS_MAX).all(database).await
}

/// [`revoke`] on an open database.
pub(crate) async fn mark_revoked(
    database: &DatabaseConnection,
    id: &str,
    now: Timestamp,
) -> Result<KeyInfo, RevokeKeyError> {
    let unknown = || RevokeKeyError::Unknown(id.to_owned());
    // PostgreSQL takes no text that holds one.
    if id.contains('\0') {
        return Err(unknown());
    }
    Entity::update_many()
        .col_expr(Column::RevokedUs, Expr::value(now.microseconds()))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedUs.is_null())
        .exec(database)
        .await?;
    let row = Entity::find_by_id(id).one(database).await?;
    row.map(info).ok_or_else(unknown)
}

/// What is looked up for a key: its SHA-256. A key has 256 random bits, so nothing slower is needed, and looking up a hash
/// tells nothing by the time it takes.
pub(crate) fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// What the row says, for people.
pub(crate) fn info(row: Model) -> KeyInfo {
    KeyInfo {
        apps: row.apps.as_deref().map(parse_list),
        scopes: parse_list(&row.scopes),
        origins: parse_list(&row.origins),
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        public: row.public,
        requests_per_second: row.requests_per_second.map(i32::unsigned_abs),
        events_per_second: row.events_per_second.map(i32::unsigned_abs),
        created: Timestamp::from_microseconds(row.created_us),
        expires: row.expires_us.map(Timestamp::from_microseconds),
        last_used: row.last_used_us.map(Timestamp::from_microseconds),
        revoked: row.revoked_us.map(Timestamp::from_microseconds),
    }
}

/// The time now.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_microseconds(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // Lists of strings and of scopes are always JSON.
    serde_json::to_string(value).unwrap_or_default()
}

/// A list out of its JSON. What cannot be read is an empty list: a damaged row allows nothing.
fn parse_list<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    serde_json::from_str(text).unwrap_or_default()
}

fn to_signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::{Path, PathBuf};

    use daybook_harness::Postgres;

    use super::*;
    use crate::state::testing::{TestState, on_every_backend};

    pub(crate) fn new_key(scopes: &[Scope]) -> NewKey {
        NewKey {
            name: "test".to_owned(),
            apps: None,
            scopes: scopes.to_vec(),
            public: false,
            origins: Vec::new(),
            requests_per_second: None,
            events_per_second: Some(5),
            expires: None,
        }
    }

    on_every_backend!(keys_are_made_listed_and_taken_back);

    async fn keys_are_made_listed_and_taken_back(state: TestState) {
        let place = &state.place;
        let created = create(place, new_key(&[Scope::Read, Scope::Write, Scope::Read])).await.unwrap();
        assert_eq!(created.key.len(), 47);
        assert!(created.key.starts_with(&created.info.prefix));
        assert_eq!(created.info.scopes, [Scope::Write, Scope::Read]);
        assert_eq!(list(place).await.unwrap(), std::slice::from_ref(&created.info));
        let second = create(place, NewKey { name: "Ä%_".to_owned(), ..new_key(&[Scope::Admin]) }).await.unwrap();
        assert_eq!(list(place).await.unwrap(), [created.info.clone(), second.info]);
        let revoked = revoke(place, &created.info.id).await.unwrap();
        assert!(revoked.revoked.is_some());
        assert_eq!(revoke(place, &created.info.id).await.unwrap(), revoked);
        for id in ["none", "", "\0", "%"] {
            assert!(matches!(revoke(place, id).await, Err(RevokeKeyError::Unknown(unknown)) if unknown == id));
        }
        let nameless = NewKey { name: "a\0b".to_owned(), ..new_key(&[Scope::Read]) };
        assert!(matches!(create(place, nameless).await, Err(CreateKeyError::Invalid(_))));
        // Neither the key nor anything it could be guessed from is in any file.
        if let Some(postgres) = &state.postgres {
            postgres.stop();
        }
        let written = state.postgres.as_ref().map_or_else(|| state.directory.path().to_owned(), Postgres::directory);
        let secret = &created.key.as_bytes()[created.info.prefix.len()..];
        assert_eq!(files_with(&written, secret), Vec::<PathBuf>::new());
        assert_ne!(files_with(&written, created.info.prefix.as_bytes()), Vec::<PathBuf>::new());
    }

    fn files_with(directory: &Path, wanted: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files_with(&path, wanted));
            } else if memchr::memmem::find(&std::fs::read(&path).unwrap(), wanted).is_some() {
                found.push(path);
            }
        }
        found
    }
}
