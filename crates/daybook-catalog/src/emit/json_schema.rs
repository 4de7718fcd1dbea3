//! JSON Schema 2020-12: one document that describes every event an app may send, in the app's own form.

use serde_json::{Map, Value, json};

use super::model::Model;
use super::schemas::{COMMENT, Schemas};
use super::text;
use crate::AppCatalog;

/// The bundle: any event is valid by `anyOf`, one event type by its name under `$defs`.
pub(super) fn emit(app: &AppCatalog) -> String {
    let model = Model::of(app);
    let Schemas { parts, events } = Schemas::of(&model, "#/$defs/");
    let any: Vec<Value> = events.iter().map(|(name, _)| json!({"$ref": format!("#/$defs/{name}")})).collect();
    let mut definitions: Map<String, Value> = events.into_iter().collect();
    definitions.extend(parts);
    let mut bundle = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:daybook:{}:{}", app.app, app.version),
        "$comment": COMMENT,
        "title": format!("Events of {}", app.title),
    });
    if let Some(description) = &app.description {
        bundle["description"] = json!(description);
    }
    bundle["anyOf"] = Value::Array(any);
    bundle["$defs"] = Value::Object(definitions);
    text::json(&bundle)
}
