//! Reports, written, signed and kept.

use daybook_event::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ConnectionTrait, EntityTrait};

use super::people::{People, Status};
use super::store::Stored;
use super::{EraseError, Shared, report_key};
use crate::report::{LogPlace, PersonStatus, Report, ReportState, ReportedPerson, ReportedView, SignedReport, verify};
use crate::tables::reports::{ActiveModel, Column, Entity};
use crate::vault::DatabaseError;

/// Makes the report of a request and signs it.
pub(super) async fn sign(
    shared: &Shared,
    stored: &Stored,
    people: &People,
    waiting: &[String],
) -> Result<SignedReport, EraseError> {
    let key = shared.signing_key().await?;
    let report = report(stored, people, waiting, shared.journal.head());
    report.sign(&key).map_err(|_| EraseError::Damaged)
}

fn report(stored: &Stored, people: &People, waiting: &[String], head: u64) -> Report {
    let notes = &stored.notes;
    let erased = people.ids(&[Status::Erased]).len() as u64;
    let status = |status| if status == Status::Erased { PersonStatus::Erased } else { PersonStatus::Unknown };
    let reported = |row: &super::people::Row| ReportedPerson { anonymous_id: row.id, status: status(row.status) };
    let unknown = people.rows.iter().filter(|row| row.status != Status::Erased).count() as u64;
    let position = stored.position.unwrap_or_default();
    Report {
        request: stored.id.clone(),
        app: stored.app.clone(),
        requested: stored.requested,
        completed: waiting.is_empty().then_some(notes.confirmed_us).flatten().map(Timestamp::from_microseconds),
        reason: stored.reason.clone(),
        state: if waiting.is_empty() { ReportState::Complete } else { ReportState::Incomplete },
        people: people.rows.iter().map(reported).collect(),
        erased,
        unknown,
        log: LogPlace { position, head: head.max(position) },
        views: notes
            .views
            .iter()
            .map(|(name, view)| ReportedView { name: name.clone(), touched: view.touched, confirmed: view.confirmed })
            .collect(),
        secrets_destroyed: erased,
        statement: Report::statement(erased, unknown, position, waiting),
    }
}

/// Keeps a report in place of the one before it.
pub(super) async fn write<C: ConnectionTrait>(
    connection: &C,
    signed: &SignedReport,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = ActiveModel {
        erasure: ActiveValue::Set(signed.report.request.clone()),
        app: ActiveValue::Set(signed.report.app.clone()),
        report: ActiveValue::Set(serde_json::to_string(&signed.report).unwrap_or_default()),
        jws: ActiveValue::Set(signed.jws.clone()),
        created_us: ActiveValue::Set(now.microseconds()),
    };
    let replace = OnConflict::column(Column::Erasure)
        .update_columns([Column::App, Column::Report, Column::Jws, Column::CreatedUs])
        .to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(connection).await?;
    Ok(())
}

/// The report of a request.
pub(super) async fn read(shared: &Shared, request: &str) -> Result<Option<SignedReport>, EraseError> {
    let row = Entity::find_by_id(request).one(shared.vault.database()).await.map_err(DatabaseError::from)?;
    let Some(row) = row else { return Ok(None) };
    // The signature says which key it was; that it holds says that nobody has changed the row.
    for public_key in report_key::public_keys(shared.vault.database()).await? {
        if let Ok(report) = verify(&row.jws, &public_key) {
            return Ok(Some(SignedReport { report, jws: row.jws, public_key }));
        }
    }
    Err(EraseError::Damaged)
}
