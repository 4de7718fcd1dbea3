//! Listed, paused, resumed, rewound; and wrong configuration.

use daybook_server::{ConfigError, Server, StartError};
use http::Method;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{CONSUMERS, consumer_when, notes_when, write_consumers};
use crate::backend::{Backend, on_every_backend};
use crate::site::{Site, config, order, write_catalog};

on_every_backend!(consumers_stop_go_on_and_go_back);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_are_listed_with_how_they_are() {
    let receiver = Receiver::start();
    let site = Site::with(|config| {
        write_consumers(config, CONSUMERS);
        config.consumers.insert("shop/calls".into(), receiver.settings());
        config.consumers.insert("shop/counters".into(), json!({"enabled": false}).into());
    })
    .await;
    assert_eq!(site.send(&json!([order("c-1", 1), order("c-2", 2)])).await["stored"], 2);
    let calls = consumer_when(&site, "calls", |calls| calls["delivered"] == 2 && calls["state"] == "running").await;
    assert_eq!(receiver.taken().len(), 2);
    assert_eq!((&calls["promise"]["latency_ms"], &calls["dead_letters"]), (&json!(60_000), &json!(0)));
    assert!(calls["latency"]["p99_ms"].as_f64().unwrap() > 0.0, "{calls}");
    assert!(calls.get("missing").is_none() && calls.get("replay").is_none(), "{calls}");

    let list = |query: &str, key: &str| site.call(Method::GET, &format!("/v1/consumers{query}")).key(key).send();
    let answer = list("?app=shop", &site.admin).await.ok();
    let consumers = answer["consumers"].as_array().unwrap();
    let said: Vec<_> = consumers.iter().map(|one| (one["consumer"].as_str().unwrap(), &one["state"])).collect();
    assert_eq!(
        said.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["archive", "calls", "counters", "lake", "table"]
    );
    assert_eq!((said[2].1, said[4].1), (&json!("disabled"), &json!("unconfigured")));
    assert!(consumers[4]["missing"].as_str().unwrap().contains("url-file"), "{}", consumers[4]);
    assert_eq!((&consumers[4]["handler"], &consumers[4]["dead_letters"]), (&json!("mysql"), &json!(0)));
    assert_eq!(consumers[0]["description"], "Everything as it came.");

    // A key sees the apps that it is for.
    let one_app = site.key(&json!({"scopes": ["read"], "apps": ["shop"]})).await;
    let write = site.key(&json!({"scopes": ["write"]})).await;
    let seen = list("", &one_app).await.ok();
    assert!(seen["consumers"].as_array().unwrap().iter().all(|one| one["app"] == "shop"));
    assert_eq!(seen["consumers"].as_array().unwrap().len(), 5);
    assert!(list("", &site.admin).await.ok()["consumers"].as_array().unwrap().len() > 5);
    list("", &write).await.is_problem(403, "key.scope");
    list("?app=daybook", &one_app).await.is_problem(403, "key.app");
    list("?app=nowhere", &site.admin).await.is_problem(404, "app.unknown");
    list("?apps=shop", &site.admin).await.is_problem(400, "query.unknown");
    let unknown = site.get("/v1/consumers/shop/cals").send().await.is_problem(404, "consumer.unknown");
    assert_eq!(unknown["hint"], "Did you mean `calls`?");
    site.get("/v1/consumers/nowhere/calls").send().await.is_problem(404, "app.unknown");

    // How they are is told without a key too, though not of whom.
    let health = site.call(Method::GET, "/healthz").send().await.ok();
    assert_eq!(health["status"], "ok");
    assert!(
        health["consumers"]["disabled"] == 1 && health["consumers"]["unconfigured"].as_u64() >= Some(1),
        "{health}"
    );
    let metrics = site.call(Method::GET, "/metrics").send().await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains("app=\"shop\"") && metrics.contains("consumer=\"calls\""), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_destination_harms_nobody_else() {
    // Nobody listens there, and nobody else can: it is taken.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = taken.local_addr().unwrap();
    let receiver = Receiver::start();
    let mut dead = receiver.settings().value().clone();
    dead["url"] = format!("http://{address}/calls").into();
    let site = Site::with(|config| {
        write_consumers(config, CONSUMERS);
        config.consumers.insert("shop/calls".into(), dead.into());
    })
    .await;
    assert_eq!(site.send(&order("d-1", 1)).await["stored"], 1);
    let calls = consumer_when(&site, "calls", |calls| calls["state"] == "waiting").await;
    assert!(calls["code"].is_string() && calls["message"].is_string() && calls["next_probe"].is_string(), "{calls}");
    assert_eq!((&calls["dead_letters"], &calls["delivered"]), (&json!(0), &json!(0)));
    consumer_when(&site, "archive", |archive| archive["delivered"] == 1).await;
    assert_eq!(site.call(Method::GET, "/readyz").send().await.ok()["status"], "ready");
    let lost = notes_when(&site, "consumer.destination_lost", 1).await;
    assert_eq!((&lost[0]["data"]["app"], &lost[0]["data"]["consumer"]), (&json!("shop"), &json!("calls")));
    assert_eq!(lost[0]["data"]["handler"], "webhook");
}

async fn consumers_stop_go_on_and_go_back(backend: Backend) {
    let receiver = Receiver::start();
    let settings = receiver.settings();
    let with = |config: &mut daybook_server::Config| {
        write_consumers(config, CONSUMERS);
        config.consumers.insert("shop/calls".into(), settings.clone());
    };
    let site = Site::with_state_on(backend, with).await;
    let admin = site.key(&json!({"scopes": ["admin"], "apps": ["shop"]})).await;
    let read = site.key(&json!({"scopes": ["read"]})).await;
    let post = |site: &Site, action: &str, key: &str| {
        site.call(Method::POST, &format!("/v1/consumers/shop/calls/{action}")).key(key)
    };
    post(&site, "pause", &read).send().await.is_problem(403, "key.scope");
    assert_eq!(post(&site, "pause", &admin).send().await.ok()["state"], "paused");
    assert_eq!(site.send(&json!([order("m-1", 1), order("m-2", 2)])).await["stored"], 2);
    consumer_when(&site, "archive", |archive| archive["delivered"] == 2).await;
    assert_eq!(receiver.taken().len(), 0);

    // A pause outlives the server.
    let site = site.restart(with).await;
    let paused = site.get("/v1/consumers/shop/calls").send().await.ok();
    assert!(paused["state"] == "paused" && paused["since"].is_string(), "{paused}");
    post(&site, "resume", &read).send().await.is_problem(403, "key.scope");
    post(&site, "resume", &admin).send().await.ok();
    let calls = consumer_when(&site, "calls", |calls| calls["delivered"] == 2).await;
    assert_eq!(receiver.taken().len(), 2);
    let first: u64 = site.get("/v1/shop/events?limit=1").send().await.ok()["events"][0]["position"].as_u64().unwrap();

    let rewind = |to: Value, key: &str| post(&site, "rewind", key).json(&json!({"to": to})).send();
    rewind(json!("beginning"), &read).await.is_problem(403, "key.scope");
    for wrong in [json!("end"), json!(-1), json!(1.5), json!(null), json!({"position": 1})] {
        rewind(wrong, &admin).await.is_problem(400, "consumer.place");
    }
    post(&site, "rewind", &admin).body("{").send().await.is_problem(400, "consumer.place");
    let head = calls["head"].as_u64().unwrap();
    rewind(json!(head + 1_000), &admin).await.is_problem(400, "consumer.ahead");
    rewind(json!("beginning"), &admin).await.ok();
    consumer_when(&site, "calls", |_| receiver.taken().len() == 4).await;
    rewind(json!(first), &admin).await.ok();
    consumer_when(&site, "calls", |_| receiver.taken().len() == 5).await;
    rewind(json!("2020-01-01T00:00:00Z"), &admin).await.ok();
    consumer_when(&site, "calls", |_| receiver.taken().len() == 7).await;
    let now = rewind(json!("now"), &admin).await.ok();
    assert!(now["offset"].as_u64() >= Some(head), "{now}");

    notes_when(&site, "consumer.paused", 1).await;
    notes_when(&site, "consumer.resumed", 1).await;
    let rewound = notes_when(&site, "consumer.rewound", 4).await;
    assert!(rewound.iter().all(|event| event["actor"]["type"] == "key"), "{rewound:?}");
    site.call(Method::GET, "/v1/consumers/shop/calls/pause").key(&admin).send().await.is_problem(405, "http.method");
    site.post("/v1/consumers/shop/nobody/pause").send().await.is_problem(404, "consumer.unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_does_not_start_on_settings_it_cannot_use() {
    let directory = tempfile::tempdir().unwrap();
    write_catalog(directory.path());
    let check = async |name: &str, settings: Value, expected: &str| {
        let opened = Server::open(config(directory.path(), |config| {
            write_consumers(config, CONSUMERS);
            config.consumers.insert(name.into(), settings.into());
        }))
        .await;
        let error = opened.err().expect("it started");
        assert!(
            matches!(error, StartError::Consumers(_) | StartError::Config(ConfigError::Setting { .. })),
            "{error:?}"
        );
        let said = error.to_string();
        assert!(said.starts_with(expected), "{said}");
        assert!(!said.contains("geheim"), "{said}");
    };
    check("shop", json!({}), "consumers.\"shop\": is no consumer").await;
    check("shpo/calls", json!({}), "consumers.\"shpo/calls\": there is no app shpo; did you mean shop?").await;
    let expected = "consumers.\"shop/cals\": the catalog of shop has no consumer cals; did you mean calls?";
    check("shop/cals", json!({"url": "geheim"}), expected).await;
    check("shop/calls", json!({"ulr": "geheim"}), "consumers.\"shop/calls\".ulr: unknown field `ulr`").await;
    check("shop/calls", json!({"url": ["geheim"]}), "consumers.\"shop/calls\".url: ").await;
    check("shop/calls", json!({"url-file": "/nowhere/at/all"}), "consumers.\"shop/calls\".url-file: cannot read").await;
    check("shop/calls", json!({"enabled": "geheim"}), "consumers.\"shop/calls\".enabled: must be true or false").await;
}
