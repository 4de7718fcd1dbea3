//! What is checked in under `docs/emitted/` and `sdks/` is what the catalogs that ship say, and works.
//!
//! With `UPDATE_DOCS=1` the files are written anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are tests too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_catalog::emit::{Format, emit};
use daybook_catalog::{AppCatalog, Catalogs, Field, builtin_file, validation_options};
use jsonschema::json::SerdeJson;
use serde_json::{Value, json};

const APPS: [&str; 4] = ["noema", "tachikoma", "tamma", "unofficial-communities"];

fn app(slug: &str) -> Arc<AppCatalog> {
    Arc::clone(Catalogs::builtin().catalogs.app(slug).unwrap())
}

fn emitted(app: &AppCatalog, format: Format) -> String {
    let demo = builtin_file(&format!("{}/demo.yaml", app.app));
    emit(app, format, demo)
}

/// Where a format of an app lies in the repository.
fn place(slug: &str, format: Format) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match format {
        Format::Typescript => root.join("sdks/typescript/catalogs").join(slug).with_extension("ts"),
        Format::ProtobufNumbers => root.join("catalogs").join(slug).join(format.file_name()),
        Format::Rust => root.join("sdks/rust/catalogs").join(slug).with_extension("rs"),
        _ => root.join("docs/emitted").join(slug).join(format.file_name()),
    }
}

#[test]
fn what_is_checked_in_is_what_is_written() {
    let mut stale = Vec::new();
    for slug in APPS {
        let app = app(slug);
        for format in Format::ALL {
            let (path, text) = (place(slug, format), emitted(&app, format));
            if std::env::var_os("UPDATE_DOCS").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            if fs::read_to_string(&path).unwrap_or_default() != text {
                stale.push(path);
            }
        }
    }
    assert!(stale.is_empty(), "out of date: {stale:#?}; run the tests with UPDATE_DOCS=1 and look at the difference");
}

#[test]
fn the_same_catalog_gives_the_same_text() {
    for format in Format::ALL {
        assert_eq!(emitted(&app("tamma"), format), emitted(&app("tamma"), format), "{format}");
    }
}

/// An event in the app's own form around an example: what the dialect requires, made up.
fn event(app: &AppCatalog, name: &str, version: &str, plugin: bool, data: &Value) -> Value {
    let mut event = json!({});
    for spec in &app.dialect.fields {
        let value = match spec.field {
            Field::Name if plugin && app.dialect.open_variant.is_some() => {
                json!({app.dialect.open_variant.as_ref().unwrap().as_str(): name})
            }
            Field::Name => json!(name),
            Field::Version => json!(version),
            Field::Data => data.clone(),
            _ if !spec.required => continue,
            _ if !spec.values.is_empty() => json!(spec.values[0]),
            _ => match spec.kind.as_str() {
                "integer" => json!(7),
                "uuid" => json!("550e8400-e29b-41d4-a716-446655440000"),
                "object-id" => json!("507f1f77bcf86cd799439011"),
                "date-time" => json!("2026-01-14T12:30:00.000Z"),
                "object" => json!({}),
                _ => json!("some text"),
            },
        };
        let mut place = &mut event;
        let (last, before) = spec.path.split_last().unwrap();
        for step in before {
            place = place.as_object_mut().unwrap().entry(step).or_insert_with(|| json!({}));
        }
        let there = place.as_object_mut().unwrap().entry(last).or_insert_with(|| value.clone());
        if !there.is_object() {
            *there = value;
        }
    }
    event
}

/// A validator as anybody would make one, without Daybook's formats.
fn validator(slug: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&emitted(&app(slug), Format::JsonSchema)).unwrap();
    assert!(jsonschema::draft202012::meta::is_valid(&schema), "{slug}: not JSON Schema");
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn the_schema_admits_every_example_and_nothing_else() {
    for slug in APPS {
        let (app, validator) = (app(slug), validator(slug));
        for event_type in &app.events {
            let version = event_type.version.to_string();
            let of = |data: &Value| event(&app, &event_type.name, &version, event_type.plugin.is_some(), data);
            let own = validation_options::<SerdeJson>().build(&app.validation_schema(event_type)).unwrap();
            let takes_text = own.is_valid(&json!("text"));
            for example in &event_type.examples {
                let event = of(example);
                assert!(validator.is_valid(&event), "{slug}: {event}");
                // Another name with the same data, an envelope without what it requires, data of another kind.
                let open = matches!(app.unknown_types, daybook_catalog::UnknownTypes::Keep { .. });
                let mut unknown = event.clone();
                unknown[app.dialect.field(Field::Name).unwrap().path[0].as_str()] = json!("no.such.type");
                assert!(open || !validator.is_valid(&unknown), "{slug}: {unknown}");
                let mut bare = event.clone();
                let required = app
                    .dialect
                    .fields
                    .iter()
                    .find(|spec| spec.required && spec.path.len() == 1 && spec.default.is_none())
                    .unwrap();
                bare.as_object_mut().unwrap().remove(&required.path[0]);
                assert!(!validator.is_valid(&bare), "{slug}: {bare}");
                assert!(takes_text || !validator.is_valid(&of(&json!("text"))), "{slug}: {}", event_type.name);
            }
        }
    }
}

/// The bundle and admission's own schema agree on what is required of the data.
#[test]
fn the_schema_misses_what_is_missing() {
    let mut missed = 0;
    for slug in APPS {
        let (app, validator) = (app(slug), validator(slug));
        for event_type in app.current_events() {
            let Some(example) = event_type.examples.first() else { continue };
            let schema = app.validation_schema(event_type);
            for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
            {
                let mut data = example.clone();
                data.as_object_mut().unwrap().remove(name);
                let event =
                    event(&app, &event_type.name, &event_type.version.to_string(), event_type.plugin.is_some(), &data);
                assert!(!validator.is_valid(&event), "{slug}: {} without {name}", event_type.name);
                missed += 1;
            }
        }
    }
    assert!(missed > 150, "{missed}");
}

#[test]
fn the_messages_compile() {
    for slug in APPS {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("events.proto"), emitted(&app(slug), Format::Protobuf)).unwrap();
        let compiled = protox::compile(["events.proto"], [directory.path()]);
        assert!(compiled.is_ok(), "{slug}: {:?}", compiled.err());
        let file = compiled.unwrap().file.pop().unwrap();
        let messages = file.message_type.iter().filter(|message| message.name().ends_with("Data")).count();
        assert!(messages >= app(slug).events.len(), "{slug}: {messages} messages");
    }
}

/// The Rust that is checked in, as whoever copies it would compile it.
#[allow(dead_code, missing_docs, clippy::all, reason = "what is written is for others to use")]
mod rust {
    pub mod noema {
        include!("../../../sdks/rust/catalogs/noema.rs");
    }
    pub mod tachikoma {
        include!("../../../sdks/rust/catalogs/tachikoma.rs");
    }
    pub mod tamma {
        include!("../../../sdks/rust/catalogs/tamma.rs");
    }
    pub mod unofficial_communities {
        include!("../../../sdks/rust/catalogs/unofficial-communities.rs");
    }
}

#[test]
fn the_types_of_rust_read_and_write_every_example() {
    macro_rules! check {
        ($module:ident, $slug:literal) => {
            let app = app($slug);
            for event_type in &app.events {
                let version = event_type.version.to_string();
                for example in &event_type.examples {
                    let read = rust::$module::Data::read(&event_type.name, Some(&version), example.clone());
                    let read = read.unwrap().unwrap_or_else(|error| panic!("{}: {error}", event_type.name));
                    assert_eq!(read.of().0, event_type.name);
                    assert_eq!(without_nulls(serde_json::to_value(&read).unwrap()), without_nulls(example.clone()));
                    let event = event(&app, &event_type.name, &version, event_type.plugin.is_some(), example);
                    let read: rust::$module::Event = serde_json::from_value(event.clone()).unwrap();
                    assert_eq!(serde_json::to_value(&read).unwrap(), event);
                }
            }
        };
    }
    check!(noema, "noema");
    check!(tachikoma, "tachikoma");
    check!(tamma, "tamma");
    check!(unofficial_communities, "unofficial-communities");
}

/// What is null where it may be missing is left out by serde, and means the same.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        // A double is written with a fraction.
        Value::Number(number) => json!(number.as_f64()),
        other => other,
    }
}

/// Keywords and types of `$jsonSchema`, as MongoDB's manual lists them.
const MONGODB_KEYWORDS: [&str; 26] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "bsonType",
    "dependencies",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "title",
    "uniqueItems",
];
const MONGODB_TYPES: [&str; 11] =
    ["array", "binData", "bool", "date", "decimal", "double", "int", "long", "null", "object", "objectId"];

fn mongodb_schema(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let object = schema.as_object().unwrap_or_else(|| panic!("{path} is no schema: {schema}"));
    for (keyword, value) in object {
        let place = format!("{path}/{keyword}");
        match keyword.as_str() {
            "properties" => {
                value
                    .as_object()
                    .unwrap()
                    .iter()
                    .for_each(|(name, schema)| mongodb_schema(schema, &format!("{place}/{name}"), found));
            }
            "required" => assert!(value.as_array().is_some_and(|names| !names.is_empty()), "{place}"),
            "bsonType" => {
                let kinds = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                for kind in &kinds {
                    let kind = kind.as_str().unwrap();
                    assert!(kind == "string" || MONGODB_TYPES.contains(&kind), "{place}: {kind}");
                    found.insert(kind.to_owned());
                }
                assert_eq!(
                    kinds.iter().collect::<Vec<_>>().len(),
                    kinds.iter().map(Value::to_string).collect::<BTreeSet<_>>().len(),
                    "{place}"
                );
            }
            "allOf" | "anyOf" | "oneOf" => {
                assert!(!value.as_array().unwrap().is_empty(), "{place}");
                value.as_array().unwrap().iter().for_each(|schema| mongodb_schema(schema, &place, found));
            }
            "items" | "not" => mongodb_schema(value, &place, found),
            "additionalProperties" if !value.is_boolean() => mongodb_schema(value, &place, found),
            "exclusiveMinimum" | "exclusiveMaximum" => assert!(value.is_boolean(), "{place}"),
            "enum" => assert!(!value.as_array().unwrap().is_empty(), "{place}"),
            word => assert!(MONGODB_KEYWORDS.contains(&word), "{place}: no keyword of $jsonSchema"),
        }
    }
}

#[test]
fn the_validators_are_in_mongodbs_own_words() {
    for slug in APPS {
        let script = emitted(&app(slug), Format::Mongodb);
        let mut found = BTreeSet::new();
        for call in script.split("db.createCollection(").skip(1) {
            let (_, rest) = call.split_once(", ").unwrap();
            let (options, _) = rest.split_once("\n});").unwrap();
            let options: Value = serde_json::from_str(&format!("{options}\n}}")).unwrap();
            let schema = &options["validator"]["$jsonSchema"];
            assert!(schema["properties"]["_id"].is_object(), "{slug}");
            assert!(schema["required"].as_array().unwrap().contains(&json!("_id")), "{slug}");
            mongodb_schema(schema, "", &mut found);
        }
        assert!(found.contains("date") && found.contains("string"), "{slug}: {found:?}");
    }
}
