//! What an operator can set: one typed structure, read from a TOML file with kebab-case names.

mod aggregates;
mod blobs;
mod proof;
mod queries;
mod settings;

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use daybook_event::limits::BODY_INFLATED_BYTES_MAX;
use daybook_privacy::MasterKeySource;
use daybook_privacy::master_key::{MasterKeyText, default_directory};
use daybook_privacy::vault::VaultId;
use serde::{Deserialize, Deserializer};
use tokio::sync::Semaphore;

pub use aggregates::Aggregates;
pub use blobs::{BlobOptions, BlobStoreUrl};
pub use proof::Proof;
pub use queries::Queries;
pub use settings::{Settings, Tables};

use crate::limits;
use crate::state::{StatePlace, StateUrl};

/// The environment variable that holds the master key, where no option says where it is.
pub const MASTER_KEY_VARIABLE: &str = "DAYBOOK_MASTER_KEY";

/// Everything that can be configured. A file gives it, the command line overrides single fields.
///
/// ```toml
/// listen = "127.0.0.1:4747"
/// data = "daybook-data"
/// catalogs = ["./catalogs"]
/// environment = "staging"
///
/// [browser-events]
/// app = "my-app"
/// allow = true
/// origins = ["https://example.org"]
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one. Default `127.0.0.1:4747`.
    pub listen: SocketAddr,
    /// The data directory. Default `daybook-data`.
    pub data: PathBuf,
    /// The PostgreSQL database that keeps the state: `postgres://user:password@host/database`. Default: a SQLite file in the
    /// data directory.
    pub state: Option<StateUrl>,
    /// Directories with catalogs: each an app's directory or a directory of such.
    pub catalogs: Vec<PathBuf>,
    /// Whether the catalogs built into the binary are served too. Default true.
    pub default_catalogs: bool,
    /// The environment of events that name none. Default `production`.
    pub environment: String,
    /// How long requests under way may take when the server stops: `30s`, `2m`.
    #[serde(deserialize_with = "duration")]
    pub shutdown_grace: Duration,
    /// `POST /api/events`, the call browsers make without a key.
    pub browser_events: BrowserEvents,
    /// Rates for keys that have none of their own.
    pub rate_limits: RateLimits,
    /// What requests may take.
    pub limits: RequestLimits,
    /// Where values lie that are too large for the log.
    pub blobs: BlobOptions,
    /// Events that were not admitted.
    pub quarantine: QuarantineOptions,
    /// What questions about the past may take.
    pub queries: Queries,
    /// When aggregates are computed.
    pub aggregates: Aggregates,
    /// Who people are, and who may know.
    pub privacy: Privacy,
    /// How the log is signed.
    pub proof: Proof,
    /// When what is past its time goes.
    pub retention: Retention,
    /// What the server says of itself.
    pub logging: Logging,
    /// Where consumers deliver to, by `app/name`, each in its handler's own words; beside those `enabled`.
    pub consumers: Tables,
    /// What is drained into admission, by name.
    pub inputs: Tables,
    /// The services that may call, by `app/source`, with their secrets.
    pub webhooks: Tables,
    /// The file this was read from, to read it again.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// `POST /api/events`: events from browsers, without a key, for one app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BrowserEvents {
    /// The app the events belong to.
    pub app: Option<String>,
    /// Whether the call is taken at all. Default false.
    pub allow: bool,
    /// Origins of the pages that may call; `*` for any. Calls that name no origin are taken as well.
    pub origins: Vec<String>,
    /// Events a second taken together from all callers; 0 is no limit. Default 1,000.
    pub events_per_second: u32,
}

/// Rates for keys that have none of their own; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RateLimits {
    /// Requests a second and key. Default 0.
    pub requests_per_second: u32,
    /// Events a second and key. Default 0.
    pub events_per_second: u32,
}

/// What requests may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestLimits {
    /// Connections open at once. Default 4,096.
    pub connections: usize,
    /// The largest event, in bytes it would take to store it whole; of those above 64 KiB the largest values go to blobs. Default
    /// 1 MiB.
    pub event_bytes: usize,
    /// Body of one call as it arrives, in bytes. Default 16 MiB.
    pub body_bytes: usize,
    /// Body of one call after decompression, in bytes. Default 64 MiB.
    pub body_inflated_bytes: usize,
    /// Memory that all bodies being read may take together, in bytes. Default 512 MiB.
    pub body_memory_bytes: usize,
    /// Live tails open at once. Default 256.
    pub live_streams: usize,
    /// Time in which a request's head must arrive, and for which an idle connection is kept. Default `30s`.
    #[serde(deserialize_with = "duration")]
    pub header_timeout: Duration,
}

/// Events that were not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct QuarantineOptions {
    /// Space they may take, for each app, in bytes. Entries that were resolved give way to new ones, oldest first; when
    /// only open ones are left, calls that would add more are answered 503. Default 1 GiB.
    pub bytes_per_app: u64,
}

/// The vault, which alone knows who people are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Privacy {
    /// The file that holds the master key, made on the first start. Without it and without a command: the environment variable
    /// `DAYBOOK_MASTER_KEY`, and then a file in the user's configuration directory, made on the first start.
    pub master_key_file: Option<PathBuf>,
    /// A command that writes the master key to its standard output, run by `sh`.
    pub master_key_command: Option<String>,
    /// The directory for master keys that no option names. Default: `daybook` in the user's configuration directory.
    pub key_directory: Option<PathBuf>,
    /// People kept in memory. Default 500,000, at most about 150 MB.
    pub people_cached: usize,
}

/// When what is past its time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retention {
    /// Time from one run to the next; `0s` for none but by command. Default `24h`.
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
}

/// What the server says of itself while it runs, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Logging {
    /// Least level that is written: `error`, `warn`, `info`, `debug`, `trace`, or a filter such as
    /// `info,daybook_server=debug`. Requests that went well are said at `debug`. Default `info`.
    pub level: String,
    /// How lines are written. Default `text`.
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not a configuration.
    #[error("{path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why, with a suggestion where a name looks like a slip.
        message: String,
    },
    /// Two settings do not go together, or one is out of its range.
    #[error("{setting}: {message}")]
    Setting {
        /// The setting, as it is written in the file.
        setting: Cow<'static, str>,
        /// What is wrong with it.
        message: String,
    },
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4747)),
            data: PathBuf::from("daybook-data"),
            state: None,
            catalogs: Vec::new(),
            default_catalogs: true,
            environment: "production".to_owned(),
            shutdown_grace: limits::SHUTDOWN_GRACE_DEFAULT,
            browser_events: BrowserEvents::default(),
            rate_limits: RateLimits::default(),
            limits: RequestLimits::default(),
            blobs: BlobOptions::default(),
            quarantine: QuarantineOptions::default(),
            queries: Queries::default(),
            aggregates: Aggregates::default(),
            privacy: Privacy::default(),
            proof: Proof::default(),
            retention: Retention::default(),
            logging: Logging::default(),
            consumers: Tables::new(),
            inputs: Tables::new(),
            webhooks: Tables::new(),
            file: None,
        }
    }
}

impl Default for BrowserEvents {
    fn default() -> Self {
        Self {
            app: None,
            allow: false,
            origins: Vec::new(),
            events_per_second: limits::BROWSER_EVENTS_PER_SECOND_DEFAULT,
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            requests_per_second: limits::REQUESTS_PER_SECOND_DEFAULT,
            events_per_second: limits::EVENTS_PER_SECOND_DEFAULT,
        }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS_DEFAULT,
            event_bytes: daybook_event::limits::EVENT_JSON_BYTES_MAX,
            body_bytes: daybook_event::limits::BODY_BYTES_MAX,
            body_inflated_bytes: BODY_INFLATED_BYTES_MAX,
            body_memory_bytes: limits::BODY_MEMORY_BYTES_DEFAULT,
            live_streams: limits::LIVE_STREAMS_DEFAULT,
            header_timeout: limits::HEADER_TIMEOUT_DEFAULT,
        }
    }
}

impl Default for QuarantineOptions {
    fn default() -> Self {
        Self { bytes_per_app: limits::QUARANTINE_BYTES_DEFAULT }
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            master_key_file: None,
            master_key_command: None,
            key_directory: None,
            people_cached: limits::PEOPLE_CACHED_DEFAULT,
        }
    }
}

impl Privacy {
    /// Where the master key comes from: the file, the command, the environment, or else the file that no option names.
    #[must_use]
    pub fn master_key(&self) -> MasterKeySource {
        match (&self.master_key_file, &self.master_key_command) {
            (Some(file), _) => MasterKeySource::File(file.clone()),
            (None, Some(command)) => MasterKeySource::Command(command.clone()),
            (None, None) => match std::env::var(MASTER_KEY_VARIABLE) {
                Ok(text) => MasterKeySource::Text(MasterKeyText::new(text)),
                Err(_) => MasterKeySource::Default,
            },
        }
    }

    /// The directory for master keys that no option names; none where the user has no configuration directory.
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        self.key_directory.clone().or_else(default_directory)
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { every: limits::RETENTION_EVERY_DEFAULT }
    }
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Config {
    /// The file of the log's signing key: the one that is configured, or one beside the master keys that no option names, or
    /// beside the master key that one does. Nothing where there is none of these places.
    #[must_use]
    pub fn log_key_file(&self, vault: &VaultId) -> Option<PathBuf> {
        let beside = || self.privacy.master_key_file.as_ref()?.parent().map(Path::to_owned);
        let default = || Some(self.privacy.directory().or_else(beside)?.join(format!("{vault}.log-signing.key")));
        self.proof.key_file.clone().or_else(default)
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError::Read`] when the file cannot be read, [`ConfigError::Parse`] when it is not a configuration.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config = Self::parse(&text).map_err(|message| ConfigError::Parse { path: path.to_owned(), message })?;
        Ok(Self { file: Some(path.to_owned()), ..config })
    }

    /// Reads a configuration from TOML text.
    ///
    /// # Errors
    /// What is wrong and where, for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let mut message = if settings::is_secret(text, at) {
                let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
                format!("line {line}: {}", settings::without_values(error.message()))
            } else {
                without_passwords(error.to_string().trim_end())
            };
            if let Some(suggestion) = suggestion(error.message()) {
                message.push_str(&format!("\nDid you mean `{suggestion}`?"));
            }
            message
        })
    }

    /// Where the state is kept.
    #[must_use]
    pub fn state_place(&self) -> StatePlace {
        StatePlace::of(&self.data, self.state.as_ref())
    }

    /// Checks what no single field can tell.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for the first setting that cannot be used.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |setting: &'static str, message: &str| {
            Err(ConfigError::Setting { setting: setting.into(), message: message.to_owned() })
        };
        if self.aggregates.every < Duration::from_secs(1) {
            return wrong("aggregates.every", "must be a second at least");
        }
        if let Some(Err(error)) = self.state.as_ref().map(StateUrl::options) {
            return wrong("state", &error.to_string());
        }
        if self.environment.is_empty() || self.environment.len() > daybook_event::limits::IDENTIFIER_BYTES_MAX {
            return wrong("environment", "must be a word of 1 to 256 bytes");
        }
        if self.browser_events.allow && self.browser_events.app.is_none() {
            return wrong("browser-events.allow", "is true, but `browser-events.app` does not say for which app");
        }
        if self.limits.body_bytes == 0 || self.limits.body_bytes > self.limits.body_inflated_bytes {
            return wrong("limits.body-bytes", "must be above 0 and not above `limits.body-inflated-bytes`");
        }
        if self.limits.event_bytes == 0 || self.limits.event_bytes > BODY_INFLATED_BYTES_MAX {
            return wrong("limits.event-bytes", "must be above 0 and at most 64 MiB");
        }
        if self.limits.body_inflated_bytes > u32::MAX as usize / 4 {
            return wrong("limits.body-inflated-bytes", "must be at most 1 GiB");
        }
        if self.limits.body_memory_bytes < self.limits.body_bytes.saturating_add(self.limits.body_inflated_bytes) {
            return wrong(
                "limits.body-memory-bytes",
                "must hold at least one body: `limits.body-bytes` + `limits.body-inflated-bytes`",
            );
        }
        if self.limits.connections == 0 {
            return wrong("limits.connections", "must be above 0");
        }
        if self.privacy.master_key_file.is_some() && self.privacy.master_key_command.is_some() {
            return wrong(
                "privacy.master-key-command",
                "and `privacy.master-key-file` both say where the master key is",
            );
        }
        if self.proof.origin.as_deref().is_some_and(|origin| !daybook_proof::key::is_name(origin)) {
            return wrong(
                "proof.origin",
                "must be 1 to 255 bytes without spaces and `+`, such as `events.example.com/log`",
            );
        }
        if self.privacy.people_cached == 0 {
            return wrong("privacy.people-cached", "must be above 0");
        }
        if !self.retention.every.is_zero() && self.retention.every < limits::RETENTION_EVERY_MIN {
            return wrong("retention.every", "must be 0s or at least 1m");
        }
        let Queries { memory_bytes, at_once, timeout, timeout_max, .. } = self.queries;
        if memory_bytes < limits::QUERY_MEMORY_BYTES_MIN {
            return wrong("queries.memory-bytes", "must be at least 16 MiB");
        }
        if at_once == 0 || at_once > Semaphore::MAX_PERMITS {
            return wrong("queries.at-once", "must be above 0, and not beyond all reason");
        }
        if timeout.is_zero() || timeout > timeout_max {
            return wrong("queries.timeout", "must be above 0 and not above `queries.timeout-max`");
        }
        if self.limits.header_timeout.is_zero() {
            return wrong("limits.header-timeout", "must be above 0");
        }
        self.check_tables()
    }

    /// Checks what every table of a consumer or an input may say.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for the first that cannot be used.
    pub(crate) fn check_tables(&self) -> Result<(), ConfigError> {
        for (kind, tables) in [("consumers", &self.consumers), ("inputs", &self.inputs), ("webhooks", &self.webhooks)] {
            for (name, settings) in tables {
                if let Err(message) = settings.enabled() {
                    let setting = format!("{kind}.\"{name}\".enabled").into();
                    return Err(ConfigError::Setting { setting, message: message.to_owned() });
                }
            }
        }
        Ok(())
    }
}

/// The complaint without what stands between `://` and `@`: it quotes the line that it complains of.
fn without_passwords(complaint: &str) -> String {
    let lines = complaint.lines().map(|line| match (line.find("://"), line.rfind('@')) {
        (Some(begin), Some(end)) if begin < end => format!("{}://…{}", &line[..begin], &line[end..]),
        // It is cut off before its end, if it is a URL with a password at all.
        (Some(begin), _) if line.contains("postgres") => format!("{}://…", &line[..begin]),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads `250ms`, `30s`, `5m`, `12h`, `30d`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| serde::de::Error::custom("expected a duration such as `30s`, `5m` or `250ms`"))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// The known name that is nearest to the unknown one that serde complains of: the complaint names the unknown one first
/// and then the known ones, each in backticks.
fn suggestion(message: &str) -> Option<&str> {
    let mut names = message.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    nearest(unknown, names)
}

/// The candidate most like `unknown`, if one is like it at all.
pub(crate) fn nearest<'a>(unknown: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::normalized_damerau_levenshtein(unknown, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.55)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_what_it_names_and_leaves_the_rest() {
        let config = Config::parse(
            "listen = \"0.0.0.0:80\"\nshutdown-grace = \"2m\"\n[browser-events]\napp = \"shop\"\nallow = true\n\
             [limits]\nheader-timeout = \"250ms\"\n[logging]\nformat = \"json\"\n",
        )
        .unwrap();
        assert_eq!(config.listen.port(), 80);
        assert_eq!(config.shutdown_grace, Duration::from_secs(120));
        assert_eq!(config.browser_events.app.as_deref(), Some("shop"));
        assert_eq!(config.limits.header_timeout, Duration::from_millis(250));
        assert_eq!(config.logging.format, LogFormat::Json);
        assert_eq!(config.data, Config::default().data);
        config.check().unwrap();
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn slips_are_answered_with_a_suggestion() {
        let check = |text: &str, expected: &str| {
            let message = Config::parse(text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        };
        check("enviroment = \"x\"", "Did you mean `environment`?");
        check("[limits]\nbody-byte = 1", "Did you mean `body-bytes`?");
        check("[logging]\nformat = \"jsn\"", "Did you mean `json`?");
        check("zzz = 1", "unknown field `zzz`");
        check("shutdown-grace = \"soon\"", "duration such as");
        check("shutdown-grace = \"soon\"", "line 1");
    }

    #[test]
    fn settings_are_held_against_each_other() {
        let check = |change: fn(&mut Config), expected: &str| {
            let mut config = Config::default();
            change(&mut config);
            assert!(config.check().unwrap_err().to_string().starts_with(expected));
        };
        check(|config| config.browser_events.allow = true, "browser-events.allow");
        check(|config| config.limits.body_bytes = usize::MAX, "limits.body-bytes");
        check(|config| config.limits.body_memory_bytes = 1, "limits.body-memory-bytes");
        check(|config| config.environment = String::new(), "environment");
        check(|config| config.limits.connections = 0, "limits.connections");
        check(
            |config| drop(config.consumers.insert("a/b".into(), serde_json::json!({"enabled": 1}).into())),
            "consumers.\"a/b\".enabled: must be true or false",
        );
    }

    #[test]
    fn passwords_are_not_shown() {
        let check = |text: &str| {
            let said = match Config::parse(text) {
                Ok(config) => format!("{config:?} {}", config.check().map_err(|error| error.to_string()).unwrap_err()),
                Err(message) => message,
            };
            assert!(said.contains("state") && !said.contains("geheim"), "{said}");
        };
        check("state = \"postgres://me:geheim/x@host/database\"");
        check("state = \"postgres://me:geheim@host\"");
        check("state = \"postgres://me:geheim@host/database");
        check("state = postgres://me:geheim@host/database");
        check("state = \"postgres://me:geheim");
        check("state = [\"postgres://me:geheim@host/database\"]");
        check("stat = \"postgres://me:geheim@host/database\"");
        let config = Config::parse("state = \"postgres://me:geheim@host/database\"").unwrap();
        config.check().unwrap();
        assert!(!format!("{config:?}").contains("geheim"));
        assert!(matches!(config.state_place(), StatePlace::Postgres(_)));
    }

    #[test]
    fn settings_of_consumers_and_inputs_are_not_shown() {
        let text =
            "[consumers.\"shop/orders\"]\nurl = \"geheim\"\nenabled = false\n[inputs.game]\nstream = \"geheim\"\n";
        let config = Config::parse(text).unwrap();
        config.check().unwrap();
        assert_eq!(config.consumers["shop/orders"].enabled(), Ok(false));
        assert_eq!(config.inputs["game"].value()["stream"], "geheim");
        let shown = format!("{config:?}");
        assert!(shown.contains("shop/orders") && shown.contains("\"url\"") && !shown.contains("geheim"), "{shown}");
        for text in [
            "[consumers.\"a/b\"]\npassword = geheim",
            "[consumers.\"a/b\"]\nurl = \"x\"\npassword = \"geheim",
            "[consumers.\"a/b\"]\npassword = \"geheim\" geheim",
            "consumers.\"a/b\" = {password = geheim}",
            "consumers = {\"a/b\" = \"geheim\"}",
            "consumers = \"geheim\"",
            "[ consumers ]\n\"a/b\" = \"geheim\"",
            "[inputs]\na = \"geheim\"",
            "\"inputs\".a = [\"geheim\"]",
            "[[consumers]]\npassword = \"geheim\"",
            "[webhooks.\"a/b\"]\nsecret = geheim",
            "[blobs]\nurl = \"s3://a:geheim@b",
            "[blobs]\noptions = { secret_access_key = \"geheim\", x = geheim }",
            "[blobs]\noptions = \"geheim\"",
        ] {
            let message = Config::parse(text).unwrap_err();
            assert!(!message.contains("geheim"), "{message}");
            assert!(message.starts_with("line "), "{message}");
        }
    }

    /// The page of the documentation holds every option, at its default.
    #[test]
    fn the_reference_page_is_right() {
        let page = include_str!("../../../docs/configuration.md");
        let toml = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(Config::parse(toml).unwrap(), Config::default());
        // Asked for a name that is not there, serde lists all that are.
        for section in [
            "",
            "browser-events",
            "rate-limits",
            "limits",
            "quarantine",
            "queries",
            "aggregates",
            "privacy",
            "proof",
            "retention",
            "logging",
        ] {
            let head = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
            let message = Config::parse(&format!("{head}no-such-option = 1")).unwrap_err();
            let known = message.lines().find(|line| line.starts_with("unknown field")).unwrap();
            let names: Vec<&str> = known.split('`').skip(3).step_by(2).collect();
            assert!(!names.is_empty(), "{message}");
            let part = if section.is_empty() { toml } else { toml.split(&format!("\n[{section}]")).nth(1).unwrap() };
            for name in names {
                let is_there = |line: &str| {
                    let line = line.trim_start_matches("# ");
                    line.starts_with(&format!("{name} = ")) || line == format!("[{name}]")
                };
                assert!(part.lines().any(is_there), "{name} is not in the page");
            }
        }
    }
}
