//! `daybook sign`: events with the signature of whoever acts.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use daybook_admission::{Admission, Body, BodyForm};
use daybook_event::limits::EVENT_JSON_BYTES_MAX;
use daybook_signature::{Content, SigningKey, event};
use serde_json::Value;

use super::key_text;
use crate::Answer;
use crate::catalogs::catalog_of;
use crate::failure::Failure;
use crate::output::print_line;

/// Sign events
///
/// Reads one event a line and writes it with a member `signature`: a detached JSON Web Signature over all of the event that can be
/// signed. Events are in Daybook's own form, or with `--app` in any that the app may send. An event must have an id and a time, so that
/// the one that is signed is the one that is stored.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook sign --key ada.key events.ndjson | curl -T - -X POST -H 'content-type: application/x-ndjson' …
  daybook sign --key ada.key --app tamma approvals.ndjson")]
pub struct Sign {
    /// The file with the private key, as `daybook actor-key new` or OpenSSL makes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The app that the events belong to, where they are not in Daybook's own form
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Directories of catalogs, beside those that ship
    #[arg(long, value_name = "DIR", requires = "app")]
    catalogs: Vec<PathBuf>,
    /// The file with the events; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
}

impl Sign {
    /// Signs, and writes.
    pub fn run(self) -> Result<Answer, Failure> {
        let key = key_text::private(&self.key)?;
        let admission = match &self.app {
            Some(app) => {
                let catalog = catalog_of(app, &self.catalogs, true)?;
                Some(Admission::new(catalog).map_err(|error| Failure::server(&error))?)
            }
            None => None,
        };
        for (number, line) in open(&self.file)?.lines().enumerate() {
            let line = line.map_err(|source| Failure::read(&self.file, source))?;
            if line.trim().is_empty() {
                continue;
            }
            let signed = sign(&key, admission.as_ref(), line.trim()).map_err(|reason| {
                let message = format!("{}, line {}: {reason}", self.file.display(), number + 1);
                Failure::usage(message, "an event that is signed has an id, a name and a time, and no signature yet")
            })?;
            print_line(&signed)?;
        }
        Ok(Answer::Yes)
    }
}

/// Lines of a file, or of standard input.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|source| Failure::read(path, source))?;
    Ok(Box::new(BufReader::with_capacity(EVENT_JSON_BYTES_MAX, file)))
}

/// The line with a signature; everything else in it stays as it was written.
fn sign(key: &SigningKey, admission: Option<&Admission>, line: &str) -> Result<String, String> {
    let event: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let members = event.as_object().ok_or("an event is a JSON object")?;
    if members.contains_key("signature") {
        return Err("it has a signature".to_owned());
    }
    let content = match admission {
        None => Content::of_event(&event).map_err(|error| error.to_string())?,
        Some(admission) => {
            let body = Body::parse(line.as_bytes(), &BodyForm::Json).map_err(|error| error.to_string())?;
            admission.signable(&body).pop().ok_or("an event is a JSON object")?
        }
    };
    let signature = event::sign(key, &content).map_err(|error| error.to_string())?;
    let open = line.strip_suffix('}').ok_or("an event is a JSON object")?;
    let comma = if members.is_empty() { "" } else { "," };
    Ok(format!("{open}{comma}\"signature\":\"{signature}\"}}"))
}
