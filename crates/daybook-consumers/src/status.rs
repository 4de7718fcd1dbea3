//! How a consumer is, for people and programs.

use daybook_event::{Position, Timestamp};
use serde::Serialize;

/// How a consumer is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Its app.
    pub app: String,
    /// Its name.
    pub consumer: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its handler.
    pub handler: String,
    /// What it does now.
    #[serde(flatten)]
    pub state: State,
    /// Everything up to here is delivered, given up, or not wanted.
    pub offset: Position,
    /// The position of the log's last event.
    pub head: Position,
    /// Positions between the two, those of other events included.
    pub lag_events: u64,
    /// Age of the oldest event that waits to be delivered.
    pub lag_seconds: f64,
    /// Events delivered since the start.
    pub delivered: u64,
    /// Attempts that failed since the start, and were or will be made again.
    pub retried: u64,
    /// Dead letters there are.
    pub dead_letters: u64,
    /// Events that were given up without a dead letter, ever.
    pub given_up: u64,
    /// Events delivered in the last minute.
    pub delivered_per_minute: u64,
    /// Time from receipt to delivery, over the last minute; nothing where nothing was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// What it promises, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
}

/// What a consumer does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It delivers what comes.
    Running,
    /// It delivers, and is behind.
    CatchingUp,
    /// Somebody paused it.
    Paused {
        /// Since when.
        since: Timestamp,
    },
    /// It waits for something that does not work for anybody, mostly its destination.
    Waiting {
        /// Since when.
        since: Timestamp,
        /// Stable, for programs.
        code: String,
        /// For people.
        message: String,
        /// When it is tried again.
        next_probe: Timestamp,
    },
    /// Nothing says where it delivers to.
    Unconfigured {
        /// What is missing.
        missing: String,
    },
    /// No catalog has it any more, and what it delivered cannot be reached.
    Removed,
    /// It can do nothing until somebody resumes it.
    Stopped {
        /// Since when.
        since: Timestamp,
        /// Stable, for programs.
        code: String,
        /// For people.
        message: String,
    },
}

impl State {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::CatchingUp => "catching-up",
            Self::Paused { .. } => "paused",
            Self::Waiting { .. } => "waiting",
            Self::Unconfigured { .. } => "unconfigured",
            Self::Removed => "removed",
            Self::Stopped { .. } => "stopped",
        }
    }
}

/// Time from receipt to delivery.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the events took no longer.
    pub p50_ms: f64,
    /// All but one in a hundred took no longer.
    pub p99_ms: f64,
}

/// What a consumer promises.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Promise {
    /// Of a hundred events 99 take no longer from receipt to delivery.
    pub latency_ms: u64,
    /// Whether it is so, over the last minute.
    pub kept: bool,
}
