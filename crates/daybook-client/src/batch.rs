//! Events that travel together.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::AnalyticsEvent;

/// Events that are sent in one call. The collector takes up to [`daybook_event::limits::BATCH_EVENTS_MAX`] at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventBatch {
    /// Identifier of the batch.
    pub id: Uuid,
    /// The events, in the order in which they are to be stored.
    pub events: Vec<AnalyticsEvent>,
    /// When the batch was put together.
    pub created_at: DateTime<Utc>,
    /// Number of the batch among those of its sender.
    pub sequence: u64,
}

impl EventBatch {
    /// A batch of these events, put together now.
    #[must_use]
    pub fn new(events: Vec<AnalyticsEvent>, sequence: u64) -> Self {
        Self { id: Uuid::now_v7(), events, created_at: Utc::now(), sequence }
    }

    /// How many events there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventBuilder, EventType};

    #[test]
    fn a_batch_keeps_its_events_in_order() {
        let events: Vec<_> = (0..10).map(|_| EventBuilder::new(EventType::FeatureUsed).build()).collect();
        let batch = EventBatch::new(events.clone(), 7);
        assert_eq!((batch.len(), batch.is_empty(), batch.sequence), (10, false, 7));
        let read: EventBatch = serde_json::from_str(&serde_json::to_string(&batch).unwrap()).unwrap();
        assert_eq!(read, batch);
        assert_eq!(read.events, events);
        assert!(EventBatch::new(Vec::new(), 0).is_empty());
    }
}
