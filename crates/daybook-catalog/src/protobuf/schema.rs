//! An app's events as messages of Protocol Buffers: what `events.proto` declares, and what bytes are read and written by.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToShoutySnakeCase, ToSnakeCase};
use serde_json::Value;

use super::numbers::{FURTHER_NUMBER, Numbering};
use crate::AppCatalog;
use crate::emit::{Declared, Model, Object, Property, Shape, Type, camel};

/// Everything an app declares.
pub(crate) struct Schema {
    /// `daybook.unofficial_communities.v1`.
    pub(crate) package: String,
    /// All messages, nested ones among them.
    pub(crate) messages: Vec<Message>,
    /// All enumerations.
    pub(crate) enumerations: Vec<Enumeration>,
    /// What is declared on the outermost level, in order.
    pub(crate) outermost: Vec<Outermost>,
    /// The numbers of the catalog with those that were missing.
    pub(crate) numbering: Numbering,
}

/// A message or an enumeration, by its place among all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declaration {
    Message(usize),
    Enumeration(usize),
}

/// A declaration on the outermost level.
pub(crate) struct Outermost {
    pub(crate) declaration: Declaration,
    /// What it is for.
    pub(crate) of: Of,
}

/// What a declaration is for.
pub(crate) enum Of {
    /// A named type: its place in [`Model::types`].
    Type(usize),
    /// The data of a version of an event type: its place in [`Model::events`].
    Data(usize),
}

/// A message.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) name: String,
    /// Its one field is not in an object: it is the value.
    pub(crate) is_value: bool,
    pub(crate) fields: Vec<MessageField>,
    /// What is declared inside, in order.
    pub(crate) nested: Vec<Declaration>,
    /// Numbers that were given to something else.
    pub(crate) reserved: Vec<u32>,
    /// The name of the field that holds what the catalog does not name.
    pub(crate) further: Option<String>,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct MessageField {
    /// Its name in the event.
    pub(crate) json: String,
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) count: Count,
    pub(crate) ty: FieldType,
    /// Whether the event must have it.
    pub(crate) required: bool,
    pub(crate) nullable: bool,
}

/// How often a field is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    List,
    /// By names.
    Map,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldType {
    Boolean,
    Integer,
    Number,
    Text,
    /// A number as text.
    Decimal,
    Time,
    /// `google.protobuf.Value`.
    Any,
    /// `google.protobuf.Struct`.
    Struct,
    Message(usize),
    Enumeration(usize),
}

/// An enumeration.
#[derive(Debug, Default)]
pub(crate) struct Enumeration {
    pub(crate) name: String,
    /// What each value is in the event, the name of its constant, and its number.
    pub(crate) values: Vec<(String, String, u32)>,
    /// Numbers that were given to something else.
    pub(crate) reserved: Vec<u32>,
}

impl Schema {
    pub(crate) fn of(model: &Model<'_>) -> Self {
        let app: &AppCatalog = model.app;
        let mut builder = Builder {
            model,
            named: BTreeMap::new(),
            schema: Self {
                package: format!("daybook.{}.v{}", app.app.to_snake_case(), app.version.major),
                messages: Vec::new(),
                enumerations: Vec::new(),
                outermost: Vec::new(),
                numbering: app.protobuf.clone(),
            },
        };
        builder.types();
        // Versions of an event type follow each other, the oldest first.
        for (index, declared) in model.events.iter().enumerate() {
            builder.data(index, declared);
        }
        builder.reserve();
        builder.schema
    }

    /// The name of a type of fields, as `events.proto` has it.
    pub(crate) fn type_name(&self, ty: FieldType) -> &str {
        match ty {
            FieldType::Boolean => "bool",
            FieldType::Integer => "int64",
            FieldType::Number => "double",
            FieldType::Text | FieldType::Decimal => "string",
            FieldType::Time => "google.protobuf.Timestamp",
            FieldType::Any => "google.protobuf.Value",
            FieldType::Struct => "google.protobuf.Struct",
            FieldType::Message(place) => self.messages.get(place).map_or("", |message| message.name.as_str()),
            FieldType::Enumeration(place) => self.enumerations.get(place).map_or("", |found| found.name.as_str()),
        }
    }
}

struct Builder<'m, 'c> {
    model: &'m Model<'c>,
    schema: Schema,
    /// The declarations of named types.
    named: BTreeMap<&'m str, Declaration>,
}

/// The place of something in the catalog, by which its numbers are recorded, and the names of the messages at such places.
type Places = Vec<(String, Declaration)>;

impl<'m> Builder<'m, '_> {
    /// Declares the named types that need a declaration. All have their place before any is looked into: they may name
    /// each other.
    fn types(&mut self) {
        let model = self.model;
        let mut places: Places = Vec::new();
        for (index, named) in model.types.iter().enumerate().filter(|(_, named)| !stands_for_itself(&named.ty.shape)) {
            let declaration = self.declare(&named.type_name, &named.ty);
            self.named.insert(&named.name, declaration);
            self.schema.outermost.push(Outermost { declaration, of: Of::Type(index) });
            places.push((format!("#/types/{}", named.name), declaration));
        }
        let types = model.types.iter().filter(|named| !stands_for_itself(&named.ty.shape));
        for (named, (place, declaration)) in types.zip(places) {
            self.fill(declaration, &place, &named.ty);
        }
    }

    /// Declares the data of a version of an event type.
    fn data(&mut self, index: usize, declared: &Declared<'_>) {
        let anything = Type {
            shape: Shape::Map(Box::new(Type { shape: Shape::Any, nullable: false, limits: Vec::new() })),
            nullable: false,
            limits: Vec::new(),
        };
        let data = declared.data.as_ref().unwrap_or(&anything);
        let declaration = self.declare(&declared.data_name, data);
        self.schema.outermost.push(Outermost { declaration, of: Of::Data(index) });
        self.fill(declaration, &declared.event_type.name, data);
    }

    /// Makes a place for what a type declares.
    fn declare(&mut self, name: &str, ty: &Type) -> Declaration {
        let name = name.to_owned();
        if matches!(&ty.shape, Shape::Choice(values) if is_enumeration(values)) {
            self.schema.enumerations.push(Enumeration { name, ..Enumeration::default() });
            Declaration::Enumeration(self.schema.enumerations.len() - 1)
        } else {
            self.schema.messages.push(Message { name, ..Message::default() });
            Declaration::Message(self.schema.messages.len() - 1)
        }
    }

    /// Fills what was declared for a type. What is neither object nor enumeration is a message of one field.
    fn fill(&mut self, declaration: Declaration, place: &str, ty: &Type) {
        match (declaration, &ty.shape) {
            (Declaration::Enumeration(index), Shape::Choice(values)) => self.fill_enumeration(index, place, values),
            (Declaration::Enumeration(_), _) => {}
            (Declaration::Message(index), Shape::Object(object)) => self.fill_message(index, place, object, false),
            (Declaration::Message(index), _) => self.fill_message(index, place, &Object::of_value(ty), true),
        }
    }

    fn fill_enumeration(&mut self, index: usize, place: &str, values: &[Value]) {
        let Some(name) = self.schema.enumerations.get(index).map(|found| found.name.to_shouty_snake_case()) else {
            return;
        };
        let mut used = vec![unspecified(&name)];
        let values: Vec<_> = values
            .iter()
            .filter_map(Value::as_str)
            .map(|value| {
                let constant = unused(&format!("{name}_{}", camel(value).to_shouty_snake_case()), &mut used);
                (value.to_owned(), constant, self.schema.numbering.value(place, value))
            })
            .collect();
        if let Some(found) = self.schema.enumerations.get_mut(index) {
            found.values = values;
        }
    }

    fn fill_message(&mut self, index: usize, place: &str, object: &Object, is_value: bool) {
        let (mut used, mut used_types) = (Vec::new(), Vec::new());
        let (mut fields, mut nested) = (Vec::new(), Vec::new());
        for property in &object.fields {
            let name = unused(&field_name(&property.name), &mut used);
            let inside = self.nested(property, &format!("{place}/{}", property.name), &mut used_types);
            nested.extend(inside);
            let (count, ty) = self.field_type(&property.ty, inside);
            let token = self.token(count, ty, inside.is_some());
            fields.push(MessageField {
                json: property.name.clone(),
                name,
                number: self.schema.numbering.field(place, &token, &property.name),
                count,
                ty,
                required: property.required,
                nullable: property.ty.nullable,
            });
        }
        let further = object.others.is_some().then(|| unused("further_fields", &mut used));
        if let Some(message) = self.schema.messages.get_mut(index) {
            *message = Message {
                name: std::mem::take(&mut message.name),
                is_value,
                fields,
                nested,
                reserved: Vec::new(),
                further,
            };
        }
    }

    /// Declares what a field's type needs inside its message.
    fn nested(&mut self, property: &Property, place: &str, used: &mut Vec<String>) -> Option<Declaration> {
        let inner = match &property.ty.shape {
            Shape::List(inner) | Shape::Map(inner) => inner.as_ref(),
            _ => &property.ty,
        };
        let needs = match &inner.shape {
            Shape::Object(_) => true,
            Shape::Choice(values) => is_enumeration(values),
            _ => false,
        };
        needs.then(|| {
            let declaration = self.declare(&unused(&type_name(&property.name), used), inner);
            self.fill(declaration, place, inner);
            declaration
        })
    }

    /// How often a field is there, and as what; `inside` is what was declared for it.
    fn field_type(&self, ty: &Type, inside: Option<Declaration>) -> (Count, FieldType) {
        match &ty.shape {
            // A list in a list would need a message of its own.
            Shape::List(items) => (Count::List, self.single(items, inside).unwrap_or(FieldType::Any)),
            Shape::Map(values) => match (&values.shape, self.single(values, inside)) {
                (Shape::Any, _) | (_, None) => (Count::One, FieldType::Struct),
                (_, Some(single)) => (Count::Map, single),
            },
            _ => (Count::One, self.single(ty, inside).unwrap_or(FieldType::Any)),
        }
    }

    /// A type that can be repeated; none for lists and maps.
    fn single(&self, ty: &Type, inside: Option<Declaration>) -> Option<FieldType> {
        Some(match &ty.shape {
            Shape::Boolean => FieldType::Boolean,
            Shape::Integer | Shape::Int64 => FieldType::Integer,
            Shape::Number => FieldType::Number,
            Shape::Decimal => FieldType::Decimal,
            Shape::Text(Some(format)) if format == "date-time" => FieldType::Time,
            Shape::Text(_) => FieldType::Text,
            Shape::Choice(_) | Shape::Object(_) => inside.map_or(FieldType::Any, FieldType::from),
            Shape::Any | Shape::Union(_) => FieldType::Any,
            Shape::Named(name) => match self.named.get(name.as_str()) {
                Some(declaration) => (*declaration).into(),
                // A single value is written where it is used.
                None => self.single(&self.model.named(name)?.ty, None)?,
            },
            Shape::List(_) | Shape::Map(_) => return None,
        })
    }

    /// A field's type as numbers are recorded by: what is written otherwise is another field.
    fn token(&self, count: Count, ty: FieldType, is_nested: bool) -> String {
        let single = match ty {
            FieldType::Message(_) if is_nested => "message",
            FieldType::Enumeration(_) if is_nested => "enum",
            _ => self.schema.type_name(ty).trim_start_matches("google.protobuf."),
        };
        match count {
            Count::One => single.to_owned(),
            Count::List => format!("{single}[]"),
            Count::Map => format!("map<{single}>"),
        }
    }

    /// Keeps the numbers that others had: of other versions, and of what the catalog had once.
    fn reserve(&mut self) {
        let places = self.places();
        let Schema { messages, enumerations, numbering, .. } = &mut self.schema;
        for (place, declaration) in places {
            match declaration {
                Declaration::Message(index) => {
                    if let Some(message) = messages.get_mut(index) {
                        let used: Vec<u32> = message.fields.iter().map(|field| field.number).collect();
                        message.reserved = numbering.others(&place, &used);
                    }
                }
                Declaration::Enumeration(index) => {
                    if let Some(found) = enumerations.get_mut(index) {
                        let used: Vec<u32> = found.values.iter().map(|(_, _, number)| *number).collect();
                        found.reserved = numbering.other_values(&place, &used);
                    }
                }
            }
        }
    }

    /// Every declaration with the place of its numbers.
    fn places(&self) -> Places {
        let mut places = Places::new();
        let mut pending: Places = self
            .schema
            .outermost
            .iter()
            .map(|outermost| {
                let place = match outermost.of {
                    Of::Type(index) => self.model.types.get(index).map(|named| format!("#/types/{}", named.name)),
                    Of::Data(index) => self.model.events.get(index).map(|declared| declared.event_type.name.clone()),
                };
                (place.unwrap_or_default(), outermost.declaration)
            })
            .collect();
        let mut seen = BTreeSet::new();
        while let Some((place, declaration)) = pending.pop() {
            if let Declaration::Message(index) = declaration
                && seen.insert(index)
                && let Some(message) = self.schema.messages.get(index)
            {
                for field in &message.fields {
                    if let Some(inside) = field.ty.declaration().filter(|inside| message.nested.contains(inside)) {
                        pending.push((format!("{place}/{}", field.json), inside));
                    }
                }
            }
            places.push((place, declaration));
        }
        places
    }
}

impl From<Declaration> for FieldType {
    fn from(declaration: Declaration) -> Self {
        match declaration {
            Declaration::Message(index) => Self::Message(index),
            Declaration::Enumeration(index) => Self::Enumeration(index),
        }
    }
}

impl FieldType {
    /// What declares it.
    pub(crate) const fn declaration(self) -> Option<Declaration> {
        match self {
            Self::Message(index) => Some(Declaration::Message(index)),
            Self::Enumeration(index) => Some(Declaration::Enumeration(index)),
            _ => None,
        }
    }
}

impl Message {
    /// The number of the field that holds what the catalog does not name.
    pub(crate) const FURTHER: u32 = FURTHER_NUMBER;
}

/// The constant of nothing.
pub(crate) fn unspecified(prefix: &str) -> String {
    format!("{prefix}_UNSPECIFIED")
}

/// Whether a named type needs no message: a single value is written where it is used.
pub(crate) fn stands_for_itself(shape: &Shape) -> bool {
    match shape {
        Shape::Choice(values) => !is_enumeration(values),
        Shape::Object(_) | Shape::List(_) | Shape::Map(_) | Shape::Named(_) => false,
        _ => true,
    }
}

/// Whether all values are text, so that they can have names.
fn is_enumeration(values: &[Value]) -> bool {
    !values.is_empty()
        && values
            .iter()
            .all(|value| value.as_str().is_some_and(|text| text.chars().any(|char| char.is_ascii_alphanumeric())))
}

/// What a type that is declared for a field is called.
fn type_name(field: &str) -> String {
    let name = camel(field);
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("T{name}") }
}

fn field_name(name: &str) -> String {
    let snake = camel(name).to_snake_case();
    if snake.starts_with(|first: char| first.is_ascii_alphabetic()) { snake } else { format!("field_{snake}") }
}

fn unused(name: &str, used: &mut Vec<String>) -> String {
    let mut free = name.to_owned();
    let mut count = 1;
    while used.contains(&free) {
        count += 1;
        free = format!("{name}_{count}");
    }
    used.push(free.clone());
    free
}
