//! The consumers, read again while the server runs: the catalogs' `consumers.yaml` and the configuration's `[consumers]`.
//!
//! What is read of a catalog is what it says of its consumers; event types and everything else stay as they were when the server started.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use daybook_blobs::Blobs;
use daybook_catalog::{AppCatalog, Catalogs, Diagnostic};
use daybook_event::Severity;
use daybook_privacy::view::View;
use tokio::task::JoinError;

use super::plan::{Plan, PlanError};
use super::{ApplyError, Changes, Consumers};
use crate::collector::{App, Collector};
use crate::config::{Config, ConfigError, Tables};
use crate::problem::Chain;
use crate::rights::QuarantineView;

/// The consumers cannot be read again.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// Something is wrong with what was read. Nothing was changed.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// What was read is good, and could not be put to use, or not wholly.
    #[error("the consumers could not be changed")]
    Apply(#[from] ApplyError),
    /// The program failed where it should not.
    #[error("the catalogs could not be read")]
    Task(#[from] JoinError),
}

impl From<Vec<PlanError>> for ReloadError {
    fn from(errors: Vec<PlanError>) -> Self {
        Self::Invalid(errors.iter().map(ToString::to_string).collect())
    }
}

impl Collector {
    /// Reads the consumers again, and changes, adds and removes those that are not as they were.
    ///
    /// # Errors
    /// [`ReloadError`].
    pub async fn reload_consumers(self: &Arc<Self>) -> Result<Changes, ReloadError> {
        let collector = Arc::clone(self);
        let plan = tokio::task::spawn_blocking(move || collector.read_consumers()).await??;
        let changed = self.consumers.apply(plan).await;
        // Whatever could be done is done: what is there now is what forgets.
        self.tell_eraser();
        let changes = changed?;
        tracing::info!(
            added = ?changes.added, changed = ?changes.changed, removed = ?changes.removed, "the consumers were read again"
        );
        Ok(changes)
    }

    /// [`Collector::reload_consumers`] for whoever does not wait for an answer; the server's log has it.
    pub async fn reload_consumers_logged(self: &Arc<Self>) {
        if let Err(error) = self.reload_consumers().await {
            tracing::error!(error = %Chain(&error), "the consumers were not read again");
        }
    }

    /// Everything that forgets.
    pub fn tell_eraser(&self) {
        self.eraser.set_views(views(&self.quarantine, &self.blobs, &self.consumers));
    }

    fn read_consumers(&self) -> Result<Plan, ReloadError> {
        let catalogs = read_catalogs(&self.apps, &self.config.catalogs, self.config.default_catalogs)?;
        let read = read_settings(&self.config).map_err(|error| vec![PlanError::from(error)])?;
        Ok(self.consumers.plan(&catalogs, &read)?)
    }
}

/// Everything that forgets: the quarantine, and what consumers hold.
pub fn views(quarantine: &crate::quarantine::Quarantine, blobs: &Blobs, consumers: &Consumers) -> Vec<Arc<dyn View>> {
    let mut views: Vec<Arc<dyn View>> = vec![Arc::new(QuarantineView(quarantine.clone())), Arc::new(blobs.clone())];
    views.extend(consumers.runtime().views());
    views
}

/// The catalogs that are served, each with the consumers that its files name now.
fn read_catalogs(
    apps: &HashMap<Arc<str>, Arc<App>>,
    directories: &[PathBuf],
    with_builtin: bool,
) -> Result<Vec<Arc<AppCatalog>>, ReloadError> {
    let loaded = Catalogs::load(directories, with_builtin);
    if loaded.worst() == Some(Severity::Error) {
        let errors = loaded.diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
        return Err(ReloadError::Invalid(errors.map(|found| said(&found)).collect()));
    }
    let mut served = Vec::with_capacity(apps.len());
    let mut errors = Vec::new();
    for app in apps.values() {
        let Some(read) = loaded.catalogs.app(&app.slug) else {
            errors.push(format!("the catalog of {} is not there any more", app.slug));
            continue;
        };
        let catalog = if read.consumers == app.catalog.consumers {
            Arc::clone(&app.catalog)
        } else {
            Arc::new(AppCatalog { consumers: read.consumers.clone(), ..(*app.catalog).clone() })
        };
        served.push(catalog);
    }
    if errors.is_empty() { Ok(served) } else { Err(ReloadError::Invalid(errors)) }
}

/// A finding on one line.
fn said(found: &Diagnostic) -> String {
    let hint = found.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{}:{}:{}: {}{hint}", found.file, found.line, found.column, found.message)
}

/// What the configuration's file says of consumers now; without a file, what was said when the server started.
fn read_settings(config: &Config) -> Result<Tables, ConfigError> {
    let Some(file) = &config.file else { return Ok(config.consumers.clone()) };
    let read = Config::read(file)?;
    read.check_tables()?;
    Ok(read.consumers)
}
