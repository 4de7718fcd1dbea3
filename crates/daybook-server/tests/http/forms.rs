//! The forms in which events come and go.

use std::io::Write;

use http::Method;
use serde_json::{Value, json};

use crate::site::{Site, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_media_type_is_read() {
    let site = Site::new().await;
    let send = |content_type: &'static str, body: String| {
        let call = site.post("/v1/shop/events").header("content-type", content_type).body(body);
        async move { call.send().await.ok() }
    };
    let one = |id: &str| order(id, 1).to_string();
    assert_eq!(send("application/json", one("1")).await["stored"], 1);
    assert_eq!(send("application/json; charset=utf-8", format!("[{},{}]", one("2"), one("3"))).await["stored"], 2);
    assert_eq!(send("text/plain;charset=UTF-8", format!("{{\"events\":[{}]}}", one("4"))).await["stored"], 1);
    let lines = send("application/x-ndjson", format!("{}\n\n{}\n{{broken\n", one("5"), one("6"))).await;
    assert_eq!((lines["stored"].as_u64(), lines["quarantined"].as_u64()), (Some(2), Some(1)), "{lines}");

    let cloud_event = |id: &str| {
        json!({
            "specversion": "1.0", "id": id, "source": "/tills/7", "type": "order.placed",
            "time": "2026-01-14T15:00:00Z", "data": {"total": 2}
        })
    };
    assert_eq!(send("application/cloudevents+json", cloud_event("c-1").to_string()).await["stored"], 1);
    let batch = json!([cloud_event("c-1"), cloud_event("c-2")]);
    let answer = send("application/cloudevents-batch+json", batch.to_string()).await;
    assert_eq!((answer["duplicate"].as_u64(), answer["stored"].as_u64()), (Some(1), Some(1)), "{answer}");
    let answer = site
        .post("/v1/shop/events")
        .header("ce-specversion", "1.0")
        .header("ce-id", "c-3")
        .header("ce-source", "/tills/caf%C3%A9")
        .header("ce-type", "order.placed")
        .header("content-type", "application/json")
        .body("{\"total\": 3}")
        .send()
        .await
        .ok();
    assert_eq!(answer["stored"], 1, "{answer}");
    let id = answer["receipts"][0]["id"].as_str().unwrap();
    let event = site.get(&format!("/v1/shop/events/{id}")).send().await.ok();
    assert_eq!(event["metadata"]["source"], "/tills/café", "{event}");
    assert_eq!(event["data"], json!({"total": 3}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_encoding_is_read_and_bombs_are_not() {
    let site = Site::with(|config| config.limits.body_inflated_bytes = 20 << 20).await;
    let body = |id: &str| json!([order(id, 1), order(&format!("{id}b"), 2)]).to_string().into_bytes();
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let deflate = |bytes: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let send = |encoding: &'static str, bytes: Vec<u8>| {
        site.post("/v1/shop/events").header("content-encoding", encoding).body(bytes).send()
    };
    assert_eq!(send("identity", body("i")).await.ok()["stored"], 2);
    assert_eq!(send("gzip", gzip(&body("g"))).await.ok()["stored"], 2);
    assert_eq!(send("deflate", deflate(&body("d"))).await.ok()["stored"], 2);
    assert_eq!(send("zstd", zstd::encode_all(&*body("z"), 3).unwrap()).await.ok()["stored"], 2);
    send("br", body("b")).await.is_problem(415, "body.encoding-unknown");
    send("gzip, gzip", body("b")).await.is_problem(415, "body.encoding-unknown");
    send("gzip", body("b")).await.is_problem(400, "body.encoding-damaged");
    let bomb = vec![b' '; 30 << 20];
    send("gzip", gzip(&bomb)).await.is_problem(413, "body.inflated-too-large");
    send("zstd", zstd::encode_all(&*bomb, 3).unwrap()).await.is_problem(413, "body.inflated-too-large");
    // A large body takes the other way, with the same end.
    let many: Vec<Value> = (0..8_000).map(|number| order(&format!("many-{number}"), number)).collect();
    let many = Value::Array(many).to_string().into_bytes();
    assert!(many.len() > daybook_server::limits::INLINE_BODY_BYTES_MAX);
    assert_eq!(send("gzip", gzip(&many)).await.ok()["stored"], 8_000);
    assert_eq!(send("identity", many).await.ok()["duplicate"], 8_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_go_out_in_every_form() {
    let site = Site::new().await;
    let sent = json!({
        "eventId": "507f1f77bcf86cd799439011", "kind": "order.placed", "at": "2026-01-14T15:00:00.000Z", "customer": 42,
        "visit": "v-1", "branch": "north", "payload": {"total": 9.5, "channel": "web"}
    });
    site.send(&sent).await;
    let event = site.get("/v1/shop/events/507f1f77bcf86cd799439011").send().await.ok();
    serde_json::from_value::<daybook_server::openapi::EventBody>(event.clone()).unwrap();
    for (field, value) in [
        ("name", json!("order.placed")),
        ("identity", json!("42")),
        ("session", json!("v-1")),
        ("group", json!("north")),
        ("category", json!("business")),
        ("environment", json!("production")),
        ("tags", json!({"channel": "web"})),
        ("data", json!({"total": 9.5, "channel": "web"})),
    ] {
        assert_eq!(event[field], value, "{event}");
    }
    let id = event["id"].as_str().unwrap();
    assert_eq!(site.get(&format!("/v1/shop/events/{id}")).send().await.ok(), event);
    let own = site.get(&format!("/v1/shop/events/{id}?dialect=app")).send().await.ok();
    for (field, value) in sent.as_object().unwrap() {
        assert_eq!(own[field], *value, "{own}");
    }
    let cloud_event =
        site.get(&format!("/v1/shop/events/{id}")).header("accept", "application/cloudevents+json").send().await;
    assert_eq!(cloud_event.header("content-type"), Some("application/cloudevents+json"));
    let cloud_event = cloud_event.ok();
    assert_eq!(cloud_event["specversion"], "1.0");
    assert_eq!(cloud_event["id"], "507f1f77bcf86cd799439011");
    assert_eq!(cloud_event["type"], "order.placed");

    let feed = |path: &str, accept: &'static str| site.get(path).header("accept", accept).send();
    let page = feed("/v1/shop/events", "application/json").await.ok();
    serde_json::from_value::<daybook_server::openapi::FeedBody>(page.clone()).unwrap();
    assert_eq!(page["events"][0], event);
    let lines = feed("/v1/shop/events", "application/x-ndjson").await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let next = |answer: &crate::client::Answer| answer.header("daybook-next").unwrap().parse::<u64>().unwrap();
    // That names were seen is an event of Daybook's own, between the two.
    assert_eq!(next(&lines), page["next"].as_u64().unwrap() + 1);
    assert_eq!(lines.json(), event);
    let batch = feed("/v1/shop/events", "application/cloudevents-batch+json").await.ok();
    assert_eq!(batch, json!([cloud_event]));
    assert_eq!(feed("/v1/shop/events?format=cloudevents", "*/*").await.ok(), batch);
    assert_eq!(feed("/v1/shop/events?dialect=app", "*/*").await.ok()["events"][0]["customer"], 42);
    feed("/v1/shop/events", "text/html").await.is_problem(406, "http.not-acceptable");
    feed("/v1/shop/events?format=xml", "*/*").await.is_problem(400, "query.format");
    feed("/v1/shop/events?dialect=latin", "*/*").await.is_problem(400, "query.dialect");
    // A HEAD is a GET without a body.
    let head = site.call(Method::HEAD, "/v1/shop/events").key(&site.admin).send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
}
