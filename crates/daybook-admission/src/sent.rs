//! An event as a client sent it, in canonical terms.

use std::borrow::Cow;

use daybook_catalog::Field;
use daybook_event::{Digest, EventId, Priority, Timestamp};
use sonic_rs::Value;

/// What a client said of an event, before any default or rule of the catalog changed it.
#[derive(Default)]
pub(crate) struct Sent<'b> {
    /// The id; absent only where the client gave none.
    pub(crate) id: Option<EventId>,
    /// The id as written, where the canonical one does not carry it.
    pub(crate) original_id: Option<Cow<'b, str>>,
    /// When it happened.
    pub(crate) time: Option<Timestamp>,
    /// How much it matters.
    pub(crate) priority: Option<Priority>,
    /// The share of such events that the client kept.
    pub(crate) sample_rate: Option<f64>,
    /// Tags, sorted by key.
    pub(crate) tags: Vec<(Cow<'b, str>, Cow<'b, str>)>,
    /// The data.
    pub(crate) data: Option<&'b Value>,
    /// Members of the metadata, and of the envelope where nothing knows them.
    pub(crate) metadata: Vec<(&'b str, &'b Value)>,
    /// The data in canonical JSON; empty for none.
    pub(crate) data_text: String,
    /// The metadata in canonical JSON; empty for none.
    pub(crate) metadata_text: String,
    texts: [Option<Cow<'b, str>>; Field::ALL.len()],
}

impl<'b> Sent<'b> {
    /// A field that is plain text.
    pub(crate) fn text(&self, field: Field) -> Option<&str> {
        self.texts[field as usize].as_deref()
    }

    /// Takes a field that is plain text out.
    pub(crate) fn take(&mut self, field: Field) -> Option<Cow<'b, str>> {
        self.texts[field as usize].take()
    }

    /// Sets a field that is plain text.
    pub(crate) fn set(&mut self, field: Field, text: Option<Cow<'b, str>>) {
        self.texts[field as usize] = text;
    }

    /// The event type's name; empty where the event had none that could be read.
    pub(crate) fn name(&self) -> &str {
        self.text(Field::Name).unwrap_or_default()
    }

    /// Every text a client chose, but for the id and the type's name: where secrets can hide.
    pub(crate) fn texts_mut(&mut self) -> impl Iterator<Item = &mut Cow<'b, str>> {
        let name = Field::Name as usize;
        let fields = self
            .texts
            .iter_mut()
            .enumerate()
            .filter(move |(index, _)| *index != name)
            .filter_map(|(_, text)| text.as_mut());
        let tags = self.tags.iter_mut().flat_map(|(key, value)| [key, value]);
        fields.chain(self.original_id.as_mut()).chain(tags)
    }

    /// Writes everything the client said into `scratch`, part by part, each with its length: equal bytes mean equal
    /// events. Names stand before a quote, as in JSON, so that those of secrets are recognised.
    pub(crate) fn write_all(&self, scratch: &mut Vec<u8>) {
        scratch.clear();
        let mut part = |number: u8, bytes: &[u8]| {
            scratch.push(number);
            scratch.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            scratch.extend_from_slice(bytes);
            scratch.push(b'"');
        };
        for (number, text) in self.texts.iter().enumerate() {
            if let Some(text) = text {
                part(number as u8, text.as_bytes());
            }
        }
        if let Some(time) = self.time {
            part(100, &time.microseconds().to_le_bytes());
        }
        if let Some(priority) = self.priority {
            part(101, &[priority as u8]);
        }
        if let Some(rate) = self.sample_rate {
            part(102, &rate.to_le_bytes());
        }
        if let Some(original) = &self.original_id {
            part(103, original.as_bytes());
        }
        for (key, value) in &self.tags {
            part(104, key.as_bytes());
            part(105, value.as_bytes());
        }
        part(106, self.data_text.as_bytes());
        part(107, self.metadata_text.as_bytes());
    }

    /// The keyed digest of what [`Sent::write_all`] wrote.
    pub(crate) fn digest(written: &[u8], key: &[u8; 32]) -> Digest {
        let hash = blake3::keyed_hash(key, written);
        let mut digest = Digest::default();
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        digest
    }
}
