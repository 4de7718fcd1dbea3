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

/// What they belong to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The person.
    #[sea_orm(belongs_to = "super::subjects::Entity", from = "Column::Subject", to = "super::subjects::Column::Id")]
    Subject,
}

impl Related<super::subjects::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Subject.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
