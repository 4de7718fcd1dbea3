//! MariaDB: the binaries of the Debian packages, small buffers, no binary log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::command::{Account, command, find, password, version};
use crate::process::Signs;
use crate::server::{Program, Server, output};
use crate::template::Template;

/// The user that everything belongs to; it may do anything.
const USER: &str = "daybook";
/// Its main database, empty at first.
const DATABASE: &str = "daybook";
/// The file beside the data directory that holds the password.
const PASSWORD_FILE: &str = "password";
const PACKAGE: &str = "mariadb-server";

/// A MariaDB server of one test.
pub type MariaDb = Server<Install>;

/// An installed MariaDB, and the password of a data directory.
#[derive(Debug)]
pub struct Install {
    server: PathBuf,
    client: PathBuf,
    password: String,
}

impl Server<Install> {
    /// Starts a server; about half a second.
    ///
    /// # Panics
    /// Where MariaDB is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let (server, client) = (find("mariadbd", PACKAGE), find("mariadb", "mariadb-client"));
        Self::launch(|directory, account| {
            let template = Template::of(&version(&server), account, |workshop| make(account, workshop));
            template.copy("data", &directory.join("data"));
            Install { server, client, password: template.read(PASSWORD_FILE) }
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
        let mut client = Command::new(&self.program.client);
        client
            .args(["--no-defaults", "--batch", "--raw", "--skip-column-names", "--protocol=tcp", "--host=127.0.0.1"])
            .arg("--default-character-set=utf8mb4")
            .arg(format!("--port={}", self.port()))
            .arg(format!("--user={USER}"))
            .arg(format!("--database={}", url.rsplit('/').next().unwrap_or_default()))
            .arg(format!("--execute={statement}"))
            .env("MYSQL_PWD", self.password());
        output(&mut client, statement).replace('\t', "|")
    }
}

impl Install {
    fn database_url(&self, port: u16, database: &str) -> String {
        format!("mysql://{USER}:{}@127.0.0.1:{port}/{database}", self.password)
    }
}

impl Program for Install {
    const NAME: &'static str = "MariaDB";
    const USERS: &'static [&'static str] = &["mysql"];
    const STOP: Signal = Signal::TERM;
    const SIGNS: Signs = Signs { ready: "ready for connections", port_taken: "Bind on TCP/IP port" };

    fn command(&self, account: Option<Account>, directory: &Path, port: u16) -> Command {
        let mut server = command(&self.server, account, Self::KILL);
        server.env("TMPDIR", directory);
        server.arg("--no-defaults").arg(format!("--port={port}"));
        server.arg(format!("--datadir={}", directory.join("data").display()));
        server.args([
            "--bind-address=127.0.0.1",
            "--socket=",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
            // A commit reaches the operating system, not the disk.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-doublewrite=0",
            "--innodb-use-native-aio=0",
            "--innodb-buffer-pool-size=16M",
            "--innodb-log-file-size=8M",
            "--innodb-buffer-pool-dump-at-shutdown=0",
            "--innodb-buffer-pool-load-at-startup=0",
            "--aria-pagecache-buffer-size=8M",
            "--key-buffer-size=1M",
            "--performance-schema=off",
            "--max-connections=100",
        ]);
        server.stdin(Stdio::null());
        server
    }

    fn url(&self, port: u16) -> String {
        self.database_url(port, DATABASE)
    }

    fn password(&self) -> &str {
        &self.password
    }
}

/// Makes a data directory with one user and one database.
fn make(account: Option<Account>, workshop: &Path) {
    let (secret, setup) = (password(), workshop.join("setup.sql"));
    fs::write(workshop.join(PASSWORD_FILE), &secret).unwrap();
    // Rights are not looked at while a data directory is made, unless they are loaded.
    let statements = format!(
        "FLUSH PRIVILEGES;\n\
         CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{secret}';\n\
         GRANT ALL PRIVILEGES ON *.* TO {USER}@'127.0.0.1' WITH GRANT OPTION;\n\
         CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;\n"
    );
    fs::write(&setup, statements).unwrap();
    if let Some(account) = account {
        account.own(workshop);
    }
    let mut install = command(&find("mariadb-install-db", PACKAGE), account, Signal::KILL);
    install
        .arg("--no-defaults")
        .arg(format!("--datadir={}", workshop.join("data").display()))
        .arg(format!("--extra-file={}", setup.display()))
        .args(["--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve"])
        .arg("--innodb-log-file-size=8M")
        // A server that starts removes what others have in a directory of temporary tables that they share.
        .env("TMPDIR", workshop);
    output(&mut install, "mariadb-install-db");
    fs::remove_file(setup).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::conformance;

    #[test]
    fn a_server_of_ones_own() {
        let mariadb = MariaDb::start();
        let url = mariadb.database();
        assert_ne!(url, mariadb.database());
        mariadb.sql(&url, "CREATE TABLE kept (id INT AUTO_INCREMENT PRIMARY KEY, a TEXT)");
        conformance::check(
            &mariadb,
            |mariadb, text| drop(mariadb.sql(&url, &format!("INSERT INTO kept (a) VALUES ('{text}')"))),
            |mariadb| mariadb.sql(&url, "SELECT a FROM kept ORDER BY id").lines().map(str::to_owned).collect(),
            // The server speaks first.
            |_| (),
        );
        assert_eq!(mariadb.sql(&mariadb.url(), "SELECT 'ü🙂', 2"), "ü🙂|2");
    }

    #[test]
    fn it_goes_when_the_test_panics() {
        conformance::goes_with_a_panic(MariaDb::start);
    }
}
