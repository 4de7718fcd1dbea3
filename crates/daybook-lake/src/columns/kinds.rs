//! What the columns of data fields hold, by what schemas say of them.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::datatypes::DataType;
use serde_json::{Map, Value};

use super::{DECIMAL, TEXT, time_type};

/// What a column of a data field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// Text.
    Text,
    /// A point in time.
    Time,
    /// A day.
    Date,
    /// A whole number of 64 bits.
    Integer,
    /// A whole number of 64 bits that events may also write as text (`format: int64`).
    IntegerOrText,
    /// A number.
    Number,
    /// A decimal number, which events may write as text.
    Decimal,
    /// True or false.
    Boolean,
    /// Anything, as the text of its JSON.
    Json,
}

impl ValueKind {
    const ALL: [Self; 9] = [
        Self::Text,
        Self::Time,
        Self::Date,
        Self::Integer,
        Self::IntegerOrText,
        Self::Number,
        Self::Decimal,
        Self::Boolean,
        Self::Json,
    ];

    /// Its name, which tables keep.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Time => "time",
            Self::Date => "date",
            Self::Integer => "integer",
            Self::IntegerOrText => "int64",
            Self::Number => "number",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Json => "json",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The type of the column.
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text | Self::Json => TEXT,
            Self::Time => time_type(),
            Self::Date => DataType::Date32,
            Self::Integer | Self::IntegerOrText => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Decimal => DataType::Decimal128(DECIMAL.0, DECIMAL.1),
            Self::Boolean => DataType::Boolean,
        }
    }

    /// What holds this and that.
    pub(super) fn and(self, other: Self) -> Self {
        use ValueKind::{Date, Decimal, Integer, IntegerOrText, Json, Number, Text, Time};
        match (self.min(other), self.max(other)) {
            (one, same) if one == same => one,
            (Text | Time, Time | Date) => Text,
            (Integer, IntegerOrText) => IntegerOrText,
            (Integer, Number) => Number,
            (Integer | IntegerOrText, Decimal) => Decimal,
            _ => Json,
        }
    }
}

/// The properties of an object's schema by name, also those that it has by reference, `allOf`, `anyOf`, `oneOf`, `then` and
/// `else`.
pub(super) fn properties<'s>(types: &'s Map<String, Value>, schema: &'s Value) -> BTreeMap<&'s str, &'s Value> {
    let mut found = BTreeMap::new();
    walk(types, schema, &["allOf", "anyOf", "oneOf", "then", "else"], &mut |object| {
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            found.entry(name.as_str()).or_insert(property);
        }
    });
    found
}

/// What a column of values of this schema holds.
pub(super) fn kind_of(types: &Map<String, Value>, schema: &Value) -> ValueKind {
    let mut found: Option<ValueKind> = None;
    walk(types, schema, &["allOf", "anyOf", "oneOf"], &mut |object| {
        for kind in own_kinds(object) {
            found = Some(found.map_or(kind, |known| known.and(kind)));
        }
    });
    found.unwrap_or(ValueKind::Json)
}

/// What a schema says itself; nothing where it leaves that to those it is made of. That it may be null says nothing.
fn own_kinds(object: &Map<String, Value>) -> Vec<ValueKind> {
    let format = object.get("format").and_then(Value::as_str);
    let names: Vec<&str> = match object.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let names: Vec<&str> = names.into_iter().filter(|name| *name != "null").collect();
    let only = |allowed: &[&str]| !names.is_empty() && names.iter().all(|name| allowed.contains(name));
    if format == Some("decimal") && only(&["number", "integer", "string"]) {
        return vec![ValueKind::Decimal];
    }
    if format == Some("int64") && only(&["integer", "string"]) && names.contains(&"integer") {
        return vec![ValueKind::IntegerOrText];
    }
    let named = |name: &str| match (name, format) {
        ("string", Some("date-time")) => ValueKind::Time,
        ("string", Some("date")) => ValueKind::Date,
        ("string", _) => ValueKind::Text,
        ("integer", _) => ValueKind::Integer,
        ("number", _) => ValueKind::Number,
        ("boolean", _) => ValueKind::Boolean,
        _ => ValueKind::Json,
    };
    if !names.is_empty() {
        return names.into_iter().map(named).collect();
    }
    let values = object.get("enum").and_then(Value::as_array).into_iter().flatten().chain(object.get("const"));
    let of_value = |value: &Value| match value {
        Value::Null => None,
        Value::Bool(_) => Some(ValueKind::Boolean),
        Value::Number(number) if number.is_f64() => Some(ValueKind::Number),
        Value::Number(_) => Some(ValueKind::Integer),
        Value::String(_) => Some(ValueKind::Text),
        Value::Array(_) | Value::Object(_) => Some(ValueKind::Json),
    };
    values.filter_map(of_value).collect()
}

/// Looks at a schema, and at those it is made of by reference and by these keywords.
fn walk<'s>(
    types: &'s Map<String, Value>,
    schema: &'s Value,
    keywords: &[&str],
    look: &mut impl FnMut(&'s Map<String, Value>),
) {
    let (mut pending, mut references) = (vec![schema], BTreeSet::new());
    while let Some(schema) = pending.pop() {
        let Some(object) = schema.as_object() else { continue };
        look(object);
        if let Some(reference) = object.get("$ref").and_then(Value::as_str)
            && references.insert(reference)
        {
            pending.extend(reference.strip_prefix("#/types/").and_then(|name| types.get(name)));
        }
        for keyword in keywords {
            match object.get(*keyword) {
                Some(Value::Array(schemas)) => pending.extend(schemas),
                Some(schema) => pending.push(schema),
                None => {}
            }
        }
    }
}
