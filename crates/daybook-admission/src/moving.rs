//! Values that are too large for a record: which of them go to blobs.
//!
//! The largest go first, and no more than it takes. Each value of the data or the metadata by itself, as it stands in its
//! object, and each personal one; where there are too many small ones, the data or the metadata goes as a whole.

use std::borrow::Cow;

use daybook_event::Event;
use daybook_event::finding::push_pointer;
use daybook_event::json::{Scanner, unescaped};
use daybook_event::limits::{
    BLOB_POINTER_BYTES_MAX, BLOB_PREVIEW_CHARACTERS, BLOB_VALUE_BYTES_MIN, BLOBS_PER_EVENT_MAX,
};
use daybook_event::stored::{BlobEntry, ContentKind, Personal, Place, SealedBlob, Shown};

use crate::parts::Parts;

/// Values taken out of an event, in the order in which its record names them.
#[derive(Debug, Default)]
pub(crate) struct MovedOut {
    pub(crate) values: Vec<MovedValue>,
}

/// A value on its way to a blob.
pub(crate) struct MovedValue {
    /// Its JSON.
    pub(crate) content: String,
    /// Whose it is.
    pub(crate) whose: Whose,
    /// What everybody may know of it.
    pub(crate) shown: Option<Shown<'static>>,
}

/// Whose a value is: the event's own person's or nobody's, or that of one of the others it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    Own,
    Other(usize),
}

impl std::fmt::Debug for MovedValue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MovedValue({} bytes, {:?})", self.content.len(), self.whose)
    }
}

/// Where a value is found that could go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Everybody's.
    Clear,
    /// In the part of somebody.
    Part(Whose),
}

struct Candidate {
    place: Place,
    source: Source,
    pointer: String,
    /// How long its JSON is.
    bytes: usize,
}

impl MovedOut {
    /// How many bytes the record takes to name them.
    pub(crate) fn stored_length(&self) -> usize {
        let length = |value: &MovedValue| BlobEntry::stored_length(value.content.len() as u64, value.shown.as_ref());
        self.values.iter().map(length).sum()
    }
}

/// Takes values out of an event, and out of what was taken out of it as personal, until it is `excess` bytes shorter or nothing is left to
/// take. In an event that is about somebody nobody else is shown how they begin.
pub(crate) fn move_out(
    event: &mut Event<'_>,
    mut parts: Option<&mut Parts<'_>>,
    is_about_somebody: bool,
    excess: usize,
) -> MovedOut {
    let chosen =
        choose(candidates(event, parts.as_deref()), excess).unwrap_or_else(|| whole(event, parts.as_deref(), excess));
    let mut moved = MovedOut::default();
    for candidate in &chosen {
        let index = moved.values.len();
        if let Some(value) = take(event, parts.as_deref_mut(), candidate, is_about_somebody, index) {
            moved.values.push(value);
        }
    }
    for place in [Place::Data, Place::Metadata] {
        let gone = chosen.iter().filter(|candidate| candidate.place == place && candidate.source == Source::Clear);
        let gone: Vec<&str> = gone.map(|candidate| candidate.pointer.as_str()).collect();
        if !gone.is_empty() {
            let text = text_of(event, place);
            *text = Cow::Owned(without(text, &gone));
        }
    }
    moved
}

/// Everything that may go by itself.
fn candidates(event: &Event<'_>, parts: Option<&Parts<'_>>) -> Vec<Candidate> {
    let mut all = Vec::new();
    for (place, text) in [(Place::Data, &event.data), (Place::Metadata, &event.metadata)] {
        members(text, |pointer, json| {
            all.push(Candidate { place, source: Source::Clear, pointer: pointer.to_owned(), bytes: json.len() });
        });
    }
    personal(parts, &mut all);
    all.retain(|candidate| {
        candidate.bytes >= BLOB_VALUE_BYTES_MIN && candidate.pointer.len() <= BLOB_POINTER_BYTES_MAX
    });
    all
}

/// The data and the metadata as they are, and what is personal.
fn whole(event: &Event<'_>, parts: Option<&Parts<'_>>, excess: usize) -> Vec<Candidate> {
    let document = |place, text: &str| {
        let is_large = text.len() >= BLOB_VALUE_BYTES_MIN;
        is_large.then(|| Candidate { place, source: Source::Clear, pointer: String::new(), bytes: text.len() })
    };
    let documents = [document(Place::Data, &event.data), document(Place::Metadata, &event.metadata)];
    let mut all: Vec<Candidate> = documents.into_iter().flatten().collect();
    personal(parts, &mut all);
    all.retain(|candidate| {
        candidate.bytes >= BLOB_VALUE_BYTES_MIN && candidate.pointer.len() <= BLOB_POINTER_BYTES_MAX
    });
    // Where that is not enough either, the event is said to be too large.
    choose(all, excess).unwrap_or_default()
}

fn personal(parts: Option<&Parts<'_>>, all: &mut Vec<Candidate>) {
    let Some(parts) = parts else { return };
    let others = parts.others.iter().enumerate().map(|(at, (_, part))| (Whose::Other(at), part));
    for (whose, part) in std::iter::once((Whose::Own, &parts.own)).chain(others) {
        for (place, values) in [(Place::Data, &part.data), (Place::Metadata, &part.metadata)] {
            all.extend(values.iter().map(|(pointer, json)| Candidate {
                place,
                source: Source::Part(whose),
                pointer: pointer.to_string(),
                bytes: json.len(),
            }));
        }
    }
}

/// The largest, as many as it takes; nothing where that is not enough.
fn choose(mut all: Vec<Candidate>, excess: usize) -> Option<Vec<Candidate>> {
    all.sort_by_key(|candidate| std::cmp::Reverse(candidate.bytes));
    all.truncate(BLOBS_PER_EVENT_MAX);
    let (mut saved, mut count) = (0, 0);
    for candidate in &all {
        if saved >= excess {
            break;
        }
        saved += candidate.bytes.saturating_sub(candidate.reference_bytes_max());
        count += 1;
    }
    all.truncate(count);
    (saved >= excess).then_some(all)
}

impl Candidate {
    /// What it takes to name it, at the most: in the record, and once more in what is sealed.
    fn reference_bytes_max(&self) -> usize {
        const FIELDS: usize = 80;
        // A character has four bytes at the most; a preview stands in one place only.
        FIELDS + 2 * self.pointer.len() + 4 * BLOB_PREVIEW_CHARACTERS
    }
}

/// Takes one value out; those of the documents stay in the text for now.
fn take(
    event: &Event<'_>,
    parts: Option<&mut Parts<'_>>,
    candidate: &Candidate,
    is_about_somebody: bool,
    index: usize,
) -> Option<MovedValue> {
    let Candidate { place, source, pointer, .. } = candidate;
    let shown = |content: &str| Shown {
        place: *place,
        pointer: Cow::Owned(pointer.clone()),
        kind: ContentKind::of(content),
        preview: Cow::Owned(preview(content)),
    };
    match *source {
        Source::Clear => {
            let content = value_of(event, *place, pointer)?;
            let mut shown = shown(&content);
            if is_about_somebody {
                let preview = std::mem::take(&mut shown.preview);
                if let Some(parts) = parts {
                    parts.own.blobs.push(SealedBlob { index, shown: Shown { preview, ..shown.clone() } });
                }
            }
            Some(MovedValue { content, whose: Whose::Own, shown: Some(shown) })
        }
        Source::Part(whose) => {
            let part: &mut Personal<'_> = match (parts?, whose) {
                (parts, Whose::Own) => &mut parts.own,
                (parts, Whose::Other(at)) => &mut parts.others.get_mut(at)?.1,
            };
            let values = if *place == Place::Data { &mut part.data } else { &mut part.metadata };
            let at = values.iter().position(|(there, _)| there == pointer)?;
            let content = values.remove(at).1.into_owned();
            part.blobs.push(SealedBlob { index, shown: shown(&content) });
            Some(MovedValue { content, whose, shown: None })
        }
    }
}

/// What a value begins with, for people to read: a text without its quotes, anything else as it is written.
fn preview(json: &str) -> String {
    // A character takes twelve bytes at the most, as two escapes.
    let mut end = json.len().min(12 * BLOB_PREVIEW_CHARACTERS + 2);
    while !json.is_char_boundary(end) {
        end -= 1;
    }
    let start = json.get(..end).unwrap_or_default();
    let Some(text) = start.strip_prefix('"') else { return start.chars().take(BLOB_PREVIEW_CHARACTERS).collect() };
    let text = text.strip_suffix('"').filter(|_| end == json.len()).unwrap_or(text);
    unescaped(whole_escapes(text)).chars().take(BLOB_PREVIEW_CHARACTERS).collect()
}

/// A piece of a JSON string up to an escape that was cut, or half of a pair of them.
fn whole_escapes(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut at, mut end) = (0, 0);
    while at < bytes.len() {
        let length = match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(b'u')) => {
                let is_first_half = bytes.get(at + 2).is_some_and(|digit| digit.eq_ignore_ascii_case(&b'd'))
                    && bytes.get(at + 3).is_some_and(|digit| matches!(digit, b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B'));
                if is_first_half { 12 } else { 6 }
            }
            (b'\\', _) => 2,
            _ => 1,
        };
        at += length;
        if at <= bytes.len() {
            end = at;
        }
    }
    text.get(..end).unwrap_or_default()
}

fn text_of<'e, 'a>(event: &'e mut Event<'a>, place: Place) -> &'e mut Cow<'a, str> {
    match place {
        Place::Data => &mut event.data,
        Place::Metadata => &mut event.metadata,
    }
}

fn value_of(event: &Event<'_>, place: Place, pointer: &str) -> Option<String> {
    let text = if place == Place::Data { &event.data } else { &event.metadata };
    if pointer.is_empty() {
        return Some(text.to_string());
    }
    let mut found = None;
    members(text, |there, json| {
        if there == pointer {
            found = Some(json.to_owned());
        }
    });
    found
}

/// A document without these of its members, or without any of it.
fn without(text: &str, gone: &[&str]) -> String {
    if gone.contains(&"") {
        return "{}".to_owned();
    }
    let mut rest = String::with_capacity(text.len() / 4);
    rest.push('{');
    let mut kept = 0;
    each_member(text, |pointer, member, _| {
        if !gone.contains(&pointer) {
            if kept > 0 {
                rest.push(',');
            }
            kept += 1;
            rest.push_str(member);
        }
    });
    rest.push('}');
    rest
}

/// Calls `each` with the pointer and the JSON of every member of an object; never, where the text is no object.
fn members(text: &str, mut each: impl FnMut(&str, &str)) {
    each_member(text, |pointer, _, json| each(pointer, json));
}

/// The same with the whole member as it is written, name and all.
fn each_member<'t>(text: &'t str, mut each: impl FnMut(&str, &'t str, &'t str)) -> Option<()> {
    let mut scanner = Scanner::new(text);
    scanner.pass(b'{')?;
    let mut pointer = String::new();
    let mut first = true;
    while scanner.peek()? != b'}' {
        if !first {
            scanner.pass(b',')?;
        }
        first = false;
        // The next is no white space, which stands before a member at the most.
        scanner.peek()?;
        let start = scanner.at();
        let name = unescaped(scanner.string()?);
        scanner.pass(b':')?;
        let json = scanner.value()?;
        pointer.clear();
        push_pointer(&mut pointer, &name);
        each(&pointer, text.get(start..scanner.at())?, json);
    }
    Some(())
}

#[cfg(test)]
mod tests;
