//! `daybook signature`: whether the signatures of events hold, without a server.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use daybook_event::limits::PAGE_EVENTS_MAX;
use daybook_signature::{Content, EventSignature, PublicKey};
use serde::Serialize;
use serde_json::Value;

use super::key_text;
use super::sign::open;
use crate::Answer;
use crate::failure::Failure;
use crate::output::{Format, print_json, print_line, say};

/// Check the signatures of events, offline
#[derive(Debug, Args)]
pub struct Signature {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Check(Check),
}

/// Check that events are what was signed, offline
///
/// Reads one event a line, as `daybook read` and the feed give it to a key with the scope privacy, in Daybook's own form; or one event in
/// any layout. The answer is no when one of them is not signed with the key. Values that lie in blobs have to be fetched
/// with the event.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  curl -s -H \"Authorization: Bearer $KEY\" $SERVER/v1/tamma/events/$ID | daybook signature check --public-key ada.jwk")]
struct Check {
    /// The file with the public key, as a JSON Web Key or as OpenSSL writes it
    #[arg(long, value_name = "FILE")]
    public_key: PathBuf,
    /// The file with the events; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What was found of an event.
#[derive(Debug, Serialize)]
struct Checked {
    id: String,
    holds: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    /// What it says was signed.
    members: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Signature {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Check(action) => action.run(),
        }
    }
}

impl Check {
    fn run(self) -> Result<Answer, Failure> {
        let key = key_text::public(&self.public_key)?;
        let mut all_hold = true;
        let mut count = 0usize;
        let mut checked = Vec::new();
        // Values follow each other, on lines of their own or not.
        for event in serde_json::Deserializer::from_reader(open(&self.file)?).into_iter::<Value>() {
            let event = event.map_err(|error| {
                Failure::usage(format!("{}: {error}", self.file.display()), "give events as JSON, one after the other")
            })?;
            let found = check(&key, &event);
            all_hold &= found.holds;
            count += 1;
            match self.format {
                Format::Json => checked.push(found),
                Format::Text => print_line(&in_words(&found))?,
            }
            // Not to gather a whole log in memory.
            if checked.len() == PAGE_EVENTS_MAX {
                print_json(&std::mem::take(&mut checked))?;
            }
        }
        if !checked.is_empty() {
            print_json(&checked)?;
        }
        if count == 0 {
            say("there are no events");
            return Ok(Answer::No);
        }
        Ok(if all_hold { Answer::Yes } else { Answer::No })
    }
}

fn check(key: &PublicKey, event: &Value) -> Checked {
    let id = event.get("id").and_then(Value::as_str).unwrap_or("?").to_owned();
    let mut checked = Checked { id, holds: false, kid: None, members: Vec::new(), reason: None };
    let outcome = match jws(event) {
        None => Err("there is no signature in it to check".to_owned()),
        Some(jws) => EventSignature::parse(jws).map_err(|error| error.to_string()).and_then(|signature| {
            checked.kid = Some(signature.key_id().to_string());
            checked.members = signature.members().iter().map(|member| member.as_str()).collect();
            if signature.key_id() != key.id() {
                return Err("it is signed with another key".to_owned());
            }
            let content = Content::of_event(event).map_err(|error| error.to_string())?;
            signature.verify(key, &content).map_err(|error| error.to_string())
        }),
    };
    checked.holds = outcome.is_ok();
    checked.reason = outcome.err();
    checked
}

/// The signature of an event as it is read, or as it is sent.
fn jws(event: &Value) -> Option<&str> {
    let signature = event.get("signature")?;
    signature.as_str().or_else(|| signature.get("jws")?.as_str())
}

fn in_words(checked: &Checked) -> String {
    match &checked.reason {
        None => format!("{}  holds: {}", checked.id, checked.members.join(", ")),
        Some(reason) => format!("{}  does not hold: {reason}", checked.id),
    }
}
