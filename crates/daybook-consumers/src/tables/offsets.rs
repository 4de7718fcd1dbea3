//! The table of consumers: how far each is.

use sea_orm::entity::prelude::*;

/// One consumer.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consumers_offset")]
pub struct Model {
    /// Its app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub app: String,
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Everything up to here is delivered, given up or not wanted. Of a consumer whose handler keeps the offset, where it began.
    pub position: i64,
    /// Events up to here were in the log before the consumer was to deliver them: its latency does not count for them.
    pub history: i64,
    /// Since when it is paused, in microseconds since the Unix epoch.
    pub paused_us: Option<i64>,
    /// Since when something of it may be at its destination that does not last for ever.
    pub touched_us: Option<i64>,
    /// Since when people may be named at its destination.
    pub named_us: Option<i64>,
    /// Since when nothing says where it delivers to.
    pub unconfigured_us: Option<i64>,
    /// What delivered last; nothing where that was before it was written down.
    pub handler: Option<String>,
    /// Events it gave up without a dead letter.
    pub given_up: i64,
    /// When it was added.
    pub created_us: i64,
    /// When the row last changed.
    pub updated_us: i64,
}

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
