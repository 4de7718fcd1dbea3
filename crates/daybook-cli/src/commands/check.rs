//! `daybook check`: lint catalogs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use daybook_catalog::{Diagnostic, render};
use daybook_event::Severity;

use crate::Answer;
use crate::failure::Failure;
use crate::output::{print, print_line, say};

/// Say everything that is wrong with catalogs
///
/// Reads the files of each directory and reports all findings at once, with file, line, code and hint: unknown keys, names
/// against the naming rule, schemas that are no JSON Schema, examples that do not validate, options that a consumer's handler does not
/// know, and more. Errors and warnings make the answer no; notes do not.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  daybook check catalogs/*
  daybook check my-app --format json
  daybook check catalogs --format github    # annotations in GitHub Actions")]
pub struct Check {
    /// Directories of apps, or directories of such directories
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// Workflow commands that GitHub Actions shows as annotations
    Github,
}

impl Check {
    /// Lints, and writes what was found.
    pub fn run(self) -> Result<Answer, Failure> {
        // A catalog that is not there is no bad catalog: the command line is wrong.
        for directory in &self.directories {
            std::fs::metadata(directory).map_err(|source| Failure::Read { path: directory.clone(), source })?;
        }
        let daybook_catalog::Loaded { catalogs, mut diagnostics } = daybook_catalog::check_all(&self.directories);
        diagnostics.extend(self.directories.iter().flat_map(|directory| consumer_options(directory)));
        let apps = catalogs.apps().count();
        let event_types: usize = catalogs.apps().map(|app| app.current_events().count()).sum();
        match self.format {
            CheckFormat::Text => print(&render::text(&diagnostics))?,
            CheckFormat::Json => print_line(&render::json(&diagnostics))?,
            CheckFormat::Github => print(&render::github(&diagnostics))?,
        }
        let catalogs = if apps == 1 { "catalog" } else { "catalogs" };
        let types = if event_types == 1 { "type" } else { "types" };
        let verdict = if diagnostics.is_empty() { ": nothing to complain about" } else { "" };
        say(&format!("{apps} good {catalogs} with {event_types} event {types}{verdict}"));
        let clean = diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Note);
        Ok(if clean { Answer::Yes } else { Answer::No })
    }
}

/// What the handlers of consumers find wrong with their options, in an app's directory or a directory of such.
fn consumer_options(directory: &Path) -> Vec<Diagnostic> {
    const FILE: &str = "consumers.yaml";
    let inner = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut places: Vec<PathBuf> = std::iter::once(directory.to_owned()).chain(inner).collect();
    places.retain(|place| place.join(FILE).is_file());
    places.sort_unstable();
    let mut found = Vec::new();
    for place in places {
        let file = place.join(FILE);
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        for app in daybook_catalog::check(&place).catalogs.apps() {
            for spec in &app.consumers {
                let (line, column) = place_of(&spec.name, &text);
                found.extend(daybook_sinks::check(spec, app).into_iter().map(|message| Diagnostic {
                    file: file.display().to_string(),
                    line,
                    column,
                    severity: Severity::Error,
                    code: "consumers.options",
                    message: format!("consumer `{}`: {message}", spec.name).into(),
                    hint: None,
                }));
            }
        }
    }
    found
}

/// Line and column of a consumer's name in the text of its file.
fn place_of(name: &str, text: &str) -> (usize, usize) {
    let is_name = |line: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    let found = text.lines().enumerate().find(|(_, line)| is_name(line));
    found
        .map_or((1, 1), |(index, line)| (index + 1, line.chars().take_while(|character| *character == ' ').count() + 1))
}
