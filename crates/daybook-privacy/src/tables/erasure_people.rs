//! The table of the people of erasures.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure_people")]
pub struct Model {
    /// The erasure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub erasure: String,
    /// Their number in it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// The keyed hash they were found by.
    pub lookup: Option<Vec<u8>>,
    /// The random name that stood for them.
    pub anonymous_id: Option<Vec<u8>>,
    /// Their name, sealed, until it is done.
    pub wrapped_name: Option<Vec<u8>>,
    /// What became of them.
    pub status: String,
}

super::not_printed!(Model);

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
