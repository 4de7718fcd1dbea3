//! Schemas are JSON Schema 2020-12, refer to what exists, and describe their own examples.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::graph::{Extent, Graph};
use super::{App, Header, consumers, examples, personal};
use crate::limits::TYPES_MAX;
use crate::read_collections::Kept;
use crate::read_consumers::Listed;
use crate::read_events::Declared;
use crate::read_where::Condition;
use crate::schema::{
    SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS, Shape, TYPES_PREFIX, resolve, validation_options, visit,
};
use crate::source::{Place, Problem, SourceFile, suggestion};
use crate::yaml::{Key, Node, Yaml};

const DIALECT_URI: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords without schemas in them.
const PLAIN_KEYWORDS: [&str; 33] = [
    "$comment",
    "$ref",
    "$schema",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];
/// Keywords that give schemas other names or let them be changed from afar.
const UNSUPPORTED_KEYWORDS: [&str; 8] =
    ["$defs", "$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef", "$vocabulary"];
/// What `type` may say.
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
/// Formats that are asserted.
const FORMATS: [&str; 20] = [
    "date",
    "date-time",
    "decimal",
    "duration",
    "email",
    "hostname",
    "int64",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "object-id",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

pub(super) fn lint(app: &App<'_>) {
    let no_types = Map::new();
    let types = app.header.as_ref().map_or(&no_types, |header| &header.catalog.types);
    if types.len() > TYPES_MAX {
        if let Some(Header { file, .. }) = &app.header {
            let place = file.root.as_ref().map_or(Place::START, |root| root.locate("/types"));
            Problem::error("catalog.limit", format!("an app has at most {TYPES_MAX} named types")).at(file, place);
        }
        return;
    }
    let mut graph = Graph::new(types);
    let mut types_sound = true;
    if let Some(header) = &app.header
        && let Some(node) = header.file.root.as_ref().and_then(|root| root.get("types"))
    {
        for (key, node) in node.entries() {
            types_sound &= named_type(header.file, key, node, &graph);
        }
    }
    for declared in &app.declared {
        let Declared { event_type, file, node } = declared;
        let (Some(schema), Some(data)) = (&event_type.data, node.get("data")) else { continue };
        if !(Schema { file, node: data, schema, types }).lint() {
            continue;
        }
        must_be_object(file, data, schema, types);
        if types_sound
            && is_bounded(file, data.place, graph.extent(schema))
            && let Some(header) = &app.header
        {
            examples::lint(&header.catalog, declared, data);
            personal::lint(&header.catalog, declared);
        }
    }
    for Kept { collection, file, data } in &app.kept {
        let schema = &collection.data;
        if (Schema { file, node: data, schema, types }).lint() {
            must_be_object(file, data, schema, types);
            is_bounded(file, data.place, graph.extent(schema));
            if Shape::of(types, schema).property(&collection.key).is_none() {
                Problem::error(
                    "schema.required",
                    format!("the key `{}` is not declared in `properties`", collection.key),
                )
                .at(file, data.place);
            }
        }
    }
    for listed in &app.consumers {
        let sound = conditions(listed, &mut graph);
        if let Some(header) = &app.header
            && sound
            && types_sound
        {
            consumers::lint_where(&header.catalog, &app.declared, listed);
        }
    }
}

/// Whether the schemas in a consumer's `where` can be used.
fn conditions<'s>(listed: &'s Listed<'_>, graph: &mut Graph<'s>) -> bool {
    let mut sound = true;
    for Condition { node, schema, .. } in &listed.conditions {
        if matches!(node.value, Yaml::Mapping(_)) {
            sound &= Schema { file: listed.file, node, schema, types: graph.types }.lint()
                && is_bounded(listed.file, node.place, graph.extent(schema));
        }
    }
    sound
}

/// Whether the named type can be used.
fn named_type(file: &SourceFile, key: &Key, node: &Node, graph: &Graph<'_>) -> bool {
    let Some((name, schema)) = graph.types.get_key_value(&key.text) else { return true };
    let well_named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !well_named {
        Problem::error("schema.type-name", format!("`{name}` cannot be the name of a type"))
            .hint("letters, digits, hyphens and underscores")
            .at(file, key.place);
    }
    let circular = graph.is_circular(name);
    if circular {
        Problem::error("schema.ref-cycle", format!("the type `{name}` is defined by itself"))
            .hint("a type may contain itself only inside `properties` or `items`")
            .at(file, key.place);
    }
    let sound = Schema { file, node, schema, types: graph.types }.lint();
    sound && well_named && !circular && is_bounded(file, key.place, graph.extent_of(name))
}

/// One schema of a catalog.
struct Schema<'s> {
    file: &'s SourceFile,
    node: &'s Node,
    schema: &'s Value,
    types: &'s Map<String, Value>,
}

impl<'s> Schema<'s> {
    /// Whether the schema can be used.
    fn lint(&self) -> bool {
        if !self.schema.is_object() {
            Problem::error("schema.invalid", format!("a schema is a mapping, not {}", self.node.kind()))
                .at(self.file, self.node.place);
            return false;
        }
        let mut sound = true;
        // The deepest places say most, and an error in a part is not repeated for the whole.
        for error in jsonschema::draft202012::meta::validator().iter_errors(self.schema) {
            sound = false;
            let path = error.instance_path().as_str();
            let word = self.schema.pointer(path).and_then(Value::as_str);
            // What the meta-schema says of a wrong type is true, and of no use.
            let problem = match word.filter(|_| path.ends_with("/type")) {
                Some(word) => Problem::error("schema.invalid", format!("`{word}` is no type of JSON Schema"))
                    .maybe_hint(suggestion(word, TYPES)),
                None => {
                    Problem::error("schema.invalid", format!("not JSON Schema 2020-12: {}", short(&error.to_string())))
                }
            };
            problem.at(self.file, self.node.locate(path));
        }
        visit(self.schema, &mut |pointer, object| sound &= self.keywords(pointer, object));
        if sound {
            self.required(self.schema, &mut String::new(), &BTreeSet::new());
        }
        sound
    }

    fn report(&self, problem: Problem, pointer: &str, token: &str) {
        let mut pointer = pointer.to_owned();
        daybook_event::finding::push_pointer(&mut pointer, token);
        problem.at(self.file, self.node.locate(&pointer));
    }

    fn keywords(&self, pointer: &str, object: &Map<String, Value>) -> bool {
        let mut sound = true;
        for (keyword, value) in object {
            let known = || {
                PLAIN_KEYWORDS.iter().chain(&SCHEMA_KEYWORDS).chain(&SCHEMA_MAP_KEYWORDS).chain(&SCHEMA_LIST_KEYWORDS)
            };
            if UNSUPPORTED_KEYWORDS.contains(&keyword.as_str()) {
                sound = false;
                let problem = Problem::error("schema.unsupported", format!("`{keyword}` is not accepted in catalogs"))
                    .hint("name the schema under `types` and refer to it with `$ref: \"#/types/name\"`");
                self.report(problem, pointer, keyword);
            } else if !known().any(|known| known == keyword) && !keyword.starts_with("x-") {
                let problem =
                    Problem::warning("schema.unknown-keyword", format!("JSON Schema has no keyword `{keyword}`"))
                        .maybe_hint(
                            suggestion(keyword, known().copied())
                                .or_else(|| Some("keywords of your own begin with x-".to_owned())),
                        );
                self.report(problem, pointer, keyword);
            }
            let Some(text) = value.as_str() else { continue };
            let problem = match keyword.as_str() {
                "$schema" if text.trim_end_matches('#') != DIALECT_URI => {
                    Problem::error("schema.dialect", "schemas are written in JSON Schema 2020-12")
                        .hint("leave `$schema` out")
                }
                "format" if !FORMATS.contains(&text) => {
                    let hint = suggestion(text, FORMATS).unwrap_or_else(|| format!("known: {}", FORMATS.join(", ")));
                    self.report(
                        Problem::warning("schema.unknown-format", format!("`{text}` is no known format")).hint(hint),
                        pointer,
                        keyword,
                    );
                    continue;
                }
                "pattern" => match regex_error(text) {
                    Some(reason) => Problem::error("schema.pattern", reason),
                    None => continue,
                },
                "$ref" => match self.reference_error(text) {
                    Some(problem) => problem,
                    None => continue,
                },
                _ => continue,
            };
            sound = false;
            self.report(problem, pointer, keyword);
        }
        for pattern in object.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
            if let Some(reason) = regex_error(pattern.0) {
                sound = false;
                self.report(
                    Problem::error("schema.pattern", reason),
                    &format!("{pointer}/patternProperties"),
                    pattern.0,
                );
            }
        }
        sound
    }

    fn reference_error(&self, reference: &str) -> Option<Problem> {
        let Some(name) = reference.strip_prefix(TYPES_PREFIX) else {
            let problem = Problem::error("schema.ref", format!("`{reference}` is no named type"));
            return Some(problem.hint("name the schema under `types` and refer to it as `#/types/name`"));
        };
        if self.types.contains_key(name) {
            return None;
        }
        let problem = Problem::error("schema.ref", format!("`{reference}` does not exist"));
        if let Some((whole, _)) = name.split_once('/') {
            return Some(problem.hint(format!("a reference names a whole type, such as `#/types/{whole}`")));
        }
        Some(problem.maybe_hint(suggestion(name, self.types.keys().map(String::as_str))))
    }

    /// Every required property is declared, in the schema itself or, for the parts it is put together from, around it.
    fn required(&self, schema: &'s Value, pointer: &mut String, around: &BTreeSet<&'s str>) {
        let Some(object) = schema.as_object() else { return };
        let mut declared = around.clone();
        declared.extend(Shape::of(self.types, schema).names());
        let patterns = object.contains_key("patternProperties");
        for (index, name) in object.get("required").and_then(Value::as_array).into_iter().flatten().enumerate() {
            if let Some(name) = name.as_str()
                && !declared.contains(name)
                && !patterns
            {
                Problem::error("schema.required", format!("`{name}` is required, but not declared in `properties`"))
                    .maybe_hint(suggestion(name, declared.iter().copied()))
                    .at(self.file, self.node.locate(&format!("{pointer}/required/{index}")));
            }
        }
        let nothing = BTreeSet::new();
        for (keyword, value) in object {
            let keyword = keyword.as_str();
            let in_place =
                matches!(keyword, "allOf" | "anyOf" | "oneOf" | "if" | "then" | "else" | "not" | "dependentSchemas");
            let around = if in_place { &declared } else { &nothing };
            let mut child = |tokens: &[&str], schema: &'s Value| {
                let length = pointer.len();
                for token in tokens {
                    daybook_event::finding::push_pointer(pointer, token);
                }
                self.required(schema, pointer, around);
                pointer.truncate(length);
            };
            if SCHEMA_KEYWORDS.contains(&keyword) {
                child(&[keyword], value);
            } else if SCHEMA_MAP_KEYWORDS.contains(&keyword) {
                value.as_object().into_iter().flatten().for_each(|(name, schema)| child(&[keyword, name], schema));
            } else if SCHEMA_LIST_KEYWORDS.contains(&keyword) {
                let list = value.as_array().into_iter().flatten().enumerate();
                list.for_each(|(index, schema)| child(&[keyword, &index.to_string()], schema));
            }
        }
    }
}

/// Why a pattern cannot be matched in linear time, if so.
fn regex_error(pattern: &str) -> Option<String> {
    let schema = serde_json::json!({"pattern": pattern});
    let error = validation_options::<jsonschema::json::SerdeJson>().build(&schema).err()?;
    let _ = error;
    Some(format!("`{}` is not a regular expression, or one with look-around or back-references", short(pattern)))
}

fn is_bounded(file: &SourceFile, place: Place, extent: Extent) -> bool {
    if !extent.is_bounded() {
        let message = format!(
            "with every reference followed this is more than {} schemas, or more than {} inside one another",
            Extent::SIZE_MAX,
            Extent::HEIGHT_MAX
        );
        Problem::error("schema.too-large", message).at(file, place);
    }
    extent.is_bounded()
}

/// The data of an event is an object.
fn must_be_object(file: &SourceFile, node: &Node, schema: &Value, types: &Map<String, Value>) {
    let mut target = schema;
    let mut steps = 0;
    while let (None, Some(reference)) = (target.get("type"), target.get("$ref").and_then(Value::as_str)) {
        // A chain of references that leads nowhere, or in a circle, has been reported already.
        steps += 1;
        match resolve(types, reference) {
            Some(next) if steps < types.len() + 2 => target = next,
            _ => return,
        }
    }
    let says_object = match target.get("type") {
        Some(Value::Array(several)) => several.iter().any(|name| name == "object"),
        Some(one) => one == "object",
        None => ["allOf", "anyOf", "oneOf", "if"].iter().any(|keyword| target.get(*keyword).is_some()),
    };
    if !says_object {
        Problem::error("schema.not-object", "the schema of an event's data must describe an object")
            .hint("add `type: object`")
            .at(file, node.place);
    }
}

/// Text from elsewhere, cut to what a line can hold.
pub(super) fn short(text: &str) -> String {
    const CHARS_MAX: usize = 240;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
