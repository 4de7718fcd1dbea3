//! A server in a directory of its own, with the catalog of an app that Daybook has never heard of.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daybook_log::LogOptions;
use daybook_server::{Config, Server, ServerHandle, StatePlace};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::backend::Backend;
use crate::client::{Answer, Call};

/// Longest wait for something that happens by itself.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What a server says when it begins to read a body that it was asked whether it wants.
const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";

const CATALOG: &str = r#"
app: shop
version: 1.0.0
title: Corner shop
dialect:
  id: {path: eventId}
  name: {path: kind, required: true}
  version: {path: schema}
  time: {path: at}
  priority: {path: weight}
  source: {path: from}
  identity: {path: customer, as: integer}
  session: {path: visit}
  group: {path: branch}
  actor.type: {path: by.type}
  actor.id: {path: by.id}
  data: {path: payload}
categories:
  business: {description: What is sold., retain: 10y}
  noise: {description: What is looked at., sampling: {rate: 0.0, min-per-window: 1, window: 1h}}
"#;

const EVENTS: &str = r#"
events:
  - name: order.placed
    description: A customer ordered.
    category: business
    pii: {email: identifier, address.street: personal}
    tags: [channel]
    data:
      type: object
      properties:
        total: {type: number, minimum: 0}
        email: {type: string}
        channel: {type: string}
        note: {type: string}
        address: {type: object, properties: {street: {type: string}, town: {type: string}}}
      required: [total]
    examples: [{total: 12.5}]
  - name: order.cancelled
    description: A customer changed their mind.
    category: business
    data: {type: object, properties: {reason: {type: string}}}
    examples: [{reason: late}]
  - name: page.viewed
    description: Somebody looked.
    category: noise
    priority: low
    data: {type: object, properties: {page: {type: string}}}
    examples: [{page: home}]
  - name: door.opened
    description: Somebody came in.
    category: business
    store: daily-counts
    data: {type: object, properties: {}}
    examples: [{}]
"#;

/// A running server.
pub struct Site {
    pub directory: TempDir,
    pub handle: ServerHandle,
    pub admin: String,
    pub backend: Backend,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Site {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose configuration was changed.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_state_on(Backend::Sqlite, change).await
    }

    /// A server that keeps its state there.
    pub async fn with_state_on(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        write_catalog(directory.path());
        Self::start_on(backend, directory, change).await
    }

    /// A server whose log is kept in another way.
    pub async fn on(log: LogOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        write_catalog(directory.path());
        let config = config(directory.path(), |_| {});
        let server = Server::open_with_log(config.clone(), log).await.unwrap();
        Self::run(Backend::Sqlite, directory, &config, server)
    }

    /// A server on what another left, with its state where it was.
    pub async fn start_on(backend: Backend, directory: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(directory.path(), change);
        config.state = backend.url();
        // Tables of terms so small that they are files in every test: also in those that search all files.
        let log = LogOptions { terms_table_postings: 16, ..LogOptions::default() };
        let server = Server::open_with_log(config.clone(), log).await.unwrap();
        Self::run(backend, directory, &config, server)
    }

    fn run(backend: Backend, directory: TempDir, config: &Config, server: Server) -> Self {
        let handle = server.handle();
        let admin = std::fs::read_to_string(config.data.join("admin.key")).unwrap().trim().to_owned();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async { drop(stopped.await) }));
        Self { directory, handle, admin, backend, stop: Some(stop), running }
    }

    /// Stops the server as a signal does.
    pub fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the server and waits for it; the directory stays.
    pub async fn stop(mut self) -> TempDir {
        self.ask_to_stop();
        self.running.await.unwrap();
        self.directory
    }

    /// Stops the server and starts another on the same directory.
    pub async fn restart(self, change: impl FnOnce(&mut Config)) -> Self {
        let backend = self.backend.clone();
        Self::start_on(backend, self.stop().await, change).await
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Where the master key lies.
    pub fn master_key_file(&self) -> PathBuf {
        let files = std::fs::read_dir(self.directory.path().join("keys")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "key"));
        // The key that signs the log lies there too.
        files.retain(|file| !file.to_string_lossy().ends_with(".log-signing.key"));
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    /// Where the state is kept.
    pub fn state(&self) -> StatePlace {
        StatePlace::of(&self.data(), self.backend.url().as_ref())
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.handle.address(), method, path)
    }

    /// A call with the admin key.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path).key(&self.admin)
    }

    /// A call with the admin key.
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path).key(&self.admin)
    }

    /// Sends events and expects receipts.
    #[track_caller]
    pub fn send(&self, events: &Value) -> impl Future<Output = Value> + use<> {
        let call = self.post("/v1/shop/events").json(events);
        async move { call.send().await.ok() }
    }

    /// Erases somebody, and gives what is signed of it, also where that takes longer than a call waits for it.
    pub async fn erase(&self, path: &str) -> Value {
        let answer = self.call(Method::DELETE, path).key(&self.admin).send().await;
        let mut erasure = answer.ok();
        if answer.status == 200 {
            return erasure;
        }
        let app = path.split('/').nth(2).unwrap();
        let status = format!("/v1/{app}/erasures/{}", erasure["request"].as_str().unwrap());
        let begun = Instant::now();
        while erasure["state"] != "complete" {
            assert!(begun.elapsed() < PATIENCE, "{erasure}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            erasure = self.get(&status).send().await.ok();
        }
        erasure
    }

    /// A call that is under way: the server has read its head, and waits for so many bytes of its body.
    pub async fn under_way(&self, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.handle.address()).await.unwrap();
        let head = format!(
            "POST /v1/shop/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {length}\r\n\
             expect: 100-continue\r\n\r\n",
            self.admin
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; CONTINUE.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, *CONTINUE, "{}", String::from_utf8_lossy(&answer));
        stream
    }

    /// A key with these scopes.
    pub async fn key(&self, what: &Value) -> String {
        let mut new = json!({"name": "test"});
        new.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        let answer: Answer = self.post("/v1/keys").json(&new).send().await;
        answer.ok()["key"].as_str().unwrap().to_owned()
    }
}

/// An order, in the shop's own form.
pub fn order(id: &str, total: impl Into<Value>) -> Value {
    json!({"eventId": id, "kind": "order.placed", "payload": {"total": total.into()}})
}

/// Lets midnight pass where it is close: a test that speaks of days would end on another than it began on.
pub async fn away_from_midnight() {
    const DAY_SECONDS: u64 = 24 * 60 * 60;
    const CLOSE_SECONDS: u64 = 3 * 60;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let left = DAY_SECONDS - now.as_secs() % DAY_SECONDS;
    if left <= CLOSE_SECONDS {
        tokio::time::sleep(Duration::from_secs(left)).await;
    }
}

/// The configuration of a server in `directory`.
pub fn config(directory: &Path, change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        data: directory.join("data"),
        catalogs: vec![directory.join("catalogs")],
        ..Config::default()
    };
    // Beside the data, not in the home of whoever runs the tests.
    config.privacy.key_directory = Some(directory.join("keys"));
    change(&mut config);
    config
}

/// Writes the shop's catalog.
pub fn write_catalog(directory: &Path) {
    let shop = directory.join("catalogs/shop");
    std::fs::create_dir_all(shop.join("events")).unwrap();
    std::fs::write(shop.join("catalog.yaml"), CATALOG).unwrap();
    std::fs::write(shop.join("events/shop.yaml"), EVENTS).unwrap();
}
