//! What is done for all consumers from time to time: offsets are written, promises looked at, notes summed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use daybook_event::Position;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use crate::consumer::{Consumer, Core};
use crate::feed::Selection;
use crate::limits::{IDLE_OFFSETS_EVERY, KEPT_AFTER, MIND_EVERY, SUM_NOTES_FOR};
use crate::notes::Change;
use crate::now_us;
use crate::runtime::Consumers;
use crate::store::{Progress, signed};

/// Writes the offsets that moved, again and again, and lets go of what everybody has passed.
pub(crate) async fn keep_offsets(core: Arc<Core>, consumers: Arc<Consumers>, stop: CancellationToken) {
    let mut idle = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(core.options.offsets_every) => {}
        }
        if let Some(position) = slowest(&core, &consumers) {
            core.feed.passed(position);
        }
        let all = idle.elapsed() >= IDLE_OFFSETS_EVERY;
        if all {
            idle = Instant::now();
        }
        if let Err(error) = save_offsets(&core, &consumers, all).await {
            // They are written the next time; until then a crash means more repetitions.
            tracing::warn!(%error, "the offsets of the consumers were not written");
        }
    }
}

/// Where the slowest consumer is of those that deliver; those that wait for somebody read the log again when they go on.
fn slowest(core: &Core, consumers: &Consumers) -> Option<Position> {
    let delivers = |consumer: &Arc<Consumer>| {
        consumer.handler().is_some()
            && consumer.set(|place| place.ready && place.paused_us.is_none() && place.trouble.is_none())
    };
    consumers.all().iter().filter(|consumer| delivers(consumer)).map(|consumer| consumer.offset(&core.dispatch)).min()
}

/// Writes the offsets that moved by deliveries, or all that moved.
pub(crate) async fn save_offsets(core: &Core, consumers: &Consumers, all: bool) -> Result<(), DbErr> {
    let _one = core.store.offsets.lock().await;
    let mut moved = Vec::new();
    for consumer in consumers.all().into_iter().filter(|consumer| !consumer.keeps_offset_itself()) {
        let delivered = consumer.place().offset;
        let offset = consumer.offset(&core.dispatch).max(delivered);
        let given_up = consumer.meter.given_up.load(Ordering::Relaxed);
        let (saved, saved_given_up) = consumer.set(|place| (place.saved, place.saved_given_up));
        let offset = if all { offset } else { delivered };
        if offset > saved || given_up != saved_given_up {
            let (app, name) = (Arc::clone(&consumer.app), Arc::clone(&consumer.name));
            moved.push((Progress { app, name, offset: offset.max(saved), given_up }, consumer));
        }
    }
    if moved.is_empty() {
        return Ok(());
    }
    let progress: Vec<Progress> = moved.iter().map(|(progress, _)| progress.clone()).collect();
    core.store.save(&progress).await?;
    for (progress, consumer) in moved {
        consumer.set(|place| (place.saved, place.saved_given_up) = (progress.offset, progress.given_up));
    }
    Ok(())
}

/// Looks at promises and sums what was given up, again and again.
pub(crate) async fn mind(core: Arc<Core>, consumers: Arc<Consumers>, stop: CancellationToken) {
    let mut told = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(MIND_EVERY) => {}
        }
        let tell = told.elapsed() >= SUM_NOTES_FOR;
        if tell {
            told = Instant::now();
        }
        for consumer in consumers.all() {
            look_for_oldest(&core, &consumer).await;
            mind_promise(&core, &consumer);
            if tell {
                tell_given_up(&core, &consumer);
            }
        }
    }
}

/// Says what was given up since it was last said.
pub(crate) fn tell_given_up(core: &Core, consumer: &Consumer) {
    if let Some(untold) = consumer.meter.take_untold() {
        let crate::consumer::Untold { dead_letters, dropped, code } = untold;
        consumer.note(&*core.notes, None, Change::GaveUp { dead_letters, dropped, code });
    }
}

/// Finds the oldest event that waits for a consumer that does not look for it itself: one that is paused or has no handler.
async fn look_for_oldest(core: &Core, consumer: &Consumer) {
    let place = consumer.place();
    let looks_itself = consumer.handler().is_some() && place.paused_us.is_none();
    if looks_itself || consumer.meter.oldest_us.load(Ordering::Relaxed) != 0 {
        return;
    }
    let head = core.dispatch.head();
    let at = consumer.set(|place| place.peeked.max(place.offset));
    if at >= head {
        return;
    }
    // One block a time: what is far behind is found by and by.
    let Ok(block) = core.feed.block(at, head).await else { return };
    let mut selection = Selection::new(Arc::clone(&consumer.app), Arc::clone(&consumer.spec));
    let first = block
        .pick(&mut selection, at)
        .find(|entry| consumer.condition.as_ref().is_none_or(|condition| condition.is_met(&entry.item)));
    match first {
        Some(entry) => consumer.meter.oldest_us.store(entry.item.event.received.microseconds(), Ordering::Relaxed),
        None => consumer.set(|place| place.peeked = block.through),
    }
}

fn mind_promise(core: &Core, consumer: &Consumer) {
    let Some(promise) = consumer.spec.latency else { return };
    let (now, place) = (now_us(), consumer.place());
    if consumer.handler().is_none() || place.paused_us.is_some() {
        return;
    }
    let promised_us = u64::try_from(promise.as_micros()).unwrap_or(u64::MAX);
    // Where nothing is delivered the event that waits says how long it takes at least.
    let waiting = if consumer.offset(&core.dispatch) < place.history() { 0 } else { consumer.oldest_age_us(now) };
    let p99_us = consumer.meter.summary(now).latency_us.map_or(0, |(_, p99)| p99).max(waiting);
    let p99 = Duration::from_micros(p99_us);
    let before = consumer.broken_us.load(Ordering::Relaxed);
    let broken = broken_since(before, now, p99_us > promised_us);
    consumer.broken_us.store(broken, Ordering::Relaxed);
    match (before, broken) {
        (0, 0) => {}
        (0, _) => consumer.note(&*core.notes, None, Change::LatencyBroken { promise, p99 }),
        (_, 0) => consumer.note(&*core.notes, None, Change::LatencyKept { promise, p99 }),
        _ => {}
    }
}

/// When a promise was last broken, given when it was so before; 0 once it was kept for long enough. It does not go to and fro with each
/// event.
fn broken_since(before: i64, now: i64, exceeded: bool) -> i64 {
    let recent = now.saturating_sub(before) <= signed(KEPT_AFTER.as_micros() as u64);
    match (exceeded, before) {
        (true, _) => now,
        (false, 0) => 0,
        (false, before) if recent => before,
        (false, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_again_after_a_while() {
        let second = 1_000_000;
        let start = 1_800_000_000 * second;
        assert_eq!(broken_since(0, start, false), 0);
        let broken = broken_since(0, start, true);
        assert_eq!(broken, start);
        assert_eq!(broken_since(broken, start + 9 * second, false), start);
        let again = broken_since(broken, start + 9 * second, true);
        assert_eq!(broken_since(again, start + 15 * second, false), start + 9 * second);
        assert_eq!(broken_since(again, start + 20 * second, false), 0);
    }
}
