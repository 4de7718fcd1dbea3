//! `daybook retention`: what is past its time, and letting it go.

use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::Answer;
use crate::client::{Client, ServerOptions};
use crate::failure::Failure;
use crate::members::{list, number, text};
use crate::output::{Format, Table, grouped, print, print_json, print_line, say, watched};

/// Pause between two looks at a run.
const POLL: Duration = Duration::from_millis(200);

/// See what is past its time, and let it go
///
/// A catalog says how long each category of events is kept. When a month is over, and that time after it, its secrets are
/// destroyed: what was sealed under them can never be read again. The log's closed segments are then written anew with the
/// hashes of what is gone. A server does this by itself once a day, unless its configuration says otherwise. It takes a key
/// with the scope admin.
#[derive(Debug, Args)]
pub struct Retention {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Plan(Plan),
    Run(Run),
    Status(Status),
}

/// Say what the next run would do, without doing it
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook retention plan --data ./data")]
struct Plan {
    /// How the plan is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Let go now, and wait until it is done
///
/// The answer is no when the run ended early, when a view has not confirmed that it forgot (the next run tells it again), or
/// when another run is under way.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook retention run --data ./data
  daybook retention run --no-wait --format json | jq -r .run")]
struct Run {
    /// Begin, and leave it to the server
    #[arg(long)]
    no_wait: bool,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Say how often it runs, how far a run is, and what the last one did
#[derive(Debug, Args)]
#[command(after_help = "Example:
  daybook retention status --data ./data")]
struct Status {
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

impl Retention {
    /// Does what the action says.
    pub fn run(self) -> Result<Answer, Failure> {
        match self.action {
            Action::Plan(action) => action.run(),
            Action::Run(action) => action.run(),
            Action::Status(action) => action.run(),
        }
    }
}

impl Plan {
    fn run(self) -> Result<Answer, Failure> {
        let plan = self.server.client()?.get("/v1/retention/plan")?;
        match self.format {
            Format::Json => print_json(&plan)?,
            Format::Text => print(&plan_text(&plan))?,
        }
        Ok(Answer::Yes)
    }
}

impl Run {
    fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let begun = match client.post("/v1/retention/run", b"") {
            Err(Failure::Refused { code, .. }) if code == "retention.running" => {
                say("it runs already; `daybook retention status` says how far it is");
                return Ok(Answer::No);
            }
            outcome => outcome?,
        };
        if self.no_wait {
            match self.format {
                Format::Json => print_json(&begun)?,
                Format::Text => print_line(&format!("run {} has begun", text(&begun, "run")))?,
            }
            return Ok(Answer::Yes);
        }
        let Some(done) = follow(&client, text(&begun, "run"))? else {
            say("the run has ended, and the server does not say how; its log may");
            return Ok(Answer::No);
        };
        match self.format {
            Format::Json => print_json(&done)?,
            Format::Text => print(&done_text(&done))?,
        }
        let whole = done.get("error").is_none_or(Value::is_null) && list(&done, "unconfirmed").is_empty();
        Ok(if whole { Answer::Yes } else { Answer::No })
    }
}

impl Status {
    fn run(self) -> Result<Answer, Failure> {
        let status = self.server.client()?.get("/v1/retention")?;
        match self.format {
            Format::Json => print_json(&status)?,
            Format::Text => print(&status_text(&status))?,
        }
        Ok(Answer::Yes)
    }
}

/// Waits until a run has ended, and says what it did.
fn follow(client: &Client, run: &str) -> Result<Option<Value>, Failure> {
    let progress = progress();
    let ended = loop {
        let status = client.get("/v1/retention")?;
        match status.get("running") {
            Some(running) if text(running, "run") == run => {
                progress.set_length(number(running, "segments"));
                progress.set_position(number(running, "segments_done"));
                progress.set_message(text(running, "step").to_owned());
            }
            // It has ended, whether or not another has begun.
            _ => break status.get("last").filter(|last| text(last, "run") == run).cloned(),
        }
        std::thread::sleep(POLL);
    };
    progress.finish_and_clear();
    Ok(ended)
}

fn progress() -> ProgressBar {
    let bar = if watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let template = "{msg:8} {bar:40} {human_pos}/{human_len} segments ({elapsed})";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn plan_text(plan: &Value) -> String {
    let mut out = String::new();
    let months = list(plan, "months");
    if !months.is_empty() {
        let mut table = Table::new(&["app", "category", "month", "kept for"]);
        for month in months {
            let retain = format!("{} days", number(month, "retain_days"));
            table.row(vec![own(month, "app"), own(month, "category"), own(month, "month"), retain]);
        }
        out.push_str("Months whose secrets would be destroyed\n\n");
        out.push_str(&table.render());
        out.push('\n');
    }
    let records = list(plan, "records");
    if !records.is_empty() {
        let mut table = Table::new(&["app", "category", "before", "records"]);
        for record in records {
            let count = grouped(number(record, "records"));
            table.row(vec![own(record, "app"), own(record, "category"), own(record, "before"), count]);
        }
        out.push_str("Records that would be replaced by their hash\n\n");
        out.push_str(&table.render());
        out.push('\n');
    }
    let unruled = list(plan, "unruled");
    if !unruled.is_empty() {
        let mut table = Table::new(&["app", "category", "month"]);
        for month in unruled {
            table.row(vec![own(month, "app"), own(month, "category"), own(month, "month")]);
        }
        out.push_str("Kept, because no catalog says for how long\n\n");
        out.push_str(&table.render());
        out.push('\n');
    }
    if months.is_empty() && records.is_empty() {
        out.push_str("Nothing is past its time.\n");
    } else {
        let (segments, bytes) = (grouped(number(plan, "segments")), grouped(number(plan, "bytes")));
        out.push_str(&format!("Segments of the log to be written anew: {segments}, freeing about {bytes} bytes.\n"));
    }
    out
}

fn done_text(done: &Value) -> String {
    let mut out = format!(
        "months     {}\nrecords    {}\nsegments   {}\nblobs      {}\nfreed      {} bytes\n",
        grouped(number(done, "months")),
        grouped(number(done, "records")),
        grouped(number(done, "segments")),
        grouped(number(done, "blobs")),
        grouped(number(done, "bytes_freed")),
    );
    let unconfirmed: Vec<&str> = list(done, "unconfirmed").iter().filter_map(Value::as_str).collect();
    if !unconfirmed.is_empty() {
        out.push_str(&format!("not confirmed by {}; the next run tells them again\n", unconfirmed.join(", ")));
    }
    if let Some(error) = done.get("error").and_then(Value::as_str) {
        out.push_str(&format!("ended early: {error}\n"));
    }
    out
}

fn status_text(status: &Value) -> String {
    let mut out = match number(status, "every_seconds") {
        0 => "runs by command only\n".to_owned(),
        seconds => format!("runs every {}\n", duration(seconds)),
    };
    if let Some(running) = status.get("running").filter(|running| !running.is_null()) {
        out.push_str(&format!(
            "runs now, since {}: {}, {} of {} segments\n",
            text(running, "started"),
            text(running, "step"),
            grouped(number(running, "segments_done")),
            grouped(number(running, "segments")),
        ));
    }
    match status.get("last").filter(|last| !last.is_null()) {
        None => out.push_str("has not run yet\n"),
        Some(last) => {
            out.push_str(&format!("last run   {} to {}\n", text(last, "started"), text(last, "ended")));
            out.push_str(&done_text(last));
        }
    }
    out
}

/// Seconds as people say them: in the largest unit that leaves no rest.
fn duration(seconds: u64) -> String {
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds.is_multiple_of(*size)).unwrap_or((1, "seconds"));
    let count = seconds / size;
    if count == 1 { unit.trim_end_matches('s').to_owned() } else { format!("{count} {unit}") }
}

fn own(value: &Value, member: &str) -> String {
    text(value, member).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plans_are_read() {
        let plan = json!({
            "now": "2026-01-14T15:00:00.000Z",
            "months": [{"app": "shop", "category": "business", "month": "2025-09", "retain_days": 90}],
            "records": [{"app": "shop", "category": "business", "before": "2025-10-16T15:00:00.000Z", "records": 1234}],
            "segments": 3, "bytes": 567_890,
            "unruled": [{"app": "gone", "category": "product", "month": "2024-01", "retain_days": null}],
        });
        insta::assert_snapshot!(plan_text(&plan), @r"
        Months whose secrets would be destroyed

        app   category    month  kept for
        shop  business  2025-09   90 days

        Records that would be replaced by their hash

        app   category                    before  records
        shop  business  2025-10-16T15:00:00.000Z    1,234

        Kept, because no catalog says for how long

        app   category    month
        gone  product   2024-01

        Segments of the log to be written anew: 3, freeing about 567,890 bytes.
        ");
        let nothing = json!({"months": [], "records": [], "segments": 0, "bytes": 0, "unruled": []});
        assert_eq!(plan_text(&nothing), "Nothing is past its time.\n");
    }

    #[test]
    fn the_status_is_read() {
        let last = json!({
            "run": "r1", "started": "2026-01-13T15:00:00.000Z", "ended": "2026-01-13T15:00:02.000Z",
            "months": 2, "records": 1234, "segments": 3, "blobs": 5, "bytes_freed": 567_890, "unconfirmed": ["lake"], "error": "full",
        });
        let running = json!({
            "run": "r2", "started": "2026-01-14T15:00:00.000Z", "step": "log", "segments_done": 1, "segments": 4,
        });
        let status = json!({"every_seconds": 86_400, "running": running, "last": last});
        insta::assert_snapshot!(status_text(&status), @r"
        runs every day
        runs now, since 2026-01-14T15:00:00.000Z: log, 1 of 4 segments
        last run   2026-01-13T15:00:00.000Z to 2026-01-13T15:00:02.000Z
        months     2
        records    1,234
        segments   3
        blobs      5
        freed      567,890 bytes
        not confirmed by lake; the next run tells them again
        ended early: full
        ");
        let fresh = json!({"every_seconds": 0, "running": null, "last": null});
        assert_eq!(status_text(&fresh), "runs by command only\nhas not run yet\n");
    }

    #[test]
    fn durations_are_said_in_their_largest_unit() {
        for (seconds, said) in [(86_400, "day"), (172_800, "2 days"), (43_200, "12 hours"), (90, "90 seconds")] {
            assert_eq!(duration(seconds), said);
        }
    }
}
