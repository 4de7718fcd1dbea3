//! Sets of catalogs and how they are loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_event::Severity;

use crate::{AppCatalog, Diagnostic};

/// The catalogs of all apps, by slug. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Catalogs {
    apps: Arc<BTreeMap<String, Arc<AppCatalog>>>,
}

/// What loading found.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The apps that have no errors.
    pub catalogs: Catalogs,
    /// Everything that was found, by file and line.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// The worst severity found.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.diagnostics.iter().map(|diagnostic| diagnostic.severity).max()
    }
}

impl Catalogs {
    /// The catalogs that ship with Daybook, built into the program.
    #[must_use]
    pub fn builtin() -> Loaded {
        Loaded::default()
    }

    /// The catalogs in `dirs`, each an app's directory or a directory of such, and those that ship unless left out. An
    /// app in a directory takes the place of the one of the same slug that ships.
    #[must_use]
    pub fn load(dirs: &[PathBuf], with_builtin: bool) -> Loaded {
        let _ = (dirs, with_builtin);
        Loaded::default()
    }

    /// The catalog of one app.
    #[must_use]
    pub fn app(&self, slug: &str) -> Option<&Arc<AppCatalog>> {
        self.apps.get(slug)
    }

    /// All apps, by slug.
    pub fn apps(&self) -> impl Iterator<Item = &Arc<AppCatalog>> {
        self.apps.values()
    }
}

/// The catalogs in one directory, for looking at what was found.
#[must_use]
pub fn check(dir: &Path) -> Loaded {
    let _ = dir;
    Loaded::default()
}

/// The catalog of one app from texts instead of files: pairs of a path within the app's directory (`catalog.yaml`,
/// `events/orders.yaml`) and its text.
#[must_use]
pub fn from_texts(files: &[(&str, &str)]) -> Loaded {
    let _ = files;
    Loaded::default()
}
