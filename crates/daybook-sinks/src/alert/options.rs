//! What a catalog says of alerts.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use daybook_catalog::consumers::Spec;
use daybook_catalog::{AppCatalog, EventType, likely_personal, name_matches};
use serde::{Deserialize, Deserializer};

use super::fields::{Place, Template};
use crate::http::duration;

/// Most rules of a consumer.
const RULES_MAX: usize = 100;
/// Labels that every alert has.
const OWN_LABELS: [&str; 4] = ["alertname", "app", "consumer", "severity"];
/// Most fields that alerts of a rule are told apart by, and most labels.
const LABELS_MAX: usize = 10;

/// The `options` of a consumer with the handler `alert`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Options {
    /// What is to be alerted of; without rules, of every event.
    pub(super) rules: Vec<Rule>,
    /// In which form.
    pub(super) format: Format,
    /// After how long an alert that lasts is told of again.
    #[serde(deserialize_with = "duration")]
    pub(super) repeat_every: Duration,
    /// What is older when it is read alerts nobody.
    #[serde(deserialize_with = "duration")]
    pub(super) max_age: Duration,
}

/// What receives alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Alertmanager, by version 2 of its API.
    #[default]
    Alertmanager,
    /// Slack, or what takes its incoming webhooks.
    Slack,
}

/// What is to be alerted of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rule {
    /// What the alert is called.
    pub(super) name: String,
    /// The events it is about, of those of the consumer; all of them where left out.
    #[serde(default)]
    pub(super) events: Vec<String>,
    /// What about them.
    pub(super) kind: Kind,
    /// How bad it is.
    #[serde(default = "warning")]
    pub(super) severity: String,
    /// Fields that tell alerts of this rule apart; they become labels.
    #[serde(default)]
    pub(super) group_by: Vec<String>,
    /// More labels, with `{field}`s in them.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// What is said of it, with `{field}`s in it.
    #[serde(default)]
    pub(super) summary: Option<String>,
    /// How long after it was last so, it is over.
    #[serde(default, deserialize_with = "optional_duration")]
    pub(super) resolve_after: Option<Duration>,
    /// `rate`: how many events are not yet too many.
    #[serde(default)]
    pub(super) more_than: Option<f64>,
    /// `rate`: in how long.
    #[serde(default, deserialize_with = "optional_duration")]
    pub(super) window: Option<Duration>,
    /// `threshold`: the field.
    #[serde(default)]
    pub(super) field: Option<String>,
    /// `threshold`: what is higher is too high.
    #[serde(default)]
    pub(super) above: Option<f64>,
    /// `threshold`: what is lower is too low.
    #[serde(default)]
    pub(super) below: Option<f64>,
    /// `threshold`: for how long it must be; `silence`: how long it may last.
    #[serde(default, rename = "for", deserialize_with = "optional_duration")]
    pub(super) lasting: Option<Duration>,
    /// `latency`: of which consumers; all of the app where left out.
    #[serde(default)]
    pub(super) consumers: Vec<String>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// That it happened.
    Event,
    /// That it happened too often.
    Rate,
    /// That a value is too high, or too low.
    Threshold,
    /// That it has not happened for too long.
    Silence,
    /// That a consumer breaks its promise.
    Latency,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            format: Format::default(),
            repeat_every: Duration::from_secs(4 * 60 * 60),
            max_age: Duration::from_secs(60 * 60),
        }
    }
}

impl Options {
    /// The rules; without any, the one for every event.
    pub(super) fn rules(&self) -> Vec<Rule> {
        if self.rules.is_empty() { vec![Rule::every_event()] } else { self.rules.clone() }
    }

    /// What is wrong with them beyond their types.
    pub(super) fn wrong(&self, app: &AppCatalog, spec: &Spec) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.rules.len() > RULES_MAX {
            wrong.push(format!("options.rules: at most {RULES_MAX}"));
        }
        for (option, value) in [("repeat-every", self.repeat_every), ("max-age", self.max_age)] {
            if value < Duration::from_secs(60) {
                wrong.push(format!("options.{option}: must be at least 1m"));
            }
        }
        let mut names = HashSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let mut said = rule.wrong(app, spec);
            if !names.insert(&rule.name) {
                said.push(format!("name: `{}` is another rule's name", rule.name));
            }
            wrong.extend(said.into_iter().map(|said| format!("options.rules[{index}].{said}")));
        }
        wrong
    }
}

impl Rule {
    fn every_event() -> Self {
        Self {
            name: String::new(),
            events: Vec::new(),
            kind: Kind::Event,
            severity: warning(),
            group_by: Vec::new(),
            labels: BTreeMap::new(),
            summary: None,
            resolve_after: None,
            more_than: None,
            window: None,
            field: None,
            above: None,
            below: None,
            lasting: None,
            consumers: Vec::new(),
        }
    }

    fn wrong(&self, app: &AppCatalog, spec: &Spec) -> Vec<String> {
        let mut wrong = self.wrong_parts();
        if self.name.is_empty() || self.name.len() > 128 {
            wrong.push("name: must be given, in at most 128 letters".to_owned());
        }
        if self.group_by.len() + self.labels.len() > LABELS_MAX {
            wrong.push(format!("labels: at most {LABELS_MAX}, with those of group-by"));
        }
        for name in self.labels.keys() {
            if !is_label(name) || OWN_LABELS.contains(&name.as_str()) {
                wrong.push(format!(
                    "labels.{name}: is no name for a label: letters, digits and _, and not Daybook's own"
                ));
            }
        }
        let mut labels: HashSet<String> = self.labels.keys().cloned().collect();
        for field in &self.group_by {
            let label = Place::parse(field).label();
            if OWN_LABELS.contains(&label.as_str()) {
                wrong.push(format!("group-by: `{field}` would be the label `{label}`, which is Daybook's own"));
            } else if !labels.insert(label.clone()) {
                wrong.push(format!("group-by: `{field}` is the label `{label}`, and something else is so too"));
            }
        }
        if self.kind == Kind::Latency {
            return wrong;
        }
        let types: Vec<&EventType> =
            app.current_events().filter(|kind| spec.wants(&kind.name) && self.is_about(&kind.name)).collect();
        for pattern in &self.events {
            if !types.iter().any(|kind| name_matches(pattern, &kind.name)) {
                wrong.push(format!("events: `{pattern}` matches no event type that the consumer gets"));
            }
        }
        let templates = self.labels.values().chain(&self.summary).flat_map(|text| Template::parse(text).places());
        let places = self.group_by.iter().chain(&self.field).map(|field| Place::parse(field)).chain(templates);
        for place in places {
            if let Place::Data(path) = &place
                && let Some(said) = wrong_field(&path.join("."), &types)
            {
                wrong.push(said);
            }
        }
        wrong
    }

    /// What its kind lacks, or has no use for.
    fn wrong_parts(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut part = |option: &str, is_given: bool, needed: &[Kind], allowed: &[Kind]| {
            if needed.contains(&self.kind) && !is_given {
                wrong.push(format!("{option}: is needed for this kind of rule"));
            }
            if is_given && !needed.contains(&self.kind) && !allowed.contains(&self.kind) {
                wrong.push(format!("{option}: says nothing to this kind of rule"));
            }
        };
        part("more-than", self.more_than.is_some(), &[Kind::Rate], &[]);
        part("window", self.window.is_some(), &[Kind::Rate], &[]);
        part("field", self.field.is_some(), &[Kind::Threshold], &[]);
        part("above", self.above.is_some(), &[], &[Kind::Threshold]);
        part("below", self.below.is_some(), &[], &[Kind::Threshold]);
        part("for", self.lasting.is_some(), &[Kind::Silence], &[Kind::Threshold]);
        part("consumers", !self.consumers.is_empty(), &[], &[Kind::Latency]);
        part("events", !self.events.is_empty(), &[], &[Kind::Event, Kind::Rate, Kind::Threshold, Kind::Silence]);
        part("group-by", !self.group_by.is_empty(), &[], &[Kind::Event, Kind::Rate, Kind::Threshold, Kind::Silence]);
        if self.kind == Kind::Threshold && self.above.is_some() == self.below.is_some() {
            wrong.push("above: either this or below is needed".to_owned());
        }
        if self.window.is_some_and(|window| window < Duration::from_secs(1)) {
            wrong.push("window: must be at least 1s".to_owned());
        }
        if self.more_than.is_some_and(|count| !count.is_finite() || count < 0.0) {
            wrong.push("more-than: must be 0 or more".to_owned());
        }
        wrong
    }

    /// Whether it is about events of this type.
    pub(super) fn is_about(&self, name: &str) -> bool {
        self.kind != Kind::Latency
            && (self.events.is_empty() || self.events.iter().any(|pattern| name_matches(pattern, name)))
    }
}

/// What is wrong with a field of the data: nobody declares it, or it is personal.
fn wrong_field(path: &str, types: &[&EventType]) -> Option<String> {
    let is_personal = |kind: &&EventType| {
        let declared = kind.pii.keys().any(|pii| path == pii || path.starts_with(&format!("{pii}.")));
        declared || (likely_personal(path).is_some() && !kind.not_personal.contains(path))
    };
    if types.iter().any(is_personal) {
        return Some(format!("`{path}`: is personal, and may stand in no alert"));
    }
    let first = path.split('.').next().unwrap_or_default();
    let declares = |kind: &&EventType| {
        let properties = kind.data.as_ref().map(|data| data.get("properties"));
        properties.is_none_or(|properties| properties.is_some_and(|properties| properties.get(first).is_some()))
    };
    (!types.is_empty() && !types.iter().any(declares))
        .then(|| format!("`{path}`: is declared by none of the event types that it is about"))
}

/// Whether a text can be the name of a label, as Prometheus has them.
fn is_label(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

fn warning() -> String {
    "warning".to_owned()
}

fn optional_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}
