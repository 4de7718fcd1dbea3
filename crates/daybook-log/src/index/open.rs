//! Opening the index: which runs are good, and making what is missing from the log.

use std::io;
use std::sync::Arc;

use daybook_event::Position;
use parking_lot::{Condvar, Mutex, RwLock};

use super::build::{BuildError, Place, build};
use super::maintain::keep_filters;
use super::run::{Run, run_range};
use super::{Entry, IndexOptions, Shared, Signal, State, Table};
use crate::error::{OpenError, ReadError};
use crate::reader::identities;
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
    for run in good_runs(&place, head)? {
        if run.header.first > next {
            runs.extend(rebuild(store, &place, options, next, run.header.first - 1)?);
        }
        next = run.header.last + 1;
        runs.push(Arc::new(run));
    }
    // The newest ids stay in memory, as they would be had the log stayed open.
    let whole = (head + 1 - next) / options.table_ids as u64 * options.table_ids as u64;
    if whole > 0 {
        runs.extend(rebuild(store, &place, options, next, next + whole - 1)?);
        next += whole;
    }
    let active = table(store, next, head)?;
    keep_filters(&runs, options.filter_bytes_max);
    let state = State { active, covered: next - 1, frozen: Vec::new(), runs: Arc::new(runs) };
    Ok(Shared {
        place,
        store: Arc::clone(store),
        options,
        state: RwLock::new(state),
        signal: Mutex::new(Signal::default()),
        changed: Condvar::new(),
        closing: false.into(),
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

/// The runs that are whole and of this log, in position order and without overlap. Removes the other ones.
fn good_runs(place: &Place, head: Position) -> Result<Vec<Run>, OpenError> {
    let mut found = Vec::new();
    for name in place.disk.list(&place.directory).map_err(OpenError::io(&place.directory))? {
        match run_range(&name) {
            Some(range) => found.push((range, name)),
            None if name.ends_with(".ids.tmp") => remove(place, &name)?,
            None => {}
        }
    }
    // Of runs that overlap, the one that a merge made comes first.
    found.sort_unstable_by_key(|&((first, last), _)| (first, std::cmp::Reverse(last)));
    let mut runs: Vec<Run> = Vec::new();
    for ((first, last), name) in found {
        let free = runs.last().is_none_or(|run| run.header.last < first);
        let path = place.directory.join(&name);
        let run = if free && first <= last && last <= head { Run::open(place, &path) } else { Ok(None) };
        match run {
            Ok(Some(run)) if (run.header.first, run.header.last) == (first, last) => runs.push(run),
            Ok(_) | Err(_) => remove(place, &name)?,
        }
    }
    Ok(runs)
}

fn remove(place: &Place, name: &str) -> Result<(), OpenError> {
    let path = place.directory.join(name);
    tracing::info!(file = %path.display(), "removing a run of the id index that is of no use");
    place.disk.remove(&path).map_err(OpenError::io(&path))
}
