//! What an operator says of a destination that is called by HTTP.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer};

use crate::{BuildContext, BuildError};

use super::addresses::is_public;

/// The settings that may also be given in a file or the environment.
pub(crate) const INDIRECT: &[&str] = &["url", "secret"];
/// Most redirects that can be allowed.
const REDIRECTS_MAX: u8 = 5;
/// Longest time for a call.
const TIMEOUT_MAX: Duration = Duration::from_secs(300);

/// `[consumers."app/name"]` of a consumer that calls.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CallSettings {
    /// Where to: `http` or `https`. A name and password in it are sent as basic authentication.
    #[serde(default)]
    pub(crate) url: Option<String>,
    /// What calls are signed with: one secret, or several while they are changed.
    #[serde(default)]
    pub(crate) secret: Option<Secrets>,
    /// Whether the host may be in a private network, or this machine.
    #[serde(default)]
    pub(crate) allow_private: bool,
    /// How long connecting may take.
    #[serde(default = "connect_timeout", deserialize_with = "duration")]
    pub(crate) connect_timeout: Duration,
    /// How long a call may take, all in all.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub(crate) timeout: Duration,
    /// How many redirects are followed, to public addresses only.
    #[serde(default)]
    pub(crate) redirects: u8,
    /// Certificates of authorities that are trusted beside the system's, as PEM.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Headers that every call has.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

/// One secret or several.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "must be a string, or a list of them")]
pub(crate) enum Secrets {
    /// One; several, where they came from a file with a line for each.
    Text(String),
    /// Several.
    List(Vec<String>),
}

impl Secrets {
    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(list) => list,
        };
        list.iter().flat_map(|text| text.split_whitespace())
    }
}

/// A destination, checked.
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) settings: CallSettings,
}

impl CallSettings {
    /// What is said of a destination, checked; nothing where no URL is given.
    pub(crate) fn read(context: &BuildContext<'_>) -> Result<Option<Target>, BuildError> {
        let Some(settings) = context.settings::<Self>(INDIRECT)? else { return Ok(None) };
        let Some(url) = &settings.url else { return Ok(None) };
        let wrong = |setting: &str, message: &str| context.wrong_setting(Some(setting), message);
        let url = Url::parse(url).map_err(|_| wrong("url", "is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("url", "must begin with http:// or https://"));
        }
        if !settings.allow_private && literal(&url).is_some_and(|address| !is_public(address)) {
            return Err(wrong("url", "its address is not a public one; allow-private = true would allow it"));
        }
        if settings.redirects > REDIRECTS_MAX {
            return Err(wrong("redirects", &format!("must be at most {REDIRECTS_MAX}")));
        }
        for (setting, value) in [("timeout", settings.timeout), ("connect-timeout", settings.connect_timeout)] {
            if value.is_zero() || value > TIMEOUT_MAX {
                return Err(wrong(setting, &format!("must be from 1s to {}s", TIMEOUT_MAX.as_secs())));
            }
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &settings.headers {
            let setting = format!("headers.{name}");
            let header = HeaderName::try_from(name).map_err(|_| wrong(&setting, "is no name of a header"))?;
            let mut value = HeaderValue::try_from(value).map_err(|_| wrong(&setting, "is no value of a header"))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        Ok(Some(Target { url, headers, settings }))
    }
}

/// The address that a URL names without a name.
pub(crate) fn literal(url: &Url) -> Option<std::net::IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

const fn connect_timeout() -> Duration {
    Duration::from_secs(5)
}

const fn timeout() -> Duration {
    Duration::from_secs(20)
}

/// Reads a duration as catalogs write them.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    daybook_catalog::duration::parse(&text).map_err(serde::de::Error::custom)
}
