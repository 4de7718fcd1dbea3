//! Tables that only the part of the server they are for understands: of consumers, of inputs, of webhooks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The tables of a kind, by name.
pub type Tables = BTreeMap<String, Settings>;

/// What an operator says of one consumer or input. Its values are never printed: they may be passwords.
#[derive(Clone, PartialEq)]
pub struct Settings(Value);

impl Settings {
    /// The table as JSON.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Whether it is on, which it is unless it says `enabled = false`.
    ///
    /// # Errors
    /// What is wrong with `enabled`.
    pub fn enabled(&self) -> Result<bool, &'static str> {
        match self.0.get("enabled") {
            None => Ok(true),
            Some(enabled) => enabled.as_bool().ok_or("must be true or false"),
        }
    }

    /// The files that settings are in: those named by `…-file`.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let members = self.0.as_object().into_iter().flatten();
        members.filter(|(name, _)| name.ends_with("-file")).filter_map(|(_, value)| value.as_str()).map(PathBuf::from)
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Map::deserialize(deserializer).map(|members| Self(Value::Object(members)))
    }
}

impl From<Value> for Settings {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.as_object().into_iter().flat_map(serde_json::Map::keys)).finish()
    }
}

/// Whether this place of a configuration is in a table of a consumer or an input, of which nothing may be quoted.
pub(super) fn is_secret(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or(text);
    let rest = text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let begins = |line: &str| {
        let name = line.trim_start().trim_start_matches('[').trim_start().trim_start_matches(['"', '\'']);
        ["blobs", "consumers", "inputs", "webhooks"].iter().any(|kind| name.starts_with(kind))
    };
    let is_head = |line: &&str| line.trim_start().starts_with('[') || begins(line);
    let line = format!("{}{rest}", before.lines().next_back().filter(|_| !before.ends_with('\n')).unwrap_or_default());
    begins(&line) || before.lines().rfind(is_head).is_some_and(begins)
}

/// A complaint without the value that it quotes.
pub(super) fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(begin), Some(end)) => format!("{}…{}", &message[..begin], &message[end + 1..]),
        _ => message.to_owned(),
    }
}
