//! A log of sealed events, the vault that opens them, and runtimes that deliver them.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daybook_admission::{Admission, Body, BodyForm, Facts};
use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use daybook_catalog::{AppCatalog, Catalogs, EventType, Store, WithoutConsent};
use daybook_consumers::notes::NoNotes;
use daybook_consumers::status::State;
use daybook_consumers::{Handler, HandlerState, Registration, Runtime, RuntimeOptions};
use daybook_event::{EventId, Signals, Timestamp};
use daybook_log::{Log, LogOptions};
use daybook_privacy::{MasterKey, Vault, VaultOptions};
use daybook_sinks::{BuildContext, Built, Promise, Statuses};
use divan::Bencher;
use divan::counter::ItemsCount;
use rand::RngCore;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// The app whose catalog's examples are the events.
pub const APP: &str = "unofficial-communities";
/// Events that a handler is handed at once unless it says otherwise, and that the baselines send at once.
pub const BATCH: usize = daybook_consumers::limits::BATCH_EVENTS_DEFAULT;
const CONSUMER: &str = "measured";
const PEOPLE: u64 = 10_000;
const GROUPS: u64 = 50;

/// It is made by the first bench that needs it, and goes with [`World::end`].
static WORLD: Mutex<Option<Arc<World>>> = Mutex::new(None);

pub struct World {
    pub tokio: tokio::runtime::Runtime,
    pub app: Arc<AppCatalog>,
    /// Events in the log.
    pub events: usize,
    directory: TempDir,
    log: Log,
    vault: Vault,
}

struct Nobody;

impl Statuses for Nobody {
    fn promises(&self, _app: &str) -> Vec<Promise> {
        Vec::new()
    }
}

impl World {
    pub fn get() -> Arc<Self> {
        Arc::clone(WORLD.lock().unwrap().get_or_insert_with(|| Arc::new(Self::new())))
    }

    /// Deletes what was written.
    pub fn end() {
        drop(WORLD.lock().unwrap().take());
    }

    fn new() -> Self {
        let events = std::env::var("DAYBOOK_BENCH_EVENTS").ok().map_or(100_000, |text| text.parse().unwrap());
        let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let directory = directory();
        let app = Arc::clone(Catalogs::builtin().catalogs.app(APP).unwrap());
        let log = Log::open(directory.path().join("log"), LogOptions::default()).unwrap();
        let vault = tokio.block_on(async {
            let database = database(directory.path()).await;
            let vault =
                Vault::open(database, vec![MasterKey::from_bytes([1; 32])], VaultOptions::default()).await.unwrap();
            let admission = Admission::new(Arc::clone(&app)).unwrap();
            for from in (0..events).step_by(1_000) {
                append(&log, &vault, &admission, from..events.min(from + 1_000)).await;
            }
            vault
        });
        Self { tokio, app, events, directory, log, vault }
    }

    /// A directory of its own, beside the log.
    pub fn subdirectory(&self) -> TempDir {
        tempfile::tempdir_in(self.directory.path()).unwrap()
    }

    /// A handler of this crate, for all events.
    pub fn handler(&self, name: &str, options: Value, settings: &Value, data: &Path) -> Arc<dyn Handler> {
        let mut spec = spec();
        name.clone_into(&mut spec.handler);
        spec.options = options.as_object().unwrap().clone();
        let (app, statuses) = (Arc::clone(&self.app), Arc::new(Nobody));
        match daybook_sinks::build(&BuildContext { app, spec: &spec, settings: Some(settings), data, statuses })
            .unwrap()
        {
            Built::Handler(handler) => handler,
            Built::Unconfigured { missing } => panic!("{name} has no {missing}"),
        }
    }

    /// Measures how fast a handler gets all events. `handler` makes it ready before, at an empty destination.
    pub fn measure(&self, bencher: Bencher<'_, '_>, mut handler: impl FnMut() -> Arc<dyn Handler>) {
        bencher.counter(ItemsCount::new(self.events)).with_inputs(|| self.runtime(handler())).bench_local_values(
            |runtime| {
                self.deliver(&runtime);
                runtime
            },
        );
    }

    /// Delivers all events once.
    pub fn run(&self, handler: Arc<dyn Handler>) {
        self.deliver(&self.runtime(handler));
    }

    /// With one consumer, which has everything before it.
    fn runtime(&self, handler: Arc<dyn Handler>) -> Runtime {
        self.tokio.block_on(async {
            let database = database(self.directory.path()).await;
            let (options, log, vault) = (RuntimeOptions::default(), self.log.clone(), self.vault.clone());
            let runtime = Runtime::open(options, log, vault, database, Arc::new(NoNotes)).await.unwrap();
            let (app, spec, handler) = (Arc::from(APP), Arc::new(spec()), HandlerState::Ready(handler));
            runtime.add(Registration { app, spec, handler, view: false }).await.unwrap();
            runtime
        })
    }

    fn deliver(&self, runtime: &Runtime) {
        self.tokio.block_on(async {
            runtime.start();
            loop {
                let status = runtime.status(APP, CONSUMER).unwrap();
                assert!(matches!(status.state, State::Running | State::CatchingUp), "{status:?}");
                if status.offset == status.head {
                    assert_eq!((status.dead_letters, status.given_up, status.retried), (0, 0, 0), "{status:?}");
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
}

fn spec() -> Spec {
    Spec {
        name: CONSUMER.to_owned(),
        description: None,
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: "nothing".to_owned(),
        retry: 3,
        dlq: true,
        condition: None,
        batch: BatchSpec::default(),
        order: Order::None,
        rate: None,
        latency: None,
        from: From::Beginning,
        options: serde_json::Map::new(),
    }
}

/// On a disk rather than in memory, unless somebody says so.
fn directory() -> TempDir {
    let parent = std::env::var_os("DAYBOOK_BENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    tempfile::tempdir_in(parent).unwrap()
}

/// A state database of its own, as the server has it.
async fn database(directory: &Path) -> DatabaseConnection {
    let path = directory.join(format!("{}.db", Uuid::new_v4()));
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(4).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.in_memory(false).shared_cache(false).filename(&path).create_if_missing(true);
        sqlite.busy_timeout(Duration::from_secs(10)).pragma("journal_mode", "WAL").pragma("synchronous", "NORMAL")
    });
    Database::connect(options).await.unwrap()
}

/// Takes events the way that the collector takes them.
async fn append(log: &Log, vault: &Vault, admission: &Admission, numbers: std::ops::Range<usize>) {
    let count = numbers.len();
    let app = admission.catalog();
    let types: Vec<&EventType> = app.current_events().filter(|event_type| is_stored_whole(event_type)).collect();
    let events: Vec<Value> = numbers.map(|number| event(types[number % types.len()], number)).collect();
    let body = Body::parse(Value::from(events).to_string().as_bytes(), &BodyForm::Json).unwrap();
    let decoded = admission.decode(&body);
    let people = vault.find(APP, decoded.people()).await.unwrap();
    let judged = admission.judge(
        decoded,
        &mut Facts {
            now: now(),
            known: &[],
            people: &people,
            months: &vault.months(APP),
            environment: "production",
            actor_keys: None,
            signals: Signals::default(),
            shed: false,
            atomic: true,
            new_id: &mut || EventId::from_bytes(Uuid::now_v7().into_bytes()),
        },
    );
    let keys = vault.ensure(APP, &judged.needs()).await.unwrap();
    let mut admitted = judged.seal(admission, &keys, &mut |bytes| rand::rng().fill_bytes(bytes));
    let appended = log.append(std::mem::take(&mut admitted.batch)).await.unwrap();
    admitted.settle(&appended);
    let receipts = admitted.into_receipts();
    let odd = receipts.receipts.iter().find(|receipt| !receipt.errors.is_empty());
    assert_eq!(receipts.stored, count, "{odd:?}");
}

/// Whether all events of a type are kept, each as a row of its own.
fn is_stored_whole(event_type: &EventType) -> bool {
    event_type.store == Store::Event
        && event_type.sampling.rate >= 1.0
        && event_type.deprecated.is_none()
        && event_type.consent.as_ref().is_none_or(|consent| consent.without != WithoutConsent::Drop)
}

/// An example of its type, of a person in a group.
fn event(event_type: &EventType, number: usize) -> Value {
    let turn = number as u64;
    let person = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    json!({
        "event_id": Uuid::now_v7(),
        "event_name": event_type.name,
        "timestamp": now().to_string(),
        "source": event_type.sources.first().map_or("api", String::as_str),
        "identity_id": person % PEOPLE,
        "session_id": format!("{:032x}", person % PEOPLE),
        "community_id": person % GROUPS,
        "request_id": format!("req-{turn:016x}"),
        "properties": event_type.examples[number / 100 % event_type.examples.len()],
    })
}

fn now() -> Timestamp {
    Timestamp::from_microseconds(jiff::Timestamp::now().as_microsecond())
}
