//! What was acknowledged is there, however the server ended.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{PATIENCE, ServerProcess};

const ROUNDS: usize = 3;
const WRITERS: usize = 4;
const BATCH: usize = 20;

/// Sends until told to stop, and notes the ids that were acknowledged as stored.
fn write(url: &str, key: &str, stop: &AtomicBool, acknowledged: &Mutex<Vec<String>>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    while !stop.load(Ordering::Relaxed) {
        let events: Vec<Value> = (0..BATCH)
            .map(|_| json!({"id": uuid::Uuid::now_v7(), "name": "order.placed", "time": now(), "identity": "c1", "data": {"total": "1.00"}}))
            .collect();
        let sent = agent
            .post(format!("{url}/v1/shop/events"))
            .header("authorization", format!("Bearer {key}"))
            .send_json(json!({"events": events}));
        // Whatever is not an answer is the server's death.
        let Ok(answer) = sent.and_then(|mut answer| answer.body_mut().read_json::<Value>()) else { return };
        let mut acknowledged = acknowledged.lock().expect("a lock");
        for receipt in answer["receipts"].as_array().into_iter().flatten() {
            assert_eq!(receipt["status"], "stored", "{receipt}");
            acknowledged.push(receipt["id"].as_str().expect("an id").to_owned());
        }
    }
}

fn now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    daybook_event::Timestamp::from_microseconds(now.as_micros() as i64).to_string()
}

/// The ids of everything in the feed, each of which must be there once.
fn stored(server: &ServerProcess) -> HashSet<String> {
    let mut ids = HashSet::new();
    let mut after = 0;
    loop {
        let page = server.get(&format!("/v1/shop/events?limit=1000&after={after}"));
        let events = page["events"].as_array().expect("events");
        for event in events {
            assert!(ids.insert(event["id"].as_str().expect("an id").to_owned()), "{event} is there twice");
        }
        let next = page["next"].as_u64().expect("a position");
        if events.is_empty() && next == after {
            return ids;
        }
        after = next;
    }
}

fn round(data: &Path, acknowledged: &Arc<Mutex<Vec<String>>>) {
    let server = ServerProcess::start(data);
    let count = || acknowledged.lock().expect("a lock").len();
    let (before, begun) = (count(), Instant::now());
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (url, key) = (server.url.clone(), server.key.clone());
            let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(acknowledged));
            std::thread::spawn(move || write(&url, &key, &stop, &acknowledged))
        })
        .collect();
    while count() < before + 5 * WRITERS * BATCH {
        assert!(begun.elapsed() < PATIENCE, "hardly anything is written");
        std::thread::sleep(Duration::from_millis(5));
    }
    server.kill();
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.join().expect("a writer that did not panic");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..ROUNDS {
        round(directory.path(), &acknowledged);
        let acknowledged = acknowledged.lock().expect("a lock");
        let server = ServerProcess::start(directory.path());
        let stored = stored(&server);
        let missing: Vec<&String> = acknowledged.iter().filter(|id| !stored.contains(*id)).collect();
        assert!(
            missing.is_empty(),
            "{} of {} acknowledged events are gone: {missing:?}",
            missing.len(),
            acknowledged.len()
        );
        server.stop();
    }
}
