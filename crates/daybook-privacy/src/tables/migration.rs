//! How the tables came to be.
//!
//! A migration that has been released is never changed; a later one corrects it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len, binary_len_null, blob, blob_null, boolean, integer, pk_auto, string,
    string_null, text, text_null,
};

/// Brings the tables up to date.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(FirstTables), Box::new(ActorKeys)]
    }

    // Each crate keeps its own tables in the one database, so each has its own list of what was done.
    fn migration_table_name() -> DynIden {
        "privacy_migrations".into_iden()
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
        for table in [vault_keys(), privacy_settings(), subjects(), months(), consents(), erasures()] {
            manager.create_table(table).await?;
        }
        for table in [erasure_people(), reports()] {
            manager.create_table(table).await?;
        }
        for index in [
            // Next to nobody is replaced, so next to nothing is in it.
            Index::create()
                .if_not_exists()
                .name("subjects_by_replacement")
                .table("subjects")
                .col("replaced_by")
                .and_where(Expr::col("replaced_by").is_not_null())
                .to_owned(),
            Index::create()
                .if_not_exists()
                .name("months_by_class")
                .table("months")
                .col("app")
                .col("class")
                .col("month")
                .col("ordinal")
                .unique()
                .to_owned(),
            Index::create().if_not_exists().name("erasures_by_app").table("erasures").col("app").col("id").to_owned(),
            Index::create().if_not_exists().name("erasures_by_state").table("erasures").col("state").to_owned(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "reports",
            "erasure_people",
            "erasures",
            "consents",
            "months",
            "subjects",
            "privacy_settings",
            "vault_keys",
        ] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The keys that actors sign with.
struct ActorKeys;

impl MigrationName for ActorKeys {
    fn name(&self) -> &'static str {
        "0002_actor_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ActorKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(actor_keys()).await?;
        for (name, column) in [("actor_keys_by_subject", "subject"), ("actor_keys_by_owner", "owner")] {
            let index = Index::create()
                .if_not_exists()
                .name(name)
                .table("actor_keys")
                .col(column)
                .and_where(Expr::col(column).is_not_null())
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("actor_keys").to_owned()).await
    }
}

fn actor_keys() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("actor_keys")
        .col(pk_auto("id").big_integer())
        .col(string("app"))
        .col(binary_len("lookup", 32).unique_key())
        .col(big_integer_null("subject"))
        .col(binary_len_null("owner", 32))
        .col(integer("generation"))
        .col(blob("wrapped"))
        .to_owned()
}

fn vault_keys() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("vault_keys")
        .col(integer("generation"))
        .col(binary_len("master", 16))
        .col(blob("wrapped"))
        .col(big_integer("created_us"))
        .primary_key(Index::create().col("generation").col("master"))
        .to_owned()
}

fn privacy_settings() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("privacy_settings")
        .col(string("name").primary_key())
        .col(blob("value"))
        .to_owned()
}

fn subjects() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("subjects")
        .col(pk_auto("id").big_integer())
        .col(string("app"))
        .col(binary_len_null("lookup", 32).unique_key())
        .col(binary_len("anonymous_id", 16).unique_key())
        .col(integer("generation"))
        .col(blob("wrapped"))
        .col(big_integer("created_us"))
        .col(big_integer_null("objected_us"))
        .col(big_integer_null("damaged_us"))
        .col(binary_len_null("replaced_by", 16))
        .to_owned()
}

fn months() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("months")
        .col(pk_auto("id").big_integer())
        .col(string("app"))
        .col(string("class"))
        .col(integer("month"))
        .col(integer("ordinal"))
        .col(integer("generation"))
        .col(blob("wrapped"))
        .col(big_integer("created_us"))
        .to_owned()
}

fn consents() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("consents")
        .col(big_integer("subject"))
        .col(string("purpose"))
        .col(boolean("granted"))
        .col(big_integer("time_us"))
        .col(string_null("source"))
        .col(string_null("version"))
        .primary_key(Index::create().col("subject").col("purpose"))
        .to_owned()
}

fn erasures() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("erasures")
        .col(string("id").primary_key())
        .col(string("app"))
        .col(string("state"))
        .col(text_null("reason"))
        .col(string_null("actor"))
        .col(big_integer("created_us"))
        .col(big_integer("updated_us"))
        .col(big_integer_null("completed_us"))
        .col(big_integer_null("position"))
        .col(text_null("report"))
        .to_owned()
}

fn erasure_people() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("erasure_people")
        .col(string("erasure"))
        .col(integer("number"))
        .col(binary_len_null("lookup", 32))
        .col(binary_len_null("anonymous_id", 16))
        .col(blob_null("wrapped_name"))
        .col(string("status"))
        .primary_key(Index::create().col("erasure").col("number"))
        .to_owned()
}

fn reports() -> TableCreateStatement {
    Table::create()
        .if_not_exists()
        .table("reports")
        .col(string("erasure").primary_key())
        .col(string("app"))
        .col(text("report"))
        .col(text("jws"))
        .col(big_integer("created_us"))
        .to_owned()
}
