//! Dead letters: listed, looked at, delivered again, dropped.

use http::Method;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{CONSUMERS, consumer_when, notes_when, write_consumers};
use crate::site::Site;

const LETTERS: &str = "/v1/consumers/shop/calls/dead-letters";

/// A server whose receiver refused four orders of one customer.
async fn refused() -> (Site, Receiver, Vec<u64>) {
    let receiver = Receiver::start();
    receiver.answer(400);
    let site = Site::with(|config| {
        write_consumers(config, CONSUMERS);
        config.consumers.insert("shop/calls".into(), receiver.settings());
    })
    .await;
    let order = |id: u32| {
        json!({"eventId": format!("l-{id}"), "kind": "order.placed", "customer": 4242,
               "payload": {"total": id, "email": "ann@example.org"}})
    };
    let events: Vec<Value> = (1..=4).map(order).collect();
    let receipts = site.send(&json!(events)).await;
    let receipts = receipts["receipts"].as_array().unwrap();
    let positions = receipts.iter().map(|receipt| receipt["position"].as_u64().unwrap()).collect();
    consumer_when(&site, "calls", |calls| calls["dead_letters"] == 4).await;
    (site, receiver, positions)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_listed_and_shown() {
    let (site, _receiver, positions) = refused().await;
    let read = site.key(&json!({"scopes": ["read"]})).await;
    let get = |path: &str, key: &str| site.call(Method::GET, &format!("{LETTERS}{path}")).key(key).send();
    let page = get("?limit=3", &read).await.ok();
    let letters = page["dead_letters"].as_array().unwrap();
    assert_eq!(letters.iter().map(|letter| letter["position"].as_u64().unwrap()).collect::<Vec<_>>(), positions[..3]);
    assert_eq!(page["next"], positions[2]);
    let page = get(&format!("?limit=3&after={}", positions[2]), &read).await.ok();
    assert_eq!((page["dead_letters"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null));
    let letter = &page["dead_letters"][0];
    assert_eq!((&letter["name"], &letter["attempts"]), (&json!("order.placed"), &json!(1)));
    assert_eq!(letter["history"][0]["code"], "http.refused");
    assert!(letter["history"][0]["time"].is_string() && letter.get("event").is_none(), "{letter}");
    assert!(!page.to_string().contains("4242"), "{page}");
    get("?limit=501", &read).await.is_problem(400, "query.limit");
    get("?after=x", &read).await.is_problem(400, "query.value");

    // Without the scope nobody is named, and nothing is to be written down.
    let shown = get(&format!("/{}", positions[0]), &read).await.ok();
    assert_eq!(shown["event"]["data"], json!({"total": 1}));
    assert!(shown["event"].get("identity").is_none() && shown["event"]["anonymous_id"].is_string(), "{shown}");
    assert_eq!(notes_when(&site, "privacy.data.accessed", 0).await.len(), 0);
    let privacy = site.key(&json!({"name": "support", "scopes": ["read", "privacy"]})).await;
    let shown = get(&format!("/{}", positions[0]), &privacy).await.ok();
    assert_eq!(
        (&shown["event"]["identity"], &shown["event"]["data"]["email"]),
        (&json!("4242"), &json!("ann@example.org"))
    );
    let access = notes_when(&site, "privacy.data.accessed", 1).await;
    assert_eq!(access.len(), 1);
    assert_eq!((&access[0]["data"]["key"], &access[0]["data"]["app"]), (&json!("support"), &json!("shop")));

    let write = site.key(&json!({"scopes": ["write"]})).await;
    get("", &write).await.is_problem(403, "key.scope");
    get("/999999", &read).await.is_problem(404, "consumer.no-dead-letter");
    get("/x", &read).await.is_problem(404, "consumer.no-dead-letter");
    let none = site.get("/v1/consumers/shop/archive/dead-letters").send().await.ok();
    assert_eq!(none, json!({"dead_letters": [], "next": null}));
    site.get("/v1/consumers/shop/nobody/dead-letters").send().await.is_problem(404, "consumer.unknown");

    // The person goes, and the dead letter shows nobody.
    site.erase("/v1/shop/subjects/4242").await;
    let shown = get(&format!("/{}", positions[0]), &privacy).await.ok();
    assert!(!shown.to_string().contains("4242") && !shown.to_string().contains("ann@"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_delivered_again_and_dropped() {
    let (site, receiver, positions) = refused().await;
    let read = site.key(&json!({"scopes": ["read", "write"]})).await;
    let post =
        |path: &str, key: &str| site.call(Method::POST, &format!("/v1/consumers/shop/calls{path}")).key(key).send();
    let delete = |path: &str, key: &str| site.call(Method::DELETE, &format!("{LETTERS}{path}")).key(key).send();
    post("/replay", &read).await.is_problem(403, "key.scope");
    delete("?all=true", &read).await.is_problem(403, "key.scope");

    // It fails again, and stays, with one more reason.
    let failed = ended(&site, post(&format!("/dead-letters/{}/replay", positions[0]), &site.admin).await.ok()).await;
    assert_eq!((&failed["total"], &failed["delivered"], &failed["failed"]), (&json!(1), &json!(0), &json!(1)));
    let letter = site.get(&format!("{LETTERS}/{}", positions[0])).send().await.ok();
    assert_eq!(letter["attempts"], 2, "{letter}");

    receiver.answer(200);
    let one = ended(&site, post(&format!("/dead-letters/{}/replay", positions[1]), &site.admin).await.ok()).await;
    assert_eq!((&one["total"], &one["delivered"]), (&json!(1), &json!(1)), "{one}");
    assert_eq!(receiver.taken().len(), 1);
    post(&format!("/dead-letters/{}/replay", positions[1]), &site.admin)
        .await
        .is_problem(404, "consumer.no-dead-letter");

    assert_eq!(delete(&format!("/{}", positions[0]), &site.admin).await.status, 204);
    delete(&format!("/{}", positions[0]), &site.admin).await.is_problem(404, "consumer.no-dead-letter");

    let all = ended(&site, post("/replay", &site.admin).await.ok()).await;
    assert_eq!((&all["total"], &all["delivered"], &all["state"]), (&json!(2), &json!(2), &json!("done")), "{all}");
    assert_eq!(receiver.taken().len(), 3);
    let calls = consumer_when(&site, "calls", |calls| calls["dead_letters"] == 0).await;
    assert_eq!(calls["replay"], all);

    receiver.answer(400);
    site.post("/v1/consumers/shop/calls/rewind").json(&json!({"to": "beginning"})).send().await.ok();
    consumer_when(&site, "calls", |calls| calls["dead_letters"] == 4).await;
    let refused = delete("", &site.admin).await.is_problem(400, "consumer.all");
    assert!(refused["hint"].as_str().unwrap().contains("all=true"));
    assert_eq!(delete("?all=true", &site.admin).await.ok(), json!({"dropped": 4}));
    assert_eq!(delete("?all=true", &site.admin).await.ok(), json!({"dropped": 0}));

    let replayed = notes_when(&site, "consumer.replayed", 3).await;
    let counts: Vec<_> = replayed.iter().map(|event| (&event["data"]["count"], &event["data"]["all"])).collect();
    let (no, yes) = (json!(false), json!(true));
    assert_eq!(counts, [(&json!(1), &no), (&json!(1), &no), (&json!(2), &yes)]);
    let dropped = notes_when(&site, "consumer.dropped", 2).await;
    assert!(dropped.iter().all(|event| event["actor"]["type"] == "key"), "{dropped:?}");
}

/// A replay, once it has ended.
async fn ended(site: &Site, begun: Value) -> Value {
    if begun["state"] != "running" {
        return begun;
    }
    consumer_when(site, "calls", |calls| calls["replay"]["state"] != "running").await["replay"].clone()
}
