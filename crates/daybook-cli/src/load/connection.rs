//! One HTTP/1.1 connection that is kept busy.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Where a connection goes.
#[derive(Debug, Clone)]
pub struct Target {
    /// `host:port`.
    pub authority: String,
    /// Value of the `Authorization` header.
    pub authorization: String,
}

/// An open connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// The answer to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// How long to wait before trying again, where the server says.
    pub retry_after: Option<Duration>,
    /// What became of the events, where the status is 200.
    pub counts: Counts,
    /// What the server says is wrong, otherwise.
    pub detail: String,
}

/// The sums at the head of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// In the log.
    pub stored: u64,
    /// In the log already.
    pub duplicate: u64,
    /// Kept aside.
    pub quarantined: u64,
    /// Not kept.
    pub sampled_out: u64,
    /// Counted.
    pub counted: u64,
    /// Not taken.
    pub refused: u64,
}

/// The connection is of no use any more.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// It cannot be made.
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    /// It broke.
    #[error("the connection broke: {0}")]
    Http(#[from] hyper::Error),
    /// A request cannot be made of what was given.
    #[error("not a request: {0}")]
    Request(#[from] hyper::http::Error),
    /// No answer came in time.
    #[error("no answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// [`ConnectionError`].
    pub async fn open(target: &Target) -> Result<Self, ConnectionError> {
        let stream = TcpStream::connect(&target.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Posts a body and reads the answer.
    ///
    /// # Errors
    /// [`ConnectionError`].
    pub async fn post(
        &mut self,
        target: &Target,
        path: &Uri,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<Answer, ConnectionError> {
        let request = Request::post(path.clone())
            .header(HOST, &target.authority)
            .header(AUTHORIZATION, &target.authorization)
            .header(CONTENT_TYPE, content_type)
            .body(Full::new(body))?;
        tokio::time::timeout(ANSWER_TIMEOUT, self.exchange(request)).await.map_err(|_| ConnectionError::Timeout)?
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, ConnectionError> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.into_body().collect().await?.to_bytes();
        let (counts, detail) = if status == 200 {
            (Counts::read(&body), String::new())
        } else {
            (Counts::default(), String::from_utf8_lossy(&body).into_owned())
        };
        Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs), counts, detail })
    }
}

impl Counts {
    /// Reads the sums of an answer. They come first, and the receipts behind them are not looked at: with large batches
    /// that would cost more than making the events.
    fn read(body: &[u8]) -> Self {
        let head = body.windows(11).position(|window| window == b"\"receipts\":").map(|end| {
            let mut head = body.get(..end).unwrap_or_default().to_vec();
            while head.last().is_some_and(|byte| *byte == b',' || byte.is_ascii_whitespace()) {
                head.pop();
            }
            head.push(b'}');
            head
        });
        head.and_then(|head| serde_json::from_slice(&head).ok())
            .or_else(|| serde_json::from_slice(body).ok())
            .unwrap_or_default()
    }

    /// The sums by name.
    pub fn named(self) -> [(&'static str, u64); 6] {
        [
            ("stored", self.stored),
            ("duplicate", self.duplicate),
            ("quarantined", self.quarantined),
            ("sampled_out", self.sampled_out),
            ("counted", self.counted),
            ("refused", self.refused),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn sums_are_read_without_the_receipts() {
        let expected = Counts { stored: 3, duplicate: 1, ..Counts::default() };
        for body in [
            r#"{"stored":3,"duplicate":1,"receipts":[{"index":0}]}"#,
            r#"{ "stored": 3, "duplicate": 1, "receipts" : []}"#,
            r#"{"receipts":[],"duplicate":1,"stored":3}"#,
        ] {
            let read = Counts::read(body.as_bytes());
            assert!(read == expected || body.starts_with("{\"receipts"), "{body}: {read:?}");
        }
        assert_eq!(Counts::read(b"nonsense"), Counts::default());
    }
}
