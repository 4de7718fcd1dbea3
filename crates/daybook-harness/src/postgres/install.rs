//! The installed PostgreSQL, and a data directory to copy: making one takes seconds, copying it a tenth of one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::USER;
use crate::command::{Account, command, find_on_path, password};

/// Where Debian keeps the binaries of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The file beside the data directory that holds the password.
const PASSWORD_FILE: &str = "password";

/// An installed PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Install {
    binaries: PathBuf,
    /// As `postgres --version` says it.
    version: String,
}

impl Install {
    /// The one on PATH, else the newest of the Debian packages.
    pub(super) fn find() -> Self {
        let on_path = find_on_path("postgres").and_then(|file| file.parent().map(Path::to_owned));
        let is_whole =
            |directory: &PathBuf| ["postgres", "initdb", "psql"].iter().all(|binary| directory.join(binary).is_file());
        let binaries = on_path.into_iter().chain(debian_packages()).find(is_whole).unwrap_or_else(|| {
            panic!(
                "PostgreSQL is not installed: neither PATH nor {DEBIAN}/*/bin has postgres, initdb and psql. \
                 `make test` installs the Debian package postgresql; no cluster of it is needed or touched."
            )
        });
        let version = std::process::Command::new(binaries.join("postgres")).arg("--version").output().unwrap();
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        Self { binaries, version }
    }

    pub(super) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)` is 15.
    fn major_version(&self) -> u32 {
        let number = self.version.split_whitespace().nth(2).unwrap_or_default();
        number.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default().parse().unwrap_or(0)
    }
}

/// The binaries of the Debian packages, newest first.
fn debian_packages() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(DEBIAN) else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .collect();
    versions.sort_unstable();
    versions.into_iter().rev().map(|(_, path)| path).collect()
}

/// A data directory to copy.
pub(super) struct Template {
    path: PathBuf,
    /// Keeps one that is for this test alone.
    _own: Option<TempDir>,
}

impl Template {
    /// The one in the target directory, shared by all tests, made by whichever comes first; one of this test's own where the
    /// test does not run in a target directory.
    pub(super) fn of(install: &Install, account: Option<Account>) -> Self {
        let Some(target) = target_directory() else {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("template");
            make(install, account, &path);
            return Self { path, _own: Some(directory) };
        };
        let cache = target.join("tmp/daybook-harness");
        fs::create_dir_all(&cache).unwrap();
        let version = install.version.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
        let path = cache.join(version);
        let lock = File::options().append(true).create(true).open(cache.join("lock")).unwrap();
        lock.lock().unwrap();
        if !path.exists() {
            make(install, account, &path);
        }
        Self { path, _own: None }
    }

    pub(super) fn password(&self) -> String {
        fs::read_to_string(self.path.join(PASSWORD_FILE)).unwrap()
    }

    pub(super) fn copy_to(&self, to: &Path) {
        copy(&self.path.join("data"), to);
    }
}

/// Makes a template: whole, or not there.
fn make(install: &Install, account: Option<Account>, path: &Path) {
    // Not beside the template: the server's user may have no way there.
    let workshop = tempfile::Builder::new().prefix("daybook-postgres-").tempdir().unwrap();
    fs::write(workshop.path().join(PASSWORD_FILE), password()).unwrap();
    if let Some(account) = account {
        account.own(workshop.path());
    }
    let mut initdb = command(&install.binary("initdb"), account);
    initdb
        .arg("--pgdata")
        .arg(workshop.path().join("data"))
        .arg("--pwfile")
        .arg(workshop.path().join(PASSWORD_FILE))
        .args(["--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"])
        .args(["--no-sync", "--wal-segsize=1"]);
    if install.major_version() >= 15 {
        // Text sorts as people sort it, as in most installations and unlike SQLite: no code may rely on bytes' order.
        initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]);
    }
    let output = initdb.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "initdb failed ({}): {said}", output.status);

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
