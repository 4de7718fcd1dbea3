//! `aggregates.yaml`: what is computed of an app's events.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{AT_DEFAULT, PLACEHOLDERS, Period, Spec, sql};
use crate::limits::{
    AGGREGATE_DAYS_MAX, AGGREGATE_DIMENSIONS_MAX, AGGREGATE_NAME_BYTES_MAX, AGGREGATE_SQL_BYTES_MAX, AGGREGATES_MAX,
};
use crate::read::{self, Fields};
use crate::schema::Shape;
use crate::source::{Problem, SourceFile, suggestion};
use crate::yaml::{Key, Node, Yaml};
use crate::{AppCatalog, Store, name_matches};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Reads `aggregates.yaml` of an app whose event types are known.
pub(crate) fn read(file: &SourceFile, catalog: &AppCatalog) -> Vec<Spec> {
    // That the file is a mapping is looked at with the other files.
    let Some(root) = file.root.as_ref().filter(|root| matches!(root.value, Yaml::Mapping(_))) else {
        return Vec::new();
    };
    let Some(mut fields) = Fields::open(file, root, "a file of aggregates") else { return Vec::new() };
    let aggregates = fields.require("aggregates");
    fields.close();
    let entries = aggregates.and_then(|node| read::mapping(file, node, "`aggregates`")).unwrap_or_default();
    if let Some((key, _)) = entries.get(AGGREGATES_MAX) {
        Problem::error("catalog.limit", format!("an app has at most {AGGREGATES_MAX} aggregates")).at(file, key.place);
    }
    entries.iter().take(AGGREGATES_MAX).filter_map(|(key, node)| aggregate(file, key, node, catalog)).collect()
}

fn aggregate(file: &SourceFile, key: &Key, node: &Node, catalog: &AppCatalog) -> Option<Spec> {
    const PERIOD: [(&str, Period); 3] = [
        (Period::Daily.as_str(), Period::Daily),
        (Period::Weekly.as_str(), Period::Weekly),
        (Period::Monthly.as_str(), Period::Monthly),
    ];
    name(file, key);
    let mut fields = Fields::open(file, node, "an aggregate")?;
    let dimensions = fields.get("dimensions").map(|node| dimensions(file, node)).unwrap_or_default();
    let spec = Spec {
        name: key.text.clone(),
        description: fields.get("description").and_then(|node| read::string(file, node, "the description")),
        period: fields
            .require("period")
            .and_then(|node| read::choice(file, node, "`period`", &PERIOD))
            .unwrap_or(Period::Daily),
        category: fields.require("category").and_then(|node| category(file, node, catalog)).unwrap_or_default(),
        at: fields.get("at").and_then(|node| time_of_day(file, node)).unwrap_or(AT_DEFAULT),
        looks_back: fields.get("looks-back").and_then(|node| days(file, node, "`looks-back`")).unwrap_or_default(),
        recompute_for: fields
            .get("recompute-for")
            .and_then(|node| days(file, node, "`recompute-for`"))
            .unwrap_or_default(),
        sql: fields.require("sql").and_then(|node| statement(file, node, &dimensions, catalog)).unwrap_or_default(),
        dimensions,
    };
    fields.close();
    Some(spec)
}

/// Notes a name that cannot be one in tables of databases.
fn name(file: &SourceFile, key: &Key) {
    if !is_name(&key.text) {
        Problem::error("aggregate.name", format!("`{}` cannot be the name of an aggregate", key.text.escape_debug()))
            .hint(format!(
                "lower-case letters, digits and underscores, beginning with a letter, at most {AGGREGATE_NAME_BYTES_MAX} characters"
            ))
            .at(file, key.place);
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= AGGREGATE_NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn category(file: &SourceFile, node: &Node, catalog: &AppCatalog) -> Option<String> {
    let category = read::string(file, node, "`category`")?;
    if catalog.category(&category).is_none() {
        let known = catalog.categories.iter().map(|category| category.name.as_str());
        Problem::error("aggregate.category", format!("there is no category `{category}`"))
            .maybe_hint(suggestion(&category, known))
            .at(file, node.place);
    }
    Some(category)
}

fn dimensions(file: &SourceFile, node: &Node) -> Vec<String> {
    if let Some(item) = node.items().get(AGGREGATE_DIMENSIONS_MAX) {
        Problem::error("catalog.limit", format!("an aggregate has at most {AGGREGATE_DIMENSIONS_MAX} dimensions"))
            .at(file, item.place);
    }
    read::strings(file, node, "`dimensions`").unwrap_or_default()
}

/// A time of day: `01:00`.
fn time_of_day(file: &SourceFile, node: &Node) -> Option<Duration> {
    let text = read::string(file, node, "`at`")?;
    let parsed = text.split_once(':').and_then(|(hours, minutes)| {
        let number = |text: &str, below: u64| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u64>().ok()).flatten().filter(|number| *number < below)
        };
        Some(Duration::from_secs(number(hours, 24)? * 3_600 + number(minutes, 60)? * 60))
    });
    if parsed.is_none() {
        Problem::error("aggregate.at", "`at` is not a time of day")
            .hint("hours and minutes in UTC, in quotes: \"01:00\"")
            .at(file, node.place);
    }
    parsed
}

/// A duration of whole days.
fn days(file: &SourceFile, node: &Node, what: &str) -> Option<Duration> {
    let duration = read::duration(file, node, what)?;
    let whole = duration.subsec_nanos() == 0 && duration.as_secs().is_multiple_of(DAY);
    if !whole || duration.as_secs() > AGGREGATE_DAYS_MAX * DAY {
        Problem::error(
            "catalog.duration",
            format!("{what} must be a number of whole days, at most {AGGREGATE_DAYS_MAX}d"),
        )
        .at(file, node.place);
        return None;
    }
    Some(duration)
}

/// The statement, with what can be seen of it without computing anything.
fn statement(file: &SourceFile, node: &Node, dimensions: &[String], catalog: &AppCatalog) -> Option<String> {
    let text = read::string(file, node, "`sql`")?;
    if text.len() > AGGREGATE_SQL_BYTES_MAX {
        Problem::error("catalog.limit", format!("`sql` has at most {AGGREGATE_SQL_BYTES_MAX} bytes"))
            .at(file, node.place);
        return None;
    }
    let words = sql::Words::of(&text);
    for wanted in PLACEHOLDERS.into_iter().take(2) {
        if !words.placeholders.contains(wanted) {
            Problem::error("aggregate.period", format!("`sql` does not say `{wanted}`, so all periods would be alike"))
                .hint("WHERE date BETWEEN $period_start AND $period_end")
                .at(file, node.place);
        }
    }
    for unknown in words.placeholders.iter().filter(|word| !PLACEHOLDERS.contains(word)) {
        Problem::error("aggregate.placeholder", format!("`{unknown}` stands for nothing"))
            .maybe_hint(suggestion(unknown, PLACEHOLDERS))
            .at(file, node.place);
    }
    for missing in dimensions.iter().filter(|dimension| !words.words.contains(dimension.as_str())) {
        Problem::warning("aggregate.dimension", format!("`sql` does not name the dimension `{missing}`"))
            .hint("every dimension is a column of the answer")
            .at(file, node.place);
    }
    names(file, node, &words, catalog);
    columns(file, node, &words, catalog);
    Some(text)
}

/// Notes names of event types that there are not.
fn names(file: &SourceFile, node: &Node, words: &sql::Words<'_>, catalog: &AppCatalog) {
    let known: BTreeSet<&str> = catalog.current_events().map(|event_type| event_type.name.as_str()).collect();
    for pattern in &words.event_names {
        if !known.iter().any(|name| name_matches(pattern, name)) {
            Problem::note("aggregate.event", format!("`sql` asks for `{pattern}`, which matches no event type"))
                .maybe_hint(suggestion(pattern, known.iter().copied()))
                .at(file, node.place);
        }
    }
}

/// Notes columns of data that there are not.
fn columns(file: &SourceFile, node: &Node, words: &sql::Words<'_>, catalog: &AppCatalog) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for event_type in catalog.current_events().filter(|event_type| event_type.store == Store::Event) {
        let Some(data) = &event_type.data else { continue };
        let shape = Shape::of(&catalog.types, data);
        let names = shape.names().filter(|name| !event_type.pii.contains_key(*name));
        // As the lake names them.
        known.extend(names.map(|name| {
            let clean = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' });
            sql::DATA_PREFIX.chars().chain(clean).collect::<String>()
        }));
    }
    for column in words.words.iter().filter(|word| word.starts_with(sql::DATA_PREFIX) && !known.contains(**word)) {
        Problem::note("aggregate.column", format!("no event type has a field for `{column}`, or it is personal"))
            .maybe_hint(suggestion(column, known.iter().map(String::as_str)))
            .at(file, node.place);
    }
}
