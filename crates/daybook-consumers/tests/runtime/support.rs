//! A log, a vault and a state database of one test, and what is put into them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_catalog::consumers::{BatchSpec, From, Order, Spec};
use daybook_consumers::notes::{Change, Note, Notes};
use daybook_consumers::status::Status;
use daybook_consumers::{Handler, HandlerState, Registration, Runtime, RuntimeOptions};
use daybook_event::stored::{self, Personal, Rest, Standing};
use daybook_event::{
    Appended, Batch, Event, EventId, Kind, Month, Needs, PersonName, Position, RecordMeta, SealKeys, SubjectId,
    Timestamp, app_hash,
};
use daybook_harness::Postgres;
use daybook_log::{Log, LogOptions};
use daybook_privacy::{MasterKey, Vault, VaultOptions};
use parking_lot::Mutex;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tempfile::TempDir;
use uuid::Uuid;

pub const APP: &str = "shop";
/// No condition takes as long, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    _directory: TempDir,
    pub log: Log,
    pub database: DatabaseConnection,
    pub vault: Vault,
    pub notes: Arc<Heard>,
    postgres: Option<Postgres>,
}

/// Notes as they came.
#[derive(Default)]
pub struct Heard(Mutex<Vec<Note>>);

impl Notes for Heard {
    fn note(&self, note: Note) {
        self.0.lock().push(note);
    }
}

impl Heard {
    /// What was said of a consumer.
    pub fn of(&self, name: &str) -> Vec<Change> {
        self.0.lock().iter().filter(|note| &*note.consumer == name).map(|note| note.change.clone()).collect()
    }

    pub fn actors(&self) -> Vec<Option<String>> {
        self.0.lock().iter().map(|note| note.actor.clone()).collect()
    }
}

/// An event to be appended.
#[derive(Clone, Copy)]
pub struct Sample<'s> {
    pub app: &'s str,
    pub name: &'s str,
    pub data: &'s str,
    pub person: Option<&'s str>,
    pub group: Option<&'s str>,
    pub received_us: Option<i64>,
    pub time_us: Option<i64>,
    pub kind: Kind,
}

pub fn sample(name: &str) -> Sample<'_> {
    Sample { app: APP, name, data: "", person: None, group: None, received_us: None, time_us: None, kind: Kind::Event }
}

impl World {
    async fn new(directory: TempDir, database: DatabaseConnection, postgres: Option<Postgres>) -> Self {
        let options = LogOptions { segment_size_bytes: 64 * 1024, ..LogOptions::default() };
        let log = Log::open(directory.path().join("log"), options).unwrap();
        let keys = vec![MasterKey::from_bytes([7; 32])];
        let vault = Vault::open(database.clone(), keys, VaultOptions::default()).await.unwrap();
        Self { _directory: directory, log, database, vault, notes: Arc::default(), postgres }
    }

    /// A runtime that has not started yet. Pauses are short, so that tests are.
    pub async fn runtime(&self) -> Runtime {
        self.runtime_with(quick()).await
    }

    pub async fn runtime_with(&self, options: RuntimeOptions) -> Runtime {
        let (log, vault, database) = (self.log.clone(), self.vault.clone(), self.database.clone());
        let notes: Arc<dyn Notes> = self.notes.clone();
        Runtime::open(options, log, vault, database, notes).await.unwrap()
    }

    /// A runtime with one consumer, running.
    pub async fn run(&self, spec: Spec, handler: Arc<dyn Handler>) -> Runtime {
        let runtime = self.runtime().await;
        runtime.add(registration(spec, handler)).await.unwrap();
        runtime.start();
        runtime
    }

    /// Appends events; their positions.
    pub async fn append(&self, samples: &[Sample<'_>]) -> Vec<Position> {
        let mut batch = Batch::default();
        for sample in samples {
            self.encode(sample, &mut batch).await;
        }
        let appended = self.log.append(batch).await.unwrap();
        appended.into_iter().map(|one| if let Appended::Stored(position) = one { position } else { panic!() }).collect()
    }

    /// Appends so many events of one name.
    pub async fn append_many(&self, name: &str, count: usize) -> Vec<Position> {
        self.append(&vec![sample(name); count]).await
    }

    async fn encode(&self, sample: &Sample<'_>, batch: &mut Batch) {
        let now = now_us();
        let time = Timestamp::from_microseconds(sample.time_us.unwrap_or(now));
        let id = EventId::from_bytes(Uuid::new_v4().into_bytes());
        let event = Event {
            id,
            kind: sample.kind,
            received: Timestamp::from_microseconds(sample.received_us.unwrap_or(now)),
            category: "product".into(),
            group: sample.group.map(Into::into),
            data: sample.data.into(),
            ..Event::new(sample.app, sample.name, time)
        };
        stored::encode_clear(&event, &mut batch.bytes);
        let (mut standing, mut sealed) = (Standing::Nobody, Vec::new());
        if let Some(name) = sample.person {
            let month = Month::of(time);
            let needs = Needs { people: vec![PersonName::identity(name)], months: vec![("product".into(), month)] };
            let keys = self.vault.ensure(sample.app, &needs).await.unwrap();
            let (person, month) = (&keys.people[0], &keys.months[0]);
            let (mut plain, personal) = (Vec::new(), Personal { identity: Some(name.into()), ..Personal::default() });
            personal.encode(&mut plain);
            let context = stored::seal_context(app_hash(sample.app), &id, time, Some(person.id));
            let nonce: [u8; 12] = Uuid::new_v4().as_bytes()[..12].try_into().unwrap();
            SealKeys::derive(Some(&person.secret), month).seal(nonce, &context, &plain, &mut sealed);
            standing = Standing::Person(person.id);
        }
        Rest {
            kind: sample.kind,
            digest: &[1; 16],
            standing,
            sealed: &sealed,
            others: &[],
            session: None,
            blobs: &[],
            signature: None,
        }
        .encode(&mut batch.bytes);
        batch.records.push(RecordMeta {
            end: u32::try_from(batch.bytes.len()).unwrap(),
            key: *id.as_bytes(),
            digest: [1; 16],
            app: app_hash(sample.app),
            time_us: time.microseconds(),
            hidden: sample.kind == Kind::DailyCount,
        });
    }

    /// The person's random name.
    pub async fn subject(&self, name: &str) -> SubjectId {
        let found = self.vault.find(APP, &[Some(PersonName::identity(name))]).await.unwrap();
        found[0].as_ref().unwrap().id
    }

    pub fn postgres(&self) -> Option<&Postgres> {
        self.postgres.as_ref()
    }
}

pub fn quick() -> RuntimeOptions {
    let ms = Duration::from_millis;
    RuntimeOptions {
        retry_pause: (ms(1), ms(10)),
        probe_pause: (ms(5), ms(50)),
        offsets_every: ms(10),
        ..RuntimeOptions::default()
    }
}

/// A consumer of everything.
pub fn spec(name: &str) -> Spec {
    Spec {
        name: name.to_owned(),
        description: None,
        events: vec!["*".to_owned()],
        exclude: Vec::new(),
        handler: "fake".to_owned(),
        retry: 2,
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

pub fn batch(size: u32, delay: Duration) -> BatchSpec {
    BatchSpec { size: NonZeroU32::new(size), delay: Some(delay) }
}

pub fn registration(spec: Spec, handler: Arc<dyn Handler>) -> Registration {
    Registration { app: APP.into(), spec: Arc::new(spec), handler: HandlerState::Ready(handler), view: true }
}

/// Waits for a condition.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until a consumer is like this.
pub async fn until(runtime: &Runtime, name: &str, mut condition: impl FnMut(&Status) -> bool) -> Status {
    let begun = Instant::now();
    loop {
        let status = runtime.status(APP, name).unwrap();
        if condition(&status) {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "never came true: {status:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until a consumer is done with everything.
pub async fn caught_up(runtime: &Runtime, name: &str) -> Status {
    until(runtime, name, |status| status.lag_events == 0).await
}

pub fn now_us() -> i64 {
    i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

pub fn on_sqlite(test: impl AsyncFnOnce(&World)) {
    block_on(async {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        let mut options = ConnectOptions::new("sqlite::memory:");
        // As the server opens it.
        options.max_connections(4).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite.in_memory(false).shared_cache(false).filename(&path).create_if_missing(true);
            sqlite.busy_timeout(PATIENCE).pragma("journal_mode", "WAL").pragma("secure_delete", "ON")
        });
        let database = Database::connect(options).await.unwrap();
        test(&World::new(directory, database, None).await).await;
    });
}

pub fn on_postgres(test: impl AsyncFnOnce(&World)) {
    let postgres = Postgres::start();
    let mut options = ConnectOptions::new(postgres.database());
    options.max_connections(8).acquire_timeout(Duration::from_secs(20)).sqlx_logging(false);
    block_on(async {
        let database = Database::connect(options).await.unwrap();
        test(&World::new(tempfile::tempdir().unwrap(), database, Some(postgres)).await).await;
    });
}

pub fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(test);
}
