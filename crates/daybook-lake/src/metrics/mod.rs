//! Metrics: questions with names, over the `events` of one app.
//!
//! A question is read from its parameters ([`Question::read`], [`Question::from_pairs`]) or is written as a value of its type,
//! and is answered over any session that has a table `events` with the lake's columns. What a user writes is never pasted into
//! SQL: plans are built from expressions, in which it is only ever a value or the name of a column that is there.
//!
//! People are counted, never weighted; events are weighted by how many they stand for (`sample_rate`). Who gave no consent is a
//! person of one month: counted in it like anybody, and another in the next. Times are UTC.
//!
//! `from` is inclusive and `to` exclusive. For active users, trends, funnels and sessions they cut events: a period of which only a part
//! lies between them counts only that part. For retention, stickiness and churn they choose periods, which count whole.

mod active_users;
mod activity;
mod churn;
mod columns;
mod condition;
mod error;
mod funnel;
pub mod limits;
mod names;
mod number;
mod percentile;
mod period_of;
mod question;
mod retention;
pub(crate) mod run;
mod sessions;
mod span;
mod stickiness;
mod trend;

use daybook_catalog::AppCatalog;

pub use active_users::{ActiveUsers, ActiveUsersRow, active_users};
pub use churn::{Churn, ChurnRow, churn};
pub use condition::Conditions;
pub use error::{Finding, MetricError};
pub use funnel::{Funnel, FunnelBy, FunnelRow, Step, Within, funnel};
pub use names::Names;
pub use number::Number;
pub use question::{Answer, Question};
pub use retention::{Retention, RetentionRow, retention};
pub use sessions::{Sessions, SessionsRow, sessions};
pub use span::{Interval, Period};
pub use stickiness::{Stickiness, StickinessRow, stickiness};
pub use trend::{Measure, Trend, TrendRow, trend};

/// What an app's catalog says about its metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions {
    /// The events that count as a person being active; none where all with a person do.
    pub active: Option<Names>,
}

impl From<&AppCatalog> for Definitions {
    fn from(catalog: &AppCatalog) -> Self {
        Self { active: catalog.active.clone().map(Names) }
    }
}
