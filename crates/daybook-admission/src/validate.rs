//! What is wrong with an event, by the catalog and by the clock.

use daybook_catalog::{DataMissing, Field, UnknownFields};
use daybook_event::{Finding, Timestamp};
use sonic_rs::{JsonValueTrait, Value};

use crate::compile::{Admission, CompiledType};
use crate::envelope::Envelope;
use crate::sent::Sent;

impl Admission {
    /// The data against the type's schema.
    pub(crate) fn validate(
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
                compiled.schema.deprecated(data, pointer, &mut |pointer| {
                    warnings.push(Finding::new("data.deprecated", pointer, "this field should not be sent any more"));
                });
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

    pub(crate) fn judge_unknown(&self, unknown: Vec<String>, errors: &mut Vec<Finding>, warnings: &mut Vec<Finding>) {
        let list = match self.app.unknown_fields {
            UnknownFields::Allow => return,
            UnknownFields::Warn => warnings,
            UnknownFields::Quarantine => errors,
        };
        let message = "the catalog does not know this field";
        list.extend(unknown.into_iter().map(|pointer| Finding::new("event.unknown-field", pointer, message)));
    }

    pub(crate) fn judge_time(
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
}
