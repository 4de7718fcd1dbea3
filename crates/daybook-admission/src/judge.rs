//! The second half of admission: every event judged, and what is kept written down as far as it goes without keys.
//!
//! In this order: known already? valid? too old? consented to? only counted? credentials out, sampled, what is personal
//! taken out. [`Judged::seal`] does the rest.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_catalog::{Field, UnknownTypes};
use daybook_event::finding::push_pointer;
use daybook_event::{
    Appended, Batch, BatchTerms, EventId, Finding, Keeping, Known, Month, Months, Needs, PSEUDONYMS, Person,
    PersonName, Position, Priority, RecordKey, RecordKeys, SealKeys, Secret, Signals, SubjectId, Timestamp,
};

use crate::admitted::Outcome;
use crate::body::Body;
use crate::canonical_event::reduce_to_count;
use crate::compile::{Admission, CompiledType, is_expired};
use crate::consent::{self, Allowed};
use crate::decode::{Decoded, DecodedEvent, TypeOf};
use crate::envelope::{Envelope, Findings, Form};
use crate::parts::{Parts, Splits};
use crate::personal::Rules;
use crate::receipt::{BatchInfo, Receipt, Receipts, Status};
use crate::seal::{PseudonymOf, SealedBlobs, Sealing, Whose};
use crate::sent::Sent;
use crate::signature::{self, ActorKeys};
use crate::wanted::Wanted;

/// What admission has to be told.
pub struct Facts<'f> {
    /// The time.
    pub now: Timestamp,
    /// What the log knows under each of [`Decoded::keys`]; may be empty, for nothing.
    pub known: &'f [Option<Known>],
    /// What the vault knows of each of [`Decoded::people`]; may be empty, for nobody.
    pub people: &'f [Option<Person>],
    /// The month secrets that the app has.
    pub months: &'f Months,
    /// The environment of events that name none.
    pub environment: &'f str,
    /// The keys of actors that the vault knows of [`Decoded::signing_keys`]; none where nobody can say, and then no signature is verified or
    /// kept.
    pub actor_keys: Option<&'f ActorKeys>,
    /// What the request says about being followed.
    pub signals: Signals,
    /// Low-priority events are to be shed.
    pub shed: bool,
    /// All or nothing; nothing is sampled then.
    pub atomic: bool,
    /// Makes ids for events that have none.
    pub new_id: &'f mut dyn FnMut() -> EventId,
}

/// Judged events: a receipt for each, and of those that are kept all but what takes keys.
pub struct Judged<'b> {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) id_pointers: [String; 3],
    pub(crate) batch_info: Option<BatchInfo>,
    pub(crate) atomic: bool,
    pub(crate) sealing: Sealing,
    pub(crate) wanted: Wanted<'b>,
    /// The records that are made.
    pub(crate) batch: Batch,
    /// The blobs they refer to.
    pub(crate) blobs: SealedBlobs,
    conflicts: Vec<Conflict>,
}

/// An event whose id is in the log with another digest: another event, or the same one under other keys.
pub(crate) struct Conflict {
    index: usize,
    pub(crate) known: Known,
    /// What the client said.
    pub(crate) whole: Vec<u8>,
    /// The same without the person.
    nameless: Vec<u8>,
}

/// What lives as long as some events of a call are judged.
struct Call<'c, 'f, 'b> {
    facts: &'c mut Facts<'f>,
    sealing: &'c mut Sealing,
    wanted: &'c mut Wanted<'b>,
    conflicts: &'c mut Vec<Conflict>,
    /// The month looked at last, from and until when.
    month: (Month, Timestamp, Timestamp),
}

/// One event as it comes to be judged, and what goes for it.
struct Case<'c, 'b> {
    /// Its place in the call.
    index: usize,
    sent: &'c mut Sent<'b>,
    name: Option<PersonName<'b>>,
    key: RecordKey,
    known: Option<Known>,
    person: Option<&'c Person>,
    envelope: &'b Envelope,
    compiled: Option<&'b CompiledType>,
    rules: &'b Rules,
    category: &'b str,
    time: Timestamp,
    month: Month,
}

impl Admission {
    /// Somebody who agrees to everything: whom events are taken to be about where there is no vault to ask.
    #[must_use]
    pub fn consenting_person(&self) -> Person {
        let everything = self.app.consent.iter().map(|purpose| (purpose.purpose.as_str().into(), true));
        Person {
            id: SubjectId::from_bytes([0; 16]),
            secret: Secret::from_bytes([0; 32]),
            consents: Some(Arc::new(everything.collect())),
            objected: false,
        }
    }

    /// Judges all events of a call at once.
    pub fn judge<'b>(&'b self, mut decoded: Decoded<'b>, facts: &mut Facts<'_>) -> Judged<'b> {
        let mut judged = self.judging(decoded.len(), decoded.batch.take());
        self.judge_part(&mut judged, decoded, facts);
        judged
    }

    /// Begins to judge so many of a body's events, for [`Admission::judge_part`].
    #[must_use]
    pub fn begin_judging<'b>(&self, body: &'b Body, events: usize) -> Judged<'b> {
        self.judging(events, body.batch.clone())
    }

    fn judging<'b>(&self, events: usize, batch_info: Option<BatchInfo>) -> Judged<'b> {
        Judged {
            outcomes: Vec::with_capacity(events),
            id_pointers: [Form::Dialect, Form::Canonical, Form::CloudEvent]
                .map(|form| self.envelope(form).pointer(Field::Id).to_owned()),
            batch_info,
            atomic: false,
            sealing: Sealing::default(),
            wanted: Wanted::default(),
            batch: Batch {
                records: Vec::with_capacity(events),
                terms: Some(BatchTerms::default()),
                ..Batch::default()
            },
            blobs: SealedBlobs::default(),
            conflicts: Vec::new(),
        }
    }

    /// Judges the next of a body's events; `facts` are those of this part.
    pub fn judge_part<'b>(&'b self, judged: &mut Judged<'b>, decoded: Decoded<'b>, facts: &mut Facts<'_>) {
        judged.atomic = facts.atomic;
        judged.sealing.reserve(decoded.len());
        let Judged { outcomes, sealing, wanted, conflicts, .. } = judged;
        let mut call = Call::new(facts, sealing, wanted, conflicts);
        let Decoded { mut events, keys, people, .. } = decoded;
        for (place, ((event, name), key)) in events.iter_mut().zip(people).zip(keys).enumerate() {
            let index = outcomes.len();
            let records = call.sealing.len();
            let DecodedEvent { sent, form, kind, findings } = event;
            let compiled = match kind {
                TypeOf::Declared(index) => self.versions(sent.name()).get(*index),
                TypeOf::Open | TypeOf::None => None,
            };
            let time = sent.time.unwrap_or(call.facts.now);
            let case = Case {
                index,
                sent,
                name,
                key,
                known: call.facts.known.get(place).copied().flatten(),
                person: call.facts.people.get(place).and_then(Option::as_ref),
                envelope: self.envelope(*form),
                compiled,
                rules: compiled.map_or(&self.undeclared_rules, |compiled| &compiled.rules),
                category: self.category(compiled),
                time,
                month: call.month_of(time),
            };
            let mut receipt = self.judge_one(case, std::mem::take(findings), &mut call);
            receipt.index = index;
            outcomes.push(Outcome { receipt, has_record: call.sealing.len() > records, form: *form });
        }
    }

    fn judge_one<'b>(&'b self, case: Case<'_, 'b>, mut findings: Findings, call: &mut Call<'_, '_, 'b>) -> Receipt {
        let mut receipt = Receipt::new(case.sent.id);
        if let Some(known) = case.known {
            receipt.place(call.compare(&case, known), case.envelope.pointer(Field::Id));
            return receipt;
        }

        let mut unknown = std::mem::take(&mut findings.unknown);
        let (errors, warnings) = (&mut findings.errors, &mut findings.warnings);
        if let Some(compiled) = case.compiled {
            self.validate(compiled, case.sent, case.envelope, errors, warnings, &mut unknown);
        }
        let is_plain = case.rules.is_plain(self.app.unknown_fields, &unknown);
        self.judge_unknown(unknown, errors, warnings);
        self.judge_time(case.sent, case.envelope, call.facts.now, errors, warnings);
        self.judge_signature(case.sent, case.envelope, case.compiled, call.facts, errors, warnings);
        receipt.set_findings(findings.errors, findings.warnings);
        if !receipt.errors.is_empty() {
            receipt.status = Status::Quarantined;
            return receipt;
        }

        let category = case.category;
        let retain_us = case.compiled.map_or_else(|| self.retain_us(category), |compiled| compiled.retain_us);
        if is_expired(case.time, call.facts.now, retain_us) {
            let message = format!("older than events of category {category} are kept");
            let finding = Finding::new("event.expired", case.envelope.pointer(Field::Time), message);
            return receipt.refused("expired", finding);
        }

        let consent = case.compiled.map_or(&self.undeclared_consent, |compiled| &compiled.consent).as_ref();
        let allowed = consent::allowed(consent, case.person, call.facts.signals);
        if let (Allowed::Drop, Some(consent)) = (allowed, consent) {
            return receipt.refused("consent", consent.refusal());
        }
        self.take_in(case, allowed == Allowed::Anonymise, is_plain, receipt, call)
    }

    /// Takes in an event that nothing speaks against: credentials out, sampled, taken apart and written down.
    fn take_in<'b>(
        &'b self,
        case: Case<'_, 'b>,
        anonymous: bool,
        is_plain: bool,
        mut receipt: Receipt,
        call: &mut Call<'_, '_, 'b>,
    ) -> Receipt {
        let Case { sent, name, envelope, compiled, rules, category, month, .. } = case;
        let written = call.sealing.written.len();
        sent.write_all(&mut call.sealing.written);
        let may_hold_secrets = self.redaction.may_apply(&call.sealing.written[written..]);
        let mut splits = Splits::of(sent, envelope, rules, is_plain);
        if anonymous {
            call.sealing.written.truncate(written);
            sent.write_nameless(&splits, envelope, rules, &mut call.sealing.written);
        }
        let counts_only = compiled.is_some_and(CompiledType::counts_only);
        let signed = if may_hold_secrets { self.payload_signed(sent, envelope) } else { None };
        let sanitised = may_hold_secrets && self.sanitise(sent);
        if sanitised {
            splits = Splits::of(sent, envelope, rules, is_plain);
            let message = "credentials or personal data were taken out of its text";
            receipt.warnings.push(Finding::new("event.sanitised", "", message));
        }
        // Whatever is verified here must be verified by others later.
        let as_signed = !anonymous && (!sanitised || signed == self.payload_signed(sent, envelope));
        let signature = sent.signature.take().filter(|_| !counts_only).map(|signature| signature.kept(as_signed));
        if signature.as_ref().is_some_and(|signature| signature.keeping == Keeping::Verdict) {
            receipt.warnings.push(signature::not_kept());
        }

        let id = *receipt.id.get_or_insert_with(|| (call.facts.new_id)());
        let priority = sent.priority.or(compiled.map(|compiled| compiled.event_type.priority)).unwrap_or_default();
        let sample_rate = match self.sample(&id, priority, compiled, call.facts) {
            Ok(rate) => rate,
            Err(reason) => {
                call.sealing.written.truncate(written);
                receipt.status = Status::SampledOut;
                receipt.reason = Some(reason);
                return receipt;
            }
        };

        if counts_only {
            splits = Splits::default();
        }
        let (data, metadata) = (std::mem::take(&mut sent.data_text), std::mem::take(&mut sent.metadata_text));
        let sample_rate = sent.sample_rate.unwrap_or(1.0) * sample_rate;
        let mut event = self.event(sent, id, compiled, envelope, (call.facts.now, call.facts.environment));
        event.data = Cow::Borrowed(splits.data.rest.as_deref().unwrap_or(&data));
        event.metadata = Cow::Borrowed(splits.metadata.rest.as_deref().unwrap_or(&metadata));
        event.time = case.time;
        event.priority = priority;
        event.category = Cow::Borrowed(category);
        event.sample_rate = sample_rate;
        receipt.status = if counts_only { Status::Counted } else { Status::Stored };
        if counts_only {
            reduce_to_count(&mut event);
        }
        let values = [(splits.data.taken, data.as_str()), (splits.metadata.taken, metadata.as_str())];
        let mut parts = Parts::take(&mut event, values, rules);
        if anonymous && (name.is_some() || !parts.is_empty()) {
            receipt.warnings.push(consent::anonymised());
        }
        if compiled.is_some_and(|compiled| compiled.event_type.indexed)
            && let Some(key) = parts.tag_that_names(rules)
        {
            receipt.warnings.push(tag_is_sealed(key, envelope));
        }
        event.signature = signature;
        let to_seal = (!anonymous).then_some(&mut parts);
        let terms = call.sealing.terms.len();
        self.terms_of_event(&event, compiled, &mut call.sealing.tag_terms, &mut call.sealing.terms);
        let bytes_max = self.event_bytes_max;
        let draft = match call.sealing.draft(&mut event, (written, terms), to_seal, name.is_some(), bytes_max) {
            Ok(draft) => draft,
            Err(finding) => {
                receipt.status = Status::Quarantined;
                receipt.errors.push(finding);
                return receipt;
            }
        };

        let months = call.facts.months;
        let whose = match name {
            None => {
                let has_session = draft.has_session();
                Whose::Nobody { month: has_session.then(|| call.wanted.month(PSEUDONYMS, month, months)) }
            }
            Some(name) if anonymous => Whose::Pseudonym {
                month: call.wanted.month(PSEUDONYMS, month, months),
                of: PseudonymOf::new(&self.app.app, &name, case.person),
            },
            Some(name) => Whose::Person(call.wanted.person(name, case.person)),
        };
        let month = call.wanted.month(category, month, months);
        let others = if anonymous { Vec::new() } else { parts.others };
        let others = others.into_iter().map(|(name, _)| call.wanted.person(PersonName::identity(name), None));
        let key = if case.key == [0; 16] { self.record_key(&id) } else { case.key };
        call.sealing.keep(draft, whose, others, month, key);
        receipt
    }

    /// The rate at which an event is kept, or why it is not.
    fn sample(
        &self,
        id: &EventId,
        priority: Priority,
        compiled: Option<&CompiledType>,
        facts: &Facts<'_>,
    ) -> Result<f64, &'static str> {
        if facts.atomic || priority >= Priority::High || compiled.is_some_and(CompiledType::counts_only) {
            return Ok(1.0);
        }
        if facts.shed && priority == Priority::Low {
            return Err("pressure");
        }
        let sampler = compiled.map_or(&self.unknown_sampler, |compiled| &compiled.sampler);
        sampler.keep(id, facts.now).ok_or("sampling")
    }

    fn category<'s>(&'s self, compiled: Option<&'s CompiledType>) -> &'s str {
        match (compiled, &self.app.unknown_types) {
            (Some(compiled), _) => &compiled.event_type.category,
            (None, UnknownTypes::Keep { category, .. }) => category,
            (None, UnknownTypes::Quarantine) => daybook_catalog::Category::DEFAULT_NAME,
        }
    }
}

/// What is said of a tag of an indexed event that cannot be found.
fn tag_is_sealed(key: &str, envelope: &Envelope) -> Finding {
    let mut path = envelope.pointer(Field::Tags).to_owned();
    push_pointer(&mut path, key);
    let message = "this tag names a person of the event, so it is sealed, and the event is not found by it";
    Finding::new("event.tag.sealed", path, message)
}

impl<'c, 'f, 'b> Call<'c, 'f, 'b> {
    fn new(
        facts: &'c mut Facts<'f>,
        sealing: &'c mut Sealing,
        wanted: &'c mut Wanted<'b>,
        conflicts: &'c mut Vec<Conflict>,
    ) -> Self {
        let month = Month::of(facts.now);
        Self { facts, sealing, wanted, conflicts, month: (month, month.start(), month.end()) }
    }

    fn month_of(&mut self, time: Timestamp) -> Month {
        let (month, start, end) = self.month;
        if start <= time && time < end {
            return month;
        }
        let month = Month::of(time);
        self.month = (month, month.start(), month.end());
        month
    }

    /// Compares an event with the one in the log that has its id.
    fn compare(&mut self, case: &Case<'_, '_>, known: Known) -> Appended {
        let splits = Splits::of(case.sent, case.envelope, case.rules, false);
        let (mut whole, mut nameless) = (Vec::new(), Vec::new());
        case.sent.write_all(&mut whole);
        case.sent.write_nameless(&splits, case.envelope, case.rules, &mut nameless);
        let conflict = Conflict { index: case.index, known, whole, nameless };
        let month = self.facts.months.get(case.category, case.month);
        if month.is_some_and(|month| conflict.is_likely_the_same(case.name.is_some(), case.person, month)) {
            return Appended::Duplicate(known.position);
        }
        self.conflicts.push(conflict);
        Appended::Conflict(known.position)
    }
}

impl Conflict {
    /// Whether it is the event in the log, if that was sealed with the keys that this one would be sealed with.
    fn is_likely_the_same(&self, is_named: bool, person: Option<&Person>, month: &Secret) -> bool {
        let with_person = !is_named || person.is_some();
        let keys = SealKeys::derive(person.map(|person| &person.secret), month);
        with_person && self.is_the_same(&RecordKeys { keys, with_person })
            || is_named && self.is_the_same(&RecordKeys { keys: SealKeys::derive(None, month), with_person: false })
    }

    /// Whether it is the event in the log, which has these keys.
    fn is_the_same(&self, record: &RecordKeys) -> bool {
        let said = if record.with_person { &self.whole } else { &self.nameless };
        Sent::digest(said, record.keys.digest_key()) == self.known.digest
    }
}

impl<'b> Judged<'b> {
    /// Events whose id is in the log with another digest, each with its place in the call and the position of the other.
    /// Either that is another event, or the same one, sealed with other keys: since then the person consented or
    /// withdrew, or the catalog moved the type to another category. Until [`Judged::reconsider`] says, it counts as another.
    #[must_use]
    pub fn conflicts(&self) -> Vec<(usize, Position)> {
        self.conflicts.iter().map(|conflict| (conflict.index, conflict.known.position)).collect()
    }

    /// Compares one of [`Judged::conflicts`] with the record in the log by that one's keys. Where they are gone nothing
    /// can be compared any more, and it counts as the same.
    pub fn reconsider(&mut self, index: usize, recall: Option<RecordKeys>) {
        let Some(conflict) = self.conflict(index) else { return };
        let position = conflict.known.position;
        let is_the_same = recall.is_none_or(|record| conflict.is_the_same(&record));
        if is_the_same && let Some(outcome) = self.outcomes.get_mut(index) {
            outcome.receipt.errors.clear();
            outcome.receipt.place(Appended::Duplicate(position), "");
        }
    }

    /// The one of [`Judged::conflicts`] that has this place in the call.
    pub(crate) fn conflict(&self, index: usize) -> Option<&Conflict> {
        let place = self.conflicts.binary_search_by_key(&index, |conflict| conflict.index).ok()?;
        self.conflicts.get(place)
    }

    /// The people and months that sealing takes and that were not at hand.
    #[must_use]
    pub fn needs(&self) -> Needs<'b> {
        self.wanted.needs().clone()
    }

    /// The receipts as they would be if everything that is to be stored were. Nothing is sealed, and no key needed.
    #[must_use]
    pub fn into_receipts(self) -> Receipts {
        Receipts::of(self.outcomes.into_iter().map(|outcome| outcome.receipt).collect(), self.batch_info)
    }
}
