//! The payload of an event, and which kind it is when it is read.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::payload::{sorted, writable};
use crate::{BusinessEventData, ErrorEventData, EventCategory, EventType, PerformanceEventData, UsageEventData};

/// What an event carries. Written as the bare payload: see [`EventData::from_json`] for the way back.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(untagged)]
pub enum EventData {
    /// Nothing.
    #[default]
    Empty,
    /// Names with values.
    KeyValue(#[serde(serialize_with = "sorted")] HashMap<String, Value>),
    /// What was used, and how it went.
    Usage(UsageEventData),
    /// A measurement.
    Performance(PerformanceEventData),
    /// What went wrong.
    Error(ErrorEventData),
    /// Tokens, costs, quotas.
    Business(BusinessEventData),
    /// Any JSON.
    Custom(Value),
}

impl EventData {
    /// The payload that this JSON is for events of this type.
    ///
    /// 1. `null` is [`EventData::Empty`].
    /// 2. A usage, performance, error or business event has the payload of its category, if the JSON has the payload's
    ///    members with values of their kind. Members that may be null may be missing.
    /// 3. Any other object is one of those four payloads if it has exactly the members that are written for it (so a
    ///    plugin's event, say, can carry [`EventData::Usage`], and an error event that carries a measurement keeps it).
    /// 4. Any other object is [`EventData::KeyValue`], for custom event types [`EventData::Custom`].
    /// 5. Anything else is [`EventData::Custom`].
    ///
    /// Nothing fails and nothing is lost: data that does not have its type's form is for [`crate::validate_event`] and
    /// for the collector to judge.
    #[must_use]
    pub fn from_json(event_type: &EventType, json: Value) -> Self {
        Self::read(event_type.category(), json)
    }

    /// The payload in the form that reading its JSON gives.
    #[must_use]
    pub(crate) fn normalised(self, event_type: &EventType) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::KeyValue(map) => Self::from_json(event_type, Value::Object(map.into_iter().collect())),
            Self::Custom(json) => Self::from_json(event_type, json),
            Self::Usage(usage) => Self::Usage(usage.normalised()),
            Self::Performance(data) => Self::Performance(PerformanceEventData { value: writable(data.value), ..data }),
            Self::Error(error) => Self::Error(error),
            Self::Business(data) => Self::Business(BusinessEventData { value: writable(data.value), ..data }),
        }
    }

    fn read(category: EventCategory, json: Value) -> Self {
        match json {
            Value::Null => Self::Empty,
            Value::Object(map) => {
                let object = Value::Object(map);
                if let Some(payload) = Self::own(category, &object).or_else(|| Self::recognised(&object)) {
                    return payload;
                }
                match (category, object) {
                    (EventCategory::Custom, object) => Self::Custom(object),
                    (_, Value::Object(map)) => Self::KeyValue(map.into_iter().collect()),
                    (_, other) => Self::Custom(other),
                }
            }
            other => Self::Custom(other),
        }
    }

    /// The payload of the category, if the object can be one.
    fn own(category: EventCategory, object: &Value) -> Option<Self> {
        match category {
            EventCategory::Usage => UsageEventData::deserialize(object).ok().map(Self::Usage),
            EventCategory::Performance => PerformanceEventData::deserialize(object).ok().map(Self::Performance),
            EventCategory::Error => ErrorEventData::deserialize(object).ok().map(Self::Error),
            EventCategory::Business => BusinessEventData::deserialize(object).ok().map(Self::Business),
            EventCategory::Security | EventCategory::System | EventCategory::Custom => None,
        }
    }

    /// The payload that is written as just this object. At most one is: each has a member that the others lack, and all
    /// but usage refuse members they do not know.
    fn recognised(object: &Value) -> Option<Self> {
        let category = if object.get("feature").is_some() {
            EventCategory::Usage
        } else if object.get("metric").is_some() {
            EventCategory::Performance
        } else if object.get("severity").is_some() {
            EventCategory::Error
        } else if object.get("metric_type").is_some() {
            EventCategory::Business
        } else {
            return None;
        };
        Self::own(category, object).filter(|payload| serde_json::to_value(payload).is_ok_and(|json| json == *object))
    }
}

impl<'de> Deserialize<'de> for EventData {
    /// Reads a payload on its own, as that of a security or system event, which has no payload of its own kind.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|json| Self::read(EventCategory::System, json))
    }
}

impl From<Value> for EventData {
    /// Custom data.
    fn from(json: Value) -> Self {
        Self::Custom(json)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event_type: &EventType, json: Value) -> &'static str {
        match EventData::from_json(event_type, json) {
            EventData::Empty => "empty",
            EventData::KeyValue(_) => "key-value",
            EventData::Usage(_) => "usage",
            EventData::Performance(_) => "performance",
            EventData::Error(_) => "error",
            EventData::Business(_) => "business",
            EventData::Custom(_) => "custom",
        }
    }

    #[test]
    fn the_type_says_which_payload_it_is() {
        let plugin = EventType::Custom("x".to_owned());
        let usage = json!({"feature": "f", "action": "a", "success": true, "more": 1});
        let performance = json!({"metric": "m", "value": 1, "unit": "ms"});
        let error = json!({"code": "c", "message": "m", "severity": "info", "component": "c", "recovered": true});
        let business = json!({"metric_type": "cost_usd", "value": null, "unit": "USD"});
        for (event_type, json, expected) in [
            (&EventType::FeatureUsed, &usage, "usage"),
            (&EventType::CacheHit, &performance, "performance"),
            (&EventType::PanicCaught, &error, "error"),
            (&EventType::CostIncurred, &business, "business"),
            (&EventType::CostIncurred, &usage, "key-value"),
            (&EventType::PluginLoaded, &error, "key-value"),
            (&plugin, &performance, "custom"),
            (&plugin, &json!({}), "custom"),
            (&EventType::FeatureUsed, &json!({}), "key-value"),
            (&EventType::PermissionDenied, &json!({"path": "/"}), "key-value"),
            (&EventType::FeatureUsed, &json!(null), "empty"),
            (&plugin, &json!(null), "empty"),
            (&EventType::FeatureUsed, &json!(["a"]), "custom"),
        ] {
            assert_eq!(read(event_type, json.clone()), expected, "{event_type} {json}");
        }
    }

    #[test]
    fn what_another_type_carries_is_recognised_when_complete() {
        let complete = json!({"metric": "m", "value": 1.5, "unit": "ms", "tags": {}});
        assert_eq!(read(&EventType::ErrorOccurred, complete.clone()), "performance");
        assert_eq!(read(&EventType::Custom("x".to_owned()), complete.clone()), "performance");
        assert_eq!(
            serde_json::from_value::<EventData>(complete.clone()).unwrap(),
            EventData::from_json(&EventType::CacheHit, complete)
        );
    }

    #[test]
    fn members_without_a_place_are_not_lost() {
        let json = json!({"metric": "m", "value": 1.5, "unit": "ms", "tags": {}, "host": "h"});
        let data = EventData::from_json(&EventType::CpuUsage, json.clone());
        assert!(matches!(data, EventData::KeyValue(_)));
        assert_eq!(serde_json::to_value(data).unwrap(), json);
        for (value, expected) in [(1u64 << 53, "performance"), ((1 << 53) + 1, "key-value"), (u64::MAX, "key-value")] {
            assert_eq!(read(&EventType::CpuUsage, json!({"metric": "m", "value": value, "unit": "1"})), expected);
        }
    }
}
