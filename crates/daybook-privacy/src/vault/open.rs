//! Opening: the vault's name, its generations, a new one where none opens.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use daybook_event::Secret;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, EntityTrait};
use sea_orm_migration::MigratorTrait;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::error::OpenVaultError;
use super::now_us;
use super::ring::{Generation, Ring, random_secret};
use crate::MasterKey;
use crate::tables::{Migrator, settings, vault_keys};

/// The name of the vault's name among the settings.
const VAULT_ID: &str = "vault-id";

/// How often it is tried to bring the tables up to date, while other processes do so too.
const MIGRATION_TRIES: usize = 10;
const MIGRATION_PAUSE: Duration = Duration::from_millis(100);

/// The random name of a vault, by which its master key is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VaultId(String);

impl VaultId {
    /// The name of the vault in this database, which gets its tables and a name the first time.
    ///
    /// # Errors
    /// [`OpenVaultError`].
    pub async fn of(database: &DatabaseConnection) -> Result<Self, OpenVaultError> {
        migrate(database).await?;
        let fresh = uuid::Uuid::new_v4().simple().to_string();
        let row = settings::ActiveModel { name: Set(VAULT_ID.to_owned()), value: Set(fresh.into_bytes()) };
        // Whoever comes first decides; everyone reads what is there then.
        settings::Entity::insert(row)
            .on_conflict(OnConflict::column(settings::Column::Name).do_nothing().to_owned())
            .exec_without_returning(database)
            .await?;
        let value = settings::Entity::find_by_id(VAULT_ID).one(database).await?.map(|row| row.value);
        // It becomes part of a file's name.
        let text =
            value.and_then(|value| String::from_utf8(value).ok()).filter(|text| uuid::Uuid::try_parse(text).is_ok());
        text.map(Self).ok_or(OpenVaultError::Id)
    }
}

impl fmt::Display for VaultId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Brings the tables up to date.
pub(super) async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    let mut tries = 1;
    loop {
        // What it says of its progress is no news to whoever runs a server; what goes wrong is returned.
        match Migrator::up(database, None).with_subscriber(NoSubscriber::default()).await {
            Err(_) if tries < MIGRATION_TRIES => tokio::time::sleep(MIGRATION_PAUSE).await,
            outcome => return outcome,
        }
        tries += 1;
    }
}

/// A generation as it stands in the table: its wraps by the ids of their master keys.
#[derive(Default)]
pub(super) struct Stored {
    pub wraps: Vec<vault_keys::Model>,
}

pub(super) async fn stored<C: ConnectionTrait>(database: &C) -> Result<BTreeMap<i32, Stored>, DbErr> {
    let mut generations: BTreeMap<i32, Stored> = BTreeMap::new();
    for row in vault_keys::Entity::find().all(database).await? {
        generations.entry(row.generation).or_default().wraps.push(row);
    }
    Ok(generations)
}

impl Stored {
    /// The vault key, where one of these master keys opens it.
    pub fn open(&self, keys: &[MasterKey]) -> Option<Secret> {
        self.wraps.iter().find_map(|row| {
            let key = keys.iter().find(|key| key.id() == *row.master)?;
            key.unwrap(row.generation, &row.wrapped).ok()
        })
    }
}

/// The generations that these keys open; a new one where they open none.
pub(super) async fn ring(database: &DatabaseConnection, keys: &[MasterKey]) -> Result<Ring, OpenVaultError> {
    let first = keys.first().ok_or(OpenVaultError::NoKey)?;
    let mut generations = stored(database).await?;
    if let Some(ring) = Ring::new(open_ones(&generations, keys)) {
        return Ok(ring);
    }
    // Where another process makes the same generation at the same moment, one of them is first; if it has another key, the
    // next number is free.
    while generations.len() < i32::MAX as usize {
        let number = generations.last_key_value().map_or(1, |(number, _)| number.saturating_add(1));
        make(database, number, first).await?;
        generations = stored(database).await?;
        if let Some(ring) = Ring::new(open_ones(&generations, keys)) {
            return Ok(ring);
        }
    }
    Err(OpenVaultError::NoKey)
}

fn open_ones(generations: &BTreeMap<i32, Stored>, keys: &[MasterKey]) -> Vec<Generation> {
    generations.iter().filter_map(|(number, stored)| Some(Generation::derive(*number, &stored.open(keys)?))).collect()
}

async fn make(database: &DatabaseConnection, number: i32, key: &MasterKey) -> Result<(), OpenVaultError> {
    let wrapped = random_secret().and_then(|secret| key.wrap(number, &secret)).map_err(|_| OpenVaultError::Random)?;
    let row = vault_keys::ActiveModel {
        generation: Set(number),
        master: Set(key.id().to_vec()),
        wrapped: Set(wrapped),
        created_us: Set(now_us()),
    };
    vault_keys::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([vault_keys::Column::Generation, vault_keys::Column::Master]).do_nothing().to_owned(),
        )
        .exec_without_returning(database)
        .await?;
    Ok(())
}
