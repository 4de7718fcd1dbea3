//! Every bound of the consumers, with its name.

use std::time::Duration;

/// Consumers in one process.
pub const CONSUMERS_MAX: usize = 10_000;
/// Positions that are decoded together and shared by all consumers.
pub const BLOCK_POSITIONS: u64 = 512;
/// Bytes of decoded events that are kept for all consumers, unless the options say otherwise. About; a block larger than this is not kept.
pub const CACHE_BYTES_DEFAULT: usize = 128 << 20;
/// Share of those for events with what was sealed put back.
pub const OPENED_SHARE: usize = 4;
/// What a decoded event takes in memory beside its text, about.
pub const ITEM_BYTES: usize = size_of::<crate::Item>() + 16 * 24;
/// Event types that a consumer remembers whether it wants them; beyond that it thinks again.
pub const NAMES_REMEMBERED: usize = 10_000;
/// Shortest time between two times that consumers are woken, so that a log of many small appends does not wake them for each.
pub const WAKE_PAUSE: Duration = Duration::from_millis(2);
/// New positions that are looked at before consumers are woken; of more every consumer is.
pub const WAKE_POSITIONS_MAX: u64 = 2 * BLOCK_POSITIONS;
/// Events handed over together unless specification or handler say otherwise.
pub const BATCH_EVENTS_DEFAULT: usize = 500;
/// Most events handed over together.
pub const BATCH_EVENTS_MAX: usize = 10_000;
/// Bytes of events, as they are stored, after which a batch is handed over.
pub const BATCH_BYTES_MAX: usize = 16 << 20;
/// A consumer this many positions behind is catching up.
pub const CATCHING_UP_POSITIONS: u64 = 4 * BLOCK_POSITIONS;

/// First pause before a failed event is tried again; it doubles.
pub const RETRY_PAUSE_MIN: Duration = Duration::from_millis(200);
/// Longest such pause, but for what a destination asks for.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(30);
/// First pause before a lost destination is probed; it doubles.
pub const PROBE_PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest such pause, but for what a destination asks for.
pub const PROBE_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Longest pause that a destination may ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Events given up in a row, none delivered between them, before the consumer waits as for a lost destination.
pub const GIVE_UPS_IN_A_ROW_MAX: u32 = 10;
/// Attempts that a dead letter tells of: the first and the last.
pub const ATTEMPTS_KEPT: usize = 20;
/// Longest message of a failure that is kept, in characters.
pub const MESSAGE_CHARS_MAX: usize = 500;

/// How often offsets are written.
pub const OFFSETS_EVERY: Duration = Duration::from_millis(100);
/// How often the offset of a consumer is written that had nothing to deliver.
pub const IDLE_OFFSETS_EVERY: Duration = Duration::from_secs(5);
/// Offsets written with one statement.
pub const OFFSETS_PER_STATEMENT: usize = 100;
/// How often a handler's upkeep is called.
pub const TEND_EVERY: Duration = Duration::from_secs(60);
/// How often promises are looked at, and what was given up is summed.
pub const MIND_EVERY: Duration = Duration::from_secs(1);
/// How long notes of given-up events are summed.
pub const SUM_NOTES_FOR: Duration = Duration::from_secs(60);
/// How long a consumer must do as it promised before its promise counts as kept again.
pub const KEPT_AFTER: Duration = Duration::from_secs(10);
/// How long whoever closes the runtime waits for attempts that are under way.
pub const CLOSE_PATIENCE: Duration = Duration::from_secs(10);
/// How long somebody who forgets or rewinds waits for a delivery that is under way.
pub const GATE_PATIENCE: Duration = Duration::from_secs(25);
/// Dead letters on one page.
pub const LETTERS_PAGE_MAX: u64 = 1_000;

const _: () = assert!(BLOCK_POSITIONS <= u16::MAX as u64);
const _: () = assert!(BATCH_EVENTS_DEFAULT <= BATCH_EVENTS_MAX);
const _: () = assert!(GATE_PATIENCE.as_secs() < daybook_privacy::limits::VIEW_PATIENCE.as_secs());
