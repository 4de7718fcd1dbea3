//! Calls of other services.

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::backend::Backend;
use crate::client::Call;
use crate::site::{Site, config, write_catalog};

const SECRET: &str = "It's a Secret to Everybody";

const WEBHOOKS: &str = r#"
sources:
  github:
    scheme: github
    events:
      - event: order.placed
        when: {type: order, $.action: [placed, paid]}
        each: "$.orders[*]"
        time: $.at
        group: $.shop.id
        data: {total: "@.total", channel: {words: {w: web}, of: $.via}, note: {header: X-Note}}
      - event: order.cancelled
        when: {type: order, $.action: cancelled}
        data: {reason: $.reason}
  payments:
    scheme: stripe
    events:
      - event: order.placed
        when: {$.type: invoice.paid}
        data: {total: $.data.object.total}
  silent: {scheme: github, events: []}
"#;

const OWN: &str = r#"
events:
  - name: webhook.received
    description: A service called.
    category: business
    data: {type: object, properties: {source: {type: string}, event_type: {type: string}}, required: [source, event_type]}
    examples: [{source: a, event_type: b}]
  - name: webhook.processed
    description: A call was handled.
    category: business
    data:
      type: object
      properties: {source: {type: string}, event_type: {type: string}, duration_ms: {type: number, minimum: 0}}
      required: [source, event_type, duration_ms]
    examples: [{source: a, event_type: b, duration_ms: 1}]
  - name: webhook.failed
    description: A call could not be handled.
    category: business
    data:
      type: object
      properties: {source: {type: string}, event_type: {type: string}, error_code: {type: string}}
      required: [source, event_type, error_code]
    examples: [{source: a, event_type: b, error_code: c}]
  - name: webhook.retried
    description: A failed call came again.
    category: business
    data:
      type: object
      properties: {source: {type: string}, attempt_number: {type: integer}}
      required: [source, attempt_number]
    examples: [{source: a, attempt_number: 2}]
  - name: webhook.dead_lettered
    description: A call waits for a person.
    category: business
    data: {type: object, properties: {source: {type: string}, event_type: {type: string}}, required: [source, event_type]}
    examples: [{source: a, event_type: b}]
"#;

/// A server that is called by others, with its own words for that or without.
async fn site(own: bool, change: impl FnOnce(&mut daybook_server::Config)) -> Site {
    let directory = tempfile::tempdir().unwrap();
    write_catalog(directory.path());
    let shop = directory.path().join("catalogs/shop");
    std::fs::write(shop.join("webhooks.yaml"), WEBHOOKS).unwrap();
    if own {
        std::fs::write(shop.join("events/own.yaml"), OWN).unwrap();
    }
    Site::start_on(Backend::Sqlite, directory, |config| {
        let github = json!({"secret": ["an older one", SECRET]});
        config.webhooks.insert("shop/github".to_owned(), github.into());
        config.webhooks.insert("shop/payments".to_owned(), json!({"secret": "whsec_test"}).into());
        change(config);
    })
    .await
}

fn hex(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn signed(site: &Site, path: &str, secret: &str, body: &str) -> Call {
    let signature = format!("sha256={}", hex(secret, body));
    site.call(Method::POST, path).header("x-hub-signature-256", signature).body(body.to_owned())
}

/// A call of GitHub's kind.
fn github(site: &Site, delivery: &str, event: &str, body: &Value) -> Call {
    let call = signed(site, "/v1/shop/webhooks/github", SECRET, &body.to_string());
    call.header("x-github-event", event).header("x-github-delivery", delivery).header("x-note", "from the header")
}

fn orders(totals: &[i64]) -> Value {
    let orders: Vec<Value> = totals.iter().map(|total| json!({"total": total})).collect();
    json!({"action": "placed", "at": "2026-01-14T15:00:00Z", "shop": {"id": 7}, "via": "w", "orders": orders})
}

async fn events(site: &Site, app: &str) -> Vec<Value> {
    let page = site.get(&format!("/v1/{app}/events?limit=500")).send().await.ok();
    page["events"].as_array().unwrap().clone()
}

async fn named(site: &Site, name: &str) -> Vec<Value> {
    let all = events(site, "shop").await;
    all.into_iter().filter(|event| event["name"] == name).map(|event| event["data"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_becomes_events_and_repeated_it_is_the_same() {
    let site = site(true, |_| {}).await;
    let answer = github(&site, "d-1", "order", &orders(&[5, 6])).send().await;
    let body = answer.ok();
    assert_eq!(answer.status, 200);
    assert_eq!((&body["delivery"], &body["event_type"]), (&json!("d-1"), &json!("order")));
    assert_eq!((&body["stored"], body["receipts"].as_array().unwrap().len()), (&json!(2), 2), "{body}");
    let placed: Vec<Value> =
        events(&site, "shop").await.into_iter().filter(|event| event["name"] == "order.placed").collect();
    assert_eq!(placed[0]["data"], json!({"total": 5, "channel": "web", "note": "from the header"}));
    assert_eq!((&placed[0]["group"], &placed[0]["time"]), (&json!("7"), &json!("2026-01-14T15:00:00.000Z")));
    assert_eq!(named(&site, "webhook.received").await, [json!({"source": "github", "event_type": "order"})]);
    let processed = named(&site, "webhook.processed").await;
    assert_eq!(processed.len(), 1);
    assert!(processed[0]["duration_ms"].as_f64().unwrap() > 0.0);

    // The same again, and the same delivery from elsewhere; another delivery is another call.
    let again = github(&site, "d-1", "order", &orders(&[5, 6])).send().await.ok();
    assert_eq!((&again["duplicate"], &again["stored"]), (&json!(2), &json!(0)), "{again}");
    let other = github(&site, "d-2", "order", &orders(&[5, 6])).send().await.ok();
    assert_eq!(other["stored"], 2);
    assert_eq!(named(&site, "webhook.received").await.len(), 3);
    assert!(named(&site, "webhook.retried").await.is_empty());
    // The app has words of its own: Daybook adds none.
    assert!(events(&site, "daybook").await.iter().all(|event| event["name"] != "webhook.received"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_right_is_not_taken() {
    let site = site(false, |_| {}).await;
    let body = orders(&[1]).to_string();
    let path = "/v1/shop/webhooks/github";
    signed(&site, path, "wrong", &body).send().await.is_problem(401, "webhook.signature");
    signed(&site, path, SECRET, &body).body(format!("{body} ")).send().await.is_problem(401, "webhook.signature");
    site.call(Method::POST, path).body(body.clone()).send().await.is_problem(401, "webhook.unsigned");
    // A key is no signature, and a signature is no key.
    site.post(path).body(body.clone()).send().await.is_problem(401, "webhook.unsigned");
    signed(&site, "/v1/shop/events", SECRET, &body).send().await.is_problem(401, "key.missing");
    // Neither what is not declared nor what has no secret.
    for path in ["/v1/shop/webhooks/gitlab", "/v1/shop/webhooks/silent", "/v1/none/webhooks/github"] {
        signed(&site, path, SECRET, &body).send().await.is_problem(404, "webhook.unknown");
    }
    let compressed = signed(&site, path, SECRET, &body).header("content-encoding", "gzip");
    compressed.send().await.is_problem(415, "webhook.encoding");
    assert!(events(&site, "shop").await.is_empty());
    // The older secret is good while there are two.
    signed(&site, path, "an older one", &body).header("x-github-event", "order").send().await.ok();

    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let body = json!({"id": "evt_1", "type": "invoice.paid", "data": {"object": {"total": 5}}}).to_string();
    let stripe = |time: u64| {
        let signature = format!("t={time},v1={}", hex("whsec_test", &format!("{time}.{body}")));
        site.call(Method::POST, "/v1/shop/webhooks/payments").header("stripe-signature", signature).body(body.clone())
    };
    stripe(time - 1_000).send().await.is_problem(401, "webhook.stale");
    stripe(time + 1_000).send().await.is_problem(401, "webhook.stale");
    let taken = stripe(time).send().await.ok();
    assert_eq!((&taken["delivery"], &taken["stored"]), (&json!("evt_1"), &json!(1)), "{taken}");
    assert_eq!(stripe(time).send().await.ok()["duplicate"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_catalog_has_no_use_for_is_ignored_aloud() {
    let site = site(false, |_| {}).await;
    let answer = github(&site, "d-1", "star", &json!({"action": "created"})).send().await;
    assert_eq!(answer.status, 202);
    let body = answer.ok();
    assert_eq!((&body["ignored"], &body["event_type"], &body["receipts"]), (&json!(true), &json!("star"), &json!([])));
    // The shop has no word for it, so Daybook has.
    let own = events(&site, "daybook").await;
    let own: Vec<&Value> = own.iter().filter(|event| event["name"] == "webhook.received").collect();
    assert_eq!(
        own[0]["data"],
        json!({"app": "shop", "source": "github", "delivery": "d-1", "events": 0, "verified": true})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_turned_into_a_valid_event_is_quarantined() {
    let site = site(true, |_| {}).await;
    let mut body = orders(&[5, 6]);
    body["orders"][1] = json!({"total": "much"});
    let answer = github(&site, "d-1", "order", &body).send().await.ok();
    assert_eq!((&answer["stored"], &answer["quarantined"]), (&json!(1), &json!(1)), "{answer}");
    assert_eq!(named(&site, "webhook.dead_lettered").await, [json!({"source": "github", "event_type": "order"})]);
    assert!(named(&site, "webhook.processed").await.is_empty());

    // Hostile bodies, signed all the same: kept, and nothing falls over.
    let deep = "[".repeat(100_000);
    for body in ["", "nonsense", "\u{0}", "{\"a\":", "null", "5", deep.as_str()] {
        let answer = signed(&site, "/v1/shop/webhooks/github", SECRET, body).send().await;
        assert!(answer.status.is_success(), "{:?}", answer.body);
    }
    let entries = site.get("/v1/shop/quarantine").send().await.ok()["entries"].as_array().unwrap().clone();
    // `null` and `5` are JSON that nothing is to be done with.
    assert_eq!(entries.len(), 6, "{entries:?}");
    let form =
        format!("payload={}", form_urlencoded::byte_serialize(orders(&[1]).to_string().as_bytes()).collect::<String>());
    let answer = signed(&site, "/v1/shop/webhooks/github", SECRET, &form)
        .header("x-github-event", "order")
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(answer.send().await.ok()["stored"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_cannot_be_taken_comes_again() {
    let full = |config: &mut daybook_server::Config| config.quarantine.bytes_per_app = 1;
    let site = site(true, full).await;
    let bad = orders(&[-1]);
    github(&site, "d-1", "order", &bad).send().await.is_problem(503, "quarantine.full");
    github(&site, "d-1", "order", &bad).send().await.is_problem(503, "quarantine.full");
    let failed = json!({"source": "github", "event_type": "order", "error_code": "quarantine.full"});
    assert_eq!(named(&site, "webhook.failed").await, [failed.clone(), failed]);
    assert_eq!(named(&site, "webhook.retried").await, [json!({"source": "github", "attempt_number": 2})]);
    // Also after a restart; and then there is room.
    let site = site.restart(|config| {
        config.webhooks.insert("shop/github".to_owned(), json!({"secret": SECRET}).into());
    });
    let site = site.await;
    assert_eq!(github(&site, "d-1", "order", &bad).send().await.ok()["quarantined"], 1);
    assert_eq!(named(&site, "webhook.retried").await[1], json!({"source": "github", "attempt_number": 3}));
    assert_eq!(named(&site, "webhook.dead_lettered").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_bounded() {
    let site = site(false, |config| config.limits.body_bytes = 300_000).await;
    let body = "x".repeat(300_001);
    signed(&site, "/v1/shop/webhooks/github", SECRET, &body).send().await.is_problem(413, "body.too-large");
    let many = orders(&vec![1; 5_001]);
    github(&site, "d-1", "order", &many).send().await.is_problem(413, "webhook.too-many-events");
    let most = orders(&vec![1; 5_000]);
    assert_eq!(github(&site, "d-2", "order", &most).send().await.ok()["stored"], 5_000);
    site.call(Method::PUT, "/v1/shop/webhooks/github").send().await.is_problem(405, "http.method");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatsapp_counts_those_who_agreed_and_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    write_catalog(directory.path());
    let site = Site::start_on(Backend::Sqlite, directory, |config| {
        let table = json!({
            "secret": SECRET, "verify-token": "a token",
            "tables": {"communities": {"g-1": 1}, "people": {"16315551111": 12345}},
        });
        config.webhooks.insert("unofficial-communities/whatsapp".to_owned(), table.into());
    })
    .await;
    let path = "/v1/unofficial-communities/webhooks/whatsapp";
    let ask = |token: &str| {
        let query = format!("{path}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        site.call(Method::GET, &query).send()
    };
    let answer = ask("a%20token").await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, b"1158201444".as_slice()));
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    ask("another").await.is_problem(403, "webhook.token");

    let consent = "/v1/unofficial-communities/subjects/12345/consents/whatsapp_activity";
    site.call(Method::PUT, consent).key(&site.admin).json(&json!({"granted": true})).send().await.ok();
    let message = |id: &str, from: &str, group: &str| {
        let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        json!({"id": id, "from": from, "group_id": group, "timestamp": seconds.to_string(), "type": "text",
            "text": {"body": "nobody's business"}})
    };
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{
        "field": "messages",
        "value": {"messaging_product": "whatsapp", "messages": [
            message("wamid.1", "16315551111", "g-1"), message("wamid.2", "16315552222", "g-1"),
            message("wamid.3", "16315551111", "elsewhere"),
        ]},
    }]}]})
    .to_string();
    let answer = signed(&site, path, SECRET, &body).send().await.ok();
    assert_eq!((&answer["counted"], &answer["refused"]), (&json!(1), &json!(1)), "{answer}");
    assert_eq!((answer["receipts"].as_array().unwrap().len(), &answer["event_type"]), (2, &json!("messages")));
    // In another call, the same message is the same.
    let once = body.replace("\"id\":\"1\"", "\"id\":\"2\"");
    assert_ne!(once, body);
    assert_eq!(signed(&site, path, SECRET, &once).send().await.ok()["duplicate"], 1);
    let all = events(&site, "unofficial-communities").await;
    assert!(!Value::from(all).to_string().contains("nobody's business"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_does_not_start_with_a_service_that_cannot_be() {
    let check = async |name: &str, table: Value, expected: &str| {
        let directory = tempfile::tempdir().unwrap();
        write_catalog(directory.path());
        std::fs::write(directory.path().join("catalogs/shop/webhooks.yaml"), WEBHOOKS).unwrap();
        let config = config(directory.path(), |config| {
            config.webhooks.insert(name.to_owned(), table.into());
        });
        let said = daybook_server::Server::open(config).await.err().expect("it does not start").to_string();
        assert!(said.contains(expected) && !said.contains("geheim"), "{said}");
    };
    check("shop/githup", json!({"secret": "geheim"}), "did you mean shop/github?").await;
    check("shop/github", json!({}), "webhooks.\"shop/github\"").await;
    check("shop/github", json!({"secret": "geheim", "tolerance": "geheim"}), ".tolerance").await;
    check("shop/github", json!({"secret": "geheim", "verify-token": "geheim"}), ".verify-token").await;
}
