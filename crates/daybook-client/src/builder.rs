//! Making events step by step.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use crate::{
    AnalyticsEvent, BusinessEventData, BusinessMetricType, ErrorEventData, ErrorSeverity, EventData, EventMetadata,
    EventPriority, EventType, PerformanceEventData, UsageEventData,
};

/// Makes an event. What is not said is normal priority, no session, no data, and the metadata of the environment.
#[derive(Debug, Clone)]
pub struct EventBuilder {
    event_type: EventType,
    priority: EventPriority,
    session_id: Option<Uuid>,
    data: EventData,
    metadata: EventMetadata,
}

impl EventBuilder {
    /// Begins an event of this type.
    #[must_use]
    pub fn new(event_type: EventType) -> Self {
        Self {
            event_type,
            priority: EventPriority::default(),
            session_id: None,
            data: EventData::default(),
            metadata: EventMetadata::from_environment(),
        }
    }

    /// Sets how much the event matters.
    #[must_use]
    pub fn priority(mut self, priority: EventPriority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets the session the event belongs to.
    #[must_use]
    pub fn session(mut self, session_id: Uuid) -> Self {
        self.session_id = Some(session_id);
        self
    }

    /// Sets what the event carries.
    #[must_use]
    pub fn data(mut self, data: EventData) -> Self {
        self.data = data;
        self
    }

    /// Lets the event say what was used, what was done with it and whether it worked.
    #[must_use]
    pub fn usage_data(self, feature: &str, action: &str, success: bool) -> Self {
        self.data(EventData::Usage(UsageEventData {
            feature: feature.to_owned(),
            action: action.to_owned(),
            target: None,
            duration_ms: None,
            success,
            extra: HashMap::new(),
        }))
    }

    /// Lets the event carry a measurement.
    #[must_use]
    pub fn performance_data(self, metric: &str, value: f64, unit: &str) -> Self {
        self.data(EventData::Performance(PerformanceEventData {
            metric: metric.to_owned(),
            value,
            unit: unit.to_owned(),
            tags: HashMap::new(),
        }))
    }

    /// Lets the event say what went wrong, how badly and where. It counts as not recovered.
    #[must_use]
    pub fn error_data(self, code: &str, message: &str, severity: ErrorSeverity, component: &str) -> Self {
        self.data(EventData::Error(ErrorEventData {
            code: code.to_owned(),
            message: message.to_owned(),
            severity,
            stack_trace: None,
            component: component.to_owned(),
            recovered: false,
        }))
    }

    /// Lets the event carry an amount of tokens, money or quota, of no backend and model in particular.
    #[must_use]
    pub fn business_data(self, metric_type: BusinessMetricType, value: f64, unit: &str) -> Self {
        self.data(EventData::Business(BusinessEventData {
            metric_type,
            value,
            unit: unit.to_owned(),
            backend: None,
            model: None,
        }))
    }

    /// Sets all metadata, in place of the environment's.
    #[must_use]
    pub fn metadata(mut self, metadata: EventMetadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Adds one thing to the metadata.
    #[must_use]
    pub fn custom_metadata(mut self, key: &str, value: Value) -> Self {
        self.metadata = self.metadata.with_custom(key, value);
        self
    }

    /// The event, happening now and in [normal form](crate).
    #[must_use]
    pub fn build(self) -> AnalyticsEvent {
        let mut event =
            AnalyticsEvent::new(self.event_type, self.data).with_priority(self.priority).with_metadata(self.metadata);
        event.session_id = self.session_id;
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventCategory;

    #[test]
    fn what_is_said_is_in_the_event() {
        let session = Uuid::now_v7();
        let event = EventBuilder::new(EventType::MissionCreated)
            .priority(EventPriority::High)
            .session(session)
            .usage_data("mission", "create", true)
            .custom_metadata("channel", "beta".into())
            .build();
        assert_eq!(event.event_type, EventType::MissionCreated);
        assert_eq!(event.category, EventCategory::Usage);
        assert_eq!(event.priority, EventPriority::High);
        assert_eq!(event.session_id, Some(session));
        assert_eq!(event.metadata.custom["channel"], "beta");
        assert!(matches!(&event.data, EventData::Usage(usage) if usage.feature == "mission" && usage.success));
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let before = chrono::Utc::now();
        let event = EventBuilder::new(EventType::SystemStarted).build();
        assert!((before..=chrono::Utc::now()).contains(&event.timestamp));
        assert_eq!((event.priority, event.session_id, &event.data), (EventPriority::Normal, None, &EventData::Empty));
        assert_eq!(event.metadata, EventMetadata::from_environment());
        assert_ne!(event.id, EventBuilder::new(EventType::SystemStarted).build().id);
    }
}
