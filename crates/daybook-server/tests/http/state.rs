//! The state in PostgreSQL: what clients notice when it goes away, and that nothing they were promised goes with it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use daybook_harness::Postgres;
use http::Method;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::client::{Answer, Call};
use crate::site::{PATIENCE, Site, order};

/// An order of a customer, which is sealed under the customer's secret.
fn order_of(customer: u32, id: &str) -> Value {
    json!({"eventId": id, "kind": "order.placed", "customer": customer, "payload": {"total": 1}})
}

/// An order that cannot be.
fn bad(id: &str) -> Value {
    order(id, -1)
}

fn postgres_of(site: &Site) -> Arc<Postgres> {
    match &site.backend {
        Backend::Postgres(postgres, _) => Arc::clone(postgres),
        Backend::Sqlite => unreachable!("the state is in PostgreSQL"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_a_server_answers_503_and_goes_on_when_it_is_back() {
    let site = Site::with_state_on(Backend::postgres(), |_| {}).await;
    let postgres = postgres_of(&site);
    assert_eq!(site.send(&json!([order_of(1, "1"), bad("2")])).await["quarantined"], 1);
    // A look at a person is an event, whose month has a secret once somebody looked.
    site.get("/v1/shop/events/1").send().await.ok();

    postgres.kill();
    // What needs no more than is known goes on.
    assert_eq!(site.send(&order_of(1, "3")).await["stored"], 1);
    site.get("/v1/shop/events/3").send().await.ok();
    let unknown = || site.call(Method::GET, "/v1/shop/events").key("dbk_unknown");
    // Keys that were read a moment ago count as they were.
    until(async || unknown().send().await, 503).await.is_problem(503, "state.unavailable");
    // The rest is told to come again, and does not wait for each other.
    let begun = Instant::now();
    let post = |events: Value| site.post("/v1/shop/events").json(&events);
    let mut calls = vec![
        (post(order_of(2, "4")), "vault.failed"),
        (post(bad("5")), "quarantine.failed"),
        (site.get("/v1/shop/quarantine"), "state.unavailable"),
        (site.get("/v1/keys"), "state.unavailable"),
        (site.post("/v1/keys").json(&json!({"name": "till", "scopes": ["write"]})), "state.unavailable"),
    ];
    // A key that is not in memory may exist: nobody can tell.
    calls.extend((0..30).map(|_| (unknown(), "state.unavailable")));
    let answers = calls.into_iter().map(|(call, code)| async move { call.send().await.is_problem(503, code) });
    let (ready, _) = tokio::join!(site.call(Method::GET, "/readyz").send(), futures_util::future::join_all(answers));
    assert_eq!(ready.status, 503);
    // One after the other the thirty would take five seconds each.
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    site.call(Method::GET, "/healthz").send().await.ok();

    postgres.start_again();
    // A reading that failed a moment before counts for a moment, too.
    until(async || unknown().send().await, 401).await.is_problem(401, "key.unknown");
    assert_eq!(site.send(&json!([order_of(2, "4"), bad("5")])).await["stored"], 1);
    let entries = site.get("/v1/shop/quarantine").send().await.ok()["entries"].clone();
    let ids: Vec<_> = entries.as_array().unwrap().iter().map(|entry| &entry["event"]["eventId"]).collect();
    assert_eq!(ids, ["2", "5"], "{entries}");
    assert_eq!(site.get("/readyz").send().await.status, 200);

    let site = site.restart(|_| {}).await;
    let events = site.get("/v1/shop/events").send().await.ok()["events"].clone();
    let people: Vec<_> = events.as_array().unwrap().iter().map(|event| event["identity"].clone()).collect();
    assert_eq!(people, ["1", "1", "2"], "{events}");
}

/// The first answer with this status.
async fn until(ask: impl AsyncFn() -> Answer, status: u16) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = ask().await;
        if answer.status == status {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until some more events were acknowledged.
async fn goes_on(so_far: &AtomicUsize) {
    let (before, begun) = (so_far.load(Ordering::SeqCst), Instant::now());
    while so_far.load(Ordering::SeqCst) < before + 30 {
        assert!(begun.elapsed() < PATIENCE, "{before} and then {so_far:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_with_the_connection() {
    let site = Site::with_state_on(Backend::postgres(), |_| {}).await;
    let postgres = postgres_of(&site);
    let (is_over, so_far) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let senders: Vec<_> = (0..4)
        .map(|number| tokio::spawn(sender(post(&site), number, Arc::clone(&is_over), Arc::clone(&so_far))))
        .collect();
    for stop in [Postgres::kill, Postgres::stop, Postgres::kill] {
        goes_on(&so_far).await;
        let postgres = Arc::clone(&postgres);
        tokio::task::spawn_blocking(move || {
            stop(&postgres);
            postgres.start_again();
        })
        .await
        .unwrap();
    }
    goes_on(&so_far).await;
    is_over.store(true, Ordering::SeqCst);
    let mut acknowledged = BTreeSet::new();
    for sender in senders {
        acknowledged.extend(sender.await.unwrap());
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());

    let site = site.restart(|_| {}).await;
    let mut found = pages(&site, "events", |event| event["original_id"].clone()).await;
    found.extend(pages(&site, "quarantine", |entry| entry["event"]["eventId"].clone()).await);
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "{} of {} lost: {:?}", lost.len(), acknowledged.len(), lost.first());
}

/// Makes calls that send events.
fn post(site: &Site) -> impl Fn(&Value) -> Call + Send + use<> {
    let (address, key) = (site.handle.address(), site.admin.clone());
    move |events| Call::new(address, Method::POST, "/v1/shop/events").key(&key).json(events)
}

/// Sends batches with new people and bad events until told to stop; says which events were acknowledged.
async fn sender(
    post: impl Fn(&Value) -> Call + Send,
    number: u32,
    is_over: Arc<AtomicBool>,
    so_far: Arc<AtomicUsize>,
) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    for batch in 0.. {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let (good, wrong) = (format!("s-{number}-{batch}"), format!("s-{number}-{batch}-bad"));
        let events = json!([order_of(number * 1_000_000 + batch, &good), bad(&wrong)]);
        let answer = post(&events).send().await;
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some());
            continue;
        }
        let receipts = answer.ok();
        assert_eq!((receipts["stored"].as_u64(), receipts["quarantined"].as_u64()), (Some(1), Some(1)), "{receipts}");
        acknowledged.extend([good, wrong]);
        so_far.fetch_add(2, Ordering::SeqCst);
    }
    acknowledged
}

/// One value of everything that is listed there.
async fn pages(site: &Site, what: &str, value: fn(&Value) -> Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut after = json!(0);
    loop {
        let page = site.get(&format!("/v1/shop/{what}?limit=500&after={after}")).send().await.ok();
        let listed = page.get("events").or(page.get("entries")).and_then(Value::as_array).unwrap();
        if listed.is_empty() {
            return found;
        }
        found.extend(listed.iter().map(|item| value(item).as_str().unwrap().to_owned()));
        after = page["next"].clone();
    }
}

/// Nothing that the server writes shows the password of its database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_is_written_nowhere() {
    let site = Site::with_state_on(Backend::postgres(), |_| {}).await;
    let postgres = postgres_of(&site);
    site.send(&json!([order_of(1, "1"), bad("2")])).await;
    let metrics = site.get("/metrics").send().await;
    assert!(!String::from_utf8_lossy(&metrics.body).contains(postgres.password()));
    let directory = site.stop().await;
    let mut directories = vec![directory.path().to_owned()];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            assert!(memchr::memmem::find(&bytes, postgres.password().as_bytes()).is_none(), "{}", path.display());
            assert!(path.file_name().unwrap() != "state.db");
        }
    }
    assert!(files > 3);
}
