//! What a catalog would say of events that are stored already: whether their data is still valid, and whether it can be
//! brought to the current version.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::json::SerdeJson;
use jsonschema::{ValidationError, Validator};
use semver::Version;
use serde::Serialize;
use serde_json::Value;

use crate::schema::validation_options;
use crate::{AppCatalog, EventType};

/// Places of events that are named for each kind of them.
const EXAMPLES_MAX: usize = 5;
/// Objections that are told apart for each kind of event.
const OBJECTIONS_MAX: usize = 20;

/// A dry run over recorded events.
pub struct DryRun<'c> {
    app: &'c AppCatalog,
    validators: BTreeMap<(String, Version), Option<Validator>>,
    seen: BTreeMap<(String, String), Seen>,
}

/// What became of the events of one type and version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The event type.
    pub name: String,
    /// The version that the events have.
    pub version: String,
    /// How many there are.
    pub events: u64,
    /// How many are not valid any more: as the version that they have, or as the current one where it is gone.
    pub invalid: u64,
    /// How many were migrated to the current version.
    pub migrated: u64,
    /// How many cannot be, or are not valid there.
    pub stuck: u64,
    /// What was said of them, each once, with how many events it was said of.
    pub objections: BTreeMap<String, u64>,
    /// Positions of the first that are invalid or stuck.
    pub examples: Vec<u64>,
}

impl<'c> DryRun<'c> {
    /// A dry run under the catalog `app`.
    #[must_use]
    pub const fn new(app: &'c AppCatalog) -> Self {
        Self { app, validators: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// Takes one stored event. Fields that the catalog seals may be missing: their people may be gone.
    pub fn take(&mut self, position: u64, name: &str, version: &str, data: &Value) {
        let parsed = version.parse::<Version>();
        let mut objections = Vec::new();
        let (mut invalid, mut migrated, mut stuck) = (false, false, false);
        let current = self.app.event(name).map(|event_type| event_type.version.clone());
        match (&parsed, current) {
            (_, None) => {
                invalid = true;
                objections.push(format!("there is no event type `{name}`"));
            }
            (Err(_), _) => {
                invalid = true;
                objections.push("its version is no version".to_owned());
            }
            (Ok(version), Some(current)) => {
                let declared = self.app.event_version(name, version).is_some();
                if declared {
                    let found = self.errors(name, version, data);
                    invalid = !found.is_empty();
                    objections.extend(found);
                }
                if *version < current {
                    match self.app.upcast(name, version, data) {
                        Ok(upcast) => {
                            let found = self.errors(name, &current, &upcast.data);
                            stuck = !found.is_empty();
                            migrated = !stuck;
                            objections.extend(found.into_iter().map(|found| format!("as {current}: {found}")));
                        }
                        Err(error) => {
                            stuck = true;
                            objections.push(error.to_string());
                        }
                    }
                    invalid |= stuck && !declared;
                } else if !declared {
                    invalid = true;
                    objections.push(format!("there is no version {version} of it"));
                }
            }
        }
        let seen = self.seen.entry((name.to_owned(), version.to_owned())).or_insert_with(|| Seen {
            name: name.to_owned(),
            version: version.to_owned(),
            ..Seen::default()
        });
        seen.events += 1;
        seen.invalid += u64::from(invalid);
        seen.migrated += u64::from(migrated);
        seen.stuck += u64::from(stuck);
        if (invalid || stuck) && seen.examples.len() < EXAMPLES_MAX {
            seen.examples.push(position);
        }
        objections.sort();
        objections.dedup();
        for objection in objections {
            if seen.objections.len() < OBJECTIONS_MAX || seen.objections.contains_key(&objection) {
                *seen.objections.entry(objection).or_default() += 1;
            }
        }
    }

    /// What became of them, by type and version.
    #[must_use]
    pub fn finish(self) -> Vec<Seen> {
        self.seen.into_values().collect()
    }

    /// What the schema of a declared version says of data, without the data's values, which may be personal.
    fn errors(&mut self, name: &str, version: &Version, data: &Value) -> Vec<String> {
        let Some(event_type) = self.app.event_version(name, version) else { return Vec::new() };
        let validator = self
            .validators
            .entry((name.to_owned(), version.clone()))
            .or_insert_with(|| validation_options::<SerdeJson>().build(&self.app.validation_schema(event_type)).ok());
        let Some(validator) = validator else { return vec!["its schema does not compile".to_owned()] };
        validator
            .iter_errors(data)
            .filter(|error| !is_sealed(error, event_type))
            .map(|error| {
                let path = error.instance_path().as_str().to_owned();
                let place = if path.is_empty() { "the data".to_owned() } else { format!("`{path}`") };
                format!("{place}: {}", error.masked_with("it"))
            })
            .collect()
    }
}

/// Whether the error is the absence of a field that is sealed.
fn is_sealed(error: &ValidationError<'_>, event_type: &EventType) -> bool {
    let ValidationErrorKind::Required { property } = error.kind() else { return false };
    let mut path: Vec<&str> = error
        .instance_path()
        .as_str()
        .split('/')
        .filter(|step| !step.is_empty() && step.parse::<u64>().is_err())
        .collect();
    path.extend(property.as_str());
    event_type.pii.contains_key(&path.join("."))
}
