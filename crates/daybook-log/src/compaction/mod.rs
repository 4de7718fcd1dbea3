//! Compaction: in closed segments, records that have expired are replaced by their leaf hashes.
//!
//! What is said of it in `docs/log-format.md` is done here: which segments are looked at, one after the other, and what
//! becomes of them. One segment is the business of [`rewrite`].

mod files;
mod rewrite;

use daybook_event::Position;

use self::rewrite::Rewriter;
use crate::error::{CompactError, ReadError};
use crate::reader::Reader;
use crate::store::Store;

/// A record that may have expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its place in the log.
    pub position: Position,
    /// Hash of the app's slug.
    pub app: u64,
    /// When the event happened, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What a compaction did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Segments that were written again.
    pub segments: usize,
    /// Records that were replaced by their leaf hashes.
    pub records: u64,
    /// Bytes by which the log became smaller.
    pub bytes_freed: u64,
    /// Whether it was stopped before it was through.
    pub stopped: bool,
}

/// How far a compaction is, after each segment it looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Segments that it looked at.
    pub segments_done: usize,
    /// Segments to look at: those with records that are old enough.
    pub segments_total: usize,
    /// What it did so far.
    pub compacted: Compacted,
}

/// What is asked of a compaction.
pub(crate) struct Task<'a> {
    /// Says whether a record has expired.
    pub(crate) expired: &'a dyn Fn(&Candidate<'_>) -> bool,
    /// No record of this time or later has expired.
    pub(crate) oldest_kept_us: i64,
    /// Says whether to stop.
    pub(crate) stop: &'a dyn Fn() -> bool,
}

/// What became of a segment.
pub(crate) struct Rewrote {
    /// Records that were replaced.
    pub(crate) records: u64,
    /// Bytes that its frames took, and take now.
    pub(crate) bytes: (u64, u64),
}

/// Why a segment stays as it is.
pub(crate) enum Halt {
    Stopped,
    Failed(CompactError),
}

impl From<CompactError> for Halt {
    fn from(error: CompactError) -> Self {
        Self::Failed(error)
    }
}

impl From<ReadError> for Halt {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.into())
    }
}

/// Compacts every closed segment that needs it. With a `reader`, files are replaced, and it forgets what it read from
/// the old ones; without one nothing is written. Damage in a segment does not keep the others from being compacted, but
/// is what comes of it then.
pub(crate) fn compact(
    store: &Store,
    reader: Option<&Reader>,
    task: &Task<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Compacted, CompactError> {
    let old_enough = store.closed().into_iter().filter(|closed| closed.summary.time_min_us < task.oldest_kept_us);
    let firsts: Vec<Position> = old_enough.map(|closed| closed.first).collect();
    let mut rewriter = Rewriter::new(store, reader, task);
    let mut done = Compacted::default();
    let (mut bytes, mut damage) = ((0_u64, 0), None);
    for (at, first) in firsts.iter().enumerate() {
        match rewriter.segment(*first) {
            Ok(None) => {}
            Ok(Some(rewrote)) => {
                done.segments += 1;
                done.records += rewrote.records;
                // One may grow, when its records were shorter than their hashes; what counts is all of them.
                bytes = (bytes.0 + rewrote.bytes.0, bytes.1 + rewrote.bytes.1);
                done.bytes_freed = bytes.0.saturating_sub(bytes.1);
            }
            Err(Halt::Stopped) => {
                done.stopped = true;
                break;
            }
            Err(Halt::Failed(error @ CompactError::Damaged { .. })) => {
                tracing::error!(%error, "a segment cannot be compacted");
                damage.get_or_insert(error);
            }
            Err(Halt::Failed(error)) => return Err(error),
        }
        progress(Progress { segments_done: at + 1, segments_total: firsts.len(), compacted: done });
    }
    damage.map_or(Ok(done), Err)
}
