//! The limits of the log, and how they relate.

use std::time::Duration;

use daybook_event::limits::{BATCH_EVENTS_MAX, BODY_INFLATED_BYTES_MAX, EVENT_STORED_BYTES_MAX};

/// Records in one append call. They are stored in one frame.
pub const REQUEST_RECORDS_MAX: usize = BATCH_EVENTS_MAX;
/// Bytes of the records in one append call. Above what a call's body can hold, because a record carries fields that
/// the client did not send.
pub const REQUEST_BYTES_MAX: usize = 80 * 1024 * 1024;
/// What a record adds to its frame beside its bytes: key, digest, app, time, length, flags.
pub const RECORD_OVERHEAD_BYTES: usize = 16 + 16 + 8 + 8 + 4 + 1;
/// Uncompressed bytes of one frame. A frame that claims more is damaged.
pub const FRAME_BYTES_LIMIT: usize = 256 * 1024 * 1024;
/// A frame takes no further request once its records have this many bytes. Reading one record decodes one frame, about
/// a millisecond for this much.
pub const FRAME_BYTES_DEFAULT: usize = 1024 * 1024;
/// Records in one frame.
pub const FRAME_RECORDS_MAX: usize = 65_536;
/// A group takes no further request once its records have this many bytes.
pub const GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Records in one group.
pub const GROUP_RECORDS_MAX: usize = 65_536;
/// Bytes of records that may wait for the writer, the group being written included.
pub const QUEUE_BYTES_DEFAULT: usize = 128 * 1024 * 1024;
/// A segment is closed once it has this many bytes.
pub const SEGMENT_BYTES_DEFAULT: u64 = 128 * 1024 * 1024;
/// Smallest segment that can be asked for.
pub const SEGMENT_BYTES_MIN: u64 = 4 * 1024;
/// Longest a segment can become: one group past its size, as nothing is split across two.
pub const SEGMENT_BYTES_LIMIT: u64 = 8 * 1024 * 1024 * 1024;
/// Stretch of a segment that one entry of its sparse index stands for.
pub const SPARSE_INDEX_STRIDE_BYTES: u64 = 64 * 1024;
/// Segments that are open for reading at the same time, each with its sparse index in memory.
pub const SEGMENTS_OPEN_MAX: usize = 64;
/// Bytes of decoded frames that are kept for the next reader.
pub const FRAME_CACHE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Decoded frames that are kept for the next reader.
pub const FRAME_CACHE_FRAMES_MAX: usize = 256;
/// Records on one page of a read.
pub const READ_RECORDS_MAX: usize = 100_000;
/// Leaf hashes that are given at once, 32 bytes each.
pub const LEAVES_READ_MAX: usize = 65_536;
/// Bytes that a scan of the whole log reads at once.
pub const SCAN_READ_AHEAD_BYTES: usize = 1024 * 1024;
/// Bytes read from a segment at once when frames are small.
pub const READ_AHEAD_BYTES: usize = 128 * 1024;
/// Newest bytes of the log that are verified at start; older segments are verified by their footers and as they are
/// read.
pub const OPEN_VERIFY_BYTES_DEFAULT: u64 = 8 * 1024 * 1024 * 1024;
/// Bytes of a compacted segment that are written with one call.
pub const COMPACT_WRITE_BYTES: usize = 1024 * 1024;
/// Bytes of a compacted segment that are written before they are synced, so that the log's own sync never waits for many
/// of them.
pub const COMPACT_SYNC_EVERY_BYTES: u64 = 8 * 1024 * 1024;
/// How long the log must have nothing to do before it writes a mark that proves its tail.
pub const IDLE_BEFORE_MARK: Duration = Duration::from_millis(50);
/// Shortest and longest time that a client is told to wait when the queue is full.
pub const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
/// See [`RETRY_AFTER_MIN`].
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// Ids that the index holds in one table in memory: seven eighths of a power of two, which is what the table takes
/// before it doubles.
pub const INDEX_TABLE_IDS_DEFAULT: usize = (1 << 20) / 8 * 7;
/// Smallest table that can be asked for.
pub const INDEX_TABLE_IDS_MIN: usize = 64;
/// Full tables that may wait to be written as runs before the writer waits for them.
pub const INDEX_TABLES_FROZEN_MAX: usize = 2;
/// Runs of about the same size that are merged into one.
pub const INDEX_MERGE_RUNS: usize = 4;
/// Bytes of filters that the index keeps in memory, two and a half for each id; past it the largest runs' filters are read
/// from the disk, a block at a time.
pub const INDEX_FILTER_BYTES_DEFAULT: usize = 512 * 1024 * 1024;
/// Bits of a filter for each id in it. With seven bits set in one block of 512, one absent id in 3,200 passes; each
/// that does costs a read of a page, which may have to come from the disk.
pub const INDEX_FILTER_BITS_PER_ID: u64 = 20;
/// Entries that a page of a run is planned for, of the 102 it has room for.
pub const INDEX_PAGE_ENTRIES_PLANNED: u64 = 84;
/// Bytes of a run that are written before they are synced, so that the log's own sync never waits for many of them.
pub const INDEX_SYNC_EVERY_BYTES: u64 = 8 * 1024 * 1024;

/// Postings (one for each term of each record) that the term index holds in one table in memory, up to 64 bytes each;
/// up to four such tables at a time.
pub const TERMS_TABLE_POSTINGS_DEFAULT: usize = 512 * 1024;
/// Positions that one such table covers, where few records have terms: what has to be read again after a crash.
pub const TERMS_TABLE_POSITIONS_MAX: u64 = 1024 * 1024;
/// Full tables that may wait to be written as runs before the writer waits for them.
pub const TERMS_TABLES_FROZEN_MAX: usize = 2;
/// Positions of one run that is made from the log.
pub const TERMS_RUN_POSITIONS_MAX: u64 = 16 * 1024 * 1024;
/// Newest positions that are indexed while the log is opened; more are indexed in the background.
pub const TERMS_OPEN_POSITIONS_MAX: u64 = 256 * 1024;
/// Positions of the table in memory that are written as a run when the log is closed; fewer are read again.
pub const TERMS_CLOSE_POSITIONS_MIN: u64 = 64 * 1024;
/// A block of a run takes no further positions once it has this many bytes.
pub const TERMS_BLOCK_BYTES: usize = 16 * 1024;
/// Positions that lie together in a run.
pub const TERMS_CHUNK_POSTINGS: usize = 512;
/// Bytes of filters that the term index keeps in memory, two and a half for each term; past it the largest runs' filters
/// are read from the disk, a block at a time.
pub const TERMS_FILTER_BYTES_DEFAULT: usize = 128 * 1024 * 1024;
/// Positions that one step of a selection looks through: at first, when it goes backwards, and at most.
pub const TERMS_WINDOW_POSITIONS_MIN: u64 = 64 * 1024;
/// See [`TERMS_WINDOW_POSITIONS_MIN`].
pub const TERMS_WINDOW_POSITIONS_MAX: u64 = 4 * 1024 * 1024;
/// How long a selection may look before it answers with what it has.
pub const TERMS_SELECT_TIME_MAX: Duration = Duration::from_millis(500);
/// Positions that one selection gives.
pub const TERMS_SELECT_MAX: usize = 100_000;
/// Terms in one query, those of all its items together.
pub const TERMS_QUERY_MAX: usize = 8_192;

const _: () = assert!(REQUEST_BYTES_MAX > BODY_INFLATED_BYTES_MAX);
const _: () = assert!(REQUEST_BYTES_MAX > EVENT_STORED_BYTES_MAX);
const _: () = assert!(REQUEST_RECORDS_MAX <= FRAME_RECORDS_MAX && FRAME_RECORDS_MAX <= GROUP_RECORDS_MAX);
const _: () = assert!(FRAME_BYTES_DEFAULT <= GROUP_BYTES_MAX);
const _: () =
    assert!(FRAME_BYTES_LIMIT > FRAME_BYTES_DEFAULT + REQUEST_BYTES_MAX + FRAME_RECORDS_MAX * RECORD_OVERHEAD_BYTES);
const _: () = assert!(
    FRAME_BYTES_LIMIT / 2 > FRAME_RECORDS_MAX * (RECORD_OVERHEAD_BYTES + 32),
    "a frame must not become too large when the hash of a record is longer than the record"
);
const _: () = assert!(QUEUE_BYTES_DEFAULT >= REQUEST_BYTES_MAX);
const _: () = assert!(
    SEGMENT_BYTES_DEFAULT + 2 * (GROUP_BYTES_MAX + FRAME_BYTES_LIMIT) as u64 <= SEGMENT_BYTES_LIMIT,
    "a segment and one group more must stay below the limit"
);
const _: () = assert!(SPARSE_INDEX_STRIDE_BYTES < SEGMENT_BYTES_DEFAULT);
const _: () = assert!(READ_AHEAD_BYTES <= FRAME_CACHE_BYTES_MAX);
const _: () = assert!(GROUP_RECORDS_MAX <= INDEX_TABLE_IDS_DEFAULT, "a group must fit an empty table");
const _: () = assert!(INDEX_PAGE_ENTRIES_PLANNED <= 102);
const _: () = assert!(
    TERMS_RUN_POSITIONS_MAX + GROUP_RECORDS_MAX as u64 <= u32::MAX as u64
        && TERMS_TABLE_POSITIONS_MAX + TERMS_OPEN_POSITIONS_MAX + GROUP_RECORDS_MAX as u64 <= u32::MAX as u64,
    "a table counts its positions with 32 bits"
);
const _: () = assert!(TERMS_WINDOW_POSITIONS_MIN <= TERMS_WINDOW_POSITIONS_MAX);
const _: () = assert!(TERMS_CLOSE_POSITIONS_MIN <= TERMS_OPEN_POSITIONS_MAX);
