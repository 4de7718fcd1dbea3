//! Opening the index: which runs are good, and making what is missing from the log.

use std::io;
use std::sync::Arc;

use daybook_event::Position;
use parking_lot::{Condvar, Mutex, RwLock};

use super::build::{Place, build};
use super::run::Run;
use super::{Entry, IndexOptions, Shared, Signal, State, Table};
use crate::error::{OpenError, ReadError};
use crate::reader::identities;
use crate::runs::{self, BuildError};
use crate::store::Store;

/// Opens the runs and completes them.
pub(super) fn open(store: &Arc<Store>, options: IndexOptions) -> Result<Shared, OpenError> {
    let directory = store.directory.join("ids");
    store.disk.create_directory(&directory).map_err(OpenError::io(&directory))?;
    let place = Place {
        disk: Arc::clone(&store.disk),
        directory,
        log_id: store.log_id,
        filter_bytes_max: options.filter_bytes_max,
    };
    let head = store.head();
    let mut runs = Vec::new();
    let mut next = 1;
    for run in runs::good(place.disk.as_ref(), &place.directory, head, |path| Run::open(&place, path))? {
        if run.header.first > next {
            runs.extend(rebuild(store, &place, options, next, run.header.first - 1)?);
        }
        next = run.header.last + 1;
        runs.push(run);
    }
    // The newest ids stay in memory, as they would be had the log stayed open.
    let whole = (head + 1 - next) / options.table_ids as u64 * options.table_ids as u64;
    if whole > 0 {
        runs.extend(rebuild(store, &place, options, next, next + whole - 1)?);
        next += whole;
    }
    let active = table(store, next, head)?;
    runs::keep_filters(&runs, options.filter_bytes_max);
    let state = State { active, covered: next - 1, frozen: Vec::new(), runs: Arc::new(runs) };
    Ok(Shared {
        place,
        store: Arc::clone(store),
        options,
        state: RwLock::new(state),
        signal: Mutex::new(Signal::default()),
        changed: Condvar::new(),
        closing: false.into(),
        merges: 0.into(),
        lookups: 0.into(),
    })
}

/// Makes runs for these positions from the log.
pub(super) fn rebuild(
    store: &Store,
    place: &Place,
    options: IndexOptions,
    first: Position,
    last: Position,
) -> Result<Vec<Arc<Run>>, OpenError> {
    tracing::info!(first, last, "making a part of the id index from the log");
    let mut runs = Vec::new();
    for first in (first..=last).step_by(options.table_ids) {
        let last = last.min(first + options.table_ids as u64 - 1);
        let entries = table(store, first, last)?.sorted();
        let planned = entries.len() as u64;
        let run = build(place, (first, last), planned, entries.into_iter().map(Ok)).map_err(|error| {
            let source = match error {
                BuildError::Write(error) => error,
                BuildError::Read | BuildError::Stopped => io::ErrorKind::InvalidData.into(),
            };
            OpenError::Io { file: place.directory.clone(), source }
        })?;
        runs.push(Arc::new(run));
    }
    Ok(runs)
}

/// The ids of these positions, from the log.
fn table(store: &Store, first: Position, last: Position) -> Result<Table, ReadError> {
    let mut table = Table::default();
    identities(store, first, last, |position, key, digest| {
        if table.insert(Entry { key, position, digest }).is_some() {
            tracing::error!(position, "a record has the key of an earlier one");
        }
    })?;
    Ok(table)
}
