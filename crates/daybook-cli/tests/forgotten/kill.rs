//! A server that is killed while it erases goes on where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Place, SHOP, Server, bad_order, name, needles, order};

const ERASED: usize = 2_000;
const OTHERS: usize = 200;
/// Entries in quarantine.
const ASIDE: usize = 100;
/// How many of the erased are searched for in every file.
const SAMPLE: usize = 12;

/// When the server is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the request was taken.
    After(Duration),
    /// As soon as it says that this step is done.
    At(&'static str),
}

struct People {
    place: Place,
    erased: Vec<String>,
    others: Vec<String>,
}

fn people() -> People {
    let place = Place::new();
    let server = place.start_at("info");
    let erased: Vec<String> = (0..ERASED).map(|_| name("ada")).collect();
    let others: Vec<String> = (0..OTHERS).map(|_| name("bob")).collect();
    let all: Vec<Value> = erased.iter().chain(&others).map(|name| order(name)).collect();
    for events in all.chunks(1_000) {
        assert_eq!(server.send(events)["stored"], events.len());
    }
    let aside: Vec<Value> =
        erased.iter().take(ASIDE).chain(others.iter().take(ASIDE)).map(|name| bad_order(name)).collect();
    assert_eq!(server.send(&aside)["quarantined"], aside.len());
    server.stop();
    People { place, erased, others }
}

#[test]
fn wherever_it_is_killed_it_comes_to_its_end() {
    let people = people();
    let delays = [0, 3, 10, 30, 60, 100, 150, 250, 400].map(|delay| Moment::After(Duration::from_millis(delay)));
    let steps = ["found", "announced", "told", "destroyed", "confirmed"].map(Moment::At);
    let mut seen = BTreeSet::new();
    for moment in delays.into_iter().chain(steps) {
        seen.insert(round(&people, moment));
    }
    // Some of them hit it in the middle; which ones depends on the machine.
    assert!(seen.iter().any(|step| step != "complete"), "{seen:?}");
}

/// Kills a server at a moment, and looks at what the next one makes of it. The last step that was seen.
fn round(people: &People, moment: Moment) -> String {
    let place = people.place.copy();
    let server = place.start();
    let asked = server
        .post(&format!("/v1/{SHOP}/erasures"), &json!({"identities": people.erased, "reason": "subject-request"}));
    let request = asked["request"].as_str().expect("an id").to_owned();
    let step = wait_for(&server, &request, moment);
    server.kill();

    let server = place.start();
    let state = server.finished(&request);
    let report = server.verified(&state);
    assert_eq!((&report["erased"], &report["unknown"]), (&json!(ERASED), &json!(0)), "{moment:?}");
    assert_eq!(report["people"].as_array().map(Vec::len), Some(ERASED));
    let gone: BTreeSet<&str> = report["people"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|person| person["anonymous_id"].as_str().expect("an id"))
        .collect();
    assert_eq!(gone.len(), ERASED);

    // The erased are gone, and the others are who they were.
    let events = server.events(SHOP);
    assert_eq!(events.len(), ERASED + OTHERS);
    let mut named: Vec<&str> = Vec::new();
    for event in &events {
        let is_gone = gone.contains(event["anonymous_id"].as_str().expect("an id"));
        assert_eq!(event.get("identity").is_none(), is_gone, "{moment:?}: {event}");
        assert_eq!(event.get("session").is_none(), is_gone, "{moment:?}: {event}");
        named.extend(event["identity"].as_str());
    }
    assert_eq!(named, people.others.iter().map(String::as_str).collect::<Vec<_>>());
    let aside = server.get(&format!("/v1/{SHOP}/quarantine?limit=500"));
    let whose: Vec<&str> = aside["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|entry| entry["event"]["identity"].as_str())
        .collect();
    assert_eq!(whose, people.others.iter().take(ASIDE).map(String::as_str).collect::<Vec<_>>());

    // It is written down of each of them once, however often it was begun.
    let mut notes: BTreeMap<(String, String), u32> = BTreeMap::new();
    for event in server.events("daybook") {
        let name = event["name"].as_str().expect("a name").to_owned();
        if let Some(subject) = event["data"]["subject"].as_str().filter(|_| name.starts_with("privacy.erasure.")) {
            *notes.entry((name, subject.to_owned())).or_default() += 1;
        }
    }
    assert!(notes.values().all(|times| *times == 1), "{moment:?}: something is written down twice");
    for name in ["privacy.erasure.requested", "privacy.erasure.completed"] {
        assert_eq!(notes.keys().filter(|(of, subject)| of == name && gone.contains(subject.as_str())).count(), ERASED);
    }
    server.stop();
    place.is_clean_of(&needles(
        people.erased.iter().take(SAMPLE).chain(people.others.iter().take(SAMPLE)).map(String::as_str),
    ));
    step
}

/// Waits for the moment; the last step that the server said.
fn wait_for(server: &Server, request: &str, moment: Moment) -> String {
    let step = || server.get(&format!("/v1/{SHOP}/erasures/{request}"))["step"].as_str().expect("a step").to_owned();
    match moment {
        Moment::After(delay) => {
            std::thread::sleep(delay);
            step()
        }
        Moment::At(wanted) => loop {
            const STEPS: [&str; 8] =
                ["requested", "found", "announced", "told", "destroyed", "confirmed", "signed", "complete"];
            let order = |step: &str| STEPS.iter().position(|known| *known == step).expect("a step");
            let now = step();
            if order(&now) >= order(wanted) {
                return now;
            }
        },
    }
}
