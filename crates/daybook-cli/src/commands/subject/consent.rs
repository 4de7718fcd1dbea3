//! `daybook subject consent`: what people said of each purpose.

use clap::{ArgAction, Args, Subcommand};
use daybook_event::Timestamp;
use serde_json::{Map, Value};

use super::person::Naming;
use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{Format, Table, print, print_json, print_line, say};

/// See and note what people consent to
#[derive(Debug, Args)]
pub struct Consent {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Set(Set),
    Grant(Grant),
    Withdraw(Withdraw),
}

/// List every purpose of the app's catalog, and what holds for the person: what they said, or the catalog's default
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject consent list [OPTIONS] <APP> <PERSON>")]
#[command(after_help = "Example:
  daybook subject consent list my-app 12345 --data ./data")]
struct List {
    /// The app and the person
    #[arg(value_names = ["APP", "PERSON"], num_args = 1..=2, required = true, allow_negative_numbers = true)]
    who: Vec<String>,
    #[command(flatten)]
    naming: Naming,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Note what a person said; it counts from the next event on
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject consent set [OPTIONS] --granted <GRANTED> <APP> <PERSON> <PURPOSE>")]
#[command(after_help = "Example:
  daybook subject consent set my-app 12345 newsletter --granted true --source sign-up --version 2026-01")]
struct Set {
    #[command(flatten)]
    change: Change,
    /// Whether they agree
    #[arg(long, action = ArgAction::Set)]
    granted: bool,
}

/// Note that a person agrees
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject consent grant [OPTIONS] <APP> <PERSON> <PURPOSE>")]
#[command(after_help = "Example:
  daybook subject consent grant my-app 12345 newsletter --source settings")]
struct Grant {
    #[command(flatten)]
    change: Change,
}

/// Note that a person does not agree, or no longer
#[derive(Debug, Args)]
#[command(override_usage = "daybook subject consent withdraw [OPTIONS] <APP> <PERSON> <PURPOSE>")]
#[command(after_help = "Example:
  daybook subject consent withdraw my-app 12345 telemetry --source support")]
struct Withdraw {
    #[command(flatten)]
    change: Change,
}

/// Who said something of what, where and when.
#[derive(Debug, Args)]
struct Change {
    /// The app, the person and the purpose
    #[arg(value_names = ["APP", "PERSON", "PURPOSE"], num_args = 2..=3, required = true, allow_negative_numbers = true)]
    what: Vec<String>,
    #[command(flatten)]
    naming: Naming,
    /// Where they said so, such as sign-up, settings or support
    #[arg(long, value_name = "WORD")]
    source: Option<String>,
    /// The version of the text they were shown
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// When they said so, such as 2026-01-14T15:00:00Z. Default: now
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<Timestamp>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Consent {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::List(action) => action.run(),
            Action::Set(action) => action.change.run(action.granted),
            Action::Grant(action) => action.change.run(true),
            Action::Withdraw(action) => action.change.run(false),
        }
    }
}

impl List {
    fn run(self) -> Result<Answer, Failure> {
        let person = self.naming.person(&self.who)?;
        let answer = self.server.client()?.get(&person.path("/consents"))?;
        let consents = answer.get("consents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        match self.format {
            Format::Json => print_json(&consents)?,
            Format::Text if consents.is_empty() => say("the app's catalog asks for no consent"),
            Format::Text => print(&table(consents))?,
        }
        Ok(Answer::Yes)
    }
}

impl Change {
    fn run(self, granted: bool) -> Result<Answer, Failure> {
        let (person, [purpose]) = self.naming.person_and(&self.what)?;
        let mut body = Map::from_iter([("granted".to_owned(), Value::from(granted))]);
        body.extend(self.source.map(|source| ("source".to_owned(), source.into())));
        body.extend(self.version.map(|version| ("version".to_owned(), version.into())));
        body.extend(self.time.map(|time| ("time".to_owned(), time.to_string().into())));
        let path = person.path(&format!("/consents/{}", escaped(&purpose)));
        let answer = self.server.client()?.put(&path, Value::Object(body).to_string().as_bytes())?;
        match self.format {
            Format::Json => print_json(&answer)?,
            Format::Text => {
                let before = match answer.get("previous").and_then(Value::as_bool) {
                    None => "never asked",
                    Some(previous) => in_a_word(previous),
                };
                print_line(&format!("{purpose}: {} (before: {before})", in_a_word(granted)))?;
            }
        }
        Ok(Answer::Yes)
    }
}

/// Consents, a purpose a line.
pub fn table(consents: &[Value]) -> String {
    let mut table = Table::new(&["purpose", "consent", "since", "source", "version"]);
    for consent in consents {
        let text = |member: &str| consent.get(member).and_then(Value::as_str).map(str::to_owned);
        let is = |member: &str| consent.get(member).and_then(Value::as_bool).unwrap_or_default();
        let since = if is("decided") { text("time").unwrap_or_default() } else { "never asked".to_owned() };
        let or_dash = |member| text(member).unwrap_or_else(|| "–".to_owned());
        table.row(vec![
            text("purpose").unwrap_or_default(),
            in_a_word(is("granted")).to_owned(),
            since,
            or_dash("source"),
            or_dash("version"),
        ]);
    }
    table.render()
}

const fn in_a_word(granted: bool) -> &'static str {
    if granted { "granted" } else { "not granted" }
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::table;

    #[test]
    fn what_was_said_and_what_holds_without() {
        let consents = [
            json!({"purpose": "telemetry", "granted": true, "decided": false}),
            json!({"purpose": "mail", "granted": false, "decided": true, "time": "2026-01-14T15:00:00.000Z",
                   "source": "settings", "version": "2"}),
        ];
        insta::assert_snapshot!(table(&consents), @r"
        purpose    consent      since                     source    version
        telemetry  granted      never asked               –         –
        mail       not granted  2026-01-14T15:00:00.000Z  settings  2
        ");
    }
}
