//! What a scan over many records asks of each, without decoding the rest.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::Standing;
use crate::{BlobAddress, SubjectId};

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

/// The event type of a stored record; nothing where the bytes are none.
#[must_use]
pub fn peek_name(stored: &[u8]) -> Option<&str> {
    let mut name = None;
    // What comes behind it need not be looked at.
    let _ = fields(stored, |number, value| match (number, value) {
        (3, Value::Bytes(bytes)) => {
            name = std::str::from_utf8(bytes).ok();
            None
        }
        _ => Some(()),
    });
    name
}

/// Calls `each` with the key and the value of every tag of a stored record that is not sealed.
pub fn peek_tags<'a>(stored: &'a [u8], mut each: impl FnMut(&'a str, &'a str)) {
    let _ = fields(stored, |number, value| {
        if let (22, Value::Bytes(bytes)) = (number, value) {
            let (mut key, mut value) = ("", "");
            fields(bytes, |number, found| {
                match (number, found) {
                    (1, Value::Bytes(bytes)) => key = std::str::from_utf8(bytes).ok()?,
                    (2, Value::Bytes(bytes)) => value = std::str::from_utf8(bytes).ok()?,
                    _ => {}
                }
                Some(())
            })?;
            each(key, value);
        }
        Some(())
    });
}

/// Calls `each` with the name of every blob that a stored record refers to; nothing where the bytes are none.
pub fn blob_addresses(stored: &[u8], mut each: impl FnMut(BlobAddress)) -> Option<()> {
    fields(stored, |number, value| {
        let (33, Value::Bytes(blob)) = (number, value) else { return Some(()) };
        fields(blob, |number, value| {
            if let (1, Value::Bytes(address)) = (number, value) {
                each(BlobAddress::from_bytes(address.try_into().ok()?));
            }
            Some(())
        })
    })
}

/// The value of a field, as far as its wire type says.
pub(super) enum Value<'a> {
    /// A varint.
    Number(u64),
    /// Eight bytes.
    Fixed(u64),
    Bytes(&'a [u8]),
    Other,
}

/// Calls `each` with every field of a message, in the order in which they lie in it; nothing where the bytes are none.
pub(super) fn fields<'a>(mut rest: &'a [u8], mut each: impl FnMut(u32, Value<'a>) -> Option<()>) -> Option<()> {
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
            WireType::SixtyFourBit => {
                let (bytes, behind) = rest.split_first_chunk()?;
                rest = behind;
                Value::Fixed(u64::from_le_bytes(*bytes))
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
