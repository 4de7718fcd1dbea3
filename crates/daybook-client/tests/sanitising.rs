//! Sanitising keeps the shape of an event and comes to rest after one go.

#![allow(clippy::expect_used, reason = "a test may stop")]

mod made;

use daybook_client::{AnalyticsEvent, EventData, sanitize_event};
use daybook_event::secrets::{is_secret_key, redact};
use proptest::prelude::*;
use serde_json::Value;

/// Whether two values have the same shape: everything but texts, the names of members that hold secrets, and what stands
/// under a secret's name.
fn alike(before: &Value, after: &Value, secret: bool) -> bool {
    match (before, after) {
        (Value::Number(_), Value::String(_)) => secret,
        (Value::String(_), Value::String(_)) => true,
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(before, after)| alike(before, after, secret))
        }
        (Value::Object(before), Value::Object(after)) => {
            before.len() == after.len()
                && before.iter().all(|(name, value)| match after.get(name) {
                    Some(other) => alike(value, other, secret || is_secret_key(name)),
                    None => redact(name) != *name,
                })
        }
        (before, after) => before == after,
    }
}

fn json(event: &AnalyticsEvent) -> Value {
    serde_json::to_value(event).expect("written")
}

/// Every text of a value, names of members too.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) => {
            map.iter().flat_map(|(name, value)| std::iter::once(name.as_str()).chain(texts(value))).collect()
        }
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn once_is_enough(event in made::event()) {
        let once = sanitize_event(event);
        prop_assert_eq!(sanitize_event(once.clone()), once);
    }

    #[test]
    fn the_shape_stays(event in made::event()) {
        let clean = sanitize_event(event.clone());
        prop_assert_eq!(std::mem::discriminant(&event.data), std::mem::discriminant(&clean.data));
        let (before, after) = (json(&event), json(&clean));
        for field in ["id", "category", "event_type", "timestamp", "session_id", "priority"] {
            prop_assert_eq!(&before[field], &after[field]);
        }
        prop_assert!(alike(&before["data"], &after["data"], false), "{} became {}", before["data"], after["data"]);
        let kept = event.metadata.custom.keys().filter(|name| !is_secret_key(name)).count();
        prop_assert_eq!(clean.metadata.custom.len(), kept);
    }

    #[test]
    fn nothing_secret_is_left(event in made::event()) {
        let clean = sanitize_event(event);
        let json = json(&clean);
        for text in texts(&json["data"]).into_iter().chain(texts(&json["metadata"])) {
            prop_assert_eq!(redact(text), text);
        }
        prop_assert!(clean.metadata.custom.keys().all(|name| !is_secret_key(name)));
    }

    #[test]
    fn a_clean_event_is_still_read_back_as_it_was(event in made::event()) {
        let clean = sanitize_event(event);
        let read: AnalyticsEvent = serde_json::from_value(json(&clean)).expect("read");
        prop_assert_eq!(read, clean);
    }

    #[test]
    fn what_holds_no_text_stays_as_it_is(event in made::event()) {
        if event.data == EventData::Empty {
            prop_assert_eq!(sanitize_event(event).data, EventData::Empty);
        }
    }
}
