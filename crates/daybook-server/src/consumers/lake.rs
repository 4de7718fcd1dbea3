//! The lake of an app as one of its consumers: opened when there is something in it, so that an app without events, and what is planned and
//! not put to use, opens nothing and makes nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::Spec;
use daybook_consumers::{Batch, Batching, Failure, Handler, OffsetKeeping, Undelivered};
use daybook_event::{Position, SubjectId, Timestamp};
use daybook_lake::lake::Health;
use daybook_lake::{Lake, LakeError, LakeOptions, limits};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use tokio::sync::OnceCell;

use super::own::own;

/// The handler, the name of the consumer with it that every app has, and the directory of all lakes in the data directory.
pub const LAKE: &str = "lake";
/// From an event's receipt to whoever asks.
const LATENCY: Duration = Duration::from_secs(1);

/// The lake of an app.
pub struct LakeConsumer {
    options: LakeOptions,
    app: Arc<AppCatalog>,
    lake: OnceCell<Lake>,
}

impl LakeConsumer {
    /// A lake that is not open yet.
    pub fn new(options: LakeOptions, app: Arc<AppCatalog>) -> Self {
        Self { options, app, lake: OnceCell::new() }
    }

    /// The lake, opened, and made where it is not there.
    ///
    /// # Errors
    /// [`LakeError`].
    pub async fn lake(&self) -> Result<&Lake, LakeError> {
        self.lake.get_or_try_init(|| Box::pin(Lake::open(self.options.clone(), Arc::clone(&self.app)))).await
    }

    /// The lake, where it is open already.
    pub fn opened(&self) -> Option<&Lake> {
        self.lake.get()
    }

    /// Commits what waits in memory.
    ///
    /// # Errors
    /// [`LakeError`].
    pub async fn close(&self) -> Result<(), LakeError> {
        match self.lake.get() {
            Some(lake) => lake.close().await,
            None => Ok(()),
        }
    }

    /// How it is, without opening it.
    pub fn health(&self) -> Health {
        self.lake.get().map(Lake::health).unwrap_or_default()
    }

    /// The lake, where there is one: nothing where nothing was ever delivered, or where what was is gone.
    ///
    /// # Errors
    /// [`LakeError`].
    pub async fn present(&self) -> Result<Option<&Lake>, LakeError> {
        if self.lake.initialized() || self.options.directory.exists() {
            return self.lake().await.map(Some);
        }
        Ok(None)
    }
}

#[async_trait]
impl Handler for LakeConsumer {
    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Handler
    }

    fn patience(&self) -> Duration {
        limits::DELIVERY_PATIENCE
    }

    fn batching(&self) -> Batching {
        Batching { size: limits::BATCH_EVENTS, delay: limits::BATCH_DELAY }
    }

    async fn prepare(&self) -> Result<(), Failure> {
        match self.present().await? {
            Some(lake) => lake.prepare().await,
            None => Ok(()),
        }
    }

    async fn committed(&self) -> Result<Position, Failure> {
        match self.present().await? {
            Some(lake) => lake.committed().await,
            None => Ok(0),
        }
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        self.lake().await.map_err(Failure::from)?.deliver(batch).await
    }

    async fn rewind(&self, to: Position) -> Result<(), Failure> {
        match self.present().await? {
            Some(lake) => lake.rewind(to).await,
            None => Ok(()),
        }
    }

    async fn tend(&self, now: Timestamp) -> Result<(), Failure> {
        match self.present().await? {
            Some(lake) => lake.tend(now).await,
            None => Ok(()),
        }
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        match self.present().await.map_err(unavailable)? {
            Some(lake) => lake.forget_people(people).await,
            None => Ok(Touched::default()),
        }
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        match self.present().await.map_err(unavailable)? {
            Some(lake) => lake.forget_months(months).await,
            None => Ok(Touched::default()),
        }
    }

    async fn export(&self, app: &str, person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        match self.present().await.map_err(unavailable)? {
            Some(lake) => lake.export(app, person).await,
            None => Ok(Vec::new()),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unavailable(error: LakeError) -> ViewError {
    ViewError::Unavailable { reason: error.to_string() }
}

/// The consumer that every app has, unless its catalog has one of its own.
pub fn spec() -> Spec {
    own(LAKE, "Tables of all events, for SQL and metrics.", Some(LATENCY))
}
