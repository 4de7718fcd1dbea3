//! Live counters: how often what happened, in the last minutes, hours and days, and to how many people.
//!
//! [`Counters`] is a consumer's handler and, at once, where its numbers are read. Events count in the bucket of their own time, so
//! that a late one counts where it belongs. The numbers live in memory, are thrown away with the process, and computed again from
//! the log when it starts; what the log has forgotten since is not counted again.
//!
//! There are counts of everything together, of each event type, of each group, of each event type in each group, and of each event
//! type by the values of the dimensions that the catalog declares. They hold no `anonymous_id`, only HyperLogLog sketches of
//! them: what is known of one person cannot be taken out of a count, and cannot be found in it.
//!
//! `docs/counters.md` describes them for those who read them.

mod ask;
mod book;
mod bucket;
mod fields;
mod interval;
pub mod limits;
mod names;
mod people;
mod sums;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daybook_catalog::AppCatalog;
use daybook_event::{Position, SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::handler::{Batch, Batching, Failure, FailureKind, Handler, Item, OffsetKeeping, Undelivered};

pub use ask::{Answer, Ask, AskError, By, Changes, EventFilter, Row, Selection};
pub use book::Strays;
pub use interval::Interval;
pub use limits::Limits;
pub use tally::{Dimensions, Tally};

use book::Book;
use sums::Sums;

/// The live counters of one app.
#[derive(Debug)]
pub struct Counters {
    dimensions: Dimensions,
    book: RwLock<Book>,
    news: watch::Sender<Position>,
}

/// How the counters are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Everything up to here is counted.
    pub as_of: Position,
    /// Before they have come to here, they are being computed again and are too low.
    pub complete_at: Position,
    /// Roughly the memory that the counts take, in bytes.
    pub memory_bytes: usize,
    /// How much did not go where it belongs.
    pub strays: Strays,
}

impl Counters {
    /// Counters of an app, with nothing counted yet. They are complete when they have come to `head`, the end of the log now.
    #[must_use]
    pub fn new(app: &AppCatalog, limits: Limits, head: Position) -> Self {
        Self {
            dimensions: Dimensions::of(app),
            book: RwLock::new(Book::new(limits, head)),
            news: watch::Sender::new(0),
        }
    }

    /// The dimensions that are counted by.
    #[must_use]
    pub const fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn read(&self, ask: &Ask) -> Result<Answer, AskError> {
        self.book.read().read(ask)
    }

    /// The counts of buckets since `from` that changed after a position; all of them after 0.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn changes(
        &self,
        selection: &Selection,
        interval: Interval,
        from: Timestamp,
        after: Position,
    ) -> Result<Changes, AskError> {
        self.book.read().changes(selection, interval, from, after, limits::CHANGES_MAX)
    }

    /// The position up to which everything is counted, as it moves.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.news.subscribe()
    }

    /// How they are doing.
    #[must_use]
    pub fn health(&self) -> Health {
        let book = self.book.read();
        Health { as_of: book.as_of, complete_at: book.complete_at, memory_bytes: book.bytes(), strays: book.strays }
    }
}

#[async_trait]
impl Handler for Counters {
    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Handler
    }

    /// Numbers.
    fn holds_events(&self) -> bool {
        false
    }

    /// As many as are counted at a stretch.
    fn batching(&self) -> Batching {
        Batching { size: limits::STRETCH_EVENTS, delay: Duration::ZERO }
    }

    async fn committed(&self) -> Result<Position, Failure> {
        Ok(self.book.read().as_of)
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        if batch.replay {
            // Nothing is ever given up here, so nothing comes back.
            return Ok(());
        }
        let after = self.book.read().as_of.max(batch.after);
        let new = batch.items.partition_point(|item| item.event.position <= after);
        let mut sums = Sums::default();
        for stretch in batch.items[new..].chunks(limits::STRETCH_EVENTS) {
            // A new minute may mean that something is past its time.
            for minute in stretch.chunk_by(|one, next| received_minute(one) == received_minute(next)) {
                sums.add_up(&self.dimensions, minute);
                let mut book = self.book.write();
                if let Some(latest) = minute.iter().map(|item| item.event.received).max() {
                    book.advance(latest);
                }
                sums.each(|sum, people| book.count(sum, people));
                book.as_of = minute.last().map_or(book.as_of, |item| item.event.position);
            }
        }
        let mut book = self.book.write();
        book.as_of = book.as_of.max(batch.through);
        self.news.send_replace(book.as_of);
        Ok(())
    }

    async fn rewind(&self, to: Position) -> Result<(), Failure> {
        let mut book = self.book.write();
        match to {
            0 => book.clear(),
            to if to >= book.as_of => book.as_of = to,
            _ => return Err(backwards()),
        }
        self.news.send_replace(book.as_of);
        Ok(())
    }

    async fn tend(&self, now: Timestamp) -> Result<(), Failure> {
        self.book.write().advance(now);
        Ok(())
    }

    /// Nothing of a person is in the counts: a sketch is made of a hash of an id that is random.
    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, _months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

fn received_minute(item: &Arc<Item>) -> i64 {
    Interval::Minute.bucket(item.event.received)
}

/// Why a counter cannot go back a little: it cannot take out what it counted.
#[must_use]
pub fn backwards() -> Failure {
    Failure::new(
        FailureKind::GiveUp,
        "counters.rewind",
        "Counts cannot be taken back: rewind to 0, and everything is counted again.",
    )
}
