//! What an app's `aggregates.yaml` says: the numbers that are computed of its events for each day, week or month, and kept when
//! the events are gone.

mod read;
mod sql;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(crate) use read::read;

/// The file of an app's aggregates.
pub(crate) const AGGREGATES_FILE: &str = "aggregates.yaml";

/// One aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Its name, unique within the app; the `aggregate_type` of its rows.
    pub name: String,
    /// What its numbers say.
    pub description: Option<String>,
    /// How long one of its periods is.
    pub period: Period,
    /// The category whose `aggregate-retain` its rows have. It is not computed for periods that begin before the `retain` of it:
    /// events of them may be gone.
    pub category: String,
    /// The columns of the answer that say what a row's numbers are of. All other columns are numbers.
    pub dimensions: Vec<String>,
    /// The time of day, in UTC, from which on a period that is over is computed.
    pub at: Duration,
    /// How far before a period it looks at events, in whole days: what comes late for these days changes its numbers, too.
    pub looks_back: Duration,
    /// How long after the end of a period it looks at events, in whole days. Until then it is computed every day again.
    pub recompute_for: Duration,
    /// One `SELECT` over `events`, in which there are [`PLACEHOLDERS`].
    pub sql: String,
}

/// How long a period is. All are of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A day.
    Daily,
    /// A week from Monday to Sunday.
    Weekly,
    /// A calendar month.
    Monthly,
}

/// What stands for something else in [`Spec::sql`]: the first day of the period, its last, that on which it is computed, and the
/// condition that an event counts as a person being active.
pub const PLACEHOLDERS: [&str; 4] = ["$period_start", "$period_end", "$today", "$active"];

/// The time of day from which on a period is computed, where the aggregate does not say.
pub const AT_DEFAULT: Duration = Duration::from_secs(3_600);

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    /// As catalogs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The one that catalogs write so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == text)
    }
}

impl Spec {
    /// The time of day as catalogs write it: `01:00`.
    #[must_use]
    pub fn at_text(&self) -> String {
        let minutes = self.at.as_secs() / 60;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}
