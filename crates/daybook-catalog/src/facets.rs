//! A schema taken apart: what it asks of each kind of value, with references and `allOf` followed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value, json};

use crate::schema::DEFINITIONS_PREFIX;

/// Parts that one schema may be put together from, so that a chain of references ends.
const LAYERS_MAX: usize = 256;

/// The kinds of JSON values; numbers are whole or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Integer,
    Fraction,
    Text,
    List,
    Object,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Null, Self::Boolean, Self::Integer, Self::Fraction, Self::Text, Self::List, Self::Object];

    /// The kinds that a word after `type` stands for.
    fn of(word: &str) -> &'static [Self] {
        match word {
            "null" => &[Self::Null],
            "boolean" => &[Self::Boolean],
            "integer" => &[Self::Integer],
            "number" => &[Self::Integer, Self::Fraction],
            "string" => &[Self::Text],
            "array" => &[Self::List],
            "object" => &[Self::Object],
            _ => &[],
        }
    }

    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "true and false",
            Self::Integer => "whole numbers",
            Self::Fraction => "numbers with a fraction",
            Self::Text => "text",
            Self::List => "lists",
            Self::Object => "objects",
        }
    }
}

/// An end of a range of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) number: Number,
    pub(crate) exclusive: bool,
}

/// How a keyword that bounds something changes what is admitted when its number grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The least there may be.
    Least,
    /// The most.
    Most,
}

/// Keywords that bound a count, with the kind of value that they count in.
pub(crate) const COUNTS: [(&str, Kind, Limit); 6] = [
    ("minLength", Kind::Text, Limit::Least),
    ("maxLength", Kind::Text, Limit::Most),
    ("minItems", Kind::List, Limit::Least),
    ("maxItems", Kind::List, Limit::Most),
    ("minProperties", Kind::Object, Limit::Least),
    ("maxProperties", Kind::Object, Limit::Most),
];

/// Keywords that say something and ask nothing.
const ANNOTATIONS: [&str; 9] = [
    "$comment",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "description",
    "examples",
    "title",
    "$schema",
];

/// What a schema asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facets {
    /// The kinds it allows.
    pub(crate) kinds: BTreeSet<Kind>,
    /// The values it allows, where it lists them.
    pub(crate) finite: Option<Vec<Value>>,
    pub(crate) lower: Option<Bound>,
    pub(crate) upper: Option<Bound>,
    pub(crate) divisors: Vec<Number>,
    /// What [`COUNTS`] say, by keyword.
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) patterns: BTreeSet<String>,
    pub(crate) formats: BTreeSet<String>,
    pub(crate) unique: bool,
    pub(crate) items: Option<Value>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) required: BTreeSet<String>,
    /// What it says of other properties; none where it does not mention them.
    pub(crate) additional: Option<Value>,
    /// Keywords that are compared as a whole, each with all that was said under it.
    pub(crate) opaque: BTreeMap<String, Vec<Value>>,
    /// What asks nothing.
    pub(crate) annotations: BTreeMap<String, Value>,
    pub(crate) deprecated: bool,
}

impl Facets {
    /// What `schema` asks; its references lead into the `$defs` of `root`.
    pub(crate) fn of(root: &Value, schema: &Value) -> Self {
        let mut facets = Self { kinds: Kind::ALL.into(), ..Self::default() };
        let mut pending = vec![schema];
        let mut layers = 0;
        while let Some(layer) = pending.pop() {
            layers += 1;
            match layer {
                Value::Bool(true) => {}
                Value::Object(object) if layers <= LAYERS_MAX => {
                    // Nearer words come first, and count: a reference's description is only a default.
                    if let Some(Value::Array(all)) = object.get("allOf") {
                        pending.extend(all.iter().rev());
                    }
                    if let Some(target) = object.get("$ref").and_then(Value::as_str).and_then(|to| resolve(root, to)) {
                        pending.push(target);
                    }
                    facets.layer(object);
                }
                _ => facets.kinds.clear(),
            }
        }
        // `additionalProperties` only sees the properties beside it, which are not kept apart here.
        let closes = facets.additional.as_ref().is_some_and(|others| *others != Value::Bool(true));
        if closes && in_parts(root, schema) {
            facets.opaque.insert("additionalProperties".to_owned(), vec![expanded(root, schema)]);
        }
        facets.settle();
        facets
    }

    fn layer(&mut self, object: &Map<String, Value>) {
        let kinds = kinds_of(object);
        self.kinds.retain(|kind| kinds.contains(kind));
        let is_int64 = object.get("format").is_some_and(|format| format == "int64") && kinds.contains(&Kind::Text);
        for (keyword, value) in object {
            let keyword = keyword.as_str();
            if let Some((name, _, limit)) = COUNTS.iter().find(|(name, ..)| *name == keyword) {
                let Some(count) = value.as_f64().map(|count| count as u64) else { continue };
                let known = self.counts.entry(name).or_insert(count);
                *known = if *limit == Limit::Least { (*known).max(count) } else { (*known).min(count) };
                continue;
            }
            match (keyword, value) {
                ("$ref" | "allOf" | "type", _) => {}
                ("enum", Value::Array(values)) => self.restrict(values),
                ("const", value) => self.restrict(std::slice::from_ref(value)),
                ("minimum", Value::Number(number)) => self.raise(number, false),
                ("exclusiveMinimum", Value::Number(number)) => self.raise(number, true),
                ("maximum", Value::Number(number)) => self.lower(number, false),
                ("exclusiveMaximum", Value::Number(number)) => self.lower(number, true),
                ("multipleOf", Value::Number(number)) => self.divisors.push(number.clone()),
                ("pattern", Value::String(text)) => drop(self.patterns.insert(text.clone())),
                ("format", Value::String(text)) => drop(self.formats.insert(text.clone())),
                ("uniqueItems", value) => self.unique |= *value == Value::Bool(true),
                ("items", value) => both(&mut self.items, value),
                ("properties", Value::Object(properties)) => {
                    for (name, schema) in properties {
                        let mut known = self.properties.get(name).cloned();
                        both(&mut known, schema);
                        self.properties.extend(known.map(|schema| (name.clone(), schema)));
                    }
                }
                ("required", Value::Array(names)) => {
                    self.required.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                ("additionalProperties", value) => both(&mut self.additional, value),
                ("deprecated", value) => self.deprecated |= *value == Value::Bool(true),
                ("readOnly" | "writeOnly", value) => {
                    self.annotations.entry(keyword.to_owned()).or_insert_with(|| value.clone());
                }
                _ if ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-") => {
                    self.annotations.entry(keyword.to_owned()).or_insert_with(|| value.clone());
                }
                ("$defs", _) => {}
                _ => self.opaque.entry(keyword.to_owned()).or_default().push(value.clone()),
            }
        }
        if is_int64 {
            self.raise(&Number::from(i64::MIN), false);
            self.lower(&Number::from(i64::MAX), false);
        }
    }

    fn restrict(&mut self, values: &[Value]) {
        let mut allowed = self.finite.take().unwrap_or_else(|| values.to_vec());
        allowed.retain(|value| values.iter().any(|other| same(value, other)));
        self.finite = Some(allowed);
    }

    fn raise(&mut self, number: &Number, exclusive: bool) {
        let bound = Bound { number: number.clone(), exclusive };
        if self.lower.as_ref().is_none_or(|known| bound.compare(known, Limit::Least).is_gt()) {
            self.lower = Some(bound);
        }
    }

    fn lower(&mut self, number: &Number, exclusive: bool) {
        let bound = Bound { number: number.clone(), exclusive };
        if self.upper.as_ref().is_none_or(|known| bound.compare(known, Limit::Most).is_lt()) {
            self.upper = Some(bound);
        }
    }

    /// Writes what means the same in one way: bounds of whole numbers are whole and inclusive, what is counted from
    /// zero is not mentioned.
    fn settle(&mut self) {
        // A multiple of a whole number is one.
        if self.divisors.iter().any(Number::is_u64) {
            self.kinds.remove(&Kind::Fraction);
        }
        if !self.kinds.contains(&Kind::Fraction) {
            self.lower = self.lower.take().map(|bound| bound.whole(Limit::Least));
            self.upper = self.upper.take().map(|bound| bound.whole(Limit::Most));
        }
        self.counts.retain(|name, count| *count > 0 || !name.starts_with("min"));
        self.divisors.sort_by(compare);
        self.divisors.dedup();
        if self.items == Some(Value::Bool(true)) {
            self.items = None;
        }
    }
}

impl Bound {
    /// How far it reaches: of two lower ends the higher one is greater, of two upper ends the lower one is less.
    pub(crate) fn compare(&self, other: &Self, limit: Limit) -> Ordering {
        let exclusive = match limit {
            Limit::Least => self.exclusive.cmp(&other.exclusive),
            Limit::Most => other.exclusive.cmp(&self.exclusive),
        };
        compare(&self.number, &other.number).then(exclusive)
    }

    /// The same for whole numbers, inclusive.
    fn whole(self, limit: Limit) -> Self {
        /// Beyond it a double is a whole number anyway, and one more is the same.
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        let Some(number) = self.number.as_f64().filter(|number| number.abs() < EXACT_MAX) else { return self };
        let inside = match (limit, self.exclusive) {
            (Limit::Least, false) => number.ceil(),
            (Limit::Least, true) => number.floor() + 1.0,
            (Limit::Most, false) => number.floor(),
            (Limit::Most, true) => number.ceil() - 1.0,
        };
        Self { number: Number::from(inside as i64), exclusive: false }
    }

    /// `5`, or `more than 5`, as a limit of this kind.
    pub(crate) fn in_words(&self, limit: Limit) -> String {
        let number = &self.number;
        match (limit, self.exclusive) {
            (Limit::Least, false) => format!("at least {number}"),
            (Limit::Least, true) => format!("more than {number}"),
            (Limit::Most, false) => format!("at most {number}"),
            (Limit::Most, true) => format!("less than {number}"),
        }
    }
}

/// The kinds that one object of keywords allows, numbers that may be written as text among them.
fn kinds_of(object: &Map<String, Value>) -> BTreeSet<Kind> {
    let words: Vec<&str> = match object.get("type") {
        Some(Value::String(word)) => vec![word],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => return Kind::ALL.into(),
    };
    let mut kinds: BTreeSet<Kind> = words.iter().flat_map(|word| Kind::of(word)).copied().collect();
    let written_as_text = match object.get("format").and_then(Value::as_str) {
        Some("decimal") => kinds.contains(&Kind::Integer),
        Some("int64") => words.contains(&"integer"),
        _ => false,
    };
    if written_as_text {
        kinds.insert(Kind::Text);
    }
    kinds
}

/// Both schemas at once.
fn both(known: &mut Option<Value>, schema: &Value) {
    *known = Some(match known.take() {
        None => schema.clone(),
        Some(before) if before == *schema => before,
        Some(before) => json!({"allOf": [before, schema]}),
    });
}

/// Whether more than one part asks something.
fn in_parts(root: &Value, schema: &Value) -> bool {
    // One reference and nothing beside it but words is the referenced schema.
    let mut schema = schema;
    for _ in 0..LAYERS_MAX {
        let Some(object) = schema.as_object() else { return false };
        let asks = object.keys().any(|keyword| {
            keyword != "$ref"
                && keyword != "$defs"
                && keyword != "deprecated"
                && !ANNOTATIONS.contains(&keyword.as_str())
        });
        match object.get("$ref").and_then(Value::as_str).and_then(|to| resolve(root, to)) {
            Some(target) if !asks => schema = target,
            Some(_) => return true,
            None => return object.contains_key("allOf"),
        }
    }
    true
}

/// The schema that a reference leads to.
fn resolve<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    root.get("$defs")?.get(reference.strip_prefix(DEFINITIONS_PREFIX)?)
}

/// `value` with every reference in it followed, but those inside themselves: for comparing as a whole.
pub(crate) fn expanded(root: &Value, value: &Value) -> Value {
    fn expand(root: &Value, value: &Value, open: &mut Vec<String>) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| expand(root, item, open)).collect(),
            Value::Object(object) => {
                let mut out = Map::new();
                for (keyword, value) in object {
                    let target = (keyword == "$ref").then(|| value.as_str()).flatten();
                    match target {
                        Some(to) if !open.iter().any(|other| other == to) => {
                            open.push(to.to_owned());
                            let inner = resolve(root, to).map_or(Value::Null, |target| expand(root, target, open));
                            open.pop();
                            out.insert(keyword.clone(), inner);
                        }
                        _ if keyword == "$defs" || ANNOTATIONS.contains(&keyword.as_str()) => {}
                        _ => drop(out.insert(keyword.clone(), expand(root, value, open))),
                    }
                }
                Value::Object(out)
            }
            other => other.clone(),
        }
    }
    expand(root, value, &mut Vec::new())
}

/// Whether two values are equal as JSON Schema has it: `1` is `1.0`.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => compare(one, other).is_eq(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

/// Which of two numbers is greater; exact where both are whole.
pub(crate) fn compare(one: &Number, other: &Number) -> Ordering {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default()),
    }
}
