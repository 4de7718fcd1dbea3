//! The consumers of a server: those that the catalogs name, with what the configuration says of them, in the runtime that they share.
//!
//! [`plan`] says what there should be, [`Consumers::apply`] makes it so, at the start and whenever it is read again ([`reload`]).

pub mod lake;
mod notes;
pub(crate) mod own;
pub mod plan;
pub mod reload;
pub mod replay;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use daybook_consumers::counters::Counters;
use daybook_consumers::error::{AddError, DatabaseError, ManageError};
use daybook_consumers::status::Status;
use daybook_consumers::{Registration, Runtime, RuntimeOptions};
use daybook_log::Log;
use daybook_privacy::Vault;
use daybook_sinks::{Promise, Statuses};
use parking_lot::Mutex;
use sea_orm::DatabaseConnection;
use serde::Serialize;
use utoipa::ToSchema;

use lake::LakeConsumer;
use notes::NoteSender;
pub use notes::NoteWriter;
use plan::{Key, Plan, Planned};
use replay::Replays;

use crate::problem::Chain;

/// The consumers of a server.
pub struct Consumers {
    runtime: Runtime,
    /// What is in the runtime now.
    present: Mutex<BTreeMap<Key, Present>>,
    /// Whoever changes what is in the runtime holds this.
    changing: tokio::sync::Mutex<()>,
    replays: Replays,
    log: Log,
    database: DatabaseConnection,
    data: PathBuf,
    this: Weak<Consumers>,
}

/// A consumer that is in the runtime.
#[derive(Clone)]
struct Present {
    fingerprint: blake3::Hash,
    enabled: bool,
    counters: Option<Arc<Counters>>,
    lake: Option<Arc<LakeConsumer>>,
}

/// What a change of the consumers did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Changes {
    /// Consumers that are new, as `app/name`.
    pub added: Vec<String>,
    /// Those of which something is new: what the catalog says, a setting, or what is in a file that a setting names.
    pub changed: Vec<String>,
    /// Those that are gone. Their places in the log and their dead letters stay, and are theirs again when they come back. One that has
    /// delivered is missed by erasures until it does, or is retired.
    pub removed: Vec<String>,
    /// How many are as they were.
    pub unchanged: usize,
}

/// The runtime does not do what the plan says.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A consumer cannot be added.
    #[error(transparent)]
    Add(#[from] AddError),
    /// A consumer cannot be taken out.
    #[error(transparent)]
    Remove(#[from] ManageError),
}

impl Consumers {
    /// Makes ready, with no consumers yet. What they have to say comes out of the writer.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(
        log: Log,
        vault: Vault,
        database: DatabaseConnection,
        data: PathBuf,
    ) -> Result<(Arc<Self>, NoteWriter), DatabaseError> {
        let (notes, writer) = NoteSender::new();
        let runtime =
            Runtime::open(RuntimeOptions::default(), log.clone(), vault, database.clone(), Arc::new(notes)).await?;
        let consumers = Arc::new_cyclic(|this| Self {
            runtime,
            present: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            replays: Replays::default(),
            log,
            database,
            data,
            this: Weak::clone(this),
        });
        Ok((consumers, writer))
    }

    /// The runtime that they are in.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Deliveries of dead letters that are under way, or were.
    pub fn replays(&self) -> &Replays {
        &self.replays
    }

    /// How every consumer is, by app and name; with those that are no more, though what they delivered may still be out there.
    pub fn statuses(&self) -> Vec<Status> {
        let mut statuses = self.runtime.statuses();
        statuses.extend(self.runtime.removed());
        statuses.sort_by(|one, other| (&one.app, &one.consumer).cmp(&(&other.app, &other.consumer)));
        statuses
    }

    /// What a consumer does, in a word: what the runtime says, or `disabled`.
    pub fn state_of(&self, status: &Status) -> &'static str {
        let key = (Arc::from(status.app.as_str()), status.consumer.clone());
        let is_off = self.present.lock().get(&key).is_some_and(|present| !present.enabled);
        if is_off { "disabled" } else { status.state.name() }
    }

    /// The live counters of an app, where it has any.
    pub fn counters(&self, app: &str) -> Option<Arc<Counters>> {
        let present = self.present.lock();
        let of_app = present.iter().filter(|((of, _), _)| **of == *app);
        of_app.filter_map(|(_, present)| present.counters.clone()).next()
    }

    /// Waits until a change that is under way is done.
    pub async fn settled(&self) {
        drop(self.changing.lock().await);
    }

    /// The lake of an app, where it has one.
    pub fn lake(&self, app: &str) -> Option<Arc<LakeConsumer>> {
        self.named_lake(app).map(|(lake, _)| lake)
    }

    /// The lake of an app, where it has one, and what its consumer is called.
    pub fn named_lake(&self, app: &str) -> Option<(Arc<LakeConsumer>, String)> {
        let present = self.present.lock();
        let mut of_app = present.iter().filter(|((of, _), _)| **of == *app);
        of_app.find_map(|((_, name), present)| Some((present.lake.clone()?, name.clone())))
    }

    /// Commits what waits in the memory of lakes. The runtime delivers nothing any more.
    pub async fn close_lakes(&self) {
        let lakes: Vec<_> = self.present.lock().values().filter_map(|present| present.lake.clone()).collect();
        for lake in lakes {
            close(&lake).await;
        }
    }

    /// Makes what is in the runtime what the plan says. Consumers of which nothing changed are not disturbed.
    ///
    /// # Errors
    /// [`ApplyError`]; what was done before is done.
    pub async fn apply(&self, plan: Plan) -> Result<Changes, ApplyError> {
        let _turn = self.changing.lock().await;
        let mut changes = Changes::default();
        let before: Vec<Key> = self.present.lock().keys().cloned().collect();
        for key in before.into_iter().filter(|key| !plan.consumers.contains_key(key)) {
            self.remove(&key).await?;
            changes.removed.push(said(&key));
        }
        for (key, planned) in plan.consumers {
            let fingerprint = self.present.lock().get(&key).map(|present| present.fingerprint);
            match fingerprint {
                Some(fingerprint) if fingerprint == planned.fingerprint => changes.unchanged += 1,
                Some(_) => {
                    self.remove(&key).await?;
                    self.add(key.clone(), planned).await?;
                    changes.changed.push(said(&key));
                }
                None => {
                    self.add(key.clone(), planned).await?;
                    changes.added.push(said(&key));
                }
            }
        }
        Ok(changes)
    }

    async fn add(&self, key: Key, planned: Planned) -> Result<(), AddError> {
        let Planned { spec, handler, fingerprint, enabled, counters, lake } = planned;
        let registration = Registration { app: Arc::clone(&key.0), spec: Arc::new(spec), handler, view: true };
        self.runtime.add(registration).await?;
        self.present.lock().insert(key, Present { fingerprint, enabled, counters, lake });
        Ok(())
    }

    async fn remove(&self, key: &Key) -> Result<(), ManageError> {
        self.runtime.remove(&key.0, &key.1).await?;
        let removed = self.present.lock().remove(key);
        // Whoever comes after it opens the lake, and has less to be told again.
        if let Some(lake) = removed.and_then(|present| present.lake) {
            close(&lake).await;
        }
        Ok(())
    }
}

impl Statuses for Consumers {
    fn promises(&self, app: &str) -> Vec<Promise> {
        let statuses = self.runtime.statuses().into_iter().filter(|status| status.app == app);
        let promises = statuses.filter_map(|status| {
            let promise = status.promise?;
            Some(Promise {
                consumer: status.consumer,
                promised: Duration::from_millis(promise.latency_ms),
                measured: status.latency.and_then(|latency| Duration::try_from_secs_f64(latency.p99_ms / 1_000.0).ok()),
                broken: !promise.kept,
            })
        });
        promises.collect()
    }
}

/// The consumers, for a handler that is one of them: it does not keep them.
struct WeakStatuses(Weak<Consumers>);

impl Statuses for WeakStatuses {
    fn promises(&self, app: &str) -> Vec<Promise> {
        self.0.upgrade().map(|consumers| consumers.promises(app)).unwrap_or_default()
    }
}

async fn close(lake: &LakeConsumer) {
    if let Err(error) = lake.close().await {
        tracing::warn!(error = %Chain(&error), "a lake was not closed; what it lacks is delivered again");
    }
}

/// A consumer as people say it.
fn said((app, name): &Key) -> String {
    format!("{app}/{name}")
}
