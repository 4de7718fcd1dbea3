//! What changed between two versions of a catalog, and whether its version numbers say so.
//!
//! Every change has a [`Class`] by the rules of [Semantic Versioning](https://semver.org), which for events are:
//!
//! - **major**: data that the old version admits may be refused by the new one, or whoever reads events misses something;
//! - **minor**: whatever the old version admits is admitted, and more is, or more is said of it;
//! - **patch**: the same is admitted, and described in other words.
//!
//! [`diff`] compares event types (`event_types`), their schemas constraint by constraint (`schema`, on what
//! `facets` makes of a schema), the envelope (`envelope`) and the app's policies (`policies`). `docs/catalog-format.md` lists
//! the codes.

mod envelope;
mod event_types;
mod policies;
mod render;
mod schema;
mod version;

use std::fmt;

use semver::Version;
use serde::Serialize;

use crate::{AppCatalog, EventType};

/// How much a change means to those who send and read events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The same is admitted, and described in other words.
    Patch,
    /// More is admitted, or more is said of it.
    Minor,
    /// Less is admitted, or less is said of it.
    Major,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// JSON Pointer into the declaration, references followed: `/data/properties/zone/enum`.
    pub path: String,
    /// Stable, dotted, lower-case: `schema.values-removed`.
    pub code: &'static str,
    /// What it means.
    pub class: Class,
    /// Whether an event that the old version admits may be refused by the new one.
    pub refuses: bool,
    /// What changed and why it matters, in a sentence.
    pub message: String,
}

/// What was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The event type; none for the catalog as a whole.
    pub event: Option<String>,
    /// The version it had.
    pub from: Version,
    /// The version it has.
    pub to: Version,
    /// What changed, by path.
    pub changes: Vec<Change>,
    /// What kind of step from `from` its changes ask for; none without changes.
    pub needs: Option<Class>,
    /// The lowest version that says so, where `to` does not.
    pub wanted: Option<Version>,
}

/// Everything that changed in the catalog of one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The app.
    pub app: String,
    /// The catalog as a whole, then its event types by name, those that changed.
    pub parts: Vec<Part>,
}

impl Class {
    /// As reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Diff {
    /// Whether every version number says at least what changed.
    #[must_use]
    pub fn versions_match(&self) -> bool {
        self.parts.iter().all(|part| part.wanted.is_none())
    }

    /// The worst change; none where nothing changed.
    #[must_use]
    pub fn worst(&self) -> Option<Class> {
        self.parts.iter().filter_map(|part| part.needs).max()
    }

    /// For people: each part that changed with its changes, and what its version should be.
    #[must_use]
    pub fn text(&self) -> String {
        render::text(self)
    }
}

impl Part {
    fn new(event: Option<&str>, from: &Version, to: &Version, mut changes: Vec<Change>) -> Self {
        changes.sort();
        changes.dedup();
        let needs = changes.iter().map(|change| change.class).max();
        let wanted = needs.and_then(|needs| version::wanted(from, to, needs));
        Self { event: event.map(str::to_owned), from: from.clone(), to: to.clone(), changes, needs, wanted }
    }

    /// Whether the new version admits whatever the old one does.
    #[must_use]
    pub fn admits_old(&self) -> bool {
        self.changes.iter().all(|change| !change.refuses)
    }
}

/// Everything that changed from `old` to `new`, two catalogs of one app.
///
/// A version that both declare must be the same in both. A version that is new is held against the one before it. What
/// becomes of the app's events as a whole is held against the versions of the catalogs.
#[must_use]
pub fn diff(old: &AppCatalog, new: &AppCatalog) -> Diff {
    let mut changes = policies::compare(old, new);
    changes.extend(envelope::compare(&old.dialect, &new.dialect));
    let (parts, declared) = event_types::compare(old, new);
    changes.extend(declared);
    // An event that names no version has its type's highest, so what happens to that one happens to the app.
    let worst = parts.iter().filter_map(|part| part.needs).max();
    let mut catalog = Part::new(None, &old.version, &new.version, changes);
    catalog.needs = catalog.needs.max(worst);
    catalog.wanted = catalog.needs.and_then(|needs| version::wanted(&old.version, &new.version, needs));
    let first = catalog.needs.is_some().then_some(catalog);
    Diff { app: new.app.clone(), parts: first.into_iter().chain(parts).collect() }
}

/// What changed between two versions of an event type, which may be of two catalogs.
#[must_use]
pub fn compare(old: (&AppCatalog, &EventType), new: (&AppCatalog, &EventType)) -> Part {
    let changes = event_types::changes(old, new);
    Part::new(Some(&new.1.name), &old.1.version, &new.1.version, changes)
}

/// Changes in the making.
#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    /// Something is lost, and events may be refused for it.
    fn refused(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.push(Class::Major, true, code, path, message);
    }

    /// Something is lost to those who read events, though every event is still admitted.
    fn lost(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.push(Class::Major, false, code, path, message);
    }

    /// Something was added.
    fn added(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.push(Class::Minor, false, code, path, message);
    }

    /// Something is said in other words.
    fn reworded(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.push(Class::Patch, false, code, path, message);
    }

    fn push(&mut self, class: Class, refuses: bool, code: &'static str, path: &str, message: impl Into<String>) {
        self.0.push(Change { path: path.to_owned(), code, class, refuses, message: message.into() });
    }
}

/// Names of a list in one sentence: "`a`, `b` and 3 more".
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const LISTED_MAX: usize = 5;
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_at_checked(LISTED_MAX) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, before)) => format!("{} and {last}", before.join(", ")),
            None => String::new(),
        },
    }
}

#[cfg(test)]
mod tests;
