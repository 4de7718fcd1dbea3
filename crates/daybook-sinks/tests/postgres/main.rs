//! The handler `postgres` on a PostgreSQL of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod delivery;
mod failures;
mod forgetting;
mod schema;
#[path = "../mysql/support.rs"]
mod support;
mod upkeep;

use std::sync::Arc;

use daybook_consumers::Handler;
use daybook_harness::Postgres;
use serde_json::{Value, json};

/// A consumer of Unofficial Communities on this database, whose rows name nobody.
fn communities(url: &str) -> Arc<dyn Handler> {
    support::handler(daybook_sinks::postgres::build, "unofficial-communities", json!({}), url)
}

/// One whose rows do.
fn named(url: &str) -> Arc<dyn Handler> {
    support::handler(daybook_sinks::postgres::build, "unofficial-communities", json!({"identity": true}), url)
}

/// A number that a query gives.
fn number(server: &Postgres, url: &str, query: &str) -> i64 {
    server.sql(url, query).parse().unwrap_or_else(|_| panic!("{query} gives no number"))
}

/// Every row.
fn rows(server: &Postgres, url: &str) -> String {
    server.sql(url, "SELECT * FROM events ORDER BY position")
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
