// Events of Tachikoma, catalog tachikoma 1.0.0.
// Written by `daybook emit typescript --app tachikoma`; changes belong in the catalog.
//
// What types cannot say (bounds, patterns, formats) stands in the comments; Daybook checks it.
// Numbers of the formats decimal and int64 may be text as well, as a double cannot hold them all.
// Events of types that are not declared here are kept too, with a warning.

/** What was done with which part of the agent. */
export interface Usage {
  /** The feature or part. */
  feature: string;
  /** What was done. */
  action: string;
  /** What it was done to. */
  target?: string | null;
  /** How long it took, in milliseconds. A whole number, at least 0. */
  duration_ms?: number | null;
  /** Whether it worked. */
  success: boolean;
  /** Further fields. */
  [field: string]: unknown;
}

/** One measurement. */
export interface Performance {
  /** What is measured. */
  metric: string;
  /** The measurement, in `unit`. */
  value: number;
  /** The unit it is measured in. */
  unit: string;
  /** What to tell measurements of the same metric apart by. */
  tags: Record<string, string>;
}

/** One error, free of secrets. */
export interface Error {
  /** Code of the error. */
  code: string;
  /** The error in words. Secrets in it are taken out. */
  message: string;
  severity: Severity;
  /** Where in the code it happened, if that may be told. Secrets in it are taken out. */
  stack_trace?: string | null;
  /** The part of the agent where it happened. */
  component: string;
  /** Whether the agent could go on. */
  recovered: boolean;
}

/** One amount that is counted or paid for. */
export interface Business {
  metric_type: BusinessMetric;
  /** The amount, in `unit`. */
  value: number;
  /** The currency, or the unit of the count. */
  unit: string;
  /** The backend that it was used at. */
  backend?: string | null;
  /** The model that used it. */
  model?: string | null;
}

/** Names and values, chosen by whoever sends them. */
export type KeyValue = Record<string, unknown>;

/** Anything that is JSON. */
export type Custom = unknown;

/** How bad an error is. */
export type Severity = "debug" | "info" | "warning" | "error" | "critical";

/** What is counted. */
export type BusinessMetric = "input_tokens" | "output_tokens" | "total_tokens" | "cost_usd" | "cost_credits" | "quota_used" | "quota_remaining";

/**
 * Data of `auth_attempted` 1.0.0. Somebody, or the agent itself, tried to sign in somewhere. The
 * data says whether it worked. Category security, priority high. May be missing, with a warning.
 */
export type AuthAttemptedData = KeyValue;

/**
 * Data of `backend_selected` 1.0.0. The backend that answers from now on was chosen. Category
 * usage, priority normal. May be missing, with a warning.
 */
export type BackendSelectedData = Usage;

/**
 * Data of `budget_alerted` 1.0.0. Spending came close to a budget, or went over it. Category
 * business, priority high. May be missing, with a warning.
 */
export type BudgetAlertedData = Business;

/**
 * Data of `cache_hit` 1.0.0. Something was found in a cache. Category performance, priority low.
 * May be missing, with a warning.
 */
export type CacheHitData = Performance;

/**
 * Data of `cache_miss` 1.0.0. Something was looked for in a cache and had to be fetched or made.
 * Category performance, priority low. May be missing, with a warning.
 */
export type CacheMissData = Performance;

/**
 * Data of `command_executed` 1.0.0. A command was given to the agent and ran. Category usage,
 * priority normal. May be missing, with a warning.
 */
export type CommandExecutedData = Usage;

/**
 * Data of `config_changed` 1.0.0. A setting of the agent has another value now. Category system,
 * priority normal. May be missing, with a warning.
 */
export type ConfigChangedData = KeyValue;

/**
 * Data of `cost_incurred` 1.0.0. Something cost money or credits. Category business, priority high.
 * May be missing, with a warning.
 */
export type CostIncurredData = Business;

/**
 * Data of `cpu_usage` 1.0.0. How busy the agent keeps the processor. Category performance, priority
 * low. May be missing, with a warning.
 */
export type CpuUsageData = Performance;

/**
 * Data of `disk_usage` 1.0.0. How much of the disk the agent takes. Category performance, priority
 * low. May be missing, with a warning.
 */
export type DiskUsageData = Performance;

/**
 * Data of `error_occurred` 1.0.0. Something went wrong. Category error, priority high. May be
 * missing, with a warning.
 */
export type ErrorOccurredData = Error;

/**
 * Data of `feature_used` 1.0.0. Somebody used a feature of the agent. Category usage, priority low.
 * May be missing, with a warning.
 */
export type FeatureUsedData = Usage;

/**
 * Data of `linter.run_completed` 0.1.0. A linter went over the workspace. Category custom, priority
 * normal. May be missing, with a warning.
 */
export interface LinterRunCompletedData {
  /** The linter that ran. */
  tool: string;
  /** How many things it complains about. A whole number, at least 0. */
  findings: number;
  /** How many of them it put right by itself. A whole number, at least 0. */
  fixed?: number;
  /** How long it took, in milliseconds. A whole number, at least 0. */
  duration_ms: number;
}

/**
 * Data of `memory_usage` 1.0.0. How much memory the agent uses. Category performance, priority low.
 * May be missing, with a warning.
 */
export type MemoryUsageData = Performance;

/**
 * Data of `mission_cancelled` 1.0.0. A mission was called off before it ended. Category usage,
 * priority normal. May be missing, with a warning.
 */
export type MissionCancelledData = Usage;

/**
 * Data of `mission_completed` 1.0.0. The agent finished a mission. Category usage, priority normal.
 * May be missing, with a warning.
 */
export type MissionCompletedData = Usage;

/**
 * Data of `mission_created` 1.0.0. The agent was given a mission. Category usage, priority normal.
 * May be missing, with a warning.
 */
export type MissionCreatedData = Usage;

/**
 * Data of `mission_failed` 1.0.0. The agent gave a mission up because something went wrong.
 * Category usage, priority high. May be missing, with a warning.
 */
export type MissionFailedData = Usage;

/**
 * Data of `network_latency` 1.0.0. How long a round trip over the network took. Category
 * performance, priority normal. May be missing, with a warning.
 */
export type NetworkLatencyData = Performance;

/**
 * Data of `panic_caught` 1.0.0. A part of the agent panicked, and the panic was caught. Category
 * error, priority critical. May be missing, with a warning.
 */
export type PanicCaughtData = Error;

/**
 * Data of `permission_denied` 1.0.0. The agent was refused something that it has no permission for.
 * Category security, priority high. May be missing, with a warning.
 */
export type PermissionDeniedData = KeyValue;

/**
 * Data of `plugin_loaded` 1.0.0. A plugin is part of the agent from now on. Category system,
 * priority normal. May be missing, with a warning.
 */
export type PluginLoadedData = KeyValue;

/**
 * Data of `plugin_unloaded` 1.0.0. A plugin is no longer part of the agent. Category system,
 * priority normal. May be missing, with a warning.
 */
export type PluginUnloadedData = KeyValue;

/**
 * Data of `quota_checked` 1.0.0. The agent looked how much of a quota is used, or left. Category
 * business, priority low. May be missing, with a warning.
 */
export type QuotaCheckedData = Business;

/**
 * Data of `response_latency` 1.0.0. How long a backend took to answer. Category performance,
 * priority normal. May be missing, with a warning.
 */
export type ResponseLatencyData = Performance;

/**
 * Data of `retry_attempted` 1.0.0. The agent tries again what did not work. Category error,
 * priority normal. May be missing, with a warning.
 */
export type RetryAttemptedData = Error;

/**
 * Data of `sensitive_data_accessed` 1.0.0. Something was read that is marked as sensitive. Category
 * security, priority high. May be missing, with a warning.
 */
export type SensitiveDataAccessedData = KeyValue;

/**
 * Data of `session_ended` 1.0.0. A session with the agent is over. Category usage, priority normal.
 * May be missing, with a warning.
 */
export type SessionEndedData = Usage;

/**
 * Data of `session_started` 1.0.0. Somebody opened the agent. Category usage, priority normal. May
 * be missing, with a warning.
 */
export type SessionStartedData = Usage;

/**
 * Data of `system_shutdown` 1.0.0. The agent stopped in good order. Category system, priority
 * normal. May be missing, with a warning.
 */
export type SystemShutdownData = KeyValue;

/**
 * Data of `system_started` 1.0.0. The agent started. Category system, priority normal. May be
 * missing, with a warning.
 */
export type SystemStartedData = KeyValue;

/**
 * Data of `timeout_occurred` 1.0.0. Something took longer than it may. Category error, priority
 * high. May be missing, with a warning.
 */
export type TimeoutOccurredData = Error;

/**
 * Data of `tokens_consumed` 1.0.0. A model used tokens. Category business, priority high. May be
 * missing, with a warning.
 */
export type TokensConsumedData = Business;

/**
 * Data of `tool_invoked` 1.0.0. The agent used one of its tools. Category usage, priority low. May
 * be missing, with a warning.
 */
export type ToolInvokedData = Usage;

/**
 * Data of `update_available` 1.0.0. There is a newer version of the agent. Category system,
 * priority low. May be missing, with a warning.
 */
export type UpdateAvailableData = KeyValue;

/**
 * Data of `validation_failed` 1.0.0. Some input, or something that a model wrote, is not in the
 * form it must have. Category error, priority normal. May be missing, with a warning.
 */
export type ValidationFailedData = Error;

/**
 * Data of `warning_raised` 1.0.0. Something looks wrong but did no harm yet. Category error,
 * priority normal. May be missing, with a warning.
 */
export type WarningRaisedData = Error;

/** The data of the current version of every event type, by its name. */
export interface EventData {
  "auth_attempted": AuthAttemptedData;
  "backend_selected": BackendSelectedData;
  "budget_alerted": BudgetAlertedData;
  "cache_hit": CacheHitData;
  "cache_miss": CacheMissData;
  "command_executed": CommandExecutedData;
  "config_changed": ConfigChangedData;
  "cost_incurred": CostIncurredData;
  "cpu_usage": CpuUsageData;
  "disk_usage": DiskUsageData;
  "error_occurred": ErrorOccurredData;
  "feature_used": FeatureUsedData;
  "linter.run_completed": LinterRunCompletedData;
  "memory_usage": MemoryUsageData;
  "mission_cancelled": MissionCancelledData;
  "mission_completed": MissionCompletedData;
  "mission_created": MissionCreatedData;
  "mission_failed": MissionFailedData;
  "network_latency": NetworkLatencyData;
  "panic_caught": PanicCaughtData;
  "permission_denied": PermissionDeniedData;
  "plugin_loaded": PluginLoadedData;
  "plugin_unloaded": PluginUnloadedData;
  "quota_checked": QuotaCheckedData;
  "response_latency": ResponseLatencyData;
  "retry_attempted": RetryAttemptedData;
  "sensitive_data_accessed": SensitiveDataAccessedData;
  "session_ended": SessionEndedData;
  "session_started": SessionStartedData;
  "system_shutdown": SystemShutdownData;
  "system_started": SystemStartedData;
  "timeout_occurred": TimeoutOccurredData;
  "tokens_consumed": TokensConsumedData;
  "tool_invoked": ToolInvokedData;
  "update_available": UpdateAvailableData;
  "validation_failed": ValidationFailedData;
  "warning_raised": WarningRaisedData;
}

/** The names of the event types. */
export type EventName = keyof EventData;

/** Event types that plugins add; they are written as an object of one member. */
export type PluginEventName = "linter.run_completed";

/** A name as it is written. */
export type WrittenName<N extends EventName> = N extends PluginEventName ? { custom: N } : N;

/** An event of one type, as the app writes it. */
export interface EventOf<N extends EventName> {
  /** The event's id. A UUID. */
  id: string;
  /** The category. */
  category?: "usage" | "performance" | "error" | "business" | "security" | "system" | "custom" | null;
  /** The event type. */
  event_type: WrittenName<N>;
  /** When it happened. Date and time of RFC 3339. */
  timestamp: string;
  /** The session. A UUID. */
  session_id?: string | null;
  /** How much it matters. */
  priority?: "low" | "normal" | "high" | "critical" | null;
  /** What the event type's schema describes. */
  data?: EventData[N] | null;
  /** What else came with the event. */
  metadata?: Record<string, unknown> | null;
}

/** Any event of a declared type; its name tells which one. */
export type Event = { [N in EventName]: EventOf<N> }[EventName];
