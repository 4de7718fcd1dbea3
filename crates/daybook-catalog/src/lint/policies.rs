//! Retention, consent, activity and the other policies of `catalog.yaml`.

use std::time::Duration;

use daybook_event::Priority;

use super::Header;
use crate::read_events::Declared;
use crate::source::{Problem, SourceFile, suggestion};
use crate::yaml::{Node, Yaml};
use crate::{Field, UnknownTypes, duration, name_matches};

/// A clock that is further off than this is not a skewed clock.
const CLOCK_SKEW_SENSIBLE: Duration = Duration::from_secs(86_400);

pub(super) fn lint(header: &Header<'_>, declared: &[Declared<'_>]) {
    let Header { file, catalog } = header;
    let Some(root) = &file.root else { return };
    retention(header, root);
    if let UnknownTypes::Keep { category, .. } = &catalog.unknown_types
        && catalog.category(category).is_none()
    {
        Problem::error(
            "catalog.category",
            format!("`unknown-types` keeps events in `{category}`, which is no category"),
        )
        .maybe_hint(suggestion(category, catalog.categories.iter().map(|category| category.name.as_str())))
        .at(file, root.locate("/unknown-types/category"));
    }
    dialect_values(header, root);
    if let Some(active) = root.get("active") {
        patterns(file, active, declared);
    }
}

/// Notes the names and patterns of a list that no event can have.
pub(super) fn patterns(file: &SourceFile, list: &Node, declared: &[Declared<'_>]) {
    for item in list.items() {
        if let Yaml::String(pattern) = &item.value
            && !declared.iter().any(|declared| name_matches(pattern, &declared.event_type.name))
        {
            let names = declared.iter().map(|declared| declared.event_type.name.as_str());
            Problem::note("catalog.pattern-unmatched", format!("`{pattern}` matches no event type"))
                .maybe_hint(suggestion(pattern, names).filter(|_| !pattern.contains('*')))
                .at(file, item.place);
        }
    }
}

fn retention(header: &Header<'_>, root: &Node) {
    let Header { file, catalog } = header;
    for category in &catalog.categories {
        if let (Some(retain), Some(aggregate)) = (category.retain, category.aggregate_retain)
            && aggregate < retain
        {
            let message = format!(
                "aggregates of `{}` are kept for {}, shorter than its events ({})",
                category.name,
                duration::format(aggregate),
                duration::format(retain)
            );
            Problem::error("catalog.retention", message)
                .hint("what is computed from events outlives them, or need not be kept by itself")
                .at(file, root.locate("/categories").max(category_place(root, &category.name, "aggregate-retain")));
        }
    }
    if let Some(warn) = catalog.warn_older_than {
        let shorter: Vec<&str> = catalog
            .categories
            .iter()
            .filter(|category| category.retain.is_some_and(|retain| retain < warn))
            .map(|category| category.name.as_str())
            .collect();
        if !shorter.is_empty() {
            let message = format!(
                "events of {} are refused by their age before `warn-older-than` is reached",
                shorter.join(", ")
            );
            Problem::warning("catalog.retention", message)
                .hint("make it shorter than the shortest retention")
                .at(file, root.locate("/warn-older-than"));
        }
    }
    if catalog.max_clock_skew > CLOCK_SKEW_SENSIBLE {
        Problem::warning("catalog.clock-skew", "a clock that runs ahead by more than a day is broken, not skewed")
            .at(file, root.locate("/max-clock-skew"));
    }
}

fn category_place(root: &Node, category: &str, key: &str) -> crate::source::Place {
    let mut pointer = String::from("/categories");
    daybook_event::finding::push_pointer(&mut pointer, category);
    daybook_event::finding::push_pointer(&mut pointer, key);
    root.locate(&pointer)
}

/// The closed lists of the dialect name things that exist.
fn dialect_values(header: &Header<'_>, root: &Node) {
    let Header { file, catalog } = header;
    for spec in &catalog.dialect.fields {
        let known: Vec<&str> = match spec.field {
            Field::Category => catalog.categories.iter().map(|category| category.name.as_str()).collect(),
            Field::Source => catalog.sources.iter().map(String::as_str).collect(),
            Field::Priority => Priority::ALL.map(Priority::as_str).to_vec(),
            _ => continue,
        };
        if known.is_empty() {
            continue;
        }
        let mut entry = String::from("/dialect");
        daybook_event::finding::push_pointer(&mut entry, spec.field.as_str());
        let listed = spec.values.iter().enumerate().map(|(index, value)| (value, format!("{entry}/enum/{index}")));
        let default = spec.default.iter().map(|value| (value, format!("{entry}/default")));
        for (value, pointer) in listed.chain(default) {
            if !known.contains(&value.as_str()) {
                Problem::error("dialect.value", format!("`{value}` is no {} of this app", spec.field))
                    .maybe_hint(suggestion(value, known.iter().copied()))
                    .at(file, root.locate(&pointer));
            }
        }
    }
}
