//! A Redis list.
//!
//! A list has no ids and no acknowledgement, so messages are moved, in one step, into a hash beside it (`<key>:processing`), each
//! under an id that is made for it there and then. That id is what it is acknowledged by, and what events get theirs from that have
//! none: a message that comes again after a crash is known again, and two equal messages are two.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Script, Value};
use tokio::time::Instant;
use uuid::Uuid;

use super::Message;
use super::redis_wire::{array, bytes, connect, text};
use super::settings::{End, RedisList as Settings};
use super::source::{Delivery, Source, SourceError};

/// Moves up to so many messages from the list into the hash; answers ids and messages in turn.
const TAKE: &str = "\
local taken = {}
for number = 1, tonumber(ARGV[2]) do
  local message = redis.call(ARGV[3], KEYS[1])
  if not message then break end
  local id = ARGV[1] .. string.format(':%05d', number)
  redis.call('HSET', KEYS[2], id, message)
  taken[#taken + 1] = id
  taken[#taken + 1] = message
end
return taken";

pub(crate) struct RedisList {
    settings: Settings,
    processing: String,
    take: Script,
    connection: MultiplexedConnection,
    /// What was left from before, oldest last; looked for when connected, and again in a while.
    left_over: Vec<(String, Vec<u8>)>,
    next_look: Instant,
    /// How old what is left over must be: what is younger may be another process's, unless nothing was looked at yet.
    old_enough: Duration,
    taken: HashSet<String>,
}

impl RedisList {
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, SourceError> {
        Ok(Self {
            connection: connect(&settings.url).await?,
            processing: format!("{}:processing", settings.key),
            take: Script::new(TAKE),
            left_over: Vec::new(),
            next_look: Instant::now(),
            old_enough: Duration::ZERO,
            taken: HashSet::new(),
            settings: settings.clone(),
        })
    }

    /// Finds what was taken and never acknowledged.
    async fn look(&mut self) -> Result<(), SourceError> {
        let answer: Value = self.connection.hgetall(&self.processing).await?;
        let mut flat = array(answer)?.into_iter();
        while let (Some(id), Some(message)) = (flat.next(), flat.next()) {
            let id = text(id)?;
            if age(&id).is_none_or(|age| age >= self.old_enough) && !self.taken.contains(&id) {
                self.left_over.push((id, bytes(message)?));
            }
        }
        self.left_over.sort_by(|one, other| other.0.cmp(&one.0));
        self.old_enough = self.settings.claim_after;
        self.next_look = Instant::now() + self.settings.claim_after;
        Ok(())
    }

    async fn take(&mut self, max: usize) -> Result<Vec<Delivery>, SourceError> {
        let pop = match self.settings.end {
            End::Left => "LPOP",
            End::Right => "RPOP",
        };
        let mut invocation = self.take.prepare_invoke();
        invocation.key(&self.settings.key).key(&self.processing);
        invocation.arg(Uuid::now_v7().to_string()).arg(max).arg(pop);
        let answer: Value = invocation.invoke_async(&mut self.connection).await?;
        let mut flat = array(answer)?.into_iter();
        let mut taken = Vec::new();
        while let (Some(id), Some(message)) = (flat.next(), flat.next()) {
            taken.push((text(id)?, bytes(message)?));
        }
        Ok(self.deliveries(taken))
    }

    fn deliveries(&mut self, taken: Vec<(String, Vec<u8>)>) -> Vec<Delivery> {
        let key = &self.settings.key;
        let deliveries =
            taken.into_iter().filter(|(id, _)| self.taken.insert(id.clone())).map(|(id, message)| Delivery {
                message: Message { body: Bytes::from(message), key: format!("redis-list:{key}:{id}") },
                token: id,
            });
        deliveries.collect()
    }
}

#[async_trait]
impl Source for RedisList {
    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        if self.next_look <= Instant::now() {
            self.look().await?;
        }
        if !self.left_over.is_empty() {
            let rest = self.left_over.len().saturating_sub(max);
            let mut oldest = self.left_over.split_off(rest);
            oldest.reverse();
            let deliveries = self.deliveries(oldest);
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
        }
        let taken = self.take(max).await?;
        if !taken.is_empty() || wait.is_zero() {
            return Ok(taken);
        }
        // Waits until there is something, by putting the first message back where it was. Nothing moves; dropped in the middle,
        // nothing is lost.
        let side = match self.settings.end {
            End::Left => "LEFT",
            End::Right => "RIGHT",
        };
        let mut waiting = redis::cmd("BLMOVE");
        waiting.arg(&self.settings.key).arg(&self.settings.key).arg(side).arg(side).arg(wait.as_secs_f64());
        match waiting.query_async(&mut self.connection).await? {
            Value::Nil => Ok(Vec::new()),
            _ => self.take(max).await,
        }
    }

    async fn acknowledge(&mut self, tokens: &[String]) -> Result<(), SourceError> {
        let _: i64 = self.connection.hdel(&self.processing, tokens).await?;
        for token in tokens {
            self.taken.remove(token);
        }
        Ok(())
    }

    async fn set_aside(&mut self, delivery: &Delivery, _code: &str) -> Result<(), SourceError> {
        let mut commands = redis::pipe();
        commands.atomic();
        commands.rpush(format!("{}:unreadable", self.settings.key), &delivery.message.body[..]).ignore();
        commands.hdel(&self.processing, &delivery.token).ignore();
        let () = commands.query_async(&mut self.connection).await?;
        self.taken.remove(&delivery.token);
        Ok(())
    }

    async fn lag(&mut self) -> Result<Option<u64>, SourceError> {
        Ok(Some(self.connection.llen(&self.settings.key).await?))
    }
}

/// How long ago a message was taken, as its id says.
fn age(id: &str) -> Option<Duration> {
    let (seconds, nanoseconds) = Uuid::try_parse(id.split(':').next()?).ok()?.get_timestamp()?.to_unix();
    let taken = std::time::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    std::time::SystemTime::now().duration_since(taken).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        assert!(age(&format!("{}:00001", Uuid::now_v7())).is_some_and(|age| age < Duration::from_secs(60)));
        assert_eq!(age("somebody else's"), None);
    }
}
