//! YAML 1.2 into a tree that knows its places.
//!
//! Only what JSON can say is accepted: one document of mappings with plain keys, sequences, strings, numbers, booleans
//! and null (the core schema). Aliases are refused, so a small file stays a small tree; depth and size are bounded.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Number, Value};

use crate::limits::{FILE_BYTES_MAX, YAML_DEPTH_MAX};
use crate::source::{Place, Problem, SourceFile};

/// A value and where it begins.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Yaml,
}

/// A value.
#[derive(Debug)]
pub(crate) enum Yaml {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(Key, Node)>),
    /// Something that has been reported already: whoever reads it stays silent.
    Invalid,
}

/// A key of a mapping and where it stands.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) text: String,
}

impl Node {
    /// The value as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match &self.value {
            Yaml::Null | Yaml::Invalid => Value::Null,
            Yaml::Bool(value) => Value::Bool(*value),
            Yaml::Number(number) => Value::Number(number.clone()),
            Yaml::String(text) => Value::String(text.clone()),
            Yaml::Sequence(nodes) => Value::Array(nodes.iter().map(Self::to_json).collect()),
            Yaml::Mapping(entries) => {
                Value::Object(entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect())
            }
        }
    }

    /// The value of a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
    }

    /// The entries of a mapping; none of anything else.
    pub(crate) fn entries(&self) -> &[(Key, Self)] {
        if let Yaml::Mapping(entries) = &self.value { entries } else { &[] }
    }

    /// The items of a sequence; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        if let Yaml::Sequence(items) = &self.value { items } else { &[] }
    }

    /// The place of what a JSON Pointer names: of its key where it has one, and of the nearest thing around it where it
    /// does not exist.
    pub(crate) fn locate(&self, pointer: &str) -> Place {
        let (mut node, mut place) = (self, self.place);
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match &node.value {
                Yaml::Mapping(entries) => {
                    entries.iter().find(|(key, _)| key.text == token).map(|(key, child)| (child, key.place))
                }
                Yaml::Sequence(items) => {
                    token.parse().ok().and_then(|index: usize| items.get(index)).map(|item| (item, item.place))
                }
                _ => None,
            };
            match next {
                Some((child, found)) => (node, place) = (child, found),
                None => break,
            }
        }
        place
    }

    /// What the value is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            Yaml::Null | Yaml::Invalid => "nothing",
            Yaml::Bool(_) => "a boolean",
            Yaml::Number(_) => "a number",
            Yaml::String(_) => "a string",
            Yaml::Sequence(_) => "a list",
            Yaml::Mapping(_) => "a mapping",
        }
    }
}

/// Reads the one document of a file; everything wrong with it is noted in `file`.
pub(crate) fn parse(bytes: &[u8], file: &SourceFile) -> Option<Node> {
    if bytes.len() > FILE_BYTES_MAX {
        Problem::error("catalog.too-large", format!("the file has more than {FILE_BYTES_MAX} bytes"))
            .hint("spread the event types over several files")
            .at(file, Place::START);
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            Problem::error("catalog.encoding", "the file is not UTF-8").at(file, Place { line, column: 1 });
            return None;
        }
    };
    let mut builder = Builder { file, frames: Vec::new(), root: None, documents: 0 };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => {
                if builder.take(event, span).is_err() {
                    return None;
                }
            }
            Err(error) => {
                let message = format!("not YAML: {}", error.info());
                Problem::error("catalog.syntax", message).at(file, place(*error.marker()));
                return None;
            }
        }
    }
    if builder.root.is_none() {
        Problem::error("catalog.empty", "the file is empty").at(file, Place::START);
    }
    builder.root
}

/// The rest of the file cannot be understood; why has been noted.
struct GivenUp;

struct Builder<'f> {
    file: &'f SourceFile,
    frames: Vec<Frame>,
    root: Option<Node>,
    documents: usize,
}

/// A collection that is still open.
struct Frame {
    place: Place,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<(Key, Node)>, seen: HashSet<String>, key: Option<Key> },
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), GivenUp> {
        let place = place(span.start);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    Problem::error("catalog.documents", "a file holds one YAML document, a second begins here")
                        .at(self.file, place);
                    return Err(GivenUp);
                }
                Ok(())
            }
            Event::Alias(_) => {
                Problem::error("catalog.alias", "aliases are not accepted")
                    .hint("write it out, or name a schema under `types` and refer to it with `$ref`")
                    .at(self.file, place);
                self.value(Node { place, value: Yaml::Invalid })
            }
            Event::Scalar(text, style, _, tag) => {
                if self.wants_key() {
                    return self.key(Key { place, text: text.into_owned() });
                }
                let value = self.scalar(&text, style, tag.as_deref(), place);
                self.value(Node { place, value })
            }
            Event::SequenceStart(_, tag) => self.open(place, Content::Sequence(Vec::new()), tag.as_deref()),
            Event::MappingStart(_, tag) => {
                let content = Content::Mapping { entries: Vec::new(), seen: HashSet::new(), key: None };
                self.open(place, content, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Frame { place, content }) = self.frames.pop() else { return Ok(()) };
                let value = match content {
                    Content::Sequence(nodes) => Yaml::Sequence(nodes),
                    Content::Mapping { entries, .. } => Yaml::Mapping(entries),
                };
                self.value(Node { place, value })
            }
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Mapping { key: None, .. }, .. }))
    }

    fn open(&mut self, place: Place, content: Content, tag: Option<&Tag>) -> Result<(), GivenUp> {
        if self.wants_key() {
            Problem::error("catalog.key", "a key must be a plain word, not a list or a mapping").at(self.file, place);
            return Err(GivenUp);
        }
        if let Some(tag) = tag {
            self.refuse_tag(tag, place);
        }
        if self.frames.len() >= YAML_DEPTH_MAX {
            Problem::error("catalog.depth", format!("nested more than {YAML_DEPTH_MAX} deep")).at(self.file, place);
            return Err(GivenUp);
        }
        self.frames.push(Frame { place, content });
        Ok(())
    }

    fn key(&mut self, new: Key) -> Result<(), GivenUp> {
        if let Some(Frame { content: Content::Mapping { seen, key, .. }, .. }) = self.frames.last_mut() {
            if !seen.insert(new.text.clone()) {
                Problem::error("catalog.duplicate-key", format!("`{}` is given twice", new.text))
                    .at(self.file, new.place);
            }
            *key = Some(new);
        }
        Ok(())
    }

    fn value(&mut self, node: Node) -> Result<(), GivenUp> {
        match self.frames.last_mut() {
            None => self.root = Some(node),
            Some(Frame { content: Content::Sequence(nodes), .. }) => nodes.push(node),
            Some(Frame { content: Content::Mapping { entries, key, .. }, .. }) => match key.take() {
                Some(key) => entries.push((key, node)),
                // An alias where a key is expected; it has been reported, and what follows would be out of step.
                None => return Err(GivenUp),
            },
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, place: Place) -> Yaml {
        if let Some(tag) = tag {
            if tag.is_yaml_core_schema() && tag.suffix == "str" {
                return Yaml::String(text.to_owned());
            }
            self.refuse_tag(tag, place);
            return Yaml::Invalid;
        }
        if style != ScalarStyle::Plain {
            return Yaml::String(text.to_owned());
        }
        core_schema(text).unwrap_or_else(|NotJson| {
            Problem::error("catalog.number", format!("`{text}` is a number that JSON cannot hold"))
                .hint("put it in quotes if it is meant as text")
                .at(self.file, place);
            Yaml::Invalid
        })
    }

    fn refuse_tag(&self, tag: &Tag, place: Place) {
        Problem::error("catalog.tag", format!("the tag `{tag}` is not accepted"))
            .hint("put text in quotes; everything else needs no tag")
            .at(self.file, place);
    }
}

fn place(marker: saphyr_parser::Marker) -> Place {
    Place { line: marker.line().max(1), column: marker.col() + 1 }
}

/// An infinity, not a number, or a whole number beyond 64 bits.
struct NotJson;

/// What a plain scalar means (YAML 1.2.2, 10.3.2).
fn core_schema(text: &str) -> Result<Yaml, NotJson> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Yaml::Null),
        "true" | "True" | "TRUE" => return Ok(Yaml::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Yaml::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(NotJson);
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(radix))
        {
            return u64::from_str_radix(digits, radix).map(|number| Yaml::Number(number.into())).map_err(|_| NotJson);
        }
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        // "+5" is a number here, but not to Rust's parser for signed integers followed by nothing else it knows.
        let digits = text.strip_prefix('+').unwrap_or(text);
        return digits
            .parse::<i64>()
            .map(Number::from)
            .or_else(|_| digits.parse::<u64>().map(Number::from))
            .map(Yaml::Number)
            .map_err(|_| NotJson);
    }
    if is_float(unsigned) {
        return text.parse().ok().and_then(Number::from_f64).map(Yaml::Number).ok_or(NotJson);
    }
    Ok(Yaml::String(text.to_owned()))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?` without the sign.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) =
        text.split_once(['e', 'E']).map_or((text, None), |(before, after)| (before, Some(after)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some((whole, part)) => {
            (digits(whole) && (part.is_empty() || digits(part))) || (whole.is_empty() && digits(part))
        }
    };
    mantissa_ok && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

#[cfg(test)]
mod tests;
