//! Talking to a server: what the commands that need one share.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Response, StatusCode};

use crate::failure::Failure;

/// Largest answer that is read, in bytes; a page of the largest events fits.
const ANSWER_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Longest wait for something large to begin.
const ANSWER_PATIENCE: Duration = Duration::from_secs(330);

/// Which server, and with which key.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerOptions {
    /// Where the server is
    #[arg(long, value_name = "URL", env = "DAYBOOK_SERVER", default_value = "http://127.0.0.1:4747")]
    pub server: String,
    /// The key to use
    #[arg(long, value_name = "KEY", env = "DAYBOOK_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Use the admin key of this data directory, where no key is given
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl ServerOptions {
    /// The key that these options name.
    ///
    /// # Errors
    /// [`Failure::Usage`] when they name none, [`Failure::Read`] when its file cannot be read.
    pub fn key(&self) -> Result<String, Failure> {
        match (&self.key, &self.data) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(data)) => admin_key(data),
            (None, None) => Err(Failure::usage(
                "no key is given",
                "give one with `--key` or DAYBOOK_KEY, or use the data directory's admin key with `--data DIR`",
            )),
        }
    }

    /// A client for this server.
    ///
    /// # Errors
    /// Those of [`ServerOptions::key`].
    pub fn client(&self) -> Result<Client, Failure> {
        Ok(Client::new(&self.server, &self.key()?))
    }
}

/// The admin key that a server wrote to its data directory.
///
/// # Errors
/// [`Failure::Read`].
pub fn admin_key(data: &Path) -> Result<String, Failure> {
    let path = data.join("admin.key");
    match fs::read_to_string(&path) {
        Ok(key) => Ok(key.trim().to_owned()),
        Err(source) => Err(Failure::read(&path, source)),
    }
}

/// A client of one server; copies are cheap and share its connections.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    authorization: String,
}

impl Client {
    /// A client of the server at `base`, using `key`.
    pub fn new(base: &str, key: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .user_agent(concat!("daybook/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            base: base.trim_end_matches('/').to_owned(),
            authorization: format!("Bearer {key}"),
        }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// GET, answered with JSON.
    ///
    /// # Errors
    /// [`Failure::Unreachable`], or [`Failure::Refused`] when the answer is an error.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        let url = self.url(path);
        let request = self.agent.get(&url).header("authorization", &self.authorization);
        self.json(&url, request.config().timeout_global(Some(Duration::from_secs(60))).build().call())
    }

    /// DELETE; the answer, where there is one, as JSON.
    ///
    /// # Errors
    /// Those of [`Client::get`].
    pub fn delete(&self, path: &str) -> Result<Value, Failure> {
        let url = self.url(path);
        let request = self.agent.delete(&url).header("authorization", &self.authorization);
        self.json(&url, request.config().timeout_global(Some(Duration::from_secs(60))).build().call())
    }

    /// POST of a JSON body, answered with JSON.
    ///
    /// # Errors
    /// Those of [`Client::get`].
    pub fn post(&self, path: &str, body: &[u8]) -> Result<Value, Failure> {
        let url = self.url(path);
        let request = self.agent.post(&url).header("authorization", &self.authorization);
        let request = request.content_type("application/json");
        self.json(&url, request.config().timeout_global(Some(Duration::from_secs(120))).build().send(body))
    }

    /// PUT of a JSON body, answered with JSON.
    ///
    /// # Errors
    /// Those of [`Client::get`].
    pub fn put(&self, path: &str, body: &[u8]) -> Result<Value, Failure> {
        let url = self.url(path);
        let request = self.agent.put(&url).header("authorization", &self.authorization);
        let request = request.content_type("application/json");
        self.json(&url, request.config().timeout_global(Some(Duration::from_secs(60))).build().send(body))
    }

    /// GET of something large, to be read as it comes.
    ///
    /// # Errors
    /// Those of [`Client::get`]; an answer that breaks off is an error of the reader.
    pub fn download(&self, path: &str) -> Result<impl Read + use<>, Failure> {
        let url = self.url(path);
        let request = self.agent.get(&url).header("authorization", &self.authorization);
        let request = request.config().timeout_recv_response(Some(ANSWER_PATIENCE)).build();
        let mut response = request.call().map_err(|error| unreachable(&url, &error))?;
        if !response.status().is_success() {
            return Err(refused(&mut response));
        }
        Ok(response.into_body().into_reader())
    }

    /// POST of a JSON body, answered with something large, to be read as it comes.
    ///
    /// # Errors
    /// Those of [`Client::get`]; an answer that breaks off is an error of the reader.
    pub fn post_download(&self, path: &str, body: &[u8]) -> Result<impl Read + use<>, Failure> {
        let url = self.url(path);
        let request = self.agent.post(&url).header("authorization", &self.authorization);
        let request = request.content_type("application/json");
        let request = request.config().timeout_recv_response(Some(ANSWER_PATIENCE)).build();
        let mut response = request.send(body).map_err(|error| unreachable(&url, &error))?;
        if !response.status().is_success() {
            return Err(refused(&mut response));
        }
        Ok(response.into_body().into_reader())
    }

    /// GET of a stream of server-sent events, line by line.
    ///
    /// # Errors
    /// Those of [`Client::get`].
    pub fn stream(&self, path: &str) -> Result<impl BufRead + use<>, Failure> {
        let url = self.url(path);
        let request = self.agent.get(&url).header("authorization", &self.authorization);
        let mut response =
            request.header("accept", "text/event-stream").call().map_err(|error| unreachable(&url, &error))?;
        if !response.status().is_success() {
            return Err(refused(&mut response));
        }
        Ok(BufReader::new(response.into_body().into_reader()))
    }

    fn json(&self, url: &str, answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Value, Failure> {
        let mut response = answer.map_err(|error| unreachable(url, &error))?;
        if !response.status().is_success() {
            return Err(refused(&mut response));
        }
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| unreachable(url, &error))?;
        serde_json::from_slice(&body).map_err(|error| Failure::Unreachable {
            url: url.to_owned(),
            reason: format!("the answer is not JSON: {error}"),
        })
    }
}

/// A path segment or query value with everything escaped that a URL cannot hold.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn unreachable(url: &str, error: &ureq::Error) -> Failure {
    Failure::Unreachable { url: url.to_owned(), reason: error.to_string() }
}

/// The problem (RFC 9457) in an answer.
fn refused(response: &mut Response<ureq::Body>) -> Failure {
    let problem = response.body_mut().read_json::<Value>().unwrap_or_default();
    let text = |member: &str| problem.get(member).and_then(Value::as_str).map(str::to_owned);
    Failure::Refused {
        status: response.status().as_u16(),
        code: text("code").unwrap_or_else(|| "no code".into()),
        detail: text("detail").or_else(|| text("title")).unwrap_or_else(|| "no detail".into()),
        hint: text("hint"),
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn urls_hold_any_text() {
        assert_eq!(escaped("world.*"), "world.%2A");
        assert_eq!(escaped("a b/c?d&é"), "a%20b%2Fc%3Fd%26%C3%A9");
    }
}
