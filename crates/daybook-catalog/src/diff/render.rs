//! Differences for people.

use std::fmt::Write as _;

use super::{Class, Diff, Part};

/// Each part with its changes, the worst first, and what is said of its version; nothing where nothing changed.
pub(super) fn text(diff: &Diff) -> String {
    let mut out = String::new();
    for part in &diff.parts {
        let name = part.event.as_ref().map_or_else(|| diff.app.clone(), |event| format!("{} {event}", diff.app));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{name} {}", versions(part));
        for class in [Class::Major, Class::Minor, Class::Patch] {
            for change in part.changes.iter().filter(|change| change.class == class) {
                let _ = writeln!(out, "  {class}[{}] {}: {}", change.code, change.path, change.message);
            }
        }
        let _ = writeln!(out, "  {}", verdict(part));
    }
    out
}

fn versions(part: &Part) -> String {
    if part.from == part.to { part.to.to_string() } else { format!("{} -> {}", part.from, part.to) }
}

fn verdict(part: &Part) -> String {
    match (part.needs, &part.wanted) {
        (None, _) => "nothing changed".to_owned(),
        (Some(needs), None) => format!("{needs}: the version says so"),
        (Some(needs), Some(wanted)) if part.from == part.to => {
            format!("{needs}: {} has changed, which would be {wanted}", part.to)
        }
        (Some(needs), Some(wanted)) => format!("{needs}: should be {wanted}, not {}", part.to),
    }
}
