//! The table of signed reports of erasures.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reports")]
pub struct Model {
    /// The erasure.
    #[sea_orm(primary_key, auto_increment = false)]
    pub erasure: String,
    /// The app.
    pub app: String,
    /// The report as JSON.
    #[sea_orm(column_type = "Text")]
    pub report: String,
    /// The report, signed: a JWS in its compact form.
    #[sea_orm(column_type = "Text")]
    pub jws: String,
    /// When it was signed, in microseconds since the Unix epoch.
    pub created_us: i64,
}

super::not_printed!(Model);

/// There are no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
