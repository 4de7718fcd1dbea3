//! What is wrong is said clearly, without secrets, and costs no event.

use daybook_harness::{Answer, MariaDb, Receiver};
use serde_json::{Value, json};

use crate::destinations::{Destination, event_id, received};
use crate::load::{id, order};
use crate::place::{Consumer, Place, Server};

const NAME: &str = "sink";
const EVENTS: usize = 50;

/// A server that does not start, and what it must say.
fn refused(consumer: Consumer, expected: &[&str]) {
    let place = Place::new(&[consumer], "");
    let said = place.refusal();
    for text in expected {
        assert!(said.contains(text), "{text}: {said}");
    }
    assert!(!said.contains("panicked") && !said.contains("geheim"), "{said}");
}

#[test]
fn a_server_with_wrong_consumers_does_not_start() {
    refused(Consumer::of_all(NAME, "webhok", String::new()), &["consumers.yaml", "webhok", "webhook"]);
    let table = |settings: &str| Consumer::of_all(NAME, "mysql", settings.to_owned());
    refused(table("url = \"geheim://geheim:geheim@geheim\""), &["shop/sink", "url", "mysql://"]);
    refused(table("ulr = \"mysql://a:geheim@127.0.0.1/b\""), &["shop/sink", "ulr", "`url`"]);
    refused(table("url-file = \"/nowhere/geheim.url\"").without_secret(), &["shop/sink", "url-file"]);
    let mut wrong = Consumer::of_all(NAME, "webhook", String::new());
    wrong.spec = "{events: ['order placed'], handler: webhook}".to_owned();
    refused(wrong, &["consumers.yaml", "order placed"]);
}

impl Consumer {
    /// The name of a file is no secret.
    fn without_secret(mut self) -> Self {
        self.settings = self.settings.replace("geheim", "missing");
        self
    }
}

/// A place whose one consumer cannot deliver; events are sent to it all the same.
fn stuck(consumer: Consumer) -> (Place, Server, Vec<String>) {
    let place = Place::new(&[consumer], "");
    let server = place.start();
    let events: Vec<Value> = (0..EVENTS).map(order).collect();
    assert_eq!(server.send(&events)["stored"], EVENTS);
    let mut ids: Vec<String> = events.iter().map(id).collect();
    ids.sort_unstable();
    (place, server, ids)
}

/// The consumer in this state; it says what is wrong, blames no event, and gives away no secret.
fn waits(place: &Place, server: &Server, state: &str, secret: &str, expected: &str) {
    let consumer = server.consumer_when(NAME, |consumer| consumer["state"] == state);
    let said = format!("{} {}", consumer["code"].as_str().unwrap(), consumer["message"].as_str().unwrap());
    assert!(said.contains(expected), "{said}");
    assert!(!said.contains(secret) && !place.said().contains(secret));
    assert_eq!(
        (&consumer["dead_letters"], &consumer["given_up"], &consumer["delivered"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[test]
fn wrong_credentials_wait_for_right_ones() {
    let mariadb = MariaDb::start();
    let wrong = mariadb.settings().replace(mariadb.password(), "geheim");
    let (place, server, ids) = stuck(Consumer::of_all(NAME, "mysql", wrong));
    waits(&place, &server, "waiting", "geheim", "mysql.");
    place.configure(&[Consumer::of_all(NAME, "mysql", mariadb.settings())], "");
    server.post("/v1/consumers/reload", &Value::Null);
    server.passes(NAME, server.head(NAME));
    mariadb.assert_holds(&ids);
}

#[test]
fn a_table_of_somebody_else_is_left_alone() {
    let mariadb = MariaDb::start();
    mariadb.sql(&mariadb.url(), "CREATE TABLE analytics_events (id INT PRIMARY KEY, colour TEXT); INSERT INTO analytics_events VALUES (1, 'red')");
    let (place, server, ids) = stuck(Consumer::of_all(NAME, "mysql", mariadb.settings()));
    waits(&place, &server, "waiting", mariadb.password(), "analytics_events");
    assert_eq!(mariadb.sql(&mariadb.url(), "SELECT * FROM analytics_events"), "1|red");
    mariadb.sql(&mariadb.url(), "RENAME TABLE analytics_events TO colours");
    server.tell(NAME, "resume");
    server.passes(NAME, server.head(NAME));
    mariadb.assert_holds(&ids);
}

#[test]
fn a_receiver_without_tls_waits_for_a_right_address() {
    let receiver = Receiver::start();
    let wrong = receiver.settings().replace("http://", "https://");
    let (place, server, ids) = stuck(Consumer::of_all(NAME, "webhook", wrong));
    waits(&place, &server, "waiting", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "");
    place.configure(&[Consumer::of_all(NAME, "webhook", receiver.settings())], "");
    server.post("/v1/consumers/reload", &Value::Null);
    server.passes(NAME, server.head(NAME));
    receiver.assert_holds(&ids);
}

#[test]
fn an_answer_may_be_as_large_as_it_likes() {
    let receiver = Receiver::start();
    let body = vec![b'x'; 10 << 20];
    receiver.decides(move |_| Answer::status(200).body(body.clone()));
    let (_place, server, ids) = stuck(Consumer::of_all(NAME, "webhook", receiver.settings()));
    let consumer = server.passes(NAME, server.head(NAME));
    assert_eq!(consumer["dead_letters"], 0, "{consumer:#}");
    assert_eq!(received(&receiver.calls()), ids);
}

/// Deliveries, and their failures, make no event each: that would go round in circles.
#[test]
fn what_consumers_do_is_told_in_sums() {
    let receiver = Receiver::start();
    // Some are refused for ever, the others the first time.
    let mut seen = std::collections::HashSet::new();
    receiver.decides(move |call| {
        let id = event_id(call);
        Answer::status(if id.ends_with(['0', '1']) {
            422
        } else if seen.insert(id) {
            500
        } else {
            200
        })
    });
    let mut consumer = Consumer::of_all(NAME, "webhook", receiver.settings());
    consumer.spec = "{events: ['*'], handler: webhook, retry: 5, dlq: true}".to_owned();
    let place = Place::new(&[consumer], "");
    let server = place.start();
    let before = server.head(NAME);
    let events: Vec<Value> = (0..500).map(order).collect();
    assert_eq!(server.send(&events)["stored"], 500);
    let consumer = server.passes(NAME, before + 500);
    let refused = events.iter().filter(|event| id(event).ends_with(['0', '1'])).count();
    assert_eq!(consumer["dead_letters"], refused, "{consumer:#}");
    let own = server.head(NAME) - before - 500;
    assert!(own < 40, "{own} events of its own");
}
