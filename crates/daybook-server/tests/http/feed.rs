//! Pages of the feed.

use serde_json::{Value, json};

use crate::site::{Site, order};

fn totals(page: &Value) -> Vec<u64> {
    page["events"].as_array().unwrap().iter().map(|event| event["data"]["total"].as_u64().unwrap_or(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_one_another_and_filters_hold() {
    let site = Site::new().await;
    for batch in 0..5u64 {
        let events: Vec<Value> = (0..20)
            .map(|number| {
                let total = batch * 20 + number;
                if total % 10 == 9 {
                    json!({"kind": "order.cancelled", "at": "2026-02-01T00:00:00Z", "payload": {}})
                } else {
                    let mut event = order(&format!("f-{total}"), total);
                    event["at"] = json!("2026-01-01T00:00:00Z");
                    event
                }
            })
            .collect();
        assert_eq!(site.send(&Value::Array(events)).await["stored"], 20);
    }
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = site.get(&format!("/v1/shop/events?after={after}&limit=7")).send().await.ok();
        let events = page["events"].as_array().unwrap();
        let positions: Vec<u64> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
        assert!(positions.iter().all(|position| *position > after), "{positions:?} after {after}");
        assert!(positions.is_sorted());
        after = page["next"].as_u64().unwrap();
        if events.is_empty() {
            break;
        }
        // Other apps' events follow the last page.
        assert!(positions.last().is_some_and(|last| after == *last || events.len() < 7 && after > *last));
        seen.extend(positions);
    }
    assert_eq!(seen.len(), 100);
    let get = |query: &str| {
        let call = site.get(&format!("/v1/shop/events?{query}"));
        async move { call.send().await.ok() }
    };
    assert_eq!(totals(&get("").await).len(), 100, "a page has 100 events unless it is said otherwise");
    assert_eq!(get("name=order.cancelled").await["events"].as_array().unwrap().len(), 10);
    assert_eq!(get("name=order.*&limit=1000").await["events"].as_array().unwrap().len(), 100);
    assert_eq!(get("name=order.placed,order.cancelled").await["events"].as_array().unwrap().len(), 100);
    assert_eq!(get("name=order.placed&name=order.cancelled").await["events"].as_array().unwrap().len(), 100);
    assert_eq!(get("name=page.*").await["events"], json!([]));
    let page = get("name=order.cancelled&limit=3").await;
    let following = get(&format!("name=order.cancelled&limit=3&after={}", page["next"])).await;
    assert_eq!(following["events"].as_array().unwrap().len(), 3);
    assert_ne!(following["events"][0], page["events"][2]);
    assert_eq!(get("since=2026-01-15T00:00:00Z").await["events"].as_array().unwrap().len(), 10);
    assert_eq!(get("since=2026-02-01T01:00:00%2B01:00").await["events"].as_array().unwrap().len(), 10);
    assert_eq!(get("since=2026-03-01T00:00:00Z").await["events"], json!([]));
    // An empty page still leads on: past what did not match.
    assert!(get("name=page.*").await["next"].as_u64().unwrap() >= 100);
    let end = get("after=1000000").await;
    assert_eq!((end["events"].clone(), end["next"].clone()), (json!([]), json!(1_000_000)));
    for query in ["limit=0", "limit=1001", "after=x", "since=yesterday", "name=", "naem=x"] {
        let answer = site.get(&format!("/v1/shop/events?{query}")).send().await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_found_by_their_id_and_counts_are_not() {
    let site = Site::new().await;
    let answer = site.send(&json!([order("by-id/ü", 1), {"kind": "door.opened", "eventId": "d-1"}])).await;
    assert_eq!((answer["stored"].as_u64(), answer["counted"].as_u64()), (Some(1), Some(1)));
    let event = site.get("/v1/shop/events/by-id%2F%C3%BC").send().await.ok();
    assert_eq!(event["original_id"], "by-id/ü");
    let upper = event["id"].as_str().unwrap().to_uppercase();
    assert_eq!(site.get(&format!("/v1/shop/events/{upper}")).send().await.ok(), event);
    for id in ["d-1", "none", "00000000-0000-0000-0000-000000000000"] {
        site.get(&format!("/v1/shop/events/{id}")).send().await.is_problem(404, "event.unknown");
    }
    let long = "x".repeat(2_000);
    site.get(&format!("/v1/shop/events/{long}")).send().await.is_problem(404, "event.unknown");
    // Another app's event is not there.
    let own = site.get("/v1/daybook/events").send().await.ok();
    let id = own["events"][0]["id"].as_str().unwrap();
    site.get(&format!("/v1/shop/events/{id}")).send().await.is_problem(404, "event.unknown");
    // Counts are in no feed.
    assert_eq!(site.get("/v1/shop/events").send().await.ok()["events"].as_array().unwrap().len(), 1);
}
