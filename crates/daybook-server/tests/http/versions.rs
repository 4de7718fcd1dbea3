//! Versions of event types: told by the registry, and older events given in the current one.

use std::path::Path;

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::site::{PATIENCE, Site, write_catalog};

const FIRST: &str = r#"
events:
  - name: parcel.sent
    description: A parcel left the house.
    category: business
    deprecated: {since: 1.0.0, use: order.placed}
    pii: {to: identifier}
    data: {type: object, properties: {weight: {type: string}, to: {type: string}}}
    examples: [{weight: "1"}]
"#;
const SECOND: &str = r#"
  - name: parcel.sent
    version: 2.0.0
    description: A parcel left the house.
    category: business
    pii: {recipient: identifier}
    data: {type: object, properties: {weight: {type: number}, recipient: {type: string}, express: {type: boolean}}}
    examples: [{weight: 1}]
    migrations: [{from: 1.0.0, steps: [{rename: {to: recipient}}, {convert: {weight: number}}, {set: {express: false}}]}]
"#;

fn write(directory: &Path, events: &str) {
    std::fs::write(directory.join("catalogs/shop/events/parcels.yaml"), events).unwrap();
}

/// A shop with three parcels of the first version in its log, which now has a second one.
async fn grown() -> Site {
    let directory = tempfile::tempdir().unwrap();
    write_catalog(directory.path());
    write(directory.path(), FIRST);
    let site = Site::start_on(Backend::Sqlite, directory, |_| {}).await;
    let parcel = |id: &str, payload: Value| json!({"eventId": id, "kind": "parcel.sent", "payload": payload});
    let parcels = json!([
        parcel("light", json!({"weight": "2.5", "to": "ann@example.org"})),
        parcel("odd", json!({"weight": "heavy", "to": "ann@example.org"})),
        {"eventId": "empty", "kind": "parcel.sent"},
    ]);
    assert_eq!(site.send(&parcels).await["stored"], 3);
    write(site.directory.path(), &format!("{FIRST}{SECOND}"));
    let site = site.restart(|_| {}).await;
    let now = json!({"eventId": "new", "kind": "parcel.sent", "payload": {"weight": 3}});
    assert_eq!(site.send(&now).await["stored"], 1);
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_events_are_given_in_the_current_version() {
    let site = grown().await;
    let get = |query: &str| site.get(&format!("/v1/shop/{query}")).send();
    let events = |page: &Value| page["events"].as_array().unwrap().clone();

    let as_sent = get("events").await.ok();
    assert!(events(&as_sent)[..3].iter().all(|event| event["version"] == "1.0.0" && event.get("upcast").is_none()));
    let upcast = events(&get("events?upcast=true").await.ok());
    assert_eq!(upcast[0]["version"], "2.0.0");
    assert_eq!(upcast[0]["data"], json!({"weight": 2.5, "recipient": "ann@example.org", "express": false}));
    assert_eq!(upcast[0]["upcast"], json!({"from": "1.0.0"}));
    assert_eq!(upcast[1]["version"], "1.0.0", "what cannot be upcast is as it was");
    assert_eq!(upcast[1]["data"]["weight"], "heavy");
    assert_eq!(upcast[1]["upcast"]["code"], "upcast.step");
    assert!(!upcast[1]["upcast"]["message"].as_str().unwrap().contains("heavy"));
    assert_eq!((&upcast[2]["version"], &upcast[2]["data"]), (&json!("2.0.0"), &json!({"express": false})));
    assert_eq!((&upcast[3]["version"], upcast[3].get("upcast")), (&json!("2.0.0"), None));
    for event in upcast {
        serde_json::from_value::<daybook_server::openapi::EventBody>(event).unwrap();
    }

    // In the other forms, and by its id.
    let own = events(&get("events?upcast=true&dialect=app").await.ok());
    assert_eq!((&own[0]["schema"], &own[0]["payload"]["weight"]), (&json!("2.0.0"), &json!(2.5)));
    assert_eq!((&own[0]["upcast"]["from"], &own[1]["upcast"]["code"]), (&json!("1.0.0"), &json!("upcast.step")));
    let cloud = get("events?upcast=true&format=cloudevents").await.ok();
    assert_eq!((&cloud[0]["eventversion"], &cloud[0]["upcastfrom"]), (&json!("2.0.0"), &json!("1.0.0")));
    assert_eq!((&cloud[1]["eventversion"], &cloud[1]["upcasterror"]), (&json!("1.0.0"), &json!("upcast.step")));
    let one = get("events/light?upcast=true").await.ok();
    assert_eq!((&one["version"], &one["upcast"]["from"]), (&json!("2.0.0"), &json!("1.0.0")));
    assert_eq!(get("events/light").await.ok()["version"], "1.0.0");
    assert_eq!(get("events?upcast=maybe").await.status, 400);

    // What it gives out it takes again.
    let mut again = one;
    again["id"] = json!("another");
    again.as_object_mut().unwrap().remove("original_id");
    let receipt = &site.send(&again).await["receipts"][0];
    assert_eq!((&receipt["status"], receipt.get("warnings")), (&json!("stored"), None), "{receipt}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upcasting_shows_nobody() {
    let site = grown().await;
    let key = site.key(&json!({"scopes": ["read"], "apps": ["shop"]})).await;
    let get = |path: &str| site.call(Method::GET, path).key(&key).send();
    let page = get("/v1/shop/events?upcast=true").await.ok();
    assert_eq!(page["events"][0]["data"], json!({"weight": 2.5, "express": false}));
    assert!(!page.to_string().contains("ann@example.org"));

    let response = site.call(Method::GET, "/v1/shop/live?after=0&upcast=true").key(&key).open().await;
    let mut body = response.into_body();
    let mut text = String::new();
    while text.matches("data: ").count() < 3 {
        let frame = tokio::time::timeout(PATIENCE, body.frame()).await.unwrap();
        text.push_str(std::str::from_utf8(&frame.unwrap().unwrap().into_data().unwrap()).unwrap());
    }
    assert!(text.contains(r#""upcast":{"from":"1.0.0"}"#) && !text.contains("ann@example.org"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_has_every_version() {
    let site = grown().await;
    let get = |path: &str| site.get(&format!("/v1/shop/catalog{path}"));
    let current = get("/parcel.sent").send().await.ok();
    assert_eq!((&current["version"], &current["versions"]), (&json!("2.0.0"), &json!(["1.0.0", "2.0.0"])));
    assert_eq!(current.get("deprecated"), None);
    assert_eq!(current["migrations"][0]["from"], "1.0.0");
    assert_eq!(current["migrations"][0]["steps"][0], json!({"rename": {"to": "recipient"}}));
    let first = get("/parcel.sent/1.0.0").send().await.ok();
    assert_eq!(first["deprecated"], json!({"since": "1.0.0", "use": "order.placed"}));
    assert_eq!(first["data"]["properties"]["weight"]["type"], "string");
    assert_eq!(get("/parcel.sent/2.0.0").send().await.ok(), current);
    get("/parcel.sent/1.5.0").send().await.is_problem(404, "catalog.unknown");

    for path in ["", "/parcel.sent", "/parcel.sent/1.0.0"] {
        let answer = get(path).send().await;
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        let tag = answer.header("etag").unwrap().to_owned();
        let known = get(path).header("if-none-match", format!("\"other\", W/{tag}")).send().await;
        assert_eq!((known.status.as_u16(), known.body.len(), known.header("etag")), (304, 0, Some(tag.as_str())));
        assert_eq!(get(path).header("if-none-match", "\"other\"").send().await.status, 200);
    }
}
