//! Upcasting: data of an older version of an event type as its current one has it, on reading.
//!
//! The log keeps what was sent. [`AppCatalog::upcast`] takes data from version to version, by the migrations that
//! each newer version declares, and over the steps between that need none because the newer version admits what the
//! older one does. It is a function of its arguments, and gives the same for the same data.

mod dry_run;
mod event;
mod path;
mod steps;

use std::collections::{BTreeMap, VecDeque};

use semver::Version;
use serde_json::Value;

use crate::{AppCatalog, EventType, Migration};

pub use dry_run::{DryRun, Seen};
pub use event::{NotUpcast, Upcasting};

/// Data as a newer version has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Upcast {
    /// The data.
    pub data: Value,
    /// The versions it went through, the one it had first and the one it has now last; one alone where nothing was
    /// done.
    pub way: Vec<Version>,
}

/// Why data cannot be brought to the current version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpcastError {
    /// The app has no such event type.
    #[error("there is no event type `{0}`")]
    UnknownType(String),
    /// No migrations lead from the version to the current one.
    #[error("no migration leads from {from} to {to}")]
    NoWay {
        /// The version of the data.
        from: Version,
        /// The current version.
        to: Version,
    },
    /// A step cannot be taken with this data.
    #[error("on the way from {from} to {to}: {problem}")]
    Step {
        /// The version before the step.
        from: Version,
        /// The version that declares it.
        to: Version,
        /// What is in the way.
        problem: Box<StepError>,
    },
}

/// Why a step cannot be taken. Values are not told: they may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The field already has a value, which would be lost.
    #[error("`{0}` has a value already")]
    Occupied(String),
    /// The path leads through something that is no object.
    #[error("`{0}` leads through something that is no object")]
    NotAnObject(String),
    /// The path leads into a list that it does not come from.
    #[error("`{0}` leads into a list, or out of one")]
    List(String),
    /// The value is none of the other type.
    #[error("`{field}` is {found}, which is no {to}")]
    NotConvertible {
        /// The field.
        field: String,
        /// What kind of value it has.
        found: &'static str,
        /// What it should become.
        to: &'static str,
    },
}

impl AppCatalog {
    /// `data` of the version `from` of an event type, as the current version has it. Whether it is valid there is for the
    /// schema to say.
    ///
    /// # Errors
    /// [`UpcastError`] when there is no such type, no way, or a step that cannot be taken.
    pub fn upcast(&self, name: &str, from: &Version, data: &Value) -> Result<Upcast, UpcastError> {
        let Some(current) = self.event(name) else { return Err(UpcastError::UnknownType(name.to_owned())) };
        let mut upcast = Upcast { data: data.clone(), way: vec![from.clone()] };
        if *from == current.version {
            return Ok(upcast);
        }
        let no_way = || UpcastError::NoWay { from: from.clone(), to: current.version.clone() };
        let mut before = from.clone();
        for (event_type, migration) in way(self.versions(name), from).ok_or_else(no_way)? {
            for step in migration.map(|migration| migration.steps.as_slice()).unwrap_or_default() {
                steps::apply(step, &mut upcast.data).map_err(|problem| UpcastError::Step {
                    from: before.clone(),
                    to: event_type.version.clone(),
                    problem: Box::new(problem),
                })?;
            }
            before.clone_from(&event_type.version);
            upcast.way.push(before.clone());
        }
        Ok(upcast)
    }
}

/// A version, and the migration that leads to it; none where nothing has to be done.
type Leg<'c> = (&'c EventType, Option<&'c Migration>);

/// The fewest legs from a version to the highest one: of as short ways the one that takes the higher versions. Within
/// one major version the next one needs no migration, for it admits what the one before it does.
fn way<'c>(versions: &'c [EventType], from: &Version) -> Option<Vec<Leg<'c>>> {
    let target = &versions.last()?.version;
    let mut reached: BTreeMap<&Version, (Version, Leg<'c>)> = BTreeMap::new();
    let mut pending = VecDeque::from([from.clone()]);
    while let Some(here) = pending.pop_front() {
        if here == *target {
            break;
        }
        let later = versions.iter().filter(|event_type| event_type.version > here);
        let next = later.clone().map(|event_type| &event_type.version).min();
        for event_type in later.rev() {
            let migration = event_type.migrations.iter().find(|migration| migration.from == here);
            let alike = Some(&event_type.version) == next && event_type.version.major == here.major && here.major > 0;
            if (migration.is_some() || alike) && !reached.contains_key(&event_type.version) {
                reached.insert(&event_type.version, (here.clone(), (event_type, migration)));
                pending.push_back(event_type.version.clone());
            }
        }
    }
    let mut legs = Vec::new();
    let mut here = target.clone();
    while here != *from {
        let (before, leg) = reached.get(&here)?;
        legs.push(*leg);
        here.clone_from(before);
    }
    legs.reverse();
    Some(legs)
}

#[cfg(test)]
mod tests;
