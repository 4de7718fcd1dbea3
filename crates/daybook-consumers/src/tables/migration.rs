//! How the tables came to be.
//!
//! A migration that has been released is never changed; a later one corrects it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, text};

/// Brings the tables up to date.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(FirstTables), Box::new(WhatIsOutThere)]
    }

    // Each crate keeps its own tables in the one database, so each has its own list of what was done.
    fn migration_table_name() -> DynIden {
        "consumers_migrations".into_iden()
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
        manager.create_table(offsets()).await?;
        manager.create_table(dead_letters()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["consumers_dead_letter", "consumers_offset"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// What is known of a consumer's destination while nobody can ask it.
struct WhatIsOutThere;

impl MigrationName for WhatIsOutThere {
    fn name(&self) -> &'static str {
        "0002_what_is_out_there"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WhatIsOutThere {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One at a time: SQLite adds no more at once.
        for column in [big_integer_null("named_us"), big_integer_null("unconfigured_us"), string_null("handler")] {
            let table = Table::alter().table("consumers_offset").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        // Nobody knows any more what went there.
        let touched = Query::update().table("consumers_offset").value("named_us", Expr::col("touched_us")).to_owned();
        manager.execute(touched).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["named_us", "unconfigured_us", "handler"] {
            manager.alter_table(Table::alter().table("consumers_offset").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

fn offsets() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("consumers_offset")
        .col(string("app"))
        .col(string("name"))
        .col(big_integer("position"))
        .col(big_integer("history"))
        .col(big_integer_null("paused_us"))
        .col(big_integer_null("touched_us"))
        .col(big_integer("given_up"))
        .col(big_integer("created_us"))
        .col(big_integer("updated_us"))
        .primary_key(Index::create().col("app").col("name"))
        .to_owned()
}

fn dead_letters() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("consumers_dead_letter")
        .col(string("app"))
        .col(string("name"))
        .col(big_integer("position"))
        .col(string("event"))
        .col(big_integer("attempts"))
        .col(text("history"))
        .col(big_integer("created_us"))
        .col(big_integer("updated_us"))
        .primary_key(Index::create().col("app").col("name").col("position"))
        .to_owned()
}
