//! Holds a catalog against a list.

use std::collections::BTreeSet;

use daybook_catalog::{AppCatalog, Category, CategoryPii, DataMissing, EventType, Field, Store, duration};
use daybook_event::Sampling;

use crate::data::Comparison;
use crate::list::{EventRow, List, Row};

/// Everything in which the catalog differs from the list.
pub fn problems(catalog: &AppCatalog, list: &List) -> Vec<String> {
    let mut found = Comparison { types: &catalog.types, problems: Vec::new() };
    names(catalog, list, &mut found);
    for row in &list.events {
        if let Some(event_type) = catalog.event(&row.name) {
            event(catalog, event_type, row, &mut found);
        }
    }
    for event_type in &catalog.events {
        if event_type.examples.is_empty() {
            found.problem(&event_type.name, "has no example");
        }
        if event_type.description.as_deref().is_none_or(|text| text.trim().is_empty()) {
            found.problem(&event_type.name, "has no description");
        }
    }
    for row in &list.types {
        found.named_type(&row.name, &row.shape);
    }
    categories(catalog, &list.categories, &mut found);
    sources(catalog, &list.sources, &mut found);
    for row in &list.dialect {
        envelope(catalog, row, &mut found);
    }
    for row in &list.policies {
        policies(catalog, row, &mut found);
    }
    for row in &list.consent {
        consent(catalog, row, &mut found);
    }
    for row in &list.aggregates {
        aggregate(catalog, row, &mut found);
    }
    found.problems
}

fn names(catalog: &AppCatalog, list: &List, found: &mut Comparison<'_>) {
    let events = list.events.iter().map(|row| row.name.as_str());
    let wanted: BTreeSet<&str> = events.chain(list.extra.iter().map(Row::name)).collect();
    if wanted.len() != list.events.len() + list.extra.len() {
        found.problem("the list", "names an event type twice");
    }
    let there: BTreeSet<&str> = catalog.current_events().map(|event_type| event_type.name.as_str()).collect();
    for name in wanted.difference(&there) {
        found.problem(name, "is not in the catalog");
    }
    for name in there.difference(&wanted) {
        found.problem(name, "is in the catalog but not in the list");
    }
}

fn event(catalog: &AppCatalog, event_type: &EventType, row: &EventRow, found: &mut Comparison<'_>) {
    found.data(&row.name, event_type.data.as_ref(), &row.data);
    if let Some(sources) = &row.sources {
        let all: BTreeSet<&String> = catalog.sources.iter().collect();
        let any = sources.iter().any(|source| source == "any");
        let wanted: BTreeSet<&String> = if any { all.clone() } else { sources.iter().collect() };
        let there = if event_type.sources.is_empty() { all } else { event_type.sources.iter().collect() };
        if wanted != there {
            found.problem(&row.name, format!("comes from {there:?}, not {wanted:?}"));
        }
    }
    if let Some(category) = &row.category
        && *category != event_type.category
    {
        found.problem(&row.name, format!("is in the category {}, not {category}", event_type.category));
    }
}

fn categories(catalog: &AppCatalog, rows: &[Row], found: &mut Comparison<'_>) {
    for row in rows {
        let place = format!("category {}", row.name());
        let Some(category) = catalog.category(row.name()) else {
            found.problem(&place, "is not there");
            continue;
        };
        for (index, name) in [(1, "retain"), (2, "aggregate-retain"), (3, "pii"), (4, "sampling")] {
            let Some(wanted) = row.cell(index) else { continue };
            if !category_says(category, name, wanted) {
                found.problem(&place, format!("{name} is not {wanted}"));
            }
        }
    }
    for category in catalog.categories.iter().filter(|_| !rows.is_empty()) {
        if rows.iter().all(|row| row.name() != category.name) {
            found.problem(&format!("category {}", category.name), "the document knows no such category");
        }
    }
}

fn category_says(category: &Category, name: &str, wanted: &str) -> bool {
    match name {
        "retain" => category.retain.is_some() && category.retain == duration::parse(wanted).ok(),
        "aggregate-retain" => {
            category.aggregate_retain.is_some() && category.aggregate_retain == duration::parse(wanted).ok()
        }
        "pii" => match category.pii {
            CategoryPii::None => wanted == "none",
            CategoryPii::Logged => wanted == "logged",
            CategoryPii::Anonymise => wanted == "anonymise",
        },
        _ => category.sampling.is_some() && category.sampling == sampling(wanted),
    }
}

fn sampling(text: &str) -> Option<Sampling> {
    let mut parts = text.split('/');
    let rate = parts.next()?.parse().ok()?;
    let min_per_window = parts.next()?.parse().ok()?;
    let window_seconds = duration::parse(parts.next()?).ok()?.as_secs();
    Some(Sampling { rate, min_per_window, window_seconds })
}

fn sources(catalog: &AppCatalog, rows: &[Row], found: &mut Comparison<'_>) {
    let wanted: BTreeSet<&str> = rows.iter().map(Row::name).collect();
    let there: BTreeSet<&str> = catalog.sources.iter().map(String::as_str).collect();
    if !rows.is_empty() && wanted != there {
        found.problem("sources", format!("are {there:?}, not {wanted:?}"));
    }
}

fn envelope(catalog: &AppCatalog, row: &Row, found: &mut Comparison<'_>) {
    let place = format!("envelope {}", row.name());
    let Some(spec) = row.name().parse::<Field>().ok().and_then(|field| catalog.dialect.field(field)) else {
        return found.problem(&place, "is not in the dialect");
    };
    if row.cell(1).is_some_and(|path| path != spec.path.join(".")) {
        found.problem(&place, format!("lies at {}", spec.path.join(".")));
    }
    if row.cell(2).is_some_and(|kind| kind != spec.kind.as_str()) {
        found.problem(&place, format!("is written as {}", spec.kind.as_str()));
    }
    if row.cell(3).is_some_and(|word| (word == "required") != spec.required) {
        found.problem(&place, format!("required is {}", spec.required));
    }
    if row.cell(4).is_some() && row.items(4) != spec.values {
        found.problem(&place, format!("has the values {:?}", spec.values));
    }
}

fn policies(catalog: &AppCatalog, row: &Row, found: &mut Comparison<'_>) {
    let mut matched = false;
    for event_type in
        catalog.current_events().filter(|event_type| matches!(row.name(), "*") || event_type.name == row.name())
    {
        matched = true;
        for policy in row.items(1) {
            if !has_policy(event_type, &policy) {
                found.problem(&event_type.name, format!("has not the policy `{policy}`"));
            }
        }
    }
    if !matched {
        found.problem(row.name(), "has policies in the list but is not in the catalog");
    }
}

fn has_policy(event_type: &EventType, policy: &str) -> bool {
    match policy {
        "sampled" => event_type.sampling.rate < 1.0,
        "daily-counts" => event_type.store == Store::DailyCounts,
        "indexed" => event_type.indexed,
        "data-missing warn" => event_type.data_missing == DataMissing::Warn,
        _ => policy
            .strip_prefix("optional ")
            .and_then(|field| field.parse::<Field>().ok())
            .is_some_and(|field| event_type.optional_envelope.contains(&field)),
    }
}

fn consent(catalog: &AppCatalog, row: &Row, found: &mut Comparison<'_>) {
    let place = format!("consent {}", row.name());
    if catalog.consent.iter().all(|purpose| purpose.purpose != row.name()) {
        return found.problem(&place, "is not a purpose of the catalog");
    }
    let wanted: BTreeSet<String> = row.items(1).into_iter().collect();
    let names_it =
        |event_type: &&EventType| event_type.consent.as_ref().is_some_and(|consent| consent.purpose == row.name());
    let there: BTreeSet<String> =
        catalog.current_events().filter(names_it).map(|event_type| event_type.name.clone()).collect();
    if wanted != there {
        found.problem(&place, format!("is asked for by {there:?}, not {wanted:?}"));
    }
}

fn aggregate(catalog: &AppCatalog, row: &Row, found: &mut Comparison<'_>) {
    let place = format!("aggregate {}", row.name());
    for name in row.items(2) {
        let Some(event_type) = catalog.event(&name) else {
            found.problem(&place, format!("there is no event type {name}"));
            continue;
        };
        let properties = event_type.data.as_ref().and_then(|schema| schema.get("properties"));
        for dimension in row.items(1) {
            let in_data = properties.is_some_and(|properties| properties.get(&dimension).is_some());
            let in_envelope = catalog.dialect.fields.iter().any(|spec| spec.path == [dimension.as_str()]);
            if !in_data && !in_envelope {
                found.problem(&place, format!("{name} has no {dimension}"));
            }
        }
    }
}
