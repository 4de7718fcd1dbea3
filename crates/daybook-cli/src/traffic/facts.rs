//! What a simulation takes from the catalog, so that a plan need not repeat it.

use std::collections::HashMap;

use daybook_catalog::AppCatalog;
use serde_json::Value;

/// What the catalog says of one event type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeFacts {
    /// `$category`.
    pub category: String,
    /// `$priority`.
    pub priority: String,
    /// `$version`.
    pub version: String,
    /// `$source`: the first source that may send it.
    pub source: Option<String>,
    /// The properties of `data` that it must have.
    pub required: Vec<String>,
}

impl TypeFacts {
    /// The facts of every current event type of an app, by name.
    pub fn of(app: &AppCatalog) -> HashMap<String, Self> {
        let facts = app.current_events().map(|event| {
            let facts = Self {
                category: event.category.clone(),
                priority: event.priority.as_str().to_owned(),
                version: event.version.to_string(),
                source: event.sources.first().cloned(),
                required: event.data.as_ref().map(|schema| required(schema, app)).unwrap_or_default(),
            };
            (event.name.clone(), facts)
        });
        facts.collect()
    }
}

/// The required properties of a schema, or of the named type that it refers to.
fn required(schema: &Value, app: &AppCatalog) -> Vec<String> {
    let named = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix("#/types/"));
    let schema = named.and_then(|name| app.types.get(name)).unwrap_or(schema);
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
