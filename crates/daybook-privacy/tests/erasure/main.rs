//! Erasure: one suite, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in tests a panic is a finding")]

mod crash;
mod keys;
mod requests;
mod support;
mod together;
mod views;

/// Makes a test for each database of every function `async fn(&Place)`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { crate::support::on_sqlite(async |place| super::$name(place).await) })*
        }
        mod postgres {
            $(#[test] fn $name() { crate::support::on_postgres(async |place| super::$name(place).await) })*
        }
    };
}
use on_both;
