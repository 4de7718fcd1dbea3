//! Consumers, as those who run them meet them over HTTP. What each handler does is tested where it is written.

mod dead_letters;
mod manage;
mod receiver;
mod reload;
mod retire;

use std::path::Path;
use std::time::{Duration, Instant};

use daybook_server::Config;
use serde_json::Value;

use crate::site::{PATIENCE, Site};

/// The shop's consumers: one that writes files and needs nothing, one that calls, one with a table.
const CONSUMERS: &str = "
consumers:
  archive: {description: Everything as it came., events: ['*'], handler: file}
  calls: {events: [order.*], handler: webhook, retry: 0, latency: 1m}
  table: {events: [order.placed], handler: insertToMySQL, from: now}
";

/// Writes what the shop's catalog says of its consumers.
fn write_consumers(config: &Config, text: &str) {
    let [catalogs] = config.catalogs.as_slice() else { panic!("one directory") };
    write_to(catalogs, text);
}

fn write_to(catalogs: &Path, text: &str) {
    std::fs::write(catalogs.join("shop/consumers.yaml"), text).unwrap();
}

/// A consumer of the shop, once it is as wanted.
async fn consumer_when(site: &Site, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let consumer = site.get(&format!("/v1/consumers/shop/{name}")).send().await.ok();
        if wanted(&consumer) {
            return consumer;
        }
        assert!(begun.elapsed() < PATIENCE, "{consumer}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The data of Daybook's own events of a type, once there are as many.
async fn notes_when(site: &Site, name: &str, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let page = site.get(&format!("/v1/daybook/events?limit=1000&name={name}")).send().await.ok();
        let events: Vec<Value> = page["events"].as_array().unwrap().clone();
        if events.len() >= count {
            return events;
        }
        assert!(begun.elapsed() < PATIENCE, "{name}: {events:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
