//! The limits the blob store keeps to.

use std::time::Duration;

/// Blobs of one call that are written at once to a store that is not on this machine.
pub const WRITES_AT_ONCE: usize = 8;
/// How long a store that is not on this machine may take to have the blobs of one call.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a store may take to give one blob.
pub const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// What a blob takes beyond what is in it, in bytes, where nothing could be compressed.
pub const BLOB_OVERHEAD_BYTES_MAX: u64 = 64;
/// Blobs that are looked for in the log at once when what nobody refers to is collected: more take another pass.
pub const CANDIDATES_MAX: usize = 100_000;
/// Blobs that are removed while those that are to be written wait.
pub const REMOVED_AT_ONCE: usize = 256;
/// Records of the log that are looked at in one step.
pub const SCAN_RECORDS: usize = 8_192;
/// How far the log may be ahead when writing has to wait for the rest of it to be looked at, in records.
pub const SCAN_BEHIND_MAX: u64 = 8_192;
/// Addresses that are remembered while references are gathered, so that a value in many events is noted seldom.
pub const RECENT_ADDRESSES: usize = 65_536;
/// Bytes of references that are read, and written, at once.
pub const REFERENCES_BUFFER_BYTES: usize = 64 * 1024;
