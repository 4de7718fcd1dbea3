//! The limits the collector keeps to, beside those of the event itself ([`daybook_event::limits`]).
//!
//! What an operator may want to change has its default here and a field in [`crate::Config`]; the rest is fixed.

use std::time::Duration;

use daybook_event::limits::{BODY_BYTES_MAX, BODY_INFLATED_BYTES_MAX, PAGE_EVENTS_MAX};

/// Connections open at once.
pub const CONNECTIONS_DEFAULT: usize = 4_096;
/// Memory that bodies being read may take together, in bytes.
pub const BODY_MEMORY_BYTES_DEFAULT: usize = 512 * 1024 * 1024;
/// Live tails open at once.
pub const LIVE_STREAMS_DEFAULT: usize = 256;
/// Time in which a request's head must arrive; also how long an idle connection is kept.
pub const HEADER_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Longest silence while a body arrives or an answer is taken.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Time a body is given before its rate is judged.
pub const BODY_GRACE: Duration = Duration::from_secs(10);
/// Slowest rate at which a body may arrive after [`BODY_GRACE`], in bytes a second.
pub const BODY_BYTES_PER_SECOND_MIN: u64 = 4 * 1024;
/// Time given to requests under way when the server is asked to stop.
pub const SHUTDOWN_GRACE_DEFAULT: Duration = Duration::from_secs(30);
/// Time given to the last answers after the log and the state are closed.
pub const CONNECTION_DRAIN: Duration = Duration::from_secs(1);

/// Bodies from this size on are admitted on a thread of their own, so that others need not wait for them.
pub const INLINE_BODY_BYTES_MAX: usize = 256 * 1024;
/// Bodies of so many events are judged on two processors, where another one is idle.
pub const DIVIDED_BODY_EVENTS_MIN: usize = 256;
/// Memory a zstd frame may ask for its window, as a power of two: 8 MiB, what RFC 8878 tells every decoder to support.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// How full the log's queue may be before low-priority events are shed.
pub const SHED_QUEUE_FILL: f32 = 0.8;

/// How long a call for a proof waits until its event is signed.
pub const PROOF_PATIENCE: Duration = Duration::from_secs(3);
/// When to come again for the proof of an event that was not signed by then.
pub const PROOF_RETRY_AFTER: Duration = Duration::from_secs(1);
/// The same where nothing is signed any more: a person has to look into it first.
pub const PROOF_REFUSED_RETRY_AFTER: Duration = Duration::from_secs(60);
/// Bytes of one feed page.
pub const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Records that one feed request looks at before it answers with what it has.
pub const SCAN_RECORDS_MAX: usize = 100_000;
/// Pages read from the log at once; more wait.
pub const READINGS: usize = 16;
/// Events on one page of a trace or an audit: each is read from the log.
pub const TRAIL_PAGE_MAX: usize = 1_000;
/// Events on such a page when the caller does not say.
pub const TRAIL_PAGE_DEFAULT: usize = 100;
/// How long a question about a moment waits for the tables to have everything up to it.
pub const LAKE_CATCHES_UP: Duration = Duration::from_secs(5);
/// How often is looked whether they have.
pub const LAKE_CATCHING_UP_PAUSE: Duration = Duration::from_millis(20);
/// When to ask again where they do not.
pub const LAKE_BEHIND_RETRY_AFTER: Duration = Duration::from_secs(2);
/// Names in one filter.
pub const FILTER_NAMES_MAX: usize = 64;
/// Time between two signs of life on a live tail.
pub const LIVE_HEARTBEAT: Duration = Duration::from_secs(15);
/// Longest a live tail's reader may leave what it was sent lying.
pub const LIVE_STALL_MAX: Duration = Duration::from_secs(10);
/// Events read from the log at once for a live tail.
pub const LIVE_PAGE_EVENTS: usize = 256;

/// Items in one query over types and tags.
pub const DCB_ITEMS_MAX: usize = 64;
/// Types in one item.
pub const DCB_TYPES_MAX: usize = 64;
/// Tags in one item: no event has more.
pub const DCB_TAGS_MAX: usize = daybook_event::limits::TAGS_MAX;
/// Events of a query that are read from the log before they are handed on.
pub const DCB_RECORDS_AT_ONCE: usize = 256;
/// How long a read by types and tags looks before it answers with what it has.
pub const DCB_READ_TIME_MAX: Duration = Duration::from_secs(2);

/// Rows on one page of aggregates.
pub const AGGREGATES_PAGE_MAX: usize = 1_000;
/// Rows on one page of aggregates when the caller does not say.
pub const AGGREGATES_PAGE_DEFAULT: usize = 100;
/// Rows that one request for aggregates looks at before it answers with what it has.
pub const AGGREGATES_SCAN_MAX: usize = 20_000;
/// Dimensions in one filter.
pub const AGGREGATE_FILTER_MAX: usize = 16;
/// Periods that are computed before tables are looked at anew.
pub const AGGREGATE_PERIODS_AT_ONCE: usize = 64;
/// Periods that one call computes.
pub const AGGREGATE_PERIODS_PER_CALL: usize = 400;
/// Periods that one call may leave out, because they are not over or past their time.
pub const AGGREGATE_PERIODS_LEFT_OUT: usize = 10_000;
/// Events that computed rows are appended in at once.
pub const AGGREGATE_EVENTS_PER_APPEND: usize = 500;
/// How long an aggregate is left alone that could not be computed.
pub const AGGREGATE_TROUBLE_PAUSE: Duration = Duration::from_secs(3_600);
/// How long is waited for a lake that is behind the log, before its aggregates are computed later.
pub const AGGREGATE_LAKE_PATIENCE: Duration = Duration::from_secs(10);

/// Entries on one page of the quarantine.
pub const QUARANTINE_PAGE_MAX: usize = 500;
/// Keys of an actor on one page.
pub const ACTOR_KEYS_PAGE_MAX: usize = 500;
/// Keys of an actor on one page when the caller does not say.
pub const ACTOR_KEYS_PAGE_DEFAULT: usize = 50;
/// Entries on one page of the quarantine when the caller does not say.
pub const QUARANTINE_PAGE_DEFAULT: usize = 50;
/// Entries tried again by one call.
pub const QUARANTINE_RETRY_MAX: usize = 1_000;
/// Space that quarantined events of one app may take, in bytes.
pub const QUARANTINE_BYTES_DEFAULT: u64 = 1024 * 1024 * 1024;
/// Requests waiting for the quarantine's writer.
pub const QUARANTINE_QUEUE: usize = 256;
/// Rows written by one statement.
pub const QUARANTINE_ROWS_PER_STATEMENT: usize = 200;
/// Rows written in one transaction, unless a single request has more.
pub const QUARANTINE_ROWS_PER_TRANSACTION: usize = 5_000;
/// Rows deleted at a time to make room.
pub const QUARANTINE_EVICTION_ROWS: u64 = 500;

/// Messages of an input that are not sent together, under way at once.
pub const INPUT_CALLS: usize = 16;
/// Messages up to this size are sent together, in bytes.
pub const INPUT_LINE_BYTES_MAX: usize = 64 * 1024;
/// Messages sent together, in bytes.
pub const INPUT_CALL_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest message that is quarantined where it is no events at all, in bytes; larger ones are set aside at their source.
pub const INPUT_UNREADABLE_BYTES_MAX: usize = 1024 * 1024;
/// Calls of other services that failed, and of which that is remembered, where it could not be written down.
pub const WEBHOOK_FAILURES_REMEMBERED: usize = 10_000;
/// Failures of one call that are counted.
pub const WEBHOOK_ATTEMPTS_COUNTED: u32 = 32;

/// People whose secrets and consents are kept in memory.
pub const PEOPLE_CACHED_DEFAULT: usize = 500_000;
/// Time from one run of the retention to the next.
pub const RETENTION_EVERY_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);
/// Least time between two runs of the retention.
pub const RETENTION_EVERY_MIN: Duration = Duration::from_secs(60);
/// How long a server runs before it looks whether the retention is due.
pub const RETENTION_AFTER_START: Duration = Duration::from_secs(60);
/// How long a call that erases a person waits for the report before it answers that it is under way.
pub const ERASURE_PATIENCE: Duration = Duration::from_secs(30);
/// People in one request to erase.
pub const ERASURE_PEOPLE_MAX: usize = 10_000;
/// Records read from the log at once for an export.
pub const EXPORT_PAGE_RECORDS: usize = 4_096;
/// Bytes of an export that are sent at once.
pub const EXPORT_PIECE_BYTES: usize = 64 * 1024;
/// Pieces of an export that wait for its reader.
pub const EXPORT_PIECES_WAITING: usize = 4;
/// Longest reason, source or version that a caller may give, in bytes.
pub const WORD_BYTES_MAX: usize = 256;

/// Changes of consumers' states that wait to be written down as events.
pub const CONSUMER_NOTES_WAITING: usize = 1_024;
/// Dead letters on one page.
pub const DEAD_LETTERS_PAGE_MAX: usize = 500;
/// Dead letters on one page when the caller does not say.
pub const DEAD_LETTERS_PAGE_DEFAULT: usize = 50;
/// How long a call that has dead letters delivered again waits before it answers that it is under way.
pub const REPLAY_PATIENCE: Duration = Duration::from_secs(10);

/// Connections to a PostgreSQL that keeps the state.
pub const STATE_CONNECTIONS_MAX: u32 = 10;
/// How long a request waits for a connection to the state database before it is told to come again.
pub const STATE_PATIENCE: Duration = Duration::from_secs(5);
/// How long one write may take, or reading all keys.
pub const STATE_WORK_PATIENCE: Duration = Duration::from_secs(30);
/// When such a request may come again.
pub const STATE_RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long a server waits for another to let go of the state before it does not start.
pub const STATE_TAKING_PATIENCE: Duration = Duration::from_secs(5);
/// How long a server that lost its connection to the state finds it held by somebody before it stops. Not shorter than PostgreSQL takes to
/// notice that the lost connection is gone.
pub const STATE_RETAKING_PATIENCE: Duration = Duration::from_secs(30);
/// How long a process waits while another brings the tables up to date.
pub const MIGRATION_PATIENCE: Duration = Duration::from_secs(300);

/// Keys that may exist, revoked ones included.
pub const KEYS_MAX: u64 = 10_000;
/// Longest name of a key, in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 128;
/// Apps or origins listed by one key.
pub const KEY_LIST_MAX: usize = 100;
/// How often keys are read again from the state database.
pub const KEYS_REFRESH: Duration = Duration::from_secs(1);
/// Least time between two reads that an unknown key can cause.
pub const KEYS_REFRESH_ON_MISS: Duration = Duration::from_millis(100);
/// How often the last use of keys is written down.
pub const KEYS_LAST_USED_EVERY: Duration = Duration::from_secs(60);

/// Requests a second for a key that has no limit of its own; 0 is no limit.
pub const REQUESTS_PER_SECOND_DEFAULT: u32 = 0;
/// Events a second for a key that has no limit of its own; 0 is no limit.
pub const EVENTS_PER_SECOND_DEFAULT: u32 = 0;
/// Events a second taken from browsers without a key.
pub const BROWSER_EVENTS_PER_SECOND_DEFAULT: u32 = 1_000;

const _: () = assert!(BODY_INFLATED_BYTES_MAX <= BODY_MEMORY_BYTES_DEFAULT);
const _: () = assert!(INLINE_BODY_BYTES_MAX <= BODY_BYTES_MAX);
const _: () = assert!(INPUT_CALL_BYTES_MAX <= BODY_INFLATED_BYTES_MAX);
const _: () = assert!(INPUT_LINE_BYTES_MAX <= INPUT_CALL_BYTES_MAX);
const _: () = assert!(LIVE_PAGE_EVENTS <= PAGE_EVENTS_MAX);
const _: () = assert!(TRAIL_PAGE_DEFAULT <= TRAIL_PAGE_MAX);
const _: () = assert!(DCB_ITEMS_MAX * (DCB_TYPES_MAX + DCB_TAGS_MAX) <= daybook_log::limits::TERMS_QUERY_MAX);
const _: () = assert!(QUARANTINE_PAGE_DEFAULT <= QUARANTINE_PAGE_MAX);
const _: () = assert!(ACTOR_KEYS_PAGE_DEFAULT <= ACTOR_KEYS_PAGE_MAX);
const _: () = assert!(ACTOR_KEYS_PAGE_MAX as u64 <= daybook_privacy::limits::ACTOR_KEYS_PAGE_MAX);
const _: () = assert!(DEAD_LETTERS_PAGE_DEFAULT <= DEAD_LETTERS_PAGE_MAX);
const _: () = assert!(QUARANTINE_ROWS_PER_STATEMENT <= QUARANTINE_ROWS_PER_TRANSACTION);
/// Least memory that all queries may take together, in bytes: sorting needs some before it goes on on disk.
pub const QUERY_MEMORY_BYTES_MIN: usize = 16 * 1024 * 1024;
