//! Collecting what nothing refers to any more: what was left by a crash before its record was in the log, and by records
//! that are past their time.
//!
//! Mark and sweep: what there is is listed, and what the log does not refer to goes. What the log refers to is known of the
//! stretches that take no more records ([`References`]), and read from it behind them. The end of the log is read while
//! nobody may write blobs, and the removing is done before anybody may again. So a blob that is written once more in that
//! moment, for another event, is either referred to by a record that was read, or is written after it was removed.

use std::sync::Arc;

use daybook_event::{BlobAddress, Position};
use daybook_log::Log;
use futures_util::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;
use rustc_hash::FxHashMap;

use crate::error::CollectError;
use crate::references::{References, read_log};
use crate::store::Blobs;
use crate::{limits, paths};

/// What a run has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Blobs there were.
    pub looked_at: u64,
    /// Blobs removed.
    pub removed: u64,
    /// Bytes that they took.
    pub bytes_freed: u64,
    /// Records that were read for it: what came since the last run, what was compacted, and the end of the log.
    pub records_read: u64,
}

/// Whether to stop.
type Stopped = Arc<dyn Fn() -> bool + Send + Sync>;

/// Blobs that nothing is known to refer to, with their places and sizes.
type Candidates = FxHashMap<BlobAddress, Vec<(Path, u64)>>;

impl Blobs {
    /// Removes every blob that no record of the log refers to. What closed stretches refer to is known from `references`, or
    /// put there. `stopped` is asked now and then.
    ///
    /// # Errors
    /// [`CollectError`]; what cannot be known to be superfluous stays.
    pub async fn collect(
        &self,
        log: &Log,
        references: &References,
        stopped: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Collected, CollectError> {
        let stopped: Stopped = Arc::new(stopped);
        let mut collected = Collected::default();
        // The last round asks again after the end.
        let mut list = self.store.list(None).fuse();
        loop {
            let mut candidates = Candidates::default();
            let mut count = 0;
            while count < limits::CANDIDATES_MAX
                && let Some(object) = list.try_next().await?
            {
                // What else lies there is not of this store's making.
                let Some(address) = paths::address(&object.location) else { continue };
                candidates.entry(address).or_default().push((object.location, object.size));
                count += 1;
            }
            if count == 0 {
                return Ok(collected);
            }
            collected.looked_at += count as u64;
            self.sweep((log, references), candidates, &stopped, &mut collected).await?;
        }
    }

    async fn sweep(
        &self,
        (log, references): (&Log, &References),
        candidates: Candidates,
        stopped: &Stopped,
        collected: &mut Collected,
    ) -> Result<(), CollectError> {
        let (mut candidates, mut after) = strike(log, references, candidates, stopped, collected).await?;
        // While this goes on the log grows; what it grew by is read as long as that is much.
        while !candidates.is_empty() && log.head().saturating_sub(after) > limits::SCAN_BEHIND_MAX {
            (candidates, after) = mark(log, candidates, after, stopped, collected).await?;
        }
        while !candidates.is_empty() {
            let alone = self.alone().await;
            (candidates, after) = mark(log, candidates, after, stopped, collected).await?;
            let some: Vec<BlobAddress> = candidates.keys().take(limits::REMOVED_AT_ONCE).copied().collect();
            let places: Vec<(Path, u64)> =
                some.iter().filter_map(|address| candidates.remove(address)).flatten().collect();
            for (_, size) in &places {
                collected.bytes_freed += size;
                self.metrics.bytes_collected.inc_by(*size);
            }
            let removed = remove(self.store.as_ref(), places.into_iter().map(|(path, _)| path).collect()).await?;
            collected.removed += removed;
            self.metrics.collected.inc_by(removed);
            drop(alone);
        }
        Ok(())
    }
}

/// Removes blobs; one that is gone already is as good.
pub(crate) async fn remove(store: &dyn ObjectStore, places: Vec<Path>) -> Result<u64, object_store::Error> {
    let places = futures_util::stream::iter(places).map(Ok).boxed();
    let mut removed = 0;
    let mut done = store.delete_stream(places);
    while let Some(one) = done.next().await {
        match one {
            Ok(_) => removed += 1,
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// Leaves out what the stretches refer to that take no more records; says where they end.
async fn strike(
    log: &Log,
    references: &References,
    mut candidates: Candidates,
    stopped: &Stopped,
    collected: &mut Collected,
) -> Result<(Candidates, Position), CollectError> {
    let (log, references, stopped) = (log.clone(), references.clone(), Arc::clone(stopped));
    let work = tokio::task::spawn_blocking(move || {
        let stretches = log.stretches();
        let mut records = 0;
        for stretch in &stretches {
            if stopped() {
                return Err(CollectError::Stopped);
            }
            let each = &mut |address: BlobAddress| drop(candidates.remove(&address));
            records += references.of(&log, stretch, each, &*stopped)?;
        }
        if let Err(error) = references.keep_only(&stretches) {
            tracing::warn!(%error, "references to blobs that are out of date cannot be removed");
        }
        Ok((candidates, stretches.last().map_or(0, |stretch| stretch.last), records))
    });
    let (candidates, after, records) = work.await.map_err(|_| CollectError::Stopped)??;
    collected.records_read += records;
    Ok((candidates, after))
}

/// Reads the log from a position to where it ends now, and leaves out what it refers to.
async fn mark(
    log: &Log,
    mut candidates: Candidates,
    after: Position,
    stopped: &Stopped,
    collected: &mut Collected,
) -> Result<(Candidates, Position), CollectError> {
    let (log, stopped) = (log.clone(), Arc::clone(stopped));
    let work = tokio::task::spawn_blocking(move || {
        let head = log.head();
        let each = &mut |address: BlobAddress| drop(candidates.remove(&address));
        let records = read_log(&log, (after, head), &*stopped, each)?;
        Ok::<_, CollectError>((candidates, head, records))
    });
    let (candidates, head, records) = work.await.map_err(|_| CollectError::Stopped)??;
    collected.records_read += records;
    Ok((candidates, head))
}
