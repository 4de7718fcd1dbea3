//! What is personal in an event: taken out before it is stored, sealed beside it, put back when it is opened.

use std::borrow::Cow;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::moved::{Entry, Moved, MovedPart, Shown};
use super::{StoredTag, number, number_length, text, text_length};
use crate::json::put_members;
use crate::{Actor, Event};

/// The pieces of an event that are personal to one person.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personal<'a> {
    /// The person.
    pub identity: Option<Cow<'a, str>>,
    /// The person, by the client's own anonymous id.
    pub anonymous_id: Option<Cow<'a, str>>,
    /// The session.
    pub session: Option<Cow<'a, str>>,
    /// The actor, where it is a person.
    pub actor_id: Option<Cow<'a, str>>,
    /// The id as the app wrote it.
    pub original_id: Option<Cow<'a, str>>,
    /// Values of the data: JSON Pointer and JSON text.
    pub data: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Values of the metadata: JSON Pointer and JSON text.
    pub metadata: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Tags: key and value.
    pub tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// What is personal about the record's blobs.
    pub blobs: Vec<SealedBlob<'a>>,
}

/// A blob of the record: a personal value in it, or what everybody's value in it begins with.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBlob<'a> {
    /// Its place among those of the record.
    pub index: usize,
    /// What is said of it.
    pub shown: Shown<'a>,
}

/// Personal values are not printed.
impl std::fmt::Debug for Personal<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Personal(…)")
    }
}

/// What is sealed: the plain text of it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StoredPersonal {
    #[prost(string, tag = "1")]
    identity: String,
    #[prost(string, tag = "2")]
    anonymous_id: String,
    #[prost(string, tag = "3")]
    session: String,
    #[prost(string, tag = "4")]
    actor_id: String,
    #[prost(string, tag = "5")]
    original_id: String,
    #[prost(message, repeated, tag = "6")]
    data: Vec<StoredMember>,
    #[prost(message, repeated, tag = "7")]
    metadata: Vec<StoredMember>,
    #[prost(message, repeated, tag = "8")]
    tags: Vec<StoredTag>,
    #[prost(message, repeated, tag = "9")]
    blobs: Vec<StoredSealedBlob>,
}

/// A blob of the record.
#[derive(Clone, PartialEq, Message)]
struct StoredSealedBlob {
    #[prost(uint64, tag = "1")]
    index: u64,
    #[prost(int32, tag = "3")]
    place: i32,
    #[prost(string, tag = "4")]
    pointer: String,
    #[prost(int32, tag = "5")]
    kind: i32,
    #[prost(string, tag = "6")]
    preview: String,
}

/// One value of a JSON document.
#[derive(Clone, PartialEq, Message)]
struct StoredMember {
    #[prost(string, tag = "1")]
    pointer: String,
    #[prost(string, tag = "2")]
    json: String,
}

impl<'a> Personal<'a> {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts().iter().all(|text| text.is_none())
            && self.lists().iter().all(|list| list.is_empty())
            && self.blobs.is_empty()
    }

    /// Appends it as a Protobuf message: nothing, where there is nothing in it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for (tag, value) in (1..).zip(self.texts()) {
            text(out, tag, value.unwrap_or_default());
        }
        for (tag, list) in (6..).zip(self.lists()) {
            for (one, other) in list {
                encode_key(tag, WireType::LengthDelimited, out);
                encode_varint((text_length(one) + text_length(other)) as u64, out);
                text(out, 1, one);
                text(out, 2, other);
            }
        }
        for SealedBlob { index, shown } in &self.blobs {
            let index = *index as u64;
            encode_key(9, WireType::LengthDelimited, out);
            encode_varint((number_length(index) + shown.length()) as u64, out);
            number(out, 1, index);
            shown.encode(out);
        }
    }

    /// Reads what [`Personal::encode`] wrote.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Personal<'static>> {
        let stored = StoredPersonal::decode(bytes).ok()?;
        let owned = |text: String| (!text.is_empty()).then_some(Cow::Owned(text));
        let members = |list: Vec<StoredMember>| {
            list.into_iter().map(|member| (member.pointer.into(), member.json.into())).collect()
        };
        Some(Personal {
            identity: owned(stored.identity),
            anonymous_id: owned(stored.anonymous_id),
            session: owned(stored.session),
            actor_id: owned(stored.actor_id),
            original_id: owned(stored.original_id),
            data: members(stored.data),
            metadata: members(stored.metadata),
            tags: stored.tags.into_iter().map(|tag| (tag.key.into(), tag.value.into())).collect(),
            blobs: stored.blobs.into_iter().filter_map(StoredSealedBlob::read).collect(),
        })
    }

    fn texts(&self) -> [Option<&str>; 5] {
        [&self.identity, &self.anonymous_id, &self.session, &self.actor_id, &self.original_id].map(Option::as_deref)
    }

    fn lists(&self) -> [&Vec<(Cow<'a, str>, Cow<'a, str>)>; 3] {
        [&self.data, &self.metadata, &self.tags]
    }
}

impl StoredSealedBlob {
    /// Nothing for one of a kind that is not known.
    fn read(self) -> Option<SealedBlob<'static>> {
        let Self { index, place, pointer, kind, preview } = self;
        let shown = Shown::read(place, Cow::Owned(pointer), kind, Cow::Owned(preview))?;
        Some(SealedBlob { index: usize::try_from(index).ok()?, shown })
    }
}

/// Puts what was opened back into its event, each part with whose it is; gives the client's own anonymous id, for which an event has no
/// place, and what lies in blobs. Of those in `entries` it says more, where that was sealed.
pub(super) fn restore(
    parts: Vec<(MovedPart, Personal<'static>)>,
    entries: &mut [Entry],
    event: &mut Event<'static>,
) -> (Option<Cow<'static, str>>, Vec<Moved>) {
    let (mut anonymous_id, mut moved) = (None, Vec::new());
    let (mut data, mut metadata) = (Vec::new(), Vec::new());
    let tags_before = event.tags.len();
    for (whose, part) in parts {
        for (place, value) in [
            (&mut event.identity, part.identity),
            (&mut event.session, part.session),
            (&mut event.original_id, part.original_id),
            (&mut anonymous_id, part.anonymous_id),
        ] {
            if value.is_some() {
                *place = value;
            }
        }
        if part.actor_id.is_some() {
            event.actor.get_or_insert(Actor { kind: None, id: None }).id = part.actor_id;
        }
        data.extend(part.data);
        metadata.extend(part.metadata);
        event.tags.extend(part.tags);
        for SealedBlob { index, shown } in part.blobs {
            let Some(entry) = entries.get_mut(index) else { continue };
            match &mut entry.blob.shown {
                Some(_) if entry.is_back => {}
                Some(there) => {
                    there.preview = shown.preview;
                    entry.refer(event);
                }
                None => moved.push(Moved { address: entry.blob.address, size: entry.blob.size, part: whose, shown }),
            }
        }
    }
    // Behind the references: what is sealed may belong into an object that lies in a blob.
    put_back(&mut event.data, &data);
    put_back(&mut event.metadata, &metadata);
    for moved in &moved {
        moved.put(event, &moved.reference());
    }
    if event.tags.len() > tags_before {
        event.tags.sort();
    }
    (anonymous_id, moved)
}

fn put_back(text: &mut Cow<'static, str>, members: &[(Cow<'static, str>, Cow<'static, str>)]) {
    let whole = put_members(text, members.iter().map(|(pointer, json)| (&**pointer, &**json)));
    if let Cow::Owned(whole) = whole {
        *text = Cow::Owned(whole);
    }
}
