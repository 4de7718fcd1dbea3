//! Typed reading of YAML nodes: each reader gives a value, or notes what is wrong and gives nothing.

use std::ops::RangeInclusive;
use std::time::Duration;

use regex::Regex;
use semver::Version;

use crate::duration;
use crate::source::{Place, Problem, SourceFile, suggestion};
use crate::yaml::{Key, Node, Yaml};

/// The entries of a mapping whose keys are known. [`Fields::close`] reports the keys nobody asked for.
pub(crate) struct Fields<'n> {
    file: &'n SourceFile,
    node: &'n Node,
    what: &'static str,
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The entries of `node`, which is `what` ("an event type").
    pub(crate) fn open(file: &'n SourceFile, node: &'n Node, what: &'static str) -> Option<Self> {
        mapping(file, node, what)?;
        Some(Self { file, node, what, asked: Vec::new() })
    }

    /// The value of an optional key.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        self.node.get(key)
    }

    /// The value of a key that must be there.
    pub(crate) fn require(&mut self, key: &'static str) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            Problem::error("catalog.required", format!("{} needs `{key}`", self.what)).at(self.file, self.node.place);
        }
        found
    }

    /// Reports the keys that are not known.
    pub(crate) fn close(self) {
        for (key, _) in self.node.entries() {
            if !self.asked.contains(&key.text.as_str()) {
                Problem::error("catalog.unknown-key", format!("`{}` is not a key of {}", key.text, self.what))
                    .maybe_hint(suggestion(&key.text, self.asked.iter().copied()))
                    .at(self.file, key.place);
            }
        }
    }
}

/// Notes that `node` should have been something else.
pub(crate) fn wrong_type(file: &SourceFile, node: &Node, what: &str, expected: &str) {
    let problem = Problem::error("catalog.type", format!("{what} must be {expected}, not {}", node.kind()));
    let problem = match (&node.value, expected) {
        (Yaml::Invalid, _) => return,
        (Yaml::Number(_) | Yaml::Bool(_), expected) if expected.contains("string") => problem.hint("put it in quotes"),
        _ => problem,
    };
    problem.at(file, node.place);
}

/// The entries of a mapping.
pub(crate) fn mapping<'n>(file: &SourceFile, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
    if let Yaml::Mapping(entries) = &node.value {
        return Some(entries);
    }
    wrong_type(file, node, what, "a mapping");
    None
}

/// The items of a list.
pub(crate) fn sequence<'n>(file: &SourceFile, node: &'n Node, what: &str) -> Option<&'n [Node]> {
    if let Yaml::Sequence(items) = &node.value {
        return Some(items);
    }
    wrong_type(file, node, what, "a list");
    None
}

/// A string that is not empty.
pub(crate) fn string(file: &SourceFile, node: &Node, what: &str) -> Option<String> {
    match &node.value {
        Yaml::String(text) if text.trim().is_empty() => {
            Problem::error("catalog.value", format!("{what} must not be empty")).at(file, node.place);
            None
        }
        Yaml::String(text) => Some(text.clone()),
        _ => {
            wrong_type(file, node, what, "a string");
            None
        }
    }
}

/// A list of strings, each once.
pub(crate) fn strings(file: &SourceFile, node: &Node, what: &str) -> Option<Vec<String>> {
    let mut texts: Vec<String> = Vec::new();
    for item in sequence(file, node, what)? {
        let Some(text) = string(file, item, &format!("an item of {what}")) else { continue };
        if texts.contains(&text) {
            Problem::warning("catalog.repeated", format!("{what} names `{text}` twice")).at(file, item.place);
        } else {
            texts.push(text);
        }
    }
    Some(texts)
}

/// True or false.
pub(crate) fn boolean(file: &SourceFile, node: &Node, what: &str) -> Option<bool> {
    if let Yaml::Bool(value) = node.value {
        return Some(value);
    }
    wrong_type(file, node, what, "true or false");
    None
}

/// A whole number within a range.
pub(crate) fn integer(file: &SourceFile, node: &Node, what: &str, range: RangeInclusive<u32>) -> Option<u32> {
    let number = match &node.value {
        Yaml::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        _ => {
            wrong_type(file, node, what, "a whole number");
            return None;
        }
    };
    let number = number.filter(|number| range.contains(number));
    if number.is_none() {
        let (least, most) = range.into_inner();
        Problem::error("catalog.value", format!("{what} must be a whole number from {least} to {most}"))
            .at(file, node.place);
    }
    number
}

/// A share from 0 to 1.
pub(crate) fn rate(file: &SourceFile, node: &Node, what: &str) -> Option<f64> {
    let number = match &node.value {
        Yaml::Number(number) => number.as_f64(),
        _ => {
            wrong_type(file, node, what, "a number");
            return None;
        }
    };
    let number = number.filter(|number| (0.0..=1.0).contains(number));
    if number.is_none() {
        Problem::error("catalog.rate", format!("{what} must be a number from 0 to 1")).at(file, node.place);
    }
    number
}

/// A duration.
pub(crate) fn duration(file: &SourceFile, node: &Node, what: &str) -> Option<Duration> {
    let text = match &node.value {
        Yaml::String(text) => text.as_str(),
        // A number without a unit gets the message that tells how durations are written.
        Yaml::Number(_) => "",
        _ => {
            wrong_type(file, node, what, "a duration such as 30d");
            return None;
        }
    };
    match duration::parse(text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            Problem::error("catalog.duration", format!("{what} is not a duration"))
                .hint(error.to_string())
                .at(file, node.place);
            None
        }
    }
}

/// A semantic version.
pub(crate) fn version(file: &SourceFile, node: &Node, what: &str) -> Option<Version> {
    let version = match &node.value {
        Yaml::String(text) => Version::parse(text).ok(),
        Yaml::Number(_) => None,
        _ => {
            wrong_type(file, node, what, "a semantic version such as 1.0.0");
            return None;
        }
    };
    if version.is_none() {
        Problem::error("catalog.version", format!("{what} is not a semantic version"))
            .hint("three numbers between points, such as 1.0.0")
            .at(file, node.place);
    }
    version
}

/// A regular expression.
pub(crate) fn regex(file: &SourceFile, node: &Node, what: &str) -> Option<Regex> {
    let text = string(file, node, what)?;
    match Regex::new(&text) {
        Ok(regex) => Some(regex),
        Err(error) => {
            // The last line says what is wrong; those before draw the place in the pattern.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Problem::error("catalog.pattern", format!("{what} is not a regular expression: {reason}"))
                .at(file, node.place);
            None
        }
    }
}

/// One of a few words.
pub(crate) fn choice<T: Copy>(file: &SourceFile, node: &Node, what: &str, known: &[(&'static str, T)]) -> Option<T> {
    let text = string(file, node, what)?;
    let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        unknown_word(file, node.place, what, &text, &words);
    }
    found
}

/// Notes that `word` is none of the words that may stand here.
pub(crate) fn unknown_word(file: &SourceFile, place: Place, what: &str, word: &str, known: &[&str]) {
    Problem::error("catalog.value", format!("{what} must be one of {}, not `{word}`", known.join(", ")))
        .maybe_hint(suggestion(word, known.iter().copied()).filter(|hint| hint.starts_with("did you mean")))
        .at(file, place);
}
