//! Stopping: nothing that was acknowledged is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::backend::{Backend, on_every_backend};
use crate::client::Call;
use crate::site::{PATIENCE, Site, order};

on_every_backend!(stopping_under_load_loses_nothing_that_was_acknowledged,);

/// Sends batches over one connection until the server goes away; says which events were acknowledged, and meanwhile how
/// many.
async fn sender(site: (std::net::SocketAddr, String), number: usize, so_far: Arc<AtomicUsize>) -> BTreeSet<String> {
    let (address, admin) = site;
    let mut acknowledged = BTreeSet::new();
    let Ok(stream) = TcpStream::connect(address).await else { return acknowledged };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for batch in 0.. {
        let ids: Vec<String> = (0..20).map(|event| format!("s-{number}-{batch}-{event}")).collect();
        // Every tenth event is one for the quarantine.
        let events: Vec<Value> =
            ids.iter().enumerate().map(|(place, id)| order(id, if place % 10 == 9 { -1 } else { 1 })).collect();
        let request = Request::post("/v1/shop/events")
            .header("host", "x")
            .header("authorization", format!("Bearer {admin}"))
            .body(Full::new(Bytes::from(Value::Array(events).to_string())))
            .unwrap();
        let Ok(response) = sender.send_request(request).await else { break };
        let status = response.status();
        let Ok(body) = response.into_body().collect().await else { break };
        if status == 200 {
            let receipts: Value = serde_json::from_slice(&body.to_bytes()).unwrap();
            assert_eq!((receipts["stored"].as_u64(), receipts["quarantined"].as_u64()), (Some(18), Some(2)));
            so_far.fetch_add(ids.len(), Ordering::SeqCst);
            acknowledged.extend(ids);
        }
    }
    acknowledged
}

async fn stopping_under_load_loses_nothing_that_was_acknowledged(backend: Backend) {
    let mut site = Site::with_state_on(backend, |_| {}).await;
    let so_far = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..8)
        .map(|number| tokio::spawn(sender((site.handle.address(), site.admin.clone()), number, Arc::clone(&so_far))))
        .collect();
    let begun = Instant::now();
    while so_far.load(Ordering::SeqCst) < 400 {
        assert!(begun.elapsed() < PATIENCE, "{so_far:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    site.ask_to_stop();
    let mut acknowledged = BTreeSet::new();
    for sender in senders {
        acknowledged.extend(sender.await.unwrap());
    }
    assert!(acknowledged.len() >= 400, "{}", acknowledged.len());

    let site = site.restart(|_| {}).await;
    let mut found = BTreeSet::new();
    let mut after = 0;
    loop {
        let page = site.get(&format!("/v1/shop/events?limit=1000&after={after}")).send().await.ok();
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            break;
        }
        found.extend(events.iter().map(|event| event["original_id"].as_str().unwrap().to_owned()));
        after = page["next"].as_u64().unwrap();
    }
    let mut after = 0;
    loop {
        let page = site.get(&format!("/v1/shop/quarantine?limit=500&after={after}")).send().await.ok();
        let entries = page["entries"].as_array().unwrap();
        if entries.is_empty() {
            break;
        }
        found.extend(entries.iter().map(|entry| entry["event"]["eventId"].as_str().unwrap().to_owned()));
        after = page["next"].as_i64().unwrap();
    }
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "{} of {} lost: {:?}", lost.len(), acknowledged.len(), lost.first());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_under_way_gets_its_grace_and_no_more() {
    let body = order("g-1", 1).to_string();
    let mut site = Site::with(|config| config.shutdown_grace = PATIENCE).await;
    let mut stream = site.under_way(body.len()).await;
    site.ask_to_stop();
    let begun = Instant::now();
    while TcpStream::connect(site.handle.address()).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE / 4, "a server that stops takes no more connections");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    site.stop().await;

    let mut site = Site::with(|config| config.shutdown_grace = Duration::from_millis(300)).await;
    let stream = site.under_way(body.len()).await;
    site.ask_to_stop();
    tokio::time::timeout(PATIENCE, site.stop()).await.expect("it waits for ever");
    was_cut(stream).await;

    let mut site = Site::with(|config| config.shutdown_grace = 10 * PATIENCE).await;
    let stream = site.under_way(body.len()).await;
    site.ask_to_stop();
    site.handle.stop_now();
    tokio::time::timeout(PATIENCE, site.stop()).await.expect("it waits in spite of the second signal");
    was_cut(stream).await;
}

/// The server left off in the middle of this call. Had it waited until no body comes any more, it would have said so.
async fn was_cut(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // It may be closed or reset.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_directory_has_one_server() {
    let site = Site::new().await;
    let second = daybook_server::Server::open(crate::site::config(site.directory.path(), |_| {})).await;
    assert!(matches!(second, Err(daybook_server::StartError::Log(_))));
    // The first one goes on.
    let call = Call::new(site.handle.address(), Method::POST, "/v1/shop/events").key(&site.admin);
    assert_eq!(call.json(&json!([order("1", 1)])).send().await.ok()["stored"], 1);
}
