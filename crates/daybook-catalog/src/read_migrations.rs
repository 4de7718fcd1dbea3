//! The `migrations` of an event type.

use crate::read::{self, Fields};
use crate::source::{Problem, SourceFile};
use crate::yaml::Node;
use crate::{Conversion, Migration, Step};

/// Reads the list of migrations.
pub(crate) fn migrations(file: &SourceFile, node: &Node) -> Vec<Migration> {
    let mut found = Vec::new();
    for item in read::sequence(file, node, "`migrations`").unwrap_or_default() {
        let Some(mut fields) = Fields::open(file, item, "a migration") else { continue };
        let from = fields.require("from").and_then(|node| read::version(file, node, "`from`"));
        let steps = fields.require("steps").and_then(|node| read::sequence(file, node, "`steps`"));
        fields.close();
        let steps = steps.unwrap_or_default().iter().flat_map(|node| step(file, node)).collect();
        if let Some(from) = from {
            found.push(Migration { from, steps });
        }
    }
    found
}

/// One item of `steps`: a mapping with one of the five verbs, whose value may name several fields.
fn step(file: &SourceFile, node: &Node) -> Vec<Step> {
    const WHAT: &str = "a migration step";
    let Some(entries) = read::mapping(file, node, WHAT) else { return Vec::new() };
    if entries.len() != 1 {
        Problem::error("event-type.migration", "a migration step has one of rename, set, drop, move, convert")
            .at(file, node.place);
    }
    let Some(mut fields) = Fields::open(file, node, WHAT) else { return Vec::new() };
    let mut steps = Vec::new();
    for (from, to) in pairs(file, fields.get("rename")) {
        if from.rsplit_once('.').map(|(parent, _)| parent) != to.rsplit_once('.').map(|(parent, _)| parent) {
            Problem::error("event-type.migration", format!("`rename` leaves `{to}` in another object than `{from}`"))
                .hint("give the whole path of both, or use `move`")
                .at(file, node.place);
        }
        steps.push(Step::Rename { from, to });
    }
    if let Some(node) = fields.get("set") {
        for (key, value) in read::mapping(file, node, "`set`").unwrap_or_default() {
            steps.push(Step::Set { field: key.text.clone(), value: value.to_json() });
        }
    }
    if let Some(node) = fields.get("drop") {
        for field in read::strings(file, node, "`drop`").unwrap_or_default() {
            steps.push(Step::Drop { field });
        }
    }
    for (from, to) in pairs(file, fields.get("move")) {
        steps.push(Step::Move { from, to });
    }
    if let Some(node) = fields.get("convert") {
        for (key, node) in read::mapping(file, node, "`convert`").unwrap_or_default() {
            if let Some(to) = conversion(file, node) {
                steps.push(Step::Convert { field: key.text.clone(), to });
            }
        }
    }
    fields.close();
    steps
}

fn pairs(file: &SourceFile, node: Option<&Node>) -> Vec<(String, String)> {
    node.and_then(|node| read::mapping(file, node, "the step"))
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, node)| Some((key.text.clone(), read::string(file, node, "the field's new place")?)))
        .collect()
}

fn conversion(file: &SourceFile, node: &Node) -> Option<Conversion> {
    const CONVERSIONS: [(&str, Conversion); 4] = [
        ("string", Conversion::String),
        ("integer", Conversion::Integer),
        ("number", Conversion::Number),
        ("boolean", Conversion::Boolean),
    ];
    read::choice(file, node, "`convert`", &CONVERSIONS)
}
