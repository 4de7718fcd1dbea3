//! The table of small things that have to outlive the process.

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

/// The name of the mark that is there while a server runs.
const RUNNING: &str = "running";

/// What is kept under a name, if anything is.
///
/// # Errors
/// When the database fails.
pub async fn get(database: &DatabaseConnection, name: &str) -> Result<Option<Vec<u8>>, DbErr> {
    Ok(Entity::find_by_id(name).one(database).await?.map(|row| row.value))
}

/// Keeps something under a name, in the place of what was there.
///
/// # Errors
/// When the database fails.
pub async fn put(database: &DatabaseConnection, name: &str, value: &[u8]) -> Result<(), DbErr> {
    let row = ActiveModel { name: ActiveValue::Set(name.to_owned()), value: ActiveValue::Set(value.to_vec()) };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Name).update_column(Column::Value).to_owned())
        .exec_without_returning(database)
        .await
        .map(drop)
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
