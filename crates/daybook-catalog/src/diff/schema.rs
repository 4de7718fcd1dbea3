//! Two schemas, constraint by constraint.
//!
//! A constraint only matters to values of its kind that both schemas allow: that text must be longer is nothing new
//! where no text was allowed. Where the old schema lists its values, the new one is asked about each of them. What
//! cannot be compared (`oneOf`, `if`, …) is taken to be breaking as soon as it differs.

use std::collections::{BTreeMap, BTreeSet};

use daybook_event::finding::push_pointer;
use jsonschema::Validator;
use jsonschema::json::SerdeJson;
use serde_json::{Value, json};

use super::{Changes, listed};
use crate::facets::{COUNTS, Facets, Kind, Limit, compare as compare_numbers, expanded, same};
use crate::schema::{accept_text, validation_options};

/// Deeper than any schema that lint lets pass.
const DEPTH_MAX: usize = 256;

/// Notes what changed between two bundled schemas that lie at `path`. `closed` says that fields which the new one does
/// not name are refused.
pub(super) fn compare(old: &Value, new: &Value, path: &str, closed: bool, changes: &mut Changes) {
    let before = changes.0.len();
    let mut comparison = Comparison { old, new, closed, open: Vec::new(), changes };
    comparison.schemas(old, new, &mut path.to_owned());
    if changes.0.len() == before && expanded(old, old) != expanded(new, new) {
        changes.reworded("schema.rewritten", path, "is written differently, and admits the same");
    }
}

struct Comparison<'c> {
    /// The whole schemas, for their `$defs`.
    old: &'c Value,
    new: &'c Value,
    closed: bool,
    /// The pairs that are being compared further out: types may contain themselves.
    open: Vec<(String, String)>,
    changes: &'c mut Changes,
}

impl Comparison<'_> {
    fn schemas(&mut self, old: &Value, new: &Value, path: &mut String) {
        let pair = (old.to_string(), new.to_string());
        if self.open.len() >= DEPTH_MAX || self.open.contains(&pair) {
            return;
        }
        self.open.push(pair);
        let (was, is) = (Facets::of(self.old, old), Facets::of(self.new, new));
        self.annotations(&was, &is, path);
        if !self.values(old, new, &was, &is, path) {
            self.kinds(&was, &is, path);
            self.numbers(&was, &is, path);
            self.text(&was, &is, path);
            self.lists(&was, &is, path);
            self.objects(&was, &is, path);
            self.opaque(&was, &is, path);
        }
        self.open.pop();
    }

    /// The schema at a place further in.
    fn inner(&mut self, tokens: &[&str], old: &Value, new: &Value, path: &mut String) {
        let length = path.len();
        tokens.iter().for_each(|token| push_pointer(path, token));
        self.schemas(old, new, path);
        path.truncate(length);
    }

    fn annotations(&mut self, was: &Facets, is: &Facets, path: &str) {
        let keywords: BTreeSet<&String> = was.annotations.keys().chain(is.annotations.keys()).collect();
        for keyword in keywords {
            if was.annotations.get(keyword) != is.annotations.get(keyword) {
                self.changes.reworded(
                    "schema.described",
                    &at(path, keyword),
                    format!("`{keyword}` says something else"),
                );
            }
        }
        match (was.deprecated, is.deprecated) {
            (false, true) => {
                self.changes.added("schema.deprecated", &at(path, "deprecated"), "should not be sent any more");
            }
            (true, false) => {
                self.changes.added("schema.deprecated", &at(path, "deprecated"), "may be sent again without a warning");
            }
            _ => {}
        }
    }

    /// Compares value by value where a schema lists what it allows; false where none does, or nothing comes of it.
    fn values(&mut self, old: &Value, new: &Value, was: &Facets, is: &Facets, path: &str) -> bool {
        if was.finite.is_none() && is.finite.is_none() {
            return false;
        }
        let place = at(path, "enum");
        let listed_before = was.finite.clone().or_else(|| only_values(was));
        let (Some(accepts_before), Some(accepts_now)) = (validator(self.old, old), validator(self.new, new)) else {
            self.changes.refused("schema.condition-changed", path, "cannot be compared, so it is taken to be breaking");
            return true;
        };
        let Some(before) = listed_before else {
            let values = listed_values(is.finite.iter().flatten());
            self.changes.refused(
                "schema.values-restricted",
                &place,
                format!("is now one of {values}, and was any value"),
            );
            return true;
        };
        let gone: Vec<&Value> =
            before.iter().filter(|value| accepts_before.is_valid(value) && !accepts_now.is_valid(value)).collect();
        if !gone.is_empty() {
            let values = listed_values(gone);
            self.changes.refused("schema.values-removed", &place, format!("{values}: not accepted any more"));
        }
        match &is.finite {
            None => {
                if only_values(is).is_none_or(|values| values.iter().any(|value| !accepts_before.is_valid(value))) {
                    self.changes.added("schema.values-freed", &place, "is not one of a few values any more");
                }
            }
            Some(now) => {
                let come: Vec<&Value> =
                    now.iter().filter(|value| accepts_now.is_valid(value) && !accepts_before.is_valid(value)).collect();
                if !come.is_empty() {
                    let values = listed_values(come);
                    self.changes.added("schema.values-added", &place, format!("{values}: accepted too"));
                }
            }
        }
        true
    }

    fn kinds(&mut self, was: &Facets, is: &Facets, path: &str) {
        let place = at(path, "type");
        let words = |kinds: Vec<Kind>| kinds.into_iter().map(Kind::in_words).collect::<Vec<_>>().join(", ");
        let gone: Vec<Kind> = was.kinds.difference(&is.kinds).copied().collect();
        if !gone.is_empty() {
            self.changes.refused("schema.type-narrowed", &place, format!("not accepted any more: {}", words(gone)));
        }
        let come: Vec<Kind> = is.kinds.difference(&was.kinds).copied().collect();
        if !come.is_empty() {
            self.changes.added("schema.type-widened", &place, format!("accepted too: {}", words(come)));
        }
    }

    fn numbers(&mut self, was: &Facets, is: &Facets, path: &str) {
        if !shared(was, is, Kind::Integer) {
            return;
        }
        for (limit, keyword, before, now) in
            [(Limit::Least, "minimum", &was.lower, &is.lower), (Limit::Most, "maximum", &was.upper, &is.upper)]
        {
            let place = at(path, keyword);
            let tighter = match (before, now) {
                (None, None) => continue,
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (Some(before), Some(now)) => match (now.compare(before, limit), limit) {
                    (std::cmp::Ordering::Equal, _) => continue,
                    (order, Limit::Least) => order.is_gt(),
                    (order, Limit::Most) => order.is_lt(),
                },
            };
            let words = |bound: &Option<crate::facets::Bound>| {
                bound.as_ref().map_or_else(|| "unlimited".to_owned(), |bound| bound.in_words(limit))
            };
            let message = format!("is {}, and was {}", words(now), words(before));
            if tighter {
                self.changes.refused("schema.bound-tightened", &place, message);
            } else {
                self.changes.added("schema.bound-loosened", &place, message);
            }
        }
        if was.divisors != is.divisors {
            let place = at(path, "multipleOf");
            // Every multiple of an old divisor is one of the new ones that divide it.
            let follows = |new: &serde_json::Number| {
                was.divisors.iter().any(|old| match (old.as_u64(), new.as_u64()) {
                    (Some(old), Some(new)) if new > 0 => old % new == 0,
                    _ => compare_numbers(old, new).is_eq(),
                })
            };
            if is.divisors.iter().all(follows) {
                self.changes.added("schema.multiple-loosened", &place, "fewer numbers are refused");
            } else {
                self.changes.refused("schema.multiple-tightened", &place, "more numbers are refused");
            }
        }
    }

    fn text(&mut self, was: &Facets, is: &Facets, path: &str) {
        self.counts(was, is, Kind::Text, path);
        if !shared(was, is, Kind::Text) {
            return;
        }
        for (keyword, before, now) in [("pattern", &was.patterns, &is.patterns), ("format", &was.formats, &is.formats)]
        {
            let place = at(path, keyword);
            let come: Vec<&str> = now.difference(before).map(String::as_str).collect();
            let gone: Vec<&str> = before.difference(now).map(String::as_str).collect();
            if !come.is_empty() {
                let message = format!("text must be of the {keyword} {}", listed(come));
                self.changes.refused("schema.text-restricted", &place, message);
            } else if !gone.is_empty() {
                let message = format!("text need not be of the {keyword} {} any more", listed(gone));
                self.changes.added("schema.text-freed", &place, message);
            }
        }
    }

    fn lists(&mut self, was: &Facets, is: &Facets, path: &mut String) {
        self.counts(was, is, Kind::List, path);
        if !shared(was, is, Kind::List) {
            return;
        }
        match (was.unique, is.unique) {
            (false, true) => {
                self.changes.refused("schema.unique-required", &at(path, "uniqueItems"), "no item may be there twice");
            }
            (true, false) => {
                self.changes.added("schema.unique-dropped", &at(path, "uniqueItems"), "items may be there twice");
            }
            _ => {}
        }
        let anything = Value::Bool(true);
        if was.items.is_some() || is.items.is_some() {
            let (old, new) = (was.items.as_ref().unwrap_or(&anything), is.items.as_ref().unwrap_or(&anything));
            self.inner(&["items"], old, new, path);
        }
    }

    fn objects(&mut self, was: &Facets, is: &Facets, path: &mut String) {
        self.counts(was, is, Kind::Object, path);
        if !shared(was, is, Kind::Object) {
            return;
        }
        for (name, new) in &is.properties {
            match (was.properties.get(name), &was.additional) {
                (Some(old), _) => self.inner(&["properties", name], old, new, path),
                (None, others) => {
                    // What was said of fields without a name was said of this one too.
                    if let Some(others) = others.as_ref().filter(|others| **others != Value::Bool(false)) {
                        self.inner(&["properties", name], others, new, path);
                    }
                    let place = at(&at(path, "properties"), name);
                    self.changes.added("schema.property-added", &place, "is new");
                }
            }
        }
        for (name, old) in was.properties.iter().filter(|(name, _)| !is.properties.contains_key(*name)) {
            let place = at(&at(path, "properties"), name);
            match &is.additional {
                Some(Value::Bool(false)) => {
                    self.changes.refused("schema.property-removed", &place, "is gone, and no other field may be there");
                }
                None | Some(Value::Bool(true)) if self.closed => {
                    let message = "is gone, and fields that are not declared are quarantined";
                    self.changes.refused("schema.property-removed", &place, message);
                }
                others => {
                    if let Some(others) = others {
                        self.inner(&["properties", name], old, others, path);
                    }
                    self.changes.lost("schema.property-removed", &place, "is gone: whoever reads it misses it");
                }
            }
        }
        for name in is.required.difference(&was.required) {
            let message = format!("`{name}` must be there");
            self.changes.refused("schema.required-added", &at(path, "required"), message);
        }
        for name in was.required.difference(&is.required) {
            let message = format!("`{name}` may be missing");
            self.changes.added("schema.required-removed", &at(path, "required"), message);
        }
        let others = |facets: &Facets| facets.additional.clone().unwrap_or(Value::Bool(true));
        match (others(was), others(is)) {
            (old, new) if old == new && old.is_boolean() => {}
            (_, Value::Bool(false)) => {
                let place = at(path, "additionalProperties");
                self.changes.refused("schema.closed", &place, "fields that are not declared are refused");
            }
            (Value::Bool(false), _) => {
                self.changes.added("schema.opened", &at(path, "additionalProperties"), "may have further fields");
            }
            (old, new) => self.inner(&["additionalProperties"], &old, &new, path),
        }
    }

    /// How long, or how many.
    fn counts(&mut self, was: &Facets, is: &Facets, kind: Kind, path: &str) {
        if !shared(was, is, kind) {
            return;
        }
        for (keyword, _, limit) in COUNTS.iter().filter(|(_, of, _)| *of == kind) {
            let (before, now) = (was.counts.get(keyword), is.counts.get(keyword));
            let tighter = match (before, now, limit) {
                (None, None, _) => continue,
                (None, Some(_), _) => true,
                (Some(_), None, _) => false,
                (Some(before), Some(now), _) if before == now => continue,
                (Some(before), Some(now), Limit::Least) => now > before,
                (Some(before), Some(now), Limit::Most) => now < before,
            };
            let words = |count: Option<&u64>| count.map_or_else(|| "unlimited".to_owned(), u64::to_string);
            let message = format!("`{keyword}` is {}, and was {}", words(now), words(before));
            if tighter {
                self.changes.refused("schema.length-tightened", &at(path, keyword), message);
            } else {
                self.changes.added("schema.length-loosened", &at(path, keyword), message);
            }
        }
    }

    /// What is compared as a whole.
    fn opaque(&mut self, was: &Facets, is: &Facets, path: &mut String) {
        /// Assertions: without one of them more is admitted, or as much.
        const ASSERTIONS: [&str; 8] =
            ["anyOf", "dependentRequired", "dependentSchemas", "if", "not", "oneOf", "prefixItems", "propertyNames"];
        let keywords: BTreeSet<&String> = was.opaque.keys().chain(is.opaque.keys()).collect();
        for keyword in keywords {
            let written = |root: &Value, facets: &Facets| {
                facets.opaque.get(keyword).map(|said| expanded(root, &Value::Array(said.clone())))
            };
            let (before, now) = (written(self.old, was), written(self.new, is));
            if before == now {
                continue;
            }
            let place = at(path, keyword);
            match (was.opaque.get(keyword).map(Vec::as_slice), is.opaque.get(keyword).map(Vec::as_slice)) {
                (Some([Value::Array(old)]), Some([Value::Array(new)])) if keyword == "anyOf" => {
                    self.alternatives(old, new, path);
                }
                (Some(_), None) if ASSERTIONS.contains(&keyword.as_str()) => {
                    self.changes.added("schema.condition-dropped", &place, format!("`{keyword}` is gone"));
                }
                _ => {
                    let message = format!("`{keyword}` is not what it was, which is taken to be breaking");
                    self.changes.refused("schema.condition-changed", &place, message);
                }
            }
        }
    }

    /// `anyOf`: alternatives that are the same are set aside; of the others, equally many are compared in their order.
    fn alternatives(&mut self, old: &[Value], new: &[Value], path: &mut String) {
        let written = |root: &Value, list: &[Value]| -> BTreeMap<String, usize> {
            list.iter().enumerate().map(|(index, schema)| (expanded(root, schema).to_string(), index)).collect()
        };
        let (before, now) = (written(self.old, old), written(self.new, new));
        let only = |these: &BTreeMap<String, usize>, those: &BTreeMap<String, usize>| {
            let mut indexes: Vec<usize> =
                these.iter().filter(|(text, _)| !those.contains_key(*text)).map(|(_, index)| *index).collect();
            indexes.sort_unstable();
            indexes
        };
        let (gone, come) = (only(&before, &now), only(&now, &before));
        if gone.len() == come.len() {
            for (from, to) in gone.into_iter().zip(come) {
                if let (Some(from), Some(to_schema)) = (old.get(from), new.get(to)) {
                    self.inner(&["anyOf", &to.to_string()], from, to_schema, path);
                }
            }
            return;
        }
        let place = at(path, "anyOf");
        if !gone.is_empty() {
            self.changes.refused("schema.alternative-removed", &place, "one of the alternatives is gone");
        }
        if !come.is_empty() {
            self.changes.added("schema.alternative-added", &place, "there is one more alternative");
        }
    }
}

/// Whether both allow values of a kind.
fn shared(was: &Facets, is: &Facets, kind: Kind) -> bool {
    let has = |facets: &Facets| facets.kinds.contains(&kind);
    has(was) && has(is)
}

/// All values of a schema that has few of them by kind and range.
fn only_values(facets: &Facets) -> Option<Vec<Value>> {
    const RANGE_MAX: i64 = 100;
    let mut values = Vec::new();
    for kind in &facets.kinds {
        match kind {
            Kind::Null => values.push(Value::Null),
            Kind::Boolean => values.extend([json!(false), json!(true)]),
            Kind::Integer if !facets.kinds.contains(&Kind::Fraction) => {
                let (least, most) = (facets.lower.as_ref()?.number.as_i64()?, facets.upper.as_ref()?.number.as_i64()?);
                if most.checked_sub(least)? > RANGE_MAX {
                    return None;
                }
                values.extend((least..=most).map(Value::from));
            }
            _ => return None,
        }
    }
    Some(values)
}

/// Says of single values whether a schema of `root` admits them.
fn validator(root: &Value, schema: &Value) -> Option<Validator> {
    let mut whole = json!({"allOf": [schema]});
    if let Some(definitions) = root.get("$defs") {
        whole["$defs"] = definitions.clone();
    }
    accept_text(&mut whole);
    validation_options::<SerdeJson>().build(&whole).ok()
}

fn listed_values<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut seen: Vec<&Value> = Vec::new();
    for value in values {
        if !seen.iter().any(|other| same(other, value)) {
            seen.push(value);
            texts.push(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    listed(texts.iter().map(String::as_str))
}

/// The path of a keyword below `path`.
fn at(path: &str, token: &str) -> String {
    let mut path = path.to_owned();
    push_pointer(&mut path, token);
    path
}
