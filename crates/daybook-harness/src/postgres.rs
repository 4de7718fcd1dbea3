//! PostgreSQL: the binaries of the Debian package, a data directory and a port of their own.

mod install;
mod process;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::command::{Account, free_port};
use install::{Install, Template};
use process::Process;

/// The user that everything belongs to; it may do anything.
const USER: &str = "daybook";
/// How often another port is tried: a free one may be taken before the server gets it.
const PORT_TRIES: usize = 8;

/// A PostgreSQL server of one test. It listens on a port of 127.0.0.1 that no other server uses, wants a password, and is gone
/// with everything in it when this is dropped.
///
/// Its commits reach the operating system before they are acknowledged, but not the disk: they survive [`Postgres::kill`], not
/// a power cut.
pub struct Postgres {
    install: Install,
    account: Option<Account>,
    directory: TempDir,
    port: u16,
    password: String,
    process: Mutex<Option<Process>>,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server; about half a second.
    ///
    /// # Panics
    /// Where PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let install = Install::find();
        let account = Account::instead_of_root(&["postgres"]);
        let template = Template::of(&install, account);
        let directory = tempfile::Builder::new().prefix("daybook-postgres-").tempdir().unwrap();
        template.copy_to(&directory.path().join("data"));
        if let Some(account) = account {
            account.own(directory.path());
        }
        let password = template.password();
        for _ in 0..PORT_TRIES {
            let port = free_port();
            if let Some(process) = Process::start(&install, account, directory.path(), port) {
                let process = Mutex::new(Some(process));
                return Self { install, account, directory, port, password, process, databases: AtomicU32::new(0) };
            }
        }
        panic!("PostgreSQL found no free port in {PORT_TRIES} tries");
    }

    /// Makes an empty database; its URL, password included.
    ///
    /// # Panics
    /// When the server does not run.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs SQL in the database of this URL and returns its rows, their fields parted by `|`.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, url: &str, statement: &str) -> String {
        let database = url.rsplit('/').next().unwrap_or_default();
        self.execute(database, statement)
    }

    /// Stops the server as an operator does: clients are sent away, everything is written. Its databases stay.
    pub fn stop(&self) {
        self.process.lock().unwrap().take().inspect(Process::stop);
    }

    /// Stops the server as a crash does. Its databases stay, with whatever was committed.
    pub fn kill(&self) {
        self.process.lock().unwrap().take().inspect(Process::kill);
    }

    /// Starts it again, after [`Postgres::stop`] or [`Postgres::kill`], where it was.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        let mut process = self.process.lock().unwrap();
        assert!(process.is_none(), "the server runs");
        let started = Process::start(&self.install, self.account, self.directory.path(), self.port);
        *process = Some(started.expect("the server's port is still free"));
    }

    /// The password that every URL holds. It should be found nowhere else.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The directory with everything the server writes, its own log (`server.log`) included.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    fn execute(&self, database: &str, statement: &str) -> String {
        let output = Command::new(self.install.binary("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set=ON_ERROR_STOP=1",
                "--host=127.0.0.1",
            ])
            .arg(format!("--port={}", self.port))
            .arg(format!("--username={USER}"))
            .arg(format!("--dbname={database}"))
            .arg(format!("--command={statement}"))
            .env("PGPASSWORD", &self.password)
            .output()
            .unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A test that panicked may hold the lock's poison; the server goes all the same.
        let mut process = self.process.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        process.take().inspect(Process::kill);
    }
}

/// The server's log, for messages.
fn read_log(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("server.log")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_ones_own() {
        let postgres = Postgres::start();
        assert!(!matches!(postgres.port, 5432..=5440));
        let (first, second) = (postgres.database(), postgres.database());
        assert_ne!(first, second);
        postgres.sql(&first, "CREATE TABLE letters (a text); INSERT INTO letters VALUES ('b'), ('A'), ('a')");
        assert_eq!(postgres.sql(&first, "SELECT a, a FROM letters WHERE a = 'b'"), "b|b");

        // What is committed survives a crash and a stop.
        postgres.kill();
        postgres.start_again();
        assert_eq!(postgres.sql(&first, "SELECT count(*) FROM letters"), "3");
        postgres.stop();
        postgres.start_again();
        assert_eq!(postgres.sql(&first, "SELECT count(*) FROM letters"), "3");
        assert!(!read_log(&postgres.directory()).contains(postgres.password()));
    }

    #[test]
    fn it_goes_when_the_test_panics() {
        let (send, receive) = std::sync::mpsc::channel();
        let test = std::thread::spawn(move || {
            let postgres = Postgres::start();
            send.send((postgres.port, postgres.directory())).unwrap();
            panic!("on purpose");
        });
        let (port, directory) = receive.recv().unwrap();
        test.join().unwrap_err();
        assert!(!directory.exists());
        std::net::TcpStream::connect(("127.0.0.1", port)).unwrap_err();
    }
}
