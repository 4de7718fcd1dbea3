//! What the Rust SDK builds is what its app's catalog admits.

use daybook_client::{BusinessMetricType, ErrorSeverity, EventBuilder, EventCategory, EventData, EventType};
use serde_json::Value;

use crate::process::run_with_input;

fn receipts(events: &[daybook_client::AnalyticsEvent]) -> Vec<Value> {
    let lines: Vec<String> =
        events.iter().map(|event| serde_json::to_string(event).expect("an event is JSON")).collect();
    let output = run_with_input(&["validate", "--app", "tachikoma", "--format", "json"], &lines.join("\n"));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("receipts");
    let receipts = answer["receipts"].as_array().expect("a list").clone();
    assert_eq!(receipts.len(), events.len());
    receipts
}

/// An event of this type with the data that its category has.
fn event(event_type: &EventType) -> daybook_client::AnalyticsEvent {
    let builder = EventBuilder::new(event_type.clone());
    match event_type.category() {
        EventCategory::Usage => builder.usage_data("chat", "open", true),
        EventCategory::Performance => builder.performance_data("latency", 12.5, "ms"),
        EventCategory::Error => builder.error_data("E1", "it broke", ErrorSeverity::Error, "backend"),
        EventCategory::Business => builder.business_data(BusinessMetricType::TotalTokens, 1500.0, "tokens"),
        EventCategory::Security | EventCategory::System => {
            builder.data(EventData::KeyValue([("plugin".to_owned(), Value::from("linter"))].into()))
        }
        EventCategory::Custom => builder.data(EventData::Custom(Value::from(7))),
    }
    .build()
}

#[test]
fn every_event_type_is_admitted_without_a_word() {
    let events: Vec<_> = EventType::BUILT_IN.iter().map(event).collect();
    for (event, receipt) in events.iter().zip(receipts(&events)) {
        assert_eq!(receipt["status"], "stored", "{event:?}: {receipt}");
        assert!(receipt.get("warnings").is_none(), "{event:?}: {receipt}");
        assert_eq!(receipt["id"].as_str(), Some(event.id.as_uuid().to_string().as_str()));
    }
}

#[test]
fn events_without_data_and_types_of_ones_own_are_admitted_with_a_warning_at_most() {
    let mut events: Vec<_> = EventType::BUILT_IN.iter().map(|kind| EventBuilder::new(kind.clone()).build()).collect();
    events.push(event(&EventType::Custom("my_plugin.did_it".to_owned())));
    for (event, receipt) in events.iter().zip(receipts(&events)) {
        assert_eq!(receipt["status"], "stored", "{event:?}: {receipt}");
        for warning in receipt["warnings"].as_array().into_iter().flatten() {
            assert!(
                ["data.missing", "event.undeclared-type"].contains(&warning["code"].as_str().unwrap_or_default()),
                "{receipt}"
            );
        }
    }
}
