//! `daybook serve` as a process that is killed while it erases, that is sent events meanwhile, and whose keys are lost: what
//! was promised about people holds all the same, and nothing that it said names one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; helpers beside the test functions too"
)]

mod damage;
mod kill;
mod many;
mod meanwhile;
mod server;
