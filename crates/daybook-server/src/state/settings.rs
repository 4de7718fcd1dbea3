//! The table of small things that have to outlive the process.

use rand::TryRngCore;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, DatabaseConnection, DbErr, EntityTrait};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Its value.
    pub value: Vec<u8>,
}

/// They have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The name of the secret under which digests of events are made.
const DIGEST_KEY: &str = "digest-key";
/// The name of the mark that is there while a server runs.
const RUNNING: &str = "running";

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The state database failed.
    #[error("the state database failed")]
    Database(#[from] DbErr),
    /// What is there is not a secret.
    #[error("the state database holds a {DIGEST_KEY} of {0} bytes instead of 32")]
    Length(usize),
    /// The operating system has no randomness to give.
    #[error("the operating system gave no random bytes")]
    Random(#[source] rand::rand_core::OsError),
}

/// The secret under which digests of events are made; a new one the first time. It must never change: it is how a repeated
/// event is told from another with the same id.
///
/// # Errors
/// [`SecretError`].
pub async fn digest_key(database: &DatabaseConnection) -> Result<[u8; 32], SecretError> {
    let mut fresh = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut fresh).map_err(SecretError::Random)?;
    let row = ActiveModel { name: ActiveValue::Set(DIGEST_KEY.to_owned()), value: ActiveValue::Set(fresh.to_vec()) };
    // Whoever comes first decides; everyone reads what is there then.
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
        .exec_without_returning(database)
        .await?;
    let value = Entity::find_by_id(DIGEST_KEY).one(database).await?.map(|row| row.value).unwrap_or_default();
    value.as_slice().try_into().map_err(|_| SecretError::Length(value.len()))
}

/// Notes that a server runs; says whether the one before had stopped on purpose.
///
/// # Errors
/// When the database fails.
pub async fn mark_running(database: &DatabaseConnection) -> Result<bool, DbErr> {
    let clean = Entity::find_by_id(RUNNING).one(database).await?.is_none();
    let row = ActiveModel { name: ActiveValue::Set(RUNNING.to_owned()), value: ActiveValue::Set(Vec::new()) };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
        .exec_without_returning(database)
        .await?;
    Ok(clean)
}

/// Notes that the server has stopped on purpose.
///
/// # Errors
/// When the database fails.
pub async fn mark_stopped(database: &DatabaseConnection) -> Result<(), DbErr> {
    Entity::delete_by_id(RUNNING).exec(database).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_digest_key_is_made_once() {
        let data = tempfile::tempdir().unwrap();
        let database = crate::state::open(data.path()).await.unwrap();
        let first = digest_key(&database).await.unwrap();
        assert_ne!(first, [0; 32]);
        assert_eq!(digest_key(&database).await.unwrap(), first);
        assert!(mark_running(&database).await.unwrap());
        assert!(!mark_running(&database).await.unwrap());
        mark_stopped(&database).await.unwrap();
        assert!(mark_running(&database).await.unwrap());
    }
}
