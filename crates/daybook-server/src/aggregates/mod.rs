//! Aggregates at work: computed on schedule, again where events come late, and by command; kept in the log and, for readers, in a
//! table of the state database.
//!
//! Each row that is new, or has other numbers than before, is an event `aggregate.computed` of the app `daybook`; one that is no
//! longer there is such an event without numbers. The table holds what these events say: it is written at once by whoever
//! computes, and by a consumer ([`view`]) from the log, in any order with the same end.

mod computed;
mod keeper;
mod run;
mod schedule;
pub mod store;
pub mod view;

use std::collections::HashMap;

use daybook_catalog::aggregates::Spec;
use daybook_event::Timestamp;
use parking_lot::Mutex;

pub use computed::Computed;
pub use run::{Backfilled, RunError, Wanted};
pub use schedule::definition_of;

/// What the server knows of its aggregates beside what is in the state database.
#[derive(Default)]
pub struct Aggregates {
    /// Whoever computes holds this: rows are compared with those before.
    computing: tokio::sync::Mutex<()>,
    /// Aggregates that could not be computed the last time, by app and name.
    troubles: Mutex<HashMap<(String, String), Trouble>>,
    /// Periods that were computed since the start, likewise.
    periods: Mutex<HashMap<(String, String), u64>>,
}

/// Why an aggregate could not be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// When it was tried.
    pub at: Timestamp,
    /// Stable, for programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Aggregates {
    /// Why an aggregate could not be computed the last time.
    pub fn trouble(&self, app: &str, name: &str) -> Option<Trouble> {
        self.troubles.lock().get(&(app.to_owned(), name.to_owned())).cloned()
    }

    /// How many periods of an aggregate were computed since the server started.
    pub fn computed_periods(&self, app: &str, name: &str) -> u64 {
        self.periods.lock().get(&(app.to_owned(), name.to_owned())).copied().unwrap_or(0)
    }

    fn count_period(&self, app: &str, name: &str) {
        *self.periods.lock().entry((app.to_owned(), name.to_owned())).or_default() += 1;
    }

    fn set_trouble(&self, app: &str, name: &str, trouble: Option<Trouble>) {
        let key = (app.to_owned(), name.to_owned());
        let mut troubles = self.troubles.lock();
        match trouble {
            Some(trouble) => drop(troubles.insert(key, trouble)),
            None => drop(troubles.remove(&key)),
        }
    }
}

/// The whole days of a duration that a catalog names.
fn days(duration: std::time::Duration) -> jiff::Span {
    let days = i64::try_from(duration.as_secs() / 86_400).unwrap_or_default();
    jiff::Span::new().try_days(days).unwrap_or_default()
}

/// An aggregate of this name among several.
fn find<'s>(specs: &'s [Spec], name: &str) -> Option<&'s Spec> {
    specs.iter().find(|spec| spec.name == name)
}
