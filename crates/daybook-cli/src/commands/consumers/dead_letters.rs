//! `daybook consumers dead-letters`: events that a consumer gave up.

use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{Consumer, table};
use crate::Answer;
use crate::client::{Client, ServerOptions};
use crate::failure::Failure;
use crate::members::{list, number, text};
use crate::output::{Format, print, print_json, say, watched};

/// Dead letters that are asked for at once.
const PAGE: u64 = 500;
/// Time between two looks at how far a replay is.
const POLL: Duration = Duration::from_millis(200);

/// See, replay and drop events that a consumer gave up
#[derive(Debug, Args)]
pub struct DeadLetters {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Show(Show),
    Replay(Replay),
    Drop(Drop),
}

/// List a consumer's dead letters, in the order of the log
#[derive(Debug, Args)]
struct List {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    /// Only those of events after this position
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Show a dead letter: the event, and every attempt with its reason
#[derive(Debug, Args)]
struct Show {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    /// The event's place in the log
    position: u64,
    #[command(flatten)]
    server: ServerOptions,
}

/// Deliver dead letters again
///
/// Those that are delivered are no dead letters any more; those that fail stay. The answer is no when any stays.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook consumers dead-letters replay my-app/orders 4711
  daybook consumers dead-letters replay my-app/orders --all")]
struct Replay {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    /// The events' places in the log
    #[arg(required_unless_present = "all", value_name = "POSITION")]
    positions: Vec<u64>,
    /// All there are
    #[arg(long, conflicts_with = "positions")]
    all: bool,
    #[command(flatten)]
    server: ServerOptions,
}

/// Drop dead letters for good
///
/// Their events stay in the log; the consumer does not get them again, unless it is rewound.
#[derive(Debug, Args)]
struct Drop {
    /// The consumer: its app and its name
    #[arg(value_name = "APP/NAME")]
    consumer: Consumer,
    /// The events' places in the log
    #[arg(required_unless_present = "all", value_name = "POSITION")]
    positions: Vec<u64>,
    /// All there are
    #[arg(long, conflicts_with = "positions")]
    all: bool,
    #[command(flatten)]
    server: ServerOptions,
}

impl DeadLetters {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::List(action) => action.run(),
            Action::Show(action) => action.run(),
            Action::Replay(action) => action.run(),
            Action::Drop(action) => action.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let mut letters: Vec<Value> = Vec::new();
        let mut after = self.after;
        while (letters.len() as u64) < self.limit {
            let wanted = (self.limit - letters.len() as u64).min(PAGE);
            let page = client.get(&format!("{}?after={after}&limit={wanted}", path(&self.consumer)))?;
            letters.extend(list(&page, "dead_letters").iter().cloned());
            match page.get("next").and_then(Value::as_u64) {
                Some(next) if next > after => after = next,
                _ => break,
            }
        }
        match self.format {
            Format::Json => print_json(&letters)?,
            Format::Text if letters.is_empty() => say("there are no dead letters"),
            Format::Text => print(&table::dead_letters(&letters))?,
        }
        Ok(Answer::Yes)
    }
}

impl Show {
    fn run(self) -> Result<Answer, Failure> {
        print_json(&self.server.client()?.get(&format!("{}/{}", path(&self.consumer), self.position))?)?;
        Ok(Answer::Yes)
    }
}

impl Replay {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let paths = if self.all {
            vec![format!("{}/replay", self.consumer.path())]
        } else {
            self.positions.iter().map(|position| format!("{}/{position}/replay", path(&self.consumer))).collect()
        };
        let (mut total, mut delivered, mut compacted, mut whole) = (0, 0, 0, true);
        for path in paths {
            let begun = client.post(&path, b"")?;
            let ended = self.follow(&client, begun)?;
            total += number(&ended, "total");
            delivered += number(&ended, "delivered");
            compacted += number(&ended, "compacted");
            if text(&ended, "state") != "done" {
                say(&format!("it ended early: {}", text(&ended, "error")));
                whole = false;
            }
        }
        say(&format!("{delivered} of {total} delivered"));
        if compacted > 0 {
            say(&format!("{compacted} are past their retention and can only be dropped"));
        }
        Ok(if whole && delivered == total { Answer::Yes } else { Answer::No })
    }

    /// Waits until a replay has ended.
    fn follow(&self, client: &Client, begun: Value) -> Result<Value, Failure> {
        let progress = if watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} dead letters ({elapsed})") {
            progress.set_style(style);
        }
        let mut replay = begun;
        while text(&replay, "state") == "running" {
            progress.set_length(number(&replay, "total"));
            progress
                .set_position(number(&replay, "delivered") + number(&replay, "failed") + number(&replay, "compacted"));
            std::thread::sleep(POLL);
            let consumer = client.get(&self.consumer.path())?;
            replay = consumer.get("replay").cloned().unwrap_or_default();
        }
        progress.finish_and_clear();
        Ok(replay)
    }
}

impl Drop {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let dropped = if self.all {
            number(&client.delete(&format!("{}?all=true", path(&self.consumer)))?, "dropped")
        } else {
            for position in &self.positions {
                client.delete(&format!("{}/{position}", path(&self.consumer)))?;
            }
            self.positions.len() as u64
        };
        say(&if dropped == 1 { "1 dead letter dropped".to_owned() } else { format!("{dropped} dead letters dropped") });
        Ok(Answer::Yes)
    }
}

fn path(consumer: &Consumer) -> String {
    format!("{}/dead-letters", consumer.path())
}
