//! Catalogs as JSON, for those who ask over HTTP what may be sent.
//!
//! Members without a value are left out; words and durations are written as catalogs write them.

use std::num::NonZeroU32;

use serde_json::{Map, Value, json};

use crate::aggregates;
use crate::consumers::Spec;
use crate::{
    AppCatalog, Category, CategoryPii, Consent, ConsentPurpose, DataMissing, Dialect, EventType, Field, FieldSpec,
    Migration, Signatures, Step, Store, UnknownFields, UnknownTypes, WithoutConsent, duration,
};

impl AppCatalog {
    /// The catalog: `app`, `version`, `title`, `categories`, `sources`, `dialect`, `types` and the rest of `catalog.yaml`, and
    /// of every event type the current version under `events`, and the `consumers` and
    /// `aggregates` by name. Schemas are as written; their references into `#/types/` hold in this document.
    #[must_use]
    pub fn summary_json(&self) -> Value {
        let mut out = Members::default();
        out.set("app", self.app.as_str());
        out.set("version", self.version.to_string());
        out.set("title", self.title.as_str());
        out.some("description", self.description.as_deref());
        out.some(
            "naming",
            self.naming.as_ref().map(|naming| json!({"pattern": naming.pattern.as_str(), "examples": naming.examples})),
        );
        out.set(
            "unknown-fields",
            match self.unknown_fields {
                UnknownFields::Allow => "allow",
                UnknownFields::Warn => "warn",
                UnknownFields::Quarantine => "quarantine",
            },
        );
        out.set(
            "unknown-types",
            match &self.unknown_types {
                UnknownTypes::Quarantine => Value::from("quarantine"),
                UnknownTypes::Keep { pattern, category } => {
                    json!({"keep": pattern.as_ref().map_or("*", regex::Regex::as_str), "category": category})
                }
            },
        );
        out.some("warn-older-than", self.warn_older_than.map(duration::format));
        if self.signatures == Signatures::Required {
            out.set("signatures", self.signatures.as_str());
        }
        out.set("max-clock-skew", duration::format(self.max_clock_skew));
        out.set(
            "categories",
            self.categories
                .iter()
                .map(|category| (category.name.clone(), category_json(category)))
                .collect::<Map<String, Value>>(),
        );
        out.list("sources", &self.sources);
        out.map(
            "consent",
            self.consent.iter().map(|purpose| (purpose.purpose.clone(), purpose_json(purpose))).collect(),
        );
        out.some("active", self.active.clone());
        if self.dialect != Dialect::canonical() {
            out.set("dialect", dialect_json(&self.dialect));
        }
        out.map("types", self.types.clone());
        out.set(
            "events",
            self.current_events()
                .map(|event_type| Value::Object(self.event_members(event_type, event_type.data.clone()).0))
                .collect::<Vec<_>>(),
        );
        out.map("consumers", self.consumers.iter().map(|spec| (spec.name.clone(), consumer_json(spec))).collect());
        let aggregates = self.aggregates.iter().map(|spec| (spec.name.clone(), aggregate_json(spec)));
        out.map("aggregates", aggregates.collect());
        Value::Object(out.0)
    }

    /// One event type, as in [`AppCatalog::summary_json`] but with a self-contained schema, and with all its versions.
    #[must_use]
    pub fn event_json(&self, event_type: &EventType) -> Value {
        let data = event_type.data.as_ref().map(|data| self.bundle(data));
        let mut out = self.event_members(event_type, data);
        out.set("app", self.app.as_str());
        let versions = self.versions(&event_type.name);
        out.set("versions", versions.iter().map(|other| other.version.to_string()).collect::<Vec<_>>());
        let migrations: Vec<Value> = event_type.migrations.iter().map(migration_json).collect();
        if !migrations.is_empty() {
            out.set("migrations", migrations);
        }
        Value::Object(out.0)
    }

    fn event_members(&self, event_type: &EventType, data: Option<Value>) -> Members {
        let mut out = Members::default();
        out.set("name", event_type.name.as_str());
        out.set("version", event_type.version.to_string());
        out.some("description", event_type.description.as_deref());
        out.set("category", event_type.category.as_str());
        let sources = if event_type.sources.is_empty() { &self.sources } else { &event_type.sources };
        out.list("sources", sources);
        out.set("priority", event_type.priority.as_str());
        let sampling = event_type.sampling;
        if sampling.rate < 1.0 {
            out.set(
                "sampling",
                json!({
                    "rate": sampling.rate,
                    "min-per-window": sampling.min_per_window,
                    "window": format!("{}s", sampling.window_seconds),
                }),
            );
        }
        out.some(
            "consent",
            self.consent_of(event_type)
                .map(|Consent { purpose, without }| json!({"purpose": purpose, "without": without_name(without)})),
        );
        out.set("store", if event_type.store == Store::Event { "event" } else { "daily-counts" });
        out.set("indexed", event_type.indexed);
        out.list("tags", &event_type.tags);
        out.list("dimensions", &event_type.dimensions);
        out.map("pii", event_type.pii.iter().map(|(field, pii)| (field.clone(), Value::from(pii.as_str()))).collect());
        out.some("plugin", event_type.plugin.as_deref());
        out.some(
            "deprecated",
            event_type.deprecated.as_ref().map(|deprecated| {
                let mut inner = Members::default();
                inner.some("since", deprecated.since.as_ref().map(ToString::to_string));
                inner.some("use", deprecated.use_instead.as_deref());
                Value::Object(inner.0)
            }),
        );
        if event_type.data_missing == DataMissing::Warn {
            out.set("data-missing", "warn");
        }
        out.some("signatures", event_type.signatures.map(Signatures::as_str));
        let optional: Vec<String> = event_type.optional_envelope.iter().map(ToString::to_string).collect();
        out.list("optional-envelope", &optional);
        let outcome = self.audit.traces.outcome(&event_type.name);
        out.some("outcome", outcome.map(crate::audit::Outcome::as_str));
        let answers = self.answers(event_type).into_iter();
        out.map("answers", answers.map(|(question, fields)| (question.as_str().to_owned(), fields.into())).collect());
        out.some("data", data);
        out.set("examples", event_type.examples.clone());
        out
    }
}

/// A migration as catalogs write it.
fn migration_json(migration: &Migration) -> Value {
    let step = |step: &Step| match step {
        Step::Rename { from, to } => json!({"rename": {from.as_str(): to}}),
        Step::Set { field, value } => json!({"set": {field.as_str(): value}}),
        Step::Drop { field } => json!({"drop": [field]}),
        Step::Move { from, to } => json!({"move": {from.as_str(): to}}),
        Step::Convert { field, to } => json!({"convert": {field.as_str(): to.as_str()}}),
    };
    json!({"from": migration.from.to_string(), "steps": migration.steps.iter().map(step).collect::<Vec<_>>()})
}

/// The members of an object in the making.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn list(&mut self, name: &str, list: &[String]) {
        if !list.is_empty() {
            self.set(name, list.to_vec());
        }
    }

    fn map(&mut self, name: &str, map: Map<String, Value>) {
        if !map.is_empty() {
            self.set(name, map);
        }
    }
}

fn dialect_json(dialect: &Dialect) -> Map<String, Value> {
    let field_json = |spec: &FieldSpec| {
        let mut out = Members::default();
        out.set("path", spec.path.join("."));
        out.set("as", spec.kind.as_str());
        out.set("required", spec.required);
        out.some("default", spec.default.as_deref());
        out.list("enum", &spec.values);
        out.some("also", spec.also.as_ref().map(|path| path.join(".")));
        if spec.field == Field::Name {
            out.some("open-variant", dialect.open_variant.as_deref());
        }
        Value::Object(out.0)
    };
    dialect.fields.iter().map(|spec| (spec.field.to_string(), field_json(spec))).collect()
}

fn category_json(category: &Category) -> Value {
    let mut out = Members::default();
    out.some("description", category.description.as_deref());
    out.some("retain", category.retain.map(duration::format));
    out.some("aggregate-retain", category.aggregate_retain.map(duration::format));
    out.set(
        "pii",
        match category.pii {
            CategoryPii::None => "none",
            CategoryPii::Logged => "logged",
            CategoryPii::Anonymise => "anonymise",
        },
    );
    Value::Object(out.0)
}

fn purpose_json(purpose: &ConsentPurpose) -> Value {
    let mut out = Members::default();
    out.some("description", purpose.description.as_deref());
    out.set("default", purpose.default);
    out.set("without", without_name(purpose.without));
    let signals = [("gpc", purpose.signals.gpc), ("dnt", purpose.signals.dnt)];
    let signals: Vec<String> =
        signals.iter().filter(|(_, counts)| *counts).map(|(name, _)| (*name).to_owned()).collect();
    out.list("signals", &signals);
    Value::Object(out.0)
}

/// A consumer as its catalog writes it, but for `condition`, which is what `where` comes to.
fn consumer_json(spec: &Spec) -> Value {
    let mut out = Members::default();
    out.some("description", spec.description.as_deref());
    out.list("events", &spec.events);
    out.list("exclude", &spec.exclude);
    out.set("handler", spec.handler.as_str());
    out.set("retry", spec.retry);
    out.set("dlq", spec.dlq);
    out.some("condition", spec.condition.clone());
    let mut batch = Members::default();
    batch.some("size", spec.batch.size.map(NonZeroU32::get));
    batch.some("delay", spec.batch.delay.map(duration::format));
    out.map("batch", batch.0);
    out.set("order", spec.order.as_str());
    out.some("rate", spec.rate.map(|rate| rate.to_string()));
    out.some("latency", spec.latency.map(duration::format));
    out.set("from", spec.from.as_str());
    out.map("options", spec.options.clone());
    Value::Object(out.0)
}

/// An aggregate as its catalog writes it.
fn aggregate_json(spec: &aggregates::Spec) -> Value {
    let mut out = Members::default();
    out.some("description", spec.description.as_deref());
    out.set("period", spec.period.as_str());
    out.set("category", spec.category.as_str());
    out.list("dimensions", &spec.dimensions);
    out.set("at", spec.at_text());
    for (name, days) in [("looks-back", spec.looks_back), ("recompute-for", spec.recompute_for)] {
        out.some(name, (!days.is_zero()).then(|| duration::format(days)));
    }
    out.set("sql", spec.sql.as_str());
    Value::Object(out.0)
}

const fn without_name(without: WithoutConsent) -> &'static str {
    match without {
        WithoutConsent::Anonymise => "anonymise",
        WithoutConsent::Drop => "drop",
    }
}

#[cfg(test)]
mod tests;
