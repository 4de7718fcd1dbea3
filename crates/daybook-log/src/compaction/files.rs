//! The two files of a segment that is compacted: the one that is read, and the one that is written.

use std::path::Path;
use std::sync::Arc;

use daybook_event::Position;

use super::Halt;
use crate::disk::{DiskFile, OpenMode};
use crate::error::{CompactError, ReadError};
use crate::frame::{Frame, FrameHeader, Summary};
use crate::limits::{COMPACT_SYNC_EVERY_BYTES, COMPACT_WRITE_BYTES};
use crate::segment::{SEGMENT_HEADER_BYTES, SparseIndex};
use crate::store::{Store, read_error};
use crate::stream::{FrameStream, StreamError};

/// The frames of the file as it is, with errors that say where.
pub(super) struct Old<'a> {
    path: &'a Path,
    stream: FrameStream<'a>,
}

impl<'a> Old<'a> {
    pub(super) fn new(path: &'a Path, file: &'a dyn DiskFile, log_id: u64, end: u64) -> Self {
        Self { path, stream: FrameStream::new(file, log_id, SEGMENT_HEADER_BYTES, end) }
    }

    /// Offset of the frame at hand.
    pub(super) fn offset(&self) -> u64 {
        self.stream.offset()
    }

    /// The header of the frame at hand; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<FrameHeader>, Halt> {
        let header = self.stream.header();
        header.map_err(|error| self.error(error))
    }

    /// The payload of the frame at hand, checked.
    pub(super) fn payload(&mut self, header: &FrameHeader) -> Result<&[u8], Halt> {
        let (path, offset) = (self.path, self.offset());
        self.stream.payload(header).map_err(|error| read_error(error, path, offset).into())
    }

    /// The records of the frame at hand.
    pub(super) fn frame(&mut self, header: &FrameHeader) -> Result<Frame, Halt> {
        let frame = Frame::decode(header, self.payload(header)?);
        frame.map_err(|fault| self.error(fault.into()))
    }

    pub(super) fn advance(&mut self, header: &FrameHeader) {
        self.stream.advance(header);
    }

    /// The file is not as it was written, at the frame at hand.
    pub(super) fn damaged(&self, what: String) -> Halt {
        ReadError::Damaged { file: self.path.to_owned(), offset: self.offset(), what }.into()
    }

    fn error(&self, error: StreamError) -> Halt {
        read_error(error, self.path, self.offset()).into()
    }
}

/// The file that is to take its place.
pub(super) struct New<'a> {
    path: &'a Path,
    log_id: u64,
    /// Without one, what would be written is only counted.
    file: Option<Arc<dyn DiskFile>>,
    sparse: SparseIndex,
    buffer: Vec<u8>,
    /// Bytes before those in the buffer.
    written: u64,
    unsynced: u64,
}

impl<'a> New<'a> {
    /// Makes the file.
    pub(super) fn create(store: &Store, path: &'a Path) -> Result<Self, CompactError> {
        let file = store.disk.open(path, OpenMode::Create).map_err(CompactError::writing(path))?;
        Ok(Self { file: Some(file), buffer: Vec::with_capacity(COMPACT_WRITE_BYTES), ..Self::nowhere(store, path) })
    }

    /// Only says how long the file would be.
    pub(super) fn nowhere(store: &Store, path: &'a Path) -> Self {
        let (sparse, log_id) = (SparseIndex::new(), store.log_id);
        Self { path, log_id, file: None, sparse, buffer: Vec::new(), written: 0, unsynced: 0 }
    }

    /// Appends bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CompactError> {
        if self.file.is_none() {
            self.written += bytes.len() as u64;
            return Ok(());
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < COMPACT_WRITE_BYTES {
            return Ok(());
        }
        self.flush()?;
        if self.unsynced >= COMPACT_SYNC_EVERY_BYTES { self.sync() } else { Ok(()) }
    }

    /// Appends a frame.
    pub(super) fn frame(&mut self, header: &FrameHeader, bytes: &[u8]) -> Result<(), CompactError> {
        self.sparse.push(header, self.offset());
        self.write(bytes)
    }

    /// Appends the frame at hand of the old file as it is, but for what its header says of its place.
    pub(super) fn copy(&mut self, header: &FrameHeader, old: &mut Old<'_>) -> Result<(), Halt> {
        let header = FrameHeader { synced: SEGMENT_HEADER_BYTES, ..*header };
        self.frame(&header, &header.encode(self.log_id))?;
        if self.file.is_some() {
            self.write(old.payload(&header)?)?;
        } else {
            self.written += header.payload_bytes() as u64;
        }
        Ok(())
    }

    /// Appends the footer; `next` is the position that follows the last record. Says where the frames before it end,
    /// and what is in them.
    pub(super) fn footer(&mut self, next: Position) -> Result<(u64, Summary), CompactError> {
        let end = self.offset();
        let footer = self.sparse.footer(self.log_id, next, end);
        self.write(&footer)?;
        Ok((end, *self.sparse.summary()))
    }

    /// Makes everything durable.
    pub(super) fn sync(&mut self) -> Result<(), CompactError> {
        self.flush()?;
        self.unsynced = 0;
        let synced = self.file.as_ref().map_or(Ok(()), |file| file.sync());
        synced.map_err(CompactError::writing(self.path))
    }

    fn offset(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn flush(&mut self) -> Result<(), CompactError> {
        let Some(file) = &self.file else { return Ok(()) };
        file.write_at(&self.buffer, self.written).map_err(CompactError::writing(self.path))?;
        self.written += self.buffer.len() as u64;
        self.unsynced += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
