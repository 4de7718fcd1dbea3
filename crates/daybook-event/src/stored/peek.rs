//! What a scan over many records asks of each, without decoding the rest.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::Standing;
use crate::SubjectId;

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peek<'a> {
    /// The app.
    pub app: &'a str,
    /// The category.
    pub category: &'a str,
    /// Who it is about.
    pub standing: Standing,
    /// Others it names.
    pub others: Vec<SubjectId>,
}

impl Peek<'_> {
    /// Whether something in it is sealed for this person, or was.
    #[must_use]
    pub fn is_about(&self, person: SubjectId) -> bool {
        self.standing.person() == Some(person) || self.others.contains(&person)
    }
}

/// Looks at a stored record; nothing where the bytes are none.
#[must_use]
pub fn peek(stored: &[u8]) -> Option<Peek<'_>> {
    let (mut app, mut category, mut subject, mut pseudonym) = ("", "", None, false);
    let mut others = Vec::new();
    fields(stored, |number, value| {
        match (number, value) {
            (2, Value::Bytes(bytes)) => app = std::str::from_utf8(bytes).ok()?,
            (7, Value::Bytes(bytes)) => category = std::str::from_utf8(bytes).ok()?,
            (28, Value::Bytes(bytes)) => subject = Some(SubjectId::from_bytes(bytes.try_into().ok()?)),
            (30, Value::Number(number)) => pseudonym = number == 1,
            (31, Value::Bytes(bytes)) => fields(bytes, |number, value| {
                if let (1, Value::Bytes(bytes)) = (number, value) {
                    others.push(SubjectId::from_bytes(bytes.try_into().ok()?));
                }
                Some(())
            })?,
            _ => {}
        }
        Some(())
    })?;
    let standing = match subject {
        None => Standing::Nobody,
        Some(id) if pseudonym => Standing::Pseudonym(id),
        Some(id) => Standing::Person(id),
    };
    Some(Peek { app, category, standing, others })
}

/// The value of a field, as far as its wire type says.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

fn fields<'a>(mut rest: &'a [u8], mut each: impl FnMut(u32, Value<'a>) -> Option<()>) -> Option<()> {
    while !rest.is_empty() {
        let (number, wire_type) = decode_key(&mut rest).ok()?;
        let value = match wire_type {
            WireType::Varint => Value::Number(decode_varint(&mut rest).ok()?),
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
                let (bytes, behind) = rest.split_at_checked(length)?;
                rest = behind;
                Value::Bytes(bytes)
            }
            _ => {
                skip_field(wire_type, number, &mut rest, DecodeContext::default()).ok()?;
                Value::Other
            }
        };
        each(number, value)?;
    }
    Some(())
}
