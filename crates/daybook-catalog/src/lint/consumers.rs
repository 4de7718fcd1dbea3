//! Consumers: that they get something, that what they ask for can be seen, and that they do not feed themselves.

use std::collections::BTreeSet;

use daybook_event::secrets::{is_secret_key, redact};
use serde_json::{Map, Value};

use super::{App, personal, policies};
use crate::consumers::{Spec, matches_any};
use crate::read_consumers::Listed;
use crate::read_events::Declared;
use crate::read_where::Condition;
use crate::schema::{Shape, resolve, validation_options};
use crate::source::{Place, Problem, suggestion};
use crate::yaml::{Node, Yaml};
use crate::{AppCatalog, EventType, Store, duration, likely_personal};

/// Daybook's own app.
const DAYBOOK: &str = "daybook";
/// Events of Daybook's own that its consumers cause.
const CAUSED: [&str; 2] = ["consumer.*", "webhook.*"];
/// Handlers that cause none: they call nobody, or send one word for many events.
const QUIET_HANDLERS: [&str; 4] = ["alert", "counters", "file", "lake"];

pub(super) fn lint(app: &App<'_>) {
    let Some(header) = &app.header else { return };
    for listed in &app.consumers {
        for key in ["events", "exclude"] {
            if let Some(list) = listed.node.get(key) {
                policies::patterns(listed.file, list, &app.declared);
            }
        }
        excluded(listed, &app.declared);
        if header.catalog.app == DAYBOOK {
            no_loop(listed, &app.declared);
        }
        patience(listed);
        if let Some(options) = listed.node.get("options") {
            credentials(listed, &header.catalog.app, options);
        }
    }
}

/// What it asks of data, the schemas in which can be used: that somebody may meet it.
pub(super) fn lint_where(catalog: &AppCatalog, declared: &[Declared<'_>], listed: &Listed<'_>) {
    let Listed { spec, conditions, file, node } = listed;
    let Some(schema) = &spec.condition else { return };
    if let Err(error) = validation_options::<jsonschema::json::SerdeJson>().build(schema) {
        let reason = super::schemas::short(&error.to_string());
        Problem::error("consumer.where", format!("the condition cannot be used: {reason}"))
            .at(file, node.locate("/where"));
        return;
    }
    let wanted: Vec<&EventType> =
        declared.iter().map(|declared| &declared.event_type).filter(|one| spec.wants(&one.name)).collect();
    for condition in conditions {
        field(catalog, listed, &wanted, condition);
    }
}

/// Notes what its handler finds wrong with its options, each at the option that it begins with.
pub(crate) fn lint_options(listed: &Listed<'_>, wrong: Vec<String>) {
    for message in wrong {
        let path = message.split_once(": ").map_or("", |(path, _)| path);
        let pointer: String = path.split(['.', '[']).map(|token| format!("/{}", token.trim_end_matches(']'))).collect();
        let place = listed.node.locate(&pointer);
        Problem::error("consumer.options", message).at(listed.file, place);
    }
}

/// `exclude` leaves something.
fn excluded(listed: &Listed<'_>, declared: &[Declared<'_>]) {
    let Spec { events, exclude, .. } = &listed.spec;
    let mut asked =
        declared.iter().map(|declared| declared.event_type.name.as_str()).filter(|name| matches_any(events, name));
    let Some(first) = asked.next() else { return };
    if std::iter::once(first).chain(asked).all(|name| matches_any(exclude, name)) {
        Problem::warning("consumer.nothing", "`exclude` takes out every event type that `events` names")
            .at(listed.file, listed.node.locate("/exclude"));
    }
}

/// A consumer of Daybook's own events does not cause what it gets.
fn no_loop(listed: &Listed<'_>, declared: &[Declared<'_>]) {
    let caused = declared
        .iter()
        .map(|declared| &declared.event_type.name)
        .find(|name| CAUSED.iter().any(|pattern| crate::name_matches(pattern, name)) && listed.spec.wants(name));
    let handler = listed.spec.handler.as_str();
    if let Some(caused) = caused
        && !handler.is_empty()
        && !QUIET_HANDLERS.contains(&handler)
    {
        Problem::error("consumer.loop", format!("the consumer reacts to what it causes: it gets `{caused}`"))
            .hint(format!("exclude [{}], or use one of {}", CAUSED.join(", "), QUIET_HANDLERS.join(", ")))
            .at(listed.file, listed.node.locate("/events"));
    }
}

/// Waiting for a full batch leaves time to keep the promise.
fn patience(listed: &Listed<'_>) {
    if let (Some(delay), Some(latency)) = (listed.spec.batch.delay, listed.spec.latency)
        && delay >= latency
    {
        let (delay, latency) = (duration::format(delay), duration::format(latency));
        Problem::warning("consumer.latency", format!("waiting {delay} for a batch breaks the promise of {latency}"))
            .at(listed.file, listed.node.locate("/batch/delay"));
    }
}

/// Nothing in the options is to be kept secret.
fn credentials(listed: &Listed<'_>, app: &str, options: &Node) {
    let report = |place: Place, what: String| {
        Problem::error("consumer.credentials", format!("{what}, and a catalog is no place for that"))
            .hint(format!("it goes into the server's configuration, under [consumers.\"{app}/{}\"]", listed.spec.name))
            .at(listed.file, place);
    };
    let mut pending = vec![options];
    while let Some(node) = pending.pop() {
        for (key, value) in node.entries() {
            if is_secret_key(&key.text) && !matches!(value.value, Yaml::Null | Yaml::Bool(_)) {
                report(key.place, format!("`{}` is a credential by its name", key.text));
            } else {
                pending.push(value);
            }
        }
        pending.extend(node.items());
        if let Yaml::String(text) = &node.value
            && redact(text) != *text
        {
            report(node.place, "this looks like a credential, or an address with one in it".to_owned());
        }
    }
}

/// A field that a condition names can be seen, is there, and may have such a value.
fn field(catalog: &AppCatalog, listed: &Listed<'_>, wanted: &[&EventType], condition: &Condition<'_>) {
    let Condition { path, place, .. } = condition;
    if let Some(event_type) = wanted.iter().find(|one| personal::is_sealed(catalog, one, path)) {
        Problem::error(
            "consumer.where-sealed",
            format!("`{path}` is personal in `{}`, so it is sealed", event_type.name),
        )
        .hint("conditions see nothing that is sealed; ask for something else, or exclude the type")
        .at(listed.file, *place);
        return;
    }
    let found: Vec<Found<'_>> = wanted.iter().map(|one| find(catalog, one, path)).collect();
    if !wanted.is_empty() && !found.iter().any(|found| !matches!(found, Found::Nothing)) {
        let sealed = likely_personal(path).map(|_| ", and it would be sealed, as it looks personal");
        let names = wanted.iter().filter(|one| one.store == Store::Event).filter_map(|one| one.data.as_ref());
        let names: BTreeSet<&str> = names.flat_map(|data| top_level(catalog, data)).collect();
        let message = format!("no event type that it gets has `{path}` in its data{}", sealed.unwrap_or_default());
        Problem::warning("consumer.where-field", message).maybe_hint(suggestion(path, names)).at(listed.file, *place);
        return;
    }
    if let Some(envelope) = personal::envelope_field(catalog, path) {
        let message = format!("`{path}` may stand in the envelope's `{envelope}` instead, where no condition looks");
        Problem::warning("consumer.where-field", message).at(listed.file, *place);
    }
    values(catalog, listed, &found, condition);
}

/// Where every type lists the values a field may have, those asked for are among them.
fn values(catalog: &AppCatalog, listed: &Listed<'_>, found: &[Found<'_>], condition: &Condition<'_>) {
    let mut known: Vec<&Value> = Vec::new();
    for found in found {
        match found {
            Found::Declared(schema) => match listed_values(&catalog.types, schema) {
                Some(values) => known.extend(values),
                None => return,
            },
            Found::Perhaps => return,
            Found::Nothing => {}
        }
    }
    let items = match &condition.node.value {
        Yaml::Mapping(_) => return,
        Yaml::Sequence(items) => items.as_slice(),
        _ => std::slice::from_ref(condition.node),
    };
    for item in items {
        let value = item.to_json();
        if !known.contains(&&value) {
            let hint =
                value.as_str().and_then(|word| suggestion(word, known.iter().filter_map(|known| known.as_str())));
            Problem::warning("consumer.where-value", format!("`{}` is never {value}", condition.path))
                .maybe_hint(hint)
                .at(listed.file, item.place);
        }
    }
}

/// What a type says of a field.
enum Found<'s> {
    /// It declares it.
    Declared(&'s Value),
    /// It says nothing of what there is.
    Perhaps,
    /// It does not know it.
    Nothing,
}

fn find<'s>(catalog: &'s AppCatalog, event_type: &'s EventType, path: &str) -> Found<'s> {
    // Of what is only counted there is no data to look at.
    if event_type.store == Store::DailyCounts {
        return Found::Nothing;
    }
    let Some(mut schema) = event_type.data.as_ref() else { return Found::Perhaps };
    for name in path.split('.') {
        let shape = Shape::of(&catalog.types, schema);
        match shape.property(name) {
            Some(property) => schema = property,
            None if shape.open || (shape.properties.is_empty() && super::events::may_be_object(schema)) => {
                return Found::Perhaps;
            }
            None => return Found::Nothing,
        }
    }
    Found::Declared(schema)
}

fn top_level<'s>(catalog: &'s AppCatalog, data: &'s Value) -> Vec<&'s str> {
    Shape::of(&catalog.types, data).names().collect()
}

/// The values that a schema allows, where it lists them itself or by a reference.
fn listed_values<'s>(types: &'s Map<String, Value>, schema: &'s Value) -> Option<Vec<&'s Value>> {
    let mut target = schema;
    for _ in 0..=types.len() {
        if let Some(values) = target.get("enum").and_then(Value::as_array) {
            return Some(values.iter().collect());
        }
        if let Some(value) = target.get("const") {
            return Some(vec![value]);
        }
        target = resolve(types, target.get("$ref")?.as_str()?)?;
    }
    None
}
