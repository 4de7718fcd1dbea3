//! How the vault is: what can be read, and what cannot.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::error::OpenVaultError;
use super::facts::{Generation, VaultStatus};
use super::open::{migrate, stored};
use crate::MasterKey;
use crate::tables::{months, subjects};

/// How the vault in a database would be with these keys. Nothing is made; the vault may be open elsewhere.
///
/// # Errors
/// [`OpenVaultError::Database`].
pub async fn inspect(database: &DatabaseConnection, keys: &[MasterKey]) -> Result<VaultStatus, OpenVaultError> {
    migrate(database).await?;
    let open = stored(database).await?.into_iter().filter(|(_, stored)| stored.open(keys).is_some());
    Ok(of(database, &open.map(|(number, _)| number).collect::<Vec<_>>()).await?)
}

/// How the vault is where these generations are open, in ascending order.
pub(super) async fn of(database: &DatabaseConnection, open: &[i32]) -> Result<VaultStatus, DbErr> {
    let people: Vec<(i32, i64, i64)> = subjects::Entity::find()
        .select_only()
        .column(subjects::Column::Generation)
        .column_as(subjects::Column::Id.count(), "rows")
        .column_as(subjects::Column::DamagedUs.count(), "damaged")
        .filter(subjects::Column::ReplacedBy.is_null())
        .group_by(subjects::Column::Generation)
        .into_tuple()
        .all(database)
        .await?;
    let secrets: Vec<(i32, i64)> = months::Entity::find()
        .select_only()
        .column(months::Column::Generation)
        .column_as(months::Column::Id.count(), "rows")
        .group_by(months::Column::Generation)
        .into_tuple()
        .all(database)
        .await?;
    let mut generations: BTreeMap<i32, Generation> = BTreeMap::new();
    for (number, stored) in stored(database).await? {
        generations.insert(number, Generation { wraps: stored.wraps.len(), ..empty(number, open) });
    }
    let mut status = VaultStatus::default();
    for (number, rows, damaged) in people {
        let (rows, damaged) = (rows.unsigned_abs(), damaged.unsigned_abs());
        let generation = generations.entry(number).or_insert_with(|| empty(number, open));
        generation.people = rows;
        status.damaged_people += damaged;
        let readable = if generation.open { rows - damaged } else { 0 };
        status.people += readable;
        status.unreadable_people += rows - readable;
    }
    for (number, rows) in secrets {
        let rows = rows.unsigned_abs();
        let generation = generations.entry(number).or_insert_with(|| empty(number, open));
        generation.months = rows;
        if generation.open {
            status.months += rows;
        } else {
            status.unreadable_months += rows;
        }
    }
    status.generations = generations.into_values().collect();
    Ok(status)
}

fn empty(number: i32, open: &[i32]) -> Generation {
    let (is_open, current) = (open.contains(&number), open.last() == Some(&number));
    Generation { generation: number, open: is_open, current, wraps: 0, people: 0, months: 0 }
}
