//! The table of people.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subjects")]
pub struct Model {
    /// Number of the row, by which damage is reported.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The app they are a person of.
    pub app: String,
    /// Keyed hash of app, kind and name, by which they are found. None where the row was damaged and replaced.
    #[sea_orm(unique)]
    pub lookup: Option<Vec<u8>>,
    /// The random name that stands for them.
    #[sea_orm(unique)]
    pub anonymous_id: Vec<u8>,
    /// The generation of the vault key that wraps the next.
    pub generation: i32,
    /// Their secret, and the kind and text of their name, sealed.
    pub wrapped: Vec<u8>,
    /// When the row was made, in microseconds since the Unix epoch.
    pub created_us: i64,
    /// When they objected.
    pub objected_us: Option<i64>,
    /// When the row was found not to open.
    pub damaged_us: Option<i64>,
    /// Which person took the place of this one, where that is so.
    pub replaced_by: Option<Vec<u8>>,
}

super::not_printed!(Model);

/// What belongs to a person.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What they said of each purpose.
    #[sea_orm(has_many = "super::consents::Entity")]
    Consents,
}

impl Related<super::consents::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Consents.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
