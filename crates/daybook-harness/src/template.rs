//! A data directory to copy: making one takes seconds, copying it a tenth of one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::Account;

/// A data directory that nothing runs on.
pub struct Template {
    path: PathBuf,
    /// Keeps one that is for this test alone.
    _own: Option<TempDir>,
}

impl Template {
    /// The one in the target directory, shared by all tests, made by whichever comes first; one of this test's own where the
    /// test does not run in a target directory. `version` names the program that `make` has write into the directory it gets.
    pub fn of(version: &str, account: Option<Account>, make: impl FnOnce(&Path)) -> Self {
        let Some(target) = target_directory() else {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("template");
            make_whole(account, &path, make);
            return Self { path, _own: Some(directory) };
        };
        let cache = target.join("tmp/daybook-harness");
        fs::create_dir_all(&cache).unwrap();
        let path = cache.join(version.replace(|character: char| !character.is_ascii_alphanumeric(), "-"));
        let lock = File::options().append(true).create(true).open(cache.join("lock")).unwrap();
        lock.lock().unwrap();
        if !path.exists() {
            make_whole(account, &path, make);
        }
        Self { path, _own: None }
    }

    /// What was written to this file.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).unwrap()
    }

    /// Copies one of its directories.
    pub fn copy(&self, directory: &str, to: &Path) {
        copy(&self.path.join(directory), to);
    }
}

/// Makes a template: whole, or not there.
fn make_whole(account: Option<Account>, path: &Path, make: impl FnOnce(&Path)) {
    // Not beside the template: the server's user may have no way there.
    let workshop = tempfile::Builder::new().prefix("daybook-template-").tempdir().unwrap();
    if let Some(account) = account {
        account.own(workshop.path());
    }
    make(workshop.path());
    let draft = path.with_extension("new");
    if draft.exists() {
        fs::remove_dir_all(&draft).unwrap();
    }
    copy(workshop.path(), &draft);
    fs::rename(&draft, path).unwrap();
}

/// Copies a directory with everything in it, for its owner alone.
fn copy(from: &Path, to: &Path) {
    std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700).create(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Cargo's target directory, where the running test lies in one.
fn target_directory() -> Option<PathBuf> {
    let binary = std::env::current_exe().ok()?;
    let target = binary.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file())?;
    Some(target.to_owned())
}
