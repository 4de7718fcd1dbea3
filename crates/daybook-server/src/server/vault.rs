//! The vault, opened with whatever master key is at hand.

use std::path::PathBuf;
use std::sync::Arc;

use daybook_privacy::master_key::replace_file;
use daybook_privacy::vault::{VaultId, inspect};
use daybook_privacy::{MasterKey, MasterKeySource, Vault, VaultOptions};
use sea_orm::DatabaseConnection;
use serde_json::json;

use super::StartError;
use crate::collector::Collector;
use crate::config::Config;

/// An open vault, and what is to be told of it.
pub(super) struct OpenedVault {
    pub(super) vault: Vault,
    pub(super) new_key_file: Option<PathBuf>,
    pub(super) warnings: Vec<String>,
}

/// Opens the vault. Without its master key it opens too: then it makes new people under another key, and says what it cannot
/// read.
pub(super) async fn open(database: &DatabaseConnection, config: &Config) -> Result<OpenedVault, StartError> {
    let privacy = &config.privacy;
    let (source, directory) = (privacy.master_key(), privacy.directory());
    let id = VaultId::of(database).await?;
    let made = make_first_key(&source, database).await?;
    let found = source.load_or_stand_in(&id, directory.as_deref()).await?;
    let mut warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    let options = VaultOptions { people_cached: privacy.people_cached };
    let vault = Vault::open(database.clone(), found.keys, options).await?;
    let status = vault.status().await.map_err(|error| StartError::VaultStatus(Box::new(error)))?;
    if status.is_degraded() {
        warnings.push(format!(
            "the vault cannot read {} people and {} months: the master key that wraps them is not at hand, or they are \
             damaged; events are taken all the same",
            status.unreadable_people, status.unreadable_months
        ));
    }
    Ok(OpenedVault { vault, new_key_file: found.path.filter(|_| made || found.made), warnings })
}

/// Makes the file that is to hold the master key, on the first start: later a missing one is not made, for another key would
/// open nothing.
async fn make_first_key(source: &MasterKeySource, database: &DatabaseConnection) -> Result<bool, StartError> {
    let MasterKeySource::File(path) = source else { return Ok(false) };
    if path.symlink_metadata().is_ok() || !inspect(database, &[]).await?.generations.is_empty() {
        return Ok(false);
    }
    replace_file(path, &[MasterKey::random()?])?;
    Ok(true)
}

impl Collector {
    /// Writes down that the vault cannot read everything, if so.
    pub(super) async fn note_degraded_vault(self: &Arc<Self>) {
        let Ok(status) = self.vault.status().await else { return };
        if !status.is_degraded() {
            return;
        }
        let numbers = |open: bool| {
            let generations = status.generations.iter().filter(move |generation| generation.open == open);
            generations.map(|generation| generation.generation).collect::<Vec<_>>()
        };
        let data = json!({
            "generation": numbers(true).last(), "locked": numbers(false), "people": status.people,
            "unreadable_people": status.unreadable_people, "damaged_people": status.damaged_people,
            "unreadable_months": status.unreadable_months,
        });
        self.note("privacy.vault.degraded", None, data).await;
    }
}
