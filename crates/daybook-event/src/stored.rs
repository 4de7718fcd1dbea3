//! The bytes an event is stored as: one Protobuf message, described in `docs/log-format.md`.
//!
//! [`encode`] writes it from borrowed text without building the message first; [`decode`] reads it with prost. A test
//! holds the two against each other.

use std::borrow::Cow;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::{Actor, Event, EventId, Kind, Position, Priority, Timestamp};

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
    /// The person.
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
}

/// Appends the stored form of `event` to `out`, with the digest of what the client sent. The position is not part of
/// it: a record's place in the log says it.
pub fn encode(event: &Event<'_>, digest: &[u8], out: &mut Vec<u8>) {
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
    bytes(out, 26, digest);
    if event.kind == Kind::DailyCount {
        encode_key(27, WireType::Varint, out);
        out.push(1);
    }
}

/// Reads the stored form of the event at `position`.
///
/// # Errors
/// [`DecodeError`] when the bytes are something else.
pub fn decode(stored: &[u8], position: Position) -> Result<Event<'static>, DecodeError> {
    StoredEvent::decode(stored)?.into_event(position)
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
            priority: Priority::from_number(if self.priority == 0 {
                Priority::Normal as i32
            } else {
                self.priority - 1
            }),
            sample_rate: if self.sample_rate == 0.0 { 1.0 } else { self.sample_rate },
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
        })
    }
}

fn bytes(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    if !value.is_empty() {
        encode_key(tag, WireType::LengthDelimited, out);
        encode_varint(value.len() as u64, out);
        out.extend_from_slice(value);
    }
}

fn text(out: &mut Vec<u8>, tag: u32, value: &str) {
    bytes(out, tag, value.as_bytes());
}

/// Encoded length of a text field whose number is below 16.
fn text_length(value: &str) -> usize {
    if value.is_empty() { 0 } else { 1 + prost::encoding::encoded_len_varint(value.len() as u64) + value.len() }
}

/// A `sint64`: zigzag, then varint.
fn signed(out: &mut Vec<u8>, tag: u32, value: i64) {
    if value != 0 {
        encode_key(tag, WireType::Varint, out);
        encode_varint(((value << 1) ^ (value >> 63)) as u64, out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_text() -> impl Strategy<Value = Option<Cow<'static, str>>> {
        proptest::option::of("[a-zA-Zé0-9 \"]{1,12}".prop_map(Cow::Owned))
    }

    prop_compose! {
        fn any_event()(
            id: [u8; 16],
            texts in proptest::collection::vec(any_text(), 12),
            times in (any::<i32>(), any::<i32>()),
            priority in 0i32..4,
            rate in prop_oneof![Just(1.0), 0.001f64..1.0],
            tags in proptest::collection::btree_map("[a-z]{1,5}", "[a-z0-9]{0,200}", 0..4),
            count: bool,
        ) -> Event<'static> {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().flatten();
            let (kind, actor) = (next(), next());
            Event {
                id: EventId::from_bytes(id),
                original_id: next(),
                kind: if count { Kind::DailyCount } else { Kind::Event },
                app: Cow::Borrowed("app"),
                name: Cow::Borrowed("a.b"),
                version: Cow::Borrowed("1.0.0"),
                time: Timestamp::from_microseconds(times.0.into()),
                received: Timestamp::from_microseconds(times.1.into()),
                position: 7,
                category: Cow::Borrowed("product"),
                priority: Priority::from_number(priority),
                sample_rate: rate,
                source: next(),
                platform: next(),
                environment: next(),
                identity: next(),
                anonymous_id: next(),
                session: next(),
                group: next(),
                actor: (kind.is_some() || actor.is_some()).then_some(Actor { kind, id: actor }),
                correlation: next(),
                causation: next(),
                request: next(),
                tags: tags.into_iter().map(|(key, value)| (Cow::Owned(key), Cow::Owned(value))).collect(),
                data: Cow::Borrowed("{\"a\":1}"),
                metadata: Cow::Borrowed(""),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(event in any_event()) {
            let mut stored = Vec::new();
            encode(&event, &[9; 16], &mut stored);
            prop_assert_eq!(decode(&stored, 7).unwrap(), event);
            // The same bytes that prost itself would write.
            prop_assert_eq!(StoredEvent::decode(stored.as_slice()).unwrap().encode_to_vec(), stored);
        }

        #[test]
        fn canonical_json_is_json(event in any_event()) {
            let mut out = Vec::new();
            event.write_json(&mut out);
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(value["id"].as_str().map(str::to_owned), Some(event.id.to_string()));
            prop_assert_eq!(value["identity"].as_str(), event.identity.as_deref());
            prop_assert_eq!(&value["data"]["a"], 1);
        }

        #[test]
        fn damaged_bytes_do_not_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes, 1);
        }
    }
}
