//! The leaf hashes of many records, for the proof.

use daybook_event::Position;

use super::{Frames, Reader};
use crate::error::ReadError;
use crate::frame::{Frame, FrameKind, Leaf};
use crate::limits::{LEAVES_READ_MAX, READ_AHEAD_BYTES};

impl Reader {
    /// The leaf hashes of up to `limit` durable records behind `after`.
    ///
    /// Frames that are in the cache are taken from there, as those are that were just written. Others are not put there:
    /// whoever reads the whole log once needs none of them again, and they would drive out what others do.
    pub(crate) fn leaves(&self, after: Position, limit: usize) -> Result<Vec<Leaf>, ReadError> {
        let head = self.store.head();
        let limit = limit.clamp(1, LEAVES_READ_MAX);
        let last = head.min(after.saturating_add(limit as u64));
        let mut leaves = Vec::with_capacity(usize::try_from(last.saturating_sub(after)).unwrap_or(0));
        let mut next = after + 1;
        while next <= last {
            let Some(located) = self.store.locate(next) else { break };
            let cached = self.cache.lock().get(next, located.entry.generation);
            if let Some(frame) = cached {
                take(&frame, &mut next, last, &mut leaves);
                continue;
            }
            let segment = self.store.open(located.entry.first)?;
            let Some(offset) = segment.sparse.read().seek_to(next) else { break };
            let mut frames = Frames::new(&self.store, &segment, offset, READ_AHEAD_BYTES);
            let before = next;
            while next <= last {
                let Some(header) = frames.next()? else { break };
                if header.kind == FrameKind::Records && header.end() > next {
                    let cached = self.cache.lock().get(header.first, segment.generation);
                    match cached {
                        Some(frame) => take(&frame, &mut next, last, &mut leaves),
                        None => take(&frames.decode(&header)?, &mut next, last, &mut leaves),
                    }
                }
                frames.stream.advance(&header);
            }
            if next == before {
                break;
            }
        }
        if next > last || !leaves.is_empty() {
            return Ok(leaves);
        }
        let (file, what) = (self.store.directory.clone(), format!("the records from {next} on are missing"));
        Err(ReadError::Damaged { file, offset: 0, what })
    }
}

/// Takes the leaves of a frame from `next` on.
fn take(frame: &Frame, next: &mut Position, last: Position, leaves: &mut Vec<Leaf>) {
    let skipped = usize::try_from(next.saturating_sub(frame.first())).unwrap_or(usize::MAX);
    let wanted = usize::try_from(last + 1 - *next).unwrap_or(usize::MAX);
    let before = leaves.len();
    leaves.extend(frame.rows().skip(skipped).take(wanted).filter_map(|row| row.leaf()));
    *next += (leaves.len() - before) as u64;
}
