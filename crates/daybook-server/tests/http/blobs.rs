//! Events too large for the log: their largest values lie beside it, and come back to whoever reads.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::site::{Site, order};

on_every_backend!(
    large_values_come_back_to_whoever_reads,
    with_a_person_their_blobs_go,
    what_nothing_refers_to_is_collected,
);

/// An order of somebody, with a note that everybody may read and an address that nobody may.
fn large(id: &str, customer: u32, note: &str) -> Value {
    let mut event = order(id, 5);
    event["customer"] = customer.into();
    event["payload"]["note"] = note.into();
    event["payload"]["email"] = format!("ada@{}.example", "long".repeat(20_000)).into();
    event
}

/// Every file of a blob.
fn files(site: &Site) -> Vec<PathBuf> {
    fn below(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(&site.data().join("blobs"), &mut found);
    found.sort();
    found
}

async fn events(site: &Site, key: &str, query: &str) -> Vec<Value> {
    let page = site.call(Method::GET, &format!("/v1/shop/events{query}")).key(key).send().await.ok();
    page["events"].as_array().unwrap().clone()
}

async fn large_values_come_back_to_whoever_reads(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let note = "so it goes ".repeat(10_000);
    let sent = large("a", 4711, &note);
    let receipts = site.send(&json!([sent, order("b", 1)])).await;
    assert_eq!(receipts["stored"], 2, "{receipts}");
    assert_eq!(files(&site).len(), 2);
    assert_eq!(site.send(&sent).await["duplicate"], 1);

    // Whoever may see people gets all of it, in every form.
    let whole = &events(&site, &site.admin, "").await[0];
    assert_eq!((&whole["data"]["note"], &whole["data"]["email"]), (&json!(note), &sent["payload"]["email"]));
    let own = &events(&site, &site.admin, "?dialect=app").await[0];
    assert_eq!(own["payload"], sent["payload"]);
    let one = site.get("/v1/shop/events/a?format=cloudevents").send().await.ok();
    assert_eq!(one["data"]["note"], json!(note));
    // Who may not, gets what is not personal.
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let blind = &events(&site, &reader, "").await[0];
    assert_eq!(blind["data"]["note"], json!(note));
    assert!(blind["data"].get("email").is_none(), "{}", blind["data"]);
    let one = site.call(Method::GET, "/v1/shop/events/a").key(&reader).send().await.ok();
    assert_eq!(one["data"], blind["data"]);

    // References, for those who ask for them; how a value begins is told to those who may see people.
    let referred = &events(&site, &site.admin, "?blobs=reference").await[0]["data"];
    assert_eq!(referred["note"]["$blob"]["size"], note.len() + 2);
    assert!(referred["note"]["$blob"]["preview"].as_str().unwrap().starts_with("so it goes so it goes"), "{referred}");
    assert!(referred["email"]["$blob"]["preview"].as_str().unwrap().starts_with("ada@long"), "{referred}");
    let blind = site.call(Method::GET, "/v1/shop/events/a?blobs=reference").key(&reader).send().await.ok();
    assert_eq!(blind["data"]["note"]["$blob"].get("preview"), None, "{blind}");
    assert_eq!(blind["data"]["note"]["$blob"]["digest"], referred["note"]["$blob"]["digest"]);
    assert_eq!(blind["data"].get("email"), None);
    site.get("/v1/shop/events?blobs=none").send().await.is_problem(400, "query.blobs");
    site.get("/v1/shop/events/a?blobs=none").send().await.is_problem(400, "query.blobs");

    // What they are given of themselves is whole.
    let answer = site.get("/v1/shop/subjects/4711/export").send().await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(answer.body.to_vec())).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("events.ndjson").unwrap(), &mut text).unwrap();
    let exported: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&exported["data"]["note"], &exported["data"]["email"]), (&json!(note), &sent["payload"]["email"]));

    // And after a restart everything is as it was.
    let site = site.restart(|_| {}).await;
    assert_eq!(&events(&site, &site.admin, "").await[0], whole);
}

async fn with_a_person_their_blobs_go(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    let note = "what we both said ".repeat(5_000);
    assert_eq!(site.send(&json!([large("a", 4711, &note), large("b", 777, &note)])).await["stored"], 2);
    assert_eq!(files(&site).len(), 4, "equal values of two people are not one");
    let erased = site.erase("/v1/shop/subjects/4711?reason=subject-request").await;
    assert_eq!(erased["report"]["state"], "complete", "{erased}");
    assert_eq!(files(&site).len(), 2);
    let after = events(&site, &site.admin, "").await;
    assert_eq!(after[0]["data"]["note"]["$blob"]["error"], "sealed", "{}", after[0]);
    assert_eq!(after[0]["data"]["note"]["$blob"].get("preview"), None);
    assert_eq!(after[0]["data"].get("email"), None);
    assert_eq!(after[1]["data"]["note"], json!(note));
}

async fn what_nothing_refers_to_is_collected(backend: Backend) {
    let site = Site::with_state_on(backend, |_| {}).await;
    assert_eq!(site.send(&large("a", 4711, "x")).await["stored"], 1);
    let [file] = &files(&site)[..] else { panic!("one blob") };
    // As a crash leaves one, between the blob and its record.
    let left = file.with_file_name("ab".repeat(32));
    std::fs::copy(file, &left).unwrap();
    assert_eq!(site.post("/v1/retention/run").send().await.status, 202);
    let done = loop {
        let status = site.get("/v1/retention").send().await.ok();
        if status["last"].is_object() {
            break status["last"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!((&done["blobs"], &done["error"]), (&json!(1), &Value::Null), "{done}");
    assert!(done["bytes_freed"].as_u64() > Some(0));
    assert_eq!(files(&site), [file.as_path()]);
    assert!(events(&site, &site.admin, "").await[0]["data"]["email"].is_string());
    let metrics = String::from_utf8(site.get("/metrics").send().await.body.to_vec()).unwrap();
    for line in ["daybook_blobs_written_total 1", "daybook_blobs_collected_total 1"] {
        assert!(metrics.lines().any(|there| there == line), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_that_is_gone_or_damaged_is_named_and_fails_nothing() {
    let site = Site::new().await;
    let receipts = site.send(&json!([large("a", 1, "x"), large("b", 2, "x"), large("c", 3, "x"), order("d", 1)])).await;
    assert_eq!(receipts["stored"], 4);
    let mut left = files(&site);
    assert_eq!(left.len(), 3);
    std::fs::remove_file(left.remove(0)).unwrap();
    let damaged = left.remove(0);
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let page = events(&site, &site.admin, "").await;
    let mut errors: Vec<&str> =
        page.iter().map(|event| event["data"]["email"]["$blob"]["error"].as_str().unwrap_or("none")).collect();
    errors.sort_unstable();
    assert_eq!(errors, ["damaged", "missing", "none", "none"], "{page:?}");
    let metrics = String::from_utf8(site.get("/metrics").send().await.body.to_vec()).unwrap();
    for reason in ["missing", "damaged"] {
        let line = format!("daybook_blob_failures_total{{reason=\"{reason}\"}} 1");
        assert!(metrics.lines().any(|there| there == line), "{metrics}");
    }
    // Sent again under another id, the content is there again.
    let reference = |event: &Value| event["data"]["email"]["$blob"]["error"].is_string();
    let again: Vec<Value> = (1..=3).map(|number| large(&format!("again-{number}"), number, "x")).collect();
    assert_eq!(site.send(&json!(again)).await["stored"], 3);
    assert!(!events(&site, &site.admin, "").await.iter().any(reference));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_nothing_is_stored() {
    let site = Site::new().await;
    let head = async || site.get("/v1/shop/events").send().await.ok()["events"].as_array().unwrap().len();
    let writing = site.data().join("blobs/.writing");
    // The next blob goes to a device that is full.
    std::os::unix::fs::symlink("/dev/full", writing.join("0")).unwrap();
    let answer = site.post("/v1/shop/events").json(&json!([order("a", 1), large("b", 4711, "x")])).send().await;
    answer.is_problem(503, "blobs.no-space");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(head().await, 0);
    assert_eq!(site.call(Method::GET, "/readyz").send().await.status, 503);
    // There is room again.
    assert_eq!(site.send(&json!([order("a", 1), large("b", 4711, "x")])).await["stored"], 2);
    assert_eq!(site.call(Method::GET, "/readyz").send().await.status, 200);
    assert_eq!(head().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_may_be_as_large_as_is_configured() {
    let site = Site::with(|config| config.limits.event_bytes = 200_000).await;
    let receipts = site.send(&json!([large("a", 1, &"x".repeat(10_000)), large("b", 1, &"x".repeat(150_000))])).await;
    assert_eq!((&receipts["stored"], &receipts["quarantined"]), (&json!(1), &json!(1)), "{receipts}");
    assert_eq!(receipts["receipts"][1]["errors"][0]["code"], "event.too-large");
    // Whoever allows more may let it in.
    let site = site.restart(|_| {}).await;
    assert_eq!(site.send(&large("b", 1, &"x".repeat(150_000))).await["stored"], 1);
}
