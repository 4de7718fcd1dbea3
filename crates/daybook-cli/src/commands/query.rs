//! `daybook query`: what happened, asked in SQL.

use std::fs::{self, File};
use std::io::{BufWriter, IsTerminal, Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{print, say};
use crate::rows;

/// Longest text of a query that is read, in bytes; what the server takes is less.
const SQL_BYTES_MAX: u64 = 1024 * 1024;
/// How much of an answer is passed on at once.
const PART_BYTES: usize = 64 * 1024;

/// Ask what happened, in SQL
///
/// Questions about an app's events, in its tables `events` and `daily_counts`; `SHOW COLUMNS FROM events` tells what
/// they have. Nothing can be changed this way.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook query \"SELECT name, count(*) AS n FROM events GROUP BY name ORDER BY n DESC\" --app my-app
  daybook query \"SHOW COLUMNS FROM events\" --app my-app --data ./data
  daybook query \"SELECT * FROM events WHERE date >= '2026-01-01'\" --app my-app --format parquet --output january.parquet
  daybook query - --app my-app --format csv < weekly.sql > weekly.csv")]
pub struct Query {
    /// The question; `-` reads it from standard input
    sql: String,
    /// The app
    #[arg(long, value_name = "APP")]
    app: String,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
    /// Write the answer to this file; a part of one is never left there
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// So many rows at most; unless given, 10000 as a table or JSON, and all otherwise
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Give up after so many seconds; the server has a limit of its own
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    #[command(flatten)]
    server: ServerOptions,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Table,
    /// One document: columns, rows, and whether there are more
    Json,
    /// A JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// A Parquet file
    Parquet,
    /// An Arrow IPC stream
    Arrow,
}

impl Form {
    /// What it is called in requests.
    const fn format(self) -> &'static str {
        match self {
            Self::Table | Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }
}

impl Query {
    /// Asks, and writes the answer.
    pub fn run(self) -> Result<Answer, Failure> {
        if matches!(self.format, Form::Parquet | Form::Arrow) && self.output.is_none() && stdout().is_terminal() {
            return Err(Failure::usage("this format is nothing for a terminal", "give a file with `--output FILE`"));
        }
        let sql = if self.sql == "-" { read_query()? } else { self.sql.clone() };
        let mut body = json!({"query": sql, "format": self.format.format()});
        if let Some(members) = body.as_object_mut() {
            members.extend(self.limit.map(|limit| ("limit".to_owned(), limit.into())));
            members.extend(self.timeout.map(|timeout| ("timeout".to_owned(), timeout.into())));
        }
        let path = format!("/v1/{}/sql", escaped(&self.app));
        let answer = self.server.client()?.post_download(&path, body.to_string().as_bytes())?;
        if self.format == Form::Table {
            let text = table_of(answer)?;
            match &self.output {
                Some(path) => save(path, text.as_bytes())?,
                None => print(&text)?,
            }
        } else {
            match &self.output {
                Some(path) => save(path, answer)?,
                None => pass_on(answer, stdout().lock(), Failure::Output)?,
            }
        }
        Ok(Answer::Yes)
    }
}

fn read_query() -> Result<String, Failure> {
    let mut sql = String::new();
    let read = stdin().lock().take(SQL_BYTES_MAX).read_to_string(&mut sql);
    read.map_err(|source| Failure::read(Path::new("standard input"), source))?;
    Ok(sql)
}

/// Writes a file that is there as a whole or not at all.
fn save(path: &Path, answer: impl Read) -> Result<(), Failure> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let failed = |source| Failure::write(path, source);
    let saved = File::create(&part).map_err(failed).and_then(|file| pass_on(answer, BufWriter::new(file), failed));
    let saved = saved.and_then(|()| fs::rename(&part, path).map_err(failed));
    if saved.is_err() {
        // What is left of it is of no use.
        let _ = fs::remove_file(&part);
    }
    saved
}

fn pass_on(
    mut answer: impl Read,
    mut to: impl Write,
    failed: impl Fn(std::io::Error) -> Failure,
) -> Result<(), Failure> {
    let mut bytes = 0;
    let mut buffer = vec![0; PART_BYTES];
    loop {
        let read = answer.read(&mut buffer).map_err(|error| Failure::BrokenOff { bytes, reason: error.to_string() })?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        to.write_all(part).map_err(&failed)?;
        bytes += read as u64;
    }
    to.flush().map_err(failed)
}

/// An answer of JSON as a table.
fn table_of(mut answer: impl Read) -> Result<String, Failure> {
    let mut text = Vec::new();
    let broken = |bytes: usize, reason: String| Failure::BrokenOff { bytes: bytes as u64, reason };
    answer.read_to_end(&mut text).map_err(|error| broken(0, error.to_string()))?;
    let answer: Value = serde_json::from_slice(&text).map_err(|error| broken(text.len(), error.to_string()))?;
    if answer.get("truncated") == Some(&Value::Bool(true)) {
        say("there are more rows; `--limit` says how many are shown, the other formats give all");
    }
    let members = |name: &str| answer.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = members("columns").iter().filter_map(|column| column.get("name")?.as_str()).collect();
    Ok(rows::table(&names, members("rows")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_table() {
        let answer = json!({
            "columns": [{"name": "name", "type": "text"}, {"name": "n", "type": "int64"}, {"name": "x", "type": "json"}],
            "rows": [{"name": "a.b", "n": 12, "x": {"k": [1]}}, {"name": "c\u{1b}[2J\nd", "n": 7, "x": null}],
            "truncated": false
        });
        insta::assert_snapshot!(table_of(answer.to_string().as_bytes()).unwrap(), @r#"
        name            n  x
        a.b            12  {"k":[1]}
        c\u{1b}[2J\nd   7
        "#);
        assert!(matches!(table_of(&b"{\"columns\":["[..]), Err(Failure::BrokenOff { bytes: 12, .. })));
    }

    #[test]
    fn a_file_is_there_as_a_whole() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::UnexpectedEof.into())
            }
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("answer.csv");
        assert!(save(&path, b"a,b\r\n".chain(Broken)).is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        save(&path, &b"a,b\r\n"[..]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a,b\r\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
