//! What is written is read back as it was, whatever it is.

#![allow(clippy::expect_used, reason = "a test may stop")]

mod made;

use daybook_client::{
    AnalyticsEvent, BusinessEventData, BusinessMetricType, EventBatch, EventBuilder, EventCategory, EventData,
    EventMetadata, EventType, UsageEventData,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn through_json(event: &AnalyticsEvent) -> AnalyticsEvent {
    serde_json::from_str(&serde_json::to_string(event).expect("written")).expect("read")
}

/// Whether nothing of `before` is missing or different in `after`. The number 1 is the same as 1.0.
fn holds(after: &Value, before: &Value) -> bool {
    match (after, before) {
        (Value::Object(after), Value::Object(before)) => {
            before.iter().all(|(name, value)| after.get(name).is_some_and(|other| holds(other, value)))
        }
        (Value::Number(after), Value::Number(before)) => after == before || after.as_f64() == before.as_f64(),
        (after, before) => after == before,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn every_event_is_read_back_as_it_was(event in made::event()) {
        let text = serde_json::to_string(&event).expect("written");
        let read: AnalyticsEvent = serde_json::from_str(&text).expect("read");
        prop_assert_eq!(&read, &event);
        prop_assert_eq!(serde_json::to_string(&read).expect("written"), text, "equal events give equal bytes");
        let value = serde_json::to_value(&event).expect("written");
        prop_assert_eq!(&serde_json::from_value::<AnalyticsEvent>(value).expect("read"), &event);
    }

    #[test]
    fn normal_form_is_what_reading_gives(event in made::event(), data in made::data(), metadata in made::metadata()) {
        prop_assert_eq!(&event.clone().normalised(), &event);
        let mut by_hand = event;
        by_hand.data = data;
        by_hand.metadata = metadata;
        prop_assert_eq!(through_json(&by_hand), by_hand.normalised());
    }

    #[test]
    fn payloads_stay_what_they_are_under_every_type(event_type in made::event_type(), data in made::data()) {
        let built = EventBuilder::new(event_type).data(data.clone()).build().data;
        let (before, after) = (serde_json::to_value(&data).expect("written"), serde_json::to_value(&built).expect("written"));
        // Key-values and custom data can be written like something else, with members filled in. Nothing else can.
        if matches!(data, EventData::KeyValue(_) | EventData::Custom(_)) {
            prop_assert!(holds(&after, &before), "{before} became {after}");
        } else {
            prop_assert_eq!(std::mem::discriminant(&built), std::mem::discriminant(&data));
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn every_type_has_a_category_and_its_own_sampling(event_type in made::event_type()) {
        prop_assert_eq!(matches!(event_type, EventType::Custom(_)), event_type.category() == EventCategory::Custom);
        let sampling = event_type.default_sampling();
        prop_assert!((0.0..=1.0).contains(&sampling.rate) && sampling.min_per_window > 0 && sampling.window_seconds > 0);
        let event = AnalyticsEvent::new(event_type.clone(), EventData::Empty);
        prop_assert_eq!(event.category, event_type.category());
    }

    #[test]
    fn no_json_panics(json in ".*", event in made::event(), cut in any::<prop::sample::Index>()) {
        let _ = serde_json::from_str::<AnalyticsEvent>(&json);
        let text = serde_json::to_vec(&event).expect("written");
        let _ = serde_json::from_slice::<AnalyticsEvent>(&text[..cut.index(text.len())]);
    }
}

#[test]
fn an_event_is_written_as_serde_writes_its_types() {
    let mut event = EventBuilder::new(EventType::TokensConsumed)
        .data(EventData::Business(BusinessEventData {
            metric_type: BusinessMetricType::TotalTokens,
            value: 1500.0,
            unit: "tokens".to_owned(),
            backend: Some("anthropic".to_owned()),
            model: None,
        }))
        .metadata(EventMetadata::default().with_custom("channel", json!("beta")))
        .build();
    event.timestamp = "2026-01-14T15:00:00.123456789Z".parse().expect("a time");
    let expected = json!({
        "id": event.id.to_string(), "category": "business", "event_type": "tokens_consumed",
        "timestamp": "2026-01-14T15:00:00.123456789Z", "session_id": null, "priority": "normal",
        "data": {"metric_type": "total_tokens", "value": 1500.0, "unit": "tokens", "backend": "anthropic", "model": null},
        "metadata": {"app_version": null, "os": null, "arch": null, "locale": null, "timezone_offset": null, "channel": "beta"}
    });
    assert_eq!(serde_json::to_value(&event).expect("written"), expected);
    assert_eq!(through_json(&event), event);
}

#[test]
fn data_is_written_bare() {
    for (data, expected) in [
        (EventData::Empty, json!(null)),
        (EventData::KeyValue([("k".to_owned(), json!([1]))].into()), json!({"k": [1]})),
        (EventData::Custom(json!("text")), json!("text")),
        (
            EventData::Usage(UsageEventData {
                feature: "f".to_owned(),
                action: "a".to_owned(),
                target: None,
                duration_ms: Some(7),
                success: false,
                extra: [("more".to_owned(), json!({})), ("success".to_owned(), json!("maybe"))].into(),
            }),
            json!({"feature": "f", "action": "a", "target": null, "duration_ms": 7, "success": false, "more": {}, "extra_success": "maybe"}),
        ),
    ] {
        assert_eq!(serde_json::to_value(&data).expect("written"), expected);
    }
}

#[test]
fn a_sparse_event_is_filled_in() {
    let read = |json: Value| serde_json::from_value::<AnalyticsEvent>(json);
    let sparse = json!({"id": "0197a3c2-7c1e-7d0e-8c7a-6f2b8e4a1d00", "event_type": {"custom": "x.y"}, "timestamp": "2026-01-14T16:00:00+01:00"});
    let event = read(sparse.clone()).expect("read");
    assert_eq!((event.category, &event.data, event.session_id), (EventCategory::Custom, &EventData::Empty, None));
    assert_eq!(event.timestamp.to_rfc3339(), "2026-01-14T15:00:00+00:00");
    for name in ["id", "event_type", "timestamp"] {
        let mut json = sparse.clone();
        json.as_object_mut().expect("an object").remove(name);
        assert!(read(json).expect_err(name).to_string().contains(name));
    }
    assert!(read(json!({"id": "x"})).is_err());
}

#[test]
fn batches_are_read_back() {
    let events = EventType::BUILT_IN.iter().map(|event_type| EventBuilder::new(event_type.clone()).build()).collect();
    let batch = EventBatch::new(events, 3);
    let text = serde_json::to_string(&batch).expect("written");
    assert_eq!(serde_json::from_str::<EventBatch>(&text).expect("read"), batch);
}
