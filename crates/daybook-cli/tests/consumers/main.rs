//! Consumers and inputs in a process of its own: whatever is killed, paused or wrongly configured, no event is lost, none is counted
//! twice, and nobody else waits.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking; helpers beside the test functions too"
)]

mod chaos;
mod configuration;
mod destinations;
mod inputs;
mod letters;
mod load;
mod memory;
mod place;
