//! The numbers of fields and values: given once, and never to anything else.
//!
//! What was written with the messages of one version of a catalog is read with those of another, so a number must keep
//! its meaning whatever the catalog becomes. An app's `protobuf.yaml` records what was given: a list for each message
//! and enumeration, in which the place is the number. What is new goes to its end, and what is gone stays. A field that
//! changes its type is a new one. Without the file the numbers follow the order of the catalog, oldest versions first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::emit::text::quoted;
use crate::read::{self, Fields};
use crate::source::{Place, Problem, SourceFile};

/// The file of an app's numbers.
pub(crate) const PROTOBUF_FILE: &str = "protobuf.yaml";
/// From here on Protocol Buffers keep numbers for themselves, up to 19,999; the one before is that of further fields.
const GAP_START: u32 = FURTHER_NUMBER;
/// How many numbers are left out there.
const GAP: u32 = 20_000 - GAP_START;
/// The number of the field that holds what the catalog does not name.
pub(crate) const FURTHER_NUMBER: u32 = 18_999;

/// What numbers were given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbering {
    /// By the place of a message: its fields, each with its type before its name, in the order of their numbers.
    pub messages: BTreeMap<String, Vec<String>>,
    /// By the place of an enumeration: its values, in the order of their numbers.
    pub enumerations: BTreeMap<String, Vec<String>>,
}

impl Numbering {
    /// The number of a field of a message; a new one where it has none yet.
    pub(crate) fn field(&mut self, message: &str, ty: &str, name: &str) -> u32 {
        give(self.messages.entry(message.to_owned()).or_default(), &format!("{ty} {name}"))
    }

    /// The number of a value of an enumeration; a new one where it has none yet.
    pub(crate) fn value(&mut self, enumeration: &str, value: &str) -> u32 {
        give(self.enumerations.entry(enumeration.to_owned()).or_default(), value)
    }

    /// The numbers of a message that are none of these.
    pub(crate) fn others(&self, message: &str, used: &[u32]) -> Vec<u32> {
        left_over(self.messages.get(message), used)
    }

    /// The numbers of an enumeration that are none of these.
    pub(crate) fn other_values(&self, enumeration: &str, used: &[u32]) -> Vec<u32> {
        left_over(self.enumerations.get(enumeration), used)
    }

    /// As `protobuf.yaml` records it.
    pub(crate) fn to_yaml(&self, app: &str) -> String {
        let mut out = format!(
            "# The numbers of the fields and values in `events.proto`: the place in its list is the number of each.\n\
             # Written by `daybook emit protobuf-numbers --app {app}`. Only ever add to the ends: what is gone stays.\n"
        );
        for (title, lists) in [("messages", &self.messages), ("enumerations", &self.enumerations)] {
            let _ = writeln!(out, "\n{title}:{}", if lists.is_empty() { " {}" } else { "" });
            for (place, entries) in lists {
                let _ = writeln!(out, "  {}:", quoted(place));
                for entry in entries {
                    let _ = writeln!(out, "    - {}", scalar(entry));
                }
            }
        }
        out
    }
}

/// Reads `protobuf.yaml`.
pub(crate) fn read(file: &SourceFile) -> Numbering {
    let mut numbering = Numbering::default();
    let Some(mut fields) = file.root.as_ref().and_then(|root| Fields::open(file, root, "a file of numbers")) else {
        return numbering;
    };
    for (key, lists) in [("messages", &mut numbering.messages), ("enumerations", &mut numbering.enumerations)] {
        let Some(node) = fields.get(key) else { continue };
        for (place, list) in read::mapping(file, node, "the lists of numbers").unwrap_or_default() {
            let mut entries: Vec<String> = Vec::new();
            for item in read::sequence(file, list, "a list of numbers").unwrap_or_default() {
                // One that is left out would move all behind it.
                let Some(entry) = read::string(file, item, "what has a number") else { continue };
                if entries.contains(&entry) {
                    Problem::error("catalog.protobuf-twice", format!("`{entry}` has a number already"))
                        .at(file, item.place);
                }
                entries.push(entry);
            }
            lists.insert(place.text.clone(), entries);
        }
    }
    fields.close();
    numbering
}

/// Notes what the catalog has and the file gives no number.
pub(crate) fn lint(file: &SourceFile, recorded: &Numbering, complete: &Numbering) {
    let count = |numbering: &Numbering| -> usize {
        numbering.messages.values().chain(numbering.enumerations.values()).map(Vec::len).sum()
    };
    let missing = count(complete) - count(recorded);
    if missing > 0 {
        Problem::warning("catalog.protobuf-unnumbered", format!("{missing} fields or values have no number here yet"))
            .hint("write the file anew: daybook emit protobuf-numbers")
            .at(file, Place::START);
    }
}

fn give(entries: &mut Vec<String>, entry: &str) -> u32 {
    let place = entries.iter().position(|known| known == entry).unwrap_or_else(|| {
        entries.push(entry.to_owned());
        entries.len() - 1
    });
    number(place)
}

/// The number of a place in a list.
fn number(place: usize) -> u32 {
    let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
    if number < GAP_START { number } else { number.saturating_add(GAP) }
}

fn left_over(entries: Option<&Vec<String>>, used: &[u32]) -> Vec<u32> {
    (0..entries.map_or(0, Vec::len)).map(number).filter(|number| !used.contains(number)).collect()
}

/// An entry as YAML has it: as it is where that cannot be misread.
fn scalar(entry: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_.-<>[] ".contains(char);
    let misread = ["true", "false", "null", "~"];
    let is_plain = entry.starts_with(|first: char| first.is_ascii_alphabetic())
        && !entry.ends_with(' ')
        && !misread.contains(&entry.to_ascii_lowercase().as_str())
        && entry.chars().all(plain);
    if is_plain { entry.to_owned() } else { quoted(entry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay() {
        let mut numbering = Numbering::default();
        assert_eq!(numbering.field("order", "string", "a"), 1);
        assert_eq!(numbering.field("order", "string", "b"), 2);
        assert_eq!(numbering.field("order", "int64", "a"), 3, "another type is another field");
        assert_eq!(numbering.field("order", "string", "a"), 1);
        assert_eq!(numbering.field("other", "string", "a"), 1);
        assert_eq!(numbering.others("order", &[1, 3]), [2]);
        assert_eq!((number(18_997), number(18_998), number(18_999)), (18_998, 20_000, 20_001));
    }

    #[test]
    fn the_file_is_read_as_it_is_written() {
        let mut numbering = Numbering::default();
        for name in ["a", "odd name ", "null", "x: y", "ä\"#", "-"] {
            numbering.field("order.placed", "map<string>", name);
            numbering.value("#/types/colour", name);
        }
        let file =
            SourceFile::parse(PROTOBUF_FILE.to_owned(), PROTOBUF_FILE.to_owned(), numbering.to_yaml("shop").as_bytes());
        assert_eq!(read(&file), numbering);
        assert_eq!(file.into_diagnostics(), []);
    }
}
