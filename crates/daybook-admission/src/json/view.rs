//! One JSON value as Daybook reads it.

use std::borrow::Cow;

use daybook_event::Timestamp;
use daybook_event::id::parse_object_id;
use sonic_rs::{Array, JsonContainerTrait, JsonType, JsonValueTrait, Object, RawNumber, Value};

/// One JSON value. MongoDB's Extended JSON (v2: `$oid`, `$date`, `$numberInt`, `$numberLong`, `$numberDouble`,
/// `$numberDecimal`) reads as the string or number it stands for.
pub(crate) enum View<'a> {
    Null,
    Boolean(bool),
    Number(NumberText<'a>),
    String(Cow<'a, str>),
    Array(&'a Array),
    Object(&'a Object),
}

/// A number as it was written.
pub(crate) enum NumberText<'a> {
    Raw(RawNumber),
    Text(&'a str),
    Owned(String),
}

impl NumberText<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Raw(number) => number.as_str(),
            Self::Text(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl<'a> View<'a> {
    /// Looks at a value.
    pub(crate) fn of(value: &'a Value) -> Self {
        match value.get_type() {
            JsonType::Null => Self::Null,
            JsonType::Boolean => Self::Boolean(value.is_true()),
            JsonType::Number => Self::Number(number(value)),
            JsonType::String => Self::String(Cow::Borrowed(value.as_str().unwrap_or_default())),
            JsonType::Array => value.as_array().map_or(Self::Null, Self::Array),
            JsonType::Object => value.as_object().map_or(Self::Null, Self::object),
        }
    }

    fn object(object: &'a Object) -> Self {
        if object.len() == 1
            && let Some((name, value)) = object.iter().next()
            && name.starts_with('$')
            && let Some(plain) = extended(name, value)
        {
            return plain;
        }
        Self::Object(object)
    }
}

fn number(value: &Value) -> NumberText<'_> {
    match value.as_raw_number() {
        Some(raw) => NumberText::Raw(raw),
        // Parsed without raw numbers, which only values made in code are.
        None => NumberText::Owned(value.as_number().map_or_else(|| "0".to_owned(), |number| number.to_string())),
    }
}

/// The plain value that a member of Extended JSON stands for; `None` when it is not well-formed, and then just an object.
fn extended<'a>(name: &str, value: &'a Value) -> Option<View<'a>> {
    match name {
        "$oid" => {
            let text = value.as_str()?;
            parse_object_id(text).map(|_| View::String(Cow::Borrowed(text)))
        }
        "$date" => match View::of(value) {
            View::String(text) => Timestamp::parse(&text).ok().map(|_| View::String(text)),
            View::Number(number) => {
                let milliseconds: i64 = number.as_str().parse().ok()?;
                let time = Timestamp::from_microseconds(milliseconds.checked_mul(1_000)?);
                Some(View::String(Cow::Owned(time.to_string())))
            }
            _ => None,
        },
        "$numberInt" | "$numberLong" => {
            let text = value.as_str()?;
            (text.parse::<i64>().is_ok() && is_json_number(text)).then_some(View::Number(NumberText::Text(text)))
        }
        "$numberDouble" | "$numberDecimal" => {
            let text = value.as_str()?;
            is_json_number(text).then_some(View::Number(NumberText::Text(text)))
        }
        _ => None,
    }
}

/// Whether a text is a number of RFC 8259, so that it can be written as one.
fn is_json_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'))
        && text.len() <= 64
        && super::parse(text).is_ok_and(|value| value.is_number())
}
