//! Keys of actors that come, are revoked and go.

use std::sync::Arc;

use daybook_event::Timestamp;
use daybook_signature::{ActorKey, KeyId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter};

use super::Shared;
use super::actor_keys::{KnownKey, NewActorKey, Owner, rows_by_id};
use super::error::{DatabaseError, VaultError};
use super::load::{self, Wanted};
use super::make_people;
use super::writer::{Change, Effect};
use crate::limits;
use crate::tables::actor_keys::{ActiveModel, Column, Entity, Model};

/// A key comes.
pub(super) struct Add {
    pub app: Arc<str>,
    pub new: NewActorKey,
}

/// A key is not believed any more.
pub(super) struct Revoke {
    pub app: Arc<str>,
    pub id: KeyId,
    pub revoked: Timestamp,
}

/// A key goes.
pub(super) struct Remove {
    pub app: Arc<str>,
    pub id: KeyId,
}

/// A key as it stands in the database, where it opens.
async fn known(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    app: &str,
    id: KeyId,
) -> Result<Option<(KnownKey, Model)>, VaultError> {
    let rows = rows_by_id(transaction, &shared.ring, app, &[id]).await?.into_iter().rev();
    let open = |(_, row): (KeyId, Model)| Some((KnownKey::open(&shared.ring, app, &row).ok()?, row));
    Ok(rows.filter_map(open).find(|(known, _)| known.key.public.id() == id))
}

#[async_trait::async_trait]
impl Change for Add {
    type Answer = KnownKey;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<KnownKey, VaultError> {
        let Self { app, new } = self;
        let (id, owner) = (new.public.id(), new.owner.signer());
        if let Some((known, _)) = known(shared, transaction, app, id).await? {
            return if known.key.owner == owner { Ok(known) } else { Err(VaultError::KeyTaken) };
        }
        let (subject, actor) = match &new.owner {
            Owner::Person(name) => {
                let wanted = [Wanted::new(&shared.ring, app, name)];
                make_people::ensure(shared, transaction, &wanted, effects).await?;
                let found = load::by_name(transaction, &shared.ring, &wanted).await?;
                let row = found.first().and_then(|found| found.rows.first()).ok_or_else(DatabaseError::lost_row)?;
                (Some(row.id), None)
            }
            Owner::Actor { kind, name } => (None, Some(shared.ring.current().lookup_actor(app, kind, name).to_vec())),
        };
        let theirs = match (&subject, &actor) {
            (Some(subject), _) => Column::Subject.eq(*subject),
            (None, actor) => Column::Owner.eq(actor.clone()),
        };
        let count = Entity::find().filter(theirs).count(transaction).await?;
        if count >= limits::ACTOR_KEYS_MAX {
            return Err(VaultError::TooManyKeys(count));
        }
        let key = ActorKey {
            public: new.public.clone(),
            owner,
            not_before: new.not_before,
            not_after: new.not_after,
            revoked: None,
        };
        let mut known = KnownKey { number: 0, created: new.created, key };
        let row = ActiveModel {
            id: NotSet,
            app: Set(app.to_string()),
            lookup: Set(shared.cached_key(app, &id).to_vec()),
            subject: Set(subject),
            owner: Set(actor),
            generation: Set(shared.ring.current().number),
            wrapped: Set(known.wrap(&shared.ring, app)?),
        };
        known.number = Entity::insert(row).exec(transaction).await?.last_insert_id;
        effects.push(Effect::ActorKey(shared.cached_key(app, &id)));
        Ok(known)
    }
}

#[async_trait::async_trait]
impl Change for Revoke {
    type Answer = Option<KnownKey>;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<KnownKey>, VaultError> {
        let Some((mut known, row)) = known(shared, transaction, &self.app, self.id).await? else { return Ok(None) };
        let revoked = known.key.revoked.map_or(self.revoked, |before| before.min(self.revoked));
        known.key.revoked = Some(revoked);
        // Under the current generation, so that the two say the same.
        Entity::update_many()
            .col_expr(Column::Wrapped, Expr::value(known.wrap(&shared.ring, &self.app)?))
            .col_expr(Column::Generation, Expr::value(shared.ring.current().number))
            .filter(Column::Id.eq(row.id))
            .exec(transaction)
            .await?;
        effects.push(Effect::ActorKey(shared.cached_key(&self.app, &self.id)));
        Ok(Some(known))
    }
}

#[async_trait::async_trait]
impl Change for Remove {
    type Answer = Option<KnownKey>;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<KnownKey>, VaultError> {
        let Some((known, row)) = known(shared, transaction, &self.app, self.id).await? else { return Ok(None) };
        Entity::delete_many().filter(Column::Id.eq(row.id)).exec(transaction).await?;
        effects.push(Effect::ActorKey(shared.cached_key(&self.app, &self.id)));
        Ok(Some(known))
    }
}

/// Deletes the keys of people whose rows go.
pub(super) async fn remove_of(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    subjects: &[i64],
    effects: &mut Vec<Effect>,
) -> Result<(), VaultError> {
    let theirs = || Column::Subject.is_in(subjects.iter().copied());
    let rows = Entity::find().filter(theirs()).all(transaction).await?;
    if rows.is_empty() {
        return Ok(());
    }
    for row in &rows {
        if let Ok(known) = KnownKey::open(&shared.ring, &row.app, row) {
            effects.push(Effect::ActorKey(shared.cached_key(&row.app, &known.key.public.id())));
        }
    }
    Entity::delete_many().filter(theirs()).exec(transaction).await?;
    Ok(())
}
