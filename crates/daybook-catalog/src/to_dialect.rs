//! Canonical events in their app's own form.

use std::borrow::Cow;
use std::fmt;

use daybook_event::json::{ObjectWriter, write_string};
use daybook_event::{Event, Priority};
use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{AppCatalog, As, Dialect, Field, FieldSpec};

/// Appends `event` as the app itself writes it: every field at its path and in its own type. Fields without a value are
/// left out, and so is one whose copy in the data says the same. What the event has beyond the dialect's fields stands in
/// the metadata, or beside the fields where the dialect has no place for metadata.
pub fn render(event: &Event<'_>, dialect: &Dialect, app: &AppCatalog, out: &mut Vec<u8>) {
    if *dialect == Dialect::canonical() {
        event.write_json(out);
        return;
    }
    // At the outside in every dialect, where it is read.
    let outside = ["signature".to_owned()];
    let mut parts: Vec<Part<'_>> = Vec::with_capacity(dialect.fields.len() + 1);
    for spec in &dialect.fields {
        if let Some(content) = content(event, dialect, app, spec) {
            parts.push(Part { path: &spec.path, content });
        }
    }
    if let Some(jws) = event.jws()
        && dialect.fields.iter().all(|spec| spec.path.first() != outside.first())
    {
        parts.push(Part { path: &outside, content: Content::Text(Cow::Borrowed(jws)) });
    }
    let homeless = if dialect.field(Field::Metadata).is_none() { event.metadata.as_ref() } else { "" };
    write_level(&parts.iter().collect::<Vec<_>>(), 0, homeless, out);
}

/// A value and where it goes.
struct Part<'e> {
    path: &'e [String],
    content: Content<'e>,
}

enum Content<'e> {
    /// A string.
    Text(Cow<'e, str>),
    /// JSON as it stands.
    Json(&'e str),
    /// A string wrapped in an object of one member.
    Variant(&'e str, &'e str),
    /// An object of strings.
    Tags(&'e [(Cow<'e, str>, Cow<'e, str>)]),
}

fn content<'e>(
    event: &'e Event<'_>,
    dialect: &'e Dialect,
    app: &AppCatalog,
    spec: &'e FieldSpec,
) -> Option<Content<'e>> {
    let optional = |value: &'e Option<Cow<'_, str>>| value.as_deref();
    let text: &'e str = match spec.field {
        Field::Id => {
            let id = if spec.kind == As::Uuid && event.original_id.is_none() {
                event.id.to_string()
            } else {
                event.app_id()
            };
            return Some(Content::Text(Cow::Owned(id)));
        }
        Field::Name => {
            let open = || app.event(&event.name).is_none_or(|event_type| event_type.plugin.is_some());
            return Some(match &dialect.open_variant {
                Some(variant) if open() => Content::Variant(variant, &event.name),
                _ => Content::Text(Cow::Borrowed(&event.name)),
            });
        }
        Field::Time => return Some(Content::Text(Cow::Owned(event.time.to_string()))),
        Field::Tags => return (!event.tags.is_empty()).then_some(Content::Tags(&event.tags)),
        Field::Data => return (!event.data.is_empty()).then_some(Content::Json(&event.data)),
        Field::Metadata => return (!event.metadata.is_empty()).then_some(Content::Json(&event.metadata)),
        Field::Version => &event.version,
        Field::Category => &event.category,
        Field::Priority => Priority::as_str(event.priority),
        Field::Source => optional(&event.source)?,
        Field::Platform => optional(&event.platform)?,
        Field::Environment => optional(&event.environment)?,
        Field::Identity => optional(&event.identity)?,
        Field::AnonymousId => optional(&event.anonymous_id)?,
        Field::Session => optional(&event.session)?,
        Field::Group => optional(&event.group)?,
        Field::ActorType => optional(&event.actor.as_ref()?.kind)?,
        Field::ActorId => optional(&event.actor.as_ref()?.id)?,
        Field::Correlation => optional(&event.correlation)?,
        Field::Causation => optional(&event.causation)?,
        Field::Request => optional(&event.request)?,
    };
    if let Some([.., property]) = spec.also.as_deref()
        && says_the_same(&event.data, property, text)
    {
        return None;
    }
    // Only what reads back as the same text is an integer: "007" stays a string.
    let is_integer = spec.kind == As::Integer && text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
    Some(if is_integer { Content::Json(text) } else { Content::Text(Cow::Borrowed(text)) })
}

/// Whether the data has a property that says what the envelope's field does.
fn says_the_same(data: &str, property: &str, text: &str) -> bool {
    if !data.contains(property) {
        return false;
    }
    members(data).iter().filter(|(name, _)| name == property).any(|(_, value)| {
        let json = value.get();
        json == text
            || (json.starts_with('"') && serde_json::from_str::<Cow<'_, str>>(json).is_ok_and(|own| own == text))
    })
}

/// Writes the object whose members are the paths' segments at `depth`, then the members of `joined` (the text of an
/// object) that have no part of their own.
fn write_level(parts: &[&Part<'_>], depth: usize, joined: &str, out: &mut Vec<u8>) {
    let mut object = ObjectWriter::open(out);
    let mut written: Vec<&str> = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let Some(key) = part.path.get(depth).map(String::as_str).filter(|key| !written.contains(key)) else { continue };
        written.push(key);
        object.field(key);
        let together = parts
            .get(index..)
            .unwrap_or_default()
            .iter()
            .filter(|other| other.path.get(depth).is_some_and(|own| own == key));
        let below: Vec<&Part<'_>> = together.clone().filter(|other| other.path.len() > depth + 1).copied().collect();
        // The part that lies at this very place; with others below it, it is the metadata, which they join.
        match together.clone().find(|other| other.path.len() == depth + 1).map(|other| &other.content) {
            Some(content) if below.is_empty() => write_content(content, object.out),
            Some(Content::Json(json)) => write_level(&below, depth + 1, json, object.out),
            _ => write_level(&below, depth + 1, "", object.out),
        }
    }
    for (name, value) in members(joined).iter().filter(|(name, _)| !written.contains(&name.as_ref())) {
        object.raw(name, value.get());
    }
    object.close();
}

fn write_content(content: &Content<'_>, out: &mut Vec<u8>) {
    match content {
        Content::Text(text) => write_string(out, text),
        Content::Json(json) => out.extend_from_slice(json.as_bytes()),
        Content::Variant(variant, name) => {
            let mut object = ObjectWriter::open(out);
            object.string(variant, name);
            object.close();
        }
        Content::Tags(tags) => {
            let mut object = ObjectWriter::open(out);
            tags.iter().for_each(|(key, value)| object.string(key, value));
            object.close();
        }
    }
}

/// The members of the object a JSON text holds, their values as they are written; none of anything else.
fn members(json: &str) -> Vec<(Cow<'_, str>, &RawValue)> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((Name(name), value)) = map.next_entry()? {
                members.push((name, value));
            }
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(json).deserialize_map(Members).unwrap_or_default()
}

/// A member's name, borrowed where it is written without escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests;
