//! MongoDB: collections with validators, as a script for `mongosh`.
//!
//! `$jsonSchema` is JSON Schema draft 4 with `bsonType` and without references, formats and defaults, so references are
//! written out and formats become BSON's own types.

use serde_json::{Map, Value, json};

use super::model::{Declared, Model, Place};
use super::text;
use crate::collections::{Collection, Index};
use crate::schema::{DEFINITIONS_PREFIX, SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS};
use crate::{AppCatalog, As, Field, FieldSpec};

/// What `$jsonSchema` has no word for. They are told, not dropped without a word.
const UNSUPPORTED: [&str; 14] = [
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "patternProperties",
];

pub(super) fn emit(app: &AppCatalog) -> String {
    let model = Model::of(app);
    let mut out = text::comment(
        "// ",
        &format!("Collections of {}, catalog {} {}, for mongosh.", app.title, app.app, app.version),
    );
    out.push_str(&text::comment(
        "// ",
        &format!("Written by `daybook emit mongodb --app {}`; changes belong in the catalog.", app.app),
    ));
    out.push_str("//\n");
    out.push_str(&text::comment(
        "// ",
        "A validator knows no defaults, no formats and no references: references are written out, a UUID is binary data or \
         text, a date is a date of BSON (in the data of events also text, as it is sent), a decimal any number, and other \
         formats are text. Fields that may be missing may be null. A document's primary key is `_id`. Keywords that a \
         validator does not have are named in the description of the schema that uses them. Consent, sampling and \
         retention are Daybook's, and nothing of them is here.",
    ));
    let name = app.collections.events.as_deref().unwrap_or("events");
    out.push_str("\n// What happened.\n");
    out.push_str(&collection(name, &events(&model)));
    out.push_str(&indexes(&model, name));
    for kept in &app.collections.others {
        out.push('\n');
        out.push_str(&text::comment("// ", kept.description.as_deref().unwrap_or(&kept.name)));
        out.push_str(&collection(&kept.name, &record(app, kept)));
        for index in &kept.indexes {
            out.push_str(&kept_index(kept, index));
        }
    }
    out
}

/// A record of a collection, its key under the name that it has there.
fn record(app: &AppCatalog, kept: &Collection) -> Value {
    let bundled = app.bundle(&kept.data);
    let mut schema = translate(&bundled, &bundled, &mut Vec::new());
    dates_alone(&mut schema);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let renamed = std::mem::take(properties).into_iter();
        *properties = renamed.map(|(name, schema)| (stored_name(kept, &name).to_owned(), schema)).collect();
    }
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        for name in names.iter_mut() {
            if name.as_str() == Some(kept.key.as_str()) {
                *name = json!("_id");
            }
        }
    }
    schema
}

/// A record is written by the app itself, so its dates are dates.
fn dates_alone(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(kinds)) = object.get_mut("bsonType")
                && kinds.iter().any(|kind| kind == "date")
            {
                kinds.retain(|kind| kind != "string");
            }
            object.values_mut().for_each(dates_alone);
        }
        Value::Array(items) => items.iter_mut().for_each(dates_alone),
        _ => {}
    }
}

fn stored_name<'n>(kept: &Collection, name: &'n str) -> &'n str {
    if name == kept.key { "_id" } else { name }
}

fn kept_index(kept: &Collection, index: &Index) -> String {
    let mut keys = Map::new();
    for field in &index.fields {
        let (path, order) = field.strip_prefix('-').map_or((field.as_str(), 1), |path| (path, -1));
        keys.insert(stored_name(kept, path).to_owned(), json!(order));
    }
    let options = if index.unique { ", {\"unique\":true}" } else { "" };
    format!("db.getCollection({}).createIndex({}{options});\n", text::quoted(&kept.name), Value::Object(keys))
}

/// One collection that refuses what its validator does not allow.
fn collection(name: &str, schema: &Value) -> String {
    let options = json!({
        "validator": {"$jsonSchema": schema},
        "validationLevel": "strict",
        "validationAction": "error",
    });
    format!("db.createCollection({}, {});\n", text::quoted(name), text::json(&options).trim_end())
}

/// How events are asked for: by person, group and type, each in time.
fn indexes(model: &Model<'_>, name: &str) -> String {
    let path = |field: Field| model.app.dialect.field(field).map(|spec| spec.path.join("."));
    let Some(time) = path(Field::Time) else { return String::new() };
    [Field::Name, Field::Identity, Field::Session, Field::Group, Field::Correlation]
        .into_iter()
        .filter_map(path)
        .map(|path| {
            let keys = json!({path.as_str(): 1, time.as_str(): 1});
            format!("db.getCollection({}).createIndex({keys});\n", text::quoted(name))
        })
        .collect()
}

/// The envelope, and for each event type what its data is.
fn events(model: &Model<'_>) -> Value {
    let mut schema = object(model, &model.envelope);
    let name = model.app.dialect.field(Field::Name).map(|spec| spec.path.clone()).unwrap_or_default();
    let data = model.app.dialect.field(Field::Data).map(|spec| spec.path.clone());
    let mut types: Vec<Value> = Vec::new();
    for declared in model.current() {
        let written = match (&model.app.dialect.open_variant, &declared.event_type.plugin) {
            (Some(variant), Some(_)) => json!({variant.as_str(): declared.event_type.name}),
            _ => json!(declared.event_type.name),
        };
        let mut one = at(&name, json!({"enum": [written]}), true);
        if let Some(data) = &data {
            let required =
                declared.data_required() || model.app.dialect.field(Field::Data).is_some_and(|spec| spec.required);
            merge(&mut one, at(data, data_schema(model, declared, required), required));
        }
        // What other types may lack, and this one may not.
        for spec in model.app.dialect.fields.iter().filter(|spec| spec.required && spec.default.is_none()) {
            let optional = |declared: &Declared<'_>| declared.event_type.optional_envelope.contains(&spec.field);
            if model.current().any(optional) && !optional(declared) {
                merge(&mut one, at(&spec.path, value(spec, true), true));
            }
        }
        if let Some(description) = &declared.event_type.description {
            one["description"] = json!(description);
        }
        types.push(one);
    }
    if let crate::UnknownTypes::Keep { .. } = model.app.unknown_types {
        let names: Vec<&str> = model.current().map(|declared| declared.event_type.name.as_str()).collect();
        let mut other = at(&name, json!({"not": {"enum": names}}), true);
        other["description"] = json!("An event of a type that the catalog does not declare.");
        types.push(other);
    }
    schema["anyOf"] = Value::Array(types);
    schema
}

fn data_schema(model: &Model<'_>, declared: &Declared<'_>, required: bool) -> Value {
    let mut schema = match &declared.event_type.data {
        Some(data) => {
            let mut bundled = model.app.bundle(data);
            model.app.leave_to_envelope(declared.event_type, &mut bundled);
            translate(&bundled, &bundled, &mut Vec::new())
        }
        None => json!({"bsonType": "object"}),
    };
    if !required {
        schema = json!({"anyOf": [schema, {"bsonType": "null"}]});
    }
    schema
}

fn object(model: &Model<'_>, places: &[Place<'_>]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for place in places {
        let optional = place.spec.is_some_and(|spec| {
            spec.default.is_some()
                || model.current().any(|declared| declared.event_type.optional_envelope.contains(&spec.field))
        });
        let must = (place.required() && !optional) || place.is(Field::Id) || place.is(Field::Name);
        let mut schema = match place.spec {
            Some(spec) => value(spec, must),
            None => json!({"bsonType": if must { json!("object") } else { json!(["object", "null"]) }}),
        };
        if !place.inside.is_empty() {
            merge(&mut schema, object(model, &place.inside));
            schema["bsonType"] = if must { json!("object") } else { json!(["object", "null"]) };
        }
        // The primary key has a name of its own, wherever the app keeps it.
        let name = if place.is(Field::Id) { "_id".to_owned() } else { place.name.clone() };
        if must {
            required.push(json!(name));
        }
        properties.insert(name, schema);
    }
    let mut schema = json!({"bsonType": "object"});
    if !required.is_empty() {
        schema["required"] = Value::Array(required);
    }
    schema["properties"] = Value::Object(properties);
    schema
}

/// A field of the envelope.
fn value(spec: &FieldSpec, required: bool) -> Value {
    if !spec.values.is_empty() {
        let mut values: Vec<Value> = spec.values.iter().map(|value| json!(value)).collect();
        values.extend((!required).then_some(Value::Null));
        return json!({ "enum": values });
    }
    let mut kinds = match spec.kind {
        As::String => vec!["string"],
        As::Integer => vec!["int", "long"],
        As::Uuid => vec!["binData", "string"],
        As::ObjectId => vec!["objectId"],
        As::Time => vec!["date"],
        As::Object => vec!["object"],
    };
    if spec.field == Field::Name {
        // What it is follows from the event type.
        return json!({"description": super::typescript::about(spec.field)});
    }
    if !required {
        kinds.push("null");
    }
    let kinds = if let [kind] = kinds.as_slice() { json!(kind) } else { json!(kinds) };
    json!({"bsonType": kinds, "description": super::typescript::about(spec.field)})
}

/// A schema at a path from the outside in.
fn at(path: &[String], schema: Value, required: bool) -> Value {
    let Some((name, rest)) = path.split_first() else { return schema };
    let mut out = json!({"properties": {name.as_str(): at(rest, schema, required)}});
    if required {
        out["required"] = json!([name]);
    }
    out
}

/// Puts the properties and the required names of two schemas together.
fn merge(into: &mut Value, other: Value) {
    let Value::Object(other) = other else { return };
    for (key, value) in other {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => {
                for (name, schema) in more {
                    match known.get_mut(&name) {
                        Some(existing) => merge(existing, schema),
                        None => drop(known.insert(name, schema)),
                    }
                }
            }
            (Some(Value::Array(known)), Value::Array(more)) => {
                for item in more {
                    if !known.contains(&item) {
                        known.push(item);
                    }
                }
            }
            (Some(_), _) => {}
            (None, value) => into[key.as_str()] = value,
        }
    }
}

/// A schema of JSON as one of BSON. `open` are the references that are being written out.
fn translate(root: &Value, schema: &Value, open: &mut Vec<String>) -> Value {
    let object = match schema {
        Value::Object(object) => object,
        // Draft 4 has no schemas that are true or false.
        Value::Bool(false) => return json!({"not": {}}),
        _ => return json!({}),
    };
    let mut out = Map::new();
    let mut told: Vec<String> = Vec::new();
    if let Some(kinds) = kinds(object) {
        out.insert("bsonType".to_owned(), kinds);
    }
    for (keyword, value) in object {
        match keyword.as_str() {
            "type" | "$defs" | "default" | "examples" | "$comment" | "deprecated" | "readOnly" | "writeOnly"
            | "contentEncoding" | "contentMediaType" | "$schema" => {}
            "format" => match value.as_str() {
                Some("object-id" | "decimal" | "int64" | "date-time") => {}
                Some(format) => told.push(format!("of the format {format}")),
                None => {}
            },
            "$ref" => {
                let reference = value.as_str().unwrap_or_default();
                let target = root.get("$defs").and_then(|all| all.get(reference.strip_prefix(DEFINITIONS_PREFIX)?));
                if open.iter().any(|other| other == reference) {
                    told.push("contains itself, which cannot be said further in".to_owned());
                } else if let Some(target) = target {
                    open.push(reference.to_owned());
                    let target = translate(root, target, open);
                    open.pop();
                    inline(&mut out, target);
                }
            }
            "const" => drop(out.insert("enum".to_owned(), json!([value]))),
            "exclusiveMinimum" | "exclusiveMaximum" => {
                // In draft 4 they say of the bound beside them that it is exclusive.
                let bound = if keyword == "exclusiveMinimum" { "minimum" } else { "maximum" };
                if object.contains_key(bound) {
                    told.push(format!("{keyword} {value}"));
                } else {
                    out.insert(bound.to_owned(), value.clone());
                    out.insert(keyword.clone(), json!(true));
                }
            }
            "properties" => {
                let inner = value.as_object().into_iter().flatten();
                let inner: Map<String, Value> =
                    inner.map(|(name, schema)| (name.clone(), optional(root, object, name, schema, open))).collect();
                out.insert(keyword.clone(), Value::Object(inner));
            }
            "additionalProperties" if value.is_boolean() => drop(out.insert(keyword.clone(), value.clone())),
            word if UNSUPPORTED.contains(&word) => told.push(format!("{word} {value}")),
            word if SCHEMA_KEYWORDS.contains(&word) => drop(out.insert(keyword.clone(), translate(root, value, open))),
            word if SCHEMA_LIST_KEYWORDS.contains(&word) => {
                let list: Vec<Value> =
                    value.as_array().into_iter().flatten().map(|schema| translate(root, schema, open)).collect();
                out.insert(keyword.clone(), Value::Array(list));
            }
            // Draft 4 allows no empty list of them.
            "required" if value.as_array().is_some_and(Vec::is_empty) => {}
            word if word.starts_with("x-") => {}
            _ => drop(out.insert(keyword.clone(), value.clone())),
        }
    }
    if !told.is_empty() {
        let said = out.get("description").and_then(Value::as_str).map(str::to_owned);
        let note = format!("Not checked here: {}.", told.join("; "));
        out.insert("description".to_owned(), json!(text::sentences(said.as_deref(), [note.as_str()])));
    }
    Value::Object(out)
}

/// What a reference leads to, put beside what stands there already.
fn inline(out: &mut Map<String, Value>, target: Value) {
    let Value::Object(target) = target else { return };
    let clash = target.iter().any(|(key, _)| key != "description" && out.contains_key(key));
    if clash {
        match out.get_mut("allOf") {
            Some(Value::Array(all)) => all.push(Value::Object(target)),
            _ => drop(out.insert("allOf".to_owned(), json!([target]))),
        }
        return;
    }
    for (key, value) in target {
        out.entry(key).or_insert(value);
    }
}

/// A property; one that may be missing may be null, as a driver writes what it does not have.
fn optional(root: &Value, object: &Map<String, Value>, name: &str, schema: &Value, open: &mut Vec<String>) -> Value {
    let mut translated = translate(root, schema, open);
    let required =
        object.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|other| other == name));
    if required {
        return translated;
    }
    if let Some(kinds) = translated.get_mut("bsonType") {
        let mut list = kinds.as_array().cloned().unwrap_or_else(|| vec![kinds.clone()]);
        if !list.iter().any(|kind| kind == "null") {
            list.push(json!("null"));
        }
        *kinds = Value::Array(list);
    }
    if let Some(Value::Array(values)) = translated.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    translated
}

/// The types of BSON that hold what a schema's `type` and `format` mean.
fn kinds(object: &Map<String, Value>) -> Option<Value> {
    let format = object.get("format").and_then(Value::as_str);
    let words: Vec<&str> = match object.get("type")? {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let mut kinds: Vec<&str> = Vec::new();
    for word in words {
        kinds.extend_from_slice(match (word, format) {
            ("string", Some("object-id")) => &["objectId"],
            ("string", Some("date-time")) => &["date", "string"],
            ("string", Some("uuid")) => &["binData", "string"],
            ("string", _) => &["string"],
            ("integer", Some("int64")) => &["long", "int"],
            ("integer", _) => &["int", "long"],
            ("number", Some("decimal")) => &["decimal", "double", "int", "long"],
            ("number", _) => &["double", "int", "long"],
            ("boolean", _) => &["bool"],
            ("array", _) => &["array"],
            ("object", _) => &["object"],
            ("null", _) => &["null"],
            _ => &[],
        });
    }
    match kinds.as_slice() {
        [] => None,
        [one] => Some(json!(one)),
        several => Some(json!(several)),
    }
}
