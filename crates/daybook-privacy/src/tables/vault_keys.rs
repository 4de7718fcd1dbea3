//! The table of vault keys: each generation, wrapped by each master key that opens it.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vault_keys")]
pub struct Model {
    /// Number of the generation, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i32,
    /// Which master key wraps it here ([`crate::MasterKey::id`]).
    #[sea_orm(primary_key, auto_increment = false)]
    pub master: Vec<u8>,
    /// The vault key, sealed under the master key.
    pub wrapped: Vec<u8>,
    /// When this row was made, in microseconds since the Unix epoch.
    pub created_us: i64,
}

super::not_printed!(Model);

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
