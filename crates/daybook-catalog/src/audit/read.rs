//! `audit.yaml`: how an app's events are followed and answered for.

use super::{Answers, Audit, DurationField, Outcome, Question, Span, Traces, matches};
use crate::limits::{AUDIT_ANSWERS_MAX, AUDIT_FIELDS_MAX, AUDIT_SPANS_MAX};
use crate::lint::{has_field, is_sealed};
use crate::read::{self, Fields};
use crate::schema::Shape;
use crate::source::{Problem, SourceFile, suggestion};
use crate::yaml::{Node, Yaml};
use crate::{AppCatalog, EventType, name_matches};

/// Reads `audit.yaml` of an app whose event types are known.
pub(crate) fn read(file: &SourceFile, catalog: &AppCatalog) -> Audit {
    // That the file is a mapping is looked at with the other files.
    let Some(root) = file.root.as_ref().filter(|root| matches!(root.value, Yaml::Mapping(_))) else {
        return Audit::default();
    };
    let Some(mut fields) = Fields::open(file, root, "a file of audits") else { return Audit::default() };
    let traces = fields.get("traces").map(|node| traces(file, node, catalog)).unwrap_or_default();
    let list = fields.get("answers").and_then(|node| read::sequence(file, node, "`answers`")).unwrap_or_default();
    if let Some(item) = list.get(AUDIT_ANSWERS_MAX) {
        limit(file, item, &format!("an app has at most {AUDIT_ANSWERS_MAX} items of `answers`"));
    }
    let answers = list.iter().take(AUDIT_ANSWERS_MAX).filter_map(|node| answers(file, node, catalog)).collect();
    let audit = Audit { traces, answers };
    if let Some(node) = fields.get("required") {
        required(file, node, &audit, catalog);
    }
    fields.close();
    audit
}

fn limit(file: &SourceFile, node: &Node, message: &str) {
    Problem::error("catalog.limit", message.to_owned()).at(file, node.place);
}

fn traces(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Traces {
    let Some(mut fields) = Fields::open(file, node, "`traces`") else { return Traces::default() };
    let traces = Traces {
        outcomes: fields.get("outcomes").map(|node| outcomes(file, node, catalog)).unwrap_or_default(),
        spans: fields.get("spans").map(|node| spans(file, node, catalog)).unwrap_or_default(),
        durations: fields.get("durations").map(|node| durations(file, node, catalog)).unwrap_or_default(),
        attempts: fields.get("attempts").map(|node| attempts(file, node, catalog)).unwrap_or_default(),
    };
    fields.close();
    traces
}

fn outcomes(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Vec<(Outcome, Vec<String>)> {
    let Some(mut fields) = Fields::open(file, node, "`outcomes`") else { return Vec::new() };
    let mut found: Vec<(Outcome, Vec<String>)> = Vec::new();
    for outcome in Outcome::ALL {
        let Some(node) = fields.get(outcome.as_str()) else { continue };
        let events = patterns(file, node, &format!("`{}`", outcome.as_str()), catalog);
        for name in catalog.current_events().map(|event_type| event_type.name.as_str()) {
            let other = found.iter().find(|(_, others)| matches(others, name)).map(|(other, _)| other.as_str());
            if let Some(other) = other.filter(|_| matches(&events, name)) {
                let message = format!("`{name}` is said to be a {other} and a {}", outcome.as_str());
                Problem::error("audit.outcome", message).at(file, node.place);
            }
        }
        found.push((outcome, events));
    }
    fields.close();
    found
}

/// Names and patterns of event types; those that match none are noted.
fn patterns(file: &SourceFile, node: &Node, what: &str, catalog: &AppCatalog) -> Vec<String> {
    for item in node.items() {
        if let Yaml::String(pattern) = &item.value
            && !catalog.current_events().any(|event_type| name_matches(pattern, &event_type.name))
        {
            let names = catalog.current_events().map(|event_type| event_type.name.as_str());
            Problem::note("catalog.pattern-unmatched", format!("`{pattern}` matches no event type"))
                .maybe_hint(suggestion(pattern, names).filter(|_| !pattern.contains('*')))
                .at(file, item.place);
        }
    }
    read::strings(file, node, what).unwrap_or_default()
}

fn spans(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Vec<Span> {
    let items = read::sequence(file, node, "`spans`").unwrap_or_default();
    if let Some(item) = items.get(AUDIT_SPANS_MAX) {
        limit(file, item, &format!("an app has at most {AUDIT_SPANS_MAX} spans"));
    }
    items.iter().take(AUDIT_SPANS_MAX).filter_map(|node| span(file, node, catalog)).collect()
}

fn span(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Option<Span> {
    let mut fields = Fields::open(file, node, "a span")?;
    let start_node = fields.require("start");
    let start = start_node.and_then(|node| read::string(file, node, "`start`"));
    let end_node = fields.require("end");
    let end = end_node.and_then(|node| read::strings(file, node, "`end`"));
    fields.close();
    let known = |name: &str, node: &Node| {
        if catalog.event(name).is_none() {
            let names = catalog.current_events().map(|event_type| event_type.name.as_str());
            Problem::error("audit.span", format!("`{name}` is no event type"))
                .maybe_hint(suggestion(name, names))
                .at(file, node.place);
        }
    };
    let (start, end) = (start?, end?);
    if let Some(node) = start_node {
        known(&start, node);
    }
    for item in end_node.map(Node::items).unwrap_or_default() {
        let Yaml::String(name) = &item.value else { continue };
        known(name, item);
        if *name == start {
            Problem::error("audit.span", format!("`{name}` cannot end what it begins")).at(file, item.place);
        }
    }
    Some(Span { start, end })
}

fn durations(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Vec<DurationField> {
    const UNITS: [(&str, u32); 4] = [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000)];
    let entries = read::mapping(file, node, "`durations`").unwrap_or_default();
    if let Some((_, node)) = entries.get(AUDIT_FIELDS_MAX) {
        limit(file, node, &format!("at most {AUDIT_FIELDS_MAX} fields may be named here"));
    }
    let mut found = Vec::new();
    for (key, node) in entries.iter().take(AUDIT_FIELDS_MAX) {
        number(file, node, &key.text, catalog);
        if let Some(unit_us) = read::choice(file, node, "the unit", &UNITS) {
            found.push(DurationField { field: key.text.clone(), unit_us });
        }
    }
    found
}

fn attempts(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Vec<String> {
    if let Some(item) = node.items().get(AUDIT_FIELDS_MAX) {
        limit(file, item, &format!("at most {AUDIT_FIELDS_MAX} fields may be named here"));
    }
    for item in node.items() {
        if let Yaml::String(field) = &item.value {
            number(file, item, field, catalog);
        }
    }
    let mut fields = read::strings(file, node, "`attempts`").unwrap_or_default();
    fields.truncate(AUDIT_FIELDS_MAX);
    fields
}

/// Notes a field that is no number at the top of the data of any type, or that is sealed where it is.
fn number(file: &SourceFile, node: &Node, field: &str, catalog: &AppCatalog) {
    let wrong = |message: String| Problem::error("audit.field", message);
    let mut known: Vec<String> = Vec::new();
    let (mut found, mut sealed, mut other) = (false, false, false);
    for event_type in catalog.current_events() {
        let Some(data) = &event_type.data else { continue };
        let shape = Shape::of(&catalog.types, data);
        known.extend(shape.names().map(str::to_owned));
        let Some(schema) = shape.property(field) else { continue };
        found = true;
        sealed |= is_sealed(catalog, event_type, field);
        other |= !matches!(schema.get("type").and_then(|kind| kind.as_str()), Some("integer" | "number"));
    }
    let problem = if !found {
        wrong(format!("no event type has a field `{field}` at the top of its data"))
            .maybe_hint(suggestion(field, known.iter().map(String::as_str)))
    } else if sealed {
        wrong(format!("`{field}` is personal, so nothing is computed of it"))
    } else if other {
        wrong(format!("`{field}` is not a number wherever it is declared"))
    } else {
        return;
    };
    problem.at(file, node.place);
}

fn answers(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Option<Answers> {
    let mut fields = Fields::open(file, node, "an item of `answers`")?;
    let events = fields.require("events").map(|node| patterns(file, node, "`events`", catalog)).unwrap_or_default();
    let types: Vec<&EventType> =
        catalog.current_events().filter(|event_type| matches(&events, &event_type.name)).collect();
    let mut answered = Vec::new();
    for question in Question::ALL {
        let Some(node) = fields.get(question.as_str()) else { continue };
        if let Some(item) = node.items().get(AUDIT_FIELDS_MAX) {
            limit(file, item, &format!("at most {AUDIT_FIELDS_MAX} fields may be named here"));
        }
        for item in node.items() {
            if let Yaml::String(path) = &item.value
                && !types.is_empty()
                && !types.iter().any(|event_type| has_field(catalog, event_type, path))
            {
                let data = types.iter().filter_map(|event_type| event_type.data.as_ref());
                let shapes: Vec<Shape<'_>> = data.map(|data| Shape::of(&catalog.types, data)).collect();
                let names = shapes.iter().flat_map(Shape::names);
                Problem::error("audit.field", format!("none of these event types declares a field `{path}`"))
                    .maybe_hint(suggestion(path, names))
                    .at(file, item.place);
            }
        }
        let what = format!("`{}`", question.as_str());
        let mut paths = read::strings(file, node, &what).unwrap_or_default();
        paths.truncate(AUDIT_FIELDS_MAX);
        answered.push((question, paths));
    }
    fields.close();
    Some(Answers { events, fields: answered })
}

/// Event types that have no field for a question that each of them must answer.
fn required(file: &SourceFile, node: &Node, audit: &Audit, catalog: &AppCatalog) {
    for item in read::sequence(file, node, "`required`").unwrap_or_default() {
        let known = Question::ALL.map(|question| (question.as_str(), question));
        let Some(question) = read::choice(file, item, "a question", &known) else { continue };
        for event_type in catalog.current_events() {
            let fields = audit.fields(&event_type.name, question);
            if !fields.iter().any(|path| has_field(catalog, event_type, path)) {
                let message = format!("`{}` has no field that answers `{}`", event_type.name, question.as_str());
                Problem::error("audit.unanswered", message)
                    .hint("name one under `answers`, or declare one")
                    .at(file, item.place);
            }
        }
    }
}
