//! Reading the log for one app: what the feed and the live tail have in common.

use std::sync::Arc;

use daybook_event::{Event, Position, Timestamp, stored};
use daybook_log::{Filter, ReadLimit};

use crate::collector::{App, Collector};
use crate::limits;
use crate::problem::Problem;
use crate::query::NameFilter;

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Those after this position.
    pub after: Position,
    /// So many at most.
    pub limit: usize,
    /// Of these types.
    pub names: NameFilter,
    /// That happened at this time or later.
    pub since: Option<Timestamp>,
}

/// Does something that may wait for the disk, on a thread where that is allowed, as soon as few enough others do.
///
/// # Errors
/// What `work` says.
pub async fn apart<T: Send + 'static>(
    collector: &Collector,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let permit = Arc::clone(&collector.readings).acquire_owned().await;
    let permit = permit.map_err(|error| Problem::internal("server.failed", &error))?;
    let task = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(permit);
        done
    });
    task.await.map_err(|error| Problem::internal("server.failed", &error))?
}

/// Hands the wanted events to `take`, in order, until it has enough and says `false`, the limit is reached, the log ends, or
/// more was looked at than one request may. Returns the position after which to go on.
///
/// # Errors
/// When the log cannot be read.
pub fn read(
    collector: &Collector,
    app: &App,
    reading: &Reading,
    mut take: impl FnMut(Event<'static>) -> bool,
) -> Result<Position, Problem> {
    let filter = Filter { app: Some(app.hash), since_us: reading.since.map(Timestamp::microseconds), hidden: false };
    let mut after = reading.after;
    let mut taken = 0;
    let mut looked_at = 0;
    let head = collector.log.head();
    while taken < reading.limit && after < head && looked_at < limits::SCAN_RECORDS_MAX {
        // Without a filter by name every record counts; with one, more are read than are wanted.
        let records = if reading.names.is_empty() {
            reading.limit - taken
        } else {
            (reading.limit - taken).max(daybook_event::limits::PAGE_EVENTS_MAX)
        };
        let limit = ReadLimit { records, ..ReadLimit::default() };
        let page =
            collector.log.read(after, limit, &filter).map_err(|error| Problem::internal("log.unreadable", &error))?;
        // Records of other apps were passed over as well; they are where the time goes when little matches.
        looked_at += usize::try_from(page.next.saturating_sub(after)).unwrap_or(usize::MAX).max(page.records.len());
        let progress = page.next > after;
        for record in page.records {
            after = record.position;
            let event = stored::decode(&record.bytes, record.position)
                .map_err(|error| Problem::internal("log.unreadable", &error))?;
            if event.app != *app.slug || !reading.names.matches(&event.name) {
                continue;
            }
            taken += 1;
            if !take(event) || taken == reading.limit {
                return Ok(after);
            }
        }
        after = after.max(page.next);
        if !progress {
            break;
        }
    }
    Ok(after)
}
