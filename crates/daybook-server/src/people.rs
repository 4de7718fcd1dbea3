//! Who the people in the rows of a query are, and what is sealed in its events, for keys that may know it. That they asked is
//! written down first.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use daybook_event::{NameKind, PersonName, Position, SubjectId};
use daybook_lake::people::People;
use daybook_lake::query::{Fault, QueryError};
use daybook_privacy::vault::VaultError;
use http::StatusCode;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use crate::access::Access;
use crate::collector::{App, Collector};
use crate::keyring::Key;
use crate::output::{self, Form};
use crate::problem::{Chain, Problem};
use crate::reading::{self, Sight};

/// The people of an app, for one query of a key with the scope `privacy`.
pub struct KnownPeople {
    collector: Arc<Collector>,
    key: Arc<Key>,
    app: Arc<App>,
    /// By which the query is known.
    query_digest: String,
    /// Where the vault and the log are at home: queries have threads of their own.
    home: Handle,
    /// Set once it is written down that the key asked.
    noted: OnceCell<()>,
}

impl KnownPeople {
    /// For a query of this key about this app.
    pub fn new(collector: Arc<Collector>, key: Arc<Key>, app: Arc<App>, query_digest: String) -> Self {
        Self { collector, key, app, query_digest, home: Handle::current(), noted: OnceCell::new() }
    }

    /// Writes down that the key is about to see who people are, once.
    async fn note(&self) -> Result<(), QueryError> {
        let write = || async {
            let (collector, key) = (Arc::clone(&self.collector), Arc::clone(&self.key));
            let (app, digest) = (Arc::clone(&self.app), self.query_digest.clone());
            let noted = self.home.spawn(async move {
                let access = Access { query_digest: Some(&digest), ..Access::to(&app.slug, "query") };
                collector.note_access(&key, access).await
            });
            match noted.await {
                Ok(Ok(())) => Ok(()),
                // Why is in the server's log.
                Ok(Err(problem)) => Err(unwritten(problem.status())),
                Err(_) => Err(unwritten(StatusCode::INTERNAL_SERVER_ERROR)),
            }
        };
        self.noted.get_or_try_init(write).await?;
        Ok(())
    }

    /// Asks the vault, at home.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = Result<T, VaultError>> + Send + 'static,
    ) -> Result<T, QueryError> {
        self.note().await?;
        match self.home.spawn(question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(unreadable(&error)),
            Err(_) => Err(QueryError::new(Fault::Failed, "Looking up who people are broke down.")),
        }
    }
}

#[async_trait]
impl People for KnownPeople {
    async fn identities(&self, people: &[SubjectId]) -> Result<HashMap<SubjectId, String>, QueryError> {
        let (vault, ids) = (self.collector.vault.clone(), people.to_vec());
        let found = self.ask(async move { vault.identity(&ids).await }).await?;
        let own =
            found.into_iter().filter(|(_, who)| *who.app == *self.app.slug && who.name.kind == NameKind::Identity);
        Ok(own.map(|(id, who)| (id, who.name.name.into_owned())).collect())
    }

    async fn people(&self, identities: &[String]) -> Result<Vec<Vec<SubjectId>>, QueryError> {
        let (vault, app) = (self.collector.vault.clone(), Arc::clone(&self.app));
        let names: Vec<PersonName<'static>> = identities.iter().cloned().map(PersonName::identity).collect();
        let found = self.ask(async move { vault.subjects(&app.slug, &names).await }).await?;
        let ids =
            |subject: daybook_privacy::vault::SubjectInfo| std::iter::once(subject.id).chain(subject.also).collect();
        Ok(found.into_iter().map(|subject| subject.map(ids).unwrap_or_default()).collect())
    }

    async fn opened(&self, positions: &[Position]) -> Result<HashMap<Position, String>, QueryError> {
        self.note().await?;
        let (collector, app, positions) = (Arc::clone(&self.collector), Arc::clone(&self.app), positions.to_vec());
        let events = self.home.spawn(async move {
            let reader = Arc::clone(&collector);
            reading::apart(&collector, move || events_at(&reader, &app, &positions)).await
        });
        match events.await {
            Ok(Ok(events)) => Ok(events),
            Ok(Err(problem)) => Err(unopened(problem.status())),
            Err(_) => Err(unopened(StatusCode::INTERNAL_SERVER_ERROR)),
        }
    }
}

impl fmt::Debug for KnownPeople {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KnownPeople").field("app", &self.app.slug).finish_non_exhaustive()
    }
}

/// The events at these positions as a key sees them that may see people. For threads where waiting is allowed.
fn events_at(collector: &Collector, app: &App, positions: &[Position]) -> Result<HashMap<Position, String>, Problem> {
    let events = reading::at(collector, app, positions, Sight::Open)?.into_iter().map(|(event, _)| {
        let (position, mut json) = (event.position, Vec::with_capacity(512));
        output::write(event, &app.catalog, Form::Canonical, true, &mut json);
        (position, String::from_utf8_lossy(&json).into_owned())
    });
    Ok(events.collect())
}

fn unopened(status: StatusCode) -> QueryError {
    let fault = if status == StatusCode::SERVICE_UNAVAILABLE { Fault::Busy } else { Fault::Failed };
    QueryError::new(fault, "What is sealed in events cannot be opened. The server's own log says why.")
}

fn unwritten(status: StatusCode) -> QueryError {
    let fault = if status == StatusCode::SERVICE_UNAVAILABLE { Fault::Busy } else { Fault::Failed };
    QueryError::new(fault, "Who people are is not shown, since it could not be written down that it was asked.")
}

fn unreadable(error: &VaultError) -> QueryError {
    match error {
        VaultError::Busy => QueryError::new(Fault::Busy, "The vault has too much to do to say who people are."),
        VaultError::NameTooLong(_) => QueryError::new(Fault::Value, "Nobody has so long a name."),
        error => {
            tracing::error!(error = %Chain(error), "the vault could not say who people are");
            QueryError::new(Fault::Failed, "The vault cannot be read.")
        }
    }
}
