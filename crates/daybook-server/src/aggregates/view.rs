//! The table of aggregates as a consumer of the app `daybook`: what the log says is in it, whoever computed it, and though it was
//! lost.

use std::sync::Arc;

use async_trait::async_trait;
use daybook_catalog::consumers::Spec;
use daybook_consumers::{Batch, Failure, FailureKind, Handler, Undelivered};
use daybook_event::{Position, SubjectId};
use daybook_privacy::view::{ExpiredMonth, ExportPart, Forgotten, Touched, ViewError};
use sea_orm::DatabaseConnection;

use super::{Computed, store};
use crate::consumers::own::own;

/// The handler, and the name of the consumer with it that the app `daybook` has.
pub const AGGREGATES: &str = "aggregates";
/// The event that it wants.
pub const COMPUTED: &str = "aggregate.computed";

/// Writes the table.
pub struct AggregatesView {
    database: DatabaseConnection,
}

impl AggregatesView {
    /// In this state database.
    pub fn new(database: DatabaseConnection) -> Arc<Self> {
        Arc::new(Self { database })
    }
}

#[async_trait]
impl Handler for AggregatesView {
    fn holds_events(&self) -> bool {
        // Numbers, which outlive the events that they are of, and name nobody.
        false
    }

    async fn deliver(&self, batch: &Batch) -> Result<(), Undelivered> {
        let (mut computed, mut refused) = (Vec::<(Computed, Position)>::new(), Vec::new());
        for (index, item) in batch.items.iter().enumerate() {
            match serde_json::from_str(&item.event.data) {
                Ok(row) => computed.push((row, item.event.position)),
                Err(_) => refused.push((
                    index,
                    Failure::new(FailureKind::GiveUp, "aggregates.data", "the event is no row of an aggregate"),
                )),
            }
        }
        let failed = |_| Failure::new(FailureKind::Destination, "aggregates.state", "the state database failed");
        store::apply(&self.database, computed).await.map_err(failed)?;
        if refused.is_empty() { Ok(()) } else { Err(Undelivered::Some(refused)) }
    }

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

/// The consumer.
pub fn spec() -> Spec {
    let spec = own(AGGREGATES, "Computed aggregates, for whoever reads them.", None);
    Spec { events: vec![COMPUTED.to_owned()], retry: 3, dlq: true, ..spec }
}
