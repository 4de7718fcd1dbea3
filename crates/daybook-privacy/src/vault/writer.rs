//! The writer: one task that changes the vault. Everything that waits for it becomes one transaction.

use std::sync::Arc;

use daybook_event::{Month, Person, Secret, SubjectId};
use sea_orm::DatabaseTransaction;
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::cache::LookupKey;
use super::error::VaultError;
use super::load::Wanted;
use super::month_secrets;
use super::{make_months, make_people};
use crate::limits;
use crate::tables::begin_write;

/// What the writer is asked.
pub(super) enum Command {
    /// People and months that are made where they are missing.
    Ensure(Ensure),
    /// Anything else.
    Change(Box<dyn Job>),
    /// An end.
    Close,
}

/// People and months that are made where they are missing.
pub(super) struct Ensure {
    pub people: Vec<Wanted>,
    pub months: Vec<WantedMonth>,
    pub reply: oneshot::Sender<Result<Ensured, VaultError>>,
}

/// A month whose secret is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WantedMonth {
    pub app: Arc<str>,
    pub class: String,
    pub month: Month,
}

/// What was ensured, in the order of the question.
#[derive(Default)]
pub(super) struct Ensured {
    pub people: Vec<Person>,
    pub months: Vec<Arc<Secret>>,
}

/// What a transaction changed that is in memory too. Done there after the commit, in this order.
pub(super) enum Effect {
    /// Somebody is like this now.
    Person(LookupKey, Person),
    /// Somebody is no more.
    Gone { name: Option<LookupKey>, id: SubjectId },
    /// Secrets of months are these now.
    Months(month_secrets::Opened),
    /// A key of an actor is another than before, or no more.
    ActorKey(LookupKey),
    /// Secrets of months are no more.
    MonthsGone { app: String, class: String, months: Vec<Month> },
}

/// A change, with whoever waits for its answer.
#[async_trait::async_trait]
pub(super) trait Job: Send {
    /// Makes the change; keeps the answer. It may be called again where the transaction came to nothing.
    async fn run(
        &mut self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<(), VaultError>;

    /// Answers.
    fn answer(self: Box<Self>, outcome: Result<(), VaultError>);
}

/// A change that answers with `T`.
#[async_trait::async_trait]
pub(super) trait Change: Send {
    type Answer: Send;

    async fn make(
        &self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<Self::Answer, VaultError>;
}

/// A change on its way.
pub(super) struct Waiting<C: Change> {
    pub change: C,
    pub answer: Option<C::Answer>,
    pub reply: oneshot::Sender<Result<C::Answer, VaultError>>,
}

#[async_trait::async_trait]
impl<C: Change> Job for Waiting<C> {
    async fn run(
        &mut self,
        shared: &Shared,
        transaction: &DatabaseTransaction,
        effects: &mut Vec<Effect>,
    ) -> Result<(), VaultError> {
        self.answer = Some(self.change.make(shared, transaction, effects).await?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), VaultError>) {
        let Self { answer, reply, .. } = *self;
        let answer = outcome.and_then(|()| answer.ok_or(VaultError::Closed));
        // Whoever asked may be gone; what was asked is done all the same.
        let _gone = reply.send(answer);
    }
}

/// Serves until every handle is gone or the vault is closed.
pub(super) async fn run(shared: Arc<Shared>, mut commands: mpsc::Receiver<Command>) {
    while let Some(first) = commands.recv().await {
        let mut group = Vec::new();
        let mut people = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Close => commands.close(),
                Command::Ensure(ensure) => {
                    people += ensure.people.len();
                    group.push(Work::Ensure { ensure, answer: None });
                }
                Command::Change(job) => group.push(Work::Change(job)),
            }
            next = if people < limits::GROUP_PEOPLE { commands.try_recv().ok() } else { None };
        }
        if group.is_empty() {
            continue;
        }
        match transaction(&shared, &mut group).await {
            Ok(()) => group.into_iter().for_each(|work| work.answer(Ok(()))),
            Err(error) if group.len() == 1 => group.into_iter().for_each(|work| work.answer(Err(error.clone()))),
            // One that cannot be done must not take the others with it.
            Err(_) => {
                for mut work in group {
                    let outcome = transaction(&shared, std::slice::from_mut(&mut work)).await;
                    work.answer(outcome);
                }
            }
        }
    }
}

enum Work {
    Ensure { ensure: Ensure, answer: Option<Ensured> },
    Change(Box<dyn Job>),
}

impl Work {
    fn answer(self, outcome: Result<(), VaultError>) {
        match self {
            Self::Ensure { ensure, answer } => {
                let _gone = ensure.reply.send(outcome.and_then(|()| answer.ok_or(VaultError::Closed)));
            }
            Self::Change(job) => job.answer(outcome),
        }
    }
}

async fn transaction(shared: &Shared, group: &mut [Work]) -> Result<(), VaultError> {
    let transaction = begin_write(&shared.database).await?;
    let mut effects = Vec::new();
    match work(shared, &transaction, group, &mut effects).await {
        Ok(()) => transaction.commit().await?,
        Err(error) => {
            // What is dropped is rolled back later, what is rolled back here is so now. The first error is the one to tell.
            let _failed = transaction.rollback().await;
            return Err(error);
        }
    }
    for effect in effects {
        shared.take_in(effect);
    }
    Ok(())
}

async fn work(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    group: &mut [Work],
    effects: &mut Vec<Effect>,
) -> Result<(), VaultError> {
    for run in group.chunk_by_mut(|a, b| matches!((a, b), (Work::Ensure { .. }, Work::Ensure { .. }))) {
        let mut ensures: Vec<(&Ensure, &mut Option<Ensured>)> = Vec::new();
        for work in run {
            match work {
                Work::Ensure { ensure, answer } => ensures.push((ensure, answer)),
                Work::Change(job) => job.run(shared, transaction, effects).await?,
            }
        }
        if !ensures.is_empty() {
            ensure_all(shared, transaction, &mut ensures, effects).await?;
        }
    }
    Ok(())
}

/// All that several calls need, each person and month once.
async fn ensure_all(
    shared: &Shared,
    transaction: &DatabaseTransaction,
    ensures: &mut [(&Ensure, &mut Option<Ensured>)],
    effects: &mut Vec<Effect>,
) -> Result<(), VaultError> {
    let mut people: Vec<Wanted> = ensures.iter().flat_map(|(ensure, _)| ensure.people.iter().cloned()).collect();
    people.sort_unstable_by_key(|person| person.key);
    people.dedup_by_key(|person| person.key);
    let mut months: Vec<WantedMonth> = ensures.iter().flat_map(|(ensure, _)| ensure.months.iter().cloned()).collect();
    months.sort_unstable();
    months.dedup();
    let made_people = make_people::ensure(shared, transaction, &people, effects).await?;
    let made_months = make_months::ensure(shared, transaction, &months, effects).await?;
    for (ensure, answer) in ensures {
        let person = |wanted: &Wanted| {
            let place = people.binary_search_by_key(&wanted.key, |person| person.key).ok()?;
            made_people.get(place).cloned()
        };
        let month = |wanted: &WantedMonth| made_months.get(months.binary_search(wanted).ok()?).cloned();
        **answer = Some(Ensured {
            people: ensure.people.iter().filter_map(person).collect(),
            months: ensure.months.iter().filter_map(month).collect(),
        });
    }
    Ok(())
}
