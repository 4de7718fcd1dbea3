//! Opening a log directory: what is there, what of it can be trusted, and where writing goes on.
//!
//! The rules are those of `docs/log-format.md`, "What is durable, what is a torn tail, and what is damage".

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use daybook_event::Position;
use parking_lot::RwLock;

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::error::OpenError;
use crate::frame::{FrameFault, FrameHeader, FrameKind};
use crate::limits::SEGMENTS_OPEN_MAX;
use crate::segment::{
    Footer, SEGMENT_HEADER_BYTES, SegmentFault, SegmentHeader, SparseIndex, segment_name, segment_path,
};
use crate::store::{OpenSegment, SegmentEntry, Store, read_error};
use crate::stream::{FrameStream, StreamError};

/// Frames that recovery reads are read in pieces of this size.
const SCAN_READ_AHEAD_BYTES: usize = 1024 * 1024;

/// What recovery found and did.
pub(crate) struct Recovered {
    pub(crate) store: Store,
    /// Offset in the active segment at which the next frame goes.
    pub(crate) offset: u64,
    /// Bytes of a torn tail that were cut off.
    pub(crate) torn_bytes: u64,
    /// Records that were written again because nothing proved them durable.
    pub(crate) rewritten_records: u64,
}

/// Brings the segments of a directory into a state that can be written to, or says why that cannot be.
pub(crate) fn recover(disk: &Arc<dyn Disk>, directory: &Path, verify_bytes: u64) -> Result<Recovered, OpenError> {
    let firsts = segments(disk.as_ref(), directory)?;
    let Some((&last, earlier)) = firsts.split_last() else {
        return begin(disk, directory);
    };
    if firsts[0] != 1 {
        return Err(damaged(&segment_path(directory, 1), 0, "the first segment is missing"));
    }
    let tail = Opened::open(disk.as_ref(), directory, last, None)?;
    let log_id = tail.log_id;
    let mut list = Vec::with_capacity(firsts.len() + 1);
    let mut verified = tail.length;
    // The newest first, because the option says how many of the newest bytes are verified.
    for (&first, &next) in earlier.iter().zip(&firsts[1..]).rev() {
        let segment = Opened::open(disk.as_ref(), directory, first, Some(log_id))?;
        verified = verified.saturating_add(segment.length);
        list.push(segment.closed(next, verified <= verify_bytes)?);
    }
    list.reverse();
    recover_tail(disk, directory, tail, list)
}

/// Starts a new log.
fn begin(disk: &Arc<dyn Disk>, directory: &Path) -> Result<Recovered, OpenError> {
    let mut random = RandomState::new().build_hasher();
    random.write_u32(std::process::id());
    let log_id = random.finish();
    let active = create_segment(disk.as_ref(), directory, log_id, 1, &[])?;
    let list = vec![SegmentEntry { first: 1, closed: None, generation: 0 }];
    let store = Store::new(Arc::clone(disk), directory, log_id, list, Arc::new(active), 0);
    Ok(Recovered { store, offset: SEGMENT_HEADER_BYTES, torn_bytes: 0, rewritten_records: 0 })
}

/// First positions of the segments in a directory, in order. Removes what was being put in place.
fn segments(disk: &dyn Disk, directory: &Path) -> Result<Vec<Position>, OpenError> {
    let mut firsts = Vec::new();
    for name in disk.list(directory).map_err(OpenError::io(directory))? {
        if let Some(first) = segment_name(&name) {
            firsts.push(first);
        } else if name.ends_with(".seg.tmp") {
            let path = directory.join(&name);
            disk.remove(&path).map_err(OpenError::io(&path))?;
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Puts a new segment with these frames in place, durably.
pub(crate) fn create_segment(
    disk: &dyn Disk,
    directory: &Path,
    log_id: u64,
    first: Position,
    frames: &[(FrameHeader, Vec<u8>)],
) -> Result<OpenSegment, OpenError> {
    let path = segment_path(directory, first);
    let temporary = path.with_extension("seg.tmp");
    let mut bytes = SegmentHeader { log_id, first, compacted: false }.encode().to_vec();
    let mut sparse = SparseIndex::new();
    for (header, payload) in frames {
        let header = FrameHeader { synced: SEGMENT_HEADER_BYTES, ..*header };
        sparse.push(&header, bytes.len() as u64);
        bytes.extend_from_slice(&header.encode(log_id));
        bytes.extend_from_slice(payload);
    }
    let put = || {
        let file = disk.open(&temporary, OpenMode::Create)?;
        file.write_at(&bytes, 0)?;
        file.sync()?;
        disk.rename(&temporary, &path)?;
        disk.sync_directory(directory)?;
        Ok(file)
    };
    let file = put().map_err(|error| {
        // What is left of it is removed at the next start at the latest.
        let _ = disk.remove(&temporary);
        OpenError::io(&temporary)(error)
    })?;
    let end = AtomicU64::new(bytes.len() as u64);
    Ok(OpenSegment { first, generation: 0, path, file, sparse: RwLock::new(sparse), end })
}

/// Makes the last segment fit to be written to and the log complete.
fn recover_tail(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    tail: Opened,
    mut list: Vec<SegmentEntry>,
) -> Result<Recovered, OpenError> {
    let scan = tail.scan(None)?;
    let torn_bytes = match scan.stopped {
        Stopped::End => 0,
        Stopped::Footer => tail.length - scan.end,
        Stopped::Fault(fault) => {
            tail.refuse_damage(scan.end, scan.next, fault)?;
            tail.length - scan.end
        }
    };
    let (first, log_id, head) = (tail.first, tail.log_id, scan.next - 1);
    let proven = scan.proven;
    let cut = if scan.unproven.is_empty() { scan.end } else { proven };
    let frames = tail.payloads(&scan.unproven)?;
    let rewritten_records = frames.iter().map(|(header, _)| u64::from(header.records)).sum();
    let active = if let Some((header, _)) = frames.first() {
        let begin = header.first;
        let active = create_segment(disk.as_ref(), directory, log_id, begin, &frames)?;
        if begin != first {
            tail.close(cut, begin, &scan.sparse)?;
            list.push(SegmentEntry { first, closed: Some((cut, *scan.sparse.summary())), generation: 0 });
        }
        active
    } else {
        if cut < tail.length {
            let cut_and_sync = || tail.file.truncate(cut).and_then(|()| tail.file.sync());
            cut_and_sync().map_err(OpenError::io(&tail.path))?;
        }
        let (sparse, end) = (RwLock::new(scan.sparse), AtomicU64::new(cut));
        OpenSegment { first, generation: 0, path: tail.path, file: tail.file, sparse, end }
    };
    let offset = active.end.load(std::sync::atomic::Ordering::Acquire);
    list.push(SegmentEntry { first: active.first, closed: None, generation: 0 });
    let store = Store::new(Arc::clone(disk), directory, log_id, list, Arc::new(active), head);
    let torn_bytes = if matches!(scan.stopped, Stopped::Fault(_)) { torn_bytes } else { 0 };
    Ok(Recovered { store, offset, torn_bytes, rewritten_records })
}

/// A segment that recovery looks at.
struct Opened {
    first: Position,
    log_id: u64,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    length: u64,
}

/// What the frames of a segment are.
struct Scan {
    /// Offset behind the last valid frame.
    end: u64,
    /// The position that comes next.
    next: Position,
    /// Up to this offset the frames are proven durable.
    proven: u64,
    /// The frames of records behind it, with their offsets.
    unproven: Vec<(FrameHeader, u64)>,
    /// The index of the proven frames, or of all when there are no others.
    sparse: SparseIndex,
    stopped: Stopped,
}

/// Why a scan went no further.
#[derive(Clone, Copy)]
enum Stopped {
    End,
    Footer,
    Fault(FrameFault),
}

impl Opened {
    fn open(disk: &dyn Disk, directory: &Path, first: Position, log_id: Option<u64>) -> Result<Self, OpenError> {
        let path = segment_path(directory, first);
        let file = disk.open(&path, OpenMode::Write).map_err(OpenError::io(&path))?;
        let length = file.length().map_err(OpenError::io(&path))?;
        let header = match SegmentHeader::read(file.as_ref()).map_err(OpenError::io(&path))? {
            Ok(header) => header,
            Err(SegmentFault::Version(version)) => return Err(OpenError::Version { file: path, version }),
            Err(SegmentFault::Damaged(what)) => return Err(damaged(&path, 0, what)),
        };
        if header.first != first {
            return Err(damaged(&path, 24, "the segment is not the one that its name says"));
        }
        if log_id.is_some_and(|log_id| log_id != header.log_id) {
            return Err(damaged(&path, 16, "the segment belongs to another log"));
        }
        Ok(Self { first, log_id: header.log_id, path, file, length })
    }

    /// Makes sure that this segment holds exactly the records before `next`, reading all of it when `verify` says so
    /// or its footer does not vouch for it.
    fn closed(&self, next: Position, verify: bool) -> Result<SegmentEntry, OpenError> {
        let footer = Footer::read(self.file.as_ref(), self.log_id).map_err(OpenError::io(&self.path))?;
        let footer = footer.filter(|footer| footer.next == next);
        if let Some(footer) = footer.as_ref().filter(|_| !verify) {
            let closed = Some((footer.offset, *footer.sparse.summary()));
            return Ok(SegmentEntry { first: self.first, closed, generation: 0 });
        }
        let scan = self.scan(Some(next))?;
        if scan.next != next {
            let what = match scan.stopped {
                Stopped::Fault(fault) => fault.to_string(),
                Stopped::End | Stopped::Footer => format!("the records {} to {} are missing", scan.next, next - 1),
            };
            return Err(damaged(&self.path, scan.end, &what));
        }
        if footer.is_none_or(|footer| footer.offset != scan.end || footer.sparse != scan.sparse) {
            // A crash between putting the next segment in place and closing this one.
            self.close(scan.end, next, &scan.sparse)?;
        }
        Ok(SegmentEntry { first: self.first, closed: Some((scan.end, *scan.sparse.summary())), generation: 0 })
    }

    /// Reads the frames up to the first thing that is none, to the footer, or to the record `until`.
    fn scan(&self, until: Option<Position>) -> Result<Scan, OpenError> {
        let mut stream = FrameStream::new(self.file.as_ref(), self.log_id, SEGMENT_HEADER_BYTES, self.length)
            .with_read_ahead(SCAN_READ_AHEAD_BYTES);
        let (mut next, mut proven) = (self.first, SEGMENT_HEADER_BYTES);
        let (mut sparse, mut unproven) = (SparseIndex::new(), Vec::new());
        let all = until.is_some();
        let stopped = loop {
            if until == Some(next) {
                break Stopped::End;
            }
            let offset = stream.offset();
            let header = match next_frame(&mut stream) {
                Ok(Some(header)) => header,
                Ok(None) => break Stopped::End,
                Err(StreamError::Fault(fault @ FrameFault::Version(_))) => {
                    return Err(read_error(fault.into(), &self.path, offset).into());
                }
                Err(StreamError::Fault(fault)) => break Stopped::Fault(fault),
                Err(StreamError::Io(source)) => return Err(OpenError::Io { file: self.path.clone(), source }),
            };
            if header.first != next || header.synced > offset {
                let what = format!("the frame begins with record {}, and {next} should come", header.first);
                return Err(damaged(&self.path, offset, &what));
            }
            if header.synced > proven {
                proven = header.synced;
                for (header, offset) in unproven.drain(..) {
                    sparse.push(&header, offset);
                }
            }
            match header.kind {
                FrameKind::Records => unproven.push((header, offset)),
                FrameKind::Mark => {}
                FrameKind::Footer => break Stopped::Footer,
            }
            next = header.end();
            stream.advance(&header);
        };
        if all {
            // Whatever follows begins a segment of its own, which proves these.
            for (header, offset) in unproven.drain(..) {
                sparse.push(&header, offset);
            }
        }
        Ok(Scan { end: stream.offset(), next, proven, unproven, sparse, stopped })
    }

    /// Refuses when something behind the invalid bytes at `offset` proves that they had been durable.
    fn refuse_damage(&self, offset: u64, next: Position, fault: FrameFault) -> Result<(), OpenError> {
        let mut stream = FrameStream::new(self.file.as_ref(), self.log_id, offset, self.length);
        loop {
            match stream.search() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(read_error(error, &self.path, stream.offset()).into()),
            }
            match next_frame(&mut stream) {
                Ok(Some(header)) if header.synced > offset && header.first >= next => {
                    return Err(damaged(&self.path, offset, &fault.to_string()));
                }
                Ok(_) | Err(StreamError::Fault(_)) => {}
                Err(StreamError::Io(source)) => return Err(OpenError::Io { file: self.path.clone(), source }),
            }
        }
    }

    /// The payloads of frames.
    fn payloads(&self, frames: &[(FrameHeader, u64)]) -> Result<Vec<(FrameHeader, Vec<u8>)>, OpenError> {
        let read = |(header, offset): &(FrameHeader, u64)| {
            let mut stream = FrameStream::new(self.file.as_ref(), self.log_id, *offset, self.length);
            let payload = stream.payload(header).map_err(|error| read_error(error, &self.path, *offset))?;
            Ok((*header, payload.to_vec()))
        };
        frames.iter().map(read).collect()
    }

    /// Cuts the segment at `end` and gives it its footer.
    fn close(&self, end: u64, next: Position, sparse: &SparseIndex) -> Result<(), OpenError> {
        let close = || {
            self.file.truncate(end)?;
            self.file.write_at(&sparse.footer(self.log_id, next, end), end)?;
            self.file.sync()
        };
        close().map_err(OpenError::io(&self.path))
    }
}

/// The next frame's header, when the whole frame is valid.
fn next_frame(stream: &mut FrameStream<'_>) -> Result<Option<FrameHeader>, StreamError> {
    let Some(header) = stream.header()? else { return Ok(None) };
    stream.payload(&header)?;
    Ok(Some(header))
}

fn damaged(file: &Path, offset: u64, what: &str) -> OpenError {
    OpenError::Damaged { file: file.to_owned(), offset, what: what.to_owned() }
}

const _: () = assert!(SEGMENTS_OPEN_MAX > 0);
