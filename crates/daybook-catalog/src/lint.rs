//! What can only be judged when all files of an app have been read: references between them, schemas, examples.

mod consumers;
mod events;
mod examples;
mod graph;
mod migrations;
mod personal;
mod policies;
mod schemas;

pub(crate) use consumers::lint_options;
pub(crate) use events::has_field;
pub(crate) use personal::is_sealed;
use semver::Version;

use crate::read_collections::Kept;
use crate::read_consumers::Listed;
use crate::read_events::Declared;
use crate::source::SourceFile;
use crate::{AppCatalog, EventType};

/// An app's files, read one by one.
pub(crate) struct App<'f> {
    /// `catalog.yaml`, where it can be read.
    pub(crate) header: Option<Header<'f>>,
    /// The event types of all files.
    pub(crate) declared: Vec<Declared<'f>>,
    /// The consumers of `consumers.yaml`.
    pub(crate) consumers: Vec<Listed<'f>>,
    /// The collections of `collections.yaml`.
    pub(crate) kept: Vec<Kept<'f>>,
}

/// What `catalog.yaml` says, still without event types.
pub(crate) struct Header<'f> {
    pub(crate) file: &'f SourceFile,
    pub(crate) catalog: AppCatalog,
}

/// Notes everything that is wrong between and within the files.
pub(crate) fn lint(app: &App<'_>) {
    if let Some(header) = &app.header {
        policies::lint(header, &app.declared);
    }
    consumers::lint(app);
    events::lint(app);
    schemas::lint(app);
    migrations::lint(app);
}

/// The type `name` at `version`, or at its highest.
fn find<'a>(declared: &'a [Declared<'_>], name: &str, version: Option<&Version>) -> Option<&'a EventType> {
    declared
        .iter()
        .map(|declared| &declared.event_type)
        .filter(|event_type| event_type.name == name && version.is_none_or(|version| event_type.version == *version))
        .max_by(|one, other| one.version.cmp(&other.version))
}

#[cfg(test)]
mod tests;
