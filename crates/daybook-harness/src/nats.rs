//! NATS: the binary of the Debian package, with JetStream.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::command::{Account, command, find, password};
use crate::process::Signs;
use crate::server::{Program, Server};

/// The user of every URL.
const USER: &str = "daybook";

/// A NATS server of one test, with JetStream.
pub type Nats = Server<Install>;

/// An installed NATS server, and its password.
#[derive(Debug)]
pub struct Install {
    server: PathBuf,
    password: String,
}

impl Server<Install> {
    /// Starts a server; a tenth of a second.
    ///
    /// # Panics
    /// Where NATS is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::launch(|directory, _| {
            let password = password();
            // A client may take its time to say who it is: the machine has much else to do.
            let settings = format!("authorization {{ user: {USER}, password: \"{password}\", timeout: 60 }}\n");
            std::fs::write(directory.join("nats.conf"), settings).unwrap();
            std::fs::create_dir(directory.join("data")).unwrap();
            Install { server: find("nats-server", "nats-server"), password }
        })
    }
}

impl Program for Install {
    const NAME: &'static str = "NATS";
    const USERS: &'static [&'static str] = &["nats"];
    const STOP: Signal = Signal::TERM;
    const SIGNS: Signs = Signs { ready: "Server is ready", port_taken: "address already in use" };

    fn command(&self, account: Option<Account>, directory: &Path, port: u16) -> Command {
        let mut server = command(&self.server, account, Self::KILL);
        server.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream"]);
        server.arg("--store_dir").arg(directory.join("data")).arg("--config").arg(directory.join("nats.conf"));
        server.stdin(Stdio::null());
        server
    }

    fn url(&self, port: u16) -> String {
        format!("nats://{USER}:{}@127.0.0.1:{port}", self.password)
    }

    fn password(&self) -> &str {
        &self.password
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use async_nats::jetstream::{self, stream};
    use tokio::runtime::Runtime;

    use super::*;
    use crate::server::conformance;

    #[test]
    fn a_server_of_ones_own() {
        let nats = Nats::start();
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let subjects = vec!["kept".to_owned()];
            let stream = stream::Config { name: "KEPT".to_owned(), subjects, ..Default::default() };
            connect(&nats).await.create_stream(stream).await.unwrap();
        });
        conformance::check(
            &nats,
            |nats, text| {
                runtime.block_on(async {
                    let jetstream = connect(nats).await;
                    jetstream.publish("kept", text.to_owned().into()).await.unwrap().await.unwrap();
                });
            },
            |nats| {
                runtime.block_on(async {
                    let stream = connect(nats).await.get_stream("KEPT").await.unwrap();
                    let mut texts = Vec::new();
                    for sequence in 1..=stream.cached_info().state.last_sequence {
                        let message = stream.get_raw_message(sequence).await.unwrap();
                        texts.push(String::from_utf8(message.payload.to_vec()).unwrap());
                    }
                    texts
                })
            },
            // The server speaks first.
            |_| (),
        );
    }

    #[test]
    fn it_goes_when_the_test_panics() {
        conformance::goes_with_a_panic(Nats::start);
    }

    async fn connect(nats: &Nats) -> jetstream::Context {
        // The client does not look for them in the URL.
        let options = async_nats::ConnectOptions::with_user_and_password(USER.to_owned(), nats.password().to_owned());
        let options = options.connection_timeout(Duration::from_secs(30));
        jetstream::new(options.connect(nats.url()).await.unwrap())
    }
}
