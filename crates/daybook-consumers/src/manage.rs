//! What people do with a consumer: pause, resume, set its offset.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use daybook_event::{Position, Timestamp, stored};
use daybook_log::{Filter, Log, ReadError, ReadLimit};
use tokio::sync::MutexGuard;

use crate::consumer::{Consumer, Core, call};
use crate::error::ManageError;
use crate::notes::Change;
use crate::now_us;
use crate::runtime::To;

pub(crate) async fn pause(core: &Core, consumer: &Arc<Consumer>, actor: Option<&str>) -> Result<(), ManageError> {
    let place = consumer.place();
    if place.paused_us.is_some() {
        return Ok(());
    }
    let now = now_us();
    core.store.set_paused(&consumer.app, &consumer.name, Some(now), place.history).await?;
    consumer.set(|place| place.paused_us = Some(now));
    consumer.ring();
    consumer.note(&*core.notes, actor, Change::Paused);
    Ok(())
}

pub(crate) async fn resume(core: &Core, consumer: &Arc<Consumer>, actor: Option<&str>) -> Result<(), ManageError> {
    let place = consumer.place();
    let paused = place.paused_us.is_some();
    let stopped = place.trouble.is_some_and(|trouble| trouble.next_us.is_none());
    if paused {
        // What came while it was paused was not to be delivered then.
        let history = core.feed.log().head();
        core.store.set_paused(&consumer.app, &consumer.name, None, history).await?;
        consumer.set(|place| (place.paused_us, place.history, place.peeked) = (None, history, 0));
        consumer.meter.oldest_us.store(0, Ordering::Relaxed);
    }
    consumer.set(|place| place.kicked = true);
    consumer.ring();
    if paused || stopped {
        consumer.note(&*core.notes, actor, Change::Resumed);
    }
    Ok(())
}

pub(crate) async fn rewind(
    core: &Core,
    consumer: &Arc<Consumer>,
    to: To,
    actor: Option<&str>,
) -> Result<(), ManageError> {
    let log = core.feed.log();
    let head = log.head();
    let to = match to {
        To::Beginning => 0,
        To::Now => head,
        To::Position(position) if position > head => return Err(ManageError::Ahead { position, head }),
        To::Position(position) => position,
        To::Time(time) => {
            let log = log.clone();
            let found = tokio::task::spawn_blocking(move || before(&log, time)).await;
            let failed = |error: &dyn std::fmt::Display| ManageError::Log(error.to_string());
            found.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?
        }
    };
    let _gate = gate(core, consumer).await?;
    let from = consumer.offset(&core.dispatch);
    let _one = core.store.offsets.lock().await;
    if let Some(handler) = consumer.handler().filter(|_| consumer.keeps_offset_itself()) {
        let told = call(&**handler, handler.rewind(to)).await;
        told.map_err(|failure| ManageError::Destination(failure.to_string()))?;
    }
    core.store.set_offset(&consumer.app, &consumer.name, to, head).await?;
    core.dispatch.rise(&consumer.bell);
    consumer.set(|place| {
        (place.offset, place.saved, place.begin) = (to, to, to);
        place.history = head;
        place.anew = to == 0 && consumer.keeps_offset_itself();
        place.peeked = 0;
        place.epoch += 1;
    });
    consumer.meter.oldest_us.store(0, Ordering::Relaxed);
    consumer.ring();
    consumer.note(&*core.notes, actor, Change::Rewound { from, to });
    Ok(())
}

/// Waits until no delivery of the consumer runs, and keeps it so.
pub(crate) async fn gate<'c>(core: &Core, consumer: &'c Consumer) -> Result<MutexGuard<'c, ()>, ManageError> {
    let gate = tokio::time::timeout(core.options.gate_patience, consumer.gate.lock()).await;
    gate.map_err(|_elapsed| ManageError::Busy)
}

/// The position before the first event that was received at this time or later. Events are in the log in the order in which they were
/// received, but for what clocks that are set back make of it.
fn before(log: &Log, time: Timestamp) -> Result<Position, ReadError> {
    let (mut low, mut high) = (0, log.head());
    while low < high {
        let middle = low + (high - low) / 2;
        if received_behind(log, middle)?.is_none_or(|received| received >= time) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// When the first event behind a position was received that was not compacted away.
fn received_behind(log: &Log, position: Position) -> Result<Option<Timestamp>, ReadError> {
    let (mut after, head) = (position, log.head());
    while after < head {
        let limit = ReadLimit { records: 1, ..ReadLimit::default() };
        let page = log.read(after, limit, &Filter { hidden: true, ..Filter::default() })?;
        let record = page.records.first().and_then(|record| stored::decode(&record.bytes, record.position).ok());
        if let Some(record) = record {
            return Ok(Some(record.event.received));
        }
        if page.next <= after {
            break;
        }
        after = page.next;
    }
    Ok(None)
}
