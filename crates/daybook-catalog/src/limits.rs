//! The limits a catalog keeps to.

/// Largest catalog file, in bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Files of one app.
pub const FILES_MAX: usize = 1_000;
/// Apps in one directory.
pub const APPS_MAX: usize = 1_000;
/// Event types of one app, counting each version.
pub const EVENT_TYPES_MAX: usize = 10_000;
/// Named types of one app.
pub const TYPES_MAX: usize = 1_000;
/// Deepest nesting of mappings and sequences in a catalog file.
pub const YAML_DEPTH_MAX: usize = 64;
/// Diagnostics given for one app; more are counted, not listed.
pub const DIAGNOSTICS_MAX: usize = 1_000;
/// Longest slug of an app, in bytes.
pub const SLUG_BYTES_MAX: usize = 63;
/// Longest duration a catalog may name, in seconds: 200 years.
pub const DURATION_SECONDS_MAX: u64 = 200 * 365 * 86_400;
/// Longest sampling window, in seconds: a day.
pub const SAMPLING_WINDOW_SECONDS_MAX: u64 = 86_400;
