//! Who people are, asked in SQL: for keys that may know it, and written down before it is told.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::Site;
use crate::sql::rows_until;

/// An order in the shop's own form.
fn order(id: &str, customer: u64, visit: &str) -> Value {
    json!({
        "eventId": id, "kind": "order.placed", "customer": customer, "visit": visit, "branch": "a",
        "payload": {"total": 1.5, "channel": "web"}
    })
}

async fn ask(site: &Site, key: &str, query: &str) -> Answer {
    site.call(Method::POST, "/v1/shop/sql").key(key).json(&json!({"query": query})).send().await
}

/// The looks at personal data that were written down.
async fn looks(site: &Site, reader: &str) -> Vec<Value> {
    let path = "/v1/daybook/events?name=privacy.data.accessed";
    let page = site.call(Method::GET, path).key(reader).send().await.ok();
    page["events"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect()
}

/// The files of rows of all lakes, with what is in them.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut pending) = (Vec::new(), vec![directory.join("lake/shop")]);
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                found.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_a_column_until_they_are_erased() {
    let site = Site::new().await;
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let seer = site.key(&json!({"scopes": ["read", "privacy"]})).await;
    let of_nobody = json!({"eventId": "n-4", "kind": "order.cancelled", "payload": {}});
    site.send(&json!([
        order("n-1", 471108154200, "v-1"),
        order("n-2", 471108154200, "v-2"),
        order("n-3", 815, "v-1"),
        of_nobody
    ]))
    .await;
    let count =
        "SELECT count(*) AS n, count(DISTINCT person) AS people, count(DISTINCT session) AS sessions FROM events";
    rows_until(&site, count, |rows| *rows == json!([{"n": 4, "people": 2, "sessions": 3}])).await;
    assert!(looks(&site, &reader).await.is_empty(), "nobody was asked for");

    let who = "SELECT position, identity FROM events WHERE name = 'order.placed' ORDER BY position";
    let seen = ask(&site, &seer, who).await.ok();
    let names: Vec<&Value> = seen["rows"].as_array().unwrap().iter().map(|row| &row["identity"]).collect();
    assert_eq!(names, [&json!("471108154200"), &json!("471108154200"), &json!("815")]);
    assert_eq!(seen["columns"][1], json!({"name": "identity", "type": "text"}));
    // Once for a query, with its digest and without its text.
    let noted = looks(&site, &reader).await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(
        (&noted[0]["app"], &noted[0]["kind"], &noted[0]["key"]),
        (&json!("shop"), &json!("query"), &json!("test"))
    );
    assert!(noted[0]["query_digest"].as_str().unwrap().starts_with("sha256:"), "{noted:?}");
    let of_one = "SELECT count(*) AS n FROM events WHERE identity = '471108154200' OR identity IN ('815', '1')";
    assert_eq!(ask(&site, &seer, of_one).await.ok()["rows"], json!([{"n": 3}]));
    assert_eq!(looks(&site, &reader).await.len(), 2);
    // What is sealed in events, and not those of another app.
    let sealed = "SELECT position, opened(position)->>'session' AS session FROM events WHERE identity = '815'";
    let of_him = ask(&site, &seer, sealed).await.ok();
    assert_eq!(of_him["rows"], json!([{"position": seen["rows"][2]["position"], "session": "v-1"}]));
    let elsewhere = "SELECT opened(value) AS event FROM range(1, 200)";
    let elsewhere = ask(&site, &seer, elsewhere).await.ok();
    let apps: Vec<Value> = elsewhere["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| serde_json::from_str::<Value>(row["event"].as_str()?).ok().map(|event| event["app"].clone()))
        .collect();
    assert!(!apps.is_empty() && apps.iter().all(|app| app == "shop"), "{apps:?}");
    let noted = looks(&site, &reader).await.len();
    // What is counted without names is not a look.
    ask(&site, &seer, count).await.ok();
    assert_eq!(looks(&site, &reader).await.len(), noted);

    let problem = ask(&site, &reader, who).await.is_problem(400, "sql.unknown-column");
    assert!(problem["hint"].as_str().unwrap().contains("`privacy`"), "{problem}");
    let all = ask(&site, &reader, "SELECT * FROM events").await;
    let text = String::from_utf8_lossy(&all.body);
    assert!(!text.contains("identity") && !text.contains("471108154200") && !text.contains("v-1"), "{text}");

    // Committed on the way down, and erased: not a byte of the tables changes.
    let site = site.restart(|_| {}).await;
    let before = files(&site.data());
    assert!(!before.is_empty());
    site.erase("/v1/shop/subjects/471108154200").await;
    // Asked until it is open: the server before had it a moment ago.
    rows_until(&site, count, |rows| *rows == json!([{"n": 4, "people": 2, "sessions": 3}])).await;
    let seen = ask(&site, &seer, who).await.ok();
    let names: Vec<&Value> = seen["rows"].as_array().unwrap().iter().map(|row| &row["identity"]).collect();
    assert_eq!(names, [&Value::Null, &Value::Null, &json!("815")]);
    assert_eq!(ask(&site, &seer, of_one).await.ok()["rows"], json!([{"n": 1}]));
    assert_eq!(files(&site.data()), before);
}
