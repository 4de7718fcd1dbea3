//! Reading the log for one app: what the feed and the live tail have in common.

use std::collections::HashMap;
use std::sync::Arc;

use daybook_event::stored::Stored;
use daybook_event::{Event, Position, SubjectId, Timestamp, stored};
use daybook_log::{Filter, ReadLimit};

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
    /// With what is sealed in them, and how.
    pub sight: Sight,
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
    let head = collector.log.head();
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
            if stored.event.app == *app.slug && reading.names.matches(&stored.event.name) {
                events.push(stored);
                if events.len() == reading.limit - taken {
                    break;
                }
            }
        }
        let whole = events.len() < reading.limit - taken;
        let events = open(collector, app, events, reading.sight)?;
        for (event, opened) in events {
            got.next = event.position;
            got.opened += u64::from(opened);
            taken += 1;
            if !take(event) {
                return Ok(got);
            }
        }
        if whole {
            got.next = got.next.max(page.next);
        }
        if got.next <= after {
            break;
        }
    }
    Ok(got)
}

/// Opens events of an app as far as is wanted; says of each whether something personal is in it now. For threads where waiting
/// is allowed.
///
/// # Errors
/// When the vault does not answer.
pub fn open(
    collector: &Collector,
    app: &App,
    events: Vec<Stored>,
    sight: Sight,
) -> Result<Vec<(Event<'static>, bool)>, Problem> {
    if sight == Sight::Closed {
        return Ok(events.into_iter().map(|stored| (stored.event, false)).collect());
    }
    let mut subjects: Vec<SubjectId> = events.iter().flat_map(Stored::people).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let people = if subjects.is_empty() {
        HashMap::new()
    } else {
        tokio::runtime::Handle::current().block_on(collector.vault.by_id(&subjects))?
    };
    let opener = Opener::new(&collector.vault, &app.slug, people);
    let open = |stored: Stored| {
        let opened = opener.open(stored);
        // Records from before there was sealing have their names in clear.
        let personal = opened.readable > 0 || opened.event.identity.is_some();
        let event = if sight == Sight::OwnWords { opened.in_own_words() } else { opened.event };
        (event, personal)
    };
    Ok(events.into_iter().map(open).collect())
}
