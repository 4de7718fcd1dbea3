//! Reading a log without opening it: from its first record to its last, without the lock, without repairing anything, and
//! without trusting what the files say of themselves.
//!
//! A [`Scan`] may run while another process writes. It reads the last segment as far as that was when the scan came to it;
//! what stands behind the last whole frame there is a torn tail, as it is for a log that was not closed. Everything else
//! that is not exactly as this crate writes it is a [`Damage`]: not only wrong checksums, but also what contradicts itself
//! under right ones. Whether the records are those that once were written no scan can tell; that takes a proof.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_event::Position;
use daybook_event::record::{Digest, RecordKey};

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::error::ReadError;
use crate::frame::{FRAME_HEADER_BYTES, Frame, FrameFault, FrameHeader, FrameKind};
use crate::limits::SCAN_READ_AHEAD_BYTES;
use crate::segment::{
    Footer, SEGMENT_HEADER_BYTES, SegmentFault, SegmentHeader, SparseIndex, TRAILER_BYTES, segment_name, segment_path,
};
use crate::store::read_error;
use crate::stream::{FrameStream, StreamError};

/// Why a scan goes no further.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The log is not as it was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A file was written by a later version of Daybook.
    #[error("{} has format version {version}, which this Daybook does not know", file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// Its version.
        version: u16,
    },
    /// The disk refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file or directory.
        file: PathBuf,
        /// What the disk said.
        source: std::io::Error,
    },
}

/// Something in the log is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is damaged at byte {offset}, where record {position} should come: {what}", file.display())]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where in it.
    pub offset: u64,
    /// The position of the first record that could not be read.
    pub position: Position,
    /// What is wrong.
    pub what: String,
}

/// One record of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScannedRecord<'a> {
    /// Its place in the log.
    pub position: Position,
    /// Its name in the log.
    pub key: RecordKey,
    /// Digest of the event as it was sent.
    pub digest: Digest,
    /// Hash of the app's slug.
    pub app: u64,
    /// When the event happened, in microseconds since the Unix epoch; 0 of a compacted record.
    pub time_us: i64,
    /// Whether it is in no feed.
    pub hidden: bool,
    /// Whether it is compacted: then the bytes are its leaf hash.
    pub compacted: bool,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Records that were written together.
#[derive(Debug)]
pub struct ScannedFrame {
    frame: Frame,
    identities: Vec<(RecordKey, Digest)>,
    offset: u64,
}

impl ScannedFrame {
    /// The position of the first record.
    #[must_use]
    pub fn first(&self) -> Position {
        self.frame.first()
    }

    /// Where the frame begins in its file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The records, in position order.
    pub fn records(&self) -> impl Iterator<Item = ScannedRecord<'_>> {
        self.frame.rows().zip(&self.identities).map(|(row, (key, digest))| ScannedRecord {
            position: row.position,
            key: *key,
            digest: *digest,
            app: row.app,
            time_us: row.time_us,
            hidden: row.hidden(),
            compacted: row.compacted(),
            bytes: row.bytes,
        })
    }
}

/// Reads a log from its first record on.
#[derive(Debug)]
pub struct Scan {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    /// First positions of the segments that are still to come, the last one first.
    waiting: Vec<Position>,
    log_id: Option<u64>,
    segment: Option<Segment>,
    /// The position of the record that comes next.
    next: Position,
    /// Bytes of the segments that were read to their end.
    bytes_done: u64,
    bytes_total: u64,
    torn_bytes: u64,
    done: bool,
}

/// The segment that is being read.
#[derive(Debug)]
struct Segment {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    first: Position,
    compacted: bool,
    /// How long the file was when it was opened.
    length: u64,
    /// Where the next frame begins.
    offset: u64,
    /// What the frame before said was durable.
    synced: u64,
    sparse: SparseIndex,
    /// Bytes of the file from `buffer_offset` on.
    buffer: Vec<u8>,
    buffer_offset: u64,
}

/// What comes next in a segment.
enum Next {
    Frame(ScannedFrame),
    /// A mark, of which nothing is to be told.
    Mark,
    /// The segment is through: its footer was there and right, or the segment behind it takes over here.
    Closed,
    /// Nothing whole comes any more.
    Tail(Option<FrameFault>),
}

impl Scan {
    /// Looks what segments there are in the directory of a log.
    ///
    /// # Errors
    /// [`ScanError::Io`] when the directory cannot be read. An empty one, or one that is not there, is a log without
    /// records.
    pub fn open(directory: &Path, disk: Arc<dyn Disk>) -> Result<Self, ScanError> {
        let mut scan = Self {
            waiting: Vec::new(),
            log_id: None,
            segment: None,
            next: 1,
            bytes_done: 0,
            bytes_total: 0,
            torn_bytes: 0,
            done: false,
            directory: directory.to_owned(),
            disk,
        };
        scan.waiting = scan.segments_from(0)?;
        for first in &scan.waiting {
            let path = segment_path(directory, *first);
            let file = scan.disk.open(&path, OpenMode::Read).map_err(io_error(&path))?;
            scan.bytes_total += file.length().map_err(io_error(&path))?;
        }
        Ok(scan)
    }

    /// The position of the record that comes next: one more than the records that were read.
    #[must_use]
    pub fn next_position(&self) -> Position {
        self.next
    }

    /// Bytes that were read, of those that there were at the beginning.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let here = self.segment.as_ref().map_or(0, |segment| segment.offset);
        ((self.bytes_done + here).min(self.bytes_total), self.bytes_total)
    }

    /// Bytes behind the last whole frame that nobody was told about: the remains of a write, or one that is under way.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// The segment that is being read.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.segment.as_ref().map(|segment| segment.path.as_path())
    }

    /// The next frame of records; `None` at the end.
    ///
    /// # Errors
    /// [`ScanError`]; the scan is over then.
    pub fn next_frame(&mut self) -> Result<Option<ScannedFrame>, ScanError> {
        let frame = self.frame();
        self.done |= !matches!(frame, Ok(Some(_)));
        frame
    }

    fn frame(&mut self) -> Result<Option<ScannedFrame>, ScanError> {
        while !self.done {
            if self.segment.is_none() && !self.next_segment()? {
                return Ok(None);
            }
            let Some(segment) = &mut self.segment else { return Ok(None) };
            let (log_id, following) = (self.log_id.unwrap_or_default(), self.waiting.last().copied());
            // A crash between putting the last segment in place and closing the one before leaves that without its footer.
            let unclosed = self.waiting.len() == 1 && following == Some(self.next);
            match segment.next(log_id, self.next, unclosed)? {
                Next::Frame(frame) => {
                    self.next = frame.frame.end();
                    return Ok(Some(frame));
                }
                Next::Mark => {}
                Next::Closed => self.leave(),
                Next::Tail(fault) => {
                    if following.is_some() {
                        let what = fault.map_or_else(|| "it ends too early".to_owned(), |fault| fault.to_string());
                        return Err(segment.damage(self.next, &what).into());
                    }
                    if let Some(fault) = fault {
                        segment.refuse_damage(log_id, self.next, fault)?;
                    }
                    self.torn_bytes = segment.length - segment.offset;
                    self.leave();
                    self.done = true;
                }
            }
        }
        Ok(None)
    }

    /// Done with a segment.
    fn leave(&mut self) {
        self.bytes_done += self.segment.take().map_or(0, |segment| segment.length);
    }

    /// Opens the segment that comes next; says whether there is one.
    fn next_segment(&mut self) -> Result<bool, ScanError> {
        if self.waiting.is_empty() && self.next > 1 {
            // The last one was closed, so another was begun; perhaps after the scan was.
            self.waiting = self.segments_from(self.next)?;
            if self.waiting.is_empty() {
                return Err(self.missing("the segment that follows the last one is missing".to_owned()));
            }
        }
        let Some(first) = self.waiting.pop() else { return Ok(false) };
        if first != self.next {
            let what = match self.next {
                1 => "the first segment is missing".to_owned(),
                next => format!("the records {next} to {} are missing", first - 1),
            };
            return Err(self.missing(what));
        }
        let path = segment_path(&self.directory, first);
        let segment = Segment::open(self.disk.as_ref(), path, first, &mut self.log_id)?;
        self.segment = Some(segment);
        Ok(true)
    }

    fn missing(&self, what: String) -> ScanError {
        Damage { file: segment_path(&self.directory, self.next), offset: 0, position: self.next, what }.into()
    }

    /// First positions of the segments from `from` on, the last one first.
    fn segments_from(&self, from: Position) -> Result<Vec<Position>, ScanError> {
        let names = match self.disk.list(&self.directory) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(ScanError::Io { file: self.directory.clone(), source }),
        };
        let mut firsts: Vec<_> = names.iter().filter_map(|name| segment_name(name)).filter(|at| *at >= from).collect();
        firsts.sort_unstable_by(|one, other| other.cmp(one));
        Ok(firsts)
    }
}

impl Segment {
    fn open(disk: &dyn Disk, path: PathBuf, first: Position, log_id: &mut Option<u64>) -> Result<Self, ScanError> {
        let file = disk.open(&path, OpenMode::Read).map_err(io_error(&path))?;
        let length = file.length().map_err(io_error(&path))?;
        let damage = |offset, what: &str| Damage { file: path.clone(), offset, position: first, what: what.to_owned() };
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        let read = file.read_at(&mut bytes, 0).map_err(io_error(&path))?;
        let header = match SegmentHeader::decode(&bytes[..read]) {
            Ok(header) => header,
            Err(SegmentFault::Version(version)) => return Err(ScanError::Version { file: path, version }),
            Err(SegmentFault::Damaged(what)) => return Err(damage(0, what).into()),
        };
        if header.first != first {
            return Err(damage(24, "the segment is not the one that its name says").into());
        }
        if *log_id.get_or_insert(header.log_id) != header.log_id {
            return Err(damage(16, "the segment belongs to another log").into());
        }
        if header.encode() != bytes {
            return Err(damage(0, "the segment's header has bytes that nobody wrote").into());
        }
        Ok(Self {
            path,
            file,
            first,
            compacted: header.compacted,
            length,
            offset: SEGMENT_HEADER_BYTES,
            synced: SEGMENT_HEADER_BYTES,
            sparse: SparseIndex::new(),
            buffer: Vec::new(),
            buffer_offset: 0,
        })
    }

    /// What comes next. `next` is the position that should; `unclosed` says that the last segment of the log begins with it, so
    /// that this one may be without its footer.
    fn next(&mut self, log_id: u64, next: Position, unclosed: bool) -> Result<Next, ScanError> {
        let mut stream = FrameStream::resume(
            self.file.as_ref(),
            log_id,
            self.offset,
            self.length,
            (std::mem::take(&mut self.buffer), self.buffer_offset),
        )
        .with_read_ahead(SCAN_READ_AHEAD_BYTES);
        let outcome = read_frame(&mut stream);
        (self.buffer, self.buffer_offset) = stream.into_buffer();
        let (header, bytes, scanned) = match outcome {
            Ok(Some(read)) => read,
            Ok(None) | Err(StreamError::Fault(FrameFault::Short)) if unclosed => return Ok(Next::Closed),
            Ok(None) => return Ok(Next::Tail(None)),
            Err(StreamError::Fault(FrameFault::Version(version))) => {
                return Err(ScanError::Version { file: self.path.clone(), version: version.into() });
            }
            Err(StreamError::Fault(fault)) => return Ok(Next::Tail(Some(fault))),
            Err(StreamError::Io(source)) => return Err(ScanError::Io { file: self.path.clone(), source }),
        };
        if unclosed && header.kind == FrameKind::Records {
            // What nothing proved durable was written again to the last segment, and is cut off here after that.
            return Ok(Next::Closed);
        }
        if header.first != next {
            let what = format!("the frame begins with record {}, and {next} should come", header.first);
            return Err(self.damage(next, &what).into());
        }
        if header.synced != self.offset && header.synced != self.synced {
            return Err(self.damage(next, "the frame is wrong about what was durable before it").into());
        }
        if !header.is_written_as(&bytes, log_id) {
            return Err(self.damage(next, "the frame's header has bytes that nobody wrote").into());
        }
        let offset = self.offset;
        let next_thing = match (header.kind, scanned) {
            (FrameKind::Records, Some((frame, identities))) => {
                if let Some(what) = header.contradiction(&frame) {
                    return Err(self.damage(next, what).into());
                }
                if header.compacted && !self.compacted {
                    return Err(self.damage(next, "records are compacted in a segment that is not").into());
                }
                self.sparse.push(&header, offset);
                Next::Frame(ScannedFrame { frame, identities, offset })
            }
            (FrameKind::Footer, _) => {
                self.check_footer(log_id, next)?;
                return Ok(Next::Closed);
            }
            _ => Next::Mark,
        };
        self.offset += header.frame_bytes();
        self.synced = header.synced;
        Ok(next_thing)
    }

    /// Makes sure that the footer says what the frames were, and that nothing stands behind it.
    fn check_footer(&self, log_id: u64, next: Position) -> Result<(), ScanError> {
        let footer = Footer::read(self.file.as_ref(), log_id).map_err(io_error(&self.path))?;
        let written = self.sparse.footer(log_id, next, self.offset).len() as u64;
        let right = footer
            .is_some_and(|footer| footer.offset == self.offset && footer.next == next && footer.sparse == self.sparse);
        let ends = self.offset + written == self.length;
        if right && ends && written >= TRAILER_BYTES {
            Ok(())
        } else {
            Err(self.damage(next, "the segment's footer is not that of its frames").into())
        }
    }

    /// Refuses when something behind the invalid bytes proves that they had been durable.
    fn refuse_damage(&self, log_id: u64, next: Position, fault: FrameFault) -> Result<(), ScanError> {
        let mut stream = FrameStream::new(self.file.as_ref(), log_id, self.offset, self.length);
        loop {
            match stream.search() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(read_error(error, &self.path, stream.offset()).into()),
            }
            let Ok(Some(header)) = stream.header() else { continue };
            let whole = stream.payload(&header).is_ok();
            if whole && header.synced > self.offset && header.first >= next {
                return Err(self.damage(next, &fault.to_string()).into());
            }
        }
    }

    fn damage(&self, position: Position, what: &str) -> Damage {
        debug_assert!(position >= self.first);
        Damage { file: self.path.clone(), offset: self.offset, position, what: what.to_owned() }
    }
}

type ReadFrame = (FrameHeader, [u8; FRAME_HEADER_BYTES], Option<(Frame, Vec<(RecordKey, Digest)>)>);

/// The next frame, checked and, if it holds records, decoded.
fn read_frame(stream: &mut FrameStream<'_>) -> Result<Option<ReadFrame>, StreamError> {
    let Some(header) = stream.header()? else { return Ok(None) };
    let bytes = stream.header_bytes()?;
    let payload = stream.payload(&header)?;
    if header.kind != FrameKind::Records {
        return Ok(Some((header, bytes, None)));
    }
    let frame = Frame::decode(&header, payload)?;
    let identities = header.identities(payload).collect();
    Ok(Some((header, bytes, Some((frame, identities)))))
}

fn io_error(file: &Path) -> impl FnOnce(std::io::Error) -> ScanError {
    let file = file.to_owned();
    move |source| ScanError::Io { file, source }
}

impl From<ReadError> for ScanError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged { file, offset, what } => Self::Damaged(Damage { file, offset, position: 0, what }),
            ReadError::Version { file, version } => Self::Version { file, version },
            ReadError::Io { file, source } => Self::Io { file, source },
        }
    }
}
