//! Where catalog files come from: directories, the program itself, or memory.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::aggregates::AGGREGATES_FILE;
use crate::audit::AUDIT_FILE;
use crate::limits::{APPS_MAX, FILE_BYTES_MAX, FILES_MAX};
use crate::protobuf::PROTOBUF_FILE;
use crate::source::{Place, Problem, SourceFile, suggestion};

static BUILTIN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../catalogs");

/// The file every app has.
pub(crate) const CATALOG_FILE: &str = "catalog.yaml";
/// The file of an app's consumers.
pub(crate) const CONSUMERS_FILE: &str = "consumers.yaml";
/// The file of the collections that an app keeps.
pub(crate) const COLLECTIONS_FILE: &str = "collections.yaml";
/// Files that an app may have beside its catalog, and that others read.
const OTHER_FILES: [&str; 8] = [
    AGGREGATES_FILE,
    AUDIT_FILE,
    COLLECTIONS_FILE,
    CONSUMERS_FILE,
    "dashboards.yaml",
    "demo.yaml",
    PROTOBUF_FILE,
    "webhooks.yaml",
];
/// Directories of event types.
const EVENT_DIRECTORIES: [&str; 2] = ["events", "plugins"];

/// The files of one app.
#[derive(Debug, Default)]
pub(crate) struct AppFiles {
    /// `catalog.yaml`; without it the directory is none of an app.
    pub(crate) catalog: Option<SourceFile>,
    /// The files in `events/`.
    pub(crate) events: Vec<SourceFile>,
    /// The files in `plugins/`.
    pub(crate) plugins: Vec<SourceFile>,
    /// `consumers.yaml` and its like.
    pub(crate) others: Vec<SourceFile>,
    /// What was found that is in no file.
    pub(crate) around: Vec<SourceFile>,
    /// The files are those that ship with Daybook, byte by byte.
    pub(crate) shipped: bool,
}

impl AppFiles {
    /// All files, so that what was found can be collected.
    pub(crate) fn into_files(self) -> impl Iterator<Item = SourceFile> {
        self.around.into_iter().chain(self.catalog).chain(self.events).chain(self.plugins).chain(self.others)
    }

    /// Sorts a file to its place by its path within the app's directory.
    pub(crate) fn add(&mut self, name: String, path: String, text: &[u8]) {
        let file = SourceFile::parse(name, path, text);
        match file.path.split_once('/') {
            None if file.path == CATALOG_FILE => self.catalog = Some(file),
            Some(("events", _)) => self.events.push(file),
            Some(("plugins", _)) => self.plugins.push(file),
            _ => self.others.push(file),
        }
    }

    fn problem(&mut self, name: String, problem: Problem) {
        let file = SourceFile::unread(name, String::new());
        problem.at(&file, Place::START);
        self.around.push(file);
    }
}

/// The apps whose catalogs ship with Daybook.
pub(crate) fn builtin() -> Vec<AppFiles> {
    let mut apps = Vec::new();
    for directory in BUILTIN.dirs() {
        let mut app = AppFiles { shipped: true, ..AppFiles::default() };
        for (path, text) in builtin_files(directory) {
            app.add(format!("<built-in>/{}/{path}", directory.path().display()), path, text);
        }
        apps.push(app);
    }
    apps
}

/// The files of an app that ships, by their paths within it.
fn builtin_files(directory: &Dir<'static>) -> impl Iterator<Item = (String, &'static [u8])> {
    directory.files().chain(directory.dirs().flat_map(Dir::files)).filter_map(|file| {
        let path = file.path().strip_prefix(directory.path()).ok()?.to_string_lossy().replace('\\', "/");
        is_read(&path).then(|| (path, file.contents()))
    })
}

/// A file that ships with Daybook, by its path from the directory of catalogs: `shop/demo.yaml`.
#[must_use]
pub fn builtin_file(path: &str) -> Option<&'static str> {
    BUILTIN.get_file(path)?.contents_utf8()
}

/// Whether loading reads the file at this path of an app's directory.
fn is_read(path: &str) -> bool {
    match path.split_once('/') {
        None => path == CATALOG_FILE || (OTHER_FILES.contains(&path) && path != "demo.yaml"),
        Some((directory, file)) => {
            EVENT_DIRECTORIES.contains(&directory) && file.ends_with(".yaml") && !file.starts_with('.')
        }
    }
}

/// The apps in a directory: itself, when it holds a `catalog.yaml`, or its subdirectories that do.
pub(crate) fn directory(dir: &Path) -> Vec<AppFiles> {
    let name = dir.display().to_string();
    let name = name.trim_end_matches('/').to_owned();
    let mut outside = AppFiles::default();
    if dir.join(CATALOG_FILE).exists() {
        return vec![app(dir, &name)];
    }
    let entries = match list(dir) {
        Ok(entries) => entries,
        Err(error) => {
            outside.problem(name, Problem::error("catalog.unreadable", format!("cannot be read: {error}")));
            return vec![outside];
        }
    };
    let mut apps = Vec::new();
    for (file_name, path) in entries {
        // A link to an app's directory is how several sets of catalogs are put together; links inside are not followed.
        if file_name.starts_with('.') || !path.is_dir() || !path.join(CATALOG_FILE).exists() {
            continue;
        }
        if apps.len() >= APPS_MAX {
            let problem = Problem::error("catalog.limit", format!("more than {APPS_MAX} apps in one directory"));
            outside.problem(name.clone(), problem);
            break;
        }
        apps.push(app(&path, &format!("{name}/{file_name}")));
    }
    if apps.is_empty() {
        let problem = Problem::error("catalog.missing", "no catalog.yaml here, nor one directory down")
            .hint("name the directory of an app, or the one that holds the apps' directories");
        outside.problem(name, problem);
    }
    apps.push(outside);
    apps
}

fn app(root: &Path, name: &str) -> AppFiles {
    let mut collector = Collector { root, name, app: AppFiles::default(), count: 0 };
    collector.directory("");
    for below in EVENT_DIRECTORIES {
        collector.directory(below);
    }
    let count = collector.count;
    let is_copy = |directory: &Dir<'static>| {
        builtin_files(directory).count() == count
            && builtin_files(directory).all(|(path, text)| read(&root.join(path)).is_ok_and(|own| own == text))
    };
    AppFiles { shipped: BUILTIN.dirs().any(is_copy), ..collector.app }
}

/// Gathers the files of one app.
struct Collector<'d> {
    root: &'d Path,
    name: &'d str,
    app: AppFiles,
    count: usize,
}

impl Collector<'_> {
    /// Adds the files of one directory: the app's own, or `below` within it.
    fn directory(&mut self, below: &str) {
        let dir = if below.is_empty() { self.root.to_owned() } else { self.root.join(below) };
        // An app needs neither of the subdirectories.
        if !below.is_empty() && fs::symlink_metadata(&dir).is_err() {
            return;
        }
        if !self.stays_inside(&dir) {
            self.problem(below, Problem::error("catalog.link", "a link that leads out of the app's directory"));
            return;
        }
        match list(&dir) {
            Ok(entries) => entries.iter().for_each(|(file_name, path)| self.entry(&join(below, file_name), path)),
            Err(error) => self.unreadable(below, &error),
        }
    }

    /// Adds the file at `relative`, or says why not.
    fn entry(&mut self, relative: &str, path: &Path) {
        let hidden = relative.rsplit('/').next().is_some_and(|file| file.starts_with('.'));
        if hidden {
            return;
        }
        if !is_read(relative) {
            if let Some(problem) = misplaced(relative, path.is_dir()) {
                self.problem(relative, problem);
            }
            return;
        }
        if !self.stays_inside(path) {
            let problem = Problem::error("catalog.link", "a link that leads out of the app's directory, or nowhere");
            return self.problem(relative, problem);
        }
        self.count += 1;
        if self.count > FILES_MAX {
            if self.count == FILES_MAX + 1 {
                let problem = Problem::error("catalog.limit", format!("an app has at most {FILES_MAX} files"));
                self.problem(relative, problem);
            }
            return;
        }
        match read(path) {
            Ok(text) => self.app.add(join(self.name, relative), relative.to_owned(), &text),
            Err(error) => self.unreadable(relative, &error),
        }
    }

    /// Whether a path, with all links followed, lies in the app's directory. Only what exists does.
    fn stays_inside(&self, path: &Path) -> bool {
        match (self.root.canonicalize(), path.canonicalize()) {
            (Ok(root), Ok(target)) => target.starts_with(root),
            _ => false,
        }
    }

    fn unreadable(&mut self, relative: &str, error: &std::io::Error) {
        self.problem(relative, Problem::error("catalog.unreadable", format!("cannot be read: {error}")));
    }

    fn problem(&mut self, relative: &str, problem: Problem) {
        self.app.problem(join(self.name, relative), problem);
    }
}

/// A word about a file that looks as if it were meant to be read, but is not.
fn misplaced(relative: &str, is_dir: bool) -> Option<Problem> {
    let (directory, file) = relative.split_once('/').unwrap_or(("", relative));
    let is_yaml = file.ends_with(".yaml") || file.ends_with(".yml");
    if relative == "demo.yaml" || EVENT_DIRECTORIES.contains(&relative) || (!is_dir && !is_yaml) {
        return None;
    }
    let meant = suggestion(file, [CATALOG_FILE].into_iter().chain(OTHER_FILES).chain(EVENT_DIRECTORIES))
        .filter(|hint| directory.is_empty() && hint.starts_with("did you mean"));
    let hint = match meant {
        Some(hint) => hint,
        None if is_dir && directory.is_empty() => return None,
        None if is_dir => "directories in here are not read".to_owned(),
        None if file.ends_with(".yml") => "files end in .yaml".to_owned(),
        None => "event types lie in events/ and plugins/".to_owned(),
    };
    Some(Problem::warning("catalog.file-ignored", "this is not read").hint(hint))
}

/// A file's bytes, one more than may be at most, so that too large a file is seen to be. Only regular files are read: a
/// pipe would keep the reader waiting.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let mut text = Vec::new();
    fs::File::open(path)?.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// The entries of a directory by name, so that findings come in the same order everywhere.
fn list(dir: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        entries.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    entries.sort();
    Ok(entries)
}

fn join(before: &str, after: &str) -> String {
    match (before, after) {
        ("", only) | (only, "") => only.to_owned(),
        _ => format!("{before}/{after}"),
    }
}

#[cfg(test)]
mod tests;
