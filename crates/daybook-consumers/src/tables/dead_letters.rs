//! The table of dead letters: positions of events that were given up, and why. The events themselves are in the log.

use sea_orm::entity::prelude::*;

/// One event that a consumer gave up.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consumers_dead_letter")]
pub struct Model {
    /// The consumer's app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub app: String,
    /// The consumer's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The event's place in the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// The event's type.
    pub event: String,
    /// How often it was tried in all.
    pub attempts: i64,
    /// The attempts that are kept, as JSON.
    #[sea_orm(column_type = "Text")]
    pub history: String,
    /// When it was given up, in microseconds since the Unix epoch.
    pub created_us: i64,
    /// When it was last tried.
    pub updated_us: i64,
}

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
