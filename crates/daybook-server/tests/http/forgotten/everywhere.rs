//! A server with a consumer of every handler, of every app, put through the trial: what it delivered is forgotten where it went.
//!
//! What may name people (tables, files, calls to a receiver that was told to be careful) is what the view answers with: it names them before,
//! and nobody who was erased afterwards, in its rows and in the files below them. What may not name anybody (counters, alerts, other calls, other rows)
//! is searched at every step. The databases' own logs of changes are left out: they keep what was deleted until they are written over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use daybook_harness::privacy::{Answer, LogCopy, Person, Piece, Request, Subject, try_to_forget};
use daybook_harness::{Call, MariaDb, Postgres, Receiver, Redis};
use serde_json::{Value, json};

use super::{Served, sign, verify};
use crate::backend::Backend;

/// Longest wait for something that happens by itself.
const PATIENCE: Duration = Duration::from_secs(120);
const APPS: [&str; 4] = ["noema", "tachikoma", "tamma", "unofficial-communities"];
/// The consumers of every app: name, what the catalog says, and where the configuration sends it.
const CONSUMERS: [(&str, &str, To); 9] = [
    ("table", "handler: mysql", To::MariaDb),
    ("rows", "handler: postgres, options: {identity: true}", To::Postgres),
    ("blind-rows", "handler: postgres, options: {table: blind}", To::Postgres),
    ("numbers", "handler: redis", To::Redis),
    ("live", "handler: counters", To::Nowhere),
    ("blind-files", "handler: file", To::Nowhere),
    ("files", "handler: file, options: {identity: true}", To::Files),
    ("hook", "handler: webhook, options: {identity: true}", To::Receiver("named")),
    ("blind-hook", "handler: webhook", To::Receiver("blind")),
];
const ALARM: &str = "handler: alert, options: {max-age: 3650d}";

#[derive(Clone, Copy)]
enum To {
    MariaDb,
    Postgres,
    Redis,
    Receiver(&'static str),
    Files,
    Nowhere,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_was_delivered_is_forgotten() {
    let mut everywhere = Everywhere::new().await;
    let proof = try_to_forget(&mut everywhere, sign).await;
    verify(&everywhere.served, &proof).await;
}

/// A server, and everything its consumers deliver to.
struct Everywhere {
    served: Served,
    places: Arc<Places>,
    /// Whether anybody has looked since it settled: everything is shown once.
    shown: AtomicBool,
}

struct Places {
    mariadb: MariaDb,
    postgres: Postgres,
    redis: Redis,
    receiver: Receiver,
    files: tempfile::TempDir,
    /// A database of each for every app.
    databases: BTreeMap<&'static str, (String, String)>,
}

impl Places {
    fn new() -> Self {
        let (mariadb, postgres) = (MariaDb::start(), Postgres::start());
        let databases = APPS.map(|app| (app, (mariadb.database(), postgres.database()))).into();
        // Pages are written as soon as they are changed, so that the files say what the rows say.
        let url = mariadb.url();
        mariadb.sql(&url, "SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0; SET GLOBAL innodb_max_dirty_pages_pct = 0");
        let (redis, receiver, files) = (Redis::start(), Receiver::start(), tempfile::tempdir().unwrap());
        Self { mariadb, postgres, redis, receiver, files, databases }
    }

    fn settings(&self, app: &str, to: To) -> Value {
        let (mariadb, postgres) = &self.databases[app];
        match to {
            To::MariaDb => json!({"url": mariadb}),
            To::Postgres => json!({"url": postgres}),
            To::Redis => json!({"url": self.redis.url()}),
            To::Receiver(path) => self.call_settings(app, path),
            To::Files => json!({"directory": self.files.path()}),
            To::Nowhere => json!({}),
        }
    }

    fn call_settings(&self, app: &str, path: &str) -> Value {
        let mut settings = json!({"url": format!("{}/{path}/{app}", self.receiver.url()), "allow-private": true});
        if path != "alarm" {
            settings["secret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        }
        settings
    }

    /// What is in the tables.
    fn rows(&self, blind: bool) -> String {
        let mut rows = String::new();
        for (mariadb, postgres) in self.databases.values() {
            if blind {
                rows += &self.postgres.sql(postgres, "SELECT t::text FROM blind t");
            } else {
                rows += &self.mariadb.sql(mariadb, "SELECT * FROM analytics_events");
                rows += &self.postgres.sql(postgres, "SELECT t::text FROM events t");
            }
            rows.push('\n');
        }
        rows
    }

    /// The files of the tables, once they are what the rows are.
    async fn files(&self) -> Vec<Piece> {
        let begun = Instant::now();
        let dirty = "SELECT variable_value FROM information_schema.global_status \
                     WHERE variable_name = 'INNODB_BUFFER_POOL_PAGES_DIRTY'";
        while self.mariadb.sql(&self.mariadb.url(), dirty) != "0" {
            assert!(begun.elapsed() < PATIENCE, "its pages are not written");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.postgres.sql(&self.postgres.url(), "CHECKPOINT");
        let mut pieces = Vec::new();
        for (mariadb, postgres) in self.databases.values() {
            let database = mariadb.rsplit('/').next().unwrap();
            read_files(&self.mariadb.directory().join("data").join(database), &mut pieces);
            let database =
                self.postgres.sql(postgres, "SELECT oid FROM pg_database WHERE datname = current_database()");
            read_files(&self.postgres.directory().join("data/base").join(database), &mut pieces);
        }
        read_files(self.files.path(), &mut pieces);
        pieces
    }

    /// What a receiver has that does as it is told: it keeps events, and deletes those of whom it is to forget.
    fn kept_by_receiver(&self) -> String {
        let mut kept: BTreeMap<String, Value> = BTreeMap::new();
        for call in self.calls(|path| path.starts_with("/named/")) {
            let body: Value = serde_json::from_slice(&call.body).unwrap();
            let data = &body["data"];
            let is_of_app = |event: &Value| event["app"] == data["app"];
            match body["type"].as_str() {
                Some("daybook.person.forgotten") => {
                    kept.retain(|_, event| !is_of_app(event) || event["anonymous_id"] != data["anonymous_id"]);
                }
                Some("daybook.month.forgotten") => {
                    let month = data["month"].as_str().unwrap();
                    let is_of_month = |event: &Value| event["time"].as_str().unwrap().starts_with(month);
                    kept.retain(|_, event| {
                        !is_of_app(event) || event["category"] != data["category"] || !is_of_month(event)
                    });
                }
                _ => drop(kept.insert(body["id"].as_str().unwrap().to_owned(), body)),
            }
        }
        assert!(!kept.is_empty(), "the receiver was sent nothing");
        kept.values().fold(String::new(), |mut all, event| {
            writeln!(all, "{event}").unwrap();
            all
        })
    }

    fn calls(&self, wanted: impl Fn(&str) -> bool) -> Vec<Call> {
        self.receiver.calls().into_iter().filter(|call| wanted(&call.path)).collect()
    }
}

/// Every file below a directory.
fn read_files(directory: &Path, pieces: &mut Vec<Piece>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_files(&path, pieces);
        } else if let Ok(bytes) = std::fs::read(&path) {
            // One that was dropped meanwhile is no matter.
            pieces.push(Piece { name: path.display().to_string(), bytes });
        }
    }
}

impl Everywhere {
    async fn new() -> Self {
        let places = Arc::new(Places::new());
        let of_config = Arc::clone(&places);
        let served = Served::with(
            Backend::Sqlite,
            Arc::new(move |config| {
                for app in APPS {
                    let mut text = "consumers:\n".to_owned();
                    let mut add = |name: &str, spec: &str, settings: Value| {
                        writeln!(text, "  {name}: {{events: ['*'], {spec}}}").unwrap();
                        config.consumers.insert(format!("{app}/{name}"), settings.into());
                    };
                    for (name, spec, to) in CONSUMERS {
                        add(name, spec, of_config.settings(app, to));
                    }
                    add("alarm", ALARM, of_config.call_settings(app, "alarm"));
                    let file = config.catalogs[0].join(app).join("consumers.yaml");
                    std::fs::write(file, text).unwrap();
                }
            }),
        )
        .await;
        Self { served, places, shown: AtomicBool::new(false) }
    }

    async fn consumers(&self) -> Vec<Value> {
        let answer = self.served.call(Request::get("/v1/consumers")).await.json();
        answer["consumers"].as_array().unwrap().clone()
    }
}

#[async_trait]
impl Subject for Everywhere {
    async fn call(&self, request: Request) -> Answer {
        self.served.call(request).await
    }

    async fn settle(&self) {
        self.shown.store(false, Ordering::Relaxed);
        let head = self.consumers().await.iter().filter_map(|consumer| consumer["head"].as_u64()).max().unwrap();
        let begun = Instant::now();
        loop {
            let consumers = self.consumers().await;
            assert!(consumers.len() >= APPS.len() * (CONSUMERS.len() + 1), "{consumers:#?}");
            let behind = consumers.iter().find(|consumer| consumer["offset"].as_u64().unwrap() < head);
            let Some(behind) = behind else { return };
            assert!(begun.elapsed() < PATIENCE, "{behind:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn come_to_rest(&self) {
        self.served.come_to_rest().await;
    }

    fn data(&self) -> PathBuf {
        self.served.data()
    }

    fn directories(&self) -> Vec<PathBuf> {
        vec![self.places.redis.directory()]
    }

    fn log_lines(&self) -> Vec<u8> {
        self.served.log_lines()
    }

    async fn holdings(&self) -> Vec<Piece> {
        let mut holdings = self.served.holdings().await;
        let calls = self.places.calls(|path| !path.starts_with("/named/"));
        for path in ["/alarm/", "/blind/"] {
            assert!(calls.iter().any(|call| call.path.starts_with(path)), "nothing was sent to {path}");
        }
        holdings.extend(calls.into_iter().map(|call| Piece { name: call.path, bytes: call.body.to_vec() }));
        let rows = self.places.rows(true).into_bytes();
        assert!(rows.len() > 1_000);
        holdings.push(Piece { name: "rows that name nobody".to_owned(), bytes: rows });
        holdings
    }

    async fn answers(&self, _: &Person, _: &str) -> Vec<Piece> {
        if self.shown.swap(true, Ordering::Relaxed) {
            return Vec::new();
        }
        let mut pieces = self.places.files().await;
        pieces.push(Piece { name: "rows".to_owned(), bytes: self.places.rows(false).into_bytes() });
        let kept = self.places.kept_by_receiver().into_bytes();
        pieces.push(Piece { name: "what the receiver keeps".to_owned(), bytes: kept });
        pieces
    }

    fn read_log(&self, directory: &Path) -> LogCopy {
        self.served.read_log(directory)
    }

    async fn stop(&mut self) {
        self.served.stop().await;
    }

    async fn start(&mut self) {
        self.served.start().await;
    }

    async fn rebuild(&mut self) {
        self.stop().await;
        self.start().await;
        for consumer in self.consumers().await {
            let (app, name) = (consumer["app"].as_str().unwrap(), consumer["consumer"].as_str().unwrap());
            let path = format!("/v1/consumers/{app}/{name}/rewind");
            self.call(Request::post(path, json!({"to": "beginning"}))).await.json();
        }
        self.settle().await;
    }

    async fn retain(&mut self, app: &str, category: &str, days: u32) {
        self.served.retain(app, category, days).await;
    }
}
