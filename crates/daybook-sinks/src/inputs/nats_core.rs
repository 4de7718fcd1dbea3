//! A NATS subject without a stream: at most once, as NATS has it. What arrives while nobody listens, or faster than admission takes
//! it for longer than the subscription can hold, is lost before Daybook sees it.

use std::time::Duration;

use async_nats::{Client, Message as Received, Subscriber};
use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use uuid::Uuid;

use super::Message;
use super::limits::PATIENCE;
use super::nats_jetstream::connect;
use super::settings::Nats as Settings;
use super::source::{Delivery, Source, SourceError, patiently};

pub(crate) struct Nats {
    /// Kept for the subscription to live.
    _client: Client,
    messages: Subscriber,
}

impl Nats {
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, SourceError> {
        let client = connect(&settings.url).await?;
        let messages = client.queue_subscribe(settings.subject.clone(), settings.group.clone()).await;
        let messages = messages.map_err(|error| SourceError::Unusable(error.to_string()))?;
        patiently(PATIENCE, async { client.flush().await.map_err(|error| SourceError::Connection(error.to_string())) })
            .await?;
        Ok(Self { _client: client, messages })
    }
}

#[async_trait]
impl Source for Nats {
    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let Ok(first) = tokio::time::timeout(wait, self.messages.next()).await else { return Ok(Vec::new()) };
        let mut deliveries = Vec::new();
        let mut next = first.map(Some);
        if next.is_none() {
            return Err(SourceError::Connection("the subscription has ended".to_owned()));
        }
        while let Some(Some(received)) = next {
            deliveries.push(delivery(received));
            next = if deliveries.len() < max { self.messages.next().now_or_never() } else { None };
        }
        Ok(deliveries)
    }

    async fn acknowledge(&mut self, _tokens: &[String]) -> Result<(), SourceError> {
        Ok(())
    }

    /// There is no place to put it: the input's log line and event are all there is.
    async fn set_aside(&mut self, _delivery: &Delivery, _code: &str) -> Result<(), SourceError> {
        Ok(())
    }

    async fn lag(&mut self) -> Result<Option<u64>, SourceError> {
        Ok(None)
    }
}

/// A message has no id here; it also never comes again, except from the input's own waiting room.
fn delivery(received: Received) -> Delivery {
    let id = Uuid::now_v7().to_string();
    Delivery { message: Message { body: received.payload, key: format!("nats:{id}") }, token: id }
}
