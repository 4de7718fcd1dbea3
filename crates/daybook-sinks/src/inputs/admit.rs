//! Where inputs hand events over.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// Takes messages into admission. The server implements it.
#[async_trait]
pub trait Admit: Send + Sync {
    /// Judges messages of an app: each is an event, an array, a batch or NDJSON, in any form the app may send. One outcome for
    /// each, in the same order; a message that is bad does no harm to the others.
    async fn admit(&self, app: &str, messages: &[Message]) -> Vec<Outcome>;

    /// Writes down what changed about an input. A failure to do so harms nothing.
    async fn note(&self, note: Note<'_>);
}

/// A message as it came from its source.
#[derive(Clone)]
pub struct Message {
    /// What is in it.
    pub body: Bytes,
    /// What it is known by: its source's name and its own in there. Events in it that have no id get one made of this.
    pub key: String,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything in it has its receipt: it is durable, or is not to be kept.
    Done(Admitted),
    /// It can neither be taken nor be kept in the quarantine, now or later.
    Unreadable(&'static str),
    /// Nothing of it was promised; it may be taken later.
    Later {
        /// Why, as a problem's code.
        code: &'static str,
        /// When, where that is known.
        after: Option<Duration>,
    },
}

/// What the receipts of a message say, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Admitted {
    /// Events in the log now.
    pub stored: u64,
    /// Events that were in the log already.
    pub duplicate: u64,
    /// Events kept aside, with their reasons.
    pub quarantined: u64,
    /// Events not kept because of sampling or pressure.
    pub sampled_out: u64,
    /// Events of counts-only types.
    pub counted: u64,
    /// Events not taken: no consent, or too old.
    pub refused: u64,
}

/// Something that changed about an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note<'a> {
    /// Its source does not answer.
    Lost {
        /// The input.
        input: &'a str,
        /// The app it is for.
        app: &'a str,
        /// What the connection says, without address or password.
        reason: &'a str,
    },
    /// Its source answers again.
    Recovered {
        /// The input.
        input: &'a str,
        /// The app it is for.
        app: &'a str,
        /// How long it was gone.
        gone: Duration,
    },
    /// Messages were set aside that nobody could read.
    Unreadable {
        /// The input.
        input: &'a str,
        /// The app it is for.
        app: &'a str,
        /// How many.
        count: u64,
        /// Why, of the last.
        code: &'a str,
    },
}

impl Admitted {
    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.stored += other.stored;
        self.duplicate += other.duplicate;
        self.quarantined += other.quarantined;
        self.sampled_out += other.sampled_out;
        self.counted += other.counted;
        self.refused += other.refused;
    }
}

/// What is in a message is somebody's, and not printed.
impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Message({}, {} bytes)", self.key, self.body.len())
    }
}
