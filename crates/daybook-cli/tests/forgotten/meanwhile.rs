//! Who is erased while events about them come in, and by several at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{PAUSE, Place, SHOP, Server, bad_order, name, needles, order};

const SENDERS: usize = 3;
const BATCH: usize = 10;
const ERASURES: usize = 8;

#[test]
fn erasing_while_the_same_person_sends() {
    let place = Place::new();
    let server = Arc::new(place.start());
    let (ada, bob) = (name("ada"), name("bob"));
    server.send(&[order(&ada), order(&bob), bad_order(&ada), bad_order(&bob)]);
    let is_over = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (server, is_over) = (Arc::clone(&server), Arc::clone(&is_over));
            let (acknowledged, ada) = (Arc::clone(&acknowledged), ada.clone());
            std::thread::spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let mut events: Vec<Value> = (0..BATCH).map(|_| order(&ada)).collect();
                    events.push(bad_order(&ada));
                    let answer = server.send(&events);
                    assert_eq!((&answer["stored"], &answer["quarantined"]), (&json!(BATCH), &json!(1)), "{answer}");
                    let ids = events.iter().take(BATCH).map(|event| event["id"].as_str().expect("an id").to_owned());
                    acknowledged.lock().expect("a lock").extend(ids);
                }
            })
        })
        .collect();
    let mut gone: BTreeSet<String> = BTreeSet::new();
    for _ in 0..ERASURES {
        // Not before there is somebody again.
        let before = acknowledged.lock().expect("a lock").len();
        while acknowledged.lock().expect("a lock").len() < before + 2 * BATCH * SENDERS {
            std::thread::sleep(PAUSE);
        }
        let answer = server.erase(&ada);
        gone.extend(erased(&server.verified(&answer)));
        // What nobody can open any more opens from now on for nobody.
        for event in server.events(SHOP) {
            if gone.contains(event["anonymous_id"].as_str().expect("an id")) {
                assert!(event.get("identity").is_none() && event.get("session").is_none(), "{event}");
            }
        }
    }
    is_over.store(true, Ordering::SeqCst);
    senders.into_iter().for_each(|sender| sender.join().expect("a sender that did not panic"));
    assert_eq!(gone.len(), ERASURES, "each time there was somebody new");
    // One that comes after the answer is of somebody new.
    server.erase(&ada);
    let last = order(&ada);
    server.send(std::slice::from_ref(&last));

    let events = server.events(SHOP);
    let by_id: BTreeMap<&str, &Value> =
        events.iter().map(|event| (event["id"].as_str().expect("an id"), event)).collect();
    assert_eq!(by_id.len(), events.len());
    let acknowledged = acknowledged.lock().expect("a lock");
    let lost = acknowledged.iter().filter(|id| !by_id.contains_key(id.as_str())).count();
    assert_eq!(lost, 0, "of {}", acknowledged.len());
    let last = by_id[last["id"].as_str().expect("an id")];
    assert_eq!(last["identity"], json!(ada));
    let open: Vec<&Value> = events.iter().filter(|event| event["identity"] == json!(ada)).collect();
    assert!(open.iter().all(|event| event["anonymous_id"] == last["anonymous_id"]), "{} events open", open.len());
    assert_eq!(events.iter().filter(|event| event["identity"] == json!(bob)).count(), 1);
    // What came into quarantine with somebody who was gone opens for nobody; of Bob's nothing is missing.
    let aside = server.get(&format!("/v1/{SHOP}/quarantine?limit=500"));
    let entries = aside["entries"].as_array().expect("entries");
    assert_eq!(entries.iter().filter(|entry| entry["event"]["identity"] == json!(bob)).count(), 1);
    assert_eq!(entries.iter().filter(|entry| entry["event"]["identity"] == json!(ada)).count(), 0, "{entries:#?}");
    drop(acknowledged);
    Arc::into_inner(server).expect("the last").stop();
    place.is_clean_of(&needles([ada.as_str(), bob.as_str()]));
}

#[test]
fn the_same_person_by_several_at_once() {
    let place = Place::new();
    let server = place.start();
    let (ada, bob) = (name("ada"), name("bob"));
    let events: Vec<Value> = (0..50).flat_map(|_| [order(&ada), order(&bob)]).collect();
    server.send(&events);
    let before = server.events(SHOP);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let deletions: Vec<_> = (0..6).map(|_| scope.spawn(|| server.erase(&ada))).collect();
        let request = scope.spawn(|| {
            let asked =
                server.post(&format!("/v1/{SHOP}/erasures"), &json!({"identities": [ada, ada, name("nobody")]}));
            server.finished(asked["request"].as_str().expect("an id"))
        });
        let all = deletions.into_iter().chain([request]);
        all.map(|answer| answer.join().expect("an answer")).collect()
    });
    let mut gone = BTreeSet::new();
    for answer in &answers {
        let report = server.verified(answer);
        assert_eq!(report["state"], "complete");
        gone.extend(erased(&report));
    }
    assert_eq!(gone.len(), 1, "{gone:?}");
    for (event, was) in server.events(SHOP).iter().zip(&before) {
        if was["identity"] == json!(ada) {
            assert!(event.get("identity").is_none(), "{event}");
            assert!(gone.contains(event["anonymous_id"].as_str().expect("an id")));
        } else {
            assert_eq!(event, was);
        }
    }
    kept_for(&server, &bob);
    server.stop();
    place.is_clean_of(&needles([ada.as_str(), bob.as_str()]));
}

fn kept_for(server: &Server, name: &str) {
    assert!(server.get(&format!("/v1/{SHOP}/subjects/{name}"))["anonymous_id"].is_string());
}

/// Whom a report says to be erased.
fn erased(report: &Value) -> Vec<String> {
    let people = report["people"].as_array().expect("people").iter();
    let erased = people.filter(|person| person["status"] == "erased");
    erased.map(|person| person["anonymous_id"].as_str().expect("an id").to_owned()).collect()
}
