//! `daybook proof`: that an event is in the log, fetched and checked.

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::{Args, Subcommand};
use daybook_event::stored;
use daybook_proof::checkpoint::SignedCheckpoint;
use daybook_proof::hash::{from_base64, leaf_hash};
use daybook_proof::inclusion::InclusionProof;
use daybook_proof::key::PublicKey;
use serde_json::{Value, json};

use super::verify::KnownKeys;
use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::members::text;
use crate::output::{Format, grouped, print, print_json, say};

/// Prove that an event is in the log, and check such proofs offline
#[derive(Debug, Args)]
pub struct Proof {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Get(Get),
    Check(Check),
}

/// Get the proof that an event is in the log, with its record
///
/// What is written is all that `daybook proof check` needs, but for the key. Keep it with whatever it is to prove.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook proof get my-app 0197c1f0-5c1e-7000-8000-000000000001 --data ./data > order.proof.json")]
struct Get {
    /// The app
    app: String,
    /// The event's canonical id, or its id in the app
    id: String,
    /// The proof alone, as a `tlog-proof` text, without the record
    #[arg(long)]
    tlog: bool,
    #[command(flatten)]
    server: ServerOptions,
}

/// Check that an event is in the log, offline
///
/// The answer is no when the proof does not hold: the record is another, the proof was changed, or none of the keys that are
/// given signed the checkpoint. Without a key the one that came with the proof is taken, and that is said: it proves that the
/// proof is whole, and not whose it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook proof check order.proof.json --key \"$(cat log.vkey)\"
  daybook proof check order.tlog-proof --record order.record --log-key-file log-signing.key")]
struct Check {
    /// What `daybook proof get` wrote, or a `tlog-proof`; - for standard input
    file: PathBuf,
    /// The bytes of the record, where the file does not hold them
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    #[command(flatten)]
    keys: KnownKeys,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Proof {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Get(action) => action.run(),
            Action::Check(action) => action.run(),
        }
    }
}

impl Get {
    fn run(self) -> Result<Answer, Failure> {
        let path = format!("/v1/{}/events/{}/proof?format=json", escaped(&self.app), escaped(&self.id));
        let proof = self.server.client()?.get(&path)?;
        if self.tlog {
            print(text(&proof, "proof"))?;
        } else {
            print_json(&proof)?;
        }
        Ok(Answer::Yes)
    }
}

/// What a file holds.
struct Given {
    proof: InclusionProof,
    record: Option<Vec<u8>>,
    /// The hash of the record, where only that is left.
    leaf: Option<[u8; 32]>,
    keys: Vec<PublicKey>,
}

impl Check {
    fn run(self) -> Result<Answer, Failure> {
        let bytes = read(&self.file)?;
        let given = Given::parse(&bytes)?;
        let record = match &self.record {
            Some(file) => Some(read(file)?),
            None => given.record.clone(),
        };
        let leaf = record.as_deref().map(leaf_hash).or(given.leaf).ok_or_else(|| {
            Failure::usage("the file holds no record", "`--record FILE` takes the bytes of the record")
        })?;
        let trusted = self.keys.all()?;
        let keys = if trusted.is_empty() { &given.keys } else { &trusted };
        if keys.is_empty() {
            return Err(Failure::usage("no key is given", "`--key KEY` takes the public key of the log"));
        }
        let signed = match given.proof.verify_leaf(&leaf, keys) {
            Ok(signed) => signed,
            Err(error) => {
                match self.format {
                    Format::Json => print_json(&json!({"ok": false, "problem": error.to_string()}))?,
                    Format::Text => say(&format!("the proof does not hold: {error}")),
                }
                return Ok(Answer::No);
            }
        };
        let body = body(&given.proof, &signed, record.as_deref(), !trusted.is_empty());
        match self.format {
            Format::Json => print_json(&body)?,
            Format::Text => print(&words(&body, &signed))?,
        }
        if trusted.is_empty() {
            say("note: the key came with the proof; `--key` takes the one that you know the log by");
        }
        if record.is_none() {
            say("note: of the record only its hash is left");
        }
        Ok(Answer::Yes)
    }
}

impl Given {
    /// Reads a proof as the server gives it, in either form.
    fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("this is not a proof: {error}"), "`daybook proof get APP ID` writes one")
        };
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            let proof = InclusionProof::parse(bytes).map_err(|error| failed(&error))?;
            return Ok(Self { proof, record: None, leaf: None, keys: Vec::new() });
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| failed(&error))?;
        let proof = InclusionProof::parse(text(&value, "proof").as_bytes()).map_err(|error| failed(&error))?;
        let record = value.get("record").and_then(Value::as_str).map(|record| BASE64_STANDARD.decode(record));
        let record = record.transpose().map_err(|error| failed(&error))?;
        let keys = value.get("keys").and_then(Value::as_array).into_iter().flatten();
        let keys = keys.filter_map(Value::as_str).filter_map(|key| PublicKey::parse(key).ok()).collect();
        Ok(Self { proof, record, leaf: from_base64(text(&value, "leaf")), keys })
    }
}

/// What was proved.
fn body(proof: &InclusionProof, signed: &SignedCheckpoint, record: Option<&[u8]>, trusted: bool) -> Value {
    let event = record.and_then(|record| stored::decode_closed(record, proof.index + 1).ok());
    let event = event.map(|event| {
        let event = &event.event;
        json!({"app": event.app, "id": event.id.to_string(), "name": event.name, "time": event.time.to_string()})
    });
    json!({
        "ok": true, "position": proof.index + 1, "origin": signed.checkpoint.origin, "size": signed.checkpoint.size,
        "keys": signed.signed.iter().map(|signed| signed.key.to_string()).collect::<Vec<_>>(), "key_trusted": trusted,
        "event": event,
    })
}

fn words(body: &Value, signed: &SignedCheckpoint) -> String {
    let event = &body["event"];
    let what = match event.as_object() {
        Some(_) => {
            format!("{} {} of {}, {}", text(event, "name"), text(event, "id"), text(event, "app"), text(event, "time"))
        }
        None => "the record".to_owned(),
    };
    format!(
        "in the log: {what}\nposition {} of {}, signed as {}\n",
        body["position"],
        grouped(signed.checkpoint.size),
        signed.checkpoint.origin
    )
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|source| Failure::read(file, source))?;
        return Ok(bytes);
    }
    std::fs::read(file).map_err(|source| Failure::read(file, source))
}
