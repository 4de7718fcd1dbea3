//! The last step of admission: records, made of what was judged and of the keys it is sealed under.

use std::ops::Range;
use std::sync::Arc;

use daybook_event::limits::{EVENT_STORED_BYTES_MAX, PEOPLE_PER_EVENT_MAX};
use daybook_event::seal::{NONCE_BYTES, OVERHEAD_BYTES};
use daybook_event::stored::{self, Personal, Rest, Standing, seal_context};
use daybook_event::{
    Batch, Event, EventId, Finding, Keys, Kind, NameKind, Person, PersonName, RecordKey, RecordMeta, SealKeys, Secret,
    SubjectId, Timestamp,
};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::admitted::Admitted;
use crate::compile::Admission;
use crate::judge::Judged;
use crate::parts::Parts;
use crate::sent::Sent;
use crate::wanted::Given;

/// The records of a call, as far as they go without keys.
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
    Person(Arc<Person>),
    /// Somebody the vault does not know: a hash of their name.
    Name([u8; 32]),
}

impl PseudonymOf {
    pub(crate) fn new(app: &str, name: &PersonName<'_>, person: Option<&Arc<Person>>) -> Self {
        if let Some(person) = person {
            return Self::Person(Arc::clone(person));
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
            Self::Person(person) => person.secret.as_bytes(),
            Self::Name(hash) => hash,
        };
        let mut id = [0; 16];
        id.copy_from_slice(&blake3::keyed_hash(month.as_bytes(), hashed).as_bytes()[..16]);
        SubjectId::from_random(id)
    }
}

impl Sealing {
    pub(crate) fn with_capacity(events: usize) -> Self {
        Self {
            written: Vec::with_capacity(events * 384),
            clear: Vec::with_capacity(events * 256),
            plain: Vec::with_capacity(events * 64),
            records: Vec::with_capacity(events),
            others: Vec::new(),
        }
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

/// The keys of a call, each derived once.
struct Derived<'g> {
    given: &'g Given,
    keys: FxHashMap<(Option<SubjectId>, usize), SealKeys>,
}

impl Derived<'_> {
    fn of(&mut self, person: Option<usize>, month: usize) -> (Option<SubjectId>, &SealKeys) {
        let person = person.map(|place| &*self.given.people[place]);
        let id = person.map(|person| person.id);
        let derive = || SealKeys::derive(person.map(|person| &person.secret), &self.given.months[month]);
        (id, self.keys.entry((id, month)).or_insert_with(derive))
    }
}

impl Judged<'_> {
    /// Seals what is personal and makes the records. `keys` are what [`Judged::needs`] asked for, in its order; `random`
    /// fills bytes that nobody can guess.
    #[must_use]
    pub fn seal(self, admission: &Admission, keys: &Keys, random: &mut dyn FnMut(&mut [u8])) -> Admitted {
        let Self { outcomes, id_pointers, batch_info, atomic, sealing, wanted, .. } = self;
        let given = wanted.given(keys);
        let keys = FxHashMap::with_capacity_and_hasher(sealing.records.len(), FxBuildHasher);
        let mut derived = Derived { given: &given, keys };
        let mut nonces = Nonces::new(sealing.records.len() + sealing.others.len(), random);
        let mut batch = Batch {
            bytes: Vec::with_capacity(sealing.clear.len() + sealing.plain.len() + sealing.records.len() * 96),
            records: Vec::with_capacity(sealing.records.len()),
            atomic,
        };
        let mut sealed = Vec::new();
        for Record { draft, whose, month, key, others } in &sealing.records {
            sealed.clear();
            let person = match whose {
                Whose::Person(place) => Some(*place),
                Whose::Nobody | Whose::Pseudonym { .. } => None,
            };
            let (id, keys) = derived.of(person, *month);
            let standing = match (whose, id) {
                (Whose::Pseudonym { month, of }, _) => Standing::Pseudonym(of.id(&given.months[*month])),
                (_, Some(id)) => Standing::Person(id),
                (_, None) => Standing::Nobody,
            };
            let digest = Sent::digest(&sealing.written[draft.written.clone()], keys.digest_key());
            let context = |person| seal_context(admission.app_hash, &draft.id, draft.time, person);
            if !draft.own.is_empty() {
                keys.seal(nonces.next(), &context(id), &sealing.plain[draft.own.clone()], &mut sealed);
            }
            let own = sealed.len();
            let mut ends = Vec::new();
            for other in &sealing.others[others.clone()] {
                let (id, keys) = derived.of(Some(other.person), *month);
                keys.seal(nonces.next(), &context(id), &sealing.plain[other.plain.clone()], &mut sealed);
                ends.extend(id.map(|id| (id, sealed.len())));
            }
            let mut start = own;
            let parts: Vec<_> =
                ends.iter().map(|(id, end)| (*id, &sealed[std::mem::replace(&mut start, *end)..*end])).collect();

            let begin = batch.bytes.len();
            batch.bytes.extend_from_slice(&sealing.clear[draft.clear.clone()]);
            Rest { kind: draft.kind, digest: &digest, standing, sealed: &sealed[..own], others: &parts }
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
        }
        Admitted { batch, outcomes, id_pointers, batch_info }
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
