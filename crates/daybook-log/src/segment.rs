//! Segment files: header, sparse index, footer. Layout in `docs/log-format.md`.

use std::io;
use std::path::{Path, PathBuf};

use crc_fast::crc64_nvme;
use daybook_event::Position;

use crate::disk::DiskFile;
use crate::frame::{FRAME_HEADER_BYTES, FrameHeader, FrameKind, Summary, u64_at};
use crate::limits::SPARSE_INDEX_STRIDE_BYTES;
use crate::record::Filter;

/// Length of a segment's header, and offset of its first frame.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 64;
/// Length of what stands behind the footer's frame.
pub(crate) const TRAILER_BYTES: u64 = 16;
const MAGIC: [u8; 8] = *b"DAYBKSEG";
const VERSION: u16 = 1;
/// Of a segment that was compacted.
const VERSION_COMPACTED: u16 = 2;
const TRAILER_MAGIC: [u8; 8] = *b"DAYBKEND";
const SPARSE_ENTRY_BYTES: usize = 40;

/// The path of the segment whose first record has this position.
pub(crate) fn segment_path(directory: &Path, first: Position) -> PathBuf {
    directory.join(format!("{first:020}.seg"))
}

/// The first position that a segment's file name says.
pub(crate) fn segment_name(name: &str) -> Option<Position> {
    let digits = name.strip_suffix(".seg")?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// A segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) log_id: u64,
    pub(crate) first: Position,
    /// Whether some of its records may be compacted.
    pub(crate) compacted: bool,
}

/// Why bytes are not a segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SegmentFault {
    Damaged(&'static str),
    Version(u16),
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES as usize] {
        let mut out = [0; SEGMENT_HEADER_BYTES as usize];
        out[..8].copy_from_slice(&MAGIC);
        let version = if self.compacted { VERSION_COMPACTED } else { VERSION };
        out[8..10].copy_from_slice(&version.to_le_bytes());
        out[16..24].copy_from_slice(&self.log_id.to_le_bytes());
        out[24..32].copy_from_slice(&self.first.to_le_bytes());
        let checksum = crc64_nvme(&out[..56]);
        out[56..].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, SegmentFault> {
        let Some(bytes) = bytes.first_chunk::<{ SEGMENT_HEADER_BYTES as usize }>() else {
            return Err(SegmentFault::Damaged("the segment is shorter than its header"));
        };
        if bytes[..8] != MAGIC {
            return Err(SegmentFault::Damaged("this is not a segment"));
        }
        if u64_at(bytes, 56) != crc64_nvme(&bytes[..56]) {
            return Err(SegmentFault::Damaged("the segment's header does not match its checksum"));
        }
        let compacted = match u16::from_le_bytes([bytes[8], bytes[9]]) {
            VERSION => false,
            VERSION_COMPACTED => true,
            version => return Err(SegmentFault::Version(version)),
        };
        Ok(Self { log_id: u64_at(bytes, 16), first: u64_at(bytes, 24), compacted })
    }

    /// Reads the header of an open segment.
    pub(crate) fn read(file: &dyn DiskFile) -> io::Result<Result<Self, SegmentFault>> {
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        let length = file.read_at(&mut bytes, 0)?;
        Ok(Self::decode(&bytes[..length]))
    }
}

/// What one entry of a sparse index says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SparseEntry {
    /// Position of the first record.
    pub(crate) first: Position,
    /// Offset of the frame that it is the first of.
    pub(crate) offset: u64,
    /// Of everything from here to the next entry.
    pub(crate) summary: Summary,
}

/// Where the frames of a segment are, about every 64 KiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SparseIndex {
    entries: Vec<SparseEntry>,
    summary: Summary,
}

impl SparseIndex {
    /// Of no frames.
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), summary: Summary::EMPTY }
    }

    /// Takes in the next frame of records.
    pub(crate) fn push(&mut self, header: &FrameHeader, offset: u64) {
        self.summary.merge(&header.summary);
        match self.entries.last_mut() {
            Some(last) if offset < last.offset + SPARSE_INDEX_STRIDE_BYTES => last.summary.merge(&header.summary),
            _ => self.entries.push(SparseEntry { first: header.first, offset, summary: header.summary }),
        }
    }

    /// Of the whole segment.
    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The offset at which to begin looking for the record at `position`. `None` when it is before this segment.
    pub(crate) fn seek_to(&self, position: Position) -> Option<u64> {
        let at = self.entries.partition_point(|entry| entry.first <= position).checked_sub(1)?;
        self.entries.get(at).map(|entry| entry.offset)
    }

    /// The offset at which to begin looking for the first record at `position` or behind it that the filter may want,
    /// and the position of the first record there. `None` when there is none in this segment.
    pub(crate) fn seek(&self, position: Position, filter: &Filter) -> Option<(u64, Position)> {
        let at = self.entries.partition_point(|entry| entry.first <= position).saturating_sub(1);
        let entry = self.entries[at..].iter().find(|entry| entry.summary.may_match(filter))?;
        Some((entry.offset, entry.first))
    }

    /// The footer of a segment whose frames end at `offset`: its frame and what stands behind it.
    pub(crate) fn footer(&self, log_id: u64, next: Position, offset: u64) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.entries.len() * SPARSE_ENTRY_BYTES);
        for entry in &self.entries {
            body.extend_from_slice(&entry.first.to_le_bytes());
            body.extend_from_slice(&entry.offset.to_le_bytes());
            body.extend_from_slice(&entry.summary.app_bits.to_le_bytes());
            body.extend_from_slice(&entry.summary.time_min_us.to_le_bytes());
            body.extend_from_slice(&entry.summary.time_max_us.to_le_bytes());
        }
        let length = body.len() as u32;
        let header = FrameHeader {
            stored_bytes: length,
            raw_bytes: length,
            summary: self.summary,
            payload_checksum: crc64_nvme(&body),
            ..FrameHeader::bare(FrameKind::Footer, next, offset)
        };
        let mut out = header.encode(log_id).to_vec();
        out.extend_from_slice(&body);
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&TRAILER_MAGIC);
        out
    }

    /// Reads the body of a footer that has been checked.
    pub(crate) fn decode(header: &FrameHeader, body: &[u8]) -> Self {
        let entries = body.chunks_exact(SPARSE_ENTRY_BYTES).map(|entry| SparseEntry {
            first: u64_at(entry, 0),
            offset: u64_at(entry, 8),
            summary: Summary {
                app_bits: u64_at(entry, 16),
                time_min_us: u64_at(entry, 24).cast_signed(),
                time_max_us: u64_at(entry, 32).cast_signed(),
            },
        });
        Self { entries: entries.collect(), summary: header.summary }
    }
}

/// What the end of a closed segment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footer {
    /// Offset behind the last frame of records.
    pub(crate) offset: u64,
    /// The position that follows the segment's last record.
    pub(crate) next: Position,
    /// Its sparse index.
    pub(crate) sparse: SparseIndex,
}

impl Footer {
    /// Reads the footer of a segment. `None` when it has none that is valid.
    pub(crate) fn read(file: &dyn DiskFile, log_id: u64) -> io::Result<Option<Self>> {
        let length = file.length()?;
        let mut trailer = [0; TRAILER_BYTES as usize];
        let Some(trailer_offset) = length.checked_sub(TRAILER_BYTES) else { return Ok(None) };
        if file.read_at(&mut trailer, trailer_offset)? < trailer.len() || trailer[8..] != TRAILER_MAGIC {
            return Ok(None);
        }
        let offset = u64_at(&trailer, 0);
        let room = trailer_offset.checked_sub(offset).and_then(|room| usize::try_from(room).ok());
        let Some(room) = room.filter(|room| *room >= FRAME_HEADER_BYTES && offset >= SEGMENT_HEADER_BYTES) else {
            return Ok(None);
        };
        if room > crate::limits::FRAME_BYTES_LIMIT {
            return Ok(None);
        }
        let mut frame = vec![0; room];
        if file.read_at(&mut frame, offset)? < room {
            return Ok(None);
        }
        let Ok(header) = FrameHeader::decode(&frame, log_id) else { return Ok(None) };
        let body = &frame[FRAME_HEADER_BYTES..];
        if header.kind != FrameKind::Footer || header.check(body).is_err() {
            return Ok(None);
        }
        Ok(Some(Self { offset, next: header.first, sparse: SparseIndex::decode(&header, body) }))
    }
}
