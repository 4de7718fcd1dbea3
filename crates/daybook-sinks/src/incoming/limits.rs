//! The limits incoming webhooks keep to.

use std::time::Duration;

use daybook_event::limits::BATCH_EVENTS_MAX;

/// How far the time in a signature may be from now, unless the settings say otherwise: what Stripe and Standard Webhooks recommend.
pub const TOLERANCE_DEFAULT: Duration = Duration::from_secs(300);
/// Secrets of one source: while one is replaced there are two.
pub const SECRETS_MAX: usize = 8;
/// Signatures of one call that are looked at.
pub const SIGNATURES_MAX: usize = 16;
/// Longest challenge that is given back, in bytes.
pub const CHALLENGE_BYTES_MAX: usize = 1_024;
/// Events that one call may come to.
pub const EVENTS_PER_CALL_MAX: usize = 5_000;
/// Longest word for what a call is about that is written down, in characters.
pub const EVENT_TYPE_CHARS_MAX: usize = 128;
/// Largest file with a table, in bytes.
pub const TABLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Room for what is said about the call itself.
const _: () = assert!(EVENTS_PER_CALL_MAX + 16 <= BATCH_EVENTS_MAX);
