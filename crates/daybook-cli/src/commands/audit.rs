//! `daybook audit`: who did what and when, why, what was read for it, and what is different since.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::trace::Pages;
use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{print, print_json, say};
use crate::rows::{self, cell};
use crate::tree::{actor, cause};

/// Events shown unless a limit is given.
const EVENTS: usize = 100;
/// Longest answer in a table, in characters.
const CELL_CHARS_MAX: usize = 60;

/// Ask who did what and when, why, what was read for it, and what it changed
///
/// Of a trace, of an actor, or of a period; given together, of what is all of them. The app's catalog says which fields of its
/// events answer which question. People are found and named only for keys that may know them, and that they were is written down.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook audit --app my-app --correlation order-17
  daybook audit --app my-app --actor release-bot --from 2026-03-01T00:00:00Z --question changed
  daybook audit --app my-app --from 2026-01-01T00:00:00Z --to 2026-04-01T00:00:00Z --limit 100000 --format csv > quarter.csv")]
pub struct Audit {
    /// The app
    #[arg(long, value_name = "APP")]
    app: String,
    /// Events of this trace
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Events of this actor
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// Events that happened at this time or later
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Events that happened before this time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only this question; may be repeated
    #[arg(long = "question", value_enum, value_name = "QUESTION")]
    questions: Vec<Question>,
    /// As it was: events up to this position, or received by this time
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<String>,
    /// So many events at most
    #[arg(long, value_name = "N", default_value_t = EVENTS)]
    limit: usize,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
    #[command(flatten)]
    server: ServerOptions,
}

/// What may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Question {
    /// Whose deed it was
    Who,
    /// What was done, and to what
    What,
    /// When
    When,
    /// For which reason
    Why,
    /// What was looked at for it
    Read,
    /// What is different since
    Changed,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people, with long answers cut short
    Table,
    /// One document, as the server gives it
    Json,
    /// Comma-separated values with a header
    Csv,
    /// A report, with a section for each event
    Markdown,
}

impl Question {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Who => "who",
            Self::What => "what",
            Self::When => "when",
            Self::Why => "why",
            Self::Read => "read",
            Self::Changed => "changed",
        }
    }
}

impl Audit {
    /// Asks, and writes the answer.
    pub fn run(self) -> Result<Answer, Failure> {
        let client = self.server.client()?;
        let mut pages =
            Pages { client: &client, path: self.path(), cursor: None, left: Some(self.limit), ended: false };
        let mut whole = Value::Null;
        let mut events: Vec<Value> = Vec::new();
        while let Some(mut page) = pages.page()? {
            if let Some(more) = page.get_mut("events").and_then(Value::as_array_mut).map(std::mem::take) {
                events.extend(more);
            }
            whole = page;
        }
        if pages.cursor.is_some() {
            say("there are more events; `--limit` says how many are shown");
        }
        let asked = whole.get("questions").and_then(Value::as_array).into_iter().flatten();
        let questions: Vec<String> = asked.filter_map(Value::as_str).map(str::to_owned).collect();
        match self.format {
            Form::Json => {
                if let Some(members) = whole.as_object_mut() {
                    members.insert("events".to_owned(), events.into());
                }
                print_json(&whole)?;
            }
            Form::Table => print(&table(&questions, &events))?,
            Form::Csv => print(&csv(&questions, &events))?,
            Form::Markdown => print(&markdown(&self.app, &questions, &whole, &events))?,
        }
        Ok(Answer::Yes)
    }

    fn path(&self) -> String {
        let questions: Vec<&str> = self.questions.iter().map(|question| question.as_str()).collect();
        let questions = (!questions.is_empty()).then(|| questions.join(","));
        let parameters = [
            ("correlation", &self.correlation),
            ("actor", &self.actor),
            ("from", &self.from),
            ("to", &self.to),
            ("question", &questions),
            ("as_of", &self.as_of),
        ];
        let parameters = parameters.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let query: Vec<String> = parameters.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        format!("/v1/{}/audit?{}", escaped(&self.app), query.join("&"))
    }
}

/// The columns of tables: the event, then each question.
fn row(event: &Value, questions: &[String], shown: impl Fn(String) -> String) -> Value {
    let mut row = Map::new();
    for name in ["position", "time", "name"] {
        row.insert(name.to_owned(), event.get(name).cloned().unwrap_or_default());
    }
    for question in questions.iter().filter(|question| *question != "when") {
        let said = event.get(question).map(|answer| answers(question, answer)).unwrap_or_default();
        let answer = if said.is_empty() { Value::Null } else { shown(said.join("; ")).into() };
        row.insert(question.clone(), answer);
    }
    if questions.iter().any(|question| question == "when") {
        let received = event.get("when").and_then(|when| when.get("received")).cloned().unwrap_or_default();
        row.insert("received".to_owned(), received);
    }
    Value::Object(row)
}

fn table(questions: &[String], events: &[Value]) -> String {
    let short = |text: String| match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    };
    // When it was received is for those who asked for nothing else.
    let questions: Vec<String> =
        questions.iter().filter(|question| questions.len() == 1 || *question != "when").cloned().collect();
    let found: Vec<Value> = events.iter().map(|event| row(event, &questions, short)).collect();
    rows::table(&columns(&questions), &found)
}

fn csv(questions: &[String], events: &[Value]) -> String {
    let found: Vec<Value> = events.iter().map(|event| row(event, questions, |text| text)).collect();
    rows::csv(&columns(questions), &found)
}

fn columns(questions: &[String]) -> Vec<&str> {
    let answers = questions.iter().map(String::as_str).filter(|question| *question != "when");
    let received = questions.iter().any(|question| question == "when").then_some("received");
    ["position", "time", "name"].into_iter().chain(answers).chain(received).collect()
}

fn markdown(app: &str, questions: &[String], page: &Value, events: &[Value]) -> String {
    let text = |of: &Value, name: &str| of.get(name).map(cell).unwrap_or_default();
    let mut out = format!("# Audit of {}\n\nAs of position {}", plain(app), text(page, "as_of"));
    if page.get("received_by").is_some() {
        out.push_str(&format!(", received by {}", text(page, "received_by")));
    }
    out.push_str(&format!("; {} events.\n", events.len()));
    for event in events {
        let (name, time) = (plain(&text(event, "name")), text(event, "time"));
        out.push_str(&format!("\n## {} · {name} · {time}\n\n", text(event, "position")));
        for question in questions {
            let Some(answer) = event.get(question) else { continue };
            let said = answers(question, answer);
            match said.as_slice() {
                [] => {}
                [one] => out.push_str(&format!("- **{question}**: {}\n", plain(one))),
                several => {
                    out.push_str(&format!("- **{question}**:\n"));
                    several.iter().for_each(|one| out.push_str(&format!("  - {}\n", plain(one))));
                }
            }
        }
    }
    out
}

/// Text that means nothing to Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// What is answered, one thing after the other.
fn answers(question: &str, answer: &Value) -> Vec<String> {
    let text = |name: &str| answer.get(name).filter(|value| !value.is_null()).map(cell);
    let mut said = Vec::new();
    match question {
        "who" => {
            said.extend(actor(answer));
            said.extend(text("source").map(|source| format!("from {source}")));
        }
        "what" => said.extend(text("description")),
        "when" => {
            said.extend(text("time").map(|time| format!("happened {time}")));
            said.extend(text("received").map(|received| format!("received {received}")));
        }
        "why" => said.extend(answer.get("cause").map(reason)),
        _ => {}
    }
    let fields = answer.get("fields").and_then(Value::as_object).into_iter().flatten();
    // That there was nothing before says something.
    let shown = |value: &Value| if value.is_null() { "null".to_owned() } else { cell(value) };
    said.extend(fields.map(|(name, value)| format!("{}={}", cell(&Value::from(name.as_str())), shown(value))));
    let withheld = answer.get("withheld").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !withheld.is_empty() {
        let names: Vec<String> = withheld.iter().map(cell).collect();
        said.push(format!("(not shown: {})", names.join(", ")));
    }
    said
}

/// The cause of an event as a reason.
fn reason(of: &Value) -> String {
    let text = |name: &str| of.get(name).filter(|value| !value.is_null()).map(cell);
    match (of.get("status").and_then(Value::as_str), text("name"), text("position")) {
        (Some("known"), Some(name), Some(position)) => format!("because of {name} at {position}"),
        _ => cause(of),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn events() -> Vec<Value> {
        vec![
            json!({
                "position": 12, "name": "CONFIG.CHANGED", "time": "2026-03-01T12:00:00.000Z",
                "who": {"actor": {"type": "user"}, "anonymous_id": "4f1c", "source": "cli", "withheld": ["approver"]},
                "what": {"description": "A setting has another value.", "fields": {"key": "a\nb"}},
                "when": {"time": "2026-03-01T12:00:00.000Z", "received": "2026-03-01T12:00:01.000Z"},
                "why": {"cause": {"status": "known", "name": "APPROVAL.PROVIDED", "position": 9}, "fields": {"reason": "x".repeat(90)}},
                "changed": {"fields": {"before": null, "after": [1]}}
            }),
            json!({"position": 13, "name": "A.B", "time": "2026-03-01T12:00:02.000Z", "who": {}, "what": {}, "when": {}, "why": {}}),
        ]
    }

    fn all() -> Vec<String> {
        ["who", "what", "when", "why", "read", "changed"].map(str::to_owned).to_vec()
    }

    #[test]
    fn answers_are_a_table_a_sheet_and_a_report() {
        insta::assert_snapshot!(table(&all(), &events()), @r"
        position                      time  name            who                                         what                                    why                                                            read  changed
              12  2026-03-01T12:00:00.000Z  CONFIG.CHANGED  user 4f1c; from cli; (not shown: approver)  A setting has another value.; key=a\nb  because of APPROVAL.PROVIDED at 9; reason=xxxxxxxxxxxxxxxxxx…        before=null; after=[1]
              13  2026-03-01T12:00:02.000Z  A.B
        ");
        assert_eq!(
            csv(&all()[4..], &events()),
            "position,time,name,read,changed\r\n\
             12,2026-03-01T12:00:00.000Z,CONFIG.CHANGED,,before=null; after=[1]\r\n\
             13,2026-03-01T12:00:02.000Z,A.B,,\r\n"
        );
        insta::assert_snapshot!(markdown("my_app", &all(), &json!({"as_of": 20}), &events()), @r"
        # Audit of my\_app

        As of position 20; 2 events.

        ## 12 · CONFIG.CHANGED · 2026-03-01T12:00:00.000Z

        - **who**:
          - user 4f1c
          - from cli
          - (not shown: approver)
        - **what**:
          - A setting has another value.
          - key=a\\nb
        - **when**:
          - happened 2026-03-01T12:00:00.000Z
          - received 2026-03-01T12:00:01.000Z
        - **why**:
          - because of APPROVAL.PROVIDED at 9
          - reason=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        - **changed**:
          - before=null
          - after=\[1\]

        ## 13 · A.B · 2026-03-01T12:00:02.000Z
        ");
    }
}
