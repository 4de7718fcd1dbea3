//! Who may do what: keys, scopes, apps, origins, personal data.

use http::Method;
use serde_json::json;

use crate::site::{Site, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_open_what_they_are_for() {
    let site = Site::new().await;
    let events = || site.call(Method::POST, "/v1/shop/events").json(&order("k-1", 1));
    let answer = events().send().await;
    answer.is_problem(401, "key.missing");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"));
    events().key("dbk_unknown").send().await.is_problem(401, "key.unknown");
    events().key("something").send().await.is_problem(401, "key.unknown");
    events().header("authorization", "Digest x").send().await.is_problem(401, "key.missing");

    let write = site.key(&json!({"scopes": ["write"], "apps": ["shop"]})).await;
    let read = site.key(&json!({"scopes": ["read"]})).await;
    assert_eq!(events().key(&write).send().await.ok()["stored"], 1);
    // As `curl -u KEY:` has it.
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{write}:"));
    assert_eq!(events().header("authorization", format!("Basic {basic}")).send().await.ok()["duplicate"], 1);
    events().key(&read).send().await.is_problem(403, "key.scope");
    let get = |path: &str, key: &str| site.call(Method::GET, path).key(key).send();
    get("/v1/shop/events", &write).await.is_problem(403, "key.scope");
    get("/v1/shop/live", &write).await.is_problem(403, "key.scope");
    get("/v1/shop/quarantine", &write).await.is_problem(403, "key.scope");
    get("/v1/keys", &read).await.is_problem(403, "key.scope");
    get("/v1/shop/events", &read).await.ok();
    get("/v1/shop/catalog", &write).await.ok();
    // A key for one app learns nothing of others, not even whether there are any.
    get("/v1/daybook/catalog", &write).await.is_problem(403, "key.app");
    get("/v1/nowhere/catalog", &write).await.is_problem(403, "key.app");
    get("/v1/nowhere/catalog", &read).await.is_problem(404, "app.unknown");
    // Changing the quarantine takes both.
    let both = site.key(&json!({"scopes": ["write", "read"]})).await;
    let delete = |key: &str| site.call(Method::DELETE, "/v1/shop/quarantine/7").key(key).send();
    delete(&read).await.is_problem(403, "key.scope");
    delete(&write).await.is_problem(403, "key.scope");
    delete(&both).await.is_problem(404, "quarantine.unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_privacy_nobody_is_named() {
    let site = Site::new().await;
    let sent = json!([
        {
            "eventId": "p-1", "kind": "order.placed", "customer": 4242, "visit": "visit-77", "by": {"type": "user", "id": "4242"},
            "payload": {"total": 1, "email": "ann@example.org", "address": {"street": "Hill 3", "town": "Ulm"}}
        },
        {"eventId": "p-2", "kind": "order.cancelled", "by": {"type": "system", "id": "cron-9"}, "payload": {}},
    ]);
    assert_eq!(site.send(&sent).await["stored"], 2);
    let read = site.key(&json!({"scopes": ["read"]})).await;
    let privacy = site.key(&json!({"scopes": ["read", "privacy"]})).await;
    let secrets = ["4242", "visit-77", "ann@example.org", "Hill 3"];
    for path in [
        "/v1/shop/events",
        "/v1/shop/events?dialect=app",
        "/v1/shop/events?format=cloudevents",
        "/v1/shop/events?format=ndjson",
        "/v1/shop/events/p-1",
    ] {
        let text = |answer: crate::client::Answer| String::from_utf8(answer.body.to_vec()).unwrap();
        let blind = text(site.call(Method::GET, path).key(&read).send().await);
        let seeing = text(site.call(Method::GET, path).key(&privacy).send().await);
        for secret in secrets {
            assert!(!blind.contains(secret), "{path} tells {secret}: {blind}");
            assert!(seeing.contains(secret), "{path} does not tell {secret}: {seeing}");
        }
        assert!(blind.contains("Ulm"), "{blind}");
        if !path.ends_with("p-1") {
            assert!(blind.contains("cron-9"), "{blind}");
        }
    }
    // What is in quarantine may be anything.
    site.send(&json!({"eventId": "p-3", "kind": "order.placed", "customer": 4242, "payload": {}})).await;
    let blind = site.call(Method::GET, "/v1/shop/quarantine/1").key(&read).send().await.ok();
    assert!(blind.get("event").is_none(), "{blind}");
    let seeing = site.call(Method::GET, "/v1/shop/quarantine/1").key(&privacy).send().await.ok();
    assert_eq!(seeing["event"]["customer"], 4242);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_use_public_keys_from_their_own_origins() {
    let site = Site::new().await;
    let origin = "https://shop.example";
    let public = site.key(&json!({"scopes": ["write"], "apps": ["shop"], "public": true, "origins": [origin]})).await;
    let preflight = |path: &str, origin: &str| {
        site.call(Method::OPTIONS, path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,ce-id")
            .send()
    };
    let answer = preflight("/v1/shop/events", origin).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    let headers = answer.header("access-control-allow-headers").unwrap();
    assert!(headers.contains("authorization") && headers.contains("ce-id"), "{headers}");
    for (path, origin) in
        [("/v1/shop/events", "https://evil.example"), ("/v1/daybook/events", origin), ("/v1/keys", origin)]
    {
        let answer = preflight(path, origin).await;
        answer.is_problem(403, "cors.refused");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let send = |key: &str, origin: &str, id: &str| {
        site.call(Method::POST, "/v1/shop/events").key(key).header("origin", origin).json(&order(id, 1)).send()
    };
    let answer = send(&public, origin, "o-1").await;
    assert_eq!(answer.ok()["stored"], 1);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert_eq!(answer.header("vary"), Some("origin"));
    // The page sees what went wrong, too.
    let answer =
        site.call(Method::POST, "/v1/shop/events").key(&public).header("origin", origin).body("{").send().await;
    answer.is_problem(400, "body.syntax");
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    send(&public, "https://evil.example", "o-2").await.is_problem(403, "key.origin");
    // A beacon sends neither headers nor JSON.
    let beacon = |key: &str, id: &str| {
        site.call(Method::POST, &format!("/v1/shop/events?key={key}"))
            .header("origin", origin)
            .header("content-type", "text/plain;charset=UTF-8")
            .body(order(id, 1).to_string())
            .send()
    };
    assert_eq!(beacon(&public, "o-3").await.ok()["stored"], 1);
    let secret = site.key(&json!({"scopes": ["write"]})).await;
    beacon(&secret, "o-4").await.is_problem(401, "key.in-url");
    // Reading is not for pages.
    let answer = site.call(Method::GET, "/v1/shop/events").key(&site.admin).header("origin", origin).send().await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_may_send_without_a_key_where_that_is_allowed() {
    let call = |site: &Site| {
        site.call(Method::POST, "/api/events")
            .header("content-type", "text/plain;charset=UTF-8")
            .body(json!({"events": [order("b-1", 1)]}).to_string())
    };
    let site = Site::new().await;
    call(&site).send().await.is_problem(404, "browser-events.off");
    let site = Site::with(|config| {
        config.browser_events.app = Some("shop".to_owned());
        config.browser_events.allow = true;
        config.browser_events.origins = vec!["https://shop.example".to_owned()];
        config.browser_events.events_per_second = 1;
    })
    .await;
    assert_eq!(call(&site).send().await.ok()["stored"], 1);
    call(&site).header("origin", "https://evil.example").send().await.is_problem(403, "browser-events.origin");
    let answer = call(&site).header("origin", "https://shop.example").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    for _ in 0..3 {
        call(&site).send().await;
    }
    call(&site).send().await.is_problem(429, "rate.events");
}
