//! Every bound of the vault, with its name.

use std::time::Duration;

/// Calls that may wait for the writer; more are told that the vault is busy.
pub const WAITING_MAX: usize = 1024;
/// New people that one transaction makes, about: the writer takes no further call once it has as many.
pub const GROUP_PEOPLE: usize = 10_000;
/// Rows that one statement reads, makes or deletes.
pub const CHUNK_ROWS: usize = 500;
/// People whose secrets are kept in memory, unless the configuration says otherwise.
pub const PEOPLE_CACHED: usize = 200_000;
/// Longest name of a person, in bytes. Longer ones are refused.
pub const NAME_BYTES_MAX: usize = 64 << 10;
/// How long the command that prints the master key may take.
pub const COMMAND_PATIENCE: Duration = Duration::from_secs(30);
/// Largest key file, or output of the command, in bytes.
pub const KEY_FILE_BYTES_MAX: u64 = 64 << 10;
/// Most master keys that are tried.
pub const MASTER_KEYS_MAX: usize = 64;
/// Most people of one call to a view, and of one pass of an erasure.
pub const PEOPLE_PER_PASS: usize = 1000;
/// How long an erasure waits for a view before it destroys the secrets.
pub const VIEW_FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// How long after the end of a month its pseudonyms' secret stands.
pub const PSEUDONYM_RETAIN: Duration = Duration::from_secs(24 * 60 * 60);
/// How long events are kept in quarantine.
pub const QUARANTINE_RETAIN: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// Largest signed report, in bytes.
pub const REPORT_BYTES_MAX: usize = 16 << 20;
