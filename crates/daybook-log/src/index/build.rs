//! Writing runs: from a table, or from other runs.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crc_fast::{CrcAlgorithm, crc64_nvme};
use daybook_event::Position;

use super::filter::{self, BLOCK_BYTES, Block};
use super::run::{ENTRY_BYTES, FLAG_SPILLED, PAGE_BYTES, PAGE_ENTRIES, PAGE_HEADER_BYTES, Page, Run, RunHeader};
use super::table::{Entry, high};
use crate::disk::{Disk, DiskFile};
use crate::limits::{INDEX_PAGE_ENTRIES_PLANNED, INDEX_SYNC_EVERY_BYTES};
use crate::runs::{self, BuildError};

/// Runs are written and merged in pieces of this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Where runs are.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The disk they are on.
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directory: PathBuf,
    pub(crate) log_id: u64,
    /// Filters that are larger than this are never in memory.
    pub(crate) filter_bytes_max: usize,
}

/// Writes the run that covers these positions, from entries in key order, and opens it.
pub(crate) fn build(
    place: &Place,
    stretch: (Position, Position),
    planned: u64,
    entries: impl Iterator<Item = Result<Entry, BuildError>>,
) -> Result<Run, BuildError> {
    let write = |file| Builder::new(file, place.log_id, stretch, planned).write(entries);
    let path = runs::put::<Run>(place.disk.as_ref(), &place.directory, stretch, write)?;
    Run::open(place, &path)?.ok_or(BuildError::Read)
}

/// The entries of several runs in key order.
pub(crate) struct Merge {
    runs: Vec<RunEntries>,
    /// The next entry of each run that has one.
    heads: Vec<(u128, Entry, usize)>,
    started: bool,
}

impl Merge {
    pub(crate) fn new(runs: &[Arc<Run>]) -> Self {
        Self { runs: runs.iter().cloned().map(RunEntries::new).collect(), heads: Vec::new(), started: false }
    }

    fn fill(&mut self, run: usize) -> Result<(), BuildError> {
        if let Some(entry) = self.runs[run].next()? {
            self.heads.push((u128::from_be_bytes(entry.key), entry, run));
        }
        Ok(())
    }
}

impl Iterator for Merge {
    type Item = Result<Entry, BuildError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.started {
            self.started = true;
            for run in 0..self.runs.len() {
                if let Err(error) = self.fill(run) {
                    return Some(Err(error));
                }
            }
        }
        let mut least = 0;
        for at in 1..self.heads.len() {
            if self.heads[at].0 < self.heads[least].0 {
                least = at;
            }
        }
        let (_, entry, run) = *self.heads.get(least)?;
        match self.runs[run].next() {
            Ok(Some(next)) => self.heads[least] = (u128::from_be_bytes(next.key), next, run),
            Ok(None) => {
                self.heads.swap_remove(least);
            }
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(entry))
    }
}

/// The entries of a run, in order.
struct RunEntries {
    run: Arc<Run>,
    /// Pages that were read ahead.
    buffer: Vec<u8>,
    /// Where the page at hand begins in `buffer`.
    at: usize,
    /// The page that comes after those in `buffer`.
    next_page: u64,
    entry: usize,
    /// Entries of the page at hand.
    entries: usize,
}

impl RunEntries {
    fn new(run: Arc<Run>) -> Self {
        Self { run, buffer: Vec::new(), at: 0, next_page: 0, entry: 0, entries: 0 }
    }

    fn next(&mut self) -> Result<Option<Entry>, BuildError> {
        while self.entry == self.entries {
            if self.at + PAGE_BYTES < self.buffer.len() {
                self.at += PAGE_BYTES;
            } else if self.next_page < self.run.header.pages {
                self.read()?;
            } else {
                return Ok(None);
            }
            let Some(page) = Page::check(&self.buffer[self.at..self.at + PAGE_BYTES]) else {
                return Err(self.fail(io::ErrorKind::InvalidData.into()));
            };
            (self.entry, self.entries) = (0, page.len());
        }
        let entry = entry_at(&self.buffer[self.at + PAGE_HEADER_BYTES + self.entry * ENTRY_BYTES..]);
        self.entry += 1;
        Ok(Some(entry))
    }

    fn read(&mut self) -> Result<(), BuildError> {
        let pages = (self.run.header.pages - self.next_page).min((PIECE_BYTES / PAGE_BYTES) as u64);
        self.buffer.resize(pages as usize * PAGE_BYTES, 0);
        self.at = 0;
        let read = self.run.pages(self.next_page, &mut self.buffer);
        self.next_page += pages;
        read.map_err(|error| self.fail(error))
    }

    fn fail(&self, error: io::Error) -> BuildError {
        self.run.fail(error);
        BuildError::Read
    }
}

fn entry_at(bytes: &[u8]) -> Entry {
    let (mut key, mut digest) = ([0; 16], [0; 16]);
    key.copy_from_slice(&bytes[..16]);
    digest.copy_from_slice(&bytes[24..40]);
    Entry { key, position: crate::frame::u64_at(bytes, 16), digest }
}

/// Writes filter and pages in one pass.
struct Builder {
    file: Arc<dyn DiskFile>,
    header: RunHeader,
    filter: Stream,
    block: Block,
    block_number: u64,
    filter_digest: crc_fast::Digest,
    pages: Stream,
    page: [u8; PAGE_BYTES],
    page_entries: usize,
    page_number: u64,
    unsynced: u64,
}

/// Bytes on their way to a stretch of the file.
struct Stream {
    bytes: Vec<u8>,
    offset: u64,
}

impl Builder {
    fn new(file: Arc<dyn DiskFile>, log_id: u64, (first, last): (Position, Position), planned: u64) -> Self {
        let header = RunHeader {
            log_id,
            first,
            last,
            entries: 0,
            home_pages: planned.div_ceil(INDEX_PAGE_ENTRIES_PLANNED).max(1),
            pages: 0,
            blocks: filter::blocks(planned),
            filter_checksum: 0,
        };
        let stream = |offset| Stream { bytes: Vec::with_capacity(PIECE_BYTES + PAGE_BYTES), offset };
        Self {
            file,
            header,
            filter: stream(PAGE_BYTES as u64),
            block: Block::default(),
            block_number: 0,
            filter_digest: crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme),
            pages: stream(header.pages_offset()),
            page: [0; PAGE_BYTES],
            page_entries: 0,
            page_number: 0,
            unsynced: 0,
        }
    }

    fn write(mut self, entries: impl Iterator<Item = Result<Entry, BuildError>>) -> Result<(), BuildError> {
        let mut before = None;
        for entry in entries {
            let entry = entry?;
            assert!(before <= Some(entry.key), "keys come in order");
            if before == Some(entry.key) {
                tracing::error!(position = entry.position, "a record has the key of an earlier one");
                continue;
            }
            before = Some(entry.key);
            self.push(&entry)?;
        }
        self.end_page(false)?;
        while self.page_number < self.header.home_pages {
            self.end_page(false)?;
        }
        while self.block_number < self.header.blocks {
            self.end_block()?;
        }
        self.header.pages = self.page_number;
        self.header.filter_checksum = self.filter_digest.finalize();
        let fill = self.header.pages_offset() - PAGE_BYTES as u64 - self.header.filter_bytes() as u64;
        self.filter.bytes.resize(self.filter.bytes.len() + fill as usize, 0);
        self.filter.flush(self.file.as_ref())?;
        self.pages.flush(self.file.as_ref())?;
        self.file.write_at(&self.header.encode(), 0)?;
        self.file.sync()?;
        Ok(())
    }

    fn push(&mut self, entry: &Entry) -> Result<(), BuildError> {
        let block = filter::block_of(&entry.key, self.header.blocks);
        while self.block_number < block {
            self.end_block()?;
        }
        filter::insert(&mut self.block, &entry.key);
        let home = filter::scale(high(&entry.key), self.header.home_pages);
        while self.page_number < home {
            self.end_page(false)?;
        }
        if self.page_entries == PAGE_ENTRIES {
            self.end_page(true)?;
        }
        let at = PAGE_HEADER_BYTES + self.page_entries * ENTRY_BYTES;
        self.page[at..at + 16].copy_from_slice(&entry.key);
        self.page[at + 16..at + 24].copy_from_slice(&entry.position.to_le_bytes());
        self.page[at + 24..at + 40].copy_from_slice(&entry.digest);
        self.page_entries += 1;
        self.header.entries += 1;
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), BuildError> {
        let at = self.filter.bytes.len();
        filter::encode(&self.block, &mut self.filter.bytes);
        self.filter_digest.update(&self.filter.bytes[at..at + BLOCK_BYTES]);
        self.block = Block::default();
        self.block_number += 1;
        if self.filter.bytes.len() >= PIECE_BYTES {
            self.filter.flush(self.file.as_ref())?;
        }
        Ok(())
    }

    fn end_page(&mut self, spilled: bool) -> Result<(), BuildError> {
        let flags = if spilled { FLAG_SPILLED } else { 0 };
        self.page[8..10].copy_from_slice(&(self.page_entries as u16).to_le_bytes());
        self.page[10..12].copy_from_slice(&flags.to_le_bytes());
        self.page[PAGE_HEADER_BYTES + self.page_entries * ENTRY_BYTES..].fill(0);
        let checksum = crc64_nvme(&self.page[8..]);
        self.page[..8].copy_from_slice(&checksum.to_le_bytes());
        self.pages.bytes.extend_from_slice(&self.page);
        self.page_entries = 0;
        self.page_number += 1;
        if self.pages.bytes.len() >= PIECE_BYTES {
            self.unsynced += self.pages.bytes.len() as u64;
            self.pages.flush(self.file.as_ref())?;
            if self.unsynced >= INDEX_SYNC_EVERY_BYTES {
                self.file.sync()?;
                self.unsynced = 0;
            }
        }
        Ok(())
    }
}

impl Stream {
    fn flush(&mut self, file: &dyn DiskFile) -> io::Result<()> {
        file.write_at(&self.bytes, self.offset)?;
        self.offset += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::run::Keys;
    use super::*;
    use crate::disk::RealDisk;
    use daybook_event::record::Known;

    fn place(directory: &std::path::Path) -> Place {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        Place { disk, directory: directory.to_owned(), log_id: 7, filter_bytes_max: usize::MAX }
    }

    /// Keys that crowd together as much as `spread` leaves them no room.
    fn any_entries(spread: u32) -> impl Strategy<Value = Vec<Entry>> {
        proptest::collection::btree_set(any::<u128>(), 0..1_500).prop_map(move |keys| {
            let mut keys: Vec<u128> = keys.into_iter().map(|key| key >> (128 - spread)).collect();
            keys.sort_unstable();
            keys.dedup();
            let entry = |(key, position): (u128, u64)| Entry { key: key.to_be_bytes(), position, digest: [5; 16] };
            keys.into_iter().zip(1..).map(entry).collect()
        })
    }

    fn write(place: &Place, range: (u64, u64), entries: &[Entry]) -> Arc<Run> {
        Arc::new(build(place, range, entries.len() as u64, entries.iter().copied().map(Ok)).unwrap())
    }

    fn check(run: &Run, entries: &[Entry]) -> Result<(), TestCaseError> {
        let keys: Vec<_> = entries.iter().map(|entry| entry.key).collect();
        let absent: Vec<_> = keys.iter().map(|key| (!u128::from_be_bytes(*key)).to_be_bytes()).collect();
        let mut known = vec![None; keys.len()];
        run.lookup(&Keys::new(&keys), &mut known).unwrap();
        for (entry, known) in entries.iter().zip(known) {
            prop_assert_eq!(known, Some(Known { position: entry.position, digest: entry.digest }));
        }
        let mut known = vec![None; keys.len()];
        run.lookup(&Keys::new(&absent), &mut known).unwrap();
        for (key, known) in absent.iter().zip(known) {
            prop_assert_eq!(known.is_some(), keys.contains(key));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn a_run_holds_its_entries(entries in prop_oneof![any_entries(128), any_entries(70), any_entries(10)]) {
            let directory = tempfile::tempdir().unwrap();
            let place = place(directory.path());
            let run = write(&place, (1, 1_500), &entries);
            prop_assert_eq!(run.header.entries, entries.len() as u64);
            check(&run, &entries)?;
            runs::Run::keep_filter(&*run, false);
            check(&run, &entries)?;
            let again: Vec<Entry> = Merge::new(&[run]).map(Result::unwrap).collect();
            prop_assert_eq!(again, entries);
        }

        #[test]
        fn a_merge_holds_what_its_runs_held(entries in any_entries(128), parts in 1_usize..6) {
            let directory = tempfile::tempdir().unwrap();
            let place = place(directory.path());
            let runs: Vec<_> = (0..parts)
                .map(|part| {
                    let mine: Vec<Entry> = entries.iter().copied().skip(part).step_by(parts).collect();
                    write(&place, (part as u64 + 1, part as u64 + 1), &mine)
                })
                .collect();
            let merged = build(&place, (1, parts as u64), entries.len() as u64, Merge::new(&runs)).unwrap();
            prop_assert_eq!(merged.header.entries, entries.len() as u64);
            check(&merged, &entries)?;
        }
    }
}
