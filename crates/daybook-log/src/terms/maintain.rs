//! What the term index does in the background: full tables become runs, what is missing is made from the log, and runs
//! of a size become one.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use daybook_event::Position;

use super::Shared;
use super::build::{Merge, build, build_from_table};
use super::run::Run;
use super::scan::{scan, stopped};
use super::table::Table;
use crate::limits::{TERMS_CLOSE_POSITIONS_MIN, TERMS_RUN_POSITIONS_MAX};
use crate::runs::{self, BuildError};

/// How long to leave a disk alone that refused.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Writes frozen tables as runs, until the index is closed.
pub(super) fn flush(shared: &Shared) {
    let mut seen = None;
    while !shared.closing() {
        let oldest = shared.state.read().frozen.first().cloned();
        let Some(frozen) = oldest else {
            wait(shared, &mut seen);
            continue;
        };
        let stretch = (frozen.first, frozen.last);
        match build_from_table(&shared.place, stretch, &frozen.table, &|| stopped(shared)) {
            Ok(run) => {
                let mut state = shared.state.write();
                // While the disk refused, the writer may have dropped it.
                if let Some(at) = state.frozen.iter().position(|other| Arc::ptr_eq(other, &frozen)) {
                    state.frozen.remove(at);
                    put_in(&mut state.runs, Arc::new(run));
                }
                let runs = Arc::clone(&state.runs);
                drop(state);
                runs::keep_filters(&runs, shared.options.filter_bytes_max);
                shared.signal.lock().stalled = false;
                shared.announce();
            }
            Err(BuildError::Stopped) => return,
            Err(error) => {
                tracing::warn!(%error, "a part of the term index cannot be written; trying again");
                shared.signal.lock().stalled = true;
                shared.changed.notify_all();
                pause(shared);
            }
        }
    }
}

/// Makes what is missing, and merges runs, until the index is closed.
pub(super) fn keep(shared: &Shared) {
    let mut seen = None;
    while !shared.closing() {
        drop_damaged(shared);
        let (runs, missing) = {
            let state = shared.state.read();
            (Arc::clone(&state.runs), state.missing().next())
        };
        let done = if let Some(stretch) = missing {
            fill(shared, stretch)
        } else if let Some(run) = runs.iter().find(|run| run.outdated()) {
            renew(shared, run)
        } else if let Some(due) = runs::due(&runs, shared.options.table_postings as u64) {
            merge(shared, &runs[due])
        } else {
            wait(shared, &mut seen);
            continue;
        };
        match done {
            Ok(()) | Err(BuildError::Stopped) => {}
            Err(error) => {
                tracing::warn!(%error, "a part of the term index cannot be made; trying again");
                pause(shared);
            }
        }
    }
}

/// When the threads have ended: writes down what would take long to make from the log at the next start.
pub(super) fn finish(shared: &Shared) {
    let head = shared.store.head();
    if head.saturating_sub(shared.state.read().covered) >= TERMS_CLOSE_POSITIONS_MIN {
        shared.freeze(head);
    }
    // They stay where they are: reading goes on when the log is closed.
    let frozen = shared.state.read().frozen.clone();
    for frozen in frozen {
        if let Err(error) = build_from_table(&shared.place, (frozen.first, frozen.last), &frozen.table, &|| Ok(())) {
            tracing::warn!(%error, "a part of the term index is left to be made from the log");
        }
    }
}

/// Puts a run among the others.
fn put_in(runs: &mut Arc<Vec<Arc<Run>>>, run: Arc<Run>) {
    let mut all = runs.as_ref().clone();
    let at = all.partition_point(|other| other.header.first < run.header.first);
    all.insert(at, run);
    *runs = Arc::new(all);
}

/// Takes out the runs that cannot be read, so that they are missing.
fn drop_damaged(shared: &Shared) {
    let mut state = shared.state.write();
    if !state.runs.iter().any(|run| run.damaged()) {
        return;
    }
    let (damaged, good): (Vec<_>, Vec<_>) = state.runs.iter().cloned().partition(|run| run.damaged());
    state.runs = Arc::new(good);
    drop(state);
    for run in damaged {
        // One that stays behind is found out at the next start.
        let _ = shared.place.disk.remove(&run.path);
    }
}

/// Makes the runs of a stretch that is missing.
fn fill(shared: &Shared, (first, last): (Position, Position)) -> Result<(), BuildError> {
    make(shared, (first, last), &mut |run| {
        let mut state = shared.state.write();
        put_in(&mut state.runs, Arc::new(run));
    })?;
    let runs = Arc::clone(&shared.state.read().runs);
    runs::keep_filters(&runs, shared.options.filter_bytes_max);
    Ok(())
}

/// Makes a run anew, and uses it until that is done.
fn renew(shared: &Shared, old: &Arc<Run>) -> Result<(), BuildError> {
    let mut new = Vec::new();
    make(shared, (old.header.first, old.header.last), &mut |run| new.push(Arc::new(run)))?;
    replace(shared, std::slice::from_ref(old), &new);
    Ok(())
}

/// Makes runs for these positions from the log, and hands over each.
fn make(shared: &Shared, (first, last): (Position, Position), each: &mut dyn FnMut(Run)) -> Result<(), BuildError> {
    tracing::info!(first, last, "making a part of the term index from the log");
    let mut next = first;
    while next <= last {
        let mut table = Table::new(next);
        let postings = Cell::new(0);
        let end = scan(
            &shared.store,
            shared.options.terms.as_ref(),
            (next, last.min(next.saturating_add(TERMS_RUN_POSITIONS_MAX - 1))),
            &mut |term, position| {
                table.push(term, position);
                postings.set(table.postings());
            },
            &mut |_| postings.get() < shared.options.table_postings && !shared.closing(),
        );
        let end = end.map_err(|error| {
            tracing::warn!(%error, "the log cannot be read for the term index");
            BuildError::Read
        })?;
        stopped(shared)?;
        each(build_from_table(&shared.place, (next, end), &table, &|| stopped(shared))?);
        next = end + 1;
    }
    Ok(())
}

/// Makes one run of several.
fn merge(shared: &Shared, old: &[Arc<Run>]) -> Result<(), BuildError> {
    let (Some(oldest), Some(newest)) = (old.first(), old.last()) else { return Ok(()) };
    let planned = old.iter().map(|run| run.header.terms).sum();
    let go_on = || stopped(shared);
    let stretch = (oldest.header.first, newest.header.last);
    match build(&shared.place, stretch, planned, &mut Merge::new(old, &go_on)) {
        Ok(run) => {
            let run = Arc::new(run);
            replace(shared, old, std::slice::from_ref(&run));
            shared.merges.fetch_add(1, Ordering::Relaxed);
            // Now that nobody looks for them any more: they may have been compacted meanwhile.
            if old.iter().any(|run| run.outdated()) {
                run.outdate();
            }
            Ok(())
        }
        // The run that cannot be read is made anew first.
        Err(BuildError::Read) if old.iter().any(|run| run.damaged()) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Puts runs in the place of others, whose files are removed.
fn replace(shared: &Shared, old: &[Arc<Run>], new: &[Arc<Run>]) {
    let mut state = shared.state.write();
    let Some(runs) = runs::replaced(&state.runs, old, new) else { return };
    state.runs = Arc::clone(&runs);
    drop(state);
    runs::keep_filters(&runs, shared.options.filter_bytes_max);
    runs::remove_replaced(shared.place.disk.as_ref(), old, new);
    shared.announce();
}

/// Waits until something happened since this was asked last.
fn wait(shared: &Shared, seen: &mut Option<u64>) {
    let mut signal = shared.signal.lock();
    while *seen == Some(signal.events) && !shared.closing() {
        shared.changed.wait(&mut signal);
    }
    *seen = Some(signal.events);
}

fn pause(shared: &Shared) {
    let mut signal = shared.signal.lock();
    if !shared.closing() {
        shared.changed.wait_for(&mut signal, RETRY_DELAY);
    }
}
