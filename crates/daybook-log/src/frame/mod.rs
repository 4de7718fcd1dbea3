//! Frames: the unit in which records are written, checksummed and compressed. Layout in `docs/log-format.md`.

mod body;
mod checked;
mod rewritten;

use crc_fast::crc64_nvme;
use daybook_event::Position;
use daybook_event::record::{Digest, RecordKey};
use sha2::{Digest as _, Sha256};

pub(crate) use self::body::{Frame, FrameEncoder, FramePart, Row};
pub(crate) use self::rewritten::Rewritten;
use crate::limits::{FRAME_BYTES_LIMIT, FRAME_RECORDS_MAX, RECORD_OVERHEAD_BYTES};
use crate::record::Filter;

/// Length of a frame's header.
pub(crate) const FRAME_HEADER_BYTES: usize = 80;
/// What a frame begins with.
pub(crate) const FRAME_MAGIC: [u8; 4] = *b"DBFR";
const FRAME_VERSION: u8 = 1;
/// Of a frame that holds compacted records.
const FRAME_VERSION_COMPACTED: u8 = 2;
/// Bytes of a record's key and digest.
pub(crate) const IDENTITY_BYTES: usize = 32;
/// Bytes that a record has in the body before the records' own bytes.
const COLUMN_BYTES: usize = RECORD_OVERHEAD_BYTES - IDENTITY_BYTES;

/// Length of a leaf hash.
pub(crate) const LEAF_BYTES: usize = 32;

const FLAG_COMPRESSED: u8 = 1;
const FLAG_FOOTER: u8 = 2;
const FLAG_MARK: u8 = 4;

/// What a proof needs of a record.
pub(crate) type Leaf = [u8; LEAF_BYTES];

/// The leaf hash of a record (RFC 6962, section 2.1).
pub(crate) fn leaf_hash(record: &[u8]) -> Leaf {
    Sha256::new().chain_update([0]).chain_update(record).finalize().into()
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// Records.
    Records,
    /// The sparse index at the end of a closed segment.
    Footer,
    /// The proof that everything before it is durable.
    Mark,
}

/// Apps and times of some records, as far as a filter must know to leave them out. Compacted records do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) app_bits: u64,
    pub(crate) time_min_us: i64,
    pub(crate) time_max_us: i64,
}

impl Summary {
    /// Of no records.
    pub(crate) const EMPTY: Self = Self { app_bits: 0, time_min_us: i64::MAX, time_max_us: i64::MIN };

    /// Takes in the records of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.app_bits |= other.app_bits;
        self.time_min_us = self.time_min_us.min(other.time_min_us);
        self.time_max_us = self.time_max_us.max(other.time_max_us);
    }

    /// Takes in one record.
    fn push(&mut self, app: u64, time_us: i64) {
        self.app_bits |= app_bit(app);
        self.time_min_us = self.time_min_us.min(time_us);
        self.time_max_us = self.time_max_us.max(time_us);
    }

    /// Whether a record that the filter wants may be among them.
    pub(crate) fn may_match(&self, filter: &Filter) -> bool {
        // Without a bit there are no records.
        self.app_bits != 0
            && filter.app.is_none_or(|app| self.app_bits & app_bit(app) != 0)
            && filter.since_us.is_none_or(|since| self.time_max_us >= since)
    }
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) kind: FrameKind,
    pub(crate) compressed: bool,
    /// Whether some of its records are compacted.
    pub(crate) compacted: bool,
    pub(crate) first: Position,
    pub(crate) records: u32,
    pub(crate) stored_bytes: u32,
    pub(crate) raw_bytes: u32,
    pub(crate) summary: Summary,
    pub(crate) synced: u64,
    pub(crate) payload_checksum: u64,
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameFault {
    #[error("the file ends within a frame")]
    Short,
    #[error("no frame begins here")]
    Magic,
    #[error("the frame's header does not match its checksum")]
    HeaderChecksum,
    #[error("the frame has format version {0}, which this Daybook does not know")]
    Version(u8),
    #[error("the frame's header contradicts itself")]
    Header,
    #[error("the frame's payload does not match its checksum")]
    PayloadChecksum,
    #[error("the frame's body cannot be decompressed")]
    Compression,
    #[error("the frame's records do not fill its body")]
    Lengths,
    #[error("a compacted record of the frame is no leaf hash")]
    Leaf,
}

impl FrameHeader {
    /// A header of a frame without records or body.
    pub(crate) fn bare(kind: FrameKind, first: Position, synced: u64) -> Self {
        Self {
            kind,
            compressed: false,
            compacted: false,
            first,
            records: 0,
            stored_bytes: 0,
            raw_bytes: 0,
            summary: Summary::EMPTY,
            synced,
            payload_checksum: crc64_nvme(&[]),
        }
    }

    /// The position that follows the frame's last record.
    pub(crate) fn end(&self) -> Position {
        self.first + Position::from(self.records)
    }

    /// Bytes between the header and the next frame.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.records as usize * IDENTITY_BYTES + self.stored_bytes as usize
    }

    /// Bytes of the whole frame.
    pub(crate) fn frame_bytes(&self) -> u64 {
        (FRAME_HEADER_BYTES + self.payload_bytes()) as u64
    }

    /// The header's bytes.
    pub(crate) fn encode(&self, log_id: u64) -> [u8; FRAME_HEADER_BYTES] {
        let mut out = [0; FRAME_HEADER_BYTES];
        let kind = match self.kind {
            FrameKind::Records => 0,
            FrameKind::Footer => FLAG_FOOTER,
            FrameKind::Mark => FLAG_MARK,
        };
        out[..4].copy_from_slice(&FRAME_MAGIC);
        out[4] = if self.compacted { FRAME_VERSION_COMPACTED } else { FRAME_VERSION };
        out[5] = kind | if self.compressed { FLAG_COMPRESSED } else { 0 };
        out[8..16].copy_from_slice(&self.first.to_le_bytes());
        out[16..20].copy_from_slice(&self.records.to_le_bytes());
        out[20..24].copy_from_slice(&self.stored_bytes.to_le_bytes());
        out[24..28].copy_from_slice(&self.raw_bytes.to_le_bytes());
        out[32..40].copy_from_slice(&self.summary.app_bits.to_le_bytes());
        out[40..48].copy_from_slice(&self.summary.time_min_us.to_le_bytes());
        out[48..56].copy_from_slice(&self.summary.time_max_us.to_le_bytes());
        out[56..64].copy_from_slice(&self.synced.to_le_bytes());
        out[64..72].copy_from_slice(&self.payload_checksum.to_le_bytes());
        let checksum = header_checksum(log_id, &out);
        out[72..80].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Reads a header, which must be whole.
    pub(crate) fn decode(bytes: &[u8], log_id: u64) -> Result<Self, FrameFault> {
        let bytes: &[u8; FRAME_HEADER_BYTES] = bytes.first_chunk().ok_or(FrameFault::Short)?;
        if bytes[..4] != FRAME_MAGIC {
            return Err(FrameFault::Magic);
        }
        if u64_at(bytes, 72) != header_checksum(log_id, bytes) {
            return Err(FrameFault::HeaderChecksum);
        }
        let compacted = match bytes[4] {
            FRAME_VERSION => false,
            FRAME_VERSION_COMPACTED => true,
            version => return Err(FrameFault::Version(version)),
        };
        let header = Self {
            kind: match bytes[5] & !FLAG_COMPRESSED {
                0 => FrameKind::Records,
                FLAG_FOOTER => FrameKind::Footer,
                FLAG_MARK => FrameKind::Mark,
                _ => return Err(FrameFault::Header),
            },
            compressed: bytes[5] & FLAG_COMPRESSED != 0,
            compacted,
            first: u64_at(bytes, 8),
            records: u32_at(bytes, 16),
            stored_bytes: u32_at(bytes, 20),
            raw_bytes: u32_at(bytes, 24),
            summary: Summary {
                app_bits: u64_at(bytes, 32),
                time_min_us: u64_at(bytes, 40).cast_signed(),
                time_max_us: u64_at(bytes, 48).cast_signed(),
            },
            synced: u64_at(bytes, 56),
            payload_checksum: u64_at(bytes, 64),
        };
        let (records, raw, stored) = (header.records as usize, header.raw_bytes as usize, header.stored_bytes as usize);
        let consistent = records <= FRAME_RECORDS_MAX
            && raw <= FRAME_BYTES_LIMIT
            && stored <= raw
            && (header.compressed || stored == raw)
            && (header.kind != FrameKind::Records || (records > 0 && raw >= records * COLUMN_BYTES))
            && (header.kind == FrameKind::Records || (records == 0 && !compacted))
            && (header.kind != FrameKind::Mark || raw == 0)
            && header.first > 0
            && header.first.checked_add(header.records.into()).is_some();
        if consistent { Ok(header) } else { Err(FrameFault::Header) }
    }

    /// Checks a payload against its checksum.
    pub(crate) fn check(&self, payload: &[u8]) -> Result<(), FrameFault> {
        if payload.len() == self.payload_bytes() && crc64_nvme(payload) == self.payload_checksum {
            Ok(())
        } else {
            Err(FrameFault::PayloadChecksum)
        }
    }

    /// The keys and digests in a payload, in position order.
    pub(crate) fn identities<'a>(&self, payload: &'a [u8]) -> impl Iterator<Item = (RecordKey, Digest)> + use<'a> {
        self.identity_bytes(payload).chunks_exact(IDENTITY_BYTES).map(|identity| {
            let (mut key, mut digest) = ([0; 16], [0; 16]);
            key.copy_from_slice(&identity[..16]);
            digest.copy_from_slice(&identity[16..]);
            (key, digest)
        })
    }

    /// The keys and digests in a payload, as they are stored.
    pub(crate) fn identity_bytes<'a>(&self, payload: &'a [u8]) -> &'a [u8] {
        &payload[..self.records as usize * IDENTITY_BYTES]
    }
}

/// The little-endian number at an offset, which must be inside.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// The little-endian number at an offset, which must be inside.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

/// The bit that stands for an app.
fn app_bit(app: u64) -> u64 {
    1 << (app & 63)
}

fn header_checksum(log_id: u64, header: &[u8; FRAME_HEADER_BYTES]) -> u64 {
    let mut bytes = [0; 80];
    bytes[..8].copy_from_slice(&log_id.to_le_bytes());
    bytes[8..].copy_from_slice(&header[..72]);
    crc64_nvme(&bytes)
}
