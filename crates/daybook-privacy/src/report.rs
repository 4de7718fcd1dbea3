//! The report of an erasure: what was asked, what was touched, from where on in the log it holds, signed.
//!
//! A report never names anybody: it says `anonymous_id`s, which mean nothing once the erasure is done, and by which whoever
//! holds an old copy of something can still tell that it is about a person who was erased.

pub mod jws;

use daybook_event::{Position, SubjectId, Timestamp};
use daybook_signature::{PublicKey, SigningKey};
use serde::{Deserialize, Deserializer, Serialize};

use self::jws::VerifyError;

/// The media type of a report, which is the `typ` of its signature.
pub const MEDIA_TYPE: &str = "application/daybook-erasure+json";

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The request it answers.
    pub request: String,
    /// The app whose people they were.
    pub app: String,
    /// When it was asked.
    #[serde(deserialize_with = "time")]
    pub requested: Timestamp,
    /// When it was done; none while a view has not confirmed.
    #[serde(deserialize_with = "optional_time")]
    pub completed: Option<Timestamp>,
    /// Why, as far as the caller said.
    pub reason: Option<String>,
    /// Whether all of it is done.
    pub state: ReportState,
    /// The people, in the order in which the request named them.
    pub people: Vec<ReportedPerson>,
    /// How many people were erased, each counted once.
    pub erased: u64,
    /// How many names nobody was known by.
    pub unknown: u64,
    /// The place in the log from which it holds.
    pub log: LogPlace,
    /// The views and what they said.
    pub views: Vec<ReportedView>,
    /// How many secrets no longer exist because of it.
    pub secrets_destroyed: u64,
    /// What that means, in words.
    pub statement: String,
}

/// Whether an erasure is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Everything was told and has confirmed.
    Complete,
    /// The secrets are destroyed, but something has not confirmed yet.
    Incomplete,
}

/// One person of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedPerson {
    /// The name they had in views and in the log; none where nobody was known.
    #[serde(deserialize_with = "optional_subject")]
    pub anonymous_id: Option<SubjectId>,
    /// What became of them.
    pub status: PersonStatus,
}

/// What became of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonStatus {
    /// Their secret is destroyed.
    Erased,
    /// Nobody was known by the name.
    Unknown,
}

/// A place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// The last position when the secrets were gone.
    pub position: Position,
    /// The last position when the report was written.
    pub head: Position,
}

/// What a view said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedView {
    /// Its name.
    pub name: String,
    /// What it changed, in its own count. A crash may make it less than it was, never more.
    pub touched: u64,
    /// Whether it has confirmed that it holds nothing of these people.
    pub confirmed: bool,
}

/// A report with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReport {
    /// The report, for reading.
    pub report: Report,
    /// The same, signed: a JWS in its compact form (RFC 7515).
    pub jws: String,
    /// The key that verifies it, as base64url.
    pub public_key: String,
}

impl Report {
    /// Signs it.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which no report fails at.
    pub fn sign(self, key: &SigningKey) -> Result<SignedReport, serde_json::Error> {
        let jws = jws::sign(key, MEDIA_TYPE, &serde_json::to_vec(&self)?);
        Ok(SignedReport { report: self, jws, public_key: key.public().to_string() })
    }

    /// What was done, in words; `head` and numbers as in the report.
    #[must_use]
    pub(crate) fn statement(erased: u64, unknown: u64, position: Position, waiting_for: &[String]) -> String {
        let mut text = match erased {
            0 => "Nothing was known of any of the people named, so nothing had to be destroyed.".to_owned(),
            erased => format!(
                "The secrets of {} were destroyed. Nothing that the log, its backups or its proofs hold under {} can be \
                 read any more, at whatever position; this holds from position {position} on.",
                people(erased),
                if erased == 1 { "this anonymous id" } else { "these anonymous ids" },
            ),
        };
        if erased > 0 && unknown > 0 {
            let was = if unknown == 1 { "was" } else { "were" };
            text.push_str(&format!(" Of {unknown} more, nothing {was} known."));
        }
        match waiting_for {
            [] => text.push_str(" Every view has confirmed that it holds nothing of them."),
            waiting => text.push_str(&format!(" Not confirmed yet by: {}.", waiting.join(", "))),
        }
        text
    }
}

/// Checks the signature of a report and reads it.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(jws: &str, public_key: &str) -> Result<Report, VerifyError> {
    let key = PublicKey::parse(public_key).map_err(|_| VerifyError::Key)?;
    let payload = jws::verify(&key, MEDIA_TYPE, jws.trim())?;
    serde_json::from_slice(&payload).map_err(VerifyError::Payload)
}

fn people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Timestamp::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn optional_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Timestamp::parse(&text).map_err(serde::de::Error::custom)).transpose()
}

fn optional_subject<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SubjectId>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let parse = |text: String| SubjectId::parse(&text).ok_or_else(|| serde::de::Error::custom("not an anonymous id"));
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests;
