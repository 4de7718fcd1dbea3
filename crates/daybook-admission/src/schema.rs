//! The schema of an event type made ready: validation, fields it does not name, and problems in plain words.

use daybook_catalog::{AppCatalog, EventType, validation_options};
use daybook_event::Finding;
use daybook_event::finding::push_pointer;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use rustc_hash::FxHashMap;
use serde_json::Value as Schema;
use sonic_rs::Value;

use crate::json::{Node, SonicJson, Trail, View};

/// A schema, compiled.
pub(crate) struct DataSchema {
    validator: Validator<SonicJson>,
    known: Known,
    /// The fields that should not be sent any more.
    deprecated: Vec<Vec<String>>,
    /// Whether an empty object satisfies it, so that an event without data does.
    pub(crate) accepts_nothing: bool,
}

/// The names a schema gives to the members of an object, and of the objects in it.
#[derive(Default)]
struct Known {
    names: FxHashMap<Box<str>, Known>,
    items: Option<Box<Known>>,
    /// Anything may be in it.
    open: bool,
}

/// A schema of the catalog does not compile; a linted catalog has none such.
#[derive(Debug, thiserror::Error)]
#[error("the schema of {name} {version} does not compile: {problem}")]
pub struct CompileError {
    /// The event type.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the compiler says.
    pub problem: String,
}

impl DataSchema {
    pub(crate) fn compile(app: &AppCatalog, event_type: &EventType) -> Result<Self, CompileError> {
        let schema = app.validation_schema(event_type);
        let validator = validation_options::<SonicJson>().build(&schema).map_err(|problem| CompileError {
            name: event_type.name.clone(),
            version: event_type.version.to_string(),
            problem: problem.to_string(),
        })?;
        let accepts_nothing = validator.is_valid(Node(&Value::new_object()));
        let declared = event_type.data.as_ref().unwrap_or(&Schema::Bool(true));
        let deprecated = app.deprecated_fields(event_type);
        Ok(Self { validator, known: Known::of(declared, app, 0), deprecated, accepts_nothing })
    }

    /// Adds what is wrong with `data`, which lies at `pointer`.
    pub(crate) fn validate(&self, data: &Value, pointer: &str, errors: &mut Vec<Finding>) {
        if !self.validator.is_valid(Node(data)) {
            errors.extend(self.validator.iter_errors(Node(data)).map(|error| explain(&error, pointer)));
        }
    }

    /// Calls `found` with the pointer of every member of `data` that should not be sent any more.
    pub(crate) fn deprecated(&self, data: &Value, pointer: &str, found: &mut impl FnMut(String)) {
        for path in &self.deprecated {
            look_for(path, data, Trail::at(pointer), found);
        }
    }

    /// Calls `found` with the pointer of every member of `data` that the schema does not name.
    pub(crate) fn unknown(&self, data: &Value, pointer: &str, found: &mut impl FnMut(String)) {
        self.known.unknown(data, Trail::at(pointer), found);
    }
}

/// Schemas nest no deeper than this where names are looked for; references may go round.
const KNOWN_DEPTH_MAX: usize = 8;

impl Known {
    fn of(schema: &Schema, app: &AppCatalog, depth: usize) -> Self {
        let open = Self { open: true, ..Self::default() };
        let Some(object) = schema.as_object() else { return open };
        if depth > KNOWN_DEPTH_MAX {
            return open;
        }
        if let Some(target) = object.get("$ref").and_then(Schema::as_str) {
            let named = target.strip_prefix("#/types/").and_then(|name| app.types.get(name));
            return named.map_or(open, |schema| Self::of(schema, app, depth + 1));
        }
        let items =
            object.get("items").map(|items| Box::new(Self::of(items, app, depth + 1))).filter(|items| !items.open);
        match object.get("properties").and_then(Schema::as_object) {
            Some(properties) if !speaks_of_members(object) => Self {
                names: properties
                    .iter()
                    .map(|(name, schema)| (name.as_str().into(), Self::of(schema, app, depth + 1)))
                    .collect(),
                items,
                open: false,
            },
            _ => Self { open: items.is_none(), items, names: FxHashMap::default() },
        }
    }

    fn unknown(&self, value: &Value, trail: Trail<'_>, found: &mut impl FnMut(String)) {
        if self.open {
            return;
        }
        match View::of(value) {
            View::Object(object) if self.items.is_none() || !self.names.is_empty() => {
                for (name, value) in object {
                    match self.names.get(name) {
                        Some(known) => known.unknown(value, trail.name(name), found),
                        None => found(trail.name(name).pointer()),
                    }
                }
            }
            View::Array(array) => {
                if let Some(items) = &self.items {
                    for (index, element) in array.as_slice().iter().enumerate() {
                        items.unknown(element, trail.index(index), found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Calls `found` with the pointer of every member at `path`, in every element where the way leads through an array.
fn look_for(path: &[String], value: &Value, trail: Trail<'_>, found: &mut impl FnMut(String)) {
    match View::of(value) {
        View::Object(object) => {
            let Some((wanted, rest)) = path.split_first() else { return };
            for (name, value) in object {
                if name == wanted.as_str() && rest.is_empty() {
                    found(trail.name(name).pointer());
                } else if name == wanted.as_str() {
                    look_for(rest, value, trail.name(name), found);
                }
            }
        }
        View::Array(array) => {
            for (index, element) in array.as_slice().iter().enumerate() {
                look_for(path, element, trail.index(index), found);
            }
        }
        _ => {}
    }
}

/// Whether a schema speaks of an object's members in any other way than by their names: then it says itself what may be
/// there.
pub(crate) fn speaks_of_members(schema: &serde_json::Map<String, Schema>) -> bool {
    ["additionalProperties", "patternProperties", "unevaluatedProperties", "allOf", "anyOf", "oneOf", "if"]
        .iter()
        .any(|keyword| schema.contains_key(*keyword))
}

/// A validator's error as a finding. Values are not quoted: they may be personal or secret.
fn explain(error: &ValidationError<'_>, pointer: &str) -> Finding {
    let (place, is_within) = declared_place(error.instance_path().as_str(), error.evaluation_path().as_str());
    let mut path = format!("{pointer}{place}");
    let kind = most_telling(error);
    let (code, message): (&'static str, String) = match kind {
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            if !is_within {
                push_pointer(&mut path, property);
            }
            ("data.required", format!("required property {property} is missing"))
        }
        ValidationErrorKind::Type { kind } => ("data.type", format!("not of type {}", type_names(kind))),
        ValidationErrorKind::Enum { options } => ("data.enum", format!("not one of {options}")),
        ValidationErrorKind::Constant { expected_value } => ("data.const", format!("not {expected_value}")),
        ValidationErrorKind::Format { format } => ("data.format", format!("not a valid {format}")),
        ValidationErrorKind::Pattern { pattern } => ("data.pattern", format!("does not match {pattern}")),
        ValidationErrorKind::Minimum { limit } => ("data.minimum", format!("less than {limit}")),
        ValidationErrorKind::Maximum { limit } => ("data.maximum", format!("greater than {limit}")),
        ValidationErrorKind::ExclusiveMinimum { limit } => ("data.minimum", format!("not greater than {limit}")),
        ValidationErrorKind::ExclusiveMaximum { limit } => ("data.maximum", format!("not less than {limit}")),
        ValidationErrorKind::MultipleOf { multiple_of } => {
            ("data.multiple-of", format!("not a multiple of {multiple_of}"))
        }
        ValidationErrorKind::MinLength { limit } => ("data.min-length", format!("shorter than {limit} characters")),
        ValidationErrorKind::MaxLength { limit } => ("data.max-length", format!("longer than {limit} characters")),
        ValidationErrorKind::MinItems { limit } => ("data.min-items", format!("fewer than {limit} items")),
        ValidationErrorKind::MaxItems { limit } => ("data.max-items", format!("more than {limit} items")),
        ValidationErrorKind::MinProperties { limit } => {
            ("data.min-properties", format!("fewer than {limit} properties"))
        }
        ValidationErrorKind::MaxProperties { limit } => {
            ("data.max-properties", format!("more than {limit} properties"))
        }
        ValidationErrorKind::UniqueItems => ("data.unique-items", "items are not unique".to_owned()),
        ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::UnevaluatedProperties { .. } => {
            ("data.additional-properties", "has properties that the schema does not allow".to_owned())
        }
        ValidationErrorKind::AdditionalItems { .. } | ValidationErrorKind::UnevaluatedItems { .. } => {
            ("data.additional-items", "has items that the schema does not allow".to_owned())
        }
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            ("data.any-of", "matches none of the forms the schema allows".to_owned())
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            ("data.one-of", "matches more than one of the forms the schema allows".to_owned())
        }
        other => ("data.invalid", format!("fails the schema's {}", other.keyword())),
    };
    let message = if is_within { format!("in one of its members: {message}") } else { message };
    Finding::new(code, path, message)
}

/// The part of a pointer into the data whose names the schema gives, and whether there was more of it. What follows is a name
/// that the client chose, and may be a person's, as in a map of people: findings are kept, in clear, beside what is sealed.
fn declared_place<'p>(instance: &'p str, evaluation: &str) -> (&'p str, bool) {
    let mut depth = 0;
    let mut steps = evaluation.split('/').skip(1);
    while let Some(step) = steps.next() {
        match step {
            "properties" | "prefixItems" => {
                steps.next();
                depth += 1;
            }
            "items" | "contains" | "unevaluatedItems" => depth += 1,
            "allOf" | "anyOf" | "oneOf" | "dependentSchemas" => {
                steps.next();
            }
            "additionalProperties" | "patternProperties" | "unevaluatedProperties" | "propertyNames" => {
                let end = instance.match_indices('/').nth(depth).map_or(instance.len(), |(end, _)| end);
                return (instance.get(..end).unwrap_or_default(), end < instance.len());
            }
            _ => {}
        }
    }
    (instance, false)
}

/// Of an alternative that failed, the problem of the branch that came closest: one that got the type right.
fn most_telling<'e>(error: &'e ValidationError<'_>) -> &'e ValidationErrorKind {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return error.kind();
    };
    let branches = || context.iter().filter_map(|branch| branch.first());
    let here = |inner: &&ValidationError<'static>| inner.instance_path().as_str() == error.instance_path().as_str();
    let right_type = branches().filter(here).find(|inner| !matches!(inner.kind(), ValidationErrorKind::Type { .. }));
    match right_type.or_else(|| branches().find(here)) {
        Some(inner) => most_telling(inner),
        None => error.kind(),
    }
}

fn type_names(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            let names: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
            names.join(" or ")
        }
    }
}
