//! PostgreSQL: the binaries of the Debian package, small buffers.

mod install;

use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::command::{Account, command, password};
use crate::process::Signs;
use crate::server::{Program, Server, output};
use crate::template::Template;
use install::Install;

/// The user that everything belongs to; it may do anything.
const USER: &str = "daybook";
/// The file beside the data directory that holds the password.
const PASSWORD_FILE: &str = "password";

/// A PostgreSQL server of one test.
pub type Postgres = Server<Cluster>;

/// An installed PostgreSQL, and the password of a data directory.
#[derive(Debug)]
pub struct Cluster {
    install: Install,
    password: String,
}

impl Server<Cluster> {
    /// Starts a server; about half a second.
    ///
    /// # Panics
    /// Where PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let install = Install::find();
        Self::launch(|directory, account| {
            let template = Template::of(&install.version, account, |workshop| install.make(account, workshop));
            template.copy("data", &directory.join("data"));
            Cluster { install, password: template.read(PASSWORD_FILE) }
        })
    }

    /// Makes another empty database; its URL, password included.
    ///
    /// # Panics
    /// When the server does not run.
    pub fn database(&self) -> String {
        let name = format!("test_{}", password()[..12].to_lowercase());
        self.sql(&self.url(), &format!("CREATE DATABASE {name}"));
        self.program.database_url(self.port(), &name)
    }

    /// Runs SQL in the database of this URL and returns its rows, their fields parted by `|`.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, url: &str, statement: &str) -> String {
        let mut client = Command::new(self.program.install.binary("psql"));
        client
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set=ON_ERROR_STOP=1",
                "--host=127.0.0.1",
            ])
            .arg(format!("--port={}", self.port()))
            .arg(format!("--username={USER}"))
            .arg(format!("--dbname={}", url.rsplit('/').next().unwrap_or_default()))
            .arg(format!("--command={statement}"))
            .env("PGPASSWORD", self.password());
        output(&mut client, statement)
    }

    /// As [`Server::restart`].
    pub fn start_again(&self) {
        self.restart();
    }
}

impl Cluster {
    fn database_url(&self, port: u16, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{port}/{database}", self.password)
    }
}

impl Program for Cluster {
    const NAME: &'static str = "PostgreSQL";
    const USERS: &'static [&'static str] = &["postgres"];
    const STOP: Signal = Signal::INT;
    /// With SIGKILL it would leave its shared memory behind, of which a system has only so much.
    const KILL: Signal = Signal::QUIT;
    const SIGNS: Signs = Signs { ready: "ready to accept connections", port_taken: "could not bind" };

    fn command(&self, account: Option<Account>, directory: &Path, port: u16) -> Command {
        let mut server = command(&self.install.binary("postgres"), account, Self::KILL);
        server.arg("-D").arg(directory.join("data")).arg("-p").arg(port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "full_page_writes=off",
            "shared_buffers=16MB",
            "max_connections=200",
            "wal_level=minimal",
            "max_wal_senders=0",
            "jit=off",
            "log_min_error_statement=panic",
            "lc_messages=C",
        ] {
            server.arg("-c").arg(setting);
        }
        server.stdin(Stdio::null());
        server
    }

    fn url(&self, port: u16) -> String {
        self.database_url(port, "postgres")
    }

    fn password(&self) -> &str {
        &self.password
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::server::conformance;

    #[test]
    fn a_server_of_ones_own() {
        let postgres = Postgres::start();
        let url = postgres.database();
        assert_ne!(url, postgres.database());
        postgres.sql(&url, "CREATE TABLE kept (id SERIAL, a text)");
        conformance::check(
            &postgres,
            |postgres, text| drop(postgres.sql(&url, &format!("INSERT INTO kept (a) VALUES ('{text}')"))),
            |postgres| postgres.sql(&url, "SELECT a FROM kept ORDER BY id").lines().map(str::to_owned).collect(),
            // A request for TLS.
            |connection| connection.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap(),
        );
        assert_eq!(postgres.sql(&postgres.url(), "SELECT 'ü🙂', 2"), "ü🙂|2");
    }

    #[test]
    fn it_goes_when_the_test_panics() {
        conformance::goes_with_a_panic(Postgres::start);
    }

    #[test]
    fn it_goes_when_the_test_is_killed() {
        conformance::goes_with_a_kill("postgres::tests::waits_to_be_killed");
    }

    #[test]
    #[ignore = "is run and killed by another test"]
    fn waits_to_be_killed() {
        // Of all servers it has the most processes.
        conformance::wait_to_be_killed(&Postgres::start());
    }
}
