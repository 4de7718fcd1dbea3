//! The handler `webhook` and a receiver that does what receivers do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod addresses;
mod answers;
mod calls;
mod people;
mod support;
mod tls;
