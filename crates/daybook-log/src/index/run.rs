//! Runs: immutable sorted files of ids. Layout in `docs/log-format.md`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crc_fast::{CrcAlgorithm, crc64_nvme};
use daybook_event::Position;
use daybook_event::record::{Known, RecordKey};
use parking_lot::RwLock;

use super::build::Place;
use super::filter::{self, BLOCK_BYTES, Block, Probe};
use super::table::{Entry, high};
use crate::disk::{DiskFile, OpenMode};
use crate::error::ReadError;
use crate::frame::u64_at;
use crate::runs;

/// Length of a page and of the header.
pub(crate) const PAGE_BYTES: usize = 4_096;
/// Entries that a page has room for.
pub(crate) const PAGE_ENTRIES: usize = (PAGE_BYTES - PAGE_HEADER_BYTES) / ENTRY_BYTES;
pub(super) const PAGE_HEADER_BYTES: usize = 16;
pub(super) const ENTRY_BYTES: usize = 40;
pub(super) const FLAG_SPILLED: u16 = 1;
const MAGIC: [u8; 8] = *b"DAYBKIDS";
const VERSION: u16 = 1;
const HEADER_CHECKSUM_OFFSET: usize = 80;
/// The filter is read in pieces of this size.
const READ_BYTES: usize = 1024 * 1024;

/// What a run's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunHeader {
    pub(crate) log_id: u64,
    pub(crate) first: Position,
    pub(crate) last: Position,
    pub(crate) entries: u64,
    pub(crate) home_pages: u64,
    pub(crate) pages: u64,
    pub(crate) blocks: u64,
    pub(crate) filter_checksum: u64,
}

impl RunHeader {
    pub(super) fn encode(&self) -> [u8; PAGE_BYTES] {
        let mut out = [0; PAGE_BYTES];
        out[..8].copy_from_slice(&MAGIC);
        out[8..10].copy_from_slice(&VERSION.to_le_bytes());
        let numbers = [
            self.log_id,
            self.first,
            self.last,
            self.entries,
            self.home_pages,
            self.pages,
            self.blocks,
            self.filter_checksum,
        ];
        for (at, number) in (16..).step_by(8).zip(numbers) {
            out[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        let checksum = crc64_nvme(&out[..HEADER_CHECKSUM_OFFSET]);
        out[HEADER_CHECKSUM_OFFSET..HEADER_CHECKSUM_OFFSET + 8].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// `None` when the bytes are not a header of this version.
    fn decode(bytes: &[u8; PAGE_BYTES]) -> Option<Self> {
        let valid = bytes[..8] == MAGIC
            && u64_at(bytes, HEADER_CHECKSUM_OFFSET) == crc64_nvme(&bytes[..HEADER_CHECKSUM_OFFSET])
            && u16::from_le_bytes([bytes[8], bytes[9]]) == VERSION;
        let number = |index: usize| u64_at(bytes, 16 + index * 8);
        valid.then(|| Self {
            log_id: number(0),
            first: number(1),
            last: number(2),
            entries: number(3),
            home_pages: number(4),
            pages: number(5),
            blocks: number(6),
            filter_checksum: number(7),
        })
    }

    /// Where the pages begin.
    pub(super) fn pages_offset(&self) -> u64 {
        PAGE_BYTES as u64 + (self.blocks * BLOCK_BYTES as u64).next_multiple_of(PAGE_BYTES as u64)
    }

    /// The length of the file.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.pages_offset() + self.pages * PAGE_BYTES as u64
    }

    /// The length of the filter.
    pub(crate) fn filter_bytes(&self) -> usize {
        self.blocks as usize * BLOCK_BYTES
    }
}

/// Keys to look up, prepared once for all runs.
pub(crate) struct Keys<'a> {
    keys: &'a [RecordKey],
    probes: Vec<Probe>,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(keys: &'a [RecordKey]) -> Self {
        Self { keys, probes: keys.iter().map(Probe::new).collect() }
    }
}

/// A run, open for lookups.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) header: RunHeader,
    pub(crate) path: PathBuf,
    file: Arc<dyn DiskFile>,
    /// In memory, as far as the budget goes.
    filter: RwLock<Option<Arc<Vec<Block>>>>,
    /// Set when something in it could not be read; it is then made anew from the log.
    damaged: AtomicBool,
}

impl runs::Run for Run {
    const EXTENSION: &'static str = "ids";

    fn stretch(&self) -> (Position, Position) {
        (self.header.first, self.header.last)
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn entries(&self) -> u64 {
        self.header.entries
    }

    fn filter_bytes(&self) -> usize {
        self.header.filter_bytes()
    }

    /// A filter that cannot be read stays on the disk, where its blocks are looked up one at a time.
    fn keep_filter(&self, keep: bool) {
        if !keep {
            *self.filter.write() = None;
        } else if self.filter.read().is_none()
            && let Ok(Some(filter)) = self.read_filter(true)
        {
            *self.filter.write() = Some(Arc::new(filter));
        }
    }
}

impl Run {
    /// Opens a run and verifies its header and filter. `None` when it is not a valid run of this log.
    pub(crate) fn open(place: &Place, path: &Path) -> io::Result<Option<Self>> {
        let file = place.disk.open(path, OpenMode::Read)?;
        let mut bytes = [0; PAGE_BYTES];
        if file.read_at(&mut bytes, 0)? < PAGE_BYTES {
            return Ok(None);
        }
        let Some(header) = RunHeader::decode(&bytes) else { return Ok(None) };
        if header.log_id != place.log_id || header.home_pages == 0 || file.length()? != header.file_bytes() {
            return Ok(None);
        }
        let run =
            Self { header, path: path.to_owned(), file, filter: RwLock::new(None), damaged: AtomicBool::new(false) };
        let keep = header.filter_bytes() <= place.filter_bytes_max;
        let Some(filter) = run.read_filter(keep)? else { return Ok(None) };
        *run.filter.write() = keep.then(|| Arc::new(filter));
        Ok(Some(run))
    }

    /// Whether something in it could not be read.
    pub(crate) fn damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Bytes of the filter in memory.
    pub(crate) fn filter_memory_bytes(&self) -> usize {
        if self.filter.read().is_some() { self.header.filter_bytes() } else { 0 }
    }

    /// Fills in what is known of the keys that nothing is known of yet.
    pub(crate) fn lookup(&self, keys: &Keys<'_>, known: &mut [Option<Known>]) -> Result<(), ReadError> {
        assert_eq!(keys.keys.len(), known.len(), "one answer for each key");
        let filter = self.filter.read().clone();
        if let Some(filter) = filter {
            let blocks = self.header.blocks;
            // Looking at every block first lets the processor fetch many at a time from memory, which takes longer
            // than all that is done with them.
            let touched =
                keys.probes.iter().fold(0, |touched, probe| touched ^ filter[probe.block(blocks) as usize][0]);
            std::hint::black_box(touched);
            for ((probe, key), known) in keys.probes.iter().zip(keys.keys).zip(known) {
                if probe.may_be_in(&filter[probe.block(blocks) as usize]) && known.is_none() {
                    *known = self.find(key).map_err(|error| self.fail(error))?;
                }
            }
        } else {
            for ((probe, key), known) in keys.probes.iter().zip(keys.keys).zip(known) {
                if known.is_none() && self.filter_on_disk(probe).map_err(|error| self.fail(error))? {
                    *known = self.find(key).map_err(|error| self.fail(error))?;
                }
            }
        }
        Ok(())
    }

    /// Reads a page and checks it.
    pub(super) fn page<'a>(&self, number: u64, buffer: &'a mut [u8; PAGE_BYTES]) -> io::Result<Page<'a>> {
        let offset = self.header.pages_offset() + number * PAGE_BYTES as u64;
        let read = self.file.read_at(buffer, offset)?;
        if read < PAGE_BYTES {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Page::check(buffer).ok_or_else(|| {
            let what = format!("page {number} at byte {offset} does not match its checksum");
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }

    /// Reads many pages at once, unchecked.
    pub(super) fn pages(&self, first: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = self.header.pages_offset() + first * PAGE_BYTES as u64;
        if self.file.read_at(buffer, offset)? < buffer.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Notes that something could not be read.
    pub(super) fn fail(&self, source: io::Error) -> ReadError {
        self.damaged.store(true, Ordering::Release);
        tracing::warn!(file = %self.path.display(), %source, "a run of the id index cannot be read and is made anew");
        ReadError::Io { file: self.path.clone(), source }
    }

    fn find(&self, key: &RecordKey) -> io::Result<Option<Known>> {
        let mut buffer = [0; PAGE_BYTES];
        let mut number = filter::scale(high(key), self.header.home_pages);
        while number < self.header.pages {
            let page = self.page(number, &mut buffer)?;
            if let Some(entry) = page.find(key) {
                return Ok(Some(Known { position: entry.position, digest: entry.digest }));
            }
            if !page.may_go_on(key) {
                break;
            }
            number += 1;
        }
        Ok(None)
    }

    fn filter_on_disk(&self, probe: &Probe) -> io::Result<bool> {
        let mut bytes = [0; BLOCK_BYTES];
        let offset = PAGE_BYTES as u64 + probe.block(self.header.blocks) * BLOCK_BYTES as u64;
        if self.file.read_at(&mut bytes, offset)? < BLOCK_BYTES {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(probe.may_be_in(&filter::decode(&bytes)))
    }

    /// Reads the whole filter, and gives it back if it is to be kept; `None` when it does not match its checksum.
    fn read_filter(&self, keep: bool) -> io::Result<Option<Vec<Block>>> {
        let mut filter = Vec::with_capacity(if keep { self.header.blocks as usize } else { 0 });
        let mut digest = crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme);
        let mut buffer = vec![0; READ_BYTES.min(self.header.filter_bytes())];
        let mut offset = 0;
        while offset < self.header.filter_bytes() {
            let wanted = buffer.len().min(self.header.filter_bytes() - offset);
            let bytes = &mut buffer[..wanted];
            if self.file.read_at(bytes, (PAGE_BYTES + offset) as u64)? < wanted {
                return Ok(None);
            }
            digest.update(bytes);
            if keep {
                filter.extend(bytes.chunks_exact(BLOCK_BYTES).map(filter::decode));
            }
            offset += wanted;
        }
        Ok((digest.finalize() == self.header.filter_checksum).then_some(filter))
    }
}

/// A page that matches its checksum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    bytes: &'a [u8],
    entries: usize,
    spilled: bool,
}

impl<'a> Page<'a> {
    /// `None` when the bytes do not match their checksum.
    pub(super) fn check(bytes: &'a [u8]) -> Option<Self> {
        let entries = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let flags = u16::from_le_bytes([bytes[10], bytes[11]]);
        let valid = u64_at(bytes, 0) == crc64_nvme(&bytes[8..PAGE_BYTES]) && entries <= PAGE_ENTRIES;
        valid.then_some(Self { bytes, entries, spilled: flags & FLAG_SPILLED != 0 })
    }

    pub(super) fn len(&self) -> usize {
        self.entries
    }

    pub(super) fn entry(&self, index: usize) -> Entry {
        let at = PAGE_HEADER_BYTES + index * ENTRY_BYTES;
        let (mut key, mut digest) = ([0; 16], [0; 16]);
        key.copy_from_slice(&self.bytes[at..at + 16]);
        digest.copy_from_slice(&self.bytes[at + 24..at + 40]);
        Entry { key, position: u64_at(self.bytes, at + 16), digest }
    }

    fn key(&self, index: usize) -> &'a [u8] {
        let at = PAGE_HEADER_BYTES + index * ENTRY_BYTES;
        &self.bytes[at..at + 16]
    }

    fn find(&self, key: &RecordKey) -> Option<Entry> {
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.key(middle).cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(self.entry(middle)),
            }
        }
        None
    }

    /// Whether a key that is not on this page, though it may be its home, can be on the next one.
    fn may_go_on(&self, key: &RecordKey) -> bool {
        self.spilled && self.entries > 0 && self.key(self.entries - 1) < key.as_slice()
    }
}
