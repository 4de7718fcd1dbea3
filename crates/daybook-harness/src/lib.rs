//! What the tests of several crates need, and nothing else: servers of real databases, each private to one test.
//!
//! Nothing here is part of the product, so nothing but tests depends on it, and what goes wrong panics with what to do about
//! it, as tests do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod command;
mod postgres;
pub mod privacy;
pub mod search;

pub use postgres::Postgres;
