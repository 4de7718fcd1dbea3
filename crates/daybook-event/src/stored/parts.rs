//! Reading a record piece by piece, without a message between: each text is copied once, and what is sealed only for
//! whoever opens it.

use std::borrow::Cow;

use super::moved::Entry;
use super::opening::{Closed, Other, Standing, Stored};
use super::peek::{Value, fields};
use crate::{Actor, Event, EventId, Kind, Position, SessionHash, SubjectId, Timestamp};

/// The fields of a record, as they lie in it.
pub(super) struct Parts<'a> {
    id: EventId,
    /// The texts that are fields of their own, by the numbers of the fields.
    texts: [&'a str; 26],
    time_us: i64,
    received_us: i64,
    priority: i32,
    sample_rate: f64,
    tags: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    kind: Kind,
    standing: Standing,
    sealed: &'a [u8],
    others: Vec<Other>,
    session: u64,
    blobs: Vec<Entry>,
    signature: &'a [u8],
    signature_verified: i32,
}

impl<'a> Parts<'a> {
    /// Reads a record as prost reads a `StoredEvent`; nothing where the bytes are none, and prost is to say why.
    pub(super) fn of(stored: &'a [u8]) -> Option<Self> {
        let mut parts = Self {
            id: EventId::from_bytes([0; 16]),
            texts: [""; 26],
            time_us: 0,
            received_us: 0,
            priority: 0,
            sample_rate: 0.0,
            tags: Vec::new(),
            kind: Kind::Event,
            standing: Standing::Nobody,
            sealed: &[],
            others: Vec::new(),
            session: 0,
            blobs: Vec::new(),
            signature: &[],
            signature_verified: 0,
        };
        let (mut id, mut subject, mut pseudonym): (&[u8], &[u8], bool) = (&[], &[], false);
        fields(stored, |field, value| {
            match (field, value) {
                (1, Value::Bytes(bytes)) => id = bytes,
                (2..=4 | 7 | 10..=21 | 23..=25, Value::Bytes(bytes)) => parts.texts[field as usize] = text(bytes)?,
                (5, Value::Number(number)) => parts.time_us = signed(number),
                (6, Value::Number(number)) => parts.received_us = signed(number),
                (8, Value::Number(number)) => parts.priority = number as i32,
                (9, Value::Fixed(bits)) => parts.sample_rate = f64::from_bits(bits),
                (22, Value::Bytes(bytes)) => parts.tags.push(tag(bytes)?),
                (26, Value::Bytes(_digest)) => {}
                (27, Value::Number(number)) => {
                    parts.kind = if number as i32 == 1 { Kind::DailyCount } else { Kind::Event };
                }
                (28, Value::Bytes(bytes)) => subject = bytes,
                (29, Value::Bytes(bytes)) => parts.sealed = bytes,
                (30, Value::Number(number)) => pseudonym = number as i32 == 1,
                (31, Value::Bytes(bytes)) => parts.others.push(other(bytes)?),
                (32, Value::Fixed(bits)) => parts.session = bits,
                (33, Value::Bytes(bytes)) => parts.blobs.push(Entry::of(bytes)?),
                (35, Value::Bytes(bytes)) => parts.signature = bytes,
                (36, Value::Number(number)) => parts.signature_verified = number as i32,
                // Known, and not of this kind.
                (1..=33 | 35 | 36, _) => return None,
                _ => {}
            }
            Some(())
        })?;
        parts.id = EventId::from_bytes(id.try_into().ok()?);
        if !subject.is_empty() {
            let subject = SubjectId::from_bytes(subject.try_into().ok()?);
            parts.standing = if pseudonym { Standing::Pseudonym(subject) } else { Standing::Person(subject) };
        }
        Some(parts)
    }

    /// The event, as everybody may see it, and who it is about.
    pub(super) fn closed(mut self, position: Position) -> Closed {
        let session = SessionHash::from_number(self.session);
        Closed { event: self.event(position), standing: self.standing, session }
    }

    /// All of it.
    pub(super) fn stored(mut self, position: Position) -> Stored {
        let event = self.event(position);
        let session = SessionHash::from_number(self.session);
        let Self { standing, sealed, others, blobs, signature, .. } = self;
        Stored { event, standing, session, sealed: sealed.to_vec(), others, blobs, signature: signature.to_vec() }
    }

    fn event(&mut self, position: Position) -> Event<'static> {
        let tags = std::mem::take(&mut self.tags);
        let own = |field: usize| owned(self.texts[field]);
        let given = |field: usize| (!self.texts[field].is_empty()).then(|| own(field));
        let (kind, id) = (given(17), given(18));
        let mut event = Event {
            id: self.id,
            original_id: given(25),
            kind: self.kind,
            app: own(2),
            name: own(3),
            version: own(4),
            time: Timestamp::from_microseconds(self.time_us),
            received: Timestamp::from_microseconds(self.received_us),
            position,
            category: own(7),
            priority: super::priority(self.priority),
            sample_rate: super::sample_rate(self.sample_rate),
            source: given(10),
            platform: given(11),
            environment: given(12),
            identity: given(13),
            anonymous_id: match self.standing.subject() {
                Some(subject) => Some(Cow::Owned(subject.text())),
                None => given(14),
            },
            session: given(15),
            group: given(16),
            actor: (kind.is_some() || id.is_some()).then_some(Actor { kind, id }),
            correlation: given(19),
            causation: given(20),
            request: given(21),
            tags,
            data: own(23),
            metadata: own(24),
            signature: super::signature::of_number(self.signature_verified),
        };
        self.blobs.iter().for_each(|blob| blob.refer(&mut event));
        event
    }
}

/// A text of an event. Words that very many records have take no memory of their own.
fn owned(text: &str) -> Cow<'static, str> {
    Cow::Borrowed(match text {
        "" => "",
        "1.0.0" => "1.0.0",
        "production" => "production",
        "server" => "server",
        "frontend" => "frontend",
        "web" => "web",
        "api" => "api",
        "product" => "product",
        "business" => "business",
        "system" => "system",
        "security" => "security",
        other => return Cow::Owned(other.to_owned()),
    })
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn tag(bytes: &[u8]) -> Option<(Cow<'static, str>, Cow<'static, str>)> {
    let (mut key, mut value) = ("", "");
    fields(bytes, |field, found| {
        match (field, found) {
            (1, Value::Bytes(bytes)) => key = text(bytes)?,
            (2, Value::Bytes(bytes)) => value = text(bytes)?,
            (1 | 2, _) => return None,
            _ => {}
        }
        Some(())
    })?;
    Some((owned(key), owned(value)))
}

fn other(bytes: &[u8]) -> Option<Other> {
    let (mut subject, mut sealed): (&[u8], &[u8]) = (&[], &[]);
    fields(bytes, |field, found| {
        match (field, found) {
            (1, Value::Bytes(bytes)) => subject = bytes,
            (2, Value::Bytes(bytes)) => sealed = bytes,
            (1 | 2, _) => return None,
            _ => {}
        }
        Some(())
    })?;
    Some(Other { subject: SubjectId::from_bytes(subject.try_into().ok()?), sealed: sealed.to_vec() })
}

/// A `sint64`.
const fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
