//! What was read from Daybook, sent to it again: the same event, though it says more than its sender did.

use serde_json::{Value, json};

use crate::site::{Site, order};

const MEDIA_TYPE: &str = "application/x-protobuf";

/// Events of the shop with as little as there has to be, and with as much as there can be; and one that is too large for a record.
fn events() -> Value {
    let mut named = order("named", 5);
    named["customer"] = json!(17);
    named["visit"] = json!("v-1");
    named["weight"] = json!("high");
    named["payload"]["email"] = json!("ann@example.org");
    named["payload"]["channel"] = json!("web");
    named["payload"]["address"] = json!({"street": "Elm Street 1", "town": "Springwood"});
    let mut large = order("large", 1);
    large["payload"]["note"] = json!("so it goes ".repeat(10_000));
    json!([order("plain", 7), named, large, {"kind": "order.cancelled", "payload": {}}])
}

/// Everything in the feed, for who asks with a key.
async fn feed(site: &Site, key: &str, query: &str) -> bytes::Bytes {
    let path = format!("/v1/shop/events?limit=100{query}");
    site.call(http::Method::GET, &path).key(key).send().await.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_sent_again_is_known() {
    let site = Site::new().await;
    assert_eq!(site.send(&events()).await["stored"], 4);
    let stranger = site.key(&json!({"scopes": ["read"], "apps": ["shop"]})).await;
    for key in [&site.admin, &stranger] {
        for query in ["", "&dialect=app"] {
            let page: Value = serde_json::from_slice(&feed(&site, key, query).await).unwrap();
            let receipts = site.send(&page["events"]).await;
            assert_eq!(receipts["duplicate"], 4, "{query}: {receipts}");
        }
        let page = feed(&site, key, "&format=protobuf").await;
        let call = site.post("/v1/shop/events").header("content-type", MEDIA_TYPE).body(page.to_vec());
        let receipts = call.send().await.ok();
        assert_eq!(receipts["duplicate"], 4, "{receipts}");
    }
    assert_eq!(site.get("/v1/shop/quarantine").send().await.ok()["entries"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_changed_is_not() {
    let site = Site::new().await;
    assert_eq!(site.send(&events()).await["stored"], 4);
    let page: Value = serde_json::from_slice(&feed(&site, &site.admin, "").await).unwrap();
    let named = page["events"].as_array().unwrap().iter().find(|event| event["identity"] == "17").unwrap();
    let changes: [fn(&mut Value); 5] = [
        |event| event["data"]["total"] = json!(6),
        |event| event["identity"] = json!("18"),
        |event| event["environment"] = json!("elsewhere"),
        |event| drop(event["data"].as_object_mut().unwrap().remove("email")),
        |event| event["tags"]["more"] = json!("x"),
    ];
    for change in changes {
        let mut changed = named.clone();
        change(&mut changed);
        let receipts = site.send(&changed).await;
        assert_eq!(receipts["receipts"][0]["errors"][0]["code"], "event.id-conflict", "{changed}: {receipts}");
    }
}
