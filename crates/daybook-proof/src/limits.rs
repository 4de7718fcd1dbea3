//! The limits of the proof.

use std::time::Duration;

/// Bytes of a signed note. A checkpoint with the largest signatures of sixteen witnesses has fewer.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;
/// Signatures of one note.
pub const SIGNATURES_MAX: usize = 64;
/// Bytes of the name of a key, and so of an origin.
pub const KEY_NAME_BYTES_MAX: usize = 255;
/// Hashes of one proof: a tree has at most 2⁶⁴ leaves, and a consistency proof one hash more than it has levels.
pub const PROOF_HASHES_MAX: usize = 65;
/// Bytes of a proof as text.
pub const PROOF_BYTES_MAX: usize = 64 * 1024 + NOTE_BYTES_MAX;
/// Bytes of a file of keys.
pub const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;
/// Keys that signed at one time or another.
pub const KEYS_MAX: usize = 100;
/// Least time from one checkpoint to the next while events come in. With what publishing takes itself a checkpoint is at
/// most a second behind.
pub const PUBLISH_EVERY: Duration = Duration::from_millis(400);
/// While much is to be caught up a checkpoint is signed at least this often, so that little is done again after a crash.
pub const CATCH_UP_PUBLISH_EVERY: Duration = Duration::from_secs(5);
/// Leaves that are read from the log at once, 32 bytes each.
pub const LEAVES_AT_ONCE: usize = 16_384;
/// How long the publisher waits after the disk refused, before it tries again.
pub const RETRY_AFTER: Duration = Duration::from_secs(5);
/// While no events come, the publisher looks this often whether there is another signing key.
pub const KEY_LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// The copy of the checkpoint beside the signing key is at most this old while events come in.
pub const WITNESS_EVERY: Duration = Duration::from_secs(60);
/// Leaves at the end of the tree that are compared with the log when the publisher begins.
pub const TAIL_CHECKED_LEAVES: u64 = 4_096;
/// Files that are synced one by one; with more the whole file system is synced once.
pub const SYNC_SINGLY_MAX: usize = 256;
/// Findings of one verification that are kept; the others are counted.
pub const FINDINGS_MAX: usize = 100;
/// Files that a verification lists of a directory of tiles.
pub const TILE_FILES_MAX: usize = 64 * 1024 * 1024;
/// Checkpoints of the history that a verification looks at.
pub const HISTORY_MAX: usize = 1024 * 1024;

const _: () = assert!(LEAVES_AT_ONCE <= daybook_log::limits::LEAVES_READ_MAX);
const _: () = assert!(PUBLISH_EVERY.as_millis() <= 1_000);
const _: () = assert!(SIGNATURES_MAX >= 16, "signed-note asks verifiers to take at least sixteen");
