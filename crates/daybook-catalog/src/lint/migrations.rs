//! Migrations refer to versions and fields that exist.

use semver::Version;

use super::events::has_field;
use super::{App, find};
use crate::source::Problem;
use crate::{EventType, Step};

pub(super) fn lint(app: &App<'_>) {
    let Some(header) = &app.header else { return };
    for declared in &app.declared {
        let event_type = &declared.event_type;
        let mut seen: Vec<&Version> = Vec::new();
        for (index, migration) in event_type.migrations.iter().enumerate() {
            let report = |problem: Problem, below: &str| {
                problem.at(declared.file, declared.node.locate(&format!("/migrations/{index}{below}")));
            };
            if migration.from >= event_type.version {
                let message = format!(
                    "a migration leads from an older version, not from {} to {}",
                    migration.from, event_type.version
                );
                report(Problem::error("event-type.migration", message), "/from");
            }
            if seen.contains(&&migration.from) {
                let message = format!("a second migration from {}", migration.from);
                report(Problem::error("event-type.migration", message), "/from");
            }
            seen.push(&migration.from);
            // An older version that the catalog no longer declares had fields nobody knows.
            let older = find(&app.declared, &event_type.name, Some(&migration.from));
            let mut made: Vec<&str> = Vec::new();
            for step in &migration.steps {
                let (from, to) = fields_of(step);
                let known = |event_type: &EventType, field: &str| has_field(&header.catalog, event_type, field);
                if let (Some(from), Some(older)) = (from, older.filter(|older| older.data.is_some()))
                    && !known(older, from)
                    && !made.contains(&from)
                {
                    let message = format!("version {} has no field `{from}`", migration.from);
                    report(Problem::error("event-type.migration", message), "/steps");
                }
                if let Some(to) = to
                    && event_type.data.is_some()
                    && !known(event_type, to)
                {
                    let message = format!("version {} has no field `{to}`", event_type.version);
                    report(Problem::error("event-type.migration", message), "/steps");
                }
                made.extend(to);
            }
        }
    }
}

/// The field a step reads from the older data, and the one it leaves in the newer.
fn fields_of(step: &Step) -> (Option<&str>, Option<&str>) {
    match step {
        Step::Rename { from, to } | Step::Move { from, to } => (Some(from), Some(to)),
        Step::Set { field, .. } => (None, Some(field)),
        Step::Drop { field } => (Some(field), None),
        Step::Convert { field, .. } => (Some(field), Some(field)),
    }
}
