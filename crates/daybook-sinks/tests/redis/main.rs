//! The handler `redis` on a Redis of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "in tests a panic is a finding")]

mod exact;
mod failures;
mod forgetting;
mod options;
mod support;
