//! A catalogue for people: what an app sends, field by field, with examples and common workflows.

use std::fmt::Write as _;

use super::flows;
use super::model::{Declared, Model, Object, Property, Shape, Type};
use super::text;
use super::typescript::{about, format_in_words};
use crate::{
    AppCatalog, CategoryPii, DataMissing, EventType, Field, Signatures, Store, UnknownFields, UnknownTypes,
    WithoutConsent, diff, duration,
};

pub(super) fn emit(app: &AppCatalog, demo: Option<&str>) -> String {
    let model = Model::of(app);
    let mut out = format!("# Events of {}\n\n", plain(&app.title));
    let _ = writeln!(
        out,
        "Catalog `{}` {}, written by `daybook emit markdown --app {}`; changes belong in the catalog.",
        app.app, app.version, app.app
    );
    if let Some(description) = &app.description {
        let _ = writeln!(out, "\n{}", plain(description));
    }
    contents(&mut out, &model);
    envelope(&mut out, &model);
    categories(&mut out, app);
    workflows(&mut out, demo);
    out.push_str("\n## Event types\n");
    for category in &app.categories {
        let of_it = |declared: &&Declared<'_>| declared.event_type.category == category.name;
        for declared in model.current().filter(of_it) {
            event_type(&mut out, &model, declared);
        }
    }
    types(&mut out, &model);
    out
}

/// The event types by category, each with a link.
fn contents(out: &mut String, model: &Model<'_>) {
    for category in &model.app.categories {
        let of_it: Vec<&Declared<'_>> =
            model.current().filter(|declared| declared.event_type.category == category.name).collect();
        if of_it.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n**{}**\n", plain(&category.name));
        for declared in of_it {
            let EventType { name, description, deprecated, .. } = declared.event_type;
            let description = description.as_deref().map(|text| format!(": {}", plain(text))).unwrap_or_default();
            let gone = if deprecated.is_some() { " (deprecated)" } else { "" };
            let _ = writeln!(out, "- [`{name}`](#{}){gone}{description}", anchor(name));
        }
    }
}

fn envelope(out: &mut String, model: &Model<'_>) {
    let app = model.app;
    out.push_str("\n## The envelope\n\nWhere the app's events have the fields of Daybook's own form.\n\n");
    out.push_str("| field | lies at | written as | | meaning |\n| --- | --- | --- | --- | --- |\n");
    for spec in &app.dialect.fields {
        let mut notes = Vec::new();
        if spec.required {
            notes.push("required".to_owned());
        }
        notes.extend(spec.default.as_ref().map(|default| format!("default `{default}`")));
        let mut meaning = about(spec.field).to_owned();
        if !spec.values.is_empty() {
            let _ = write!(meaning, " One of {}.", codes(&spec.values));
        }
        if let Some(also) = &spec.also {
            let _ = write!(meaning, " May stand at `{}` instead.", also.join("."));
        }
        let _ = writeln!(
            out,
            "| `{}` | `{}` | {} | {} | {} |",
            spec.field,
            spec.path.join("."),
            spec.kind.as_str(),
            notes.join(", "),
            cell(&meaning)
        );
    }
    if let Some(variant) = &app.dialect.open_variant {
        let _ = writeln!(
            out,
            "\nTypes of plugins, and those that are not declared, are written as `{{\"{variant}\": \"name\"}}`."
        );
    }
    let fields = match app.unknown_fields {
        UnknownFields::Allow => "are kept",
        UnknownFields::Warn => "are kept, and the receipt warns of them",
        UnknownFields::Quarantine => "put the event into quarantine",
    };
    let types = match app.unknown_types {
        UnknownTypes::Quarantine => "put the event into quarantine",
        UnknownTypes::Keep { .. } => "are kept, and the receipt warns of them",
    };
    let _ = writeln!(out, "\nFields that are not declared {fields}. Types that are not declared {types}.");
    if app.signatures == Signatures::Required {
        let _ = writeln!(out, "\nEvents are signed by whoever acts, where a type does not say that they need not be.");
    }
}

fn categories(out: &mut String, app: &AppCatalog) {
    out.push_str(
        "\n## Categories\n\n| category | what belongs in it | events are kept | numbers are kept | people |\n",
    );
    out.push_str("| --- | --- | --- | --- | --- |\n");
    let kept = |time: Option<std::time::Duration>| time.map_or_else(|| "for ever".to_owned(), duration::format);
    for category in &app.categories {
        let people = match category.pii {
            CategoryPii::None => "are not named",
            CategoryPii::Logged => "are named",
            CategoryPii::Anonymise => "are named until the events go",
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {people} |",
            cell(&category.name),
            cell(category.description.as_deref().unwrap_or_default()),
            kept(category.retain),
            kept(category.aggregate_retain)
        );
    }
    if !app.consent.is_empty() {
        out.push_str("\n## Consent\n\n| purpose | what it allows | unasked | without it an event is |\n");
        out.push_str("| --- | --- | --- | --- |\n");
        for purpose in &app.consent {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                cell(&purpose.purpose),
                cell(purpose.description.as_deref().unwrap_or_default()),
                if purpose.default { "counts as given" } else { "counts as not given" },
                match purpose.without {
                    WithoutConsent::Anonymise => "kept without the person",
                    WithoutConsent::Drop => "refused",
                }
            );
        }
    }
}

fn workflows(out: &mut String, demo: Option<&str>) {
    let flows = demo.map(flows::read).unwrap_or_default();
    if flows.is_empty() {
        return;
    }
    out.push_str("\n## Workflows\n\nHow events commonly follow each other, as `daybook demo` plays them.\n");
    for flow in flows {
        let when = flow.when.map(|when| format!(" ({when})")).unwrap_or_default();
        let _ = write!(out, "\n### {}{when}\n\n```mermaid\n{}```\n", plain(&flow.name), flow.chart);
    }
}

fn event_type(out: &mut String, model: &Model<'_>, declared: &Declared<'_>) {
    let event_type = declared.event_type;
    let _ = writeln!(out, "\n### `{}`\n", event_type.name);
    if let Some(description) = &event_type.description {
        let _ = writeln!(out, "{}\n", plain(description));
    }
    if let Some(deprecated) = &event_type.deprecated {
        let since = deprecated.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
        let other =
            deprecated.use_instead.as_ref().map(|other| format!(": send [`{other}`](#{}) instead", anchor(other)));
        let _ = writeln!(out, "**Deprecated{since}**{}.\n", other.unwrap_or_default());
    }
    let _ = writeln!(out, "{}\n", facts(model.app, event_type));
    if let Some(trail) = trail(model.app, event_type) {
        let _ = writeln!(out, "{trail}\n");
    }
    match &declared.data {
        None => out.push_str("Its data may be anything.\n"),
        Some(data) => table(out, Some(event_type), data),
    }
    for example in &event_type.examples {
        let _ = write!(out, "\n```json\n{}```\n", text::json(example));
    }
    history(out, model, event_type);
}

/// What is done with events of a type, in a line.
fn facts(app: &AppCatalog, event_type: &EventType) -> String {
    let mut facts = vec![
        format!("version {}", event_type.version),
        format!("category {}", event_type.category),
        format!("priority {}", event_type.priority.as_str()),
    ];
    if !event_type.sources.is_empty() {
        facts.push(format!("from {}", event_type.sources.join(", ")));
    }
    if event_type.sampling.rate < 1.0 {
        facts.push(format!("a share of {} is kept", event_type.sampling.rate));
    }
    if event_type.store == Store::DailyCounts {
        facts.push("only counted by the day".to_owned());
    }
    if event_type.indexed {
        facts.push("indexed".to_owned());
    }
    for (what, list) in [("tags", &event_type.tags), ("counted by", &event_type.dimensions)] {
        if !list.is_empty() {
            facts.push(format!("{what} {}", codes(list)));
        }
    }
    if let Some(consent) = app.consent_of(event_type) {
        facts.push(format!("consent {}", consent.purpose));
    }
    if event_type.data_missing == DataMissing::Warn {
        facts.push("data may be missing".to_owned());
    }
    match event_type.signatures {
        Some(Signatures::Required) => facts.push("signed by whoever acts".to_owned()),
        Some(Signatures::Verified) if app.signatures == Signatures::Required => {
            facts.push("need not be signed".to_owned());
        }
        Some(Signatures::Verified) | None => {}
    }
    if !event_type.optional_envelope.is_empty() {
        let fields: Vec<String> = event_type.optional_envelope.iter().map(Field::to_string).collect();
        facts.push(format!("may lack {}", codes(&fields)));
    }
    let line = facts.join("; ");
    format!("{}.", line.replacen("version", "Version", 1))
}

/// What it says in a trace, and to an auditor.
fn trail(app: &AppCatalog, event_type: &EventType) -> Option<String> {
    let outcome =
        app.audit.traces.outcome(&event_type.name).map(|outcome| format!("In traces a {}.", outcome.as_str()));
    let answers = app.answers(event_type);
    let answers = answers.into_iter().map(|(question, fields)| {
        let fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        format!("{}: {}", question.as_str(), codes(&fields))
    });
    let answers: Vec<String> = answers.collect();
    let answers = (!answers.is_empty()).then(|| format!("To an auditor it says {}.", answers.join("; ")));
    let said: Vec<String> = outcome.into_iter().chain(answers).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The fields of an object; in one line where it is none.
fn table(out: &mut String, event_type: Option<&EventType>, ty: &Type) {
    let object = match &ty.shape {
        Shape::Object(object) => object,
        _ => {
            let _ = writeln!(out, "{}.", upper(&in_words(ty)));
            return;
        }
    };
    if !ty.limits.is_empty() {
        let _ = writeln!(out, "{}\n", text::limits(&ty.limits).unwrap_or_default());
    }
    if object.fields.is_empty() {
        out.push_str("It has no fields.\n");
    } else {
        out.push_str("| field | | type | meaning |\n| --- | --- | --- | --- |\n");
        rows(out, event_type, object, "", 0);
    }
    if object.others.is_some() {
        out.push_str("\nFurther fields are welcome.\n");
    }
}

fn rows(out: &mut String, event_type: Option<&EventType>, object: &Object, before: &str, depth: usize) {
    const DEPTH_MAX: usize = 6;
    for Property { name, required, deprecated, description, ty } in &object.fields {
        let path = format!("{before}{name}");
        let mut notes: Vec<&str> = Vec::new();
        notes.extend(required.then_some("required"));
        notes.extend(deprecated.then_some("deprecated"));
        let mut meaning = description.clone().unwrap_or_default();
        if let Some(pii) = event_type.and_then(|event_type| event_type.pii.get(&path)) {
            meaning = text::sentences(Some(&meaning), [format!("Personal: {}.", pii.as_str()).as_str()]);
        }
        let _ = writeln!(out, "| `{path}` | {} | {} | {} |", notes.join(", "), cell(&in_words(ty)), cell(&meaning));
        let inner = match &ty.shape {
            Shape::Object(object) => Some(object),
            Shape::List(items) | Shape::Map(items) => match &items.shape {
                Shape::Object(object) => Some(object),
                _ => None,
            },
            _ => None,
        };
        if let Some(inner) = inner.filter(|_| depth < DEPTH_MAX) {
            rows(out, event_type, inner, &format!("{path}."), depth + 1);
        }
    }
}

/// A type in words.
fn in_words(ty: &Type) -> String {
    let mut out = match &ty.shape {
        Shape::Any => "anything".to_owned(),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Integer => "whole number".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Text(None) => "text".to_owned(),
        Shape::Text(Some(format)) => format!("text ({format})"),
        Shape::Int64 | Shape::Decimal => format_in_words(ty).unwrap_or_default(),
        Shape::Choice(values) => {
            let values: Vec<String> =
                values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
            format!("one of {}", codes(&values))
        }
        Shape::List(items) => format!("list: {}", in_words(items)),
        Shape::Map(values) => match in_words(values).as_str() {
            "anything" => "object".to_owned(),
            values => format!("object, each value: {values}"),
        },
        Shape::Object(_) => "object".to_owned(),
        Shape::Named(name) => format!("[{name}](#type-{})", anchor(name)),
        Shape::Union(types) => types.iter().map(in_words).collect::<Vec<_>>().join(" or "),
    };
    if ty.nullable {
        out.push_str(", or null");
    }
    if !ty.limits.is_empty() {
        let _ = write!(out, "; {}", ty.limits.join(", "));
    }
    out
}

/// What changed from version to version.
fn history(out: &mut String, model: &Model<'_>, event_type: &EventType) {
    let versions = model.app.versions(&event_type.name);
    for pair in versions.windows(2).rev() {
        let [before, now] = pair else { continue };
        let part = diff::compare((model.app, before), (model.app, now));
        let _ = writeln!(out, "\nFrom {} to {}:\n", before.version, now.version);
        for change in &part.changes {
            let _ = writeln!(out, "- {}: `{}` {}", change.class, change.path, plain(&change.message));
        }
    }
}

fn types(out: &mut String, model: &Model<'_>) {
    if model.types.is_empty() {
        return;
    }
    out.push_str("\n## Types\n");
    for named in &model.types {
        let _ = writeln!(out, "\n<a id=\"type-{}\"></a>\n\n### {}\n", anchor(&named.name), plain(&named.name));
        if let Some(description) = &named.description {
            let _ = writeln!(out, "{}\n", plain(description));
        }
        table(out, None, &named.ty);
    }
}

/// What a heading of code is linked by, as GitHub makes it.
fn anchor(name: &str) -> String {
    let kept = name.chars().filter(|char| char.is_alphanumeric() || matches!(char, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

fn codes(list: &[String]) -> String {
    list.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

/// Running text on one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('<', "&lt;")
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| format!("{}{}", first.to_uppercase(), chars.as_str())).unwrap_or_default()
}
