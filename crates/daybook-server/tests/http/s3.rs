//! A server whose blobs lie in a bucket.

use daybook_harness::S3;
use serde_json::{Value, json};

use crate::site::{Site, order};

/// A server with its blobs there.
async fn site(s3: &S3) -> Site {
    Site::with(|config| {
        config.blobs.url = Some(s3.url().into());
        config.blobs.options = s3.options().map(|(name, value)| (name.to_owned(), value)).into();
    })
    .await
}

/// An order of somebody with something too large for the log.
fn large(id: &str, customer: u32) -> Value {
    let mut event = order(id, 5);
    event["customer"] = customer.into();
    event["payload"]["email"] = format!("ada-{id}@{}.example", "long".repeat(20_000)).into();
    event
}

async fn events(site: &Site) -> Vec<Value> {
    site.get("/v1/shop/events").send().await.ok()["events"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_values_lie_in_a_bucket_and_go_from_it() {
    let s3 = S3::start();
    let site = site(&s3).await;
    assert_eq!(site.send(&json!([large("a", 1), large("b", 2), order("c", 3)])).await["stored"], 3);
    assert_eq!(s3.objects().len(), 2);
    assert!(!site.data().join("blobs").exists());
    let page = events(&site).await;
    assert_eq!(page[0]["data"]["email"], large("a", 1)["payload"]["email"]);
    let text = page[0]["data"]["email"].as_str().unwrap();
    assert!(s3.objects().iter().all(|name| !name.contains(&text[..12])), "{:?}", s3.objects());

    let erased = site.erase("/v1/shop/subjects/1?reason=subject-request").await;
    assert_eq!(erased["report"]["state"], "complete", "{erased}");
    assert_eq!(s3.objects().len(), 1);
    let page = events(&site).await;
    assert_eq!(page[0]["data"].get("email"), None, "{}", page[0]);
    assert_eq!(page[1]["data"]["email"], large("b", 2)["payload"]["email"]);

    // What is referred to stays, though the run looks at everything.
    assert_eq!(site.post("/v1/retention/run").send().await.status, 202);
    let done = loop {
        let status = site.get("/v1/retention").send().await.ok();
        if status["last"].is_object() {
            break status["last"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!((&done["blobs"], &done["error"]), (&json!(0), &Value::Null), "{done}");
    assert_eq!(s3.objects().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_that_the_bucket_does_not_have() {
    let s3 = S3::start();
    let site = site(&s3).await;
    assert_eq!(site.send(&large("a", 1)).await["stored"], 1);
    s3.pause();
    let send = async |events: Value| site.post("/v1/shop/events").json(&events).send().await;
    let answer = send(json!([large("b", 2), order("c", 3)])).await;
    answer.is_problem(503, "blobs.failed");
    assert!(answer.header("retry-after").is_some());
    // What needs no blob is stored, and what is in the log is read, as far as it is there.
    assert_eq!(send(order("d", 4)).await.ok()["stored"], 1);
    let page = events(&site).await;
    assert_eq!(page.iter().map(|event| event["original_id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "d"]);
    assert_eq!(page[0]["data"]["email"]["$blob"]["error"], "unavailable", "{}", page[0]);
    s3.resume();
    let page = events(&site).await;
    assert_eq!(page[0]["data"]["email"], large("a", 1)["payload"]["email"]);
    let receipts = send(json!([large("b", 2), order("c", 3)])).await.ok();
    assert_eq!(receipts["stored"], 2, "{receipts}");
    assert_eq!(events(&site).await[2]["data"]["email"], large("b", 2)["payload"]["email"]);
}
