//! The installed PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::{PASSWORD_FILE, USER};
use crate::command::{Account, command, find_on_path, password, version};
use crate::server::output;

/// Where Debian keeps the binaries of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// An installed PostgreSQL.
#[derive(Debug, Clone)]
pub struct Install {
    binaries: PathBuf,
    /// As `postgres --version` says it.
    pub(super) version: String,
}

impl Install {
    /// The one on PATH, links followed, else the newest of the Debian packages.
    pub(super) fn find() -> Self {
        let on_path = find_on_path("postgres").and_then(|file| file.canonicalize().ok());
        let on_path = on_path.and_then(|file| file.parent().map(Path::to_owned));
        let is_whole =
            |directory: &PathBuf| ["postgres", "initdb", "psql"].iter().all(|binary| directory.join(binary).is_file());
        let binaries = on_path.into_iter().chain(debian_packages()).find(is_whole).unwrap_or_else(|| {
            panic!(
                "PostgreSQL is not installed: neither PATH nor {DEBIAN}/*/bin has postgres, initdb and psql. \
                 `make test` installs the Debian package postgresql; no cluster of it is needed or touched."
            )
        });
        let version = version(&binaries.join("postgres"));
        Self { binaries, version }
    }

    pub(super) fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Makes a data directory, and the file with its password.
    pub(super) fn make(&self, account: Option<Account>, workshop: &Path) {
        fs::write(workshop.join(PASSWORD_FILE), password()).unwrap();
        if let Some(account) = account {
            account.own(workshop);
        }
        let mut initdb = command(&self.binary("initdb"), account, Signal::KILL);
        initdb
            .arg("--pgdata")
            .arg(workshop.join("data"))
            .arg("--pwfile")
            .arg(workshop.join(PASSWORD_FILE))
            .args(["--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--no-sync", "--wal-segsize=1"]);
        if self.major_version() >= 15 {
            // Text sorts as people sort it, as in most installations and unlike SQLite: no code may rely on bytes' order.
            initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]);
        }
        output(&mut initdb, "initdb");
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
