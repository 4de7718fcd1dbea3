//! `daybook aggregates`: numbers that are kept longer than the events they were computed of.

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use crate::Answer;
use crate::client::{Client, ServerOptions, escaped};
use crate::days;
use crate::failure::Failure;
use crate::members::{number, text};
use crate::output::{Format, Table, grouped, print, print_json, watched};

/// Rows of one request.
const PAGE_ROWS: usize = 1_000;
/// Days that one request computes of one aggregate.
const DAYS_AT_ONCE: u32 = 31;

/// See what is computed of an app's events, and have it computed again
///
/// Aggregates are numbers of a day, a week or a month. They are computed by themselves when that is over, again where events come
/// late, and kept longer than events are.
#[derive(Debug, Args)]
pub struct Aggregates {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Show(Show),
    Compute(Compute),
}

/// List the aggregates of an app, with what there is of each
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook aggregates list my-app --data ./data")]
struct List {
    /// The app
    app: String,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Show the numbers of an aggregate
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook aggregates show my-app orders --from 2026-01-01 --to 2026-01-31
  daybook aggregates show my-app orders --dimension shop:7 --format json | jq '.[].metrics'")]
struct Show {
    /// The app
    app: String,
    /// The aggregate
    aggregate: String,
    /// Of periods that begin on this day or later
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Of periods that begin on this day or earlier
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Only rows that have this dimension with this value; may be repeated
    #[arg(long = "dimension", value_name = "NAME:VALUE")]
    dimensions: Vec<String>,
    /// So many rows at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: usize,
    /// How the rows are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Compute aggregates for days that are over, again where they were computed before
///
/// Days of which events may be gone are left out: what was computed of them stays as it is. It takes a key with the scope admin.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook aggregates compute my-app --from 2026-01-01 --to 2026-01-31
  daybook aggregates compute my-app --aggregate orders --from 2026-01-14 --to 2026-01-14")]
struct Compute {
    /// The app
    app: String,
    /// This aggregate; all of the app without it
    #[arg(long, value_name = "NAME")]
    aggregate: Option<String>,
    /// From this day
    #[arg(long, value_name = "DATE")]
    from: String,
    /// To this day
    #[arg(long, value_name = "DATE")]
    to: String,
    /// How what was done is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Aggregates {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::List(action) => action.run(),
            Action::Show(action) => action.run(),
            Action::Compute(action) => action.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<Answer, Failure> {
        let definitions = definitions(&self.server.client()?, &self.app)?;
        match self.format {
            Format::Json => print_json(&definitions)?,
            Format::Text => print(&definitions_text(&definitions))?,
        }
        Ok(Answer::Yes)
    }
}

impl Show {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let mut query = format!("type={}", escaped(&self.aggregate));
        let ends = [("from", &self.from), ("to", &self.to)];
        let ends = ends.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        for (name, value) in ends.chain(self.dimensions.iter().map(|dimension| ("dimension", dimension))) {
            query.push_str(&format!("&{name}={}", escaped(value)));
        }
        let (mut rows, mut after) = (Vec::new(), String::new());
        while rows.len() < self.limit {
            let limit = (self.limit - rows.len()).min(PAGE_ROWS);
            let mut page =
                client.get(&format!("/v1/{}/aggregates?{query}&limit={limit}{after}", escaped(&self.app)))?;
            if let Some(Value::Array(found)) = page.get_mut("aggregates").map(Value::take) {
                rows.extend(found);
            }
            let Some(next) = page.get("next").and_then(Value::as_str) else { break };
            after = format!("&after={}", escaped(next));
        }
        match self.format {
            Format::Json => print_json(&rows)?,
            Format::Text => print(&rows_text(&rows))?,
        }
        Ok(Answer::Yes)
    }
}

impl Compute {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let wrong = || Failure::usage("`--from` and `--to` are dates", "write them as 2026-01-14");
        let (from, to) = (days::number(&self.from).ok_or_else(wrong)?, days::number(&self.to).ok_or_else(wrong)?);
        let names: Vec<String> = match &self.aggregate {
            Some(name) => vec![name.clone()],
            None => definitions(&client, &self.app)?.iter().map(|one| text(one, "name").to_owned()).collect(),
        };
        // A request at a time stays within what one may take, and shows how far it is.
        let mut parts = Vec::new();
        for name in &names {
            let mut start = from;
            while start <= to {
                let end = to.min(start + i64::from(DAYS_AT_ONCE) - 1);
                parts.push((name, start, end));
                start = end + 1;
            }
        }
        let progress = progress(parts.len() as u64);
        let path = format!("/v1/{}/aggregates/compute", escaped(&self.app));
        let mut sums = Map::new();
        for (name, start, end) in parts {
            let body = json!({"aggregate": name, "from": days::of_number(start), "to": days::of_number(end)});
            let done = client.post(&path, body.to_string().as_bytes())?;
            for (member, value) in done.as_object().into_iter().flatten() {
                let sum = sums.get(member).and_then(Value::as_u64).unwrap_or_default();
                sums.insert(member.clone(), (sum + value.as_u64().unwrap_or_default()).into());
            }
            progress.inc(1);
        }
        progress.finish_and_clear();
        match self.format {
            Format::Json => print_json(&sums)?,
            Format::Text => print(&done_text(&Value::Object(sums)))?,
        }
        Ok(Answer::Yes)
    }
}

fn definitions(client: &Client, app: &str) -> Result<Vec<Value>, Failure> {
    let mut answer = client.get(&format!("/v1/{}/aggregates/definitions", escaped(app)))?;
    match answer.get_mut("aggregates").map(Value::take) {
        Some(Value::Array(definitions)) => Ok(definitions),
        _ => Ok(Vec::new()),
    }
}

fn progress(parts: u64) -> ProgressBar {
    if !watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(parts);
    match ProgressStyle::with_template("{bar:40} {pos}/{len}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn definitions_text(definitions: &[Value]) -> String {
    if definitions.is_empty() {
        return "The catalog of this app declares no aggregates.\n".to_owned();
    }
    let mut table =
        Table::new(&["aggregate", "period", "dimensions", "periods", "late", "from", "to", "computed", "trouble"]);
    for one in definitions {
        let names = one.get("dimensions").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let trouble = match (text(one, "code"), text(one, "message")) {
            ("", _) => String::new(),
            // A table is one line a row.
            (code, message) => format!("{code}: {}", message.replace('\n', " ")),
        };
        table.row(vec![
            text(one, "name").to_owned(),
            text(one, "period").to_owned(),
            names.collect::<Vec<_>>().join(", "),
            grouped(number(one, "periods")),
            grouped(number(one, "late")),
            text(one, "first").to_owned(),
            text(one, "last").to_owned(),
            text(one, "computed_at").to_owned(),
            trouble,
        ]);
    }
    table.render()
}

fn rows_text(rows: &[Value]) -> String {
    let Some(first) = rows.first() else { return "Nothing is computed of that.\n".to_owned() };
    // What comes first in the alphabet comes first here: an object of JSON has no order.
    let names = |member: &str| -> Vec<String> {
        first.get(member).and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let (dimensions, metrics) = (names("dimensions"), names("metrics"));
    let headings: Vec<&str> =
        ["from", "to"].into_iter().chain(dimensions.iter().chain(&metrics).map(String::as_str)).collect();
    let mut table = Table::new(&headings);
    for row in rows {
        let cells = |member: &str, names: &[String]| -> Vec<String> {
            names.iter().map(|name| cell(row.get(member).and_then(|object| object.get(name)))).collect()
        };
        let mut line = vec![text(row, "period_start").to_owned(), text(row, "period_end").to_owned()];
        line.extend(cells("dimensions", &dimensions));
        line.extend(cells("metrics", &metrics));
        table.row(line);
    }
    table.render()
}

fn done_text(done: &Value) -> String {
    let count = |member: &str| grouped(number(done, member));
    let mut text = format!(
        "{} periods computed with {} rows, of which {} are new or others than before and {} are gone\n",
        count("periods"),
        count("rows"),
        count("changed"),
        count("removed")
    );
    for (member, why) in [("unfinished", "are not over yet"), ("expired", "are so old that events may be gone")] {
        if number(done, member) > 0 {
            text.push_str(&format!("{} periods were left out: they {why}\n", count(member)));
        }
    }
    text
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_a_table() {
        let row = |community: u64, users: u64, share: Value| {
            json!({
                "aggregate_type": "dau", "period_start": "2026-01-14", "period_end": "2026-01-14",
                "dimensions": {"community_id": community}, "metrics": {"active_users": users, "share": share},
            })
        };
        insta::assert_snapshot!(rows_text(&[row(1, 150, json!(0.25)), row(12, 7, Value::Null)]), @r"
              from          to  community_id  active_users  share
        2026-01-14  2026-01-14             1           150  0.25
        2026-01-14  2026-01-14            12             7
        ");
        assert_eq!(rows_text(&[]), "Nothing is computed of that.\n");
        insta::assert_snapshot!(done_text(&json!({"periods": 31, "rows": 1240, "changed": 2, "removed": 0, "unfinished": 1})), @r"
        31 periods computed with 1,240 rows, of which 2 are new or others than before and 0 are gone
        1 periods were left out: they are not over yet
        ");
    }
}
