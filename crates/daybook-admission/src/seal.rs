//! The last step of admission: records, made of what was judged and of the keys it is sealed under.

use std::ops::Range;

use daybook_event::limits::{EVENT_STORED_BYTES_MAX, PEOPLE_PER_EVENT_MAX};
use daybook_event::seal::{NONCE_BYTES, OVERHEAD_BYTES};
use daybook_event::stored::{self, Personal, Rest, Standing, seal_context};
use daybook_event::{
    Batch, Event, EventId, Finding, Keys, Kind, NameKind, Person, PersonName, RecordKey, RecordMeta, SealKeys, Secret,
    SubjectId, Timestamp,
};

use crate::admitted::Admitted;
use crate::compile::Admission;
use crate::judge::Judged;
use crate::parts::Parts;
use crate::sent::Sent;
use crate::wanted::Wanted;

/// What room is made for a record, in bytes: most are smaller.
const EVENT_STORED_BYTES_USUAL: usize = 512;

/// Records of a call, as far as they go without keys.
#[derive(Default)]
pub(crate) struct Sealing {
    /// What the client said of each: what digests are made of.
    pub(crate) written: Vec<u8>,
    /// The parts of records that anybody may see.
    clear: Vec<u8>,
    /// The parts to be sealed.
    plain: Vec<u8>,
    records: Vec<Record>,
    others: Vec<Other>,
    /// How many of `others` belong to records that are made.
    others_sealed: usize,
}

/// A record that has its place, but may still turn out too large.
pub(crate) struct Draft {
    id: EventId,
    time: Timestamp,
    kind: Kind,
    written: Range<usize>,
    clear: Range<usize>,
    own: Range<usize>,
    others: Vec<Range<usize>>,
}

struct Record {
    draft: Draft,
    whose: Whose,
    month: usize,
    key: RecordKey,
    others: Range<usize>,
}

struct Other {
    person: usize,
    plain: Range<usize>,
}

/// Who a record is about: places among the people and months of the call.
pub(crate) enum Whose {
    Nobody,
    Person(usize),
    Pseudonym { month: usize, of: PseudonymOf },
}

/// What the id of a person who did not consent to more is made of, beside the secret of the month.
pub(crate) enum PseudonymOf {
    Person(Secret),
    /// Somebody the vault does not know: a hash of their name.
    Name([u8; 32]),
}

impl PseudonymOf {
    pub(crate) fn new(app: &str, name: &PersonName<'_>, person: Option<&Person>) -> Self {
        if let Some(person) = person {
            return Self::Person(person.secret.clone());
        }
        let kind = match name.kind {
            NameKind::Identity => b"\0i\0",
            NameKind::Anonymous => b"\0a\0",
        };
        let hasher = &mut blake3::Hasher::new();
        Self::Name(*hasher.update(app.as_bytes()).update(kind).update(name.name.as_bytes()).finalize().as_bytes())
    }

    fn id(&self, month: &Secret) -> SubjectId {
        let hashed = match self {
            Self::Person(secret) => secret.as_bytes(),
            Self::Name(hash) => hash,
        };
        let mut id = [0; 16];
        id.copy_from_slice(&blake3::keyed_hash(month.as_bytes(), hashed).as_bytes()[..16]);
        SubjectId::from_random(id)
    }
}

impl Sealing {
    /// Makes room for so many events.
    pub(crate) fn reserve(&mut self, events: usize) {
        self.written.reserve(events * 384);
        self.clear.reserve(events * 256);
        self.plain.reserve(events * 64);
        self.records.reserve(events);
    }

    pub(crate) const fn len(&self) -> usize {
        self.records.len()
    }

    /// Writes down an event and what was taken out of it, where that is to be sealed. What the client said of it stands
    /// in [`Sealing::written`] from `written` on. What is too large is an error, and forgotten.
    pub(crate) fn draft(
        &mut self,
        event: &Event<'_>,
        written: usize,
        parts: Option<&Parts<'_>>,
        has_subject: bool,
    ) -> Result<Draft, Finding> {
        let (clear, plain) = (self.clear.len(), self.plain.len());
        stored::encode_clear(event, &mut self.clear);
        let mut encode = |personal: &Personal<'_>| {
            let start = self.plain.len();
            personal.encode(&mut self.plain);
            start..self.plain.len()
        };
        let own = parts.map_or(plain..plain, |parts| encode(&parts.own));
        let others: Vec<_> = parts.into_iter().flat_map(|parts| &parts.others).map(|(_, part)| encode(part)).collect();

        let sealed = |part: &Range<usize>| if part.is_empty() { 0 } else { part.len() + OVERHEAD_BYTES };
        let rest = Rest::length(event.kind, has_subject, sealed(&own), others.iter().map(sealed));
        let length = self.clear.len() - clear + rest;
        let problem = if length > EVENT_STORED_BYTES_MAX {
            let message = format!("it takes {length} bytes to store; {EVENT_STORED_BYTES_MAX} is the most");
            Some(Finding::new("event.too-large", "", message))
        } else if others.len() > PEOPLE_PER_EVENT_MAX {
            let message = format!("it names more than {PEOPLE_PER_EVENT_MAX} other people");
            Some(Finding::new("event.people.too-many", "", message).hint("send an event for each"))
        } else {
            None
        };
        if let Some(problem) = problem {
            self.written.truncate(written);
            self.clear.truncate(clear);
            self.plain.truncate(plain);
            return Err(problem);
        }
        Ok(Draft {
            id: event.id,
            time: event.time,
            kind: event.kind,
            written: written..self.written.len(),
            clear: clear..self.clear.len(),
            own,
            others,
        })
    }

    /// Keeps a record; the people and the month are places among those of the call.
    pub(crate) fn keep(
        &mut self,
        mut draft: Draft,
        whose: Whose,
        others: impl Iterator<Item = usize>,
        month: usize,
        key: RecordKey,
    ) {
        let start = self.others.len();
        let parts = std::mem::take(&mut draft.others);
        self.others.extend(others.zip(parts).map(|(person, plain)| Other { person, plain }));
        self.records.push(Record { draft, whose, month, key, others: start..self.others.len() });
    }
}

impl Judged<'_> {
    /// Seals what is personal and makes the records, up to the first for which keys are missing: that one and those behind it wait
    /// for [`Judged::seal`]. `random` fills bytes that nobody can guess.
    pub fn seal_ready(&mut self, admission: &Admission, random: &mut dyn FnMut(&mut [u8])) {
        let (sealing, wanted) = (&mut self.sealing, &mut self.wanted);
        let ready = sealing.records.iter().take_while(|record| sealing.is_ready(record, wanted)).count();
        let others = sealing.records[..ready].last().map_or(0, |record| record.others.end);
        let mut nonces = Nonces::new(ready + others - sealing.others_sealed, random);
        sealing.others_sealed = others;
        self.batch.bytes.reserve(ready * EVENT_STORED_BYTES_USUAL);
        let mut sealed = Vec::new();
        for record in &sealing.records[..ready] {
            sealed.clear();
            // It was just said to be.
            let made = sealing.seal(record, wanted, admission.app_hash, &mut nonces, &mut sealed, &mut self.batch);
            assert!(made.is_some(), "a record that is ready can be sealed");
        }
        sealing.records.drain(..ready);
        if sealing.records.is_empty() {
            sealing.clear();
            wanted.forget_people();
        }
    }

    /// Seals what is left. `keys` are what [`Judged::needs`] asked for, in its order.
    #[must_use]
    pub fn seal(mut self, admission: &Admission, keys: &Keys, random: &mut dyn FnMut(&mut [u8])) -> Admitted {
        self.wanted.give(keys);
        self.seal_ready(admission, random);
        assert!(self.sealing.records.is_empty(), "nothing waits for keys that were given");
        let Self { outcomes, id_pointers, batch_info, atomic, mut batch, .. } = self;
        batch.atomic = atomic;
        Admitted { batch, outcomes, id_pointers, batch_info }
    }
}

impl Sealing {
    /// Whether all keys of a record are at hand.
    fn is_ready(&self, record: &Record, wanted: &Wanted<'_>) -> bool {
        let whose = match &record.whose {
            Whose::Nobody => true,
            Whose::Person(place) => wanted.person_at(*place).is_some(),
            Whose::Pseudonym { month, .. } => wanted.month_at(*month).is_some(),
        };
        let others = &self.others[record.others.clone()];
        whose
            && wanted.month_at(record.month).is_some()
            && others.iter().all(|other| wanted.person_at(other.person).is_some())
    }

    /// Appends a record to the batch; nothing where a key is missing. `sealed` is empty.
    fn seal(
        &self,
        record: &Record,
        wanted: &Wanted<'_>,
        app_hash: u64,
        nonces: &mut Nonces,
        sealed: &mut Vec<u8>,
        batch: &mut Batch,
    ) -> Option<()> {
        let Record { draft, whose, month, key, others } = record;
        let month = wanted.month_at(*month)?;
        let context = |person| seal_context(app_hash, &draft.id, draft.time, person);
        let person = match whose {
            Whose::Person(place) => Some(wanted.person_at(*place)?),
            Whose::Nobody | Whose::Pseudonym { .. } => None,
        };
        let standing = match (whose, person) {
            (Whose::Pseudonym { month, of }, _) => Standing::Pseudonym(of.id(wanted.month_at(*month)?)),
            (_, Some(person)) => Standing::Person(person.id),
            (_, None) => Standing::Nobody,
        };
        let keys = SealKeys::derive(person.map(|person| &person.secret), month);
        let digest = Sent::digest(&self.written[draft.written.clone()], keys.digest_key());
        if !draft.own.is_empty() {
            let context = context(person.map(|person| person.id));
            keys.seal(nonces.next(), &context, &self.plain[draft.own.clone()], sealed);
        }
        let own = sealed.len();
        let mut ends = Vec::new();
        for other in &self.others[others.clone()] {
            let person = wanted.person_at(other.person)?;
            let keys = SealKeys::derive(Some(&person.secret), month);
            keys.seal(nonces.next(), &context(Some(person.id)), &self.plain[other.plain.clone()], sealed);
            ends.push((person.id, sealed.len()));
        }
        let mut start = own;
        let parts: Vec<_> =
            ends.iter().map(|(id, end)| (*id, &sealed[std::mem::replace(&mut start, *end)..*end])).collect();

        let begin = batch.bytes.len();
        batch.bytes.extend_from_slice(&self.clear[draft.clear.clone()]);
        Rest { kind: draft.kind, digest: &digest, standing, sealed: &sealed[..own], others: &parts }
            .encode(&mut batch.bytes);
        assert!(batch.bytes.len() - begin <= EVENT_STORED_BYTES_MAX, "its length was known before");
        batch.records.push(RecordMeta {
            end: u32::try_from(batch.bytes.len()).unwrap_or(u32::MAX),
            key: *key,
            digest,
            app: app_hash,
            time_us: draft.time.microseconds(),
            hidden: draft.kind == Kind::DailyCount,
        });
        Some(())
    }

    /// Forgets what is sealed, and keeps the room.
    fn clear(&mut self) {
        self.written.clear();
        self.clear.clear();
        self.plain.clear();
        self.others.clear();
        self.others_sealed = 0;
    }
}

/// Nonces, all made at once.
struct Nonces {
    bytes: Vec<u8>,
    at: usize,
}

impl Nonces {
    fn new(count: usize, random: &mut dyn FnMut(&mut [u8])) -> Self {
        let mut bytes = vec![0; count * NONCE_BYTES];
        random(&mut bytes);
        Self { bytes, at: 0 }
    }

    /// One that was not given before.
    fn next(&mut self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&self.bytes[self.at..self.at + NONCE_BYTES]);
        self.at += NONCE_BYTES;
        nonce
    }
}
