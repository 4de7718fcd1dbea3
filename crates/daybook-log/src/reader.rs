//! Reading records back, from a position on or one at a time.

mod leaves;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use daybook_event::Position;
use daybook_event::record::{Digest, RecordKey};
use parking_lot::Mutex;

use crate::error::ReadError;
use crate::frame::{Frame, FrameHeader, FrameKind, Leaf};
use crate::limits::{FRAME_CACHE_BYTES_MAX, FRAME_CACHE_FRAMES_MAX, READ_RECORDS_MAX};
use crate::record::{Filter, Page, ReadLimit};
use crate::store::{OpenSegment, Store, read_error};
use crate::stream::FrameStream;

/// Reads of one frame take this much with them, which is more than most headers and less than most frames.
const SINGLE_READ_BYTES: usize = 16 * 1024;
/// Places where one decodes a frame and whoever wants the same one waits for it. A prime, since frames often begin at like
/// distances.
const DECODING: usize = 13;
/// Everything, hidden or not.
const ALL: Filter = Filter { app: None, since_us: None, hidden: true };

/// Reads, with a cache of the frames that were read last.
#[derive(Debug)]
pub(crate) struct Reader {
    store: Arc<Store>,
    cache: Mutex<FrameCache>,
    decoding: [Mutex<()>; DECODING],
}

impl Reader {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, cache: Mutex::default(), decoding: Default::default() }
    }

    /// The records behind `after` that the filter wants, up to the limit.
    pub(crate) fn read(&self, after: Position, limit: ReadLimit, filter: &Filter) -> Result<Page, ReadError> {
        let head = self.store.head();
        let mut page = Page { records: Vec::new(), next: after };
        let mut left =
            Left { records: limit.records.clamp(1, READ_RECORDS_MAX), bytes: limit.bytes, frames: limit.frames.max(1) };
        while page.next < head && !left.spent() {
            let Some(located) = self.store.locate(page.next + 1) else { break };
            if located.entry.closed.is_some_and(|(_, summary)| !summary.may_match(filter)) {
                page.next = located.next - 1;
                continue;
            }
            let last = head.min(located.next - 1);
            let cached = self.cache.lock().get(page.next + 1, located.entry.generation);
            if let Some(frame) = cached {
                left.frames -= 1;
                take(&frame, last, filter, &mut left, &mut page);
                continue;
            }
            let segment = self.store.open(located.entry.first)?;
            let Some((offset, first)) = segment.sparse.read().seek(page.next + 1, filter) else {
                page.next = last;
                continue;
            };
            // What comes first there may not be durable yet.
            page.next = page.next.max(first - 1).min(last);
            self.read_segment(&segment, offset, last, filter, &mut left, &mut page)?;
        }
        Ok(page)
    }

    /// One record, hidden or not; `None` when it is not in the log yet, or compacted.
    pub(crate) fn record(&self, position: Position) -> Result<Option<Bytes>, ReadError> {
        let frame = self.frame_of(position)?;
        Ok(frame.and_then(|frame| frame.record(position, &ALL)).map(|record| record.bytes))
    }

    /// The leaf hash of one record, compacted or not; `None` when it is not in the log yet.
    pub(crate) fn leaf(&self, position: Position) -> Result<Option<Leaf>, ReadError> {
        Ok(self.frame_of(position)?.and_then(|frame| frame.leaf(position)))
    }

    /// Keeps a frame that was just written to the segment, so that those who follow the log need not read it back.
    pub(crate) fn keep(&self, frame: Frame, segment: &OpenSegment) {
        self.cache.lock().put(Arc::new(frame), segment.generation);
    }

    /// Drops what is cached of the segment of these positions, whose file was replaced.
    pub(crate) fn forget(&self, first: Position, next: Position) {
        self.cache.lock().forget(first, next);
    }

    /// The frame that holds a durable record.
    fn frame_of(&self, position: Position) -> Result<Option<Arc<Frame>>, ReadError> {
        if position == 0 || position > self.store.head() {
            return Ok(None);
        }
        let Some(located) = self.store.locate(position) else { return Ok(None) };
        if let Some(frame) = self.cache.lock().get(position, located.entry.generation) {
            return Ok(Some(frame));
        }
        let segment = self.store.open(located.entry.first)?;
        let Some(offset) = segment.sparse.read().seek_to(position) else { return Ok(None) };
        let mut frames = Frames::new(&self.store, &segment, offset, SINGLE_READ_BYTES);
        while let Some(header) = frames.next()? {
            if header.end() > position {
                return self.frame(&mut frames, &header).map(Some);
            }
            frames.stream.advance(&header);
        }
        Ok(None)
    }

    /// Reads on in one segment, to its end, to `last`, or to a limit.
    fn read_segment(
        &self,
        segment: &OpenSegment,
        offset: u64,
        last: Position,
        filter: &Filter,
        left: &mut Left,
        page: &mut Page,
    ) -> Result<(), ReadError> {
        let mut frames = Frames::new(&self.store, segment, offset, crate::limits::READ_AHEAD_BYTES);
        while page.next < last && !left.spent() {
            // The end of the segment as it is now may lie behind the head as it was.
            let Some(header) = frames.next()? else { break };
            if header.end() > page.next + 1 {
                left.frames -= 1;
                if header.summary.may_match(filter) {
                    let frame = self.frame(&mut frames, &header)?;
                    take(&frame, last, filter, left, page);
                    if page.next + 1 < frame.end() {
                        break;
                    }
                } else {
                    page.next = last.min(header.end() - 1);
                }
            }
            frames.stream.advance(&header);
        }
        Ok(())
    }

    /// The frame that the header belongs to, from the cache or from the file.
    fn frame(&self, frames: &mut Frames<'_>, header: &FrameHeader) -> Result<Arc<Frame>, ReadError> {
        let generation = frames.segment.generation;
        if let Some(frame) = self.cache.lock().get(header.first, generation) {
            return Ok(frame);
        }
        // Those who follow the log come to a new frame at the same moment, at different places in it.
        let _one = self.decoding[(header.first % DECODING as u64) as usize].lock();
        if let Some(frame) = self.cache.lock().get(header.first, generation) {
            return Ok(frame);
        }
        let frame = Arc::new(frames.decode(header)?);
        let mut cache = self.cache.lock();
        // Under the lock, so that no frame of a file that was replaced comes in after the others went.
        if self.store.is_current(frames.segment) {
            cache.put(Arc::clone(&frame), generation);
        }
        Ok(frame)
    }
}

/// Calls `each` with position, key and digest of every record from `from` to `to`.
pub(crate) fn identities(
    store: &Store,
    from: Position,
    to: Position,
    mut each: impl FnMut(Position, RecordKey, Digest),
) -> Result<(), ReadError> {
    let mut next = from;
    while next <= to {
        let Some(located) = store.locate(next) else { break };
        let segment = store.open(located.entry.first)?;
        let Some(offset) = segment.sparse.read().seek_to(next) else { break };
        let mut frames = Frames::new(store, &segment, offset, 1024 * 1024);
        while let Some(header) = frames.next()? {
            if header.end() > next && header.kind == FrameKind::Records {
                let (path, offset) = (&segment.path, frames.stream.offset());
                let payload = frames.stream.payload(&header).map_err(|error| read_error(error, path, offset))?;
                for (position, (key, digest)) in (header.first..).zip(header.identities(payload)) {
                    if (next..=to).contains(&position) {
                        each(position, key, digest);
                    }
                }
                next = header.end();
                if next > to {
                    return Ok(());
                }
            }
            frames.stream.advance(&header);
        }
        if next < located.next {
            break;
        }
    }
    if next > to {
        return Ok(());
    }
    let (file, what) = (store.directory.clone(), format!("the records {next} to {to} are missing"));
    Err(ReadError::Damaged { file, offset: 0, what })
}

/// Takes the records of a frame from behind `page.next` on, as far as the limit goes.
fn take(frame: &Frame, last: Position, filter: &Filter, left: &mut Left, page: &mut Page) {
    for position in frame.first().max(page.next + 1)..frame.end().min(last + 1) {
        if left.full() {
            return;
        }
        page.next = position;
        if let Some(record) = frame.record(position, filter) {
            left.records -= 1;
            left.bytes = left.bytes.saturating_sub(record.bytes.len());
            page.records.push(record);
        }
    }
}

/// What a read may still do.
struct Left {
    records: usize,
    bytes: usize,
    frames: usize,
}

impl Left {
    fn spent(&self) -> bool {
        self.full() || self.frames == 0
    }

    /// Whether the page takes no further record, though the frame at hand may be looked through.
    fn full(&self) -> bool {
        self.records == 0 || self.bytes == 0
    }
}

/// The frames of a segment, with errors that say where.
struct Frames<'a> {
    segment: &'a OpenSegment,
    stream: FrameStream<'a>,
}

impl<'a> Frames<'a> {
    fn new(store: &Store, segment: &'a OpenSegment, offset: u64, read_ahead: usize) -> Self {
        let end = segment.end.load(Ordering::Acquire);
        let stream = FrameStream::new(segment.file.as_ref(), store.log_id, offset, end).with_read_ahead(read_ahead);
        Self { segment, stream }
    }

    fn next(&mut self) -> Result<Option<FrameHeader>, ReadError> {
        let offset = self.stream.offset();
        self.stream.header().map_err(|error| read_error(error, &self.segment.path, offset))
    }

    fn decode(&mut self, header: &FrameHeader) -> Result<Frame, ReadError> {
        let (path, offset) = (&self.segment.path, self.stream.offset());
        let payload = self.stream.payload(header).map_err(|error| read_error(error, path, offset))?;
        Frame::decode(header, payload).map_err(|fault| read_error(fault.into(), path, offset))
    }
}

/// Frames that were read last, by their first position.
#[derive(Debug, Default)]
struct FrameCache {
    frames: BTreeMap<Position, Cached>,
    bytes: usize,
    /// Counts uses, to know which is the oldest.
    clock: u64,
}

#[derive(Debug)]
struct Cached {
    frame: Arc<Frame>,
    /// Of the segment it was read from.
    generation: u32,
    used: u64,
}

impl FrameCache {
    /// The frame that holds a position in this generation of its segment.
    fn get(&mut self, position: Position, generation: u32) -> Option<Arc<Frame>> {
        self.clock += 1;
        let cached = self.frames.range_mut(..=position).next_back()?.1;
        (position < cached.frame.end() && generation == cached.generation).then(|| {
            cached.used = self.clock;
            Arc::clone(&cached.frame)
        })
    }

    fn put(&mut self, frame: Arc<Frame>, generation: u32) {
        let bytes = frame.memory_bytes();
        if bytes > FRAME_CACHE_BYTES_MAX / 2 {
            return;
        }
        self.clock += 1;
        let cached = Cached { frame, generation, used: self.clock };
        self.bytes += bytes;
        if let Some(old) = self.frames.insert(cached.frame.first(), cached) {
            self.bytes -= old.frame.memory_bytes();
        }
        while self.bytes > FRAME_CACHE_BYTES_MAX || self.frames.len() > FRAME_CACHE_FRAMES_MAX {
            let Some(oldest) = self.frames.iter().min_by_key(|(_, cached)| cached.used).map(|(first, _)| *first) else {
                break;
            };
            self.remove(oldest);
        }
    }

    /// Drops the frames that begin at these positions.
    fn forget(&mut self, first: Position, next: Position) {
        while let Some((&found, _)) = self.frames.range(first..next).next() {
            self.remove(found);
        }
    }

    fn remove(&mut self, first: Position) {
        if let Some(old) = self.frames.remove(&first) {
            self.bytes -= old.frame.memory_bytes();
        }
    }
}
