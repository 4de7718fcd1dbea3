//! The limits that every part keeps to, and how they relate.

/// Largest stored form of one event, in bytes: what an entry of a C2SP tile can carry.
pub const EVENT_STORED_BYTES_MAX: usize = 65_535;
/// Largest event that is taken unless the configuration says otherwise, in bytes: what it would take to store it whole.
/// Of one that takes more than [`EVENT_STORED_BYTES_MAX`] the largest values go to blobs.
pub const EVENT_JSON_BYTES_MAX: usize = 1024 * 1024;
/// Smallest value that goes to a blob of its own, in bytes of its JSON.
pub const BLOB_VALUE_BYTES_MIN: usize = 1024;
/// Values of one event that go to blobs of their own.
pub const BLOBS_PER_EVENT_MAX: usize = 16;
/// Longest JSON Pointer of a value that goes to a blob of its own, in bytes.
pub const BLOB_POINTER_BYTES_MAX: usize = 512;
/// Characters that the reference to a blob shows of what is in it.
pub const BLOB_PREVIEW_CHARACTERS: usize = 200;
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

const _: () = assert!(EVENT_STORED_BYTES_MAX < EVENT_JSON_BYTES_MAX && EVENT_JSON_BYTES_MAX < BODY_BYTES_MAX);
// With every reference of an event at its largest most of the room is left for the event.
const _: () = assert!(
    BLOBS_PER_EVENT_MAX * (4 * BLOB_PREVIEW_CHARACTERS + BLOB_POINTER_BYTES_MAX + 64) < EVENT_STORED_BYTES_MAX / 2
);
const _: () = assert!(BODY_BYTES_MAX <= BODY_INFLATED_BYTES_MAX);
const _: () = assert!(PAGE_EVENTS_DEFAULT <= PAGE_EVENTS_MAX);
