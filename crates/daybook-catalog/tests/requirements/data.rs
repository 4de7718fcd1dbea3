//! Holds JSON Schemas against the fields that a list names.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::list::{Data, FieldRow, Shape, enum_values};

/// The named types of a catalog, and what was found to differ from the list.
pub struct Comparison<'a> {
    pub types: &'a Map<String, Value>,
    pub problems: Vec<String>,
}

impl Comparison<'_> {
    /// Holds a whole schema, that of `place`, against what the list says of it.
    pub fn data(&mut self, place: &str, schema: Option<&Value>, expected: &Data) {
        let empty = Value::Object(Map::new());
        let schema = schema.unwrap_or(&empty);
        match expected {
            Data::Unchecked => {}
            Data::Named(name) => {
                if reference(schema) != Some(name.as_str()) {
                    self.problem(place, format!("the data is not the named type `{name}`"));
                }
            }
            Data::Fields { fields, open } => self.fields(place, resolve(self.types, schema), fields, *open),
        }
    }

    /// Holds a named type against what the list says of it.
    pub fn named_type(&mut self, name: &str, expected: &Shape) {
        let place = format!("type {name}");
        let Some(schema) = self.types.get(name) else { return self.problem(&place, "is not there") };
        match expected {
            Shape::Data(data) => self.data(&place, Some(schema), data),
            Shape::Values(values) => {
                if values_of(schema) != Some(values.iter().cloned().collect()) {
                    self.problem(&place, "has not the values of the document");
                }
            }
        }
    }

    /// Notes a problem.
    pub fn problem(&mut self, place: &str, message: impl AsRef<str>) {
        self.problems.push(format!("{place}: {}", message.as_ref()));
    }

    fn fields(&mut self, place: &str, schema: &Value, expected: &[FieldRow], open: bool) {
        let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let required = strings(schema.get("required"));
        for field in expected {
            let Some(property) = properties.get(&field.name) else {
                self.problem(place, format!("the field `{}` is missing", field.name));
                continue;
            };
            if required.contains(&field.name) != field.required {
                let wanted = if field.required { "required" } else { "optional" };
                self.problem(place, format!("the field `{}` should be {wanted}", field.name));
            }
            if let Some(kind) = &field.kind
                && !self.is_of_kind(property, kind)
            {
                self.problem(place, format!("the field `{}` is not of the type {kind}", field.name));
            }
        }
        for name in properties.keys().filter(|name| expected.iter().all(|field| field.name != **name)) {
            self.problem(place, format!("the document knows no field `{name}`"));
        }
        let is_open = schema.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
        if is_open != open {
            let wanted = if open { "should" } else { "should not" };
            self.problem(place, format!("the schema {wanted} say that it is open to further fields"));
        }
    }

    fn is_of_kind(&self, property: &Value, kind: &str) -> bool {
        if let Some(name) = kind.strip_prefix('#') {
            return reference(property) == Some(name);
        }
        let schema = resolve(self.types, property);
        if let Some(values) = enum_values(kind) {
            return values_of(schema) == Some(values.into_iter().collect());
        }
        let (kinds, nullable) = match kind.strip_suffix('?') {
            Some(kinds) => (kinds, true),
            None => (kind, false),
        };
        let mut types = BTreeSet::new();
        let mut format = None;
        for kind in kinds.split('/') {
            let (name, its_format) = match kind.trim() {
                "any" => return schema.get("type").is_none() && schema.get("enum").is_none(),
                "decimal" => ("number", Some("decimal")),
                "int64" => ("integer", Some("int64")),
                text @ ("object-id" | "uuid" | "date-time") => ("string", Some(text)),
                name => (name, None),
            };
            types.insert(name.to_owned());
            format = format.or(its_format);
        }
        if nullable {
            types.insert("null".to_owned());
        }
        strings(schema.get("type")) == types
            && schema.get("format").and_then(Value::as_str) == format
            && schema.get("enum").is_none()
    }
}

/// The schema that a reference to a named type stands for.
fn resolve<'a>(types: &'a Map<String, Value>, schema: &'a Value) -> &'a Value {
    match reference(schema).and_then(|name| types.get(name)) {
        Some(named) => resolve(types, named),
        None => schema,
    }
}

/// The named type that a schema refers to.
fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/types/")
}

fn values_of(schema: &Value) -> Option<BTreeSet<String>> {
    schema.get("enum").map(|values| strings(Some(values)))
}

/// A text, or the texts of an array.
fn strings(value: Option<&Value>) -> BTreeSet<String> {
    match value {
        Some(Value::String(text)) => BTreeSet::from([text.clone()]),
        Some(Value::Array(values)) => {
            values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
        }
        _ => BTreeSet::new(),
    }
}
