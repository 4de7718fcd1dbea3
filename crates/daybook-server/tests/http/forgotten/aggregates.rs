//! Aggregates, put through the trial: they outlive the events that they were computed of and the people whose events these were, so
//! there must never be in them who anybody was.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use daybook_event::Timestamp;
use daybook_harness::privacy::{Answer, LogCopy, Person, Piece, Request, Subject, try_to_forget};
use serde_json::{Value, json};

use super::{PATIENCE, Served, sign, verify};
use crate::backend::Backend;

/// The apps with events of days that are over.
const APPS: [&str; 2] = ["noema", "unofficial-communities"];
/// Tells all that the lake has of an event, as a careless aggregate would: row by row, with every text that there is.
const CARELESS: &str = "
  careless:
    description: Everything there is of every event.
    period: daily
    category: product
    dimensions: [anonymous_id, name, session, actor_id, tags, extra, metadata, correlation]
    sql: |
      SELECT anonymous_id, name, session, actor_id, tags, extra, metadata, correlation,
             count(*) AS events, max(id) AS id, max(causation) AS causation, max(request) AS request
      FROM events
      WHERE date BETWEEN $period_start AND $period_end
      GROUP BY anonymous_id, name, session, actor_id, tags, extra, metadata, correlation
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregates_never_knew_anybody() {
    let configure = |config: &mut daybook_server::Config| {
        config.aggregates.enabled = false;
        APPS.iter().for_each(|app| declare(&config.catalogs[0].join(app).join("aggregates.yaml")));
    };
    let served = Served::with(Backend::Sqlite, std::sync::Arc::new(configure)).await;
    let mut aggregates = Aggregated { served, has_rows: AtomicBool::new(false), may_compute: AtomicBool::new(true) };
    let proof = try_to_forget(&mut aggregates, sign).await;
    verify(&aggregates.served, &proof).await;
    assert!(aggregates.has_rows.load(Ordering::Relaxed), "nothing was ever computed");
}

fn declare(file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    if !text.contains(CARELESS) {
        std::fs::write(file, format!("{}\n{CARELESS}", text.trim_end())).unwrap();
    }
}

/// The date of so many days ago.
fn day(ago: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let then = Timestamp::from_microseconds(now.as_micros() as i64 - ago * 86_400_000_000);
    then.to_string().split('T').next().unwrap().to_owned()
}

/// A server that computes aggregates of everything that it may.
struct Aggregated {
    served: Served,
    has_rows: AtomicBool,
    /// Unset once months have passed: what is left of them would give other numbers.
    may_compute: AtomicBool,
}

impl Aggregated {
    async fn compute(&self, app: &str) {
        let begun = Instant::now();
        // Events of the trial happened about seventy days ago, or today, which is not over.
        let span = json!({"aggregate": "careless", "from": day(72), "to": day(68)});
        loop {
            let request = Request::post(format!("/v1/{app}/aggregates/compute"), span.clone());
            let answer = self.served.call(request).await;
            if answer.status == 200 {
                return;
            }
            // The lake has not seen everything yet.
            assert_eq!(answer.status, 503, "{}", String::from_utf8_lossy(&answer.body));
            assert!(begun.elapsed() < PATIENCE, "{}", String::from_utf8_lossy(&answer.body));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Every page of an app's rows.
    async fn rows(&self, app: &str) -> Vec<Value> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.served.call(Request::get(format!("/v1/{app}/aggregates?limit=1000{after}"))).await.json();
            rows.extend(page["aggregates"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={}", next.replace('/', "%2F")),
                None => return rows,
            }
        }
    }
}

#[async_trait]
impl Subject for Aggregated {
    async fn call(&self, request: Request) -> Answer {
        self.served.call(request).await
    }

    async fn settle(&self) {
        self.served.settle().await;
        if self.may_compute.load(Ordering::Relaxed) {
            for app in APPS {
                self.compute(app).await;
            }
        }
    }

    async fn come_to_rest(&self) {
        self.served.come_to_rest().await;
    }

    fn data(&self) -> std::path::PathBuf {
        self.served.data()
    }

    fn directories(&self) -> Vec<std::path::PathBuf> {
        self.served.directories()
    }

    fn log_lines(&self) -> Vec<u8> {
        self.served.log_lines()
    }

    /// What readers are given. It is searched at every step, and must name nobody at any: rows are not forgotten with anybody.
    async fn holdings(&self) -> Vec<Piece> {
        let mut holdings = self.served.holdings().await;
        for app in APPS {
            let rows = self.rows(app).await;
            let careless = rows.iter().filter(|row| row["aggregate_type"] == "careless").count();
            assert!(!self.has_rows.load(Ordering::Relaxed) || careless > 0, "the rows of {app} are gone");
            self.has_rows.fetch_or(careless > 0, Ordering::Relaxed);
            holdings.push(Piece { name: format!("aggregates of {app}"), bytes: json!(rows).to_string().into_bytes() });
        }
        holdings
    }

    async fn answers(&self, person: &Person, anonymous_id: &str) -> Vec<Piece> {
        self.served.answers(person, anonymous_id).await
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

    /// Every row is read from the log once more.
    async fn rebuild(&mut self) {
        self.stop().await;
        self.start().await;
        let rewind = json!({"to": "beginning"});
        let answer = self.served.call(Request::post("/v1/consumers/daybook/aggregates/rewind", rewind)).await;
        assert!(answer.status < 300, "{}", String::from_utf8_lossy(&answer.body));
    }

    async fn retain(&mut self, app: &str, category: &str, days: u32) {
        self.may_compute.store(false, Ordering::Relaxed);
        self.served.retain(app, category, days).await;
    }
}
