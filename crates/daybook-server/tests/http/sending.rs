//! What becomes of events that are sent.

use http::Method;
use serde_json::{Value, json};

use crate::client::Call;
use crate::site::{Site, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_gets_its_receipt() {
    let site = Site::new().await;
    let sent = json!([
        order("a-1", 5),
        {"eventId": "a-2", "kind": "order.placed", "payload": {}},
        {"eventId": "a-3", "kind": "order.plcaed", "payload": {}},
        {"kind": "door.opened"},
        {"kind": "page.viewed", "payload": {"page": "home"}},
        {"kind": "page.viewed", "payload": {"page": "home"}},
        {"kind": "order.placed", "at": "1999-01-01T00:00:00Z", "payload": {"total": 1}},
        "nonsense",
    ]);
    let answer = site.send(&sent).await;
    let statuses: Vec<&str> =
        answer["receipts"].as_array().unwrap().iter().map(|receipt| receipt["status"].as_str().unwrap()).collect();
    assert_eq!(
        statuses,
        ["stored", "quarantined", "quarantined", "counted", "stored", "sampled_out", "refused", "quarantined"]
    );
    for (status, count) in
        [("stored", 2), ("duplicate", 0), ("quarantined", 3), ("sampled_out", 1), ("counted", 1), ("refused", 1)]
    {
        assert_eq!(answer[status], count, "{status}: {answer}");
    }
    let receipt = &answer["receipts"][1];
    assert_eq!(receipt["errors"][0]["code"], "data.required");
    assert!(receipt["errors"][0]["path"].as_str().unwrap().starts_with("/payload"), "{receipt}");
    assert!(receipt.get("position").is_none());
    let hint = answer["receipts"][2]["errors"][0]["hint"].as_str().unwrap();
    assert!(hint.contains("order.placed"), "{hint}");
    serde_json::from_value::<daybook_server::openapi::ReceiptsBody>(answer).unwrap();

    // The same again: what was stored is known, in whatever form it comes.
    let again = site.send(&json!([order("a-1", 5)])).await;
    assert_eq!(again["duplicate"], 1, "{again}");
    let canonical = json!({"id": "a-1", "name": "order.placed", "data": {"total": 5}});
    let again = site.send(&canonical).await;
    assert_eq!(again["duplicate"], 1, "{again}");
    // The same id with other content is neither stored nor lost.
    let other = site.send(&order("a-1", 6)).await;
    assert_eq!(other["quarantined"], 1);
    assert_eq!(other["receipts"][0]["errors"][0]["code"], "event.id-conflict");
    let listed = site.get("/v1/shop/quarantine?code=event.id-conflict").send().await.ok();
    assert_eq!(listed["entries"].as_array().unwrap().len(), 1);
}

/// It is judged in two halves at once, where there are two processors.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_body_is_judged_like_a_short_one() {
    const EVENTS: usize = 1_000;
    let site = Site::new().await;
    let note = "n".repeat(500);
    let mut sent: Vec<Value> = (0..EVENTS)
        .map(|at| {
            // Two people whom nobody knew, each in both halves.
            let mut event = order(&format!("l-{at}"), at);
            event["customer"] = (1 + at % 2).into();
            event["payload"]["note"] = note.as_str().into();
            event
        })
        .collect();
    let wrong = [0, 499, 500, 777, 999];
    for at in wrong {
        sent[at]["payload"].as_object_mut().unwrap().remove("total");
    }
    // The same once more, and another event of that id, in the other half.
    sent[600] = sent[10].clone();
    sent[700]["eventId"] = "l-11".into();
    let sent = Value::from(sent);
    assert!(sent.to_string().len() > daybook_server::limits::INLINE_BODY_BYTES_MAX);

    let answer = site.send(&sent).await;
    let receipts = answer["receipts"].as_array().unwrap();
    let position = |at: usize| receipts[at]["position"].as_u64().unwrap_or_default();
    let mut last = 0;
    for (at, receipt) in receipts.iter().enumerate() {
        assert_eq!(receipt["index"], at);
        match at {
            600 => assert_eq!((&receipt["status"], position(at)), (&json!("duplicate"), position(10))),
            700 => assert_eq!(receipt["errors"][0]["code"], "event.id-conflict", "{receipt}"),
            _ if wrong.contains(&at) => assert_eq!(receipt["errors"][0]["code"], "data.required", "{receipt}"),
            _ => {
                assert!(receipt["status"] == "stored" && position(at) > last, "{at}: {receipt}");
                last = position(at);
            }
        }
    }
    assert_eq!((receipts.len(), &answer["stored"], &answer["quarantined"]), (EVENTS, &json!(993), &json!(6)));
    let listed = site.get("/v1/shop/quarantine?code=data.required").send().await.ok();
    let mut ids: Vec<&str> =
        listed["entries"].as_array().unwrap().iter().map(|entry| entry["event"]["eventId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["l-0", "l-499", "l-500", "l-777", "l-999"]);

    let again = site.send(&sent).await;
    assert_eq!((&again["duplicate"], &again["quarantined"]), (&json!(994), &json!(6)));
    assert_eq!(again["receipts"][998]["position"], receipts[998]["position"]);
    let stored = site.get(&format!("/v1/shop/events?after={}&limit=1", position(998) - 1)).send().await.ok();
    assert_eq!((&stored["events"][0]["data"]["total"], &stored["events"][0]["identity"]), (&json!(998), &json!("1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_that_say_nothing_can_be_left_out() {
    let site = Site::new().await;
    let sent = json!([order("m-1", 1), order("m-2", -1), {"kind": "door.opened"}, order("m-3", 3)]);
    let post = |prefer: &str| site.post("/v1/shop/events").header("prefer", prefer).json(&sent).send();
    let answer = post("return=minimal").await;
    assert_eq!(answer.header("preference-applied"), Some("return=minimal"));
    let minimal = answer.ok();
    assert_eq!((&minimal["stored"], &minimal["quarantined"], &minimal["counted"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!(minimal["receipts"].as_array().unwrap().len(), 1, "{minimal}");
    assert_eq!(
        (&minimal["receipts"][0]["index"], &minimal["receipts"][0]["status"]),
        (&json!(1), &json!("quarantined"))
    );
    serde_json::from_value::<daybook_server::openapi::ReceiptsBody>(minimal.clone()).unwrap();

    // All of it again, and every receipt: the last event is where it was.
    let answer = post("respond-async").await;
    assert_eq!(answer.header("preference-applied"), None);
    let whole = answer.ok();
    assert_eq!(whole["receipts"].as_array().unwrap().len(), 4);
    assert_eq!((&whole["receipts"][3]["position"], whole.get("last_position")), (&minimal["last_position"], None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_is_known_after_a_restart() {
    let site = Site::new().await;
    let first = site.send(&json!({"events": [order("r-1", 1), order("r-2", 2)], "id": "b-1", "sequence": 7})).await;
    assert_eq!(first["stored"], 2);
    assert_eq!(first["batch"], json!({"id": "b-1", "sequence": 7}));
    let site = site.restart(|_| {}).await;
    let again = site.send(&json!([order("r-2", 2), order("r-3", 3)])).await;
    assert_eq!((again["duplicate"].as_u64(), again["stored"].as_u64()), (Some(1), Some(1)));
    assert_eq!(again["receipts"][0]["position"], first["receipts"][1]["position"]);
    // Daybook says what it did itself.
    let own = site.get("/v1/daybook/events").send().await.ok();
    let names: Vec<&str> =
        own["events"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["system.started", "system.stopped", "system.started"]);
    assert_eq!(own["events"][2]["data"]["clean_shutdown"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_or_nothing_is_all_or_nothing() {
    let site = Site::new().await;
    let atomic = || site.post("/v1/shop/events?atomic=true");
    let answer = atomic().json(&json!([order("x-1", 1), order("x-2", -1)])).send().await;
    let problem = answer.is_problem(422, "events.refused");
    assert_eq!(problem["receipts"].as_array().unwrap().len(), 1, "{problem}");
    assert_eq!(problem["receipts"][0]["index"], 1);
    assert_eq!(problem["receipts"][0]["status"], "refused");
    assert_eq!(site.get("/v1/shop/events").send().await.ok()["events"], json!([]));
    assert_eq!(site.get("/v1/shop/quarantine").send().await.ok()["entries"], json!([]));

    // Nothing is sampled, and duplicates are fine.
    let page = json!({"kind": "page.viewed", "payload": {}});
    let answer = atomic().json(&json!([order("x-1", 1), page, page])).send().await.ok();
    assert_eq!(answer["stored"], 3);
    let answer = atomic().json(&json!([order("x-1", 1), order("x-3", 1)])).send().await.ok();
    assert_eq!((answer["duplicate"].as_u64(), answer["stored"].as_u64()), (Some(1), Some(1)));
    // A conflict with the log, and one within the call.
    atomic().json(&json!([order("x-4", 1), order("x-1", 2)])).send().await.is_problem(422, "events.refused");
    let answer = atomic().json(&json!([order("x-5", 1), order("x-5", 2)])).send().await;
    let problem = answer.is_problem(422, "events.refused");
    assert_eq!(problem["receipts"][0]["errors"][0]["code"], "event.id-conflict", "{problem}");
    // A count is neither stored nor a duplicate.
    atomic().json(&json!({"kind": "door.opened"})).send().await.is_problem(422, "events.refused");
    assert_eq!(site.get("/v1/shop/events").send().await.ok()["events"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_events_are_told_why() {
    let site = Site::new().await;
    let send = |content_type: &str, body: &str| {
        site.post("/v1/shop/events").header("content-type", content_type).body(body.to_owned()).send()
    };
    send("application/json", "").await.is_problem(400, "body.empty");
    send("application/json", "{\"kind\":").await.is_problem(400, "body.syntax");
    send("application/json", "7").await.is_problem(400, "body.not-events");
    send("application/json", "{\"events\": 1}").await.is_problem(400, "body.not-a-batch");
    send("application/json", &"[".repeat(10_000)).await.is_problem(400, "body.too-deep");
    send("image/png", "x").await.is_problem(415, "body.media-type");
    site.post("/v1/shop/events?atmoic=true").json(&json!([])).send().await.is_problem(400, "query.unknown");
    let many = format!("[{}]", vec!["{}"; 10_001].join(","));
    send("application/json", &many).await.is_problem(413, "body.too-many-events");
    let empty = send("application/json", "[]").await.ok();
    assert_eq!(empty["receipts"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_says_what_it_takes() {
    let site = Site::new().await;
    for path in ["/", "/v1", "/v1/shop", "/v1/shop/nothing", "/favicon.ico"] {
        site.get(path).send().await.is_problem(404, "http.not-found");
    }
    for (path, allow) in [
        ("/v1/shop/events", "GET, HEAD, POST"),
        ("/v1/shop/live", "GET, HEAD"),
        ("/v1/keys", "GET, HEAD, POST"),
        ("/healthz", "GET, HEAD"),
    ] {
        let answer = site.call(Method::DELETE, path).key(&site.admin).send().await;
        answer.is_problem(405, "http.method");
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
    site.post("/v1/nowhere/events").json(&json!([])).send().await.is_problem(404, "app.unknown");
    site.post("/v1/daybook/events").json(&json!([])).send().await.is_problem(403, "app.reserved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_are_answered() {
    let site = Site::new().await;
    let get = |path: &str| Call::new(site.handle.address(), Method::GET, path).send();
    assert_eq!(get("/healthz").await.ok()["status"], "ok");
    assert_eq!(get("/readyz").await.ok(), json!({"status": "ready"}));
    site.send(&json!([order("m-1", 1), order("m-2", -1)])).await;
    let metrics = get("/metrics").await;
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    for line in [
        "daybook_events_total{app=\"shop\",status=\"stored\"} 1",
        "daybook_events_total{app=\"shop\",status=\"quarantined\"} 1",
        "daybook_http_requests_total{route=\"/v1/{app}/events\",status=\"2xx\"} 1",
        "daybook_quarantine_open{app=\"shop\"} 1",
        "daybook_log_writable 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let openapi = get("/openapi.json").await.ok();
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3."));
    assert!(openapi["paths"]["/v1/{app}/events"]["post"]["responses"]["422"].is_object());
}
