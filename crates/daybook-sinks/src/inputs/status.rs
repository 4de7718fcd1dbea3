//! How an input is doing.

use parking_lot::Mutex;
use serde::Serialize;

use super::Admitted;

/// How an input is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// What it drains: `redis-stream`, `redis-list`, `nats-jetstream` or `nats`.
    pub kind: &'static str,
    /// The app its events are for.
    pub app: String,
    /// The key or subject.
    pub from: String,
    /// Whether it has its source.
    pub state: State,
    /// What the source, or admission, said last when something did not work; gone once it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Messages taken since the server started.
    pub received: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Messages set aside because nobody could read them.
    pub unreadable: u64,
    /// Messages taken that wait for admission.
    pub waiting: u64,
    /// Messages not yet taken, where the source can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<u64>,
    /// What became of the events.
    pub events: Admitted,
}

/// Whether an input has its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being connected to.
    Connecting,
    /// It answers.
    Connected,
    /// It did not answer; it is tried again.
    Lost,
    /// The input has ended with the server.
    Stopped,
}

/// A status that the input changes and others look at.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<Status>);

impl Shared {
    pub(crate) fn new(name: &str, kind: &'static str, app: &str, from: &str) -> Self {
        Self(Mutex::new(Status {
            name: name.to_owned(),
            kind,
            app: app.to_owned(),
            from: from.to_owned(),
            state: State::Connecting,
            error: None,
            received: 0,
            acknowledged: 0,
            unreadable: 0,
            waiting: 0,
            lag: None,
            events: Admitted::default(),
        }))
    }

    pub(crate) fn get(&self) -> Status {
        self.0.lock().clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.0.lock());
    }
}
