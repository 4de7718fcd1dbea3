//! What the consumers keep in the state database.

use std::sync::Arc;

use daybook_event::{Position, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use sea_orm_migration::MigratorTrait;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::consumer::Trail;
use crate::dead_letters::{Attempt, DeadLetter};
use crate::limits::{LETTERS_PAGE_MAX, OFFSETS_PER_STATEMENT};
use crate::now_us;
use crate::tables::{Migrator, dead_letters, offsets};

/// The tables.
pub(crate) struct Store {
    database: DatabaseConnection,
    /// Held while offsets go from memory to the database, and while one is set, so that none is overwritten by an older one.
    pub offsets: tokio::sync::Mutex<()>,
}

/// How far a consumer is, to be written down.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub app: Arc<str>,
    pub name: Arc<str>,
    pub offset: Position,
    pub given_up: u64,
}

impl Store {
    pub async fn open(database: DatabaseConnection) -> Result<Self, DbErr> {
        // What it says of its progress is no news to whoever runs a server; what goes wrong is returned.
        Migrator::up(&database, None).with_subscriber(NoSubscriber::default()).await?;
        Ok(Self { database, offsets: tokio::sync::Mutex::default() })
    }

    /// Every row there is.
    pub async fn places(&self) -> Result<Vec<offsets::Model>, DbErr> {
        offsets::Entity::find().all(&self.database).await
    }

    /// The row of a consumer; a new one begins at `position`, and everything up to `head` is history to it. So it is to one that had no
    /// destination until now.
    pub async fn consumer(
        &self,
        app: &str,
        name: &str,
        (handler, configured): (&str, bool),
        position: Position,
        head: Position,
    ) -> Result<offsets::Model, DbErr> {
        let now = now_us();
        let fresh = offsets::Model {
            app: app.to_owned(),
            name: name.to_owned(),
            position: signed(position),
            history: signed(head),
            paused_us: None,
            touched_us: None,
            named_us: None,
            unconfigured_us: None,
            handler: None,
            given_up: 0,
            created_us: now,
            updated_us: now,
        };
        offsets::Entity::insert(offsets::ActiveModel::from(fresh))
            .on_conflict(OnConflict::columns([offsets::Column::App, offsets::Column::Name]).do_nothing().to_owned())
            .exec_without_returning(&self.database)
            .await?;
        let row = offsets::Entity::find_by_id((app.to_owned(), name.to_owned())).one(&self.database).await?;
        let missing = || DbErr::RecordNotFound("the row of a consumer that was just added".to_owned());
        let mut row = row.ok_or_else(missing)?;
        let before = row.clone();
        match (configured, row.unconfigured_us) {
            (true, Some(_)) => (row.unconfigured_us, row.history) = (None, signed(head)),
            (false, None) => row.unconfigured_us = Some(now),
            _ => {}
        }
        if configured {
            row.handler = Some(handler.to_owned());
        }
        if row != before {
            let change = offsets::ActiveModel {
                unconfigured_us: Set(row.unconfigured_us),
                history: Set(row.history),
                handler: Set(row.handler.clone()),
                ..Default::default()
            };
            self.update(app, name, change).await?;
        }
        Ok(row)
    }

    /// Notes how far consumers are.
    pub async fn save(&self, progress: &[Progress]) -> Result<(), DbErr> {
        use offsets::Column;

        let now = now_us();
        for progress in progress.chunks(OFFSETS_PER_STATEMENT) {
            let rows = progress.iter().map(|progress| offsets::ActiveModel {
                app: Set(progress.app.to_string()),
                name: Set(progress.name.to_string()),
                position: Set(signed(progress.offset)),
                given_up: Set(signed(progress.given_up)),
                updated_us: Set(now),
                // Only where somebody deleted the row.
                history: Set(0),
                paused_us: Set(None),
                touched_us: Set(Some(now)),
                named_us: Set(Some(now)),
                unconfigured_us: Set(None),
                handler: Set(None),
                created_us: Set(now),
            });
            let conflict = OnConflict::columns([Column::App, Column::Name])
                .update_columns([Column::Position, Column::GivenUp, Column::UpdatedUs])
                .to_owned();
            offsets::Entity::insert_many(rows).on_conflict(conflict).exec_without_returning(&self.database).await?;
        }
        Ok(())
    }

    pub async fn set_paused(
        &self,
        app: &str,
        name: &str,
        since_us: Option<i64>,
        history: Position,
    ) -> Result<(), DbErr> {
        let change = offsets::ActiveModel {
            paused_us: Set(since_us),
            history: Set(signed(history)),
            updated_us: Set(now_us()),
            ..Default::default()
        };
        self.update(app, name, change).await
    }

    pub async fn set_offset(&self, app: &str, name: &str, to: Position, history: Position) -> Result<(), DbErr> {
        let change = offsets::ActiveModel {
            position: Set(signed(to)),
            history: Set(signed(history)),
            updated_us: Set(now_us()),
            ..Default::default()
        };
        self.update(app, name, change).await
    }

    /// Notes that something of a consumer may be at its destination, and whether that may name people.
    pub async fn touch(&self, app: &str, name: &str, named: bool) -> Result<(), DbErr> {
        let mut change = offsets::ActiveModel { touched_us: Set(Some(now_us())), ..Default::default() };
        if named {
            change.named_us = Set(Some(now_us()));
        }
        self.update(app, name, change).await
    }

    /// Notes that nothing of a consumer is at its destination any more.
    pub async fn retire(&self, app: &str, name: &str) -> Result<(), DbErr> {
        let change = offsets::ActiveModel {
            touched_us: Set(None),
            named_us: Set(None),
            updated_us: Set(now_us()),
            ..Default::default()
        };
        self.update(app, name, change).await
    }

    async fn update(&self, app: &str, name: &str, change: offsets::ActiveModel) -> Result<(), DbErr> {
        offsets::Entity::update_many()
            .set(change)
            .filter(offsets::Column::App.eq(app).and(offsets::Column::Name.eq(name)))
            .exec(&self.database)
            .await
            .map(drop)
    }

    /// Keeps a dead letter. One that is there gets the new attempts; says whether it is new.
    pub async fn keep_letter(
        &self,
        app: &str,
        name: &str,
        position: Position,
        event: &str,
        trail: &Trail,
    ) -> Result<bool, DbErr> {
        let key = (app.to_owned(), name.to_owned(), signed(position));
        let before = dead_letters::Entity::find_by_id(key).one(&self.database).await?;
        let now = now_us();
        let Some(before) = before else {
            let row = dead_letters::Model {
                app: app.to_owned(),
                name: name.to_owned(),
                position: signed(position),
                event: event.to_owned(),
                attempts: signed(trail.total()),
                history: trail.json(),
                created_us: now,
                updated_us: now,
            };
            let row = dead_letters::ActiveModel::from(row);
            return dead_letters::Entity::insert(row).exec_without_returning(&self.database).await.map(|_| true);
        };
        let mut whole = Trail::read(&before.history, unsigned(before.attempts));
        whole.extend(trail);
        let change = dead_letters::ActiveModel {
            attempts: Set(signed(whole.total())),
            history: Set(whole.json()),
            updated_us: Set(now),
            ..Default::default()
        };
        dead_letters::Entity::update_many()
            .set(change)
            .filter(is_letter(app, name, Some(position)))
            .exec(&self.database)
            .await
            .map(|_| false)
    }

    /// Dead letters behind a position.
    pub async fn letters(&self, app: &str, name: &str, after: Position, limit: u64) -> Result<Vec<DeadLetter>, DbErr> {
        let rows = dead_letters::Entity::find()
            .filter(is_letter(app, name, None).and(dead_letters::Column::Position.gt(signed(after))))
            .order_by_asc(dead_letters::Column::Position)
            .limit(limit.clamp(1, LETTERS_PAGE_MAX))
            .all(&self.database)
            .await?;
        Ok(rows.into_iter().map(letter).collect())
    }

    pub async fn letter(&self, app: &str, name: &str, position: Position) -> Result<Option<DeadLetter>, DbErr> {
        let key = (app.to_owned(), name.to_owned(), signed(position));
        Ok(dead_letters::Entity::find_by_id(key).one(&self.database).await?.map(letter))
    }

    pub async fn count_letters(&self, app: &str, name: &str) -> Result<u64, DbErr> {
        dead_letters::Entity::find().filter(is_letter(app, name, None)).count(&self.database).await
    }

    /// Drops a dead letter, or all; says how many there were.
    pub async fn drop_letters(&self, app: &str, name: &str, position: Option<Position>) -> Result<u64, DbErr> {
        let dropped =
            dead_letters::Entity::delete_many().filter(is_letter(app, name, position)).exec(&self.database).await?;
        Ok(dropped.rows_affected)
    }
}

fn is_letter(app: &str, name: &str, position: Option<Position>) -> Expr {
    let of_consumer = dead_letters::Column::App.eq(app).and(dead_letters::Column::Name.eq(name));
    match position {
        Some(position) => of_consumer.and(dead_letters::Column::Position.eq(signed(position))),
        None => of_consumer,
    }
}

fn letter(row: dead_letters::Model) -> DeadLetter {
    DeadLetter {
        position: unsigned(row.position),
        event: row.event,
        time: Timestamp::from_microseconds(row.created_us),
        last_tried: Timestamp::from_microseconds(row.updated_us),
        attempts: unsigned(row.attempts),
        history: serde_json::from_str::<Vec<Attempt>>(&row.history).unwrap_or_default(),
    }
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
