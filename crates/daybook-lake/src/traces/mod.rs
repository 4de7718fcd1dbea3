//! Traces: the events that belong together, and what caused what among them.
//!
//! A trace is all events of an app with one correlation. [`Wanted::ask`] finds them in the lake with as little of each as the
//! forest depends on ([`tree`]); whoever shows a part of it reads the events themselves from the log, where what is sealed can be
//! opened. [`audit`] finds events by who did them, when, and of what types.

pub mod audit;
pub mod limits;
mod read;
pub mod tree;

use daybook_catalog::audit::{Audit, DurationField, Outcome};
use daybook_event::Timestamp;

pub use read::causes;

use crate::moment::Moment;
use tree::{Happening, Kind, Tree};

/// Which trace is wanted, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The app.
    pub app: String,
    /// The correlation that its events have.
    pub correlation: String,
    /// Only those that are part of this request.
    pub request: Option<String>,
    /// Only those that happened at this time or later.
    pub from: Option<Timestamp>,
    /// Only those that happened before this time.
    pub to: Option<Timestamp>,
    /// As it was at this moment.
    pub moment: Moment,
    /// Data fields that say how long something took.
    pub durations: Vec<DurationField>,
    /// Data fields that count attempts.
    pub attempts: Vec<String>,
}

/// A trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// Its events, in the order of the log.
    pub events: Vec<Happening>,
    /// The names of their types, by kind.
    pub names: Vec<String>,
    /// What caused what.
    pub tree: Tree,
}

/// A trace cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It has more events than are looked at together.
    #[error("the trace has more than {} events", limits::TRACE_EVENTS_MAX)]
    TooLarge,
    /// The tables cannot be read.
    #[error(transparent)]
    Query(#[from] datafusion::error::DataFusionError),
}

impl Trace {
    /// What caused what among events in any order, by what the catalog says of their types.
    fn of(mut events: Vec<Happening>, names: Vec<String>, audit: &Audit) -> Self {
        events.sort_unstable_by_key(|event| event.position);
        let tree = Tree::of(&events, &kinds(&names, audit));
        Self { events, names, tree }
    }
}

/// What the catalog says of the types of these names.
fn kinds(names: &[String], audit: &Audit) -> Vec<Kind> {
    let kind = |name: &String| {
        let outcome = audit.traces.outcome(name);
        Kind {
            fails: outcome == Some(Outcome::Failure),
            retries: outcome == Some(Outcome::Retry),
            begins: audit.traces.begins(name),
            ends: audit.traces.ended_by(name).filter_map(|start| names.iter().position(|name| name == start)).collect(),
        }
    };
    names.iter().map(kind).collect()
}
