//! What is said to Redis.

use std::time::Duration;

use daybook_consumers::Failure;
use daybook_event::Position;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline};
use tokio::sync::Mutex;

use super::failure::{failure, refusal};
use super::keys::{Keys, LAYOUT};

/// Keys that are looked at by one step of a sweep.
const SWEEP_KEYS: usize = 1_000;

/// Applies a piece of a batch; `apply.lua` says how.
pub(super) const APPLY: &str = include_str!("apply.lua");

/// A Redis, connected to when it is needed.
pub(super) struct Store {
    client: Client,
    config: AsyncConnectionConfig,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// What Redis says of the counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// Everything up to here is counted.
    pub(super) offset: Option<Position>,
    /// The layout they are in.
    pub(super) layout: Option<String>,
    /// What is counted.
    pub(super) counted: Option<String>,
}

impl Store {
    pub(super) fn new(client: Client, connect_timeout: Duration, timeout: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connect_timeout))
            .set_response_timeout(Some(timeout));
        Self { client, config, connection: Mutex::new(None) }
    }

    /// What Redis says of the counts.
    pub(super) async fn state(&self, keys: &Keys) -> Result<State, Failure> {
        let mut command = redis::cmd("HMGET");
        command.arg(keys.state()).arg(&["offset", "layout", "counted"]);
        let (offset, layout, counted) = self.ask::<(Option<String>, _, _)>(&command).await?;
        Ok(State { offset: offset.and_then(|offset| offset.parse().ok()), layout, counted })
    }

    /// Throws all counts away, and begins anew.
    pub(super) async fn begin(&self, keys: &Keys, counted: &str) -> Result<(), Failure> {
        // The state goes first: where this stops half-way, there is none, and so it is done again.
        self.ask::<()>(redis::cmd("DEL").arg(keys.state())).await?;
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(keys.pattern()).arg("COUNT").arg(SWEEP_KEYS);
            let (next, found) = self.ask::<(String, Vec<Vec<u8>>)>(&scan).await?;
            if !found.is_empty() {
                self.ask::<()>(redis::cmd("UNLINK").arg(found)).await?;
            }
            if next == "0" {
                break;
            }
            cursor = next;
        }
        let mut state = redis::cmd("HSET");
        state.arg(keys.state()).arg("layout").arg(LAYOUT).arg("counted").arg(counted).arg("offset").arg(0);
        self.ask(&state).await
    }

    /// Moves the offset.
    pub(super) async fn set_offset(&self, keys: &Keys, offset: Position) -> Result<(), Failure> {
        self.ask(redis::cmd("HSET").arg(keys.state()).arg("offset").arg(offset)).await
    }

    /// Sends pieces in one go; the offset after each, nothing where there is none.
    pub(super) async fn apply(&self, pieces: &Pipeline) -> Result<Vec<Option<Position>>, Failure> {
        let mut connection = self.connected().await?;
        let answer = pieces.query_async::<Vec<String>>(&mut connection).await;
        let offsets = self.checked(answer).await?;
        Ok(offsets.iter().map(|offset| offset.parse().ok()).collect())
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut connection = self.connected().await?;
        let answer = command.query_async(&mut connection).await;
        self.checked(answer).await
    }

    async fn connected(&self) -> Result<MultiplexedConnection, Failure> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let made = self.client.get_multiplexed_async_connection_with_config(&self.config).await;
        let made = made.map_err(|error| failure(&error))?;
        *connection = Some(made.clone());
        Ok(made)
    }

    /// A connection that failed is not used again.
    async fn checked<T>(&self, answer: Result<T, redis::RedisError>) -> Result<T, Failure> {
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => {
                if refusal(&error).is_none() || error.is_unrecoverable_error() {
                    *self.connection.lock().await = None;
                }
                Err(failure(&error))
            }
        }
    }
}
