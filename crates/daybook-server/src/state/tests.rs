//! The state database on every backend.

use std::time::Instant;

use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, Statement};

use super::testing::{TestState, on_every_backend};
use super::*;

on_every_backend!(
    many_open_a_new_database_at_once,
    settings_outlive_the_process,
    a_transaction_is_kept_whole_or_not_at_all,
    tables_of_an_earlier_version_are_brought_up_to_date,
);

/// As `daybook keys` does beside a server that starts.
async fn many_open_a_new_database_at_once(state: TestState) {
    let openings: Vec<_> = (0..12)
        .map(|_| {
            let place = state.place.clone();
            tokio::spawn(async move { open(&place).await.unwrap().close().await.unwrap() })
        })
        .collect();
    for opening in openings {
        opening.await.unwrap();
    }
}

async fn settings_outlive_the_process(state: TestState) {
    let database = state.open().await;
    assert_eq!(settings::get(&database, "a").await.unwrap(), None);
    settings::put(&database, "a", b"1").await.unwrap();
    settings::put(&database, "a", b"\x002").await.unwrap();
    assert!(settings::mark_running(&database).await.unwrap());
    assert!(!settings::mark_running(&database).await.unwrap());
    database.close().await.unwrap();
    let database = state.open().await;
    assert_eq!(settings::get(&database, "a").await.unwrap().as_deref(), Some(b"\x002".as_slice()));
    assert!(!settings::mark_running(&database).await.unwrap());
    settings::mark_stopped(&database).await.unwrap();
    assert!(settings::mark_running(&database).await.unwrap());
}

async fn a_transaction_is_kept_whole_or_not_at_all(state: TestState) {
    let database = state.open().await;
    let count = async || settings::Entity::find().count(&database).await.unwrap();
    let transaction = begin_write(&database).await.unwrap();
    insert_setting(&transaction, "a").await;
    transaction.rollback().await.unwrap();
    assert_eq!(count().await, 0);
    // One that is dropped, as by a call that was given up, is rolled back too, and holds up nobody.
    let transaction = begin_write(&database).await.unwrap();
    insert_setting(&transaction, "a").await;
    drop(transaction);
    let transaction = begin_write(&database).await.unwrap();
    insert_setting(&transaction, "b").await;
    transaction.commit().await.unwrap();
    assert_eq!(count().await, 1);
    // Writers wait for each other.
    let writers: Vec<_> = (0..20)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move {
                let transaction = begin_write(&database).await.unwrap();
                insert_setting(&transaction, &format!("writer {number}")).await;
                transaction.commit().await.unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(count().await, 21);
}

async fn insert_setting(database: &impl ConnectionTrait, name: &str) {
    let statement = format!("INSERT INTO settings (name, value) VALUES ('{name}', '')");
    database.execute_unprepared(&statement).await.unwrap();
}

/// Every step of the migrations leads from the one before, with rows in the tables.
async fn tables_of_an_earlier_version_are_brought_up_to_date(state: TestState) {
    let database = state.open().await;
    let steps = u32::try_from(migration::Migrator::migrations().len()).unwrap();
    migration::Migrator::down(&database, Some(steps)).await.unwrap();
    migration::Migrator::up(&database, Some(1)).await.unwrap();
    let row = "INSERT INTO quarantine (app, codes, event, errors, bytes, received_us, updated_us, seen, attempts) \
               VALUES ('a', ',x,', '{}', '[]', 4, 1, 1, 1, 0)";
    database.execute_unprepared(row).await.unwrap();
    database.close().await.unwrap();
    let database = state.open().await;
    let rows = quarantine::Entity::find().all(&database).await.unwrap();
    assert_eq!(rows[0].event, "{}");
}

/// The server goes away in the middle, and comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_stops_is_found_again() {
    let state = TestState::postgres();
    let postgres = state.postgres.as_ref().unwrap();
    let database = state.open().await;
    insert_setting(&database, "before").await;
    let open_transaction = begin_write(&database).await.unwrap();
    insert_setting(&open_transaction, "not committed").await;

    postgres.kill();
    let error = open_transaction.commit().await.unwrap_err();
    assert!(is_passing(&error), "{error:?}");
    let begun = Instant::now();
    let error = settings::Entity::find().count(&database).await.unwrap_err();
    assert!(is_passing(&error), "{error:?}");
    assert!(begun.elapsed() < crate::limits::STATE_PATIENCE * 10, "it waits for ever");

    postgres.start_again();
    assert_eq!(settings::Entity::find().count(&database).await.unwrap(), 1);
    postgres.stop();
    postgres.start_again();
    // The connections of before are of no use, and nobody notices.
    assert_eq!(settings::Entity::find().count(&database).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_opened_says_why_and_shows_no_password() {
    let state = TestState::postgres();
    let postgres = state.postgres.as_ref().unwrap();
    let url = postgres.database();
    let check = async |url: String, expected: &str| {
        let url = StateUrl::from(url);
        let error = open(&StatePlace::Postgres(url.clone())).await.unwrap_err();
        let said = format!("{} {error:?}", crate::problem::Chain(&error));
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains(postgres.password()) && !said.contains("geheim"), "{said}");
        error
    };
    let wrong = url.replace(postgres.password(), "geheim");
    check(wrong, "password authentication failed").await;
    check(format!("{url}_too_many"), "does not exist").await;
    check(format!("{url}?sslmode=require"), "TLS").await;
    check(url.replace("postgres:", "mysql:"), "begins with postgres://").await;

    // A query fails for good; that is another thing.
    let database = state.open().await;
    let statement = Statement::from_string(DbBackend::Postgres, "SELECT nothing FROM nowhere");
    assert!(!is_passing(&database.query_one_raw(statement).await.unwrap_err()));
}
