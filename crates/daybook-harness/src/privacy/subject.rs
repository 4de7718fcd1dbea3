//! What is tried.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::Value;

use super::log::LogCopy;
use super::person::Person;

/// A request to the server.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Path and query, escaped.
    pub path: String,
    /// The body, as JSON.
    pub body: Option<Value>,
    /// With a key that may read and write, but not see people. Otherwise with one that may do everything.
    pub blind: bool,
}

/// What the server said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Bytes from somewhere.
#[derive(Clone)]
pub struct Piece {
    /// Where they are from.
    pub name: String,
    /// The bytes. What is compressed in another way than by gzip, zstd, zip or LZ4 frames is unpacked already.
    pub bytes: Vec<u8>,
}

/// A view on a server that runs, and where it writes.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Asks the server.
    async fn call(&self, request: Request) -> Answer;

    /// Returns when the view has read the log to its end.
    async fn settle(&self) {}

    /// Everything that is written so far is on disk and where it will stay: a database has made its checkpoint and swept out
    /// what was deleted.
    async fn come_to_rest(&self) {}

    /// The server's data directory, with the log in `log`.
    fn data(&self) -> PathBuf;

    /// Directories beside the data directory in which the server, the view or what it writes to keep anything.
    fn directories(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Everything that the server said since the beginning, at the most talkative level.
    fn log_lines(&self) -> Vec<u8>;

    /// What the view holds, or has handed to others, that is not to be read in those directories as it is: rows of a
    /// database, objects of a bucket, messages of a queue, pages that are compressed in a way of their own.
    async fn holdings(&self) -> Vec<Piece> {
        Vec::new()
    }

    /// What the view answers about a person to who may see people, and about everybody where it is not asked about one.
    /// What the server's own routes answer is asked without this.
    async fn answers(&self, person: &Person, anonymous_id: &str) -> Vec<Piece> {
        let _ = (person, anonymous_id);
        Vec::new()
    }

    /// Reads a copy of the log that nobody else has open.
    fn read_log(&self, directory: &Path) -> LogCopy;

    /// Stops the server as an operator does.
    async fn stop(&mut self);

    /// Starts it again, on the data directory as it is now.
    async fn start(&mut self);

    /// Throws away what the view computed, and computes it from the log. The server runs.
    async fn rebuild(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Changes the catalog of an app so that a category is kept for so many days, and starts the server with it. It runs
    /// before and afterwards.
    async fn retain(&mut self, app: &str, category: &str, days: u32);
}

impl Request {
    /// Asks to read.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), body: None, blind: false }
    }

    /// Sends JSON.
    #[must_use]
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: "POST", path: path.into(), body: Some(body), blind: false }
    }

    /// Puts JSON in its place.
    #[must_use]
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self { method: "PUT", path: path.into(), body: Some(body), blind: false }
    }

    /// Has something deleted.
    #[must_use]
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: "DELETE", path: path.into(), body: None, blind: false }
    }

    /// With a key that may not see people.
    #[must_use]
    pub fn blind(mut self) -> Self {
        self.blind = true;
        self
    }
}

impl Answer {
    /// The body of a good answer, as JSON.
    ///
    /// # Panics
    /// When it is another answer.
    #[track_caller]
    pub fn json(&self) -> Value {
        let text = || String::from_utf8_lossy(&self.body).into_owned();
        assert!((200..300).contains(&self.status), "{}: {}", self.status, text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", text()))
    }
}
