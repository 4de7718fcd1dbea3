//! A verified call, read: what it is known by, what it is about, and the events it comes to.

use std::collections::HashMap;

use ::http::HeaderMap;
use ::http::header::CONTENT_TYPE;
use daybook_catalog::Field;
use daybook_catalog::webhooks::{Condition, Conversion, Expression, Path, Rule, Scheme};
use daybook_event::EventId;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Webhook;
use super::evaluate::{Got, Scope, convert, word};
use super::limits::{EVENT_TYPE_CHARS_MAX, EVENTS_PER_CALL_MAX};

/// A call that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What it is known by: the same when the service repeats it.
    pub delivery: String,
    /// What it is about, in the service's own word.
    pub event_type: String,
    /// What it comes to: events in the canonical form. Of a call that cannot be read, its body as one string, which admission
    /// quarantines.
    pub events: Vec<Value>,
    /// Whether the body could be read.
    pub readable: bool,
}

/// A call comes to more events than one call may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call comes to more than {EVENTS_PER_CALL_MAX} events")]
pub struct TooMany;

/// Reads a call.
pub(super) fn read(webhook: &Webhook, headers: &HeaderMap, body: &[u8]) -> Result<Call, TooMany> {
    let Some(document) = document(headers, body) else {
        let delivery = delivery(webhook, headers, &Value::Null, body);
        let text = Value::String(String::from_utf8_lossy(body).into_owned());
        return Ok(Call { delivery, event_type: "unreadable".to_owned(), events: vec![text], readable: false });
    };
    let delivery = delivery(webhook, headers, &document, body);
    let event_type = event_type(webhook, headers, &document);
    let scope = webhook.scope(headers, &document, &event_type);
    let mut maker = Maker { webhook, delivery: &delivery, made: HashMap::new(), events: Vec::new() };
    for rule in &webhook.source.rules {
        if rule.when.iter().all(|condition| holds(condition, &scope)) {
            maker.each(rule, &rule.each, scope)?;
        }
    }
    let events = maker.events;
    Ok(Call { delivery, event_type, events, readable: true })
}

impl Webhook {
    fn scope<'c>(&'c self, headers: &'c HeaderMap, body: &'c Value, event_type: &'c str) -> Scope<'c> {
        Scope { headers, body, event_type, tables: &self.settings.tables, items: &[] }
    }
}

/// The body: JSON, or a form, whose `payload` is JSON where it has one.
fn document(headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok();
    }
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        members.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    match members.get("payload").and_then(Value::as_str) {
        Some(payload) => serde_json::from_str(payload).ok(),
        None => Some(Value::Object(members)),
    }
}

/// What the call is known by: what the source says, or its scheme, or else the body itself.
fn delivery(webhook: &Webhook, headers: &HeaderMap, document: &Value, body: &[u8]) -> String {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let given = match (&webhook.source.id, &webhook.source.scheme) {
        (Some(id), _) => match webhook.scope(headers, document, "").evaluate(id) {
            Got::Value(value) => word(&value),
            Got::Nothing | Got::Skip => None,
        },
        (None, Scheme::Github) => header("x-github-delivery"),
        (None, Scheme::Standard) => header("webhook-id"),
        (None, Scheme::Stripe) => document.get("id").and_then(word),
        (None, Scheme::Whatsapp | Scheme::Hmac { .. }) => None,
    };
    let given = given.filter(|given| !given.is_empty() && given.len() <= daybook_event::limits::IDENTIFIER_BYTES_MAX);
    given.unwrap_or_else(|| {
        let digest = Sha256::digest(body);
        digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    })
}

fn event_type(webhook: &Webhook, headers: &HeaderMap, document: &Value) -> String {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let given = match (&webhook.source.event_type, &webhook.source.scheme) {
        (Some(of), _) => match webhook.scope(headers, document, "").evaluate(of) {
            Got::Value(value) => word(&value),
            Got::Nothing | Got::Skip => None,
        },
        (None, Scheme::Github) => header("x-github-event"),
        (None, Scheme::Stripe | Scheme::Standard | Scheme::Hmac { .. }) => document.get("type").and_then(word),
        (None, Scheme::Whatsapp) => document.pointer("/entry/0/changes/0/field").and_then(word),
    };
    let given = given.filter(|given| !given.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    given.chars().take(EVENT_TYPE_CHARS_MAX).collect()
}

fn holds(condition: &Condition, scope: &Scope<'_>) -> bool {
    let is = |value: &Value| condition.is.contains(value);
    match (&condition.of, scope.evaluate(&condition.of)) {
        // Of several, one is enough.
        (Expression::Path(path), Got::Value(Value::Array(values))) if !path.singular => {
            if values.is_empty() {
                is(&Value::Null)
            } else {
                values.iter().any(is)
            }
        }
        (_, Got::Value(value)) => is(&value),
        (_, Got::Nothing | Got::Skip) => is(&Value::Null),
    }
}

/// Makes the events of a call.
struct Maker<'c> {
    webhook: &'c Webhook,
    delivery: &'c str,
    /// How many events there are already of what would be the same id.
    made: HashMap<String, usize>,
    events: Vec<Value>,
}

impl Maker<'_> {
    /// One event for each item that the rest of the paths leads to.
    fn each(&mut self, rule: &Rule, paths: &[Path], scope: Scope<'_>) -> Result<(), TooMany> {
        let Some((path, rest)) = paths.split_first() else { return self.make(rule, &scope) };
        for item in scope.select(path) {
            let items: Vec<&Value> = scope.items.iter().copied().chain([item]).collect();
            self.each(rule, rest, Scope { items: &items, ..scope })?;
        }
        Ok(())
    }

    fn make(&mut self, rule: &Rule, scope: &Scope<'_>) -> Result<(), TooMany> {
        let Some(mut event) = event(rule, scope) else { return Ok(()) };
        if self.events.len() >= EVENTS_PER_CALL_MAX {
            return Err(TooMany);
        }
        let own = match rule.id.as_ref().map(|id| scope.evaluate(id)) {
            Some(Got::Value(value)) => word(&value),
            _ => None,
        };
        // By the event's own id it is the same in whichever call it comes; by the call's, only in this one.
        let base = match own {
            Some(own) => format!("{}:id:{own}", rule.event),
            None => format!("{}:in:{}", rule.event, self.delivery),
        };
        let number = self.made.entry(base.clone()).or_default();
        let name = if *number == 0 { base } else { format!("{base}#{number}") };
        *number += 1;
        let source = format!("daybook:webhook:{}", self.webhook.source.name);
        let id = EventId::from_cloud_event(&self.webhook.app, &source, &name);
        event.insert("id".to_owned(), id.to_string().into());
        if let Some(sent_by) = self.webhook.sent_by {
            event.entry("source").or_insert_with(|| sent_by.into());
        }
        self.events.push(Value::Object(event));
        Ok(())
    }
}

/// An event without its id; nothing where a table says that none is to be made.
fn event(rule: &Rule, scope: &Scope<'_>) -> Option<Map<String, Value>> {
    let mut event = Map::new();
    event.insert("name".to_owned(), rule.event.as_str().into());
    for (field, expression) in &rule.envelope {
        let value = match scope.evaluate(expression) {
            Got::Value(value) if *field == Field::Time => convert(Conversion::Time, value),
            Got::Value(value) => convert(Conversion::Text, value),
            Got::Nothing => continue,
            Got::Skip => return None,
        };
        set(&mut event, field.as_str(), value);
    }
    for (place, members) in [("tags", &rule.tags), ("data", &rule.data)] {
        let mut object = Map::new();
        for (name, expression) in members {
            match scope.evaluate(expression) {
                Got::Value(value) if place == "tags" => {
                    object.insert(name.clone(), convert(Conversion::Text, value));
                }
                Got::Value(value) => set(&mut object, name, value),
                Got::Nothing => {}
                Got::Skip => return None,
            }
        }
        if place == "data" || !object.is_empty() {
            event.insert(place.to_owned(), Value::Object(object));
        }
    }
    Some(event)
}

/// Sets what a dotted path names, making the objects on the way.
fn set(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            if let Value::Object(inner) = object.entry(first).or_insert_with(|| json!({})) {
                set(inner, rest, value);
            }
        }
    }
}
