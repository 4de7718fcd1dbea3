//! The segments as everyone who reads sees them: which there are, how far they are durable, and which are open.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use daybook_event::Position;
use parking_lot::{Mutex, RwLock};

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::error::ReadError;
use crate::frame::{FrameFault, FrameKind, Summary};
use crate::limits::SEGMENTS_OPEN_MAX;
use crate::segment::{Footer, SEGMENT_HEADER_BYTES, SparseIndex, segment_path};
use crate::stream::{FrameStream, StreamError};

/// A segment that is open for reading.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    pub(crate) first: Position,
    /// How often its file had been replaced when it was opened.
    pub(crate) generation: u32,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) sparse: RwLock<SparseIndex>,
    /// Offset behind the last durable frame.
    pub(crate) end: AtomicU64,
}

/// A segment of the list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SegmentEntry {
    pub(crate) first: Position,
    /// Of a closed segment: offset behind its last frame, and what its records are.
    pub(crate) closed: Option<(u64, Summary)>,
    /// How often its file was replaced since the log was opened.
    pub(crate) generation: u32,
}

/// All segments.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directory: PathBuf,
    pub(crate) log_id: u64,
    segments: RwLock<Segments>,
    /// Closed segments that are open for reading, the least recently used first. Whoever needs both locks takes this
    /// one first.
    open: Mutex<VecDeque<Arc<OpenSegment>>>,
    head: AtomicU64,
}

#[derive(Debug)]
struct Segments {
    /// In position order; never empty. The last one is the one that is written.
    list: Vec<SegmentEntry>,
    active: Arc<OpenSegment>,
    closed_bytes: u64,
}

/// A closed segment, as compaction needs it.
#[derive(Debug, Clone)]
pub(crate) struct Closed {
    pub(crate) first: Position,
    /// The position that follows its last record.
    pub(crate) next: Position,
    /// Offset behind its last frame.
    pub(crate) end: u64,
    pub(crate) summary: Summary,
    generation: u32,
}

impl Closed {
    /// From its entry in the list and the one behind it.
    fn new(entries: &[SegmentEntry]) -> Option<Self> {
        let [SegmentEntry { first, closed: Some((end, summary)), generation }, after] = *entries else { return None };
        Some(Self { first, next: after.first, end, summary, generation })
    }
}

/// A closed segment and its file.
pub(crate) struct ClosedFile {
    pub(crate) closed: Closed,
    pub(crate) file: Arc<dyn DiskFile>,
}

/// Where to read.
pub(crate) struct Located {
    pub(crate) entry: SegmentEntry,
    /// The position that follows the segment's last durable record.
    pub(crate) next: Position,
}

impl Store {
    /// `list` ends with the segment that is written, which is `active`.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        directory: &Path,
        log_id: u64,
        list: Vec<SegmentEntry>,
        active: Arc<OpenSegment>,
        head: Position,
    ) -> Self {
        assert!(list.last().is_some_and(|entry| entry.first == active.first), "the last segment is the active one");
        let closed_bytes = list.iter().filter_map(|entry| entry.closed.map(|(end, _)| end)).sum();
        Self {
            disk,
            directory: directory.to_owned(),
            log_id,
            segments: RwLock::new(Segments { list, active, closed_bytes }),
            open: Mutex::new(VecDeque::new()),
            head: AtomicU64::new(head),
        }
    }

    /// The position of the last durable record.
    pub(crate) fn head(&self) -> Position {
        self.head.load(Ordering::Acquire)
    }

    /// Everything up to `head` is durable.
    pub(crate) fn advance(&self, head: Position) {
        self.head.store(head, Ordering::Release);
    }

    /// The segment that is written.
    pub(crate) fn active(&self) -> Arc<OpenSegment> {
        Arc::clone(&self.segments.read().active)
    }

    /// How many segments there are, and their bytes.
    pub(crate) fn size(&self) -> (usize, u64) {
        let segments = self.segments.read();
        (segments.list.len(), segments.closed_bytes + segments.active.end.load(Ordering::Acquire))
    }

    /// Closes the active segment, whose frames end at `end`, and goes on with `next`.
    pub(crate) fn roll(&self, end: u64, next: Arc<OpenSegment>) {
        // Held until the closed segment is in it, so that its file is not replaced before.
        let mut open = self.open.lock();
        let mut segments = self.segments.write();
        let summary = *segments.active.sparse.read().summary();
        if let Some(last) = segments.list.last_mut() {
            last.closed = Some((end, summary));
        }
        segments.list.push(SegmentEntry { first: next.first, closed: None, generation: next.generation });
        segments.closed_bytes += end;
        let closed = std::mem::replace(&mut segments.active, next);
        drop(segments);
        remember(&mut open, closed);
    }

    /// Puts another file in the place of a closed segment's, by this renaming: its frames end at `end`, and its records
    /// are these. Whoever has the old one open reads on in it; nobody opens it any more.
    pub(crate) fn replace(
        &self,
        first: Position,
        end: u64,
        summary: Summary,
        rename: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let mut open = self.open.lock();
        rename()?;
        open.retain(|segment| segment.first != first);
        let mut segments = self.segments.write();
        let at = segments.list.partition_point(|entry| entry.first < first);
        let Some(entry) = segments.list.get_mut(at).filter(|entry| entry.first == first) else { return Ok(()) };
        let before = entry.closed.replace((end, summary)).map_or(0, |(end, _)| end);
        entry.generation += 1;
        segments.closed_bytes = segments.closed_bytes - before + end;
        Ok(())
    }

    /// The closed segments, in position order.
    pub(crate) fn closed(&self) -> Vec<Closed> {
        let segments = self.segments.read();
        segments.list.windows(2).filter_map(Closed::new).collect()
    }

    /// A closed segment as it is now, and its file.
    pub(crate) fn open_closed(&self, first: Position) -> Result<Option<ClosedFile>, ReadError> {
        let path = segment_path(&self.directory, first);
        let closed = || {
            let segments = self.segments.read();
            let at = segments.list.partition_point(|entry| entry.first < first);
            segments.list.get(at..at + 2).and_then(Closed::new).filter(|closed| closed.first == first)
        };
        loop {
            let Some(before) = closed() else { return Ok(None) };
            let file = self.disk.open(&path, OpenMode::Read).map_err(ReadError::io(&path));
            let _open = self.open.lock();
            // The file may have been replaced meanwhile.
            if closed().is_some_and(|now| now.generation == before.generation) {
                return Ok(Some(ClosedFile { closed: before, file: file? }));
            }
        }
    }

    /// Whether the file of this segment is still the one that it was opened with.
    pub(crate) fn is_current(&self, segment: &OpenSegment) -> bool {
        self.entry(segment.first).is_some_and(|entry| entry.generation == segment.generation)
    }

    fn entry(&self, first: Position) -> Option<SegmentEntry> {
        let segments = self.segments.read();
        let at = segments.list.partition_point(|entry| entry.first < first);
        segments.list.get(at).filter(|entry| entry.first == first).copied()
    }

    /// The segment that holds `position`, which must not be behind the head.
    pub(crate) fn locate(&self, position: Position) -> Option<Located> {
        let segments = self.segments.read();
        let at = segments.list.partition_point(|entry| entry.first <= position).checked_sub(1)?;
        let next = segments.list.get(at + 1).map_or_else(|| self.head() + 1, |entry| entry.first);
        Some(Located { entry: segments.list[at], next })
    }

    /// Opens the segment that begins with this position for reading.
    pub(crate) fn open(&self, first: Position) -> Result<Arc<OpenSegment>, ReadError> {
        let path = segment_path(&self.directory, first);
        loop {
            let active = self.active();
            if active.first == first {
                return Ok(active);
            }
            // Looked up now, because it may have been closed since it was located.
            let Some(SegmentEntry { closed: Some((end, _)), generation, .. }) = self.entry(first) else {
                return Err(ReadError::Io { file: path, source: io::ErrorKind::NotFound.into() });
            };
            if let Some(segment) = used(&mut self.open.lock(), first, generation) {
                return Ok(segment);
            }
            let opened = self.open_file(first, generation, end);
            let mut open = self.open.lock();
            // The file may have been replaced meanwhile. Then what was read is not what the list says, nor any error.
            if self.entry(first).is_some_and(|entry| entry.generation == generation) {
                let segment = Arc::new(opened?);
                remember(&mut open, Arc::clone(&segment));
                return Ok(segment);
            }
        }
    }

    fn open_file(&self, first: Position, generation: u32, end: u64) -> Result<OpenSegment, ReadError> {
        let path = segment_path(&self.directory, first);
        let file = self.disk.open(&path, OpenMode::Read).map_err(ReadError::io(&path))?;
        let footer = Footer::read(file.as_ref(), self.log_id).map_err(ReadError::io(&path))?;
        let sparse = match footer {
            Some(footer) if footer.offset == end => footer.sparse,
            _ => walk(file.as_ref(), &path, self.log_id, end)?,
        };
        Ok(OpenSegment { first, generation, path, file, sparse: RwLock::new(sparse), end: AtomicU64::new(end) })
    }
}

/// Takes a segment from those that are open, as the most recently used one.
fn used(open: &mut VecDeque<Arc<OpenSegment>>, first: Position, generation: u32) -> Option<Arc<OpenSegment>> {
    let at = open.iter().position(|segment| segment.first == first && segment.generation == generation)?;
    let segment = open.remove(at)?;
    open.push_back(Arc::clone(&segment));
    Some(segment)
}

fn remember(open: &mut VecDeque<Arc<OpenSegment>>, segment: Arc<OpenSegment>) {
    open.push_back(segment);
    if open.len() > SEGMENTS_OPEN_MAX {
        open.pop_front();
    }
}

/// Makes the sparse index of a closed segment that has no valid footer, from the headers of its frames.
fn walk(file: &dyn DiskFile, path: &Path, log_id: u64, end: u64) -> Result<SparseIndex, ReadError> {
    let mut sparse = SparseIndex::new();
    let mut stream = FrameStream::new(file, log_id, SEGMENT_HEADER_BYTES, end);
    loop {
        let offset = stream.offset();
        let Some(header) = stream.header().map_err(|error| read_error(error, path, offset))? else {
            return Ok(sparse);
        };
        if header.kind == FrameKind::Records {
            sparse.push(&header, offset);
        }
        stream.advance(&header);
    }
}

/// The error of reading the frame at an offset of a file.
pub(crate) fn read_error(error: StreamError, path: &Path, offset: u64) -> ReadError {
    match error {
        StreamError::Io(source) => ReadError::Io { file: path.to_owned(), source },
        StreamError::Fault(FrameFault::Version(version)) => {
            ReadError::Version { file: path.to_owned(), version: version.into() }
        }
        StreamError::Fault(fault) => ReadError::Damaged { file: path.to_owned(), offset, what: fault.to_string() },
    }
}
