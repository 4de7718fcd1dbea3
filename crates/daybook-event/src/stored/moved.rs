//! Values of an event that lie in blobs beside its record: what the record says of them, and how they come back.

use std::borrow::Cow;

use super::peek::{Value, fields};
use super::{StoredBlob, bytes_length, number, number_length, text, text_length};
use crate::blob::{ADDRESS_BYTES, BlobAddress};
use crate::json::{ObjectWriter, put_members, write_string};
use crate::{Event, Standing, SubjectId};

/// A value of an event that lies in a blob.
#[derive(Clone, PartialEq, Eq)]
pub struct Moved {
    /// The blob's name.
    pub address: BlobAddress,
    /// How long the value's JSON is, in bytes.
    pub size: u64,
    /// Whose keys open it.
    pub part: MovedPart,
    /// What may be told of it.
    pub shown: Shown<'static>,
}

/// Whose a part of a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedPart {
    /// That of whom the record is about, or of nobody.
    Own,
    /// That of somebody else whom it names.
    Other(SubjectId),
}

/// What a record tells of a value that lies in a blob, beside the blob's name and size.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Where the value belongs.
    pub place: Place,
    /// Its JSON Pointer there.
    pub pointer: Cow<'a, str>,
    /// What it is.
    pub kind: ContentKind,
    /// Its first characters; empty where they are sealed.
    pub preview: Cow<'a, str>,
}

/// Which document of an event a value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Its data.
    Data,
    /// Its metadata.
    Metadata,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// A string.
    Text,
    /// An object.
    Object,
    /// An array.
    Array,
    /// A number, `true`, `false` or `null`.
    Other,
}

/// A blob as it is written into a record.
#[derive(Clone, PartialEq, Eq)]
pub struct BlobEntry<'a> {
    /// The blob's name.
    pub address: BlobAddress,
    /// How long the value's JSON is, in bytes.
    pub size: u64,
    /// What everybody may be told of it; nothing where the value is personal.
    pub shown: Option<Shown<'a>>,
}

/// A blob as it is read out of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) blob: BlobEntry<'static>,
    /// Whether its value is in the event again.
    pub(super) is_back: bool,
}

/// What a blob holds, and how it begins, is not printed.
impl std::fmt::Debug for Moved {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Moved({}, {} bytes)", self.address, self.size)
    }
}

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Shown({:?} {:?}, {:?})", self.place, self.pointer, self.kind)
    }
}

impl std::fmt::Debug for BlobEntry<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "BlobEntry({}, {} bytes, {:?})", self.address, self.size, self.shown)
    }
}

impl MovedPart {
    /// Whose that is, of a record that is about somebody or nobody.
    #[must_use]
    pub const fn owner(self, standing: Standing) -> Standing {
        match self {
            Self::Own => standing,
            Self::Other(subject) => Standing::Person(subject),
        }
    }
}

impl ContentKind {
    /// What a JSON text is.
    #[must_use]
    pub fn of(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => Self::Text,
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            _ => Self::Other,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Object => "object",
            Self::Array => "array",
            Self::Other => "other",
        }
    }
}

impl Moved {
    /// What stands in the place of the value while it is not there: `{"$blob": …}`.
    #[must_use]
    pub fn reference(&self) -> String {
        reference(&self.address, self.size, &self.shown)
    }

    /// Says in the reference that stands in the event why the value is not there.
    pub fn mark(&self, event: &mut Event<'static>, error: &str) {
        let pointer = Cow::Owned(format!("{}/$blob/error", self.shown.pointer));
        let mut json = Vec::new();
        write_string(&mut json, error);
        put(self.shown.place, &pointer, event, &String::from_utf8_lossy(&json));
    }

    /// Puts a JSON text into its place in the event.
    pub fn put(&self, event: &mut Event<'static>, json: &str) {
        put(self.shown.place, &self.shown.pointer, event, json);
    }
}

impl Shown<'_> {
    /// What a record says, read; nothing where it does not say where the value belongs.
    pub(super) fn read<'a>(place: i32, pointer: Cow<'a, str>, kind: i32, preview: Cow<'a, str>) -> Option<Shown<'a>> {
        let place = match place {
            1 => Place::Data,
            2 => Place::Metadata,
            _ => return None,
        };
        let kind = match kind {
            0 => ContentKind::Text,
            1 => ContentKind::Object,
            2 => ContentKind::Array,
            _ => ContentKind::Other,
        };
        Some(Shown { place, pointer, kind, preview })
    }

    /// Appends its fields, which are 3 to 6 wherever it stands.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        number(out, 3, self.place_number());
        text(out, 4, &self.pointer);
        number(out, 5, self.kind as u64);
        text(out, 6, &self.preview);
    }

    /// How many bytes [`Shown::encode`] appends.
    pub(super) fn length(&self) -> usize {
        number_length(self.place_number())
            + text_length(&self.pointer)
            + number_length(self.kind as u64)
            + text_length(&self.preview)
    }

    const fn place_number(&self) -> u64 {
        match self.place {
            Place::Data => 1,
            Place::Metadata => 2,
        }
    }
}

impl BlobEntry<'_> {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        super::bytes(out, 1, self.address.as_bytes());
        number(out, 2, self.size);
        if let Some(shown) = &self.shown {
            shown.encode(out);
        }
    }

    pub(super) fn length(&self) -> usize {
        Self::fields_length(self.size, self.shown.as_ref())
    }

    /// How many bytes such an entry takes in a record.
    #[must_use]
    pub fn stored_length(size: u64, shown: Option<&Shown<'_>>) -> usize {
        bytes_length(33, Self::fields_length(size, shown))
    }

    fn fields_length(size: u64, shown: Option<&Shown<'_>>) -> usize {
        bytes_length(1, ADDRESS_BYTES) + number_length(size) + shown.map_or(0, Shown::length)
    }
}

impl Entry {
    /// Reads the message of one; nothing where it is none.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut address: &[u8] = &[];
        let (mut size, mut place, mut kind) = (0, 0, 0);
        let (mut pointer, mut preview) = ("", "");
        fields(bytes, |field, value| {
            match (field, value) {
                (1, Value::Bytes(bytes)) => address = bytes,
                (2, Value::Number(number)) => size = number,
                (3, Value::Number(number)) => place = number as i32,
                (4, Value::Bytes(bytes)) => pointer = std::str::from_utf8(bytes).ok()?,
                (5, Value::Number(number)) => kind = number as i32,
                (6, Value::Bytes(bytes)) => preview = std::str::from_utf8(bytes).ok()?,
                (1..=6, _) => return None,
                _ => {}
            }
            Some(())
        })?;
        let shown = Shown::read(place, Cow::Owned(pointer.to_owned()), kind, Cow::Owned(preview.to_owned()));
        let address = BlobAddress::from_bytes(address.try_into().ok()?);
        Some(Self { blob: BlobEntry { address, size, shown }, is_back: false })
    }

    /// Reads the message of one; the length of its address, where that is wrong.
    pub(super) fn from_message(message: StoredBlob) -> Result<Self, usize> {
        let StoredBlob { address, size, place, pointer, kind, preview } = message;
        let address: [u8; ADDRESS_BYTES] = address.as_slice().try_into().map_err(|_| address.len())?;
        let shown = Shown::read(place, Cow::Owned(pointer), kind, Cow::Owned(preview));
        let blob = BlobEntry { address: BlobAddress::from_bytes(address), size, shown };
        Ok(Self { blob, is_back: false })
    }

    /// Puts the reference into the place of the value, where everybody may know it.
    pub(super) fn refer(&self, event: &mut Event<'static>) {
        if let BlobEntry { address, size, shown: Some(shown) } = &self.blob {
            put(shown.place, &shown.pointer, event, &reference(address, *size, shown));
        }
    }
}

fn put(place: Place, pointer: &str, event: &mut Event<'static>, json: &str) {
    let text = match place {
        Place::Data => &mut event.data,
        Place::Metadata => &mut event.metadata,
    };
    if let Cow::Owned(whole) = put_members(text, [(pointer, json)]) {
        *text = Cow::Owned(whole);
    }
}

fn reference(address: &BlobAddress, size: u64, shown: &Shown<'_>) -> String {
    let mut out = Vec::with_capacity(160 + shown.preview.len());
    let mut outer = ObjectWriter::open(&mut out);
    outer.field("$blob");
    let mut inner = ObjectWriter::open(outer.out);
    inner.string("digest", &address.to_string());
    inner.raw("size", &size.to_string());
    inner.string("kind", shown.kind.as_str());
    if !shown.preview.is_empty() {
        inner.string("preview", &shown.preview);
    }
    inner.close();
    outer.close();
    // Made of texts only.
    String::from_utf8(out).unwrap_or_default()
}
