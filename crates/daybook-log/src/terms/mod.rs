//! The term index: which records have which terms, over the whole log.
//!
//! The log does not know what a term is: whoever opens it says which terms a record has ([`Terms`]). New terms go into a
//! table in memory. A full table is frozen, written as a run in the background and dropped; runs of about the same size
//! are merged in the background. Every run covers a stretch of positions and no two overlap, so a question about what
//! lies behind a recent position looks at nothing but memory. The index is a view: what is missing of it is made from
//! the log, and whoever asks about a stretch that is missing is told so.

mod build;
mod maintain;
mod matching;
mod open;
mod query;
mod renewals;
mod run;
mod scan;
mod table;

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use daybook_event::Position;
use daybook_event::record::{Appended, Batch, BatchTerms};
use parking_lot::{Condvar, Mutex, RwLock};

use self::build::Place;
use self::matching::{Matching, Piece};
pub use self::query::{Checked, Condition, Selected, Selection, Term, TermItem, TermQuery};
pub(crate) use self::renewals::Renewals;
use self::run::Run;
use self::table::Table;
use crate::error::OpenError;
use crate::limits::{
    TERMS_SELECT_TIME_MAX, TERMS_TABLE_POSITIONS_MAX, TERMS_TABLES_FROZEN_MAX, TERMS_WINDOW_POSITIONS_MAX,
    TERMS_WINDOW_POSITIONS_MIN,
};
use crate::runs;
use crate::store::Store;

/// Says which terms a record has.
pub trait Terms: Send + Sync + Debug {
    /// Another one whenever [`Terms::of`] would give other terms: the index is then made anew.
    fn fingerprint(&self) -> [u8; 16];

    /// Appends the terms of a record, which has this hash for its app. Always the same ones for the same record.
    fn of(&self, app: u64, record: &[u8], terms: &mut Vec<Term>);
}

/// How the index is kept.
#[derive(Debug, Clone)]
pub(crate) struct TermIndexOptions {
    pub(crate) terms: Arc<dyn Terms>,
    /// Postings in the table in memory.
    pub(crate) table_postings: usize,
    /// Bytes of filters in memory.
    pub(crate) filter_bytes_max: usize,
}

/// What the term index takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TermIndexStatus {
    /// Postings in tables in memory: one for each term of each record.
    pub table_postings: usize,
    /// Bytes of filters and directories in memory.
    pub memory_bytes: usize,
    /// Run files.
    pub runs: usize,
    /// Postings in them.
    pub run_postings: u64,
    /// Bytes of them.
    pub run_bytes: u64,
    /// Positions that are still to be indexed.
    pub missing: u64,
    /// Merges of runs since the log was opened.
    pub merges: u64,
    /// Questions that were put to it since then, by conditions and by readers.
    pub lookups: u64,
    /// Whether tables are to become runs, or runs are to be made, made anew or merged.
    pub pending: bool,
}

/// The index. Questions may come from any thread, insertions from one.
#[derive(Debug)]
pub(crate) struct TermIndex {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the index and its background threads share.
#[derive(Debug)]
struct Shared {
    place: Place,
    store: Arc<Store>,
    options: TermIndexOptions,
    state: RwLock<State>,
    signal: Mutex<Signal>,
    changed: Condvar,
    closing: AtomicBool,
    merges: AtomicU64,
    lookups: AtomicU64,
}

#[derive(Debug)]
struct State {
    active: Table,
    /// Positions up to here are in frozen tables or in runs, or are missing.
    covered: Position,
    /// Full tables on their way to becoming runs, the oldest first.
    frozen: Vec<Arc<Frozen>>,
    /// In position order, without overlap. What lies between two of them is missing.
    runs: Arc<Vec<Arc<Run>>>,
}

/// A full table and the positions it covers.
#[derive(Debug)]
struct Frozen {
    table: Table,
    first: Position,
    last: Position,
}

#[derive(Debug, Default)]
struct Signal {
    /// Set while runs cannot be written.
    stalled: bool,
    /// Counts what might give the background work.
    events: u64,
}

/// A stretch that was asked about is not indexed yet, which is being done; or nothing within reach tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incomplete;

/// Where an answer may be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In tables and in the filters that are in memory. What they leave open is [`Incomplete`].
    Memory,
    /// In runs too.
    Disk,
}

/// What covers a position.
enum Covering {
    Active,
    Frozen(Arc<Frozen>),
    Run(Arc<Run>),
    Missing,
}

/// Calls `each` with every term of what was stored, and its position.
fn stored(terms: &BatchTerms, outcomes: &[Appended], mut each: impl FnMut(&Term, Position)) {
    for (index, outcome) in outcomes.iter().enumerate() {
        if let Appended::Stored(position) = *outcome {
            terms.of(index).iter().for_each(|term| each(term, position));
        }
    }
}

impl TermIndex {
    /// Opens the index, completes it from the log as far as that is quick, and starts its threads, which do the rest.
    pub(crate) fn open(store: &Arc<Store>, options: TermIndexOptions) -> Result<Self, OpenError> {
        let shared = Arc::new(open::open(store, options)?);
        let index = Self { shared: Arc::clone(&shared), threads: Mutex::default() };
        let start = |name: &str, run: fn(&Shared)| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared));
            thread.map_err(OpenError::io(&store.directory))
        };
        let threads = [start("daybook-terms-flush", maintain::flush)?, start("daybook-terms-keep", maintain::keep)?];
        index.threads.lock().extend(threads);
        Ok(index)
    }

    /// What says which terms records have.
    pub(crate) fn terms(&self) -> &dyn Terms {
        self.shared.options.terms.as_ref()
    }

    /// The terms of the records of a batch: those that it came with, or else those that are found in the records.
    pub(crate) fn terms_of(&self, batch: &mut Batch) -> BatchTerms {
        let given = batch.terms.take();
        debug_assert!(
            given.as_ref().is_none_or(|given| *given == self.found_in(batch)),
            "what is given is what is found"
        );
        given.unwrap_or_else(|| self.found_in(batch))
    }

    fn found_in(&self, batch: &Batch) -> BatchTerms {
        let mut found = BatchTerms::default();
        let mut start = 0;
        for record in &batch.records {
            let bytes = batch.bytes.get(start as usize..record.end as usize).unwrap_or_default();
            found.push(|terms| self.terms().of(record.app, bytes, terms));
            start = record.end;
        }
        found
    }

    /// The first match behind `after` and not behind `until`.
    pub(crate) fn first(
        &self,
        query: &TermQuery,
        after: Position,
        until: Position,
        reach: Reach,
    ) -> Result<Option<Position>, Incomplete> {
        self.shared.lookups.fetch_add(1, Ordering::Relaxed);
        let mut found = None;
        self.walk(query, (after, until), reach, &mut |position| {
            found = Some(position);
            false
        })?;
        Ok(found)
    }

    /// Matches in order, up to the limit, or as far as one call may look.
    pub(crate) fn select(&self, query: &TermQuery, selection: &Selection) -> Result<Selected, Incomplete> {
        self.shared.lookups.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let Selection { after, until, limit, backwards } = *selection;
        let mut positions = Vec::new();
        let (mut low, mut high) = (after, until);
        let mut window = if backwards { TERMS_WINDOW_POSITIONS_MIN } else { TERMS_WINDOW_POSITIONS_MAX };
        // It gets on by one window at least, however long this thread was kept waiting.
        let mut looked = false;
        while low < high && positions.len() < limit && (!looked || started.elapsed() < TERMS_SELECT_TIME_MAX) {
            looked = true;
            if backwards {
                let begin = high.saturating_sub(window).max(low);
                let mut newest = std::collections::VecDeque::new();
                let wanted = limit - positions.len();
                self.walk(query, (begin, high), Reach::Disk, &mut |position| {
                    if newest.len() == wanted {
                        newest.pop_front();
                    }
                    newest.push_back(position);
                    true
                })?;
                let full = newest.len() == wanted;
                positions.extend(newest.into_iter().rev());
                high = positions.last().copied().filter(|_| full).map_or(begin, |oldest| oldest - 1);
                window = (window * 2).min(TERMS_WINDOW_POSITIONS_MAX);
            } else {
                let end = low.saturating_add(window).min(high);
                self.walk(query, (low, end), Reach::Disk, &mut |position| {
                    positions.push(position);
                    positions.len() < limit
                })?;
                low = positions.last().copied().filter(|_| positions.len() >= limit).unwrap_or(end);
            }
        }
        Ok(Selected { positions, next: if backwards { high + 1 } else { low } })
    }

    /// For the writer, between groups: makes room for this many more postings, freezing the table if it is full.
    pub(crate) fn reserve(&self, postings: usize) {
        let shared = &self.shared;
        let head = shared.store.head();
        {
            let state = shared.state.read();
            let fits = state.active.postings() + postings <= shared.options.table_postings
                && head.saturating_sub(state.covered) < TERMS_TABLE_POSITIONS_MAX;
            if fits || head == state.covered {
                return;
            }
        }
        let mut signal = shared.signal.lock();
        while shared.state.read().frozen.len() >= TERMS_TABLES_FROZEN_MAX {
            if signal.stalled {
                // The log goes on when its view cannot be written. What is dropped here is made from the log later.
                shared.state.write().frozen.remove(0);
                break;
            }
            shared.changed.wait_for(&mut signal, Duration::from_millis(100));
        }
        drop(signal);
        shared.freeze(head);
        shared.announce();
    }

    /// For the writer: notes what a request stores. What is noted behind the head is not durable yet.
    pub(crate) fn insert(&self, terms: &BatchTerms, outcomes: &[Appended]) {
        if !terms.is_empty() {
            let mut state = self.shared.state.write();
            stored(terms, outcomes, |term, position| state.active.push(term, position));
        }
    }

    /// For the writer: takes out what was not stored after all.
    pub(crate) fn take_out(&self, terms: &BatchTerms, outcomes: &[Appended]) {
        if !terms.is_empty() {
            let mut state = self.shared.state.write();
            stored(terms, outcomes, |term, position| state.active.cut(term, position));
        }
    }

    pub(crate) fn status(&self) -> TermIndexStatus {
        let state = self.shared.state.read();
        TermIndexStatus {
            table_postings: state.active.postings()
                + state.frozen.iter().map(|frozen| frozen.table.postings()).sum::<usize>(),
            memory_bytes: state.runs.iter().map(|run| run.memory_bytes()).sum(),
            runs: state.runs.len(),
            run_postings: state.runs.iter().map(|run| run.header.postings).sum(),
            run_bytes: state.runs.iter().map(|run| run.header.file_bytes()).sum(),
            missing: state.missing().map(|(first, last)| last - first + 1).sum(),
            merges: self.shared.merges.load(Ordering::Relaxed),
            lookups: self.shared.lookups.load(Ordering::Relaxed),
            pending: !state.frozen.is_empty()
                || state.missing().next().is_some()
                || state.runs.iter().any(|run| run.outdated())
                || runs::due(&state.runs, self.shared.options.table_postings as u64).is_some(),
        }
    }

    /// Records of these positions were compacted, so that they have no terms any more: what holds them is made anew.
    pub(crate) fn renew(&self, stretches: &[(Position, Position)]) {
        let state = self.shared.state.read();
        let touched = |run: &Run| {
            let (begin, end) = (run.header.first, run.header.last);
            stretches.iter().any(|(first, last)| *first <= end && begin <= *last)
        };
        state.runs.iter().filter(|run| touched(run)).for_each(|run| run.outdate());
        drop(state);
        self.shared.announce();
    }

    /// Stops the threads, and writes down what would take long to make from the log at the next start.
    pub(crate) fn close(&self) {
        let shared = &self.shared;
        shared.closing.store(true, Ordering::Release);
        // With the lock, so that no thread is between looking and waiting.
        drop(shared.signal.lock());
        shared.changed.notify_all();
        let threads: Vec<_> = self.threads.lock().drain(..).collect();
        if threads.is_empty() {
            return;
        }
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the term index met a bug and stopped");
            }
        }
        maintain::finish(shared);
    }

    /// Hands `take` the matches in order, until it says `false`.
    fn walk(
        &self,
        query: &TermQuery,
        (after, until): (Position, Position),
        reach: Reach,
        take: &mut dyn FnMut(Position) -> bool,
    ) -> Result<(), Incomplete> {
        let shared = &self.shared;
        let mut at = after;
        while at < until {
            let state = shared.state.read();
            let going_on;
            (going_on, at) = match state.covering(at + 1) {
                // With the lock, as it grows: there is nothing to wait for in memory.
                Covering::Active => (matches(query, &state.active, at, until, take)?, until),
                Covering::Frozen(frozen) => {
                    drop(state);
                    let last = frozen.last.min(until);
                    (matches(query, &frozen.table, at, last, take)?, last)
                }
                Covering::Run(run) if reach == Reach::Memory => {
                    drop(state);
                    if !run.rules_out(query) {
                        return Err(Incomplete);
                    }
                    (true, run.header.last.min(until))
                }
                Covering::Run(run) => {
                    drop(state);
                    let last = run.header.last.min(until);
                    (matches(query, &*run, at, last, take).inspect_err(|_| shared.announce())?, last)
                }
                Covering::Missing => return Err(Incomplete),
            };
            if !going_on {
                break;
            }
        }
        Ok(())
    }
}

impl Drop for TermIndex {
    fn drop(&mut self) {
        self.close();
    }
}

/// Hands over the matches of one piece behind `after`, up to `until`; says whether more are wanted.
fn matches<'p>(
    query: &TermQuery,
    piece: &'p impl Piece<'p>,
    after: Position,
    until: Position,
    take: &mut dyn FnMut(Position) -> bool,
) -> Result<bool, Incomplete> {
    let mut matching = Matching::new(query, piece)?;
    let mut at = after;
    while at < until {
        match matching.next(at + 1)? {
            Some(position) if position <= until => {
                if !take(position) {
                    return Ok(false);
                }
                at = position;
            }
            _ => break,
        }
    }
    Ok(true)
}

impl Shared {
    fn closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// There may be work in the background.
    fn announce(&self) {
        self.signal.lock().events += 1;
        self.changed.notify_all();
    }

    /// Freezes the table, which covers what there is up to `head`.
    fn freeze(&self, head: Position) {
        let mut state = self.state.write();
        let (first, last) = (state.covered + 1, head);
        let table = std::mem::replace(&mut state.active, Table::new(head + 1));
        state.covered = last;
        state.frozen.push(Arc::new(Frozen { table, first, last }));
    }
}

impl State {
    fn covering(&self, position: Position) -> Covering {
        if position > self.covered {
            return Covering::Active;
        }
        if let Some(frozen) = self.frozen.iter().find(|one| one.first <= position && position <= one.last) {
            return Covering::Frozen(Arc::clone(frozen));
        }
        let at = self.runs.partition_point(|run| run.header.last < position);
        match self.runs.get(at).filter(|run| run.header.first <= position) {
            Some(run) => Covering::Run(Arc::clone(run)),
            None => Covering::Missing,
        }
    }

    /// The stretches that nothing covers.
    fn missing(&self) -> impl Iterator<Item = (Position, Position)> {
        let frozen = self.frozen.iter().map(|frozen| (frozen.first, frozen.last));
        let mut covered: Vec<_> =
            self.runs.iter().map(|run| (run.header.first, run.header.last)).chain(frozen).collect();
        covered.sort_unstable();
        covered.push((self.covered + 1, self.covered));
        let mut next = 1;
        covered.into_iter().filter_map(move |(first, last)| {
            let missing = (next < first).then_some((next, first - 1));
            next = last + 1;
            missing
        })
    }
}
