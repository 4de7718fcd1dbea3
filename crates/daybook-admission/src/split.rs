//! Taking what is personal out of an event's data and metadata.

use std::borrow::Cow;
use std::ops::Range;

use daybook_catalog::likely_personal;
use daybook_event::finding::push_pointer;
use daybook_event::json::{Scanner, unescaped};
use daybook_event::limits::IDENTIFIER_BYTES_MAX;

use crate::parts::OwnNames;
use crate::personal::{Mark, Rules};

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
            let rule = rules.and_then(|rules| rules.field(&name));
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
