//! The table of keys.

use sea_orm::entity::prelude::*;

/// One key. The key itself is nowhere: only its SHA-256 is kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "keys")]
pub struct Model {
    /// The key's public name, a UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// SHA-256 of the key.
    #[sea_orm(unique)]
    pub hash: Vec<u8>,
    /// The key's first characters, by which people recognise it.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// The apps it is good for, as a JSON array; all of them where there is none.
    #[sea_orm(column_type = "Text", nullable)]
    pub apps: Option<String>,
    /// What it may do, as a JSON array.
    #[sea_orm(column_type = "Text")]
    pub scopes: String,
    /// Whether it may be shown to the world, in a web page for instance.
    pub public: bool,
    /// The origins from which browsers may use it, as a JSON array.
    #[sea_orm(column_type = "Text")]
    pub origins: String,
    /// Requests a second; 0 is no limit.
    pub requests_per_second: Option<i32>,
    /// Events a second; 0 is no limit.
    pub events_per_second: Option<i32>,
    /// When it was made, in microseconds since the Unix epoch.
    pub created_us: i64,
    /// When it stops being good.
    pub expires_us: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_us: Option<i64>,
    /// When it was taken back.
    pub revoked_us: Option<i64>,
}

/// Keys have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
