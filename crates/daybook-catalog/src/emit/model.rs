//! What the emitters of programs share: an app's types, event types and envelope as a program would declare them.
//!
//! JSON Schema says more than any type system. What is left over is kept in words ([`Type::limits`]), so that it can
//! stand in a comment.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;
use serde_json::{Map, Value, json};

use crate::facets::{COUNTS, Facets, Kind, Limit};
use crate::schema::DEFINITIONS_PREFIX;
use crate::{AppCatalog, DataMissing, EventType, Field, FieldSpec, Pii};

/// Deeper than any schema that lint lets pass, of types that contain themselves.
const DEPTH_MAX: usize = 32;
/// Longest condition that is told word by word, in characters.
const CONDITION_CHARS_MAX: usize = 120;

/// Names that emitters need for themselves, or that would hide a type of a language.
const RESERVED: [&str; 19] = [
    "Array",
    "Box",
    "Data",
    "Event",
    "EventBatch",
    "EventData",
    "EventDataByVersion",
    "EventName",
    "EventOf",
    "EventType",
    "NumberOrText",
    "Option",
    "OtherEvent",
    "PluginEventName",
    "Record",
    "Result",
    "String",
    "Vec",
    "WrittenName",
];

/// An app as a program would declare it.
pub(crate) struct Model<'c> {
    pub(crate) app: &'c AppCatalog,
    /// The named types, in the order of the catalog.
    pub(crate) types: Vec<NamedType>,
    /// Every version of every event type, by name and version.
    pub(crate) events: Vec<Declared<'c>>,
    /// The app's own envelope, from the outside in.
    pub(crate) envelope: Vec<Place<'c>>,
}

/// A named type of the catalog.
pub(crate) struct NamedType {
    /// Its name in the catalog.
    pub(crate) name: String,
    /// Its name in programs: `RelatedItems`.
    pub(crate) type_name: String,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
}

/// One version of an event type.
pub(crate) struct Declared<'c> {
    pub(crate) event_type: &'c EventType,
    /// `UserLoginSuccess`; versions that are not the current one end in their number.
    pub(crate) type_name: String,
    /// The name of its data: `UserLoginSuccessData`.
    pub(crate) data_name: String,
    /// Whether it is the version of events that name none.
    pub(crate) current: bool,
    /// The data; none where anything goes.
    pub(crate) data: Option<Type>,
    /// Whether some field of the data must be there.
    asks: bool,
}

/// Where something lies in the app's envelope: a field, or an object with fields in it, or both (what is left of
/// `metadata` when its fields are taken out).
pub(crate) struct Place<'c> {
    pub(crate) name: String,
    pub(crate) spec: Option<&'c FieldSpec>,
    pub(crate) inside: Vec<Place<'c>>,
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Type {
    pub(crate) shape: Shape,
    pub(crate) nullable: bool,
    /// What the schema asks beyond that, each in a few words.
    pub(crate) limits: Vec<String>,
}

/// What a type is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Any,
    Boolean,
    Integer,
    /// A whole number of 64 bits, also accepted as text.
    Int64,
    Number,
    /// A number, also accepted as text, of up to 28 digits.
    Decimal,
    /// Text, perhaps of a format.
    Text(Option<String>),
    /// One of a few values, null not among them.
    Choice(Vec<Value>),
    List(Box<Type>),
    /// Any names, each with a value of this type.
    Map(Box<Type>),
    Object(Object),
    /// A type of the catalog, by its name there.
    Named(String),
    Union(Vec<Type>),
}

/// An object with fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub(crate) fields: Vec<Property>,
    /// Of which type further fields are; none where the schema is silent on them or forbids them.
    pub(crate) others: Option<Box<Type>>,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) deprecated: bool,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
}

impl<'c> Model<'c> {
    pub(crate) fn of(app: &'c AppCatalog) -> Self {
        let all: Vec<Value> = app.types.keys().map(|name| json!({"$ref": format!("#/types/{name}")})).collect();
        let root = app.bundle(&json!({ "allOf": all }));
        let definitions = root.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
        let reader = Reader { root: &root };
        let mut names = Names::default();
        for word in RESERVED {
            names.take(word);
        }
        let types =
            app.types.keys().filter_map(|name| Some(reader.named_type(name, definitions.get(name)?, &mut names)));
        let types = types.collect();
        let mut events = Vec::new();
        for event_type in &app.events {
            let current = app.event(&event_type.name).is_some_and(|highest| highest.version == event_type.version);
            let wanted =
                if current { event_type.name.clone() } else { format!("{} v{}", event_type.name, event_type.version) };
            let schema = event_type.data.as_ref().map(|data| {
                let mut schema = app.bundle(data);
                app.leave_to_envelope(event_type, &mut schema);
                schema
            });
            let asks = schema.as_ref().is_some_and(|schema| !Facets::of(&root, schema).required.is_empty());
            let data = schema.map(|schema| reader.read(&schema, 0));
            let (type_name, data_name) = (names.take(&wanted), names.take(&format!("{wanted} data")));
            events.push(Declared { event_type, type_name, data_name, current, data, asks });
        }
        let mut envelope = Vec::new();
        for spec in &app.dialect.fields {
            place(&mut envelope, &spec.path, spec);
        }
        Self { app, types, events, envelope }
    }

    /// A named type of the catalog.
    pub(crate) fn named(&self, name: &str) -> Option<&NamedType> {
        self.types.iter().find(|named| named.name == name)
    }

    /// The current version of every event type.
    pub(crate) fn current(&self) -> impl Iterator<Item = &Declared<'c>> {
        self.events.iter().filter(|declared| declared.current)
    }
}

impl Declared<'_> {
    /// Whether an event of this type must have data: without any it is judged as if it had none of its fields.
    pub(crate) fn data_required(&self) -> bool {
        self.asks && self.event_type.data_missing == DataMissing::Quarantine
    }

    /// Which top-level fields of the data are personal.
    pub(crate) fn personal(&self, field: &str) -> Option<Pii> {
        self.event_type.pii.get(field).copied()
    }
}

impl Place<'_> {
    /// Whether an event must have it.
    pub(crate) fn required(&self) -> bool {
        self.spec.is_some_and(|spec| spec.required) || self.inside.iter().any(Place::required)
    }

    /// The field that lies here and nowhere further in.
    pub(crate) fn is(&self, field: Field) -> bool {
        self.spec.is_some_and(|spec| spec.field == field)
    }
}

fn place<'c>(places: &mut Vec<Place<'c>>, path: &[String], spec: &'c FieldSpec) {
    let Some((name, rest)) = path.split_first() else { return };
    let index = places.iter().position(|place| place.name == *name).unwrap_or_else(|| {
        places.push(Place { name: name.clone(), spec: None, inside: Vec::new() });
        places.len() - 1
    });
    let Some(found) = places.get_mut(index) else { return };
    if rest.is_empty() {
        found.spec = Some(spec);
    } else {
        place(&mut found.inside, rest, spec);
    }
}

/// Names in programs, each once.
#[derive(Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// A name made of `wanted`: `world.zone.entered` is `WorldZoneEntered`.
    pub(crate) fn take(&mut self, wanted: &str) -> String {
        let mut name = camel(wanted);
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            name.insert(0, 'T');
        }
        let mut free = name.clone();
        let mut count = 1;
        while !self.0.insert(free.to_lowercase()) {
            count += 1;
            free = format!("{name}{count}");
        }
        free
    }
}

/// `UpperCamelCase` of ASCII letters and digits.
pub(crate) fn camel(text: &str) -> String {
    let plain: String = text.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { ' ' }).collect();
    plain.to_upper_camel_case()
}

/// Reads schemas whose references lead into the `$defs` of `root`.
struct Reader<'r> {
    root: &'r Value,
}

impl Reader<'_> {
    fn named_type(&self, name: &str, schema: &Value, names: &mut Names) -> NamedType {
        let facets = Facets::of(self.root, schema);
        let description = facets.annotations.get("description").and_then(Value::as_str).map(str::to_owned);
        NamedType { name: name.to_owned(), type_name: names.take(name), description, ty: self.read(schema, 0) }
    }

    fn read(&self, schema: &Value, depth: usize) -> Type {
        if let Some(name) = reference_alone(schema) {
            return Type { shape: Shape::Named(name.to_owned()), nullable: false, limits: Vec::new() };
        }
        if depth > DEPTH_MAX {
            let limits = vec!["a type that contains itself, not told further in".to_owned()];
            return Type { shape: Shape::Any, nullable: false, limits };
        }
        let facets = Facets::of(self.root, schema);
        let mut limits = limits(&facets);
        let alternatives = match facets.opaque.get("anyOf").map(Vec::as_slice) {
            Some([Value::Array(alternatives)]) if facets.kinds.len() == Kind::ALL.len() && facets.finite.is_none() => {
                Some(alternatives.iter().map(|schema| self.read(schema, depth + 1)).collect::<Vec<_>>())
            }
            _ => None,
        };
        if let Some(alternatives) = alternatives {
            limits.retain(|limit| !limit.starts_with("`anyOf`"));
            return Type { shape: Shape::Union(alternatives), nullable: false, limits };
        }
        let (shape, nullable) = self.shape(&facets, depth);
        Type { shape, nullable, limits }
    }

    fn shape(&self, facets: &Facets, depth: usize) -> (Shape, bool) {
        if let Some(values) = &facets.finite {
            let nullable = values.contains(&Value::Null);
            let values = values.iter().filter(|value| !value.is_null()).cloned().collect();
            return (Shape::Choice(values), nullable);
        }
        let has = |kind: Kind| facets.kinds.contains(&kind);
        if facets.kinds.len() == Kind::ALL.len() {
            return (Shape::Any, false);
        }
        let format = |name: &str| facets.formats.contains(name);
        let mut shapes: Vec<Shape> = Vec::new();
        let as_text = has(Kind::Integer) && has(Kind::Text);
        let text_is_number = as_text && (format("decimal") || format("int64"));
        match (has(Kind::Integer), has(Kind::Fraction)) {
            (true, _) if as_text && format("int64") && !has(Kind::Fraction) => shapes.push(Shape::Int64),
            (true, _) if as_text && format("decimal") => shapes.push(Shape::Decimal),
            (_, true) => shapes.push(Shape::Number),
            (true, false) => shapes.push(Shape::Integer),
            (false, false) => {}
        }
        if has(Kind::Text) && !text_is_number {
            shapes.push(Shape::Text(facets.formats.first().cloned()));
        }
        if has(Kind::Boolean) {
            shapes.push(Shape::Boolean);
        }
        if has(Kind::List) {
            let items = facets.items.as_ref().map_or_else(Type::any, |items| self.read(items, depth + 1));
            shapes.push(Shape::List(Box::new(items)));
        }
        if has(Kind::Object) {
            shapes.push(self.object(facets, depth));
        }
        let nullable = has(Kind::Null);
        let shape = match shapes.len() {
            0 => Shape::Choice(Vec::new()),
            1 => shapes.remove(0),
            _ => Shape::Union(
                shapes.into_iter().map(|shape| Type { shape, nullable: false, limits: Vec::new() }).collect(),
            ),
        };
        (shape, nullable)
    }

    fn object(&self, facets: &Facets, depth: usize) -> Shape {
        let others = match &facets.additional {
            None | Some(Value::Bool(false)) => None,
            Some(schema) => Some(Box::new(self.read(schema, depth + 1))),
        };
        if facets.properties.is_empty() && facets.additional != Some(Value::Bool(false)) {
            return Shape::Map(others.unwrap_or_else(|| Box::new(Type::any())));
        }
        let field = |(name, schema): (&String, &Value)| {
            let inner = Facets::of(self.root, schema);
            let own = schema.get("description");
            let inherited = if reference_alone(schema).is_some() { None } else { inner.annotations.get("description") };
            Property {
                name: name.clone(),
                required: facets.required.contains(name),
                deprecated: inner.deprecated,
                description: own.or(inherited).and_then(Value::as_str).map(str::to_owned),
                ty: self.read(schema, depth + 1),
            }
        };
        Shape::Object(Object { fields: facets.properties.iter().map(field).collect(), others })
    }
}

impl Object {
    /// A value of its own, as an object of one field.
    pub(crate) fn of_value(ty: &Type) -> Self {
        let ty = Type { limits: Vec::new(), ..ty.clone() };
        let field = Property { name: "value".to_owned(), required: true, deprecated: false, description: None, ty };
        Self { fields: vec![field], others: None }
    }
}

impl Type {
    fn any() -> Self {
        Self { shape: Shape::Any, nullable: false, limits: Vec::new() }
    }
}

/// The named type that a schema refers to and says nothing more of, but in words.
fn reference_alone(schema: &Value) -> Option<&str> {
    let object: &Map<String, Value> = schema.as_object()?;
    let says = |keyword: &String| {
        !matches!(keyword.as_str(), "$ref" | "$defs" | "description" | "title" | "deprecated" | "$comment")
    };
    let reference = object.get("$ref")?.as_str()?;
    (!object.keys().any(says)).then(|| reference.strip_prefix(DEFINITIONS_PREFIX))?
}

/// What a schema asks that a type does not say.
fn limits(facets: &Facets) -> Vec<String> {
    let mut limits = Vec::new();
    let number = facets.finite.is_none() && facets.kinds.contains(&Kind::Integer);
    let int64 = |bound: &crate::facets::Bound| {
        let number = bound.number.as_i64();
        facets.formats.contains("int64") && (number == Some(i64::MIN) || number == Some(i64::MAX))
    };
    if let Some(bound) = facets.lower.as_ref().filter(|bound| number && !int64(bound)) {
        limits.push(bound.in_words(Limit::Least));
    }
    if let Some(bound) = facets.upper.as_ref().filter(|bound| number && !int64(bound)) {
        limits.push(bound.in_words(Limit::Most));
    }
    if number {
        limits.extend(facets.divisors.iter().map(|divisor| format!("a multiple of {divisor}")));
    }
    for (keyword, kind, limit) in COUNTS {
        let Some(count) = facets.counts.get(keyword).filter(|_| facets.kinds.contains(&kind)) else { continue };
        let what = match kind {
            Kind::Text => "characters",
            Kind::List => "items",
            _ => "fields",
        };
        let how = if limit == Limit::Least { "at least" } else { "at most" };
        limits.push(format!("{how} {count} {what}"));
    }
    if facets.kinds.contains(&Kind::Text) {
        limits.extend(facets.patterns.iter().map(|pattern| format!("matches `{pattern}`")));
    }
    if facets.unique {
        limits.push("no item twice".to_owned());
    }
    if facets.kinds.contains(&Kind::Object) && facets.additional == Some(Value::Bool(false)) {
        limits.push("no other fields".to_owned());
    }
    for (keyword, said) in &facets.opaque {
        let said = said.iter().map(Value::to_string).collect::<Vec<_>>().join(" and ");
        let short = said.chars().count() <= CONDITION_CHARS_MAX;
        limits.push(if short { format!("`{keyword}` {said}") } else { format!("`{keyword}`, see the schema") });
    }
    limits
}
