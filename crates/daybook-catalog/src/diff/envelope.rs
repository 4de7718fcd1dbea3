//! The app's own envelope.

use std::collections::BTreeSet;

use super::{Change, Changes, listed};
use crate::{Dialect, Field, FieldSpec};

/// What changed in where an app keeps the fields of the envelope.
pub(super) fn compare(old: &Dialect, new: &Dialect) -> Vec<Change> {
    let mut changes = Changes::default();
    for field in Field::ALL {
        let path = format!("/dialect/{field}");
        match (old.field(field), new.field(field)) {
            (Some(before), Some(now)) => specs(before, now, &path, &mut changes),
            (Some(_), None) => {
                changes.refused("dialect.field-removed", &path, "the envelope has no such field any more");
            }
            (None, Some(now)) if now.required && now.default.is_none() => {
                changes.refused("dialect.field-added", &path, "the envelope has a new field, which is required");
            }
            (None, Some(_)) => changes.added("dialect.field-added", &path, "the envelope has a new field"),
            (None, None) => {}
        }
    }
    if old.open_variant != new.open_variant {
        let message = "types of plugins are written differently";
        changes.refused("dialect.open-variant", "/dialect/name/open-variant", message);
    }
    changes.0
}

fn specs(old: &FieldSpec, new: &FieldSpec, path: &str, changes: &mut Changes) {
    if old.path != new.path {
        let message = format!("lies at `{}`, and lay at `{}`", new.path.join("."), old.path.join("."));
        changes.refused("dialect.path", &format!("{path}/path"), message);
    }
    if old.kind != new.kind {
        let message = format!("is written as {}, and was as {}", new.kind.as_str(), old.kind.as_str());
        changes.refused("dialect.as", &format!("{path}/as"), message);
    }
    let asked = |spec: &FieldSpec| spec.required && spec.default.is_none();
    match (asked(old), asked(new)) {
        (false, true) => changes.refused("dialect.required", &format!("{path}/required"), "must be there"),
        (true, false) => changes.added("dialect.required", &format!("{path}/required"), "may be missing"),
        _ if old.default != new.default => {
            changes.added("dialect.default", &format!("{path}/default"), "has another value where it is missing");
        }
        _ => {}
    }
    if old.also != new.also {
        let also = format!("{path}/also");
        match (&old.also, &new.also) {
            (None, _) => changes.added("dialect.also", &also, "may stand in the data instead"),
            _ => changes.refused("dialect.also", &also, "may not stand where it could in the data"),
        }
    }
    let values = |spec: &FieldSpec| -> BTreeSet<String> { spec.values.iter().cloned().collect() };
    let (before, now) = (values(old), values(new));
    let path = format!("{path}/enum");
    if before != now {
        let gone = listed(before.difference(&now).map(String::as_str));
        let come = listed(now.difference(&before).map(String::as_str));
        if before.is_empty() {
            changes.refused("dialect.values", &path, format!("is now one of {come}, and was any value"));
        } else if now.is_empty() {
            changes.added("dialect.values", &path, "is not one of a few values any more");
        } else {
            if !gone.is_empty() {
                changes.refused("dialect.values", &path, format!("{gone}: not accepted any more"));
            }
            if !come.is_empty() {
                changes.added("dialect.values", &path, format!("{come}: accepted too"));
            }
        }
    }
}
