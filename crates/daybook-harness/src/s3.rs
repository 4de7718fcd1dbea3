//! S3: the API of that store as moto has it, from PyPI. It checks signatures, and keeps everything in memory: what it
//! acknowledged survives [`Server::pause`], and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::command::{Account, command, password};
use crate::process::Signs;
use crate::server::{Program, Server};

/// The bucket that there is.
const BUCKET: &str = "blobs";
/// The half of the pair of keys that is no secret.
const KEY: &str = "AKIADAYBOOKHARNESS";

/// An S3 server of one test.
pub type S3 = Server<Install>;

/// A Python with moto, and the secret of the keys.
#[derive(Debug)]
pub struct Install {
    python: PathBuf,
    secret: String,
}

impl Server<Install> {
    /// Starts a server with an empty bucket; two seconds.
    ///
    /// # Panics
    /// Where there is no Python for it, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::launch(|_, _| Install { python: python(), secret: password() })
    }

    /// What a client is told beside the URL, as the crate `object_store` calls it.
    #[must_use]
    pub fn options(&self) -> [(&'static str, String); 5] {
        [
            ("endpoint", format!("http://127.0.0.1:{}", self.port())),
            ("allow_http", "true".to_owned()),
            ("region", "us-east-1".to_owned()),
            ("access_key_id", KEY.to_owned()),
            ("secret_access_key", self.password().to_owned()),
        ]
    }

    /// The names of everything in the bucket, sorted.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn objects(&self) -> Vec<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        connection.write_all(b"GET /-/objects HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, names) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{answer}");
        names.lines().map(str::to_owned).collect()
    }
}

impl Program for Install {
    const NAME: &'static str = "moto";
    const USERS: &'static [&'static str] = &[];
    const STOP: Signal = Signal::TERM;
    const SIGNS: Signs = Signs { ready: "Running on http://127.0.0.1", port_taken: "in use" };

    // It writes nothing, and the Python may be where no other user comes.
    fn command(&self, _: Option<Account>, _: &Path, port: u16) -> Command {
        let mut server = command(&self.python, None, Self::KILL);
        server.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/s3.py")).arg(port.to_string()).arg(BUCKET);
        server.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", &self.secret);
        server.stdin(Stdio::null());
        server
    }

    fn url(&self, _: u16) -> String {
        format!("s3://{BUCKET}/daybook")
    }

    fn password(&self) -> &str {
        &self.secret
    }
}

/// The Python that `make test` makes, with the packages of `benches/requirements.txt`.
fn python() -> PathBuf {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python");
    let python = std::env::var_os("DAYBOOK_PYTHON").map_or(made, PathBuf::from);
    assert!(python.exists(), "{} is not there; `make test` makes it", python.display());
    python
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::conformance;

    #[test]
    fn a_server_of_ones_own() {
        let s3 = S3::start();
        assert_eq!(s3.objects(), Vec::<String>::new());
        // A call that nobody signed.
        let mut connection = TcpStream::connect(("127.0.0.1", s3.port())).unwrap();
        connection.write_all(b"PUT /blobs/a HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\n\r\nx").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        // What moto answers to that is not what S3 does, but no more is done.
        assert!(!answer.contains(" 200 "), "{answer}");
        assert_eq!(s3.objects(), Vec::<String>::new());
        s3.kill();
        TcpStream::connect(("127.0.0.1", s3.port())).unwrap_err();
        s3.restart();
        assert_eq!(s3.objects(), Vec::<String>::new());
    }

    #[test]
    fn it_goes_when_the_test_panics() {
        conformance::goes_with_a_panic(S3::start);
    }
}
