//! The limits a catalog keeps to.

/// Largest catalog file, in bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Files of one app.
pub const FILES_MAX: usize = 1_000;
/// Apps in one directory.
pub const APPS_MAX: usize = 1_000;
/// Event types of one app, counting each version.
pub const EVENT_TYPES_MAX: usize = 10_000;
/// Dimensions of one event type: each multiplies what live counters keep.
pub const DIMENSIONS_MAX: usize = 4;
/// Consumers of one app.
pub const CONSUMERS_MAX: usize = 1_000;
/// Names and patterns that a consumer asks for, or excludes.
pub const CONSUMER_PATTERNS_MAX: usize = 1_000;
/// Fields that a consumer's condition names.
pub const CONDITION_FIELDS_MAX: usize = 32;
/// Names in the path of such a field.
pub const CONDITION_DEPTH_MAX: usize = 16;
/// Values that such a field may be one of.
pub const CONDITION_VALUES_MAX: usize = 1_000;
/// How often a consumer may try an event again. With the pauses between, that is hours.
pub const RETRY_MAX: u32 = 100;
/// Events that a consumer may take together.
pub const BATCH_SIZE_MAX: u32 = 10_000;
/// Longest time that a consumer may wait for more events, in seconds: an hour.
pub const BATCH_DELAY_SECONDS_MAX: u64 = 3_600;
/// Longest latency that a consumer may promise, in seconds: a week.
pub const LATENCY_SECONDS_MAX: u64 = 7 * 86_400;
/// Aggregates of one app.
pub const AGGREGATES_MAX: usize = 100;
/// Longest name of an aggregate, in bytes: it is a word in tables of databases.
pub const AGGREGATE_NAME_BYTES_MAX: usize = 50;
/// Dimensions of one aggregate.
pub const AGGREGATE_DIMENSIONS_MAX: usize = 8;
/// Longest statement of an aggregate, in bytes.
pub const AGGREGATE_SQL_BYTES_MAX: usize = 16 * 1024;
/// Most days that an aggregate looks at before and after a period.
pub const AGGREGATE_DAYS_MAX: u64 = 400;
/// Items of `answers` in an app's `audit.yaml`.
pub const AUDIT_ANSWERS_MAX: usize = 1_000;
/// Fields that one list of an `audit.yaml` names.
pub const AUDIT_FIELDS_MAX: usize = 32;
/// Spans of one app.
pub const AUDIT_SPANS_MAX: usize = 1_000;
/// Named types of one app.
pub const TYPES_MAX: usize = 1_000;
/// Deepest nesting of mappings and sequences in a catalog file.
pub const YAML_DEPTH_MAX: usize = 64;
/// Diagnostics given for one app; more are counted, not listed.
pub const DIAGNOSTICS_MAX: usize = 1_000;
/// Sources of webhooks of one app.
pub const WEBHOOK_SOURCES_MAX: usize = 100;
/// Rules of one source of webhooks.
pub const WEBHOOK_RULES_MAX: usize = 200;
/// Paths of one `each`, and expressions within each other.
pub const WEBHOOK_NESTING_MAX: usize = 8;
/// Collections of one app beside that of its events.
pub const COLLECTIONS_MAX: usize = 100;
/// Longest slug of an app, in bytes.
pub const SLUG_BYTES_MAX: usize = 63;
/// Longest duration a catalog may name, in seconds: 200 years.
pub const DURATION_SECONDS_MAX: u64 = 200 * 365 * 86_400;
/// Longest sampling window, in seconds: a day.
pub const SAMPLING_WINDOW_SECONDS_MAX: u64 = 86_400;
/// Values of one event in Protocol Buffers: a byte may be one, and takes far more room once it is read.
pub const PROTOBUF_VALUES_MAX: usize = 200_000;
/// Deepest nesting of objects and lists in an event in Protocol Buffers; events are held to less.
pub const PROTOBUF_DEPTH_MAX: usize = 100;
