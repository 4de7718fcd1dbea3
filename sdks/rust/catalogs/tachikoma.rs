// Events of Tachikoma, catalog tachikoma 1.0.0.
// Written by `daybook emit rust --app tachikoma`; changes belong in the catalog.
//
// Needs serde with its derive, and serde_json. What types cannot say (bounds, patterns, formats)
// stands in the comments; Daybook checks it. What may be of several types is a serde_json::Value.
// Fields that are not declared are skipped when they are read, but where a type keeps them in
// `further_fields`.

/// The data of an event, by its type and version.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Of `auth_attempted` 1.0.0.
    AuthAttempted(AuthAttemptedData),
    /// Of `backend_selected` 1.0.0.
    BackendSelected(BackendSelectedData),
    /// Of `budget_alerted` 1.0.0.
    BudgetAlerted(BudgetAlertedData),
    /// Of `cache_hit` 1.0.0.
    CacheHit(CacheHitData),
    /// Of `cache_miss` 1.0.0.
    CacheMiss(CacheMissData),
    /// Of `command_executed` 1.0.0.
    CommandExecuted(CommandExecutedData),
    /// Of `config_changed` 1.0.0.
    ConfigChanged(ConfigChangedData),
    /// Of `cost_incurred` 1.0.0.
    CostIncurred(CostIncurredData),
    /// Of `cpu_usage` 1.0.0.
    CpuUsage(CpuUsageData),
    /// Of `disk_usage` 1.0.0.
    DiskUsage(DiskUsageData),
    /// Of `error_occurred` 1.0.0.
    ErrorOccurred(ErrorOccurredData),
    /// Of `feature_used` 1.0.0.
    FeatureUsed(FeatureUsedData),
    /// Of `linter.run_completed` 0.1.0.
    LinterRunCompleted(LinterRunCompletedData),
    /// Of `memory_usage` 1.0.0.
    MemoryUsage(MemoryUsageData),
    /// Of `mission_cancelled` 1.0.0.
    MissionCancelled(MissionCancelledData),
    /// Of `mission_completed` 1.0.0.
    MissionCompleted(MissionCompletedData),
    /// Of `mission_created` 1.0.0.
    MissionCreated(MissionCreatedData),
    /// Of `mission_failed` 1.0.0.
    MissionFailed(MissionFailedData),
    /// Of `network_latency` 1.0.0.
    NetworkLatency(NetworkLatencyData),
    /// Of `panic_caught` 1.0.0.
    PanicCaught(PanicCaughtData),
    /// Of `permission_denied` 1.0.0.
    PermissionDenied(PermissionDeniedData),
    /// Of `plugin_loaded` 1.0.0.
    PluginLoaded(PluginLoadedData),
    /// Of `plugin_unloaded` 1.0.0.
    PluginUnloaded(PluginUnloadedData),
    /// Of `quota_checked` 1.0.0.
    QuotaChecked(QuotaCheckedData),
    /// Of `response_latency` 1.0.0.
    ResponseLatency(ResponseLatencyData),
    /// Of `retry_attempted` 1.0.0.
    RetryAttempted(RetryAttemptedData),
    /// Of `sensitive_data_accessed` 1.0.0.
    SensitiveDataAccessed(SensitiveDataAccessedData),
    /// Of `session_ended` 1.0.0.
    SessionEnded(SessionEndedData),
    /// Of `session_started` 1.0.0.
    SessionStarted(SessionStartedData),
    /// Of `system_shutdown` 1.0.0.
    SystemShutdown(SystemShutdownData),
    /// Of `system_started` 1.0.0.
    SystemStarted(SystemStartedData),
    /// Of `timeout_occurred` 1.0.0.
    TimeoutOccurred(TimeoutOccurredData),
    /// Of `tokens_consumed` 1.0.0.
    TokensConsumed(TokensConsumedData),
    /// Of `tool_invoked` 1.0.0.
    ToolInvoked(ToolInvokedData),
    /// Of `update_available` 1.0.0.
    UpdateAvailable(UpdateAvailableData),
    /// Of `validation_failed` 1.0.0.
    ValidationFailed(ValidationFailedData),
    /// Of `warning_raised` 1.0.0.
    WarningRaised(WarningRaisedData),
}

impl Data {
    /// The event type and its version.
    pub const fn of(&self) -> (&'static str, &'static str) {
        match self {
            Self::AuthAttempted(_) => ("auth_attempted", "1.0.0"),
            Self::BackendSelected(_) => ("backend_selected", "1.0.0"),
            Self::BudgetAlerted(_) => ("budget_alerted", "1.0.0"),
            Self::CacheHit(_) => ("cache_hit", "1.0.0"),
            Self::CacheMiss(_) => ("cache_miss", "1.0.0"),
            Self::CommandExecuted(_) => ("command_executed", "1.0.0"),
            Self::ConfigChanged(_) => ("config_changed", "1.0.0"),
            Self::CostIncurred(_) => ("cost_incurred", "1.0.0"),
            Self::CpuUsage(_) => ("cpu_usage", "1.0.0"),
            Self::DiskUsage(_) => ("disk_usage", "1.0.0"),
            Self::ErrorOccurred(_) => ("error_occurred", "1.0.0"),
            Self::FeatureUsed(_) => ("feature_used", "1.0.0"),
            Self::LinterRunCompleted(_) => ("linter.run_completed", "0.1.0"),
            Self::MemoryUsage(_) => ("memory_usage", "1.0.0"),
            Self::MissionCancelled(_) => ("mission_cancelled", "1.0.0"),
            Self::MissionCompleted(_) => ("mission_completed", "1.0.0"),
            Self::MissionCreated(_) => ("mission_created", "1.0.0"),
            Self::MissionFailed(_) => ("mission_failed", "1.0.0"),
            Self::NetworkLatency(_) => ("network_latency", "1.0.0"),
            Self::PanicCaught(_) => ("panic_caught", "1.0.0"),
            Self::PermissionDenied(_) => ("permission_denied", "1.0.0"),
            Self::PluginLoaded(_) => ("plugin_loaded", "1.0.0"),
            Self::PluginUnloaded(_) => ("plugin_unloaded", "1.0.0"),
            Self::QuotaChecked(_) => ("quota_checked", "1.0.0"),
            Self::ResponseLatency(_) => ("response_latency", "1.0.0"),
            Self::RetryAttempted(_) => ("retry_attempted", "1.0.0"),
            Self::SensitiveDataAccessed(_) => ("sensitive_data_accessed", "1.0.0"),
            Self::SessionEnded(_) => ("session_ended", "1.0.0"),
            Self::SessionStarted(_) => ("session_started", "1.0.0"),
            Self::SystemShutdown(_) => ("system_shutdown", "1.0.0"),
            Self::SystemStarted(_) => ("system_started", "1.0.0"),
            Self::TimeoutOccurred(_) => ("timeout_occurred", "1.0.0"),
            Self::TokensConsumed(_) => ("tokens_consumed", "1.0.0"),
            Self::ToolInvoked(_) => ("tool_invoked", "1.0.0"),
            Self::UpdateAvailable(_) => ("update_available", "1.0.0"),
            Self::ValidationFailed(_) => ("validation_failed", "1.0.0"),
            Self::WarningRaised(_) => ("warning_raised", "1.0.0"),
        }
    }

    /// Reads the data of an event; without a version that of the current one. `None` for types and versions that the
    /// catalog does not declare.
    ///
    /// # Errors
    /// When the data is not of the type.
    pub fn read(name: &str, version: Option<&str>, data: serde_json::Value) -> Option<serde_json::Result<Self>> {
        Some(match (name, version) {
            ("auth_attempted", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::AuthAttempted),
            ("backend_selected", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::BackendSelected),
            ("budget_alerted", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::BudgetAlerted),
            ("cache_hit", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CacheHit),
            ("cache_miss", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CacheMiss),
            ("command_executed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CommandExecuted),
            ("config_changed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ConfigChanged),
            ("cost_incurred", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CostIncurred),
            ("cpu_usage", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::CpuUsage),
            ("disk_usage", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::DiskUsage),
            ("error_occurred", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ErrorOccurred),
            ("feature_used", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::FeatureUsed),
            ("linter.run_completed", None | Some("0.1.0")) => serde_json::from_value(data).map(Self::LinterRunCompleted),
            ("memory_usage", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::MemoryUsage),
            ("mission_cancelled", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::MissionCancelled),
            ("mission_completed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::MissionCompleted),
            ("mission_created", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::MissionCreated),
            ("mission_failed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::MissionFailed),
            ("network_latency", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::NetworkLatency),
            ("panic_caught", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PanicCaught),
            ("permission_denied", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PermissionDenied),
            ("plugin_loaded", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PluginLoaded),
            ("plugin_unloaded", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::PluginUnloaded),
            ("quota_checked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::QuotaChecked),
            ("response_latency", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ResponseLatency),
            ("retry_attempted", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::RetryAttempted),
            ("sensitive_data_accessed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SensitiveDataAccessed),
            ("session_ended", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SessionEnded),
            ("session_started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SessionStarted),
            ("system_shutdown", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemShutdown),
            ("system_started", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::SystemStarted),
            ("timeout_occurred", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::TimeoutOccurred),
            ("tokens_consumed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::TokensConsumed),
            ("tool_invoked", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ToolInvoked),
            ("update_available", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::UpdateAvailable),
            ("validation_failed", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::ValidationFailed),
            ("warning_raised", None | Some("1.0.0")) => serde_json::from_value(data).map(Self::WarningRaised),
            _ => return None,
        })
    }
}

/// The types of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum EventType {
    /// `auth_attempted`.
    #[serde(rename = "auth_attempted")]
    AuthAttempted,
    /// `backend_selected`.
    #[serde(rename = "backend_selected")]
    BackendSelected,
    /// `budget_alerted`.
    #[serde(rename = "budget_alerted")]
    BudgetAlerted,
    /// `cache_hit`.
    #[serde(rename = "cache_hit")]
    CacheHit,
    /// `cache_miss`.
    #[serde(rename = "cache_miss")]
    CacheMiss,
    /// `command_executed`.
    #[serde(rename = "command_executed")]
    CommandExecuted,
    /// `config_changed`.
    #[serde(rename = "config_changed")]
    ConfigChanged,
    /// `cost_incurred`.
    #[serde(rename = "cost_incurred")]
    CostIncurred,
    /// `cpu_usage`.
    #[serde(rename = "cpu_usage")]
    CpuUsage,
    /// `disk_usage`.
    #[serde(rename = "disk_usage")]
    DiskUsage,
    /// `error_occurred`.
    #[serde(rename = "error_occurred")]
    ErrorOccurred,
    /// `feature_used`.
    #[serde(rename = "feature_used")]
    FeatureUsed,
    /// `memory_usage`.
    #[serde(rename = "memory_usage")]
    MemoryUsage,
    /// `mission_cancelled`.
    #[serde(rename = "mission_cancelled")]
    MissionCancelled,
    /// `mission_completed`.
    #[serde(rename = "mission_completed")]
    MissionCompleted,
    /// `mission_created`.
    #[serde(rename = "mission_created")]
    MissionCreated,
    /// `mission_failed`.
    #[serde(rename = "mission_failed")]
    MissionFailed,
    /// `network_latency`.
    #[serde(rename = "network_latency")]
    NetworkLatency,
    /// `panic_caught`.
    #[serde(rename = "panic_caught")]
    PanicCaught,
    /// `permission_denied`.
    #[serde(rename = "permission_denied")]
    PermissionDenied,
    /// `plugin_loaded`.
    #[serde(rename = "plugin_loaded")]
    PluginLoaded,
    /// `plugin_unloaded`.
    #[serde(rename = "plugin_unloaded")]
    PluginUnloaded,
    /// `quota_checked`.
    #[serde(rename = "quota_checked")]
    QuotaChecked,
    /// `response_latency`.
    #[serde(rename = "response_latency")]
    ResponseLatency,
    /// `retry_attempted`.
    #[serde(rename = "retry_attempted")]
    RetryAttempted,
    /// `sensitive_data_accessed`.
    #[serde(rename = "sensitive_data_accessed")]
    SensitiveDataAccessed,
    /// `session_ended`.
    #[serde(rename = "session_ended")]
    SessionEnded,
    /// `session_started`.
    #[serde(rename = "session_started")]
    SessionStarted,
    /// `system_shutdown`.
    #[serde(rename = "system_shutdown")]
    SystemShutdown,
    /// `system_started`.
    #[serde(rename = "system_started")]
    SystemStarted,
    /// `timeout_occurred`.
    #[serde(rename = "timeout_occurred")]
    TimeoutOccurred,
    /// `tokens_consumed`.
    #[serde(rename = "tokens_consumed")]
    TokensConsumed,
    /// `tool_invoked`.
    #[serde(rename = "tool_invoked")]
    ToolInvoked,
    /// `update_available`.
    #[serde(rename = "update_available")]
    UpdateAvailable,
    /// `validation_failed`.
    #[serde(rename = "validation_failed")]
    ValidationFailed,
    /// `warning_raised`.
    #[serde(rename = "warning_raised")]
    WarningRaised,
    /// A type of a plugin, or one that the catalog does not declare, by its name.
    #[serde(rename = "custom")]
    Custom(String),
}

/// An event as the app writes it. `Data::read` reads its data.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// The event's id. A UUID.
    pub id: String,
    /// The category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The event type.
    pub event_type: EventType,
    /// When it happened. Date and time of RFC 3339.
    pub timestamp: String,
    /// The session. A UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// How much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// What the event type's schema describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
    /// What else came with the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What was done with which part of the agent.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    /// The feature or part.
    pub feature: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How long it took, in milliseconds. A whole number, at least 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Whether it worked.
    pub success: bool,
    /// Fields that the catalog does not name.
    #[serde(flatten)]
    pub further_fields: serde_json::Map<String, serde_json::Value>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Performance {
    /// What is measured.
    pub metric: String,
    /// The measurement, in `unit`.
    pub value: f64,
    /// The unit it is measured in.
    pub unit: String,
    /// What to tell measurements of the same metric apart by.
    pub tags: std::collections::BTreeMap<String, String>,
}

/// One error, free of secrets.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Error {
    /// Code of the error.
    pub code: String,
    /// The error in words. Secrets in it are taken out.
    pub message: String,
    /// `severity`.
    pub severity: Severity,
    /// Where in the code it happened, if that may be told. Secrets in it are taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
    /// The part of the agent where it happened.
    pub component: String,
    /// Whether the agent could go on.
    pub recovered: bool,
}

/// One amount that is counted or paid for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Business {
    /// `metric_type`.
    pub metric_type: BusinessMetric,
    /// The amount, in `unit`.
    pub value: f64,
    /// The currency, or the unit of the count.
    pub unit: String,
    /// The backend that it was used at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// The model that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// Names and values, chosen by whoever sends them.
pub type KeyValue = serde_json::Map<String, serde_json::Value>;

/// Anything that is JSON.
pub type Custom = serde_json::Value;

/// How bad an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Severity {
    /// `debug`.
    #[serde(rename = "debug")]
    Debug,
    /// `info`.
    #[serde(rename = "info")]
    Info,
    /// `warning`.
    #[serde(rename = "warning")]
    Warning,
    /// `error`.
    #[serde(rename = "error")]
    Error,
    /// `critical`.
    #[serde(rename = "critical")]
    Critical,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum BusinessMetric {
    /// `input_tokens`.
    #[serde(rename = "input_tokens")]
    InputTokens,
    /// `output_tokens`.
    #[serde(rename = "output_tokens")]
    OutputTokens,
    /// `total_tokens`.
    #[serde(rename = "total_tokens")]
    TotalTokens,
    /// `cost_usd`.
    #[serde(rename = "cost_usd")]
    CostUsd,
    /// `cost_credits`.
    #[serde(rename = "cost_credits")]
    CostCredits,
    /// `quota_used`.
    #[serde(rename = "quota_used")]
    QuotaUsed,
    /// `quota_remaining`.
    #[serde(rename = "quota_remaining")]
    QuotaRemaining,
}

/// Data of `auth_attempted` 1.0.0. Somebody, or the agent itself, tried to sign in somewhere. The
/// data says whether it worked.
pub type AuthAttemptedData = KeyValue;

/// Data of `backend_selected` 1.0.0. The backend that answers from now on was chosen.
pub type BackendSelectedData = Usage;

/// Data of `budget_alerted` 1.0.0. Spending came close to a budget, or went over it.
pub type BudgetAlertedData = Business;

/// Data of `cache_hit` 1.0.0. Something was found in a cache.
pub type CacheHitData = Performance;

/// Data of `cache_miss` 1.0.0. Something was looked for in a cache and had to be fetched or made.
pub type CacheMissData = Performance;

/// Data of `command_executed` 1.0.0. A command was given to the agent and ran.
pub type CommandExecutedData = Usage;

/// Data of `config_changed` 1.0.0. A setting of the agent has another value now.
pub type ConfigChangedData = KeyValue;

/// Data of `cost_incurred` 1.0.0. Something cost money or credits.
pub type CostIncurredData = Business;

/// Data of `cpu_usage` 1.0.0. How busy the agent keeps the processor.
pub type CpuUsageData = Performance;

/// Data of `disk_usage` 1.0.0. How much of the disk the agent takes.
pub type DiskUsageData = Performance;

/// Data of `error_occurred` 1.0.0. Something went wrong.
pub type ErrorOccurredData = Error;

/// Data of `feature_used` 1.0.0. Somebody used a feature of the agent.
pub type FeatureUsedData = Usage;

/// Data of `linter.run_completed` 0.1.0. A linter went over the workspace.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LinterRunCompletedData {
    /// The linter that ran.
    pub tool: String,
    /// How many things it complains about. A whole number, at least 0.
    pub findings: i64,
    /// How many of them it put right by itself. A whole number, at least 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<i64>,
    /// How long it took, in milliseconds. A whole number, at least 0.
    pub duration_ms: i64,
}

/// Data of `memory_usage` 1.0.0. How much memory the agent uses.
pub type MemoryUsageData = Performance;

/// Data of `mission_cancelled` 1.0.0. A mission was called off before it ended.
pub type MissionCancelledData = Usage;

/// Data of `mission_completed` 1.0.0. The agent finished a mission.
pub type MissionCompletedData = Usage;

/// Data of `mission_created` 1.0.0. The agent was given a mission.
pub type MissionCreatedData = Usage;

/// Data of `mission_failed` 1.0.0. The agent gave a mission up because something went wrong.
pub type MissionFailedData = Usage;

/// Data of `network_latency` 1.0.0. How long a round trip over the network took.
pub type NetworkLatencyData = Performance;

/// Data of `panic_caught` 1.0.0. A part of the agent panicked, and the panic was caught.
pub type PanicCaughtData = Error;

/// Data of `permission_denied` 1.0.0. The agent was refused something that it has no permission
/// for.
pub type PermissionDeniedData = KeyValue;

/// Data of `plugin_loaded` 1.0.0. A plugin is part of the agent from now on.
pub type PluginLoadedData = KeyValue;

/// Data of `plugin_unloaded` 1.0.0. A plugin is no longer part of the agent.
pub type PluginUnloadedData = KeyValue;

/// Data of `quota_checked` 1.0.0. The agent looked how much of a quota is used, or left.
pub type QuotaCheckedData = Business;

/// Data of `response_latency` 1.0.0. How long a backend took to answer.
pub type ResponseLatencyData = Performance;

/// Data of `retry_attempted` 1.0.0. The agent tries again what did not work.
pub type RetryAttemptedData = Error;

/// Data of `sensitive_data_accessed` 1.0.0. Something was read that is marked as sensitive.
pub type SensitiveDataAccessedData = KeyValue;

/// Data of `session_ended` 1.0.0. A session with the agent is over.
pub type SessionEndedData = Usage;

/// Data of `session_started` 1.0.0. Somebody opened the agent.
pub type SessionStartedData = Usage;

/// Data of `system_shutdown` 1.0.0. The agent stopped in good order.
pub type SystemShutdownData = KeyValue;

/// Data of `system_started` 1.0.0. The agent started.
pub type SystemStartedData = KeyValue;

/// Data of `timeout_occurred` 1.0.0. Something took longer than it may.
pub type TimeoutOccurredData = Error;

/// Data of `tokens_consumed` 1.0.0. A model used tokens.
pub type TokensConsumedData = Business;

/// Data of `tool_invoked` 1.0.0. The agent used one of its tools.
pub type ToolInvokedData = Usage;

/// Data of `update_available` 1.0.0. There is a newer version of the agent.
pub type UpdateAvailableData = KeyValue;

/// Data of `validation_failed` 1.0.0. Some input, or something that a model wrote, is not in the
/// form it must have.
pub type ValidationFailedData = Error;

/// Data of `warning_raised` 1.0.0. Something looks wrong but did no harm yet.
pub type WarningRaisedData = Error;
