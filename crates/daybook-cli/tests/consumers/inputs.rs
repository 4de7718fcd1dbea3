//! Inputs: what stands in a queue is in the log once it is acknowledged there, whoever is killed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use daybook_harness::{Nats, Redis};
use serde_json::Value;

use crate::load::{id, order};
use crate::place::{Place, SHOP, Server, wait_until};

/// Events of a test.
const EVENTS_MAX: usize = 20_000;
const BATCH: usize = 50;
/// So many events later the pause between two batches is longer by as much again: whoever writes has to write until
/// the end.
const SLOWER_AFTER: usize = 2_000;
const PAUSE: Duration = Duration::from_millis(50);

/// A queue that somebody writes to.
trait Queue: Send + Sync {
    fn settings(&self) -> String;
    /// Writes events until the queue has acknowledged each; it may be away meanwhile.
    fn write(&self, events: &[Value]);
    fn pause(&self);
    fn resume(&self);
    fn kill(&self);
    fn restart(&self);
}

struct Stream(Redis);

impl Queue for Stream {
    fn settings(&self) -> String {
        let url = self.0.url();
        format!("kind = \"redis-stream\"\nurl = \"{url}\"\napp = \"{SHOP}\"\nkey = \"orders\"\nclaim-after = \"2s\"")
    }

    fn write(&self, events: &[Value]) {
        for event in events {
            // A command to a Redis that is away fails: the client comes back.
            while self.0.try_command(&["XADD", "orders", "*", "event", &event.to_string()]).is_err() {
                std::thread::sleep(PAUSE);
            }
        }
    }

    fn pause(&self) {
        self.0.pause();
    }

    fn resume(&self) {
        self.0.resume();
    }

    fn kill(&self) {
        self.0.kill();
    }

    fn restart(&self) {
        self.0.restart();
    }
}

struct JetStream {
    nats: Nats,
    runtime: tokio::runtime::Runtime,
}

impl JetStream {
    fn start() -> Self {
        let queue = Self { nats: Nats::start(), runtime: tokio::runtime::Runtime::new().unwrap() };
        queue.runtime.block_on(async {
            let subjects = vec!["orders.>".to_owned()];
            let stream = stream::Config { name: "ORDERS".to_owned(), subjects, ..Default::default() };
            queue.connect().await.unwrap().create_stream(stream).await.unwrap();
        });
        queue
    }

    async fn connect(&self) -> Result<jetstream::Context, async_nats::ConnectError> {
        let (user, password) = ("daybook".to_owned(), self.nats.password().to_owned());
        let options = async_nats::ConnectOptions::with_user_and_password(user, password);
        Ok(jetstream::new(options.connect(self.nats.url()).await?))
    }

    async fn publish(&self, events: &[Value]) -> Option<()> {
        let jetstream = self.connect().await.ok()?;
        for event in events {
            // Acknowledged or not, the same event may be written again: it has an id.
            let subject = format!("orders.{}", event["name"].as_str().unwrap());
            jetstream.publish(subject, event.to_string().into()).await.ok()?.await.ok()?;
        }
        Some(())
    }
}

impl Queue for JetStream {
    fn settings(&self) -> String {
        let url = self.nats.url();
        format!("kind = \"nats-jetstream\"\nurl = \"{url}\"\napp = \"{SHOP}\"\nstream = \"ORDERS\"\nack-wait = \"2s\"")
    }

    fn write(&self, events: &[Value]) {
        self.runtime.block_on(async {
            while self.publish(events).await.is_none() {
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    fn pause(&self) {
        self.nats.pause();
    }

    fn resume(&self) {
        self.nats.resume();
    }

    fn kill(&self) {
        self.nats.kill();
    }

    fn restart(&self) {
        self.nats.restart();
    }
}

#[test]
fn a_redis_stream_comes_and_goes() {
    survive(&(Arc::new(Stream(Redis::start())) as Arc<dyn Queue>));
}

#[test]
fn a_jetstream_comes_and_goes() {
    survive(&(Arc::new(JetStream::start()) as Arc<dyn Queue>));
}

fn survive(queue: &Arc<dyn Queue>) {
    let place = Place::new(&[], &format!("[inputs.queue]\n{}", queue.settings()));
    let mut server = place.start();
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, written) = (Arc::clone(&stop), Arc::clone(queue));
    let writer = std::thread::spawn(move || {
        let mut ids = BTreeSet::new();
        while !stopped.load(Ordering::Relaxed) && ids.len() < EVENTS_MAX {
            let events: Vec<Value> = (0..BATCH).map(|number| order(ids.len() + number)).collect();
            written.write(&events);
            ids.extend(events.iter().map(id));
            std::thread::sleep(PAUSE * (1 + ids.len() / SLOWER_AFTER) as u32);
        }
        ids
    });
    let stored = |server: &Server| input(server)["events"]["stored"].as_u64().unwrap();
    let goes_on = |server: &Server| {
        let before = stored(server);
        wait_until("the input goes on", || stored(server) > before);
    };
    goes_on(&server);

    queue.pause();
    wait_until("everything that was taken is stored", || input(&server)["waiting"] == 0);
    queue.resume();
    goes_on(&server);

    server.kill();
    server = place.start();
    goes_on(&server);

    queue.kill();
    wait_until("the loss is noticed", || input(&server)["state"] == "lost");
    server.kill();
    // The source is not there when the server starts.
    server = place.start();
    queue.restart();
    goes_on(&server);
    queue.restart();
    goes_on(&server);

    stop.store(true, Ordering::Relaxed);
    let ids = writer.join().unwrap();
    wait_until("every event is there", || events(&server).len() >= ids.len());
    let found = events(&server);
    assert_eq!(found.len(), ids.len(), "an event is there twice");
    assert!(found.into_iter().collect::<BTreeSet<_>>() == ids);
    wait_until("the queue is drained", || input(&server)["waiting"] == 0);
    server.stop();
    assert!(!place.said().contains("panicked"), "{}", place.said());
}

fn input(server: &Server) -> Value {
    server.get("/v1/inputs")["inputs"][0].clone()
}

/// The ids of all events of the shop.
fn events(server: &Server) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), 0);
    loop {
        let page = server.get(&format!("/v1/{SHOP}/events?limit=1000&after={after}"));
        ids.extend(page["events"].as_array().unwrap().iter().map(id));
        let next = page["next"].as_u64().unwrap();
        if next <= after {
            return ids;
        }
        after = next;
    }
}
