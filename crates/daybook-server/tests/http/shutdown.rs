//! Stopping: nothing that was acknowledged is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::backend::{Backend, on_every_backend};
use crate::client::Call;
use crate::site::{Site, order};

on_every_backend!(stopping_under_load_loses_nothing_that_was_acknowledged,);

/// Sends batches over one connection until the server goes away; says which events were acknowledged.
async fn sender(
    site: (std::net::SocketAddr, String),
    number: usize,
    stopping: Arc<AtomicBool>,
) -> (BTreeSet<String>, usize) {
    let (address, admin) = site;
    let mut acknowledged = BTreeSet::new();
    let mut after_stop = 0;
    let Ok(stream) = TcpStream::connect(address).await else { return (acknowledged, after_stop) };
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
            acknowledged.extend(ids);
            after_stop += usize::from(stopping.load(Ordering::SeqCst));
        }
    }
    (acknowledged, after_stop)
}

async fn stopping_under_load_loses_nothing_that_was_acknowledged(backend: Backend) {
    let mut site = Site::with_state_on(backend, |_| {}).await;
    let stopping = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..8)
        .map(|number| tokio::spawn(sender((site.handle.address(), site.admin.clone()), number, Arc::clone(&stopping))))
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    stopping.store(true, Ordering::SeqCst);
    site.ask_to_stop();
    let mut acknowledged = BTreeSet::new();
    for sender in senders {
        acknowledged.extend(sender.await.unwrap().0);
    }
    assert!(acknowledged.len() >= 200, "{}", acknowledged.len());

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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let body = order("g-1", 1).to_string();
    let head = |site: &Site| {
        format!(
            "POST /v1/shop/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            site.admin,
            body.len()
        )
    };
    let mut site = Site::new().await;
    let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
    stream.write_all(head(&site).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.ask_to_stop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(site.handle.address()).await.is_err(), "a server that stops takes no more connections");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    site.stop().await;

    let mut site = Site::with(|config| config.shutdown_grace = Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
    stream.write_all(head(&site).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.ask_to_stop();
    tokio::time::timeout(Duration::from_secs(5), site.stop()).await.expect("it waits for ever");

    let mut site = Site::new().await;
    let mut stream = TcpStream::connect(site.handle.address()).await.unwrap();
    stream.write_all(head(&site).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.ask_to_stop();
    site.handle.stop_now();
    tokio::time::timeout(Duration::from_secs(5), site.stop()).await.expect("it waits in spite of the second signal");
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
