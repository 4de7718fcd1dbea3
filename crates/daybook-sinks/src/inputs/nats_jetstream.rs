//! A JetStream stream, through a durable pull consumer.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, AckKind, Message as Received};
use async_nats::{Client, ConnectOptions, ServerAddr};
use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};

use super::Message;
use super::limits::{HELD_BATCHES, PATIENCE};
use super::settings::{Address, JetStream as Settings};
use super::source::{Delivery, Source, SourceError, patiently};
use crate::http::install_crypto;

pub(crate) struct JetStream {
    client: Client,
    consumer: PullConsumer,
    messages: pull::Stream,
    /// What was taken and is not acknowledged: places in the stream, by what they are acknowledged with. While a message waits for
    /// admission the server may hand it out again.
    taken: HashMap<String, u64>,
    places: HashSet<u64>,
}

/// Connects once; the input itself tries again.
pub(crate) async fn connect(url: &Address) -> Result<Client, SourceError> {
    install_crypto();
    let servers = servers(url).map_err(|_| SourceError::Unusable("the address is none".to_owned()))?;
    let mut options = ConnectOptions::new().name("daybook").max_reconnects(1);
    options = options.connection_timeout(PATIENCE).request_timeout(Some(PATIENCE));
    // The client does not look for them in the address.
    match servers.first().map(|server| (server.username(), server.password())) {
        Some((Some(user), Some(password))) => options = options.user_and_password(decoded(user), decoded(password)),
        Some((Some(token), None)) => options = options.token(decoded(token)),
        _ => {}
    }
    patiently(PATIENCE, async { options.connect(servers).await.map_err(|error| refused(&error)) }).await
}

/// The servers of an address: several, between commas, are those of one cluster.
pub(crate) fn servers(url: &Address) -> Result<Vec<ServerAddr>, std::io::Error> {
    url.0.split(',').map(|server| server.trim().parse()).collect()
}

/// A part of a URL without its percent-encoding.
fn decoded(part: &str) -> String {
    let plain = format!("part={}", part.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(plain.as_bytes()).next().map(|(_, part)| part.into_owned()).unwrap_or_default()
}

fn refused(error: &async_nats::ConnectError) -> SourceError {
    use async_nats::ConnectErrorKind::{Authentication, AuthorizationViolation};
    match error.kind() {
        Authentication | AuthorizationViolation => SourceError::Unusable("not allowed".to_owned()),
        kind => SourceError::Connection(kind.to_string()),
    }
}

impl JetStream {
    pub(crate) async fn connect(settings: &Settings, batch: usize) -> Result<Self, SourceError> {
        let client = connect(&settings.url).await?;
        let context = jetstream::new(client.clone());
        let stream = patiently(PATIENCE, async {
            context.get_stream(&settings.stream).await.map_err(|error| match error.kind() {
                jetstream::context::GetStreamErrorKind::JetStream(_) => {
                    SourceError::Unusable(format!("there is no stream {}", settings.stream))
                }
                kind => SourceError::Connection(kind.to_string()),
            })
        })
        .await?;
        let config = pull::Config {
            durable_name: Some(settings.consumer.clone()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: settings.ack_wait,
            filter_subject: settings.subject.clone().unwrap_or_default(),
            max_ack_pending: i64::try_from(batch * (HELD_BATCHES + 2)).unwrap_or(i64::MAX),
            ..pull::Config::default()
        };
        let consumer: PullConsumer = patiently(PATIENCE, async {
            let made = stream.get_or_create_consumer(&settings.consumer, config).await;
            made.map_err(|error| SourceError::Connection(error.kind().to_string()))
        })
        .await?;
        let messages = patiently(PATIENCE, async {
            let opened = consumer.stream().max_messages_per_batch(batch).messages().await;
            opened.map_err(|error| SourceError::Connection(error.to_string()))
        })
        .await?;
        Ok(Self { client, consumer, messages, taken: HashMap::new(), places: HashSet::new() })
    }

    async fn answer(&self, token: &str, kind: AckKind) -> Result<(), SourceError> {
        let published = self.client.publish(token.to_owned(), kind.into()).await;
        published.map_err(|error| SourceError::Connection(error.kind().to_string()))
    }

    fn is_done(&mut self, token: &str) {
        if let Some(place) = self.taken.remove(token) {
            self.places.remove(&place);
        }
    }

    /// Returns once the server has seen everything before.
    async fn flushed(&self) -> Result<(), SourceError> {
        patiently(PATIENCE, async {
            self.client.flush().await.map_err(|error| SourceError::Connection(error.to_string()))
        })
        .await
    }
}

#[async_trait]
impl Source for JetStream {
    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let first = match tokio::time::timeout(wait, self.messages.next()).await {
            Ok(first) => first,
            Err(_) => return Ok(Vec::new()),
        };
        let mut deliveries = Vec::new();
        let mut next = Some(first);
        while let Some(received) = next {
            match received {
                Some(Ok(received)) => {
                    let (place, delivery) = delivery(received)?;
                    if self.places.insert(place) {
                        self.taken.insert(delivery.token.clone(), place);
                        deliveries.push(delivery);
                    }
                }
                Some(Err(error)) if deliveries.is_empty() => {
                    return Err(SourceError::Connection(error.kind().to_string()));
                }
                None if deliveries.is_empty() => {
                    return Err(SourceError::Connection("the consumer is gone".to_owned()));
                }
                // What came before is taken first; the error comes again.
                Some(Err(_)) | None => break,
            }
            next = if deliveries.len() < max { self.messages.next().now_or_never() } else { None };
        }
        Ok(deliveries)
    }

    async fn acknowledge(&mut self, tokens: &[String]) -> Result<(), SourceError> {
        for token in tokens {
            self.answer(token, AckKind::Ack).await?;
        }
        self.flushed().await?;
        tokens.iter().for_each(|token| self.is_done(token));
        Ok(())
    }

    /// The stream keeps it, as long as it keeps anything; it is not handed out again.
    async fn set_aside(&mut self, delivery: &Delivery, _code: &str) -> Result<(), SourceError> {
        self.answer(&delivery.token, AckKind::Term).await?;
        self.flushed().await?;
        self.is_done(&delivery.token);
        Ok(())
    }

    async fn keep(&mut self, held: &[Delivery]) -> Result<(), SourceError> {
        for delivery in held {
            self.answer(&delivery.token, AckKind::Progress).await?;
        }
        Ok(())
    }

    async fn lag(&mut self) -> Result<Option<u64>, SourceError> {
        patiently(PATIENCE, async {
            let info = self.consumer.info().await.map_err(|error| SourceError::Connection(error.kind().to_string()))?;
            Ok::<_, SourceError>(Some(info.num_pending))
        })
        .await
    }
}

/// A message, and its place in the stream.
fn delivery(received: Received) -> Result<(u64, Delivery), SourceError> {
    let (place, key) = {
        let info = received.info().map_err(|_| SourceError::Protocol)?;
        // With the time, because a stream that is made anew counts from 1 again.
        let published = info.published.unix_timestamp_nanos();
        (info.stream_sequence, format!("nats:{}:{}:{published}", info.stream, info.stream_sequence))
    };
    let token = received.reply.as_ref().map(ToString::to_string).ok_or(SourceError::Protocol)?;
    let (received, _) = received.split();
    Ok((place, Delivery { message: Message { body: received.payload, key }, token }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_server_stands_in_its_address() {
        let address = Address("nats://me:a%2Bb+c%26%25@one:4222, nats://two:4222".to_owned());
        let servers = servers(&address).unwrap();
        assert_eq!(servers.len(), 2);
        assert_eq!((servers[0].username(), servers[0].host()), (Some("me"), "one"));
        assert_eq!(decoded(servers[0].password().unwrap()), "a+b+c&%");
    }
}
