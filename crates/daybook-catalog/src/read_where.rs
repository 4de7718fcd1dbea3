//! The `where` of a consumer: what the data of an event must be, as one JSON Schema.

use serde_json::{Map, Value, json};

use crate::AppCatalog;
use crate::limits::{CONDITION_DEPTH_MAX, CONDITION_FIELDS_MAX, CONDITION_VALUES_MAX};
use crate::read;
use crate::source::{Place, Problem, SourceFile};
use crate::yaml::{Node, Yaml};

/// What is wanted of one field.
pub(crate) struct Condition<'f> {
    /// The field, a dotted path into the data.
    pub(crate) path: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// What is wanted, as written.
    pub(crate) node: &'f Node,
    /// The same as a JSON Schema, its references those of the catalog.
    pub(crate) schema: Value,
}

/// Reads `where`: the fields, and the one schema that asks for all of them.
pub(crate) fn conditions<'f>(
    file: &'f SourceFile,
    node: &'f Node,
    catalog: Option<&AppCatalog>,
) -> (Vec<Condition<'f>>, Option<Value>) {
    let Some(entries) = read::mapping(file, node, "`where`") else { return Default::default() };
    if entries.is_empty() {
        wrong("`where` names no field").hint("leave it out").at(file, node.place);
    }
    if let Some((key, _)) = entries.get(CONDITION_FIELDS_MAX) {
        Problem::error("catalog.limit", format!("`where` names at most {CONDITION_FIELDS_MAX} fields"))
            .at(file, key.place);
        return Default::default();
    }
    let mut found: Vec<Condition<'f>> = Vec::new();
    for (key, node) in entries {
        let path = &key.text;
        if path.split('.').any(str::is_empty) || path.split('.').count() > CONDITION_DEPTH_MAX {
            wrong(format!("`{}` is no path to a field", path.escape_debug()))
                .hint(format!("at most {CONDITION_DEPTH_MAX} names between points, such as place.depot"))
                .at(file, key.place);
        } else if let Some(other) = found.iter().find(|other| overlap(&other.path, path)) {
            wrong(format!("`{path}` and `{}` lie in one another", other.path))
                .hint("say all of it in the schema of the outer one")
                .at(file, key.place);
        } else if let Some(schema) = wanted(file, node) {
            found.push(Condition { path: path.clone(), place: key.place, node, schema });
        }
    }
    let fields: Vec<(&str, &Value)> = found.iter().map(|found| (found.path.as_str(), &found.schema)).collect();
    let whole = catalog.filter(|_| !fields.is_empty()).map(|catalog| catalog.acceptance(&object(&fields)));
    (found, whole)
}

/// What is said of a field, as a schema: the value itself, one of a list, or the schema as written.
fn wanted(file: &SourceFile, node: &Node) -> Option<Value> {
    match &node.value {
        Yaml::Invalid => None,
        Yaml::Mapping(_) => Some(node.to_json()),
        Yaml::Sequence(items) if items.is_empty() => {
            wrong("no value is one of none").hint("name values, or leave the field out").at(file, node.place);
            None
        }
        Yaml::Sequence(items) if items.len() > CONDITION_VALUES_MAX => {
            Problem::error("catalog.limit", format!("a field is one of at most {CONDITION_VALUES_MAX} values"))
                .at(file, node.place);
            None
        }
        Yaml::Sequence(_) => Some(json!({"enum": node.to_json()})),
        _ => Some(json!({"const": node.to_json()})),
    }
}

/// Whether one path is the other, or leads into it.
fn overlap(one: &str, other: &str) -> bool {
    one.split('.').zip(other.split('.')).all(|(one, other)| one == other)
}

/// The schema of an object in which every one of these fields is required.
fn object(fields: &[(&str, &Value)]) -> Value {
    let mut properties = Map::new();
    for (path, schema) in fields {
        let name = path.split_once('.').map_or(*path, |(name, _)| name);
        if properties.contains_key(name) {
            continue;
        }
        let inside: Vec<(&str, &Value)> =
            fields.iter().filter_map(|(path, schema)| Some((inner(path, name)?, *schema))).collect();
        let property = if inside.is_empty() { (*schema).clone() } else { object(&inside) };
        properties.insert(name.to_owned(), property);
    }
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// What is left of a path inside the object of this name.
fn inner<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    path.strip_prefix(name)?.strip_prefix('.')
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::error("consumer.where", message)
}
