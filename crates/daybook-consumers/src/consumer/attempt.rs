//! Calls of a handler: within its patience, and whatever it does, it harms nobody else.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use daybook_event::Position;
use futures_util::FutureExt;

use super::{Consumer, Core};
use crate::{Batch, Failure, FailureKind, Handler, Item, Sight, Undelivered};

/// How a call of a handler ended that did not come to its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    TooLong,
    Panicked,
}

impl Called {
    fn failure(self, handler: &dyn Handler) -> Failure {
        match self {
            Self::TooLong => Failure::new(
                FailureKind::Destination,
                "consumer.timeout",
                format!("no answer within {} s", handler.patience().as_secs_f32()),
            ),
            // It may be one event that it panics at.
            Self::Panicked => {
                Failure::new(FailureKind::Retry, "consumer.panicked", "the handler met a bug of its own and panicked")
            }
        }
    }
}

/// Calls a handler.
pub(crate) async fn call<T, E: From<Failure>>(
    handler: &dyn Handler,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(handler.patience(), AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => Err(Called::Panicked.failure(handler).into()),
        Err(_elapsed) => Err(Called::TooLong.failure(handler).into()),
    }
}

/// What became of events that were handed to a handler.
pub(crate) struct Handed {
    pub outcome: Result<(), Undelivered>,
    /// Of how many something did not open.
    pub unopened: u64,
    /// Events that are gone meanwhile, and were not handed over.
    pub gone: u64,
}

/// Hands events to a handler, opened as far as it wants to see them. Whoever calls holds the consumer's gate.
///
/// # Errors
/// Where the events could not be read or opened, or it could not be noted that the destination may have them: nothing was handed over.
pub(crate) async fn deliver_to(
    consumer: &Consumer,
    core: &Core,
    handler: &dyn Handler,
    items: Vec<Arc<Item>>,
    stretch: (Position, Position),
    replay: bool,
) -> Result<Handed, Failure> {
    let (mut unopened, mut gone, mut places) = (0, 0, Vec::new());
    let items: Vec<Arc<Item>> = match handler.sight() {
        Sight::Closed => items,
        Sight::Open => {
            let opened = core.feed.open(&consumer.app, &items).await.map_err(Failure::from)?;
            places = (0..items.len()).filter(|place| opened[*place].is_some()).collect();
            gone = (items.len() - places.len()) as u64;
            let opened = opened.into_iter().flatten();
            opened.inspect(|opened| unopened += u64::from(opened.unreadable)).map(|opened| opened.item).collect()
        }
    };
    if items.is_empty() {
        return Ok(Handed { outcome: Ok(()), unopened, gone });
    }
    let names = handler.sight() == Sight::Open;
    let holds = names || handler.holds_events();
    // A view of its own is asked where it is listed.
    if consumer.view && consumer.set(|place| holds && !place.touched || names && !place.named) {
        let touched = core.store.touch(&consumer.app, &consumer.name, names).await;
        touched.map_err(|error| state_failure(&error))?;
        consumer.set(|place| (place.touched, place.named) = (true, place.named || names));
    }
    let batch = Batch { items, after: stretch.0, through: stretch.1, replay };
    let mut outcome = call(handler, handler.deliver(&batch)).await;
    if let Err(Undelivered::Some(some)) = &mut outcome {
        let all_there = some.iter().all(|(place, _)| *place < batch.items.len());
        if !all_there {
            let what = "the handler named an event that is not in its batch";
            outcome = Err(Failure::new(FailureKind::Retry, "consumer.bug", what).into());
        } else if gone > 0 {
            some.iter_mut().for_each(|(place, _)| *place = places[*place]);
        }
    }
    Ok(Handed { outcome, unopened, gone })
}

/// The state database does not do what a consumer needs it to.
pub(super) fn state_failure(error: &sea_orm::DbErr) -> Failure {
    Failure::new(FailureKind::Destination, "consumer.state", format!("the state database failed: {error}"))
}

impl From<crate::feed::FeedError> for Failure {
    fn from(error: crate::feed::FeedError) -> Self {
        Self::new(FailureKind::Destination, "consumer.unreadable", error.to_string())
    }
}
