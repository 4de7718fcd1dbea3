//! The publisher: follows the log, writes tiles, and signs checkpoints.
//!
//! It is a view of the log whose offset is the size of its last checkpoint: whatever it wrote may be thrown away, and is
//! computed again. But for one thing: what it signed. It never signs a tree that does not begin with every tree that was signed
//! before, as far as it knows of them: from the checkpoint beside the tiles, and from the copy of one beside the key. Where the
//! log is not what they say, the publisher refuses: it says so, signs nothing any more, and harms nothing else.
//!
//! It holds hashes, and nothing else of any record; so there is nothing in it to forget.

mod key_watch;
#[cfg(test)]
mod tests;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_event::Position;
use daybook_log::Log;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use self::work::{Outcome, PublishError, Work};
use crate::checkpoint::SignedCheckpoint;
use crate::disk::{Disk, RealDisk};
use crate::hash::{Hash, to_base64};
use crate::key::PublicKey;
use crate::key_file::LogKeys;
use crate::limits::{KEY_LOOKED_AT_EVERY, PUBLISH_EVERY, RETRY_AFTER};
use crate::store::Store;

/// What a publisher is made of.
#[derive(Debug, Clone)]
pub struct PublisherOptions {
    /// The directory of the proof.
    pub directory: PathBuf,
    /// The keys.
    pub keys: LogKeys,
    /// Least time from one checkpoint to the next.
    pub every: Duration,
    /// How long a disk that refused is left alone.
    pub retry_after: Duration,
    /// The disk.
    pub disk: Arc<dyn Disk>,
}

impl PublisherOptions {
    /// The usual ones.
    #[must_use]
    pub fn new(directory: PathBuf, keys: LogKeys) -> Self {
        Self { directory, keys, every: PUBLISH_EVERY, retry_after: RETRY_AFTER, disk: Arc::new(RealDisk) }
    }
}

/// Follows a log. Made by [`Publisher::new`], and does nothing before [`Publisher::run`].
#[derive(Debug)]
pub struct Publisher {
    work: Work,
    every: Duration,
    retry_after: Duration,
    state: watch::Sender<PublisherState>,
}

/// A handle on a publisher; copies are cheap.
#[derive(Debug, Clone)]
pub struct PublisherHandle {
    store: Store,
    state: watch::Receiver<PublisherState>,
}

/// How a publisher is doing.
#[derive(Debug, Clone, Default)]
pub struct PublisherState {
    /// The public keys, the one that signs first.
    pub keys: Arc<[PublicKey]>,
    /// The newest checkpoint.
    pub checkpoint: Option<Arc<SignedCheckpoint>>,
    /// Why nothing is signed any more.
    pub refusal: Option<Arc<Refusal>>,
    /// What went wrong last, when that is not over; it is tried again.
    pub trouble: Option<Arc<str>>,
    /// Whether it has ended.
    pub ended: bool,
}

/// The log is not what was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Records that were signed are not there.
    #[error(
        "the log ends with record {head}, but {signed} says that there were {size}: the log was rolled back or cut; \
         nothing more is signed with this key"
    )]
    RolledBack {
        /// The last position of the log.
        head: Position,
        /// The size that was signed.
        size: u64,
        /// Where that is written.
        signed: SignedWhere,
    },
    /// The tree that was signed is not that of the log.
    #[error(
        "the first {size} records of the log have the root {}, and {signed} has {}: the log is not what was signed; \
         `daybook verify` says where; nothing more is signed with this key",
        to_base64(found),
        to_base64(root)
    )]
    Root {
        /// The size that was signed.
        size: u64,
        /// What was signed.
        root: Hash,
        /// What the log has.
        found: Hash,
        /// Where that is written.
        signed: SignedWhere,
    },
    /// A record is not that whose hash was signed.
    #[error(
        "record {position} of the log is not the one whose hash was signed; `daybook verify` says more; nothing more is \
         signed with this key"
    )]
    Record {
        /// Its position.
        position: Position,
    },
    /// A checkpoint is signed by nobody who is known.
    #[error("{signed} cannot be believed: {problem}; nothing more is signed before somebody has looked into it")]
    Checkpoint {
        /// Where it is.
        signed: SignedWhere,
        /// What is wrong with it.
        problem: String,
    },
}

/// Where something signed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedWhere {
    /// Beside the tiles.
    Data,
    /// Beside the key.
    Key,
}

impl std::fmt::Display for SignedWhere {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Data => "the checkpoint in the data directory",
            Self::Key => "the checkpoint that is kept beside the signing key",
        })
    }
}

impl Publisher {
    /// A publisher of this log, and a handle on it.
    #[must_use]
    pub fn new(log: Log, options: PublisherOptions) -> (Self, PublisherHandle) {
        let PublisherOptions { directory, keys, every, retry_after, disk } = options;
        let store = Store::on(disk, directory);
        let begun = PublisherState { keys: keys.public().into(), ..PublisherState::default() };
        let (state, receiver) = watch::channel(begun);
        let work = Work::new(log, store.clone(), keys);
        (Self { work, every, retry_after, state }, PublisherHandle { store, state: receiver })
    }

    /// Publishes until the log is closed, and then what is left; or until it is told to stop, or refuses.
    pub async fn run(self, stop: CancellationToken) {
        let Self { mut work, every, retry_after, state } = self;
        let mut head = work.log().subscribe();
        let mut open = true;
        loop {
            let begun = Instant::now();
            head.mark_unchanged();
            let Some((stepped, outcome)) = step(work).await else {
                state.send_modify(|state| state.ended = true);
                return;
            };
            work = stepped;
            let wait = match outcome {
                Ok(outcome) => {
                    state.send_modify(|state| {
                        if state.trouble.take().is_some() {
                            tracing::info!("the proof goes on");
                        }
                        state.keys = work.public().into();
                        if let Outcome::Published(signed) = outcome {
                            state.checkpoint = Some(signed);
                        }
                    });
                    every
                }
                Err(PublishError::Refused(refusal)) => {
                    tracing::error!(%refusal, "the proof is not continued");
                    state.send_modify(|state| state.refusal = Some(Arc::new(refusal)));
                    break;
                }
                Err(PublishError::Failed(problem)) => {
                    // Not each time that it is tried again.
                    if state.borrow().trouble.as_deref() != Some(problem.as_str()) {
                        tracing::warn!(%problem, "the proof falls behind");
                    }
                    state.send_modify(|state| state.trouble = Some(problem.into()));
                    if !open {
                        break;
                    }
                    retry_after
                }
            };
            if stop.is_cancelled() || (!open && !work.is_behind()) {
                break;
            }
            if open && !work.is_behind() {
                tokio::select! {
                    _ = head.changed() => {}
                    () = tokio::time::sleep(KEY_LOOKED_AT_EVERY) => {}
                    () = stop.cancelled() => {}
                }
            }
            // A log that is closed has said its last word, which is published at once, or not at all.
            tokio::select! {
                biased;
                () = closed(&mut head) => open = false,
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait.saturating_sub(begun.elapsed())) => {}
            }
        }
        if let Ok(Some(problem)) = spawn_blocking(move || work.finish()).await {
            tracing::warn!(%problem, "the checkpoint was not copied beside the key");
        }
        state.send_modify(|state| state.ended = true);
    }
}

/// Waits until the log is closed.
async fn closed(head: &mut watch::Receiver<Position>) {
    while head.changed().await.is_ok() {}
}

/// One step of the work, where blocking is allowed. Nothing when it met a bug.
async fn step(mut work: Work) -> Option<(Work, Result<Outcome, PublishError>)> {
    let done = spawn_blocking(move || {
        let outcome = work.step();
        (work, outcome)
    });
    done.await.inspect_err(|_| tracing::error!("the publisher of the proof met a bug and stopped")).ok()
}

impl PublisherHandle {
    /// How it is doing.
    #[must_use]
    pub fn state(&self) -> PublisherState {
        self.state.borrow().clone()
    }

    /// Its files.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How it is doing as soon as that `is` so, or it has ended.
    pub async fn until(&self, mut is: impl FnMut(&PublisherState) -> bool) -> PublisherState {
        let mut states = self.state.clone();
        let state = states.wait_for(|state| state.ended || is(state)).await.map(|state| state.clone());
        // Whoever goes without a word has ended too.
        state.unwrap_or_else(|_| PublisherState { ended: true, ..self.state() })
    }

    /// The first checkpoint of at least this size, as soon as there is one. Nothing when none will come.
    pub async fn covering(&self, size: u64) -> Option<Arc<SignedCheckpoint>> {
        let covers = |signed: &Arc<SignedCheckpoint>| signed.checkpoint.size >= size;
        let state = self.until(|state| state.checkpoint.as_ref().is_some_and(covers) || state.refusal.is_some()).await;
        state.checkpoint.filter(covers)
    }
}
