//! The payloads that have fields of their own.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// Payload of usage events.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct UsageEventData {
    /// Feature or part of the program that was used.
    pub feature: String,
    /// What was done with it.
    pub action: String,
    /// What it was done to.
    pub target: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Whether it worked.
    pub success: bool,
    /// Whatever else there is to say; written beside the other fields. A name that one of them has already is written
    /// with `extra_` in front.
    #[serde(flatten)]
    pub extra: HashMap<String, Value>,
}

/// Payload of performance events.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceEventData {
    /// What was measured.
    pub metric: String,
    /// The measurement. JSON has no NaN and no infinities: they are written as `null` and read back as NaN.
    #[serde(deserialize_with = "number_or_nan")]
    pub value: f64,
    /// Unit of the measurement.
    pub unit: String,
    /// Dimensions to break the measurement down by.
    #[serde(default, serialize_with = "sorted")]
    pub tags: HashMap<String, String>,
}

/// Payload of error events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorEventData {
    /// Stable code of the error.
    pub code: String,
    /// What went wrong, in words.
    pub message: String,
    /// How bad it is.
    pub severity: ErrorSeverity,
    /// Where it came from, if that may be told.
    pub stack_trace: Option<String>,
    /// Part of the program it happened in.
    pub component: String,
    /// Whether the program could go on.
    pub recovered: bool,
}

/// How bad an error is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorSeverity {
    /// Of interest to developers only.
    Debug,
    /// Worth knowing.
    Info,
    /// Could become a problem.
    Warning,
    /// Something did not work.
    Error,
    /// Nothing works.
    Critical,
}

/// Payload of business events.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessEventData {
    /// What is counted.
    pub metric_type: BusinessMetricType,
    /// How much of it. JSON has no NaN and no infinities: they are written as `null` and read back as NaN.
    #[serde(deserialize_with = "number_or_nan")]
    pub value: f64,
    /// Currency or unit.
    pub unit: String,
    /// Backend it was used on.
    pub backend: Option<String>,
    /// Model it was used with.
    pub model: Option<String>,
}

/// What a business event counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessMetricType {
    /// Tokens sent to a model.
    InputTokens,
    /// Tokens that came back.
    OutputTokens,
    /// Both together.
    TotalTokens,
    /// Cost in US dollars.
    CostUsd,
    /// Cost in credits.
    CostCredits,
    /// Quota used so far.
    QuotaUsed,
    /// Quota left.
    QuotaRemaining,
}

impl UsageEventData {
    /// Names that `extra` may not use.
    const NAMED: &'static [&'static str] = &["feature", "action", "target", "duration_ms", "success"];

    /// The payload with no name in `extra` that is a field's.
    #[must_use]
    pub(crate) fn normalised(self) -> Self {
        Self { extra: without_collisions(&self.extra, Self::NAMED, "extra_").into_owned(), ..self }
    }
}

impl Serialize for UsageEventData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let extra = without_collisions(&self.extra, Self::NAMED, "extra_");
        let mut map = serializer.serialize_map(Some(Self::NAMED.len() + extra.len()))?;
        map.serialize_entry("feature", &self.feature)?;
        map.serialize_entry("action", &self.action)?;
        map.serialize_entry("target", &self.target)?;
        map.serialize_entry("duration_ms", &self.duration_ms)?;
        map.serialize_entry("success", &self.success)?;
        for (name, value) in in_order(&extra) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl PartialEq for PerformanceEventData {
    /// Unlike numbers of their own, two measurements that are both NaN are the same measurement.
    fn eq(&self, other: &Self) -> bool {
        let Self { metric, value, unit, tags } = self;
        *metric == other.metric && same(*value, other.value) && *unit == other.unit && *tags == other.tags
    }
}

impl PartialEq for BusinessEventData {
    /// Unlike numbers of their own, two values that are both NaN are the same value.
    fn eq(&self, other: &Self) -> bool {
        let Self { metric_type, value, unit, backend, model } = self;
        *metric_type == other.metric_type
            && same(*value, other.value)
            && *unit == other.unit
            && *backend == other.backend
            && *model == other.model
    }
}

/// Writes a map by name, so that equal values give equal bytes.
pub(crate) fn sorted<S: Serializer, V: Serialize>(map: &HashMap<String, V>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(in_order(map))
}

/// A map's entries by name.
pub(crate) fn in_order<V>(map: &HashMap<String, V>) -> BTreeMap<&String, &V> {
    map.iter().collect()
}

/// The map with every name that is in `named` put behind the prefix, as often as it takes to be free.
pub(crate) fn without_collisions<'m>(
    map: &'m HashMap<String, Value>,
    named: &[&str],
    prefix: &str,
) -> Cow<'m, HashMap<String, Value>> {
    if !named.iter().any(|name| map.contains_key(*name)) {
        return Cow::Borrowed(map);
    }
    let mut free = map.clone();
    for name in named {
        if let Some(value) = free.remove(*name) {
            let mut other = format!("{prefix}{name}");
            while named.contains(&other.as_str()) || free.contains_key(&other) {
                other.insert_str(0, prefix);
            }
            free.insert(other, value);
        }
    }
    Cow::Owned(free)
}

/// The value that is read back after this one was written.
pub(crate) const fn writable(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Reads a number, and `null` as NaN. A whole number that `f64` cannot hold is refused, so that it is not rounded.
fn number_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(f64::NAN) };
    let exact = match (number.as_i128(), number.as_f64()) {
        (Some(whole), Some(float)) => (float as i128 == whole).then_some(float),
        (_, float) => float,
    };
    exact.ok_or_else(|| D::Error::custom(format_args!("{number} has more digits than a value can hold")))
}
