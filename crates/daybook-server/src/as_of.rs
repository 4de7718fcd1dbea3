//! As of when something is asked: what came later is not there yet.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use daybook_event::{Event, Position, Timestamp};
use daybook_lake::Snapshot;
use daybook_lake::moment::Moment;

use crate::asking::no_lake;
use crate::collector::{App, Collector};
use crate::limits;
use crate::problem::Problem;

/// A moment, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After the event at this position.
    Position(Position),
    /// When Daybook had received everything up to this time.
    Time(Timestamp),
}

impl FromStr for AsOf {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Self::Position).map_err(|_| ());
        }
        // A `+` that was not escaped has become a space on the way.
        let time = Timestamp::parse(text).or_else(|_| Timestamp::parse(&text.replace(' ', "+")));
        time.map(Self::Time).map_err(|_| ())
    }
}

impl AsOf {
    /// Whether an event was there at this moment.
    pub fn has(self, event: &Event<'_>) -> bool {
        match self {
            Self::Position(position) => event.position <= position,
            Self::Time(time) => event.received <= time,
        }
    }

    /// The last position that can have been there, out of those up to `head`.
    pub fn last(self, head: Position) -> Position {
        match self {
            Self::Position(position) => position.min(head),
            Self::Time(_) => head,
        }
    }
}

/// A place in an answer that comes in pages, which all are of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The moment.
    pub moment: Moment,
    /// The place: what it counts is the answer's business.
    pub at: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.moment.received {
            None => write!(formatter, "{}.{}", self.moment.position, self.at),
            Some(received) => {
                write!(formatter, "{}.{}.{}", self.moment.position, self.at, received.microseconds())
            }
        }
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).ok_or(());
        let (position, at) = (number()?, number()?);
        let received = match parts.next() {
            Some(microseconds) => Some(Timestamp::from_microseconds(microseconds.parse().map_err(|_| ())?)),
            None => None,
        };
        if parts.next().is_some() {
            return Err(());
        }
        Ok(Self { moment: Moment { position, received }, at })
    }
}

impl Collector {
    /// An app's tables, and the moment of which they are asked: now, unless another is. They have everything that was in the log
    /// at that moment, which may have to be waited for.
    ///
    /// # Errors
    /// 404 where the app has no lake, 503 where its tables cannot be used at the moment, or do not have everything for too long.
    pub async fn snapshot_at(&self, app: &App, as_of: Option<AsOf>) -> Result<(Snapshot, Moment), Problem> {
        if let Some(AsOf::Position(position)) = as_of {
            self.lake_has(app, position.min(self.log.head())).await?;
        }
        let snapshot = self.snapshot(app).await?;
        let moment = match as_of {
            None => Moment::at(snapshot.as_of),
            Some(AsOf::Position(position)) => Moment::at(position.min(self.log.head())),
            Some(AsOf::Time(time)) => Moment { position: snapshot.as_of, received: Some(time) },
        };
        Ok((snapshot, moment))
    }

    /// An app's tables as they were at a moment, for questions that know nothing of moments.
    ///
    /// # Errors
    /// As of [`Collector::snapshot_at`]; 422 where the moment takes too long to find.
    pub async fn snapshot_then(&self, app: &App, as_of: Option<AsOf>) -> Result<Snapshot, Problem> {
        let (snapshot, mut moment) = self.snapshot_at(app, as_of).await?;
        if let Some(by) = moment.received {
            let session = self.engine.session(&snapshot)?;
            let work = Box::pin(async move { Moment::last_received(&session, by).await });
            moment.position = self.compute(app, work, |error| Ok(self.engine.explain(&error))).await?;
        }
        Ok(snapshot.at(moment).map_err(|error| self.engine.explain(&error))?)
    }

    /// An app's tables, and the moment of which a page is asked: that of the pages before, of which the cursor tells, or another.
    ///
    /// # Errors
    /// As of [`Collector::snapshot_at`].
    pub async fn snapshot_of_page(
        &self,
        app: &App,
        as_of: Option<AsOf>,
        cursor: Option<Cursor>,
    ) -> Result<(Snapshot, Moment), Problem> {
        let Some(Cursor { moment, .. }) = cursor else { return self.snapshot_at(app, as_of).await };
        self.lake_has(app, moment.position.min(self.log.head())).await?;
        Ok((self.snapshot(app).await?, moment))
    }

    /// Waits until the app's tables have everything up to a position.
    async fn lake_has(&self, app: &App, position: Position) -> Result<(), Problem> {
        let Some((_, name)) = self.consumers.named_lake(&app.slug) else { return Err(no_lake()) };
        let begun = Instant::now();
        while self.consumers.runtime().status(&app.slug, &name).is_none_or(|status| status.offset < position) {
            if begun.elapsed() > limits::LAKE_CATCHES_UP {
                let detail = "The tables of this app do not have everything up to that moment yet.";
                return Err(Problem::unavailable("lake.behind", detail, limits::LAKE_BEHIND_RETRY_AFTER));
            }
            tokio::time::sleep(limits::LAKE_CATCHING_UP_PAUSE).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        let check = |text: &str, expected: Option<AsOf>| assert_eq!(text.parse().ok(), expected, "{text}");
        let time = Timestamp::parse("2026-01-14T14:00:00Z").unwrap();
        check("0", Some(AsOf::Position(0)));
        check("4711", Some(AsOf::Position(4711)));
        check("2026-01-14T15:00:00+01:00", Some(AsOf::Time(time)));
        check("2026-01-14T15:00:00 01:00", Some(AsOf::Time(time)));
        for text in ["", "-1", "4711x", "99999999999999999999", "yesterday", "2026-01-14"] {
            check(text, None);
        }
    }

    #[test]
    fn cursors_are_what_they_were() {
        let received = Some(Timestamp::from_microseconds(1_768_651_200_000_001));
        for cursor in [
            Cursor { moment: Moment::at(0), at: 0 },
            Cursor { moment: Moment::at(u64::MAX), at: 1_000 },
            Cursor { moment: Moment { position: 9, received }, at: 3 },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "1", "1.", "1.x", "1.2.", "1.2.3.4", "-1.2", "1.2.x"] {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }
}
