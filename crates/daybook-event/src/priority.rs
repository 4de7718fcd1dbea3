//! How much an event matters when something has to give.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Priority of an event, lowest first. High and critical events are never sampled out or shed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// May be sampled, and shed under pressure.
    Low = 0,
    /// May be sampled.
    #[default]
    Normal = 1,
    /// Always kept.
    High = 2,
    /// Always kept, and written without waiting for company.
    Critical = 3,
}

impl Priority {
    /// All priorities, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Critical];

    /// The priority's name as it is written everywhere: `low`, `normal`, `high`, `critical`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The priority stored as `number` (0 to 3); anything else reads as normal.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        match number {
            0 => Self::Low,
            2 => Self::High,
            3 => Self::Critical,
            _ => Self::Normal,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text is not the name of a priority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a priority is one of low, normal, high, critical")]
pub struct UnknownPriority;

impl FromStr for Priority {
    type Err = UnknownPriority;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == text).ok_or(UnknownPriority)
    }
}
