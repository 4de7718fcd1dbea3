//! Finding what is personal in an event's data and metadata, and taking it out.

use std::borrow::Cow;
use std::ops::Range;

use daybook_catalog::{AppCatalog, EventType, Field, Pii, likely_personal};
use daybook_event::finding::push_pointer;
use daybook_event::json::{Scanner, unescaped};
use daybook_event::limits::IDENTIFIER_BYTES_MAX;
use rustc_hash::FxHashMap;
use serde_json::Value as Schema;

use crate::parts::OwnNames;

/// What is known of one field of the data, and of the fields in it. Lists are looked through: what is said of a field
/// goes for every element of it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    mark: Mark,
    names: FxHashMap<Box<str>, Self>,
    /// The catalog says what it is.
    declared: bool,
    /// Nothing can be in it that the catalog does not name.
    closed: bool,
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

/// Values that were taken out of a JSON text.
#[derive(Debug, Default)]
pub(crate) struct Split {
    /// The text without them; nothing where nothing was taken.
    pub(crate) rest: Option<String>,
    pub(crate) taken: Vec<Taken>,
}

/// A value that was taken out.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Its JSON Pointer.
    pub(crate) pointer: String,
    /// Where it stood in the text.
    pub(crate) at: Range<usize>,
    /// Whose it is, where it names another person.
    pub(crate) other: Option<String>,
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

    /// How a field of the data is personal; nothing where the catalog does not know it.
    pub(crate) fn mark(&self, name: &str) -> Option<Mark> {
        self.names.get(name).map(|rules| rules.mark)
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
        let is_plain =
            |kind: &Schema| matches!(kind.as_str(), Some("string" | "integer" | "number" | "boolean" | "null"));
        self.closed = match object.get("type") {
            Some(Schema::Array(kinds)) => kinds.iter().all(is_plain),
            Some(kind) => is_plain(kind),
            None => object.contains_key("enum") || object.contains_key("const"),
        };
    }

    fn at<'p>(&mut self, path: &mut impl Iterator<Item = &'p str>) -> &mut Self {
        match path.next() {
            Some(step) => {
                self.closed = false;
                self.names.entry(step.into()).or_default().at(path)
            }
            None => self,
        }
    }
}

/// Takes what is personal out of a canonical JSON text. Of a text without rules only names tell, and values that are the
/// event's own person.
pub(crate) fn split(text: &str, rules: Option<&Rules>, own: OwnNames<'_>) -> Split {
    let mut splitter = Splitter { text, scanner: Scanner::new(text), own, taken: Vec::new(), cuts: Vec::new() };
    let whole = splitter.element(rules, &Path::Root);
    debug_assert!(whole.is_some() || text.is_empty(), "canonical JSON is JSON");
    let rest = (!splitter.cuts.is_empty()).then(|| splitter.rest());
    Split { rest, taken: splitter.taken }
}

struct Splitter<'t> {
    text: &'t str,
    scanner: Scanner<'t>,
    own: OwnNames<'t>,
    taken: Vec<Taken>,
    /// What is left out, and what stands there instead.
    cuts: Vec<(Range<usize>, &'static str)>,
}

/// Where the splitter is.
enum Path<'p> {
    Root,
    Member(&'p Self, &'p str),
    Element(&'p Self, usize),
}

impl Path<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(above, name) => {
                let mut pointer = above.pointer();
                push_pointer(&mut pointer, name);
                pointer
            }
            Self::Element(above, index) => format!("{}/{index}", above.pointer()),
        }
    }

    /// How a member that the catalog does not know is personal, as far as names say.
    fn likely(&self, name: &str) -> Mark {
        let likely = match self {
            Self::Root => likely_personal(name),
            _ => {
                let mut pointer = self.pointer();
                push_pointer(&mut pointer, name);
                likely_personal(&pointer)
            }
        };
        if likely.is_some() { Mark::Own } else { Mark::Nothing }
    }
}

impl<'t> Splitter<'t> {
    /// Passes a value whose own field is not personal.
    fn value(&mut self, rules: Option<&Rules>, path: &Path<'_>) -> Option<()> {
        match self.scanner.peek()? {
            b'{' => self.object(rules, path),
            b'[' => {
                let mut index = 0;
                self.elements(|splitter| {
                    let element = Path::Element(path, index);
                    index += 1;
                    splitter.element(rules, &element)
                })
            }
            _ => self.scanner.value().map(|_| ()),
        }
    }

    fn object(&mut self, rules: Option<&Rules>, path: &Path<'_>) -> Option<()> {
        self.scanner.pass(b'{')?;
        let (mut first, mut kept) = (true, false);
        while self.scanner.peek()? != b'}' {
            let comma = self.scanner.at();
            if !first {
                self.scanner.pass(b',')?;
            }
            first = false;
            let start = self.scanner.at();
            let name = unescaped(self.scanner.string()?);
            self.scanner.pass(b':')?;
            let rule = rules.and_then(|rules| rules.names.get(&*name));
            let member = Path::Member(path, &name);
            let mark = rule.map_or_else(|| path.likely(&name), |rule| rule.mark);
            let taken = match (mark, rule) {
                (Mark::Nothing, Some(rule)) if rule.closed => self.scanner.value().map(|_| false)?,
                (Mark::Nothing, Some(_)) => self.value(rule, &member).map(|()| false)?,
                (Mark::Nothing, None) => self.undeclared_member(&member)?,
                (Mark::Own, _) => self.own(&member)?,
                (Mark::Person, _) => self.person(&member)?,
            };
            if taken {
                let end = self.scanner.at();
                // The comma behind it goes with a member that nothing was kept before.
                let behind = usize::from(!kept && self.scanner.peek()? == b',');
                if behind == 1 {
                    self.scanner.pass(b',')?;
                    first = true;
                }
                self.cuts.push((if kept { comma } else { start }..end + behind, ""));
            }
            kept |= !taken;
        }
        self.scanner.pass(b'}')
    }

    /// Passes the elements of a list.
    fn elements(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.scanner.pass(b'[')?;
        let mut first = true;
        while self.scanner.peek()? != b']' {
            if !first {
                self.scanner.pass(b',')?;
            }
            first = false;
            each(self)?;
        }
        self.scanner.pass(b']')
    }

    /// Passes a member that the catalog does not know; tells whether it was taken.
    fn undeclared_member(&mut self, path: &Path<'_>) -> Option<bool> {
        if matches!(self.scanner.peek()?, b'{' | b'[') {
            return self.value(None, path).map(|()| false);
        }
        let value = self.scanner.value()?;
        let is_own = plain_text(value).is_some_and(|text| self.own.contain(&text));
        if is_own {
            self.take(value, path, None);
        }
        Some(is_own)
    }

    /// Passes an element, or the whole document.
    fn element(&mut self, rules: Option<&Rules>, path: &Path<'_>) -> Option<()> {
        if rules.is_some_and(|rules| rules.declared) || matches!(self.scanner.peek()?, b'{' | b'[') {
            return self.value(rules, path);
        }
        if self.undeclared_member(path)? {
            self.cut_last();
        }
        Some(())
    }

    /// Passes a member that belongs to the event's own person; tells whether it was taken, which nothing is not.
    fn own(&mut self, path: &Path<'_>) -> Option<bool> {
        let value = self.scanner.value()?;
        if value == "null" {
            return Some(false);
        }
        self.take(value, path, None);
        Some(true)
    }

    /// Passes a member that names people; tells whether it was taken. A list of them stays, with null in their place.
    fn person(&mut self, path: &Path<'_>) -> Option<bool> {
        if self.scanner.peek()? != b'[' {
            return self.one_person(path);
        }
        let mut index = 0;
        self.elements(|splitter| {
            let element = Path::Element(path, index);
            index += 1;
            if splitter.one_person(&element)? {
                splitter.cut_last();
            }
            Some(())
        })?;
        Some(false)
    }

    fn one_person(&mut self, path: &Path<'_>) -> Option<bool> {
        let value = self.scanner.value()?;
        if value == "null" {
            return Some(false);
        }
        // What is too long, or no text at all, is nobody's name.
        let name = plain_text(value).filter(|name| !name.is_empty() && name.len() <= IDENTIFIER_BYTES_MAX);
        let other = name.filter(|name| self.own.person() != Some(&**name));
        self.take(value, path, other.map(Cow::into_owned));
        Some(true)
    }

    fn take(&mut self, value: &str, path: &Path<'_>, other: Option<String>) {
        let end = self.scanner.at();
        self.taken.push(Taken { pointer: path.pointer(), at: end - value.len()..end, other });
    }

    /// Leaves null where the value taken last was an element.
    fn cut_last(&mut self) {
        if let Some(taken) = self.taken.last() {
            self.cuts.push((taken.at.clone(), "null"));
        }
    }

    fn rest(&self) -> String {
        let mut rest = String::with_capacity(self.text.len());
        let mut from = 0;
        for (cut, instead) in &self.cuts {
            rest.push_str(self.text.get(from..cut.start).unwrap_or_default());
            rest.push_str(instead);
            from = cut.end;
        }
        rest.push_str(self.text.get(from..).unwrap_or_default());
        rest
    }
}

/// What a string or whole number says.
fn plain_text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes() {
        [b'"', .., b'"'] => json.get(1..json.len() - 1).map(unescaped),
        bytes => bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-').then_some(Cow::Borrowed(json)),
    }
}
