//! Quarantined events: listed, repaired, retried, deleted.

use http::Method;
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::site::{Site, order};

on_every_backend!(
    an_event_is_repaired_and_retried,
    a_repair_may_come_with_the_retry_and_many_are_retried_at_once,
    a_full_quarantine_refuses_what_it_would_lose,
);

async fn an_event_is_repaired_and_retried(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let sent = json!({"eventId": "q-1", "kind": "order.placed", "payload": {"note": "token sk_live_abcdefghijklmnopqrstuvwx"}});
    assert_eq!(site.send(&sent).await["quarantined"], 1);
    assert_eq!(site.send(&sent).await["quarantined"], 1);
    let listed = site.get("/v1/shop/quarantine").send().await.ok();
    let entry = &listed["entries"][0];
    assert_eq!(listed["entries"].as_array().unwrap().len(), 1, "the same event is the same entry");
    assert_eq!((entry["seen"].clone(), entry["state"].clone()), (json!(2), json!("open")));
    assert_eq!(entry["name"], "order.placed");
    assert_eq!(entry["errors"][0]["code"], "data.required");
    assert!(!listed.to_string().contains("sk_live_abc"), "{listed}");
    let path = format!("/v1/shop/quarantine/{}", entry["id"]);
    assert_eq!(site.get(&path).send().await.ok(), *entry);

    let retry = || site.post(&format!("{path}/retry"));
    let answer = retry().send().await.ok();
    assert_eq!(answer["quarantined"], 1, "nothing changed");
    assert_eq!(site.get(&path).send().await.ok()["attempts"], 1);

    let put = |event: &Value| site.call(Method::PUT, &path).key(&site.admin).json(event).send();
    put(&json!([])).await.is_problem(400, "body.not-an-event");
    let still = put(&json!({"eventId": "q-1", "kind": "order.placed", "payload": {"total": -1}})).await.ok();
    assert_eq!(still["errors"].as_array().unwrap().len(), 1, "{still}");
    let good = put(&json!({"eventId": "q-1", "kind": "order.placed", "payload": {"total": 1, "password": "hunter2"}}));
    let good = good.await.ok();
    assert_eq!(good["errors"], json!([]));
    assert!(!good.to_string().contains("hunter2"));

    let answer = retry().send().await.ok();
    assert_eq!(answer["stored"], 1);
    let entry = site.get(&path).send().await.ok();
    assert_eq!(
        (entry["state"].clone(), entry["position"].clone()),
        (json!("stored"), answer["receipts"][0]["position"].clone())
    );
    assert_eq!(site.get("/v1/shop/events/q-1").send().await.ok()["data"]["total"], 1);
    retry().send().await.is_problem(409, "quarantine.entry-resolved");
    put(&order("q-1", 2)).await.is_problem(409, "quarantine.entry-resolved");
    assert_eq!(site.get("/v1/shop/quarantine").send().await.ok()["entries"], json!([]));
    assert_eq!(site.get("/v1/shop/quarantine?state=resolved").send().await.ok()["entries"], json!([entry]));

    let delete = || site.call(Method::DELETE, &path).key(&site.admin).send();
    assert_eq!(delete().await.status, 204);
    delete().await.is_problem(404, "quarantine.unknown");
    let own = site.get("/v1/daybook/events?name=quarantine.retried").send().await.ok();
    assert_eq!(own["events"].as_array().unwrap().len(), 2);
}

async fn a_repair_may_come_with_the_retry_and_many_are_retried_at_once(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let bad = |id: usize| json!({"eventId": format!("m-{id}"), "kind": "order.placed", "payload": {}});
    let unknown = json!({"eventId": "u-1", "kind": "order.unknown", "payload": {}});
    let without_id = json!({"kind": "order.unknown", "payload": {}});
    let mut events: Vec<Value> = (0..5).map(bad).collect();
    events.extend([unknown, without_id, json!("no event")]);
    assert_eq!(site.send(&Value::Array(events)).await["quarantined"], 8);
    let answer = site.post("/v1/shop/quarantine/1/retry").json(&order("m-0", 1)).send().await.ok();
    assert_eq!(answer["stored"], 1);
    let retried = site.post("/v1/shop/quarantine/retry?limit=3").send().await.ok();
    assert_eq!((retried["tried"].clone(), retried["still_quarantined"].clone()), (json!(3), json!(3)));
    let next = retried["next"].as_i64().unwrap();
    let rest = site.post(&format!("/v1/shop/quarantine/retry?after={next}")).send().await.ok();
    assert_eq!((rest["tried"].clone(), rest["next"].clone()), (json!(4), json!(null)), "{rest}");

    // The catalog learns the type, the server starts again, and what waited goes in.
    let directory = site.directory.path().to_owned();
    let more = "events:\n  - {name: order.unknown, category: business, data: {type: object, properties: {}}, examples: [{}]}\n";
    std::fs::write(directory.join("catalogs/shop/events/more.yaml"), more).unwrap();
    let site = site.restart(|_| {}).await;
    let retried = site.post("/v1/shop/quarantine/retry?code=event.unknown-type").send().await.ok();
    assert_eq!((retried["tried"].clone(), retried["resolved"].clone()), (json!(2), json!(2)), "{retried}");
    assert_eq!(site.get("/v1/shop/events?name=order.unknown").send().await.ok()["events"].as_array().unwrap().len(), 2);
    site.post("/v1/shop/quarantine/8/retry").send().await.is_problem(400, "body.not-events");
    site.post("/v1/shop/quarantine/8/retry").json(&order("mended", 1)).send().await.ok();
    for query in ["state=lost", "code=A%25", "limit=501", "after=-1"] {
        assert_eq!(site.get(&format!("/v1/shop/quarantine?{query}")).send().await.status, 400, "{query}");
    }
}

async fn a_full_quarantine_refuses_what_it_would_lose(backend: Backend) {
    let site = Site::with_state_on(backend, |config| config.quarantine.bytes_per_app = 2_000).await;
    let bad = |id: &str| json!({"eventId": id, "kind": "order.placed", "payload": {"note": "x".repeat(1_000)}});
    assert_eq!(site.send(&bad("1")).await["quarantined"], 1);
    site.post("/v1/shop/events").json(&bad("2")).send().await.is_problem(503, "quarantine.full");
    // Good events go on.
    assert_eq!(site.send(&order("3", 1)).await["stored"], 1);
}
