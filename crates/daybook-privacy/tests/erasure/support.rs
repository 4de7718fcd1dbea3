//! A database, a journal and views for one test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use daybook_event::{EventId, Needs, PersonName, Position, SubjectId, Timestamp};
use daybook_harness::Postgres;
use daybook_privacy::erasure::{Eraser, EraserOptions, Journal, JournalError, JournalEvent, NewErasure};
use daybook_privacy::report::{ReportState, SignedReport, verify};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, View, ViewError};
use daybook_privacy::{MasterKey, Vault, VaultOptions};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement, TryGetable};
use tempfile::TempDir;

/// A database, which may be connected to any number of times, as processes do.
pub enum Place {
    Sqlite { directory: TempDir },
    Postgres { server: Box<Postgres>, url: String },
}

pub fn on_sqlite(test: impl AsyncFnOnce(&Place)) {
    run(&Place::Sqlite { directory: tempfile::tempdir().unwrap() }, test);
}

pub fn on_postgres(test: impl AsyncFnOnce(&Place)) {
    let server = Box::new(Postgres::start());
    let url = server.database();
    run(&Place::Postgres { server, url }, test);
}

fn run(place: &Place, test: impl AsyncFnOnce(&Place)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

impl Place {
    pub async fn connect(&self) -> DatabaseConnection {
        self.connect_within(Duration::from_secs(60)).await
    }

    /// A connection that gives up after this time what the database does not do.
    async fn connect_within(&self, patience: Duration) -> DatabaseConnection {
        let mut options = match self {
            Self::Sqlite { .. } => ConnectOptions::new("sqlite::memory:"),
            Self::Postgres { url, .. } => ConnectOptions::new(url),
        };
        options.max_connections(4).acquire_timeout(patience).sqlx_logging(false);
        if let Self::Sqlite { directory } = self {
            let path = directory.path().join("state.db");
            options.map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .in_memory(false)
                    .shared_cache(false)
                    .filename(&path)
                    .create_if_missing(true)
                    .busy_timeout(patience)
                    .pragma("journal_mode", "WAL")
                    .pragma("synchronous", "FULL")
                    .pragma("secure_delete", "ON")
                    .pragma("foreign_keys", "ON")
            });
        }
        Database::connect(options).await.unwrap()
    }

    pub async fn vault(&self, keys: &[u8]) -> Vault {
        Self::open(self.connect().await, keys).await
    }

    /// A vault that soon gives up a database that is away.
    pub async fn impatient_vault(&self, keys: &[u8]) -> Vault {
        Self::open(self.connect_within(Duration::from_secs(10)).await, keys).await
    }

    async fn open(database: DatabaseConnection, keys: &[u8]) -> Vault {
        let keys = keys.iter().map(|key| MasterKey::from_bytes([*key; 32])).collect();
        Vault::open(database, keys, VaultOptions::default()).await.unwrap()
    }

    /// The first field of the first row.
    pub async fn one<T: TryGetable>(&self, query: &str) -> T {
        let database = self.connect().await;
        let statement = Statement::from_string(database.get_database_backend(), query.to_owned());
        database.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }
}

/// What outlives a crash beside the database: the log, the views, the clock.
#[derive(Clone, Default)]
pub struct World {
    pub journal: Arc<TestJournal>,
    pub views: Vec<Arc<TestView>>,
    pub clock: Arc<AtomicI64>,
    /// For how long a view is waited for, where a test is about that; otherwise longer than anything takes.
    pub view_patience: Option<Duration>,
}

impl World {
    pub fn with_views(names: &[&'static str]) -> Self {
        let views = names.iter().map(|name| Arc::new(TestView { name, ..TestView::default() })).collect();
        Self { views, ..Self::default() }
    }

    /// An eraser, as a process that starts makes it.
    pub fn eraser(&self, vault: &Vault) -> Eraser {
        let views = self.views.iter().map(|view| Arc::clone(view) as Arc<dyn View>).collect();
        let clock = Arc::clone(&self.clock);
        let view_patience = self.view_patience.unwrap_or(Duration::from_secs(600));
        let options = EraserOptions {
            view_first_patience: view_patience,
            view_patience,
            view_tries: 2,
            view_pause: Duration::from_millis(1),
        };
        // A second goes by with each look at it.
        let clock = move || {
            let start = Timestamp::parse("2026-01-14T15:00:00Z").unwrap().microseconds();
            Timestamp::from_microseconds(start + clock.fetch_add(1_000_000, Ordering::Relaxed))
        };
        Eraser::new(vault.clone(), views, Arc::clone(&self.journal) as Arc<dyn Journal>, Box::new(clock), options)
    }
}

/// A log that keeps each event once and allows no second one under the same id.
#[derive(Default)]
pub struct TestJournal {
    events: Mutex<Vec<JournalEvent>>,
    /// From this call on it fails, before it writes or after.
    pub trouble: Mutex<Trouble>,
    pub largest: Mutex<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Trouble {
    #[default]
    None,
    /// It does nothing and says so.
    Fails,
    /// It does what it is asked, and says that it did not.
    Forgets,
    /// It panics after it did what it was asked.
    Panics,
    /// It never answers.
    Hangs,
}

impl TestJournal {
    pub fn events(&self) -> Vec<JournalEvent> {
        self.events.lock().unwrap().clone()
    }

    /// How many events of each name there are.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        self.events().iter().for_each(|event| *counts.entry(event.name).or_default() += 1);
        counts
    }

    pub fn named(&self, name: &str) -> Vec<serde_json::Value> {
        self.events().into_iter().filter(|event| event.name == name).map(|event| event.data).collect()
    }
}

#[async_trait]
impl Journal for TestJournal {
    async fn note(&self, new: Vec<JournalEvent>) -> Result<Position, JournalError> {
        let trouble = *self.trouble.lock().unwrap();
        let failed = || JournalError { reason: "on purpose".to_owned() };
        if trouble == Trouble::Fails {
            return Err(failed());
        }
        if trouble == Trouble::Hangs {
            std::future::pending::<()>().await;
        }
        {
            let mut largest = self.largest.lock().unwrap();
            *largest = new.len().max(*largest);
            let mut events = self.events.lock().unwrap();
            let known: BTreeMap<EventId, usize> = (0..).zip(&*events).map(|(index, event)| (event.id, index)).collect();
            for event in new {
                match known.get(&event.id) {
                    Some(index) => assert_eq!(events[*index], event, "the same id, another event"),
                    None => events.push(event),
                }
            }
        }
        match trouble {
            Trouble::Forgets => Err(failed()),
            Trouble::Panics => panic!("on purpose"),
            _ => Ok(self.head()),
        }
    }

    fn head(&self) -> Position {
        100 + self.events.lock().unwrap().len() as u64
    }
}

/// A view that holds a row for each person it is given.
#[derive(Default)]
pub struct TestView {
    pub name: &'static str,
    rows: Mutex<BTreeSet<SubjectId>>,
    pub trouble: Mutex<Trouble>,
    /// Lengths of the passes it was told, in order.
    pub passes: Mutex<Vec<usize>>,
}

impl TestView {
    pub fn put(&self, id: SubjectId) {
        self.rows.lock().unwrap().insert(id);
    }

    pub fn holds(&self, id: SubjectId) -> bool {
        self.rows.lock().unwrap().contains(&id)
    }

    pub fn set(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }
}

#[async_trait]
impl View for TestView {
    fn name(&self) -> &str {
        self.name
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        let trouble = *self.trouble.lock().unwrap();
        let failed = || ViewError::Unavailable { reason: "on purpose".to_owned() };
        if trouble == Trouble::Fails {
            return Err(failed());
        }
        if trouble == Trouble::Hangs {
            std::future::pending::<()>().await;
        }
        self.passes.lock().unwrap().push(people.len());
        let mut rows = self.rows.lock().unwrap();
        let count = people.iter().filter(|person| rows.remove(&person.id)).count() as u64;
        drop(rows);
        match trouble {
            Trouble::Forgets => Err(failed()),
            Trouble::Panics => panic!("on purpose"),
            _ => Ok(Touched { count }),
        }
    }

    async fn forget_months(&self, _: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _: &str, _: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

pub fn person(number: usize) -> PersonName<'static> {
    PersonName::identity(format!("person-{number}@example.org"))
}

/// Makes people in the vault and gives their ids.
pub async fn make(vault: &Vault, names: &[PersonName<'static>]) -> Vec<SubjectId> {
    let needs = Needs { people: names.to_vec(), months: Vec::new() };
    vault.ensure("shop", &needs).await.unwrap().people.iter().map(|person| person.id).collect()
}

pub fn erasure<'a>(names: &'a [PersonName<'a>]) -> NewErasure<'a> {
    NewErasure { app: "shop", names, reason: Some("subject-request"), actor: Some("support") }
}

/// Runs a new request to its end, and checks the signature of its report.
pub async fn erase(eraser: &Eraser, names: &[PersonName<'_>]) -> SignedReport {
    let request = eraser.request(&erasure(names)).await.unwrap();
    let signed = eraser.run(&request, &|_| {}).await.unwrap();
    assert_eq!(verify(&signed.jws, &signed.public_key).unwrap(), signed.report);
    assert_eq!(signed.report.request, request);
    signed
}

/// Takes up what is unfinished; all of it must come to its end.
pub async fn resume(eraser: &Eraser) -> usize {
    let resumed = eraser.resume(&|_| {}).await.unwrap();
    for one in &resumed {
        assert_eq!(one.outcome.as_ref().unwrap(), &ReportState::Complete);
    }
    assert!(eraser.resume(&|_| {}).await.unwrap().is_empty());
    resumed.len()
}
