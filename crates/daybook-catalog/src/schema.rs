//! JSON Schemas as catalogs write them, and as admission compiles them.
//!
//! A catalog's schemas are JSON Schema 2020-12 with references of the form `#/types/name` into the catalog's named types.
//! [`AppCatalog::validation_schema`] makes one self-contained schema of an event type's data: the types it uses are
//! bundled, and the formats that Daybook adds also accept text. [`validation_options`] compiles it the way lint does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jsonschema::json::Json;
use jsonschema::{Draft, PatternOptions, Retrieve, ValidationOptions};
use serde_json::{Map, Value, json};

use crate::{AppCatalog, EventType, formats};

/// Where references to named types point.
pub(crate) const TYPES_PREFIX: &str = "#/types/";
/// Where they point once they are bundled.
pub(crate) const DEFINITIONS_PREFIX: &str = "#/$defs/";

/// The options that [`AppCatalog::validation_schema`] is meant to be compiled with: draft 2020-12, formats asserted, the
/// formats of [`formats`] known, and patterns matched in linear time.
#[must_use]
pub fn validation_options<'i, F: Json>() -> ValidationOptions<'i, Arc<dyn Retrieve>, F> {
    jsonschema::options_for::<F>()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .with_format("decimal", formats::is_decimal)
        .with_format("int64", formats::is_int64)
        .with_format("object-id", formats::is_object_id)
}

impl AppCatalog {
    /// A self-contained JSON Schema 2020-12 of a type's data, for compiling with [`validation_options`]:
    ///
    /// - references to named types point to `$defs`, which holds those that are used;
    /// - `decimal` and `int64` numbers are also accepted as text of that format, `int64` within 64 bits, and a bound that
    ///   forbids negative numbers forbids them as text too (other bounds hold for numbers only);
    /// - properties the envelope may hold instead ([`AppCatalog::envelope_required`]) are not required.
    ///
    /// Any object, and nothing at all, is valid for a type without a schema.
    #[must_use]
    pub fn validation_schema(&self, event_type: &EventType) -> Value {
        let Some(data) = &event_type.data else { return json!({"type": ["object", "null"]}) };
        let mut schema = self.acceptance(data);
        self.leave_to_envelope(event_type, &mut schema);
        schema
    }

    /// The fields of a type's data that should not be sent any more (`deprecated: true`), each as the names that lead to
    /// it; lists are gone through without a word.
    #[must_use]
    pub fn deprecated_fields(&self, event_type: &EventType) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        if let Some(data) = &event_type.data {
            deprecated(&self.types, data, &mut Way::default(), &mut found);
        }
        found
    }

    /// Takes what the envelope may hold instead out of what `schema`, a type's data, requires.
    pub(crate) fn leave_to_envelope(&self, event_type: &EventType, schema: &mut Value) {
        let elsewhere = self.envelope_required(event_type);
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|name| !elsewhere.iter().any(|(property, _)| name == property));
        }
    }

    /// `schema` with the named types it uses, accepting as text the numbers that may be written so.
    pub(crate) fn acceptance(&self, schema: &Value) -> Value {
        let mut schema = self.bundle(schema);
        accept_text(&mut schema);
        schema
    }

    /// `schema` with the named types it uses in its `$defs`, otherwise as written.
    pub(crate) fn bundle(&self, schema: &Value) -> Value {
        let mut bundled = schema.clone();
        let mut wanted: Vec<String> = Vec::new();
        redirect(&mut bundled, &mut wanted);
        let mut definitions = Map::new();
        while let Some(name) = wanted.pop() {
            if !definitions.contains_key(&name)
                && let Some(named) = self.types.get(&name)
            {
                let mut named = named.clone();
                redirect(&mut named, &mut wanted);
                definitions.insert(name, named);
            }
        }
        if let Value::Object(object) = &mut bundled {
            object.shift_remove("$schema");
            if !definitions.is_empty() {
                definitions.sort_keys();
                object.insert("$defs".to_owned(), Value::Object(definitions));
            }
        }
        bundled
    }
}

/// The way to a schema in which deprecated fields are looked for.
#[derive(Default)]
struct Way<'s> {
    names: Vec<String>,
    /// References that were followed: types may contain themselves.
    references: Vec<&'s str>,
}

/// Adds the deprecated fields of a schema and of those in it.
fn deprecated<'s>(types: &'s Map<String, Value>, schema: &'s Value, way: &mut Way<'s>, found: &mut Vec<Vec<String>>) {
    let reference = schema.get("$ref").and_then(Value::as_str);
    if let Some(reference) = reference {
        if way.references.contains(&reference) {
            return;
        }
        way.references.push(reference);
    }
    let target = reference.and_then(|reference| resolve(types, reference));
    for items in [schema.get("items"), target.and_then(|target| target.get("items"))].into_iter().flatten() {
        deprecated(types, items, way, found);
    }
    for (name, property) in Shape::of(types, schema).properties {
        way.names.push(name.to_owned());
        let named = property.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(types, reference));
        let marked = |schema: &Value| schema.get("deprecated") == Some(&Value::Bool(true));
        if marked(property) || named.is_some_and(marked) {
            found.push(way.names.clone());
        } else {
            deprecated(types, property, way, found);
        }
        way.names.pop();
    }
    if reference.is_some() {
        way.references.pop();
    }
}

/// Lets the numbers in `schema` that may be written as text be so.
pub(crate) fn accept_text(schema: &mut Value) {
    for_each_schema(schema, &mut widen);
}

/// Points references to named types into `$defs`, and adds their names to `wanted`.
fn redirect(schema: &mut Value, wanted: &mut Vec<String>) {
    for_each_schema(schema, &mut |object| {
        if let Some(Value::String(reference)) = object.get_mut("$ref")
            && let Some(name) = reference.strip_prefix(TYPES_PREFIX)
        {
            wanted.push(name.to_owned());
            *reference = format!("{DEFINITIONS_PREFIX}{name}");
        }
    });
}

/// Lets numbers of Daybook's formats be written as text.
fn widen(schema: &mut Map<String, Value>) {
    let number = match schema.get("format").and_then(Value::as_str) {
        Some("decimal") => "number",
        Some("int64") => "integer",
        _ => return,
    };
    let types = match schema.get("type") {
        Some(Value::String(one)) => vec![Value::String(one.clone())],
        Some(Value::Array(several)) => several.clone(),
        _ => return,
    };
    let numeric = types.iter().any(|name| name == number || name == "integer");
    if !numeric || types.iter().any(|name| name == "string") {
        return;
    }
    let not_negative = ["minimum", "exclusiveMinimum"]
        .iter()
        .filter_map(|bound| schema.get(*bound)?.as_f64())
        .any(|bound| bound >= 0.0);
    let mut types = types;
    types.push(Value::from("string"));
    schema.insert("type".to_owned(), Value::Array(types));
    if number == "integer" {
        for (bound, other, limit) in
            [("minimum", "exclusiveMinimum", i64::MIN), ("maximum", "exclusiveMaximum", i64::MAX)]
        {
            if !schema.contains_key(other) {
                schema.entry(bound).or_insert_with(|| Value::from(limit));
            }
        }
    }
    if not_negative {
        // A pattern says nothing of numbers, so it can stand beside the bound; one the catalog wrote keeps its place.
        let sign = json!({"pattern": "^[^-]"});
        match schema.get_mut("allOf") {
            Some(Value::Array(all)) => all.push(sign),
            _ => {
                schema.insert("allOf".to_owned(), json!([sign]));
            }
        }
    }
}

/// Keywords whose value is a schema.
pub(crate) const SCHEMA_KEYWORDS: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value maps names to schemas.
pub(crate) const SCHEMA_MAP_KEYWORDS: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];
/// Keywords whose value lists schemas.
pub(crate) const SCHEMA_LIST_KEYWORDS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Calls `change` for a schema and every schema in it, the outer first.
fn for_each_schema(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(object) = schema else { return };
    change(object);
    for (keyword, value) in object.iter_mut() {
        let keyword = keyword.as_str();
        if SCHEMA_KEYWORDS.contains(&keyword) {
            for_each_schema(value, change);
        } else if SCHEMA_MAP_KEYWORDS.contains(&keyword) {
            if let Value::Object(map) = value {
                map.values_mut().for_each(|schema| for_each_schema(schema, change));
            }
        } else if SCHEMA_LIST_KEYWORDS.contains(&keyword)
            && let Value::Array(list) = value
        {
            list.iter_mut().for_each(|schema| for_each_schema(schema, change));
        }
    }
}

/// Calls `look` for a schema and every schema in it, the outer first, with its JSON Pointer.
pub(crate) fn visit<'s>(schema: &'s Value, look: &mut impl FnMut(&str, &'s Map<String, Value>)) {
    walk(schema, &mut String::new(), look);
}

fn walk<'s>(schema: &'s Value, pointer: &mut String, look: &mut impl FnMut(&str, &'s Map<String, Value>)) {
    let Value::Object(object) = schema else { return };
    look(pointer, object);
    for (keyword, value) in object {
        let length = pointer.len();
        let mut child = |tokens: &[&str], schema: &'s Value| {
            for token in tokens {
                daybook_event::finding::push_pointer(pointer, token);
            }
            walk(schema, pointer, look);
            pointer.truncate(length);
        };
        let keyword = keyword.as_str();
        if SCHEMA_KEYWORDS.contains(&keyword) {
            child(&[keyword], value);
        } else if SCHEMA_MAP_KEYWORDS.contains(&keyword) {
            for (name, schema) in value.as_object().into_iter().flatten() {
                child(&[keyword, name], schema);
            }
        } else if SCHEMA_LIST_KEYWORDS.contains(&keyword) {
            for (index, schema) in value.as_array().into_iter().flatten().enumerate() {
                child(&[keyword, &index.to_string()], schema);
            }
        }
    }
}

/// What a schema says of an object's properties: itself, and through the schemas it is made of by reference or `allOf`,
/// `anyOf`, `oneOf`, `then`, `else`.
pub(crate) struct Shape<'s> {
    /// The declared properties by name.
    pub(crate) properties: BTreeMap<&'s str, &'s Value>,
    /// It says that there may be others.
    pub(crate) open: bool,
}

impl<'s> Shape<'s> {
    pub(crate) fn of(types: &'s Map<String, Value>, schema: &'s Value) -> Self {
        let mut shape = Self { properties: BTreeMap::new(), open: false };
        let mut pending = vec![schema];
        let mut references = BTreeSet::new();
        while let Some(schema) = pending.pop() {
            let Some(object) = schema.as_object() else { continue };
            for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
                shape.properties.entry(name).or_insert(property);
            }
            shape.open |= ["additionalProperties", "patternProperties", "unevaluatedProperties"]
                .iter()
                .any(|keyword| object.get(*keyword).is_some_and(|others| *others != Value::Bool(false)));
            if let Some(reference) = object.get("$ref").and_then(Value::as_str)
                && references.insert(reference)
            {
                pending.extend(resolve(types, reference));
            }
            for keyword in ["allOf", "anyOf", "oneOf"] {
                pending.extend(object.get(keyword).and_then(Value::as_array).into_iter().flatten());
            }
            pending.extend(["then", "else"].iter().filter_map(|keyword| object.get(*keyword)));
        }
        shape
    }

    /// The schema of a declared property.
    pub(crate) fn property(&self, name: &str) -> Option<&'s Value> {
        self.properties.get(name).copied()
    }

    /// The names of the declared properties.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'s str> {
        self.properties.keys().copied()
    }
}

/// Whether a schema says that the value is a single one: no object and no list.
pub(crate) fn is_single(types: &Map<String, Value>, schema: &Value) -> bool {
    let is_collection = |kind: &Value| kind == "object" || kind == "array";
    let mut known = false;
    let mut pending = vec![schema];
    let mut references = BTreeSet::new();
    while let Some(schema) = pending.pop() {
        let Some(object) = schema.as_object() else { continue };
        if let Some(kinds) = object.get("type") {
            let kinds = kinds.as_array().map_or(std::slice::from_ref(kinds), Vec::as_slice);
            if kinds.iter().any(is_collection) {
                return false;
            }
            known = true;
        }
        let values = object.get("enum").and_then(Value::as_array).into_iter().flatten().chain(object.get("const"));
        for value in values {
            if value.is_object() || value.is_array() {
                return false;
            }
            known = true;
        }
        if let Some(reference) = object.get("$ref").and_then(Value::as_str)
            && references.insert(reference)
        {
            pending.extend(resolve(types, reference));
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            pending.extend(object.get(keyword).and_then(Value::as_array).into_iter().flatten());
        }
    }
    known
}

/// The named type a reference points to.
pub(crate) fn resolve<'s>(types: &'s Map<String, Value>, reference: &str) -> Option<&'s Value> {
    types.get(reference.strip_prefix(TYPES_PREFIX)?)
}

#[cfg(test)]
mod tests;
