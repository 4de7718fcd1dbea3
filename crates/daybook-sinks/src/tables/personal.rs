//! What of an event may stand in a row: everything but what is personal.
//!
//! A row names a person in columns of their own, by which they are found and emptied. Its data, metadata and tags must say the same
//! before and after somebody is erased, so what admission seals is left out of them: what the catalog marks, what is likely personal by its
//! name, and values that are the event's own person. A test holds this against what admission does.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_catalog::{AppCatalog, EventType, Field, Pii, likely_personal};
use daybook_event::Event;
use daybook_event::finding::push_pointer;
use daybook_event::json::{Scanner, unescaped};
use rustc_hash::FxHashMap;
use serde_json::Value as Schema;

/// Schemas nest no deeper than this where names are looked for; references may go round.
const RULES_DEPTH_MAX: usize = 8;

/// What is personal in the events of an app.
#[derive(Debug)]
pub(crate) struct Personal {
    app: Arc<AppCatalog>,
    /// Of each version of each type, in the order of the catalog.
    rules: Vec<Rules>,
    unknown: Rules,
}

/// What is known of a field, and of the fields in it. What is said of a list goes for every element of it.
#[derive(Debug, Default)]
struct Rules {
    mark: Mark,
    names: FxHashMap<Box<str>, Self>,
    /// The catalog says what it is.
    declared: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mark {
    #[default]
    Nothing,
    /// It belongs to the event's own person.
    Own,
    /// It names a person.
    Person,
}

impl Personal {
    pub(crate) fn of(app: Arc<AppCatalog>) -> Self {
        let rules = app.events.iter().map(|event_type| Rules::compile(&app, Some(event_type))).collect();
        let unknown = Rules::compile(&app, None);
        Self { app, rules, unknown }
    }

    /// The data without what is personal; empty where there is none.
    pub(crate) fn data<'e>(&self, event: &'e Event<'_>) -> Cow<'e, str> {
        without(&event.data, Some(self.rules_of(event)), &own_names(event))
    }

    /// The metadata without what is personal; empty where there is none.
    pub(crate) fn metadata<'e>(event: &'e Event<'_>) -> Cow<'e, str> {
        without(&event.metadata, None, &own_names(event))
    }

    /// The tags that are not personal.
    pub(crate) fn tags<'e>(&self, event: &'e Event<'_>) -> Vec<(&'e str, &'e str)> {
        let (rules, own) = (self.rules_of(event), own_names(event));
        let is_personal = |key: &str, value: &str| match rules.names.get(key) {
            Some(field) => field.mark != Mark::Nothing,
            None => own.contains(&Some(value)) || likely_personal(key).is_some(),
        };
        let tags = event.tags.iter().map(|(key, value)| (&**key, &**value));
        tags.filter(|(key, value)| !is_personal(key, value)).collect()
    }

    fn rules_of(&self, event: &Event<'_>) -> &Rules {
        let named = |event_type: &&EventType| event_type.name == event.name;
        let start = self.app.events.partition_point(|event_type| event_type.name.as_str() < &*event.name);
        let versions = self.app.events.iter().skip(start).take_while(named);
        let mut found = None;
        for (index, event_type) in versions.enumerate() {
            found = Some(start + index);
            if event_type.version.to_string() == event.version {
                break;
            }
        }
        found.and_then(|index| self.rules.get(index)).unwrap_or(&self.unknown)
    }
}

impl Rules {
    fn compile(app: &AppCatalog, event_type: Option<&EventType>) -> Self {
        let mut rules = Self::default();
        if let Some(schema) = event_type.and_then(|event_type| event_type.data.as_ref()) {
            rules.declare(schema, app, 0);
        }
        for path in event_type.into_iter().flat_map(|event_type| &event_type.not_personal) {
            rules.at(&mut path.split('.'));
        }
        for (path, pii) in event_type.into_iter().flat_map(|event_type| &event_type.pii) {
            rules.at(&mut path.split('.')).mark = if *pii == Pii::Person { Mark::Person } else { Mark::Own };
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

    fn declare(&mut self, schema: &Schema, app: &AppCatalog, depth: usize) {
        let Some(object) = schema.as_object().filter(|_| depth <= RULES_DEPTH_MAX) else { return };
        self.declared = true;
        if let Some(target) = object.get("$ref").and_then(Schema::as_str) {
            if let Some(named) = target.strip_prefix("#/types/").and_then(|name| app.types.get(name)) {
                self.declare(named, app, depth + 1);
            }
            return;
        }
        for (name, schema) in object.get("properties").and_then(Schema::as_object).into_iter().flatten() {
            self.names.entry(name.as_str().into()).or_default().declare(schema, app, depth + 1);
        }
        if let Some(items) = object.get("items") {
            self.declare(items, app, depth + 1);
        }
    }

    fn at<'p>(&mut self, path: &mut impl Iterator<Item = &'p str>) -> &mut Self {
        match path.next() {
            Some(step) => self.names.entry(step.into()).or_default().at(path),
            None => self,
        }
    }
}

/// The names that an event calls its own person by.
fn own_names<'e>(event: &'e Event<'_>) -> [Option<&'e str>; 4] {
    let is_person = |kind: Option<&str>| matches!(kind, None | Some("user"));
    let actor = event.actor.as_ref().filter(|actor| is_person(actor.kind.as_deref()));
    [
        event.identity.as_deref(),
        event.anonymous_id.as_deref(),
        event.session.as_deref(),
        actor.and_then(|actor| actor.id.as_deref()),
    ]
}

/// A canonical JSON text without what is personal. Of a text without rules only names tell.
fn without<'t>(text: &'t str, rules: Option<&Rules>, own: &[Option<&str>; 4]) -> Cow<'t, str> {
    let out = String::with_capacity(text.len());
    let mut copy = Copy { scanner: Scanner::new(text), own, path: String::new(), out };
    match copy.element(rules) {
        Some(()) if copy.out != text => Cow::Owned(copy.out),
        Some(()) => Cow::Borrowed(text),
        // What is stored is canonical JSON, or nothing.
        None => Cow::Borrowed(""),
    }
}

/// Copies a text as it reads it, but for what is personal.
struct Copy<'t> {
    scanner: Scanner<'t>,
    own: &'t [Option<&'t str>; 4],
    /// The JSON Pointer of where it is.
    path: String,
    out: String,
}

impl Copy<'_> {
    /// A value whose own field is not personal.
    fn value(&mut self, rules: Option<&Rules>) -> Option<()> {
        match self.scanner.peek()? {
            b'{' => self.object(rules),
            b'[' => self.elements(|copy| copy.element(rules)),
            _ => self.scanner.value().map(|value| self.out.push_str(value)),
        }
    }

    fn object(&mut self, rules: Option<&Rules>) -> Option<()> {
        self.scanner.pass(b'{')?;
        self.out.push('{');
        let (mut first, mut kept_any) = (true, false);
        while self.scanner.peek()? != b'}' {
            if !std::mem::take(&mut first) {
                self.scanner.pass(b',')?;
            }
            let (out_before, path_before) = (self.out.len(), self.path.len());
            let raw = self.scanner.string()?;
            let name = unescaped(raw);
            self.scanner.pass(b':')?;
            self.out.extend([if kept_any { "," } else { "" }, "\"", raw, "\":"]);
            let is_likely = if self.path.is_empty() {
                push_pointer(&mut self.path, &name);
                likely_personal(&name).is_some()
            } else {
                push_pointer(&mut self.path, &name);
                likely_personal(&self.path).is_some()
            };
            let kept = match rules.and_then(|rules| rules.names.get(&*name)) {
                Some(rules) if rules.mark == Mark::Own => self.null_only()?,
                Some(rules) if rules.mark == Mark::Person => self.person()?,
                Some(rules) => self.value(Some(rules)).map(|()| true)?,
                None if is_likely => self.null_only()?,
                None => self.undeclared()?,
            };
            self.path.truncate(path_before);
            if !kept {
                self.out.truncate(out_before);
            }
            kept_any |= kept;
        }
        self.out.push('}');
        self.scanner.pass(b'}')
    }

    fn elements(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.scanner.pass(b'[')?;
        self.out.push('[');
        let mut index = 0;
        while self.scanner.peek()? != b']' {
            if index > 0 {
                self.scanner.pass(b',')?;
                self.out.push(',');
            }
            let path_before = self.path.len();
            self.path.extend(["/", &index.to_string()]);
            each(self)?;
            self.path.truncate(path_before);
            index += 1;
        }
        self.out.push(']');
        self.scanner.pass(b']')
    }

    /// An element of a list, or the whole document: what may not stand there is null.
    fn element(&mut self, rules: Option<&Rules>) -> Option<()> {
        if rules.is_some_and(|rules| rules.declared) || matches!(self.scanner.peek()?, b'{' | b'[') {
            return self.value(rules);
        }
        if !self.undeclared()? {
            self.out.push_str("null");
        }
        Some(())
    }

    /// A value that the catalog does not know; tells whether it was kept.
    fn undeclared(&mut self) -> Option<bool> {
        if matches!(self.scanner.peek()?, b'{' | b'[') {
            return self.value(None).map(|()| true);
        }
        let value = self.scanner.value()?;
        let is_own = plain_text(value).is_some_and(|text| self.own.contains(&Some(&*text)));
        if !is_own {
            self.out.push_str(value);
        }
        Some(!is_own)
    }

    /// A value that is personal: only null may stand.
    fn null_only(&mut self) -> Option<bool> {
        let is_null = self.scanner.value()? == "null";
        if is_null {
            self.out.push_str("null");
        }
        Some(is_null)
    }

    /// A value that names people. A list of them stays, with null in their place.
    fn person(&mut self) -> Option<bool> {
        if self.scanner.peek()? != b'[' {
            return self.null_only();
        }
        self.elements(|copy| {
            if !copy.null_only()? {
                copy.out.push_str("null");
            }
            Some(())
        })?;
        Some(true)
    }
}

/// What a string or whole number says.
fn plain_text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes() {
        [b'"', .., b'"'] => json.get(1..json.len() - 1).map(unescaped),
        bytes => bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-').then_some(Cow::Borrowed(json)),
    }
}
