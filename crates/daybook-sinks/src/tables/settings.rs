//! What an operator says of a database.

use std::time::Duration;

use daybook_catalog::duration;
use serde::{Deserialize, Deserializer};

/// The settings that may also be given in a file or the environment.
pub(crate) const INDIRECT: &[&str] = &["url"];
/// What an operator is told who has not said where the rows go.
pub(crate) const MISSING: &str = "url, url-file or url-env";
/// Most connections to one database.
const POOL_SIZE_MAX: u32 = 64;
/// Longest time for one delivery.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// `[consumers."app/name"]` of a consumer that writes to a database.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Where the database is, with user and password; TLS by its parameters.
    pub(crate) url: Option<String>,
    /// Most connections at once. One delivers, another is for erasures and upkeep.
    #[serde(default = "pool_size")]
    pub(crate) pool_size: u32,
    /// How long connecting may take.
    #[serde(default = "connect_timeout", deserialize_with = "read_duration")]
    pub(crate) connect_timeout: Duration,
    /// How long a delivery may take.
    #[serde(default = "timeout", deserialize_with = "read_duration")]
    pub(crate) timeout: Duration,
}

impl Settings {
    /// What is wrong with them: the setting, and why.
    pub(crate) fn wrong(&self) -> Option<(&'static str, String)> {
        if !(1..=POOL_SIZE_MAX).contains(&self.pool_size) {
            return Some(("pool-size", format!("must be between 1 and {POOL_SIZE_MAX}")));
        }
        let durations = [("connect-timeout", self.connect_timeout), ("timeout", self.timeout)];
        let wrong = durations.into_iter().find(|(_, value)| value.is_zero() || *value > TIMEOUT_MAX);
        wrong.map(|(name, _)| {
            (name, format!("must be longer than nothing and at most {}", duration::format(TIMEOUT_MAX)))
        })
    }
}

const fn pool_size() -> u32 {
    4
}

const fn connect_timeout() -> Duration {
    Duration::from_secs(5)
}

const fn timeout() -> Duration {
    Duration::from_secs(20)
}

fn read_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration::parse(&text).map_err(|_| serde::de::Error::custom("must be a duration such as 30s"))
}
