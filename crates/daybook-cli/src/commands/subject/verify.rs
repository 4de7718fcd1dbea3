//! `daybook subject verify`: whether a report of an erasure is what was signed.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use daybook_privacy::report::jws::VerifyError;
use daybook_privacy::report::{Report, verify};
use daybook_signature::PublicKey;
use serde_json::Value;

use super::reports;
use crate::Answer;
use crate::failure::Failure;
use crate::output::{Format, print, print_json, say};

/// Largest file of reports that is read, in bytes: those of a million people fit.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Check the signature of a report of an erasure, offline
///
/// Takes what `daybook subject erase` or the server wrote, several reports in a list, or the signature alone (a JWS, RFC
/// 7515). The answer is no when it does not hold. Only a key from elsewhere tells who signed: ask the server's owner, or
/// `GET /v1/privacy`, and keep it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook subject verify report.json --key 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo
  curl -s -H \"Authorization: Bearer $KEY\" $URL/v1/my-app/erasures/$ID | daybook subject verify -")]
pub struct Verify {
    /// The report; - for standard input
    report: PathBuf,
    /// The public key of the server that signed it; may be given several times. Default: the one in the report itself
    #[arg(long = "key", value_name = "BASE64URL", allow_hyphen_values = true)]
    keys: Vec<String>,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A report that was given to be checked.
#[derive(Debug)]
struct Given {
    jws: String,
    public_key: Option<String>,
    /// The copy for reading, which is not signed.
    readable: Option<Value>,
}

/// Why a report does not hold.
#[derive(Debug, thiserror::Error)]
enum Flaw {
    /// The signature does not.
    #[error("{0}")]
    Signature(#[from] VerifyError),
    /// The file holds another report than the one that is signed.
    #[error("the signature holds, but not for what stands beside it: the readable report was changed")]
    Readable,
}

impl Verify {
    /// Checks, and writes what was signed.
    pub fn run(self) -> Result<Answer, Failure> {
        for key in &self.keys {
            let parsed = PublicKey::parse(key).map_err(|_| VerifyError::Key);
            parsed.map_err(|error| Failure::usage(format!("`{key}`: {error}"), "`GET /v1/privacy` gives the key"))?;
        }
        let text = self.read()?;
        let Some(reports) = given(&text) else {
            say("this is no report of an erasure: neither JSON with a member `jws`, nor a JWS");
            return Ok(Answer::No);
        };
        let mut held = Vec::new();
        for (index, report) in reports.iter().enumerate() {
            match report.check(&self.keys) {
                Ok(report) => held.push(report),
                Err(flaw) if reports.len() == 1 => say(&format!("the report does not hold: {flaw}")),
                Err(flaw) => say(&format!("report {} does not hold: {flaw}", index + 1)),
            }
        }
        match (self.format, held.as_slice()) {
            (_, []) => {}
            (Format::Json, [report]) if reports.len() == 1 => print_json(report)?,
            (Format::Json, several) => print_json(&several)?,
            (Format::Text, several) => {
                print(&several.iter().map(reports::text).collect::<Vec<_>>().join("\n"))?;
            }
        }
        if held.len() < reports.len() {
            return Ok(Answer::No);
        }
        say(if reports.len() == 1 { "the signature holds" } else { "all signatures hold" });
        if self.keys.is_empty() {
            say(
                "warning: the key came from the report itself, so this shows that nothing was changed since it was signed, \
                 but not who signed it; give the server's key with `--key` (`GET /v1/privacy`)",
            );
        }
        Ok(Answer::Yes)
    }

    fn read(&self) -> Result<String, Failure> {
        let failed = |source| Failure::read(&self.report, source);
        let from: Box<dyn Read> = if self.report.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(&self.report).map_err(failed)?)
        };
        let mut bytes = Vec::new();
        from.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(failed(io::Error::from(io::ErrorKind::FileTooLarge)));
        }
        // What is not text is no report either.
        Ok(String::from_utf8(bytes).unwrap_or_default())
    }
}

/// The reports in a text; none where it holds something else.
fn given(text: &str) -> Option<Vec<Given>> {
    let text = text.trim_start_matches('\u{feff}').trim();
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(reports)) if !reports.is_empty() => reports.iter().map(Given::of).collect(),
        Ok(report) => Some(vec![Given::of(&report)?]),
        Err(_) if text.split('.').count() == 3 && !text.contains(char::is_whitespace) => {
            Some(vec![Given { jws: text.to_owned(), public_key: None, readable: None }])
        }
        Err(_) => None,
    }
}

impl Given {
    fn of(report: &Value) -> Option<Self> {
        let text = |member: &str| report.get(member).and_then(Value::as_str).map(str::to_owned);
        Some(Self { jws: text("jws")?, public_key: text("public_key"), readable: report.get("report").cloned() })
    }

    fn check(&self, keys: &[String]) -> Result<Report, Flaw> {
        let own = self.public_key.as_slice();
        let keys = if keys.is_empty() { own } else { keys };
        let mut outcome = Err(Flaw::Signature(VerifyError::Key));
        for key in keys {
            outcome = verify(&self.jws, key).map_err(Flaw::from);
            if outcome.is_ok() {
                break;
            }
        }
        let report = outcome?;
        match &self.readable {
            Some(readable) if signed(&self.jws).as_ref() != Some(readable) => Err(Flaw::Readable),
            _ => Ok(report),
        }
    }
}

/// What a JWS in its compact form says.
fn signed(jws: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(jws.trim().split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}
