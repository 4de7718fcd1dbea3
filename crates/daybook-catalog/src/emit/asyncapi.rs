//! AsyncAPI 3: where events go in and come out, and what is in them.

use serde_json::{Map, Value, json};

use super::model::{Declared, Model};
use super::schemas::{COMMENT, Schemas, translate};
use super::text;
use crate::{AppCatalog, Field};

/// Keywords that the schemas of AsyncAPI (JSON Schema draft 7 and a little more) do not have.
const NEWER_KEYWORDS: [&str; 7] = [
    "dependentRequired",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
];

pub(super) fn emit(app: &AppCatalog) -> String {
    let model = Model::of(app);
    let Schemas { mut parts, events } = Schemas::of(&model, "#/components/schemas/");
    parts.extend(events.iter().cloned());
    let mut newer = Vec::new();
    for (name, schema) in &mut parts {
        translate(schema, &mut |object| older(object, name, &mut newer));
    }
    let messages: Map<String, Value> = events
        .iter()
        .map(|(name, _)| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")})))
        .collect();
    let to = |channel: &str| -> Vec<Value> {
        events.iter().map(|(name, _)| json!({"$ref": format!("#/channels/{channel}/messages/{name}")})).collect()
    };
    let mut comment = format!(
        "{COMMENT} The address of the server is not known to the catalog. A request may hold one event, a list, or a \
         batch; the answer has a receipt for each."
    );
    if !newer.is_empty() {
        comment = format!("{comment} These schemas use keywords that AsyncAPI does not know: {}.", newer.join(", "));
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "id": format!("urn:daybook:{}", app.app),
        "info": {
            "title": format!("Events of {}", app.title),
            "version": app.version.to_string(),
            "description": app.description.clone().unwrap_or_default(),
            "x-comment": comment,
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": format!("/v1/{}/events", app.app),
                "title": "Where events are sent",
                "description": "Each event gets a receipt: stored, duplicate, quarantined, sampled out, counted or refused.",
                "messages": messages,
            },
            "live": {
                "address": format!("/v1/{}/live?dialect=app", app.app),
                "title": "Where events are watched",
                "description": "Server-sent events, as they are stored; `after` begins earlier.",
                "messages": messages,
            },
        },
        "operations": {
            "admit": {
                "action": "receive",
                "summary": "Daybook takes events.",
                "channel": {"$ref": "#/channels/events"},
                "messages": to("events"),
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            },
            "follow": {
                "action": "send",
                "summary": "Daybook tells of events that were stored.",
                "channel": {"$ref": "#/channels/live"},
                "messages": to("live"),
                "bindings": {"http": {"method": "GET", "bindingVersion": "0.3.0"}},
            },
        },
        "components": {
            "messages": events.iter().map(|(name, _)| (name.clone(), message(&model, name))).collect::<Map<_, _>>(),
            "schemas": parts,
        },
    });
    text::json(&document)
}

fn message(model: &Model<'_>, name: &str) -> Value {
    let mut message = json!({"name": name, "payload": {"$ref": format!("#/components/schemas/{name}")}});
    if let Some(spec) = model.app.dialect.field(Field::Correlation) {
        message["correlationId"] = json!({"location": format!("$message.payload#/{}", spec.path.join("/"))});
    }
    let Some(declared) = model.events.iter().find(|declared| declared.type_name == *name) else { return message };
    let Declared { event_type, .. } = declared;
    message["name"] = json!(event_type.name);
    message["title"] = json!(format!("{} {}", event_type.name, event_type.version));
    if let Some(description) = &event_type.description {
        message["summary"] = json!(description);
    }
    message["tags"] = json!([{"name": event_type.category}]);
    message
}

/// Draft 7 does not read what stands beside a reference.
fn older(object: &mut Map<String, Value>, name: &str, newer: &mut Vec<String>) {
    if object.len() > 1
        && let Some(reference) = object.shift_remove("$ref")
    {
        let reference = json!({ "$ref": reference });
        match object.get_mut("allOf") {
            Some(Value::Array(all)) => all.push(reference),
            _ => drop(object.insert("allOf".to_owned(), json!([reference]))),
        }
    }
    for keyword in NEWER_KEYWORDS.iter().filter(|keyword| object.contains_key(**keyword)) {
        let place = format!("{name} ({keyword})");
        if !newer.contains(&place) {
            newer.push(place);
        }
    }
}
