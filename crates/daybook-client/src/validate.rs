//! What is wrong with an event before it is sent.

use chrono::{DateTime, TimeDelta, Utc};
use daybook_event::limits::JSON_DEPTH_MAX;
use serde_json::Value;

use crate::{AnalyticsEvent, EventData, EventType};

/// How far a clock may be ahead of ours before a time counts as lying in the future.
const CLOCK_SKEW_MAX: TimeDelta = TimeDelta::minutes(5);
/// Age from which an event is remarkably late.
const AGE_WARNING: TimeDelta = TimeDelta::days(7);
/// Levels of the event around its data and its metadata.
const DEPTH_OF_EVENT: usize = 1;

/// Everything that was found about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationResult {
    /// Whether there are no errors.
    pub valid: bool,
    /// Why the event cannot be accepted.
    pub errors: Vec<String>,
    /// What is odd about it, but no reason to refuse it.
    pub warnings: Vec<String>,
}

/// Checks an event against the present time. See [`validate_event_at`].
#[must_use]
pub fn validate_event(event: &AnalyticsEvent) -> ValidationResult {
    validate_event_at(event, Utc::now())
}

/// Checks an event as if it were `now`.
///
/// Errors: a time more than five minutes ahead (less is a clock that runs fast); a number that JSON cannot write; data or
/// metadata nested deeper than the collector follows. Warnings: more than seven days old; consumed tokens without
/// business data; an error without error data.
#[must_use]
pub fn validate_event_at(event: &AnalyticsEvent, now: DateTime<Utc>) -> ValidationResult {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();

    let age = now.signed_duration_since(event.timestamp);
    if age < -CLOCK_SKEW_MAX {
        errors.push(format!("the event's time, {}, is in the future", event.timestamp));
    }
    if age > AGE_WARNING {
        warnings.push(format!("the event is more than {} days old", AGE_WARNING.num_days()));
    }

    match &event.data {
        EventData::Performance(data) if !data.value.is_finite() => errors.push(not_a_number(data.value)),
        EventData::Business(data) if !data.value.is_finite() => errors.push(not_a_number(data.value)),
        _ => {}
    }
    if too_deep(event) {
        errors.push(format!("the event nests deeper than {JSON_DEPTH_MAX} levels"));
    }

    match (&event.event_type, &event.data) {
        (EventType::TokensConsumed, EventData::Business(_)) | (EventType::ErrorOccurred, EventData::Error(_)) => {}
        (EventType::TokensConsumed, _) => warnings.push("tokens_consumed comes without business data".to_owned()),
        (EventType::ErrorOccurred, _) => warnings.push("error_occurred comes without error data".to_owned()),
        _ => {}
    }

    ValidationResult { valid: errors.is_empty(), errors, warnings }
}

fn not_a_number(value: f64) -> String {
    format!("the value, {value}, cannot be written as JSON")
}

fn too_deep(event: &AnalyticsEvent) -> bool {
    let room = JSON_DEPTH_MAX - DEPTH_OF_EVENT;
    let data = match &event.data {
        EventData::KeyValue(map) => map.values().any(|value| !fits(value, room - 1)),
        EventData::Usage(usage) => usage.extra.values().any(|value| !fits(value, room - 1)),
        EventData::Custom(json) => !fits(json, room),
        EventData::Empty | EventData::Performance(_) | EventData::Error(_) | EventData::Business(_) => false,
    };
    data || event.metadata.custom.values().any(|value| !fits(value, room - 1))
}

/// Whether a value has at most so many levels of arrays and objects.
fn fits(json: &Value, levels: usize) -> bool {
    match json {
        Value::Array(items) => levels > 0 && items.iter().all(|item| fits(item, levels - 1)),
        Value::Object(map) => levels > 0 && map.values().all(|item| fits(item, levels - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{BusinessMetricType, ErrorSeverity, EventBuilder};

    fn check(event: &AnalyticsEvent, errors: &[&str], warnings: &[&str]) {
        let result = validate_event(event);
        let agree = |texts: &[String], parts: &[&str]| {
            texts.len() == parts.len() && texts.iter().zip(parts).all(|(text, part)| text.contains(part))
        };
        assert!(agree(&result.errors, errors) && agree(&result.warnings, warnings), "{result:?}");
        assert_eq!(result.valid, errors.is_empty());
    }

    fn aged(age: TimeDelta) -> AnalyticsEvent {
        let mut event = EventBuilder::new(EventType::SessionStarted).build();
        event.timestamp = Utc::now() - age;
        event
    }

    #[test]
    fn times_are_checked() {
        check(&aged(TimeDelta::zero()), &[], &[]);
        check(&aged(TimeDelta::minutes(-4)), &[], &[]);
        check(&aged(TimeDelta::minutes(-6)), &["future"], &[]);
        check(&aged(TimeDelta::days(7) - TimeDelta::minutes(1)), &[], &[]);
        check(&aged(TimeDelta::days(7) + TimeDelta::minutes(1)), &[], &["7 days"]);
        let event = aged(TimeDelta::zero());
        assert!(validate_event_at(&event, event.timestamp - CLOCK_SKEW_MAX).valid);
        let mut event = event;
        event.timestamp = DateTime::<Utc>::MAX_UTC;
        check(&event, &["future"], &[]);
        event.timestamp = DateTime::<Utc>::MIN_UTC;
        check(&event, &[], &["7 days"]);
    }

    #[test]
    fn data_that_should_be_there_is_missed() {
        let tokens = EventBuilder::new(EventType::TokensConsumed);
        check(&tokens.clone().build(), &[], &["business data"]);
        check(&tokens.clone().usage_data("a", "b", true).build(), &[], &["business data"]);
        check(&tokens.business_data(BusinessMetricType::InputTokens, 1.0, "tokens").build(), &[], &[]);
        let error = EventBuilder::new(EventType::ErrorOccurred);
        check(&error.clone().build(), &[], &["error data"]);
        check(&error.error_data("E", "m", ErrorSeverity::Info, "c").build(), &[], &[]);
    }

    #[test]
    fn what_json_cannot_carry_is_an_error() {
        let event = |value| EventBuilder::new(EventType::CpuUsage).performance_data("load", value, "1").build();
        check(&event(0.5), &[], &[]);
        check(&event(f64::INFINITY), &["JSON"], &[]);
        let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        let event = |levels| EventBuilder::new(EventType::Custom("x".to_owned())).data(deep(levels).into()).build();
        check(&event(JSON_DEPTH_MAX - 1), &[], &[]);
        check(&event(JSON_DEPTH_MAX), &["deeper"], &[]);
    }
}
