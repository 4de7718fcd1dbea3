//! Every bound of the vault, with its name.

use std::time::Duration;

/// Calls that may wait for the writer; more are told that the vault is busy.
pub const WAITING_MAX: usize = 1024;
/// New people that one transaction makes, about: the writer takes no further call once it has as many.
pub const GROUP_PEOPLE: usize = 10_000;
/// Rows that one statement reads, makes or deletes.
pub const CHUNK_ROWS: usize = 500;
/// People whose secrets are kept in memory, unless the configuration says otherwise.
pub const PEOPLE_CACHED: usize = 500_000;
/// Keys that one actor may have, revoked ones included.
pub const ACTOR_KEYS_MAX: u64 = 1_000;
/// Keys of actors that are kept in memory.
pub const ACTOR_KEYS_CACHED: usize = 10_000;
/// Keys of actors on one page.
pub const ACTOR_KEYS_PAGE_MAX: u64 = 500;
/// Longest name of a person, in bytes. Longer ones are refused.
pub const NAME_BYTES_MAX: usize = 64 << 10;
/// How long the command that prints the master key may take.
pub const COMMAND_PATIENCE: Duration = Duration::from_secs(30);
/// Largest key file, or output of the command, in bytes.
pub const KEY_FILE_BYTES_MAX: u64 = 64 << 10;
/// Most master keys that are tried.
pub const MASTER_KEYS_MAX: usize = 64;

/// People that one pass of an erasure handles: what a view is told at once, and what is destroyed together.
pub const PEOPLE_PER_PASS: usize = 1_000;
/// Names in one request for erasure.
pub const ERASURE_NAMES_MAX: usize = 10_000;
/// Longest reason of an erasure, in bytes.
pub const REASON_BYTES_MAX: usize = 500;
/// Erasures under way at once; more wait.
pub const ERASURES_AT_ONCE: usize = 4;
/// Erasures on one page.
pub const ERASURES_PAGE_MAX: u64 = 500;
/// Unfinished erasures looked at in one round of resuming.
pub const RESUMED_MAX: u64 = 10_000;
/// How long a view may take for a pass before the secrets are destroyed.
pub const VIEW_FIRST_PATIENCE: Duration = Duration::from_secs(5);
/// How long a view may take for a pass when its confirmation is waited for.
pub const VIEW_PATIENCE: Duration = Duration::from_secs(30);
/// How often a view is asked in a row to confirm; after that the report is incomplete, and it is asked again later.
pub const VIEW_TRIES: u32 = 3;
/// Pause before a view is asked a second time in a row; it doubles.
pub const VIEW_PAUSE: Duration = Duration::from_millis(200);
/// Pause before unfinished erasures are taken up again; it doubles up to [`RESUME_PAUSE_MAX`].
pub const RESUME_PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest such pause.
pub const RESUME_PAUSE_MAX: Duration = Duration::from_secs(600);
/// Longest signed report that is read, in bytes: one of [`ERASURE_NAMES_MAX`] people has about 1.5 MiB.
pub const REPORT_BYTES_MAX: usize = 16 << 20;

/// Event types that the summary of an export counts each for itself; those of further types are counted together.
pub const EXPORT_TYPES_MAX: usize = 10_000;
/// Characters of one value in the summary of an export.
pub const EXPORT_SUMMARY_CHARS_MAX: usize = 200;
/// Longest name of a view, or of a file of a view, in an export, in bytes.
pub const EXPORT_NAME_BYTES_MAX: usize = 64;

/// How long after its end a month's secret of pseudonyms lives: as long as events of its last hours may still come in.
pub const PSEUDONYM_RETAIN: Duration = Duration::from_secs(86_400);
/// How long events stay in quarantine.
pub const QUARANTINE_RETAIN: Duration = Duration::from_secs(90 * 86_400);

const _: () = assert!(PEOPLE_PER_PASS <= ERASURE_NAMES_MAX);
const _: () = assert!(ERASURE_NAMES_MAX * 200 <= REPORT_BYTES_MAX);
