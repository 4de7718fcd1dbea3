//! Which terms the log's records have, as the catalogs of their apps say.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_log::{Term, Terms};

use crate::collector::App;

/// Another number whenever terms are made in another way than before: every index is then made anew.
const VERSION: u32 = 1;

/// The apps that are served.
pub struct AppTerms {
    /// By the hash that the log knows them by.
    apps: HashMap<u64, Arc<App>>,
    fingerprint: [u8; 16],
}

impl AppTerms {
    /// The terms of the records of these apps.
    pub fn new<'a>(apps: impl Iterator<Item = &'a Arc<App>>) -> Self {
        let apps: HashMap<u64, Arc<App>> = apps
            .filter(|app| !app.admission.indexed_types().is_empty())
            .map(|app| (app.hash, Arc::clone(app)))
            .collect();
        let mut sorted: Vec<&Arc<App>> = apps.values().collect();
        sorted.sort_unstable_by_key(|app| &app.slug);
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"daybook indexed types").update(&VERSION.to_le_bytes());
        for app in sorted {
            let types = app.admission.indexed_types();
            for text in std::iter::once(&*app.slug).chain(types).chain([""]) {
                hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
            }
        }
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self { apps, fingerprint }
    }
}

impl Terms for AppTerms {
    fn fingerprint(&self) -> [u8; 16] {
        self.fingerprint
    }

    fn of(&self, app: u64, record: &[u8], terms: &mut Vec<Term>) {
        if let Some(app) = self.apps.get(&app) {
            app.admission.terms_of(record, terms);
        }
    }
}

impl std::fmt::Debug for AppTerms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AppTerms").field("apps", &self.apps.len()).finish_non_exhaustive()
    }
}
