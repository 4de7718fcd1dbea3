//! What the index does in the background: full tables become runs, runs of a size become one, and a run that cannot be
//! read is made anew from the log.

use std::sync::Arc;
use std::time::Duration;

use super::build::{BuildError, Merge, build};
use super::open::rebuild;
use super::run::Run;
use super::{Entry, Shared};
use crate::limits::INDEX_MERGE_RUNS;

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
                keep_filters(&runs, shared.options.filter_bytes_max);
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
        } else if let Some(due) = due(&runs, shared.options.table_ids as u64) {
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

/// Keeps the filters of the smallest runs in memory, as many as fit: they are asked as often as the large ones.
pub(super) fn keep_filters(runs: &[Arc<Run>], bytes_max: usize) {
    let mut by_size: Vec<&Arc<Run>> = runs.iter().collect();
    by_size.sort_unstable_by_key(|run| run.header.filter_bytes());
    let mut bytes = 0_usize;
    for run in by_size {
        bytes = bytes.saturating_add(run.header.filter_bytes());
        run.keep_filter(bytes <= bytes_max);
    }
}

/// The runs to merge next, oldest first: neighbours of about the same size. A run that is smaller than a newer one
/// counts like that one, so that it does not stand between its neighbours for ever.
fn due(runs: &[Arc<Run>], table_ids: u64) -> Option<std::ops::Range<usize>> {
    let class = |entries: u64| (2 * entries / table_ids.max(1)).max(1).ilog(INDEX_MERGE_RUNS as u64);
    let mut classes: Vec<u32> = runs.iter().map(|run| class(run.header.entries)).collect();
    for at in (1..classes.len()).rev() {
        classes[at - 1] = classes[at - 1].max(classes[at]);
    }
    let mut end = classes.len();
    while end > 0 {
        let begin = classes[..end].iter().rposition(|class| *class != classes[end - 1]).map_or(0, |at| at + 1);
        if end - begin >= INDEX_MERGE_RUNS {
            return Some(begin..begin + INDEX_MERGE_RUNS);
        }
        end = begin;
    }
    None
}

/// Makes one run of several; says whether that worked.
fn merge_runs(shared: &Shared, old: &[Arc<Run>]) -> bool {
    let (Some(oldest), Some(newest)) = (old.first(), old.last()) else { return true };
    let planned = old.iter().map(|run| run.header.entries).sum();
    let range = (oldest.header.first, newest.header.last);
    match build(&shared.place, range, planned, stoppable(shared, Merge::new(old))) {
        Ok(run) => {
            replace(shared, old, vec![Arc::new(run)]);
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
            replace(shared, std::slice::from_ref(run), runs);
            true
        }
        Err(error) => {
            tracing::warn!(%error, "a run of the id index cannot be made anew; trying again");
            false
        }
    }
}

/// Puts runs in the place of others, whose files are removed.
fn replace(shared: &Shared, old: &[Arc<Run>], new: Vec<Arc<Run>>) {
    let kept: Vec<_> = new.iter().map(|run| run.path.clone()).collect();
    let mut state = shared.state.write();
    let mut runs = state.runs.as_ref().clone();
    let Some(at) = runs.iter().position(|run| old.first().is_some_and(|old| Arc::ptr_eq(run, old))) else { return };
    runs.splice(at..at + old.len(), new);
    let runs = Arc::new(runs);
    state.runs = Arc::clone(&runs);
    drop(state);
    keep_filters(&runs, shared.options.filter_bytes_max);
    for run in old.iter().filter(|run| !kept.contains(&run.path)) {
        // A run that stays behind lies within the new one and is removed at the next start.
        let _ = shared.place.disk.remove(&run.path);
    }
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
