//! TypeScript: types of the data of every event type, and of events in the app's own form.

use std::fmt::Write as _;

use super::model::{Declared, Model, Object, Place, Property, Shape, Type};
use super::text;
use crate::{AppCatalog, As, DataMissing, Field, FieldSpec, Store, UnknownTypes};

const INDENT: &str = "  ";

pub(super) fn emit(app: &AppCatalog) -> String {
    let model = Model::of(app);
    let mut out = text::comment("// ", &format!("Events of {}, catalog {} {}.", app.title, app.app, app.version));
    out.push_str(&text::comment(
        "// ",
        &format!("Written by `daybook emit typescript --app {}`; changes belong in the catalog.", app.app),
    ));
    out.push_str("//\n");
    out.push_str(&text::comment(
        "// ",
        "What types cannot say (bounds, patterns, formats) stands in the comments; Daybook checks it. Numbers of the \
         formats decimal and int64 may be text as well, as a double cannot hold them all.",
    ));
    if let UnknownTypes::Keep { .. } = app.unknown_types {
        out.push_str(&text::comment("// ", "Events of types that are not declared here are kept too, with a warning."));
    }
    for named in &model.types {
        out.push('\n');
        document(&mut out, "", named.description.as_deref(), &named.ty.limits, &[]);
        declare(&mut out, &model, &named.type_name, &named.ty);
    }
    for declared in &model.events {
        out.push('\n');
        data(&mut out, &model, declared);
    }
    index(&mut out, &model);
    events(&mut out, &model);
    out
}

fn data(out: &mut String, model: &Model<'_>, declared: &Declared<'_>) {
    let event_type = declared.event_type;
    let title = format!("Data of `{}` {}.", event_type.name, event_type.version);
    let mut more = vec![format!("Category {}, priority {}.", event_type.category, event_type.priority)];
    if event_type.store == Store::DailyCounts {
        more.push("Only counted by the day.".to_owned());
    }
    if event_type.data_missing == DataMissing::Warn {
        more.push("May be missing, with a warning.".to_owned());
    }
    let mut deprecated = String::new();
    if let Some(note) = &event_type.deprecated {
        deprecated = note
            .use_instead
            .as_ref()
            .map_or_else(|| "@deprecated".to_owned(), |other| format!("@deprecated Send `{other}` instead."));
    }
    let limits = declared.data.as_ref().map(|data| data.limits.clone()).unwrap_or_default();
    let description = text::sentences(
        Some(&title),
        event_type.description.as_deref().into_iter().chain(more.iter().map(String::as_str)),
    );
    let notes: Vec<&str> = Some(deprecated.as_str()).filter(|note| !note.is_empty()).into_iter().collect();
    document(out, "", Some(&description), &limits, &notes);
    match &declared.data {
        None => {
            let _ = writeln!(out, "export type {} = Record<string, unknown>;", declared.data_name);
        }
        Some(Type { shape: Shape::Object(object), .. }) => {
            let _ = writeln!(out, "export interface {} {{", declared.data_name);
            fields(out, model, object, INDENT, Some(declared));
            out.push_str("}\n");
        }
        Some(data) => declare(out, model, &declared.data_name, data),
    }
}

/// Names of event types to their data.
fn index(out: &mut String, model: &Model<'_>) {
    out.push_str(
        "\n/** The data of the current version of every event type, by its name. */\nexport interface EventData {\n",
    );
    for declared in model.current() {
        let _ = writeln!(out, "{INDENT}{}: {};", text::quoted(&declared.event_type.name), declared.data_name);
    }
    out.push_str("}\n\n/** The names of the event types. */\nexport type EventName = keyof EventData;\n");
    if model.events.iter().any(|declared| !declared.current) {
        out.push_str(
            "\n/** The data of every version, by name and version. */\nexport interface EventDataByVersion {\n",
        );
        for declared in &model.events {
            let key = format!("{}@{}", declared.event_type.name, declared.event_type.version);
            let _ = writeln!(out, "{INDENT}{}: {};", text::quoted(&key), declared.data_name);
        }
        out.push_str("}\n");
    }
}

/// An event in the app's own form.
fn events(out: &mut String, model: &Model<'_>) {
    if let Some(variant) = &model.app.dialect.open_variant {
        let plugins: Vec<String> = model
            .current()
            .filter(|declared| declared.event_type.plugin.is_some())
            .map(|declared| text::quoted(&declared.event_type.name))
            .collect();
        let plugins = if plugins.is_empty() { "never".to_owned() } else { plugins.join(" | ") };
        let _ = writeln!(out, "\n/** Event types that plugins add; they are written as an object of one member. */");
        let _ = writeln!(out, "export type PluginEventName = {plugins};");
        let _ = writeln!(out, "\n/** A name as it is written. */");
        let _ = writeln!(
            out,
            "export type WrittenName<N extends EventName> = N extends PluginEventName ? {{ {variant}: N }} : N;"
        );
    }
    out.push_str(
        "\n/** An event of one type, as the app writes it. */\nexport interface EventOf<N extends EventName> {\n",
    );
    envelope(out, model, &model.envelope, INDENT);
    out.push_str("}\n\n/** Any event of a declared type; its name tells which one. */\n");
    out.push_str("export type Event = { [N in EventName]: EventOf<N> }[EventName];\n");
}

fn envelope(out: &mut String, model: &Model<'_>, places: &[Place<'_>], indent: &str) {
    for place in places {
        let mut limits = Vec::new();
        if let Some(spec) = place.spec {
            limits.extend(kind_in_words(spec));
            limits.extend(spec.default.as_ref().map(|default| format!("`{default}` where it is missing")));
            let optional: Vec<&str> = model
                .current()
                .filter(|declared| declared.event_type.optional_envelope.contains(&spec.field))
                .map(|declared| declared.event_type.name.as_str())
                .collect();
            if !optional.is_empty() {
                limits.push(format!("may be missing in {}", optional.join(", ")));
            }
        }
        let what = place.spec.map(|spec| about(spec.field).to_owned());
        document(out, indent, what.as_deref(), &limits, &[]);
        let optional = place.spec.is_some_and(|spec| {
            model.current().any(|declared| declared.event_type.optional_envelope.contains(&spec.field))
        });
        let data = place.is(Field::Data);
        let required = if data {
            place.required() || model.current().all(Declared::data_required)
        } else {
            place.required()
                && !optional
                && place.spec.is_none_or(|spec| spec.default.is_none() || !place.inside.is_empty())
        };
        let mark = if required { "" } else { "?" };
        let null = if required { "" } else { " | null" };
        let _ = write!(out, "{indent}{}{mark}: ", key(&place.name));
        if place.inside.is_empty() {
            let written = match place.spec {
                Some(spec) => field_type(model, spec),
                None => "Record<string, unknown>".to_owned(),
            };
            let _ = writeln!(out, "{written}{null};");
        } else {
            out.push_str("{\n");
            let inner = format!("{indent}{INDENT}");
            envelope(out, model, &place.inside, &inner);
            if place.spec.is_some() {
                let _ = writeln!(out, "{inner}[field: string]: unknown;");
            }
            let _ = writeln!(out, "{indent}}}{null};");
        }
    }
}

/// What a canonical field of the envelope is.
pub(super) const fn about(field: Field) -> &'static str {
    match field {
        Field::Id => "The event's id.",
        Field::Name => "The event type.",
        Field::Version => "The version of the event type.",
        Field::Time => "When it happened.",
        Field::Category => "The category.",
        Field::Priority => "How much it matters.",
        Field::Source => "The part of the app that sent it.",
        Field::Platform => "The platform the person used.",
        Field::Environment => "Where it ran: production, staging, …",
        Field::Identity => "The person.",
        Field::AnonymousId => "The person, by a name that tells nothing.",
        Field::Session => "The session.",
        Field::Group => "The tenant, community or workspace.",
        Field::ActorType => "The kind of actor.",
        Field::ActorId => "The actor.",
        Field::Correlation => "The workflow it belongs to.",
        Field::Causation => "The event that caused it.",
        Field::Request => "The request, for tracing.",
        Field::Tags => "Tags.",
        Field::Data => "What the event type's schema describes.",
        Field::Metadata => "What else came with the event.",
    }
}

/// What a field of the envelope must look like beyond its type.
pub(super) fn kind_in_words(spec: &FieldSpec) -> Option<String> {
    Some(match spec.kind {
        As::Uuid => "a UUID".to_owned(),
        As::ObjectId => "a MongoDB ObjectId, 24 hexadecimal digits".to_owned(),
        As::Time => "date and time of RFC 3339".to_owned(),
        As::Integer => "a whole number".to_owned(),
        As::String | As::Object => return None,
    })
}

fn field_type(model: &Model<'_>, spec: &FieldSpec) -> String {
    match spec.field {
        Field::Name if model.app.dialect.open_variant.is_some() => "WrittenName<N>".to_owned(),
        Field::Name => "N".to_owned(),
        Field::Data => "EventData[N]".to_owned(),
        Field::Tags => "Record<string, string>".to_owned(),
        _ if !spec.values.is_empty() => {
            spec.values.iter().map(|value| text::quoted(value)).collect::<Vec<_>>().join(" | ")
        }
        _ => match spec.kind {
            As::Integer => "number".to_owned(),
            As::Object => "Record<string, unknown>".to_owned(),
            As::String | As::Uuid | As::ObjectId | As::Time => "string".to_owned(),
        },
    }
}

fn declare(out: &mut String, model: &Model<'_>, name: &str, ty: &Type) {
    if let (Shape::Object(object), false) = (&ty.shape, ty.nullable) {
        let _ = writeln!(out, "export interface {name} {{");
        fields(out, model, object, INDENT, None);
        out.push_str("}\n");
    } else {
        let _ = writeln!(out, "export type {name} = {};", written(model, ty, ""));
    }
}

fn fields(out: &mut String, model: &Model<'_>, object: &Object, indent: &str, declared: Option<&Declared<'_>>) {
    for field in &object.fields {
        let Property { name, required, deprecated, description, ty } = field;
        let mut limits = format_in_words(ty).into_iter().chain(ty.limits.iter().cloned()).collect::<Vec<_>>();
        limits.extend(
            declared.and_then(|declared| declared.personal(name)).map(|pii| format!("personal ({})", pii.as_str())),
        );
        let notes: &[&str] = if *deprecated { &["@deprecated"] } else { &[] };
        document(out, indent, description.as_deref(), &limits, notes);
        let mark = if *required { "" } else { "?" };
        let _ = writeln!(out, "{indent}{}{mark}: {};", key(name), written(model, ty, indent));
    }
    if object.others.is_some() {
        document(out, indent, Some("Further fields."), &[], &[]);
        let _ = writeln!(out, "{indent}[field: string]: unknown;");
    }
}

/// The format of text, which has no type of its own.
pub(super) fn format_in_words(ty: &Type) -> Option<String> {
    match &ty.shape {
        Shape::Text(Some(format)) => Some(format!("of the format {format}")),
        Shape::Int64 => Some("a whole number of 64 bits, or the same as text".to_owned()),
        Shape::Decimal => Some("a number, or the same as text, of up to 28 digits".to_owned()),
        Shape::Integer => Some("a whole number".to_owned()),
        _ => None,
    }
}

fn written(model: &Model<'_>, ty: &Type, indent: &str) -> String {
    let plain = match &ty.shape {
        Shape::Any => return "unknown".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Integer | Shape::Number => "number".to_owned(),
        Shape::Int64 | Shape::Decimal => "number | string".to_owned(),
        Shape::Text(_) => "string".to_owned(),
        Shape::Choice(values) if values.is_empty() && ty.nullable => return "null".to_owned(),
        Shape::Choice(values) if values.is_empty() => "never".to_owned(),
        Shape::Choice(values) => {
            let literal = |value: &serde_json::Value| {
                if value.is_object() || value.is_array() { "unknown".to_owned() } else { value.to_string() }
            };
            values.iter().map(literal).collect::<Vec<_>>().join(" | ")
        }
        Shape::List(items) => format!("Array<{}>", written(model, items, indent)),
        Shape::Map(values) => format!("Record<string, {}>", written(model, values, indent)),
        Shape::Named(name) => model.named(name).map_or_else(|| "unknown".to_owned(), |named| named.type_name.clone()),
        Shape::Union(types) => types.iter().map(|ty| written(model, ty, indent)).collect::<Vec<_>>().join(" | "),
        Shape::Object(object) => {
            let inner = format!("{indent}{INDENT}");
            let mut body = String::from("{\n");
            fields(&mut body, model, object, &inner, None);
            let _ = write!(body, "{indent}}}");
            body
        }
    };
    if ty.nullable { format!("{plain} | null") } else { plain }
}

/// A comment before a declaration; nothing where there is nothing to say.
fn document(out: &mut String, indent: &str, description: Option<&str>, limits: &[String], notes: &[&str]) {
    let limits = text::limits(limits);
    let said = text::sentences(description, limits.as_deref());
    if said.is_empty() && notes.is_empty() {
        return;
    }
    let safe = said.replace("*/", "*\\/");
    let lines = text::comment(&format!("{indent} * "), &safe);
    if lines.lines().count() == 1 && notes.is_empty() {
        let _ = writeln!(out, "{indent}/** {} */", lines.trim_start_matches([' ', '*']).trim_end());
        return;
    }
    let _ = writeln!(out, "{indent}/**");
    out.push_str(&lines);
    for note in notes {
        let _ = writeln!(out, "{indent} * {}", note.replace("*/", "*\\/"));
    }
    let _ = writeln!(out, "{indent} */");
}

/// A property's name, in quotes where it is no identifier.
fn key(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if first && chars.all(|char| char.is_ascii_alphanumeric() || char == '_') {
        name.to_owned()
    } else {
        text::quoted(name)
    }
}
