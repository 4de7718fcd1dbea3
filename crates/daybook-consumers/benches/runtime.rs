//! How fast events reach consumers whose handlers do next to nothing: the cost of the runtime itself.
//!
//! Each run reads the whole log anew, decodes it once, and hands it to every consumer. Throughput is in deliveries: events times
//! consumers. `DAYBOOK_BENCH_EVENTS` is the size of the log, in whole thousands (100,000).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on must stop")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use daybook_consumers::notes::NoNotes;
use daybook_consumers::{Batch, Handler, HandlerState, Registration, Runtime, RuntimeOptions, Undelivered};
use daybook_event::stored::{self, Rest, Standing};
use daybook_event::{Batch as Append, Event, EventId, Kind, RecordMeta, SubjectId, Timestamp, app_hash};
use daybook_log::{Log, LogOptions};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use daybook_privacy::{MasterKey, Vault, VaultOptions};
use divan::Bencher;
use divan::counter::ItemsCount;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tempfile::TempDir;
use uuid::Uuid;

static EVENTS: LazyLock<usize> =
    LazyLock::new(|| std::env::var("DAYBOOK_BENCH_EVENTS").ok().map_or(100_000, |text| text.parse().unwrap()));
const TYPES: usize = 50;
const APP: &str = "shop";

fn main() {
    divan::main();
}

/// Counts what comes.
#[derive(Default)]
struct Counting(AtomicU64);

#[async_trait]
impl Handler for Counting {
    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        self.0.fetch_add(batch.items.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, _months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

struct World {
    tokio: tokio::runtime::Runtime,
    directory: TempDir,
    log: Log,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let log = Log::open(directory.path().join("log"), LogOptions::default()).unwrap();
    tokio.block_on(async {
        for chunk in 0..*EVENTS / 1_000 {
            log.append(events(chunk * 1_000, 1_000)).await.unwrap();
        }
    });
    World { tokio, directory, log }
});

fn events(from: usize, count: usize) -> Append {
    let mut batch = Append::default();
    for number in from..from + count {
        let now = Timestamp::from_microseconds(1_790_000_000_000_000 + number as i64);
        let (id, name) = (EventId::from_bytes(Uuid::now_v7().into_bytes()), format!("type.{}", number % TYPES));
        let event = Event {
            id,
            category: "product".into(),
            source: Some("server".into()),
            platform: Some("web".into()),
            environment: Some("production".into()),
            group: Some("7".into()),
            tags: vec![("zone".into(), "market".into())],
            data: r#"{"zone_id":"market","zone_type":"shop","duration_ms":1234,"from":"plaza"}"#.into(),
            ..Event::new(APP, name, now)
        };
        stored::encode_clear(&event, &mut batch.bytes);
        let standing = Standing::Person(SubjectId::from_random(Uuid::new_v4().into_bytes()));
        Rest {
            kind: Kind::Event,
            digest: &[1; 16],
            standing,
            sealed: &[],
            others: &[],
            session: None,
            blobs: &[],
            signature: None,
        }
        .encode(&mut batch.bytes);
        let end = u32::try_from(batch.bytes.len()).unwrap();
        let (key, app) = (*id.as_bytes(), app_hash(APP));
        batch.records.push(RecordMeta { end, key, digest: [1; 16], app, time_us: now.microseconds(), hidden: false });
    }
    batch
}

async fn database() -> DatabaseConnection {
    let path = WORLD.directory.path().join(format!("{}.db", Uuid::new_v4()));
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(2).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.in_memory(false).filename(&path).create_if_missing(true);
        sqlite.pragma("journal_mode", "WAL").pragma("synchronous", "NORMAL")
    });
    Database::connect(options).await.unwrap()
}

/// A runtime with so many consumers, each of these events.
async fn prepare(consumers: usize, wanted: impl Fn(usize) -> String) -> (Runtime, Vec<Arc<Counting>>) {
    let database = database().await;
    let keys = vec![MasterKey::from_bytes([1; 32])];
    let vault = Vault::open(database.clone(), keys, VaultOptions::default()).await.unwrap();
    let options = RuntimeOptions::default();
    let runtime = Runtime::open(options, WORLD.log.clone(), vault, database, Arc::new(NoNotes)).await.unwrap();
    let mut handlers = Vec::new();
    for number in 0..consumers {
        let handler = Arc::new(Counting::default());
        let spec = Spec {
            name: format!("c{number}"),
            description: None,
            events: vec![wanted(number)],
            exclude: Vec::new(),
            handler: "counting".to_owned(),
            retry: 0,
            dlq: false,
            condition: None,
            batch: BatchSpec { size: NonZeroU32::new(500), delay: None },
            order: Order::None,
            rate: None,
            latency: None,
            from: From::Beginning,
            options: serde_json::Map::new(),
        };
        let (app, spec, handler_state) = (Arc::from(APP), Arc::new(spec), HandlerState::Ready(handler.clone()));
        runtime.add(Registration { app, spec, handler: handler_state, view: false }).await.unwrap();
        handlers.push(handler);
    }
    (runtime, handlers)
}

fn measure(bencher: Bencher<'_, '_>, consumers: usize, each: usize, wanted: impl Fn(usize) -> String + Sync) {
    let world = &*WORLD;
    bencher
        .counter(ItemsCount::new(consumers * each))
        .with_inputs(|| world.tokio.block_on(prepare(consumers, &wanted)))
        .bench_local_values(|(runtime, handlers)| {
            world.tokio.block_on(async {
                runtime.start();
                for handler in &handlers {
                    while handler.0.load(Ordering::Relaxed) < each as u64 {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            });
            (runtime, handlers)
        });
}

/// Every consumer gets everything.
#[divan::bench(args = [1, 10, 100, 1_000], sample_count = 3, sample_size = 1)]
fn everything(bencher: Bencher<'_, '_>, consumers: usize) {
    measure(bencher, consumers, *EVENTS, |_| "*".to_owned());
}

/// Every consumer gets one event type of fifty.
#[divan::bench(args = [100, 1_000], sample_count = 3, sample_size = 1)]
fn one_type_of_fifty(bencher: Bencher<'_, '_>, consumers: usize) {
    measure(bencher, consumers, *EVENTS / TYPES, |number| format!("type.{}", number % TYPES));
}
