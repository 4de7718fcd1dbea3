//! What a catalog and an operator may say of counters in Redis.

use std::path::PathBuf;
use std::time::Duration;

use daybook_catalog::AppCatalog;
use daybook_catalog::consumers::Spec;
use daybook_catalog::duration;
use daybook_consumers::counters::{Dimensions, Interval};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The settings that may also be given in a file or the environment.
pub(super) const INDIRECT: &[&str] = &["url"];
/// What an operator is told who has not said where Redis is.
pub(super) const MISSING: &str = "url, url-file or url-env";
/// Longest prefix of keys, in bytes.
const PREFIX_BYTES_MAX: usize = 64;
/// Longest time for a command.
const TIMEOUT_MAX: Duration = Duration::from_secs(300);
/// Longest time that a bucket may be kept.
const TTL_MAX: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// `options` of a consumer in a catalog.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Options {
    /// What keys begin with; the app and the consumer follow.
    pub(super) prefix: String,
    /// What is counted in.
    pub(super) intervals: Vec<Interval>,
    /// The dimensions that are counted by; without it all that the catalog declares.
    pub(super) dimensions: Option<Vec<String>>,
    /// How long buckets are kept after they end.
    pub(super) ttl: Ttl,
}

/// How long buckets are kept after they end; as long as in the process, unless told otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Ttl {
    #[serde(deserialize_with = "optional_duration")]
    minute: Option<Duration>,
    #[serde(deserialize_with = "optional_duration")]
    hour: Option<Duration>,
    #[serde(deserialize_with = "optional_duration")]
    day: Option<Duration>,
}

/// `[consumers."app/name"]` of an operator.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Settings {
    /// Where Redis is: `redis://` or, with TLS, `rediss://`, with name, password and number of the database.
    #[serde(default)]
    pub(super) url: Option<String>,
    /// Certificates of the authorities that are trusted instead of the system's, as PEM.
    #[serde(default)]
    pub(super) ca_file: Option<PathBuf>,
    /// How long connecting may take.
    #[serde(default = "connect_timeout", deserialize_with = "read_duration")]
    pub(super) connect_timeout: Duration,
    /// How long a delivery may take.
    #[serde(default = "timeout", deserialize_with = "read_duration")]
    pub(super) timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { prefix: "daybook".to_owned(), intervals: Interval::ALL.to_vec(), dimensions: None, ttl: Ttl::default() }
    }
}

impl Options {
    /// The dimensions that are counted by.
    pub(super) fn counted(&self, app: &AppCatalog) -> Dimensions {
        Dimensions::chosen(app, |name| {
            self.dimensions.as_ref().is_none_or(|chosen| chosen.iter().any(|one| one == name))
        })
    }

    /// How long the buckets of an interval are kept after they end.
    pub(super) fn ttl(&self, interval: Interval) -> Duration {
        let said = match interval {
            Interval::Minute => self.ttl.minute,
            Interval::Hour => self.ttl.hour,
            Interval::Day => self.ttl.day,
        };
        said.unwrap_or(interval.kept())
    }

    fn wrong(&self, app: &AppCatalog, spec: &Spec) -> Vec<String> {
        let mut wrong = Vec::new();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        if self.prefix.is_empty() || self.prefix.len() > PREFIX_BYTES_MAX || !self.prefix.chars().all(fits) {
            wrong.push(format!(
                "options.prefix: must be up to {PREFIX_BYTES_MAX} letters, digits, `-`, `_`, `.` and `:`"
            ));
        }
        if self.intervals.is_empty() {
            wrong.push("options.intervals: must name at least one of minute, hour and day".to_owned());
        }
        for interval in Interval::ALL {
            let ttl = self.ttl(interval);
            if ttl < Duration::from_secs(1) || ttl > TTL_MAX {
                wrong.push(format!(
                    "options.ttl.{}: must be between 1s and {}",
                    interval.as_str(),
                    duration::format(TTL_MAX)
                ));
            }
        }
        let wanted = || app.current_events().filter(|event_type| spec.wants(&event_type.name));
        for name in self.dimensions.iter().flatten() {
            if !wanted().any(|event_type| event_type.dimensions.contains(name)) {
                wrong.push(format!(
                    "options.dimensions: no event type that this consumer gets has the dimension `{name}`"
                ));
            }
        }
        wrong
    }
}

impl Settings {
    /// What is wrong with them: the setting, and why.
    pub(super) fn wrong(&self) -> Option<(&'static str, String)> {
        let durations = [("connect-timeout", self.connect_timeout), ("timeout", self.timeout)];
        let wrong = durations.into_iter().find(|(_, value)| value.is_zero() || *value > TIMEOUT_MAX);
        wrong.map(|(name, _)| {
            (name, format!("must be longer than nothing and at most {}", duration::format(TIMEOUT_MAX)))
        })
    }
}

/// What is wrong with a consumer's options.
#[must_use]
pub fn check(options: &Map<String, Value>, app: &AppCatalog, spec: &Spec) -> Vec<String> {
    match crate::options::<Options>(options) {
        Ok(options) => options.wrong(app, spec),
        Err(wrong) => vec![wrong],
    }
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

fn optional_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    read_duration(deserializer).map(Some)
}
