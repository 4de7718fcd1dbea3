//! The table of computed aggregates: of each the last that the log says.

use sea_orm::entity::prelude::*;

/// One row: the numbers of one aggregate, for one period and one set of dimensions.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "aggregates")]
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
    /// Of `dimensions`, in hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub dimensions_hash: String,
    /// `daily`, `weekly` or `monthly`.
    pub period_type: String,
    /// The last day of the period.
    pub period_end: String,
    /// What the numbers are of, as an object of JSON with its members by name.
    #[sea_orm(column_type = "Text")]
    pub dimensions: String,
    /// The numbers, written likewise.
    #[sea_orm(column_type = "Text")]
    pub metrics: String,
    /// When they were computed, in microseconds since the Unix epoch.
    pub computed_us: i64,
    /// The category whose aggregates it is kept as long as.
    pub category: String,
    /// Where the log says so.
    pub position: i64,
}

/// Rows have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
