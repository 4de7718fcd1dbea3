//! The tables of the state database that belong to this crate, and how they came to be.
//!
//! A migration that has been released is never changed; a later one corrects it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len, binary_len_null, blob, blob_null, boolean, integer, integer_null,
    pk_auto, string, string_null, text, text_null,
};

/// Brings the tables up to date.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(FirstTables), Box::new(SealedQuarantine), Box::new(Aggregates)]
    }

    // Each crate keeps its own tables in the one database, so each has its own list of what was done.
    fn migration_table_name() -> DynIden {
        "server_migrations".into_iden()
    }
}

/// The first tables.
struct FirstTables;

impl MigrationName for FirstTables {
    fn name(&self) -> &'static str {
        "0001_first_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FirstTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("keys")
                    .col(string("id").primary_key())
                    .col(binary_len("hash", 32).unique_key())
                    .col(string("prefix"))
                    .col(string("name"))
                    .col(text_null("apps"))
                    .col(text("scopes"))
                    .col(boolean("public"))
                    .col(text("origins"))
                    .col(integer_null("requests_per_second"))
                    .col(integer_null("events_per_second"))
                    .col(big_integer("created_us"))
                    .col(big_integer_null("expires_us"))
                    .col(big_integer_null("last_used_us"))
                    .col(big_integer_null("revoked_us"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create().table("settings").col(string("name").primary_key()).col(blob("value")).to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("quarantine")
                    .col(pk_auto("id").big_integer())
                    .col(string("app"))
                    .col(binary_len_null("digest", 32))
                    .col(string_null("event_id"))
                    .col(string_null("name"))
                    .col(string("codes"))
                    .col(text("event"))
                    .col(text("errors"))
                    .col(big_integer("bytes"))
                    .col(big_integer("received_us"))
                    .col(big_integer("updated_us"))
                    .col(integer("seen"))
                    .col(integer("attempts"))
                    .col(string_null("resolution"))
                    .col(big_integer_null("resolved_us"))
                    .col(big_integer_null("position"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("quarantine_by_app").table("quarantine").col("app").col("id").to_owned())
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("quarantine_by_digest")
                    .table("quarantine")
                    .col("app")
                    .col("digest")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("quarantine_by_resolution")
                    .table("quarantine")
                    .col("app")
                    .col("resolved_us")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("quarantine").to_owned()).await?;
        manager.drop_table(Table::drop().table("settings").to_owned()).await?;
        manager.drop_table(Table::drop().table("keys").to_owned()).await
    }
}

/// Quarantined events are sealed.
struct SealedQuarantine;

impl MigrationName for SealedQuarantine {
    fn name(&self) -> &'static str {
        "0002_sealed_quarantine"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SealedQuarantine {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column a statement: SQLite takes no more.
        for column in [blob_null("subject"), integer_null("month"), blob_null("sealed")] {
            manager.alter_table(Table::alter().table("quarantine").add_column(column).to_owned()).await?;
        }
        manager
            .create_index(
                Index::create().name("quarantine_by_subject").table("quarantine").col("app").col("subject").to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("quarantine_by_subject").table("quarantine").to_owned()).await?;
        for column in ["sealed", "month", "subject"] {
            manager.alter_table(Table::alter().table("quarantine").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

/// Computed aggregates, and what was computed when.
struct Aggregates;

impl MigrationName for Aggregates {
    fn name(&self) -> &'static str {
        "0003_aggregates"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Aggregates {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("aggregates")
                    .col(string("app"))
                    .col(string("aggregate_type"))
                    .col(string("period_start"))
                    .col(string("dimensions_hash"))
                    .col(string("period_type"))
                    .col(string("period_end"))
                    .col(text("dimensions"))
                    .col(text("metrics"))
                    .col(big_integer("computed_us"))
                    .col(string("category"))
                    .col(big_integer("position"))
                    .primary_key(
                        Index::create().col("app").col("aggregate_type").col("period_start").col("dimensions_hash"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("aggregates_by_period")
                    .table("aggregates")
                    .col("app")
                    .col("period_start")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("aggregate_periods")
                    .col(string("app"))
                    .col(string("aggregate_type"))
                    .col(string("period_start"))
                    .col(string("period_end"))
                    .col(string("definition"))
                    .col(big_integer("through"))
                    .col(big_integer("computed_us"))
                    .col(big_integer("rows"))
                    .col(big_integer_null("late"))
                    .primary_key(Index::create().col("app").col("aggregate_type").col("period_start"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("aggregate_periods").to_owned()).await?;
        manager.drop_table(Table::drop().table("aggregates").to_owned()).await
    }
}
