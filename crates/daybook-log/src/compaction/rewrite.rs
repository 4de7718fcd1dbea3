//! One segment: whether a record of it has expired, and then a new file in which it is a leaf hash.

use std::path::Path;

use daybook_event::Position;

use super::files::{New, Old};
use super::{Candidate, Halt, Rewrote, Task};
use crate::error::CompactError;
use crate::frame::{Frame, FrameEncoder, FrameHeader, FrameKind, Rewritten, Row, leaf_hash};
use crate::limits::{FRAME_BYTES_DEFAULT, FRAME_RECORDS_MAX};
use crate::reader::Reader;
use crate::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, segment_path};
use crate::store::{Closed, ClosedFile, Store};

/// Compacts segments, keeping its buffers from one to the next.
pub(super) struct Rewriter<'a> {
    store: &'a Store,
    reader: Option<&'a Reader>,
    task: &'a Task<'a>,
    encoder: FrameEncoder,
    /// Records of frames that are written again, on their way into the next frame.
    pending: Rewritten,
    /// Which records of the frame at hand have expired.
    expired: Vec<bool>,
    frame: Vec<u8>,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(store: &'a Store, reader: Option<&'a Reader>, task: &'a Task<'a>) -> Self {
        let (encoder, pending) = (FrameEncoder::new(), Rewritten::new());
        Self { store, reader, task, encoder, pending, expired: Vec::new(), frame: Vec::new() }
    }

    /// Compacts the closed segment that begins with this position; `None` when nothing of it has expired.
    pub(super) fn segment(&mut self, first: Position) -> Result<Option<Rewrote>, Halt> {
        let Some(ClosedFile { closed, file }) = self.store.open_closed(first)? else { return Ok(None) };
        let path = segment_path(&self.store.directory, first);
        let old = || Old::new(&path, file.as_ref(), self.store.log_id, closed.end);
        let (mut looked, old) = (old(), old());
        let Some(from) = self.first_expired(&mut looked)? else { return Ok(None) };
        drop(looked);
        let temporary = path.with_extension("seg.tmp");
        let rewrote = self.replace(&closed, old, from, &temporary);
        if rewrote.is_err() && self.reader.is_some() {
            // What is left of it is removed at the next start at the latest.
            let _ = self.store.disk.remove(&temporary);
        }
        rewrote.map(Some)
    }

    /// Offset of the first frame with a record that has expired.
    fn first_expired(&mut self, old: &mut Old<'_>) -> Result<Option<u64>, Halt> {
        while let Some(header) = old.next()? {
            self.go_on()?;
            if self.judge(old, &header)?.is_some() {
                return Ok(Some(old.offset()));
            }
            old.advance(&header);
        }
        Ok(None)
    }

    /// Writes the new file and puts it in the place of the old one. Nothing before the offset `from` has expired.
    fn replace(&mut self, closed: &Closed, mut old: Old<'_>, from: u64, temporary: &Path) -> Result<Rewrote, Halt> {
        let store = self.store;
        let mut new =
            if self.reader.is_some() { New::create(store, temporary)? } else { New::nowhere(store, temporary) };
        new.write(&SegmentHeader { log_id: store.log_id, first: closed.first, compacted: true }.encode())?;
        let records = self.rewrite(closed, &mut old, from, &mut new)?;
        let (end, summary) = new.footer(closed.next)?;
        if let Some(reader) = self.reader {
            new.sync()?;
            let rename = || store.disk.rename(temporary, &segment_path(&store.directory, closed.first));
            store.replace(closed.first, end, summary, rename).map_err(CompactError::writing(temporary))?;
            reader.forget(closed.first, closed.next);
            store.disk.sync_directory(&store.directory).map_err(CompactError::writing(&store.directory))?;
        }
        Ok(Rewrote { records, bytes: (closed.end, end) })
    }

    /// Writes the frames of the new file, and says how many records in it were compacted.
    fn rewrite(&mut self, closed: &Closed, old: &mut Old<'_>, from: u64, new: &mut New<'_>) -> Result<u64, Halt> {
        self.pending.clear();
        let (mut next, mut records) = (closed.first, 0);
        while let Some(header) = old.next()? {
            self.go_on()?;
            if header.kind == FrameKind::Records {
                if header.first != next {
                    let what = format!("the frame begins with record {}, and {next} should come", header.first);
                    return Err(old.damaged(what));
                }
                let judged = if old.offset() < from { None } else { self.judge(old, &header)? };
                match judged {
                    Some(frame) => records += self.take(&frame, &header, old, new)?,
                    None => {
                        self.flush(next, new)?;
                        new.copy(&header, old)?;
                    }
                }
                next = header.end();
            }
            old.advance(&header);
        }
        if next != closed.next {
            return Err(old.damaged(format!("the records {next} to {} are missing", closed.next - 1)));
        }
        self.flush(next, new)?;
        Ok(records)
    }

    /// The frame, when records of it have expired; `expired` says which.
    fn judge(&mut self, old: &mut Old<'_>, header: &FrameHeader) -> Result<Option<Frame>, Halt> {
        if header.kind != FrameKind::Records || header.summary.time_min_us >= self.task.oldest_kept_us {
            return Ok(None);
        }
        let frame = old.frame(header)?;
        self.expired.clear();
        self.expired.extend(frame.rows().map(|row| has_expired(self.task, &row)));
        Ok(self.expired.contains(&true).then_some(frame))
    }

    /// Takes the records of a frame into the next frame, those that have expired by their leaf hashes, and says how
    /// many these are.
    fn take(&mut self, frame: &Frame, header: &FrameHeader, old: &mut Old<'_>, new: &mut New<'_>) -> Result<u64, Halt> {
        if self.pending.raw_bytes() + header.raw_bytes as usize > FRAME_BYTES_DEFAULT
            || self.pending.records() + header.records as usize > FRAME_RECORDS_MAX
        {
            self.flush(header.first, new)?;
        }
        self.pending.push_identities(header.identity_bytes(old.payload(header)?));
        for (row, expired) in frame.rows().zip(&self.expired) {
            if *expired {
                self.pending.push_leaf(&row, &leaf_hash(row.bytes));
            } else {
                self.pending.push(&row);
            }
        }
        Ok(self.expired.iter().filter(|expired| **expired).count() as u64)
    }

    /// Writes the records that were taken as one frame; `next` is the position that follows them.
    fn flush(&mut self, next: Position, new: &mut New<'_>) -> Result<(), Halt> {
        let records = self.pending.records() as u64;
        if records > 0 {
            self.frame.clear();
            let (log_id, synced) = (self.store.log_id, SEGMENT_HEADER_BYTES);
            let header = self.encoder.encode_rewritten(log_id, next - records, synced, &self.pending, &mut self.frame);
            new.frame(&header, &self.frame)?;
            self.pending.clear();
        }
        Ok(())
    }

    fn go_on(&self) -> Result<(), Halt> {
        if (self.task.stop)() { Err(Halt::Stopped) } else { Ok(()) }
    }
}

fn has_expired(task: &Task<'_>, row: &Row<'_>) -> bool {
    let Row { position, app, time_us, bytes, .. } = *row;
    !row.compacted() && time_us < task.oldest_kept_us && (task.expired)(&Candidate { position, app, time_us, bytes })
}
