//! `daybook lake`: the tables that questions are asked of.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::members::{list, number, text};
use crate::output::{Format, Table, grouped, print, print_json};

/// See how the tables are that questions are asked of, and drop what is past its time
///
/// Each app has a lake: tables of everything that happened, made from the log.
#[derive(Debug, Args)]
pub struct Lake {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Status(Status),
    Retain(Retain),
}

/// Say how far the lakes are, and how large
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook lake status --data ./data
  daybook lake status --app my-app --format json | jq .lag_seconds")]
struct Status {
    /// Only that of this app
    #[arg(long)]
    app: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Drop now what is past its time, or the days of a category before a date
///
/// Days go as a whole, and their files at once. What is past its time goes by itself every minute. The log stays as it is:
/// where a lake is made anew from it, what was dropped before its time comes back as long as the log has it. It takes a key with
/// the scope admin.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook lake retain my-app --data ./data
  daybook lake retain my-app --category telemetry --before 2026-01-01")]
struct Retain {
    /// The app
    app: String,
    /// Days of this category, whatever its retention says
    #[arg(long, requires = "before")]
    category: Option<String>,
    /// Days before this one
    #[arg(long, value_name = "DATE", requires = "category")]
    before: Option<String>,
    /// How what was dropped is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Lake {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Status(action) => action.run(),
            Action::Retain(action) => action.run(),
        }
    }
}

impl Status {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let status = match &self.app {
            Some(app) => client.get(&format!("/v1/lake/{}", escaped(app)))?,
            None => client.get("/v1/lake")?,
        };
        match (self.format, &self.app) {
            (Format::Json, _) => print_json(&status)?,
            (Format::Text, Some(_)) => print(&lakes_text(std::slice::from_ref(&status)))?,
            (Format::Text, None) => print(&lakes_text(list(&status, "lakes")))?,
        }
        Ok(Answer::Yes)
    }
}

impl Retain {
    fn run(self) -> Result<Answer, Failure> {
        let path = format!("/v1/lake/{}/retain", escaped(&self.app));
        let body = match (self.category, self.before) {
            (Some(category), Some(before)) => json!({"category": category, "before": before}).to_string(),
            _ => String::new(),
        };
        let dropped = self.server.client()?.post(&path, body.as_bytes())?;
        match self.format {
            Format::Json => print_json(&dropped)?,
            Format::Text => print(&dropped_text(&dropped))?,
        }
        Ok(Answer::Yes)
    }
}

fn lakes_text(lakes: &[Value]) -> String {
    let mut table = Table::new(&[
        "app",
        "state",
        "lag",
        "as of",
        "on disk to",
        "rows waiting",
        "rows",
        "files",
        "bytes",
        "trouble",
    ]);
    for lake in lakes {
        let count = |member: &str| grouped(number(lake, member));
        let trouble = match (text(lake, "code"), text(lake, "message")) {
            ("", _) => String::new(),
            // A table is one line a row.
            (code, message) => format!("{code}: {}", message.replace('\n', " ")),
        };
        table.row(vec![
            text(lake, "app").to_owned(),
            text(lake, "state").to_owned(),
            count("lag_events"),
            number(lake, "as_of").to_string(),
            number(lake, "committed").to_string(),
            count("rows_waiting"),
            count("rows"),
            count("files"),
            count("bytes"),
            trouble,
        ]);
    }
    table.render()
}

fn dropped_text(dropped: &Value) -> String {
    let days = list(dropped, "dropped");
    if days.is_empty() {
        return "Nothing was dropped.\n".to_owned();
    }
    let mut table = Table::new(&["table", "category", "day", "files", "rows", "bytes"]);
    for day in days {
        let date = day.get("date").and_then(Value::as_str).unwrap_or("in memory");
        table.row(vec![
            text(day, "table").to_owned(),
            text(day, "category").to_owned(),
            date.to_owned(),
            grouped(number(day, "files")),
            grouped(number(day, "rows")),
            grouped(number(day, "bytes")),
        ]);
    }
    let (rows, bytes) = (grouped(number(dropped, "rows")), grouped(number(dropped, "bytes")));
    format!("{}\n{rows} rows, and {bytes} bytes of files\n", table.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_is_read() {
        let days = json!([
            {"table": "events", "category": "telemetry", "date": "2026-01-14", "files": 2, "rows": 4711, "bytes": 81_920},
            {"table": "events", "category": "telemetry", "date": null, "files": 0, "rows": 3, "bytes": 0},
        ]);
        let dropped = json!({"dropped": days, "rows": 4714, "bytes": 81_920});
        insta::assert_snapshot!(dropped_text(&dropped), @r"
        table   category   day         files   rows   bytes
        events  telemetry  2026-01-14      2  4,711  81,920
        events  telemetry  in memory       0      3       0

        4,714 rows, and 81,920 bytes of files
        ");
        assert_eq!(dropped_text(&json!({"dropped": [], "rows": 0, "bytes": 0})), "Nothing was dropped.\n");
    }
}
