//! `daybook quarantine`: what was not admitted, why, and what to do about it.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use crate::Answer;
use crate::client::{Client, ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{Format, Table, print, print_json, say};

/// Entries that are asked for at once.
const PAGE: u64 = 500;

/// See, repair and retry events that were not admitted
///
/// An event that its catalog does not allow is kept with its reasons until somebody repairs it, tries it again, or drops it.
#[derive(Debug, Args)]
pub struct Quarantine {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Show(Show),
    Repair(Repair),
    Retry(Retry),
    Drop(Drop),
}

/// List what is kept, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook quarantine list my-app --data ./data
  daybook quarantine list my-app --code data.required --name 'user.*' --limit 20
  daybook quarantine list my-app --format json | jq '.[].errors[].code' | sort | uniq -c")]
struct List {
    /// The app
    app: String,
    /// Only events with an error of this code
    #[arg(long)]
    code: Option<String>,
    /// Only events of this type, or of all that begin alike (`user.*`)
    #[arg(long)]
    name: Option<String>,
    /// Only entries in this state
    #[arg(long, value_enum, default_value_t = State::Open)]
    state: State,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Whether an entry is dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// Not yet
    Open,
    /// Stored after all, or otherwise settled
    Resolved,
    /// Both
    All,
}

/// Show an entry: the event as it was sent, without its secrets, and everything that is wrong with it
#[derive(Debug, Args)]
struct Show {
    /// The app
    app: String,
    /// The entry's number
    id: u64,
    #[command(flatten)]
    server: ServerOptions,
}

/// Put a repaired event in the place of an entry's, and try it
///
/// The answer is no when the event is still not admitted; the entry then holds the repaired event and what is wrong with it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook quarantine show my-app 17 | jq .event > event.json
  $EDITOR event.json
  daybook quarantine repair my-app 17 event.json")]
struct Repair {
    /// The app
    app: String,
    /// The entry's number
    id: u64,
    /// The file with the repaired event; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    server: ServerOptions,
}

/// Try entries again as they are, for instance after the catalog was changed
///
/// The answer is no when any of them is still not admitted.
#[derive(Debug, Args)]
struct Retry {
    /// The app
    app: String,
    /// The entries' numbers
    #[arg(required_unless_present = "all")]
    ids: Vec<u64>,
    /// All open entries
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    server: ServerOptions,
}

/// Delete entries for good
#[derive(Debug, Args)]
struct Drop {
    /// The app
    app: String,
    /// The entries' numbers
    #[arg(required = true)]
    ids: Vec<u64>,
    #[command(flatten)]
    server: ServerOptions,
}

impl Quarantine {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::List(action) => action.run(),
            Action::Show(action) => action.run(),
            Action::Repair(action) => action.run(),
            Action::Retry(action) => action.run(),
            Action::Drop(action) => action.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<Answer, Failure> {
        let mut filters = String::new();
        for (name, value) in [("code", &self.code), ("name", &self.name)] {
            if let Some(value) = value {
                filters.push_str(&format!("&{name}={}", escaped(value)));
            }
        }
        filters.push_str(match self.state {
            State::Open => "&state=open",
            State::Resolved => "&state=resolved",
            State::All => "&state=all",
        });
        let entries = entries(&self.server.client()?, &self.app, &filters, self.limit)?;
        match self.format {
            Format::Json => print_json(&entries)?,
            Format::Text if entries.is_empty() => say("nothing is in quarantine"),
            Format::Text => print(&table(&entries))?,
        }
        Ok(Answer::Yes)
    }
}

impl Show {
    fn run(self) -> Result<Answer, Failure> {
        let entry = self.server.client()?.get(&path(&self.app, self.id))?;
        print_json(&entry)?;
        Ok(Answer::Yes)
    }
}

impl Repair {
    fn run(self) -> Result<Answer, Failure> {
        let mut event = Vec::new();
        if self.file.as_os_str() == "-" {
            std::io::stdin().read_to_end(&mut event).map_err(|source| Failure::read(&self.file, source))?;
        } else {
            event = fs::read(&self.file).map_err(|source| Failure::read(&self.file, source))?;
        }
        let answer = self.server.client()?.post(&format!("{}/retry", path(&self.app, self.id)), &event)?;
        let receipt = receipt(&answer);
        print_json(receipt)?;
        Ok(verdict(receipt))
    }
}

impl Retry {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        if self.all {
            return self.retry_all(&client);
        }
        let mut all = Answer::Yes;
        let mut table = Table::new(&["id", "status", "errors"]);
        for id in &self.ids {
            let answer = client.post(&format!("{}/retry", path(&self.app, *id)), b"")?;
            let receipt = receipt(&answer);
            if verdict(receipt) == Answer::No {
                all = Answer::No;
            }
            let status = receipt.get("status").and_then(Value::as_str).unwrap_or_default();
            table.row(vec![id.to_string(), status.to_owned(), codes(receipt)]);
        }
        print(&table.render())?;
        Ok(all)
    }

    fn retry_all(&self, client: &Client) -> Result<Answer, Failure> {
        let (mut tried, mut resolved, mut after) = (0, 0, 0);
        loop {
            let path = format!("/v1/{}/quarantine/retry?after={after}", escaped(&self.app));
            let answer = client.post(&path, b"")?;
            let number = |member: &str| answer.get(member).and_then(Value::as_u64);
            tried += number("tried").unwrap_or_default();
            resolved += number("resolved").unwrap_or_default();
            if let Some(code) = answer.get("stopped").and_then(Value::as_str) {
                say(&format!("{resolved} of {tried} entries settled, then the server stopped: {code}"));
                return Ok(Answer::No);
            }
            match number("next") {
                Some(next) if next > after => after = next,
                _ => break,
            }
        }
        say(&format!("{resolved} of {tried} entries settled"));
        Ok(if resolved == tried { Answer::Yes } else { Answer::No })
    }
}

impl Drop {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        for id in &self.ids {
            client.delete(&path(&self.app, *id))?;
        }
        say(&format!(
            "{} deleted",
            if self.ids.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", self.ids.len()) }
        ));
        Ok(Answer::Yes)
    }
}

/// Entries of an app's quarantine, page after page.
///
/// # Errors
/// Those of [`Client::get`].
pub fn entries(client: &Client, app: &str, filters: &str, limit: u64) -> Result<Vec<Value>, Failure> {
    let mut entries: Vec<Value> = Vec::new();
    let mut after = 0;
    while (entries.len() as u64) < limit {
        let wanted = (limit - entries.len() as u64).min(PAGE);
        let page = client.get(&format!("/v1/{}/quarantine?after={after}&limit={wanted}{filters}", escaped(app)))?;
        let Some(found) = page.get("entries").and_then(Value::as_array) else { break };
        entries.extend(found.iter().cloned());
        let last = found.last().and_then(|entry| entry.get("id")).and_then(Value::as_u64);
        match last {
            Some(last) if found.len() as u64 == wanted => after = last,
            _ => break,
        }
    }
    Ok(entries)
}

/// The codes of everything that is wrong with an entry.
pub fn codes(entry: &Value) -> String {
    let errors = entry.get("errors").and_then(Value::as_array);
    let errors = errors.into_iter().flatten();
    let codes = errors.map(|error| {
        let text = |member| error.get(member).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}", text("code"), text("path")).trim_end().to_owned()
    });
    codes.collect::<Vec<_>>().join(", ")
}

fn path(app: &str, id: u64) -> String {
    format!("/v1/{}/quarantine/{id}", escaped(app))
}

/// The one receipt of an answer.
fn receipt(answer: &Value) -> &Value {
    answer.get("receipts").and_then(|receipts| receipts.get(0)).unwrap_or(answer)
}

fn verdict(receipt: &Value) -> Answer {
    match receipt.get("status").and_then(Value::as_str) {
        Some("quarantined" | "refused") | None => Answer::No,
        Some(_) => Answer::Yes,
    }
}

fn table(entries: &[Value]) -> String {
    let mut table = Table::new(&["id", "received", "event type", "errors"]);
    for entry in entries {
        let text = |member: &str| entry.get(member).and_then(Value::as_str).unwrap_or("–").to_owned();
        let id = entry.get("id").map(Value::to_string).unwrap_or_default();
        table.row(vec![id, text("received"), text("name"), codes(entry)]);
    }
    table.render()
}
