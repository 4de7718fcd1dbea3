//! A person with very many events.

use std::time::Instant;

use serde_json::{Value, json};

use crate::server::{PATIENCE, PAUSE, Place, SHOP, Server, name, needles, order};

/// Enough that whoever went through them all would be seen; a million would only take longer to send.
const EVENTS: usize = 100_000;
/// Bytes that reading the log to the end takes, at the least.
const LOG_BYTES_MIN: u64 = 8_000_000;

/// What an erasure takes does not depend on how many events there are: what it reads and writes is counted, not how long it
/// takes.
#[test]
fn an_erasure_does_not_go_through_the_events() {
    let place = Place::new();
    let server = place.start_at("info");
    let (ada, bob, carl) = (name("ada"), name("bob"), name("carl"));
    server.send(&[order(&bob), order(&carl)]);
    let mut sent = 0;
    while sent < EVENTS {
        let events: Vec<Value> = (0..5_000).map(|_| order(&ada)).collect();
        assert_eq!(server.send(&events)["stored"], events.len());
        sent += events.len();
    }
    // What the first erasure makes for all that follow.
    server.erase(&carl);
    let segments = || -> u64 {
        let files = std::fs::read_dir(place.data().join("log")).expect("a log");
        files.map(|file| file.expect("a file").metadata().expect("its size").len()).sum()
    };
    assert!(segments() > LOG_BYTES_MIN, "{}", segments());
    comes_to_rest(&server);
    let cost = |who: &str| {
        let (head, before) = (server.get("/v1/daybook/events?limit=1000")["next"].as_u64(), Traffic::of(&server));
        let report = server.verified(&server.erase(who));
        let after = Traffic::of(&server);
        assert_eq!((&report["erased"], &report["secrets_destroyed"]), (&json!(1), &json!(1)), "{report:#}");
        let written =
            server.get("/v1/daybook/events?limit=1000")["next"].as_u64().zip(head).map(|(now, then)| now - then);
        (written, after.read - before.read, after.written - before.written)
    };
    let (few, many) = (cost(&bob), cost(&ada));
    assert_eq!(few.0, many.0, "what is written into the log about it");
    for (what, few, many) in [("read", few.1, many.1), ("written", few.2, many.2)] {
        assert!(many < few * 2 + 1_000_000, "{many} bytes {what}, of somebody with one event {few}");
        assert!(many < LOG_BYTES_MIN / 2, "{many} bytes {what}");
    }
    let page = server.get(&format!("/v1/{SHOP}/events?limit=1000&after=50000"));
    let events = page["events"].as_array().expect("events");
    assert_eq!(events.len(), 1_000);
    assert!(events.iter().all(|event| event.get("identity").is_none()));
    server.stop();
    place.is_clean_of(&needles([ada.as_str(), bob.as_str(), carl.as_str()]));
}

/// Waits until everything that follows the log has all of it, and nothing waits in memory to be written: that would be
/// counted.
fn comes_to_rest(server: &Server) {
    let deadline = Instant::now() + 2 * PATIENCE;
    let rests = || {
        let consumers = server.get("/v1/consumers");
        let lakes = server.get("/v1/lake");
        consumers["consumers"].as_array().expect("consumers").iter().all(|one| {
            let (offset, head) = (one["offset"].as_u64(), one["head"].as_u64());
            offset >= head || one["state"] != "running"
        }) && lakes["lakes"].as_array().expect("lakes").iter().all(|lake| lake["rows_waiting"] == 0)
    };
    while !rests() {
        assert!(Instant::now() < deadline, "{:#}", server.get("/v1/lake"));
        std::thread::sleep(20 * PAUSE);
    }
}

/// What a process has read and written, sockets included.
struct Traffic {
    read: u64,
    written: u64,
}

impl Traffic {
    fn of(server: &Server) -> Self {
        let text = std::fs::read_to_string(format!("/proc/{}/io", server.id())).expect("the process's counters");
        let number = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a counter");
            line.trim().parse().expect("a number")
        };
        Self { read: number("rchar:"), written: number("wchar:") }
    }
}
