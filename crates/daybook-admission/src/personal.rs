//! What in the data of an event type is personal, as its catalog says.

use daybook_catalog::{AppCatalog, EventType, Field, Pii, UnknownFields};
use rustc_hash::FxHashMap;
use serde_json::Value as Schema;

use crate::schema::speaks_of_members;

/// What is known of one field of the data, and of the fields in it. Lists are looked through: what is said of a field
/// goes for every element of it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) mark: Mark,
    names: FxHashMap<Box<str>, Self>,
    /// The catalog says what it is.
    pub(crate) declared: bool,
    /// Nothing can be in it that the catalog does not name.
    pub(crate) closed: bool,
    /// What it names is not personal, at any depth, and what it does not name is said to be unknown.
    plain: bool,
}

/// How a field is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mark {
    /// It is not.
    #[default]
    Nothing,
    /// It belongs to the event's own person.
    Own,
    /// It names a person: the event's own, or another.
    Person,
}

/// Schemas nest no deeper than this where names are looked for; references may go round.
const RULES_DEPTH_MAX: usize = 8;

impl Rules {
    /// The rules for the data of an event type, or of types that nobody declared.
    pub(crate) fn compile(app: &AppCatalog, event_type: Option<&EventType>) -> Self {
        let mut rules = Self::default();
        if let Some(schema) = event_type.and_then(|event_type| event_type.data.as_ref()) {
            rules.declare(schema, app, 0);
        }
        for path in event_type.into_iter().flat_map(|event_type| &event_type.not_personal) {
            rules.at(&mut path.split('.'));
        }
        for (path, pii) in event_type.into_iter().flat_map(|event_type| &event_type.pii) {
            let mark = match pii {
                Pii::Person => Mark::Person,
                Pii::Identifier | Pii::Personal | Pii::FreeText => Mark::Own,
            };
            rules.at(&mut path.split('.')).mark = mark;
        }
        // The person may stand in the data, whatever the type says of that field.
        let Some(data) = app.dialect.field(Field::Data) else { return rules };
        for spec in &app.dialect.fields {
            let mark = match spec.field {
                Field::Identity => Mark::Person,
                Field::AnonymousId | Field::Session | Field::ActorId => Mark::Own,
                _ => continue,
            };
            if let Some(path) = spec.also.as_deref().and_then(|also| also.strip_prefix(data.path.as_slice())) {
                rules.at(&mut path.iter().map(String::as_str)).mark = mark;
            }
        }
        rules
    }

    /// Whether there is nothing personal in data that these members were unknown of, as far as those are looked for.
    pub(crate) fn is_plain(&self, looked_for: UnknownFields, unknown: &[String]) -> bool {
        self.plain && unknown.is_empty() && looked_for != UnknownFields::Allow
    }

    /// What goes for a field in it; nothing where the catalog does not know the field.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        self.names.get(name)
    }

    fn declare(&mut self, schema: &Schema, app: &AppCatalog, depth: usize) {
        let Some(object) = schema.as_object().filter(|_| depth <= RULES_DEPTH_MAX) else { return };
        self.declared = true;
        if let Some(target) = object.get("$ref").and_then(Schema::as_str) {
            if let Some(named) = target.strip_prefix("#/types/").and_then(|name| app.types.get(name)) {
                self.declare(named, app, depth + 1);
            }
            return;
        }
        let properties = object.get("properties").and_then(Schema::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            self.names.entry(name.as_str().into()).or_default().declare(schema, app, depth + 1);
        }
        if let Some(items) = object.get("items") {
            self.declare(items, app, depth + 1);
        }
        let is_scalar =
            |kind: &Schema| matches!(kind.as_str(), Some("string" | "integer" | "number" | "boolean" | "null"));
        self.closed = match object.get("type") {
            Some(Schema::Array(kinds)) => kinds.iter().all(is_scalar),
            Some(kind) => is_scalar(kind),
            None => object.contains_key("enum") || object.contains_key("const"),
        };
        self.plain = self.closed
            || match properties {
                Some(_) => !speaks_of_members(object) && self.names.values().all(|rules| rules.plain),
                None => object.contains_key("items") && self.plain,
            };
    }

    fn at<'p>(&mut self, path: &mut impl Iterator<Item = &'p str>) -> &mut Self {
        match path.next() {
            Some(step) => {
                (self.closed, self.plain) = (false, self.plain && !self.names.contains_key(step));
                self.names.entry(step.into()).or_default().at(path)
            }
            None => self,
        }
    }
}
