//! Events in Protocol Buffers: sent and read, also by code that protoc generated.

use std::path::{Path, PathBuf};

use daybook_catalog::Catalogs;
use daybook_catalog::migrate::Upcasting;
use daybook_catalog::protobuf::Codec;
use daybook_event::{Event, EventId, Timestamp};
use serde_json::json;

use crate::site::{Site, order};

const MEDIA_TYPE: &str = "application/x-protobuf";

/// The codec of the shop.
fn codec(site: &Site) -> Codec {
    let loaded = Catalogs::load(&[site.directory.path().join("catalogs")], false);
    Codec::of(loaded.catalogs.app("shop").unwrap())
}

fn cancelled(id: u8, data: &'static str) -> Event<'static> {
    Event {
        id: EventId::from_bytes([id; 16]),
        received: Timestamp::from_microseconds(0),
        category: "business".into(),
        data: data.into(),
        ..Event::new("shop", "order.cancelled", Timestamp::parse("2026-01-14T15:00:00Z").unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_sent_and_read() {
    let site = Site::new().await;
    let codec = codec(&site);
    let mut batch = Vec::new();
    for id in [1, 2] {
        codec.write_to_batch(&cancelled(id, r#"{"reason":"late"}"#), &Upcasting::Current, &mut batch);
    }
    // One that cannot be read: its type is a number.
    batch.extend([0x0a, 0x02, 0x10, 0x01]);
    let send = |content_type: &'static str, body: Vec<u8>| {
        let call = site.post("/v1/shop/events").header("content-type", content_type).body(body);
        async move { call.send().await }
    };
    let receipts = send(MEDIA_TYPE, batch.clone()).await.ok();
    assert_eq!((receipts["stored"].as_u64(), receipts["quarantined"].as_u64()), (Some(2), Some(1)), "{receipts}");
    assert_eq!(receipts["receipts"][2]["errors"][0]["code"], "protobuf.wire-type");
    let entries = site.get("/v1/shop/quarantine").send().await.ok();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 1, "{entries}");
    let mut one = Vec::new();
    codec.write(&cancelled(3, "{}"), &Upcasting::Current, &mut one);
    let single = "application/x-protobuf; messageType=\"daybook.shop.v1.Event\"";
    assert_eq!(send(single, one.clone()).await.ok()["stored"], 1);
    assert_eq!(send(single, one.clone()).await.ok()["duplicate"], 1);
    send(MEDIA_TYPE, one).await.is_problem(400, "body.protobuf");
    send(MEDIA_TYPE, b"{\"kind\":\"order.cancelled\"}".to_vec()).await.is_problem(400, "body.protobuf");
    send(MEDIA_TYPE, Vec::new()).await.is_problem(400, "body.empty");
    send("application/x-protobuf; messageType=Shop", batch).await.is_problem(415, "body.media-type");

    let page = site.get("/v1/shop/events?limit=2").header("accept", MEDIA_TYPE).send().await;
    assert_eq!(page.header("content-type"), Some("application/x-protobuf; messageType=\"daybook.shop.v1.EventBatch\""));
    let events = codec.split(&page.body).unwrap();
    assert_eq!(events.len(), 2);
    let json = |bytes: &[u8]| {
        let mut out = Vec::new();
        codec.read(bytes, &mut out).unwrap();
        serde_json::from_slice::<serde_json::Value>(&out).unwrap()
    };
    assert_eq!(json(events[0])["data"], json!({"reason": "late"}));
    assert_eq!(json(events[1])["name"], "order.cancelled");
    // The page can be sent again. What was sent without an environment now has one, and is the same event all the same.
    let again = send(MEDIA_TYPE, page.body.to_vec()).await.ok();
    assert_eq!(again["duplicate"], 2, "{again}");
    let id = receipts["receipts"][0]["id"].as_str().unwrap();
    let event = site.get(&format!("/v1/shop/events/{id}?format=protobuf")).send().await;
    assert_eq!(event.body, events[0]);
    for query in ["format=protobuf&dialect=app", "format=proto"] {
        assert_eq!(site.get(&format!("/v1/shop/events?{query}")).send().await.status, 400, "{query}");
    }
    // Who may not see people sees none here either.
    let mut named = order("named", 5);
    named["customer"] = json!(17);
    named["payload"]["email"] = json!("ann@example.org");
    site.send(&named).await;
    let key = site.key(&json!({"scopes": ["read"], "apps": ["shop"]})).await;
    let find = |page: &[u8], text: &[u8]| page.windows(text.len()).any(|window| window == text);
    let call = |key: &str| site.call(http::Method::GET, "/v1/shop/events?format=protobuf").key(key);
    assert!(find(&call(&site.admin).send().await.body, b"ann@example.org"));
    assert!(!find(&call(&key).send().await.body, b"ann@example.org"));
}

/// The Python that `make test` makes, with the packages of benches/requirements.txt.
pub fn python() -> PathBuf {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python");
    let python = std::env::var_os("DAYBOOK_PYTHON").map_or(made, PathBuf::from);
    assert!(python.exists(), "{} is not there; `make test` makes it", python.display());
    python
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_that_protoc_generated_understands_it() {
    let site = Site::new().await;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = tokio::process::Command::new(python())
        .arg(here.join("tests/http/protobuf.py"))
        .arg(here.join("../../docs/emitted"))
        .arg(format!("http://{}", site.handle.address()))
        .arg(&site.admin)
        .args(["noema", "tachikoma", "tamma", "unofficial-communities"])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts: Vec<u64> = told.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).collect();
    assert!(counts.len() == 4 && counts.iter().all(|count| *count >= 10), "{told}");
}
