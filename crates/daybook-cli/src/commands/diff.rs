//! `daybook diff`: what changed between two versions of catalogs.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use daybook_catalog::diff::{Class, Diff as Difference};
use daybook_catalog::migrate::{DryRun, Seen};
use daybook_catalog::{AppCatalog, Catalogs, render};
use daybook_event::Severity;
use serde::Serialize;
use serde_json::Value;

use crate::Answer;
use crate::client::{ServerOptions, escaped};
use crate::failure::Failure;
use crate::output::{Format, Table, grouped, print, print_json, say};

/// Events that are asked for at once.
const PAGE_EVENTS: u64 = 1_000;

/// Say what changed in catalogs, and whether their versions say so
///
/// Compares the catalogs of two directories app by app. Every change is a patch, a minor or a major one by the rules of Semantic
/// Versioning, down to the single constraint of a schema; the answer is no when the version of an event type or of a catalog
/// does not say what changed. With `--against-log` or `--events`, events that are stored already are held against the new
/// catalogs: which are not valid any more, and which cannot be migrated to the current version of their type.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git worktree add ../before main && daybook diff ../before/catalogs catalogs
  daybook diff before after --app my-app --format json
  daybook diff before after --app my-app --against-log --data ./data
  daybook diff before after --app my-app --events recorded.ndjson")]
pub struct Diff {
    /// The directory of an app, or of such directories, as it was
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The same as it is now
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Compare only this app
    #[arg(long)]
    app: Option<String>,
    /// Hold the events that a server has stored against the new catalogs; the key needs the scopes read and privacy
    #[arg(long)]
    against_log: bool,
    /// Hold the events of this file, one in Daybook's own form a line, against the new catalog; needs --app
    #[arg(long, value_name = "FILE", requires = "app", conflicts_with = "against_log")]
    events: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    server: ServerOptions,
}

/// Everything that was found.
#[derive(Serialize)]
struct Report {
    /// What changed, app by app.
    apps: Vec<Difference>,
    /// Apps that only the old directory has.
    removed: Vec<String>,
    /// Apps that only the new directory has.
    added: Vec<String>,
    /// Recorded events under the new catalogs, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Vec<Recorded>>,
}

/// The recorded events of one app.
#[derive(Serialize)]
struct Recorded {
    app: String,
    events: Vec<Seen>,
}

impl Diff {
    /// Compares, and writes what changed.
    pub fn run(self) -> Result<Answer, Failure> {
        let (old, new) = (load(&self.old)?, load(&self.new)?);
        let names = |catalogs: &Catalogs| -> Vec<String> {
            catalogs
                .apps()
                .map(|app| app.app.clone())
                .filter(|app| self.app.as_ref().is_none_or(|only| only == app))
                .collect()
        };
        let (before, now) = (names(&old), names(&new));
        if let Some(app) = self.app.as_ref().filter(|_| before.is_empty() && now.is_empty()) {
            return Err(Failure::usage(
                format!("neither directory has a catalog of the app `{app}`"),
                "`daybook check DIR` says which there are",
            ));
        }
        let missing = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|app| !those.contains(app)).cloned().collect()
        };
        let pairs = now.iter().filter_map(|app| old.app(app).zip(new.app(app)));
        let mut report = Report {
            apps: pairs.map(|(old, new)| daybook_catalog::diff::diff(old, new)).collect(),
            removed: missing(&before, &now),
            added: missing(&now, &before),
            recorded: None,
        };
        if self.against_log || self.events.is_some() {
            let mut recorded = Vec::new();
            for app in now.iter().filter_map(|app| new.app(app)) {
                recorded.push(Recorded { app: app.app.clone(), events: self.recorded(app)? });
            }
            report.recorded = Some(recorded);
        }
        match self.format {
            Format::Text => print(&report.text())?,
            Format::Json => print_json(&report)?,
        }
        say(&report.verdict());
        Ok(if report.is_good() { Answer::Yes } else { Answer::No })
    }

    /// What the new catalog says of events that are stored.
    fn recorded(&self, app: &AppCatalog) -> Result<Vec<Seen>, Failure> {
        let mut run = DryRun::new(app);
        if let Some(path) = &self.events {
            let file = std::fs::File::open(path).map_err(|source| Failure::read(path, source))?;
            for line in BufReader::new(file).lines() {
                let line = line.map_err(|source| Failure::read(path, source))?;
                if line.trim().is_empty() {
                    continue;
                }
                let event: Value = serde_json::from_str(&line).map_err(|error| Failure::read(path, error.into()))?;
                take(&mut run, &event);
            }
            return Ok(run.finish());
        }
        let client = self.server.client()?;
        let mut after = 0;
        loop {
            let path = format!("/v1/{}/events?after={after}&limit={PAGE_EVENTS}", escaped(&app.app));
            let page = client.get(&path)?;
            page.get("events").and_then(Value::as_array).into_iter().flatten().for_each(|event| take(&mut run, event));
            match page.get("next").and_then(Value::as_u64).filter(|next| *next > after) {
                Some(next) => after = next,
                None => return Ok(run.finish()),
            }
        }
    }
}

/// The catalogs in a directory, which must be in order to be compared.
fn load(directory: &Path) -> Result<Catalogs, Failure> {
    std::fs::metadata(directory).map_err(|source| Failure::read(directory, source))?;
    let loaded = daybook_catalog::check(directory);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    if errors.is_empty() { Ok(loaded.catalogs) } else { Err(Failure::Catalogs(render::text(&errors))) }
}

/// One event in Daybook's own form.
fn take(run: &mut DryRun<'_>, event: &Value) {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let position = event.get("position").and_then(Value::as_u64).unwrap_or_default();
    let nothing = Value::Object(serde_json::Map::new());
    run.take(position, text("name"), text("version"), event.get("data").unwrap_or(&nothing));
}

impl Report {
    fn is_good(&self) -> bool {
        let recorded = self.recorded.iter().flatten().flat_map(|recorded| &recorded.events);
        self.removed.is_empty()
            && self.apps.iter().all(Difference::versions_match)
            && recorded.into_iter().all(|seen| seen.invalid == 0 && seen.stuck == 0)
    }

    fn text(&self) -> String {
        let mut out: String = self.apps.iter().map(Difference::text).collect();
        out.extend(self.removed.iter().map(|app| format!("{app} is gone\n")));
        out.extend(self.added.iter().map(|app| format!("{app} is new\n")));
        let Some(recorded) = &self.recorded else { return out };
        let mut table = Table::new(&["app", "event type", "version", "events", "invalid", "migrated", "stuck", "at"]);
        for Recorded { app, events } in recorded {
            for seen in events {
                table.row(vec![
                    app.clone(),
                    seen.name.clone(),
                    seen.version.clone(),
                    grouped(seen.events),
                    grouped(seen.invalid),
                    grouped(seen.migrated),
                    grouped(seen.stuck),
                    seen.examples.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
                ]);
            }
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&table.render());
        for seen in recorded.iter().flat_map(|recorded| &recorded.events) {
            for (objection, count) in &seen.objections {
                out.push_str(&format!("{} {}: {} times: {objection}\n", seen.name, seen.version, grouped(*count)));
            }
        }
        out
    }

    fn verdict(&self) -> String {
        let worst = self.apps.iter().filter_map(Difference::worst).max();
        let versions = if self.apps.iter().all(Difference::versions_match) {
            "the versions say so"
        } else {
            "the versions do not say so"
        };
        match worst {
            None if self.removed.is_empty() && self.added.is_empty() => "nothing changed".to_owned(),
            None => "apps came or went".to_owned(),
            Some(Class::Patch) => format!("patch: the same events are admitted; {versions}"),
            Some(Class::Minor) => format!("minor: whatever was admitted still is; {versions}"),
            Some(Class::Major) => format!("major: events may be refused or missed that were not before; {versions}"),
        }
    }
}
