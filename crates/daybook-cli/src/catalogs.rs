//! One app's catalog, for commands that need no server.

use std::path::PathBuf;
use std::sync::Arc;

use daybook_catalog::{AppCatalog, Catalogs, render};
use daybook_event::Severity;

use crate::failure::Failure;

/// The catalog of an app from these directories, and from those that ship unless they are left out.
///
/// # Errors
/// Everything that is wrong with any of the catalogs, or that there is none for the app.
pub fn catalog_of(app: &str, directories: &[PathBuf], with_builtin: bool) -> Result<Arc<AppCatalog>, Failure> {
    let loaded = Catalogs::load(directories, with_builtin);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        return Err(Failure::Catalogs(render::text(&errors)));
    }
    loaded.catalogs.app(app).cloned().ok_or_else(|| {
        let known: Vec<&str> = loaded.catalogs.apps().map(|app| app.app.as_str()).collect();
        Failure::usage(
            format!("there is no catalog for the app `{app}`"),
            format!("there is one for {}; `--catalogs DIR` adds others", known.join(", ")),
        )
    })
}
