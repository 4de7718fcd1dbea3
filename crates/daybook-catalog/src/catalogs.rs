//! Sets of catalogs and how they are loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_event::Severity;

use crate::collections::Collections;
use crate::consumers::Spec;
use crate::files::{self, AppFiles, CATALOG_FILE, COLLECTIONS_FILE, CONSUMERS_FILE};
use crate::lint::{App, Header, lint, lint_options};
use crate::source::{Place, Problem, SourceFile};
use crate::{
    AppCatalog, Diagnostic, aggregates, audit, protobuf, read, read_catalog, read_collections, read_consumers,
    read_events, webhooks,
};

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
    /// Everything that was found, app by app and file by file, by line.
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
        assemble(files::builtin(), Origin::Used, NO_OPINION)
    }

    /// The catalogs in `dirs`, each an app's directory or a directory of such, and those that ship unless left out. An
    /// app in a directory takes the place of the one of the same slug that ships.
    #[must_use]
    pub fn load(dirs: &[PathBuf], with_builtin: bool) -> Loaded {
        let found = dirs.iter().flat_map(|dir| files::directory(dir)).collect();
        let mut loaded = assemble(found, Origin::Used, NO_OPINION);
        if with_builtin {
            let shipped = Self::builtin();
            let mut apps = (*shipped.catalogs.apps).clone();
            apps.extend(loaded.catalogs.apps.iter().map(|(slug, app)| (slug.clone(), Arc::clone(app))));
            loaded.catalogs = Self { apps: Arc::new(apps) };
            // Nobody who runs Daybook can act on a note about the catalogs that came with it.
            loaded.diagnostics.extend(shipped.diagnostics.into_iter().filter(|found| found.severity > Severity::Note));
        }
        loaded
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

/// The catalogs in one directory, for looking at what was found. Unlike in [`Catalogs::load`], the catalog may be that
/// of the reserved app `daybook`, so that the ones that ship can be worked on.
#[must_use]
pub fn check(dir: &Path) -> Loaded {
    check_all(std::slice::from_ref(&dir))
}

/// The catalogs in several directories, as [`check`] does it; that an app is in two of them is found too.
#[must_use]
pub fn check_all<P: AsRef<Path>>(dirs: &[P]) -> Loaded {
    check_all_with(dirs, NO_OPINION)
}

/// As [`check_all`], with somebody asked about the options of each consumer, which only handlers understand. What they find is
/// an error at its place in the file, where it begins with the option: `options.rules[0].name: is missing`.
#[must_use]
pub fn check_all_with<P: AsRef<Path>>(dirs: &[P], options: OptionsCheck<'_>) -> Loaded {
    assemble(dirs.iter().flat_map(|dir| files::directory(dir.as_ref())).collect(), Origin::Checked, options)
}

/// Tells what is wrong with the options of a consumer.
pub type OptionsCheck<'c> = &'c dyn Fn(&Spec, &AppCatalog) -> Vec<String>;

/// Finds nothing wrong with any options.
const NO_OPINION: OptionsCheck<'static> = &|_, _| Vec::new();

/// The catalog of one app from texts instead of files: pairs of a path within the app's directory (`catalog.yaml`,
/// `events/orders.yaml`) and its text.
#[must_use]
pub fn from_texts(files: &[(&str, &str)]) -> Loaded {
    let mut app = AppFiles::default();
    for (path, text) in files {
        app.add((*path).to_owned(), (*path).to_owned(), text.as_bytes());
    }
    if app.catalog.is_none() {
        let file = SourceFile::unread(CATALOG_FILE.to_owned(), CATALOG_FILE.to_owned());
        Problem::error("catalog.missing", "there is no catalog.yaml").at(&file, Place::START);
        app.around.push(file);
    }
    assemble(vec![app], Origin::Used, NO_OPINION)
}

/// What catalogs are read for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// To be used; the reserved app is only Daybook's own.
    Used,
    /// To be looked at.
    Checked,
}

fn assemble(found: Vec<AppFiles>, origin: Origin, options: OptionsCheck<'_>) -> Loaded {
    let mut apps: BTreeMap<String, Arc<AppCatalog>> = BTreeMap::new();
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for files in found {
        let catalog = resolve(&files, origin, options);
        if let (Some(catalog), Some(file)) = (&catalog, &files.catalog)
            && !catalog.app.is_empty()
        {
            if let Some(first) = places.get(&catalog.app) {
                Problem::error("catalog.duplicate-app", format!("there are two catalogs of the app `{}`", catalog.app))
                    .hint(format!("the other is {first}"))
                    .at(file, file.root.as_ref().map_or(Place::START, |root| root.locate("/app")));
            } else {
                places.insert(catalog.app.clone(), file.name.clone());
            }
        }
        let of_app: Vec<Diagnostic> = files.into_files().flat_map(SourceFile::into_diagnostics).collect();
        if let Some(catalog) = catalog
            && of_app.iter().all(|diagnostic| diagnostic.severity < Severity::Error)
        {
            apps.insert(catalog.app.clone(), Arc::new(catalog));
        }
        diagnostics.extend(of_app);
    }
    Loaded { catalogs: Catalogs { apps: Arc::new(apps) }, diagnostics }
}

/// Reads and judges the files of one app.
fn resolve(files: &AppFiles, origin: Origin, options: OptionsCheck<'_>) -> Option<AppCatalog> {
    let may_be_daybook = files.shipped || origin == Origin::Checked;
    let catalog = files.catalog.as_ref().and_then(|file| read_catalog::read(file, may_be_daybook));
    let mut declared = Vec::new();
    for file in &files.events {
        declared.extend(read_events::read(file, catalog.as_ref(), false));
    }
    for file in &files.plugins {
        declared.extend(read_events::read(file, catalog.as_ref(), true));
    }
    let mut consumers = Vec::new();
    let (mut events_collection, mut kept) = (None, Vec::new());
    for file in &files.others {
        match &file.root {
            Some(_) if file.path == CONSUMERS_FILE => consumers = read_consumers::read(file, catalog.as_ref()),
            Some(_) if file.path == COLLECTIONS_FILE => (events_collection, kept) = read_collections::read(file),
            Some(root) => drop(read::mapping(file, root, "the file")),
            None => {}
        }
    }
    let header = catalog.zip(files.catalog.as_ref()).map(|(catalog, file)| Header { file, catalog });
    let app = App { header, declared, consumers, kept };
    lint(&app);
    let App { header, declared, consumers, kept } = app;
    let mut catalog = header?.catalog;
    catalog.events = declared.into_iter().map(|declared| declared.event_type).collect();
    catalog.events.sort_by(|one, other| one.name.cmp(&other.name).then_with(|| one.version.cmp(&other.version)));
    for listed in &consumers {
        lint_options(listed, options(&listed.spec, &catalog));
    }
    catalog.collections =
        Collections { events: events_collection, others: kept.into_iter().map(|kept| kept.collection).collect() };
    catalog.consumers = consumers.into_iter().map(|listed| listed.spec).collect();
    if let Some(file) = files.others.iter().find(|file| file.path == aggregates::AGGREGATES_FILE) {
        catalog.aggregates = aggregates::read(file, &catalog);
    }
    if let Some(file) = files.others.iter().find(|file| file.path == audit::AUDIT_FILE) {
        catalog.audit = audit::read(file, &catalog);
    }
    if let Some(file) = files.others.iter().find(|file| file.path == "webhooks.yaml") {
        catalog.webhooks = webhooks::read(file, &catalog);
    }
    if let Some(file) = files.others.iter().find(|file| file.path == protobuf::PROTOBUF_FILE) {
        catalog.protobuf = protobuf::read(file);
        // Only who works on a catalog can write the missing ones down.
        if origin == Origin::Checked {
            protobuf::lint(file, &catalog);
        }
    }
    Some(catalog)
}
