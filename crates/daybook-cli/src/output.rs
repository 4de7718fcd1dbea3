//! Writing for people and for programs: standard output for data, standard error for talk.

use std::io::{IsTerminal, Write, stderr, stdout};

use clap::ValueEnum;
use serde::Serialize;

use crate::failure::Failure;

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Writes to standard output.
///
/// # Errors
/// [`Failure::Output`].
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Writes a line to standard output.
///
/// # Errors
/// [`Failure::Output`].
pub fn print_line(line: &str) -> Result<(), Failure> {
    print(&format!("{line}\n"))
}

/// Writes a value to standard output as indented JSON.
///
/// # Errors
/// [`Failure::Output`].
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Output(error.into()))?;
    print_line(&text)
}

/// Says a line on standard error. When that is gone too, there is nobody left to tell.
pub fn say(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}

/// Whether a person watches standard error, so that progress is worth drawing.
pub fn watched() -> bool {
    stderr().is_terminal()
}

/// Rows under headings, for people. Columns of numbers are flush right.
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { headings: headings.iter().map(|heading| (*heading).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row: as many cells as there are headings.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    /// The table as text, every line ended.
    pub fn render(&self) -> String {
        let columns = self.headings.len();
        let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| cell(row, column).chars().count());
            cells.chain(self.headings.get(column).map(|heading| heading.chars().count())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let numeric: Vec<bool> = (0..columns)
            .map(|column| {
                !self.rows.is_empty()
                    && self.rows.iter().all(|row| cell(row, column).starts_with(|first: char| first.is_ascii_digit()))
            })
            .collect();
        let mut out = String::new();
        for row in std::iter::once(&self.headings).chain(&self.rows) {
            let mut line = String::new();
            for (column, (width, numeric)) in widths.iter().zip(&numeric).enumerate() {
                let cell = cell(row, column);
                let cell = if *numeric { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
                line.push_str(if column == 0 { "" } else { "  " });
                line.push_str(&cell);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// A number with its thousands apart: 1,234,567.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up() {
        let mut table = Table::new(&["app", "stored"]);
        table.row(vec!["noema".into(), grouped(1_234)]);
        table.row(vec!["a".into(), grouped(5)]);
        insta::assert_snapshot!(table.render(), @r"
        app    stored
        noema   1,234
        a           5
        ");
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
