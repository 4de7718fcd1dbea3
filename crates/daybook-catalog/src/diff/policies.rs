//! What `catalog.yaml` says beside the envelope. Consumers and webhooks are no part of what is promised to those who
//! send and read events.

use std::collections::BTreeSet;

use super::{Change, Changes, listed};
use crate::{AppCatalog, Category, CategoryPii, Signatures, UnknownFields, UnknownTypes};

pub(super) fn compare(old: &AppCatalog, new: &AppCatalog) -> Vec<Change> {
    let mut changes = Changes::default();
    unknown(old, new, &mut changes);
    categories(old, new, &mut changes);
    sources(old, new, &mut changes);
    consent(old, new, &mut changes);
    if old.max_clock_skew > new.max_clock_skew {
        let message = "clocks may run ahead less far";
        changes.refused("catalog.max-clock-skew", "/max-clock-skew", message);
    } else if old.max_clock_skew < new.max_clock_skew {
        changes.added("catalog.max-clock-skew", "/max-clock-skew", "clocks may run ahead further");
    }
    match (old.signatures, new.signatures) {
        (Signatures::Verified, Signatures::Required) => {
            changes.refused("catalog.signatures", "/signatures", "events that are not signed are quarantined");
        }
        (Signatures::Required, Signatures::Verified) => {
            changes.added("catalog.signatures", "/signatures", "events need not be signed");
        }
        _ => {}
    }
    if old.warn_older_than != new.warn_older_than {
        changes.reworded("catalog.warn-older-than", "/warn-older-than", "old events are warned of at another age");
    }
    if old.active != new.active {
        changes.added("catalog.active", "/active", "other events count as a person being active");
    }
    if old.sanitise != new.sanitise {
        changes.added("catalog.sanitise", "/sanitise", "something else is taken out of events");
    }
    if (&old.title, &old.description) != (&new.title, &new.description) {
        changes.reworded("catalog.description", "/title", "the app is described in other words");
    }
    let naming = |app: &AppCatalog| {
        app.naming.as_ref().map(|naming| (naming.pattern.as_str().to_owned(), naming.examples.clone()))
    };
    if naming(old) != naming(new) {
        changes.reworded("catalog.naming", "/naming", "names of new event types follow another rule");
    }
    numbers(old, new, &mut changes);
    changes.0
}

/// What was given a number must keep it: it is all that those know who generated code from the messages.
fn numbers(old: &AppCatalog, new: &AppCatalog, changes: &mut Changes) {
    let (old, new) = (&old.protobuf, &new.protobuf);
    let lists = [("messages", &old.messages, &new.messages), ("enumerations", &old.enumerations, &new.enumerations)];
    for (title, before, now) in lists {
        for (place, entries) in before {
            if !now.get(place).is_some_and(|now| now.starts_with(entries)) {
                let mut path = format!("/protobuf/{title}");
                daybook_event::finding::push_pointer(&mut path, place);
                changes.lost("catalog.protobuf", &path, "what had a number has another one now, or none");
            }
        }
    }
}

fn unknown(old: &AppCatalog, new: &AppCatalog, changes: &mut Changes) {
    let path = "/unknown-fields";
    match (old.unknown_fields, new.unknown_fields) {
        (before, now) if before == now => {}
        (_, UnknownFields::Quarantine) => {
            changes.refused("catalog.unknown-fields", path, "events with fields that are not declared are quarantined");
        }
        (UnknownFields::Quarantine, _) => {
            changes.added("catalog.unknown-fields", path, "events with fields that are not declared are kept");
        }
        _ => changes.reworded("catalog.unknown-fields", path, "fields that are not declared are told of differently"),
    }
    let path = "/unknown-types";
    let kept = |types: &UnknownTypes| match types {
        UnknownTypes::Quarantine => None,
        UnknownTypes::Keep { pattern, category } => {
            Some((pattern.as_ref().map(|pattern| pattern.as_str().to_owned()), category.clone()))
        }
    };
    match (kept(&old.unknown_types), kept(&new.unknown_types)) {
        (None, Some(_)) => changes.added("catalog.unknown-types", path, "types that are not declared are kept"),
        (Some(_), None) => {
            changes.refused("catalog.unknown-types", path, "types that are not declared are quarantined");
        }
        (Some((before, _)), Some((now, _))) if before != now && now.is_some() => {
            changes.refused("catalog.unknown-types", path, "types that are not declared must have other names");
        }
        (Some(before), Some(now)) if before != now => {
            changes.added("catalog.unknown-types", path, "types that are not declared are kept differently");
        }
        _ => {}
    }
}

fn categories(old: &AppCatalog, new: &AppCatalog, changes: &mut Changes) {
    for before in &old.categories {
        let path = format!("/categories/{}", before.name);
        let Some(now) = new.category(&before.name) else {
            changes.lost("catalog.category-removed", &path, "there is no such category any more");
            continue;
        };
        let shorter = |before: Option<std::time::Duration>, now: Option<std::time::Duration>| match (before, now) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(before), Some(now)) => now < before,
        };
        let kept = |category: &Category| (category.retain, category.aggregate_retain);
        if shorter(before.retain, now.retain) || shorter(before.aggregate_retain, now.aggregate_retain) {
            changes.lost("catalog.retention", &format!("{path}/retain"), "what is in it is kept less long");
        } else if kept(before) != kept(now) {
            changes.added("catalog.retention", &format!("{path}/retain"), "what is in it is kept longer");
        }
        if before.pii != now.pii {
            let words = match now.pii {
                CategoryPii::None => "none",
                CategoryPii::Logged => "logged",
                CategoryPii::Anonymise => "anonymise",
            };
            changes.added("catalog.category-pii", &format!("{path}/pii"), format!("people in it: `{words}`"));
        }
        if before.sampling != now.sampling {
            changes.added("catalog.sampling", &format!("{path}/sampling"), "another share of it is kept");
        }
        if before.description != now.description {
            changes.reworded("catalog.description", &format!("{path}/description"), "is described in other words");
        }
    }
    for now in new.categories.iter().filter(|now| old.category(&now.name).is_none()) {
        changes.added("catalog.category-added", &format!("/categories/{}", now.name), "is new");
    }
}

fn sources(old: &AppCatalog, new: &AppCatalog, changes: &mut Changes) {
    let list = |app: &AppCatalog| -> BTreeSet<String> { app.sources.iter().cloned().collect() };
    let (before, now) = (list(old), list(new));
    let gone: Vec<&str> = before.difference(&now).map(String::as_str).collect();
    let come: Vec<&str> = now.difference(&before).map(String::as_str).collect();
    if (!gone.is_empty() && !now.is_empty()) || (before.is_empty() && !now.is_empty()) {
        let message =
            if gone.is_empty() { "there is a list of sources".to_owned() } else { format!("gone: {}", listed(gone)) };
        changes.lost("catalog.sources", "/sources", message);
    } else if before != now {
        let message = if come.is_empty() { "any source is one".to_owned() } else { format!("new: {}", listed(come)) };
        changes.added("catalog.sources", "/sources", message);
    }
}

fn consent(old: &AppCatalog, new: &AppCatalog, changes: &mut Changes) {
    for before in &old.consent {
        let path = format!("/consent/{}", before.purpose);
        match new.consent.iter().find(|now| now.purpose == before.purpose) {
            None => changes.lost("catalog.purpose-removed", &path, "nobody is asked for it any more"),
            Some(now) => {
                if (now.default, now.without, now.signals) != (before.default, before.without, before.signals) {
                    changes.added("catalog.purpose", &path, "something else is done without it, or unasked");
                }
                if now.description != before.description {
                    changes.reworded("catalog.description", &path, "is described in other words");
                }
            }
        }
    }
    for now in &new.consent {
        if !old.consent.iter().any(|before| before.purpose == now.purpose) {
            changes.added("catalog.purpose-added", &format!("/consent/{}", now.purpose), "is new");
        }
    }
}
