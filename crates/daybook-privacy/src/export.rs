//! Everything about a person, in a zip that is written while it is read: neither the events nor the archive are ever held
//! in memory or in a file.
//!
//! The entries have fixed names: `consents.ndjson`, `events.ndjson`, `quarantine.ndjson`, the files of views under
//! `views/VIEW/`, and last `README.txt`, which says in words what is there. An archive without it was not finished.

mod archive;
mod summary;

use std::collections::BTreeSet;
use std::io::{self, Write};

use daybook_event::{Event, SubjectId, Timestamp};
use serde::Serialize;

use self::archive::Archive;
use self::summary::Summary;
use crate::limits;
use crate::view::ExportPart;

const EVENTS: &str = "events.ndjson";
const CONSENTS: &str = "consents.ndjson";
const QUARANTINE: &str = "quarantine.ndjson";
const README: &str = "README.txt";

/// Whom an export is about.
#[derive(Clone, PartialEq, Eq)]
pub struct About {
    /// The app.
    pub app: String,
    /// What the app is called.
    pub title: String,
    /// What the app calls the person.
    pub name: String,
    /// What they are called in views.
    pub ids: Vec<SubjectId>,
    /// When they were first seen.
    pub created: Timestamp,
    /// Since when they object to being followed.
    pub objected: Option<Timestamp>,
    /// What they said of each purpose there is.
    pub consents: Vec<Consent>,
    /// When the export is made.
    pub made: Timestamp,
    /// The vault cannot read everything at present.
    pub degraded: bool,
}

/// Whom it is about is not printed.
impl std::fmt::Debug for About {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("About").field("app", &self.app).field("ids", &self.ids).finish_non_exhaustive()
    }
}

/// What holds for a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// The purpose.
    pub purpose: String,
    /// Whether it is allowed.
    pub granted: bool,
    /// Whether the person said so; otherwise it is the app's default.
    pub decided: bool,
    /// When they said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Where they said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The version of the text they saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An export cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Whoever takes it takes no more.
    #[error("the export cannot be written")]
    Write(#[source] io::Error),
    /// Parts come in another order than that of the archive: events, quarantine, views.
    #[error("`{0}` of an export is written already")]
    Order(&'static str),
    /// A view gives a file a name that is none.
    #[error("the view `{view}` gives an export a file with a name that cannot be used")]
    Name {
        /// The view.
        view: String,
    },
    /// A value cannot be written as JSON.
    #[error("a value cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

/// Writes an export. Parts come in order: [`ExportWriter::event`]s, then [`ExportWriter::quarantined`], then
/// [`ExportWriter::part`]s, then [`ExportWriter::finish`]. Dropped before that, what was written is no readable archive.
pub struct ExportWriter<W: Write> {
    archive: Archive<W>,
    about: About,
    section: Section,
    summary: Summary,
    parts: BTreeSet<String>,
    line: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Events,
    Quarantine,
    Views,
}

impl<W: Write> ExportWriter<W> {
    /// Begins an export.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn new(out: W, about: About) -> Result<Self, ExportError> {
        let mut archive = Archive::new(out, about.made);
        let mut line = Vec::new();
        archive.start(CONSENTS)?;
        for consent in &about.consents {
            line.clear();
            serde_json::to_writer(&mut line, consent).map_err(ExportError::Json)?;
            end_line(&mut line);
            archive.write(&line)?;
        }
        archive.start(EVENTS)?;
        let (summary, parts) = (Summary::default(), BTreeSet::new());
        Ok(Self { archive, about, section: Section::Events, summary, parts, line })
    }

    /// Writes an event, opened; `unreadable` is how many of its sealed parts did not open.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn event(&mut self, event: &Event<'_>, unreadable: usize) -> Result<(), ExportError> {
        if self.section != Section::Events {
            return Err(ExportError::Order(EVENTS));
        }
        self.line.clear();
        event.write_json(&mut self.line);
        end_line(&mut self.line);
        self.summary.count(event, unreadable);
        self.archive.write(&self.line)
    }

    /// Writes an event that was not admitted, with what is known of it.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn quarantined(&mut self, entry: &impl Serialize) -> Result<(), ExportError> {
        if self.section > Section::Quarantine {
            return Err(ExportError::Order(QUARANTINE));
        }
        self.enter(Section::Quarantine)?;
        self.line.clear();
        serde_json::to_writer(&mut self.line, entry).map_err(ExportError::Json)?;
        end_line(&mut self.line);
        self.summary.quarantined += 1;
        self.archive.write(&self.line)
    }

    /// Notes that an event in quarantine could not be read.
    pub const fn unreadable_in_quarantine(&mut self) {
        self.summary.quarantine_unreadable += 1;
    }

    /// Writes a file of a view.
    ///
    /// # Errors
    /// [`ExportError`]; after [`ExportError::Name`] the export goes on without this file.
    pub fn part(&mut self, view: &str, part: &ExportPart) -> Result<(), ExportError> {
        self.enter(Section::Views)?;
        let path = format!("views/{view}/{}", part.file_name);
        if !is_plain(view) || !is_plain(&part.file_name) || self.parts.contains(&path) {
            return Err(ExportError::Name { view: view.to_owned() });
        }
        self.archive.start(&path)?;
        self.archive.write(&part.bytes)?;
        self.parts.insert(path);
        Ok(())
    }

    /// Notes that a view could not say what it holds.
    pub fn missing_view(&mut self, view: &str) {
        self.summary.missing_views.push(view.to_owned());
    }

    /// Writes the summary and ends the archive.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.enter(Section::Views)?;
        self.archive.start(README)?;
        let text = self.summary.text(&self.about, &self.parts);
        self.archive.write(text.as_bytes())?;
        self.archive.finish()
    }

    /// How many events were written.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.summary.events
    }

    /// Goes on to a section, by way of those before it, so that each has its entry.
    fn enter(&mut self, section: Section) -> Result<(), ExportError> {
        if self.section < Section::Quarantine && section >= Section::Quarantine {
            self.archive.start(QUARANTINE)?;
            self.section = Section::Quarantine;
        }
        self.section = self.section.max(section);
        Ok(())
    }
}

/// Ends a line. Between the values of a JSON text may be line breaks; in NDJSON they end a line, so they become spaces.
/// Within strings JSON has none.
fn end_line(line: &mut Vec<u8>) {
    line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    line.push(b'\n');
}

/// Whether a name can be a name of a file or a directory anywhere, and of nothing but that.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    name.len() <= limits::EXPORT_NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && !name.ends_with('.')
        && name.bytes().all(plain)
}

#[cfg(test)]
mod tests;
