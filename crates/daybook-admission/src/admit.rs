//! The second half of admission: every event judged, and what is kept turned into records.
//!
//! In this order: known already? valid? too old? only counted? credentials out, sampled, encoded. Consent belongs before
//! the counting and sealing before the encoding; both arrive with the vault.

use std::borrow::Cow;

use daybook_catalog::{DataMissing, Field, UnknownFields, UnknownTypes};
use daybook_event::limits::{EVENT_STORED_BYTES_MAX, FINDINGS_PER_EVENT_MAX};
use daybook_event::{Appended, Batch, EventId, Finding, Known, Priority, RecordMeta, Timestamp, stored};
use sonic_rs::{JsonValueTrait, Value};

use crate::body::Body;
use crate::canonical_event::daily_count;
use crate::compile::{Admission, CompiledType, is_expired};
use crate::decode::{Decoded, DecodedEvent, TypeOf};
use crate::envelope::{Envelope, Form};
use crate::quarantine::QuarantineEntry;
use crate::receipt::{BatchInfo, Receipt, Receipts, Status};
use crate::sent::Sent;

/// What admission has to be told.
pub struct Facts<'f> {
    /// The time.
    pub now: Timestamp,
    /// What the log knows under each of [`Decoded::keys`]; may be empty, for nothing.
    pub known: &'f [Option<Known>],
    /// The environment of events that name none.
    pub environment: &'f str,
    /// The secret under which digests are made.
    pub digest_key: &'f [u8; 32],
    /// Low-priority events are to be shed.
    pub shed: bool,
    /// All or nothing; nothing is sampled then.
    pub atomic: bool,
    /// Makes ids for events that have none.
    pub new_id: &'f mut dyn FnMut() -> EventId,
}

/// Judged events: records for the log, and a receipt for each.
#[derive(Debug)]
pub struct Admitted {
    /// What to append. The caller takes it, appends it, and tells what became of it with [`Admitted::settle`].
    pub batch: Batch,
    outcomes: Vec<Outcome>,
    /// Where events of each form keep their id.
    id_pointers: [String; 3],
    batch_info: Option<BatchInfo>,
}

#[derive(Debug)]
struct Outcome {
    receipt: Receipt,
    /// Its record is in the batch.
    has_record: bool,
    form: Form,
}

/// What lives as long as one call, so that events share it.
struct Scratch {
    written: Vec<u8>,
    batch: Batch,
}

impl Admission {
    /// Judges decoded events.
    pub fn admit(&self, decoded: Decoded<'_>, facts: &mut Facts<'_>) -> Admitted {
        let count = decoded.len();
        let keys = decoded.keys().to_vec();
        let mut scratch = Scratch {
            written: Vec::with_capacity(1_024),
            batch: Batch {
                bytes: Vec::with_capacity(count * 320),
                records: Vec::with_capacity(count),
                atomic: facts.atomic,
            },
        };
        let mut outcomes = Vec::with_capacity(count);
        let batch_info = decoded.batch;
        for (index, event) in decoded.events.into_iter().enumerate() {
            let form = event.form;
            let envelope = self.envelope(form);
            let known = facts.known.get(index).copied().flatten();
            let records = scratch.batch.records.len();
            let mut receipt = self.judge(event, envelope, known, keys[index], facts, &mut scratch);
            receipt.index = index;
            let has_record = scratch.batch.records.len() > records;
            outcomes.push(Outcome { receipt, has_record, form });
        }
        let id_pointers = [Form::Dialect, Form::Canonical, Form::CloudEvent]
            .map(|form| self.envelope(form).pointer(Field::Id).to_owned());
        Admitted { batch: scratch.batch, outcomes, id_pointers, batch_info }
    }

    fn judge(
        &self,
        event: DecodedEvent<'_>,
        envelope: &Envelope,
        known: Option<Known>,
        key: [u8; 16],
        facts: &mut Facts<'_>,
        scratch: &mut Scratch,
    ) -> Receipt {
        let DecodedEvent { mut sent, kind, mut findings, .. } = event;
        sent.write_all(&mut scratch.written);
        let digest = Sent::digest(&scratch.written, facts.digest_key);
        let mut receipt = Receipt::new(sent.id);
        if let Some(known) = known {
            receipt.place(
                if known.digest == digest {
                    Appended::Duplicate(known.position)
                } else {
                    Appended::Conflict(known.position)
                },
                envelope.pointer(Field::Id),
            );
            return receipt;
        }

        let compiled = match kind {
            TypeOf::Declared(index) => self.versions(sent.name()).get(index),
            TypeOf::Open | TypeOf::None => None,
        };
        let mut unknown = std::mem::take(&mut findings.unknown);
        if let Some(compiled) = compiled {
            self.validate(compiled, &sent, envelope, &mut findings.errors, &mut findings.warnings, &mut unknown);
        }
        self.judge_unknown(unknown, &mut findings.errors, &mut findings.warnings);
        self.judge_time(&sent, envelope, facts.now, &mut findings.errors, &mut findings.warnings);
        receipt.set_findings(findings.errors, findings.warnings);
        if !receipt.errors.is_empty() {
            receipt.status = Status::Quarantined;
            return receipt;
        }

        let time = sent.time.unwrap_or(facts.now);
        let category = self.category(compiled);
        let retain_us = compiled.map_or_else(|| self.retain_us(category), |compiled| compiled.retain_us);
        if is_expired(time, facts.now, retain_us) {
            receipt.status = Status::Refused;
            receipt.reason = Some("expired");
            let message = format!("older than events of category {category} are kept");
            receipt.errors.push(Finding::new("event.expired", envelope.pointer(Field::Time), message));
            return receipt;
        }

        if self.redaction.may_apply(&scratch.written) && self.sanitise(&mut sent) {
            receipt.warnings.push(Finding::new(
                "event.sanitised",
                "",
                "credentials or personal data were taken out of its text",
            ));
        }

        let id = *receipt.id.get_or_insert_with(|| (facts.new_id)());
        let priority = sent.priority.or(compiled.map(|compiled| compiled.event_type.priority)).unwrap_or_default();
        let counts_only = compiled.is_some_and(CompiledType::counts_only);
        let mut sample_rate = sent.sample_rate.unwrap_or(1.0);
        if !counts_only && !facts.atomic && priority < Priority::High {
            if facts.shed && priority == Priority::Low {
                receipt.status = Status::SampledOut;
                receipt.reason = Some("pressure");
                return receipt;
            }
            let sampler = compiled.map_or(&self.unknown_sampler, |compiled| &compiled.sampler);
            match sampler.keep(&id, facts.now) {
                Some(rate) => sample_rate *= rate,
                None => {
                    receipt.status = Status::SampledOut;
                    receipt.reason = Some("sampling");
                    return receipt;
                }
            }
        }

        let mut event = self.event(sent, id, compiled, envelope, facts);
        event.time = time;
        event.priority = priority;
        event.category = Cow::Borrowed(category);
        event.sample_rate = sample_rate;
        receipt.status = if counts_only { Status::Counted } else { Status::Stored };
        if counts_only {
            event = daily_count(event);
        }
        let start = scratch.batch.bytes.len();
        stored::encode(&event, &digest, &mut scratch.batch.bytes);
        let length = scratch.batch.bytes.len() - start;
        if length > EVENT_STORED_BYTES_MAX {
            scratch.batch.bytes.truncate(start);
            let message = format!("it takes {length} bytes to store; {EVENT_STORED_BYTES_MAX} is the most");
            receipt.status = Status::Quarantined;
            receipt.errors.push(Finding::new("event.too-large", "", message));
            return receipt;
        }
        let key = if key == [0; 16] { self.record_key(&id) } else { key };
        scratch.batch.records.push(RecordMeta {
            end: u32::try_from(scratch.batch.bytes.len()).unwrap_or(u32::MAX),
            key,
            digest,
            app: self.app_hash,
            time_us: event.time.microseconds(),
            hidden: counts_only,
        });
        receipt
    }

    /// The data against the type's schema.
    fn validate(
        &self,
        compiled: &CompiledType,
        sent: &Sent<'_>,
        envelope: &Envelope,
        errors: &mut Vec<Finding>,
        warnings: &mut Vec<Finding>,
        unknown: &mut Vec<String>,
    ) {
        let event_type = &compiled.event_type;
        let pointer = envelope.pointer(Field::Data);
        match sent.data {
            Some(data) => {
                compiled.schema.validate(data, pointer, errors);
                if self.app.unknown_fields != UnknownFields::Allow {
                    compiled.schema.unknown(data, pointer, &mut |pointer| unknown.push(pointer));
                }
            }
            None if compiled.schema.accepts_nothing => {}
            None if event_type.data_missing == DataMissing::Warn => {
                warnings.push(Finding::new("data.missing", pointer, "an event of this type should have data"));
            }
            None => compiled.schema.validate(&Value::new_object(), pointer, errors),
        }
        for (property, field) in &compiled.envelope_required {
            let in_data = sent.data.is_some_and(|data| data.get(property.as_str()).is_some());
            if !in_data && sent.text(*field).is_none() && sent.data.is_some() {
                let mut path = pointer.to_owned();
                daybook_event::finding::push_pointer(&mut path, property);
                let finding = Finding::new("data.required", path, format!("required property {property} is missing"));
                errors.push(finding.hint(format!("it may also stand at {}", envelope.pointer(*field))));
            }
        }
        let allowed = &event_type.sources;
        if let Some(source) = sent.text(Field::Source)
            && !allowed.is_empty()
            && !allowed.iter().any(|allowed| allowed == source)
        {
            let message = format!("events of this type come from {}", allowed.join(", "));
            warnings.push(Finding::new("event.source-unexpected", envelope.pointer(Field::Source), message));
        }
        if let Some(category) = sent.text(Field::Category)
            && category != event_type.category
        {
            let message = format!("the catalog has this type in category {}, which counts", event_type.category);
            warnings.push(Finding::new("event.category-mismatch", envelope.pointer(Field::Category), message));
        }
        if let Some(deprecated) = &event_type.deprecated {
            let mut finding =
                Finding::new("event.deprecated", envelope.pointer(Field::Name), "this type is deprecated");
            if let Some(instead) = &deprecated.use_instead {
                finding = finding.hint(format!("send {instead} instead"));
            }
            warnings.push(finding);
        }
    }

    fn judge_unknown(&self, unknown: Vec<String>, errors: &mut Vec<Finding>, warnings: &mut Vec<Finding>) {
        let list = match self.app.unknown_fields {
            UnknownFields::Allow => return,
            UnknownFields::Warn => warnings,
            UnknownFields::Quarantine => errors,
        };
        let message = "the catalog does not know this field";
        list.extend(unknown.into_iter().map(|pointer| Finding::new("event.unknown-field", pointer, message)));
    }

    fn judge_time(
        &self,
        sent: &Sent<'_>,
        envelope: &Envelope,
        now: Timestamp,
        errors: &mut Vec<Finding>,
        warnings: &mut Vec<Finding>,
    ) {
        let Some(time) = sent.time else { return };
        let age_us = now.microseconds().saturating_sub(time.microseconds());
        if age_us < self.max_clock_skew_us.saturating_neg() {
            let message = format!("it lies more than {} seconds in the future", self.max_clock_skew_us / 1_000_000);
            let finding = Finding::new("event.time.future", envelope.pointer(Field::Time), message);
            errors.push(finding.hint("check the clock of the machine that sent it"));
        } else if age_us > self.warn_older_than_us {
            let message = format!("it is older than {} days", self.warn_older_than_us / 86_400_000_000);
            warnings.push(Finding::new("event.time.old", envelope.pointer(Field::Time), message));
        }
    }

    fn category<'s>(&'s self, compiled: Option<&'s CompiledType>) -> &'s str {
        match (compiled, &self.app.unknown_types) {
            (Some(compiled), _) => &compiled.event_type.category,
            (None, UnknownTypes::Keep { category, .. }) => category,
            (None, UnknownTypes::Quarantine) => daybook_catalog::Category::DEFAULT_NAME,
        }
    }
}

impl Receipt {
    const fn new(id: Option<EventId>) -> Self {
        Self {
            index: 0,
            id,
            status: Status::Stored,
            position: None,
            reason: None,
            warnings: Vec::new(),
            errors: Vec::new(),
            more_findings: 0,
        }
    }

    fn set_findings(&mut self, mut errors: Vec<Finding>, mut warnings: Vec<Finding>) {
        let all = errors.len() + warnings.len();
        errors.truncate(FINDINGS_PER_EVENT_MAX);
        warnings.truncate(FINDINGS_PER_EVENT_MAX - errors.len());
        self.more_findings = all - errors.len() - warnings.len();
        (self.errors, self.warnings) = (errors, warnings);
    }

    /// Notes what the log says of it.
    fn place(&mut self, appended: Appended, id_pointer: &str) {
        match appended {
            Appended::Stored(position) => self.position = Some(position),
            Appended::Duplicate(position) => {
                self.status = Status::Duplicate;
                self.position = Some(position);
            }
            Appended::Conflict(position) => {
                self.status = Status::Quarantined;
                let message = format!("another event with this id is in the log, at position {position}");
                self.errors.push(
                    Finding::new("event.id-conflict", id_pointer, message).hint("give every event an id of its own"),
                );
            }
        }
    }
}

impl Admitted {
    /// Whether every event is stored or a duplicate, as an atomic call asks.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.outcomes.iter().all(|outcome| matches!(outcome.receipt.status, Status::Stored | Status::Duplicate))
    }

    /// Notes what became of the records of [`Admitted::batch`], in its order.
    pub fn settle(&mut self, appended: &[Appended]) {
        let waiting = self.outcomes.iter_mut().filter(|outcome| outcome.has_record);
        for (outcome, appended) in waiting.zip(appended) {
            let position_is_told = outcome.receipt.status == Status::Stored;
            outcome.receipt.place(*appended, &self.id_pointers[outcome.form as usize]);
            // A count is in no feed: its place would lead nowhere.
            if !position_is_told && outcome.receipt.status == Status::Counted {
                outcome.receipt.position = None;
            }
        }
    }

    /// What is to be kept aside, from the body it came in. Credentials are taken out of it.
    #[must_use]
    pub fn quarantine(&self, admission: &Admission, body: &Body) -> Vec<QuarantineEntry> {
        let quarantined = self.outcomes.iter().filter(|outcome| outcome.receipt.status == Status::Quarantined);
        quarantined.filter_map(|outcome| QuarantineEntry::of(&outcome.receipt, admission, body)).collect()
    }

    /// The receipts.
    #[must_use]
    pub fn into_receipts(self) -> Receipts {
        Receipts::of(self.outcomes.into_iter().map(|outcome| outcome.receipt).collect(), self.batch_info)
    }
}
