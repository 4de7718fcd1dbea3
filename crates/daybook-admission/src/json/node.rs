//! The JSON Schema validator on sonic-rs values, so that nothing is copied to be validated.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array as ArrayNode, Json, JsonNumber, Node as JsonNode, NodeIdentity, Object as ObjectNode};
use serde_json::Number;
use sonic_rs::{Array, Object, Value};

use super::View;
use super::view::NumberText;

/// The representation that validators are compiled for.
pub(crate) struct SonicJson;

/// One value of a parsed document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a>(pub(crate) &'a Value);

pub(crate) struct ObjectView<'a>(&'a Object);
pub(crate) struct ArrayView<'a>(&'a Array);

impl Json for SonicJson {
    type Node<'a> = Node<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = Value;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>(buffer: &mut Value, string: &str, f: impl FnOnce(Node<'_>) -> T) -> T {
        *buffer = Value::from(string);
        f(Node(buffer))
    }
}

impl JsonNumber for NumberText<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.as_str().parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.as_str().parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.as_str().parse().ok()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(NumberText::as_str(self))
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(serde_json::from_str(NumberText::as_str(self)).unwrap_or_else(|_| Number::from(0)))
    }

    fn is_integer(&self) -> bool {
        let text = NumberText::as_str(self);
        // JSON Schema counts 1.0 and 1e2 as integers.
        !text.contains(['.', 'e', 'E']) || text.parse::<f64>().is_ok_and(|number| number.fract() == 0.0)
    }
}

impl<'a> JsonNode<'a, SonicJson> for Node<'a> {
    type Object = ObjectView<'a>;
    type Array = ArrayView<'a>;
    type Number = NumberText<'a>;

    fn as_object(&self) -> Option<ObjectView<'a>> {
        match View::of(self.0) {
            View::Object(object) => Some(ObjectView(object)),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<ArrayView<'a>> {
        match View::of(self.0) {
            View::Array(array) => Some(ArrayView(array)),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match View::of(self.0) {
            View::String(text) => Some(text),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<NumberText<'a>> {
        match View::of(self.0) {
            View::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match View::of(self.0) {
            View::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(View::of(self.0), View::Null)
    }

    fn json_type(&self) -> JsonType {
        match View::of(self.0) {
            View::Null => JsonType::Null,
            View::Boolean(_) => JsonType::Boolean,
            View::Number(_) => JsonType::Number,
            View::String(_) => JsonType::String,
            View::Array(_) => JsonType::Array,
            View::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &serde_json::Value) -> bool {
        // Nearly every `const` and `enum` is of strings.
        match (View::of(self.0), expected) {
            (View::String(text), serde_json::Value::String(expected)) => text == expected.as_str(),
            (View::String(_), _) | (_, serde_json::Value::String(_)) => false,
            _ => jsonschema_equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, serde_json::Value> {
        Cow::Owned(plain(self.0))
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref(self.0).addr()))
    }
}

impl<'a> ObjectNode<'a, SonicJson> for ObjectView<'a> {
    type Node = Node<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &Box<str>) -> Option<Node<'a>> {
        self.0.iter().find(|(name, _)| *name == key.as_ref()).map(|(_, value)| Node(value))
    }

    fn members(&self) -> Members<'a> {
        Members(self.0.iter())
    }
}

/// The members of an object.
pub(crate) struct Members<'a>(sonic_rs::value::object::Iter<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, Node(value)))
    }
}

impl<'a> ArrayNode<'a, SonicJson> for ArrayView<'a> {
    type Node = Node<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Elements<'a> {
        Elements(self.0.as_slice().iter())
    }
}

/// The elements of an array.
pub(crate) struct Elements<'a>(std::slice::Iter<'a, Value>);

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Node)
    }
}

/// A value as serde_json has it, for the cold paths that need one.
fn plain(value: &Value) -> serde_json::Value {
    match View::of(value) {
        View::Null => serde_json::Value::Null,
        View::Boolean(boolean) => serde_json::Value::Bool(boolean),
        View::Number(number) => serde_json::Value::Number(number.to_number().into_owned()),
        View::String(text) => serde_json::Value::String(text.into_owned()),
        View::Array(array) => serde_json::Value::Array(array.as_slice().iter().map(plain).collect()),
        View::Object(object) => {
            serde_json::Value::Object(object.iter().map(|(name, value)| (name.to_owned(), plain(value))).collect())
        }
    }
}

/// Equality as JSON Schema means it: numbers by value.
fn jsonschema_equal(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (one, other) {
        (Number(one), Number(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one == other,
            _ => one.as_f64() == other.as_f64(),
        },
        (Array(one), Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| jsonschema_equal(one, other))
        }
        (Object(one), Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| jsonschema_equal(value, other)))
        }
        _ => one == other,
    }
}
