//! The lakes of a server, put through the trial: before the erasure they name everybody to who may know it, by way of the vault, and
//! nobody who was erased afterwards; and what is in them at rest names nobody at any time, and is not written again for an erasure.
//! Which events were signed they say before and after.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use daybook_harness::privacy::{Answer, Fate, Kind, LogCopy, Person, Piece, Request, Subject, try_to_forget};
use daybook_harness::search::{Haystack, Needles};
use serde_json::{Value, json};

use super::{PATIENCE, Served, sign, verify};
use crate::backend::Backend;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lakes_forget_without_being_written_again() {
    let mut lakes = Lakes {
        served: Served::new(Backend::Sqlite).await,
        files: Mutex::default(),
        named: AtomicUsize::new(0),
        passes: AtomicBool::new(false),
    };
    let proof = try_to_forget(&mut lakes, sign).await;
    verify(&lakes.served, &proof).await;
    assert!(lakes.named.load(Ordering::Relaxed) > 10, "the lakes named nobody");
}

/// The app whose people sign.
const SIGNING: &str = "tamma";
/// The apps whose months pass.
const PAST: [&str; 2] = ["noema", "unofficial-communities"];

/// A server, looked at by way of its lakes.
struct Lakes {
    served: Served,
    /// The files that were there when people began to be erased.
    files: Mutex<Option<BTreeMap<PathBuf, Vec<u8>>>>,
    /// How often somebody was named.
    named: AtomicUsize,
    /// Set while months were just let pass.
    passes: AtomicBool,
}

impl Lakes {
    async fn ask(&self, app: &str, sql: &str) -> Vec<u8> {
        let question = json!({"query": sql, "format": "ndjson"});
        let answer = self.served.call(Request::post(format!("/v1/{app}/sql"), question)).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.body
    }

    async fn apps(&self) -> Vec<Value> {
        let answer = self.served.call(Request::get("/v1/lake")).await.json();
        answer["lakes"].as_array().unwrap().clone()
    }

    /// The files of rows there are, by path.
    fn tables(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut found, mut pending) = (BTreeMap::new(), vec![self.served.data.join("lake")]);
        while let Some(directory) = pending.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    pending.push(path);
                } else if path.extension().is_some_and(|extension| extension == "parquet") {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path, bytes);
                }
            }
        }
        found
    }
}

#[async_trait]
impl Subject for Lakes {
    async fn call(&self, request: Request) -> Answer {
        let erases = request.method == "DELETE" || (request.method == "POST" && request.path.ends_with("/erasures"));
        if request.method == "POST" && request.path == "/v1/retention/run" {
            self.passes.store(true, Ordering::Relaxed);
        }
        let app = request.path.split('/').nth(2).unwrap_or_default().to_owned();
        if erases {
            let mut files = self.files.lock().unwrap();
            if files.is_none() {
                let before = self.tables();
                assert!(before.len() > 5, "what was sent is in no file: {:?}", before.keys());
                *files = Some(before);
            }
        }
        let answer = self.served.call(request).await;
        if erases && let Some(before) = &*self.files.lock().unwrap() {
            // Own events of the server are added meanwhile; none of what was there is touched.
            let now = self.tables();
            for (path, bytes) in before {
                assert!(
                    now.get(path) == Some(bytes),
                    "{} was written again when somebody of {app} was erased",
                    path.display()
                );
            }
        }
        answer
    }

    async fn settle(&self) {
        let begun = Instant::now();
        loop {
            let apps = self.apps().await;
            assert!(apps.len() >= 5, "{apps:?}");
            if apps.iter().all(|lake| lake["lag_events"] == 0) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{apps:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn come_to_rest(&self) {
        self.served.come_to_rest().await;
    }

    fn data(&self) -> PathBuf {
        self.served.data()
    }

    fn directories(&self) -> Vec<PathBuf> {
        self.served.directories()
    }

    fn log_lines(&self) -> Vec<u8> {
        self.served.log_lines()
    }

    async fn holdings(&self) -> Vec<Piece> {
        self.served.holdings().await
    }

    /// Everybody by name, and what this one did.
    async fn answers(&self, person: &Person, anonymous_id: &str) -> Vec<Piece> {
        let mut rows = Vec::new();
        for table in ["events", "daily_counts"] {
            let opened = if table == "events" { ", opened(position) AS opened" } else { "" };
            rows.extend(self.ask(person.app, &format!("SELECT *{opened} FROM {table}")).await);
        }
        if person.kind == Kind::Identity && person.fate != Fate::Unwilling {
            let name = Needles::new().value("the name", &person.name);
            Haystack::new().bytes("rows", &rows).search(&name).assert_finds_all();
            let by_name = format!("SELECT count(*) AS n FROM events WHERE identity = '{}'", person.name);
            let by_id = format!("SELECT count(*) AS n FROM events WHERE anonymous_id = '{anonymous_id}'");
            let (by_name, by_id) = (self.ask(person.app, &by_name).await, self.ask(person.app, &by_id).await);
            assert_eq!(String::from_utf8_lossy(&by_name), String::from_utf8_lossy(&by_id));
            self.named.fetch_add(1, Ordering::Relaxed);
        }
        if person.app == SIGNING {
            let signed = "SELECT count(*) AS verified, count(*) FILTER (WHERE signature_kept) AS kept FROM events \
                          WHERE signature_verified";
            let signed: Value = serde_json::from_slice(&self.ask(person.app, signed).await).unwrap();
            // Three sign what they do; of who is unwilling only that is kept. One signs what names somebody else, too.
            assert_eq!(signed, json!({"verified": 4, "kept": 3}));
        }
        if PAST.contains(&person.app) {
            let past =
                "SELECT count(*) AS n FROM events WHERE category = 'product' AND time < now() - INTERVAL '60 days'";
            let past: Value = serde_json::from_slice(&self.ask(person.app, past).await).unwrap();
            let begun = self.files.lock().unwrap().is_some();
            assert!(!self.passes.load(Ordering::Relaxed) || past["n"] == 0, "{past} of {} are still there", person.app);
            assert!(begun || past["n"].as_u64() > Some(0), "there is nothing of {} that could go", person.app);
        }
        vec![Piece { name: format!("rows of {}", person.app), bytes: rows }]
    }

    fn read_log(&self, directory: &Path) -> LogCopy {
        self.served.read_log(directory)
    }

    async fn stop(&mut self) {
        self.passes.store(false, Ordering::Relaxed);
        self.served.stop().await;
    }

    async fn start(&mut self) {
        self.served.start().await;
    }

    /// The lakes are made anew from the log.
    async fn rebuild(&mut self) {
        self.stop().await;
        let lakes = self.served.data.join("lake");
        match std::fs::remove_dir_all(&lakes) {
            // It was deleted before, and the server stopped before it had anything to write.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            deleted => deleted.unwrap(),
        }
        self.start().await;
    }

    async fn retain(&mut self, app: &str, category: &str, days: u32) {
        self.served.retain(app, category, days).await;
    }
}
