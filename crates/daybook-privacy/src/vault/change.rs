//! Consents, objections, and people and months that go.

use daybook_event::{Month, SubjectId, Timestamp};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::cache::LookupKey;
use super::error::{DatabaseError, VaultError};
use super::facts::{self, ConsentRow, Destroyed, Erased, Objection};
use super::load::{self, Found, Wanted};
use super::make_people::{self, put_consent};
use super::writer::{Change, Effect};
use super::{Shared, actor_key_changes, now_us};
use crate::limits;
use crate::tables::{actor_keys, consents, months, subjects, vault_keys};

/// A person says something of a purpose.
pub(super) struct SetConsent {
    pub person: Wanted,
    pub consent: ConsentRow,
}

/// A person objects, or no longer does.
pub(super) struct SetObjection {
    pub person: Wanted,
    pub objected: Option<Timestamp>,
}

/// People go.
pub(super) struct Erase(pub Vec<SubjectId>);

/// Months of a class go.
pub(super) struct ExpireMonths {
    pub app: String,
    pub class: String,
    pub before: Month,
}

/// Generations that do not open go.
pub(super) struct DestroyLocked;

/// Rows were found to be damaged.
pub(super) struct NoteDamage(pub Vec<i64>);

/// The rows of somebody who is made where they are missing; there is at least one.
async fn rows_of(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    person: &Wanted,
    effects: &mut Vec<Effect>,
) -> Result<Found, VaultError> {
    make_people::ensure(shared, transaction, std::slice::from_ref(person), effects).await?;
    reload(shared, transaction, person).await
}

async fn reload(shared: &Shared, transaction: &DatabaseTransaction, person: &Wanted) -> Result<Found, VaultError> {
    let mut found = load::by_name(transaction, &shared.ring, std::slice::from_ref(person)).await?;
    let found = found.pop().filter(|found| !found.rows.is_empty());
    Ok(found.ok_or_else(DatabaseError::lost_row)?)
}

#[async_trait::async_trait]
impl Change for SetConsent {
    type Answer = facts::Change;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<facts::Change, VaultError> {
        let found = rows_of(shared, transaction, &self.person, effects).await?;
        let previous = found.consents().into_iter().find(|row| row.purpose == self.consent.purpose).cloned();
        put_consent(transaction, found.rows[0].id, &self.consent).await?;
        for row in &found.rows[1..] {
            consents::Entity::delete_many()
                .filter(consents::Column::Subject.eq(row.id))
                .filter(consents::Column::Purpose.eq(&self.consent.purpose))
                .exec(transaction)
                .await?;
        }
        let now = reload(shared, transaction, &self.person).await?.person().ok_or_else(DatabaseError::lost_row)?;
        effects.push(Effect::Person(self.person.key, now.clone()));
        Ok(facts::Change { previous, person: now })
    }
}

#[async_trait::async_trait]
impl Change for SetObjection {
    type Answer = Objection;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<Objection, VaultError> {
        let found = rows_of(shared, transaction, &self.person, effects).await?;
        let previous = found.objected();
        subjects::Entity::update_many()
            .col_expr(subjects::Column::ObjectedUs, Expr::value(self.objected.map(Timestamp::microseconds)))
            .filter(subjects::Column::Id.is_in(found.rows.iter().map(|row| row.id)))
            .exec(transaction)
            .await?;
        let now = reload(shared, transaction, &self.person).await?.person().ok_or_else(DatabaseError::lost_row)?;
        effects.push(Effect::Person(self.person.key, now.clone()));
        Ok(Objection { previous, person: now })
    }
}

#[async_trait::async_trait]
impl Change for Erase {
    type Answer = Erased;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<Erased, VaultError> {
        let mut secrets = 0;
        for ids in self.0.chunks(limits::CHUNK_ROWS) {
            let keys: Vec<Vec<u8>> = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
            let theirs = Condition::any()
                .add(load::is_one_of(subjects::Column::AnonymousId, &keys))
                .add(load::is_one_of(subjects::Column::ReplacedBy, &keys));
            let rows = subjects::Entity::find().filter(theirs).all(transaction).await?;
            let numbers: Vec<i64> = rows.iter().map(|row| row.id).collect();
            for numbers in numbers.chunks(limits::CHUNK_ROWS) {
                let numbers = || numbers.iter().copied();
                actor_key_changes::remove_of(shared, transaction, &numbers().collect::<Vec<_>>(), effects).await?;
                let said = consents::Column::Subject.is_in(numbers());
                consents::Entity::delete_many().filter(said).exec(transaction).await?;
                let gone = subjects::Entity::delete_many().filter(subjects::Column::Id.is_in(numbers()));
                gone.exec(transaction).await?;
            }
            secrets += rows.len();
            effects.extend(rows.iter().filter_map(|row| {
                let id = SubjectId::from_bytes(row.anonymous_id.as_slice().try_into().ok()?);
                Some(Effect::Gone { name: cached_under(shared, id, row), id })
            }));
        }
        Ok(Erased { secrets })
    }
}

/// The hash under which a person is kept in memory.
fn cached_under(shared: &Shared, id: SubjectId, row: &subjects::Model) -> Option<LookupKey> {
    let current = shared.ring.current();
    if row.generation == current.number {
        return row.lookup.as_deref()?.try_into().ok();
    }
    let opened = shared.ring.get(row.generation)?.unwrap_person(&row.app, id, &row.wrapped).ok()?;
    Some(current.lookup(&row.app, &opened.name))
}

#[async_trait::async_trait]
impl Change for ExpireMonths {
    type Answer = Vec<Month>;

    async fn make(
        &self,
        _: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<Month>, VaultError> {
        let theirs = Condition::all()
            .add(months::Column::App.eq(&self.app))
            .add(months::Column::Class.eq(&self.class))
            .add(months::Column::Month.lt(self.before.number()));
        let rows = months::Entity::find().filter(theirs.clone()).order_by_asc(months::Column::Month).all(transaction);
        let mut gone: Vec<Month> = rows.await?.into_iter().map(|row| Month::from_number(row.month)).collect();
        gone.dedup();
        months::Entity::delete_many().filter(theirs).exec(transaction).await?;
        effects.push(Effect::MonthsGone { app: self.app.clone(), class: self.class.clone(), months: gone.clone() });
        Ok(gone)
    }
}

#[async_trait::async_trait]
impl Change for DestroyLocked {
    type Answer = Destroyed;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<Destroyed, VaultError> {
        let open: Vec<i32> = shared.ring.all().iter().map(|generation| generation.number).collect();
        let locked = |column: subjects::Column| column.is_not_in(open.iter().copied());
        // None of them is in memory, but for rows whose number was changed by somebody.
        let ids: Vec<Vec<u8>> = subjects::Entity::find()
            .select_only()
            .column(subjects::Column::AnonymousId)
            .filter(locked(subjects::Column::Generation))
            .into_tuple()
            .all(transaction)
            .await?;
        let ids = ids.iter().filter_map(|id| Some(SubjectId::from_bytes(id.as_slice().try_into().ok()?)));
        effects.extend(ids.map(|id| Effect::Gone { name: None, id }));
        let rows = subjects::Entity::find()
            .select_only()
            .column(subjects::Column::Id)
            .filter(locked(subjects::Column::Generation));
        consents::Entity::delete_many()
            .filter(consents::Column::Subject.in_subquery(rows.into_query()))
            .exec(transaction)
            .await?;
        // Keys that are locked, and those of people who go: nobody could erase them any more.
        let rows = subjects::Entity::find()
            .select_only()
            .column(subjects::Column::Id)
            .filter(locked(subjects::Column::Generation));
        let keys = Condition::any()
            .add(actor_keys::Column::Generation.is_not_in(open.iter().copied()))
            .add(actor_keys::Column::Subject.in_subquery(rows.into_query()));
        actor_keys::Entity::delete_many().filter(keys).exec(transaction).await?;
        let people =
            subjects::Entity::delete_many().filter(locked(subjects::Column::Generation)).exec(transaction).await?;
        let gone = months::Column::Generation.is_not_in(open.iter().copied());
        let months = months::Entity::delete_many().filter(gone).exec(transaction).await?;
        let gone = vault_keys::Column::Generation.is_not_in(open.iter().copied());
        vault_keys::Entity::delete_many().filter(gone).exec(transaction).await?;
        Ok(Destroyed { people: people.rows_affected, months: months.rows_affected })
    }
}

#[async_trait::async_trait]
impl Change for NoteDamage {
    type Answer = ();

    async fn make(&self, _: &Shared, transaction: &DatabaseTransaction, _: &mut Vec<Effect>) -> Result<(), VaultError> {
        for row in &self.0 {
            tracing::warn!(row, "a row of the vault's people is damaged");
        }
        for rows in self.0.chunks(limits::CHUNK_ROWS) {
            subjects::Entity::update_many()
                .col_expr(subjects::Column::DamagedUs, Expr::value(Some(now_us())))
                .filter(subjects::Column::Id.is_in(rows.iter().copied()))
                .filter(subjects::Column::DamagedUs.is_null())
                .exec(transaction)
                .await?;
        }
        Ok(())
    }
}
