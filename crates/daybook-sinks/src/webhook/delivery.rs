//! Events on their way to the receiver: one call for each, several at once, or one for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use daybook_catalog::consumers::Order;
use daybook_consumers::{Batch, Failure, FailureKind, Item, Undelivered};
use daybook_event::SubjectId;
use futures_util::StreamExt;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use parking_lot::Mutex;

use super::Webhook;
use super::signature::batch_id;
use crate::form::Dialect;

/// What must be called in order: indices into a batch.
type Lane = Vec<usize>;

/// Whose order an event belongs to.
#[derive(PartialEq, Eq, Hash)]
enum Key<'b> {
    Person(SubjectId),
    Group(&'b str),
}

impl Webhook {
    /// One call with all events.
    pub(super) async fn deliver_together(&self, batch: &Batch) -> Result<(), Undelivered> {
        let shown: Vec<&Arc<Item>> = batch.items.iter().filter(|item| !item.hidden).collect();
        if shown.is_empty() {
            return Ok(());
        }
        let mut body = Vec::with_capacity(shown.len() * 512);
        for (index, item) in shown.iter().enumerate() {
            body.push(if index == 0 { b'[' } else { b',' });
            self.form.write(item, &mut body);
        }
        body.push(b']');
        let content = match self.options.dialect {
            Dialect::CloudEvents => "application/cloudevents-batch+json",
            Dialect::Canonical | Dialect::App => "application/json",
        };
        let id = batch_id(shown.iter().map(|item| &item.event.id));
        Ok(self.call(&id, content, body).await?)
    }

    /// A call for each event, several at once, in the order that the consumer asks for.
    pub(super) async fn deliver_each(&self, batch: &Batch) -> Result<(), Undelivered> {
        let lost = Mutex::new(None);
        let lanes = stream::iter(lanes(&batch.items, self.order)).map(|lane| self.run(lane, batch, &lost));
        let failed: Vec<_> = lanes.buffer_unordered(self.options.concurrency).collect().await;
        let mut failed: Vec<_> = failed.into_iter().flatten().collect();
        if failed.is_empty() {
            return Ok(());
        }
        failed.sort_by_key(|(index, _)| *index);
        Err(Undelivered::Some(failed))
    }

    /// Calls with the events of a lane, one after the other. One that may still go through holds up those behind it.
    async fn run(&self, lane: Lane, batch: &Batch, lost: &Mutex<Option<Failure>>) -> Vec<(usize, Failure)> {
        let mut failed = Vec::new();
        let mut blocked: Option<Failure> = None;
        for index in lane {
            let Some(item) = batch.items.get(index) else { continue };
            let before = blocked.clone().or_else(|| lost.lock().clone());
            if let Some(failure) = before {
                failed.push((index, failure));
                continue;
            }
            let Err(failure) = self.deliver_one(item).await else { continue };
            match failure.kind {
                FailureKind::Destination => *lost.lock() = Some(failure.clone()),
                FailureKind::Retry => blocked = Some(behind(&failure)),
                FailureKind::GiveUp => {}
            }
            failed.push((index, failure));
        }
        failed
    }

    async fn deliver_one(&self, item: &Item) -> Result<(), Failure> {
        let mut body = Vec::with_capacity(512);
        self.form.write(item, &mut body);
        let content = match self.options.dialect {
            Dialect::CloudEvents => "application/cloudevents+json",
            Dialect::Canonical | Dialect::App => "application/json",
        };
        self.call(&item.event.id.to_string(), content, body).await
    }

    /// A signed call.
    pub(super) async fn call(&self, id: &str, content: &'static str, body: Vec<u8>) -> Result<(), Failure> {
        let mut headers = self.signer.sign(id, jiff::Timestamp::now().as_second(), &body);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
        self.caller.post(headers, Bytes::from(body)).await
    }
}

/// The failure of an event that was not sent, because an earlier one has to go first. It is not to blame.
fn behind(first: &Failure) -> Failure {
    let message = "waits for an earlier event that has to go first".to_owned();
    Failure { kind: FailureKind::Destination, code: "webhook.behind", message, retry_after: first.retry_after }
}

/// What must be called in order, each of it together.
fn lanes(items: &[Arc<Item>], order: Order) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut places: HashMap<Key<'_>, usize> = HashMap::new();
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.hidden) {
        let key = match order {
            Order::None => None,
            Order::Identity => item.standing.subject().map(Key::Person),
            Order::Group => item.event.group.as_deref().map(Key::Group),
        };
        let new = lanes.len();
        let place = key.map_or(new, |key| *places.entry(key).or_insert(new));
        match lanes.get_mut(place) {
            Some(lane) => lane.push(index),
            None => lanes.push(vec![index]),
        }
    }
    lanes
}
