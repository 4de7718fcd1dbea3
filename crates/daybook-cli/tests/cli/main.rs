//! The `daybook` command as its users meet it: as a process, with files, a socket and signals.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; helpers beside the test functions too"
)]

mod aggregates;
mod check;
mod client;
mod consumers;
mod demo;
mod diff;
mod durability;
mod emit;
mod help;
mod lake;
mod load;
mod master_key;
mod people;
mod process;
mod proof;
mod retention;
mod signatures;
mod state;
mod tools;
mod trails;
mod validate;
