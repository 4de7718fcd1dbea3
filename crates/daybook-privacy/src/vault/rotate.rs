//! Rotation of the master key: the vault keys are wrapped again, and nothing else.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter};

use super::error::DatabaseError;
use super::open::{migrate, stored};
use super::{now_us, scrub};
use crate::MasterKey;
use crate::tables::{begin_write, vault_keys};

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Rotated {
    /// Generations that the new key opens.
    pub generations: usize,
    /// Generations that no key at hand opens: they stay as they are.
    pub locked: usize,
    /// Wraps under other keys that were deleted.
    pub retired: usize,
}

/// The master key was not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError<E: std::error::Error + 'static> {
    /// The database failed. Where that was after the new key was put in its place, both keys open the vault, and the rotation
    /// may be run once more, to the same key.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The old key opens nothing.
    #[error("the master key opens no generation of the vault")]
    WrongKey,
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random,
    /// The new key could not be put in its place. The old one stands.
    #[error(transparent)]
    Install(E),
}

impl<E: std::error::Error + 'static> From<DbErr> for RotateError<E> {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

/// Puts `to` in the place of `from`. `install` puts the new key where the next start finds it ([`crate::master_key::replace_file`],
/// for instance); before it the vault opens with either key, and only when it has succeeded the old wraps are deleted. So a
/// crash at any point leaves a vault that the key in place opens; the rotation is run again, then. A server that has the vault
/// open may go on.
///
/// # Errors
/// [`RotateError`].
pub async fn rotate<E: std::error::Error + 'static>(
    database: &DatabaseConnection,
    from: &[MasterKey],
    to: &MasterKey,
    install: impl FnOnce() -> Result<(), E> + Send,
) -> Result<Rotated, RotateError<E>> {
    migrate(database).await?;
    let keys: Vec<MasterKey> = std::iter::once(to).chain(from).cloned().collect();
    let transaction = begin_write(database).await?;
    let mut opened = 0;
    for (number, stored) in stored(&transaction).await? {
        let Some(vault_key) = stored.open(&keys) else { continue };
        opened += 1;
        if stored.open(std::slice::from_ref(to)).is_some() {
            continue;
        }
        let row = vault_keys::ActiveModel {
            generation: Set(number),
            master: Set(to.id().to_vec()),
            wrapped: Set(to.wrap(number, &vault_key).map_err(|_| RotateError::Random)?),
            created_us: Set(now_us()),
        };
        vault_keys::Entity::insert(row)
            .on_conflict(
                OnConflict::columns([vault_keys::Column::Generation, vault_keys::Column::Master])
                    .update_columns([vault_keys::Column::Wrapped, vault_keys::Column::CreatedUs])
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
    }
    if opened == 0 {
        transaction.rollback().await?;
        return Err(RotateError::WrongKey);
    }
    transaction.commit().await?;
    install().map_err(RotateError::Install)?;
    retire(database, to).await
}

/// Deletes the wraps of other keys, of those generations that the key opens as they stand now.
async fn retire<E: std::error::Error + 'static>(
    database: &DatabaseConnection,
    to: &MasterKey,
) -> Result<Rotated, RotateError<E>> {
    let mut rotated = Rotated { generations: 0, locked: 0, retired: 0 };
    let transaction = begin_write(database).await?;
    for (number, stored) in stored(&transaction).await? {
        if stored.open(std::slice::from_ref(to)).is_none() {
            rotated.locked += 1;
            continue;
        }
        rotated.generations += 1;
        let gone = vault_keys::Entity::delete_many()
            .filter(vault_keys::Column::Generation.eq(number))
            .filter(vault_keys::Column::Master.ne(to.id().to_vec()))
            .exec(&transaction)
            .await?;
        rotated.retired += usize::try_from(gone.rows_affected).unwrap_or(usize::MAX);
    }
    transaction.commit().await?;
    // The old wraps are gone from the tables; where their bytes stay a little longer that is no failure.
    if scrub::scrub(database).await.is_err() {
        tracing::warn!("the old wraps may stay in the database's files for a while");
    }
    Ok(rotated)
}
