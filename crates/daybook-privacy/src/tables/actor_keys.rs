//! The table of the keys that actors sign with.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "actor_keys")]
pub struct Model {
    /// Number of the row, by which others name it without telling whose it is.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The app.
    pub app: String,
    /// Keyed hash of app and thumbprint, by which it is found.
    #[sea_orm(unique)]
    pub lookup: Vec<u8>,
    /// The row of the person whose it is; none where the actor is no person.
    pub subject: Option<i64>,
    /// Keyed hash of app, kind and name of an actor who is no person.
    pub owner: Option<Vec<u8>>,
    /// The generation of the vault key that wraps the next.
    pub generation: i32,
    /// The key, whose it is and when it is good, sealed.
    pub wrapped: Vec<u8>,
}

super::not_printed!(Model);

/// What it belongs to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
