//! The same questions, put to DuckDB.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use crate::questions::{Asked, Question};

#[derive(Deserialize)]
struct Answer {
    seconds: Vec<f64>,
    found: f64,
}

/// Asks each question so many times.
pub fn ask(files: &[PathBuf], questions: &[Question], rounds: usize) -> Vec<Vec<Asked>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = own.join("../../target/python/bin/python");
    let python = std::env::var_os("DAYBOOK_PYTHON").map_or(made, PathBuf::from);
    let script = own.join("benches/lake/duckdb_answers.py");
    let sql: Vec<&str> = questions.iter().map(|question| question.sql).collect();
    let input = json!({"files": files, "questions": sql, "rounds": rounds}).to_string();
    let child = Command::new(&python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}: {error}; `make bench` makes it", python.display()));
    child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("the questions");
    let output = child.wait_with_output().expect("DuckDB's answers");
    assert!(output.status.success(), "DuckDB did not answer");
    let answers: Vec<Answer> = serde_json::from_slice(&output.stdout).expect("DuckDB's answers");
    let asked = |answer: &Answer| {
        answer.seconds.iter().map(|seconds| Asked { seconds: *seconds, found: answer.found }).collect()
    };
    answers.iter().map(asked).collect()
}
