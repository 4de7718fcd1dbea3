//! The handler `mysql` on a MariaDB of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in tests a panic is a finding")]
#![allow(clippy::needless_pass_by_value, reason = "JSON is written where it is used")]

mod aggregates;
mod delivery;
mod failures;
mod forgetting;
mod schema;
mod support;
mod upkeep;

use std::sync::Arc;

use daybook_consumers::Handler;
use daybook_harness::MariaDb;
use serde_json::{Value, json};

/// A consumer of Unofficial Communities on this database.
fn communities(url: &str) -> Arc<dyn Handler> {
    support::handler(daybook_sinks::mysql::build, "unofficial-communities", json!({}), url)
}

/// A number that a query gives.
fn number(server: &MariaDb, url: &str, query: &str) -> i64 {
    server.sql(url, query).parse().unwrap_or_else(|_| panic!("{query} gives no number"))
}

/// Every row but for the number that the server gave it.
fn rows(server: &MariaDb, url: &str) -> String {
    let columns = "event_id, event_name, timestamp, source, identity_id, anonymous_id, community_id, session_id, properties, created_at, \
        position, category";
    server.sql(url, &format!("SET time_zone = '+00:00'; SELECT {columns} FROM analytics_events ORDER BY position"))
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
