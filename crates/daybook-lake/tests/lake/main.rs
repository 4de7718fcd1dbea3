//! The lake, with real tables in real directories.

#![allow(clippy::needless_pass_by_value, clippy::type_complexity, reason = "tests write values where they use them")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod aggregates;
mod metrics;
mod people;
mod query;
mod readers;
mod scripts;
mod support;
mod tables;
mod traces;
