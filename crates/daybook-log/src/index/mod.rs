//! The id index: which key is at which position, exactly, over the whole log.
//!
//! New ids go into a table in memory. A full table is frozen, written as a run in the background and dropped; runs of
//! about the same size are merged in the background. A lookup asks the table, then the filters of the runs, and reads
//! one page of a run whose filter says perhaps. The index is a view: what is missing of it is made from the log.

mod build;
pub(crate) mod filter;
mod maintain;
mod open;
mod run;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_event::Position;
use daybook_event::record::{Known, RecordKey};
use parking_lot::{Condvar, Mutex, RwLock, RwLockWriteGuard};

use self::build::Place;
use self::run::{Keys, Run};
pub(crate) use self::table::{Entry, Table};
use crate::error::{OpenError, ReadError};
use crate::limits::INDEX_TABLES_FROZEN_MAX;
use crate::runs;
use crate::store::Store;

/// Keys that are looked up in the runs together.
const LOOKUP_KEYS: usize = 128;

/// How the index is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexOptions {
    /// Ids in the table in memory.
    pub(crate) table_ids: usize,
    /// Bytes of filters in memory.
    pub(crate) filter_bytes_max: usize,
}

/// What the index takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexStatus {
    /// Ids in tables in memory.
    pub table_ids: usize,
    /// Bytes of filters in memory.
    pub filter_bytes: usize,
    /// Run files.
    pub runs: usize,
    /// Ids in them.
    pub run_ids: u64,
    /// Bytes of them.
    pub run_bytes: u64,
    /// Merges of runs since the log was opened.
    pub merges: u64,
    /// Ids that were looked up since then.
    pub lookups: u64,
    /// Whether tables are to become runs, or runs are to be merged.
    pub pending: bool,
}

/// The index. Lookups may come from any thread, insertions from one.
#[derive(Debug)]
pub(crate) struct IdIndex {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the index and its background threads share.
#[derive(Debug)]
struct Shared {
    place: Place,
    store: Arc<Store>,
    options: IndexOptions,
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
    /// Positions up to here are in frozen tables or in runs.
    covered: Position,
    /// Full tables on their way to becoming runs, the oldest first.
    frozen: Vec<Arc<Frozen>>,
    /// In position order, without overlap.
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
    /// Frozen tables.
    frozen: usize,
    /// Set while runs cannot be written.
    stalled: bool,
    /// Counts what might give the merger work.
    events: u64,
}

/// The index cannot take more: its full tables cannot be written to the disk.
#[derive(Debug)]
pub(crate) struct Stalled;

impl IdIndex {
    /// Opens the index, completes it from the log, and starts its threads.
    pub(crate) fn open(store: &Arc<Store>, options: IndexOptions) -> Result<Self, OpenError> {
        let shared = Arc::new(open::open(store, options)?);
        let index = Self { shared: Arc::clone(&shared), threads: Mutex::default() };
        let start = |name: &str, run: fn(&Shared)| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared));
            thread.map_err(OpenError::io(&store.directory))
        };
        let threads = [start("daybook-ids-flush", maintain::flush)?, start("daybook-ids-merge", maintain::merge)?];
        index.threads.lock().extend(threads);
        Ok(index)
    }

    /// What is known of each key, up to the position `head`.
    pub(crate) fn lookup(&self, keys: &[RecordKey], head: Position) -> Result<Vec<Option<Known>>, ReadError> {
        self.shared.lookups.fetch_add(keys.len() as u64, Ordering::Relaxed);
        let mut known = vec![None; keys.len()];
        let runs = {
            let state = self.shared.state.read();
            for (key, known) in keys.iter().zip(&mut known) {
                *known = state.active.get(key).filter(|known| known.position <= head);
            }
            look_in_frozen(&state.frozen, keys, &mut known);
            Arc::clone(&state.runs)
        };
        self.look_in_runs(&runs, keys, &mut known)?;
        Ok(known)
    }

    /// For the writer: what is known of each key by everything but the table that is written to.
    pub(crate) fn older(&self, keys: &[RecordKey], known: &mut Vec<Option<Known>>) -> Result<(), ReadError> {
        self.shared.lookups.fetch_add(keys.len() as u64, Ordering::Relaxed);
        known.clear();
        known.resize(keys.len(), None);
        // Only the writer freezes tables, so what leaves the frozen ones after this is in the runs that were taken
        // with them or in the tables that are looked into here.
        let (frozen, runs) = {
            let state = self.shared.state.read();
            (state.frozen.clone(), Arc::clone(&state.runs))
        };
        look_in_frozen(&frozen, keys, known);
        self.look_in_runs(&runs, keys, known)
    }

    /// For the writer, between groups: makes room for this many more ids, freezing the table if it is full.
    pub(crate) fn reserve(&self, ids: usize) -> Result<(), Stalled> {
        let shared = &self.shared;
        {
            let state = shared.state.read();
            if state.active.len() == 0 || state.active.len() + ids <= shared.options.table_ids {
                return Ok(());
            }
        }
        let mut signal = shared.signal.lock();
        while signal.frozen >= INDEX_TABLES_FROZEN_MAX {
            if signal.stalled {
                return Err(Stalled);
            }
            shared.changed.wait_for(&mut signal, Duration::from_millis(100));
        }
        let table = Table::with_capacity(shared.options.table_ids);
        let mut state = shared.state.write();
        let table = std::mem::replace(&mut state.active, table);
        let (first, last) = (state.covered + 1, shared.store.head());
        state.covered = last;
        state.frozen.push(Arc::new(Frozen { table, first, last }));
        drop(state);
        signal.frozen += 1;
        drop(signal);
        shared.changed.notify_all();
        Ok(())
    }

    /// For the writer: the table that is written to. What is in it behind the head is not durable yet.
    pub(crate) fn active(&self) -> Active<'_> {
        Active(self.shared.state.write())
    }

    pub(crate) fn status(&self) -> IndexStatus {
        let state = self.shared.state.read();
        IndexStatus {
            table_ids: state.active.len() + state.frozen.iter().map(|frozen| frozen.table.len()).sum::<usize>(),
            filter_bytes: state.runs.iter().map(|run| run.filter_memory_bytes()).sum(),
            runs: state.runs.len(),
            run_ids: state.runs.iter().map(|run| run.header.entries).sum(),
            run_bytes: state.runs.iter().map(|run| run.header.file_bytes()).sum(),
            merges: self.shared.merges.load(Ordering::Relaxed),
            lookups: self.shared.lookups.load(Ordering::Relaxed),
            pending: !state.frozen.is_empty() || runs::due(&state.runs, self.shared.options.table_ids as u64).is_some(),
        }
    }

    /// Stops the threads. What they were about to write is made from the log at the next start.
    pub(crate) fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        // With the lock, so that no thread is between looking and waiting.
        drop(self.shared.signal.lock());
        self.shared.changed.notify_all();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the id index met a bug and stopped");
            }
        }
    }

    fn look_in_runs(
        &self,
        runs: &[Arc<Run>],
        keys: &[RecordKey],
        known: &mut [Option<Known>],
    ) -> Result<(), ReadError> {
        // Some at a time, so that they and their blocks stay in the processor's cache from run to run.
        for (keys, known) in keys.chunks(LOOKUP_KEYS).zip(known.chunks_mut(LOOKUP_KEYS)) {
            let keys = Keys::new(keys);
            for run in runs.iter().rev() {
                run.lookup(&keys, known).inspect_err(|_| self.shared.announce())?;
            }
        }
        Ok(())
    }
}

impl Drop for IdIndex {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// There may be work for the merger.
    fn announce(&self) {
        self.signal.lock().events += 1;
        self.changed.notify_all();
    }
}

/// The table that is written to, locked.
pub(crate) struct Active<'a>(RwLockWriteGuard<'a, State>);

impl Active<'_> {
    pub(crate) fn insert(&mut self, entry: Entry) -> Option<Known> {
        self.0.active.insert(entry)
    }

    pub(crate) fn remove(&mut self, key: &RecordKey) {
        self.0.active.remove(key);
    }
}

fn look_in_frozen(frozen: &[Arc<Frozen>], keys: &[RecordKey], known: &mut [Option<Known>]) {
    for frozen in frozen {
        for (key, known) in keys.iter().zip(&mut *known) {
            *known = known.or_else(|| frozen.table.get(key));
        }
    }
}
