//! JSON Schemas that stand without Daybook: of types, of data, and of events in the app's own form.

use serde_json::{Map, Value, json};

use super::model::{Declared, Model, Place};
use crate::schema::{DEFINITIONS_PREFIX, SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS, accept_text};
use crate::{As, Dialect, EventType, Field, FieldSpec, Store, UnknownTypes};

/// What Daybook knows beyond the words of JSON Schema, said once in every document.
pub(super) const COMMENT: &str = "Daybook checks `format`, and reads Extended JSON ($oid, $date, $numberLong, \
$numberDecimal) wherever a value of that kind is expected, which is not described here. `x-daybook` holds what is done \
with events, `x-format` the formats decimal, int64 and object-id, which JSON Schema does not have: their patterns stand \
in for them. Fields that are not declared are admitted as the catalog's `unknown-fields` says.";

/// All schemas of an app by name, in the order they should be written.
pub(super) struct Schemas {
    /// Named types and the data of event types.
    pub(super) parts: Map<String, Value>,
    /// Events in the app's own form: those that can be sent.
    pub(super) events: Vec<(String, Value)>,
}

impl Schemas {
    /// The schemas of `model`, whose references begin with `prefix`.
    pub(super) fn of(model: &Model<'_>, prefix: &str) -> Self {
        let mut parts = Map::new();
        for named in &model.types {
            let Some(schema) = model.app.types.get(&named.name) else { continue };
            parts.insert(named.type_name.clone(), portable(model, prefix, &model.app.bundle(schema)));
        }
        for declared in &model.events {
            parts.insert(declared.data_name.clone(), data(model, prefix, declared));
        }
        let versioned = model.app.dialect.field(Field::Version).is_some();
        let mut events: Vec<(String, Value)> = model
            .events
            .iter()
            .filter(|declared| declared.current || versioned)
            .map(|declared| (declared.type_name.clone(), event(model, prefix, declared)))
            .collect();
        events.extend(other(model).map(|schema| ("OtherEvent".to_owned(), schema)));
        Self { parts, events }
    }
}

/// The data of an event type, with what Daybook does with it.
fn data(model: &Model<'_>, prefix: &str, declared: &Declared<'_>) -> Value {
    let event_type = declared.event_type;
    let mut schema = match &event_type.data {
        Some(data) => {
            let mut schema = model.app.bundle(data);
            model.app.leave_to_envelope(event_type, &mut schema);
            portable(model, prefix, &schema)
        }
        None => json!({"type": ["object", "null"]}),
    };
    if let Value::Object(object) = &mut schema {
        object.shift_insert(
            0,
            "title".to_owned(),
            json!(format!("Data of {} {}", event_type.name, event_type.version)),
        );
        if !event_type.examples.is_empty() {
            object.insert("examples".to_owned(), Value::Array(event_type.examples.clone()));
        }
        object.insert("x-daybook".to_owned(), policies(event_type));
    }
    schema
}

fn policies(event_type: &EventType) -> Value {
    let mut out = json!({
        "name": event_type.name,
        "version": event_type.version.to_string(),
        "category": event_type.category,
        "priority": event_type.priority.as_str(),
    });
    if event_type.store == Store::DailyCounts {
        out["store"] = json!("daily-counts");
    }
    for (key, list) in
        [("sources", &event_type.sources), ("tags", &event_type.tags), ("dimensions", &event_type.dimensions)]
    {
        if !list.is_empty() {
            out[key] = json!(list);
        }
    }
    if !event_type.pii.is_empty() {
        out["pii"] = event_type
            .pii
            .iter()
            .map(|(field, pii)| (field.clone(), json!(pii.as_str())))
            .collect::<Map<_, _>>()
            .into();
    }
    out
}

/// One event as the app writes it.
fn event(model: &Model<'_>, prefix: &str, declared: &Declared<'_>) -> Value {
    let mut schema = object(&model.envelope, &mut |place| field(model, prefix, declared, place), declared);
    if let Value::Object(object) = &mut schema {
        object.shift_insert(
            0,
            "title".to_owned(),
            json!(format!("{} {}", declared.event_type.name, declared.event_type.version)),
        );
        if let Some(description) = &declared.event_type.description {
            object.shift_insert(1, "description".to_owned(), json!(description));
        }
        if declared.event_type.deprecated.is_some() {
            object.insert("deprecated".to_owned(), json!(true));
        }
        let either = either_place(model, declared);
        if !either.is_empty() {
            object.insert("allOf".to_owned(), Value::Array(either));
        }
    }
    schema
}

/// An object of the envelope.
fn object(places: &[Place<'_>], field: &mut impl FnMut(&Place<'_>) -> Value, declared: &Declared<'_>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for place in places {
        let mut schema = match place.spec {
            Some(_) => field(place),
            None => json!({"type": "object"}),
        };
        if !place.inside.is_empty() {
            let inner = object(&place.inside, field, declared);
            for key in ["properties", "required"] {
                if let Some(value) = inner.get(key) {
                    schema[key] = value.clone();
                }
            }
            if !is_required(place, declared) {
                schema["type"] = json!(["object", "null"]);
            }
        }
        properties.insert(place.name.clone(), schema);
        if is_required(place, declared) {
            required.push(json!(place.name));
        }
    }
    let mut out = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        out["required"] = Value::Array(required);
    }
    out
}

/// Whether an event of this type must have what lies here.
fn is_required(place: &Place<'_>, declared: &Declared<'_>) -> bool {
    let own = place.spec.is_some_and(|spec| match spec.field {
        field if declared.event_type.optional_envelope.contains(&field) => false,
        Field::Name => true,
        Field::Data => spec.required || declared.data_required(),
        // Without a version an event has the current one.
        Field::Version => (spec.required && spec.default.is_none()) || !declared.current,
        _ => spec.required && spec.default.is_none(),
    });
    own || place.inside.iter().any(|inner| is_required(inner, declared))
}

fn field(model: &Model<'_>, prefix: &str, declared: &Declared<'_>, place: &Place<'_>) -> Value {
    let Some(spec) = place.spec else { return json!({}) };
    let event_type = declared.event_type;
    let required = is_required(place, declared);
    match spec.field {
        Field::Name => name(&model.app.dialect, event_type),
        Field::Version if required => json!({"const": event_type.version.to_string()}),
        Field::Version => json!({"enum": [event_type.version.to_string(), null]}),
        Field::Data => {
            let reference = json!({"$ref": format!("{prefix}{}", declared.data_name)});
            if required { reference } else { json!({"anyOf": [reference, {"type": "null"}]}) }
        }
        _ => value(spec, required),
    }
}

fn name(dialect: &Dialect, event_type: &EventType) -> Value {
    match (&dialect.open_variant, &event_type.plugin) {
        (Some(variant), Some(_)) => json!({
            "type": "object",
            "properties": {variant.as_str(): {"const": event_type.name}},
            "required": [variant],
            "additionalProperties": false,
        }),
        _ => json!({"const": event_type.name}),
    }
}

/// A field of the envelope that is the same for every type.
pub(super) fn value(spec: &FieldSpec, required: bool) -> Value {
    let kind = match spec.kind {
        As::Integer => "integer",
        As::Object => "object",
        As::String | As::Uuid | As::ObjectId | As::Time => "string",
    };
    let mut schema = json!({"type": if required { json!(kind) } else { json!([kind, "null"]) }});
    match spec.kind {
        As::Uuid => schema["format"] = json!("uuid"),
        As::Time => schema["format"] = json!("date-time"),
        As::ObjectId => {
            schema["pattern"] = json!(OBJECT_ID);
            schema["x-format"] = json!("object-id");
        }
        As::String | As::Integer | As::Object => {}
    }
    if !spec.values.is_empty() {
        let mut values: Vec<Value> = spec.values.iter().map(|value| json!(value)).collect();
        values.extend((!required).then_some(Value::Null));
        schema = json!({ "enum": values });
    }
    if let Some(default) = &spec.default {
        schema["default"] = json!(default);
    }
    if spec.field == Field::Tags {
        schema["additionalProperties"] = json!({"type": "string"});
    }
    schema
}

/// What a type's data requires and the envelope may hold instead: one of the two places is enough.
fn either_place(model: &Model<'_>, declared: &Declared<'_>) -> Vec<Value> {
    let dialect = &model.app.dialect;
    let path = |field: Field| dialect.field(field).map(|spec| spec.path.clone()).unwrap_or_default();
    model
        .app
        .envelope_required(declared.event_type)
        .into_iter()
        .map(|(property, field)| {
            let mut in_data = path(Field::Data);
            in_data.push(property);
            json!({"anyOf": [there(&in_data), there(&path(field))]})
        })
        .collect()
}

/// Something that is not null is at this path.
fn there(path: &[String]) -> Value {
    match path.split_first() {
        Some((name, rest)) => json!({"properties": {name.as_str(): there(rest)}, "required": [name]}),
        None => json!({"not": {"type": "null"}}),
    }
}

/// Events of types that the catalog does not declare, where they are kept.
fn other(model: &Model<'_>) -> Option<Value> {
    let UnknownTypes::Keep { pattern, .. } = &model.app.unknown_types else { return None };
    let dialect = &model.app.dialect;
    let declared: Vec<&str> = model.current().map(|declared| declared.event_type.name.as_str()).collect();
    let mut text = json!({"type": "string", "not": {"enum": declared}});
    if let Some(pattern) = pattern {
        text["pattern"] = json!(pattern.as_str());
    }
    let mut undeclared = |place: &Place<'_>| match place.spec {
        Some(spec) if spec.field == Field::Name => match &dialect.open_variant {
            Some(variant) => json!({
                "type": "object",
                "properties": {variant.as_str(): text},
                "required": [variant],
                "additionalProperties": false,
            }),
            None => text.clone(),
        },
        Some(spec) if spec.field == Field::Data => json!({"description": "Anything."}),
        Some(spec) => value(spec, spec.required && spec.default.is_none()),
        None => json!({}),
    };
    let mut schema = undeclared_object(&model.envelope, &mut undeclared);
    schema["title"] = json!("An event of a type that the catalog does not declare");
    Some(schema)
}

fn undeclared_object(places: &[Place<'_>], field: &mut impl FnMut(&Place<'_>) -> Value) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for place in places {
        let mut schema = if place.spec.is_some() { field(place) } else { json!({"type": "object"}) };
        if !place.inside.is_empty() {
            let inner = undeclared_object(&place.inside, field);
            schema["properties"] = inner["properties"].clone();
        }
        properties.insert(place.name.clone(), schema);
        let must = place.required() && !place.is(Field::Data);
        required.extend(must.then(|| json!(place.name)));
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// What stands in for Daybook's formats.
const OBJECT_ID: &str = "^[0-9a-fA-F]{24}$";
const INT64: &str = "^-?[0-9]{1,19}$";
const DECIMAL: &str = r"^[+-]?[0-9](\.?[0-9])*([eE][+-]?[0-9]+)?$";

/// A bundled schema as other validators read it, its references pointing to the names of programs.
fn portable(model: &Model<'_>, prefix: &str, bundled: &Value) -> Value {
    let mut schema = bundled.clone();
    if let Value::Object(object) = &mut schema {
        object.shift_remove("$defs");
    }
    accept_text(&mut schema);
    translate(&mut schema, &mut |object| {
        if let Some(Value::String(reference)) = object.get_mut("$ref")
            && let Some(named) = reference.strip_prefix(DEFINITIONS_PREFIX).and_then(|name| model.named(name))
        {
            *reference = format!("{prefix}{}", named.type_name);
        }
        let pattern = match object.get("format").and_then(Value::as_str) {
            Some("decimal") => DECIMAL,
            Some("int64") => INT64,
            Some("object-id") => OBJECT_ID,
            _ => return,
        };
        if let Some(format) = object.shift_remove("format") {
            object.insert("x-format".to_owned(), format);
        }
        if object.contains_key("pattern") {
            let pattern = json!({ "pattern": pattern });
            match object.get_mut("allOf") {
                Some(Value::Array(all)) => all.push(pattern),
                _ => drop(object.insert("allOf".to_owned(), json!([pattern]))),
            }
        } else {
            object.insert("pattern".to_owned(), json!(pattern));
        }
    });
    schema
}

/// Calls `change` for a schema and every schema in it, the inner first, so that what it adds stays as it is.
pub(super) fn translate(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(object) = schema else { return };
    for (keyword, value) in object.iter_mut() {
        let keyword = keyword.as_str();
        match value {
            value if SCHEMA_KEYWORDS.contains(&keyword) => translate(value, change),
            Value::Object(map) if SCHEMA_MAP_KEYWORDS.contains(&keyword) => {
                map.values_mut().for_each(|schema| translate(schema, change));
            }
            Value::Array(list) if SCHEMA_LIST_KEYWORDS.contains(&keyword) => {
                list.iter_mut().for_each(|schema| translate(schema, change));
            }
            _ => {}
        }
    }
    change(object);
}
