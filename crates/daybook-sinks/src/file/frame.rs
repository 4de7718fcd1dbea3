//! What one delivery is on disk: three frames of zstd, the first and the last of which every reader of zstd skips.
//!
//! 1. A skippable frame with a [`Header`] as JSON: which part of the log it is, and how long the next two are.
//! 2. The events, a line each.
//! 3. A skippable frame with a line of notes for each event ([`Note`]), compressed: what forgetting needs.
//!
//! `docs/sinks-file.md` describes them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use daybook_event::{Month, Position};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version of the layout.
const VERSION: u8 = 1;
/// The magic numbers of the first and the third frame, of the sixteen that zstd has for skippable ones.
const HEADER_MAGIC: [u8; 4] = 0x184D_2A5D_u32.to_le_bytes();
const NOTES_MAGIC: [u8; 4] = 0x184D_2A5E_u32.to_le_bytes();
/// Bytes before what is in a skippable frame: magic number and length.
const SKIPPABLE_BYTES: u64 = 8;
/// Longest header.
const HEADER_BYTES_MAX: u32 = 1024 * 1024;

/// What a delivery is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) version: u8,
    /// Everything up to here was delivered before.
    pub(super) after: Position,
    /// Everything up to here is delivered with it.
    pub(super) through: Position,
    /// When the last of its events was received, in microseconds since 1970.
    pub(super) received: i64,
    /// How many events it has.
    pub(super) lines: u64,
    /// The months of its events, by category.
    pub(super) months: BTreeMap<String, Vec<i32>>,
    /// How long the second frame is, in bytes.
    data_bytes: u64,
    /// How long the third frame is, in bytes.
    notes_bytes: u64,
}

/// What is noted of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note<'n> {
    pub(super) position: Position,
    #[serde(borrow)]
    pub(super) category: std::borrow::Cow<'n, str>,
    pub(super) month: i32,
    /// The `anonymous_id` of whoever is named in the line.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<std::borrow::Cow<'n, str>>,
    /// The line as it is once that person is forgotten.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) forgotten: Option<&'n RawValue>,
}

/// Gathers events into a delivery.
pub(super) struct Builder {
    header: Header,
    data: Vec<u8>,
    notes: Vec<u8>,
}

impl Header {
    /// Whether it has events of this category's month.
    pub(super) fn has(&self, category: &str, month: Month) -> bool {
        self.months.get(category).is_some_and(|months| months.contains(&month.number()))
    }

    /// How long the three frames are together, after a first frame of this length.
    pub(super) fn total_bytes(&self, header_bytes: u64) -> u64 {
        header_bytes.saturating_add(self.data_bytes).saturating_add(self.notes_bytes)
    }

    /// Where the third frame begins and what is in it, from the beginning of the first.
    pub(super) fn notes_range(&self, header_bytes: u64) -> (u64, u64) {
        (header_bytes + self.data_bytes + SKIPPABLE_BYTES, self.notes_bytes - SKIPPABLE_BYTES)
    }

    /// Where the second frame begins, and how long it is.
    pub(super) fn data_range(&self, header_bytes: u64) -> (u64, u64) {
        (header_bytes, self.data_bytes)
    }
}

impl Builder {
    /// Of a part of the log, whose last event was received then.
    pub(super) fn new(after: Position, through: Position, received: i64) -> Self {
        let header = Header {
            version: VERSION,
            after,
            through,
            received,
            lines: 0,
            months: BTreeMap::new(),
            data_bytes: 0,
            notes_bytes: 0,
        };
        Self { header, data: Vec::new(), notes: Vec::new() }
    }

    /// Adds an event: what is noted of it, and its line, which `write` appends.
    pub(super) fn push(&mut self, note: &Note<'_>, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        write(&mut self.data);
        self.data.push(b'\n');
        serde_json::to_writer(&mut self.notes, note)?;
        self.notes.push(b'\n');
        if !self.header.months.get(&*note.category).is_some_and(|months| months.contains(&note.month)) {
            self.header.months.entry(note.category.clone().into_owned()).or_default().push(note.month);
        }
        self.header.lines += 1;
        Ok(())
    }

    /// Whether it has no events.
    pub(super) const fn is_empty(&self) -> bool {
        self.header.lines == 0
    }

    /// The three frames.
    pub(super) fn finish(mut self, level: i32) -> io::Result<Vec<u8>> {
        let data = compress(&self.data, level)?;
        let notes = skippable(NOTES_MAGIC, &compress(&self.notes, level)?)?;
        self.header.data_bytes = data.len() as u64;
        self.header.notes_bytes = notes.len() as u64;
        let mut frames = skippable(HEADER_MAGIC, &serde_json::to_vec(&self.header)?)?;
        frames.extend_from_slice(&data);
        frames.extend_from_slice(&notes);
        Ok(frames)
    }
}

/// Reads a header; gives it with the length of its frame. Nothing where there is none, or half of one.
pub(super) fn read_header(from: &mut impl Read) -> io::Result<Option<(Header, u64)>> {
    let mut head = [0; SKIPPABLE_BYTES as usize];
    if !read_whole(from, &mut head)? || head[..4] != HEADER_MAGIC {
        return Ok(None);
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if length > HEADER_BYTES_MAX {
        return Ok(None);
    }
    let mut text = vec![0; length as usize];
    if !read_whole(from, &mut text)? {
        return Ok(None);
    }
    let header: Option<Header> = serde_json::from_slice(&text).ok();
    let header = header.filter(|header| {
        header.version == VERSION && header.after <= header.through && header.notes_bytes > SKIPPABLE_BYTES
    });
    Ok(header.map(|header| (header, SKIPPABLE_BYTES + u64::from(length))))
}

/// Whether the second and third frame of a delivery are whole.
pub(super) fn is_whole(header: &Header, header_bytes: u64, frames: &[u8]) -> bool {
    let piece = |(start, length): (u64, u64)| {
        let start = usize::try_from(start).ok()?;
        frames.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    };
    let (notes_start, notes_length) = header.notes_range(header_bytes);
    let expected = u32::try_from(notes_length).ok().map(|length| [NOTES_MAGIC, length.to_le_bytes()].concat());
    piece((notes_start - SKIPPABLE_BYTES, SKIPPABLE_BYTES)).map(<[u8]>::to_vec) == expected
        && frames.len() as u64 == header.total_bytes(header_bytes)
        && [header.data_range(header_bytes), (notes_start, notes_length)].into_iter().all(|range| {
            let decoder = piece(range).and_then(|bytes| zstd::Decoder::with_buffer(bytes).ok());
            decoder.is_some_and(|mut decoder| io::copy(&mut decoder, &mut io::sink()).is_ok())
        })
}

fn skippable(magic: [u8; 4], content: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(content.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    Ok([&magic, &length.to_le_bytes()[..], content].concat())
}

/// One frame of zstd, with a checksum.
fn compress(text: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::with_capacity(text.len() / 4 + 64), level)?;
    encoder.include_checksum(true)?;
    io::Write::write_all(&mut encoder, text)?;
    encoder.finish()
}

/// Fills the buffer; false where there is not enough.
fn read_whole(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
