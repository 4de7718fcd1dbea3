//! The end of the log: the only code that writes to a segment after the log is open.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use daybook_event::Position;

use crate::disk::DiskFile;
use crate::error::{OpenError, no_space};
use crate::frame::{FRAME_HEADER_BYTES, FrameHeader, FrameKind};
use crate::recovery::create_segment;
use crate::store::{OpenSegment, Store};

/// Room that is allocated ahead of the end of the file, so that a write need not look for it.
const ALLOCATE_AHEAD_BYTES: u64 = 16 * 1024 * 1024;

/// Why a group is not in the log.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// There was no room; the log is as it was.
    NoSpace,
    /// What is on the disk is not known any more.
    Failed(String),
}

/// Where the next frame goes.
pub(crate) struct Tail {
    store: Arc<Store>,
    segment: Arc<OpenSegment>,
    segment_bytes: u64,
    /// Offset of the next frame.
    offset: u64,
    /// Everything before this offset is durable. What may lie between it and `offset` is a mark.
    synced: u64,
    /// Room is allocated up to this offset.
    allocated: u64,
    /// Position of the next record.
    next: Position,
    /// Whether everything before `offset` is proven by a mark.
    marked: bool,
}

impl Tail {
    pub(crate) fn new(store: Arc<Store>, offset: u64, segment_bytes: u64) -> Self {
        let (segment, next) = (store.active(), store.head() + 1);
        Self { store, segment, segment_bytes, offset, synced: offset, allocated: 0, next, marked: false }
    }

    /// The position of the next record.
    pub(crate) fn next(&self) -> Position {
        self.next
    }

    /// Whether a mark would say nothing new.
    pub(crate) fn marked(&self) -> bool {
        self.marked
    }

    /// Closes the segment when its oldest record is older than this; says whether it was.
    pub(crate) fn roll_older_than(&mut self, time_us: i64) -> Result<bool, CommitError> {
        let older = self.segment.sparse.read().summary().time_min_us < time_us;
        if older {
            self.roll()?;
        }
        Ok(older)
    }

    /// Makes ready for a group, with a new segment when this one is full. What `synced` is for its frames.
    pub(crate) fn prepare(&mut self) -> Result<u64, CommitError> {
        if self.offset >= self.segment_bytes && self.next > self.segment.first {
            self.roll()?;
        }
        Ok(self.synced)
    }

    /// Writes a group of frames, makes it durable and lets readers see it.
    pub(crate) fn commit(&mut self, frames: &[(FrameHeader, usize)], bytes: &[u8]) -> Result<(), CommitError> {
        self.allocate(bytes.len() as u64);
        self.write(bytes)?;
        self.segment.file.sync().map_err(|error| failed("sync", &error))?;
        {
            let mut sparse = self.segment.sparse.write();
            for (header, at) in frames {
                assert_eq!(header.first, self.next, "positions follow one another");
                sparse.push(header, self.offset + *at as u64);
                self.next = header.end();
            }
        }
        self.offset += bytes.len() as u64;
        self.synced = self.offset;
        self.marked = false;
        self.segment.end.store(self.offset, Ordering::Release);
        self.store.advance(self.next - 1);
        Ok(())
    }

    /// Writes a mark, which proves that everything before it is durable. It need not be durable itself.
    pub(crate) fn mark(&mut self) -> Result<(), CommitError> {
        self.marked = true;
        let header = FrameHeader::bare(FrameKind::Mark, self.next, self.synced);
        match self.write(&header.encode(self.store.log_id)) {
            Ok(()) => {
                self.offset += FRAME_HEADER_BYTES as u64;
                self.segment.end.store(self.offset, Ordering::Release);
                Ok(())
            }
            // A mark is never needed.
            Err(CommitError::NoSpace) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Leaves the log as it should be found: marked, synced, no room allocated that is not used.
    pub(crate) fn close(&mut self) -> Result<(), CommitError> {
        if !self.marked {
            self.mark()?;
        }
        let file = &self.segment.file;
        file.truncate(self.offset).and_then(|()| file.sync()).map_err(|error| failed("sync", &error))
    }

    /// Writes at the end; takes it back when there is no room.
    fn write(&self, bytes: &[u8]) -> Result<(), CommitError> {
        let file = &self.segment.file;
        match file.write_at(bytes, self.offset) {
            Ok(()) => Ok(()),
            Err(error) if no_space(&error) => {
                take_back(file.as_ref(), self.offset)?;
                Err(CommitError::NoSpace)
            }
            Err(error) => Err(failed("write", &error)),
        }
    }

    /// Allocates room for this many bytes and some more. When that cannot be had the write will tell.
    fn allocate(&mut self, bytes: u64) {
        let end = self.offset + bytes;
        if end > self.allocated {
            let wanted = end + ALLOCATE_AHEAD_BYTES.min(self.segment_bytes.saturating_sub(self.offset));
            self.allocated = match self.segment.file.allocate(wanted) {
                Ok(()) => wanted,
                Err(_) => end,
            };
        }
    }

    /// Goes on in a new segment and closes this one.
    fn roll(&mut self) -> Result<(), CommitError> {
        let store = &self.store;
        let created = create_segment(store.disk.as_ref(), &store.directory, store.log_id, self.next, &[]);
        let next = match created {
            Ok(segment) => Arc::new(segment),
            Err(OpenError::Io { source, .. }) if no_space(&source) => return Err(CommitError::NoSpace),
            Err(error) => return Err(CommitError::Failed(error.to_string())),
        };
        // The footer takes the place of a mark.
        self.offset = self.synced;
        let footer = self.segment.sparse.read().footer(store.log_id, self.next, self.offset);
        match self.write(&footer) {
            // Without a footer the segment is read in full at the next start, which then writes it.
            Ok(()) | Err(CommitError::NoSpace) => {}
            Err(error) => return Err(error),
        }
        let length = self.segment.file.length().map_err(|error| failed("length", &error))?;
        let file = &self.segment.file;
        file.truncate(length).and_then(|()| file.sync()).map_err(|error| failed("sync", &error))?;
        store.roll(self.offset, Arc::clone(&next));
        self.offset = next.end.load(Ordering::Acquire);
        self.synced = self.offset;
        self.segment = next;
        (self.allocated, self.marked) = (0, true);
        Ok(())
    }
}

/// Cuts a file at its last good length.
fn take_back(file: &dyn DiskFile, length: u64) -> Result<(), CommitError> {
    file.truncate(length).and_then(|()| file.sync()).map_err(|error| failed("taking back", &error))
}

fn failed(what: &str, error: &io::Error) -> CommitError {
    CommitError::Failed(format!("{what} failed: {error}"))
}
