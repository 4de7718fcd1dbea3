//! Finding what a consumer is to deliver next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use daybook_event::Position;
use tokio::time::Instant;

use super::deliver::{Parked, Pending, Work};
use super::task::{Halt, Task};
use super::trail::Trail;
use crate::Item;
use crate::limits::BATCH_BYTES_MAX;

/// What was found so far.
struct Found {
    items: Vec<Arc<Item>>,
    bytes: usize,
    /// Everything up to here was looked at.
    at: Position,
}

impl Task {
    /// The next batch; nothing where there was none and something else is to be done. Rests while there is nothing to deliver.
    pub(super) async fn gather(&mut self) -> Result<Option<Work>, Halt> {
        let mut found = Found { items: Vec::new(), bytes: 0, at: self.consumer.place().offset };
        let mut until: Option<Instant> = None;
        loop {
            let full = self.look_through(&mut found).await?;
            self.looked_through(found.at);
            if !found.items.is_empty() {
                let until = *until.get_or_insert_with(|| Instant::now() + self.delay);
                if full || Instant::now() >= until {
                    return Ok(Some(Work::new(found.items, found.at, self.epoch)));
                }
                let oldest = found.items.first().map_or(0, |item| item.event.received.microseconds());
                self.consumer.meter.oldest_us.store(oldest, Ordering::Relaxed);
                tokio::select! {
                    changed = self.wait(until - Instant::now()) => changed?,
                    () = self.consumer.bell.rung() => {}
                }
                continue;
            }
            self.consumer.meter.oldest_us.store(0, Ordering::Relaxed);
            let bell = Arc::clone(&self.consumer.bell);
            if !self.core.dispatch.rest(&bell, found.at) {
                continue;
            }
            self.recovered();
            let changed = tokio::select! {
                changed = self.wait(self.next_tend.saturating_duration_since(Instant::now())) => Some(changed),
                () = bell.rung() => None,
            };
            found.at = found.at.max(self.core.dispatch.rise(&bell));
            if !self.pass(found.at) {
                return Err(Halt::Changed);
            }
            match changed {
                Some(Err(halt)) => return Err(halt),
                Some(Ok(())) => return Ok(None),
                None => {}
            }
        }
    }

    /// Looks on until the end of the log, or enough is found; says whether it is enough.
    async fn look_through(&mut self, found: &mut Found) -> Result<bool, Halt> {
        let head = self.core.dispatch.head();
        while found.at < head {
            let block = self.core.feed.block(found.at, head).await.map_err(|error| Halt::Lost(error.into()))?;
            for entry in block.pick(&mut self.selection, found.at) {
                if self.consumer.condition.as_ref().is_some_and(|condition| !condition.is_met(&entry.item)) {
                    continue;
                }
                found.items.push(Arc::clone(&entry.item));
                found.bytes += entry.stored_bytes;
                if found.items.len() >= self.size || found.bytes >= BATCH_BYTES_MAX {
                    found.at = entry.item.event.position;
                    return Ok(true);
                }
            }
            found.at = block.through;
            if found.items.is_empty() && !self.pass(found.at) || !self.holds() {
                return Err(Halt::Changed);
            }
            // Blocks that are in memory are had without waiting; others want to run too.
            tokio::task::consume_budget().await;
        }
        Ok(false)
    }

    /// What was begun, read again. Events that are gone meanwhile are left out.
    pub(super) async fn unpark(&self, parked: &Parked) -> Result<Work, Halt> {
        let head = self.core.dispatch.head();
        let mut pieces = VecDeque::with_capacity(parked.pieces.len());
        for piece in &parked.pieces {
            let mut pending = Vec::with_capacity(piece.len());
            for (position, trail) in piece {
                let entry = self.core.feed.item(*position, head).await;
                if let Some(entry) = entry.map_err(|error| Halt::Lost(error.into()))? {
                    let trail: Trail = trail.clone();
                    pending.push(Pending { item: entry.item, trail });
                }
            }
            if !pending.is_empty() {
                pieces.push_back(pending);
            }
        }
        Ok(Work { pieces, through: parked.through, epoch: self.epoch })
    }
}
