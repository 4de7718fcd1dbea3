//! The `daybook` command as its users meet it: as a process, with files, a socket and signals.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; helpers beside the test functions too"
)]

mod check;
mod client;
mod consumers;
mod demo;
mod durability;
mod help;
mod load;
mod master_key;
mod people;
mod process;
mod retention;
mod state;
mod tools;
mod validate;
