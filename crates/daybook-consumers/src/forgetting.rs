//! How consumers forget: each by way of its handler, while it delivers nothing; the runtime itself by letting go of what it has in memory.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use daybook_event::SubjectId;
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, View, ViewError};
use futures_util::FutureExt;

use crate::consumer::{Consumer, Core};
use crate::runtime::HandlerState;

/// A consumer as a view.
pub(crate) struct ConsumerView {
    name: String,
    consumer: Arc<Consumer>,
    core: Arc<Core>,
}

/// What the runtime keeps: decoded events, and dead letters, which are positions only.
pub(crate) struct RuntimeView {
    core: Arc<Core>,
}

impl ConsumerView {
    pub fn new(consumer: Arc<Consumer>, core: Arc<Core>) -> Self {
        Self { name: format!("consumer.{}.{}", consumer.app, consumer.name), consumer, core }
    }

    /// Asks the handler, while no delivery of the consumer runs. What was opened before is opened anew after.
    async fn quietly<T: Default>(&self, work: impl Future<Output = Result<T, ViewError>>) -> Result<T, ViewError> {
        let gate = tokio::time::timeout(self.core.options.gate_patience, self.consumer.gate.lock()).await;
        let _gate = gate.map_err(|_| unavailable("a delivery is under way that does not come to its end"))?;
        // After the gate: what was opened for the delivery that just ended goes too.
        self.core.feed.forget_opened();
        within_reason(work).await
    }

    /// What a consumer answers that has no handler now.
    fn without_handler(&self) -> Result<(), ViewError> {
        // Nothing was ever delivered, so there is nothing to forget.
        if !self.consumer.place().touched {
            return Ok(());
        }
        Err(unavailable("its destination is not configured any more, so what is there cannot be reached"))
    }
}

#[async_trait]
impl View for ConsumerView {
    fn name(&self) -> &str {
        &self.name
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        match &self.consumer.handler {
            HandlerState::Ready(handler) => self.quietly(handler.forget_people(people)).await,
            HandlerState::Unconfigured(_) => self.without_handler().map(|()| Touched::default()),
        }
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        match &self.consumer.handler {
            HandlerState::Ready(handler) => {
                let forgotten = self.quietly(handler.forget_months(months)).await;
                self.core.feed.forget_all();
                forgotten
            }
            HandlerState::Unconfigured(_) => self.without_handler().map(|()| Touched::default()),
        }
    }

    async fn export(&self, app: &str, person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        match &self.consumer.handler {
            HandlerState::Ready(handler) => within_reason(handler.export(app, person)).await,
            HandlerState::Unconfigured(_) => self.without_handler().map(|()| Vec::new()),
        }
    }
}

impl RuntimeView {
    pub fn new(core: Arc<Core>) -> Self {
        Self { core }
    }
}

#[async_trait]
impl View for RuntimeView {
    fn name(&self) -> &str {
        "consumers"
    }

    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        self.core.feed.forget_opened();
        Ok(Touched::default())
    }

    async fn forget_months(&self, _months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        self.core.feed.forget_all();
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

/// A handler that panics did not do what it was asked.
async fn within_reason<T>(work: impl Future<Output = Result<T, ViewError>>) -> Result<T, ViewError> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_panic| Err(unavailable("the handler met a bug of its own and panicked")))
}

fn unavailable(reason: &str) -> ViewError {
    ViewError::Unavailable { reason: reason.to_owned() }
}
