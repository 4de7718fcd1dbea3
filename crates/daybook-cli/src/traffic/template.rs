//! Templates: JSON with holes, filled anew for every event.
//!
//! A string `$name` stands for a variable; an object whose only key starts with `$` is a generator; everything else
//! stands for itself. What has no value (an unset variable, a `$maybe` that came out empty) is left out of its object.

use daybook_event::{EventId, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::scope::Scope;

/// A JSON value with holes.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// Stands for itself.
    Literal(Value),
    /// `$name`.
    Variable(String),
    /// An array with holes.
    Array(Vec<Template>),
    /// An object with holes.
    Object(Vec<(String, Template)>),
    /// `{$generator: …}`.
    Generator(Box<Generator>),
}

/// How a value is made up. One key, as written in a plan, one variant.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub enum Generator {
    /// One of a list, or of a mapping from text to weight.
    #[serde(rename = "$pick")]
    Pick(Choice),
    /// One of a list that the plan names.
    #[serde(rename = "$from")]
    From(String),
    /// A whole number between the two, both possible.
    #[serde(rename = "$int")]
    Int(i64, i64),
    /// A number between the two, with three decimals.
    #[serde(rename = "$float")]
    Float(f64, f64),
    /// A normally distributed number.
    #[serde(rename = "$normal")]
    Normal(Normal),
    /// A log-normally distributed number: durations, sizes, costs.
    #[serde(rename = "$log-normal")]
    LogNormal(LogNormal),
    /// A number written as text.
    #[serde(rename = "$decimal")]
    Decimal(Template),
    /// True with this probability.
    #[serde(rename = "$chance")]
    Chance(f64),
    /// The value with this probability, else nothing.
    #[serde(rename = "$maybe")]
    Maybe(f64, Template),
    /// The next number of a counter, from 1 or from where the second value says.
    #[serde(rename = "$counter")]
    Counter(Counter),
    /// A random UUID (`v4`), or one that carries the time (`v7`).
    #[serde(rename = "$uuid")]
    Uuid(UuidKind),
    /// A MongoDB ObjectId of the current time; the value says nothing and is `~`.
    #[serde(rename = "$object-id")]
    ObjectId(()),
    /// So many random hexadecimal digits.
    #[serde(rename = "$hex")]
    Hex(usize),
    /// A number that is the same for the same value, as 64 hexadecimal digits.
    #[serde(rename = "$hash")]
    Hash(Template),
    /// Text with `{name}` for variables and named lists.
    #[serde(rename = "$text")]
    Text(String),
    /// The current time, rounded down, or so many seconds ago.
    #[serde(rename = "$time")]
    Time(TimeForm),
    /// The time that was so many seconds before now.
    #[serde(rename = "$ago")]
    Ago(Template),
    /// The sum of numbers.
    #[serde(rename = "$sum")]
    Sum(Vec<Template>),
    /// The product of numbers.
    #[serde(rename = "$product")]
    Product(Vec<Template>),
    /// A value as text.
    #[serde(rename = "$string")]
    AsText(Template),
}

/// What a `$pick` picks from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// Each as likely as the others.
    Even(Vec<Template>),
    /// Text to weight.
    Weighted(std::collections::BTreeMap<String, f64>),
}

/// Options of `$normal`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    mean: f64,
    deviation: f64,
    #[serde(default = "lowest")]
    min: f64,
    #[serde(default = "highest")]
    max: f64,
    /// Digits after the point; 0 makes whole numbers.
    #[serde(default)]
    decimals: u32,
}

/// Options of `$log-normal`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    median: f64,
    spread: f64,
    #[serde(default = "lowest")]
    min: f64,
    #[serde(default = "highest")]
    max: f64,
    /// Digits after the point; 0 makes whole numbers.
    #[serde(default)]
    decimals: u32,
}

/// Options of `$counter`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Counter {
    /// A counter from 1.
    Named(String),
    /// A counter from a number.
    From(String, i64),
}

/// Which UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UuidKind {
    /// Random.
    V4,
    /// Ordered by time.
    V7,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeForm {
    /// RFC 3339.
    Exact,
    /// RFC 3339, the hour it is.
    Hour,
    /// The date.
    Day,
    /// Milliseconds since the Unix epoch.
    Milliseconds,
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Template {
    /// Reads a template from its JSON form.
    ///
    /// # Errors
    /// A sentence, when a key starts with `$` and is no generator, or a generator's options are wrong.
    pub fn parse(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(escaped) if escaped.starts_with('$') => Self::Literal(Value::String(escaped.to_owned())),
                Some(name) if !name.is_empty() => Self::Variable(name.to_owned()),
                _ => Self::Literal(Value::String(text)),
            },
            Value::Array(items) => Self::Array(items.into_iter().map(Self::parse).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                if let Some(key) = members.keys().find(|key| key.starts_with('$')).cloned() {
                    if members.len() > 1 {
                        return Err(format!("`{key}` must be the only key of its mapping"));
                    }
                    return serde_json::from_value(Value::Object(members))
                        .map(|generator| Self::Generator(Box::new(generator)))
                        .map_err(|error| format!("`{key}`: {error}"));
                }
                let members = members.into_iter().map(|(name, member)| Ok((name, Self::parse(member)?)));
                Self::Object(members.collect::<Result<_, String>>()?)
            }
            literal => Self::Literal(literal),
        })
    }

    /// Fills the holes.
    pub fn make(&self, scope: &mut Scope<'_>) -> Option<Value> {
        Some(match self {
            Self::Literal(value) => value.clone(),
            Self::Variable(name) => return scope.variable(name).cloned(),
            Self::Array(items) => Value::Array(items.iter().filter_map(|item| item.make(scope)).collect()),
            Self::Object(members) => {
                let mut object = Map::with_capacity(members.len());
                for (name, member) in members {
                    if let Some(value) = member.make(scope) {
                        object.insert(name.clone(), value);
                    }
                }
                Value::Object(object)
            }
            Self::Generator(generator) => return generator.make(scope),
        })
    }

    /// Fills the holes and reads the result as a number; true is 1, nothing is 0.
    pub fn number(&self, scope: &mut Scope<'_>) -> f64 {
        match self.make(scope) {
            Some(Value::Bool(yes)) => f64::from(u8::from(yes)),
            Some(Value::Number(number)) => number.as_f64().unwrap_or_default(),
            Some(Value::String(text)) => text.parse().unwrap_or_default(),
            _ => 0.0,
        }
    }
}

impl Generator {
    fn make(&self, scope: &mut Scope<'_>) -> Option<Value> {
        Some(match self {
            Self::Pick(Choice::Even(items)) => return items.get(scope.draw.index(items.len()))?.make(scope),
            Self::Pick(Choice::Weighted(weights)) => {
                let index = scope.draw.weighted(weights.values().copied());
                json!(weights.keys().nth(index)?)
            }
            Self::From(list) => return pick_from(list, scope),
            Self::Int(low, high) => json!(scope.draw.integer(*low, *high)),
            Self::Float(low, high) => rounded(low + scope.draw.unit() * (high - low), 3),
            Self::Normal(Normal { mean, deviation, min, max, decimals }) => {
                rounded(scope.draw.normal(*mean, *deviation).max(*min).min(*max), *decimals)
            }
            Self::LogNormal(LogNormal { median, spread, min, max, decimals }) => {
                rounded(scope.draw.log_normal(*median, *spread).max(*min).min(*max), *decimals)
            }
            Self::Decimal(number) => json!(rounded(number.number(scope), 6).to_string()),
            Self::Chance(probability) => json!(scope.draw.chance(*probability)),
            Self::Maybe(probability, template) => {
                return if scope.draw.chance(*probability) { template.make(scope) } else { None };
            }
            Self::Counter(counter) => {
                let (name, from) = match counter {
                    Counter::Named(name) => (name, 1),
                    Counter::From(name, from) => (name, *from),
                };
                let next = scope.supplies.counters.entry(name.clone()).or_insert(from);
                *next += 1;
                json!(*next - 1)
            }
            Self::Uuid(kind) => json!(uuid(*kind, scope)),
            Self::ObjectId(()) => json!(object_id(scope)),
            Self::Hex(digits) => json!(hex(*digits, scope)),
            Self::Hash(template) => json!(hash(&template.make(scope)?)),
            Self::Text(text) => json!(interpolate(text, scope, TEXT_DEPTH_MAX)),
            Self::Time(form) => form.write(scope.now_us),
            Self::Ago(seconds) => {
                let before = scope.now_us - (seconds.number(scope) * 1e6) as i64;
                TimeForm::Exact.write(before)
            }
            Self::Sum(terms) => rounded(terms.iter().map(|term| term.number(scope)).sum(), 6),
            Self::Product(factors) => rounded(factors.iter().map(|factor| factor.number(scope)).product(), 6),
            Self::AsText(template) => json!(plain(&template.make(scope)?)),
        })
    }
}

impl TimeForm {
    /// Writes a time, in microseconds since the Unix epoch.
    pub fn write(self, time_us: i64) -> Value {
        const HOUR_US: i64 = 3_600_000_000;
        let exact = |time_us: i64| Timestamp::from_microseconds(time_us / 1_000 * 1_000).to_string();
        match self {
            Self::Exact => json!(exact(time_us)),
            Self::Hour => json!(exact(time_us - time_us.rem_euclid(HOUR_US))),
            Self::Day => json!(exact(time_us).split('T').next().unwrap_or_default()),
            Self::Milliseconds => json!(time_us.div_euclid(1_000)),
        }
    }
}

/// A UUID made of the simulation's randomness.
pub fn uuid(kind: UuidKind, scope: &mut Scope<'_>) -> String {
    match kind {
        UuidKind::V4 => uuid::Builder::from_random_bytes(scope.draw.bytes()).into_uuid().to_string(),
        UuidKind::V7 => EventId::v7(scope.now_us.unsigned_abs() / 1_000, &scope.draw.bytes()).to_string(),
    }
}

fn object_id(scope: &mut Scope<'_>) -> String {
    let seconds = (scope.now_us / 1_000_000) as u32;
    let [a, b, c, d] = seconds.to_be_bytes();
    let [e, f, g, h, i, j, k, l] = scope.draw.bytes();
    daybook_event::id::object_id_text(&[a, b, c, d, e, f, g, h, i, j, k, l])
}

fn hex(digits: usize, scope: &mut Scope<'_>) -> String {
    (0..digits).filter_map(|_| char::from_digit(scope.draw.index(16) as u32, 16)).collect()
}

fn hash(value: &Value) -> String {
    // Stands in for an app's own hash: stable, and nothing to be learnt from it by looking.
    let id = EventId::from_text("hash", &value.to_string()).as_uuid().simple().to_string();
    let twin = EventId::from_text(&id, &value.to_string()).as_uuid().simple().to_string();
    id + &twin
}

fn pick_from(list: &str, scope: &mut Scope<'_>) -> Option<Value> {
    let items = scope.supplies.lists.get(list)?;
    items.get(scope.draw.index(items.len())).cloned()
}

/// How deep the entries of lists may refer to other lists in a `$text`.
const TEXT_DEPTH_MAX: usize = 4;

fn interpolate(text: &str, scope: &mut Scope<'_>, depth: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let value = scope.variable(name).cloned().or_else(|| pick_from(name, scope));
        if let (Some(value), Some(deeper)) = (value, depth.checked_sub(1)) {
            out.push_str(&interpolate(&plain(&value), scope, deeper));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn rounded(number: f64, decimals: u32) -> Value {
    let scale = 10_f64.powi(decimals as i32);
    let number = (number * scale).round() / scale;
    if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { json!(number) }
}

const fn lowest() -> f64 {
    f64::MIN
}

const fn highest() -> f64 {
    f64::MAX
}

#[cfg(test)]
mod tests;
