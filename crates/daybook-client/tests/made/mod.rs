//! Events of every kind, the awkward ones first.

use std::collections::HashMap;

use chrono::DateTime;
use daybook_client::{
    AnalyticsEvent, BusinessEventData, BusinessMetricType, ErrorEventData, ErrorSeverity, EventBuilder, EventData,
    EventMetadata, EventPriority, EventType, PerformanceEventData, UsageEventData,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use uuid::Uuid;

/// Any event that the builder can build, at any time that RFC 3339 can write.
pub fn event() -> BoxedStrategy<AnalyticsEvent> {
    let times = (-62_135_596_800i64..253_402_300_800, 0u32..1_000_000_000);
    let priorities =
        select(vec![EventPriority::Low, EventPriority::Normal, EventPriority::High, EventPriority::Critical]);
    (event_type(), priorities, option::of(any::<u128>()), data(), metadata(), times)
        .prop_map(|(event_type, priority, session, data, metadata, (seconds, nanoseconds))| {
            let mut builder = EventBuilder::new(event_type).priority(priority).data(data).metadata(metadata);
            if let Some(session) = session {
                builder = builder.session(Uuid::from_u128(session));
            }
            let mut event = builder.build();
            event.timestamp = DateTime::from_timestamp(seconds, nanoseconds).expect("within chrono's range");
            event
        })
        .boxed()
}

pub fn event_type() -> BoxedStrategy<EventType> {
    prop_oneof![
        6 => select(EventType::BUILT_IN.to_vec()),
        1 => ".*".prop_map(EventType::Custom),
        1 => select(EventType::BUILT_IN.to_vec()).prop_map(|named| EventType::Custom(named.name().to_owned())),
    ]
    .boxed()
}

pub fn data() -> BoxedStrategy<EventData> {
    let lookalike =
        (payload(), any::<prop::sample::Index>(), 0..3, any::<bool>()).prop_map(|(payload, index, change, custom)| {
            // A payload's own JSON, whole or with a member less or more, given as key-values or custom data.
            let mut json = serde_json::to_value(payload).expect("JSON");
            if let Value::Object(map) = &mut json {
                let name = map.keys().nth(index.index(map.len())).cloned().unwrap_or_default();
                match change {
                    0 => drop(map.remove(&name)),
                    1 => drop(map.insert("more".to_owned(), json!(1))),
                    _ => {}
                }
            }
            match (json, custom) {
                (Value::Object(map), false) => EventData::KeyValue(map.into_iter().collect()),
                (json, _) => EventData::Custom(json),
            }
        });
    prop_oneof![
        1 => Just(EventData::Empty),
        1 => Just(EventData::Custom(Value::Null)),
        2 => members().prop_map(EventData::KeyValue),
        2 => json_value().prop_map(EventData::Custom),
        6 => payload(),
        3 => lookalike,
    ]
    .boxed()
}

pub fn metadata() -> BoxedStrategy<EventMetadata> {
    (
        option::of(text()),
        option::of(text()),
        option::of(text()),
        option::of(text()),
        option::of(any::<i32>()),
        members(),
    )
        .prop_map(|(app_version, os, arch, locale, timezone_offset, custom)| EventMetadata {
            app_version,
            os,
            arch,
            locale,
            timezone_offset,
            custom,
        })
        .boxed()
}

fn payload() -> BoxedStrategy<EventData> {
    let usage = (text(), text(), option::of(text()), option::of(any::<u64>()), any::<bool>(), members()).prop_map(
        |(feature, action, target, duration_ms, success, extra)| {
            EventData::Usage(UsageEventData { feature, action, target, duration_ms, success, extra })
        },
    );
    let performance =
        (text(), number(), text(), btree_map(name(), text(), 0..4)).prop_map(|(metric, value, unit, tags)| {
            EventData::Performance(PerformanceEventData { metric, value, unit, tags: tags.into_iter().collect() })
        });
    let severities = select(vec![
        ErrorSeverity::Debug,
        ErrorSeverity::Info,
        ErrorSeverity::Warning,
        ErrorSeverity::Error,
        ErrorSeverity::Critical,
    ]);
    let error = (text(), text(), severities, option::of(text()), text(), any::<bool>()).prop_map(
        |(code, message, severity, stack_trace, component, recovered)| {
            EventData::Error(ErrorEventData { code, message, severity, stack_trace, component, recovered })
        },
    );
    let metric_types = select(vec![
        BusinessMetricType::InputTokens,
        BusinessMetricType::OutputTokens,
        BusinessMetricType::TotalTokens,
        BusinessMetricType::CostUsd,
        BusinessMetricType::CostCredits,
        BusinessMetricType::QuotaUsed,
        BusinessMetricType::QuotaRemaining,
    ]);
    let business = (metric_types, number(), text(), option::of(text()), option::of(text())).prop_map(
        |(metric_type, value, unit, backend, model)| {
            EventData::Business(BusinessEventData { metric_type, value, unit, backend, model })
        },
    );
    prop_oneof![usage, performance, error, business].boxed()
}

/// Names that fields have, names of secrets, and others.
fn name() -> BoxedStrategy<String> {
    let known = select(vec![
        "feature",
        "action",
        "target",
        "duration_ms",
        "success",
        "extra_feature",
        "extra_extra_target",
        "metric",
        "value",
        "unit",
        "tags",
        "code",
        "severity",
        "metric_type",
        "app_version",
        "os",
        "custom_os",
        "arch",
        "locale",
        "timezone_offset",
        "password",
        "apiKey",
        "TOKEN",
        "secret",
        "",
    ]);
    prop_oneof![2 => known.prop_map(str::to_owned), 1 => text(), 1 => "[a-z_]{1,8}"].boxed()
}

fn members() -> BoxedStrategy<HashMap<String, Value>> {
    btree_map(name(), json_value(), 0..5).prop_map(|map| map.into_iter().collect()).boxed()
}

fn text() -> BoxedStrategy<String> {
    let secret = select(vec![
        "sk-abc123def456ghi789jkl012mno345",
        "Bearer abc.def",
        "password=\"x y\"",
        "postgres://u:p@h",
        "token=abc",
        "[REDACTED]",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
        "AKIAIOSFODNN7EXAMPLE",
    ]);
    prop_oneof![4 => ".{0,12}", 1 => secret.prop_map(str::to_owned), 1 => (".{0,4}", "[ =:\"'_-]?", ".{0,4}").prop_map(|(a, b, c)| format!("{a}secret{b}{c}"))].boxed()
}

fn number() -> BoxedStrategy<f64> {
    prop_oneof![4 => any::<f64>(), 1 => select(vec![0.0, -0.0, 0.1, 1e16, 9_007_199_254_740_993.0, 5e-324, f64::NAN, f64::INFINITY, f64::NEG_INFINITY])].boxed()
}

fn json_value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(name(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
    .boxed()
}
