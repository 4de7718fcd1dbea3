//! The table of quarantined events.

use sea_orm::entity::prelude::*;

/// One event that was not admitted, sanitised, with the reasons.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    /// Its number; later entries have higher ones, and none is used twice.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The app it was sent for.
    pub app: String,
    /// Keyed digest of the sanitised event, where it has an id: the same event sent again is the same entry.
    pub digest: Option<Vec<u8>>,
    /// The id it was sent with, as the app wrote it.
    pub event_id: Option<String>,
    /// The event type it claims to be.
    pub name: Option<String>,
    /// The codes of its errors, each between commas: `,data.required,data.type,`.
    pub codes: String,
    /// The event as JSON, sanitised, of entries from before events were sealed; empty in all others.
    #[sea_orm(column_type = "Text")]
    pub event: String,
    /// The `anonymous_id` of the person the event is about.
    pub subject: Option<Vec<u8>>,
    /// The number of the month under whose secret the event is sealed.
    pub month: Option<i32>,
    /// The event's JSON, sealed.
    pub sealed: Option<Vec<u8>>,
    /// Its errors, as a JSON array of findings.
    #[sea_orm(column_type = "Text")]
    pub errors: String,
    /// Length of the event and its errors, in bytes.
    pub bytes: i64,
    /// When it first came, in microseconds since the Unix epoch.
    pub received_us: i64,
    /// When anything about it last changed.
    pub updated_us: i64,
    /// How often it was sent.
    pub seen: i32,
    /// How often it was tried again.
    pub attempts: i32,
    /// What became of it in the end: the status of the receipt it got. None while it is open.
    pub resolution: Option<String>,
    /// When that was.
    pub resolved_us: Option<i64>,
    /// Where it is in the log now.
    pub position: Option<i64>,
}

/// Entries have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
