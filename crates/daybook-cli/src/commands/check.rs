//! `daybook check`: lint catalogs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use daybook_catalog::render;
use daybook_event::Severity;

use crate::Answer;
use crate::failure::Failure;
use crate::output::{print, print_line, say};

/// Say everything that is wrong with catalogs
///
/// Reads the files of each directory and reports all findings at once, with file, line, code and hint: unknown keys, names
/// against the naming rule, schemas that are no JSON Schema, examples that do not validate, and more. Errors and warnings
/// make the answer no; notes do not.
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
        let daybook_catalog::Loaded { catalogs, diagnostics } = daybook_catalog::check_all(&self.directories);
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
