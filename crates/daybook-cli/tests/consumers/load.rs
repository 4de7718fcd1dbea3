//! A client that sends all the time, and keeps trying until every event is acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::{Api, SHOP};

/// Events of one call.
const BATCH: usize = 20;
/// Most events in all.
const EVENTS_MAX: usize = 40_000;
/// Between two calls, at first.
const PAUSE: Duration = Duration::from_millis(20);
/// So many events later it is longer by as much again: a load that has come to its end is none, however long a test
/// takes.
const SLOWER_AFTER: usize = 4_000;

/// A steady load on a server, which may come and go.
pub struct Load {
    stop: Arc<AtomicBool>,
    client: JoinHandle<Vec<String>>,
}

impl Load {
    pub fn start(api: &Api) -> Self {
        let (stop, api) = (Arc::new(AtomicBool::new(false)), api.clone());
        let stopped = Arc::clone(&stop);
        let client = std::thread::spawn(move || {
            let mut acknowledged = Vec::new();
            while !stopped.load(Ordering::Relaxed) && acknowledged.len() < EVENTS_MAX {
                let events: Vec<Value> = (0..BATCH).map(|number| order(acknowledged.len() + number)).collect();
                send_until_acknowledged(&api, &events);
                acknowledged.extend(events.iter().map(id));
                std::thread::sleep(PAUSE * (1 + acknowledged.len() / SLOWER_AFTER) as u32);
            }
            acknowledged
        });
        Self { stop, client }
    }

    /// Stops it; the ids of all events, each of which was acknowledged, sorted.
    pub fn finish(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut ids = self.client.join().unwrap();
        ids.sort_unstable();
        ids
    }
}

/// Sends events as a client does that gets no answer, or is told to come back.
pub fn send_until_acknowledged(api: &Api, events: &[Value]) {
    loop {
        match api.ask("POST", &format!("/v1/{SHOP}/events"), Some(&Value::from(events))) {
            Some((200, receipts)) => {
                let kept = receipts["stored"].as_u64().unwrap() + receipts["duplicate"].as_u64().unwrap();
                assert_eq!(kept, events.len() as u64, "{receipts:#}");
                return;
            }
            None | Some((429 | 503, _)) => std::thread::sleep(PAUSE),
            Some((status, body)) => panic!("{status} {body:#}"),
        }
    }
}

/// An order of one of a hundred people.
pub fn order(number: usize) -> Value {
    let total = format!("{}.{:02}", number % 90, number % 100);
    json!({"id": uuid::Uuid::now_v7(), "name": "order.placed", "identity": format!("customer-{}", number % 100),
           "session": format!("visit-{}", number % 250), "data": {"total": total, "note": format!("order {number}")}})
}

pub fn id(event: &Value) -> String {
    event["id"].as_str().unwrap().to_owned()
}
