//! The bytes an event is stored as: one Protobuf message, described in `docs/log-format.md`.
//!
//! [`encode_clear`] and [`Rest::encode`] write it from borrowed text without building the message first, and [`decode`]
//! and [`decode_closed`] read it in the same way. Tests hold both against prost. What is personal is in none of the plain fields: it is a
//! [`Personal`], sealed, and [`Stored::open`] puts it back.

mod heading;
mod moved;
mod opening;
mod parts;
mod peek;
mod personal;
mod signature;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::{Actor, Event, EventId, Kind, Position, Priority, SessionHash, SubjectId, Timestamp};

pub use heading::{Heading, heading};
pub use moved::{BlobEntry, ContentKind, Moved, MovedPart, Place, Shown};
pub use opening::{Closed, Opened, RecordKeys, Standing, Stored, decode, decode_closed, seal_context};
pub use peek::{Peek, blob_addresses, peek, peek_name, peek_tags};
pub use personal::{Personal, SealedBlob};
pub use signature::{SignaturePart, seal_signature, signature_plain};

/// The stored form of an event. Absent text is empty; field numbers are for ever.
#[derive(Clone, PartialEq, Message)]
pub struct StoredEvent {
    /// The canonical id, 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub id: Vec<u8>,
    /// The app.
    #[prost(string, tag = "2")]
    pub app: String,
    /// The event type.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The version of the event type.
    #[prost(string, tag = "4")]
    pub version: String,
    /// When it happened, in microseconds since the Unix epoch.
    #[prost(sint64, tag = "5")]
    pub time_us: i64,
    /// When it was received, in microseconds since the Unix epoch.
    #[prost(sint64, tag = "6")]
    pub received_us: i64,
    /// Its category.
    #[prost(string, tag = "7")]
    pub category: String,
    /// Its priority plus one, so that 0 means normal.
    #[prost(int32, tag = "8")]
    pub priority: i32,
    /// The share of such events that was kept; 0 means all.
    #[prost(double, tag = "9")]
    pub sample_rate: f64,
    /// Which part of the app sent it.
    #[prost(string, tag = "10")]
    pub source: String,
    /// The platform.
    #[prost(string, tag = "11")]
    pub platform: String,
    /// The environment.
    #[prost(string, tag = "12")]
    pub environment: String,
    /// The person; only in records of before there was sealing, as are the next two, the actor that is a person, and
    /// the original id.
    #[prost(string, tag = "13")]
    pub identity: String,
    /// The person's other name.
    #[prost(string, tag = "14")]
    pub anonymous_id: String,
    /// The session.
    #[prost(string, tag = "15")]
    pub session: String,
    /// The group.
    #[prost(string, tag = "16")]
    pub group: String,
    /// The kind of actor.
    #[prost(string, tag = "17")]
    pub actor_type: String,
    /// The actor.
    #[prost(string, tag = "18")]
    pub actor_id: String,
    /// The workflow.
    #[prost(string, tag = "19")]
    pub correlation: String,
    /// The cause.
    #[prost(string, tag = "20")]
    pub causation: String,
    /// The request.
    #[prost(string, tag = "21")]
    pub request: String,
    /// Tags, sorted by key.
    #[prost(message, repeated, tag = "22")]
    pub tags: Vec<StoredTag>,
    /// JSON text of the data.
    #[prost(string, tag = "23")]
    pub data: String,
    /// JSON text of the metadata.
    #[prost(string, tag = "24")]
    pub metadata: String,
    /// The id as the app wrote it.
    #[prost(string, tag = "25")]
    pub original_id: String,
    /// Digest of the event as the client sent it.
    #[prost(bytes = "vec", tag = "26")]
    pub digest: Vec<u8>,
    /// 0 an event, 1 a daily count.
    #[prost(int32, tag = "27")]
    pub kind: i32,
    /// The id that stands for who it is about, 16 bytes.
    #[prost(bytes = "vec", tag = "28")]
    pub subject: Vec<u8>,
    /// What is personal in it, sealed.
    #[prost(bytes = "vec", tag = "29")]
    pub sealed: Vec<u8>,
    /// What the subject is: 0 a person, 1 somebody who did not consent to more.
    #[prost(int32, tag = "30")]
    pub standing: i32,
    /// What is personal to others it names.
    #[prost(message, repeated, tag = "31")]
    pub others: Vec<StoredOther>,
    /// The keyed hash that stands for its session; 0 for none.
    #[prost(fixed64, tag = "32")]
    pub session_hash: u64,
    /// What of it lies in blobs.
    #[prost(message, repeated, tag = "33")]
    pub blobs: Vec<StoredBlob>,
    /// The signature it came with, sealed for everybody it names.
    #[prost(bytes = "vec", tag = "35")]
    pub signature: Vec<u8>,
    /// Whether a signature was verified, and what is kept of it: 0 there was none, 1 the signature, 2 that it was right.
    #[prost(int32, tag = "36")]
    pub signature_verified: i32,
}

/// A value that lies in a blob.
#[derive(Clone, PartialEq, Message)]
pub struct StoredBlob {
    /// The blob's name, 32 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub address: Vec<u8>,
    /// How long the value's JSON is.
    #[prost(uint64, tag = "2")]
    pub size: u64,
    /// Where the value belongs: 0 is among what is sealed, 1 in the data, 2 in the metadata.
    #[prost(int32, tag = "3")]
    pub place: i32,
    /// Its JSON Pointer there.
    #[prost(string, tag = "4")]
    pub pointer: String,
    /// What it is: 0 a text, 1 an object, 2 an array, 3 something else.
    #[prost(int32, tag = "5")]
    pub kind: i32,
    /// Its first characters.
    #[prost(string, tag = "6")]
    pub preview: String,
}

/// What is personal to somebody whom an event names beside its own person.
#[derive(Clone, PartialEq, Message)]
pub struct StoredOther {
    /// The id that stands for them, 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub subject: Vec<u8>,
    /// What is personal, sealed.
    #[prost(bytes = "vec", tag = "2")]
    pub sealed: Vec<u8>,
}

/// One tag.
#[derive(Clone, PartialEq, Message)]
pub struct StoredTag {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// The bytes are not a stored event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not the Protobuf message.
    #[error("not a stored event: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// The id is not 16 bytes long.
    #[error("not a stored event: its id has {0} bytes instead of 16")]
    Id(usize),
    /// The id of a person is not 16 bytes long.
    #[error("not a stored event: the id of a person has {0} bytes instead of 16")]
    Subject(usize),
    /// The name of a blob is not 32 bytes long.
    #[error("not a stored event: the name of a blob has {0} bytes instead of 32")]
    Blob(usize),
}

/// Appends the stored form of `event` to `out`, with the digest of what the client sent and nothing sealed: whoever calls
/// it knows that nothing in the event is personal. The position is not part of it: a record's place in the log says it.
pub fn encode(event: &Event<'_>, digest: &[u8], out: &mut Vec<u8>) {
    encode_clear(event, out);
    let rest = Rest {
        kind: event.kind,
        digest,
        standing: Standing::Nobody,
        sealed: &[],
        others: &[],
        session: None,
        blobs: &[],
        signature: None,
    };
    rest.encode(out);
}

/// Appends the part of a record that holds `event` as it is. [`Rest::encode`] appends the rest.
pub fn encode_clear(event: &Event<'_>, out: &mut Vec<u8>) {
    bytes(out, 1, event.id.as_bytes());
    text(out, 2, &event.app);
    text(out, 3, &event.name);
    text(out, 4, &event.version);
    signed(out, 5, event.time.microseconds());
    signed(out, 6, event.received.microseconds());
    text(out, 7, &event.category);
    if event.priority != Priority::Normal {
        encode_key(8, WireType::Varint, out);
        encode_varint(event.priority as u64 + 1, out);
    }
    if event.sample_rate < 1.0 {
        encode_key(9, WireType::SixtyFourBit, out);
        out.extend_from_slice(&event.sample_rate.to_le_bytes());
    }
    for (tag, value) in [
        (10, &event.source),
        (11, &event.platform),
        (12, &event.environment),
        (13, &event.identity),
        (14, &event.anonymous_id),
        (15, &event.session),
        (16, &event.group),
    ] {
        text(out, tag, value.as_deref().unwrap_or_default());
    }
    if let Some(actor) = &event.actor {
        text(out, 17, actor.kind.as_deref().unwrap_or_default());
        text(out, 18, actor.id.as_deref().unwrap_or_default());
    }
    for (tag, value) in [(19, &event.correlation), (20, &event.causation), (21, &event.request)] {
        text(out, tag, value.as_deref().unwrap_or_default());
    }
    for (key, value) in &event.tags {
        encode_key(22, WireType::LengthDelimited, out);
        encode_varint((text_length(key) + text_length(value)) as u64, out);
        text(out, 1, key);
        text(out, 2, value);
    }
    text(out, 23, &event.data);
    text(out, 24, &event.metadata);
    text(out, 25, event.original_id.as_deref().unwrap_or_default());
}

/// The part of a record that comes after the event itself.
#[derive(Debug, Clone, Copy)]
pub struct Rest<'r> {
    /// What the record is.
    pub kind: Kind,
    /// Digest of the event as the client sent it.
    pub digest: &'r [u8],
    /// Who it is about.
    pub standing: Standing,
    /// What is personal, sealed for the person of the standing, or for the month alone; empty for nothing.
    pub sealed: &'r [u8],
    /// What is sealed for others.
    pub others: &'r [(SubjectId, &'r [u8])],
    /// What stands for its session, which is among what is sealed.
    pub session: Option<SessionHash>,
    /// What of it lies in blobs.
    pub blobs: &'r [BlobEntry<'r>],
    /// The signature that it came with and that was verified.
    pub signature: Option<SignaturePart<'r>>,
}

impl Rest<'_> {
    /// Appends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        bytes(out, 26, self.digest);
        if self.kind == Kind::DailyCount {
            encode_key(27, WireType::Varint, out);
            out.push(1);
        }
        if let Some(subject) = self.standing.subject() {
            bytes(out, 28, subject.as_bytes());
        }
        bytes(out, 29, self.sealed);
        if matches!(self.standing, Standing::Pseudonym(_)) {
            encode_key(30, WireType::Varint, out);
            out.push(1);
        }
        for (subject, sealed) in self.others {
            encode_key(31, WireType::LengthDelimited, out);
            encode_varint((bytes_length(1, subject.as_bytes().len()) + bytes_length(2, sealed.len())) as u64, out);
            bytes(out, 1, subject.as_bytes());
            bytes(out, 2, sealed);
        }
        if let Some(session) = self.session {
            encode_key(32, WireType::SixtyFourBit, out);
            out.extend_from_slice(&session.number().to_le_bytes());
        }
        for blob in self.blobs {
            encode_key(33, WireType::LengthDelimited, out);
            encode_varint(blob.length() as u64, out);
            blob.encode(out);
        }
        if let Some(signature) = &self.signature {
            signature.encode(out);
        }
    }

    /// How many bytes [`Rest::encode`] appends of parts as long as these, before they are sealed, without blobs and signature.
    #[must_use]
    pub fn length(
        kind: Kind,
        has_subject: bool,
        sealed: usize,
        others: impl Iterator<Item = usize>,
        has_session: bool,
    ) -> usize {
        const SUBJECT: usize = 16;
        let others = others.map(|sealed| bytes_length(31, bytes_length(1, SUBJECT) + bytes_length(2, sealed)));
        bytes_length(26, size_of::<crate::Digest>())
            + if kind == Kind::DailyCount { 3 } else { 0 }
            // A pseudonym says so in three bytes more.
            + if has_subject { bytes_length(28, SUBJECT) + 3 } else { 0 }
            + bytes_length(29, sealed)
            + others.sum::<usize>()
            + if has_session { prost::encoding::key_len(32) + size_of::<u64>() } else { 0 }
    }
}

impl StoredEvent {
    /// The event at `position` that this message holds.
    ///
    /// # Errors
    /// [`DecodeError::Id`] when the id is not 16 bytes long.
    pub fn into_event(self, position: Position) -> Result<Event<'static>, DecodeError> {
        let id: [u8; 16] = self.id.as_slice().try_into().map_err(|_| DecodeError::Id(self.id.len()))?;
        let owned = |text: String| (!text.is_empty()).then_some(Cow::Owned(text));
        let (kind, actor_id) = (owned(self.actor_type), owned(self.actor_id));
        Ok(Event {
            id: EventId::from_bytes(id),
            original_id: owned(self.original_id),
            kind: if self.kind == 1 { Kind::DailyCount } else { Kind::Event },
            app: Cow::Owned(self.app),
            name: Cow::Owned(self.name),
            version: Cow::Owned(self.version),
            time: Timestamp::from_microseconds(self.time_us),
            received: Timestamp::from_microseconds(self.received_us),
            position,
            category: Cow::Owned(self.category),
            priority: priority(self.priority),
            sample_rate: sample_rate(self.sample_rate),
            source: owned(self.source),
            platform: owned(self.platform),
            environment: owned(self.environment),
            identity: owned(self.identity),
            anonymous_id: owned(self.anonymous_id),
            session: owned(self.session),
            group: owned(self.group),
            actor: (kind.is_some() || actor_id.is_some()).then_some(Actor { kind, id: actor_id }),
            correlation: owned(self.correlation),
            causation: owned(self.causation),
            request: owned(self.request),
            tags: self.tags.into_iter().map(|tag| (Cow::Owned(tag.key), Cow::Owned(tag.value))).collect(),
            data: Cow::Owned(self.data),
            metadata: Cow::Owned(self.metadata),
            signature: signature::of_number(self.signature_verified),
        })
    }
}

/// The priority that a field says.
fn priority(field: i32) -> Priority {
    Priority::from_number(if field == 0 { Priority::Normal as i32 } else { field.saturating_sub(1) })
}

/// The rate that a field says.
fn sample_rate(field: f64) -> f64 {
    if field == 0.0 { 1.0 } else { field }
}

fn bytes(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    if !value.is_empty() {
        encode_key(tag, WireType::LengthDelimited, out);
        encode_varint(value.len() as u64, out);
        out.extend_from_slice(value);
    }
}

/// A whole number, left out where it is 0.
fn number(out: &mut Vec<u8>, tag: u32, value: u64) {
    if value != 0 {
        encode_key(tag, WireType::Varint, out);
        encode_varint(value, out);
    }
}

/// Encoded length of a whole number whose field's number is below 16.
fn number_length(value: u64) -> usize {
    if value == 0 { 0 } else { 1 + prost::encoding::encoded_len_varint(value) }
}

fn text(out: &mut Vec<u8>, tag: u32, value: &str) {
    bytes(out, tag, value.as_bytes());
}

/// Encoded length of a text field whose number is below 16.
fn text_length(value: &str) -> usize {
    bytes_length(1, value.len())
}

/// Encoded length of a field of this many bytes.
fn bytes_length(tag: u32, length: usize) -> usize {
    if length == 0 {
        return 0;
    }
    prost::encoding::key_len(tag) + prost::encoding::encoded_len_varint(length as u64) + length
}

/// A `sint64`: zigzag, then varint.
fn signed(out: &mut Vec<u8>, tag: u32, value: i64) {
    if value != 0 {
        encode_key(tag, WireType::Varint, out);
        encode_varint(((value << 1) ^ (value >> 63)) as u64, out);
    }
}
