//! The lake as what a consumer does with events.

use std::time::Duration;

use async_trait::async_trait;
use daybook_consumers::{Batch, Batching, Failure, FailureKind, Handler, OffsetKeeping, Undelivered};
use daybook_event::{Position, SubjectId, Timestamp};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};

use super::drop::day_of;
use super::{Lake, Table};
use crate::error::LakeError;
use crate::limits;

#[async_trait]
impl Handler for Lake {
    fn offset_keeping(&self) -> OffsetKeeping {
        OffsetKeeping::Handler
    }

    fn patience(&self) -> Duration {
        limits::DELIVERY_PATIENCE
    }

    fn batching(&self) -> Batching {
        Batching { size: limits::BATCH_EVENTS, delay: limits::BATCH_DELAY }
    }

    async fn prepare(&self) -> Result<(), Failure> {
        Ok(self.core.make_anew().await?)
    }

    /// How far queries see. What of it is only in memory is lost with the process, and the next one asks the tables.
    async fn committed(&self) -> Result<Position, Failure> {
        Ok(self.core.shown.read().through)
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        Ok(self.core.take(batch).await.map_err(Failure::from)?)
    }

    async fn rewind(&self, to: Position) -> Result<(), Failure> {
        let as_of = self.core.shown.read().through;
        match to {
            0 => Ok(self.core.clear().await?),
            // Over what is not wanted: the next commit says so in the tables.
            to if to >= as_of => {
                self.core.shown.write().through = to;
                Ok(())
            }
            _ => Err(backwards()),
        }
    }

    async fn tend(&self, now: Timestamp) -> Result<(), Failure> {
        self.core.look_whether_there()?;
        if self.core.is_due() {
            self.core.commit_aside();
        }
        self.core.upkeep_aside(now);
        Ok(())
    }

    /// Nothing of a person is in the lake but an `anonymous_id` and a number made of it, which lead to nobody once the vault has
    /// destroyed who they belong to. What is personal was sealed before, and is not in the lake at all.
    async fn forget_people(&self, _people: &[Forgotten]) -> Result<Touched, ViewError> {
        Ok(Touched::default())
    }

    async fn forget_months(&self, months: &[ExpiredMonth]) -> Result<Touched, ViewError> {
        let own = months.iter().filter(|month| month.app == self.core.app.app);
        let days = own.map(|month| (month.category.clone(), day_of(month.month.start())..day_of(month.month.end())));
        let dropped = self.core.drop_days(days.collect()).await;
        let dropped = dropped.map_err(|error| ViewError::Unavailable { reason: error.to_string() })?;
        Ok(Touched { count: dropped.iter().map(|dropped| dropped.rows).sum() })
    }

    /// Everything in the lake is in the log.
    async fn export(&self, _app: &str, _person: SubjectId) -> Result<Vec<ExportPart>, ViewError> {
        Ok(Vec::new())
    }
}

impl super::Core {
    /// Throws everything away.
    async fn clear(&self) -> Result<(), LakeError> {
        {
            let _logs = self.logs.lock().await;
            for table in Table::ALL {
                let root = self.root(table);
                match std::fs::remove_dir_all(&root) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(LakeError::Directory { path: root, source: error });
                    }
                    _ => {}
                }
            }
            self.shown.write().lose();
        }
        self.make_anew().await
    }

    /// Makes sure that the tables are still on the disk.
    fn look_whether_there(&self) -> Result<(), LakeError> {
        // Who has them looks as well.
        let Ok(logs) = self.logs.try_lock() else { return Ok(()) };
        if Table::ALL.into_iter().all(|table| logs.get(table).is_there()) {
            return Ok(());
        }
        self.shown.write().lose();
        Err(self.gone())
    }
}

/// Why the lake cannot go back a little: files hold rows of many positions.
fn backwards() -> Failure {
    Failure::new(
        FailureKind::GiveUp,
        "lake.rewind",
        "Rows are not taken out of the lake: rewind to 0, and it is made anew from the log.",
    )
}

impl From<LakeError> for Failure {
    fn from(error: LakeError) -> Self {
        // No event is to blame for any of them.
        Self::new(FailureKind::Destination, error.code(), error.to_string())
    }
}
