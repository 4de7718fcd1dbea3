//! The last step of admission: records, made of what was judged and of the keys it is sealed under.

use std::ops::Range;

use daybook_event::limits::{EVENT_STORED_BYTES_MAX, PEOPLE_PER_EVENT_MAX};
use daybook_event::record::Term;
use daybook_event::seal::{NONCE_BYTES, OVERHEAD_BYTES};
use daybook_event::stored::{self, BlobEntry, Personal, Rest, SignaturePart, Standing, seal_context};
use daybook_event::{
    Batch, Blob, BlobAddress, BlobKeys, Event, EventId, Finding, Keeping, Keys, Kind, Month, NameKind, Person,
    PersonName, RecordKey, RecordMeta, SealKeys, Secret, SessionHash, SubjectId, Timestamp,
};

use rustc_hash::FxHashSet;

use crate::admitted::Admitted;
use crate::compile::Admission;
use crate::indexed::TagTerms;
use crate::judge::Judged;
use crate::moving::{self, MovedOut, MovedValue};
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
    /// The ids of sessions, which are among these parts.
    sessions: String,
    /// The terms of all records.
    pub(crate) terms: Vec<Term>,
    pub(crate) tag_terms: TagTerms,
    records: Vec<Record>,
    others: Vec<Other>,
    /// How many of `others` belong to records that are made.
    others_sealed: usize,
}

/// The blobs of a call, each once.
#[derive(Default)]
pub(crate) struct SealedBlobs {
    blobs: Vec<Blob>,
    known: FxHashSet<BlobAddress>,
}

/// A record that has its place, but may still turn out too large.
pub(crate) struct Draft {
    id: EventId,
    time: Timestamp,
    kind: Kind,
    written: Range<usize>,
    terms: Range<usize>,
    clear: Range<usize>,
    own: Range<usize>,
    others: Vec<Range<usize>>,
    session: Range<usize>,
    /// What is kept of its signature, and its text among the parts to be sealed.
    signature: Option<(Keeping, Range<usize>)>,
    /// Values that are too large to be stored with it.
    moved: Vec<MovedValue>,
}

/// A record's parts, written down.
struct Written {
    clear: Range<usize>,
    own: Range<usize>,
    others: Vec<Range<usize>>,
    session: Range<usize>,
    signature: Option<(Keeping, Range<usize>)>,
    /// How long the record will be.
    length: usize,
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

impl Record {
    /// How many nonces it takes beside those of its own part and of the others': one for each value in a blob, and one for each layer of its
    /// signature.
    fn more_nonces(&self) -> usize {
        let signed = self.draft.signature.as_ref().is_some_and(|(_, plain)| !plain.is_empty());
        self.draft.moved.len() + if signed { 1 + self.others.len() } else { 0 }
    }
}

/// Who a record is about: places among the people and months of the call.
pub(crate) enum Whose {
    /// With the month of pseudonyms, where there is a session.
    Nobody {
        month: Option<usize>,
    },
    Person(usize),
    Pseudonym {
        month: usize,
        of: PseudonymOf,
    },
}

/// What the id of a person who did not consent to more is made of, beside the secret of the month.
pub(crate) enum PseudonymOf {
    Person(Secret),
    /// Somebody the vault does not know: a hash of their name.
    Name([u8; 32]),
}

impl Draft {
    /// Whether it has a session.
    pub(crate) const fn has_session(&self) -> bool {
        self.session.start < self.session.end
    }
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
    /// in [`Sealing::written`] from `written` on, its terms in [`Sealing::terms`] from `terms` on. What does not fit a
    /// record is taken out of it; what takes more than `bytes_max` altogether is an error, and forgotten.
    pub(crate) fn draft(
        &mut self,
        event: &mut Event<'_>,
        (written, terms): (usize, usize),
        mut parts: Option<&mut Parts<'_>>,
        has_subject: bool,
        bytes_max: usize,
    ) -> Result<Draft, Finding> {
        let mut moved = MovedOut::default();
        let mut parts_written = self.write_parts(event, parts.as_deref(), has_subject, &moved);
        let whole = parts_written.length;
        if whole > EVENT_STORED_BYTES_MAX && whole <= bytes_max {
            self.take_back(&parts_written);
            moved = moving::move_out(event, parts.as_deref_mut(), has_subject, whole - EVENT_STORED_BYTES_MAX);
            parts_written = self.write_parts(event, parts.as_deref(), has_subject, &moved);
        }
        let problem = if whole > bytes_max {
            let message = format!("it takes {whole} bytes to store; {bytes_max} is the most");
            Some(Finding::new("event.too-large", "", message))
        } else if parts_written.length > EVENT_STORED_BYTES_MAX {
            let length = parts_written.length;
            let message =
                format!("without its data it takes {length} bytes to store; {EVENT_STORED_BYTES_MAX} is the most");
            Some(Finding::new("event.too-large", "", message))
        } else if parts_written.others.len() > PEOPLE_PER_EVENT_MAX {
            let message = format!("it names more than {PEOPLE_PER_EVENT_MAX} other people");
            Some(Finding::new("event.people.too-many", "", message).hint("send an event for each"))
        } else {
            None
        };
        if let Some(problem) = problem {
            self.written.truncate(written);
            self.terms.truncate(terms);
            self.take_back(&parts_written);
            return Err(problem);
        }
        let Written { clear, own, others, session, signature, .. } = parts_written;
        Ok(Draft {
            id: event.id,
            time: event.time,
            kind: event.kind,
            written: written..self.written.len(),
            terms: terms..self.terms.len(),
            clear,
            own,
            others,
            session,
            signature,
            moved: moved.values,
        })
    }

    fn write_parts(
        &mut self,
        event: &Event<'_>,
        parts: Option<&Parts<'_>>,
        has_subject: bool,
        moved: &MovedOut,
    ) -> Written {
        let (clear, plain, sessions) = (self.clear.len(), self.plain.len(), self.sessions.len());
        stored::encode_clear(event, &mut self.clear);
        let mut encode = |personal: &Personal<'_>| {
            let start = self.plain.len();
            personal.encode(&mut self.plain);
            start..self.plain.len()
        };
        let own = parts.map_or(plain..plain, |parts| encode(&parts.own));
        let others: Vec<_> = parts.into_iter().flat_map(|parts| &parts.others).map(|(_, part)| encode(part)).collect();

        let signature = event.signature.as_ref().map(|signature| {
            let start = self.plain.len();
            if let Some(signed) = &signature.signed {
                stored::signature_plain(signed, &mut self.plain);
            }
            (signature.keeping, start..self.plain.len())
        });

        self.sessions.push_str(parts.and_then(|parts| parts.own.session.as_deref()).unwrap_or_default());
        let session = sessions..self.sessions.len();

        let sealed = |part: &Range<usize>| if part.is_empty() { 0 } else { part.len() + OVERHEAD_BYTES };
        let rest = Rest::length(event.kind, has_subject, sealed(&own), others.iter().map(sealed), !session.is_empty());
        let signed = signature.as_ref().map_or(0, |(_, plain)| SignaturePart::length(plain.len(), others.len()));
        let length = self.clear.len() - clear + rest + moved.stored_length() + signed;
        Written { clear: clear..self.clear.len(), own, others, session, signature, length }
    }

    /// Forgets the parts that were written last.
    fn take_back(&mut self, parts: &Written) {
        self.clear.truncate(parts.clear.start);
        self.plain.truncate(parts.own.start);
        self.sessions.truncate(parts.session.start);
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
        let more: usize = sealing.records[..ready].iter().map(Record::more_nonces).sum();
        let mut nonces = Nonces::new(ready + others - sealing.others_sealed + more, random);
        sealing.others_sealed = others;
        self.batch.bytes.reserve(ready * EVENT_STORED_BYTES_USUAL);
        let mut sealed = Vec::new();
        for record in &sealing.records[..ready] {
            sealed.clear();
            // It was just said to be.
            let made =
                sealing.seal(record, wanted, admission, &mut nonces, &mut sealed, (&mut self.batch, &mut self.blobs));
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
        let Self { outcomes, id_pointers, batch_info, atomic, mut batch, blobs, .. } = self;
        batch.atomic = atomic;
        Admitted { batch, blobs: blobs.blobs, outcomes, id_pointers, batch_info }
    }
}

impl Sealing {
    /// Whether all keys of a record are at hand.
    fn is_ready(&self, record: &Record, wanted: &Wanted<'_>) -> bool {
        let whose = match &record.whose {
            Whose::Nobody { month } => month.is_none_or(|month| wanted.month_at(month).is_some()),
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
        admission: &Admission,
        nonces: &mut Nonces,
        sealed: &mut Vec<u8>,
        (batch, blobs): (&mut Batch, &mut SealedBlobs),
    ) -> Option<()> {
        let Record { draft, whose, month: month_place, key, others } = record;
        let month = wanted.month_at(*month_place)?;
        let context = |person| seal_context(admission.app_hash, &draft.id, draft.time, person);
        let person = match whose {
            Whose::Person(place) => Some(wanted.person_at(*place)?),
            Whose::Nobody { .. } | Whose::Pseudonym { .. } => None,
        };
        let standing = match (whose, person) {
            (Whose::Pseudonym { month, of }, _) => Standing::Pseudonym(of.id(wanted.month_at(*month)?)),
            (_, Some(person)) => Standing::Person(person.id),
            (_, None) => Standing::Nobody,
        };
        let session = self.sessions.get(draft.session.clone()).filter(|session| !session.is_empty());
        let session = match (session, whose, person) {
            (Some(session), _, Some(person)) => Some(SessionHash::of_person(&person.secret, session)),
            (Some(session), Whose::Nobody { month: Some(month) }, None) => {
                Some(SessionHash::of_nobody(wanted.month_at(*month)?, session))
            }
            _ => None,
        };
        let of_person = person.map(|person| SealKeys::derive(Some(&person.secret), month));
        let keys = match &of_person {
            Some(keys) => keys,
            None => wanted.nobody_at(*month_place)?,
        };
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

        let mut entries = Vec::with_capacity(draft.moved.len());
        for value in &draft.moved {
            let (secret, owner) = match value.whose {
                moving::Whose::Own => (person.map(|person| &person.secret), standing),
                moving::Whose::Other(at) => {
                    let other = wanted.person_at(self.others.get(others.start + at)?.person)?;
                    (Some(&other.secret), Standing::Person(other.id))
                }
            };
            let keys = BlobKeys::derive(secret, month, owner);
            let address = keys.address(value.content.as_bytes());
            let nonce = nonces.next();
            if blobs.known.insert(address) {
                blobs.blobs.push(Blob {
                    app: admission.app.app.as_str().into(),
                    owner,
                    class: wanted.class_at(*month_place)?.into(),
                    month: Month::of(draft.time),
                    address,
                    bytes: keys.seal(&address, value.content.as_bytes(), nonce),
                });
            }
            entries.push(BlobEntry { address, size: value.content.len() as u64, shown: value.shown.clone() });
        }

        let signature = self.sealed_signature(record, wanted, (keys, person), admission, nonces)?;
        let signature = signature.as_ref().map(|(keeping, sealed)| SignaturePart { keeping: *keeping, sealed });

        let begin = batch.bytes.len();
        batch.bytes.extend_from_slice(&self.clear[draft.clear.clone()]);
        let (sealed, blobs) = (&sealed[..own], entries.as_slice());
        Rest { kind: draft.kind, digest: &digest, standing, sealed, others: &parts, session, blobs, signature }
            .encode(&mut batch.bytes);
        assert!(batch.bytes.len() - begin <= EVENT_STORED_BYTES_MAX, "its length was known before");
        batch.records.push(RecordMeta {
            end: u32::try_from(batch.bytes.len()).unwrap_or(u32::MAX),
            key: *key,
            digest,
            app: admission.app_hash,
            time_us: draft.time.microseconds(),
            hidden: draft.kind == Kind::DailyCount,
        });
        if let Some(terms) = &mut batch.terms {
            terms.push(|terms| terms.extend_from_slice(&self.terms[draft.terms.clone()]));
        }
        Some(())
    }

    /// The signature of a record, sealed for its own person and all others; nothing within where it has none, nothing at all where a key is
    /// missing.
    fn sealed_signature(
        &self,
        record: &Record,
        wanted: &Wanted<'_>,
        (own, person): (&SealKeys, Option<&Person>),
        admission: &Admission,
        nonces: &mut Nonces,
    ) -> Option<Option<(Keeping, Vec<u8>)>> {
        let Record { draft, month, others, .. } = record;
        let Some((keeping, plain)) = &draft.signature else { return Some(None) };
        let plain = &self.plain[plain.clone()];
        if plain.is_empty() {
            return Some(Some((*keeping, Vec::new())));
        }
        let month = wanted.month_at(*month)?;
        let mut layers = vec![(own.clone(), person.map(|person| person.id), nonces.next())];
        for other in &self.others[others.clone()] {
            let person = wanted.person_at(other.person)?;
            layers.push((SealKeys::derive(Some(&person.secret), month), Some(person.id), nonces.next()));
        }
        let bound = (admission.app_hash, &draft.id, draft.time);
        Some(Some((*keeping, stored::seal_signature(plain, bound, layers.into_iter()))))
    }

    /// Forgets what is sealed, and keeps the room.
    fn clear(&mut self) {
        self.written.clear();
        self.terms.clear();
        self.clear.clear();
        self.plain.clear();
        self.sessions.clear();
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
