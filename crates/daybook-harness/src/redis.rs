//! Redis: the binary of the Debian package; every write is in its file before it is acknowledged.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::command::{Account, command, find, password};
use crate::process::Signs;
use crate::server::{Program, Server, try_output};

const PACKAGE: &str = "redis-server";

/// A Redis server of one test.
pub type Redis = Server<Install>;

/// An installed Redis, and how it is run.
#[derive(Debug)]
pub struct Install {
    server: PathBuf,
    client: PathBuf,
    password: String,
    is_durable: bool,
}

impl Server<Install> {
    /// Starts a server that loses nothing it has acknowledged; a tenth of a second.
    ///
    /// # Panics
    /// Where Redis is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_as(true)
    }

    /// Starts a server that keeps everything in memory alone, and so has lost it when it is started again.
    ///
    /// # Panics
    /// Where Redis is not installed or does not start.
    #[must_use]
    pub fn start_forgetful() -> Self {
        Self::start_as(false)
    }

    fn start_as(is_durable: bool) -> Self {
        Self::launch(|directory, _| {
            std::fs::create_dir(directory.join("data")).unwrap();
            Install {
                server: find("redis-server", PACKAGE),
                client: find("redis-cli", "redis-tools"),
                password: password(),
                is_durable,
            }
        })
    }

    /// Runs a command and returns what is answered, a line for each element.
    ///
    /// # Panics
    /// When it fails.
    pub fn command(&self, words: &[&str]) -> String {
        self.try_command(words).unwrap_or_else(|said| panic!("{}: {said}", words.join(" ")))
    }

    /// The same, for a server that may be away.
    ///
    /// # Errors
    /// What the client said.
    ///
    /// # Panics
    /// When there is no client.
    pub fn try_command(&self, words: &[&str]) -> Result<String, String> {
        let mut client = Command::new(&self.program.client);
        client.args(["-h", "127.0.0.1", "-p", &self.port().to_string(), "-e", "--raw"]).args(words);
        try_output(client.env("REDISCLI_AUTH", self.password()))
    }
}

impl Program for Install {
    const NAME: &'static str = "Redis";
    const USERS: &'static [&'static str] = &["redis"];
    const STOP: Signal = Signal::TERM;
    const SIGNS: Signs = Signs { ready: "Ready to accept connections", port_taken: "Address already in use" };

    fn command(&self, account: Option<Account>, directory: &Path, port: u16) -> Command {
        // Through a file without a name: the password is in no directory and no list of processes.
        let mut settings = tempfile::tempfile().unwrap();
        let append = if self.is_durable { "yes" } else { "no" };
        write!(
            settings,
            "bind 127.0.0.1\nport {port}\nrequirepass {}\ndir \"{}\"\nsave \"\"\nappendonly {append}\nappendfsync always\n",
            self.password,
            directory.join("data").display(),
        )
        .unwrap();
        settings.rewind().unwrap();
        let mut server = command(&self.server, account, Self::KILL);
        server.arg("-").stdin(Stdio::from(settings));
        server
    }

    fn url(&self, port: u16) -> String {
        format!("redis://:{}@127.0.0.1:{port}/0", self.password)
    }

    fn password(&self) -> &str {
        &self.password
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::conformance;

    #[test]
    fn a_server_of_ones_own() {
        let redis = Redis::start();
        conformance::check(
            &redis,
            |redis, text| drop(redis.command(&["RPUSH", "kept", text])),
            |redis| redis.command(&["LRANGE", "kept", "0", "-1"]).lines().map(str::to_owned).collect(),
            |connection| connection.write_all(b"PING\r\n").unwrap(),
        );
    }

    #[test]
    fn one_that_forgets() {
        let redis = Redis::start_forgetful();
        redis.command(&["SET", "kept", "yes"]);
        assert_eq!(redis.command(&["GET", "kept"]), "yes");
        redis.kill();
        redis.restart();
        assert_eq!(redis.command(&["GET", "kept"]), "");
    }

    #[test]
    fn it_goes_when_the_test_panics() {
        conformance::goes_with_a_panic(Redis::start);
    }
}
