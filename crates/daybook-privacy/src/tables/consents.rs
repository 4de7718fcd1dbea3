//! The table of consents: what each person last said of each purpose.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consents")]
pub struct Model {
    /// The row of the person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: i64,
    /// The purpose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub purpose: String,
    /// Whether they agreed.
    pub granted: bool,
    /// When they said so, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// Where they said so.
    pub source: Option<String>,
    /// The version of the text they were shown.
    pub version: Option<String>,
}

super::not_printed!(Model);

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
