//! What a source of messages has to do.

use std::time::Duration;

use async_trait::async_trait;

use super::Message;

/// A connection to a source. One that failed is dropped and another made; what was taken over it and not acknowledged comes again.
#[async_trait]
pub(crate) trait Source: Send {
    /// Takes up to `max` messages, those first that an earlier connection left unacknowledged. Waits up to `wait` for one; dropped
    /// while it waits, nothing is lost.
    async fn fetch(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError>;

    /// Acknowledges messages: they do not come again. Durable at the source when it returns.
    async fn acknowledge(&mut self, tokens: &[String]) -> Result<(), SourceError>;

    /// Puts a message nobody can read where it holds nobody up and is not lost, as far as the source can, and acknowledges it.
    async fn set_aside(&mut self, delivery: &Delivery, code: &str) -> Result<(), SourceError>;

    /// Tells the source that these messages are still being worked on.
    async fn keep(&mut self, _held: &[Delivery]) -> Result<(), SourceError> {
        Ok(())
    }

    /// Messages not yet taken, where the source can tell.
    async fn lag(&mut self) -> Result<Option<u64>, SourceError>;
}

/// A message, and by what it is acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) message: Message,
    pub(crate) token: String,
}

/// A source does not do what it should. The words hold no address and no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SourceError {
    /// What is configured cannot work as it is: a key of another type, a stream that is not there.
    #[error("{0}")]
    Unusable(String),
    /// It does not answer, or not in time.
    #[error("{0}")]
    Connection(String),
    /// It answers something that makes no sense.
    #[error("an answer that was not understood")]
    Protocol,
}

/// Gives a call to a source its time.
pub(crate) async fn patiently<T, E: Into<SourceError>>(
    patience: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, SourceError> {
    match tokio::time::timeout(patience, call).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(SourceError::Connection("no answer in time".to_owned())),
    }
}
