//! The table of erasures that were asked for.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasures")]
pub struct Model {
    /// Its id, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The app.
    pub app: String,
    /// Which step was done last.
    pub state: String,
    /// Why, as whoever asked says.
    pub reason: Option<String>,
    /// Who asked.
    pub actor: Option<String>,
    /// When it was asked for, in microseconds since the Unix epoch.
    pub created_us: i64,
    /// When anything about it last changed.
    pub updated_us: i64,
    /// When all was done.
    pub completed_us: Option<i64>,
    /// The position of the log from which it holds.
    pub position: Option<i64>,
    /// What is known of it so far, or its report at the end, as JSON.
    #[sea_orm(column_type = "Text", nullable)]
    pub report: Option<String>,
}

super::not_printed!(Model);

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
