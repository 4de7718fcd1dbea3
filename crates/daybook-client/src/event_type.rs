//! What kinds of events there are, and what follows from the kind: category and default sampling.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an event is about in the widest sense; follows from its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventCategory {
    /// What people do and which features they use.
    Usage,
    /// Measurements.
    Performance,
    /// What went wrong.
    Error,
    /// Tokens, costs, quotas.
    Business,
    /// Sign-ins, permissions, sensitive data.
    Security,
    /// The life of the program itself.
    System,
    /// What plugins report.
    Custom,
}

/// How much an event matters when something has to give, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventPriority {
    /// May be sampled, and dropped under pressure.
    Low = 0,
    /// May be sampled.
    #[default]
    Normal = 1,
    /// Always kept.
    High = 2,
    /// Always kept, and written at once.
    Critical = 3,
}

/// Which share of the events of a type is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SamplingConfig {
    /// Share kept beyond the minimum, from 0.0 (none) to 1.0 (all).
    pub rate: f64,
    /// Events kept in every window whatever the rate.
    pub min_per_window: u32,
    /// Length of a window in seconds.
    pub window_seconds: u64,
}

impl Default for SamplingConfig {
    /// Everything is kept.
    fn default() -> Self {
        Self { rate: 1.0, min_per_window: 1, window_seconds: 60 }
    }
}

/// Defines the type with its names and categories in one list, so that none of the three can be forgotten.
macro_rules! event_types {
    ($($category:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ })+) => {
        /// What happened. Written by its name in snake case, or as `{"custom": "…"}`.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventType {
            $($($(#[$doc])* #[serde(rename = $name)] $variant,)+)+
            /// A type of a plugin's own, by its name.
            #[serde(rename = "custom")]
            Custom(String),
        }

        impl EventType {
            /// All types but the custom ones, by category.
            pub const BUILT_IN: &'static [Self] = &[$($(Self::$variant,)+)+];

            /// The category of events of this type.
            #[must_use]
            pub const fn category(&self) -> EventCategory {
                match self {
                    $($(Self::$variant)|+ => EventCategory::$category,)+
                    Self::Custom(_) => EventCategory::Custom,
                }
            }

            /// The type's name: `mission_created`, or what a plugin calls it.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $($(Self::$variant => $name,)+)+
                    Self::Custom(name) => name,
                }
            }
        }
    };
}

event_types! {
    Usage {
        /// A session began.
        SessionStarted = "session_started",
        /// A session ended.
        SessionEnded = "session_ended",
        /// A mission was set up.
        MissionCreated = "mission_created",
        /// A mission reached its goal.
        MissionCompleted = "mission_completed",
        /// A mission gave up.
        MissionFailed = "mission_failed",
        /// A mission was called off.
        MissionCancelled = "mission_cancelled",
        /// A command ran.
        CommandExecuted = "command_executed",
        /// A feature was used.
        FeatureUsed = "feature_used",
        /// A model backend was chosen.
        BackendSelected = "backend_selected",
        /// A tool was called.
        ToolInvoked = "tool_invoked",
    }
    Performance {
        /// How long an answer took.
        ResponseLatency = "response_latency",
        /// How much memory is in use.
        MemoryUsage = "memory_usage",
        /// How busy the processor is.
        CpuUsage = "cpu_usage",
        /// How full the disk is.
        DiskUsage = "disk_usage",
        /// How long the network took.
        NetworkLatency = "network_latency",
        /// Something was in a cache.
        CacheHit = "cache_hit",
        /// Something was not in a cache.
        CacheMiss = "cache_miss",
    }
    Error {
        /// An error came up.
        ErrorOccurred = "error_occurred",
        /// A warning was given.
        WarningRaised = "warning_raised",
        /// A panic was caught.
        PanicCaught = "panic_caught",
        /// Something did not pass a check.
        ValidationFailed = "validation_failed",
        /// Something took too long.
        TimeoutOccurred = "timeout_occurred",
        /// Something was tried again.
        RetryAttempted = "retry_attempted",
    }
    Business {
        /// A model used tokens.
        TokensConsumed = "tokens_consumed",
        /// Something cost money or credits.
        CostIncurred = "cost_incurred",
        /// A quota was looked up.
        QuotaChecked = "quota_checked",
        /// Spending came close to a budget, or over it.
        BudgetAlerted = "budget_alerted",
    }
    Security {
        /// Someone or something tried to sign in.
        AuthAttempted = "auth_attempted",
        /// Something was not allowed.
        PermissionDenied = "permission_denied",
        /// Sensitive data was looked at.
        SensitiveDataAccessed = "sensitive_data_accessed",
    }
    System {
        /// The configuration changed.
        ConfigChanged = "config_changed",
        /// A plugin was loaded.
        PluginLoaded = "plugin_loaded",
        /// A plugin was taken out.
        PluginUnloaded = "plugin_unloaded",
        /// A newer version is to be had.
        UpdateAvailable = "update_available",
        /// The program came up.
        SystemStarted = "system_started",
        /// The program is going down.
        SystemShutdown = "system_shutdown",
    }
}

impl EventType {
    /// The sampling that events of this type have unless a catalog says otherwise.
    #[must_use]
    pub fn default_sampling(&self) -> SamplingConfig {
        match self.category() {
            EventCategory::Error | EventCategory::Security => {
                SamplingConfig { rate: 1.0, min_per_window: 100, window_seconds: 60 }
            }
            EventCategory::Performance => SamplingConfig { rate: 0.1, min_per_window: 10, window_seconds: 60 },
            EventCategory::Usage | EventCategory::Business | EventCategory::System | EventCategory::Custom => {
                SamplingConfig::default()
            }
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_a_name_a_category_and_its_json() {
        let names: HashSet<&str> = EventType::BUILT_IN.iter().map(EventType::name).collect();
        assert_eq!((EventType::BUILT_IN.len(), names.len()), (36, 36));
        for event_type in EventType::BUILT_IN {
            let written = serde_json::to_value(event_type).unwrap();
            assert_eq!(written, json!(event_type.name()));
            assert_eq!(serde_json::from_value::<EventType>(written).unwrap(), *event_type);
            assert_ne!(event_type.category(), EventCategory::Custom);
            // The name is the variant's, as serde would turn it into snake case.
            assert_eq!(event_type.name().replace('_', ""), format!("{event_type:?}").to_lowercase());
        }
        let custom = EventType::Custom("mission_created".to_owned());
        assert_eq!(serde_json::to_value(&custom).unwrap(), json!({"custom": "mission_created"}));
        assert_eq!(serde_json::from_value::<EventType>(json!({"custom": "mission_created"})).unwrap(), custom);
        assert_eq!(custom.category(), EventCategory::Custom);
        assert!(serde_json::from_value::<EventType>(json!("no_such_type")).is_err());
    }

    #[test]
    fn categories_have_the_types_they_should() {
        let mut count = HashMap::new();
        for event_type in EventType::BUILT_IN {
            *count.entry(serde_json::to_string(&event_type.category()).unwrap()).or_insert(0) += 1;
        }
        let expected =
            [("usage", 10), ("performance", 7), ("error", 6), ("business", 4), ("security", 3), ("system", 6)];
        assert_eq!(count, expected.map(|(name, number)| (format!("\"{name}\""), number)).into());
    }

    #[test]
    fn sampling_goes_by_category() {
        let sampling = |event_type: EventType| {
            let SamplingConfig { rate, min_per_window, window_seconds } = event_type.default_sampling();
            (rate, min_per_window, window_seconds)
        };
        assert_eq!(sampling(EventType::PanicCaught), (1.0, 100, 60));
        assert_eq!(sampling(EventType::AuthAttempted), (1.0, 100, 60));
        assert_eq!(sampling(EventType::CacheHit), (0.1, 10, 60));
        for event_type in [EventType::ToolInvoked, EventType::CostIncurred, EventType::SystemStarted] {
            assert_eq!(sampling(event_type), (1.0, 1, 60));
        }
        assert_eq!(EventType::Custom(String::new()).default_sampling(), SamplingConfig::default());
    }

    #[test]
    fn priorities_are_ordered() {
        use EventPriority::{Critical, High, Low, Normal};
        assert!(Low < Normal && Normal < High && High < Critical);
        assert_eq!(EventPriority::default(), Normal);
        assert_eq!(
            serde_json::to_value([Low, Normal, High, Critical]).unwrap(),
            json!(["low", "normal", "high", "critical"])
        );
    }
}
