//! Event types: their names and what they refer to.

use std::collections::HashMap;

use daybook_event::Priority;
use serde_json::Value;

use super::{App, Header, find, personal};
use crate::limits::{DIMENSIONS_MAX, EVENT_TYPES_MAX};
use crate::read_events::Declared;
use crate::schema::{Shape, is_single};
use crate::source::{Place, Problem, suggestion};
use crate::{AppCatalog, CategoryPii, EventType, Signatures, Store};

pub(super) fn lint(app: &App<'_>) {
    let mut first: HashMap<(&str, &semver::Version), &Declared<'_>> = HashMap::new();
    for declared in &app.declared {
        let event_type = &declared.event_type;
        let place = declared.node.locate("/name");
        if let Some(earlier) = first.get(&(event_type.name.as_str(), &event_type.version)) {
            let message = format!("`{}` {} is declared twice", event_type.name, event_type.version);
            Problem::error("event-type.duplicate", message)
                .hint(format!("first at {}:{}", earlier.file.name, earlier.node.locate("/name").line))
                .at(declared.file, place);
        } else {
            first.insert((&event_type.name, &event_type.version), declared);
        }
        if event_type.examples.is_empty() {
            Problem::warning("event-type.no-example", format!("`{}` has no example", event_type.name))
                .hint("one example of its data under `examples` is enough")
                .at(declared.file, place);
        }
        if event_type.description.is_none() {
            Problem::note("event-type.no-description", format!("`{}` has no description", event_type.name))
                .at(declared.file, place);
        }
        deprecation(app, declared);
        if let Some(header) = &app.header {
            references(header, declared);
            data_fields(&header.catalog, declared);
        }
    }
    if app.declared.len() > EVENT_TYPES_MAX
        && let Some(declared) = app.declared.get(EVENT_TYPES_MAX)
    {
        Problem::error("catalog.limit", format!("an app has at most {EVENT_TYPES_MAX} event types"))
            .at(declared.file, declared.node.place);
    }
}

fn deprecation(app: &App<'_>, declared: &Declared<'_>) {
    let Declared { event_type, file, node } = declared;
    let Some(deprecated) = &event_type.deprecated else { return };
    if let Some(name) = &deprecated.use_instead {
        let place = node.locate("/deprecated/use");
        if *name == event_type.name
            && find(&app.declared, name, None).is_some_and(|highest| highest.version <= event_type.version)
        {
            Problem::error("event-type.deprecated", "the type to use instead is this one").at(file, place);
        } else if find(&app.declared, name, None).is_none() {
            let names = app.declared.iter().map(|declared| declared.event_type.name.as_str());
            Problem::error("event-type.deprecated", format!("`{name}` is no event type"))
                .maybe_hint(suggestion(name, names))
                .at(file, place);
        }
    }
    if let (Some(since), Some(header)) = (&deprecated.since, &app.header)
        && *since > header.catalog.version
    {
        let message = format!("deprecated since {since}, but the catalog is at {}", header.catalog.version);
        Problem::warning("event-type.deprecated", message).at(file, node.locate("/deprecated/since"));
    }
}

/// The name follows the rule; category, sources, purpose and envelope fields exist.
fn references(header: &Header<'_>, declared: &Declared<'_>) {
    let Declared { event_type, file, node } = declared;
    let catalog = &header.catalog;
    if let Some(naming) = &catalog.naming {
        // A plugin's name in front is not part of the app's own rule.
        let own =
            event_type.plugin.as_deref().and_then(|plugin| event_type.name.strip_prefix(plugin)?.strip_prefix('.'));
        if !naming.pattern.is_match(&event_type.name) && !own.is_some_and(|own| naming.pattern.is_match(own)) {
            let hint = match naming.examples.as_slice() {
                [] => format!("names match {}", naming.pattern),
                examples => format!("names match {}, such as {}", naming.pattern, examples.join(", ")),
            };
            Problem::error("event-type.name", format!("`{}` does not follow the naming pattern", event_type.name))
                .hint(hint)
                .at(file, node.locate("/name"));
        }
    }
    let unknown = |code, what: &str, word: &str, known: Vec<&str>, place: Place| {
        if !known.contains(&word) {
            Problem::error(code, format!("`{word}` is no {what} of this app"))
                .maybe_hint(suggestion(word, known))
                .at(file, place);
        }
    };
    let categories: Vec<&str> = catalog.categories.iter().map(|category| category.name.as_str()).collect();
    // Without `category` the type has been told already that it needs one.
    if node.get("category").is_some() {
        unknown("event-type.category", "category", &event_type.category, categories, node.locate("/category"));
    }
    if !catalog.sources.is_empty() {
        for item in node.get("sources").map(crate::yaml::Node::items).unwrap_or_default() {
            if let crate::yaml::Yaml::String(source) = &item.value {
                let known = catalog.sources.iter().map(String::as_str).collect();
                unknown("event-type.source", "source", source, known, item.place);
            }
        }
    }
    if let Some(consent) = &event_type.consent {
        let known = catalog.consent.iter().map(|purpose| purpose.purpose.as_str()).collect();
        unknown("event-type.purpose", "consent purpose", &consent.purpose, known, node.locate("/consent/purpose"));
    }
    for (index, field) in event_type.optional_envelope.iter().enumerate() {
        if !catalog.dialect.field(*field).is_some_and(|spec| spec.required) {
            Problem::warning("event-type.optional-envelope", format!("the dialect does not require `{field}`"))
                .hint("leave it out")
                .at(file, node.locate(&format!("/optional-envelope/{index}")));
        }
    }
    if event_type.priority >= Priority::High && node.get("sampling").is_some() && event_type.sampling.rate < 1.0 {
        let message = format!("events of priority {} are never sampled", event_type.priority);
        Problem::warning("event-type.sampling-ignored", message).at(file, node.locate("/sampling"));
    }
    if event_type.signatures == Some(Signatures::Required) && event_type.store == Store::DailyCounts {
        Problem::warning("event-type.signatures", "nothing is kept of the signature of an event that is only counted")
            .hint("who sends such events has to sign them all the same")
            .at(file, node.locate("/signatures"));
    }
    if !event_type.pii.is_empty()
        && catalog.category(&event_type.category).is_some_and(|category| category.pii == CategoryPii::None)
    {
        let message = format!("the category `{}` says nothing of people, but this type does", event_type.category);
        Problem::warning("event-type.pii-category", message)
            .hint("choose a category whose `pii` is logged or anonymise")
            .at(file, node.locate("/pii"));
    }
}

/// `tags`, `dimensions` and `pii` name fields that the data declares.
fn data_fields(catalog: &AppCatalog, declared: &Declared<'_>) {
    let Declared { event_type, file, node } = declared;
    let Some(data) = &event_type.data else {
        for (key, code) in
            [("tags", "event-type.tag"), ("dimensions", "event-type.dimension"), ("pii", "event-type.pii")]
        {
            if node.get(key).is_some() {
                Problem::error(code, format!("`{key}` names fields, but the type declares no data"))
                    .at(file, node.locate(&format!("/{key}")));
            }
        }
        return;
    };
    let shape = Shape::of(&catalog.types, data);
    for (index, tag) in event_type.tags.iter().enumerate() {
        let place = node.locate(&format!("/tags/{index}"));
        match shape.property(tag) {
            None => Problem::error("event-type.tag", format!("the data declares no property `{tag}`"))
                .maybe_hint(suggestion(tag, shape.names()))
                .at(file, place),
            Some(schema) if holds_only_collections(schema) => {
                Problem::error("event-type.tag", format!("`{tag}` is not a single value, so it cannot be a tag"))
                    .at(file, place);
            }
            Some(_) => {}
        }
    }
    dimensions(catalog, declared, &shape);
    for path in event_type.pii.keys().chain(&event_type.not_personal) {
        if !has_field(catalog, event_type, path) {
            let mut pointer = String::from("/pii");
            daybook_event::finding::push_pointer(&mut pointer, path);
            Problem::error("event-type.pii", format!("the data declares no property `{path}`"))
                .maybe_hint(suggestion(path, shape.names()))
                .at(file, node.locate(&pointer));
        }
    }
    personal::lint_marks(catalog, declared);
}

/// What it is counted by is there, a single value, and nobody's name.
fn dimensions(catalog: &AppCatalog, declared: &Declared<'_>, shape: &Shape<'_>) {
    let Declared { event_type, file, node } = declared;
    let wrong = |message: String| Problem::error("event-type.dimension", message);
    let place = |index: usize| node.locate(&format!("/dimensions/{index}"));
    if event_type.dimensions.len() > DIMENSIONS_MAX {
        wrong(format!("a type is counted by at most {DIMENSIONS_MAX} dimensions")).at(file, place(DIMENSIONS_MAX));
    }
    if event_type.store == Store::DailyCounts && !event_type.dimensions.is_empty() {
        wrong("of this type only counts are kept, and nothing in its data".to_owned())
            .hint("leave `dimensions` out")
            .at(file, node.locate("/dimensions"));
    }
    for (index, name) in event_type.dimensions.iter().enumerate() {
        let problem = match shape.property(name) {
            None => {
                wrong(format!("the data declares no property `{name}`")).maybe_hint(suggestion(name, shape.names()))
            }
            Some(_) if personal::is_sealed(catalog, event_type, name) => {
                wrong(format!("`{name}` is personal, so nothing is counted by it"))
            }
            Some(schema) if !is_single(&catalog.types, schema) => {
                wrong(format!("`{name}` is not a single value, so nothing is counted by it"))
                    .hint("its schema says by `type` or `enum` that it is no list and no object")
            }
            Some(_) => continue,
        };
        problem.at(file, place(index));
    }
}

fn holds_only_collections(schema: &Value) -> bool {
    let is_collection = |name: &Value| name == "object" || name == "array";
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().all(is_collection),
        Some(one) => is_collection(one),
        None => false,
    }
}

/// Whether the data of a type declares the property at a dotted path. A property whose content is not described has any
/// field, and a path goes through the items of a list without a word.
pub(crate) fn has_field(catalog: &AppCatalog, event_type: &EventType, path: &str) -> bool {
    let Some(mut schema) = event_type.data.as_ref() else { return false };
    for (depth, segment) in path.split('.').enumerate() {
        while let Some(items) = schema.get("items") {
            schema = items;
        }
        let shape = Shape::of(&catalog.types, schema);
        match shape.property(segment) {
            Some(next) => schema = next,
            None => return depth > 0 && shape.properties.is_empty() && may_be_object(schema),
        }
    }
    true
}

/// Whether nothing in the schema itself says that the value is no object.
pub(super) fn may_be_object(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|name| name == "object"),
        Some(one) => one == "object",
        None => schema.get("enum").is_none() && schema.get("const").is_none(),
    }
}
