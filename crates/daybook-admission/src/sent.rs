//! An event as a client sent it, in canonical terms.

use std::borrow::Cow;

use daybook_catalog::Field;
use daybook_event::{Digest, EventId, Priority, Timestamp};
use sonic_rs::Value;

use crate::envelope::Envelope;
use crate::parts::{OwnNames, Splits};
use crate::personal::{Mark, Rules};
use crate::signature::SentSignature;
use crate::trace_context::TraceContext;

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
    /// The trace that it is part of, where the event or its call says so by a `traceparent`. It is in no digest: whoever sends
    /// the event again does so in another operation.
    pub(crate) trace: Option<TraceContext>,
    /// The signature that it came with; most have none.
    pub(crate) signature: Option<Box<SentSignature>>,
    texts: [Option<Cow<'b, str>>; Field::ALL.len()],
}

impl<'b> Sent<'b> {
    /// A field that is plain text.
    pub(crate) fn text(&self, field: Field) -> Option<&str> {
        self.texts[field as usize].as_deref()
    }

    /// A field that is plain text, as it was sent.
    pub(crate) const fn sent(&self, field: Field) -> Option<&Cow<'b, str>> {
        self.texts[field as usize].as_ref()
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

    /// Appends everything the client said to `out`, part by part, each with its length: equal bytes mean equal events.
    /// Names stand before a quote, as in JSON, so that those of secrets are recognised.
    pub(crate) fn write_all(&self, out: &mut Vec<u8>) {
        self.write((&self.data_text, &self.metadata_text), |_| true, |_, _| true, out);
        if let Some(original) = &self.original_id {
            part(out, 107, original.as_bytes());
        }
        if let Some(signature) = &self.signature {
            part(out, 108, signature.text.as_bytes());
        }
    }

    /// Appends what the client said but for the person, for what `splits` took out of data and metadata, and for the signature of all that.
    pub(crate) fn write_nameless(&self, splits: &Splits, envelope: &Envelope, rules: &Rules, out: &mut Vec<u8>) {
        let own = OwnNames::of_sent(self, envelope);
        let mut personal = vec![Field::Identity as usize, Field::AnonymousId as usize, Field::Session as usize];
        personal.extend(own.actor().map(|_| Field::ActorId as usize));
        let data = splits.data.rest.as_ref().unwrap_or(&self.data_text);
        let metadata = splits.metadata.rest.as_ref().unwrap_or(&self.metadata_text);
        let is_nobodys = |key: &str, value: &str| own.mark_of_tag(key, value, rules) == Mark::Nothing;
        self.write((data, metadata), |field| !personal.contains(&field), is_nobodys, out);
    }

    fn write(
        &self,
        (data, metadata): (&str, &str),
        field: impl Fn(usize) -> bool,
        tag: impl Fn(&str, &str) -> bool,
        out: &mut Vec<u8>,
    ) {
        for (number, text) in self.texts.iter().enumerate() {
            if let Some(text) = text.as_ref().filter(|_| field(number)) {
                part(out, number as u8, text.as_bytes());
            }
        }
        if let Some(time) = self.time {
            part(out, 100, &time.microseconds().to_le_bytes());
        }
        if let Some(priority) = self.priority {
            part(out, 101, &[priority as u8]);
        }
        if let Some(rate) = self.sample_rate {
            part(out, 102, &rate.to_le_bytes());
        }
        for (key, value) in self.tags.iter().filter(|(key, value)| tag(key, value)) {
            part(out, 103, key.as_bytes());
            part(out, 104, value.as_bytes());
        }
        part(out, 105, data.as_bytes());
        part(out, 106, metadata.as_bytes());
    }

    /// The keyed digest of what [`Sent::write_all`] or [`Sent::write_nameless`] wrote.
    pub(crate) fn digest(written: &[u8], key: &[u8; 32]) -> Digest {
        let hash = blake3::keyed_hash(key, written);
        let mut digest = Digest::default();
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        digest
    }
}

fn part(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
    out.push(b'"');
}
