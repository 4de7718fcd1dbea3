//! What is personal in the data: that it is marked, that the marks agree, and that what is only counted has no content.

use std::collections::BTreeMap;

use daybook_event::finding::push_pointer;
use serde_json::{Map, Value};

use super::graph::Extent;
use crate::personal::{is_somebody, likely_personal};
use crate::read_events::Declared;
use crate::schema::resolve;
use crate::source::{Place, Problem};
use crate::{AppCatalog, EventType, Field, Pii, Store};

/// Formats of what leads to a person, whatever it is called.
const PERSONAL_FORMATS: [&str; 4] = ["email", "idn-email", "ipv4", "ipv6"];

/// The fields of the envelope that are sealed as a person's, and so wherever in the data they may stand instead.
const PERSONAL_ENVELOPE: [Field; 3] = [Field::Identity, Field::AnonymousId, Field::Session];

/// Notes what looks personal and is not marked; of types that are only counted, what could hold content.
pub(super) fn lint(catalog: &AppCatalog, declared: &Declared<'_>) {
    let Some(data) = &declared.event_type.data else { return };
    let mut walk = Walk { catalog, declared, left: Extent::SIZE_MAX, references: Vec::new() };
    walk.properties(data, &mut Vec::new(), &mut "/data".to_owned());
    counted(declared);
}

/// Notes marks that do not agree with each other or with what they mark.
pub(super) fn lint_marks(catalog: &AppCatalog, declared: &Declared<'_>) {
    let Declared { event_type, file, .. } = declared;
    for path in event_type.pii.keys().chain(&event_type.not_personal) {
        let around = ancestors(path).find(|around| is_marked(event_type, around));
        if let Some(around) = around {
            let message = format!("`{path}` lies inside `{around}`, which is marked as a whole");
            Problem::error("event-type.pii", message).hint("mark one of the two").at(file, mark(declared, path));
        }
    }
    for path in &event_type.not_personal {
        if let Some(field) = envelope_field(catalog, path).filter(|field| PERSONAL_ENVELOPE.contains(field)) {
            Problem::error(
                "event-type.pii",
                format!("`{path}` stands for the envelope's `{field}`, so it is personal"),
            )
            .at(file, mark(declared, path));
        }
    }
}

/// Whether a field, or something in it or around it, is sealed when the event is stored.
pub(crate) fn is_sealed(catalog: &AppCatalog, event_type: &EventType, path: &str) -> bool {
    event_type.pii.contains_key(path)
        || ancestors(path).any(|around| event_type.pii.contains_key(around))
        || event_type.pii.keys().any(|marked| marked.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
        || envelope_field(catalog, path).is_some_and(|field| PERSONAL_ENVELOPE.contains(&field))
}

/// A walk through the properties of a type's data.
struct Walk<'w> {
    catalog: &'w AppCatalog,
    declared: &'w Declared<'w>,
    /// Properties that may still be looked at: types may be used again and again.
    left: usize,
    /// The named types around, none of which is gone into twice.
    references: Vec<&'w str>,
}

impl<'w> Walk<'w> {
    /// Looks at the properties a schema declares, `pointer` being its place in the event type.
    fn properties(&mut self, schema: &'w Value, path: &mut Vec<&'w str>, pointer: &mut String) {
        let outside = self.references.len();
        let parts = Parts::of(&self.catalog.types, schema, &mut self.references);
        if parts.is_open && self.declared.event_type.store == Store::DailyCounts {
            self.content(path, pointer, "may have any field");
        }
        for (name, schema) in parts.properties {
            let Some(left) = self.left.checked_sub(1) else { break };
            self.left = left;
            let length = pointer.len();
            push_pointer(pointer, "properties");
            push_pointer(pointer, name);
            path.push(name);
            self.property(schema, path, pointer);
            path.pop();
            pointer.truncate(length);
        }
        self.references.truncate(outside);
    }

    fn property(&mut self, schema: &'w Value, path: &mut Vec<&'w str>, pointer: &mut String) {
        let event_type = &self.declared.event_type;
        let dotted = path.join(".");
        let mut references = self.references.clone();
        let parts = Parts::of(&self.catalog.types, schema, &mut references);
        let envelope = envelope_field(self.catalog, &dotted);
        let marked = is_marked(event_type, &dotted) || ancestors(&dotted).any(|around| is_marked(event_type, around));
        if event_type.pii.get(&dotted) == Some(&Pii::Person) && !parts.may_name_somebody() {
            let message = format!("`{dotted}` names no person: it is no string, whole number, or list of those");
            Problem::error("event-type.pii", message).at(self.declared.file, mark(self.declared, &dotted));
        }
        if parts.properties.is_empty() && !parts.is_open {
            if !marked && !envelope.is_some_and(|field| PERSONAL_ENVELOPE.contains(&field)) {
                self.leaf(&dotted, &parts, pointer);
            }
            if event_type.store == Store::DailyCounts && envelope.is_none() && parts.may_hold_text() {
                self.content(path, pointer, "may be any text");
            }
            return;
        }
        // An address is one, whatever it is made of.
        if let Some(kind) = likely_personal(&dotted)
            && !marked
            && !path.last().is_some_and(|name| is_somebody(name))
            && !has_marks_inside(event_type, &dotted)
        {
            self.unmarked(&dotted, kind, "by its name", pointer);
        } else {
            self.properties(schema, path, pointer);
        }
    }

    /// Looks at a property without properties of its own.
    fn leaf(&self, dotted: &str, parts: &Parts<'_>, pointer: &str) {
        if parts.is_fact() {
            return;
        }
        match likely_personal(dotted) {
            // A closed list of words names nobody.
            Some(Pii::Identifier) if parts.is_closed => {}
            Some(kind) => self.unmarked(dotted, kind, "by its name", pointer),
            None if parts.is_personal_format => self.unmarked(dotted, Pii::Identifier, "by its format", pointer),
            None if parts.is_write_only => self.unmarked(dotted, Pii::Personal, "being `writeOnly`", pointer),
            None => {}
        }
    }

    fn unmarked(&self, dotted: &str, kind: Pii, why: &str, pointer: &str) {
        Problem::warning("event-type.pii-unmarked", format!("`{dotted}` is likely personal {why}, and not marked"))
            .hint(format!("add `{dotted}: {}` to `pii`, or `{dotted}: none` if it is not", kind.as_str()))
            .at(self.declared.file, self.place(pointer));
    }

    fn content(&self, path: &[&str], pointer: &str, why: &str) {
        let what = if path.is_empty() { "the data".to_owned() } else { format!("`{}`", path.join(".")) };
        Problem::warning("event-type.counts-content", format!("only counts are kept of this type, but {what} {why}"))
            .hint("leave it out, or bound it by `enum`, `const`, `format` or `pattern`")
            .at(self.declared.file, self.place(pointer));
    }

    fn place(&self, pointer: &str) -> Place {
        self.declared.node.locate(pointer)
    }
}

/// Free text in what is only counted: nobody will ever read it, so it should not be sent.
fn counted(declared: &Declared<'_>) {
    if declared.event_type.store == Store::Event {
        return;
    }
    for (path, _) in declared.event_type.pii.iter().filter(|(_, pii)| **pii == Pii::FreeText) {
        let message = format!("only counts are kept of this type, but `{path}` is what people wrote");
        Problem::error("event-type.counts-content", message)
            .hint("leave it out of the data")
            .at(declared.file, mark(declared, path));
    }
}

/// What the schemas that a value is checked against say of it, and of the items where it is a list.
#[derive(Default)]
struct Parts<'s> {
    properties: BTreeMap<&'s str, &'s Value>,
    /// The types it may have, lists left out; none where a schema says nothing of types.
    types: Vec<&'s str>,
    /// It says that there may be other properties.
    is_open: bool,
    is_closed: bool,
    is_personal_format: bool,
    is_write_only: bool,
    /// Its text is of a form.
    is_formed: bool,
}

impl<'s> Parts<'s> {
    fn of(types: &'s Map<String, Value>, schema: &'s Value, references: &mut Vec<&'s str>) -> Self {
        let mut parts = Self::default();
        let mut pending = vec![schema];
        while let Some(schema) = pending.pop() {
            let Some(object) = schema.as_object() else { continue };
            let text = |keyword| object.get(keyword).and_then(Value::as_str);
            if let Some(reference) = text("$ref")
                && !references.contains(&reference)
            {
                references.push(reference);
                pending.extend(resolve(types, reference));
            }
            for keyword in ["allOf", "anyOf", "oneOf", "prefixItems"] {
                pending.extend(object.get(keyword).and_then(Value::as_array).into_iter().flatten());
            }
            pending.extend(["then", "else", "items"].iter().filter_map(|keyword| object.get(*keyword)));
            for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
                parts.properties.entry(name).or_insert(property);
            }
            let named = match object.get("type") {
                Some(Value::Array(several)) => several.as_slice(),
                Some(one) => std::slice::from_ref(one),
                None => &[],
            };
            parts.types.extend(named.iter().filter_map(Value::as_str).filter(|name| *name != "array"));
            parts.is_open |= ["additionalProperties", "patternProperties", "unevaluatedProperties"]
                .iter()
                .any(|keyword| object.get(*keyword).is_some_and(|others| *others != Value::Bool(false)));
            parts.is_closed |= object.contains_key("enum") || object.contains_key("const");
            parts.is_formed |= object.contains_key("format") || object.contains_key("pattern");
            parts.is_personal_format |= text("format").is_some_and(|format| PERSONAL_FORMATS.contains(&format));
            parts.is_write_only |= object.get("writeOnly") == Some(&Value::Bool(true));
        }
        parts
    }

    /// Whether it can only be true or false, or nothing.
    fn is_fact(&self) -> bool {
        !self.types.is_empty() && self.types.iter().all(|name| matches!(*name, "boolean" | "null"))
    }

    fn may_name_somebody(&self) -> bool {
        self.properties.is_empty() && self.types.iter().all(|name| matches!(*name, "string" | "integer" | "null"))
    }

    fn may_hold_text(&self) -> bool {
        let text = self.types.is_empty() || self.types.iter().any(|name| matches!(*name, "string" | "object"));
        text && !self.is_closed && !self.is_formed
    }
}

/// The field of the envelope that a property of the data may stand for.
pub(super) fn envelope_field(catalog: &AppCatalog, path: &str) -> Option<Field> {
    let data = catalog.dialect.field(Field::Data)?;
    let also = |spec: &&crate::FieldSpec| {
        let inner = spec.also.as_ref().and_then(|also| also.strip_prefix(data.path.as_slice()));
        inner.is_some_and(|inner| inner.iter().map(String::as_str).eq(path.split('.')))
    };
    catalog.dialect.fields.iter().find(also).map(|spec| spec.field)
}

fn is_marked(event_type: &EventType, path: &str) -> bool {
    event_type.pii.contains_key(path) || event_type.not_personal.contains(path)
}

fn has_marks_inside(event_type: &EventType, path: &str) -> bool {
    let inside = |other: &String| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    event_type.pii.keys().chain(&event_type.not_personal).any(inside)
}

/// The paths around a path, the nearest first.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('.').filter_map(|(end, _)| path.get(..end))
}

/// Where a path is marked.
fn mark(declared: &Declared<'_>, path: &str) -> Place {
    let mut pointer = String::from("/pii");
    push_pointer(&mut pointer, path);
    declared.node.locate(&pointer)
}
