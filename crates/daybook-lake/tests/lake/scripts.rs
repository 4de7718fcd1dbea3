//! SQL and metrics as files of sqllogictest (<https://sqlite.org/sqllogictest>), in `scripts/`: each begins with an empty lake of the shop.
//!
//! Beside SQL there are `events` (a line each: name, time, person or `-`, data, and `rate=0.1` where it is sampled), `commit`
//! (what waits in memory goes into files), and `metric NAME PARAMETERS`.
//!
//! The few kinds of records that these files use are read here: the crate `sqllogictest` turns on features of what is below TLS,
//! with which the tests would compile nearly everything a second time.

use std::path::Path;
use std::sync::Arc;

use daybook_consumers::Handler;
use daybook_event::Position;
use daybook_lake::Lake;
use daybook_lake::metrics::{Definitions, Question};
use daybook_lake::query::{Engine, EngineOptions};
use serde_json::Value;

use crate::support::{ask, item, shop};
use crate::tables::place::{Place, batch};

/// What a statement met, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

struct Shop {
    place: Place,
    engine: Arc<Engine>,
    lake: Lake,
    last: Position,
}

impl Shop {
    async fn new() -> Result<Self, Refused> {
        let place = Place::new();
        let options = EngineOptions::new(place.options.directory.with_file_name("engine"));
        let engine = Engine::new(options).map_err(|error| Refused(error.to_string()))?;
        Ok(Self { engine, lake: place.open().await, place, last: 0 })
    }

    async fn add(&mut self, lines: &str) -> Result<(), Refused> {
        let mut items = Vec::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.splitn(4, ' ');
            let mut next = || words.next().unwrap_or_default();
            let (name, time, person, rest) = (next(), next(), next(), next());
            let (rate, data) = match rest.strip_prefix("rate=").map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
                Some((rate, data)) => (rate.parse().map_err(|_| Refused(format!("no rate: {line}")))?, data),
                None => (1.0, rest),
            };
            self.last += 1;
            let mut item = item(self.last, (name, time, if person == "-" { "" } else { person }, data));
            item.event.sample_rate = rate;
            items.push(Arc::new(item));
        }
        self.lake.deliver(&batch(items)).await.map_err(|error| Refused(format!("{error:?}")))
    }

    async fn metric(&self, asked: &str) -> Result<Vec<String>, Refused> {
        let refused = |error: &dyn std::fmt::Display| Refused(error.to_string());
        let (name, parameters) = asked.trim().split_once(char::is_whitespace).unwrap_or((asked, "{}"));
        let parameters: Value = serde_json::from_str(parameters).map_err(|error| refused(&error))?;
        let question = Question::read(name, parameters).map_err(|error| refused(&error))?;
        let snapshot = self.lake.snapshot().await.map_err(|error| refused(&error))?;
        let session = self.engine.session(&snapshot).map_err(|error| refused(&error))?;
        let answer = question.ask(&session, &Definitions::from(&*shop())).await.map_err(|error| refused(&error))?;
        let answer = serde_json::to_value(answer).map_err(|error| refused(&error))?;
        let rows = answer.get("rows").or_else(|| answer.get("steps")).and_then(Value::as_array).cloned();
        let row = |row: Value| row.as_object().into_iter().flat_map(|row| row.values()).map(cell).collect::<Vec<_>>();
        Ok(rows.unwrap_or_default().into_iter().map(|values| row(values).join(" ")).collect())
    }

    async fn sql(&self, sql: &str) -> Result<Vec<String>, Refused> {
        let refused = |error: &dyn std::fmt::Display| Refused(error.to_string());
        let snapshot = self.lake.snapshot().await.map_err(|error| refused(&error))?;
        let session = self.engine.session(&snapshot).map_err(|error| refused(&error))?;
        // Planned first: what cannot be asked is an answer as well.
        session.sql(sql).await.map_err(|error| refused(&error.strip_backtrace()))?;
        Ok(ask(&session, sql).await)
    }
}

/// A value of a metric's row. Days stand without their midnight.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.trim_end_matches("T00:00:00.000Z").to_owned(),
        other => other.to_string(),
    }
}

impl Shop {
    /// What a statement or a query answers, a line each row.
    async fn run(&mut self, text: &str) -> Result<Vec<String>, Refused> {
        let rows = match text.split_once(char::is_whitespace) {
            Some(("events", lines)) => {
                self.add(lines).await?;
                return Ok(Vec::new());
            }
            None if text == "commit" => {
                self.lake.commit().await.map_err(|error| Refused(error.to_string()))?;
                assert!(!self.place.files("events").is_empty());
                return Ok(Vec::new());
            }
            Some(("metric", asked)) => self.metric(asked).await?,
            _ => self.sql(text).await?,
        };
        Ok(rows)
    }
}

/// Runs the records of a file; a record ends with an empty line.
async fn check(script: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lake/scripts").join(script);
    let script = std::fs::read_to_string(path).unwrap();
    let mut shop = Shop::new().await.unwrap();
    let mut records = 0;
    for record in script.split("\n\n") {
        let lines: Vec<&str> = record.lines().filter(|line| !line.starts_with('#')).collect();
        let Some((kind, rest)) = lines.split_first() else { continue };
        let parts: Vec<&[&str]> = rest.splitn(2, |line| *line == "----").collect();
        let text = parts.first().map(|lines| lines.join("\n")).unwrap_or_default();
        let expected: Vec<&str> = parts.get(1).map(|lines| lines.to_vec()).unwrap_or_default();
        let found = shop.run(text.trim()).await;
        match (*kind, kind.strip_prefix("query error")) {
            (_, Some(message)) => {
                let error = found.map(|rows| rows.join("\n")).unwrap_err().to_string();
                assert!(error.contains(message.trim()), "{text}\n{error}");
            }
            ("statement ok", _) => assert_eq!(found.unwrap(), Vec::<String>::new(), "{text}"),
            ("query", _) => assert_eq!(found.unwrap(), expected, "{text}"),
            (other, _) => panic!("no record: {other}"),
        }
        records += 1;
    }
    assert!(records > 3, "{records} records");
}

#[tokio::test]
async fn people() {
    check("people.slt").await;
}

#[tokio::test]
async fn events() {
    check("events.slt").await;
}

#[tokio::test]
async fn steps() {
    check("steps.slt").await;
}
