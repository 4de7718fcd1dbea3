//! Event types: which there are, and what changed in those that stayed.

use std::collections::BTreeSet;

use daybook_event::Sampling;
use serde_json::json;

use super::{Change, Changes, Part, listed, schema};
use crate::{AppCatalog, DataMissing, EventType, Signatures, Store, UnknownFields, WithoutConsent};

/// The event types that both catalogs have, each version held against the one it follows; and what became of the
/// others.
pub(super) fn compare(old: &AppCatalog, new: &AppCatalog) -> (Vec<Part>, Vec<Change>) {
    let mut parts = Vec::new();
    let mut catalog = Changes::default();
    for name in names(old).difference(&names(new)) {
        let path = format!("/events/{name}");
        catalog.refused("event-type.removed", &path, format!("`{name}` is gone"));
    }
    for name in names(new) {
        let path = format!("/events/{name}");
        let before = old.versions(name);
        if before.is_empty() {
            catalog.added("event-type.added", &path, format!("`{name}` is new"));
            continue;
        }
        for event_type in new.versions(name) {
            let version = &event_type.version;
            let published = before.iter().find(|other| other.version == *version).map(|earlier| (old, earlier));
            // Where the version is new, the one it follows may be new itself.
            let earlier = published.or_else(|| {
                let followed =
                    |app: &'_ AppCatalog| app.versions(name).iter().rposition(|other| other.version < *version);
                let in_new = followed(new).and_then(|index| new.versions(name).get(index)).map(|found| (new, found));
                let in_old = followed(old).and_then(|index| before.get(index)).map(|found| (old, found));
                match (in_new, in_old) {
                    (Some(one), Some(other)) if other.1.version > one.1.version => Some(other),
                    (Some(one), _) => Some(one),
                    (None, other) => other,
                }
            });
            match earlier {
                Some(earlier) => {
                    let part = Part::new(Some(name), &earlier.1.version, version, changes(earlier, (new, event_type)));
                    parts.extend((part.needs.is_some() || part.from != part.to).then_some(part));
                }
                None => catalog.added("event-type.version-added", &path, format!("`{name}` {version} is new")),
            }
        }
        for gone in before.iter().filter(|earlier| new.event_version(name, &earlier.version).is_none()) {
            let message = format!("`{name}` {} is gone: events that name it are quarantined", gone.version);
            catalog.refused("event-type.version-removed", &path, message);
        }
    }
    (parts, catalog.0)
}

fn names(app: &AppCatalog) -> BTreeSet<&str> {
    app.events.iter().map(|event_type| event_type.name.as_str()).collect()
}

/// What changed between two versions of an event type.
pub(super) fn changes(old: (&AppCatalog, &EventType), new: (&AppCatalog, &EventType)) -> Vec<Change> {
    let mut changes = Changes::default();
    data(old, new, &mut changes);
    let ((old_app, old), (new_app, new)) = (old, new);
    sources(old, new, &mut changes);
    lists(old, new, &mut changes);
    marks(old, new, &mut changes);
    consent(old, new, &mut changes);
    // What a category says of its sampling is told of the category.
    let inherited = |app: &AppCatalog, event_type: &EventType| {
        let category = app.category(&event_type.category).and_then(|category| category.sampling);
        event_type.sampling == category.unwrap_or(Sampling::ALL)
    };
    if old.sampling != new.sampling && !(inherited(old_app, old) && inherited(new_app, new)) {
        changes.added("event-type.sampling", "/sampling", "another share of it is kept");
    }
    signatures((old_app, old), (new_app, new), &mut changes);
    policies(old, new, &mut changes);
    words(old, new, &mut changes);
    changes.0
}

fn data(old: (&AppCatalog, &EventType), new: (&AppCatalog, &EventType), changes: &mut Changes) {
    let schema_of = |(app, event_type): (&AppCatalog, &EventType)| match &event_type.data {
        Some(data) => {
            let mut schema = app.bundle(data);
            app.leave_to_envelope(event_type, &mut schema);
            schema
        }
        None => json!({"type": "object"}),
    };
    let closed = new.0.unknown_fields == UnknownFields::Quarantine;
    schema::compare(&schema_of(old), &schema_of(new), "/data", closed, changes);
    match (old.1.data_missing, new.1.data_missing) {
        (DataMissing::Warn, DataMissing::Quarantine) => {
            changes.refused("event-type.data-missing", "/data-missing", "events without data are quarantined");
        }
        (DataMissing::Quarantine, DataMissing::Warn) => {
            changes.added("event-type.data-missing", "/data-missing", "events without data are kept, with a warning");
        }
        _ => {}
    }
}

/// What it asks of signatures by itself; what it has from the app is told of the app.
fn signatures(old: (&AppCatalog, &EventType), new: (&AppCatalog, &EventType), changes: &mut Changes) {
    if old.1.signatures.is_none() && new.1.signatures.is_none() {
        return;
    }
    let asked = |(app, event_type): (&AppCatalog, &EventType)| event_type.signatures.unwrap_or(app.signatures);
    match (asked(old), asked(new)) {
        (Signatures::Verified, Signatures::Required) => {
            changes.refused("event-type.signatures", "/signatures", "events that are not signed are quarantined");
        }
        (Signatures::Required, Signatures::Verified) => {
            changes.added("event-type.signatures", "/signatures", "events need not be signed");
        }
        _ => {}
    }
}

/// Its own list of sources; that of the app is told of the app.
fn sources(old: &EventType, new: &EventType, changes: &mut Changes) {
    let (before, now) = (&old.sources, &new.sources);
    let allows = |list: &[String], source: &String| list.is_empty() || list.contains(source);
    // Another source than expected is a warning in the receipt, and no more.
    if before.iter().any(|source| !allows(now, source)) || (before.is_empty() && !now.is_empty()) {
        changes.lost("event-type.sources", "/sources", "comes from fewer sources: the others are warned");
    } else if now.iter().any(|source| !allows(before, source)) || (now.is_empty() && !before.is_empty()) {
        changes.added("event-type.sources", "/sources", "may come from more sources");
    }
    if new.optional_envelope != old.optional_envelope {
        let kept = old.optional_envelope.iter().all(|field| new.optional_envelope.contains(field));
        let path = "/optional-envelope";
        if kept {
            changes.added("event-type.optional-envelope", path, "may lack more of the envelope");
        } else {
            changes.refused("event-type.optional-envelope", path, "may lack less of the envelope");
        }
    }
}

/// Lists of fields that others rely on: what is taken off them is missed.
fn lists(old: &EventType, new: &EventType, changes: &mut Changes) {
    for (code, path, what, before, now) in [
        ("event-type.tags", "/tags", "tags", &old.tags, &new.tags),
        ("event-type.dimensions", "/dimensions", "dimensions", &old.dimensions, &new.dimensions),
    ] {
        let missing = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|name| !those.contains(name)).cloned().collect()
        };
        let (gone, come) = (missing(before, now), missing(now, before));
        if !gone.is_empty() {
            let names = listed(gone.iter().map(String::as_str));
            changes.lost(code, path, format!("no {what} any more: {names}"));
        }
        if !come.is_empty() {
            let names = listed(come.iter().map(String::as_str));
            changes.added(code, path, format!("new {what}: {names}"));
        }
    }
    match (old.indexed, new.indexed) {
        (true, false) => changes.lost("event-type.indexed", "/indexed", "its tags can be asked for no longer"),
        (false, true) => changes.added("event-type.indexed", "/indexed", "its tags can be asked for"),
        _ => {}
    }
}

fn marks(old: &EventType, new: &EventType, changes: &mut Changes) {
    let paths: BTreeSet<&String> = old.pii.keys().chain(new.pii.keys()).collect();
    for field in paths {
        let (before, now) = (old.pii.get(field), new.pii.get(field));
        let message = match (before, now) {
            (None, Some(now)) => format!("`{field}` is sealed from now on, as {}", now.as_str()),
            (Some(_), None) => format!("`{field}` is not sealed any more"),
            (Some(before), Some(now)) if before != now => {
                format!("`{field}` is sealed as {}, and was as {}", now.as_str(), before.as_str())
            }
            _ => continue,
        };
        changes.added("event-type.pii", "/pii", message);
    }
    if old.not_personal != new.not_personal {
        changes.reworded("event-type.pii", "/pii", "what looks personal and is not is judged differently");
    }
}

/// The purpose that it names itself; that of the app is told of the app.
fn consent(old: &EventType, new: &EventType, changes: &mut Changes) {
    let (before, now) = (&old.consent, &new.consent);
    if before == now {
        return;
    }
    let drops = now.as_ref().is_some_and(|consent| consent.without == WithoutConsent::Drop);
    match now {
        Some(now) if drops => {
            let message = format!("is refused without consent to `{}`", now.purpose);
            changes.refused("event-type.consent", "/consent", message);
        }
        Some(now) => {
            changes.added(
                "event-type.consent",
                "/consent",
                format!("says nobody's name without consent to `{}`", now.purpose),
            );
        }
        None => changes.added("event-type.consent", "/consent", "asks for no consent of its own"),
    }
}

fn policies(old: &EventType, new: &EventType, changes: &mut Changes) {
    match (old.store, new.store) {
        (Store::Event, Store::DailyCounts) => {
            changes.lost("event-type.store", "/store", "is only counted by the day: its events are in no feed");
        }
        (Store::DailyCounts, Store::Event) => changes.added("event-type.store", "/store", "is kept event by event"),
        _ => {}
    }
    if old.category != new.category {
        let message = format!("is of the category `{}`, and was of `{}`", new.category, old.category);
        changes.added("event-type.category", "/category", message);
    }
    if old.priority != new.priority {
        let message = format!("has the priority {}, and had {}", new.priority, old.priority);
        changes.added("event-type.priority", "/priority", message);
    }
    if old.migrations != new.migrations {
        changes.added("event-type.migrations", "/migrations", "older events are read in another way");
    }
    match (&old.deprecated, &new.deprecated) {
        (before, now) if before == now => {}
        (_, Some(_)) => changes.added("event-type.deprecated", "/deprecated", "should not be sent any more"),
        (_, None) => changes.added("event-type.deprecated", "/deprecated", "may be sent again without a warning"),
    }
}

fn words(old: &EventType, new: &EventType, changes: &mut Changes) {
    if old.description != new.description {
        changes.reworded("event-type.description", "/description", "is described in other words");
    }
    if old.examples != new.examples {
        changes.reworded("event-type.examples", "/examples", "has other examples");
    }
    if old.plugin != new.plugin {
        changes.reworded("event-type.plugin", "/plugin", "is declared in another place");
    }
    if old.data.is_some() != new.data.is_some() && changes.0.is_empty() {
        changes.reworded("event-type.data", "/data", "whether its data is described has changed");
    }
}
