//! Aggregates in the state database.

use std::collections::BTreeMap;

use daybook_event::Position;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::computed::Computed;
use crate::state::{aggregate_periods as periods, aggregates as rows, begin_write};

/// Rows that one statement writes.
const ROWS_PER_STATEMENT: usize = 500;

/// Which rows are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this aggregate.
    pub aggregate: Option<String>,
    /// Of periods so long.
    pub period: Option<String>,
    /// Whose period begins on this day or later.
    pub from: Option<String>,
    /// Whose period begins on this day or earlier.
    pub to: Option<String>,
    /// After this row.
    pub after: Option<Place>,
}

/// The place of a row among all of an app: they come by period, aggregate and dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The first day of its period.
    pub period_start: String,
    /// The aggregate.
    pub aggregate: String,
    /// The hash of its dimensions.
    pub hash: String,
}

impl Place {
    /// Of this row.
    pub fn of(row: &rows::Model) -> Self {
        Self {
            period_start: row.period_start.clone(),
            aggregate: row.aggregate_type.clone(),
            hash: row.dimensions_hash.clone(),
        }
    }

    /// Reads a place as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/').map(str::to_owned);
        let (period_start, aggregate, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let well_formed =
            !aggregate.is_empty() && hash.len() == 64 && period_start.parse::<jiff::civil::Date>().is_ok();
        well_formed.then_some(Self { period_start, aggregate, hash })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}/{}", self.period_start, self.aggregate, self.hash)
    }
}

/// Takes in what the log says, each at its position. What is there of a later position stays; so the order does not matter, nor
/// how often something comes.
///
/// # Errors
/// When the database fails.
pub async fn apply(database: &DatabaseConnection, computed: Vec<(Computed, Position)>) -> Result<(), DbErr> {
    use rows::Column;

    type Key = (String, String, String, String);
    // The last of each counts: one statement may not touch a row twice.
    let mut last: BTreeMap<Key, (bool, rows::Model)> = BTreeMap::new();
    for (computed, position) in computed {
        let is_gone = computed.is_gone();
        let row = computed.into_model(position);
        let key = (row.app.clone(), row.aggregate_type.clone(), row.period_start.clone(), row.dimensions_hash.clone());
        last.insert(key, (is_gone, row));
    }
    if last.is_empty() {
        return Ok(());
    }
    let transaction = begin_write(database).await?;
    let (gone, there): (Vec<_>, Vec<_>) = last.into_values().partition(|(is_gone, _)| *is_gone);
    for chunk in there.chunks(ROWS_PER_STATEMENT) {
        let replace =
            OnConflict::columns([Column::App, Column::AggregateType, Column::PeriodStart, Column::DimensionsHash])
                .update_columns([
                    Column::PeriodType,
                    Column::PeriodEnd,
                    Column::Dimensions,
                    Column::Metrics,
                    Column::ComputedUs,
                    Column::Category,
                    Column::Position,
                ])
                .action_and_where(Expr::cust("aggregates.position <= excluded.position"))
                .to_owned();
        let models = chunk.iter().map(|(_, row)| rows::ActiveModel::from(row.clone()));
        match rows::Entity::insert_many(models).on_conflict(replace).exec_without_returning(&transaction).await {
            // All of them were there of later positions.
            Ok(_) | Err(DbErr::RecordNotInserted) => {}
            Err(error) => return Err(error),
        }
    }
    for (_, row) in gone {
        rows::Entity::delete_many()
            .filter(Column::App.eq(row.app))
            .filter(Column::AggregateType.eq(row.aggregate_type))
            .filter(Column::PeriodStart.eq(row.period_start))
            .filter(Column::DimensionsHash.eq(row.dimensions_hash))
            .filter(Column::Position.lte(row.position))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await
}

/// The rows of one period of an aggregate.
///
/// # Errors
/// When the database fails.
pub async fn rows_of(
    database: &DatabaseConnection,
    app: &str,
    aggregate: &str,
    period_start: &str,
) -> Result<Vec<rows::Model>, DbErr> {
    rows::Entity::find()
        .filter(rows::Column::App.eq(app))
        .filter(rows::Column::AggregateType.eq(aggregate))
        .filter(rows::Column::PeriodStart.eq(period_start))
        .all(database)
        .await
}

/// So many of an app's rows, in their order.
///
/// # Errors
/// When the database fails.
pub async fn page(
    database: &DatabaseConnection,
    app: &str,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<rows::Model>, DbErr> {
    use rows::Column;

    let mut asked = rows::Entity::find().filter(Column::App.eq(app));
    for (column, value) in [(Column::AggregateType, &filter.aggregate), (Column::PeriodType, &filter.period)] {
        if let Some(value) = value {
            asked = asked.filter(column.eq(value.as_str()));
        }
    }
    if let Some(from) = &filter.from {
        asked = asked.filter(Column::PeriodStart.gte(from.as_str()));
    }
    if let Some(to) = &filter.to {
        asked = asked.filter(Column::PeriodStart.lte(to.as_str()));
    }
    if let Some(Place { period_start, aggregate, hash }) = &filter.after {
        let (start, aggregate, hash) = (period_start.as_str(), aggregate.as_str(), hash.as_str());
        let same = || Condition::all().add(Column::PeriodStart.eq(start));
        asked = asked.filter(
            Condition::any()
                .add(Column::PeriodStart.gt(start))
                .add(same().add(Column::AggregateType.gt(aggregate)))
                .add(same().add(Column::AggregateType.eq(aggregate)).add(Column::DimensionsHash.gt(hash))),
        );
    }
    asked
        .order_by_asc(Column::PeriodStart)
        .order_by_asc(Column::AggregateType)
        .order_by_asc(Column::DimensionsHash)
        .limit(limit)
        .all(database)
        .await
}

/// Drops the rows of a category whose period ended before this day; says how many.
///
/// # Errors
/// When the database fails.
pub async fn expire(database: &DatabaseConnection, app: &str, category: &str, before: &str) -> Result<u64, DbErr> {
    let dropped = rows::Entity::delete_many()
        .filter(rows::Column::App.eq(app))
        .filter(rows::Column::Category.eq(category))
        .filter(rows::Column::PeriodEnd.lt(before))
        .exec(database)
        .await?;
    Ok(dropped.rows_affected)
}

/// Every period of an app that was computed.
///
/// # Errors
/// When the database fails.
pub async fn periods(database: &DatabaseConnection, app: &str) -> Result<Vec<periods::Model>, DbErr> {
    periods::Entity::find().filter(periods::Column::App.eq(app)).all(database).await
}

/// Notes that a period was computed.
///
/// # Errors
/// When the database fails.
pub async fn note_period(database: &DatabaseConnection, period: periods::Model) -> Result<(), DbErr> {
    use periods::Column;

    let replace = OnConflict::columns([Column::App, Column::AggregateType, Column::PeriodStart])
        .update_columns([Column::PeriodEnd, Column::Definition, Column::Through, Column::ComputedUs, Column::Rows])
        .to_owned();
    let (app, aggregate, start) = (period.app.clone(), period.aggregate_type.clone(), period.period_start.clone());
    let through = period.through;
    let row = periods::ActiveModel::from(period);
    periods::Entity::insert(row).on_conflict(replace).exec_without_returning(database).await?;
    // What came late after the tables were looked at is late still.
    periods::Entity::update_many()
        .col_expr(Column::Late, Expr::value(None::<i64>))
        .filter(Column::App.eq(app))
        .filter(Column::AggregateType.eq(aggregate))
        .filter(Column::PeriodStart.eq(start))
        .filter(Column::Late.lte(through))
        .exec(database)
        .await
        .map(drop)
}

/// Notes that events of a period came after it was computed.
///
/// # Errors
/// When the database fails.
pub async fn note_late(
    database: &DatabaseConnection,
    period: &periods::Model,
    position: Position,
) -> Result<(), DbErr> {
    let mut row = periods::ActiveModel::from(period.clone());
    row.late = sea_orm::ActiveValue::Set(Some(i64::try_from(position).unwrap_or(i64::MAX)));
    row.update(database).await.map(drop)
}
