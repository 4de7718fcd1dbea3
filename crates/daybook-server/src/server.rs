//! The server: opened, run, stopped.

mod vault;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::Instant;

use daybook_admission::CompileError;
use daybook_blobs::{Blobs, OpenBlobsError, References};
use daybook_catalog::{Catalogs, Diagnostic};
use daybook_event::Severity;
use daybook_lake::query::{Engine, EngineError};
use daybook_log::{Log, LogOptions, OpenError};
use daybook_privacy::erasure::{Eraser, EraserOptions};
use daybook_privacy::master_key::MasterKeyError;
use daybook_privacy::vault::VaultId;
use daybook_privacy::{OpenVaultError, VaultError};
use daybook_proof::key_file::KeyFileError;
use daybook_proof::publisher::Publisher;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait, PaginatorTrait};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::aggregates::Aggregates;
use crate::body::BodyMemory;
use crate::collector::{App, Collector};
use crate::config::{Config, ConfigError, nearest};
use crate::consumers::plan::PlanError;
use crate::consumers::{self, ApplyError, Consumers, NoteWriter};
use crate::dcb::AppTerms;
use crate::inputs::Inputs;
use crate::keyring::KeyRing;
use crate::keys::{self, CreateKeyError, NewKey, Scope};
use crate::metrics::Metrics;
use crate::problem::{COUNTED_CODES, Chain};
use crate::quarantine::Quarantine;
use crate::rate::RateLimiter;
use crate::rights::OwnJournal;
use crate::rights::retention::Retention;
use crate::state::settings;
use crate::state::{self, OpenStateError};
use crate::webhooks::{Webhooks, WebhooksError};
use crate::{connections, limits, proof, routes};

/// Name of the file in the data directory that holds the first key.
pub const ADMIN_KEY_FILE: &str = "admin.key";
/// Name of the log's directory in the data directory.
pub const LOG_DIRECTORY: &str = "log";
/// Name of the directory of blobs in the data directory, where the configuration names no other place.
pub const BLOBS_DIRECTORY: &str = "blobs";
/// Name of the directory, in the data directory, of what is known of the log's references to blobs, wherever these are.
pub const BLOB_REFERENCES_DIRECTORY: &str = "blob-references";

/// A server that is open: it holds its data directory and its port, and answers once it runs.
pub struct Server {
    collector: Arc<Collector>,
    listener: TcpListener,
    handle: ServerHandle,
    notices: Notices,
    notes: NoteWriter,
    publisher: Option<Publisher>,
    was_clean: bool,
    opened: Instant,
    recovery_ms: u64,
    /// Given back when the server has ended.
    state_hold: state::Hold,
}

/// What whoever started the server should be told.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    /// The file a new admin key was written to, on the first start.
    pub admin_key_file: Option<PathBuf>,
    /// Warnings and notes of the catalogs.
    pub diagnostics: Vec<Diagnostic>,
    /// The apps that are served, by slug.
    pub apps: Vec<String>,
    /// The file a new master key was written to, on the first start: without it nobody's name can be read again.
    pub master_key_file: Option<PathBuf>,
    /// What is not as it should be about the master key or the vault.
    pub privacy: Vec<String>,
    /// The file a new signing key of the log was written to, on the first start.
    pub log_key_file: Option<PathBuf>,
    /// What is not as it should be about the proof of the log.
    pub proof: Vec<String>,
}

/// A handle on a server; copies are cheap.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    address: SocketAddr,
    reloading: Arc<Notify>,
    stopping: CancellationToken,
    cutting: CancellationToken,
}

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The catalogs have errors. Serving the apps without would lose the others' events.
    #[error("the catalogs have errors")]
    Catalogs(Vec<Diagnostic>),
    /// There is no catalog.
    #[error("there is no app to serve: give a directory with catalogs, or do not leave out those that ship")]
    NoApps,
    /// `browser-events.app` names no app that is served.
    #[error("browser-events.app: there is no app {app}{}", hint.as_ref().map(|hint| format!("; did you mean {hint}?")).unwrap_or_default())]
    BrowserApp {
        /// What it names.
        app: String,
        /// The app that was meant, perhaps.
        hint: Option<String>,
    },
    /// A catalog passed its checks, and yet its schemas do not compile.
    #[error("the catalog of {app} cannot be used")]
    Admission {
        /// The app.
        app: String,
        /// Why.
        source: CompileError,
    },
    /// Consumers cannot be made as the catalogs and the configuration say.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Consumers(Vec<PlanError>),
    /// The services that may call cannot be used as the configuration says.
    #[error(transparent)]
    Webhooks(#[from] WebhooksError),
    /// Consumers cannot be added.
    #[error("the consumers cannot be added")]
    AddConsumers(#[from] ApplyError),
    /// The state database does not keep the consumers' places.
    #[error("the consumers cannot be kept")]
    ConsumerState(#[from] daybook_consumers::error::DatabaseError),
    /// The state database cannot be opened.
    #[error(transparent)]
    OpenState(#[from] OpenStateError),
    /// The state database failed.
    #[error("the state database failed")]
    State(#[from] DbErr),
    /// There is no master key, and none can be made.
    #[error("the vault has no master key")]
    MasterKey(#[from] MasterKeyError),
    /// The vault cannot be opened.
    #[error("the vault cannot be opened")]
    Vault(#[from] OpenVaultError),
    /// The vault does not say how it is.
    #[error("the vault cannot be opened")]
    VaultStatus(#[source] Box<VaultError>),
    /// The log cannot be opened.
    #[error("the log cannot be opened")]
    Log(#[from] OpenError),
    /// The log's signing key cannot be had.
    #[error("the log's signing key cannot be used")]
    LogKey(#[from] KeyFileError),
    /// Opening the log failed in a way that it does not know of.
    #[error("the log could not be opened")]
    LogTask(#[from] tokio::task::JoinError),
    /// The blob store cannot be opened.
    #[error("the blob store cannot be opened")]
    Blobs(#[from] OpenBlobsError),
    /// Queries cannot be answered.
    #[error("queries cannot be answered")]
    Queries(#[from] EngineError),
    /// The metrics cannot be registered.
    #[error("the metrics cannot be registered")]
    Metrics(#[from] prometheus::Error),
    /// The first key cannot be made.
    #[error("the admin key cannot be made")]
    AdminKey(#[from] CreateKeyError),
    /// The first key cannot be written down.
    #[error("the admin key cannot be written to {path}")]
    AdminKeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

impl Server {
    /// Opens the data directory and the port.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(config: Config) -> Result<Self, StartError> {
        Self::open_with_log(config, LogOptions::default()).await
    }

    /// [`Server::open`] with a log that is kept in another way than usual.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open_with_log(config: Config, log: LogOptions) -> Result<Self, StartError> {
        let opened = Instant::now();
        daybook_sinks::install_crypto();
        config.check()?;
        let (catalogs, apps, diagnostics) = load_apps(&config)?;
        state::make_private_directory(&config.data)?;
        let stopping = CancellationToken::new();
        let database = state::open(&config.state_place()).await?;
        let state_hold = state::hold(&config.state_place(), stopping.clone()).await?;
        let directory = config.data.join(LOG_DIRECTORY);
        let log = LogOptions { terms: Some(Arc::new(AppTerms::new(apps.values()))), ..log };
        let log = tokio::task::spawn_blocking(move || Log::open(directory, log)).await??;
        // The log is this process's from here on: nobody else runs on this directory.
        let recovery_ms = u64::try_from(opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        let admin_key_file = make_admin_key(&database, &config.data).await?;
        let opened_vault = vault::open(&database, &config).await?;
        let opened_proof = proof::open(&log, &VaultId::of(&database).await?, &config)?;
        let was_clean = settings::mark_running(&database).await?;
        let (quarantine, _writer) = Quarantine::open(database.clone(), config.quarantine.bytes_per_app).await?;
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.map_err(|source| StartError::Listen { address: config.listen, source })?;
        let address = listener.local_addr();
        let address = address.map_err(|source| StartError::Listen { address: config.listen, source })?;
        let mut names: Vec<String> = apps.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        let metrics = Metrics::new(names.iter().map(String::as_str), &routes::paths(), COUNTED_CODES)?;
        let key_ring = KeyRing::open(database.clone(), config.rate_limits).await?;
        let engine = Engine::new(config.queries.options(&config.data))?;
        let (consumers, notes) =
            Consumers::open(log.clone(), opened_vault.vault.clone(), database.clone(), config.data.clone()).await?;
        let served: Vec<_> = catalogs.apps().cloned().collect();
        consumers.apply(consumers.plan(&served, &config.consumers).map_err(StartError::Consumers)?).await?;
        consumers.runtime().register_metrics(metrics.registry())?;
        let inputs = Inputs::plan(&config.inputs, &names)?;
        inputs.register_metrics(metrics.registry())?;
        let blobs = open_blobs(&config)?;
        blobs.register_metrics(metrics.registry())?;
        let blob_references = References::open(&config.data.join(BLOB_REFERENCES_DIRECTORY))?;
        let webhooks = Webhooks::plan(&config.webhooks, catalogs.apps(), metrics.registry())?;
        let collector = Arc::new_cyclic(|this: &Weak<Collector>| Collector {
            eraser: Eraser::new(
                opened_vault.vault.clone(),
                consumers::reload::views(&quarantine, &blobs, &consumers),
                Arc::new(OwnJournal(Weak::clone(this))),
                Box::new(keys::now),
                EraserOptions::default(),
            ),
            metrics,
            keys: key_ring,
            body_memory: BodyMemory::new(config.limits.body_memory_bytes),
            live_streams: Arc::new(Semaphore::new(config.limits.live_streams.min(Semaphore::MAX_PERMITS))),
            browser_events: RateLimiter::new(config.browser_events.events_per_second),
            retention: Retention::default(),
            aggregates: Aggregates::default(),
            vault: opened_vault.vault,
            proof: opened_proof.proof,
            consumers,
            engine,
            inputs,
            webhooks,
            catalogs,
            judging: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from))),
            readings: Arc::new(Semaphore::new(limits::READINGS)),
            busy_entries: parking_lot::Mutex::new(HashSet::new()),
            disk_full: AtomicBool::new(false),
            stopping: stopping.clone(),
            apps,
            log,
            blobs,
            blob_references,
            quarantine,
            database,
            config,
        });
        Ok(Self {
            collector,
            listener,
            handle: ServerHandle { address, reloading: Arc::default(), stopping, cutting: CancellationToken::new() },
            notes,
            notices: Notices {
                admin_key_file,
                diagnostics,
                apps: names,
                master_key_file: opened_vault.new_key_file,
                privacy: opened_vault.warnings,
                log_key_file: opened_proof.new_key_file,
                proof: opened_proof.warnings,
            },
            publisher: opened_proof.publisher,
            was_clean,
            opened,
            recovery_ms,
            state_hold,
        })
    }

    /// What whoever started the server should be told.
    #[must_use]
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// A handle that outlives [`Server::run`]'s taking of the server.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Serves until `shutdown` is done or [`ServerHandle::stop`] is called. Then it takes no more connections, gives requests
    /// under way the configured grace, writes everything down and returns.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { collector, listener, handle, notes, publisher, was_clean, opened, recovery_ms, state_hold, .. } =
            self;
        let publishing = proof::run(publisher);
        let started = json!({
            "version": env!("CARGO_PKG_VERSION"), "listen": handle.address.to_string(), "clean_shutdown": was_clean,
            "log_head": collector.log.head(), "recovery_ms": recovery_ms,
        });
        tracing::info!(listen = %handle.address, apps = collector.apps.len(), "serving");
        collector.note("system.started", None, started).await;
        collector.note_degraded_vault().await;
        let noted = CancellationToken::new();
        let notes = tokio::spawn(notes.run(Arc::clone(&collector), noted.clone()));
        collector.consumers.runtime().start();
        collector.inputs.start(&collector, &handle.stopping);

        let connections = TaskTracker::new();
        let router = routes::router(Arc::clone(&collector));
        let accepting = connections::accept(listener, Arc::clone(&collector), router, &connections, &handle.cutting);
        let upkeep = tokio::spawn(upkeep(Arc::clone(&collector)));
        let retention = tokio::spawn(Arc::clone(&collector).keep_retention());
        let aggregates = tokio::spawn(Arc::clone(&collector).keep_aggregates());
        let eraser = collector.eraser.clone();
        let erasures = tokio::spawn(async move { eraser.tend().await });
        let reloads = tokio::spawn(reload(Arc::clone(&collector), Arc::clone(&handle.reloading)));
        let proof = tokio::spawn(proof::watch(Arc::clone(&collector)));
        tokio::select! {
            () = accepting => {}
            () = shutdown => {}
        }
        handle.stopping.cancel();
        connections.close();
        tracing::info!(connections = connections.len(), "stopping");
        let grace = tokio::time::sleep(collector.config.shutdown_grace);
        tokio::select! {
            () = async { tokio::join!(connections.wait(), collector.inputs.ended()); } => {}
            () = grace => tracing::warn!(connections = connections.len(), "grace is over; the rest is cut"),
            () = handle.cutting.cancelled() => {}
        }
        handle.cutting.cancel();
        let _ = tokio::time::timeout(limits::CONNECTION_DRAIN, connections.wait()).await;
        for task in [upkeep, retention, aggregates, erasures, reloads, proof] {
            task.abort();
        }
        // What was delivered is written down while there is a state database; what that has to say, while there is a log.
        collector.consumers.runtime().close().await;
        collector.consumers.close_lakes().await;
        noted.cancel();
        if let Err(error) = notes.await {
            tracing::warn!(%error, "what happened to consumers was not all written down");
        }

        let stopped = json!({"reason": "signal", "uptime_seconds": opened.elapsed().as_secs()});
        collector.note("system.stopped", None, stopped).await;
        collector.quarantine.close().await;
        collector.log.close().await;
        // The publisher signs what was written last, and ends.
        if let Err(error) = publishing.await {
            tracing::warn!(%error, "the last of the log was not signed");
        }
        collector.vault.close().await;
        collector.finish_state().await;
        drop(state_hold);
        tracing::info!("stopped");
    }
}

impl ServerHandle {
    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks the server to read its consumers again. Whether it could is in its log.
    pub fn reload(&self) {
        self.reloading.notify_one();
    }

    /// Asks the server to stop, giving requests under way their grace.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Asks the server to stop without waiting for requests under way. What was acknowledged is kept even so.
    pub fn stop_now(&self) {
        self.stopping.cancel();
        self.cutting.cancel();
    }
}

impl Collector {
    /// The last writes to the state database.
    async fn finish_state(&self) {
        if let Err(error) = self.keys.write_last_used().await {
            tracing::warn!(error = %Chain(&error), "the last use of keys was not written down");
        }
        if let Err(error) = settings::mark_stopped(&self.database).await {
            tracing::warn!(error = %Chain(&error), "that the server stopped was not written down");
        }
        if let Err(error) = self.database.clone().close().await {
            tracing::warn!(error = %Chain(&error), "the state database was not closed");
        }
    }
}

/// Reads the consumers again whenever somebody asks.
async fn reload(collector: Arc<Collector>, asked: Arc<Notify>) {
    loop {
        asked.notified().await;
        collector.reload_consumers_logged().await;
    }
}

/// Keeps the keys up to date.
async fn upkeep(collector: Arc<Collector>) {
    let mut tick = tokio::time::interval(limits::KEYS_REFRESH);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = collector.keys.refresh().await {
            tracing::warn!(error = %Chain(&error), "the keys could not be read again");
        } else if let Err(error) = collector.keys.write_last_used().await {
            tracing::warn!(error = %Chain(&error), "the last use of keys was not written down");
        }
    }
}

fn open_blobs(config: &Config) -> Result<Blobs, OpenBlobsError> {
    match &config.blobs.url {
        None => Blobs::open_directory(&config.data.join(BLOBS_DIRECTORY)),
        Some(url) => {
            let options = config.blobs.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            Blobs::open_url(url.as_str(), options)
        }
    }
}

type Apps = HashMap<Arc<str>, Arc<App>>;

fn load_apps(config: &Config) -> Result<(Catalogs, Apps, Vec<Diagnostic>), StartError> {
    let loaded = Catalogs::load(&config.catalogs, config.default_catalogs);
    if loaded.worst() == Some(Severity::Error) {
        return Err(StartError::Catalogs(loaded.diagnostics));
    }
    let mut apps = Apps::new();
    for catalog in loaded.catalogs.apps() {
        let app = App::new(Arc::clone(catalog), config.limits.event_bytes)
            .map_err(|source| StartError::Admission { app: catalog.app.clone(), source })?;
        apps.insert(Arc::clone(&app.slug), Arc::new(app));
    }
    if apps.is_empty() {
        return Err(StartError::NoApps);
    }
    if let Some(app) = &config.browser_events.app
        && !apps.contains_key(app.as_str())
    {
        let hint = nearest(app, apps.keys().map(|slug| &**slug)).map(str::to_owned);
        return Err(StartError::BrowserApp { app: app.clone(), hint });
    }
    Ok((loaded.catalogs, apps, loaded.diagnostics))
}

/// Makes the first key where there is none yet, and says where it is.
async fn make_admin_key(database: &DatabaseConnection, data: &Path) -> Result<Option<PathBuf>, StartError> {
    if state::keys::Entity::find().count(database).await? > 0 {
        return Ok(None);
    }
    let key = keys::generate()?;
    let path = data.join(ADMIN_KEY_FILE);
    // Written down before it counts: a key that counts and that nobody knows would lock everybody out.
    write_private(&path, format!("{key}\n").as_bytes())
        .map_err(|source| StartError::AdminKeyFile { path: path.clone(), source })?;
    let admin = NewKey {
        name: "admin".to_owned(),
        apps: None,
        scopes: Scope::ALL.to_vec(),
        public: false,
        origins: Vec::new(),
        requests_per_second: Some(0),
        events_per_second: Some(0),
        expires: None,
    };
    keys::insert_as(database, key, admin, keys::now()).await?;
    Ok(Some(path))
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("key.new");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    match path.parent() {
        Some(directory) => std::fs::File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
