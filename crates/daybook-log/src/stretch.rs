//! Stretches of the log that take no more records, for those who keep something computed of each.

use crc_fast::crc64_nvme;
use daybook_event::Position;

use crate::store::{Closed, Store};

/// A stretch of the log that takes no more records. It has the same records as one of the same bounds with the same mark, whichever
/// process said so: where some are compacted, the mark is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stretch {
    /// The position before its first record.
    pub after: Position,
    /// That of its last record.
    pub last: Position,
    /// What tells it from what was, or will be, at the same positions.
    pub mark: u64,
}

/// The stretches of a log, from its beginning, without gaps.
pub(crate) fn stretches(store: &Store) -> Vec<Stretch> {
    store.closed().iter().map(|closed| stretch(store.log_id, closed)).collect()
}

fn stretch(log_id: u64, closed: &Closed) -> Stretch {
    // Length and times tell it from what another log, or one that was put back from a backup, has at these positions.
    let summary = &closed.summary;
    let parts = [
        log_id,
        closed.first,
        closed.next,
        closed.end,
        summary.app_bits,
        summary.time_min_us.cast_unsigned(),
        summary.time_max_us.cast_unsigned(),
    ];
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_le_bytes()).collect();
    Stretch { after: closed.first - 1, last: closed.next - 1, mark: crc64_nvme(&bytes) }
}
