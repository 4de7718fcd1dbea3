//! Events that a receiver will not have, kept aside and delivered once it will.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daybook_harness::{Answer, Receiver};
use serde_json::Value;

use crate::destinations::{Destination, event_id, received};
use crate::load::{Load, id, order, send_until_acknowledged};
use crate::place::{Consumer, Place};

const CALLS: &str = "calls";
/// One in so many orders is one that the receiver chokes on.
const POISONED: usize = 7;
const ORDERS: usize = 700;

#[test]
fn dead_letters_outlive_the_process_and_are_delivered_once() {
    let receiver = Receiver::start();
    let well = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let poison = |event: &Value| event["data"]["note"].as_str().is_some_and(|note| note.starts_with("poison"));
    receiver.decides(move |call| {
        let event: Value = serde_json::from_slice(&call.body).unwrap();
        Answer::status(if poison(&event) && !is_well.load(Ordering::Relaxed) { 422 } else { 200 })
    });
    let mut consumer = Consumer::of_all(CALLS, receiver.handler(), receiver.settings());
    consumer.spec = "{events: ['*'], handler: webhook, retry: 0, dlq: true}".to_owned();
    let place = Place::new(&[consumer], "");
    let mut server = place.start();

    let mut events: Vec<Value> = (0..ORDERS).map(order).collect();
    for event in events.iter_mut().step_by(POISONED) {
        event["data"]["note"] = "poison".into();
    }
    for part in events.chunks(100) {
        send_until_acknowledged(&server, part);
    }
    let poisoned: BTreeSet<String> = events.iter().filter(|event| poison(event)).map(id).collect();
    let head = server.head(CALLS);
    let state = server.passes(CALLS, head);
    assert_eq!(state["dead_letters"], poisoned.len(), "{state:#}");

    // They are kept by the state, not by the process.
    server.kill();
    server = place.start();
    server.passes(CALLS, head);
    let letters = server.get(&format!("/v1/consumers/shop/{CALLS}/dead-letters?limit=500"));
    let letters = letters["dead_letters"].as_array().unwrap_or_else(|| panic!("{letters:#}"));
    assert_eq!(letters.len(), poisoned.len());
    for letter in letters {
        let letter = letter.to_string();
        assert!(letter.contains("422") && !letter.contains("poison"), "{letter}");
    }

    // Some go through while others come.
    let taken = received(&receiver.calls());
    assert!(taken.iter().all(|id| !poisoned.contains(id)));
    well.store(true, Ordering::Relaxed);
    let load = Load::start(&server);
    server.tell(CALLS, "replay");
    let done = server.consumer_when(CALLS, |consumer| consumer["replay"]["state"] == "done");
    assert_eq!((&done["replay"]["delivered"], &done["dead_letters"]), (&poisoned.len().into(), &0.into()), "{done:#}");
    let mut ids = load.finish();
    server.passes(CALLS, server.head(CALLS));
    ids.extend(events.iter().map(id));
    ids.sort_unstable();
    receiver.assert_holds(&ids);

    // Nobody refused what was good: what came twice was under way when the process was killed.
    let calls = receiver.calls();
    let refused = calls.iter().filter(|call| call.status == 422).map(event_id);
    assert!(refused.collect::<BTreeSet<_>>() == poisoned);
    let delivered = received(&calls);
    let of_poisoned = delivered.iter().filter(|id| poisoned.contains(*id)).count();
    assert_eq!(of_poisoned, poisoned.len(), "a dead letter was delivered twice");
    server.stop();
}
