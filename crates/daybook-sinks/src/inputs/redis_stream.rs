//! A Redis stream, read by a consumer group.
//!
//! An entry is this consumer's from the moment it is read, and stays so until it is acknowledged: after a crash or a lost connection
//! the consumer's own pending entries are read first. Entries that another consumer of the group left lying are taken over.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamInfoGroupsReply;
use redis::{AsyncCommands, Value};
use tokio::time::Instant;

use super::Message;
use super::redis_wire::{Entry, claimed_entries, connect, read_entries};
use super::settings::RedisStream as Settings;
use super::source::{Delivery, Source, SourceError};

/// The first id of all.
const BEGINNING: &str = "0";

pub(crate) struct RedisStream {
    settings: Settings,
    connection: MultiplexedConnection,
    /// Until where the entries left from before have been read; nothing once they all have.
    left_over: Option<String>,
    /// Until where others' entries have been looked at, and when that is done next.
    claim_from: String,
    next_claim: Instant,
    /// What was taken over this connection and is not acknowledged.
    taken: HashSet<String>,
}

impl RedisStream {
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, SourceError> {
        let mut source = Self {
            connection: connect(&settings.url).await?,
            left_over: Some(BEGINNING.to_owned()),
            claim_from: BEGINNING.to_owned(),
            next_claim: Instant::now() + settings.claim_after,
            taken: HashSet::new(),
            settings: settings.clone(),
        };
        source.make_group().await?;
        Ok(source)
    }

    /// Makes the group, and the stream where there is none yet. It begins with what is in the stream already.
    async fn make_group(&mut self) -> Result<(), SourceError> {
        let Settings { key, group, .. } = &self.settings;
        let made: redis::RedisResult<()> = self.connection.xgroup_create_mkstream(key, group, BEGINNING).await;
        match made {
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            made => Ok(made?),
        }
    }

    async fn read(&mut self, from: &str, max: usize, wait: Option<Duration>) -> Result<Vec<Entry>, SourceError> {
        let Settings { key, group, consumer, .. } = &self.settings;
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(group).arg(consumer).arg("COUNT").arg(max);
        if let Some(wait) = wait {
            command.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
        }
        command.arg("STREAMS").arg(key).arg(from);
        let answer: redis::RedisResult<Value> = command.query_async(&mut self.connection).await;
        match answer {
            // Somebody deleted the stream, and the group with it.
            Err(error) if error.code() == Some("NOGROUP") => {
                self.make_group().await?;
                Ok(Vec::new())
            }
            answer => read_entries(answer?),
        }
    }

    /// What is left from before: read and never acknowledged, by an earlier connection.
    async fn left_over(&mut self, max: usize) -> Result<Vec<Delivery>, SourceError> {
        while let Some(from) = self.left_over.take() {
            let entries = self.read(&from, max, None).await?;
            self.left_over = entries.last().map(|entry| entry.id.clone());
            let deliveries = self.deliveries(entries).await?;
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
        }
        Ok(Vec::new())
    }

    /// What other consumers of the group left lying.
    async fn claim(&mut self, max: usize) -> Result<Vec<Delivery>, SourceError> {
        let Settings { key, group, consumer, claim_after, .. } = &self.settings;
        let mut command = redis::cmd("XAUTOCLAIM");
        command.arg(key).arg(group).arg(consumer).arg(claim_after.as_millis() as u64).arg(&self.claim_from);
        command.arg("COUNT").arg(max);
        let answer: redis::RedisResult<Value> = command.query_async(&mut self.connection).await;
        let (next, entries) = match answer {
            Err(error) if error.code() == Some("NOGROUP") => return Ok(Vec::new()),
            answer => claimed_entries(answer?)?,
        };
        if next == "0-0" {
            self.claim_from = BEGINNING.to_owned();
            self.next_claim = Instant::now() + *claim_after;
        } else {
            self.claim_from = next;
        }
        self.deliveries(entries).await
    }

    async fn deliveries(&mut self, entries: Vec<Entry>) -> Result<Vec<Delivery>, SourceError> {
        let mut deliveries = Vec::with_capacity(entries.len());
        let mut gone = Vec::new();
        for Entry { id, fields } in entries {
            let Some(fields) = fields else {
                gone.push(id);
                continue;
            };
            if self.taken.insert(id.clone()) {
                let key = format!("redis-stream:{}:{id}", self.settings.key);
                let message = Message { body: body(fields, self.settings.field.as_bytes()), key };
                deliveries.push(Delivery { message, token: id });
            }
        }
        // Deleted while they were pending: there is nothing left to take.
        if !gone.is_empty() {
            self.acknowledge(&gone).await?;
        }
        Ok(deliveries)
    }
}

#[async_trait]
impl Source for RedisStream {
    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let left_over = self.left_over(max).await?;
        if !left_over.is_empty() {
            return Ok(left_over);
        }
        if self.next_claim <= Instant::now() {
            let claimed = self.claim(max).await?;
            if !claimed.is_empty() {
                return Ok(claimed);
            }
        }
        let entries = self.read(">", max, (!wait.is_zero()).then_some(wait)).await?;
        self.deliveries(entries).await
    }

    async fn acknowledge(&mut self, tokens: &[String]) -> Result<(), SourceError> {
        let Settings { key, group, trim, .. } = &self.settings;
        let mut commands = redis::pipe();
        commands.cmd("XACK").arg(key).arg(group).arg(tokens).ignore();
        if *trim {
            commands.cmd("XDEL").arg(key).arg(tokens).ignore();
        }
        let () = commands.query_async(&mut self.connection).await?;
        for token in tokens {
            self.taken.remove(token);
        }
        Ok(())
    }

    async fn set_aside(&mut self, delivery: &Delivery, code: &str) -> Result<(), SourceError> {
        let Settings { key, group, trim, field, .. } = &self.settings;
        let mut commands = redis::pipe();
        commands.atomic();
        let aside = commands.cmd("XADD").arg(format!("{key}:unreadable")).arg("*");
        aside.arg(field).arg(&delivery.message.body[..]).arg("id").arg(&delivery.token).arg("code").arg(code).ignore();
        commands.cmd("XACK").arg(key).arg(group).arg(&delivery.token).ignore();
        if *trim {
            commands.cmd("XDEL").arg(key).arg(&delivery.token).ignore();
        }
        let () = commands.query_async(&mut self.connection).await?;
        self.taken.remove(&delivery.token);
        Ok(())
    }

    async fn lag(&mut self) -> Result<Option<u64>, SourceError> {
        let groups: StreamInfoGroupsReply = self.connection.xinfo_groups(&self.settings.key).await?;
        let group = groups.groups.into_iter().find(|group| group.name == self.settings.group);
        Ok(group.and_then(|group| group.lag).map(|lag| lag as u64))
    }
}

/// The event in an entry: what its field of this name holds, or its only one. An entry of several other fields is an event made of
/// these.
fn body(mut fields: Vec<(Vec<u8>, Vec<u8>)>, field: &[u8]) -> Bytes {
    let named = fields.iter().position(|(name, _)| name == field);
    let place = named.or((fields.len() == 1).then_some(0));
    if let Some(place) = place {
        return Bytes::from(fields.swap_remove(place).1);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let members = fields.iter().map(|(name, value)| (text(name), serde_json::Value::String(text(value))));
    Bytes::from(serde_json::Value::Object(members.collect()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_found_in_an_entry() {
        let check = |fields: &[(&str, &str)], expected: &str| {
            let fields = fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
            assert_eq!(body(fields.collect(), b"event"), expected.as_bytes());
        };
        check(&[("a", "1"), ("event", "{}")], "{}");
        check(&[("payload", "[]")], "[]");
        check(&[("kind", "x"), ("total", "5")], r#"{"kind":"x","total":"5"}"#);
        check(&[], "{}");
    }
}
