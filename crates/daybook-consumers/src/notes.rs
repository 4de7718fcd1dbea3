//! What the runtime has to say of its consumers to whoever writes it down.

use std::sync::Arc;
use std::time::Duration;

use daybook_event::Position;

/// Hears of changes of consumers' states. Never of single deliveries, so that a consumer of these very notes comes to rest.
pub trait Notes: Send + Sync {
    /// Takes a note. It must not block.
    fn note(&self, note: Note);
}

/// What happened to a consumer.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Its app.
    pub app: Arc<str>,
    /// Its name.
    pub consumer: Arc<str>,
    /// Who wanted it so, where somebody did.
    pub actor: Option<String>,
    /// What.
    pub change: Change,
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It was paused.
    Paused,
    /// It goes on.
    Resumed,
    /// Its offset was set.
    Rewound {
        /// The offset before.
        from: Position,
        /// The offset now.
        to: Position,
    },
    /// Its destination works for nobody; the consumer waits and probes.
    DestinationLost {
        /// Stable, for programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Its destination works again.
    DestinationBack {
        /// How long it was lost.
        after: Duration,
    },
    /// It can do nothing until somebody resumes it.
    Stopped {
        /// Stable, for programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Events were given up in the last minute.
    GaveUp {
        /// So many that are dead letters now.
        dead_letters: u64,
        /// So many that are only counted, because the consumer keeps no dead letters.
        dropped: u64,
        /// Why the last of them was: stable, for programs.
        code: String,
    },
    /// The consumer takes longer than it promised.
    LatencyBroken {
        /// What was promised.
        promise: Duration,
        /// What is.
        p99: Duration,
    },
    /// The consumer keeps its promise again.
    LatencyKept {
        /// What was promised.
        promise: Duration,
        /// What is.
        p99: Duration,
    },
}

/// Says nothing to anybody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNotes;

impl Notes for NoNotes {
    fn note(&self, _note: Note) {}
}
