//! The limits that every part keeps to, and how they relate.

/// Largest stored form of one event, in bytes: what an entry of a C2SP tile can carry.
pub const EVENT_STORED_BYTES_MAX: usize = 65_535;
/// Largest JSON of one event as a client sends it, in bytes, until larger payloads have a blob store to go to.
pub const EVENT_JSON_BYTES_MAX: usize = 65_535;
/// Deepest nesting of arrays and objects in an event.
pub const JSON_DEPTH_MAX: usize = 64;
/// Events in one call.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Body of one call as it arrives, in bytes.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Body of one call after decompression, in bytes.
pub const BODY_INFLATED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest identifier that an app may give an event, a person, a session, a group or a trace, in bytes.
pub const IDENTIFIER_BYTES_MAX: usize = 256;
/// Longest name of an event type, in bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// Tags of one event.
pub const TAGS_MAX: usize = 64;
/// Longest key or value of a tag, in bytes.
pub const TAG_BYTES_MAX: usize = 256;
/// People that one event names beside its own.
pub const PEOPLE_PER_EVENT_MAX: usize = 100;
/// Findings said of one event; more are counted, not listed.
pub const FINDINGS_PER_EVENT_MAX: usize = 20;
/// Events on one page of a feed.
pub const PAGE_EVENTS_MAX: usize = 1_000;
/// Events on one page of a feed when the caller does not say.
pub const PAGE_EVENTS_DEFAULT: usize = 100;

const _: () = assert!(EVENT_JSON_BYTES_MAX < BODY_BYTES_MAX);
const _: () = assert!(BODY_BYTES_MAX <= BODY_INFLATED_BYTES_MAX);
const _: () = assert!(PAGE_EVENTS_DEFAULT <= PAGE_EVENTS_MAX);
