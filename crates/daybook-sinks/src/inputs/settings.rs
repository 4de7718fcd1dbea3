//! What an operator says of an input: the table `[inputs.<name>]`.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::limits;
use crate::settings::{self, Wrong, nearest};

const KINDS: [&str; 4] = ["redis-stream", "redis-list", "nats-jetstream", "nats"];

/// An input's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The app its events are for.
    pub app: String,
    /// Messages taken at once.
    pub batch: usize,
    pub(crate) place: Place,
}

/// Where the messages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    RedisStream(RedisStream),
    RedisList(RedisList),
    JetStream(JetStream),
    Nats(Nats),
}

/// Settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", setting.as_ref().map(|setting| format!("{setting}: ")).unwrap_or_default())]
pub struct SettingsError {
    /// The setting within the input's table, where it is one.
    pub setting: Option<String>,
    /// What is wrong with it; never its value.
    pub message: String,
}

/// An address with what opens it; never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Address(pub(crate) String);

impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("…")
    }
}

/// A stream with a consumer group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RedisStream {
    pub(crate) url: Address,
    app: String,
    pub(crate) key: String,
    #[serde(default = "daybook")]
    pub(crate) group: String,
    #[serde(default = "daybook")]
    pub(crate) consumer: String,
    #[serde(default = "event")]
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) trim: bool,
    #[serde(default = "claim_after", deserialize_with = "duration")]
    pub(crate) claim_after: Duration,
    #[serde(default = "batch")]
    batch: usize,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RedisList {
    pub(crate) url: Address,
    app: String,
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) end: End,
    #[serde(default = "claim_after", deserialize_with = "duration")]
    pub(crate) claim_after: Duration,
    #[serde(default = "batch")]
    batch: usize,
}

/// From which end of a list messages are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    /// The left one: for who writes with `RPUSH`.
    #[default]
    Left,
    /// The right one: for who writes with `LPUSH`.
    Right,
}

/// A JetStream stream with a durable consumer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct JetStream {
    pub(crate) url: Address,
    app: String,
    pub(crate) stream: String,
    pub(crate) subject: Option<String>,
    #[serde(default = "daybook")]
    pub(crate) consumer: String,
    #[serde(default = "ack_wait", deserialize_with = "duration")]
    pub(crate) ack_wait: Duration,
    #[serde(default = "batch")]
    batch: usize,
}

/// A subject without a stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Nats {
    pub(crate) url: Address,
    app: String,
    pub(crate) subject: String,
    #[serde(default = "daybook")]
    pub(crate) group: String,
    #[serde(default = "batch")]
    batch: usize,
}

impl Settings {
    /// Reads the table of an input. `url` may be given as `url-file` or `url-env`.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(table: &Value) -> Result<Self, SettingsError> {
        let mut table = table.clone();
        let kind = table.as_object_mut().and_then(|table| table.shift_remove("kind"));
        let Some(kind) = kind.as_ref().and_then(Value::as_str) else {
            return Err(SettingsError::new("kind", format!("is missing; one of {}", KINDS.join(", "))));
        };
        let (place, app, batch) = match kind {
            "redis-stream" => {
                let place: RedisStream = read(&table)?;
                (Place::RedisStream(place.clone()), place.app, place.batch)
            }
            "redis-list" => {
                let place: RedisList = read(&table)?;
                (Place::RedisList(place.clone()), place.app, place.batch)
            }
            "nats-jetstream" => {
                let place: JetStream = read(&table)?;
                (Place::JetStream(place.clone()), place.app, place.batch)
            }
            "nats" => {
                let place: Nats = read(&table)?;
                (Place::Nats(place.clone()), place.app, place.batch)
            }
            _ => {
                let meant = nearest(kind, KINDS.into_iter()).map(|kind| format!("; did you mean {kind}?"));
                let message = format!("is none of {}{}", KINDS.join(", "), meant.unwrap_or_default());
                return Err(SettingsError::new("kind", message));
            }
        };
        if !(1..=limits::BATCH_MAX).contains(&batch) {
            return Err(SettingsError::new("batch", format!("must be from 1 to {}", limits::BATCH_MAX)));
        }
        place.check()?;
        Ok(Self { app, batch, place })
    }

    /// What it drains, as its `kind` is written.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.place {
            Place::RedisStream(_) => "redis-stream",
            Place::RedisList(_) => "redis-list",
            Place::JetStream(_) => "nats-jetstream",
            Place::Nats(_) => "nats",
        }
    }

    /// The key or subject.
    #[must_use]
    pub fn from(&self) -> &str {
        match &self.place {
            Place::RedisStream(place) => &place.key,
            Place::RedisList(place) => &place.key,
            Place::JetStream(place) => place.subject.as_deref().unwrap_or(&place.stream),
            Place::Nats(place) => &place.subject,
        }
    }
}

impl Place {
    fn check(&self) -> Result<(), SettingsError> {
        let names: &[(&str, &str)] = match self {
            Self::RedisStream(place) => {
                redis::Client::open(place.url.0.as_str()).map_err(|_| SettingsError::address("redis://host:6379/0"))?;
                &[("key", &place.key), ("group", &place.group), ("consumer", &place.consumer), ("field", &place.field)]
            }
            Self::RedisList(place) => {
                redis::Client::open(place.url.0.as_str()).map_err(|_| SettingsError::address("redis://host:6379/0"))?;
                &[("key", &place.key)]
            }
            Self::JetStream(place) => {
                nats_address(&place.url)?;
                &[("stream", &place.stream), ("consumer", &place.consumer)]
            }
            Self::Nats(place) => {
                nats_address(&place.url)?;
                &[("subject", &place.subject), ("group", &place.group)]
            }
        };
        match names.iter().find(|(_, name)| name.is_empty()) {
            Some((setting, _)) => Err(SettingsError::new(setting, "is empty".to_owned())),
            None => Ok(()),
        }
    }
}

impl SettingsError {
    fn new(setting: &str, message: String) -> Self {
        Self { setting: Some(setting.to_owned()), message }
    }

    fn address(example: &str) -> Self {
        Self::new("url", format!("is no address such as {example}"))
    }
}

fn nats_address(url: &Address) -> Result<(), SettingsError> {
    super::nats_jetstream::servers(url).map(drop).map_err(|_| SettingsError::address("nats://host:4222"))
}

fn read<T: serde::de::DeserializeOwned>(table: &Value) -> Result<T, SettingsError> {
    settings::settings(table, &["url"]).map_err(|Wrong { path, message }| SettingsError { setting: path, message })
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    daybook_catalog::duration::parse(&text).map_err(serde::de::Error::custom)
}

fn daybook() -> String {
    "daybook".to_owned()
}

fn event() -> String {
    "event".to_owned()
}

const fn batch() -> usize {
    limits::BATCH_DEFAULT
}

const fn ack_wait() -> Duration {
    limits::ACK_WAIT_DEFAULT
}

const fn claim_after() -> Duration {
    limits::CLAIM_AFTER_DEFAULT
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_has_its_settings() {
        let read = |table: Value| Settings::read(&table).unwrap();
        let stream =
            read(json!({"kind": "redis-stream", "url": "redis://:pw@host/1", "app": "a", "key": "k", "enabled": true}));
        assert_eq!((stream.kind(), stream.from(), stream.batch), ("redis-stream", "k", limits::BATCH_DEFAULT));
        assert!(!format!("{stream:?}").contains("pw"));
        let list = read(json!({"kind": "redis-list", "url": "redis://host", "app": "a", "key": "k", "end": "right"}));
        assert!(matches!(list.place, Place::RedisList(RedisList { end: End::Right, .. })));
        let jetstream =
            read(json!({"kind": "nats-jetstream", "url": "nats://host", "app": "a", "stream": "S", "batch": 7}));
        assert_eq!((jetstream.from(), jetstream.batch), ("S", 7));
        read(json!({"kind": "nats", "url-env": "CARGO_PKG_NAME", "app": "a", "subject": "s.>"}));
    }

    #[test]
    fn what_is_wrong_is_said_without_values() {
        let check = |table: Value, expected: &str| {
            let said = Settings::read(&table).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
            assert!(!said.contains("geheim"), "{said}");
        };
        check(json!({}), "kind: is missing");
        check(json!({"kind": "redis-steam"}), "did you mean redis-stream?");
        check(json!({"kind": "redis-list", "app": "a", "key": "k"}), "missing field `url`");
        check(json!({"kind": "redis-list", "url": "geheim", "app": "a", "key": "k"}), "url: is no address");
        check(json!({"kind": "nats", "url": "http://geheim:geheim", "app": "a", "subject": "k"}), "url: is no address");
        check(json!({"kind": "redis-list", "url": "redis://x", "app": "a", "key": ""}), "key: is empty");
        check(json!({"kind": "redis-list", "url": "redis://x", "app": "a", "key": "k", "batch": 0}), "batch: must be");
        check(json!({"kind": "redis-list", "url": "redis://x", "app": "a", "key": "k", "grup": 0}), "unknown field");
        check(
            json!({"kind": "redis-stream", "url": "redis://x", "app": "a", "key": "k", "claim-after": "geheim"}),
            "claim-after",
        );
    }
}
