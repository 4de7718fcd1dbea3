//! Writing runs: from a table, or from other runs.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crc_fast::{CrcAlgorithm, crc64_nvme};
use daybook_event::Position;

use super::query::Term;
use super::run::{
    BLOCK_CHECKSUM_BYTES, DIRECTORY_ENTRY_BYTES, DirectoryEntry, HEADER_BYTES, Run, RunChunks, RunHeader, put_chunk,
};
use super::table::Table;
use crate::disk::{Disk, DiskFile};
use crate::index::filter::{self, Block};
use crate::limits::{INDEX_SYNC_EVERY_BYTES, TERMS_BLOCK_BYTES, TERMS_CHUNK_POSTINGS};
use crate::runs::{self, BuildError};

/// Runs are written in pieces of this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Where runs are.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) directory: PathBuf,
    pub(super) log_id: u64,
    /// Of what says which terms records have.
    pub(super) fingerprint: [u8; 16],
    /// Filters that are larger than this are never in memory.
    pub(super) filter_bytes_max: usize,
}

/// Gives postings to whoever writes them, in order of terms and positions. The positions of a term may come in pieces.
pub(super) trait Source {
    /// The next term, with positions that are put in the place of what is in `positions`; nothing at the end.
    fn next(&mut self, positions: &mut Vec<Position>) -> Result<Option<Term>, BuildError>;
}

/// Writes the run that covers these positions and has so many terms at most, and opens it.
pub(super) fn build(
    place: &Place,
    stretch: (Position, Position),
    terms_planned: u64,
    source: &mut dyn Source,
) -> Result<Run, BuildError> {
    let write = |file| Builder::new(file, place, stretch, terms_planned).write(source);
    let path = runs::put::<Run>(place.disk.as_ref(), &place.directory, stretch, write)?;
    Run::open(place, &path)?.ok_or(BuildError::Read)
}

/// Writes the run of a table.
pub(super) fn build_from_table(
    place: &Place,
    (first, last): (Position, Position),
    table: &Table,
    go_on: &dyn Fn() -> Result<(), BuildError>,
) -> Result<Run, BuildError> {
    let mut entries = table.sorted();
    let mut source = FromEntries {
        next: || {
            entries.next().map(|(term, positions)| {
                // What is not durable is not the table's to tell.
                (term, positions.take_while(|position| *position <= last).collect())
            })
        },
        go_on,
    };
    build(place, (first, last), table.terms() as u64, &mut source)
}

struct FromEntries<'g, N> {
    next: N,
    go_on: &'g dyn Fn() -> Result<(), BuildError>,
}

impl<N: FnMut() -> Option<(Term, Vec<Position>)>> Source for FromEntries<'_, N> {
    fn next(&mut self, positions: &mut Vec<Position>) -> Result<Option<Term>, BuildError> {
        (self.go_on)()?;
        Ok((self.next)().map(|(term, found)| {
            *positions = found;
            term
        }))
    }
}

/// The postings of several runs, which follow each other.
pub(super) struct Merge<'g> {
    /// The next chunk of each run that has one, with the place of the run.
    heads: Vec<(Term, usize, Vec<Position>)>,
    runs: Vec<RunChunks>,
    started: bool,
    go_on: &'g dyn Fn() -> Result<(), BuildError>,
}

impl<'g> Merge<'g> {
    pub(super) fn new(runs: &[Arc<Run>], go_on: &'g dyn Fn() -> Result<(), BuildError>) -> Self {
        let runs = runs.iter().cloned().map(RunChunks::new).collect();
        Self { heads: Vec::new(), runs, started: false, go_on }
    }
}

impl Source for Merge<'_> {
    fn next(&mut self, positions: &mut Vec<Position>) -> Result<Option<Term>, BuildError> {
        (self.go_on)()?;
        if !self.started {
            self.started = true;
            for (run, chunks) in self.runs.iter_mut().enumerate() {
                let mut positions = Vec::new();
                if let Some(term) = chunks.next(&mut positions)? {
                    self.heads.push((term, run, positions));
                }
            }
        }
        let least = (0..self.heads.len()).min_by_key(|at| (self.heads[*at].0, self.heads[*at].1));
        let Some(least) = least else { return Ok(None) };
        let head = &mut self.heads[least];
        let term = head.0;
        std::mem::swap(positions, &mut head.2);
        match self.runs[head.1].next(&mut head.2)? {
            Some(next) => head.0 = next,
            None => {
                self.heads.swap_remove(least);
            }
        }
        Ok(Some(term))
    }
}

/// Writes filter and blocks in one pass, then the directory and the header.
struct Builder {
    file: Arc<dyn DiskFile>,
    header: RunHeader,
    filter: Stream,
    filter_block: Block,
    filter_block_number: u64,
    filter_digest: crc_fast::Digest,
    blocks: Stream,
    /// The block at hand, from its checksum on.
    block: Vec<u8>,
    directory: Vec<DirectoryEntry>,
    last_term: Option<Term>,
    unsynced: u64,
}

/// Bytes on their way to a stretch of the file.
struct Stream {
    bytes: Vec<u8>,
    offset: u64,
}

impl Builder {
    fn new(file: Arc<dyn DiskFile>, place: &Place, (first, last): (Position, Position), terms_planned: u64) -> Self {
        let header = RunHeader {
            log_id: place.log_id,
            fingerprint: place.fingerprint,
            first,
            last,
            terms: 0,
            postings: 0,
            filter_blocks: filter::blocks(terms_planned),
            filter_checksum: 0,
            directory_offset: 0,
            blocks: 0,
            directory_checksum: 0,
        };
        let stream = |offset| Stream { bytes: Vec::with_capacity(PIECE_BYTES + TERMS_BLOCK_BYTES), offset };
        Self {
            file,
            filter: stream(HEADER_BYTES as u64),
            filter_block: Block::default(),
            filter_block_number: 0,
            filter_digest: crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme),
            blocks: stream((HEADER_BYTES + header.filter_bytes()) as u64),
            block: Vec::with_capacity(2 * TERMS_BLOCK_BYTES),
            directory: Vec::new(),
            last_term: None,
            unsynced: 0,
            header,
        }
    }

    fn write(mut self, source: &mut dyn Source) -> Result<(), BuildError> {
        let (mut pending, mut positions) = (Vec::new(), Vec::new());
        let mut term = [0; 16];
        while let Some(next) = source.next(&mut positions)? {
            if next != term {
                self.chunks(&term, &pending)?;
                pending.clear();
                term = next;
            }
            pending.append(&mut positions);
            let whole = pending.len() / TERMS_CHUNK_POSTINGS * TERMS_CHUNK_POSTINGS;
            self.chunks(&term, &pending[..whole])?;
            pending.drain(..whole);
        }
        self.chunks(&term, &pending)?;
        self.finish_block()?;
        self.finish()
    }

    /// Writes positions of a term, so many a chunk.
    fn chunks(&mut self, term: &Term, positions: &[Position]) -> Result<(), BuildError> {
        if positions.is_empty() {
            return Ok(());
        }
        if self.last_term != Some(*term) {
            assert!(self.last_term.is_none_or(|last| last < *term), "terms come in order");
            self.last_term = Some(*term);
            self.header.terms += 1;
            self.filter_term(term)?;
        }
        for positions in positions.chunks(TERMS_CHUNK_POSTINGS) {
            self.header.postings += positions.len() as u64;
            if self.block.is_empty() {
                self.block.extend_from_slice(&[0; BLOCK_CHECKSUM_BYTES]);
                let offset = self.blocks.offset + self.blocks.bytes.len() as u64;
                let first = positions.first().copied().unwrap_or_default();
                self.directory.push(DirectoryEntry { term: *term, first, offset });
            }
            put_chunk(term, positions, self.header.first, &mut self.block);
            if self.block.len() >= TERMS_BLOCK_BYTES {
                self.finish_block()?;
            }
        }
        Ok(())
    }

    fn finish_block(&mut self) -> Result<(), BuildError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let checksum = crc64_nvme(&self.block[BLOCK_CHECKSUM_BYTES..]);
        self.block[..BLOCK_CHECKSUM_BYTES].copy_from_slice(&checksum.to_le_bytes());
        self.blocks.bytes.append(&mut self.block);
        if self.blocks.bytes.len() >= PIECE_BYTES {
            self.unsynced += self.blocks.put(self.file.as_ref())?;
            if self.unsynced >= INDEX_SYNC_EVERY_BYTES {
                self.file.sync()?;
                self.unsynced = 0;
            }
        }
        Ok(())
    }

    fn filter_term(&mut self, term: &Term) -> Result<(), BuildError> {
        let number = filter::block_of(term, self.header.filter_blocks);
        while self.filter_block_number < number {
            self.next_filter_block()?;
        }
        filter::insert(&mut self.filter_block, term);
        Ok(())
    }

    fn next_filter_block(&mut self) -> Result<(), BuildError> {
        let begin = self.filter.bytes.len();
        filter::encode(&self.filter_block, &mut self.filter.bytes);
        self.filter_digest.update(&self.filter.bytes[begin..]);
        self.filter_block = Block::default();
        self.filter_block_number += 1;
        if self.filter.bytes.len() >= PIECE_BYTES {
            self.unsynced += self.filter.put(self.file.as_ref())?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), BuildError> {
        while self.filter_block_number < self.header.filter_blocks {
            self.next_filter_block()?;
        }
        self.filter.put(self.file.as_ref())?;
        self.blocks.put(self.file.as_ref())?;
        let mut directory = Vec::with_capacity(self.directory.len() * DIRECTORY_ENTRY_BYTES);
        for entry in &self.directory {
            directory.extend_from_slice(&entry.term);
            directory.extend_from_slice(&entry.first.to_le_bytes());
            directory.extend_from_slice(&entry.offset.to_le_bytes());
        }
        self.header.filter_checksum = self.filter_digest.finalize();
        self.header.directory_offset = self.blocks.offset;
        self.header.blocks = self.directory.len() as u64;
        self.header.directory_checksum = crc64_nvme(&directory);
        self.file.write_at(&directory, self.blocks.offset)?;
        self.file.write_at(&self.header.encode(), 0)?;
        self.file.sync()?;
        Ok(())
    }
}

impl Stream {
    /// Writes what is there; says how much that was.
    fn put(&mut self, file: &dyn DiskFile) -> io::Result<u64> {
        let length = self.bytes.len() as u64;
        if length > 0 {
            file.write_at(&self.bytes, self.offset)?;
            self.offset += length;
            self.bytes.clear();
        }
        Ok(length)
    }
}
