//! The second half of admission: every event judged, and what is kept written down as far as it goes without keys.
//!
//! In this order: known already? valid? too old? consented to? only counted? credentials out, sampled, what is personal
//! taken out. [`Judged::seal`] does the rest.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_catalog::{Field, UnknownTypes};
use daybook_event::{
    Appended, EventId, Finding, Known, Month, Months, Needs, PSEUDONYMS, Person, PersonName, Position, Priority,
    RecordKey, RecordKeys, SealKeys, Secret, Signals, SubjectId, Timestamp,
};

use crate::admitted::Outcome;
use crate::canonical_event::daily_count;
use crate::compile::{Admission, CompiledType, is_expired};
use crate::consent::{self, Allowed};
use crate::decode::{Decoded, DecodedEvent, TypeOf};
use crate::envelope::Form;
use crate::parts::{Parts, Splits};
use crate::receipt::{BatchInfo, Receipt, Receipts, Status};
use crate::seal::{PseudonymOf, Sealing, Whose};
use crate::sent::Sent;
use crate::wanted::Wanted;

/// What admission has to be told.
pub struct Facts<'f> {
    /// The time.
    pub now: Timestamp,
    /// What the log knows under each of [`Decoded::keys`]; may be empty, for nothing.
    pub known: &'f [Option<Known>],
    /// What the vault knows of each of [`Decoded::people`]; may be empty, for nobody.
    pub people: &'f [Option<Arc<Person>>],
    /// The month secrets that the app has.
    pub months: &'f Months,
    /// The environment of events that name none.
    pub environment: &'f str,
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
    conflicts: Vec<Conflict>,
}

/// An event whose id is in the log with another digest: another event, or the same one under other keys.
struct Conflict {
    index: usize,
    known: Known,
    /// What the client said.
    whole: Vec<u8>,
    /// The same without the person.
    nameless: Vec<u8>,
}

/// What lives as long as a call is judged.
struct Call<'c, 'f, 'b> {
    facts: &'c mut Facts<'f>,
    sealing: Sealing,
    wanted: Wanted<'b>,
    conflicts: Vec<Conflict>,
}

/// One event as it comes to be judged.
struct Arrival<'b> {
    index: usize,
    event: DecodedEvent<'b>,
    name: Option<PersonName<'b>>,
    key: RecordKey,
}

impl Admission {
    /// Somebody who agrees to everything: whom events are taken to be about where there is no vault to ask.
    #[must_use]
    pub fn consenting_person(&self) -> Arc<Person> {
        Arc::new(Person {
            id: SubjectId::from_bytes([0; 16]),
            secret: Secret::from_bytes([0; 32]),
            consents: self.app.consent.iter().map(|purpose| (purpose.purpose.as_str().into(), true)).collect(),
            objected: false,
        })
    }

    /// Judges decoded events.
    pub fn judge<'b>(&'b self, decoded: Decoded<'b>, facts: &mut Facts<'_>) -> Judged<'b> {
        let count = decoded.len();
        let atomic = facts.atomic;
        let mut call =
            Call { facts, sealing: Sealing::with_capacity(count), wanted: Wanted::default(), conflicts: Vec::new() };
        let mut outcomes = Vec::with_capacity(count);
        let Decoded { events, batch: batch_info, keys, people } = decoded;
        for (index, ((event, name), key)) in events.into_iter().zip(people).zip(keys).enumerate() {
            let form = event.form;
            let records = call.sealing.len();
            let mut receipt = self.judge_one(Arrival { index, event, name, key }, &mut call);
            receipt.index = index;
            outcomes.push(Outcome { receipt, has_record: call.sealing.len() > records, form });
        }
        let id_pointers = [Form::Dialect, Form::Canonical, Form::CloudEvent]
            .map(|form| self.envelope(form).pointer(Field::Id).to_owned());
        let Call { sealing, wanted, conflicts, .. } = call;
        Judged { outcomes, id_pointers, batch_info, atomic, sealing, wanted, conflicts }
    }

    fn judge_one<'b>(&'b self, arrival: Arrival<'b>, call: &mut Call<'_, '_, 'b>) -> Receipt {
        let Arrival { index, event: DecodedEvent { mut sent, form, kind, mut findings }, name, key } = arrival;
        let envelope = self.envelope(form);
        let person = call.facts.people.get(index).and_then(Option::as_ref);
        let compiled = match kind {
            TypeOf::Declared(index) => self.versions(sent.name()).get(index),
            TypeOf::Open | TypeOf::None => None,
        };
        let rules = compiled.map_or(&self.undeclared_rules, |compiled| &compiled.rules);
        let category = self.category(compiled);
        let time = sent.time.unwrap_or(call.facts.now);
        let month = Month::of(time);

        let mut receipt = Receipt::new(sent.id);
        if let Some(known) = call.facts.known.get(index).copied().flatten() {
            let splits = Splits::of(&sent, envelope, rules);
            let (mut whole, mut nameless) = (Vec::new(), Vec::new());
            sent.write_all(&mut whole);
            sent.write_nameless(&splits, envelope, rules, &mut nameless);
            let conflict = Conflict { index, known, whole, nameless };
            let appended = match call.facts.months.get(category, month) {
                Some(secret) if conflict.is_likely_the_same(name.is_some(), person, secret) => {
                    Appended::Duplicate(known.position)
                }
                _ => {
                    call.conflicts.push(conflict);
                    Appended::Conflict(known.position)
                }
            };
            receipt.place(appended, envelope.pointer(Field::Id));
            return receipt;
        }

        let mut unknown = std::mem::take(&mut findings.unknown);
        if let Some(compiled) = compiled {
            self.validate(compiled, &sent, envelope, &mut findings.errors, &mut findings.warnings, &mut unknown);
        }
        self.judge_unknown(unknown, &mut findings.errors, &mut findings.warnings);
        self.judge_time(&sent, envelope, call.facts.now, &mut findings.errors, &mut findings.warnings);
        receipt.set_findings(findings.errors, findings.warnings);
        if !receipt.errors.is_empty() {
            receipt.status = Status::Quarantined;
            return receipt;
        }

        let retain_us = compiled.map_or_else(|| self.retain_us(category), |compiled| compiled.retain_us);
        if is_expired(time, call.facts.now, retain_us) {
            let message = format!("older than events of category {category} are kept");
            return receipt.refused("expired", Finding::new("event.expired", envelope.pointer(Field::Time), message));
        }

        let consent = compiled.map_or(&self.undeclared_consent, |compiled| &compiled.consent).as_ref();
        let allowed = consent::allowed(consent, person.map(Arc::as_ref), call.facts.signals);
        if let (Allowed::Drop, Some(consent)) = (allowed, consent) {
            return receipt.refused("consent", consent.refusal());
        }

        let written = call.sealing.written.len();
        sent.write_all(&mut call.sealing.written);
        let may_hold_secrets = self.redaction.may_apply(&call.sealing.written[written..]);
        let mut splits = Splits::of(&sent, envelope, rules);
        if allowed == Allowed::Anonymise {
            call.sealing.written.truncate(written);
            sent.write_nameless(&splits, envelope, rules, &mut call.sealing.written);
        }
        if may_hold_secrets && self.sanitise(&mut sent) {
            splits = Splits::of(&sent, envelope, rules);
            receipt.warnings.push(Finding::new(
                "event.sanitised",
                "",
                "credentials or personal data were taken out of its text",
            ));
        }

        let id = *receipt.id.get_or_insert_with(|| (call.facts.new_id)());
        let priority = sent.priority.or(compiled.map(|compiled| compiled.event_type.priority)).unwrap_or_default();
        let counts_only = compiled.is_some_and(CompiledType::counts_only);
        let mut sample_rate = sent.sample_rate.unwrap_or(1.0);
        if !counts_only && !call.facts.atomic && priority < Priority::High {
            let kept = if call.facts.shed && priority == Priority::Low {
                Err("pressure")
            } else {
                let sampler = compiled.map_or(&self.unknown_sampler, |compiled| &compiled.sampler);
                sampler.keep(&id, call.facts.now).ok_or("sampling")
            };
            match kept {
                Ok(rate) => sample_rate *= rate,
                Err(reason) => {
                    call.sealing.written.truncate(written);
                    receipt.status = Status::SampledOut;
                    receipt.reason = Some(reason);
                    return receipt;
                }
            }
        }

        if counts_only {
            splits.clear();
        }
        let (data_text, metadata_text) = (std::mem::take(&mut sent.data_text), std::mem::take(&mut sent.metadata_text));
        let mut event = self.event(sent, id, compiled, envelope, (call.facts.now, call.facts.environment));
        event.data = Cow::Borrowed(splits.data.rest.as_deref().unwrap_or(&data_text));
        event.metadata = Cow::Borrowed(splits.metadata.rest.as_deref().unwrap_or(&metadata_text));
        event.time = time;
        event.priority = priority;
        event.category = Cow::Borrowed(category);
        event.sample_rate = sample_rate;
        receipt.status = if counts_only { Status::Counted } else { Status::Stored };
        if counts_only {
            event = daily_count(event);
        }
        let parts = Parts::take(&mut event, &splits, (&data_text, &metadata_text), rules);
        let anonymous = allowed == Allowed::Anonymise;
        if anonymous && (name.is_some() || !parts.is_empty()) {
            receipt.warnings.push(consent::anonymised());
        }
        let draft = call.sealing.draft(&event, written, (!anonymous).then_some(&parts), name.is_some());
        let draft = match draft {
            Ok(draft) => draft,
            Err(finding) => {
                receipt.status = Status::Quarantined;
                receipt.errors.push(finding);
                return receipt;
            }
        };
        let whose = match name {
            None => Whose::Nobody,
            Some(name) if anonymous => Whose::Pseudonym {
                month: call.wanted.month(PSEUDONYMS, month, call.facts.months),
                of: PseudonymOf::new(&self.app.app, &name, person),
            },
            Some(name) => Whose::Person(call.wanted.person(name, person)),
        };
        let month = call.wanted.month(category, month, call.facts.months);
        let others = if anonymous { Vec::new() } else { parts.others };
        let others = others.into_iter().map(|(name, _)| call.wanted.person(PersonName::identity(name), None));
        let key = if key == [0; 16] { self.record_key(&id) } else { key };
        call.sealing.keep(draft, whose, others, month, key);
        receipt
    }

    fn category<'s>(&'s self, compiled: Option<&'s CompiledType>) -> &'s str {
        match (compiled, &self.app.unknown_types) {
            (Some(compiled), _) => &compiled.event_type.category,
            (None, UnknownTypes::Keep { category, .. }) => category,
            (None, UnknownTypes::Quarantine) => daybook_catalog::Category::DEFAULT_NAME,
        }
    }
}

impl Conflict {
    /// Whether it is the event in the log, if that was sealed with the keys that this one would be sealed with.
    fn is_likely_the_same(&self, is_named: bool, person: Option<&Arc<Person>>, month: &Secret) -> bool {
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
        let Ok(place) = self.conflicts.binary_search_by_key(&index, |conflict| conflict.index) else { return };
        let conflict = &self.conflicts[place];
        if let Some(outcome) = self.outcomes.get_mut(index)
            && recall.is_none_or(|record| conflict.is_the_same(&record))
        {
            outcome.receipt.errors.clear();
            outcome.receipt.place(Appended::Duplicate(conflict.known.position), "");
        }
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
