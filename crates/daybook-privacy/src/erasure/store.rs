//! What the state database holds of requests for erasure.

use std::collections::BTreeMap;

use daybook_event::person::NameKind;
use daybook_event::{PersonName, Timestamp};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::people::Status;
use super::{EraseError, Erasure, NewErasure, Progress, RequestError, Step};
use crate::limits;
use crate::tables::{begin_write, erasure_people, erasures};
use crate::vault::{DatabaseError, Vault, VaultError};

/// What names of an unfinished request are wrapped for.
const NAME_PURPOSE: &str = "erasure/name/1";

/// What is known of a request beside its columns, kept as JSON in its row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Notes {
    /// Names of the request. Rows of people with higher numbers are further ids of the same people.
    pub names: i32,
    /// When the secrets were gone.
    pub destroyed_us: Option<i64>,
    /// When every view had confirmed.
    pub confirmed_us: Option<i64>,
    /// What each view said.
    pub views: BTreeMap<String, ViewNote>,
    /// The vault could not read all people when the names were looked up; the names are kept until it can.
    pub locked: bool,
    /// What the log was last told is waited for, where it was told that something is.
    pub said_waiting: Option<Vec<String>>,
}

/// What a view said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct ViewNote {
    pub touched: u64,
    pub confirmed: bool,
}

/// A request as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub id: String,
    pub app: String,
    pub step: Step,
    pub reason: Option<String>,
    pub actor: Option<String>,
    pub requested: Timestamp,
    pub position: Option<u64>,
    pub notes: Notes,
}

impl Step {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Requested, "requested"),
        (Self::Found, "found"),
        (Self::Announced, "announced"),
        (Self::Told, "told"),
        (Self::Destroyed, "destroyed"),
        (Self::Confirmed, "confirmed"),
        (Self::Signed, "signed"),
        (Self::Complete, "complete"),
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(step, _)| *step == self).map_or("requested", |(_, name)| name)
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(step, _)| *step)
    }
}

/// Makes a request; its names are wrapped by the vault.
pub(super) async fn create(vault: &Vault, new: &NewErasure<'_>, now: Timestamp) -> Result<String, RequestError> {
    let id = uuid::Uuid::now_v7().to_string();
    let notes = Notes { names: i32::try_from(new.names.len()).unwrap_or(i32::MAX), ..Notes::default() };
    let mut people = Vec::with_capacity(new.names.len());
    for (number, name) in (0..).zip(new.names) {
        people.push(erasure_people::ActiveModel {
            erasure: ActiveValue::Set(id.clone()),
            number: ActiveValue::Set(number),
            lookup: ActiveValue::Set(None),
            anonymous_id: ActiveValue::Set(None),
            wrapped_name: ActiveValue::Set(Some(wrap(vault, name)?)),
            status: ActiveValue::Set(Status::Named.as_str().to_owned()),
        });
    }
    let erasure = erasures::ActiveModel {
        id: ActiveValue::Set(id.clone()),
        app: ActiveValue::Set(new.app.to_owned()),
        state: ActiveValue::Set(Step::Requested.as_str().to_owned()),
        reason: ActiveValue::Set(new.reason.map(str::to_owned)),
        actor: ActiveValue::Set(new.actor.map(str::to_owned)),
        created_us: ActiveValue::Set(now.microseconds()),
        updated_us: ActiveValue::Set(now.microseconds()),
        completed_us: ActiveValue::Set(None),
        position: ActiveValue::Set(None),
        report: ActiveValue::Set(Some(notes.to_json())),
    };
    let write = async {
        let transaction = begin_write(vault.database()).await?;
        erasures::Entity::insert(erasure).exec_without_returning(&transaction).await?;
        while !people.is_empty() {
            let rest = people.split_off(people.len().min(limits::CHUNK_ROWS));
            let chunk = std::mem::replace(&mut people, rest);
            erasure_people::Entity::insert_many(chunk).exec_without_returning(&transaction).await?;
        }
        transaction.commit().await
    };
    write.await.map_err(DatabaseError::from)?;
    Ok(id)
}

/// Reads a request.
pub(super) async fn load(database: &DatabaseConnection, id: &str) -> Result<Stored, EraseError> {
    let row = erasures::Entity::find_by_id(id).one(database).await.map_err(DatabaseError::from)?;
    Stored::of(row.ok_or(EraseError::Unknown)?)
}

/// Writes how far a request is. Called on a transaction where something else changes with it.
pub(super) async fn save<C: ConnectionTrait>(
    connection: &C,
    stored: &Stored,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let complete = stored.step == Step::Complete;
    let row = erasures::ActiveModel {
        id: ActiveValue::Unchanged(stored.id.clone()),
        state: ActiveValue::Set(stored.step.as_str().to_owned()),
        updated_us: ActiveValue::Set(now.microseconds()),
        completed_us: ActiveValue::Set(complete.then_some(stored.notes.confirmed_us).flatten()),
        position: ActiveValue::Set(stored.position.map(i64::try_from).and_then(Result::ok)),
        report: ActiveValue::Set(Some(stored.notes.to_json())),
        ..Default::default()
    };
    erasures::Entity::update(row).exec(connection).await?;
    Ok(())
}

/// Tells the database to let go of the bytes of names that are deleted. SQLite does it with what the vault deletes.
pub(super) async fn scrub(database: &DatabaseConnection) {
    if database.get_database_backend() == DbBackend::Postgres
        && let Err(error) = database.execute_unprepared("VACUUM erasure_people").await
    {
        tracing::warn!(error = %DatabaseError::from(error), "deleted names stay in the database's files, sealed, for a while");
    }
}

/// The requests that are not complete, the oldest first.
pub(super) async fn unfinished(database: &DatabaseConnection) -> Result<Vec<String>, DatabaseError> {
    let ids = erasures::Entity::find()
        .select_only()
        .column(erasures::Column::Id)
        .filter(erasures::Column::State.ne(Step::Complete.as_str()))
        .order_by_asc(erasures::Column::Id)
        .limit(limits::RESUMED_MAX)
        .into_tuple()
        .all(database)
        .await?;
    Ok(ids)
}

pub(super) async fn get(database: &DatabaseConnection, id: &str) -> Result<Option<Erasure>, EraseError> {
    let row = erasures::Entity::find_by_id(id).one(database).await.map_err(DatabaseError::from)?;
    match row {
        Some(row) => describe(database, row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn list(
    database: &DatabaseConnection,
    app: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Erasure>, EraseError> {
    let mut select = erasures::Entity::find().filter(erasures::Column::App.eq(app));
    if let Some(after) = after {
        select = select.filter(erasures::Column::Id.gt(after));
    }
    let rows =
        select.order_by_asc(erasures::Column::Id).limit(limit).all(database).await.map_err(DatabaseError::from)?;
    let mut erasures = Vec::with_capacity(rows.len());
    for row in rows {
        erasures.push(describe(database, row).await?);
    }
    Ok(erasures)
}

async fn describe(database: &DatabaseConnection, row: erasures::Model) -> Result<Erasure, EraseError> {
    let completed = row.completed_us.map(Timestamp::from_microseconds);
    let stored = Stored::of(row)?;
    let done = match stored.step {
        // Every name is dealt with from here on; otherwise they are counted.
        step if step >= Step::Destroyed => u64::try_from(stored.notes.names).unwrap_or_default(),
        _ => erasure_people::Entity::find()
            .filter(erasure_people::Column::Erasure.eq(&*stored.id))
            .filter(erasure_people::Column::Number.lt(stored.notes.names))
            .filter(erasure_people::Column::Status.is_in([Status::Unknown.as_str(), Status::Erased.as_str()]))
            .count(database)
            .await
            .map_err(DatabaseError::from)?,
    };
    let people = u64::try_from(stored.notes.names).unwrap_or_default();
    Ok(Erasure {
        progress: Progress { step: stored.step, people, done },
        request: stored.id,
        app: stored.app,
        requested: stored.requested,
        completed,
        reason: stored.reason,
    })
}

impl Stored {
    fn of(row: erasures::Model) -> Result<Self, EraseError> {
        Ok(Self {
            step: Step::parse(&row.state).ok_or(EraseError::Damaged)?,
            notes: Notes::from_json(row.report.as_deref()).ok_or(EraseError::Damaged)?,
            id: row.id,
            app: row.app,
            reason: row.reason,
            actor: row.actor,
            requested: Timestamp::from_microseconds(row.created_us),
            position: row.position.map(u64::try_from).and_then(Result::ok),
        })
    }
}

impl Notes {
    fn to_json(&self) -> String {
        // A struct of numbers, texts and maps by text is always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn from_json(text: Option<&str>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }
}

/// A name, sealed: its kind in one byte, then its text.
fn wrap(vault: &Vault, name: &PersonName<'_>) -> Result<Vec<u8>, VaultError> {
    let kind = match name.kind {
        NameKind::Identity => b'i',
        NameKind::Anonymous => b'a',
    };
    let mut plain = Zeroizing::new(Vec::with_capacity(1 + name.name.len()));
    plain.push(kind);
    plain.extend_from_slice(name.name.as_bytes());
    vault.wrap(NAME_PURPOSE, &plain)
}

/// Opens what [`wrap`] sealed; none where the vault cannot, for now or ever.
pub(super) fn unwrap(vault: &Vault, wrapped: &[u8]) -> Option<PersonName<'static>> {
    let plain = vault.unwrap(NAME_PURPOSE, wrapped).ok()?;
    let (kind, name) = plain.split_first()?;
    let name = std::str::from_utf8(name).ok()?.to_owned();
    match kind {
        b'i' => Some(PersonName::identity(name)),
        b'a' => Some(PersonName::anonymous(name)),
        _ => None,
    }
}
