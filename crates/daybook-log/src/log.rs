//! The log as its users see it: options, a handle, its state.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bytes::Bytes;
use daybook_event::Position;
use daybook_event::record::{Appended, Batch, Known, RecordKey};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::compaction::{Candidate, Compacted, Progress, Task, compact};
use crate::disk::{Disk, DiskLock, LockError, RealDisk};
use crate::error::{AppendError, CheckError, CompactError, OpenError, ReadError, RollError, SelectError};
use crate::index::{IdIndex, IndexOptions, IndexStatus};
use crate::limits::{
    FRAME_BYTES_DEFAULT, FRAME_BYTES_LIMIT, INDEX_FILTER_BYTES_DEFAULT, INDEX_TABLE_IDS_DEFAULT, INDEX_TABLE_IDS_MIN,
    OPEN_VERIFY_BYTES_DEFAULT, QUEUE_BYTES_DEFAULT, REQUEST_BYTES_MAX, REQUEST_RECORDS_MAX, SEGMENT_BYTES_DEFAULT,
    SEGMENT_BYTES_LIMIT, SEGMENT_BYTES_MIN, TERMS_FILTER_BYTES_DEFAULT, TERMS_QUERY_MAX, TERMS_SELECT_MAX,
    TERMS_TABLE_POSTINGS_DEFAULT,
};
use crate::queue::Queue;
use crate::reader::Reader;
use crate::record::{Filter, Page, ReadLimit};
use crate::recovery::recover;
use crate::store::Store;
use crate::stretch::{Stretch, stretches};
use crate::tail::Tail;
use crate::terms::{
    Checked, Condition, Reach, Renewals, Selected, Selection, TermIndex, TermIndexOptions, TermIndexStatus, TermQuery,
    Terms,
};
use crate::writer::Writer;

/// How a log is kept. The defaults are meant for use.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// A segment is closed once it has this many bytes.
    pub segment_size_bytes: u64,
    /// A frame takes no further request once its records have this many bytes.
    pub frame_bytes_max: usize,
    /// Bytes that may wait for the writer; more is refused with [`AppendError::Busy`].
    pub queue_bytes_max: usize,
    /// This many of the newest bytes are verified at start.
    pub verify_bytes: u64,
    /// Ids that the id index holds in one table in memory, about 48 bytes each; up to four such tables at a time.
    pub index_table_ids: usize,
    /// Bytes of filters that the id index keeps in memory, two and a half for each id in the log; with less, lookups read
    /// more from the disk.
    pub index_filter_bytes_max: usize,
    /// Says which terms records have; without it they are found by position only, and nothing is appended on condition.
    pub terms: Option<Arc<dyn Terms>>,
    /// Postings that the term index holds in one table in memory, up to 64 bytes each; up to four such tables at a time.
    pub terms_table_postings: usize,
    /// Bytes of filters that the term index keeps in memory, two and a half for each term; with less, questions read more
    /// from the disk.
    pub terms_filter_bytes_max: usize,
    /// The disk.
    pub disk: Arc<dyn Disk>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            segment_size_bytes: SEGMENT_BYTES_DEFAULT,
            frame_bytes_max: FRAME_BYTES_DEFAULT,
            queue_bytes_max: QUEUE_BYTES_DEFAULT,
            verify_bytes: OPEN_VERIFY_BYTES_DEFAULT,
            index_table_ids: INDEX_TABLE_IDS_DEFAULT,
            index_filter_bytes_max: INDEX_FILTER_BYTES_DEFAULT,
            terms: None,
            terms_table_postings: TERMS_TABLE_POSTINGS_DEFAULT,
            terms_filter_bytes_max: TERMS_FILTER_BYTES_DEFAULT,
            disk: Arc::new(RealDisk),
        }
    }
}

/// How the log is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct LogStatus {
    /// The position of the last durable record; 0 when there is none.
    pub head: Position,
    /// Why the log takes no more writes until it is opened again, if so.
    pub poisoned: Option<String>,
    /// Segment files.
    pub segments: usize,
    /// Bytes in them.
    pub bytes: u64,
    /// Bytes that wait for the writer.
    pub queue_bytes: usize,
    /// Bytes that may wait.
    pub queue_bytes_max: usize,
    /// What the id index takes.
    pub index: IndexStatus,
    /// What the term index takes, if there is one.
    pub terms: Option<TermIndexStatus>,
}

/// A handle on an open log. The log is closed when the last one is dropped, or by [`Log::close`].
#[derive(Debug, Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    queue: Arc<Queue>,
    store: Arc<Store>,
    index: Arc<IdIndex>,
    terms: Option<Arc<TermIndex>>,
    reader: Arc<Reader>,
    head: watch::Receiver<Position>,
    /// Held by whoever compacts.
    compacting: Mutex<()>,
    closing: AtomicBool,
    /// Taken by whoever closes the log.
    running: Mutex<Option<Running>>,
    /// Says that the log is closed.
    closed: watch::Sender<bool>,
}

/// What an open log holds on to.
#[derive(Debug)]
struct Running {
    writer: JoinHandle<()>,
    lock: Box<dyn DiskLock>,
}

impl Log {
    /// Opens the log in a directory, which is made when it is not there. Reads the newest part of it, and may take as
    /// long as that.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when another process has it; [`OpenError::Damaged`] when something that had been durable
    /// is not as it was written; others as they say.
    pub fn open(directory: impl AsRef<Path>, options: LogOptions) -> Result<Self, OpenError> {
        let directory = directory.as_ref();
        options.check()?;
        let index_options =
            IndexOptions { table_ids: options.index_table_ids, filter_bytes_max: options.index_filter_bytes_max };
        let term_options = options.terms.map(|terms| TermIndexOptions {
            terms,
            table_postings: options.terms_table_postings,
            filter_bytes_max: options.terms_filter_bytes_max,
        });
        let disk = options.disk;
        disk.create_directory(directory).map_err(OpenError::io(directory))?;
        let lock_path = directory.join("lock");
        let lock = disk.lock(&lock_path).map_err(|error| match error {
            LockError::Held { pid } => OpenError::Locked { directory: directory.to_owned(), pid },
            LockError::Io(source) => OpenError::Io { file: lock_path, source },
        })?;
        let recovered = recover(&disk, directory, options.verify_bytes)?;
        if recovered.torn_bytes > 0 || recovered.rewritten_records > 0 {
            let (torn_bytes, rewritten_records) = (recovered.torn_bytes, recovered.rewritten_records);
            tracing::info!(torn_bytes, rewritten_records, "the log was not closed; its tail was put in order");
        }
        let store = Arc::new(recovered.store);
        let index = Arc::new(IdIndex::open(&store, index_options)?);
        let terms = term_options.map(|options| TermIndex::open(&store, options)).transpose()?.map(Arc::new);
        let queue = Arc::new(Queue::new(options.queue_bytes_max));
        let (head_sender, head) = watch::channel(store.head());
        let reader = Arc::new(Reader::new(Arc::clone(&store)));
        let tail = Tail::new(Arc::clone(&store), recovered.offset, options.segment_size_bytes);
        let writer = Writer::new(
            Arc::clone(&queue),
            Arc::clone(&store),
            (Arc::clone(&index), terms.clone()),
            tail,
            Arc::clone(&reader),
            head_sender,
            options.frame_bytes_max,
        );
        let writer = std::thread::Builder::new()
            .name("daybook-log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::io(directory))?;
        let running = Mutex::new(Some(Running { writer, lock }));
        let (closed, _) = watch::channel(false);
        let (compacting, closing) = (Mutex::new(()), AtomicBool::new(false));
        let inner = Inner { queue, store, index, terms, reader, head, compacting, closing, running, closed };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What is known of each key, exact for everything durable. Fast, though it may read from the disk.
    ///
    /// # Errors
    /// [`ReadError`] when the index cannot be read.
    pub fn lookup(&self, keys: &[RecordKey]) -> Result<Vec<Option<Known>>, ReadError> {
        self.inner.index.lookup(keys, self.inner.store.head())
    }

    /// Appends a batch; answers when it is durable, with one outcome for each record. Every key is checked again, also
    /// against what is appended at the same moment: of many records with one key exactly one is stored. All that is
    /// stored of a batch becomes durable together. An empty batch is answered at once.
    ///
    /// When the future is dropped the batch is appended all the same.
    ///
    /// # Errors
    /// [`AppendError`]; nothing of the batch is in the log then, but see [`AppendError::Poisoned`].
    pub async fn append(&self, batch: Batch) -> Result<Vec<Appended>, AppendError> {
        self.submit(batch, None).await
    }

    /// Appends a batch, all or nothing, if no record stands against a condition that [`Log::check`] found to hold: also
    /// none that became durable since, and none that is appended at the same moment. Of many batches that stand against
    /// each other's conditions, one is appended.
    ///
    /// A batch whose records are all in the log, with what they say, is a repetition: its positions are given, whatever
    /// was appended since.
    ///
    /// # Errors
    /// As [`Log::append`]; [`AppendError::Condition`] where a record stands against it, [`AppendError::Partly`] where some
    /// of the batch, and not all, is in the log already.
    pub async fn append_if(&self, batch: Batch, condition: Checked) -> Result<Vec<Appended>, AppendError> {
        self.submit(batch, Some(condition)).await
    }

    async fn submit(&self, mut batch: Batch, condition: Option<Checked>) -> Result<Vec<Appended>, AppendError> {
        check_batch(&batch)?;
        if batch.records.is_empty() {
            return Ok(Vec::new());
        }
        let terms = self.inner.terms.as_deref().map(|index| index.terms_of(&mut batch)).unwrap_or_default();
        let answered = self.inner.queue.push(batch, terms, condition)?;
        match answered.await {
            Ok(answer) => answer,
            // The writer is gone.
            Err(_) => Err(self.inner.queue.poisoned().map_or(AppendError::Closed, AppendError::Poisoned)),
        }
    }

    /// As [`Log::check`] where memory alone tells that nothing stands against a condition, which it does of nearly every
    /// condition that holds. Nothing where it does not: then [`Log::check`] tells.
    #[must_use]
    pub fn check_in_memory(&self, condition: &Condition) -> Option<Checked> {
        let head = self.head();
        let Condition { fail_if_match: query, after } = condition;
        let terms = self.terms(query, *after, head).ok()?;
        // Whether something of the batch is in the log already is the writer's to tell, before it looks at the condition.
        match terms.first(query, *after, head, Reach::Memory) {
            Ok(None) => Some(Checked { query: query.clone(), after: head }),
            Ok(Some(_)) | Err(_) => None,
        }
    }

    /// Whether nothing durable stands against a condition for a batch. May read from the disk, which the writer then need
    /// not. Records that were compacted stand against nothing. A batch of which something
    /// is in the log already is not asked about it.
    ///
    /// # Errors
    /// [`CheckError::Condition`] when something does; others when that cannot be told.
    pub fn check(&self, condition: Condition, batch: &Batch) -> Result<Checked, CheckError> {
        let head = self.head();
        let Condition { fail_if_match: query, after } = condition;
        let terms = self.terms(&query, after, head)?;
        let keys: Vec<_> = batch.records.iter().map(|record| record.key).collect();
        let known = self.inner.index.lookup(&keys, head)?;
        // What is there already is the writer's to tell, whatever the condition: a repetition, or no call that can be.
        if known.iter().any(Option::is_some) {
            return Ok(Checked { query, after });
        }
        let mut at = after;
        while let Some(position) = terms.first(&query, at, head, Reach::Disk).map_err(|_| SelectError::Incomplete)? {
            if self.record(position)?.is_some() {
                return Err(CheckError::Condition { position });
            }
            at = position;
        }
        Ok(Checked { query, after: head })
    }

    /// Positions of durable records that a query describes, as far as the limit allows and one call may look. Some may
    /// have been compacted. May read from the disk.
    ///
    /// # Errors
    /// [`SelectError`].
    pub fn select(&self, query: &TermQuery, selection: Selection) -> Result<Selected, SelectError> {
        let head = self.head();
        let terms = self.terms(query, selection.after, head)?;
        let until = selection.until.min(head);
        let limit = selection.limit.clamp(1, TERMS_SELECT_MAX);
        terms.select(query, &Selection { until, limit, ..selection }).map_err(|_| SelectError::Incomplete)
    }

    /// The term index, for a question that it may be asked.
    fn terms(&self, query: &TermQuery, after: Position, head: Position) -> Result<&TermIndex, SelectError> {
        let index = self.inner.terms.as_deref().ok_or(SelectError::NoIndex)?;
        let terms = query.terms();
        if terms > TERMS_QUERY_MAX {
            return Err(SelectError::TooMany { terms });
        }
        if after > head {
            return Err(SelectError::Ahead { position: after, head });
        }
        Ok(index)
    }

    /// The durable records behind `after` that the filter wants, in position order, as far as the limit allows. Those
    /// that were compacted are left out.
    ///
    /// # Errors
    /// [`ReadError`] when they cannot be read; then nothing is given, rather than less than there is.
    pub fn read(&self, after: Position, limit: ReadLimit, filter: &Filter) -> Result<Page, ReadError> {
        self.inner.reader.read(after, limit, filter)
    }

    /// The bytes of one record, hidden or not; `None` when there is no durable record at this position, or it was
    /// compacted.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn record(&self, position: Position) -> Result<Option<Bytes>, ReadError> {
        self.inner.reader.record(position)
    }

    /// The stretches of the log that take no more records, from its beginning and without gaps. What is behind the last of them
    /// still grows.
    #[must_use]
    pub fn stretches(&self) -> Vec<Stretch> {
        stretches(&self.inner.store)
    }

    /// The leaf hashes of up to `limit` durable records behind `after`, in position order without gaps, hidden and compacted
    /// ones too. May give fewer than there are, none only when there is none.
    ///
    /// # Errors
    /// [`ReadError`] when they cannot be read.
    pub fn leaves(&self, after: Position, limit: usize) -> Result<Vec<[u8; 32]>, ReadError> {
        self.inner.reader.leaves(after, limit)
    }

    /// The leaf hash of one record, SHA-256 of a zero byte and its bytes (RFC 6962, section 2.1), hidden or not,
    /// compacted or not; `None` when there is no durable record at this position.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read.
    pub fn leaf(&self, position: Position) -> Result<Option<[u8; 32]>, ReadError> {
        self.inner.reader.leaf(position)
    }

    /// Replaces records in closed segments by their leaf hashes: those that are older than `oldest_kept_us`, in
    /// microseconds since the Unix epoch, and of which `expired` says so. Their positions and what is known of their
    /// keys stay. Blocks, reads the segments that have records so old, and takes room for a second copy of one
    /// segment while it is at work. `progress` hears of each segment that was looked at; `stop` is asked at each frame.
    ///
    /// What is written to now is not a closed segment; see [`Log::roll_older_than`]. When the log is closed the
    /// compaction stops.
    ///
    /// # Errors
    /// [`CompactError`]. What was compacted before stays so; `progress` heard of it.
    pub fn compact(
        &self,
        expired: &dyn Fn(&Candidate<'_>) -> bool,
        oldest_kept_us: i64,
        progress: &mut dyn FnMut(Progress),
        stop: &dyn Fn() -> bool,
    ) -> Result<Compacted, CompactError> {
        let inner = &self.inner;
        let Some(_compacting) = inner.compacting.try_lock() else { return Err(CompactError::Running) };
        if inner.closing.load(Ordering::Acquire) {
            return Err(CompactError::Closed);
        }
        if let Some(reason) = inner.queue.poisoned() {
            return Err(CompactError::Poisoned(reason));
        }
        let stop = || inner.closing.load(Ordering::Acquire) || stop();
        let Some(terms) = &inner.terms else {
            return compact(
                &inner.store,
                Some(&inner.reader),
                &Task { expired, oldest_kept_us, stop: &stop },
                progress,
            );
        };
        let renewals = Renewals::new(terms.terms());
        let expired = |candidate: &Candidate<'_>| {
            let gone = expired(candidate);
            if gone {
                renewals.note(candidate.position, candidate.app, candidate.bytes);
            }
            gone
        };
        let task = Task { expired: &expired, oldest_kept_us, stop: &stop };
        let compacted = compact(&inner.store, Some(&inner.reader), &task, progress);
        terms.renew(&renewals.into_stretches());
        compacted
    }

    /// What [`Log::compact`] would do, without writing anything.
    ///
    /// # Errors
    /// [`CompactError`] when a segment cannot be read.
    pub fn survey(
        &self,
        expired: &dyn Fn(&Candidate<'_>) -> bool,
        oldest_kept_us: i64,
        stop: &dyn Fn() -> bool,
    ) -> Result<Compacted, CompactError> {
        compact(&self.inner.store, None, &Task { expired, oldest_kept_us, stop }, &mut |_| {})
    }

    /// Closes the segment that is written, so that it can be compacted, if its oldest record is older than this, in
    /// microseconds since the Unix epoch; says whether it was.
    ///
    /// # Errors
    /// [`RollError`].
    pub async fn roll_older_than(&self, time_us: i64) -> Result<bool, RollError> {
        let gone = |_| Err(self.inner.queue.poisoned().map_or(RollError::Closed, RollError::Poisoned));
        self.inner.queue.roll(time_us)?.await.unwrap_or_else(gone)
    }

    /// The position of the last durable record; 0 when there is none.
    #[must_use]
    pub fn head(&self) -> Position {
        self.inner.store.head()
    }

    /// The head as it moves. Ends when the log is closed.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.inner.head.clone()
    }

    /// How full the queue is, from 0 to 1.
    #[must_use]
    pub fn queue_fill(&self) -> f32 {
        let (bytes, bytes_max) = self.inner.queue.bytes();
        (bytes as f32 / bytes_max as f32).min(1.0)
    }

    /// How the log is doing.
    #[must_use]
    pub fn status(&self) -> LogStatus {
        let (segments, bytes) = self.inner.store.size();
        let (queue_bytes, queue_bytes_max) = self.inner.queue.bytes();
        LogStatus {
            head: self.head(),
            poisoned: self.inner.queue.poisoned(),
            segments,
            bytes,
            queue_bytes,
            queue_bytes_max,
            index: self.inner.index.status(),
            terms: self.inner.terms.as_ref().map(|terms| terms.status()),
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.inner.store.directory.clone()
    }

    /// Writes what waits, stops a compaction, leaves the log in order and gives up the lock. Reading goes on working; appending is
    /// [`AppendError::Closed`].
    pub async fn close(&self) {
        self.inner.closing.store(true, Ordering::Release);
        self.inner.queue.close();
        let mut closed = self.inner.closed.subscribe();
        let inner = Arc::clone(&self.inner);
        // Joining blocks, and there may be no runtime that has room for that.
        std::thread::spawn(move || inner.stop());
        // The sender is in `inner`, which this handle keeps.
        let _ = closed.wait_for(|closed| *closed).await;
    }
}

impl Inner {
    fn stop(&self) {
        self.closing.store(true, Ordering::Release);
        self.queue.close();
        let Some(running) = self.running.lock().take() else { return };
        if running.writer.join().is_err() {
            tracing::error!("the log's writer met a bug and stopped");
        }
        self.index.close();
        if let Some(terms) = &self.terms {
            terms.close();
        }
        // Until a compaction has stopped that is under way. Whoever takes this later sees that the log is closing.
        drop(self.compacting.lock());
        drop(running.lock);
        self.closed.send_replace(true);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl LogOptions {
    fn check(&self) -> Result<(), OpenError> {
        let wrong = |option, problem| Err(OpenError::Options { option, problem });
        if !(SEGMENT_BYTES_MIN..=SEGMENT_BYTES_LIMIT / 2).contains(&self.segment_size_bytes) {
            return wrong("segment_size_bytes", "is out of range");
        }
        if self.frame_bytes_max == 0 || self.frame_bytes_max + REQUEST_BYTES_MAX > FRAME_BYTES_LIMIT / 2 {
            return wrong("frame_bytes_max", "is out of range");
        }
        if self.queue_bytes_max == 0 {
            return wrong("queue_bytes_max", "must not be 0");
        }
        if self.index_table_ids < INDEX_TABLE_IDS_MIN {
            return wrong("index_table_ids", "is too small");
        }
        if self.terms_table_postings == 0 {
            return wrong("terms_table_postings", "must not be 0");
        }
        Ok(())
    }
}

/// Checks what the caller says of a batch, so that the writer can rely on it.
fn check_batch(batch: &Batch) -> Result<(), AppendError> {
    let (records, bytes) = (batch.records.len(), batch.bytes.len());
    if records > REQUEST_RECORDS_MAX || bytes > REQUEST_BYTES_MAX {
        return Err(AppendError::TooLarge { records, bytes });
    }
    let mut start = 0;
    for (index, record) in batch.records.iter().enumerate() {
        if record.end < start || record.end as usize > bytes {
            return Err(AppendError::Malformed { index });
        }
        start = record.end;
    }
    if start as usize == bytes { Ok(()) } else { Err(AppendError::Malformed { index: records }) }
}
