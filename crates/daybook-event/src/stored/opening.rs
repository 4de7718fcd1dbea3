//! A stored record as it is read: what is in the clear, and what opens with the keys that are left.

use std::borrow::Cow;

use super::moved::{Entry, Moved, MovedPart};
use super::parts::Parts;
use super::personal::{Personal, restore};
use super::{DecodeError, StoredEvent};
use crate::seal::DoesNotOpen;
use crate::{
    Event, EventId, Month, Months, Person, Position, SealKeys, Secret, SessionHash, Signed, SubjectId, Timestamp,
    app_hash,
};

/// Who an event is about, as far as its record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nobody it names.
    Nobody,
    /// A person.
    Person(SubjectId),
    /// Somebody who did not consent to more; the id lasts a month and leads to no person.
    Pseudonym(SubjectId),
}

impl Standing {
    /// The id, where there is one.
    #[must_use]
    pub const fn subject(self) -> Option<SubjectId> {
        match self {
            Self::Nobody => None,
            Self::Person(id) | Self::Pseudonym(id) => Some(id),
        }
    }

    /// The person.
    #[must_use]
    pub const fn person(self) -> Option<SubjectId> {
        match self {
            Self::Person(id) => Some(id),
            Self::Nobody | Self::Pseudonym(_) => None,
        }
    }
}

/// A stored record, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The event, with nothing personal in it but in records of before there was sealing. Its `anonymous_id` is the id of
    /// [`Stored::standing`]. References stand where values lie in blobs.
    pub event: Event<'static>,
    /// Who it is about.
    pub standing: Standing,
    /// What stands for its session.
    pub session: Option<SessionHash>,
    pub(super) sealed: Vec<u8>,
    pub(super) others: Vec<Other>,
    pub(super) blobs: Vec<Entry>,
    /// The signature, sealed for everybody above.
    pub(super) signature: Vec<u8>,
}

/// What everybody may see of a stored record.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The event, as [`Stored::event`].
    pub event: Event<'static>,
    /// Who it is about.
    pub standing: Standing,
    /// What stands for its session.
    pub session: Option<SessionHash>,
}

/// What is sealed for somebody whom the event names beside its own person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) subject: SubjectId,
    pub(super) sealed: Vec<u8>,
}

/// An event with what could be opened put back.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The event.
    pub event: Event<'static>,
    /// The client's own anonymous id, where it sent one: the event has Daybook's in its place.
    pub own_anonymous_id: Option<Cow<'static, str>>,
    /// Personal values that lie in blobs; in the event are references to them.
    pub moved: Vec<Moved>,
    /// How many sealed parts opened.
    pub readable: usize,
    /// How many sealed parts did not open: their person was erased, their month is over, or the key is lost.
    pub unreadable: usize,
}

/// The keys of a record, by which another event is compared with it.
#[derive(Debug, Clone)]
pub struct RecordKeys {
    /// The keys.
    pub keys: SealKeys,
    /// Whether its digest covers the person and what is personal.
    pub with_person: bool,
}

/// Reads the stored form of the event at `position`.
///
/// # Errors
/// [`DecodeError`] when the bytes are something else.
pub fn decode(stored: &[u8], position: Position) -> Result<Stored, DecodeError> {
    match Parts::of(stored) {
        Some(parts) => Ok(parts.stored(position)),
        None => decode_message(stored, position),
    }
}

/// Reads what everybody may see of the event at `position`. It costs less than [`decode`], where nothing
/// is to be opened.
///
/// # Errors
/// [`DecodeError`] when the bytes are something else.
pub fn decode_closed(stored: &[u8], position: Position) -> Result<Closed, DecodeError> {
    match Parts::of(stored) {
        Some(parts) => Ok(parts.closed(position)),
        None => decode_message(stored, position).map(Closed::from),
    }
}

/// The same by way of the message: it says what is wrong, and what is right.
pub(super) fn decode_message(stored: &[u8], position: Position) -> Result<Stored, DecodeError> {
    use prost::Message;
    let mut message = StoredEvent::decode(stored)?;
    let id = |bytes: &[u8]| Some(SubjectId::from_bytes(bytes.try_into().ok()?));
    let standing = match (message.subject.is_empty(), message.standing) {
        (true, _) => Standing::Nobody,
        (false, standing) => {
            let subject = id(&message.subject).ok_or(DecodeError::Subject(message.subject.len()))?;
            if standing == 1 { Standing::Pseudonym(subject) } else { Standing::Person(subject) }
        }
    };
    let session = SessionHash::from_number(message.session_hash);
    let (sealed, signature) = (std::mem::take(&mut message.sealed), std::mem::take(&mut message.signature));
    let others = std::mem::take(&mut message.others).into_iter().map(|other| {
        let subject = id(&other.subject).ok_or(DecodeError::Subject(other.subject.len()))?;
        Ok(Other { subject, sealed: other.sealed })
    });
    let others = others.collect::<Result<_, DecodeError>>()?;
    let blobs = std::mem::take(&mut message.blobs).into_iter();
    let blobs =
        blobs.map(|blob| Entry::from_message(blob).map_err(DecodeError::Blob)).collect::<Result<Vec<_>, _>>()?;
    let mut event = message.into_event(position)?;
    blobs.iter().for_each(|blob| blob.refer(&mut event));
    if let Some(subject) = standing.subject() {
        event.anonymous_id = Some(Cow::Owned(subject.to_string()));
    }
    Ok(Stored { event, standing, session, sealed, others, blobs, signature })
}

impl From<Stored> for Closed {
    fn from(stored: Stored) -> Self {
        let Stored { event, standing, session, .. } = stored;
        Self { event, standing, session }
    }
}

impl Opened {
    /// The event as its app wrote it: with the client's own anonymous id, where it sent one.
    #[must_use]
    pub fn in_own_words(self) -> Event<'static> {
        let anonymous_id = self.own_anonymous_id.or(self.event.anonymous_id);
        Event { anonymous_id, ..self.event }
    }
}

impl Stored {
    /// The category and the month whose secret it is sealed under.
    #[must_use]
    pub fn month(&self) -> (&str, Month) {
        (&self.event.category, Month::of(self.event.time))
    }

    /// Everybody something is sealed for: its own person first, then the others it names.
    pub fn people(&self) -> impl Iterator<Item = SubjectId> {
        self.standing.person().into_iter().chain(self.others.iter().map(|other| other.subject))
    }

    /// Whether anything in it is sealed.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        !self.sealed.is_empty() || !self.others.is_empty() || !self.signature.is_empty()
    }

    /// Values that lie in blobs and are nobody's secret; in the event are references to them. They are to be put back with
    /// [`Stored::put`] before the record is opened: what is sealed may belong into them.
    #[must_use]
    pub fn moved(&self) -> Vec<Moved> {
        let left = self.blobs.iter().filter(|entry| !entry.is_back);
        let left = left.filter_map(|Entry { blob, .. }| {
            let shown = blob.shown.clone()?;
            Some(Moved { address: blob.address, size: blob.size, part: MovedPart::Own, shown })
        });
        left.collect()
    }

    /// Whether anything of it lies in blobs.
    #[must_use]
    pub const fn has_blobs(&self) -> bool {
        !self.blobs.is_empty()
    }

    /// Puts a value that lies in a blob back into the event; what is sealed of it is of no use any more.
    pub fn put(&mut self, moved: &Moved, json: &str) {
        moved.put(&mut self.event, json);
        for entry in &mut self.blobs {
            entry.is_back |= entry.blob.address == moved.address && entry.blob.shown.as_ref() == Some(&moved.shown);
        }
    }

    /// The keys that its digest was made under; nothing where they are gone.
    #[must_use]
    pub fn record_keys(&self, months: &Months, people: &dyn Fn(SubjectId) -> Option<Person>) -> Option<RecordKeys> {
        let (class, month) = self.month();
        let keys = self.keys(self.standing.person(), months.get(class, month)?, people)?;
        Some(RecordKeys { keys, with_person: !matches!(self.standing, Standing::Pseudonym(_)) })
    }

    /// Opens what these secrets open.
    #[must_use]
    pub fn open(mut self, months: &Months, people: &dyn Fn(SubjectId) -> Option<Person>) -> Opened {
        if let Some(signed) = self.signed(months, people)
            && let Some(signature) = &mut self.event.signature
        {
            signature.signed = Some(signed);
        }
        let own = Some((MovedPart::Own, std::mem::take(&mut self.sealed))).filter(|(_, sealed)| !sealed.is_empty());
        let others = std::mem::take(&mut self.others).into_iter();
        let others = others.map(|other| (MovedPart::Other(other.subject), other.sealed));
        let month = self.month();
        let month = months.get(month.0, month.1);
        let (mut parts, mut unreadable) = (Vec::new(), 0);
        for (whose, sealed) in own.into_iter().chain(others) {
            let person = whose.owner(self.standing).person();
            let keys = month.and_then(|month| self.keys(person, month, people));
            match keys.and_then(|keys| self.part(&keys, person, &sealed).ok()) {
                Some(part) => parts.push((whose, part)),
                None => unreadable += 1,
            }
        }
        let readable = parts.len();
        let (own_anonymous_id, moved) = restore(parts, &mut self.blobs, &mut self.event);
        Opened { event: self.event, own_anonymous_id, moved, readable, unreadable }
    }

    /// The signature, where everybody is there for whom it is sealed.
    fn signed(&self, months: &Months, people: &dyn Fn(SubjectId) -> Option<Person>) -> Option<Signed<'static>> {
        if self.signature.is_empty() {
            return None;
        }
        let (class, month) = self.month();
        let month = months.get(class, month)?;
        let own = std::iter::once(self.standing.person());
        let layers = own.chain(self.others.iter().map(|other| Some(other.subject)));
        let layers = layers.map(|person| (self.keys(person, month, people), person));
        super::signature::open(&self.signature, (app_hash(&self.event.app), &self.event.id, self.event.time), layers)
    }

    fn keys(
        &self,
        person: Option<SubjectId>,
        month: &Secret,
        people: &dyn Fn(SubjectId) -> Option<Person>,
    ) -> Option<SealKeys> {
        match person {
            Some(id) => Some(SealKeys::derive(Some(&people(id)?.secret), month)),
            None => Some(SealKeys::derive(None, month)),
        }
    }

    fn part(
        &self,
        keys: &SealKeys,
        person: Option<SubjectId>,
        sealed: &[u8],
    ) -> Result<Personal<'static>, DoesNotOpen> {
        let context = seal_context(app_hash(&self.event.app), &self.event.id, self.event.time, person);
        Personal::decode(&keys.open(&context, sealed)?).ok_or(DoesNotOpen)
    }
}

/// What a sealed part is bound to, so that it opens only in its own record: the app, the event's id and time, and whose
/// it is (zero for nobody's).
#[must_use]
pub fn seal_context(app: u64, id: &EventId, time: Timestamp, person: Option<SubjectId>) -> [u8; 48] {
    let mut context = [0; 48];
    context[..8].copy_from_slice(&app.to_le_bytes());
    context[8..24].copy_from_slice(id.as_bytes());
    context[24..32].copy_from_slice(&time.microseconds().to_le_bytes());
    if let Some(person) = person {
        context[32..].copy_from_slice(person.as_bytes());
    }
    context
}
