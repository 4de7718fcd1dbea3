//! The server, put through the trial that every view goes through: people are forgotten, and months pass.
//!
//! A later view adds what it writes and what it answers to [`Served`], or wraps it as [`Leaky`] does, and [`everywhere`] with what its
//! consumers deliver to.

mod aggregates;
mod everywhere;
mod lake;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use daybook_event::Secret;
use daybook_harness::privacy::{
    Answer, LogCopy, Person, Piece, Proof, Request, Signed, Subject, copy_directory, try_to_forget,
};
use daybook_harness::search::{Haystack, Needles};
use daybook_log::{Filter, Log, LogOptions, ReadLimit};
use daybook_server::Config;
use daybook_signature::{Content, SigningKey, event};
use http::Method;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::backend::{Backend, on_every_backend};
use crate::site::Site;

/// Longest wait for something that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

on_every_backend!(a_server_forgets);

async fn a_server_forgets(backend: Backend) {
    let mut served = Served::new(backend).await;
    let proof = try_to_forget(&mut served, sign).await;
    verify(&served, &proof).await;
}

/// Ids that an app makes of names, and what else stands beside a quarantined event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_may_be_made_of_a_name() {
    let site = Site::new().await;
    let reader = site.key(&json!({"scopes": ["read"]})).await;
    let needles = Needles::new().value("id", "order-of-zadeluvimo");
    let good =
        json!({"eventId": "order-of-zadeluvimo-1", "kind": "order.placed", "customer": 4711, "payload": {"total": 1}});
    let bad =
        json!({"eventId": "order-of-zadeluvimo-2", "kind": "order.placed", "customer": 4711, "payload": {"total": -1}});
    let receipts = site.send(&json!([good, bad])).await;
    assert_eq!((&receipts["stored"], &receipts["quarantined"]), (&json!(1), &json!(1)));
    let listed = site.get("/v1/shop/quarantine").send().await.body;
    Haystack::new()
        .bytes("shown", &listed)
        .search(&Needles::new().value("id", "order-of-zadeluvimo"))
        .assert_finds_all();
    let blind = site.call(Method::GET, "/v1/shop/quarantine").key(&reader).send().await.body;
    let rows = sqlite_rows(&site.state()).await;
    Haystack::new().bytes("blind", &blind).bytes("rows", &rows).directory(site.data()).search(&needles).assert_clean();
}

/// The trial is worth something: a view that keeps a name does not get through it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_that_leaks_is_found_out() {
    for (leak, expected) in [
        (Leak::Holding, "before, at rest:"),
        (Leak::File, "before, at rest:"),
        (Leak::Answer, "after the erasure:"),
        (Leak::LogLine, "before, at rest:"),
    ] {
        let mut leaky = Leaky { served: Served::new(Backend::Sqlite).await, leak, seen: Mutex::default() };
        let trial = tokio::spawn(async move { try_to_forget(&mut leaky, sign).await });
        let panic = trial.await.unwrap_err().into_panic();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(expected), "{leak:?}: {message}");
        assert!(message.contains("noema, Erased"), "{leak:?}: {message}");
    }
}

/// Signs as actors do.
fn sign(seed: [u8; 32], unsigned: &Value) -> Signed {
    let key = SigningKey::from_seed(&Secret::from_bytes(seed));
    let jws = event::sign(&key, &Content::of_event(unsigned).unwrap()).unwrap();
    Signed { jws, jwk: key.public().to_jwk() }
}

/// The reports are good, and name nobody.
async fn verify(served: &Served, proof: &Proof) {
    let key = served.site().get("/v1/privacy").send().await.ok()["report_key"].as_str().unwrap().to_owned();
    assert!(proof.reports.len() >= 4 && proof.bytes > 1_000_000, "{} bytes", proof.bytes);
    for answer in &proof.reports {
        let verified = daybook_privacy::report::verify(answer["jws"].as_str().unwrap(), &key).unwrap();
        assert_eq!(serde_json::to_value(&verified).unwrap(), answer["report"]);
    }
}

/// A server on a directory of its own, with catalogs that may change.
struct Served {
    site: Option<Site>,
    stopped: Option<tempfile::TempDir>,
    backend: Backend,
    data: PathBuf,
    blind: String,
    configure: Configure,
}

/// What a configuration has beside what every server here has.
type Configure = Arc<dyn Fn(&mut Config) + Send + Sync>;

impl Served {
    async fn new(backend: Backend) -> Self {
        Self::with(backend, Arc::new(|_| ())).await
    }

    async fn with(backend: Backend, configure: Configure) -> Self {
        captured();
        let site = Site::with_state_on(backend.clone(), |config| {
            let catalogs = config.catalogs[0].clone();
            let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogs");
            copy_directory(&shipped, &catalogs);
            config.default_catalogs = false;
            configure(config);
        })
        .await;
        let blind = site.key(&json!({"scopes": ["read", "write"]})).await;
        let data = site.data();
        Self { site: Some(site), stopped: None, backend, data, blind, configure }
    }

    fn site(&self) -> &Site {
        self.site.as_ref().unwrap()
    }

    /// Every row of every lake, once they have everything: their files hold the same, compressed in a way of their own.
    async fn lakes(&self) -> Vec<Piece> {
        let begun = Instant::now();
        let lakes = loop {
            let answer = self.call(Request::get("/v1/lake")).await.json();
            let lakes = answer["lakes"].as_array().unwrap().clone();
            if lakes.iter().all(|lake| lake["lag_events"] == 0) {
                break lakes;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let mut rows = Vec::new();
        for app in lakes.iter().map(|lake| lake["app"].as_str().unwrap()) {
            for table in ["events", "daily_counts"] {
                let question = json!({"query": format!("SELECT * FROM {table}"), "format": "ndjson"});
                // Who may see people is shown their names beside it.
                rows.extend(self.call(Request::post(format!("/v1/{app}/sql"), question).blind()).await.body);
            }
        }
        assert!(rows.windows(14).any(|window| window == b"\"anonymous_id\""), "the lakes are empty");
        vec![Piece { name: "rows of the lakes".to_owned(), bytes: rows }]
    }
}

#[async_trait]
impl Subject for Served {
    async fn call(&self, request: Request) -> Answer {
        let method = Method::from_bytes(request.method.as_bytes()).unwrap();
        let site = self.site();
        let key = if request.blind { &self.blind } else { &site.admin };
        let mut call = site.call(method, &request.path).key(key);
        if let Some(body) = &request.body {
            call = call.json(body);
        }
        let answer = call.send().await;
        Answer { status: answer.status.as_u16(), body: answer.body.to_vec() }
    }

    async fn come_to_rest(&self) {
        if let Backend::Postgres(postgres, url) = &self.backend {
            postgres.sql(&url.to_string(), "VACUUM");
            postgres.sql(&url.to_string(), "CHECKPOINT");
        }
    }

    fn data(&self) -> PathBuf {
        self.data.clone()
    }

    fn directories(&self) -> Vec<PathBuf> {
        match &self.backend {
            Backend::Sqlite => Vec::new(),
            Backend::Postgres(postgres, _) => vec![postgres.directory()],
        }
    }

    fn log_lines(&self) -> Vec<u8> {
        captured().lock().unwrap().clone()
    }

    /// Every row of the state, as text: a database may compress what is long.
    async fn holdings(&self) -> Vec<Piece> {
        let rows = match &self.backend {
            Backend::Sqlite => sqlite_rows(&self.site().state()).await,
            Backend::Postgres(postgres, url) => {
                let tables =
                    postgres.sql(&url.to_string(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
                tables
                    .lines()
                    .map(|table| postgres.sql(&url.to_string(), &format!("SELECT t::text FROM {table} t")))
                    .collect()
            }
        };
        assert!(rows.contains("complete") || rows.contains("unofficial-communities"), "{rows}");
        let mut holdings = vec![Piece { name: "rows of the state".to_owned(), bytes: rows.into_bytes() }];
        holdings.extend(self.lakes().await);
        holdings
    }

    fn read_log(&self, directory: &Path) -> LogCopy {
        let log = Log::open(directory, LogOptions::default()).unwrap();
        let mut copy = LogCopy { head: log.head(), ..LogCopy::default() };
        copy.leaves = (1..=copy.head).map(|position| log.leaf(position).unwrap()).collect();
        let filter = Filter { hidden: true, ..Filter::default() };
        let mut after = 0;
        while after < copy.head {
            let page = log.read(after, ReadLimit::default(), &filter).unwrap();
            copy.records.extend(page.records.iter().map(|record| (record.position, record.bytes.to_vec())));
            after = page.next;
        }
        copy
    }

    async fn stop(&mut self) {
        self.stopped = Some(self.site.take().unwrap().stop().await);
    }

    async fn start(&mut self) {
        let directory = self.stopped.take().unwrap();
        let configure = |config: &mut Config| {
            config.default_catalogs = false;
            (self.configure)(config);
        };
        self.site = Some(Site::start_on(self.backend.clone(), directory, configure).await);
    }

    async fn retain(&mut self, app: &str, category: &str, days: u32) {
        let file = self.site().directory.path().join("catalogs").join(app).join("catalog.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let (before, of_it) = text.split_once(&format!("\n  {category}:\n")).unwrap();
        let (start, rest) = of_it.split_once("\n    retain: ").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        std::fs::write(&file, format!("{before}\n  {category}:\n{start}\n    retain: {days}d\n{rest}")).unwrap();
        self.stop().await;
        self.start().await;
    }
}

async fn sqlite_rows(state: &daybook_server::StatePlace) -> String {
    let database = daybook_server::open_state(state).await.unwrap();
    let ask = async |sql: String| -> Vec<String> {
        let statement = Statement::from_string(database.get_database_backend(), sql);
        let rows = database.query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<Option<String>>(0).unwrap().unwrap_or_default()).collect()
    };
    let mut rows = String::new();
    for table in ask("SELECT name FROM sqlite_master WHERE type = 'table'".to_owned()).await {
        let columns = ask(format!("SELECT name FROM pragma_table_info('{table}')")).await;
        let columns: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
        rows += &ask(format!("SELECT {} FROM \"{table}\"", columns.join(" || '|' || "))).await.join("\n");
    }
    database.close().await.unwrap();
    rows
}

/// Everything that is said by any server of this process, and by the libraries beneath, at the most talkative level.
fn captured() -> &'static Arc<Mutex<Vec<u8>>> {
    #[derive(Clone)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    static CAPTURED: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    CAPTURED.get_or_init(|| {
        let lines = Lines(Arc::default());
        let captured = Arc::clone(&lines.0);
        let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        subscriber.with_writer(move || lines.clone()).init();
        captured
    })
}

/// Where a view leaks.
#[derive(Debug, Clone, Copy)]
enum Leak {
    Holding,
    File,
    Answer,
    LogLine,
}

/// A view that keeps what it sees.
struct Leaky {
    served: Served,
    leak: Leak,
    seen: Mutex<Vec<u8>>,
}

#[async_trait]
impl Subject for Leaky {
    async fn call(&self, request: Request) -> Answer {
        self.served.call(request).await
    }

    async fn settle(&self) {
        let events = self.served.call(Request::get("/v1/noema/events?limit=1000")).await.body;
        let mut seen = self.seen.lock().unwrap();
        if !seen.is_empty() || !events.windows(12).any(|window| window == b"displayName\"") {
            return;
        }
        if matches!(self.leak, Leak::File) {
            std::fs::write(self.served.data.join("view.zst"), zstd::encode_all(&*events, 3).unwrap()).unwrap();
        }
        *seen = events;
    }

    fn data(&self) -> PathBuf {
        self.served.data()
    }

    fn log_lines(&self) -> Vec<u8> {
        let mut lines = self.served.log_lines();
        if matches!(self.leak, Leak::LogLine) {
            lines.extend_from_slice(&self.seen.lock().unwrap());
        }
        lines
    }

    async fn holdings(&self) -> Vec<Piece> {
        let mut holdings = self.served.holdings().await;
        if matches!(self.leak, Leak::Holding) {
            holdings.push(Piece { name: "a table".to_owned(), bytes: self.seen.lock().unwrap().clone() });
        }
        holdings
    }

    async fn answers(&self, _: &Person, _: &str) -> Vec<Piece> {
        match self.leak {
            Leak::Answer => vec![Piece { name: "an answer".to_owned(), bytes: self.seen.lock().unwrap().clone() }],
            _ => Vec::new(),
        }
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

    async fn retain(&mut self, app: &str, category: &str, days: u32) {
        self.served.retain(app, category, days).await;
    }
}
