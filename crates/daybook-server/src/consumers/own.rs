//! What the consumers have in common that no catalog names: those that live in this process.

use std::time::Duration;

use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use serde_json::Map;

/// A consumer of all of an app's events from the beginning, under its handler's name. What it cannot do now is waited for; nothing is put
/// aside.
pub fn own(handler: &str, description: &str, latency: Option<Duration>) -> Spec {
    Spec {
        name: handler.to_owned(),
        description: Some(description.to_owned()),
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: handler.to_owned(),
        retry: 0,
        dlq: false,
        condition: None,
        batch: BatchSpec::default(),
        order: Order::None,
        rate: None,
        latency,
        from: From::Beginning,
        options: Map::new(),
    }
}
