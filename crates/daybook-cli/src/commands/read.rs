//! `daybook read`: events by their types and tags, now or as it was.

use clap::Args;
use serde_json::{Map, Value, json};

use super::tail::line_of;
use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{Format, print_line};

/// Events on one page, which is the most that a server gives.
const PAGE_EVENTS: u64 = 1_000;

/// Read events by their types and tags
///
/// Only event types that the app's catalog marks `indexed` can be asked for.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook read tamma --tag issueId=17 --data ./data
  daybook read tamma --type ISSUE.CREATED --type ISSUE.CLOSED --newest --limit 10
  daybook read tamma --tag issueId=17 --as-of 2026-01-14T15:00:00Z --format json")]
pub struct Read {
    /// The app
    app: String,
    /// Only events of this type; may be given several times, for one of several
    #[arg(long = "type", value_name = "NAME")]
    types: Vec<String>,
    /// Only events with this tag; may be given several times, for all of several
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// Only events behind this position
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,
    /// The history as it was: at a position, or at a time
    #[arg(long, value_name = "POSITION|TIME")]
    as_of: Option<String>,
    /// The newest first
    #[arg(long)]
    newest: bool,
    /// Stop after so many events
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Give events in the app's own form
    #[arg(long)]
    dialect: bool,
    /// One line an event for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Read {
    /// Reads page after page.
    pub fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let dialect = if self.dialect { "?dialect=app" } else { "" };
        let path = format!("/v1/{}/read{dialect}", escaped(&self.app));
        let mut body = self.body();
        let mut left = self.limit.unwrap_or(u64::MAX);
        while left > 0 {
            body["limit"] = left.min(PAGE_EVENTS).into();
            let page = client.post(&path, body.to_string().as_bytes())?;
            let events = page.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for event in events {
                let position = event.get("position").and_then(Value::as_u64);
                print_line(&match self.format {
                    Format::Json => event.to_string(),
                    Format::Text => line_of(&event.to_string(), position, self.dialect),
                })?;
            }
            left = left.saturating_sub(events.len() as u64);
            let number = |member: &str| page.get(member).and_then(Value::as_u64).unwrap_or_default();
            let (next, head) = (number("next"), number("head"));
            let through = if self.newest { next <= self.after + 1 } else { next >= head };
            if through {
                break;
            }
            // The next page is of the same history, whatever came meanwhile.
            if body.get("as_of").is_none() {
                body["as_of"] = head.into();
            }
            body[if self.newest { "before" } else { "after" }] = next.into();
        }
        Ok(Answer::Yes)
    }

    fn body(&self) -> Value {
        let tags: Map<String, Value> =
            self.tags.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
        let query = json!({"items": [{"types": self.types, "tags": tags}]});
        let mut body = json!({"query": query, "after": self.after, "backwards": self.newest});
        if let Some(as_of) = &self.as_of {
            body["as_of"] = as_of.parse::<u64>().map_or_else(|_| as_of.as_str().into(), Value::from);
        }
        body
    }
}

/// A key and its value.
fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a tag is written KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
