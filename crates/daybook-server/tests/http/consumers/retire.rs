//! Consumers that are in no catalog any more: whoever is erased may still be named where they delivered to.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{CONSUMERS, PATIENCE, consumer_when, notes_when, write_consumers};
use crate::backend::{Backend, on_every_backend};
use crate::site::Site;

on_every_backend!(who_was_named_by_a_consumer_that_is_gone_is_not_called_erased);

/// Orders of two customers.
fn orders() -> Value {
    let of = |customer: u32| json!({"eventId": format!("n-{customer}"), "kind": "order.placed", "customer": customer, "payload": {"total": 1}});
    json!([of(4242), of(4343)])
}

/// What an erasure has come to, once it is as wanted.
async fn erasure_when(site: &Site, id: &str, state: &str) -> Value {
    let begun = Instant::now();
    loop {
        let erasure = site.get(&format!("/v1/shop/erasures/{id}")).send().await.ok();
        if erasure["state"] == state {
            return erasure;
        }
        assert!(begun.elapsed() < PATIENCE, "{erasure}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn who_was_named_by_a_consumer_that_is_gone_is_not_called_erased(backend: Backend) {
    let receiver = Receiver::start();
    let naming = CONSUMERS.replace("handler: webhook,", "handler: webhook, options: {identity: true},");
    let site = Site::with_state_on(backend, |config| {
        write_consumers(config, &naming);
        config.consumers.insert("shop/calls".into(), receiver.settings());
    })
    .await;
    assert_eq!(site.send(&orders()).await["stored"], 2);
    consumer_when(&site, "calls", |calls| calls["delivered"] == 2).await;
    let retire = |site: &Site, consumer: &str, key: &str| {
        site.call(Method::POST, &format!("/v1/consumers/{consumer}/retire")).key(key)
    };
    // It is there, and takes care itself.
    retire(&site, "shop/calls", &site.admin).send().await.is_problem(409, "consumer.present");

    // Renamed, it is another.
    let site = site.restart(|config| write_consumers(config, &naming.replace("calls:", "shouts:"))).await;
    let removed = site.get("/v1/consumers/shop/calls").send().await.ok();
    assert_eq!((&removed["state"], &removed["code"]), (&json!("removed"), &json!("consumer.removed")), "{removed}");
    assert_eq!(removed["handler"], "webhook");
    let listed = site.get("/v1/consumers?app=shop").send().await.ok();
    let names: Vec<&str> =
        listed["consumers"].as_array().unwrap().iter().filter_map(|one| one["consumer"].as_str()).collect();
    assert_eq!(names, ["archive", "calls", "counters", "lake", "shouts", "table"]);
    assert_eq!(site.call(Method::GET, "/healthz").send().await.ok()["consumers"]["removed"], 1);

    let asked = site.call(Method::DELETE, "/v1/shop/subjects/4242").key(&site.admin).send().await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    let id = asked.json()["request"].as_str().unwrap().to_owned();
    let erasure = erasure_when(&site, &id, "incomplete").await;
    let views = erasure["report"]["views"].as_array().unwrap();
    let waiting: Vec<&Value> =
        views.iter().filter(|view| view["confirmed"] == false).map(|view| &view["name"]).collect();
    assert_eq!(waiting, ["consumer.shop.calls"]);

    let read = site.key(&json!({"scopes": ["read"]})).await;
    let other = site.key(&json!({"scopes": ["admin"], "apps": ["daybook"]})).await;
    retire(&site, "shop/calls", &read).send().await.is_problem(403, "key.scope");
    retire(&site, "shop/calls", &other).send().await.is_problem(403, "key.app");
    retire(&site, "shop/shouts", &site.admin).send().await.is_problem(409, "consumer.present");
    retire(&site, "shop/nobody", &site.admin).send().await.is_problem(404, "consumer.unknown");
    assert_eq!(retire(&site, "shop/calls", &site.admin).send().await.ok()["consumer"], "calls");
    retire(&site, "shop/calls", &site.admin).send().await.is_problem(404, "consumer.unknown");
    site.get("/v1/consumers/shop/calls").send().await.is_problem(404, "consumer.unknown");
    erasure_when(&site, &id, "complete").await;
    let retired = notes_when(&site, "consumer.retired", 1).await;
    assert_eq!(retired[0]["actor"]["type"], "key");
    let data = &retired[0]["data"];
    assert_eq!(
        (&data["app"], &data["consumer"], &data["handler"]),
        (&json!("shop"), &json!("calls"), &json!("webhook"))
    );

    // It stays so.
    let site = site.restart(|config| write_consumers(config, &naming.replace("calls:", "shouts:"))).await;
    let report = site.erase("/v1/shop/subjects/4343").await;
    assert_eq!(report["report"]["state"], "complete", "{report}");
}

/// Counters keep nothing of anybody, and other apps' people were never where a consumer delivers to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_missed_keeps_nobody_from_being_erased() {
    let receiver = Receiver::start();
    let naming = CONSUMERS.replace("handler: webhook,", "handler: webhook, options: {identity: true},");
    let site = Site::with(|config| {
        write_consumers(config, &naming);
        config.consumers.insert("shop/calls".into(), receiver.settings());
    })
    .await;
    assert_eq!(site.send(&orders()).await["stored"], 2);
    for name in ["calls", "archive", "counters"] {
        consumer_when(&site, name, |consumer| consumer["delivered"].as_u64() >= Some(2)).await;
    }
    let site = site
        .restart(|config| {
            write_consumers(config, &naming);
            config.consumers.insert("shop/calls".into(), receiver.settings());
            config.consumers.insert("shop/archive".into(), json!({"enabled": false}).into());
            config.consumers.insert("shop/counters".into(), json!({"enabled": false}).into());
        })
        .await;
    let report = site.erase("/v1/shop/subjects/4242").await;
    assert_eq!(report["report"]["state"], "complete", "{report}");

    // One that named people is.
    let site = site
        .restart(|config| {
            write_consumers(config, &naming);
            config.consumers.insert("shop/calls".into(), json!({"enabled": false}).into());
        })
        .await;
    let asked = site.call(Method::DELETE, "/v1/shop/subjects/4343").key(&site.admin).send().await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
}
