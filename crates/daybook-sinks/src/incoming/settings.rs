//! What an operator says of a source of webhooks: the table `[webhooks."<app>/<source>"]`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use daybook_catalog::webhooks::Scheme;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::limits::{SECRETS_MAX, TABLE_BYTES_MAX, TOLERANCE_DEFAULT};
use crate::settings::{self, Wrong};

/// What a source's calls are checked by, and its tables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) secrets: Vec<Secret>,
    pub(super) verify_token: Option<Secret>,
    pub(super) tolerance: Duration,
    pub(super) tables: BTreeMap<String, Map<String, Value>>,
}

/// Settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", setting.as_ref().map(|setting| format!("{setting}: ")).unwrap_or_default())]
pub struct SettingsError {
    /// The setting within the source's table, where it is one.
    pub setting: Option<String>,
    /// What is wrong with it; never its value.
    pub message: String,
}

/// A secret; never printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("…")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    secret: Secrets,
    verify_token: Option<String>,
    #[serde(default = "tolerance", deserialize_with = "duration")]
    tolerance: Duration,
    #[serde(default)]
    tables: BTreeMap<String, Table>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Secrets {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Table {
    File(PathBuf),
    Entries(Map<String, Value>),
}

impl Settings {
    /// Reads the table of a source. `secret` and `verify-token` may be given as `…-file` or `…-env`; a file may hold several secrets,
    /// one a line.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn read(table: &Value) -> Result<Self, SettingsError> {
        let written: Written = settings::settings(table, &["secret", "verify-token"])
            .map_err(|Wrong { path, message }| SettingsError { setting: path, message })?;
        let given = match written.secret {
            Secrets::One(text) => vec![text],
            Secrets::Several(texts) => texts,
        };
        let lines = given.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty());
        let secrets: Vec<Secret> = lines.map(|line| Secret(line.to_owned())).collect();
        if secrets.is_empty() || secrets.len() > SECRETS_MAX {
            return Err(SettingsError::new("secret", format!("must be 1 to {SECRETS_MAX} secrets")));
        }
        let verify_token = written.verify_token.map(|token| Secret(token.trim().to_owned()));
        if verify_token.as_ref().is_some_and(|token| token.0.is_empty()) {
            return Err(SettingsError::new("verify-token", "is empty"));
        }
        let mut tables = BTreeMap::new();
        for (name, table) in written.tables {
            let entries = match table {
                Table::Entries(entries) => entries,
                Table::File(path) => {
                    entries(&path).map_err(|message| SettingsError::new(&format!("tables.{name}"), message))?
                }
            };
            tables.insert(name, entries);
        }
        Ok(Self { secrets, verify_token, tolerance: written.tolerance, tables })
    }

    /// Whether they go with a way to sign.
    pub(super) fn check(&self, scheme: &Scheme) -> Result<(), SettingsError> {
        let is_base64 = |secret: &Secret| STANDARD.decode(secret.0.trim_start_matches("whsec_")).is_ok();
        if *scheme == Scheme::Standard && !self.secrets.iter().all(is_base64) {
            return Err(SettingsError::new("secret", "is not base64, as secrets of Standard Webhooks are"));
        }
        if self.verify_token.is_some() && *scheme != Scheme::Whatsapp {
            return Err(SettingsError::new("verify-token", "is for sources with the scheme whatsapp only"));
        }
        Ok(())
    }
}

impl SettingsError {
    fn new(setting: &str, message: impl Into<String>) -> Self {
        Self { setting: Some(setting.to_owned()), message: message.into() }
    }
}

/// A table in a file of its own: a JSON object.
fn entries(path: &std::path::Path) -> Result<Map<String, Value>, String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(TABLE_BYTES_MAX + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > TABLE_BYTES_MAX {
        return Err(format!("{} is larger than {TABLE_BYTES_MAX} bytes", path.display()));
    }
    serde_json::from_str(&text).map_err(|error| format!("{} is no JSON object: line {}", path.display(), error.line()))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    daybook_catalog::duration::parse(&text).map_err(serde::de::Error::custom)
}

const fn tolerance() -> Duration {
    TOLERANCE_DEFAULT
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_come_from_many_places() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("secret"), "new\nold\n").unwrap();
        std::fs::write(path("table"), r#"{"a": 1}"#).unwrap();
        let secrets = |table: Value| -> Vec<String> {
            Settings::read(&table).unwrap().secrets.iter().map(|secret| secret.0.clone()).collect()
        };
        assert_eq!(secrets(json!({"secret": "one"})), ["one"]);
        assert_eq!(secrets(json!({"secret": ["one", "two"]})), ["one", "two"]);
        assert_eq!(secrets(json!({"secret-file": path("secret")})), ["new", "old"]);
        assert_eq!(secrets(json!({"secret-env": "CARGO_PKG_NAME"})), ["daybook-sinks"]);
        let settings = Settings::read(&json!({
            "secret": "geheim", "tolerance": "10s", "tables": {"a": {"x": 5}, "b": path("table")}
        }));
        let settings = settings.unwrap();
        assert_eq!(settings.tolerance, Duration::from_secs(10));
        assert_eq!((&settings.tables["a"]["x"], &settings.tables["b"]["a"]), (&json!(5), &json!(1)));
        assert!(!format!("{settings:?}").contains("geheim"));
    }

    #[test]
    fn what_is_wrong_is_said_without_values() {
        let check = |table: Value, scheme: Scheme, expected: &str| {
            let read = Settings::read(&table).and_then(|settings| settings.check(&scheme));
            let said = read.unwrap_err().to_string();
            assert!(said.contains(expected) && !said.contains("geheim"), "{said}");
        };
        check(json!({}), Scheme::Github, "missing field `secret`");
        check(json!({"secret": ""}), Scheme::Github, "secret: must be 1 to");
        check(json!({"secret": vec!["geheim"; 9]}), Scheme::Github, "secret: must be 1 to");
        check(json!({"secret": 5}), Scheme::Github, "secret");
        check(json!({"secret": "geheim!"}), Scheme::Standard, "secret: is not base64");
        check(json!({"secret": "geheim", "verify-token": " "}), Scheme::Whatsapp, "verify-token: is empty");
        check(json!({"secret": "geheim", "verify-token": "geheim"}), Scheme::Github, "verify-token: is for");
        check(json!({"secret": "geheim", "tolerance": "geheim"}), Scheme::Stripe, "tolerance");
        check(json!({"secret": "geheim", "tables": {"a": "/no/such"}}), Scheme::Stripe, "tables.a: cannot read");
        check(json!({"secret": "geheim", "secrt": 1}), Scheme::Stripe, "secrt");
    }
}
