//! What is in a frame: records on their way in, and out again.

use bytes::Bytes;
use crc_fast::crc64_nvme;
use daybook_event::Position;
use daybook_event::record::RecordMeta;
use lz4_flex::block::{CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size};

use super::{
    COLUMN_BYTES, FRAME_HEADER_BYTES, FrameFault, FrameHeader, FrameKind, IDENTITY_BYTES, LEAF_BYTES, Leaf, Rewritten,
    Summary, leaf_hash, u32_at, u64_at,
};
use crate::limits::{FRAME_BYTES_LIMIT, FRAME_RECORDS_MAX, GROUP_BYTES_MAX};
use crate::record::{Filter, Record};

const RECORD_HIDDEN: u8 = 1;
const RECORD_COMPACTED: u8 = 2;
/// Room that is kept from one frame to the next; what an unusually large one took is given back.
const BUFFER_KEPT_BYTES: usize = 2 * GROUP_BYTES_MAX;

/// Consecutive records of one batch, on their way into a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FramePart<'a> {
    /// The records.
    pub(crate) records: &'a [RecordMeta],
    /// Where the first one begins in `bytes`.
    pub(crate) start: u32,
    /// The bytes of their batch.
    pub(crate) bytes: &'a [u8],
}

/// Writes frames, keeping its buffers from one to the next.
pub(crate) struct FrameEncoder {
    raw: Vec<u8>,
    compressed: Vec<u8>,
    small: CompressTable,
    large: CompressTable,
}

impl FrameEncoder {
    pub(crate) fn new() -> Self {
        let (small, large) = (CompressTable::small(), CompressTable::large());
        Self { raw: Vec::new(), compressed: Vec::new(), small, large }
    }

    /// Appends one frame with the records of `parts` to `out`; gives it, too, as it will be read.
    pub(crate) fn encode(
        &mut self,
        log_id: u64,
        first: Position,
        synced: u64,
        parts: &[FramePart<'_>],
        out: &mut Vec<u8>,
    ) -> (FrameHeader, Option<Frame>) {
        let records: usize = parts.iter().map(|part| part.records.len()).sum();
        assert!(records > 0 && records <= FRAME_RECORDS_MAX, "a frame of {records} records");
        let start = out.len();
        out.resize(start + FRAME_HEADER_BYTES, 0);
        let summary = self.columns(parts, out);
        let header = FrameHeader {
            records: length_u32(records),
            summary,
            ..FrameHeader::bare(FrameKind::Records, first, synced)
        };
        let header = self.finish(log_id, header, start, out);
        let frame = Frame::of(first, records, std::mem::take(&mut self.raw)).ok();
        self.shrink();
        (header, frame)
    }

    /// Appends one frame with records of a segment that is compacted to `out`.
    pub(crate) fn encode_rewritten(
        &mut self,
        log_id: u64,
        first: Position,
        synced: u64,
        rewritten: &Rewritten,
        out: &mut Vec<u8>,
    ) -> FrameHeader {
        let records = rewritten.records();
        assert!(records > 0 && records <= FRAME_RECORDS_MAX, "a frame of {records} records");
        let start = out.len();
        out.resize(start + FRAME_HEADER_BYTES, 0);
        out.extend_from_slice(&rewritten.identities);
        self.raw.clear();
        rewritten.body(&mut self.raw);
        let header = FrameHeader {
            compacted: rewritten.compacted,
            records: length_u32(records),
            summary: rewritten.summary,
            ..FrameHeader::bare(FrameKind::Records, first, synced)
        };
        let header = self.finish(log_id, header, start, out);
        self.shrink();
        header
    }

    /// Appends the body, which is in `raw`, behind the identities of the frame that begins at `start`, and puts the
    /// header before them.
    fn finish(&mut self, log_id: u64, header: FrameHeader, start: usize, out: &mut Vec<u8>) -> FrameHeader {
        let raw_bytes = self.raw.len();
        assert!(raw_bytes <= FRAME_BYTES_LIMIT, "a frame of {raw_bytes} bytes");
        let compressed = self.compress(out);
        let payload = &out[start + FRAME_HEADER_BYTES..];
        let header = FrameHeader {
            compressed,
            stored_bytes: length_u32(payload.len() - header.records as usize * IDENTITY_BYTES),
            raw_bytes: length_u32(raw_bytes),
            payload_checksum: crc64_nvme(payload),
            ..header
        };
        out[start..start + FRAME_HEADER_BYTES].copy_from_slice(&header.encode(log_id));
        header
    }

    /// Appends the identities to `out` and fills `raw` with the body.
    fn columns(&mut self, parts: &[FramePart<'_>], out: &mut Vec<u8>) -> Summary {
        let mut summary = Summary::EMPTY;
        let raw = &mut self.raw;
        raw.clear();
        let stretch = |part: &FramePart<'_>| {
            let end = part.records.last().map_or(part.start, |record| record.end);
            part.start as usize..end as usize
        };
        raw.reserve_exact(parts.iter().map(|part| part.records.len() * COLUMN_BYTES + stretch(part).len()).sum());
        let all = || parts.iter().flat_map(|part| part.records);
        for record in all() {
            out.extend_from_slice(&record.key);
            out.extend_from_slice(&record.digest);
            raw.extend_from_slice(&record.app.to_le_bytes());
            summary.push(record.app, record.time_us);
        }
        for record in all() {
            raw.extend_from_slice(&record.time_us.to_le_bytes());
        }
        for part in parts {
            let mut start = part.start;
            for record in part.records {
                raw.extend_from_slice(&(record.end - start).to_le_bytes());
                start = record.end;
            }
        }
        raw.extend(all().map(|record| if record.hidden { RECORD_HIDDEN } else { 0 }));
        for part in parts {
            raw.extend_from_slice(&part.bytes[stretch(part)]);
        }
        summary
    }

    /// Appends the body to `out`, compressed if that makes it smaller, and says whether it is.
    fn compress(&mut self, out: &mut Vec<u8>) -> bool {
        let room = get_maximum_output_size(self.raw.len());
        if self.compressed.len() < room {
            self.compressed.resize(room, 0);
        }
        let table = if self.raw.len() < usize::from(u16::MAX) { &mut self.small } else { &mut self.large };
        match compress_into_with_table(&self.raw, &mut self.compressed, table) {
            Ok(length) if length < self.raw.len() => {
                out.extend_from_slice(&self.compressed[..length]);
                true
            }
            _ => {
                out.extend_from_slice(&self.raw);
                false
            }
        }
    }

    /// Gives back what one unusually large frame took.
    fn shrink(&mut self) {
        if self.raw.capacity() > BUFFER_KEPT_BYTES {
            self.raw = Vec::new();
        }
        if self.compressed.capacity() > BUFFER_KEPT_BYTES {
            self.compressed = Vec::new();
        }
    }
}

/// A frame's records, decompressed.
#[derive(Debug)]
pub(crate) struct Frame {
    first: Position,
    records: usize,
    /// The body as it was before compression.
    body: Bytes,
    /// Where each record ends in `body`.
    ends: Vec<u32>,
}

impl Frame {
    /// Decodes a payload that has been checked.
    pub(crate) fn decode(header: &FrameHeader, payload: &[u8]) -> Result<Self, FrameFault> {
        let records = header.records as usize;
        let stored = &payload[records * IDENTITY_BYTES..];
        let body = if header.compressed {
            let mut body = vec![0; header.raw_bytes as usize];
            match decompress_into(stored, &mut body) {
                Ok(length) if length == body.len() => body,
                _ => return Err(FrameFault::Compression),
            }
        } else {
            stored.to_vec()
        };
        let frame = Self::of(header.first, records, body)?;
        let is_leaf = |row: &Row<'_>| header.compacted && row.bytes.len() == LEAF_BYTES;
        let right = frame.rows().all(|row| !row.compacted() || is_leaf(&row));
        if right { Ok(frame) } else { Err(FrameFault::Leaf) }
    }

    /// Of so many records, and the body as it was before compression.
    fn of(first: Position, records: usize, body: Vec<u8>) -> Result<Self, FrameFault> {
        let mut end = (records * COLUMN_BYTES) as u64;
        let mut ends = Vec::with_capacity(records);
        for index in 0..records {
            end += u64::from(u32_at(&body, records * 16 + index * 4));
            ends.push(u32::try_from(end).map_err(|_| FrameFault::Lengths)?);
        }
        if end != body.len() as u64 {
            return Err(FrameFault::Lengths);
        }
        Ok(Self { first, records, body: Bytes::from(body), ends })
    }

    /// The position of the first record.
    pub(crate) fn first(&self) -> Position {
        self.first
    }

    /// The position that follows the last record.
    pub(crate) fn end(&self) -> Position {
        self.first + self.records as u64
    }

    /// About what it takes in memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.body.len() + self.ends.len() * 4 + 128
    }

    /// The record at a position of this frame, if the filter wants it. A compacted one is never wanted.
    pub(crate) fn record(&self, position: Position, filter: &Filter) -> Option<Record> {
        let row = self.row(self.index(position)?);
        let wanted = !row.compacted()
            && filter.app.is_none_or(|wanted| wanted == row.app)
            && filter.since_us.is_none_or(|since| row.time_us >= since)
            && (filter.hidden || row.flags & RECORD_HIDDEN == 0);
        let (app, time_us) = (row.app, row.time_us);
        wanted.then(|| Record { position, app, time_us, bytes: self.body.slice_ref(row.bytes) })
    }

    /// The leaf hash of the record at a position of this frame.
    pub(crate) fn leaf(&self, position: Position) -> Option<Leaf> {
        self.row(self.index(position)?).leaf()
    }

    /// All records, in position order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.records).map(|index| self.row(index))
    }

    fn index(&self, position: Position) -> Option<usize> {
        let index = usize::try_from(position.checked_sub(self.first)?).ok()?;
        (index < self.records).then_some(index)
    }

    fn row(&self, index: usize) -> Row<'_> {
        let start = if index == 0 { self.records * COLUMN_BYTES } else { self.ends[index - 1] as usize };
        Row {
            position: self.first + index as u64,
            app: u64_at(&self.body, index * 8),
            time_us: u64_at(&self.body, (self.records + index) * 8).cast_signed(),
            flags: self.body[self.records * 20 + index],
            bytes: &self.body[start..self.ends[index] as usize],
        }
    }
}

/// One record of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) position: Position,
    pub(crate) app: u64,
    pub(crate) time_us: i64,
    pub(super) flags: u8,
    /// Its bytes, or its leaf hash.
    pub(crate) bytes: &'a [u8],
}

impl Row<'_> {
    /// Whether the bytes are its leaf hash.
    pub(crate) fn compacted(&self) -> bool {
        self.flags & RECORD_COMPACTED != 0
    }

    /// Whether it is in no feed.
    pub(crate) fn hidden(&self) -> bool {
        self.flags & RECORD_HIDDEN != 0
    }

    /// Whether it has flags that no version of the format knows.
    pub(super) fn unknown_flags(&self) -> bool {
        self.flags & !(RECORD_HIDDEN | RECORD_COMPACTED) != 0
    }

    /// Its leaf hash.
    pub(crate) fn leaf(&self) -> Option<Leaf> {
        if self.compacted() { self.bytes.try_into().ok() } else { Some(leaf_hash(self.bytes)) }
    }

    /// The same record, compacted; `leaf` is its leaf hash.
    pub(super) fn as_leaf<'a>(&self, leaf: &'a Leaf) -> Row<'a> {
        let (position, app) = (self.position, self.app);
        Row { position, app, time_us: 0, flags: self.flags | RECORD_COMPACTED, bytes: leaf }
    }
}

/// A length that the limits keep below 4 GiB.
pub(super) fn length_u32(length: usize) -> u32 {
    debug_assert!(u32::try_from(length).is_ok());
    length as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOG_ID: u64 = 7;

    prop_compose! {
        fn any_record()(
            key: [u8; 16], digest: [u8; 16], app: u64, time_us: i64, hidden: bool,
            bytes in proptest::collection::vec(0_u8..4, 0..80),
        ) -> (RecordMeta, Vec<u8>) {
            (RecordMeta { end: 0, key, digest, app, time_us, hidden }, bytes)
        }
    }

    proptest! {
        #[test]
        fn a_frame_is_read_back(
            records in proptest::collection::vec(any_record(), 1..40),
            first in 1_u64..1 << 50,
            gap in 0_usize..5,
        ) {
            // Two parts of one batch, with records between them that are not stored.
            let (mut metas, mut bytes) = (Vec::new(), Vec::new());
            for (meta, record) in &records {
                bytes.extend_from_slice(record);
                metas.push(RecordMeta { end: bytes.len() as u32, ..*meta });
            }
            let (left, right) = (records.len() / 2, (records.len() / 2 + gap).min(records.len()));
            let start = |at: usize| if at == 0 { 0 } else { metas[at - 1].end };
            let part = |range: std::ops::Range<usize>| FramePart {
                start: start(range.start), records: &metas[range], bytes: &bytes,
            };
            let parts: Vec<_> = [part(0..left), part(right..records.len())]
                .into_iter().filter(|part| !part.records.is_empty()).collect();
            prop_assume!(!parts.is_empty());
            let mut out = vec![9; 3];
            let (written, kept) = FrameEncoder::new().encode(LOG_ID, first, 64, &parts, &mut out);
            let kept = kept.unwrap();

            let header = FrameHeader::decode(&out[3..], LOG_ID).unwrap();
            prop_assert_eq!(header, written);
            prop_assert_eq!(header.frame_bytes() as usize, out.len() - 3);
            prop_assert_eq!(FrameHeader::decode(&out[3..], LOG_ID + 1), Err(FrameFault::HeaderChecksum));
            let payload = &out[3 + FRAME_HEADER_BYTES..];
            prop_assert_eq!(header.check(payload), Ok(()));
            let frame = Frame::decode(&header, payload).unwrap();
            let stored: Vec<_> = records[..left].iter().chain(&records[right..]).collect();
            let identities: Vec<_> = header.identities(payload).collect();
            prop_assert_eq!(frame.end() - frame.first(), stored.len() as u64);
            prop_assert_eq!((kept.first(), kept.end()), (frame.first(), frame.end()));
            for (at, (meta, record)) in stored.into_iter().enumerate() {
                let position = first + at as u64;
                prop_assert_eq!(identities[at], (meta.key, meta.digest));
                let all = Filter { hidden: true, ..Filter::default() };
                let read = frame.record(position, &all).unwrap();
                prop_assert_eq!((&read.bytes[..], read.app, read.time_us), (&record[..], meta.app, meta.time_us));
                prop_assert_eq!(kept.record(position, &all), Some(read));
                prop_assert_eq!(frame.record(position, &Filter::default()).is_some(), !meta.hidden);
                for (filter, wanted) in [
                    (Filter { app: Some(meta.app), ..all }, true),
                    (Filter { app: Some(!meta.app), ..all }, false),
                    (Filter { since_us: Some(meta.time_us), ..all }, true),
                ] {
                    prop_assert_eq!(frame.record(position, &filter).is_some(), wanted);
                    prop_assert!(!wanted || header.summary.may_match(&filter));
                }
            }
            prop_assert!(frame.record(frame.end(), &Filter::default()).is_none());
        }

        #[test]
        fn rubbish_is_no_frame(bytes: Vec<u8>, header in proptest::collection::vec(any::<u8>(), 80)) {
            prop_assert!(FrameHeader::decode(&bytes, LOG_ID).is_err());
            prop_assert!(FrameHeader::decode(&header, LOG_ID).is_err());
        }
    }
}
