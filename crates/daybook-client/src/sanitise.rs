//! Secrets are taken out of an event before it leaves the process.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::iter;

use daybook_event::secrets::{REDACTED, is_secret_key, may_contain_secret, redact};
use serde_json::{Map, Value};

use crate::payload::in_order;
use crate::{AnalyticsEvent, EventData};

/// The event without the secrets in it.
///
/// Every text in data and metadata, names of members included, loses what looks like a credential
/// ([`daybook_event::secrets::SECRETS`]); text and numbers under a name like `password` or `apiKey`
/// ([`is_secret_key`]) are replaced whole, in data and inside metadata; metadata of such a name is removed. Type, shape
/// and everything else stay, and doing it twice changes nothing more.
#[must_use]
pub fn sanitize_event(mut event: AnalyticsEvent) -> AnalyticsEvent {
    match &mut event.data {
        EventData::Empty => {}
        EventData::KeyValue(map) => members(map),
        EventData::Usage(usage) => {
            text(&mut usage.feature);
            text(&mut usage.action);
            optional(&mut usage.target);
            members(&mut usage.extra);
        }
        EventData::Performance(performance) => {
            text(&mut performance.metric);
            text(&mut performance.unit);
            tags(&mut performance.tags);
        }
        EventData::Error(error) => {
            text(&mut error.code);
            text(&mut error.message);
            optional(&mut error.stack_trace);
            text(&mut error.component);
        }
        EventData::Business(business) => {
            text(&mut business.unit);
            optional(&mut business.backend);
            optional(&mut business.model);
        }
        EventData::Custom(json) => value(json),
    }
    let metadata = &mut event.metadata;
    for field in [&mut metadata.app_version, &mut metadata.os, &mut metadata.arch, &mut metadata.locale] {
        optional(field);
    }
    metadata.custom.retain(|name, _| !is_secret_key(name));
    members(&mut metadata.custom);
    event
}

fn text(text: &mut String) {
    if let Cow::Owned(clean) = redact(text) {
        *text = clean;
    }
}

fn optional(field: &mut Option<String>) {
    if let Some(field) = field {
        text(field);
    }
}

fn tags(tags: &mut HashMap<String, String>) {
    for (name, tag) in tags.iter_mut() {
        if is_secret_key(name) {
            REDACTED.clone_into(tag);
        } else {
            text(tag);
        }
    }
    rename(tags);
}

fn members(map: &mut HashMap<String, Value>) {
    for (name, item) in map.iter_mut() {
        member(name, item);
    }
    rename(map);
}

fn rename<V>(map: &mut HashMap<String, V>) {
    if !map.keys().any(|name| may_contain_secret(name.as_bytes())) {
        return;
    }
    let names: Vec<&String> = in_order(map).into_keys().collect();
    for (old, new) in renamings(&names) {
        if let Some(item) = map.remove(&old) {
            map.insert(new, item);
        }
    }
}

fn object(map: &mut Map<String, Value>) {
    for (name, item) in map.iter_mut() {
        member(name, item);
    }
    let renamed = renamings(&map.keys().collect::<Vec<_>>());
    if renamed.is_empty() {
        return;
    }
    // Taken apart and put together again, so that members keep their order.
    let mut renamed = renamed.into_iter().peekable();
    for (name, item) in std::mem::take(map) {
        let name = renamed.next_if(|(old, _)| *old == name).map_or(name, |(_, new)| new);
        map.insert(name, item);
    }
}

fn member(name: &str, item: &mut Value) {
    if is_secret_key(name) {
        blank(item);
    } else {
        value(item);
    }
}

fn value(json: &mut Value) {
    match json {
        Value::String(string) => text(string),
        Value::Array(items) => items.iter_mut().for_each(value),
        Value::Object(map) => object(map),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Replaces everything in a value that could be the secret; its shape, and what is no more than yes, no or nothing, stay.
fn blank(json: &mut Value) {
    match json {
        Value::String(_) | Value::Number(_) => *json = REDACTED.into(),
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Object(map) => {
            object(map);
            map.values_mut().for_each(blank);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The names that hold a secret, each with the name it gets. No two members get the same: the second of them is numbered.
fn renamings(names: &[&String]) -> Vec<(String, String)> {
    let mut taken: HashSet<Cow<'_, str>> = HashSet::new();
    let mut renamed = Vec::new();
    for name in names {
        let Cow::Owned(clean) = redact(name) else { continue };
        if taken.is_empty() {
            taken.extend(names.iter().map(|name| Cow::Borrowed(name.as_str())));
        }
        let free = iter::once(clean.clone())
            .chain((2u64..).map(|number| format!("{clean} {number}")))
            .find(|new| taken.insert(Cow::Owned(new.clone())));
        renamed.extend(free.map(|new| ((*name).clone(), new)));
    }
    renamed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ErrorSeverity, EventBuilder, EventType};

    const KEY: &str = "sk-abc123def456ghi789jkl012mno345";

    fn custom(data: Value) -> EventBuilder {
        EventBuilder::new(EventType::Custom("x".to_owned())).data(data.into())
    }

    fn check(data: Value, expected: Value) {
        let clean = sanitize_event(custom(data).build());
        assert_eq!(clean.data, EventData::Custom(expected));
        assert_eq!(sanitize_event(clean.clone()), clean);
    }

    #[test]
    fn secrets_leave_messages_and_traces() {
        let mut event = EventBuilder::new(EventType::ErrorOccurred)
            .error_data("API_ERROR", &format!("Failed with key {KEY}"), ErrorSeverity::Error, "backend")
            .build();
        if let EventData::Error(error) = &mut event.data {
            error.stack_trace = Some("at call(Bearer abc.def, {password: 'hunter2'})".to_owned());
        }
        let EventData::Error(error) = sanitize_event(event).data else { panic!("no longer an error") };
        assert_eq!(error.message, "Failed with key [REDACTED_API_KEY]");
        assert_eq!(error.stack_trace.as_deref(), Some("at call(Bearer [REDACTED], {password=[REDACTED]})"));
        assert_eq!(
            (error.code.as_str(), error.severity, error.component.as_str()),
            ("API_ERROR", ErrorSeverity::Error, "backend")
        );
    }

    #[test]
    fn secret_metadata_is_removed() {
        let mut builder = EventBuilder::new(EventType::FeatureUsed).custom_metadata("channel", json!(["beta", KEY]));
        for name in ["api_key", "API_KEY", "token", "Token", "password", "secret", "apiKey"] {
            builder = builder.custom_metadata(name, json!("x"));
        }
        let event = sanitize_event(builder.build());
        assert_eq!(event.metadata.custom, [("channel".to_owned(), json!(["beta", "[REDACTED_API_KEY]"]))].into());
    }

    #[test]
    fn every_text_of_the_data_is_looked_at() {
        check(json!(format!("key {KEY}")), json!("key [REDACTED_API_KEY]"));
        check(json!({"a": [1, {"b": KEY}], "c": true}), json!({"a": [1, {"b": "[REDACTED_API_KEY]"}], "c": true}));
        check(
            json!({"password": "x", "pin": {"secret": [1, null, true, {"a": "b"}]}, "token": null}),
            json!({"password": "[REDACTED]", "pin": {"secret": ["[REDACTED]", null, true, {"a": "[REDACTED]"}]}, "token": null}),
        );
    }

    #[test]
    fn names_are_looked_at_too_and_none_is_lost() {
        let other = format!("{KEY}2");
        check(
            json!({"z": 0, KEY: 1, "[REDACTED_API_KEY]": 2, other: 3}),
            json!({"z": 0, "[REDACTED_API_KEY] 2": 1, "[REDACTED_API_KEY]": 2, "[REDACTED_API_KEY] 3": 3}),
        );
        let event =
            EventBuilder::new(EventType::PluginLoaded).data(EventData::KeyValue([(KEY.to_owned(), json!(KEY))].into()));
        let expected = [("[REDACTED_API_KEY]".to_owned(), json!("[REDACTED_API_KEY]"))].into();
        assert_eq!(sanitize_event(event.build()).data, EventData::KeyValue(expected));
    }
}
