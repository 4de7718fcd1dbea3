//! How consumers forget: each by way of its handler, while it delivers nothing; the runtime itself by letting go of what it has in memory.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use daybook_event::SubjectId;
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, View, ViewError};
use futures_util::FutureExt;

use crate::consumer::{Consumer, Core};
use crate::places::{Abandoned, Places};
use crate::runtime::{HandlerState, Key};
use crate::{Handler, Sight};

/// Why a consumer without a handler forgets nobody.
const NOT_CONFIGURED: &str = "its destination is not configured any more, so what is there cannot be reached";
/// Why a consumer that is no more forgets nobody.
const REMOVED: &str = "the consumer is in no catalog any more, so what it delivered cannot be reached; put it back, or delete that and retire \
    the consumer";

/// A consumer as a view.
pub(crate) struct ConsumerView {
    name: String,
    consumer: Arc<Consumer>,
    core: Arc<Core>,
}

/// The place of a consumer that is no more.
pub(crate) struct PlaceView {
    name: String,
    key: Key,
    places: Arc<Places>,
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

    /// Those of the people whom it may have named: nobody else's can be where it delivers to, and nobody's before it named any.
    fn named(&self, people: &[Forgotten]) -> Vec<Forgotten> {
        let may_name = |handler: &dyn Handler| handler.sight() == Sight::Open;
        // What sees names may be at a delivery that is not noted yet.
        let named = self.consumer.place().named || self.consumer.handler().is_some_and(|handler| may_name(&**handler));
        people.iter().filter(|person| named && person.app == *self.consumer.app).cloned().collect()
    }

    /// Those of the months of which something may be where it delivers to.
    fn touched(&self, months: &[ExpiredMonth]) -> Vec<ExpiredMonth> {
        let holds = |handler: &dyn Handler| handler.holds_events() || handler.sight() == Sight::Open;
        let touched = self.consumer.place().touched || self.consumer.handler().is_some_and(|handler| holds(&**handler));
        months.iter().filter(|month| touched && month.app == *self.consumer.app).cloned().collect()
    }
}

#[async_trait]
impl View for ConsumerView {
    fn name(&self) -> &str {
        &self.name
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        let people = self.named(people);
        match &self.consumer.handler {
            _ if people.is_empty() => Ok(Touched::default()),
            HandlerState::Ready(handler) => {
                self.quietly(async {
                    // Nothing is under way now, so what is not noted is not so.
                    if !self.consumer.place().named {
                        return Ok(Touched::default());
                    }
                    handler.forget_people(&people).await
                })
                .await
            }
            HandlerState::Unconfigured(_) => Err(unavailable(NOT_CONFIGURED)),
        }
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        let months = self.touched(months);
        match &self.consumer.handler {
            _ if months.is_empty() => Ok(Touched::default()),
            HandlerState::Ready(handler) => {
                let forgotten = self.quietly(handler.forget_months(&months)).await;
                self.core.feed.forget_all();
                forgotten
            }
            HandlerState::Unconfigured(_) => Err(unavailable(NOT_CONFIGURED)),
        }
    }

    async fn export(&self, app: &str, person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        match &self.consumer.handler {
            _ if *self.consumer.app != *app => Ok(Vec::new()),
            HandlerState::Ready(handler) => within_reason(handler.export(app, person)).await,
            HandlerState::Unconfigured(_) if self.consumer.place().named => Err(unavailable(NOT_CONFIGURED)),
            HandlerState::Unconfigured(_) => Ok(Vec::new()),
        }
    }
}

impl PlaceView {
    pub fn new((app, name): Key, places: Arc<Places>) -> Self {
        Self { name: format!("consumer.{app}.{name}"), key: (app, name), places }
    }

    /// Whether nothing of it is out there, or nothing that concerns these people, months or this person.
    fn answer<T: Default>(&self, concerned: bool, is_out_there: impl Fn(&Abandoned) -> bool) -> Result<T, ViewError> {
        match self.places.get(&self.key) {
            _ if !concerned => Ok(T::default()),
            Some(place) if !is_out_there(&place) => Ok(T::default()),
            Some(_) => Err(unavailable(REMOVED)),
            None => Err(unavailable("its consumer is being added again")),
        }
    }
}

#[async_trait]
impl View for PlaceView {
    fn name(&self) -> &str {
        &self.name
    }

    async fn forget_people(&self, people: &[Forgotten]) -> Result<Touched, ViewError> {
        self.answer(people.iter().any(|person| person.app == *self.key.0), |place| place.named)
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        self.answer(months.iter().any(|month| month.app == *self.key.0), |place| place.touched)
    }

    async fn export(&self, app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        self.answer(*app == *self.key.0, |place| place.named)
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
