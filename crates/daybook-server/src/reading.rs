//! Reading the log for one app: what the feed and the live tail have in common.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::stored::Stored;
use daybook_event::{Event, Position, SubjectId, Timestamp, stored};
use daybook_log::{Filter, ReadLimit};

use crate::as_of::AsOf;
use crate::blobs::{BlobSight, Fetcher};
use crate::collector::{App, Collector};
use crate::limits;
use crate::output::Form;
use crate::problem::Problem;
use crate::query::NameFilter;
use daybook_privacy::Opener;

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
    /// That were there at this moment.
    pub as_of: Option<AsOf>,
    /// With what is sealed in them, and how.
    pub sight: Sight,
    /// What becomes of values that lie in blobs.
    pub blobs: BlobSight,
}

/// How much of an event is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// What everybody may see.
    #[default]
    Closed,
    /// What is sealed in it too.
    Open,
    /// The same, in the words of its app: with the client's own anonymous id, where it sent one.
    OwnWords,
}

impl Sight {
    /// What a key may see of events in a form.
    pub fn of(privacy: bool, form: Form) -> Self {
        match form {
            _ if !privacy => Self::Closed,
            Form::Dialect => Self::OwnWords,
            Form::Canonical | Form::CloudEvent => Self::Open,
        }
    }
}

/// How far a reading got.
#[derive(Debug, Clone, Copy, Default)]
pub struct Got {
    /// The position after which to go on.
    pub next: Position,
    /// In how many of the events something personal was opened.
    pub opened: u64,
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
/// more was looked at than one request may. For threads where waiting is allowed.
///
/// # Errors
/// When the log cannot be read, or the vault does not answer.
pub fn read(
    collector: &Collector,
    app: &App,
    reading: &Reading,
    mut take: impl FnMut(Event<'static>) -> bool,
) -> Result<Got, Problem> {
    let filter = Filter { app: Some(app.hash), since_us: reading.since.map(Timestamp::microseconds), hidden: false };
    let mut got = Got { next: reading.after, opened: 0 };
    let mut taken = 0;
    let mut looked_at = 0;
    let head = reading.as_of.map_or_else(|| collector.log.head(), |as_of| as_of.last(collector.log.head()));
    while taken < reading.limit && got.next < head && looked_at < limits::SCAN_RECORDS_MAX {
        // Without a filter by name every record counts; with one, more are read than are wanted.
        let records = if reading.names.is_empty() {
            reading.limit - taken
        } else {
            (reading.limit - taken).max(daybook_event::limits::PAGE_EVENTS_MAX)
        };
        let limit = ReadLimit { records, ..ReadLimit::default() };
        let after = got.next;
        let page =
            collector.log.read(after, limit, &filter).map_err(|error| Problem::internal("log.unreadable", &error))?;
        // Records of other apps were passed over as well; they are where the time goes when little matches.
        looked_at += usize::try_from(page.next.saturating_sub(after)).unwrap_or(usize::MAX).max(page.records.len());
        let mut events = Vec::with_capacity(page.records.len());
        for record in &page.records {
            let stored = stored::decode(&record.bytes, record.position)
                .map_err(|error| Problem::internal("log.unreadable", &error))?;
            let was_there = reading.as_of.is_none_or(|as_of| as_of.has(&stored.event));
            if was_there && stored.event.app == *app.slug && reading.names.matches(&stored.event.name) {
                events.push(stored);
                if events.len() == reading.limit - taken {
                    break;
                }
            }
        }
        let whole = events.len() < reading.limit - taken;
        let opening = Opening::of(collector, app, &events, reading.sight, reading.blobs)?;
        for stored in events {
            let (event, opened) = opening.open(stored);
            got.next = event.position;
            got.opened += u64::from(opened);
            taken += 1;
            if !take(event) {
                return Ok(got);
            }
        }
        if whole {
            got.next = got.next.max(page.next.min(head));
        }
        if got.next <= after {
            break;
        }
    }
    Ok(got)
}

/// The events of an app at these positions, as they are stored. What is past its time, or another app's, is left out. For
/// threads where waiting is allowed.
///
/// # Errors
/// When the log cannot be read.
pub fn stored_at(collector: &Collector, app: &App, positions: &[Position]) -> Result<Vec<Stored>, Problem> {
    let failed = |error: &dyn std::error::Error| Problem::internal("log.unreadable", error);
    let mut found = Vec::with_capacity(positions.len());
    for position in positions {
        let Some(record) = collector.log.record(*position).map_err(|error| failed(&error))? else { continue };
        let stored = stored::decode(&record, *position).map_err(|error| failed(&error))?;
        // Whoever asks may name any position.
        if stored.event.app == *app.slug {
            found.push(stored);
        }
    }
    Ok(found)
}

/// The same, opened as far as is wanted, with whether something personal is in them now. Where values lie in blobs, references
/// stay. For threads where waiting is allowed.
///
/// # Errors
/// When the log cannot be read, or the vault does not answer.
pub fn at(
    collector: &Collector,
    app: &App,
    positions: &[Position],
    sight: Sight,
) -> Result<Vec<(Event<'static>, bool)>, Problem> {
    let events = stored_at(collector, app, positions)?;
    let opening = Opening::of(collector, app, &events, sight, BlobSight::Referred)?;
    Ok(events.into_iter().map(|stored| opening.open(stored)).collect())
}

/// What it takes to open some events. One after the other, since what is fetched of one may be large.
pub struct Opening<'c> {
    collector: &'c Collector,
    sight: Sight,
    blobs: BlobSight,
    /// None where nothing is to be opened.
    opener: Option<Opener>,
}

impl<'c> Opening<'c> {
    /// That of these events. For threads where waiting is allowed.
    ///
    /// # Errors
    /// When the vault does not answer.
    pub fn of(
        collector: &'c Collector,
        app: &App,
        events: &[Stored],
        sight: Sight,
        blobs: BlobSight,
    ) -> Result<Self, Problem> {
        let fetches = blobs == BlobSight::Fetched && events.iter().any(Stored::has_blobs);
        if sight == Sight::Closed && !fetches {
            return Ok(Self { collector, sight, blobs: BlobSight::Referred, opener: None });
        }
        let mut subjects: Vec<SubjectId> = events.iter().flat_map(Stored::people).collect();
        subjects.sort_unstable();
        subjects.dedup();
        let people = if subjects.is_empty() {
            HashMap::new()
        } else {
            tokio::runtime::Handle::current().block_on(collector.vault.by_id(&subjects))?
        };
        let opener = Some(Opener::new(&collector.vault, &app.slug, people));
        Ok(Self { collector, sight, blobs, opener })
    }

    /// Opens one of them; says whether something personal is in it now.
    pub fn open(&self, stored: Stored) -> (Event<'static>, bool) {
        let Some(opener) = &self.opener else { return (stored.event, false) };
        let fetcher = Fetcher { blobs: &self.collector.blobs, runtime: tokio::runtime::Handle::current(), opener };
        let opened = match (self.sight, self.blobs) {
            (Sight::Closed, BlobSight::Referred) => return (stored.event, false),
            (Sight::Closed, BlobSight::Fetched) => return (fetcher.closed(stored), false),
            (_, BlobSight::Referred) => opener.open(stored),
            (_, BlobSight::Fetched) => fetcher.open(stored),
        };
        // Records from before there was sealing have their names in clear.
        let personal = opened.readable > 0 || opened.event.identity.is_some();
        let event = if self.sight == Sight::OwnWords { opened.in_own_words() } else { opened.event };
        (event, personal)
    }
}
