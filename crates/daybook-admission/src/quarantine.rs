//! What is kept of an event that was not admitted.

use daybook_catalog::Field;
use daybook_event::{EventId, Finding, PersonName};
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Object};

use crate::body::{Body, Element};
use crate::compile::{Admission, CompiledType};
use crate::envelope::Form;
use crate::json::{Canonical, Redaction, Trail};
use crate::receipt::Receipt;

/// An event kept aside: what came, without credentials, and why it was not admitted.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarantineEntry {
    /// Its place in the call.
    pub index: usize,
    /// Its canonical id, where it had one.
    pub id: Option<EventId>,
    /// The name of its type, where it had one.
    pub name: Option<String>,
    /// The person it is about, where that could be told; what is kept of it is theirs.
    pub person: Option<PersonName<'static>>,
    /// The event as JSON, in the form it came in; a string where it was no JSON.
    pub event: String,
    /// What is wrong with it.
    pub errors: Vec<Finding>,
    /// What else was said of it.
    pub warnings: Vec<Finding>,
}

impl QuarantineEntry {
    pub(crate) fn of(receipt: &Receipt, admission: &Admission, body: &Body) -> Option<Self> {
        let (event, name) = admission.kept_form(body, receipt.index)?;
        Some(Self {
            index: receipt.index,
            id: receipt.id,
            name,
            person: admission.person_in(body, receipt.index),
            event,
            errors: redacted(&receipt.errors, admission.redaction),
            warnings: redacted(&receipt.warnings, admission.redaction),
        })
    }
}

/// A finding's pointer is made of names that the client chose.
fn redacted(findings: &[Finding], redaction: Redaction) -> Vec<Finding> {
    let redact = |finding: &Finding| Finding { path: redaction.apply(&finding.path).into_owned(), ..finding.clone() };
    findings.iter().map(redact).collect()
}

impl Admission {
    /// What may be kept of the event at `index`: its JSON without credentials, and the name of its type where it has one.
    #[must_use]
    pub fn kept_form(&self, body: &Body, index: usize) -> Option<(String, Option<String>)> {
        let mut event = Vec::new();
        let mut name = None;
        match body.element(index)? {
            Element::Json(value) => {
                let text =
                    value.pointer(self.own_name_pointer()).or_else(|| value.get("name")).or_else(|| value.get("type"));
                let text = text.and_then(|value| match value.as_object() {
                    Some(object) => object.iter().next().and_then(|(_, inner)| inner.as_str()),
                    None => value.as_str(),
                });
                name = text.map(|text| self.redaction.apply(text).into_owned());
                let counted = self.versions(text.unwrap_or_default()).iter().any(CompiledType::counts_only);
                match value.as_object().filter(|_| counted) {
                    Some(object) => self.write_envelope(object, body.form, &mut event),
                    None => Canonical::default().write(value, self.redaction, Trail::at(""), &mut event),
                }
            }
            Element::Broken { text, .. } => {
                daybook_event::json::write_string(&mut event, &self.redaction.apply(text));
            }
        }
        let name = name.filter(|name| name.len() <= daybook_event::limits::NAME_BYTES_MAX);
        Some((String::from_utf8_lossy(&event).into_owned(), name))
    }

    /// Writes the envelope of an event that would only have been counted: of those nothing is kept that somebody may have
    /// written, so neither data nor metadata nor anything the envelope does not know.
    fn write_envelope(&self, object: &Object, form: Option<Form>, out: &mut Vec<u8>) {
        let envelope = self.envelope(form.unwrap_or_else(|| self.form_of(object)));
        let content = [Field::Data, Field::Metadata, Field::Tags];
        let known = |name: &str| {
            let fields = Field::ALL.into_iter().filter(|field| !content.contains(field));
            fields.map(|field| envelope.pointer(field)).any(|pointer| pointer.strip_prefix('/') == Some(name))
        };
        let members = object.iter().filter(|(name, value)| known(name) && !value.is_object() && !value.is_array());
        Canonical::default().write_members(members, self.redaction, Trail::at(""), out);
    }

    /// Where the app's own events keep their type, step by step.
    fn own_name_pointer(&self) -> Vec<&str> {
        self.app
            .dialect
            .field(Field::Name)
            .map(|spec| spec.path.iter().map(String::as_str).collect())
            .unwrap_or_default()
    }
}
