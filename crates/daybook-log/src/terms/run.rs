//! A run: the terms of the records of a stretch of positions, on the disk. Layout in `docs/log-format.md`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crc_fast::{CrcAlgorithm, crc64_nvme};
use daybook_event::Position;
use parking_lot::RwLock;

use super::Incomplete;
use super::build::Place;
use super::matching::{Piece, Postings};
use super::query::{Term, TermQuery};
use super::table::gallop;
use crate::disk::{DiskFile, OpenMode};
use crate::frame::u64_at;
use crate::index::filter::{self, BLOCK_BYTES as FILTER_BLOCK_BYTES, Block, Probe};
use crate::runs::{self, BuildError};

/// Length of the header.
pub(super) const HEADER_BYTES: usize = 4_096;
/// Length of an entry of the directory.
pub(super) const DIRECTORY_ENTRY_BYTES: usize = 32;
/// Length of the checksum that a block begins with.
pub(super) const BLOCK_CHECKSUM_BYTES: usize = 8;
const MAGIC: [u8; 8] = *b"DAYBKTRM";
const VERSION: u16 = 1;
const HEADER_CHECKSUM_OFFSET: usize = 112;
/// Filter and directory are read in pieces of this size.
const READ_BYTES: usize = 1024 * 1024;

/// What a run's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunHeader {
    pub(super) log_id: u64,
    pub(super) fingerprint: [u8; 16],
    pub(super) first: Position,
    pub(super) last: Position,
    pub(super) terms: u64,
    pub(super) postings: u64,
    pub(super) filter_blocks: u64,
    pub(super) filter_checksum: u64,
    pub(super) directory_offset: u64,
    pub(super) blocks: u64,
    pub(super) directory_checksum: u64,
}

impl RunHeader {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(&MAGIC);
        out[8..10].copy_from_slice(&VERSION.to_le_bytes());
        out[16..24].copy_from_slice(&self.log_id.to_le_bytes());
        out[24..40].copy_from_slice(&self.fingerprint);
        let numbers = [
            self.first,
            self.last,
            self.terms,
            self.postings,
            self.filter_blocks,
            self.filter_checksum,
            self.directory_offset,
            self.blocks,
            self.directory_checksum,
        ];
        for (at, number) in (40..).step_by(8).zip(numbers) {
            out[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        let checksum = crc64_nvme(&out[..HEADER_CHECKSUM_OFFSET]);
        out[HEADER_CHECKSUM_OFFSET..HEADER_CHECKSUM_OFFSET + 8].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// `None` when the bytes are not a header of this version.
    fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let valid = bytes[..8] == MAGIC
            && u64_at(bytes, HEADER_CHECKSUM_OFFSET) == crc64_nvme(&bytes[..HEADER_CHECKSUM_OFFSET])
            && u16::from_le_bytes([bytes[8], bytes[9]]) == VERSION;
        let number = |index: usize| u64_at(bytes, 40 + index * 8);
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&bytes[24..40]);
        valid.then(|| Self {
            log_id: u64_at(bytes, 16),
            fingerprint,
            first: number(0),
            last: number(1),
            terms: number(2),
            postings: number(3),
            filter_blocks: number(4),
            filter_checksum: number(5),
            directory_offset: number(6),
            blocks: number(7),
            directory_checksum: number(8),
        })
    }

    /// The length of the file.
    pub(super) fn file_bytes(&self) -> u64 {
        self.directory_offset + self.blocks * DIRECTORY_ENTRY_BYTES as u64
    }

    /// The length of the filter.
    pub(super) fn filter_bytes(&self) -> usize {
        self.filter_blocks as usize * FILTER_BLOCK_BYTES
    }

    /// Whether its parts follow each other.
    fn is_sound(&self) -> bool {
        let begin = self.filter_blocks.checked_mul(FILTER_BLOCK_BYTES as u64);
        let begin = begin.and_then(|bytes| bytes.checked_add(HEADER_BYTES as u64));
        let directory = self.blocks.checked_mul(DIRECTORY_ENTRY_BYTES as u64);
        self.first <= self.last
            && self.filter_blocks > 0
            && begin.is_some_and(|begin| begin <= self.directory_offset)
            && directory.and_then(|bytes| bytes.checked_add(self.directory_offset)).is_some()
    }
}

/// What the directory says of a block: its first chunk, and where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct DirectoryEntry {
    pub(super) term: Term,
    pub(super) first: Position,
    pub(super) offset: u64,
}

/// A run, open for questions.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) header: RunHeader,
    pub(super) path: PathBuf,
    file: Arc<dyn DiskFile>,
    directory: Vec<DirectoryEntry>,
    /// In memory, as far as the budget goes.
    filter: RwLock<Option<Arc<Vec<Block>>>>,
    /// Set when something in it could not be read; it is then made anew from the log.
    damaged: AtomicBool,
    /// Set when records of it were compacted; it is then made anew from the log, and used until that is done.
    outdated: AtomicBool,
}

impl runs::Run for Run {
    const EXTENSION: &'static str = "terms";

    fn stretch(&self) -> (Position, Position) {
        (self.header.first, self.header.last)
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn entries(&self) -> u64 {
        self.header.postings
    }

    fn filter_bytes(&self) -> usize {
        self.header.filter_bytes()
    }

    /// A filter that cannot be read stays on the disk, where its blocks are looked at one at a time.
    fn keep_filter(&self, keep: bool) {
        if !keep {
            *self.filter.write() = None;
        } else if self.filter.read().is_none()
            && let Ok(Some(filter)) = read_filter(self.file.as_ref(), &self.header, true)
        {
            *self.filter.write() = Some(Arc::new(filter));
        }
    }
}

impl Run {
    /// Opens a run and verifies its header, filter and directory. `None` when it is not a valid run of this log and
    /// these terms.
    pub(super) fn open(place: &Place, path: &Path) -> io::Result<Option<Self>> {
        let file = place.disk.open(path, OpenMode::Read)?;
        let mut bytes = [0; HEADER_BYTES];
        if file.read_at(&mut bytes, 0)? < HEADER_BYTES {
            return Ok(None);
        }
        let Some(header) = RunHeader::decode(&bytes) else { return Ok(None) };
        let ours = header.log_id == place.log_id && header.fingerprint == place.fingerprint;
        if !ours || !header.is_sound() || file.length()? != header.file_bytes() {
            return Ok(None);
        }
        let Some(directory) = read_directory(file.as_ref(), &header)? else { return Ok(None) };
        let keep = header.filter_bytes() <= place.filter_bytes_max;
        let Some(filter) = read_filter(file.as_ref(), &header, keep)? else { return Ok(None) };
        Ok(Some(Self {
            header,
            path: path.to_owned(),
            file,
            directory,
            filter: RwLock::new(keep.then(|| Arc::new(filter))),
            damaged: AtomicBool::new(false),
            outdated: AtomicBool::new(false),
        }))
    }

    /// Whether something in it could not be read.
    pub(super) fn damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Whether records of it were compacted since it was written.
    pub(super) fn outdated(&self) -> bool {
        self.outdated.load(Ordering::Acquire)
    }

    /// Records of it were compacted.
    pub(super) fn outdate(&self) {
        self.outdated.store(true, Ordering::Release);
    }

    /// Bytes of filter and directory in memory.
    pub(super) fn memory_bytes(&self) -> usize {
        let filter = if self.filter.read().is_some() { self.header.filter_bytes() } else { 0 };
        filter + self.directory.len() * size_of::<DirectoryEntry>()
    }

    /// Notes that something could not be read.
    fn fail(&self, source: &io::Error) -> Incomplete {
        self.damaged.store(true, Ordering::Release);
        tracing::warn!(file = %self.path.display(), %source, "a run of the term index cannot be read and is made anew");
        Incomplete
    }

    /// Whether the filter alone, where it is in memory, says that no record of it is described by a query.
    pub(super) fn rules_out(&self, query: &TermQuery) -> bool {
        let filter = self.filter.read().clone();
        let Some(filter) = filter.filter(|_| !self.damaged()) else { return false };
        let lacks = |term: &Term| {
            let probe = Probe::new(term);
            filter.get(probe.block(self.header.filter_blocks) as usize).is_some_and(|block| !probe.may_be_in(block))
        };
        query
            .items
            .iter()
            .all(|item| item.all.iter().any(lacks) || (!item.any.is_empty() && item.any.iter().all(lacks)))
    }

    /// Whether a term may be in it.
    fn may_have(&self, term: &Term) -> io::Result<bool> {
        let probe = Probe::new(term);
        let number = probe.block(self.header.filter_blocks);
        let filter = self.filter.read().clone();
        if let Some(block) = filter.as_ref().and_then(|filter| filter.get(number as usize)) {
            return Ok(probe.may_be_in(block));
        }
        let mut bytes = [0; FILTER_BLOCK_BYTES];
        let offset = HEADER_BYTES as u64 + number * FILTER_BLOCK_BYTES as u64;
        if self.file.read_at(&mut bytes, offset)? < FILTER_BLOCK_BYTES {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(probe.may_be_in(&filter::decode(&bytes)))
    }

    /// The last block that can hold a term at a position, or where the next one begins.
    fn block_of(&self, term: &Term, at: Position) -> Option<usize> {
        let behind = self.directory.partition_point(|entry| (entry.term, entry.first) <= (*term, at));
        (!self.directory.is_empty()).then(|| behind.saturating_sub(1))
    }

    /// Reads a block and checks it; its chunks begin behind the checksum.
    fn block(&self, number: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Some(entry) = self.directory.get(number) else { return Err(io::ErrorKind::InvalidData.into()) };
        let end = self.directory.get(number + 1).map_or(self.header.directory_offset, |next| next.offset);
        let length = usize::try_from(end.saturating_sub(entry.offset)).unwrap_or(usize::MAX);
        bytes.clear();
        bytes.resize(length, 0);
        if self.file.read_at(bytes, entry.offset)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let is_whole = length >= BLOCK_CHECKSUM_BYTES && u64_at(bytes, 0) == crc64_nvme(&bytes[BLOCK_CHECKSUM_BYTES..]);
        if is_whole {
            return Ok(());
        }
        let what = format!("the block at byte {} does not match its checksum", entry.offset);
        Err(io::Error::new(io::ErrorKind::InvalidData, what))
    }
}

impl<'p> Piece<'p> for Run {
    fn postings(&'p self, term: &Term) -> Result<Option<Postings<'p>>, Incomplete> {
        if self.damaged() {
            return Err(Incomplete);
        }
        let may_have = self.may_have(term).map_err(|error| self.fail(&error))?;
        Ok(may_have.then(|| Postings::Run(Box::new(RunPostings::new(self, *term)))))
    }
}

/// The positions of a term in a run.
#[derive(Debug)]
pub(super) struct RunPostings<'r> {
    run: &'r Run,
    term: Term,
    /// The block at hand.
    block: Option<usize>,
    bytes: Vec<u8>,
    /// Where the next chunk in it begins.
    at: usize,
    /// Of the chunk at hand, from the first one that is still asked for.
    positions: Vec<Position>,
    place: usize,
    ended: bool,
}

impl<'r> RunPostings<'r> {
    fn new(run: &'r Run, term: Term) -> Self {
        let (bytes, positions) = (Vec::new(), Vec::new());
        Self { run, term, block: None, bytes, at: 0, positions, place: 0, ended: false }
    }

    /// The first position that is not before `at`. Must not go back.
    pub(super) fn seek(&mut self, at: Position) -> Result<Option<Position>, Incomplete> {
        while self.positions.last().is_none_or(|last| *last < at) {
            if self.ended || !self.advance(at).map_err(|error| self.run.fail(&error))? {
                self.ended = true;
                return Ok(None);
            }
        }
        self.place += gallop(&self.positions[self.place..], |position| *position < at);
        Ok(self.positions.get(self.place).copied())
    }

    /// Goes to the first chunk of the term that does not end before `at`; says whether there is one.
    fn advance(&mut self, at: Position) -> io::Result<bool> {
        let Some(wanted) = self.run.block_of(&self.term, at) else { return Ok(false) };
        if self.block.is_none_or(|block| block < wanted) {
            self.load(wanted)?;
        }
        loop {
            while self.at < self.bytes.len() {
                let chunk = Chunk::read(&self.bytes[self.at..], self.run.header.first);
                let Some(chunk) = chunk else { return Err(io::ErrorKind::InvalidData.into()) };
                self.at += chunk.length;
                match chunk.term.cmp(&self.term) {
                    std::cmp::Ordering::Greater => return Ok(false),
                    std::cmp::Ordering::Equal if chunk.last >= at => {
                        self.place = 0;
                        let read = chunk.positions(&mut self.positions);
                        return read.map(|()| true).ok_or_else(|| io::ErrorKind::InvalidData.into());
                    }
                    std::cmp::Ordering::Less | std::cmp::Ordering::Equal => {}
                }
            }
            let next = self.block.map_or(0, |block| block + 1);
            if self.run.directory.get(next).is_none_or(|entry| entry.term > self.term) {
                return Ok(false);
            }
            self.load(next)?;
        }
    }

    fn load(&mut self, block: usize) -> io::Result<()> {
        self.run.block(block, &mut self.bytes)?;
        (self.block, self.at) = (Some(block), BLOCK_CHECKSUM_BYTES);
        Ok(())
    }
}

/// All chunks of a run, in order.
pub(super) struct RunChunks {
    run: Arc<Run>,
    next_block: usize,
    bytes: Vec<u8>,
    at: usize,
}

impl RunChunks {
    pub(super) fn new(run: Arc<Run>) -> Self {
        Self { run, next_block: 0, bytes: Vec::new(), at: 0 }
    }

    /// The next chunk: its term, and its positions, which are put in the place of what is in `positions`.
    pub(super) fn next(&mut self, positions: &mut Vec<Position>) -> Result<Option<Term>, BuildError> {
        let fail = |run: &Run, error: io::Error| {
            run.fail(&error);
            BuildError::Read
        };
        while self.at >= self.bytes.len() {
            if self.next_block == self.run.directory.len() {
                return Ok(None);
            }
            self.run.block(self.next_block, &mut self.bytes).map_err(|error| fail(&self.run, error))?;
            (self.next_block, self.at) = (self.next_block + 1, BLOCK_CHECKSUM_BYTES);
        }
        let chunk = Chunk::read(&self.bytes[self.at..], self.run.header.first);
        let read = chunk.and_then(|chunk| {
            self.at += chunk.length;
            chunk.positions(positions).map(|()| chunk.term)
        });
        read.map(Some).ok_or_else(|| fail(&self.run, io::ErrorKind::InvalidData.into()))
    }
}

/// Positions of a term as they lie in a block.
struct Chunk<'b> {
    term: Term,
    first: Position,
    last: Position,
    count: u64,
    /// Distances from one position to the next.
    distances: &'b [u8],
    /// Length of all of it.
    length: usize,
}

impl<'b> Chunk<'b> {
    /// Reads the chunk that some bytes begin with; positions in it are counted from `base`.
    fn read(bytes: &'b [u8], base: Position) -> Option<Self> {
        let (term, mut rest) = bytes.split_first_chunk::<16>()?;
        let count = take_number(&mut rest)?;
        let first = base.checked_add(take_number(&mut rest)?)?;
        let (last, distances) = if count > 1 {
            let last = first.checked_add(take_number(&mut rest)?)?;
            let length = usize::try_from(take_number(&mut rest)?).ok()?;
            let (distances, behind) = rest.split_at_checked(length)?;
            rest = behind;
            (last, distances)
        } else {
            (first, &[] as &[u8])
        };
        Some(Self { term: *term, first, last, count, distances, length: bytes.len() - rest.len() })
    }

    /// Puts its positions in the place of what is in `positions`; nothing where they are not as they should be.
    fn positions(&self, positions: &mut Vec<Position>) -> Option<()> {
        positions.clear();
        positions.push(self.first);
        let (mut position, mut distances) = (self.first, self.distances);
        while !distances.is_empty() {
            position = position.checked_add(take_number(&mut distances)?)?;
            positions.push(position);
        }
        (positions.len() as u64 == self.count && position == self.last).then_some(())
    }
}

/// Appends a chunk; positions are counted from `base`.
pub(super) fn put_chunk(term: &Term, positions: &[Position], base: Position, out: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else { return };
    out.extend_from_slice(term);
    put_number(positions.len() as u64, out);
    put_number(first - base, out);
    if positions.len() > 1 {
        put_number(last - first, out);
        let distances = || positions.windows(2).map(|pair| pair[1] - pair[0]);
        put_number(distances().map(number_length).sum(), out);
        distances().for_each(|distance| put_number(distance, out));
    }
}

/// Appends a number, seven bits a byte, the lowest first (LEB128).
fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn number_length(number: u64) -> u64 {
    u64::from((64 - (number | 1).leading_zeros()).div_ceil(7))
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Reads the directory; `None` when it is not as it was written.
fn read_directory(file: &dyn DiskFile, header: &RunHeader) -> io::Result<Option<Vec<DirectoryEntry>>> {
    let mut directory = Vec::new();
    let sound = read_checked(
        file,
        (header.directory_offset, header.file_bytes()),
        header.directory_checksum,
        DIRECTORY_ENTRY_BYTES,
        &mut |bytes| {
            directory.extend(bytes.chunks_exact(DIRECTORY_ENTRY_BYTES).map(|entry| {
                let mut term = [0; 16];
                term.copy_from_slice(&entry[..16]);
                DirectoryEntry { term, first: u64_at(entry, 16), offset: u64_at(entry, 24) }
            }));
        },
    )?;
    Ok(sound.then_some(directory))
}

/// Reads the whole filter, and gives it back if it is to be kept; `None` when it is not as it was written.
fn read_filter(file: &dyn DiskFile, header: &RunHeader, keep: bool) -> io::Result<Option<Vec<Block>>> {
    let mut filter = Vec::with_capacity(if keep { header.filter_blocks as usize } else { 0 });
    let end = (HEADER_BYTES + header.filter_bytes()) as u64;
    let stretch = (HEADER_BYTES as u64, end);
    let sound = read_checked(file, stretch, header.filter_checksum, FILTER_BLOCK_BYTES, &mut |bytes| {
        if keep {
            filter.extend(bytes.chunks_exact(FILTER_BLOCK_BYTES).map(filter::decode));
        }
    })?;
    Ok(sound.then_some(filter))
}

/// Reads a stretch in pieces of whole `unit`s; says whether it is as it was written.
fn read_checked(
    file: &dyn DiskFile,
    (mut offset, end): (u64, u64),
    checksum: u64,
    unit: usize,
    each: &mut dyn FnMut(&[u8]),
) -> io::Result<bool> {
    let mut digest = crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme);
    let most = READ_BYTES / unit * unit;
    let mut buffer = vec![0; most.min(usize::try_from(end - offset).unwrap_or(most))];
    while offset < end {
        let wanted = buffer.len().min(usize::try_from(end - offset).unwrap_or(usize::MAX));
        let bytes = &mut buffer[..wanted];
        if file.read_at(bytes, offset)? < wanted {
            return Ok(false);
        }
        digest.update(bytes);
        each(bytes);
        offset += wanted as u64;
    }
    Ok(digest.finalize() == checksum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_chunk_is_read_back(
            term: [u8; 16],
            base in 0_u64..1 << 50,
            distances in proptest::collection::vec(1_u64..1 << 40, 1..200),
            behind: Vec<u8>,
        ) {
            let positions: Vec<u64> = distances.iter().scan(base, |at, distance| {
                *at += distance;
                Some(*at)
            }).collect();
            let mut bytes = Vec::new();
            put_chunk(&term, &positions, base, &mut bytes);
            let length = bytes.len();
            bytes.extend(&behind);
            let chunk = Chunk::read(&bytes, base).unwrap();
            prop_assert_eq!((chunk.term, chunk.length), (term, length));
            prop_assert_eq!((chunk.first, chunk.last), (positions[0], positions[positions.len() - 1]));
            let mut read = vec![1];
            prop_assert_eq!(chunk.positions(&mut read), Some(()));
            prop_assert_eq!(read, positions);
        }

        #[test]
        fn rubbish_is_read_without_harm(bytes: Vec<u8>, base: u64) {
            if let Some(chunk) = Chunk::read(&bytes, base) {
                let _ = chunk.positions(&mut Vec::new());
            }
        }
    }
}
