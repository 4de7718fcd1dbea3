//! The collector: what a running server is made of, and the way events take through it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use daybook_admission::{Admission, Admitted, Body, BodyError, BodyForm, Decoded, Facts, Receipts, Status};
use daybook_blobs::{Blobs, References, WriteBlobsError};
use daybook_catalog::protobuf::Codec;
use daybook_catalog::{AppCatalog, Catalogs};
use daybook_event::record::{Appended, Batch};
use daybook_event::{Blob, EventId, PersonName, Position, Signals};
use daybook_lake::query::Engine;
use daybook_log::{AppendError, CheckError, Checked, Condition, Log, ReadError};
use daybook_privacy::erasure::Eraser;
use daybook_privacy::view::View;
use daybook_privacy::{Vault, VaultError};
use daybook_signature::KeyId;
use futures_util::future::BoxFuture;
use rand::RngCore;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::aggregates::Aggregates;
use crate::body::{self, BodyMemory, BodyReadError, Encoding};
use crate::config::Config;
use crate::consumers::Consumers;
use crate::dcb::{ConditionBody, QueryError};
use crate::inputs::Inputs;
use crate::keyring::{Key, KeyRing};
use crate::keys::{Scope, now};
use crate::limits;
use crate::metrics::Metrics;
use crate::proof::Proof;
use crate::quarantine::{Quarantine, QuarantineError};
use crate::rate::RateLimiter;
use crate::rights::retention::Retention;
use crate::webhooks::Webhooks;

/// The slug of the app that Daybook's own events belong to. Nobody else writes there.
pub const OWN_APP: &str = "daybook";

/// Everything a request may need, shared by all of them.
pub struct Collector {
    /// The apps that are served, by slug.
    pub apps: HashMap<Arc<str>, Arc<App>>,
    /// The catalogs.
    pub catalogs: Catalogs,
    /// The log.
    pub log: Log,
    /// What is too large for it.
    pub blobs: Blobs,
    /// What is known of the log's references to that.
    pub blob_references: References,
    /// The quarantine.
    pub quarantine: Quarantine,
    /// Who people are, and the secrets their events are sealed under.
    pub vault: Vault,
    /// Erases people.
    pub eraser: Eraser,
    /// The proof of the log; none where there is no place for its key.
    pub proof: Option<Proof>,
    /// Everything that reacts to events.
    pub consumers: Arc<Consumers>,
    /// Answers what is asked of lakes.
    pub engine: Arc<Engine>,
    /// What is drained into admission.
    pub inputs: Inputs,
    /// The services that may call.
    pub webhooks: Webhooks,
    /// What is past its time goes.
    pub retention: Retention,
    /// What is computed of events, and kept longer than they are.
    pub aggregates: Aggregates,
    /// The keys.
    pub keys: KeyRing,
    /// The state database, for what the parts above do not cover.
    pub database: sea_orm::DatabaseConnection,
    /// What is counted.
    pub metrics: Metrics,
    /// What was configured.
    pub config: Config,
    /// The memory that bodies share.
    pub body_memory: BodyMemory,
    /// One permit for every live tail that may be open.
    pub live_streams: Arc<Semaphore>,
    /// The rate of events that browsers send without a key.
    pub browser_events: RateLimiter,
    /// One permit for every large body that may be judged at once: one a processor.
    pub judging: Arc<Semaphore>,
    /// One permit for every reading of the log that may go on at once.
    pub readings: Arc<Semaphore>,
    /// Quarantine entries that somebody is changing.
    pub busy_entries: parking_lot::Mutex<HashSet<i64>>,
    /// Set while the last append found no room on the disk.
    pub disk_full: AtomicBool,
    /// Cancelled when the server is asked to stop.
    pub stopping: CancellationToken,
}

/// One app that is served.
pub struct App {
    /// Its slug.
    pub slug: Arc<str>,
    /// Its catalog.
    pub catalog: Arc<AppCatalog>,
    /// Its catalog, made ready.
    pub admission: Admission,
    /// By which the log knows it.
    pub hash: u64,
    /// Its messages, once somebody wants them.
    protobuf: OnceLock<Codec>,
}

/// On whose account events are taken.
#[derive(Clone)]
pub enum Account {
    /// That of a key.
    Key(Arc<Key>),
    /// That of all browsers without one.
    Browsers,
    /// Daybook's own.
    Own,
}

/// A call with events that cannot be done as a whole.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The body cannot be read.
    #[error(transparent)]
    Read(#[from] BodyReadError),
    /// The body is not events.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The account has used up its rate.
    #[error("more events a second than this key may send")]
    Rate(Duration),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Lookup(#[from] ReadError),
    /// The log did not take the events.
    #[error("the log did not take the events")]
    Append(#[from] AppendError),
    /// The blob store did not take what is too large for the log.
    #[error("the blob store did not take the events")]
    Blobs(#[from] WriteBlobsError),
    /// The quarantine did not take the events.
    #[error("the quarantine did not take the events")]
    Quarantine(#[from] QuarantineError),
    /// The vault did not give the keys to seal the events with.
    #[error("the events could not be sealed")]
    Vault(#[from] VaultError),
    /// All or nothing was asked for, and all cannot be.
    #[error("not every event of this call can be stored, so none was")]
    Refused(Box<Receipts>),
    /// The call is no append as it should be.
    #[error(transparent)]
    AppendRequest(#[from] AppendRequestError),
    /// The call's condition does not hold, or nobody can say.
    #[error("the condition does not hold")]
    Check(#[from] CheckError),
    /// Events of a conditional call are in the log already, at these positions, and others are not.
    #[error("some of the events are in the log already, and others are not")]
    Partly(Vec<Position>),
    /// The program failed where it should not.
    #[error("admission failed")]
    Failed,
}

/// What is wrong with a call that is to append under a condition. It is read strictly: a condition that is passed over
/// is worse than none.
#[derive(Debug, thiserror::Error)]
pub enum AppendRequestError {
    /// The body is not an object with events.
    #[error("the body is not an object with events")]
    NotABatch,
    /// There is nothing to append.
    #[error("an append has at least one event")]
    Empty,
    /// The body says something that means nothing here, or says it twice.
    #[error("an append has no member {0:?} beside those it has")]
    Member(String),
    /// The condition is not written as one.
    #[error("the condition cannot be read: {0}")]
    Condition(String),
    /// The key may append, but not find out what there is.
    #[error("a condition needs a key with the scope read")]
    Scope,
    /// The condition's query cannot be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// Makes an event's id of its place in its call, the same whenever the call is repeated.
pub type DefaultIds = Arc<dyn Fn(usize) -> EventId + Send + Sync>;

/// How a call is to be done.
#[derive(Clone, Default)]
pub struct PostOptions {
    /// All or nothing.
    pub atomic: bool,
    /// Whether the body is an append, which may say on what condition.
    pub append: bool,
    /// Whether the events come out of the quarantine, or are Daybook's own: they are not put in it then.
    pub without_quarantine: bool,
    /// The ids of those of the call's events that have none of their own.
    pub default_ids: Option<DefaultIds>,
    /// What the browser that sent it says about being followed.
    pub signals: Signals,
    /// The `traceparent` that it came with.
    pub traceparent: Option<Arc<str>>,
}

/// Whether a body may be judged on two processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Division {
    /// It holds one of the permits to be judged, and may take another.
    Allowed,
    Never,
}

/// A call that was judged, but of which nothing is stored yet.
struct Judged {
    /// The parsed body, from which quarantined events are taken.
    parsed: Arc<Body>,
    admitted: Admitted,
    /// On what condition it is appended.
    condition: Option<Condition>,
    /// Keeps the body's share of the memory until the call is done.
    _body: body::Body,
}

impl Collector {
    /// Everything computed from the log that has to forget.
    pub fn views(&self) -> Arc<[Arc<dyn View>]> {
        self.eraser.views()
    }

    /// The app of this slug.
    pub fn app(&self, slug: &str) -> Option<&Arc<App>> {
        self.apps.get(slug)
    }

    /// Takes a body with events all the way: judged, appended, kept aside where they must be. When this returns receipts,
    /// all they say is on disk.
    ///
    /// # Errors
    /// [`PostError`]. Events may be in the log even so, but whoever sends them again gets `duplicate` for those.
    pub fn post<'c>(
        self: &'c Arc<Self>,
        app: &'c Arc<App>,
        body: body::Body,
        form: BodyForm,
        account: Account,
        options: PostOptions,
    ) -> BoxFuture<'c, Result<Receipts, PostError>> {
        // A type of its own for each place that it is awaited in would be compiled anew there, with all that is below.
        Box::pin(self.take(app, body, form, account, options))
    }

    async fn take(
        self: &Arc<Self>,
        app: &Arc<App>,
        body: body::Body,
        form: BodyForm,
        account: Account,
        options: PostOptions,
    ) -> Result<Receipts, PostError> {
        let inline_bytes_max = match body.encoding {
            Encoding::Identity => limits::INLINE_BODY_BYTES_MAX,
            // Compressed bodies grow, mostly ten times.
            Encoding::Gzip | Encoding::Deflate | Encoding::Zstd => limits::INLINE_BODY_BYTES_MAX / 16,
        };
        let judged = if body.bytes.len() <= inline_bytes_max {
            Box::pin(self.judge(app, body, &form, (&account, &options), Division::Never)).await?
        } else {
            // More at once than there are processors would only get in each other's way.
            let permit = Arc::clone(&self.judging).acquire_owned().await.map_err(|_| PostError::Failed)?;
            let (collector, app, options) = (Arc::clone(self), Arc::clone(app), options.clone());
            let runtime = tokio::runtime::Handle::current();
            let judging = move || {
                let judged = collector.judge(&app, body, &form, (&account, &options), Division::Allowed);
                let judged = runtime.block_on(judged);
                drop(permit);
                judged
            };
            tokio::task::spawn_blocking(judging).await.map_err(|_| PostError::Failed)??
        };
        let receipts = self.settle(app, judged, &options).await?;
        self.metrics.receipts(&app.slug, &receipts);
        Ok(receipts)
    }

    /// Judges one event and keeps nothing: what would become of it, and whom it is about.
    ///
    /// # Errors
    /// [`PostError`].
    pub async fn rehearse(&self, app: &App, text: &str) -> Result<(Receipts, Option<PersonName<'static>>), PostError> {
        let parsed = Body::parse(text.as_bytes(), &BodyForm::Json)?;
        let decoded = app.admission.decode(&parsed);
        let person = decoded.people().first().cloned().flatten().map(PersonName::into_owned);
        let mut judged = app.admission.begin_judging(&parsed, parsed.len());
        self.judge_part(app, &mut judged, decoded, &PostOptions { atomic: true, ..PostOptions::default() }).await?;
        self.reconsider(app, &mut judged, false).await?;
        Ok((judged.into_receipts(), person))
    }

    /// The first half: decompress, decode, look up, judge, seal. It waits for the vault only where that has to look further
    /// than its memory, or to make somebody new.
    async fn judge(
        self: &Arc<Self>,
        app: &Arc<App>,
        body: body::Body,
        form: &BodyForm,
        (account, options): (&Account, &PostOptions),
        division: Division,
    ) -> Result<Judged, PostError> {
        let body = body.inflate(self.config.limits.body_inflated_bytes)?;
        let parsed = match form {
            BodyForm::Protobuf { single } => Body::protobuf(&body.bytes, *single, app.protobuf())?,
            form => Body::parse(&body.bytes, form)?,
        };
        let parsed = Arc::new(parsed.in_trace(options.traceparent.as_deref()));
        self.charge(account, parsed.len())?;
        let condition = if options.append { condition(app, &parsed, account)? } else { None };
        let messages = matches!(form, BodyForm::Protobuf { .. });
        let idle = match division {
            Division::Allowed if parsed.len() >= limits::DIVIDED_BODY_EVENTS_MIN => {
                Arc::clone(&self.judging).try_acquire_owned().ok()
            }
            _ => None,
        };
        let admitted = match idle {
            None => self.admit(app, &parsed, 0..parsed.len(), (options, messages)).await?,
            Some(permit) => self.admit_in_two(app, &parsed, (options, messages), permit).await?,
        };
        Ok(Judged { parsed, admitted, condition, _body: body })
    }

    /// Judges and seals the events of a body, the latter half of them on another processor at the same time.
    async fn admit_in_two(
        self: &Arc<Self>,
        app: &Arc<App>,
        parsed: &Arc<Body>,
        (options, messages): (&PostOptions, bool),
        permit: OwnedSemaphorePermit,
    ) -> Result<Admitted, PostError> {
        let middle = parsed.len() / 2;
        let latter = {
            let (collector, app, parsed, options) =
                (Arc::clone(self), Arc::clone(app), Arc::clone(parsed), options.clone());
            let runtime = tokio::runtime::Handle::current();
            tokio::task::spawn_blocking(move || {
                let places = middle..parsed.len();
                let admitted = runtime.block_on(collector.admit(&app, &parsed, places, (&options, messages)));
                drop(permit);
                admitted
            })
        };
        let former = self.admit(app, parsed, 0..middle, (options, messages)).await;
        // Neither half is left at work alone, whatever becomes of the other.
        let latter = latter.await.map_err(|_| PostError::Failed)?;
        let mut admitted = former?;
        admitted.join(latter?);
        Ok(admitted)
    }

    /// Judges and seals the events at these places of a body.
    async fn admit(
        &self,
        app: &App,
        parsed: &Body,
        places: Range<usize>,
        (options, messages): (&PostOptions, bool),
    ) -> Result<Admitted, PostError> {
        let random = &mut |bytes: &mut [u8]| rand::rng().fill_bytes(bytes);
        let mut judged = app.admission.begin_judging(parsed, places.len());
        for part in parsed.parts(places) {
            let mut decoded = app.admission.decode_part(parsed, part);
            if let Some(id_of) = &options.default_ids {
                decoded.give_ids(&app.admission, |index| id_of(index));
            }
            self.judge_part(app, &mut judged, decoded, options).await?;
            judged.seal_ready(&app.admission, random);
        }
        self.reconsider(app, &mut judged, messages).await?;
        // Whoever is new is durable in the vault before anything of theirs is in the log.
        let keys = self.vault.ensure(&app.slug, &judged.needs()).await?;
        Ok(judged.seal(&app.admission, &keys, random))
    }

    /// Judges some of a call's events, by what the log and the vault know of them.
    async fn judge_part<'b>(
        &self,
        app: &'b App,
        judged: &mut daybook_admission::Judged<'b>,
        decoded: Decoded<'b>,
        options: &PostOptions,
    ) -> Result<(), PostError> {
        let known = self.log.lookup(decoded.keys())?;
        let people = self.vault.find(&app.slug, decoded.people()).await?;
        let signing: Vec<KeyId> = decoded.signing_keys().collect();
        let actor_keys = self.vault.actor_keys(&app.slug, &signing).await?;
        let months = self.vault.months(&app.slug);
        let now = now();
        let mut random = rand::rng();
        let mut new_id = || {
            let mut bits = [0; 10];
            random.fill_bytes(&mut bits);
            EventId::v7(now.microseconds().unsigned_abs() / 1_000, &bits)
        };
        let mut facts = Facts {
            now,
            known: &known,
            people: &people,
            months: &months,
            environment: &self.config.environment,
            actor_keys: Some(&actor_keys),
            signals: options.signals,
            shed: self.log.queue_fill() > limits::SHED_QUEUE_FILL,
            atomic: options.atomic,
            new_id: &mut new_id,
        };
        app.admission.judge_part(judged, decoded, &mut facts);
        Ok(())
    }

    fn charge(&self, account: &Account, events: usize) -> Result<(), PostError> {
        let limiter = match account {
            Account::Key(key) => &key.events,
            Account::Browsers => &self.browser_events,
            Account::Own => return Ok(()),
        };
        limiter.take(events as u64).map_err(PostError::Rate)
    }

    /// Holds a condition against what is durable. A thread that may wait for the disk is only taken where the disk has to be
    /// asked: nearly every condition is about what is in memory.
    async fn check(&self, condition: Condition, batch: Batch) -> Result<(Checked, Batch), PostError> {
        if let Some(checked) = self.log.check_in_memory(&condition) {
            return Ok((checked, batch));
        }
        let log = self.log.clone();
        let checking = move || log.check(condition, &batch).map(|checked| (checked, batch));
        Ok(tokio::task::spawn_blocking(checking).await.map_err(|_| PostError::Failed)??)
    }

    /// The second half: append, keep aside, sum up.
    async fn settle(&self, app: &App, judged: Judged, options: &PostOptions) -> Result<Receipts, PostError> {
        let Judged { parsed, mut admitted, condition, _body } = judged;
        if options.atomic && !admitted.is_whole() {
            return Err(PostError::Refused(Box::new(refused(admitted))));
        }
        let batch = std::mem::take(&mut admitted.batch);
        let records = batch.records.len();
        if records > 0 {
            let blobs = std::mem::take(&mut admitted.blobs);
            let appended = match condition {
                None => self.append(batch, blobs).await?,
                // The others are there: this is not what was sent before.
                Some(_) if admitted.duplicates() > 0 => return Err(PostError::Partly(admitted.positions())),
                // What is on the disk is looked at here, so that the log's writer need not.
                Some(condition) => {
                    let (condition, batch) = self.check(condition, batch).await?;
                    let log = self.log.clone();
                    self.append_with(blobs, async move { log.append_if(batch, condition).await }).await?
                }
            };
            match appended {
                Ok(appended) => admitted.settle(&appended),
                Err(AppendError::Conflict(clashes)) => {
                    let mut appended = vec![Appended::Stored(0); records];
                    for clash in clashes {
                        if let Some(place) = appended.get_mut(clash.index) {
                            *place = Appended::Conflict(clash.position);
                        }
                    }
                    admitted.settle(&appended);
                    return Err(PostError::Refused(Box::new(refused(admitted))));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !options.without_quarantine {
            let aside = admitted.quarantine(&app.admission, &parsed);
            if !aside.is_empty() {
                let now = now();
                let entries = self.set_aside(app, aside, now).await?;
                self.quarantine.add(entries, now).await?;
            }
        }
        Ok(admitted.into_receipts())
    }
}

/// The condition that a body says.
fn condition(app: &App, body: &Body, account: &Account) -> Result<Option<Condition>, AppendRequestError> {
    let members = body.beside_events().ok_or(AppendRequestError::NotABatch)?;
    if body.is_empty() {
        return Err(AppendRequestError::Empty);
    }
    let mut text = None;
    for (name, value) in members {
        match name.as_str() {
            "condition" if text.is_none() => text = Some(value),
            "id" | "sequence" | "created_at" => {}
            _ => return Err(AppendRequestError::Member(name)),
        }
    }
    let Some(text) = text.filter(|text| text != "null") else { return Ok(None) };
    let condition: ConditionBody =
        serde_json::from_str(&text).map_err(|error| AppendRequestError::Condition(error.to_string()))?;
    if let Account::Key(key) = account
        && !key.has(Scope::Read)
    {
        return Err(AppendRequestError::Scope);
    }
    Ok(Some(condition.compile(app)?))
}

impl Collector {
    /// Appends records. What they have in blobs is durable before, and is not collected meanwhile.
    ///
    /// # Errors
    /// [`PostError::Blobs`], where the log was not even asked.
    pub async fn append(
        &self,
        batch: Batch,
        blobs: Vec<Blob>,
    ) -> Result<Result<Vec<Appended>, AppendError>, PostError> {
        let log = self.log.clone();
        self.append_with(blobs, async move { log.append(batch).await }).await
    }

    /// Has the log append, once the blobs of what it appends are durable.
    async fn append_with(
        &self,
        blobs: Vec<Blob>,
        append: impl Future<Output = Result<Vec<Appended>, AppendError>> + Send + 'static,
    ) -> Result<Result<Vec<Appended>, AppendError>, PostError> {
        let appended = if blobs.is_empty() { Ok(append.await) } else { self.blobs.write_then(blobs, append).await };
        let full = matches!(appended, Err(WriteBlobsError::NoSpace) | Ok(Err(AppendError::NoSpace)));
        self.disk_full.store(full, Ordering::Relaxed);
        Ok(appended?)
    }
}

/// What may be told of a call that was refused as a whole: the receipts of the events that stood in its way. Nothing was
/// kept, so none of them says that it is.
fn refused(admitted: Admitted) -> Receipts {
    let receipts = admitted.into_receipts();
    let batch = receipts.batch;
    let in_the_way =
        receipts.receipts.into_iter().filter(|receipt| !matches!(receipt.status, Status::Stored | Status::Duplicate));
    let receipts = in_the_way.map(|mut receipt| {
        receipt.status = Status::Refused;
        receipt
    });
    Receipts::of(receipts.collect(), batch)
}

impl App {
    /// An app with its catalog made ready, which takes events of so many bytes.
    ///
    /// # Errors
    /// When a schema of the catalog does not compile.
    pub fn new(catalog: Arc<AppCatalog>, event_bytes_max: usize) -> Result<Self, daybook_admission::CompileError> {
        Ok(Self {
            slug: Arc::from(catalog.app.as_str()),
            hash: daybook_event::app_hash(&catalog.app),
            admission: Admission::new(Arc::clone(&catalog))?.taking_events_of(event_bytes_max),
            catalog,
            protobuf: OnceLock::new(),
        })
    }

    /// Reads and writes its events as Protocol Buffers.
    pub fn protobuf(&self) -> &Codec {
        self.protobuf.get_or_init(|| Codec::of(&self.catalog))
    }
}
