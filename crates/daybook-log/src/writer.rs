//! The one writer: takes everything that waits, decides what of it is new, writes it as one group, syncs once, and
//! answers everyone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use daybook_event::Position;
use daybook_event::record::{Appended, Known, RecordKey};
use tokio::sync::watch;

use crate::error::{AppendError, RollError};
use crate::frame::{Frame, FrameEncoder, FrameHeader, FramePart};
use crate::index::{Active, Entry, IdIndex};
use crate::limits::{FRAME_RECORDS_MAX, GROUP_BYTES_MAX, GROUP_RECORDS_MAX, IDLE_BEFORE_MARK};
use crate::queue::{Answer, Queue, Request, Roll, Taken};
use crate::reader::Reader;
use crate::record::Clash;
use crate::store::Store;
use crate::tail::{CommitError, Tail};
use crate::terms::{Reach, TermIndex};

/// Owns the end of the log.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    store: Arc<Store>,
    index: Arc<IdIndex>,
    terms: Option<Arc<TermIndex>>,
    tail: Tail,
    reader: Arc<Reader>,
    head: watch::Sender<Position>,
    frame_bytes_max: usize,
    encoder: FrameEncoder,
    // Kept from group to group for their room.
    keys: Vec<RecordKey>,
    known: Vec<Option<Known>>,
    bytes: Vec<u8>,
    frames: Vec<(FrameHeader, usize)>,
    /// The same, as they will be read.
    written: Vec<Frame>,
}

/// A request of the group with what was decided.
struct Decided {
    request: Request,
    answer: Answer,
    /// Records that are stored with it.
    stored: usize,
}

impl Writer {
    pub(crate) fn new(
        queue: Arc<Queue>,
        store: Arc<Store>,
        (index, terms): (Arc<IdIndex>, Option<Arc<TermIndex>>),
        tail: Tail,
        reader: Arc<Reader>,
        head: watch::Sender<Position>,
        frame_bytes_max: usize,
    ) -> Self {
        Self {
            queue,
            store,
            index,
            terms,
            tail,
            reader,
            head,
            frame_bytes_max,
            encoder: FrameEncoder::new(),
            keys: Vec::new(),
            known: Vec::new(),
            bytes: Vec::new(),
            frames: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let queue = Arc::clone(&self.queue);
        // Whoever still waits when this thread ends, however it ends, must learn it.
        let _end = OnEnd(&queue);
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                let patience = (!self.tail.marked()).then_some(IDLE_BEFORE_MARK);
                match queue.take(&mut waiting, patience) {
                    Taken::Work => {}
                    Taken::Roll => {
                        self.roll();
                        continue;
                    }
                    Taken::Idle => {
                        let marked = self.tail.mark();
                        self.note(marked);
                        continue;
                    }
                    Taken::Closed => break,
                }
            }
            self.group(&mut waiting);
        }
        if queue.poisoned().is_none() {
            let closed = self.tail.close();
            self.note(closed);
        }
    }

    /// Closes the segment for those who want it closed.
    fn roll(&mut self) {
        for Roll { older_than_us, answer } in self.queue.take_rolls() {
            let rolled = match self.queue.poisoned() {
                Some(reason) => Err(RollError::Poisoned(reason)),
                None => self.tail.roll_older_than(older_than_us).map_err(|error| match self.refusal(error) {
                    AppendError::Poisoned(reason) => RollError::Poisoned(reason),
                    _ => RollError::NoSpace,
                }),
            };
            // Whoever asked may have gone.
            let _ = answer.send(rolled);
        }
    }

    /// Writes as many requests as one group takes.
    fn group(&mut self, waiting: &mut VecDeque<Request>) {
        let started = Instant::now();
        let requests = select(waiting);
        let bytes = requests.iter().map(Request::bytes).sum();
        if let Some(reason) = self.queue.poisoned() {
            self.queue.done(bytes, started.elapsed());
            for request in requests {
                answer(request, Err(AppendError::Poisoned(reason.clone())));
            }
            return;
        }
        let (decided, outcome) = self.write(requests);
        self.queue.done(bytes, started.elapsed());
        let head = self.store.head();
        for decided in decided {
            let result = match &outcome {
                Err(error) if decided.depends_on_more_than(head) => Err(error.clone()),
                _ => decided.answer,
            };
            answer(decided.request, result);
        }
    }

    /// Decides about every record and makes what is new durable.
    fn write(&mut self, requests: Vec<Request>) -> (Vec<Decided>, Result<(), AppendError>) {
        let refused = |requests: Vec<Request>, error: AppendError| {
            let decided = requests
                .into_iter()
                .map(|request| Decided { request, answer: Err(error.clone()), stored: 0 })
                .collect();
            (decided, Ok(()))
        };
        self.keys.clear();
        self.keys.extend(requests.iter().flat_map(|request| &request.batch.records).map(|record| record.key));
        if self.index.reserve(self.keys.len()).is_err() {
            return refused(requests, AppendError::NoSpace);
        }
        if let Err(error) = self.index.older(&self.keys, &mut self.known) {
            return refused(requests, AppendError::Index(error.to_string()));
        }
        if let Some(terms) = &self.terms {
            terms.reserve(requests.iter().map(|request| request.terms.len()).sum());
        }
        let decided = self.decide(requests);
        if decided.iter().all(|decided| decided.stored == 0) {
            return (decided, Ok(()));
        }
        let outcome = self.tail.prepare().and_then(|synced| {
            self.encode(&decided, synced);
            self.tail.commit(&self.frames, &self.bytes)
        });
        let outcome = match outcome {
            Ok(()) => {
                let segment = self.store.active();
                self.written.drain(..).for_each(|frame| self.reader.keep(frame, &segment));
                self.head.send_replace(self.store.head());
                Ok(())
            }
            Err(error) => {
                self.written.clear();
                self.forget(&decided);
                Err(self.refusal(error))
            }
        };
        self.bytes.clear();
        self.bytes.shrink_to(2 * GROUP_BYTES_MAX);
        (decided, outcome)
    }

    /// Gives every new record its position. In the indexes they count for other requests of the group at once, and for
    /// everybody else when the head has passed them.
    fn decide(&mut self, requests: Vec<Request>) -> Vec<Decided> {
        let mut next = self.tail.next();
        let mut known = self.known.iter();
        let mut active = self.index.active();
        requests
            .into_iter()
            .map(|request| {
                let begin = next;
                let outcomes: Vec<Appended> = request
                    .batch
                    .records
                    .iter()
                    .zip(known.by_ref())
                    .map(|(record, known)| {
                        let entry = Entry { key: record.key, position: next, digest: record.digest };
                        match known.or_else(|| active.insert(entry)) {
                            None => {
                                next += 1;
                                Appended::Stored(next - 1)
                            }
                            Some(known) if known.digest == record.digest => Appended::Duplicate(known.position),
                            Some(known) => Appended::Conflict(known.position),
                        }
                    })
                    .collect();
                if let Err(refusal) = accept(&request, &outcomes, begin, self.terms.as_deref()) {
                    take_out(&mut active, &request, &outcomes);
                    next = begin;
                    return Decided { request, answer: Err(refusal), stored: 0 };
                }
                if let Some(terms) = &self.terms {
                    terms.insert(&request.terms, &outcomes);
                }
                Decided { request, answer: Ok(outcomes), stored: (next - begin) as usize }
            })
            .collect()
    }

    /// Makes the group's frames. A request is never divided.
    fn encode(&mut self, decided: &[Decided], synced: u64) {
        self.bytes.clear();
        self.frames.clear();
        self.written.clear();
        let mut next = self.tail.next();
        let mut parts = Vec::new();
        let (mut records, mut bytes) = (0, 0);
        for one in decided.iter().filter(|one| one.stored > 0) {
            let full = bytes + one.request.batch.bytes.len() > self.frame_bytes_max
                || records + one.stored > FRAME_RECORDS_MAX;
            if records > 0 && full {
                next = self.frame(next, synced, &parts);
                parts.clear();
                (records, bytes) = (0, 0);
            }
            one.parts(&mut parts);
            records += one.stored;
            bytes += one.request.batch.bytes.len();
        }
        if records > 0 {
            self.frame(next, synced, &parts);
        }
    }

    fn frame(&mut self, first: Position, synced: u64, parts: &[FramePart<'_>]) -> Position {
        let at = self.bytes.len();
        let (header, frame) = self.encoder.encode(self.store.log_id, first, synced, parts, &mut self.bytes);
        self.frames.push((header, at));
        self.written.extend(frame);
        header.end()
    }

    /// Takes what was not stored out of the index.
    fn forget(&self, decided: &[Decided]) {
        let mut active = self.index.active();
        for one in decided {
            if let Ok(outcomes) = &one.answer {
                take_out(&mut active, &one.request, outcomes);
                if let Some(terms) = &self.terms {
                    terms.take_out(&one.request.terms, outcomes);
                }
            }
        }
    }

    fn refusal(&self, error: CommitError) -> AppendError {
        match error {
            CommitError::NoSpace => AppendError::NoSpace,
            CommitError::Failed(reason) => {
                tracing::error!(reason, "the log takes no more writes until it is opened again");
                self.queue.poison(&reason);
                AppendError::Poisoned(reason)
            }
        }
    }

    fn note(&self, outcome: Result<(), CommitError>) {
        if let Err(error) = outcome {
            self.refusal(error);
        }
    }
}

impl Decided {
    /// Whether the answer is only true if something behind `head` becomes durable.
    fn depends_on_more_than(&self, head: Position) -> bool {
        let behind = |position: Position| position > head;
        match &self.answer {
            Ok(outcomes) => outcomes.iter().any(|outcome| match *outcome {
                Appended::Stored(_) => true,
                Appended::Duplicate(position) | Appended::Conflict(position) => behind(position),
            }),
            Err(AppendError::Conflict(clashes) | AppendError::Partly(clashes)) => {
                clashes.iter().any(|clash| behind(clash.position))
            }
            Err(AppendError::Condition { position }) => behind(*position),
            Err(_) => false,
        }
    }

    /// The records that are stored, as few stretches of the batch as possible.
    fn parts<'a>(&'a self, parts: &mut Vec<FramePart<'a>>) {
        let Ok(outcomes) = &self.answer else { return };
        let batch = &self.request.batch;
        let mut at = 0;
        for run in outcomes.chunk_by(|one, other| stored(one) == stored(other)) {
            if run.first().is_some_and(stored) {
                let start = if at == 0 { 0 } else { batch.records[at - 1].end };
                parts.push(FramePart { records: &batch.records[at..at + run.len()], start, bytes: &batch.bytes });
            }
            at += run.len();
        }
    }
}

/// Closes the queue when the writer ends.
struct OnEnd<'a>(&'a Queue);

impl Drop for OnEnd<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.poison("the writer met a bug and stopped");
        }
        self.0.abandon();
    }
}

/// As many requests as one group takes, at least one.
fn select(waiting: &mut VecDeque<Request>) -> Vec<Request> {
    let (mut records, mut bytes, mut count) = (0, 0, 0);
    for request in waiting.iter() {
        records += request.batch.records.len();
        bytes += request.batch.bytes.len();
        if count > 0 && (records > GROUP_RECORDS_MAX || bytes > GROUP_BYTES_MAX) {
            break;
        }
        count += 1;
    }
    waiting.drain(..count).collect()
}

/// Whether a request may be appended, its new records from position `begin` on.
///
/// All that is in the log up to there counts against it, durable or of this group. A repetition of a call that was
/// appended is answered as that was, whatever was appended since: the condition held then.
fn accept(
    request: &Request,
    outcomes: &[Appended],
    begin: Position,
    terms: Option<&TermIndex>,
) -> Result<(), AppendError> {
    if request.batch.atomic || request.condition.is_some() {
        let clashes = clashes(outcomes);
        if !clashes.is_empty() {
            return Err(AppendError::Conflict(clashes));
        }
    }
    let Some(condition) = &request.condition else { return Ok(()) };
    if !outcomes.iter().any(stored) {
        return Ok(());
    }
    let already = |(index, outcome): (usize, &Appended)| match *outcome {
        Appended::Duplicate(position) if position < begin => Some(Clash { index, position }),
        _ => None,
    };
    let already: Vec<_> = outcomes.iter().enumerate().filter_map(already).collect();
    if !already.is_empty() {
        return Err(AppendError::Partly(already));
    }
    // Without an index nobody could have checked it.
    let terms = terms.ok_or(AppendError::Incomplete)?;
    match terms.first(&condition.query, condition.after, begin - 1, Reach::Disk) {
        Ok(None) => Ok(()),
        Ok(Some(position)) => Err(AppendError::Condition { position }),
        Err(_) => Err(AppendError::Incomplete),
    }
}

/// Whoever asked may have gone; then nobody needs the answer.
fn answer(request: Request, answer: Answer) {
    let _ = request.answer.send(answer);
}

fn stored(outcome: &Appended) -> bool {
    matches!(outcome, Appended::Stored(_))
}

fn clashes(outcomes: &[Appended]) -> Vec<Clash> {
    let clash = |(index, outcome): (usize, &Appended)| match *outcome {
        Appended::Conflict(position) => Some(Clash { index, position }),
        Appended::Stored(_) | Appended::Duplicate(_) => None,
    };
    outcomes.iter().enumerate().filter_map(clash).collect()
}

fn take_out(active: &mut Active<'_>, request: &Request, outcomes: &[Appended]) {
    for (record, outcome) in request.batch.records.iter().zip(outcomes) {
        if stored(outcome) {
            active.remove(&record.key);
        }
    }
}
