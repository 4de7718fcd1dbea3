//! Finding the canonical fields in an app's own envelope.

use std::borrow::Cow;

use daybook_catalog::{As, Dialect, Field, FieldSpec};
use daybook_event::limits::{IDENTIFIER_BYTES_MAX, NAME_BYTES_MAX, TAG_BYTES_MAX, TAGS_MAX};
use daybook_event::{EventId, Finding, Priority, Timestamp};
use rustc_hash::FxHashMap;
use sonic_rs::{JsonValueTrait, Object, Value};

use crate::json::{Trail, View};
use crate::sent::Sent;
use crate::signature::SentSignature;
use crate::trace_context::{TRACEPARENT, TRACESTATE};

/// A dialect made ready for reading: one pass over an event's members finds every field.
pub(crate) struct Envelope {
    root: Branch,
    specs: [Option<Spec>; Field::ALL.len()],
    open_variant: Option<String>,
    form: Form,
}

/// Whose envelope it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The app's own.
    Dialect,
    /// Daybook's.
    Canonical,
    /// That of CloudEvents 1.0.
    CloudEvent,
}

/// A field's declaration and its JSON Pointers.
struct Spec {
    field: FieldSpec,
    pointer: String,
    also_pointer: String,
}

#[derive(Default)]
struct Branch {
    entries: FxHashMap<Box<str>, Entry>,
}

#[derive(Default)]
struct Entry {
    field: Option<Field>,
    below: Option<Branch>,
}

/// What becomes of members that no path names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Unknown,
    Metadata,
    Data,
}

/// What reading one event's envelope gathered beside its fields.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) errors: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
    /// Members of the envelope that nothing knows, by their pointers.
    pub(crate) unknown: Vec<String>,
}

struct Reading<'b, 'f> {
    slots: [Option<&'b Value>; Field::ALL.len()],
    sent: Sent<'b>,
    findings: &'f mut Findings,
}

impl Envelope {
    /// The envelope of an app.
    pub(crate) fn new(dialect: &Dialect, form: Form) -> Self {
        let mut root = Branch::default();
        let mut specs = [const { None }; Field::ALL.len()];
        for field in &dialect.fields {
            root.insert(&field.path, field.field);
            let pointer = |path: &[String]| {
                path.iter().fold(String::new(), |mut pointer, step| {
                    daybook_event::finding::push_pointer(&mut pointer, step);
                    pointer
                })
            };
            specs[field.field as usize] = Some(Spec {
                pointer: pointer(&field.path),
                also_pointer: pointer(field.also.as_deref().unwrap_or_default()),
                field: field.clone(),
            });
        }
        Self { root, specs, open_variant: dialect.open_variant.clone(), form }
    }

    /// The pointer to a field, where the envelope has a place for it.
    pub(crate) fn pointer(&self, field: Field) -> &str {
        self.specs[field as usize].as_ref().map_or("", |spec| spec.pointer.as_str())
    }

    /// Whether an event without this field is not accepted.
    pub(crate) fn requires(&self, field: Field) -> bool {
        self.specs[field as usize].as_ref().is_some_and(|spec| spec.field.required)
    }

    /// The member that wraps names of the open set of types.
    pub(crate) fn open_variant(&self) -> Option<&str> {
        self.open_variant.as_deref()
    }

    /// The value a field has where the event has none.
    pub(crate) fn default(&self, field: Field) -> Option<&str> {
        self.specs[field as usize].as_ref()?.field.default.as_deref()
    }

    /// Whether an event is written in this envelope: it has a type where the envelope keeps it.
    pub(crate) fn recognises(&self, object: &Object) -> bool {
        let Some(spec) = &self.specs[Field::Name as usize] else { return false };
        let Some((first, rest)) = spec.field.path.split_first() else { return false };
        let mut place = object.get(first);
        for step in rest {
            place = place.and_then(|value| value.get(step.as_str()));
        }
        place.is_some()
    }

    /// Reads an event's envelope. Fields that are required and missing are left to the caller, who knows the type.
    pub(crate) fn read<'b>(
        &self,
        app: &str,
        object: &'b Object,
        findings: &mut Findings,
    ) -> (Sent<'b>, Option<NameForm>) {
        let mut reading = Reading { slots: [None; Field::ALL.len()], sent: Sent::default(), findings };
        reading.walk(&self.root, object, Rest::Unknown, Trail::at(""), self.form);
        let name_form = self.read_fields(app, &mut reading);
        (reading.sent, name_form)
    }

    fn read_fields<'b>(&self, app: &str, reading: &mut Reading<'b, '_>) -> Option<NameForm> {
        let mut name_form = None;
        for spec in self.specs.iter().flatten() {
            let field = spec.field.field;
            let mut pointer = &spec.pointer;
            let mut slot = reading.slots[field as usize].filter(|value| !value.is_null());
            if slot.is_none()
                && let Some(also) = &spec.field.also
            {
                // Only ever inside the data, which has been found by now or never will be.
                slot = self.lookup(reading.slots[Field::Data as usize], also).filter(|value| !value.is_null());
                pointer = &spec.also_pointer;
            }
            let Some(value) = slot else { continue };
            match field {
                Field::Data => reading.sent.data = Some(value),
                Field::Metadata => {
                    if !matches!(View::of(value), View::Object(_)) {
                        reading.error(type_finding(pointer, "an object"));
                    }
                }
                Field::Tags => reading.tags(value, pointer),
                Field::Name => match self.read_name(value) {
                    Some((name, form)) if name.len() <= NAME_BYTES_MAX && !name.is_empty() => {
                        name_form = Some(form);
                        reading.sent.set(Field::Name, Some(name));
                    }
                    Some(_) => reading.error(Finding::new(
                        "event.name.invalid",
                        pointer.clone(),
                        format!("the name of an event type has 1 to {NAME_BYTES_MAX} bytes"),
                    )),
                    None => reading.error(type_finding(pointer, "the name of an event type")),
                },
                _ => reading.plain(app, &spec.field, value, pointer),
            }
        }
        name_form
    }

    fn read_name<'b>(&self, value: &'b Value) -> Option<(Cow<'b, str>, NameForm)> {
        match View::of(value) {
            View::String(name) => Some((name, NameForm::Plain)),
            View::Object(object) => {
                let (member, value) = object.iter().next().filter(|_| object.len() == 1)?;
                let variant = self.open_variant.as_deref()?;
                (member == variant).then(|| value.as_str())?.map(|name| (Cow::Borrowed(name), NameForm::Open))
            }
            _ => None,
        }
    }

    /// The value at `path`, which begins where the data lies.
    fn lookup<'b>(&self, data: Option<&'b Value>, path: &[String]) -> Option<&'b Value> {
        let within = path.strip_prefix(self.specs[Field::Data as usize].as_ref()?.field.path.as_slice())?;
        within.iter().try_fold(data?, |value, step| value.get(step.as_str()))
    }
}

/// How an event's type was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameForm {
    /// As text.
    Plain,
    /// Wrapped as one of the open set.
    Open,
}

impl Branch {
    fn insert(&mut self, path: &[String], field: Field) {
        let Some((first, rest)) = path.split_first() else { return };
        let entry = self.entries.entry(first.as_str().into()).or_default();
        if rest.is_empty() {
            entry.field = Some(field);
        } else {
            entry.below.get_or_insert_with(Self::default).insert(rest, field);
        }
    }
}

impl<'b> Reading<'b, '_> {
    fn walk(&mut self, branch: &Branch, object: &'b Object, rest: Rest, trail: Trail<'_>, form: Form) {
        for (name, value) in object {
            let Some(entry) = branch.entries.get(name) else {
                match rest {
                    Rest::Data => {}
                    Rest::Metadata => self.sent.metadata.push((name, value)),
                    Rest::Unknown => self.unknown(name, value, trail, form),
                }
                continue;
            };
            let mut inner = Rest::Unknown;
            if let Some(field) = entry.field {
                inner = match field {
                    Field::Metadata => Rest::Metadata,
                    Field::Data => Rest::Data,
                    _ => Rest::Unknown,
                };
                if self.slots[field as usize].replace(value).is_some() {
                    self.error(Finding::new(
                        "event.duplicate-name",
                        trail.name(name).pointer(),
                        "this name occurs twice in one object",
                    ));
                }
            }
            let nothing = Branch::default();
            let below = match (&entry.below, inner) {
                (Some(below), _) => below,
                (None, Rest::Metadata) => &nothing,
                (None, _) => continue,
            };
            match View::of(value) {
                View::Object(object) => self.walk(below, object, inner, trail.name(name), form),
                View::Null => {}
                _ if entry.field.is_none() => self.error(type_finding(&trail.name(name).pointer(), "an object")),
                _ => {}
            }
        }
    }

    /// A member that the dialect has no field for: some forms have a few of their own, the others are kept.
    fn unknown(&mut self, name: &'b str, value: &'b Value, trail: Trail<'_>, form: Form) {
        match (form, name) {
            // In every form, at the outside.
            (_, "signature") if trail.is_root() => self.signature(value, trail.name(name)),
            // An event that Daybook gave out can be sent again.
            (Form::Canonical, "app" | "position" | "received" | "upcast") => {}
            (Form::Canonical, "original_id") => self.sent.original_id = value.as_str().map(Cow::Borrowed),
            (Form::Canonical, TRACEPARENT | TRACESTATE) => self.sent.metadata.push((name, value)),
            (Form::Canonical, "sample_rate") => {
                self.rate(value.as_f64(), trail.name(name));
            }
            (Form::CloudEvent, "specversion" | "datacontenttype" | "data_base64" | "upcastfrom" | "upcasterror") => {}
            // The extension for sampling: one event stands for this many.
            (Form::CloudEvent, "sampledrate") => {
                self.rate(value.as_f64().map(|count| 1.0 / count), trail.name(name));
            }
            (Form::CloudEvent, _) => self.sent.metadata.push((name, value)),
            _ => {
                self.findings.unknown.push(trail.name(name).pointer());
                self.sent.metadata.push((name, value));
            }
        }
    }

    /// A detached JWS, or what Daybook gives out of an event that had one.
    fn signature(&mut self, value: &'b Value, trail: Trail<'_>) {
        if self.sent.signature.is_some() {
            let message = "this name occurs twice in one object";
            return self.error(Finding::new("event.duplicate-name", trail.pointer(), message));
        }
        let (text, pointer) = match View::of(value) {
            View::String(text) => (text, trail.pointer()),
            View::Object(object) => match object.get(&"jws") {
                Some(jws) => (Cow::Borrowed(jws.as_str().unwrap_or_default()), trail.name("jws").pointer()),
                // Read by somebody who may not see it.
                None => return,
            },
            View::Null => return,
            _ => (Cow::Borrowed(""), trail.pointer()),
        };
        self.sent.signature = Some(Box::new(SentSignature::read(&text, pointer)));
    }

    fn rate(&mut self, rate: Option<f64>, trail: Trail<'_>) {
        match rate {
            Some(rate) if rate > 0.0 && rate <= 1.0 => self.sent.sample_rate = Some(rate),
            _ => self.error(Finding::new(
                "event.sample-rate",
                trail.pointer(),
                "a sampling rate lies above 0 and at most at 1",
            )),
        }
    }

    /// A field that is one piece of text, a time or a priority.
    fn plain(&mut self, app: &str, spec: &FieldSpec, value: &'b Value, pointer: &str) {
        let text = match View::of(value) {
            View::String(text) => text,
            View::Number(number) if matches!(spec.kind, As::Integer | As::String) && is_integer(number.as_str()) => {
                Cow::Owned(number.as_str().to_owned())
            }
            _ => return self.error(type_finding(pointer, expected(spec.kind))),
        };
        if text.is_empty() {
            return self.error(Finding::new(
                "event.field.empty",
                pointer,
                "this is an empty text; leave it out instead",
            ));
        }
        if text.len() > IDENTIFIER_BYTES_MAX {
            let message = format!("longer than {IDENTIFIER_BYTES_MAX} bytes");
            return self.error(Finding::new("event.field.too-long", pointer, message));
        }
        let fits = match spec.kind {
            As::Integer => is_integer(&text),
            As::Uuid => EventId::parse_uuid(&text).is_some(),
            As::ObjectId => daybook_event::id::parse_object_id(&text).is_some(),
            As::String | As::Time | As::Object => true,
        };
        if !fits {
            return self.error(type_finding(pointer, expected(spec.kind)));
        }
        if !spec.values.is_empty() && !spec.values.iter().any(|value| *value == text) {
            let allowed = spec.values.join(", ");
            return self.error(Finding::new("event.field.enum", pointer, format!("not one of {allowed}")));
        }
        match spec.field {
            Field::Id => {
                let id = EventId::from_any(app, &text);
                if EventId::parse_uuid(&text).is_none() && id.to_object_id().is_none() {
                    self.sent.original_id = Some(text);
                }
                self.sent.id = Some(id);
            }
            Field::Time => match Timestamp::parse(&text) {
                Ok(time) => self.sent.time = Some(time),
                Err(problem) => self.error(
                    Finding::new("event.time.invalid", pointer, problem.to_string())
                        .hint("write 2026-01-14T15:00:00.000Z"),
                ),
            },
            Field::Priority => match text.parse::<Priority>() {
                Ok(priority) => self.sent.priority = Some(priority),
                Err(problem) => self.error(Finding::new("event.field.enum", pointer, problem.to_string())),
            },
            field => self.sent.set(field, Some(text)),
        }
    }

    fn tags(&mut self, value: &'b Value, pointer: &str) {
        let View::Object(object) = View::of(value) else {
            return self.error(type_finding(pointer, "an object of strings"));
        };
        if object.len() > TAGS_MAX {
            return self.error(Finding::new("event.tags.too-many", pointer, format!("more than {TAGS_MAX} tags")));
        }
        let trail = Trail::at(pointer);
        for (key, value) in object {
            let text = match View::of(value) {
                View::String(text) => text,
                View::Number(number) => Cow::Owned(number.as_str().to_owned()),
                View::Boolean(boolean) => Cow::Borrowed(if boolean { "true" } else { "false" }),
                View::Null => continue,
                View::Array(_) | View::Object(_) => {
                    self.error(type_finding(&trail.name(key).pointer(), "a string"));
                    continue;
                }
            };
            if key.len() > TAG_BYTES_MAX || text.len() > TAG_BYTES_MAX {
                let message = format!("longer than {TAG_BYTES_MAX} bytes");
                self.error(Finding::new("event.tags.too-long", trail.name(key).pointer(), message));
            } else {
                self.sent.tags.push((Cow::Borrowed(key), text));
            }
        }
        self.sent.tags.sort();
        self.sent.tags.dedup_by(|later, first| later.0 == first.0);
    }

    fn error(&mut self, finding: Finding) {
        self.findings.errors.push(finding);
    }
}

fn is_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

const fn expected(kind: As) -> &'static str {
    match kind {
        As::String => "a string",
        As::Integer => "an integer",
        As::Uuid => "a UUID",
        As::ObjectId => "an ObjectId of 24 hexadecimal digits",
        As::Time => "a date and time",
        As::Object => "an object",
    }
}

fn type_finding(pointer: &str, expected: &str) -> Finding {
    Finding::new("event.field.type", pointer, format!("not {expected}"))
}
