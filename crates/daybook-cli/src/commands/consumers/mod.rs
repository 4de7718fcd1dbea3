//! `daybook consumers`: what reacts to events, how it is, and what to do about it.

mod dead_letters;
mod table;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::members::{list, number};
use crate::output::{Format, print, print_json, print_line, say, watched};

/// See how consumers are, and have them stop, go on, go back, or deliver again
///
/// A consumer reacts to an app's events: it writes them to a database, calls a webhook, counts, or raises an alarm. Each has its
/// own place in the log. Without a command, lists them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_required = false)]
#[command(after_help = "Examples:
  daybook consumers --data ./data
  daybook consumers --app my-app --format json | jq '.[] | select(.state != \"running\")'")]
pub struct Consumers {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(Show),
    Pause(Pause),
    Resume(Resume),
    Rewind(Rewind),
    Retire(Retire),
    DeadLetters(dead_letters::DeadLetters),
    Reload(Reload),
}

#[derive(Debug, Args)]
struct List {
    /// Only those of this app
    #[arg(long)]
    app: Option<String>,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Show everything that is known of a consumer
#[derive(Debug, Args)]
struct Show {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    #[command(flatten)]
    server: ServerOptions,
}

/// Pause a consumer, until it is resumed
///
/// It keeps its place in the log, through restarts too; nothing is lost.
#[derive(Debug, Args)]
struct Pause {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    #[command(flatten)]
    server: ServerOptions,
}

/// Let a paused consumer go on, and one that waits or has stopped try again at once
#[derive(Debug, Args)]
struct Resume {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    #[command(flatten)]
    server: ServerOptions,
}

/// Set a consumer's place in the log, back or forth
///
/// What it delivered before it delivers again: Daybook's handlers write an event to the same place, and whatever else takes calls has to
/// know the event's id.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook consumers rewind my-app/orders beginning
  daybook consumers rewind my-app/orders 2026-01-14T00:00:00Z
  daybook consumers rewind my-app/orders 4711    # goes on with the event after this position")]
struct Rewind {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    /// beginning, now, a position, or a time (RFC 3339): the first event received then or later
    to: String,
    #[command(flatten)]
    server: ServerOptions,
}

/// Say that what a removed consumer delivered is taken care of
///
/// For a consumer that is in no catalog any more, or was renamed. What it delivered lies where the server cannot reach it, so erasures of its
/// app stay incomplete: delete it, or what names people in it, and then say so here. Who said it is written to Daybook's own log.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook consumers retire my-app/orders --yes")]
struct Retire {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    server: ServerOptions,
}

/// Have the server read its consumers again
///
/// Reads consumers.yaml of the catalogs' directories and the consumers of the configuration file; they are added, changed and
/// removed while the server runs. If anything is wrong, nothing changes and the answer is no. SIGHUP does the same.
#[derive(Debug, Args)]
struct Reload {
    /// How the changes are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// A consumer, as `app/name`.
#[derive(Debug, Clone)]
struct Consumer {
    app: String,
    name: String,
}

impl std::str::FromStr for Consumer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((app, name)) if !app.is_empty() && !name.is_empty() => {
                Ok(Self { app: app.to_owned(), name: name.to_owned() })
            }
            _ => Err("a consumer is named by its app and its name, as in my-app/orders".to_owned()),
        }
    }
}

impl std::fmt::Display for Consumer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.app, self.name)
    }
}

impl Consumer {
    fn path(&self) -> String {
        format!("/v1/consumers/{}/{}", escaped(&self.app), escaped(&self.name))
    }
}

impl Consumers {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            None => self.list.run(),
            Some(Action::Show(action)) => action.run(),
            Some(Action::Pause(action)) => action.run(),
            Some(Action::Resume(action)) => action.run(),
            Some(Action::Rewind(action)) => action.run(),
            Some(Action::Retire(action)) => action.run(),
            Some(Action::DeadLetters(action)) => action.run(),
            Some(Action::Reload(action)) => action.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<Answer, Failure> {
        let of = self.app.map(|app| format!("?app={}", escaped(&app))).unwrap_or_default();
        let answer = self.server.client()?.get(&format!("/v1/consumers{of}"))?;
        let consumers = list(&answer, "consumers");
        match self.format {
            Format::Json => print_json(&consumers)?,
            Format::Text if consumers.is_empty() => say("there are no consumers"),
            Format::Text => print(&table::consumers(consumers))?,
        }
        Ok(Answer::Yes)
    }
}

impl Show {
    fn run(self) -> Result<Answer, Failure> {
        print_json(&self.server.client()?.get(&self.consumer.path())?)?;
        Ok(Answer::Yes)
    }
}

impl Pause {
    fn run(self) -> Result<Answer, Failure> {
        let now = self.server.client()?.post(&format!("{}/pause", self.consumer.path()), b"")?;
        say(&format!("{} is paused; it goes on after position {}", self.consumer, number(&now, "offset")));
        Ok(Answer::Yes)
    }
}

impl Resume {
    fn run(self) -> Result<Answer, Failure> {
        let now = self.server.client()?.post(&format!("{}/resume", self.consumer.path()), b"")?;
        say(&format!("{} goes on after position {}", self.consumer, number(&now, "offset")));
        Ok(Answer::Yes)
    }
}

impl Rewind {
    fn run(self) -> Result<Answer, Failure> {
        let to = self.to.parse::<u64>().map_or_else(|_| Value::from(self.to.as_str()), Value::from);
        let body = json!({"to": to}).to_string();
        let now = self.server.client()?.post(&format!("{}/rewind", self.consumer.path()), body.as_bytes())?;
        say(&format!("{} goes on after position {}", self.consumer, number(&now, "offset")));
        Ok(Answer::Yes)
    }
}

impl Retire {
    fn run(self) -> Result<Answer, Failure> {
        if !self.yes && !self.confirmed()? {
            say("nothing was retired");
            return Ok(Answer::No);
        }
        self.server.client()?.post(&format!("{}/retire", self.consumer.path()), b"")?;
        say(&format!("{} is retired: erasures do not wait for it any more", self.consumer));
        Ok(Answer::Yes)
    }

    /// Asks whoever sits there.
    fn confirmed(&self) -> Result<bool, Failure> {
        if !io::stdin().is_terminal() || !watched() {
            return Ok(true);
        }
        let question = format!(
            "Nothing asks for what {} delivered any more. Is it deleted, or without names? [y/N] ",
            self.consumer
        );
        let mut err = io::stderr().lock();
        write!(err, "{question}").and_then(|()| err.flush()).map_err(Failure::Output)?;
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.map_err(|source| Failure::read(Path::new("standard input"), source))?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}

impl Reload {
    fn run(self) -> Result<Answer, Failure> {
        let changes = match self.server.client()?.post("/v1/consumers/reload", b"") {
            Err(Failure::Refused { code, detail, hint, .. }) if code == "consumers.invalid" => {
                say(&detail);
                say(&hint.unwrap_or_default());
                return Ok(Answer::No);
            }
            outcome => outcome?,
        };
        if self.format == Format::Json {
            print_json(&changes)?;
            return Ok(Answer::Yes);
        }
        for (member, sign) in [("added", '+'), ("changed", '~'), ("removed", '-')] {
            for consumer in list(&changes, member).iter().filter_map(Value::as_str) {
                print_line(&format!("{sign} {consumer}"))?;
            }
        }
        say(&format!("{} unchanged", number(&changes, "unchanged")));
        Ok(Answer::Yes)
    }
}
