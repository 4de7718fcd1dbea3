//! `daybook metrics`: questions that have names.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::days;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::rows;

/// How many days are asked about where nobody says from when.
const DAYS: u32 = 30;

/// Ask who is active, who comes back, who gets how far
///
/// The metrics are active-users, retention, funnel, trend, stickiness, churn and sessions; docs/metrics.md tells what each
/// takes and gives. Periods are those of UTC.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook metrics active-users --app my-app --param period=week
  daybook metrics trend --app my-app --from 2026-03-01 --to 2026-04-01 --param measure=sum:total --format csv
  daybook metrics funnel --app my-app --param 'steps=[{\"event\": \"basket.filled\"}, {\"event\": \"order.placed\"}]'")]
pub struct Metrics {
    /// The metric
    name: String,
    /// The app
    #[arg(long, value_name = "APP")]
    app: String,
    /// From this date, or date and time with its zone. Default: 30 days before the end
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// To before this date, or date and time with its zone. Default: the end of today
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Another parameter of the metric; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<Parameter>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
    #[command(flatten)]
    server: ServerOptions,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Table,
    /// As the server gives it
    Json,
    /// Comma-separated values with a header
    Csv,
}

/// A parameter and its value.
#[derive(Debug, Clone)]
struct Parameter(String, String);

impl std::str::FromStr for Parameter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("a parameter is written NAME=VALUE")?;
        Ok(Self(name.to_owned(), value.to_owned()))
    }
}

impl Metrics {
    /// Asks, and writes the answer.
    pub fn run(self) -> Result<Answer, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros() as i64);
        let to = self.to.unwrap_or_else(|| days::date(now, 1));
        let from = match self.from {
            Some(from) => from,
            None => days::before(&to, DAYS).ok_or_else(|| {
                Failure::usage(
                    "`--to` is neither a date nor a date and time",
                    "write it as 2026-03-01 or 2026-03-01T12:00:00Z",
                )
            })?,
        };
        let ends = [("from", from.as_str()), ("to", to.as_str())];
        let others = self.parameters.iter().map(|Parameter(name, value)| (name.as_str(), value.as_str()));
        let query: Vec<String> = ends
            .into_iter()
            .chain(others)
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        let path = format!("/v1/{}/metrics/{}?{}", escaped(&self.app), escaped(&self.name), query.join("&"));
        let answer = self.server.client()?.get(&path)?;
        let rows = rows_of(&answer);
        let columns = rows::columns(rows);
        match self.format {
            Form::Json => print_json(&answer)?,
            Form::Table => print(&rows::table(&columns, rows))?,
            Form::Csv => print(&rows::csv(&columns, rows))?,
        }
        Ok(Answer::Yes)
    }
}

/// The rows of a metric's answer: its only member.
pub fn rows_of(answer: &Value) -> &[Value] {
    let rows = answer.as_object().and_then(|members| members.values().next()).and_then(Value::as_array);
    rows.map(Vec::as_slice).unwrap_or_default()
}
