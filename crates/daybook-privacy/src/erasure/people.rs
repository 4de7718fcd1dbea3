//! The people of a request, row by row.

use std::collections::BTreeSet;

use daybook_event::SubjectId;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::EraseError;
use crate::limits;
use crate::tables::erasure_people::{ActiveModel, Column, Entity};
use crate::vault::DatabaseError;

/// How far it is with a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// There is only a name.
    Named,
    /// It is known who it is.
    Found,
    /// Nobody is known by the name.
    Unknown,
    /// Their secret is destroyed.
    Erased,
}

impl Status {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Named, "named"), (Self::Found, "found"), (Self::Unknown, "unknown"), (Self::Erased, "erased")];

    pub(super) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("named", |(_, name)| name)
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(status, _)| *status)
    }
}

/// One row: a name of the request, or a further id of somebody it names.
#[derive(Clone)]
pub(super) struct Row {
    pub number: i32,
    pub id: Option<SubjectId>,
    pub wrapped_name: Option<Vec<u8>>,
    pub status: Status,
}

/// All people of one request, by number.
pub(super) struct People {
    erasure: String,
    pub rows: Vec<Row>,
}

impl People {
    pub(super) async fn load(database: &DatabaseConnection, erasure: &str) -> Result<Self, EraseError> {
        let models = Entity::find()
            .filter(Column::Erasure.eq(erasure))
            .order_by_asc(Column::Number)
            .all(database)
            .await
            .map_err(DatabaseError::from)?;
        let mut rows = Vec::with_capacity(models.len());
        for model in models {
            let id = model.anonymous_id.map(|bytes| bytes.try_into().map(SubjectId::from_bytes));
            rows.push(Row {
                number: model.number,
                id: id.transpose().map_err(|_: Vec<u8>| EraseError::Damaged)?,
                wrapped_name: model.wrapped_name,
                status: Status::parse(&model.status).ok_or(EraseError::Damaged)?,
            });
        }
        Ok(Self { erasure: erasure.to_owned(), rows })
    }

    /// The ids of everybody in one of these states, each once.
    pub(super) fn ids(&self, of: &[Status]) -> Vec<SubjectId> {
        let rows = self.rows.iter().filter(|row| of.contains(&row.status));
        rows.filter_map(|row| row.id).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The ids of everybody who is known.
    pub(super) fn known(&self) -> Vec<SubjectId> {
        self.ids(&[Status::Found, Status::Erased])
    }

    /// How many of the first `names` rows are dealt with.
    pub(super) fn done(&self, names: i32) -> u64 {
        let done = |row: &&Row| row.number < names && matches!(row.status, Status::Unknown | Status::Erased);
        self.rows.iter().filter(done).count() as u64
    }

    /// Puts in who is meant by the row at `index`; further ids get rows of their own. Without ids nobody is known.
    pub(super) fn found(&mut self, index: usize, ids: &[SubjectId]) {
        let Some(row) = self.rows.get_mut(index) else { return };
        // Somebody who was erased under an earlier id stays so under that one.
        let mut new: Vec<SubjectId> = ids.iter().filter(|id| row.id != Some(**id)).copied().collect();
        if row.id.is_none() {
            row.id = (!new.is_empty()).then(|| new.remove(0));
            row.status = if row.id.is_some() { Status::Found } else { Status::Unknown };
        }
        for id in new {
            if self.rows.iter().any(|row| row.id == Some(id)) {
                continue;
            }
            let number = self.rows.last().map_or(0, |row| row.number.saturating_add(1));
            self.rows.push(Row { number, id: Some(id), wrapped_name: None, status: Status::Found });
        }
    }

    /// Notes that the secrets of these people are gone.
    pub(super) fn erased(&mut self, ids: &[SubjectId]) {
        let ids: BTreeSet<_> = ids.iter().collect();
        for row in &mut self.rows {
            if row.status == Status::Found && row.id.as_ref().is_some_and(|id| ids.contains(id)) {
                row.status = Status::Erased;
            }
        }
    }

    /// Writes the rows that `which` takes.
    pub(super) async fn save<C: ConnectionTrait>(
        &self,
        connection: &C,
        which: impl Fn(&Row) -> bool,
    ) -> Result<(), DatabaseError> {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| which(row)).collect();
        for chunk in rows.chunks(limits::CHUNK_ROWS) {
            let models = chunk.iter().map(|row| ActiveModel {
                erasure: ActiveValue::Set(self.erasure.clone()),
                number: ActiveValue::Set(row.number),
                lookup: ActiveValue::Set(None),
                anonymous_id: ActiveValue::Set(row.id.map(|id| id.as_bytes().to_vec())),
                wrapped_name: ActiveValue::Set(row.wrapped_name.clone()),
                status: ActiveValue::Set(row.status.as_str().to_owned()),
            });
            let replace = OnConflict::columns([Column::Erasure, Column::Number])
                .update_columns([Column::AnonymousId, Column::WrappedName, Column::Status])
                .to_owned();
            Entity::insert_many(models).on_conflict(replace).exec_without_returning(connection).await?;
        }
        Ok(())
    }
}
