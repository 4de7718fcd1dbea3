//! The table of month secrets. Of a class and month the row with the highest ordinal seals; older ones only open.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "months")]
pub struct Model {
    /// Number of the row, by which damage is reported.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The app.
    pub app: String,
    /// The retention category, or a class of its own.
    pub class: String,
    /// Months since January 1970.
    pub month: i32,
    /// 1, and one more for each time that the secret before could not be read.
    pub ordinal: i32,
    /// The generation of the vault key that wraps the next.
    pub generation: i32,
    /// The secret, sealed.
    pub wrapped: Vec<u8>,
    /// When the row was made, in microseconds since the Unix epoch.
    pub created_us: i64,
}

super::not_printed!(Model);

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
