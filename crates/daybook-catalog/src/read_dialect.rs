//! The `dialect` of `catalog.yaml`.

use std::str::FromStr;

use crate::read::{self, Fields};
use crate::source::{Problem, SourceFile, suggestion};
use crate::yaml::Node;
use crate::{As, Dialect, Field, FieldSpec};

/// Reads a dialect and checks it in itself: known fields, no place used twice, a name and somewhere to put the data.
pub(crate) fn read(file: &SourceFile, node: &Node) -> Option<Dialect> {
    let entries = read::mapping(file, node, "`dialect`")?;
    let mut dialect = Dialect { fields: Vec::with_capacity(entries.len()), open_variant: None };
    let mut places = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let Ok(field) = Field::from_str(&key.text) else {
            Problem::error("dialect.unknown-field", format!("the envelope has no field `{}`", key.text))
                .maybe_hint(
                    suggestion(&key.text, Field::ALL.map(Field::as_str))
                        .or_else(|| Some(format!("the fields are {}", Field::ALL.map(Field::as_str).join(", ")))),
                )
                .at(file, key.place);
            continue;
        };
        if let Some(spec) = field_spec(file, node, field, &mut dialect.open_variant) {
            dialect.fields.push(spec);
            places.push(node);
        }
    }
    if !entries.iter().any(|(key, _)| key.text == Field::Name.as_str()) {
        Problem::error("dialect.missing-name", "the dialect does not say where an event's name is")
            .hint("add name: {path: …}")
            .at(file, node.place);
    }
    check_places(file, &dialect, &places);
    Some(dialect)
}

fn field_spec(file: &SourceFile, node: &Node, field: Field, open_variant: &mut Option<String>) -> Option<FieldSpec> {
    let mut fields = Fields::open(file, node, "a dialect field")?;
    let path = fields.require("path").and_then(|node| path(file, node));
    let kind_node = fields.get("as");
    let required = fields.get("required").and_then(|node| read::boolean(file, node, "`required`"));
    let default_node = fields.get("default");
    let default = default_node.and_then(|node| read::string(file, node, "`default`"));
    let values = fields.get("enum").and_then(|node| read::strings(file, node, "`enum`")).unwrap_or_default();
    let also_node = fields.get("also");
    let also = also_node.and_then(|node| self::path(file, node));
    let open_node = fields.get("open-variant");
    let open = open_node.and_then(|node| read::string(file, node, "`open-variant`"));
    fields.close();

    let kind = kind_node.and_then(|node| kind(file, node, field)).unwrap_or(field.natural_kind());
    match open_node {
        Some(node) if field != Field::Name => {
            Problem::error("dialect.open-variant", "only `name` has an open variant").at(file, node.place);
        }
        _ => *open_variant = open.or(open_variant.take()),
    }
    for (node, option) in [(default_node, "default"), (also_node, "also")] {
        if let Some(node) = node
            && (field.natural_kind() != As::String || field == Field::Name)
        {
            Problem::error("dialect.option", format!("`{field}` cannot have `{option}`")).at(file, node.place);
        }
    }
    if !values.is_empty()
        && let (Some(default), Some(node)) = (&default, default_node)
        && !values.contains(default)
    {
        Problem::error("dialect.default", format!("the default `{default}` is not one of the values of `enum`"))
            .at(file, node.place);
    }
    let required = required.unwrap_or(field == Field::Name);
    Some(FieldSpec { field, path: path?, also, kind, required, default, values })
}

fn kind(file: &SourceFile, node: &Node, field: Field) -> Option<As> {
    const KINDS: [(&str, As); 4] =
        [("string", As::String), ("integer", As::Integer), ("uuid", As::Uuid), ("object-id", As::ObjectId)];
    let kind = read::choice(file, node, "`as`", &KINDS)?;
    if !field.is_identifier() {
        Problem::error("dialect.as", format!("the type of `{field}` cannot be chosen")).at(file, node.place);
        return None;
    }
    if field == Field::Id && kind == As::Integer {
        Problem::error("dialect.as", "an event's id is a string, a uuid or an object-id").at(file, node.place);
        return None;
    }
    Some(kind)
}

/// A dotted path into an event.
fn path(file: &SourceFile, node: &Node) -> Option<Vec<String>> {
    let text = read::string(file, node, "the path")?;
    let segments: Vec<String> = text.split('.').map(str::to_owned).collect();
    if segments.iter().any(String::is_empty) {
        Problem::error("dialect.path", format!("`{text}` is not a path"))
            .hint("names with points between them, such as metadata.source")
            .at(file, node.place);
        return None;
    }
    Some(segments)
}

/// No two fields in one place, none inside another but inside the metadata, and `also` only inside the data.
fn check_places(file: &SourceFile, dialect: &Dialect, nodes: &[&Node]) {
    for (index, (spec, node)) in dialect.fields.iter().zip(nodes).enumerate() {
        let place = node.locate("/path");
        for other in dialect.fields.iter().take(index) {
            if other.path == spec.path {
                let message = format!("`{}` and `{}` have the same path", other.field, spec.field);
                Problem::error("dialect.duplicate-path", message).at(file, place);
                continue;
            }
            let (outer, inner) = if spec.path.starts_with(&other.path) {
                (other, spec)
            } else if other.path.starts_with(&spec.path) {
                (spec, other)
            } else {
                continue;
            };
            if outer.field != Field::Metadata {
                let message = format!("the path of `{}` lies inside that of `{}`", inner.field, outer.field);
                Problem::error("dialect.path-prefix", message)
                    .hint("only `metadata` may contain other fields; a copy inside the data is named with `also`")
                    .at(file, place);
            }
        }
        let inside_data = |path: &Vec<String>| {
            dialect
                .field(Field::Data)
                .is_some_and(|data| path.len() == data.path.len() + 1 && path.starts_with(&data.path))
        };
        if let Some(also) = &spec.also
            && !inside_data(also)
        {
            Problem::error("dialect.also", format!("`{}` is not a property of the data", also.join(".")))
                .hint("the path of `data`, a point, and a property")
                .at(file, node.locate("/also"));
        }
    }
}
