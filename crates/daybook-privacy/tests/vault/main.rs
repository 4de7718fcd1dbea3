//! The vault: one suite, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]

mod actor_keys;
mod concurrency;
mod damage;
mod database;
mod generations;
mod people;
mod rotation;

/// Makes a test for each database of every function `async fn(&Place)`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { crate::database::on_sqlite(async |place| super::$name(place).await) })*
        }
        mod postgres {
            $(#[test] fn $name() { crate::database::on_postgres(async |place| super::$name(place).await) })*
        }
    };
}
use on_both;
