//! The key that signs reports: made once, kept wrapped by the vault. Where the vault cannot open it any more, because its
//! master key is lost, another takes its place, and the public half of the first still verifies what it signed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daybook_event::Secret;
use daybook_signature::SigningKey;
use rand::TryRngCore;
use sea_orm::{ActiveValue, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Shared;

use crate::tables::settings::{ActiveModel, Column, Entity};
use crate::vault::{DatabaseError, VaultError};

/// What the key is wrapped for.
const PURPOSE: &str = "erasure/report-key/1";
/// How the names of settings that hold a key begin; the key's own name follows.
const SETTING: &str = "report-key/";

/// There is no key to sign a report with.
#[derive(Debug, thiserror::Error)]
pub enum ReportKeyError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random,
}

/// A key as it is stored.
#[derive(Serialize, Deserialize)]
struct Setting {
    created_us: i64,
    public_key: String,
    wrapped: String,
}

impl Shared {
    /// The key that signs from now on.
    pub(super) async fn signing_key(&self) -> Result<Arc<SigningKey>, ReportKeyError> {
        let mut known = self.report_key.lock().await;
        if let Some(key) = &*known {
            return Ok(Arc::clone(key));
        }
        let key = match self.stored_key().await? {
            Some(key) => key,
            None => self.new_key().await?,
        };
        let key = Arc::new(key);
        *known = Some(Arc::clone(&key));
        Ok(key)
    }

    /// The newest key that the vault opens.
    async fn stored_key(&self) -> Result<Option<SigningKey>, ReportKeyError> {
        let open = |setting: &Setting| {
            let wrapped = STANDARD.decode(&setting.wrapped).ok()?;
            let seed = self.vault.unwrap(PURPOSE, &wrapped).ok()?;
            let key = SigningKey::from_seed(&Secret::from_bytes(seed.as_slice().try_into().ok()?));
            (key.public().to_string() == setting.public_key).then_some(key)
        };
        Ok(settings(self.vault.database()).await?.iter().find_map(open))
    }

    async fn new_key(&self) -> Result<SigningKey, ReportKeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::rngs::OsRng.try_fill_bytes(seed.as_mut_slice()).map_err(|_| ReportKeyError::Random)?;
        let key = SigningKey::from_seed(&Secret::from_bytes(*seed));
        let setting = Setting {
            created_us: (self.clock)().microseconds(),
            public_key: key.public().to_string(),
            wrapped: STANDARD.encode(self.vault.wrap(PURPOSE, seed.as_slice())?),
        };
        let row = ActiveModel {
            name: ActiveValue::Set(format!("{SETTING}{}", key.public().id())),
            value: ActiveValue::Set(serde_json::to_vec(&setting).unwrap_or_default()),
        };
        Entity::insert(row).exec_without_returning(self.vault.database()).await.map_err(DatabaseError::from)?;
        Ok(key)
    }
}

/// Every public key, the newest first.
pub(super) async fn public_keys(database: &DatabaseConnection) -> Result<Vec<String>, ReportKeyError> {
    Ok(settings(database).await?.into_iter().map(|setting| setting.public_key).collect())
}

/// Every key that can be read, the newest first.
async fn settings(database: &DatabaseConnection) -> Result<Vec<Setting>, ReportKeyError> {
    let rows =
        Entity::find().filter(Column::Name.starts_with(SETTING)).all(database).await.map_err(DatabaseError::from)?;
    let mut settings: Vec<Setting> = rows.iter().filter_map(|row| serde_json::from_slice(&row.value).ok()).collect();
    settings.sort_by(|one, other| (other.created_us, &other.public_key).cmp(&(one.created_us, &one.public_key)));
    Ok(settings)
}
