//! New secrets of months.

use std::collections::BTreeMap;
use std::sync::Arc;

use daybook_event::Secret;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use super::error::{DatabaseError, VaultError};
use super::month_secrets::{self, Opened};
use super::ring::{MonthPlace, random_secret};
use super::writer::{Effect, WantedMonth};
use super::{Shared, now_us};
use crate::tables::months;

/// The secrets of months, each of them once, in their order; those that are not there are made.
pub(super) async fn ensure(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    wanted: &[WantedMonth],
    effects: &mut Vec<Effect>,
) -> Result<Vec<Arc<Secret>>, VaultError> {
    let (mut secrets, mut all) = (Vec::with_capacity(wanted.len()), BTreeMap::new());
    for wanted in wanted {
        let rows = rows(transaction, wanted).await?;
        let (mut opened, damaged) = month_secrets::open(&shared.ring, rows.clone());
        for row in damaged {
            tracing::warn!(row, "a row of the vault's months is damaged; another takes its place");
        }
        if opened.is_empty() {
            let last = rows.iter().map(|row| row.ordinal).max().unwrap_or(0);
            if !make(shared, transaction, wanted, last.saturating_add(1)).await? {
                tracing::debug!("another process made the secret of the same month");
            }
            opened = month_secrets::open(&shared.ring, self::rows(transaction, wanted).await?).0;
        }
        let secret = opened.values().flatten().next().ok_or_else(DatabaseError::lost_row)?;
        secrets.push(Arc::clone(secret));
        all.append(&mut opened);
    }
    if !all.is_empty() {
        effects.push(Effect::Months(Opened::from(all)));
    }
    Ok(secrets)
}

async fn rows<C: ConnectionTrait>(database: &C, wanted: &WantedMonth) -> Result<Vec<months::Model>, DbErr> {
    months::Entity::find()
        .filter(months::Column::App.eq(&*wanted.app))
        .filter(months::Column::Class.eq(&wanted.class))
        .filter(months::Column::Month.eq(wanted.month.number()))
        .all(database)
        .await
}

async fn make(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    wanted: &WantedMonth,
    ordinal: i32,
) -> Result<bool, VaultError> {
    let generation = shared.ring.current();
    let place = MonthPlace { app: &wanted.app, class: &wanted.class, month: wanted.month, ordinal };
    let wrapped = random_secret().and_then(|secret| generation.wrap_month(&place, &secret));
    let row = months::ActiveModel {
        id: NotSet,
        app: Set(wanted.app.to_string()),
        class: Set(wanted.class.clone()),
        month: Set(wanted.month.number()),
        ordinal: Set(ordinal),
        generation: Set(generation.number),
        wrapped: Set(wrapped.map_err(|_| VaultError::Random)?),
        created_us: Set(now_us()),
    };
    let columns = [months::Column::App, months::Column::Class, months::Column::Month, months::Column::Ordinal];
    let made = months::Entity::insert(row)
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok(made > 0)
}
