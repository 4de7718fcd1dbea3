//! Questions and answers by name, for who reads them from requests.

use datafusion::prelude::SessionContext;
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::{Findings, MetricError, read};
use super::{
    ActiveUsers, ActiveUsersRow, Churn, ChurnRow, Definitions, Funnel, FunnelRow, Retention, RetentionRow, Sessions,
    SessionsRow, Stickiness, StickinessRow, Trend, TrendRow, active_users, churn, funnel, retention, sessions,
    stickiness, trend,
};

/// A question of any kind.
#[derive(Debug, Clone)]
pub enum Question {
    /// `active-users`
    ActiveUsers(ActiveUsers),
    /// `retention`
    Retention(Retention),
    /// `funnel`
    Funnel(Funnel),
    /// `trend`
    Trend(Trend),
    /// `stickiness`
    Stickiness(Stickiness),
    /// `churn`
    Churn(Churn),
    /// `sessions`
    Sessions(Sessions),
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To `active-users`.
    ActiveUsers {
        /// By period and group.
        rows: Vec<ActiveUsersRow>,
    },
    /// To `retention`.
    Retention {
        /// By cohort and period.
        rows: Vec<RetentionRow>,
    },
    /// To `funnel`.
    Funnel {
        /// By group and step.
        steps: Vec<FunnelRow>,
    },
    /// To `trend`.
    Trend {
        /// By interval and group.
        rows: Vec<TrendRow>,
    },
    /// To `stickiness`.
    Stickiness {
        /// By period.
        rows: Vec<StickinessRow>,
    },
    /// To `churn`.
    Churn {
        /// By period.
        rows: Vec<ChurnRow>,
    },
    /// To `sessions`.
    Sessions {
        /// By period and group.
        rows: Vec<SessionsRow>,
    },
}

impl Question {
    /// The names of the metrics.
    pub const NAMES: [&'static str; 7] =
        ["active-users", "retention", "funnel", "trend", "stickiness", "churn", "sessions"];

    /// Reads the question of a metric from its parameters, an object.
    ///
    /// # Errors
    /// [`MetricError::Refused`] when there is no such metric, or a parameter is unknown, missing, or of another type.
    pub fn read(metric: &str, parameters: Value) -> Result<Self, MetricError> {
        match metric {
            "active-users" => read(parameters).map(Self::ActiveUsers),
            "retention" => read(parameters).map(Self::Retention),
            "funnel" => read(parameters).map(Self::Funnel),
            "trend" => read(parameters).map(Self::Trend),
            "stickiness" => read(parameters).map(Self::Stickiness),
            "churn" => read(parameters).map(Self::Churn),
            "sessions" => read(parameters).map(Self::Sessions),
            _ => Err(MetricError::refused("metric", format!("there are {}", Self::NAMES.join(", ")))),
        }
    }

    /// Reads the question of a metric from the pairs of a query string. Names of events are parted by commas, or given one by
    /// one; `where` and `steps` are JSON.
    ///
    /// # Errors
    /// Those of [`Question::read`].
    pub fn from_pairs<'p>(
        metric: &str,
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, MetricError> {
        let mut findings = Findings::default();
        let mut parameters = Map::new();
        for (key, text) in pairs {
            let value = match key {
                "events" | "start" | "return" => {
                    let names = text.split(',').map(|name| Value::String(name.trim().to_owned()));
                    let known = parameters.remove(key);
                    let known = known.and_then(|known| known.as_array().cloned()).unwrap_or_default();
                    Value::Array(known.into_iter().chain(names).collect())
                }
                "periods" => match text.parse::<u64>() {
                    Ok(number) => Value::from(number),
                    Err(_) => {
                        findings.add(key, format!("`{}` is no whole number", text.escape_debug()));
                        continue;
                    }
                },
                "where" | "steps" => match serde_json::from_str(text) {
                    Ok(value) => value,
                    Err(error) => {
                        findings.add(key, format!("is no JSON: {error}"));
                        continue;
                    }
                },
                _ => Value::String(text.to_owned()),
            };
            if parameters.insert(key.to_owned(), value).is_some() {
                findings.add(key, "is given more than once");
            }
        }
        findings.check()?;
        Self::read(metric, Value::Object(parameters))
    }

    /// Answers it.
    ///
    /// # Errors
    /// [`MetricError`]
    pub async fn ask(&self, session: &SessionContext, definitions: &Definitions) -> Result<Answer, MetricError> {
        Ok(match self {
            Self::ActiveUsers(question) => {
                Answer::ActiveUsers { rows: active_users(session, definitions, question).await? }
            }
            Self::Retention(question) => Answer::Retention { rows: retention(session, definitions, question).await? },
            Self::Funnel(question) => Answer::Funnel { steps: funnel(session, question).await? },
            Self::Trend(question) => Answer::Trend { rows: trend(session, definitions, question).await? },
            Self::Stickiness(question) => {
                Answer::Stickiness { rows: stickiness(session, definitions, question).await? }
            }
            Self::Churn(question) => Answer::Churn { rows: churn(session, definitions, question).await? },
            Self::Sessions(question) => Answer::Sessions { rows: sessions(session, question).await? },
        })
    }
}
