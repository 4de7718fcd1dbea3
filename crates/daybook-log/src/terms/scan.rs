//! Reading a stretch of the log for the terms of its records.

use std::sync::atomic::Ordering;

use daybook_event::Position;

use super::query::Term;
use super::{Shared, Terms};
use crate::error::ReadError;
use crate::frame::{Frame, FrameKind};
use crate::runs::BuildError;
use crate::store::{Store, read_error};
use crate::stream::FrameStream;

/// Read at once.
const READ_AHEAD_BYTES: usize = 1024 * 1024;

/// Calls `each` with every term of every record from `from` to `to`, in order, and after each frame `go_on` with the
/// position it ends with, until that says `false`. Gives the position that was got to.
pub(super) fn scan(
    store: &Store,
    terms: &dyn Terms,
    (from, to): (Position, Position),
    each: &mut dyn FnMut(&Term, Position),
    go_on: &mut dyn FnMut(Position) -> bool,
) -> Result<Position, ReadError> {
    let mut next = from;
    let mut found = Vec::new();
    while next <= to {
        let Some(located) = store.locate(next) else { break };
        let segment = store.open(located.entry.first)?;
        let Some(offset) = segment.sparse.read().seek_to(next) else { break };
        let end = segment.end.load(Ordering::Acquire);
        let file = segment.file.as_ref();
        let mut stream = FrameStream::new(file, store.log_id, offset, end).with_read_ahead(READ_AHEAD_BYTES);
        loop {
            let at = stream.offset();
            let wrong = |error| read_error(error, &segment.path, at);
            let Some(header) = stream.header().map_err(wrong)? else { break };
            if header.end() > next && header.kind == FrameKind::Records {
                let payload = stream.payload(&header).map_err(wrong)?;
                let frame = Frame::decode(&header, payload).map_err(|fault| wrong(fault.into()))?;
                let wanted = |position: Position| (next..=to).contains(&position);
                for row in frame.rows().filter(|row| wanted(row.position) && !row.compacted()) {
                    found.clear();
                    terms.of(row.app, row.bytes, &mut found);
                    found.iter().for_each(|term| each(term, row.position));
                }
                next = header.end().min(to + 1);
                if next > to || !go_on(next - 1) {
                    return Ok(next - 1);
                }
            }
            stream.advance(&header);
        }
        if next < located.next {
            break;
        }
    }
    if next > to {
        return Ok(to);
    }
    let (file, what) = (store.directory.clone(), format!("the records {next} to {to} are missing"));
    Err(ReadError::Damaged { file, offset: 0, what })
}

/// Whether a long scan has to end.
pub(super) fn stopped(shared: &Shared) -> Result<(), BuildError> {
    if shared.closing() { Err(BuildError::Stopped) } else { Ok(()) }
}
