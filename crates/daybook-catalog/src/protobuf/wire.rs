//! The wire: bytes as fields, read strictly.

use daybook_event::Finding;
use daybook_event::finding::push_pointer;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

use crate::limits::{PROTOBUF_DEPTH_MAX, PROTOBUF_VALUES_MAX};

const _: () = assert!(PROTOBUF_DEPTH_MAX > daybook_event::limits::JSON_DEPTH_MAX);

/// One field as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'b> {
    pub(super) number: u32,
    pub(super) content: Content<'b>,
}

/// What a field holds on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'b> {
    Varint(u64),
    Fixed64(u64),
    /// Of four bytes, which no field of events is.
    Fixed32,
    Bytes(&'b [u8]),
}

/// The fields of a message, one after the other.
pub(super) struct Entries<'b>(pub(super) &'b [u8]);

impl<'b> Entries<'b> {
    /// The next field; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Entry<'b>>, &'static str> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let (number, kind) = decode_key(&mut self.0).map_err(|_| "a field without a readable key")?;
        let content = match kind {
            WireType::Varint => Content::Varint(self.varint()?),
            WireType::SixtyFourBit => Content::Fixed64(u64::from_le_bytes(self.fixed()?)),
            WireType::ThirtyTwoBit => {
                self.fixed::<4>()?;
                Content::Fixed32
            }
            WireType::LengthDelimited => {
                let length = usize::try_from(self.varint()?).map_err(|_| CUT_OFF)?;
                let (content, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
                self.0 = rest;
                Content::Bytes(content)
            }
            WireType::StartGroup | WireType::EndGroup => return Err("a group, which proto3 does not have"),
        };
        Ok(Some(Entry { number, content }))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn varint(&mut self) -> Result<u64, &'static str> {
        decode_varint(&mut self.0).map_err(|_| "a number that does not end")
    }
}

const CUT_OFF: &str = "a field that ends too early";

/// A number at the beginning of `bytes`, which it is taken from.
pub(super) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    decode_varint(bytes).ok()
}

/// Where in an event a reader is, and how much it may still read.
pub(super) struct Reading<'r> {
    steps: Vec<Step<'r>>,
    values_left: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'r> {
    Name(&'r str),
    Index(usize),
}

impl<'r> Reading<'r> {
    pub(super) const fn new() -> Self {
        Self { steps: Vec::new(), values_left: PROTOBUF_VALUES_MAX }
    }

    /// One level further in, as long as `read` goes on.
    pub(super) fn inside<T>(
        &mut self,
        step: Step<'r>,
        read: impl FnOnce(&mut Self) -> Result<T, Finding>,
    ) -> Result<T, Finding> {
        self.steps.push(step);
        let read = if self.steps.len() > PROTOBUF_DEPTH_MAX {
            Err(self.finding("protobuf.too-deep", format!("nested deeper than {PROTOBUF_DEPTH_MAX} levels")))
        } else {
            read(self)
        };
        self.steps.pop();
        read
    }

    /// Takes note of one more value.
    pub(super) fn value(&mut self) -> Result<(), Finding> {
        match self.values_left.checked_sub(1) {
            Some(left) => {
                self.values_left = left;
                Ok(())
            }
            None => Err(self.finding("protobuf.too-large", format!("more than {PROTOBUF_VALUES_MAX} values"))),
        }
    }

    /// Something is wrong here.
    pub(super) fn finding(&self, code: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> Finding {
        let mut pointer = String::new();
        for step in &self.steps {
            match step {
                Step::Name(name) => push_pointer(&mut pointer, name),
                Step::Index(index) => push_pointer(&mut pointer, &index.to_string()),
            }
        }
        Finding::new(code, pointer, message)
    }

    /// The next field of a message.
    pub(super) fn next<'b>(&self, entries: &mut Entries<'b>) -> Result<Option<Entry<'b>>, Finding> {
        entries.next().map_err(|problem| self.finding("protobuf.malformed", problem))
    }

    /// A field of another wire type than the message says.
    pub(super) fn wire_type(&self, number: u32, expected: &'static str) -> Finding {
        self.finding("protobuf.wire-type", format!("field {number} should be {expected}, and is something else"))
    }

    /// A field that the message does not have. It cannot be skipped: what it says would be lost.
    pub(super) fn unknown_field(&self, number: u32) -> Finding {
        self.finding("protobuf.unknown-field", format!("the message has no field {number}"))
            .hint("make the code of the messages anew from the catalog of this server, or give it the newer one")
    }

    /// The bytes of a field.
    pub(super) fn bytes<'b>(&self, entry: Entry<'b>) -> Result<&'b [u8], Finding> {
        match entry.content {
            Content::Bytes(bytes) => Ok(bytes),
            _ => Err(self.wire_type(entry.number, "bytes of a length")),
        }
    }

    /// The text of a field.
    pub(super) fn text<'b>(&self, entry: Entry<'b>) -> Result<&'b str, Finding> {
        std::str::from_utf8(self.bytes(entry)?)
            .map_err(|_| self.finding("protobuf.encoding", format!("the text of field {} is not UTF-8", entry.number)))
    }

    /// The number of a field.
    pub(super) fn varint(&self, entry: Entry<'_>) -> Result<u64, Finding> {
        match entry.content {
            Content::Varint(number) => Ok(number),
            _ => Err(self.wire_type(entry.number, "a whole number")),
        }
    }

    /// The number of a field.
    pub(super) fn double(&self, entry: Entry<'_>) -> Result<f64, Finding> {
        match entry.content {
            Content::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.wire_type(entry.number, "a number of 64 bits")),
        }
    }
}

/// Appends a field of bytes.
pub(super) fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends a whole number.
pub(super) fn put_varint(number: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}

/// Appends a number.
pub(super) fn put_double(number: u32, value: f64, out: &mut Vec<u8>) {
    encode_key(number, WireType::SixtyFourBit, out);
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// Appends a message that `write` writes.
pub(super) fn put_message(number: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    close_message(number, start, out);
}

/// Appends a message that `write` writes; nothing where it finds that it cannot.
pub(super) fn try_message(
    number: u32,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    let start = out.len();
    if write(out).is_none() {
        out.truncate(start);
        return None;
    }
    close_message(number, start, out);
    Some(())
}

/// Puts the key and the length before a message that was written.
fn close_message(number: u32, start: usize, out: &mut Vec<u8>) {
    let mut head = Vec::with_capacity(10);
    encode_key(number, WireType::LengthDelimited, &mut head);
    encode_varint((out.len() - start) as u64, &mut head);
    out.splice(start..start, head);
}
