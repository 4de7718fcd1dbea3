//! The one task that writes the quarantine.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::{Digest, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::sync::{mpsc, oneshot};

use super::{Change, Forget, NewEntry, QuarantineError, SealedEvent, bytes_by_app, codes, errors_json, without_zeros};
use crate::limits;
use crate::state;
use crate::state::quarantine::{ActiveModel, Column, Entity, Model};

/// What the writer is asked to do.
pub(super) enum Command {
    Add {
        entries: Vec<NewEntry>,
        now: Timestamp,
        answer: oneshot::Sender<Result<Vec<i64>, QuarantineError>>,
    },
    Change {
        app: Arc<str>,
        id: i64,
        change: Change,
        now: Timestamp,
        answer: oneshot::Sender<Result<bool, QuarantineError>>,
    },
    Forget {
        app: Arc<str>,
        what: Forget,
        now: Timestamp,
        answer: oneshot::Sender<Result<u64, QuarantineError>>,
    },
    Close {
        answer: oneshot::Sender<()>,
    },
}

/// The writer's own state.
pub(super) struct Writer {
    database: DatabaseConnection,
    /// Bytes that each app's entries take.
    used: HashMap<Arc<str>, u64>,
    /// Whether that has to be counted again: a transaction failed, and what of it was committed is not known.
    is_doubtful: bool,
    bytes_per_app: u64,
}

/// An answer that is due once the transaction is on disk.
type Answer = Box<dyn FnOnce(Result<(), QuarantineError>) + Send>;

impl Writer {
    pub(super) fn new(database: DatabaseConnection, used: HashMap<Arc<str>, u64>, bytes_per_app: u64) -> Self {
        Self { database, used, is_doubtful: false, bytes_per_app }
    }

    /// Writes what comes until it is told to close or no handle is left.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(first) = commands.recv().await {
            let mut rows = first.rows();
            let mut group = vec![first];
            while rows < limits::QUARANTINE_ROWS_PER_TRANSACTION
                && let Ok(next) = commands.try_recv()
            {
                rows += next.rows();
                group.push(next);
            }
            let closing = group.iter().position(|command| matches!(command, Command::Close { .. }));
            // What came after it is dropped, and whoever waits for it sees that.
            let rest = closing.map(|at| group.split_off(at));
            self.write(group).await;
            if let Some(Command::Close { answer }) = rest.and_then(|rest| rest.into_iter().next()) {
                commands.close();
                let _ = answer.send(());
                return;
            }
        }
    }

    /// Writes a group in one transaction and answers it.
    async fn write(&mut self, group: Vec<Command>) {
        if group.is_empty() {
            return;
        }
        let mut answers: Vec<Answer> = Vec::with_capacity(group.len());
        // What the transaction changes of the account counts only once it is committed.
        let mut used = self.used.clone();
        let outcome = self.transact(group, &mut used, &mut answers).await;
        let outcome = outcome.map_err(|error| QuarantineError::Database(Arc::new(error)));
        self.is_doubtful = outcome.is_err();
        if outcome.is_ok() {
            self.used = used;
        }
        for answer in answers {
            answer(outcome.clone());
        }
    }

    async fn transact(
        &self,
        group: Vec<Command>,
        used: &mut HashMap<Arc<str>, u64>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), DbErr> {
        // Every command gets an answer whatever fails, so they are all taken apart before anything can.
        let mut failed = None;
        let transaction = match self.begin(used).await {
            Ok(transaction) => Some(transaction),
            Err(error) => {
                failed = Some(error);
                None
            }
        };
        for command in group {
            let open = transaction.as_ref().filter(|_| failed.is_none());
            match command {
                Command::Add { entries, now, answer } => {
                    let result = match open {
                        Some(open) => in_time(Box::pin(self.add(open, &entries, now, used))).await,
                        None => Ok(Err(QuarantineError::Closed)),
                    };
                    let result = result.unwrap_or_else(|error| {
                        failed = Some(error);
                        Err(QuarantineError::Closed)
                    });
                    answers.push(Box::new(move |outcome| drop(answer.send(outcome.and(result)))));
                }
                Command::Change { app, id, change, now, answer } => {
                    let result = match open {
                        Some(open) => in_time(alter(open, &app, id, change, now, used)).await,
                        None => Ok(false),
                    };
                    let result = result.unwrap_or_else(|error| {
                        failed = Some(error);
                        false
                    });
                    answers.push(Box::new(move |outcome| drop(answer.send(outcome.map(|()| result)))));
                }
                Command::Forget { app, what, now, answer } => {
                    let result = match open {
                        Some(open) => in_time(forget(open, &app, &what, now, used)).await,
                        None => Ok(0),
                    };
                    let result = result.unwrap_or_else(|error| {
                        failed = Some(error);
                        0
                    });
                    answers.push(Box::new(move |outcome| drop(answer.send(outcome.map(|()| result)))));
                }
                // Never part of a group.
                Command::Close { .. } => {}
            }
        }
        match (failed, transaction) {
            (Some(error), _) => Err(error),
            (None, Some(transaction)) => in_time(transaction.commit()).await,
            (None, None) => Ok(()),
        }
    }

    async fn begin(&self, used: &mut HashMap<Arc<str>, u64>) -> Result<DatabaseTransaction, DbErr> {
        let transaction = in_time(state::begin_write(&self.database)).await?;
        if self.is_doubtful {
            *used = in_time(bytes_by_app(&transaction)).await?;
        }
        Ok(transaction)
    }

    /// Adds entries of one request, all or none.
    async fn add(
        &self,
        transaction: &DatabaseTransaction,
        entries: &[NewEntry],
        now: Timestamp,
        used: &mut HashMap<Arc<str>, u64>,
    ) -> Result<Result<Vec<i64>, QuarantineError>, DbErr> {
        let mut wanted: HashMap<Arc<str>, u64> = HashMap::new();
        for entry in entries {
            *wanted.entry(Arc::clone(&entry.app)).or_default() += entry.event.bytes.len() as u64;
        }
        for (app, bytes) in wanted {
            if !self.make_room(transaction, &app, bytes, used).await? {
                return Ok(Err(QuarantineError::Full { app }));
            }
        }
        let (rows, row_of_entry) = rows(entries, now);
        let mut ids = Vec::with_capacity(rows.len());
        for part in rows.chunks(limits::QUARANTINE_ROWS_PER_STATEMENT) {
            let written = Entity::insert_many(part.iter().cloned())
                .on_conflict(
                    OnConflict::columns([Column::App, Column::Digest])
                        .update_columns([Column::UpdatedUs, Column::Codes, Column::Errors])
                        .value(
                            Column::Seen,
                            Expr::col((Entity, Column::Seen)).add(Expr::col(("excluded", Column::Seen))),
                        )
                        .to_owned(),
                )
                .exec_with_returning(transaction)
                .await?;
            for row in written {
                if row.received_us == row.updated_us && row.attempts == 0 {
                    *used.entry(Arc::from(row.app.as_str())).or_default() += row.bytes.unsigned_abs();
                }
                ids.push(row.id);
            }
        }
        Ok(Ok(row_of_entry.into_iter().filter_map(|row| ids.get(row).copied()).collect()))
    }

    /// Deletes settled entries of `app`, oldest first, until `bytes` more fit; answers whether they do.
    async fn make_room(
        &self,
        transaction: &DatabaseTransaction,
        app: &Arc<str>,
        bytes: u64,
        used: &mut HashMap<Arc<str>, u64>,
    ) -> Result<bool, DbErr> {
        let used = used.entry(Arc::clone(app)).or_default();
        while used.saturating_add(bytes) > self.bytes_per_app {
            let settled: Vec<(i64, i64)> = Entity::find()
                .select_only()
                .column(Column::Id)
                .column(Column::Bytes)
                .filter(Column::App.eq(&**app))
                .filter(Column::ResolvedUs.is_not_null())
                .order_by_asc(Column::ResolvedUs)
                .limit(limits::QUARANTINE_EVICTION_ROWS)
                .into_tuple()
                .all(transaction)
                .await?;
            if settled.is_empty() {
                return Ok(false);
            }
            let mut going = Vec::new();
            for (id, size) in settled {
                if used.saturating_add(bytes) <= self.bytes_per_app {
                    break;
                }
                *used = used.saturating_sub(size.unsigned_abs());
                going.push(id);
            }
            Entity::delete_many().filter(Column::Id.is_in(going)).exec(transaction).await?;
        }
        Ok(true)
    }
}

/// What the database does, if it does not take for ever: others wait.
async fn in_time<T>(work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    state::within(limits::STATE_WORK_PATIENCE, work).await
}

impl Command {
    fn rows(&self) -> usize {
        match self {
            Self::Add { entries, .. } => entries.len(),
            Self::Change { .. } | Self::Forget { .. } => 1,
            Self::Close { .. } => 0,
        }
    }
}

/// The rows to write, and for each entry which of them is its own: an event that occurs twice is written once.
fn rows(entries: &[NewEntry], now: Timestamp) -> (Vec<ActiveModel>, Vec<usize>) {
    let mut rows: Vec<ActiveModel> = Vec::with_capacity(entries.len());
    let mut known: HashMap<(Arc<str>, Digest), usize> = HashMap::new();
    let mut row_of_entry = Vec::with_capacity(entries.len());
    for entry in entries {
        let digest = entry.event_id.is_some().then_some(entry.event.digest);
        if let Some(digest) = digest {
            let row = *known.entry((Arc::clone(&entry.app), digest)).or_insert(rows.len());
            if let Some(model) = rows.get_mut(row) {
                if let ActiveValue::Set(seen) = &mut model.seen {
                    *seen += 1;
                }
                row_of_entry.push(row);
                continue;
            }
        }
        row_of_entry.push(rows.len());
        let errors = errors_json(&entry.errors);
        let model = Model {
            id: 0,
            app: entry.app.to_string(),
            digest: digest.map(Vec::from),
            event_id: entry.event_id.as_deref().map(without_zeros),
            name: entry.name.as_deref().map(without_zeros),
            codes: codes(&entry.errors),
            bytes: length(entry.event.bytes.len(), &errors),
            event: String::new(),
            subject: subject(&entry.event),
            month: Some(entry.event.month.number()),
            sealed: Some(entry.event.bytes.clone()),
            errors,
            received_us: now.microseconds(),
            updated_us: now.microseconds(),
            seen: 1,
            attempts: 0,
            resolution: None,
            resolved_us: None,
            position: None,
        };
        let mut model = model.into_active_model().reset_all();
        model.id = ActiveValue::NotSet;
        rows.push(model);
    }
    (rows, row_of_entry)
}

/// Changes one entry of an app; answers whether there is one.
async fn alter(
    transaction: &DatabaseTransaction,
    app: &Arc<str>,
    id: i64,
    change: Change,
    now: Timestamp,
    used: &mut HashMap<Arc<str>, u64>,
) -> Result<bool, DbErr> {
    let Some(row) = Entity::find_by_id(id).filter(Column::App.eq(&**app)).one(transaction).await? else {
        return Ok(false);
    };
    let used = used.entry(Arc::clone(app)).or_default();
    *used = used.saturating_sub(row.bytes.unsigned_abs());
    let attempts = row.attempts;
    let event_length = row.sealed.as_ref().map_or(row.event.len(), Vec::len);
    let mut model = row.into_active_model();
    model.updated_us = ActiveValue::Set(now.microseconds());
    match change {
        Change::Deleted => {
            Entity::delete_by_id(id).exec(transaction).await?;
            return Ok(true);
        }
        Change::Repaired { event_id, name, event, errors } => {
            let errors_text = errors_json(&errors);
            model.bytes = ActiveValue::Set(length(event.bytes.len(), &errors_text));
            // A repaired entry is no longer what was sent: if that is sent again, it is an entry of its own.
            model.digest = ActiveValue::Set(None);
            model.event_id = ActiveValue::Set(event_id.as_deref().map(without_zeros));
            model.name = ActiveValue::Set(name.as_deref().map(without_zeros));
            model.codes = ActiveValue::Set(codes(&errors));
            model.subject = ActiveValue::Set(subject(&event));
            model.month = ActiveValue::Set(Some(event.month.number()));
            model.sealed = ActiveValue::Set(Some(event.bytes));
            model.event = ActiveValue::Set(String::new());
            model.errors = ActiveValue::Set(errors_text);
        }
        Change::StillRefused { errors } => {
            let errors_text = errors_json(&errors);
            model.bytes = ActiveValue::Set(length(event_length, &errors_text));
            model.attempts = ActiveValue::Set(attempts.saturating_add(1));
            model.codes = ActiveValue::Set(codes(&errors));
            model.errors = ActiveValue::Set(errors_text);
        }
        Change::Resolved { resolution, position } => {
            model.attempts = ActiveValue::Set(attempts.saturating_add(1));
            model.resolution = ActiveValue::Set(Some(resolution.to_owned()));
            model.resolved_us = ActiveValue::Set(Some(now.microseconds()));
            model.position = ActiveValue::Set(position.and_then(|position| i64::try_from(position).ok()));
        }
    }
    let row = model.update(transaction).await?;
    *used = used.saturating_add(row.bytes.unsigned_abs());
    Ok(true)
}

/// Deletes the entries of an app that are to be forgotten; answers how many.
async fn forget(
    transaction: &DatabaseTransaction,
    app: &Arc<str>,
    what: &Forget,
    now: Timestamp,
    used: &mut HashMap<Arc<str>, u64>,
) -> Result<u64, DbErr> {
    let of_app = || Column::App.eq(&**app);
    let conditions: Vec<SimpleExpr> = match what {
        Forget::People(people) => people
            .chunks(limits::QUARANTINE_ROWS_PER_STATEMENT)
            .map(|people| {
                let subjects = people.iter().map(|subject| subject.as_bytes().to_vec());
                of_app().and(Column::Subject.is_in(subjects))
            })
            .collect(),
        // Entries from before they were sealed have no month; they go by the time they came.
        Forget::Month(month) => {
            let unsealed = Column::Month.is_null().and(Column::ReceivedUs.lt(month.end().min(now).microseconds()));
            vec![of_app().and(Column::Month.eq(month.number()).or(unsealed))]
        }
    };
    let mut gone = 0;
    for condition in conditions {
        let sizes: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::Bytes)
            .filter(condition.clone())
            .into_tuple()
            .all(transaction)
            .await?;
        let bytes: i64 = sizes.iter().sum();
        gone += Entity::delete_many().filter(condition).exec(transaction).await?.rows_affected;
        let used = used.entry(Arc::clone(app)).or_default();
        *used = used.saturating_sub(bytes.unsigned_abs());
    }
    Ok(gone)
}

fn subject(event: &SealedEvent) -> Option<Vec<u8>> {
    event.subject.map(|subject| subject.as_bytes().to_vec())
}

fn length(event_bytes: usize, errors: &str) -> i64 {
    i64::try_from(event_bytes + errors.len()).unwrap_or(i64::MAX)
}
