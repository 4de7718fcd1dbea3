//! What the index does in the background: full tables become runs, runs of a size become one, and a run that cannot be
//! read is made anew from the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::build::{Merge, build};
use super::open::rebuild;
use super::run::Run;
use super::{Entry, Shared};
use crate::runs::{self, BuildError};

/// How long to leave a disk alone that refused.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Entries between two looks at whether to stop.
const STOP_CHECK_ENTRIES: usize = 4_096;

/// Writes frozen tables as runs, until the index is closed.
pub(super) fn flush(shared: &Shared) {
    loop {
        let mut signal = shared.signal.lock();
        while signal.frozen == 0 && !shared.closing() {
            shared.changed.wait(&mut signal);
        }
        drop(signal);
        let Some(frozen) = shared.state.read().frozen.first().cloned() else { return };
        if shared.closing() {
            return;
        }
        let entries = frozen.table.sorted();
        let planned = entries.len() as u64;
        let entries = stoppable(shared, entries.into_iter().map(Ok));
        match build(&shared.place, (frozen.first, frozen.last), planned, entries) {
            Ok(run) => {
                let mut state = shared.state.write();
                let mut runs = state.runs.as_ref().clone();
                runs.push(Arc::new(run));
                let runs = Arc::new(runs);
                state.runs = Arc::clone(&runs);
                state.frozen.remove(0);
                drop(state);
                runs::keep_filters(&runs, shared.options.filter_bytes_max);
                let mut signal = shared.signal.lock();
                signal.frozen -= 1;
                signal.stalled = false;
                signal.events += 1;
                drop(signal);
                shared.changed.notify_all();
            }
            Err(BuildError::Stopped) => return,
            Err(error) => {
                tracing::warn!(?error, "a part of the id index cannot be written; trying again");
                shared.signal.lock().stalled = true;
                shared.changed.notify_all();
                pause(shared);
            }
        }
    }
}

/// Merges and repairs runs, until the index is closed.
pub(super) fn merge(shared: &Shared) {
    let mut seen = 0;
    while !shared.closing() {
        let runs = Arc::clone(&shared.state.read().runs);
        let damaged = runs.iter().find(|run| run.damaged());
        let done = if let Some(run) = damaged {
            repair(shared, run)
        } else if let Some(due) = runs::due(&runs, shared.options.table_ids as u64) {
            merge_runs(shared, &runs[due])
        } else {
            let mut signal = shared.signal.lock();
            while signal.events == seen && !shared.closing() {
                shared.changed.wait(&mut signal);
            }
            seen = signal.events;
            continue;
        };
        if !done {
            pause(shared);
        }
    }
}

/// Makes one run of several; says whether that worked.
fn merge_runs(shared: &Shared, old: &[Arc<Run>]) -> bool {
    let (Some(oldest), Some(newest)) = (old.first(), old.last()) else { return true };
    let planned = old.iter().map(|run| run.header.entries).sum();
    let range = (oldest.header.first, newest.header.last);
    match build(&shared.place, range, planned, stoppable(shared, Merge::new(old))) {
        Ok(run) => {
            replace(shared, old, &[Arc::new(run)]);
            shared.merges.fetch_add(1, Ordering::Relaxed);
            true
        }
        Err(BuildError::Stopped) => true,
        // The run that cannot be read is made anew first.
        Err(BuildError::Read) => old.iter().any(|run| run.damaged()),
        Err(BuildError::Write(error)) => {
            tracing::warn!(%error, "runs of the id index cannot be merged; trying again");
            false
        }
    }
}

/// Makes a run anew from the log; says whether that worked.
fn repair(shared: &Shared, run: &Arc<Run>) -> bool {
    let (first, last) = (run.header.first, run.header.last);
    match rebuild(&shared.store, &shared.place, shared.options, first, last) {
        Ok(runs) => {
            replace(shared, std::slice::from_ref(run), &runs);
            true
        }
        Err(error) => {
            tracing::warn!(%error, "a run of the id index cannot be made anew; trying again");
            false
        }
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

/// Entries that end with an error when the index is closed.
fn stoppable<'a>(
    shared: &'a Shared,
    entries: impl Iterator<Item = Result<Entry, BuildError>> + 'a,
) -> impl Iterator<Item = Result<Entry, BuildError>> + 'a {
    entries.enumerate().map(|(at, entry)| {
        if at % STOP_CHECK_ENTRIES == 0 && shared.closing() { Err(BuildError::Stopped) } else { entry }
    })
}

fn pause(shared: &Shared) {
    let mut signal = shared.signal.lock();
    if !shared.closing() {
        shared.changed.wait_for(&mut signal, RETRY_DELAY);
    }
}
