//! The runtime: real log, vault and state database; the handlers are made up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in tests a panic is a finding")]

mod delivery;
mod failures;
mod forgetting;
mod handlers;
mod letters;
mod managing;
mod many;
mod random;
mod support;

/// Makes a test for each database of every function `async fn(&World)`.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { crate::support::on_sqlite(async |world| super::$name(world).await) })*
        }
        mod postgres {
            $(#[test] fn $name() { crate::support::on_postgres(async |world| super::$name(world).await) })*
        }
    };
}
use on_both;
