//! What the indexes' runs have in common: how they come to be, what they are called, which of those in a directory are good, which
//! are merged, and which filters are in memory. A run is a file that covers a stretch of positions; it never changes, and no two
//! of an index overlap.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_event::Position;

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::error::OpenError;
use crate::limits::INDEX_MERGE_RUNS;

/// A run of an index.
pub(crate) trait Run: Sized {
    /// What the names of its files end with.
    const EXTENSION: &'static str;

    /// The positions that it covers.
    fn stretch(&self) -> (Position, Position);

    /// Its file.
    fn path(&self) -> &Path;

    /// Ids or postings in it.
    fn entries(&self) -> u64;

    /// The length of its filter.
    fn filter_bytes(&self) -> usize;

    /// Keeps the filter in memory, or does not.
    fn keep_filter(&self, keep: bool);
}

/// Why a run was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// The disk refused the writing.
    #[error("{0}")]
    Write(#[from] io::Error),
    /// Something that is read for it cannot be read.
    #[error("what it is made from cannot be read")]
    Read,
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
}

/// Has the run that covers these positions written, and puts it in place, durably; gives its path.
pub(crate) fn put<R: Run>(
    disk: &dyn Disk,
    directory: &Path,
    stretch: (Position, Position),
    write: impl FnOnce(Arc<dyn DiskFile>) -> Result<(), BuildError>,
) -> Result<PathBuf, BuildError> {
    let path = directory.join(name::<R>(stretch));
    let temporary = path.with_extension(format!("{}.tmp", R::EXTENSION));
    if let Err(error) = write(disk.open(&temporary, OpenMode::Create)?) {
        // What is left of it is removed at the next start at the latest.
        let _ = disk.remove(&temporary);
        return Err(error);
    }
    disk.rename(&temporary, &path)?;
    disk.sync_directory(directory)?;
    Ok(path)
}

/// The runs of a directory that can be opened and are what their names say, in position order and without overlap. Removes the
/// others.
pub(crate) fn good<R: Run>(
    disk: &dyn Disk,
    directory: &Path,
    head: Position,
    open: impl Fn(&Path) -> io::Result<Option<R>>,
) -> Result<Vec<Arc<R>>, OpenError> {
    let remove = |name: &str| {
        let path = directory.join(name);
        tracing::info!(file = %path.display(), "removing a run of an index that is of no use");
        disk.remove(&path).map_err(OpenError::io(&path))
    };
    let mut found = Vec::new();
    for name in disk.list(directory).map_err(OpenError::io(directory))? {
        match stretch_of::<R>(&name) {
            Some(stretch) => found.push((stretch, name)),
            None if name.ends_with(&format!(".{}.tmp", R::EXTENSION)) => remove(&name)?,
            None => {}
        }
    }
    // Of runs that overlap, the one that a merge made comes first.
    found.sort_unstable_by_key(|&((first, last), _)| (first, std::cmp::Reverse(last)));
    let mut runs: Vec<Arc<R>> = Vec::new();
    for ((first, last), name) in found {
        let free = runs.last().is_none_or(|run| run.stretch().1 < first);
        let can_be = free && 0 < first && first <= last && last <= head;
        let run = if can_be { open(&directory.join(&name)) } else { Ok(None) };
        match run {
            Ok(Some(run)) if run.stretch() == (first, last) => runs.push(Arc::new(run)),
            Ok(_) | Err(_) => remove(&name)?,
        }
    }
    Ok(runs)
}

/// Keeps the filters of the smallest runs in memory, as many as fit: they are asked as often as the large ones.
pub(crate) fn keep_filters<R: Run>(runs: &[Arc<R>], bytes_max: usize) {
    let mut by_size: Vec<&Arc<R>> = runs.iter().collect();
    by_size.sort_unstable_by_key(|run| run.filter_bytes());
    let mut bytes = 0_usize;
    for run in by_size {
        bytes = bytes.saturating_add(run.filter_bytes());
        run.keep_filter(bytes <= bytes_max);
    }
}

/// The runs to merge next, oldest first: neighbours of about the same size, with nothing missing between them. A run that is
/// smaller than a newer one counts like that one, so that it does not stand between its neighbours for ever. A table has so
/// many entries when it becomes a run.
pub(crate) fn due<R: Run>(runs: &[Arc<R>], table_entries: u64) -> Option<std::ops::Range<usize>> {
    let class = |entries: u64| (2 * entries / table_entries.max(1)).max(1).ilog(INDEX_MERGE_RUNS as u64);
    let mut classes: Vec<u32> = runs.iter().map(|run| class(run.entries())).collect();
    for at in (1..classes.len()).rev() {
        classes[at - 1] = classes[at - 1].max(classes[at]);
    }
    let mut end = classes.len();
    while end > 0 {
        let begin = classes[..end].iter().rposition(|class| *class != classes[end - 1]).map_or(0, |at| at + 1);
        if end - begin >= INDEX_MERGE_RUNS {
            let due = begin..begin + INDEX_MERGE_RUNS;
            let joined = runs[due.clone()].windows(2).all(|pair| pair[0].stretch().1 + 1 == pair[1].stretch().0);
            return joined.then_some(due);
        }
        end = begin;
    }
    None
}

/// The runs with `new` in the place of `old`, which follow each other; nothing where they are not there any more.
pub(crate) fn replaced<R: Run>(runs: &[Arc<R>], old: &[Arc<R>], new: &[Arc<R>]) -> Option<Arc<Vec<Arc<R>>>> {
    let at = runs.iter().position(|run| old.first().is_some_and(|old| Arc::ptr_eq(run, old)))?;
    let mut runs = runs.to_vec();
    runs.splice(at..at + old.len(), new.iter().cloned());
    Some(Arc::new(runs))
}

/// Removes the files of runs that others are in the place of.
pub(crate) fn remove_replaced<R: Run>(disk: &dyn Disk, old: &[Arc<R>], new: &[Arc<R>]) {
    // One that was made anew has the name of the one before.
    for run in old.iter().filter(|old| new.iter().all(|new| new.path() != old.path())) {
        // A run that stays behind lies within the new one and is removed at the next start.
        let _ = disk.remove(run.path());
    }
}

/// The name of the run that covers these positions.
fn name<R: Run>((first, last): (Position, Position)) -> String {
    format!("{first:020}-{last:020}.{}", R::EXTENSION)
}

/// The positions that a run's file name says it covers.
fn stretch_of<R: Run>(name: &str) -> Option<(Position, Position)> {
    let (first, last) = name.strip_suffix(R::EXTENSION)?.strip_suffix('.')?.split_once('-')?;
    let number = |text: &str| if text.len() == 20 { text.parse().ok() } else { None };
    Some((number(first)?, number(last)?))
}
