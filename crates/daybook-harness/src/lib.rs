//! What the tests of several crates need, and nothing else: servers of real databases,
//! brokers and an object store, each private to one test, and a receiver of HTTP calls.
//!
//! Nothing here is part of the product, so nothing but tests depends on it, and what goes wrong panics with what to do about
//! it, as tests do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod command;
mod mariadb;
mod nats;
mod port;
mod postgres;
pub mod privacy;
mod process;
mod receiver;
mod redis;
mod s3;
pub mod search;
mod server;
mod template;

pub use mariadb::MariaDb;
pub use nats::Nats;
pub use postgres::Postgres;
pub use receiver::{Answer, Call, Receiver};
pub use redis::Redis;
pub use s3::S3;
pub use server::Server;
