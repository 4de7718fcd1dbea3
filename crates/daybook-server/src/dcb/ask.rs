//! Reading the events that a query describes.

use std::time::Instant;

use daybook_event::{Event, Position};
use daybook_log::{Selected, Selection, TermQuery};

use crate::as_of::AsOf;
use crate::blobs::BlobSight;
use crate::collector::{App, Collector};
use crate::limits;
use crate::problem::Problem;
use crate::reading::{self, Got, Opening, Sight};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which events.
    pub query: TermQuery,
    /// Those behind this position.
    pub after: Position,
    /// Those before this one; all where left out.
    pub before: Option<Position>,
    /// So many at most.
    pub limit: usize,
    /// The newest first.
    pub backwards: bool,
    /// As it was then.
    pub as_of: Option<AsOf>,
    /// With what is sealed in them, and how.
    pub sight: Sight,
    /// What becomes of values that lie in blobs.
    pub blobs: BlobSight,
}

/// Hands the events that a query describes to `take`, until it has enough and says `false`, the limit is reached, all is
/// read, or more was looked at than one request may. For threads where waiting is allowed.
///
/// What is durable when this begins is looked at, up to the position that is told as the answer's head, and nothing
/// else: whatever is not among the events, and is behind where the reading ended, is yet to be appended.
///
/// # Errors
/// When the log cannot be read, or the vault does not answer.
pub fn ask(
    collector: &Collector,
    app: &App,
    asked: &Asked,
    mut take: impl FnMut(Event<'static>) -> bool,
) -> Result<(Got, Position), Problem> {
    let head = asked.as_of.map_or_else(|| collector.log.head(), |as_of| as_of.last(collector.log.head()));
    let (mut after, mut until) =
        (asked.after, head.min(asked.before.map_or(Position::MAX, |before| before.max(1) - 1)));
    let mut got = Got { next: if asked.backwards { until + 1 } else { after }, opened: 0 };
    let mut taken = 0;
    let begun = Instant::now();
    while after < until && taken < asked.limit && begun.elapsed() < limits::DCB_READ_TIME_MAX {
        let limit = (asked.limit - taken).min(limits::DCB_RECORDS_AT_ONCE);
        let selection = Selection { after, until, limit, backwards: asked.backwards };
        let Selected { positions, next } = collector.log.select(&asked.query, selection)?;
        let mut events = reading::stored_at(collector, app, &positions)?;
        events.retain(|stored| asked.as_of.is_none_or(|as_of| as_of.has(&stored.event)));
        let opening = Opening::of(collector, app, &events, asked.sight, asked.blobs)?;
        for stored in events {
            let (event, opened) = opening.open(stored);
            got.next = event.position;
            got.opened += u64::from(opened);
            taken += 1;
            // What lies in blobs may be far away.
            if !take(event) || begun.elapsed() >= limits::DCB_READ_TIME_MAX {
                return Ok((got, head));
            }
        }
        got.next = next;
        if asked.backwards {
            until = next.saturating_sub(1);
        } else {
            after = next;
        }
    }
    Ok((got, head))
}
