//! The first half of admission: events, their types and their ids, out of a parsed body.

use std::borrow::Cow;
use std::ops::Range;

use daybook_catalog::{Field, UnknownTypes};
use daybook_event::{EventId, Finding, PersonName, RecordKey, record_key, secrets};
use daybook_signature::KeyId;
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Object, Value};

use crate::body::{Body, Element};
use crate::compile::{Admission, CompiledType};
use crate::envelope::{Envelope, Findings, Form, NameForm};
use crate::json::{Canonical, Redaction, Trail};
use crate::parts::is_person;
use crate::receipt::BatchInfo;
use crate::sent::Sent;
use crate::trace_context::{TRACEPARENT, TraceContext};

/// The events of a body, decoded but not judged.
pub struct Decoded<'b> {
    pub(crate) events: Vec<DecodedEvent<'b>>,
    pub(crate) batch: Option<BatchInfo>,
    pub(crate) keys: Vec<RecordKey>,
    pub(crate) people: Vec<Option<PersonName<'b>>>,
    /// The place of the first of them in the body.
    first: usize,
}

/// One event of a body.
pub(crate) struct DecodedEvent<'b> {
    pub(crate) sent: Sent<'b>,
    pub(crate) form: Form,
    pub(crate) kind: TypeOf,
    pub(crate) findings: Findings,
}

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeOf {
    /// Declared; its place among the versions of its name.
    Declared(usize),
    /// Not declared, but kept.
    Open,
    /// None that could be found.
    None,
}

impl<'b> Decoded<'b> {
    /// One key an event, to look up in the log. An event without an id of its own has all zeros, which nothing has.
    #[must_use]
    pub fn keys(&self) -> &[RecordKey] {
        &self.keys
    }

    /// The person each event is about, to look up in the vault: its identity, or else the actor where that is a person,
    /// or else whoever has the client's anonymous id.
    #[must_use]
    pub fn people(&self) -> &[Option<PersonName<'b>>] {
        &self.people
    }

    /// The keys that events are signed with, to look up in the vault; nearly always none.
    pub fn signing_keys(&self) -> impl Iterator<Item = KeyId> {
        self.events.iter().filter_map(|event| event.sent.signature.as_ref()?.key_id())
    }

    /// Gives each event without an id the one that `id_of` makes of its place, so that it is known when it comes again.
    pub fn give_ids(&mut self, admission: &Admission, id_of: impl Fn(usize) -> EventId) {
        for (index, (event, key)) in self.events.iter_mut().zip(&mut self.keys).enumerate() {
            if event.sent.id.is_none() {
                let id = id_of(self.first + index);
                event.sent.id = Some(id);
                *key = admission.record_key(&id);
            }
        }
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl Admission {
    /// Decodes every event of a body: its envelope, its type, its id. What is wrong with one is gathered, not raised.
    #[must_use]
    pub fn decode<'b>(&self, body: &'b Body) -> Decoded<'b> {
        Decoded { batch: body.batch.clone(), ..self.decode_part(body, 0..body.len()) }
    }

    /// Decodes the events of a body that have these places: one of [`Body::parts`].
    #[must_use]
    pub fn decode_part<'b>(&self, body: &'b Body, part: Range<usize>) -> Decoded<'b> {
        let count = part.len();
        let mut decoded = Decoded {
            events: Vec::with_capacity(count),
            keys: Vec::with_capacity(count),
            people: Vec::with_capacity(count),
            batch: None,
            first: part.start,
        };
        let mut canonical = Canonical::default();
        let mut bytes = Vec::new();
        for element in part.filter_map(|index| body.element(index)) {
            let event = match element {
                Element::Json(value) => self.decode_event(value, body, &mut canonical, &mut bytes),
                Element::Broken { finding, .. } => DecodedEvent::unreadable(finding.clone()),
            };
            decoded.keys.push(event.sent.id.map_or([0; 16], |id| self.record_key(&id)));
            decoded.people.push(self.person_of(&event));
            decoded.events.push(event);
        }
        decoded
    }

    /// The person that the event at `index` of a body is about.
    pub(crate) fn person_in(&self, body: &Body, index: usize) -> Option<PersonName<'static>> {
        let Element::Json(value) = body.element(index)? else { return None };
        let event = self.decode_event(value, body, &mut Canonical::default(), &mut Vec::new());
        self.person_of(&event).map(PersonName::into_owned)
    }

    fn person_of<'b>(&self, event: &DecodedEvent<'b>) -> Option<PersonName<'b>> {
        let envelope = self.envelope(event.form);
        let text = |field: Field| {
            let own = || envelope.default(field).map(|text| Cow::Owned(text.to_owned()));
            event.sent.sent(field).cloned().or_else(own)
        };
        let person_acts =
            || is_person(event.sent.text(Field::ActorType).or_else(|| envelope.default(Field::ActorType)));
        let name = match text(Field::Identity).or_else(|| text(Field::ActorId).filter(|_| person_acts())) {
            Some(name) => PersonName::identity(name),
            None => PersonName::anonymous(text(Field::AnonymousId)?),
        };
        // A credential is nobody's name, and has no place in the vault. Nearly all names are numbers of some kind.
        let is_number = name.name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if is_number || !secrets::may_contain_secret(name.name.as_bytes()) {
            return Some(name);
        }
        let redacted = secrets::redact(&name.name).into_owned();
        Some(PersonName { name: Cow::Owned(redacted), ..name })
    }

    /// The key by which the log knows an event of this app.
    #[must_use]
    pub fn record_key(&self, id: &EventId) -> RecordKey {
        record_key(self.app_hash, id)
    }

    fn decode_event<'b>(
        &self,
        value: &'b Value,
        body: &Body,
        canonical: &mut Canonical<'b>,
        bytes: &mut Vec<u8>,
    ) -> DecodedEvent<'b> {
        let Some(object) = value.as_object() else {
            return DecodedEvent::unreadable(Finding::new("event.not-an-object", "", "an event is a JSON object"));
        };
        let form = body.form.unwrap_or_else(|| self.form_of(object));
        let envelope = self.envelope(form);
        let mut findings = Findings::default();
        let (mut sent, name_form) = envelope.read(&self.app.app, object, &mut findings);
        if form == Form::CloudEvent {
            self.read_cloud_event(object, &mut sent, &mut findings);
        }
        read_trace(body, object, form, &mut sent, &mut findings);

        if let Some(data) = sent.data {
            bytes.clear();
            canonical.write(data, Redaction::default(), Trail::at(envelope.pointer(Field::Data)), bytes);
            sent.data_text = text(bytes);
        }
        if !sent.metadata.is_empty() {
            bytes.clear();
            let trail = Trail::at(envelope.pointer(Field::Metadata));
            canonical.write_members(sent.metadata.iter().copied(), Redaction::default(), trail, bytes);
            sent.metadata_text = text(bytes);
        }
        findings.errors.append(&mut canonical.findings);

        let kind = self.type_of(&sent, name_form, envelope, &mut findings);
        self.require(&sent, kind, envelope, &mut findings);
        DecodedEvent { sent, form, kind, findings }
    }

    /// Whose envelope an event is written in: the app's own where its type is found there, else Daybook's.
    pub(crate) fn form_of(&self, object: &Object) -> Form {
        if self.envelope(Form::Dialect).recognises(object) {
            Form::Dialect
        } else if object.contains_key(&"specversion") {
            Form::CloudEvent
        } else if self.envelope(Form::Canonical).recognises(object) {
            Form::Canonical
        } else {
            Form::Dialect
        }
    }

    /// What is particular to CloudEvents: a required version and source, and an id that is unique only within its source.
    fn read_cloud_event<'b>(&self, object: &'b Object, sent: &mut Sent<'b>, findings: &mut Findings) {
        let text = |name: &str| object.get(&name).and_then(JsonValueTrait::as_str).filter(|text| !text.is_empty());
        if text("specversion") != Some("1.0") {
            findings.errors.push(Finding::new("cloud-event.version", "/specversion", "specversion is not 1.0"));
        }
        let Some(source) = text("source") else {
            findings.errors.push(Finding::new("cloud-event.source", "/source", "a CloudEvent has a source"));
            return;
        };
        match text("id") {
            Some(id) => {
                sent.id = Some(EventId::from_cloud_event(&self.app.app, source, id));
                sent.original_id = Some(Cow::Borrowed(id));
            }
            None => findings.errors.push(Finding::new("cloud-event.id", "/id", "a CloudEvent has an id")),
        }
        if object.contains_key(&"data_base64") {
            findings.errors.push(
                Finding::new("cloud-event.data", "/data_base64", "the data of an event is JSON")
                    .hint("send it as data"),
            );
        }
    }

    fn type_of(
        &self,
        sent: &Sent<'_>,
        name_form: Option<NameForm>,
        envelope: &Envelope,
        findings: &mut Findings,
    ) -> TypeOf {
        let pointer = envelope.pointer(Field::Name);
        let name = sent.name();
        let Some(name_form) = name_form else {
            if findings.errors.iter().all(|finding| finding.path != pointer) {
                let message = format!("an event has a type, at {pointer}");
                findings.errors.push(Finding::new("event.name.missing", pointer, message).hint(self.hint_forms()));
            }
            return TypeOf::None;
        };
        let versions = self.versions(name);
        let plain_only = |compiled: &CompiledType| compiled.event_type.plugin.is_none();
        if !versions.is_empty() {
            if name_form == NameForm::Open && versions.iter().all(plain_only) {
                let finding =
                    Finding::new("event.name.reserved", pointer, "this name belongs to a type of the app itself");
                findings.errors.push(finding.hint("send it as plain text"));
                return TypeOf::None;
            }
            return self.version_of(sent, versions, envelope, findings);
        }
        match &self.app.unknown_types {
            UnknownTypes::Keep { pattern, .. } => {
                let wrapped = envelope.open_variant().is_none() || name_form == NameForm::Open;
                if !wrapped {
                    let variant = envelope.open_variant().unwrap_or_default();
                    let finding =
                        Finding::new("event.unknown-type", pointer, "the catalog has no event type of this name");
                    findings
                        .errors
                        .push(finding.hint(format!("a type of your own is written {{\"{variant}\": \"name\"}}")));
                    TypeOf::None
                } else if pattern.as_ref().is_some_and(|pattern| !pattern.is_match(name)) {
                    let finding = Finding::new(
                        "event.name.pattern",
                        pointer,
                        "the name does not match the pattern for types of one's own",
                    );
                    findings.errors.push(finding);
                    TypeOf::None
                } else if self.redaction.apply(name) != name {
                    findings.errors.push(Finding::new(
                        "event.name.invalid",
                        pointer,
                        "the name looks like a credential",
                    ));
                    TypeOf::None
                } else {
                    findings.warnings.push(
                        Finding::new(
                            "event.undeclared-type",
                            pointer,
                            "the catalog does not declare this type; it is kept as it is",
                        )
                        .hint("declare it in a plugin to have it validated"),
                    );
                    TypeOf::Open
                }
            }
            UnknownTypes::Quarantine => {
                let mut finding =
                    Finding::new("event.unknown-type", pointer, "the catalog has no event type of this name");
                if let Some(close) = self.closest_name(name) {
                    finding = finding.hint(format!("did you mean {close}?"));
                }
                findings.errors.push(finding);
                TypeOf::None
            }
        }
    }

    fn version_of(
        &self,
        sent: &Sent<'_>,
        versions: &[CompiledType],
        envelope: &Envelope,
        findings: &mut Findings,
    ) -> TypeOf {
        let Some(version) = sent.text(Field::Version) else { return TypeOf::Declared(versions.len() - 1) };
        match versions.iter().position(|compiled| compiled.version == version) {
            Some(index) => TypeOf::Declared(index),
            None => {
                let known: Vec<&str> = versions.iter().map(|compiled| compiled.version.as_str()).collect();
                let pointer = envelope.pointer(Field::Version);
                let finding =
                    Finding::new("event.unknown-version", pointer, "the catalog has no such version of this type");
                findings.errors.push(finding.hint(format!("it has {}", known.join(", "))));
                TypeOf::None
            }
        }
    }

    /// Fields that the envelope asks for and the type does not excuse.
    fn require(&self, sent: &Sent<'_>, kind: TypeOf, envelope: &Envelope, findings: &mut Findings) {
        let excused = match kind {
            TypeOf::Declared(index) => {
                self.versions(sent.name()).get(index).map(|compiled| &compiled.event_type.optional_envelope)
            }
            TypeOf::Open | TypeOf::None => None,
        };
        for field in Field::ALL.into_iter().filter(|field| envelope.requires(*field)) {
            let present = match field {
                Field::Id => sent.id.is_some(),
                Field::Time => sent.time.is_some(),
                Field::Priority => sent.priority.is_some(),
                Field::Tags => !sent.tags.is_empty(),
                // Whether there must be data, the type's schema says; a missing name has been told.
                Field::Data | Field::Metadata | Field::Name => true,
                Field::Correlation | Field::Request if sent.trace.is_some() => true,
                field => sent.text(field).is_some() || envelope.default(field).is_some(),
            };
            let pointer = envelope.pointer(field);
            let told = findings.errors.iter().any(|finding| finding.path == pointer);
            if !present && !told && !excused.is_some_and(|excused| excused.contains(&field)) {
                let name = pointer.trim_start_matches('/').replace('/', ".");
                findings.errors.push(Finding::new("event.field.required", pointer, format!("{name} is missing")));
            }
        }
    }

    fn closest_name(&self, name: &str) -> Option<&str> {
        let names = self.app.current_events().map(|event_type| event_type.name.as_str());
        let close = names
            .map(|known| (strsim::jaro_winkler(known, name), known))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        close.filter(|(likeness, _)| *likeness > 0.85).map(|(_, known)| known)
    }

    fn hint_forms(&self) -> String {
        let own = self.envelope(Form::Dialect).pointer(Field::Name);
        if own == "/name" {
            "send it as name".to_owned()
        } else {
            format!("send it at {own}, or as name in the canonical form")
        }
    }
}

/// The trace that an event is part of: its own `traceparent`, in the forms that have it, or else that of the call, where the
/// event says nothing of its own. One that is malformed is as good as none.
fn read_trace(body: &Body, object: &Object, form: Form, sent: &mut Sent<'_>, findings: &mut Findings) {
    let mut told = |pointer: &str| {
        let ignored =
            Finding::new("event.traceparent", pointer, "this is no traceparent of W3C Trace Context; it is ignored");
        findings
            .warnings
            .push(ignored.hint("it is written 00-<trace id>-<parent id>-<flags>, in lower-case hexadecimal digits"));
    };
    if form != Form::Dialect
        && let Some(own) = object.get(&TRACEPARENT)
    {
        match own.as_str().map(TraceContext::parse) {
            Some(Ok(context)) => {
                sent.trace = Some(context);
                return;
            }
            _ => told("/traceparent"),
        }
    }
    if sent.text(Field::Correlation).is_some() {
        return;
    }
    match body.trace {
        Some(Ok(context)) => sent.trace = Some(context),
        Some(Err(_)) => told(""),
        None => {}
    }
}

impl DecodedEvent<'_> {
    fn unreadable(finding: Finding) -> Self {
        let findings = Findings { errors: vec![finding], ..Findings::default() };
        Self { sent: Sent::default(), form: Form::Canonical, kind: TypeOf::None, findings }
    }
}

/// Canonical JSON is UTF-8 by the way it is made.
fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_default()
}
