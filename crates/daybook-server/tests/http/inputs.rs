//! Buffers that are drained into a running server.

use std::time::Duration;

use daybook_harness::{Nats, Redis};
use serde_json::{Value, json};

use crate::site::{Site, order};

/// Waits until the server's only input says so, and gives what it says.
async fn until(site: &Site, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let input = site.get("/v1/inputs").send().await.ok()["inputs"][0].clone();
        if is_so(&input) {
            return input;
        }
        assert!(tokio::time::Instant::now() < deadline, "{input}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn with_stream(redis: &Redis, change: impl FnOnce(&mut daybook_server::Config)) -> Site {
    let table = json!({"kind": "redis-stream", "url": redis.url(), "app": "shop", "key": "game"});
    Site::with(|config| {
        config.inputs.insert("game".to_owned(), table.into());
        change(config);
    })
    .await
}

fn add(redis: &Redis, body: &str) {
    redis.command(&["XADD", "game", "*", "event", body]);
}

async fn names(site: &Site, path: &str) -> Vec<String> {
    let page = site.get(path).send().await.ok();
    page["events"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_every_shape_are_taken_and_none_harms_another() {
    let redis = Redis::start();
    let pretty = serde_json::to_string_pretty(&order("pretty", 3)).unwrap();
    let bodies = [
        order("one", 1).to_string(),
        json!([order("array-1", 1), order("array-2", 2)]).to_string(),
        json!({"events": [order("batch-1", 1), order("batch-2", 2)], "id": "b"}).to_string(),
        format!("{}\n{}\n", order("line-1", 1), order("line-2", 2)),
        pretty,
        // In Daybook's own form, and without an id.
        json!({"name": "order.placed", "data": {"total": 9}}).to_string(),
        json!([{"kind": "order.placed", "payload": {"total": 1}}, {"kind": "order.placed", "payload": {"total": 2}}])
            .to_string(),
        // Not valid; not an event; not JSON; nothing at all.
        order("bad", -1).to_string(),
        "[[], 5]".to_owned(),
        "{\"kind\": \"order.pla".to_owned(),
        "first line\nsecond line".to_owned(),
        String::new(),
        order("last", 1).to_string(),
    ];
    bodies.iter().for_each(|body| add(&redis, body));
    let site = with_stream(&redis, |_| {}).await;
    let all = bodies.len() as u64;
    let input = until(&site, |input| input["acknowledged"] == all).await;
    assert_eq!((&input["input"], &input["app"], &input["from"]), (&json!("game"), &json!("shop"), &json!("game")));
    assert_eq!((&input["state"], &input["kind"]), (&json!("connected"), &json!("redis-stream")));
    assert_eq!((&input["unreadable"], &input["waiting"]), (&json!(0), &json!(0)));
    assert_eq!(input["events"]["stored"], 12, "{input}");
    assert_eq!(input["events"]["quarantined"], 6, "{input}");
    assert!(redis.command(&["XPENDING", "game", "daybook"]).starts_with('0'));
    assert_eq!(names(&site, "/v1/shop/events?limit=100").await.len(), 12);
    let entries = site.get("/v1/shop/quarantine").send().await.ok()["entries"].as_array().unwrap().len();
    assert_eq!(entries, 6);
    let text = String::from_utf8(site.get("/metrics").send().await.body.to_vec()).unwrap();
    for line in [
        "daybook_input_connected{input=\"game\"} 1".to_owned(),
        format!("daybook_input_messages_total{{input=\"game\",status=\"acknowledged\"}} {all}"),
        "daybook_input_waiting{input=\"game\"} 0".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }

    // Everything comes again, as after a crash between receipt and acknowledgement.
    redis.command(&["XGROUP", "SETID", "game", "daybook", "0"]);
    let input = until(&site, |input| input["acknowledged"] == 2 * all).await;
    assert_eq!((&input["events"]["stored"], &input["events"]["duplicate"]), (&json!(12), &json!(12)), "{input}");
    assert_eq!(names(&site, "/v1/shop/events?limit=100").await.len(), 12);
    let entries = site.get("/v1/shop/quarantine").send().await.ok()["entries"].as_array().unwrap().len();
    assert_eq!(entries, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_again_goes_on_where_it_was() {
    let redis = Redis::start();
    let site = with_stream(&redis, |_| {}).await;
    (0..50).for_each(|number| add(&redis, &order(&format!("a-{number}"), 1).to_string()));
    until(&site, |input| input["acknowledged"].as_u64() >= Some(1)).await;
    let directory = site.stop().await;
    (50..100).for_each(|number| add(&redis, &order(&format!("a-{number}"), 1).to_string()));
    redis.kill();
    redis.restart();
    let table = json!({"kind": "redis-stream", "url": redis.url(), "app": "shop", "key": "game"});
    let change = |config: &mut daybook_server::Config| drop(config.inputs.insert("game".to_owned(), table.into()));
    let site = Site::start_on(crate::backend::Backend::Sqlite, directory, change).await;
    // Everything was taken, and then that it was judged: before it is taken, nothing is pending either.
    until(&site, |input| input["lag"] == 0).await;
    until(&site, |_| redis.command(&["XPENDING", "game", "daybook"]).starts_with('0')).await;
    assert_eq!(names(&site, "/v1/shop/events?limit=200").await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_quarantine_is_full_bad_messages_wait_and_good_ones_do_not() {
    let redis = Redis::start();
    add(&redis, &order("bad", -1).to_string());
    (0..20).for_each(|number| add(&redis, &order(&format!("a-{number}"), 1).to_string()));
    let site = with_stream(&redis, |config| config.quarantine.bytes_per_app = 1).await;
    let input = until(&site, |input| input["acknowledged"] == 20).await;
    assert_eq!((&input["waiting"], &input["events"]["quarantined"]), (&json!(1), &json!(0)), "{input}");
    assert!(input["message"].as_str().unwrap().contains("quarantine.full"), "{input}");
    assert!(redis.command(&["XPENDING", "game", "daybook"]).starts_with('1'));
    assert_eq!(names(&site, "/v1/shop/events?limit=100").await.len(), 20);
    // Stopping does not wait for it; it is the broker's still.
    let directory = site.stop().await;
    let table = json!({"kind": "redis-stream", "url": redis.url(), "app": "shop", "key": "game"});
    let change = |config: &mut daybook_server::Config| drop(config.inputs.insert("game".to_owned(), table.into()));
    let site = Site::start_on(crate::backend::Backend::Sqlite, directory, change).await;
    let input = until(&site, |input| input["acknowledged"] == 1).await;
    assert_eq!(input["events"]["quarantined"], 1, "{input}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_of_nats_is_drained() {
    let nats = Nats::start();
    let context = {
        let options = async_nats::ConnectOptions::with_user_and_password("daybook".into(), nats.password().into());
        async_nats::jetstream::new(options.connect(nats.url()).await.unwrap())
    };
    let subjects = vec!["game.>".to_owned()];
    let config = async_nats::jetstream::stream::Config { name: "GAME".to_owned(), subjects, ..Default::default() };
    context.create_stream(config).await.unwrap();
    for number in 0..100 {
        let body = if number % 10 == 0 { "nonsense".to_owned() } else { order(&format!("n-{number}"), 1).to_string() };
        context.publish("game.events", body.into()).await.unwrap().await.unwrap();
    }
    let table = json!({"kind": "nats-jetstream", "url": nats.url(), "app": "shop", "stream": "GAME"});
    let site = Site::with(|config| drop(config.inputs.insert("game".to_owned(), table.into()))).await;
    let input = until(&site, |input| input["acknowledged"] == 100).await;
    assert_eq!((&input["events"]["stored"], &input["events"]["quarantined"]), (&json!(90), &json!(10)), "{input}");
    assert_eq!(names(&site, "/v1/shop/events?limit=200").await.len(), 90);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_an_app_does_not_see_its_inputs() {
    let redis = Redis::start();
    let site = with_stream(&redis, |_| {}).await;
    let other = site.key(&json!({"apps": ["noema"], "scopes": ["read"]})).await;
    let shop = site.key(&json!({"apps": ["shop"], "scopes": ["read"]})).await;
    let writer = site.key(&json!({"apps": ["shop"], "scopes": ["write"]})).await;
    let list = |key: &str| site.call(http::Method::GET, "/v1/inputs").key(key).send();
    assert_eq!(list(&other).await.ok(), json!({"inputs": []}));
    let shown = list(&shop).await.ok();
    assert_eq!(shown["inputs"].as_array().unwrap().len(), 1);
    assert!(!shown.to_string().contains(redis.password()), "{shown}");
    list(&writer).await.is_problem(403, "key.scope");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_does_not_start_with_an_input_that_cannot_be() {
    let check = async |table: Value, expected: &str| {
        let directory = tempfile::tempdir().unwrap();
        crate::site::write_catalog(directory.path());
        let config = crate::site::config(directory.path(), |config| {
            config.inputs.insert("game".to_owned(), table.into());
        });
        let said = daybook_server::Server::open(config).await.err().expect("it does not start").to_string();
        assert!(said.contains(expected) && !said.contains("geheim"), "{said}");
    };
    check(json!({"kind": "kafka"}), "inputs.\"game\".kind: is none of").await;
    let list = |app: &str| json!({"kind": "redis-list", "url": "redis://:geheim@localhost", "app": app, "key": "k"});
    check(list("shopp"), "inputs.\"game\".app: there is no app shopp; did you mean shop?").await;
    check(list("daybook"), "there is no app daybook").await;
}
