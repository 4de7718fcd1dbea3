//! The table of what was computed when: not in the log, because all of it can be computed again.

use sea_orm::entity::prelude::*;

/// One period of an aggregate that was computed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "aggregate_periods")]
pub struct Model {
    /// The app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub app: String,
    /// The aggregate.
    #[sea_orm(primary_key, auto_increment = false)]
    pub aggregate_type: String,
    /// The first day of the period: `2026-01-14`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period_start: String,
    /// The last day of the period.
    pub period_end: String,
    /// Of what it was computed by: the statement and the dimensions.
    pub definition: String,
    /// Everything up to this position of the log was looked at.
    pub through: i64,
    /// When, in microseconds since the Unix epoch.
    pub computed_us: i64,
    /// How many rows it has.
    pub rows: i64,
    /// The position of the last event of its days that came after `through`, where one did.
    pub late: Option<i64>,
}

/// Periods have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
