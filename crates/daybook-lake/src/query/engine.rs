//! The engine: what all queries share.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::prelude::SessionContext;
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::dispatcher::{self, DefaultGuard, Dispatch};

use super::answer::{Answer, Question};
use super::error::{Fault, QueryError};
use super::explain::explain;
use super::hide::Hide;
use super::limits;
use super::options::EngineOptions;
use super::session::Template;
use crate::Snapshot;
use crate::people::{People, opened};

/// Answers queries, within limits that all of them share.
///
/// They are planned and computed on threads of their own: what they cost is not taken from who takes in events, and what
/// recurses deeply has the stack for it.
pub struct Engine {
    options: EngineOptions,
    template: Template,
    slots: Arc<Semaphore>,
    hide: Arc<Hide>,
    /// Always there until the engine is dropped.
    runtime: Option<Runtime>,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The directory for what does not fit in memory, or the functions of SQL.
    #[error("queries cannot use {}", directory.display())]
    Session {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<DataFusionError>,
    },
    /// Threads.
    #[error("the threads of queries cannot be started")]
    Threads(#[source] std::io::Error),
}

impl Engine {
    /// Starts the engine.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn new(options: EngineOptions) -> Result<Arc<Self>, EngineError> {
        let session =
            |source| EngineError::Session { directory: options.spill_directory.clone(), source: Box::new(source) };
        let template = Template::new(&options).map_err(session)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads)
            .thread_stack_size(limits::STACK_BYTES)
            .thread_name("daybook-query")
            .on_thread_start(quiet)
            .enable_all()
            .build()
            .map_err(EngineError::Threads)?;
        Ok(Arc::new(Self {
            slots: Arc::new(Semaphore::new(options.queries_at_once)),
            hide: Arc::new(Hide::new([options.spill_directory.as_path(), options.directory.as_path()])),
            template,
            options,
            runtime: Some(runtime),
        }))
    }

    /// What queries may use.
    pub const fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// A session with the tables of an app as they were at one moment.
    ///
    /// # Errors
    /// When DataFusion does not take them.
    pub fn session(&self, snapshot: &Snapshot) -> Result<SessionContext, QueryError> {
        let Snapshot { events, daily_counts, .. } = snapshot;
        self.session_of(&[("events", Arc::clone(events)), ("daily_counts", Arc::clone(daily_counts))])
    }

    /// The same, with the names of people beside their ids, and a function that opens events. What such queries hold is never put on the disk: they have the memory,
    /// and fail where it is not enough.
    ///
    /// # Errors
    /// When DataFusion does not take them.
    pub fn session_with_people(
        &self,
        snapshot: Snapshot,
        people: &Arc<dyn People>,
    ) -> Result<SessionContext, QueryError> {
        let Snapshot { events, daily_counts, .. } = snapshot.with_people(people);
        let tables = [("events", events), ("daily_counts", daily_counts)];
        let session = self.template.session_in_memory(&tables).map_err(|error| self.explain(&error))?;
        session.register_udf(opened(people));
        Ok(session)
    }

    /// A session with these tables and no others.
    ///
    /// # Errors
    /// When two tables have one name.
    pub fn session_of(&self, tables: &[(&str, Arc<dyn TableProvider>)]) -> Result<SessionContext, QueryError> {
        self.template.session(tables).map_err(|error| self.explain(&error))
    }

    /// Answers a question. What comes before the answer's first piece is ready is an error of this call; later ones are in its
    /// stream. Dropping this future, or the answer, stops the query.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn ask(&self, session: SessionContext, question: Question) -> Result<Answer, QueryError> {
        let slot = self.slot().await?;
        Answer::begin(self, session, question, slot).await
    }

    /// Does work of our own with a session, under the limits of queries: a slot, the time, the memory, and the threads.
    /// Dropping this future stops the work.
    ///
    /// # Errors
    /// [`QueryError`]. What the work itself gives as an error is the caller's, and [`Engine::explain`] explains it.
    pub async fn run<T: Send + 'static>(
        &self,
        time_limit: Option<Duration>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, QueryError> {
        let slot = self.slot().await?;
        let limit = self.time_limit(time_limit);
        let mut task = Abort(self.spawn(async move {
            let _slot = slot;
            tokio::time::timeout(limit, work).await
        }));
        // Work that computes without a pause does not notice that its time is over.
        match tokio::time::timeout(limit + limits::GRACE, &mut task.0).await {
            Ok(Ok(Ok(done))) => Ok(done),
            Ok(Err(_)) => Err(broken()),
            Ok(Ok(Err(_))) | Err(_) => Err(timed_out(limit)),
        }
    }

    /// What went wrong, in words for whoever asked.
    pub fn explain(&self, error: &DataFusionError) -> QueryError {
        explain(error, None, &self.hide)
    }

    /// The time that a query gets.
    pub(super) fn time_limit(&self, asked: Option<Duration>) -> Duration {
        asked.unwrap_or(self.options.time_limit).min(self.options.time_limit_max)
    }

    pub(super) fn hide(&self) -> &Arc<Hide> {
        &self.hide
    }

    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        match &self.runtime {
            Some(runtime) => runtime.spawn(work),
            None => tokio::spawn(work),
        }
    }

    async fn slot(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        let slot = tokio::time::timeout(limits::QUEUE_MAX, Arc::clone(&self.slots).acquire_owned()).await;
        slot.ok().and_then(Result::ok).ok_or_else(|| {
            let message = format!("{} queries run already, which is as many as may.", self.options.queries_at_once);
            QueryError::new(Fault::Busy, message).hint("Ask again in a moment.")
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Waiting for queries that run is not allowed where this may be called.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What libraries say on the threads of queries, where they are let, has the query in it: its text, its plan, and with them names.
/// The server's log has none of that, at whatever level. What there is to say is said by who asked.
fn quiet() {
    thread_local! {
        static QUIET: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
    }
    QUIET.set(Some(dispatcher::set_default(&Dispatch::none())));
}

/// A task that ends with whoever waits for it.
pub(super) struct Abort<T>(pub tokio::task::JoinHandle<T>);

impl<T> Drop for Abort<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) fn timed_out(limit: Duration) -> QueryError {
    QueryError::new(Fault::Timeout, format!("The query took longer than {} s.", limit.as_secs_f64()))
        .hint("Ask for a shorter time or fewer columns, or for more time.")
}

pub(super) fn broken() -> QueryError {
    QueryError::new(Fault::Failed, "The query broke down. The server's own log says where.")
}
