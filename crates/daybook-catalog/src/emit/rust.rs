//! Rust: types for serde, which read and write exactly what the app writes.

use std::fmt::Write as _;

use heck::ToSnakeCase;
use serde_json::Value;

use super::model::{Declared, Model, Names, Object, Place, Property, Shape, Type, camel};
use super::text;
use super::typescript::{about, format_in_words, kind_in_words};
use crate::{AppCatalog, As, Field, FieldSpec};

const DERIVE: &str = "#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]";
/// Words that cannot be names of fields, or only as `r#word`.
const KEYWORDS: [&str; 54] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "Self",
    "macro_rules",
];

pub(super) fn emit(app: &AppCatalog) -> String {
    let model = Model::of(app);
    let mut writer = Writer {
        model: &model,
        names: Names::default(),
        out: String::new(),
        pending: Vec::new(),
        number_or_text: false,
    };
    let taken = model.types.iter().map(|named| &named.type_name);
    for name in taken.chain(model.events.iter().map(|declared| &declared.data_name)) {
        writer.names.take(name);
    }
    for named in &model.types {
        writer.declare(&named.type_name, named.description.as_deref(), &named.ty, None);
        writer.drain();
    }
    for declared in &model.events {
        writer.data(declared);
        writer.drain();
    }
    let body = std::mem::take(&mut writer.out);
    writer.index();
    writer.event_type();
    writer.envelope();
    writer.drain();
    let mut out = text::comment("// ", &format!("Events of {}, catalog {} {}.", app.title, app.app, app.version));
    out.push_str(&text::comment(
        "// ",
        &format!("Written by `daybook emit rust --app {}`; changes belong in the catalog.", app.app),
    ));
    out.push_str("//\n");
    out.push_str(&text::comment(
        "// ",
        "Needs serde with its derive, and serde_json. What types cannot say (bounds, patterns, formats) stands in the \
         comments; Daybook checks it. What may be of several types is a serde_json::Value. Fields that are not declared \
         are skipped when they are read, but where a type keeps them in `further_fields`.",
    ));
    out.push_str(&writer.out);
    out.push_str(&body);
    if writer.number_or_text {
        out.push_str(NUMBER_OR_TEXT);
    }
    out
}

const NUMBER_OR_TEXT: &str = "
/// A number, or the same written as text.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum NumberOrText {
    /// A whole number of 64 bits.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A number as text.
    Text(String),
}
";

struct Writer<'m> {
    model: &'m Model<'m>,
    names: Names,
    out: String,
    /// Types that were named, and are still to be declared.
    pending: Vec<(String, Option<String>, Type)>,
    number_or_text: bool,
}

impl Writer<'_> {
    fn drain(&mut self) {
        while let Some((name, description, ty)) = self.pending.pop() {
            self.declare(&name, description.as_deref(), &ty, None);
        }
    }

    fn data(&mut self, declared: &Declared<'_>) {
        let event_type = declared.event_type;
        let title = format!("Data of `{}` {}.", event_type.name, event_type.version);
        let said = text::sentences(Some(&title), event_type.description.as_deref());
        match &declared.data {
            Some(ty) => self.declare(&declared.data_name, Some(&said), ty, Some(declared)),
            None => {
                self.document("", Some(&said), &[]);
                let _ =
                    writeln!(self.out, "pub type {} = serde_json::Map<String, serde_json::Value>;", declared.data_name);
            }
        }
    }

    fn declare(&mut self, name: &str, description: Option<&str>, ty: &Type, declared: Option<&Declared<'_>>) {
        self.out.push('\n');
        let said = description.map_or_else(|| format!("`{name}`."), str::to_owned);
        match &ty.shape {
            Shape::Object(object) if !ty.nullable => {
                self.document("", Some(&said), &ty.limits);
                self.structure(name, object, declared);
            }
            Shape::Choice(values) if is_enum(values) && !ty.nullable => {
                self.document("", Some(&said), &ty.limits);
                self.enumeration(name, values);
            }
            _ => {
                let limits: Vec<String> = format_in_words(ty).into_iter().chain(ty.limits.iter().cloned()).collect();
                self.document("", Some(&said), &limits);
                let written = self.written(ty, name, None);
                let written = if ty.nullable { format!("Option<{written}>") } else { written };
                let _ = writeln!(self.out, "pub type {name} = {written};");
            }
        }
    }

    fn structure(&mut self, name: &str, object: &Object, declared: Option<&Declared<'_>>) {
        let _ = writeln!(self.out, "{DERIVE}\npub struct {name} {{");
        let mut used = Vec::new();
        for field in &object.fields {
            let Property { name: written_name, required, description, ty, .. } = field;
            let mut limits: Vec<String> = format_in_words(ty).into_iter().chain(ty.limits.iter().cloned()).collect();
            limits.extend(field.deprecated.then(|| "should not be sent any more".to_owned()));
            limits.extend(
                declared
                    .and_then(|declared| declared.personal(written_name))
                    .map(|pii| format!("personal ({})", pii.as_str())),
            );
            let fallback = format!("`{written_name}`.");
            self.document("    ", Some(description.as_deref().unwrap_or(&fallback)), &limits);
            let written = self.written(ty, &format!("{name} {written_name}"), Some(name));
            self.field(written_name, &written, *required, ty.nullable || is_any(ty), &mut used);
        }
        if object.others.is_some() {
            let _ = writeln!(self.out, "    /// Fields that the catalog does not name.\n    #[serde(flatten)]");
            let field = identifier("further_fields", &mut used);
            let _ = writeln!(self.out, "    pub {field}: serde_json::Map<String, serde_json::Value>,");
        }
        self.out.push_str("}\n");
    }

    /// One field; what may be missing is an option and left out, what may be null an option that is written.
    fn field(&mut self, name: &str, written: &str, required: bool, nullable: bool, used: &mut Vec<String>) {
        let field = identifier(name, used);
        let mut attributes = Vec::new();
        if field.trim_start_matches("r#") != name {
            attributes.push(format!("rename = {}", text::quoted(name)));
        }
        let written = match (required, nullable) {
            (true, false) => written.to_owned(),
            (true, true) if written == "serde_json::Value" => written.to_owned(),
            (true, true) => format!("Option<{written}>"),
            (false, _) => {
                attributes.push("default".to_owned());
                attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
                format!("Option<{written}>")
            }
        };
        if !attributes.is_empty() {
            let _ = writeln!(self.out, "    #[serde({})]", attributes.join(", "));
        }
        let _ = writeln!(self.out, "    pub {field}: {written},");
    }

    fn enumeration(&mut self, name: &str, values: &[Value]) {
        let _ = writeln!(self.out, "{}\npub enum {name} {{", DERIVE.replace("PartialEq", "Copy, PartialEq, Eq, Hash"));
        let mut variants = Names::default();
        for value in values.iter().filter_map(Value::as_str) {
            let variant = variants.take(value);
            let quoted = text::quoted(value);
            let _ = writeln!(self.out, "    /// `{value}`.\n    #[serde(rename = {quoted})]\n    {variant},");
        }
        self.out.push_str("}\n");
    }

    /// The type as it is written; `name` is what one is called that has to be declared, `inside` the type that it
    /// stands in without a list or a map between.
    fn written(&mut self, ty: &Type, name: &str, inside: Option<&str>) -> String {
        match &ty.shape {
            Shape::Any | Shape::Union(_) => "serde_json::Value".to_owned(),
            Shape::Boolean => "bool".to_owned(),
            Shape::Integer => "i64".to_owned(),
            Shape::Number => "f64".to_owned(),
            Shape::Int64 | Shape::Decimal => {
                self.number_or_text = true;
                "NumberOrText".to_owned()
            }
            Shape::Text(_) => "String".to_owned(),
            Shape::Choice(values) if is_enum(values) => self.later(name, ty),
            Shape::Choice(_) => "serde_json::Value".to_owned(),
            Shape::List(items) => {
                let item = self.written(items, &format!("{name} item"), None);
                if items.nullable { format!("Vec<Option<{item}>>") } else { format!("Vec<{item}>") }
            }
            Shape::Map(values) => {
                let value = self.written(values, &format!("{name} value"), None);
                let value =
                    if values.nullable && value != "serde_json::Value" { format!("Option<{value}>") } else { value };
                match value.as_str() {
                    "serde_json::Value" => "serde_json::Map<String, serde_json::Value>".to_owned(),
                    value => format!("std::collections::BTreeMap<String, {value}>"),
                }
            }
            Shape::Object(_) => self.later(name, ty),
            Shape::Named(named) => match self.model.named(named) {
                // What contains itself has to end somewhere.
                Some(named) if inside.is_some() && contains(self.model, &named.ty, &named.name, 0) => {
                    format!("Box<{}>", named.type_name)
                }
                Some(named) => named.type_name.clone(),
                None => "serde_json::Value".to_owned(),
            },
        }
    }

    fn later(&mut self, name: &str, ty: &Type) -> String {
        let name = self.names.take(name);
        let ty = Type { nullable: false, ..ty.clone() };
        self.pending.push((name.clone(), None, ty));
        name
    }

    /// The data of every event type as one type.
    fn index(&mut self) {
        self.out.push_str(
            "
/// The data of an event, by its type and version.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Data {
",
        );
        for declared in &self.model.events {
            let Declared { event_type, type_name, data_name, .. } = declared;
            let _ = writeln!(
                self.out,
                "    /// Of `{}` {}.\n    {type_name}({data_name}),",
                event_type.name, event_type.version
            );
        }
        self.out.push_str(
            "}

impl Data {
    /// The event type and its version.
    pub const fn of(&self) -> (&'static str, &'static str) {
        match self {
",
        );
        for Declared { event_type, type_name, .. } in &self.model.events {
            let name = text::quoted(&event_type.name);
            let _ = writeln!(self.out, "            Self::{type_name}(_) => ({name}, \"{}\"),", event_type.version);
        }
        self.out.push_str(
            "        }
    }

    /// Reads the data of an event; without a version that of the current one. `None` for types and versions that the
    /// catalog does not declare.
    ///
    /// # Errors
    /// When the data is not of the type.
    pub fn read(name: &str, version: Option<&str>, data: serde_json::Value) -> Option<serde_json::Result<Self>> {
        Some(match (name, version) {
",
        );
        for Declared { event_type, type_name, current, .. } in &self.model.events {
            let name = text::quoted(&event_type.name);
            let version = if *current {
                format!("None | Some(\"{}\")", event_type.version)
            } else {
                format!("Some(\"{}\")", event_type.version)
            };
            let _ = writeln!(
                self.out,
                "            ({name}, {version}) => serde_json::from_value(data).map(Self::{type_name}),"
            );
        }
        self.out.push_str("            _ => return None,\n        })\n    }\n}\n");
    }

    /// The name of an event as the app writes it.
    fn event_type(&mut self) {
        let open = &self.model.app.dialect.open_variant;
        self.out.push_str("\n/// The types of events.\n");
        let _ = writeln!(self.out, "{}\npub enum EventType {{", DERIVE.replace("PartialEq", "PartialEq, Eq, Hash"));
        let plain: Vec<(String, String)> = {
            let mut variants = Names::default();
            variants.take("Custom");
            let current =
                self.model.current().filter(|declared| open.is_none() || declared.event_type.plugin.is_none());
            current
                .map(|declared| (variants.take(&declared.event_type.name), declared.event_type.name.clone()))
                .collect()
        };
        for (variant, name) in plain {
            let quoted = text::quoted(&name);
            let _ = writeln!(self.out, "    /// `{name}`.\n    #[serde(rename = {quoted})]\n    {variant},");
        }
        if let Some(open) = open {
            let _ = writeln!(
                self.out,
                "    /// A type of a plugin, or one that the catalog does not declare, by its name.\n    #[serde(rename = {})]\n    Custom(String),",
                text::quoted(open)
            );
        }
        self.out.push_str("}\n");
    }

    /// An event in the app's own form.
    fn envelope(&mut self) {
        let model = self.model;
        self.place("Event", "An event as the app writes it. `Data::read` reads its data.", &model.envelope, false);
    }

    fn place(&mut self, name: &str, description: &str, places: &[Place<'_>], open: bool) {
        let mut inner = Vec::new();
        self.out.push('\n');
        self.document("", Some(description), &[]);
        let _ = writeln!(self.out, "{DERIVE}\npub struct {name} {{");
        let mut used = Vec::new();
        for place in places {
            let limits: Vec<String> = place.spec.and_then(kind_in_words).into_iter().collect();
            let fallback = format!("`{}`.", place.name);
            self.document("    ", Some(place.spec.map_or(fallback.as_str(), |spec| about(spec.field))), &limits);
            let optional = place.spec.is_some_and(|spec| {
                self.model.current().any(|declared| declared.event_type.optional_envelope.contains(&spec.field))
            });
            let written = match place.spec {
                _ if !place.inside.is_empty() => {
                    let inner_name = self.names.take(&format!("{name} {}", place.name));
                    inner.push((inner_name.clone(), place));
                    inner_name
                }
                Some(spec) => field_type(spec),
                None => "serde_json::Map<String, serde_json::Value>".to_owned(),
            };
            let required = place.is(Field::Name) || (place.required() && !optional);
            self.field(&place.name, &written, required, false, &mut used);
        }
        if open {
            let field = identifier("further_fields", &mut used);
            let _ = writeln!(
                self.out,
                "    /// Whatever else is there.\n    #[serde(flatten)]\n    pub {field}: serde_json::Map<String, serde_json::Value>,"
            );
        }
        self.out.push_str("}\n");
        for (name, place) in inner {
            let description = place.spec.map_or("A part of the envelope.", |spec| about(spec.field));
            self.place(&name, description, &place.inside, place.spec.is_some());
        }
    }

    fn document(&mut self, indent: &str, description: Option<&str>, limits: &[String]) {
        let limits = text::limits(limits);
        let said = text::sentences(description, limits.as_deref());
        // An angle would begin a tag.
        let safe = said.replace('<', "\\<");
        self.out.push_str(&text::comment(&format!("{indent}/// "), &safe));
    }
}

fn field_type(spec: &FieldSpec) -> String {
    match (spec.field, spec.kind) {
        (Field::Name, _) => "EventType".to_owned(),
        (Field::Data, _) => "serde_json::Value".to_owned(),
        (Field::Tags, _) => "std::collections::BTreeMap<String, String>".to_owned(),
        (_, As::Integer) => "i64".to_owned(),
        (_, As::Object) => "serde_json::Map<String, serde_json::Value>".to_owned(),
        (_, As::String | As::Uuid | As::ObjectId | As::Time) => "String".to_owned(),
    }
}

fn is_any(ty: &Type) -> bool {
    matches!(ty.shape, Shape::Any)
}

fn is_enum(values: &[Value]) -> bool {
    !values.is_empty() && values.iter().all(|value| value.as_str().is_some_and(|text| !camel(text).is_empty()))
}

/// Whether a type holds the named type without a list or a map between.
fn contains(model: &Model<'_>, ty: &Type, name: &str, depth: usize) -> bool {
    const DEPTH_MAX: usize = 64;
    match &ty.shape {
        _ if depth > DEPTH_MAX => true,
        Shape::Named(other) if other == name => true,
        Shape::Named(other) => model.named(other).is_some_and(|other| contains(model, &other.ty, name, depth + 1)),
        Shape::Object(object) => object.fields.iter().any(|field| contains(model, &field.ty, name, depth + 1)),
        _ => false,
    }
}

fn identifier(name: &str, used: &mut Vec<String>) -> String {
    let snake = camel(name).to_snake_case();
    let snake =
        if snake.starts_with(|first: char| first.is_ascii_alphabetic()) { snake } else { format!("field_{snake}") };
    let mut free = snake.clone();
    let mut count = 1;
    while used.contains(&free) {
        count += 1;
        free = format!("{snake}_{count}");
    }
    used.push(free.clone());
    match free.as_str() {
        // These cannot be written raw.
        "self" | "super" | "crate" => format!("{free}_"),
        word if KEYWORDS.contains(&word) => format!("r#{free}"),
        _ => free,
    }
}
