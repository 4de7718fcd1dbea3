//! Erasure: people are forgotten, step by step, and a signed report says so.
//!
//! A request is durable before anybody hears of it, and each of its steps is durable before the next begins, so whoever
//! stops in the middle goes on from there ([`Eraser::resume`]): each step may be taken twice and does no more than once.
//! What is destroyed are the people's secrets in the vault; views are told before and after, and the secrets do not wait
//! for a view that fails.

mod events;
mod people;
mod report_key;
mod reporting;
mod store;
mod telling;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use daybook_event::{EventId, PersonName, Position, Timestamp};
use serde::Serialize;
use tokio::sync::{Notify, Semaphore};

pub use self::report_key::ReportKeyError;
use crate::limits;
use crate::report::{ReportState, SignedReport};
use crate::vault::{DatabaseError, Vault, VaultError};
use crate::view::View;

/// Where it is written down that people are erased: the log.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes events of Daybook's own, at most [`limits::PEOPLE_PER_PASS`], all or none; gives the position of the last.
    /// Events that are there already, by their ids, are not written again, and are no failure.
    ///
    /// # Errors
    /// [`JournalError`]; the step is taken again later.
    async fn note(&self, events: Vec<JournalEvent>) -> Result<Position, JournalError>;

    /// The last position of the log.
    fn head(&self) -> Position;
}

/// An event for the journal. Asked for again, the same event is the same in every field.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEvent {
    /// Its id, made from what it says, so that writing it again changes nothing.
    pub id: EventId,
    /// When it happened.
    pub time: Timestamp,
    /// Its name in the catalog of the app `daybook`.
    pub name: &'static str,
    /// On whose account it happened.
    pub actor: Option<String>,
    /// Its data. It holds no name.
    pub data: serde_json::Value,
}

/// The journal takes nothing, for now.
#[derive(Debug, thiserror::Error)]
#[error("the log takes no events: {reason}")]
pub struct JournalError {
    /// Why.
    pub reason: String,
}

/// A request for erasure.
#[derive(Debug, Clone)]
pub struct NewErasure<'a> {
    /// The app whose people they are.
    pub app: &'a str,
    /// What the app calls them; at most [`limits::ERASURE_NAMES_MAX`].
    pub names: &'a [PersonName<'a>],
    /// Why, without naming them. It stands in the report.
    pub reason: Option<&'a str>,
    /// On whose account.
    pub actor: Option<&'a str>,
}

/// A request cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It names nobody.
    #[error("the request names nobody")]
    Nobody,
    /// It names too many.
    #[error("{0} names are too many for one request; at most {max}", max = limits::ERASURE_NAMES_MAX)]
    TooMany(usize),
    /// A name is longer than any person's.
    #[error("a name of {0} bytes is too long for a person")]
    NameTooLong(usize),
    /// The reason is too long.
    #[error("a reason of {0} bytes is too long; at most {max}", max = limits::REASON_BYTES_MAX)]
    ReasonTooLong(usize),
    /// The reason names somebody who is to be forgotten, and would be kept.
    #[error("the reason names somebody who is to be erased, and it would be kept")]
    ReasonNames,
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// An erasure cannot go on. It stays where it is and can be run again.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such request.
    #[error("there is no such request for erasure")]
    Unknown,
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The log takes no events.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The report cannot be signed.
    #[error(transparent)]
    Key(#[from] ReportKeyError),
    /// What the database holds of the request cannot be read.
    #[error("what the database holds of the request is damaged")]
    Damaged,
}

/// How far a request is: the last step that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It is durable; who is meant by its names is not known yet.
    Requested,
    /// It is known who is meant, and the names are gone.
    Found,
    /// The log says that they are to be erased.
    Announced,
    /// The views were told, while the secrets were still there.
    Told,
    /// The secrets are destroyed.
    Destroyed,
    /// Every view has confirmed that it holds nothing of them.
    Confirmed,
    /// The report is signed.
    Signed,
    /// The log says so too, and nothing is left to do.
    Complete,
}

/// How far a request is, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The last step that is done.
    pub step: Step,
    /// Names of the request.
    pub people: u64,
    /// Names that are dealt with: the person's secret is destroyed, or nobody is known by it.
    pub done: u64,
}

/// Told of each step, and of each pass within one.
pub type Observer<'o> = dyn Fn(Progress) + Send + Sync + 'o;

/// A request, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// Its id.
    pub request: String,
    /// The app.
    pub app: String,
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
    /// When it was asked.
    pub requested: Timestamp,
    /// When all was done.
    pub completed: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
}

/// What became of a request that was taken up again.
#[derive(Debug)]
pub struct Resumed {
    /// The request.
    pub request: String,
    /// What its report says now.
    pub outcome: Result<ReportState, EraseError>,
}

/// How long views are waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraserOptions {
    /// For one pass, before the secrets are destroyed.
    pub view_first_patience: Duration,
    /// For one pass, when confirming.
    pub view_patience: Duration,
    /// How often in a row.
    pub view_tries: u32,
    /// Pause before the second time.
    pub view_pause: Duration,
}

impl Default for EraserOptions {
    fn default() -> Self {
        Self {
            view_first_patience: limits::VIEW_FIRST_PATIENCE,
            view_patience: limits::VIEW_PATIENCE,
            view_tries: limits::VIEW_TRIES,
            view_pause: limits::VIEW_PAUSE,
        }
    }
}

/// Reads the clock.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// Erases people. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct Eraser {
    shared: Arc<Shared>,
}

struct Shared {
    vault: Vault,
    views: parking_lot::Mutex<Arc<[Arc<dyn View>]>>,
    journal: Arc<dyn Journal>,
    clock: Box<Clock>,
    options: EraserOptions,
    /// One request is run by one task at a time.
    turns: parking_lot::Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
    at_once: Semaphore,
    /// Something was left unfinished.
    unfinished: Notify,
    report_key: tokio::sync::Mutex<Option<Arc<daybook_signature::SigningKey>>>,
    /// Whether the vault has people whom it cannot read. It does not change while a vault is open.
    locked: tokio::sync::OnceCell<bool>,
}

impl Shared {
    fn views(&self) -> Arc<[Arc<dyn View>]> {
        Arc::clone(&self.views.lock())
    }
}

impl Eraser {
    /// An eraser of the people in this vault, who may be in these views.
    #[must_use]
    pub fn new(
        vault: Vault,
        views: Vec<Arc<dyn View>>,
        journal: Arc<dyn Journal>,
        clock: Box<Clock>,
        options: EraserOptions,
    ) -> Self {
        let shared = Shared {
            vault,
            views: parking_lot::Mutex::new(Arc::from(views)),
            journal,
            clock,
            options,
            turns: parking_lot::Mutex::default(),
            at_once: Semaphore::new(limits::ERASURES_AT_ONCE),
            unfinished: Notify::new(),
            report_key: tokio::sync::Mutex::default(),
            locked: tokio::sync::OnceCell::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The views that people may be in.
    #[must_use]
    pub fn views(&self) -> Arc<[Arc<dyn View>]> {
        self.shared.views()
    }

    /// Puts these views in the place of those there were. Whoever is being erased meanwhile is forgotten by those or by these: what is new
    /// must not hold anything yet.
    pub fn set_views(&self, views: Vec<Arc<dyn View>>) {
        *self.shared.views.lock() = Arc::from(views);
    }

    /// Notes a request; it is durable when its id is given. Nothing is erased before [`Eraser::run`] or
    /// [`Eraser::resume`].
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn request(&self, new: &NewErasure<'_>) -> Result<String, RequestError> {
        check(new)?;
        let id = store::create(&self.shared.vault, new, (self.shared.clock)()).await?;
        self.shared.unfinished.notify_one();
        Ok(id)
    }

    /// Takes a request as far as it goes, and gives its report: complete, or incomplete where a view has not confirmed. A
    /// request that is complete already gives the report that was signed then. Several may run at once; the same request
    /// runs once, and whoever asks meanwhile waits for it. May be dropped at any point: [`Eraser::resume`] goes on.
    ///
    /// # Errors
    /// [`EraseError`].
    pub async fn run(&self, request: &str, observer: &Observer<'_>) -> Result<SignedReport, EraseError> {
        let turn = self.turn(request);
        let _turn = turn.lock().await;
        // The semaphore is never closed.
        let _permit = self.shared.at_once.acquire().await;
        let result = work::run(&self.shared, request, observer).await;
        if !matches!(&result, Ok(signed) if signed.report.state == ReportState::Complete) {
            self.shared.unfinished.notify_one();
        }
        result
    }

    /// Takes up every request that is not complete, the oldest first.
    ///
    /// # Errors
    /// When the database cannot say which those are.
    pub async fn resume(&self, observer: &Observer<'_>) -> Result<Vec<Resumed>, DatabaseError> {
        let mut resumed = Vec::new();
        for request in store::unfinished(self.shared.vault.database()).await? {
            let outcome = self.run(&request, observer).await.map(|signed| signed.report.state);
            if let Err(error) = &outcome {
                tracing::warn!(request, %error, "an erasure does not go on");
            }
            resumed.push(Resumed { request, outcome });
        }
        Ok(resumed)
    }

    /// Sees to it that every request comes to its end: takes up what is unfinished, again and again with growing pauses. Never
    /// returns; drop it to stop.
    pub async fn tend(&self) {
        let mut pause = limits::RESUME_PAUSE_MIN;
        loop {
            let finished = match self.resume(&|_| {}).await {
                Ok(resumed) => resumed.iter().all(|one| matches!(one.outcome, Ok(ReportState::Complete))),
                Err(error) => {
                    tracing::warn!(%error, "unfinished erasures cannot be listed");
                    false
                }
            };
            if finished {
                pause = limits::RESUME_PAUSE_MIN;
                self.shared.unfinished.notified().await;
            } else {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(limits::RESUME_PAUSE_MAX);
            }
        }
    }

    /// One request.
    ///
    /// # Errors
    /// When the database fails, or what it holds is damaged.
    pub async fn get(&self, request: &str) -> Result<Option<Erasure>, EraseError> {
        store::get(self.shared.vault.database(), request).await
    }

    /// An app's requests, in the order in which they were made, from the one after `after`; at most
    /// [`limits::ERASURES_PAGE_MAX`].
    ///
    /// # Errors
    /// When the database fails, or what it holds is damaged.
    pub async fn list(&self, app: &str, after: Option<&str>, limit: u64) -> Result<Vec<Erasure>, EraseError> {
        store::list(self.shared.vault.database(), app, after, limit.min(limits::ERASURES_PAGE_MAX)).await
    }

    /// The last report of a request; none before its secrets are destroyed.
    ///
    /// # Errors
    /// When the database fails, or what it holds is damaged.
    pub async fn report(&self, request: &str) -> Result<Option<SignedReport>, EraseError> {
        reporting::read(&self.shared, request).await
    }

    /// The key that verifies reports from now on, as base64url.
    ///
    /// # Errors
    /// [`ReportKeyError`].
    pub async fn report_key(&self) -> Result<String, ReportKeyError> {
        Ok(self.shared.signing_key().await?.public().to_string())
    }

    /// All keys that ever signed a report here, as base64url, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn report_keys(&self) -> Result<Vec<String>, ReportKeyError> {
        report_key::public_keys(self.shared.vault.database()).await
    }

    fn turn(&self, request: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.shared.turns.lock();
        if let Some(turn) = turns.get(request).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(request.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

/// Whether a request can be taken.
fn check(new: &NewErasure<'_>) -> Result<(), RequestError> {
    if new.names.is_empty() {
        return Err(RequestError::Nobody);
    }
    if new.names.len() > limits::ERASURE_NAMES_MAX {
        return Err(RequestError::TooMany(new.names.len()));
    }
    if let Some(long) = new.names.iter().map(|person| person.name.len()).find(|len| *len > limits::NAME_BYTES_MAX) {
        return Err(RequestError::NameTooLong(long));
    }
    let Some(reason) = new.reason else { return Ok(()) };
    if reason.len() > limits::REASON_BYTES_MAX {
        return Err(RequestError::ReasonTooLong(reason.len()));
    }
    let reason = reason.to_lowercase();
    if new.names.iter().any(|person| names(&reason, &person.name.to_lowercase())) {
        return Err(RequestError::ReasonNames);
    }
    Ok(())
}

/// Whether `text` has `name` as a word, or words, of its own. Names of a few letters or digits are in every text.
fn names(text: &str, name: &str) -> bool {
    const LETTERS_MIN: usize = 4;
    let stands_alone = |start: usize| {
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let after = text.get(start + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    name.chars().count() >= LETTERS_MIN && text.match_indices(name).any(|(start, _)| stands_alone(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_not_name_them() {
        let check = |reason: &str, name: &str, expected: bool| {
            assert_eq!(names(&reason.to_lowercase(), &name.to_lowercase()), expected, "{reason} {name}");
        };
        check("Ada@Example.org asked by letter", "ada@example.org", true);
        check("asked by letter (ada@example.org)", "ada@example.org", true);
        check("asked by letter", "letters", false);
        check("case 20261234", "1234", false);
        check("case 2026-1234", "1234", true);
        check("see 42", "42", false);
        check("für Ömür", "ömür", true);
        check("für Ömürs", "ömür", false);
        check("", "name", false);
    }
}
