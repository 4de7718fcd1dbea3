//! Reading the frames of a segment one after another, without more reads than needed.

use std::io;

use crate::disk::DiskFile;
use crate::frame::{FRAME_HEADER_BYTES, FRAME_MAGIC, FrameFault, FrameHeader};
use crate::limits::READ_AHEAD_BYTES;

/// What stands in the way of reading on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Fault(#[from] FrameFault),
}

/// The frames of a segment between two offsets.
pub(crate) struct FrameStream<'a> {
    file: &'a dyn DiskFile,
    log_id: u64,
    offset: u64,
    end: u64,
    /// Bytes of the file from `buffer_offset` on.
    buffer: Vec<u8>,
    buffer_offset: u64,
    read_ahead: usize,
}

impl<'a> FrameStream<'a> {
    pub(crate) fn new(file: &'a dyn DiskFile, log_id: u64, offset: u64, end: u64) -> Self {
        Self { file, log_id, offset, end, buffer: Vec::new(), buffer_offset: 0, read_ahead: READ_AHEAD_BYTES }
    }

    /// Goes on with what [`FrameStream::into_buffer`] gave.
    pub(crate) fn resume(file: &'a dyn DiskFile, log_id: u64, offset: u64, end: u64, buffer: (Vec<u8>, u64)) -> Self {
        Self { file, log_id, offset, end, buffer: buffer.0, buffer_offset: buffer.1, read_ahead: READ_AHEAD_BYTES }
    }

    /// What was read ahead, for whoever goes on later.
    pub(crate) fn into_buffer(self) -> (Vec<u8>, u64) {
        (self.buffer, self.buffer_offset)
    }

    /// Reads this much at once: more for whoever reads everything, less for whoever wants one frame.
    pub(crate) fn with_read_ahead(mut self, bytes: usize) -> Self {
        self.read_ahead = bytes;
        self
    }

    /// Where the next frame begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The header of the next frame; `None` at the end.
    pub(crate) fn header(&mut self) -> Result<Option<FrameHeader>, StreamError> {
        if self.offset >= self.end {
            return Ok(None);
        }
        let log_id = self.log_id;
        Ok(Some(FrameHeader::decode(self.bytes(self.offset, FRAME_HEADER_BYTES)?, log_id)?))
    }

    /// The bytes of the header of the next frame.
    pub(crate) fn header_bytes(&mut self) -> Result<[u8; FRAME_HEADER_BYTES], StreamError> {
        let bytes = self.bytes(self.offset, FRAME_HEADER_BYTES)?;
        bytes.first_chunk().copied().ok_or(StreamError::Fault(FrameFault::Short))
    }

    /// The payload of the next frame, checked.
    pub(crate) fn payload(&mut self, header: &FrameHeader) -> Result<&[u8], StreamError> {
        let payload = self.bytes(self.offset + FRAME_HEADER_BYTES as u64, header.payload_bytes())?;
        header.check(payload)?;
        Ok(payload)
    }

    /// Goes to the frame behind this one.
    pub(crate) fn advance(&mut self, header: &FrameHeader) {
        self.offset += header.frame_bytes();
    }

    /// Goes to the next place behind the current one where a frame seems to begin; says whether there is one.
    pub(crate) fn search(&mut self) -> Result<bool, StreamError> {
        loop {
            self.offset += 1;
            let left = self.end.saturating_sub(self.offset);
            if left < FRAME_HEADER_BYTES as u64 {
                return Ok(false);
            }
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(READ_AHEAD_BYTES);
            let bytes = match self.bytes(self.offset, wanted) {
                Ok(bytes) => bytes,
                Err(StreamError::Fault(_)) => return Ok(false),
                Err(error) => return Err(error),
            };
            if let Some(at) = bytes.windows(FRAME_MAGIC.len()).position(|window| window == FRAME_MAGIC) {
                self.offset += at as u64;
                return Ok(true);
            }
            // The last three bytes may begin a magic that goes on behind them.
            self.offset += (wanted - FRAME_MAGIC.len()) as u64;
        }
    }

    /// Bytes of the file, from the buffer where they are in it.
    fn bytes(&mut self, offset: u64, length: usize) -> Result<&[u8], StreamError> {
        let left = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
        if length > left {
            return Err(FrameFault::Short.into());
        }
        let buffered =
            offset >= self.buffer_offset && offset + length as u64 <= self.buffer_offset + self.buffer.len() as u64;
        if !buffered {
            let wanted = length.max(self.read_ahead).min(left);
            self.buffer.clear();
            self.buffer.resize(wanted, 0);
            let read = self.file.read_at(&mut self.buffer, offset)?;
            self.buffer.truncate(read);
            self.buffer_offset = offset;
            if read < length {
                return Err(FrameFault::Short.into());
            }
        }
        let start = (offset - self.buffer_offset) as usize;
        Ok(&self.buffer[start..start + length])
    }
}
