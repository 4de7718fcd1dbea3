//! A backlog is an offset in the log: it takes no memory.

use std::time::{Duration, Instant};

use daybook_harness::{MariaDb, Receiver};
use serde_json::{Value, json};

use crate::destinations::Destination;
use crate::load::{order, send_until_acknowledged};
use crate::place::{Consumer, Place, Server};

/// Size of one event, nearly the largest there may be.
const EVENT_BYTES: usize = 48 << 10;
/// So many are sent until everything that is bounded has reached its bound: caches, pools, the allocator.
const FIRST: usize = 3_500;
/// And so many after that: twice what the process may grow by.
const THEN: usize = 2_500;
/// How much it may grow by; generous, as an allocator gives back when it likes.
const GROWTH_MAX: u64 = 60 << 20;

#[test]
fn destinations_that_are_gone_cost_no_memory() {
    let (mariadb, receiver, beside) = (MariaDb::start(), Receiver::start(), Receiver::start());
    let consumers = [
        Consumer::of_all("table", mariadb.handler(), mariadb.settings()),
        Consumer::of_all("calls", receiver.handler(), receiver.settings()),
        Consumer::of_all("witness", beside.handler(), beside.settings()),
    ];
    let place = Place::new(&consumers, "");
    mariadb.kill();
    receiver.kill();
    let server = place.start();
    send(&server, &beside, FIRST);
    let before = resident_bytes(&server);
    send(&server, &beside, THEN);
    // What waits for the lake's next commit, a minute at most, is no backlog; that would stay.
    let deadline = Instant::now() + Duration::from_secs(300);
    let mut after = resident_bytes(&server);
    while after >= before + GROWTH_MAX && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(500));
        after = resident_bytes(&server);
    }
    println!("{before} bytes, and then {after}");
    assert!(after < before + GROWTH_MAX, "it grew from {before} to {after} bytes");
    for name in ["table", "calls"] {
        let consumer = server.consumer_when(name, |consumer| consumer["state"] == "waiting");
        assert_eq!((&consumer["offset"], &consumer["dead_letters"]), (&0.into(), &0.into()), "{consumer:#}");
    }
}

/// Sends events that do not compress, and waits until who is there has them.
fn send(server: &Server, beside: &Receiver, count: usize) {
    let events: Vec<Value> = (0..count)
        .map(|number| {
            let mut event = order(number);
            event["data"]["note"] = json!(noise(EVENT_BYTES));
            event
        })
        .collect();
    for part in events.chunks(100) {
        send_until_acknowledged(server, part);
        // The receiver is part of this process, but need not remember what it was sent.
        drop(beside.take_calls());
    }
    server.passes("witness", server.head("witness"));
    drop(beside.take_calls());
}

fn noise(bytes: usize) -> String {
    use rand::Rng;
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(bytes).map(char::from).collect()
}

fn resident_bytes(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
