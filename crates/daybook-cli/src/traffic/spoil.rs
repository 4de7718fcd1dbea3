//! What goes wrong on purpose, so that a demo has something to quarantine.

use serde_json::{Value, json};

use super::draw::Draw;
use super::plan::Spoil;

/// How an event was spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spoiled {
    /// A required property is missing.
    MissingProperty,
    /// A property has the wrong type.
    WrongType,
    /// There is a property too many.
    UnknownProperty,
    /// The event type does not exist.
    UnknownType,
    /// It claims to happen in two days.
    Future,
    /// It claims to have happened years ago.
    TooOld,
    /// A text holds a credential.
    Secret,
    /// It is sent twice.
    Duplicate,
    /// It is sent again with the same id and other content.
    IdConflict,
}

/// The parts of an event that can be spoilt.
pub struct Parts<'p> {
    /// The event type.
    pub name: &'p mut String,
    /// Its data.
    pub data: &'p mut Option<Value>,
    /// The time it claims.
    pub time_us: &'p mut i64,
    /// The properties that its type requires.
    pub required: &'p [String],
    /// The time it is, for whoever receives it.
    pub present_us: i64,
}

const DAY_US: i64 = 86_400_000_000;

impl Spoiled {
    /// Whether to spoil the next event, and how.
    pub fn choose(spoil: &Spoil, draw: &mut Draw) -> Option<Self> {
        let ways = [
            (Self::MissingProperty, spoil.missing_property),
            (Self::WrongType, spoil.wrong_type),
            (Self::UnknownProperty, spoil.unknown_property),
            (Self::UnknownType, spoil.unknown_type),
            (Self::Future, spoil.future),
            (Self::TooOld, spoil.too_old),
            (Self::Secret, spoil.secret),
            (Self::Duplicate, spoil.duplicate),
            (Self::IdConflict, spoil.id_conflict),
        ];
        let possible = ways.iter().any(|(_, weight)| *weight > 0.0);
        if !possible || !draw.chance(spoil.share) {
            return None;
        }
        ways.get(draw.weighted(ways.iter().map(|(_, weight)| *weight))).map(|(way, _)| *way)
    }

    /// Spoils an event. What is sent twice stays as it is here.
    pub fn apply(self, parts: &mut Parts<'_>, draw: &mut Draw) {
        match self {
            Self::MissingProperty => miss(parts, draw),
            Self::WrongType => mistype(parts, draw),
            Self::UnknownProperty => add(parts, "debugNote", json!("left in by mistake")),
            Self::UnknownType => parts.name.push_str("_x"),
            Self::Future => *parts.time_us = parts.present_us + 2 * DAY_US,
            Self::TooOld => *parts.time_us = parts.present_us - 4_000 * DAY_US,
            Self::Secret => leak(parts, draw),
            Self::Duplicate | Self::IdConflict => {}
        }
    }

    /// The other content of an event whose id is used twice.
    pub fn other_content(data: &mut Option<Value>) {
        let mut object = data.take().filter(Value::is_object).unwrap_or_else(|| json!({}));
        object["resent"] = json!("with other content");
        *data = Some(object);
    }
}

fn miss(parts: &mut Parts<'_>, draw: &mut Draw) {
    let Some(Value::Object(members)) = parts.data else { return };
    let names: Vec<String> = members.keys().filter(|name| parts.required.contains(name)).cloned().collect();
    if let Some(name) = names.get(draw.index(names.len())) {
        members.shift_remove(name);
    }
}

fn mistype(parts: &mut Parts<'_>, draw: &mut Draw) {
    let Some(Value::Object(members)) = parts.data else { return };
    let index = draw.index(members.len());
    if let Some(value) = members.values_mut().nth(index) {
        *value = match value {
            Value::Bool(_) => json!("perhaps"),
            Value::Number(_) => json!("quite a few"),
            _ => json!(true),
        };
    }
}

fn add(parts: &mut Parts<'_>, name: &str, value: Value) {
    if let Value::Object(members) = parts.data.get_or_insert_with(|| json!({})) {
        members.insert(name.to_owned(), value);
    }
}

/// Made up, but of the shapes that credentials have. Put together here, so that no scanner of this source trips over them.
fn leak(parts: &mut Parts<'_>, draw: &mut Draw) {
    let letters: String = draw.bytes::<24>().iter().map(|byte| char::from(b'a' + byte % 26)).collect();
    let secret = match draw.index(4) {
        0 => format!("sk-{letters}"),
        1 => format!("Authorization: Bearer {letters}"),
        2 => format!("password=\"{letters}\""),
        _ => format!("https://admin:{letters}@db.internal/main"),
    };
    let Some(Value::Object(members)) = parts.data else { return add(parts, "debugNote", json!(secret)) };
    let texts: Vec<&mut Value> = members.values_mut().filter(|value| long_text(value)).collect();
    let index = draw.index(texts.len());
    match texts.into_iter().nth(index) {
        Some(text) => *text = json!(format!("{}: {secret}", text.as_str().unwrap_or_default())),
        None => add(parts, "debugNote", json!(secret)),
    }
}

/// A text with a blank is prose; one without is an identifier or one of an enumeration.
fn long_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(' '))
}
